"""A shop of four bowls whose customers answer to prices by a known elasticity, day after day."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from pricing.sales.models import Product, SalesHistory
from simulations.experiments.models import PriceExperiment
from simulations.experiments.selectors.plans import Wish
from simulations.experiments.services.experiments import experiment_create
from simulations.experiments.services.running import experiments_advance
from tests.factories import PricedProductFactory, PricePolicyFactory

MONDAY = dt.date(2025, 6, 2)
USUAL = Decimal("10.00")
ELASTICITY = -2.0
CODES = ("A", "B", "C", "D")
UNITS = 40.0  # a day at the usual price
BODY: dict[str, Any] = {
    "name": "Bowls",
    "design": "switchback",
    "category": "Bowls",
    "old_percent": 0,
    "new_percent": -10,
    "weeks": 12,
    "seed": "bowls",
}
WISH = Wish("switchback", CODES, 0.0, -10.0, 12)


def open_shop(codes: tuple[str, ...] = CODES, weeks: int = 26, **fields: Any) -> np.random.Generator:
    """Bowls at 10.00 that cost 6.00, and sales of the weeks up to the Sunday before `MONDAY`."""
    rng = np.random.default_rng(11)
    estimate = {"estimate__elasticity": -2.0, "estimate__std_error": 0.6}
    shown = {"category": "Bowls", "current_price": USUAL, "cost": Decimal("6")}
    for code in codes:
        PricedProductFactory(code=code, **shown | estimate | fields)
    PricePolicyFactory(max_change=Decimal("0.2"), self_approval=False)
    for number in range(-7 * weeks, 0):
        sell(rng, MONDAY + dt.timedelta(days=number), codes)
    return rng


def sell(
    rng: np.random.Generator, day: dt.date, codes: tuple[str, ...] = CODES, elasticity: float = ELASTICITY
) -> None:
    """Sell each product a day long at its current price."""
    rows = []
    for product in Product.objects.filter(code__in=codes).order_by("code"):
        price = product.current_price or USUAL
        units = int(rng.poisson(UNITS * float(price / USUAL) ** elasticity))
        if units:
            rows.append(
                SalesHistory(product=product, date=day, quantity=units, units=units, price=price, revenue=units * price)
            )  # fmt: skip
    SalesHistory.objects.bulk_create(rows)


def at(day: dt.date, monkeypatch: pytest.MonkeyPatch, hour: int = 6) -> None:
    """Make it the morning of a day."""
    moment = dt.datetime.combine(day, dt.time(hour), dt.UTC)
    monkeypatch.setattr(timezone, "now", lambda: moment)


def run_days(
    rng: np.random.Generator,
    first: int,
    last: int,
    monkeypatch: pytest.MonkeyPatch,
    codes: tuple[str, ...] = CODES,
    **more: Any,
) -> None:
    """Let days of the experiment pass, from number `first` to `last` inclusive: the clock in the morning, then sales."""
    for number in range(first, last + 1):
        day = MONDAY + dt.timedelta(days=number)
        at(day, monkeypatch)
        experiments_advance()
        sell(rng, day, codes, **more)
    at(MONDAY + dt.timedelta(days=last + 1), monkeypatch)


def plan_bowls(**changes: Any) -> PriceExperiment:
    wish = Wish(**{**{name: getattr(WISH, name) for name in WISH.__slots__}, **changes})
    return experiment_create(wish, name="Bowls", by="analyst", seed="bowls")


def prices() -> dict[str, str]:
    return {code: str(price) for code, price in Product.objects.values_list("code", "current_price")}
