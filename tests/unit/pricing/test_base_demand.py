"""Which price is proven by sales, and what projections start from; no database."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from elastix.dataset.models import DataVersion
from pricing.forecasting.selectors.base_demand import _base_demand, _newest_proven, _Set

AS_OF = dt.date(2025, 5, 1)


def price_set(days_ago: int, old: Any, new: Any) -> _Set:
    """A price set at noon so many days before the as-of date: it was sold at on that many days less one."""
    moment = dt.datetime.combine(AS_OF - dt.timedelta(days=days_ago), dt.time(12), dt.UTC)
    return _Set(moment, *(None if price is None else Decimal(str(price)) for price in (old, new)))


@pytest.mark.parametrize(
    ("sets", "proven", "days"),
    [
        ([], 9.0, 0),  # never set: what the sales say
        ([(10, 10, 12)], 10.0, 9),
        ([(29, 10, 12)], 12.0, 28),  # the day of the change counts for neither price
        ([(28, 10, 12)], 10.0, 27),
        ([(20, 10, 12), (10, 12, 10)], 10.0, 9),  # there and back
        ([(20, 10, 12), (10, 12, 14)], 10.0, 9),  # twice within the window
        ([(60, 10, 12), (10, 12, 14)], 12.0, 9),  # the first of them long enough ago
        ([(90, 10, 12), (60, 12, 10), (3, 10, 11)], 10.0, 2),
        ([(200, 10, 12)], 12.0, 199),
        ([(10, None, 12)], 9.0, 9),  # a first price, or one after none: before it, what the sales say
        ([(40, None, 12)], 12.0, 39),
        ([(40, 10, None), (10, None, 12)], 10.0, 9),  # none in between
        ([(-30, 10, 12)], 10.0, 0),  # set after the newest sale
        ([(-30, 10, 12), (-40, 12, 15), (-50, 15, 19)], 10.0, 0),
    ],
)
def test_the_newest_price_with_28_days_of_sales_is_proven(
    sets: list[tuple[Any, ...]], proven: float, days: int
) -> None:
    assert _newest_proven([price_set(*each) for each in sets], 9.0, 28, AS_OF) == (proven, days)


def test_before_any_sale_nothing_is_proven_but_the_price_before() -> None:
    assert _newest_proven([price_set(50, 10, 12)], None, 28, None) == (10.0, 0)


def base(
    present: str | None,
    quantity: float,
    price: float | None,
    *sets: tuple[Any, ...],
    charged: str | None = None,
) -> Any:
    version = DataVersion(as_of=AS_OF)
    money = None if present is None else Decimal(present)
    seen = None if charged is None else Decimal(charged)
    return _base_demand(money, quantity, price, seen, [price_set(*each) for each in sets], version)


@pytest.mark.parametrize(
    ("quantity", "needed"),
    [(300.0, 28), (10.8, 28), (10.0, 30), (5.0, 60), (3.3, 91), (0.1, 91), (0.0, 91)],
)
def test_a_price_is_proven_after_28_days_or_as_many_as_bring_ten_units(quantity: float, needed: int) -> None:
    assert base("10.00", quantity, 10.0).days_needed == needed


def test_where_nothing_was_ever_sold_no_price_waits_for_a_proof() -> None:
    found = base("12.00", 0.0, None, (3, 10, 12))
    assert (found.price, found.tried_price, found.days_needed) == (None, None, 28)


def test_a_price_set_lately_is_tried_and_projected_from_the_one_before() -> None:
    found = base("12.00", 300.0, 10.05, (10, 10, 12))
    # The base price is within a hundredth of what was charged before: it is that price.
    assert (found.quantity, found.price, found.tried_price) == (300.0, 10.0, 10.0)
    assert (found.days, found.days_needed) == (9, 28)
    far = base("12.00", 300.0, 10.2, (10, 10, 12))
    assert (far.price, far.tried_price) == (10.2, 10.0)


def test_a_proven_price_is_the_one_tried_and_old_prices_fade_out_of_the_base() -> None:
    found = base("12.00", 300.0, 11.7, (40, 10, 12))
    assert (found.price, found.tried_price, found.days) == (11.7, None, 39)
    assert base("12.00", 300.0, 11.9, (90, 10, 12)).price == 12.0


@pytest.mark.parametrize("days", [10, 40, 90])
def test_a_price_that_sales_do_not_show_is_not_proven_by_days(days: int) -> None:
    found = base("12.00", 300.0, 10.0, (days, 10, 12), charged="10.0000")
    assert (found.price, found.tried_price, found.days) == (10.0, 10.0, 0)
    # Set twice and never charged: what sales show is tried, not what was set first.
    assert base("13.00", 300.0, 10.0, (80, 10, 12), (40, 12, 13), charged="10.0000").tried_price == 10.0


def test_a_price_that_sales_show_within_a_hundredth_is_proven_by_days() -> None:
    found = base("12.00", 300.0, 11.7, (40, 10, 12), charged="11.9000")
    assert (found.tried_price, found.days) == (None, 39)


def test_a_price_that_sales_do_not_show_is_no_matter_where_nobody_set_it() -> None:
    assert base("12.00", 300.0, 10.0, charged="10.0000").tried_price is None


def test_a_first_price_is_no_change_for_a_cooldown() -> None:
    assert base("12.00", 300.0, 12.0, (10, None, 12)).last_changed is None
    changed = base("12.00", 300.0, 10.0, (10, 10, 12)).last_changed
    assert changed == dt.datetime(2025, 4, 21, 12, tzinfo=dt.UTC)
