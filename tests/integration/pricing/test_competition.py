"""The competitors' prices that pricing works with."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from elastix.dataset.models import DataVersion
from pricing.recommendation.selectors.competition import (
    CompetitorStatistics,
    competitor_prices,
    competitor_statistics,
)
from tests.factories import TODAY, CompetitorPriceFactory, ProductFactory
from tests.integration.market.factories import observe, observe_market
from tests.shops import AS_OF

pytestmark = pytest.mark.usefixtures("shop")


def test_the_newest_fresh_and_plausible_price_of_each_counts() -> None:
    observe_market()
    assert competitor_statistics(["CUP", "MUG"]) == {
        "CUP": CompetitorStatistics(
            mean=Decimal("13.6567"),
            median=Decimal("13.4900"),
            lowest=Decimal("12.49"),
            highest=Decimal("14.99"),
            count=3,
            newest=TODAY - dt.timedelta(days=1),
        )
    }


def test_the_limit_may_differ_by_product() -> None:
    for product in ("CUP", "MUG", "BOWL"):
        observe("A", "5.00", 10, product)
    assert set(competitor_statistics(["CUP", "MUG", "BOWL"], {"CUP": 10, "MUG": 9})) == {"CUP"}
    assert set(competitor_statistics(["CUP", "MUG", "BOWL"], 10)) == {"CUP", "MUG", "BOWL"}


@pytest.mark.parametrize(("days_ago", "count"), [(7, 1), (7.001, 0), (-400, 1)])
def test_the_days_count_from_midnight_of_the_as_of_date(days_ago: float, count: int) -> None:
    observe("A", "5.00", days_ago)
    assert len(competitor_statistics(["CUP"])) == count


def test_another_day_can_be_counted_from() -> None:
    observe("A", "5.00", 20)
    assert competitor_statistics(["CUP"]) == {}
    assert set(competitor_statistics(["CUP"], as_of=AS_OF - dt.timedelta(days=13))) == {"CUP"}


def test_a_shop_without_sales_counts_from_today() -> None:
    ProductFactory(code="NEW")
    now = dt.datetime.now(dt.UTC)
    for name, age in (("A", 2), ("B", 30)):
        CompetitorPriceFactory(
            product="NEW", competitor_name=name, price=5, recorded_at=now - dt.timedelta(days=age)
        )
    DataVersion.objects.update(as_of=None)
    assert competitor_statistics(["NEW"])["NEW"].count == 1


def test_leaving_old_prices_out_judges_the_others_no_differently() -> None:
    observe_market()
    all_of_them, fresh = competitor_prices(["CUP"]), competitor_prices(["CUP"], only_fresh=True)
    assert all_of_them.name == ["A", "B", "C", "D", "E"]
    assert all_of_them.fresh.tolist() == [True, True, True, False, True]
    assert all_of_them.plausible.tolist() == [True, True, True, True, False]
    assert fresh.name == ["A", "B", "C", "E"]
    assert fresh.plausible.tolist() == [True, True, True, False]


def test_many_products_cost_as_many_queries_as_one() -> None:
    counts = []
    for number in range(2):
        codes = [f"P{number}-{each}" for each in range(1 + 30 * number)]
        for code in codes:
            ProductFactory(code=code)
            for name in ("A", "B", "C"):
                observe(name, "5.00", 1, code)
        with CaptureQueriesContext(connection) as captured:
            assert len(competitor_statistics(codes)) == len(codes)
        counts.append(len(captured))
    assert counts == [2, 2]


def test_without_products_nothing_is_found() -> None:
    assert competitor_statistics([]) == {}
