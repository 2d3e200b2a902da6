"""Around every request: its id and log line, errors in the API's one shape."""

import json
import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from elastix.api.errors import PROBLEM_JSON, problem
from elastix.logs import request_id

access = logging.getLogger("elastix.access")

GetResponse = Callable[[HttpRequest], HttpResponse]
CLIENT_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Pages for people; every other address is API and answers errors in its shape.
PAGES = ("/admin/", "/static/")


class RequestLogMiddleware:
    """Give the request an id (a well-formed one of the caller's is kept) and write one line when it ends."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.headers.get("X-Request-ID", "")
        identifier = asked if CLIENT_REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        token = request_id.set(identifier)
        begun = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = identifier
            access.info(
                "%s %s %s",
                request.method,
                request.path,
                response.status_code,
                extra={
                    "method": request.method,
                    "path": request.path,
                    "status": response.status_code,
                    "milliseconds": round(1000 * (time.perf_counter() - begun), 1),
                },
            )
            return response
        finally:
            request_id.reset(token)


class ProblemJsonMiddleware:
    """Errors that no API view made (unknown routes, bad hosts, bugs) get the API's error shape, too."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or hasattr(response, "accepted_renderer") or self._is_page(request):
            return response
        if response.get("Content-Type", "").startswith(PROBLEM_JSON):
            return response
        # Its other headers stay: CORS, Vary, Allow, Retry-After.
        response.content = json.dumps(
            problem(response.status_code, self._detail(request, response.status_code))
        )
        response.headers["Content-Type"] = PROBLEM_JSON
        response.headers.pop("Content-Length", None)
        return response

    @staticmethod
    def _is_page(request: HttpRequest) -> bool:
        return request.path.startswith(PAGES)

    @staticmethod
    def _detail(request: HttpRequest, status: int) -> str:
        match status:
            case 404:
                return f"There is nothing at {request.path[:200]}. The addresses are listed at /docs."
            case 500:
                return "Something went wrong on our side. The log has the details under this request's id."
            case _:
                return "The request could not be served."
