"""OpenAPI from what the viewsets declare with `@operation`."""

import json
import re
from pathlib import Path
from typing import Any, cast

from django_filters import rest_framework as filters
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from elastix.api.editing import EDITS, IF_MATCH
from elastix.api.errors import PROBLEM_JSON, ProblemSerializer
from elastix.api.idempotency import HEADER
from elastix.api.operations import Operation
from elastix.shop import shop_currency, shop_name

SUCCESS = {200: "Done.", 201: "Created.", 202: "Accepted; a job does it.", 503: "A part does not work."}
REFUSALS = {
    400: "Something in the request is not valid; `errors` names the field.",
    401: "No credentials, or wrong ones.",
    403: "The role does not allow this.",
    404: "There is no such thing.",
    409: "The request does not fit the present state.",
    413: "The body is too large.",
    415: "The body's media type is not one of those listed.",
    422: "The Idempotency-Key came with another request before.",
    429: "Too many requests; Retry-After says when to come back.",
    503: "The data are being written just now; Retry-After says when to come back.",
}
IDEMPOTENCY_KEY = OpenApiParameter(
    HEADER,
    type=OpenApiTypes.STR,
    location=OpenApiParameter.HEADER,
    description="Makes it safe to send the request again: for 24 hours the same key has one effect and one answer.",
)
IF_MATCH_HEADER = OpenApiParameter(
    IF_MATCH,
    type=OpenApiTypes.STR,
    location=OpenApiParameter.HEADER,
    description="The ETag of the GET that the edit rests on: a change by somebody else since then makes it a 409.",
)
FILTERED_BY = {
    filters.BooleanFilter: {"type": "boolean"},
    filters.DateFilter: {"type": "string", "format": "date"},
    filters.UUIDFilter: {"type": "string", "format": "uuid"},
    filters.NumberFilter: {"type": "number"},
}


def add_examples(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Postprocessing hook: give each operation an example of its body and of its answer.

    `examples.json` is written with the recording of the API in the tests.
    """
    examples = json.loads(Path(__file__).with_name("examples.json").read_text())
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            found = examples.get(f"{method.upper()} {path}", {})
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is not None and "request" in found:
                body["example"] = found["request"]
            for code, response in operation["responses"].items():
                for content in response.get("content", {}).values():
                    if code < "300" and found.get("response") not in (None, ""):
                        content.setdefault("example", found["response"])
    return result


def describe_files(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Postprocessing hook: a list as a file is text, of which the JSON's shape says nothing."""
    for operations in result["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                content = response.get("content", {})
                if "text/csv" in content and len(content) > 1:
                    content["text/csv"] = {"schema": {"type": "string"}}
    return result


def name_the_shop(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Postprocessing hook: say whose API this is, and which currency its amounts are in."""
    currency = shop_currency()
    decimals = f"{currency.decimals} decimals" if currency.decimals else "no decimals"
    result["info"]["title"] += f": {shop_name()}"
    result["info"]["description"] += f" All amounts are in {currency.code}, with {decimals}."
    return result


def filter_schema(each: Any) -> dict[str, Any]:
    """Return the OpenAPI schema of a filter's values."""
    schema: dict[str, Any] = {"type": "string"}
    if choices := [value for value, _ in each.extra.get("choices", []) or []]:
        schema["enum"] = choices
    elif described := [value for kind, value in FILTERED_BY.items() if isinstance(each, kind)]:
        schema = described[0]
    elif "max_length" in each.extra:
        schema["maxLength"] = each.extra["max_length"]
    return {"type": "array", "items": schema} if getattr(each, "repeatable", False) else schema


class ElastixSchema(AutoSchema):
    """AutoSchema that reads the declaration of the action."""

    @property
    def declared(self) -> Operation:
        return getattr(self.view, "operation", None) or Operation()

    def get_override_parameters(self) -> list[Any]:
        declared, view = self.declared, cast(Any, self.view)
        described = [
            OpenApiParameter(
                name,
                type=self._map_serializer_field(field, "request"),  # type: ignore[no-untyped-call]
                required=field.required,
                many=False,
                description=str(field.help_text or ""),
                explode=True,
            )
            for name, field in (declared.query().fields if declared.query else {}).items()
        ]
        known = view.filterset_class.base_filters if declared.lists and view.filterset_class else {}
        for name, each in known.items():
            text = str(each.extra.get("help_text") or "")
            described.append(OpenApiParameter(name, type=filter_schema(each), description=text, explode=True))
        if self._takes_key():
            described.append(IDEMPOTENCY_KEY)
        if self._takes_tag():
            described.append(IF_MATCH_HEADER)
        return described

    def _takes_tag(self) -> bool:
        view = cast(Any, self.view)
        return self.method in EDITS and view.edited is not None and view.lookup_url_kwarg in self.path

    def _takes_key(self) -> bool:
        return (
            self.method == "POST"
            and self.declared.writes
            and bool(self.view.permission_classes and self.get_auth())
        )

    def _is_list_view(self, serializer: Any = None) -> bool:
        return self.declared.lists and cast(Any, self.view).pagination_class is not None

    def get_filter_backends(self) -> list[Any]:
        return []  # The parameters of the filters are described above.

    def _get_paginator(self) -> Any:
        view: Any = self.view
        return view.paginator if self.declared.lists else None

    def get_request_serializer(self) -> Any:
        return self.declared.body

    def get_response_serializers(self) -> Any:
        declared = self.declared
        answers: dict[Any, Any] = {}
        for code in declared.status:
            if declared.response is None:
                answers[code] = OpenApiResponse(description="Done; no content.")
            elif declared.response is bytes:
                answers[code, declared.media_type] = OpenApiResponse(
                    OpenApiTypes.BINARY, description="A file."
                )
            else:
                answers[code] = OpenApiResponse(declared.response, description=SUCCESS[code])
        codes = {400, 503, *declared.errors}
        if self.view.permission_classes and self.get_auth():
            codes |= {401, 403}
        if self.view.throttle_classes:
            codes.add(429)
        if "{" in self.path:
            codes.add(404)
        if declared.body is not None:
            codes |= {413, 415}
        if self._takes_key():
            codes |= {409, 422}
        if self._takes_tag():
            codes.add(409)
        for code in sorted(codes):
            answers[code, PROBLEM_JSON] = OpenApiResponse(ProblemSerializer, description=REFUSALS[code])
        return answers

    def get_summary(self) -> str:
        """The first sentence of what the action's docstring says."""
        return re.split(r"(?<=[.?!])\s", self.get_description().strip(), maxsplit=1)[0]

    def get_operation_id(self) -> str:
        action = getattr(self.view, "action", None) or self.method.lower()
        return f"{action}_{type(self.view).__name__.removesuffix('ViewSet').removesuffix('View')}"

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag", None) or type(self.view).__module__.split(".")[0]]


class OpenApiAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """OPEN_API is no credential that a client could send: the schema leaves it out."""

    target_class = "elastix.api.authentication.OpenApiAuthentication"
    name: list[str] = []

    def get_security_definition(self, auto_schema: Any) -> list[Any]:
        return []

    def get_security_requirement(self, auto_schema: Any) -> dict[str, Any]:
        return {}


class TokenAsPasswordScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "elastix.api.authentication.TokenAsPassword"
    name = "tokenAsPassword"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "basic",
            "description": "A user's name, and the token as the password.",
        }
