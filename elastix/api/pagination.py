"""The two shapes of a page: limit and offset, page and page_size. Values out of range are refused, not clamped."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

MAX_LIMIT = 1000
MAX_OFFSET = 1_000_000_000
MAX_PAGE = 1_000_000


class LimitOffset(BasePagination):
    """`limit` and `offset` -> {total, items}. The view names the default limit and the key of the rows."""

    parameters = ("limit", "offset")
    items_key = "items"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.limit = whole_number(request, "limit", view.default_limit, 1, MAX_LIMIT)
        self.offset = whole_number(request, "offset", 0, 0, MAX_OFFSET)
        self.total = count(queryset)
        return list(queryset[self.offset : self.offset + self.limit])

    def get_results(self, data: Any) -> Any:
        return data[self.items_key]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"total": self.total, self.items_key: data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        properties = {"total": {"type": "integer"}, self.items_key: schema}
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            parameter("limit", 1, MAX_LIMIT, view.default_limit, "Rows of a page."),
            parameter("offset", 0, MAX_OFFSET, 0, "Rows before the page."),
        ]


class PageNumber(BasePagination):
    """`page` and `page_size` -> {items, total, page, page_size, pages}. A page past the end is empty."""

    parameters = ("page", "page_size")
    items_key = "items"

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.page = whole_number(request, "page", 1, 1, MAX_PAGE)
        self.page_size = whole_number(request, "page_size", view.default_limit, 1, MAX_LIMIT)
        self.total = count(queryset)
        first = (self.page - 1) * self.page_size
        return list(queryset[first : first + self.page_size])

    def get_results(self, data: Any) -> Any:
        return data[self.items_key]

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "items": data,
                "total": self.total,
                "page": self.page,
                "page_size": self.page_size,
                "pages": -(-self.total // self.page_size),
            }
        )

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            parameter("page", 1, MAX_PAGE, 1, "The first page is 1."),
            parameter("page_size", 1, MAX_LIMIT, view.default_limit, "Rows of a page."),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        numbers = {name: {"type": "integer"} for name in ("total", "page", "page_size", "pages")}
        return {"type": "object", "required": ["items", *numbers], "properties": {"items": schema, **numbers}}


def whole_number(request: Request, name: str, default: int, low: int, high: int) -> int:
    """Return a query parameter as an integer between `low` and `high`.

    Raises
    ------
    ValidationError : it is no integer, or out of range.
    """
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        value = int(text) if len(text) <= 20 else high + 1
    except ValueError:
        raise ValidationError({name: ["A valid integer is required."]}, "invalid") from None
    if value < low:
        raise ValidationError({name: [f"Ensure this value is greater than or equal to {low}."]}, "min_value")
    if value > high:
        raise ValidationError({name: [f"Ensure this value is less than or equal to {high}."]}, "max_value")
    return value


def parameter(name: str, low: int, high: int, default: int, description: str) -> dict[str, Any]:
    """Return the OpenAPI description of a whole-number query parameter."""
    schema = {"type": "integer", "minimum": low, "maximum": high, "default": default}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


def count(rows: Any) -> int:
    return len(rows) if isinstance(rows, list | tuple) else rows.count()
