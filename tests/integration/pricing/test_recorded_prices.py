"""A price that was set through the ledger is known to the estimators from the day after on, sold or not."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from pricing.recommendation.selectors.pricing_inputs import _range_charged
from pricing.sales.models import PriceChange, Product, SalesHistory
from pricing.sales.selectors.daily import epoch_days, shop_days
from pricing.sales.services.manual_history import manual_day_create

pytestmark = pytest.mark.django_db
FIRST = dt.date(2024, 3, 1)


@pytest.fixture
def mug() -> Product:
    """Sold at 10.00 on the first five days of March, and at 12.00 on the 20th and the 21st."""
    product = Product.objects.create(code="MUG", current_price=Decimal("12.00"))
    for offset, price in [*((day, "10.00") for day in range(5)), (19, "12.00"), (20, "12.00")]:
        SalesHistory.objects.create(
            product=product, date=FIRST + dt.timedelta(offset), quantity=2, revenue=2 * Decimal(price),
            price=Decimal(price), list_price=Decimal(price), units=2.0, unit_lines=1, lines=1,
        )  # fmt: skip
    return product


def change(product: Product, old: str, new: str, day: int, **more: object) -> None:
    moment = dt.datetime(2024, 3, day, 12, tzinfo=dt.UTC)
    status = "rolled_back" if more else "applied"
    PriceChange.objects.create(
        product=product,
        old_price=Decimal(old),
        new_price=Decimal(new),
        changed_at=moment,
        status=status,
        **more,
    )


def known_prices() -> dict[int, tuple[float, float]]:
    """Day of March -> (list price, units) of the mug."""
    daily = shop_days(["MUG"]).daily
    days = daily.day - epoch_days(FIRST) + 1
    return dict(
        zip(days.tolist(), zip(daily.list_price.tolist(), daily.units.tolist(), strict=True), strict=True)
    )


def test_the_first_whole_day_of_a_price_is_known_though_nothing_was_sold(mug: Product) -> None:
    change(mug, "10.00", "12.00", 9)
    assert known_prices()[10] == (12.0, 0.0)


def test_days_stay_in_order(mug: Product) -> None:
    change(mug, "10.00", "12.00", 9)
    assert list(known_prices()) == [1, 2, 3, 4, 5, 10, 20, 21]


def test_what_was_paid_counts_where_something_was_sold(mug: Product) -> None:
    change(mug, "10.00", "12.00", 2)
    assert known_prices()[3] == (10.0, 2.0)


def test_a_rollback_brings_the_old_price_back(mug: Product) -> None:
    change(mug, "10.00", "12.00", 7, rolled_back_at=dt.datetime(2024, 3, 9, 12, tzinfo=dt.UTC))
    found = known_prices()
    assert (found[8][0], found[10][0]) == (12.0, 10.0)


def test_of_two_prices_set_on_a_day_the_later_one_stays(mug: Product) -> None:
    change(mug, "10.00", "11.00", 9)
    change(mug, "11.00", "12.00", 9)
    assert known_prices()[10] == (12.0, 0.0)


def test_prices_of_days_without_sales_data_wait(mug: Product) -> None:
    change(mug, "12.00", "13.00", 25)
    assert max(known_prices()) == 21


def test_a_proposal_is_no_price(mug: Product) -> None:
    PriceChange.objects.create(product=mug, old_price=Decimal("10.00"), new_price=Decimal("12.00"))
    assert len(known_prices()) == 7
    assert np.isfinite([price for price, _ in known_prices().values()]).all()


@pytest.mark.parametrize("regular", [None, Decimal("12.00")])
def test_a_promotion_by_hand_was_sold_at_its_own_price_whatever_the_regular_one(
    mug: Product, regular: Decimal | None
) -> None:
    manual_day_create(
        {
            "product_id": "MUG",
            "date": FIRST + dt.timedelta(21),
            "quantity": 5,
            "price": Decimal("8.00"),
            "promotion_applied": True,
            "list_price": regular,
        }
    )
    assert known_prices()[22] == (8.0, 5.0)
    assert _range_charged(["MUG"]) == {"MUG": (8.0, 12.0)}


def test_the_price_of_a_promotion_by_hand_that_sold_nothing_is_not_the_regular_one(mug: Product) -> None:
    manual_day_create(
        {
            "product_id": "MUG",
            "date": FIRST + dt.timedelta(21),
            "quantity": 0,
            "price": Decimal("8.00"),
            "promotion_applied": True,
            "list_price": Decimal("12.00"),
        }
    )
    assert np.isnan(known_prices()[22][0])
