"""Middleware: give every request an id and a log line, and errors the API's form."""

import json
import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware

from elastix.api.errors import PROBLEM_JSON, problem
from elastix.audit.actor import serving
from elastix.logs import request_id

access = logging.getLogger("elastix.access")

GetResponse = Callable[[HttpRequest], HttpResponse]
CLIENT_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Pages for people; every other address is API and answers errors in its shape.
PAGES = ("/admin/", "/desk/", "/static/")


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
            with serving(request):
                response = self.get_response(request)
            response["X-Request-ID"] = identifier
            said = {"method": request.method, "path": request.path, "status": response.status_code}
            taken = round(1000 * (time.perf_counter() - begun), 1)
            access.info("%s %s %s", *said.values(), extra={**said, "milliseconds": taken})
            return response
        finally:
            request_id.reset(token)


class SecurityHeadersMiddleware(SecurityMiddleware):
    """Django's headers also on what its SecurityMiddleware refuses for its host before it redirects to HTTPS."""

    def process_request(self, request: HttpRequest) -> None:
        return None


class ProblemJsonMiddleware:
    """Errors that no API view made (unknown routes, bad hosts, bugs) get the API's error shape, too."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or hasattr(response, "accepted_renderer"):
            return response
        if request.path.startswith(PAGES) or response.get("Content-Type", "").startswith(PROBLEM_JSON):
            return response
        detail = "The request could not be served."
        if response.status_code == 404:
            detail = f"There is nothing at {request.path[:200]}. The addresses are listed at /docs."
        elif response.status_code == 500:
            detail = "Something went wrong on our side. The log has the details under this request's id."
        # Its other headers stay: CORS, Vary, Allow, Retry-After.
        response.content = json.dumps(problem(response.status_code, detail))
        response.headers["Content-Type"] = PROBLEM_JSON
        response.headers.pop("Content-Length", None)
        return response
