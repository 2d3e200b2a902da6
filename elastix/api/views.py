"""What every view of the API has in common."""

from typing import Any

from django.http import Http404
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from elastix.api.errors import PROBLEM_JSON
from elastix.api.operations import Operation
from elastix.api.parameters import QuerySerializer
from elastix.api.parsers import ShallowJSONParser
from elastix.api.permissions import Role

# What an answer of the API may depend on, for the caches between.
VARY = "Accept, Authorization, Cookie, Origin"


class NoParameters(QuerySerializer):
    """For endpoints without query parameters: any is refused."""


class ElastixView(APIView):
    """Base view: strict query parameters, roles per method, problem+json errors.

    `queries` maps a method to the serializer of its query parameters; `roles` a method to the lowest role.
    """

    parser_classes: Any = (ShallowJSONParser, FormParser, MultiPartParser)
    queries: dict[str, type[QuerySerializer]] = {}
    roles: dict[str, Role] = {}
    query: dict[str, Any]

    @property
    def operation(self) -> Any:
        method = (self.request.method if self.request else "") or ""
        method = "GET" if method in ("HEAD", "OPTIONS") else method
        return Operation(
            query=self.queries.get(method),
            body=getattr(self, "bodies", {}).get(method),
            response=getattr(self, "responses", {}).get(method),
            role=self.roles.get(method),
        )

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        method = "GET" if request.method == "HEAD" else request.method
        if method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            self.query = self.queries.get(method, NoParameters).read(request)

    @property
    def default_response_headers(self) -> dict[str, str]:
        return super().default_response_headers | {"Vary": VARY}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        try:
            return super().perform_content_negotiation(request, force)
        except Http404 as error:
            known = ", ".join(sorted(each.format for each in self.get_renderers() if each.format))
            raise ValidationError({"format": [f"Unknown format. Known: {known}."]}, "unknown") from error

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(response, Response):
            renderer = getattr(response, "accepted_renderer", None)
            if response.exception and getattr(renderer, "format", "") != "api":
                response.accepted_renderer = JSONRenderer()
                response.accepted_media_type = "application/json"
                response.content_type = PROBLEM_JSON
        return response
