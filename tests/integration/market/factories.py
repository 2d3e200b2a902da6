"""Competitors' prices for the tests, observed some days before the shop's as-of date."""

import datetime as dt
from decimal import Decimal
from typing import Any

from market.models import CompetitorPrice
from tests.shops import AS_OF

TODAY = dt.datetime.combine(AS_OF, dt.time(), dt.UTC)
# The market of the seed document, with a price that is too old and one that cannot be.
MARKET = (
    ("A", "13.49", 1),
    ("A", "1.00", 3),
    ("B", "12.49", 2),
    ("C", "14.99", 6),
    ("D", "9.99", 8),
    ("E", "139.90", 1),
)


def observe(name: str, price: str, days_ago: float, product: str = "CUP", **more: Any) -> CompetitorPrice:
    return CompetitorPrice.objects.create(
        product_id=product,
        competitor_name=name,
        price=Decimal(price),
        recorded_at=TODAY - dt.timedelta(days=days_ago),
        **more,
    )


def observe_market() -> list[CompetitorPrice]:
    return [observe(*each) for each in MARKET]
