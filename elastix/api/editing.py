"""Prevent lost updates: check `If-Match` against the ETag that a GET of the resource answered."""

import hashlib
from collections.abc import Callable
from typing import Any, Final

from django.db import transaction
from django.db.models import Model
from django.utils.http import parse_etags
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from elastix.revisions import Edited, revision_of

IF_MATCH: Final = "If-Match"
EDITS: Final = ("PUT", "PATCH", "DELETE")


def if_unchanged(handler: Callable[..., Response], model: type[Model], key: Any) -> Callable[..., Response]:
    """Wrap the handler of an edit that says with `If-Match` which state of the row it is meant for.

    The row is compared and changed in one transaction that holds its lock. The answer carries the ETag of the new state.

    Raises
    ------
    Edited : the row is in another state by now.
    """

    def handle(request: Request, *args: Any, **kwargs: Any) -> Response:
        tags = parse_etags(request.headers[IF_MATCH])
        if not tags:
            text = 'Expected the ETag that a GET of this address answered, in its quotes, or "*".'
            raise ValidationError({IF_MATCH: [ErrorDetail(text, "invalid")]})
        with transaction.atomic():
            revision = revision_of(model, key, lock=True)
            # Where there is no such row the handler says so.
            if revision is not None and tags != ["*"] and revision not in map(_revision, tags):
                raise Edited()
            response = handler(request, *args, **kwargs)
            return with_tag(response, revision_of(model, key))

    return handle


def with_tag(response: Response, revision: str | None) -> Response:
    """Give an answer its ETag: the state of the row, which `If-Match` compares, and of all that the body says."""
    if revision is not None and response.status_code == 200 and not response.has_header("ETag"):
        body = JSONEncoder().encode(response.data)
        digest = hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()
        response["ETag"] = f'"{revision}-{digest[:20]}"'
    return response


def _revision(tag: str) -> str:
    """The row's part of an ETag; weak ones match nothing (RFC 9110, 13.1.1)."""
    return tag.removeprefix('"').partition("-")[0]
