"""One error shape for the whole API: RFC 9457 problem details."""

import logging
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import exception_handler

from elastix.errors import Busy, Conflict, ElastixError, Invalid, KeyReused, NotFound

logger = logging.getLogger(__name__)

STATUS: dict[type[ElastixError], int] = {NotFound: 404, Conflict: 409, KeyReused: 422, Busy: 503}
PROBLEM_JSON = "application/problem+json"
BUSY_RETRY_SECONDS = 5


class ProblemErrorSerializer(serializers.Serializer[Any]):
    field = serializers.CharField(help_text='Where it is wrong; "" for the request as a whole.')
    code = serializers.CharField(help_text="A stable name for programs.")
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What is wrong and what to do.")
    errors = ProblemErrorSerializer(many=True)  # type: ignore[assignment]


def problem(code: int, detail: str, errors: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """Return the body of an error answer."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(code).phrase,
        "status": code,
        "detail": detail,
        "errors": errors or [],
    }


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: turn what a view raised into a problem answer, or None for a bug (500)."""
    if isinstance(error, OperationalError):
        logger.warning("database busy: %s", error)
        error = Busy()
    if isinstance(error, Invalid):
        return _invalid([asdict(each) for each in error.errors])
    if isinstance(error, ElastixError):
        code = STATUS[next(kind for kind in STATUS if isinstance(error, kind))]
        headers = {"Retry-After": str(BUSY_RETRY_SECONDS)} if isinstance(error, Busy) else None
        return Response(problem(code, str(error), getattr(error, "errors", None)), code, headers=headers)
    if isinstance(error, ValidationError):
        described: Any = error.message_dict if hasattr(error, "error_dict") else error.messages
        error = exceptions.ValidationError(described)
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.ValidationError):
        response.data = _invalid(list(_flatten(error.detail))).data
    else:
        response.data = problem(response.status_code, _detail(error))
    return response


def _invalid(errors: list[dict[str, str]]) -> Response:
    if not errors:
        return Response(problem(400, "The request is not valid."), 400)
    field, message = errors[0]["field"], errors[0]["message"]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Response(problem(400, f"{field}: {message}{more}" if field else message + more, errors), 400)


def _detail(error: Exception) -> str:
    if isinstance(error, Http404):
        return str(error) if str(error) else "There is nothing at this address."
    if isinstance(error, PermissionDenied):
        return str(error) or "You may not do this."
    return str(getattr(error, "detail", error))


def _flatten(detail: Any, field: str = "") -> Any:
    """Yield {field, code, message} of DRF's nested error details; list items are addressed as `name[3]`."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            if isinstance(key, int):
                yield from _flatten(value, f"{field}[{key}]")
                continue
            name = "" if key in ("non_field_errors", "__all__") else str(key)
            yield from _flatten(value, ".".join(part for part in (field, name) if part))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from _flatten(value, f"{field}[{index}]" if nested else field)
    else:
        yield {"field": field, "code": getattr(detail, "code", "invalid"), "message": str(detail)}
