"""Pages of lists made from the cached tables."""

from typing import Any

from elastix.api.pagination import LimitOffset


class PublishedPage(LimitOffset):
    """`{total, items, last_updated}`."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        page["properties"]["last_updated"] = {"type": "string", "format": "date-time", "nullable": True}
        return page
