"""Paginate lists by limit and offset, or by page and page_size. Values out of range are errors, not clamped."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

MAX_LIMIT = 1000
MAX_OFFSET = 1_000_000_000
MAX_PAGE = 1_000_000


class Page(BasePagination):
    """What the shapes have in common. The view names the default number of rows and the key of the rows."""

    # Of each parameter: lowest and highest value, default (None: the view's), and what it means.
    numbers: dict[str, tuple[int, int, int | None, str]]
    items_key = "items"
    # Nobody reads in a file how many rows there are.
    counted = True

    def asked(self, request: Request, view: Any) -> list[int]:
        """Return the parameters' values in their order. A file has all rows unless it is asked for fewer."""
        self.counted = not view.is_file
        usual = MAX_OFFSET if view.is_file else view.default_limit
        return [
            whole_number(request, name, usual if default is None else default, low, high)
            for name, (low, high, default, _) in self.numbers.items()
        ]

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        found = []
        for name, (low, high, default, text) in self.numbers.items():
            limits = {
                "minimum": low,
                "maximum": high,
                "default": view.default_limit if default is None else default,
            }
            schema = {"type": "integer", **limits}
            found.append(
                {"name": name, "in": "query", "required": False, "description": text, "schema": schema}
            )
        return found

    def get_results(self, data: Any) -> Any:
        return data[self.items_key]

    def slice(self, rows: Any, first: int, most: int) -> list[Any]:
        """Return `most` rows from the `first` on; how many there are in all is `total`."""
        self.total = 0
        if self.counted:
            self.total = len(rows) if isinstance(rows, list | tuple) else rows.count()
        return list(rows[first : first + most])


class LimitOffset(Page):
    """`limit` and `offset` -> {total, items}."""

    numbers = {
        "limit": (1, MAX_LIMIT, None, "Rows of a page."),
        "offset": (0, MAX_OFFSET, 0, "Rows before the page."),
    }

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.limit, self.offset = self.asked(request, view)
        return self.slice(queryset, self.offset, self.limit)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"total": self.total, self.items_key: data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        properties = {"total": {"type": "integer"}, self.items_key: schema}
        return {"type": "object", "required": list(properties), "properties": properties}


class PageNumber(Page):
    """`page` and `page_size` -> {items, total, page, page_size, pages}. A page past the end is empty."""

    numbers = {
        "page": (1, MAX_PAGE, 1, "The first page is 1."),
        "page_size": (1, MAX_LIMIT, None, "Rows of a page."),
    }

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.page, self.page_size = self.asked(request, view)
        return self.slice(queryset, (self.page - 1) * self.page_size, self.page_size)

    def get_paginated_response(self, data: Any) -> Response:
        place = {"total": self.total, "page": self.page, "page_size": self.page_size}
        return Response({"items": data, **place, "pages": -(-self.total // self.page_size)})

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
