"""Idempotency-Key: execute a repeated write once and give its first answer again."""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from elastix.api.models import KeptAnswer
from elastix.api.permissions import audit_username
from elastix.errors import KeyReused

HEADER: Final = "Idempotency-Key"
KEPT: Final = dt.timedelta(hours=24)
KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
NOT_YET: Final = 0


def answer_once(handler: Callable[..., Response]) -> Callable[..., Response]:
    """Wrap the handler of a request that carries a key.

    The key, the handler's effect and its answer are written in one transaction: after a crash there is none of them, and of two
    requests at once the second waits for the first and then gets its answer. An error (an exception) stores nothing, so that
    the corrected request may use the key again.

    Raises
    ------
    KeyReused : the key came with another request within a day.
    """

    def handle(request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers[HEADER]
        if not KEY.fullmatch(key):
            text = "Expected 1 to 255 visible ASCII characters."
            raise ValidationError({HEADER: [ErrorDetail(text, "invalid")]})
        username, digest = audit_username(request), request_hash(request)
        KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
        with transaction.atomic():
            try:
                with transaction.atomic():
                    kept = KeptAnswer.objects.create(
                        username=username, key=key, request_hash=digest, status=NOT_YET
                    )
            except IntegrityError:
                return _again(KeptAnswer.objects.get(username=username, key=key), digest)
            response = handler(request, *args, **kwargs)
            kept.status = response.status_code
            kept.body = json.loads(json.dumps(response.data, cls=JSONEncoder))
            kept.save(update_fields=["status", "body"])
        return response

    return handle


def request_hash(request: Request) -> str:
    """SHA-256 of what the request asks for: method, address and body, files by their content."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode("utf-8", "surrogatepass"))
    for name, values in _items(request.data):
        for value in values:
            digest.update(json.dumps(name).encode())
            if isinstance(value, UploadedFile):
                for chunk in value.chunks():
                    digest.update(chunk)
                value.seek(0)
            else:
                digest.update(json.dumps(value, sort_keys=True, cls=JSONEncoder).encode())
    return digest.hexdigest()


def _items(data: Any) -> Any:
    """Names and lists of values of a form or of a JSON object; any other JSON as one value without a name."""
    if hasattr(data, "lists"):
        return sorted(data.lists())
    return [(name, [data[name]]) for name in sorted(data)] if isinstance(data, dict) else [("", [data])]


def _again(kept: KeptAnswer, digest: str) -> Response:
    if kept.request_hash != digest:
        raise KeyReused(f"This {HEADER} came with another request before: use a new one for each request.")
    return Response(kept.body, kept.status, headers={"Idempotent-Replayed": "true"})
