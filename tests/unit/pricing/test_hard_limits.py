"""Which prices nobody may propose."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.recommendation.core.limits import broken_rule

CENTS = st.decimals("0.01", "1000", places=2)
FRACTIONS = st.decimals("0", "0.99", places=4)


@pytest.mark.parametrize(
    ("price", "limits", "rule"),
    [
        ("8.49", {"cost": Decimal("8.50")}, "cost"),
        ("8.50", {"cost": Decimal("8.50")}, None),
        ("8.50", {"cost": Decimal("8.5001")}, "cost"),
        ("9.44", {"cost": Decimal("8.50"), "minimum_margin": Decimal("0.10")}, "minimum_margin"),
        ("9.45", {"cost": Decimal("8.50"), "minimum_margin": Decimal("0.10")}, None),
        ("9.99", {"min_price": Decimal("10.00")}, "min_price"),
        ("10.00", {"min_price": Decimal("10.00")}, None),
        ("20.01", {"max_price": Decimal("20.00")}, "max_price"),
        ("20.00", {"max_price": Decimal("20.00")}, None),
        ("0.01", {"minimum_margin": Decimal("0.50")}, None),
        ("0.01", {}, None),
    ],
)
def test_a_price_is_refused_by_the_limit_it_crosses(
    price: str, limits: dict[str, Decimal], rule: str | None
) -> None:
    broken = broken_rule(Decimal(price), **limits)
    assert (broken and broken.rule) == rule
    assert broken is None or broken.reason.startswith(f"{price} ")


def test_the_reason_names_the_limit_and_where_it_lies() -> None:
    broken = broken_rule(Decimal("9.00"), cost=Decimal("8.5"), minimum_margin=Decimal("0.1250"))
    assert broken is not None
    assert broken.reason == "9.00 leaves less than the minimum margin of 12.5 %, which begins at 9.72"


@given(CENTS, CENTS, FRACTIONS)
def test_what_is_let_through_leaves_the_minimum_margin(
    price: Decimal, cost: Decimal, margin: Decimal
) -> None:
    broken = broken_rule(price, cost=cost, minimum_margin=margin)
    assert (broken is None) == (price >= cost and (price - cost) / price >= margin)
