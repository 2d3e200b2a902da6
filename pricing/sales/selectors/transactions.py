"""Reads of sales lines."""

import datetime as dt
import math
from typing import Any

from pricing.sales.models import Transaction


def transactions_page(
    *,
    page: int,
    page_size: int,
    stock_code: str | None,
    country: str | None,
    customer_id: str | None,
    start_date: dt.date | None,
    end_date: dt.date | None,
) -> dict[str, Any]:
    """A page of sales lines, newest first, of the shop's days from start_date to end_date."""
    filters = {
        "product_id": stock_code,
        "country": country,
        "customer_id": customer_id,
        "date__gte": start_date,
        "date__lte": end_date,
    }
    found = Transaction.objects.filter(
        **{name: value for name, value in filters.items() if value is not None}
    )
    total = found.count()
    first = (page - 1) * page_size
    return {
        "items": list(found.order_by("-invoice_date", "-id")[first : first + page_size]),
        "total": total,
        "page": page,
        "page_size": page_size,
        "pages": math.ceil(total / page_size),
    }
