"""OpenAPI from what the views declare: `queries` (parameters), `bodies` (requests) and `responses`, by method."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter


class ElastixSchema(AutoSchema):
    """AutoSchema that reads the declarations of ElastixView."""

    def get_override_parameters(self) -> list[Any]:
        serializer = getattr(self.view, "queries", {}).get(self.method)
        if serializer is None:
            return []
        return [
            OpenApiParameter(
                name,
                type=self._map_serializer_field(field, "request"),  # type: ignore[no-untyped-call]
                required=field.required,
                many=False,
                description=str(field.help_text or ""),
                explode=True,
            )
            for name, field in serializer().fields.items()
        ]

    def get_request_serializer(self) -> Any:
        return getattr(self.view, "bodies", {}).get(self.method)

    def get_response_serializers(self) -> Any:
        responses = getattr(self.view, "responses", {})
        return responses.get(self.method)

    def get_operation_id(self) -> str:
        name = type(self.view).__name__.removesuffix("View")
        return f"{self.method.lower()}{name}"

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
