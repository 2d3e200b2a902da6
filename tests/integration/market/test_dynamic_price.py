"""GET and POST /api/price/dynamic/{id}: every factor shown, inside the guardrails."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from market.models import RepricingRule
from market.selectors.signals import demand_of
from pricing.sales.models import PriceChange, Product
from tests.api_cases import ProductFigureCases, QuestionCases
from tests.factories import PricePolicyFactory, ProductFactory
from tests.integration.market.rules import PATIENT, rule, run, with_costs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_open")]
PATH = "/api/price/dynamic/CUP"
FACTORS = ("inventory_adjustment", "surge_adjustment", "peak_hour_adjustment", "weekday_adjustment")
SEED = {
    "base_price": 10,
    "current_stock": 50,
    "target_stock": 100,
    "current_demand": 150,
    "expected_demand": 100,
}


@pytest.fixture
def _open(shop: ImportBatch) -> Any:
    with_costs()
    with PATIENT:
        yield


def ask(client: APIClient, **given: Any) -> dict[str, Any]:
    response = client.post(PATH, given, format="json") if given else client.get(PATH)
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.json()
    return found


def free() -> None:
    """A policy under which a price may do almost anything."""
    PricePolicyFactory(max_change=Decimal(1))
    Product.objects.update(cost=Decimal("3.60"))


def test_the_answer_has_every_factor_and_what_it_was_made_of(viewer_client: APIClient) -> None:
    found = ask(viewer_client)
    assert set(found) >= {
        "product_id",
        "base_price",
        "final_price",
        "constraints",
        "warnings",
        "inputs",
        *FACTORS,
    }
    assert (found["product_id"], found["base_price"], found["current_price"]) == ("CUP", 4.0, 4.0)
    assert found["inputs"]["current_stock"] is None
    assert (found["inventory_adjustment"], "NO_STOCK" in found["warnings"]) == (1.0, True)


def test_it_goes_by_the_product_s_own_stock_and_demand_and_the_shop_s_time(
    viewer_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    free()
    Product.objects.filter(code="CUP").update(stock_level=50, target_stock=100)
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2025, 5, 5, 3, 30, tzinfo=dt.UTC))
    with override_settings(SHOP_TIME_ZONE=dt.timezone(dt.timedelta(hours=9))):
        found = viewer_client.get(PATH).json()
    assert found["status"] == 503  # the days of the sales were cut in another zone
    found = ask(viewer_client)
    demand = demand_of(["CUP"])["CUP"]
    surge = 1 + 0.5 * max(0.0, demand.recent / demand.usual - 1)
    assert found["inputs"] == {
        "current_stock": 50,
        "target_stock": 100,
        "current_demand": demand.recent,
        "expected_demand": demand.usual,
        "time_of_day": 3,
        "weekday": 1,
    }
    assert [found[name] for name in FACTORS] == [1.2311, round(surge, 4), 1.0, 1.0]
    assert found["final_price"] == pytest.approx(4 * 0.5**-0.3 * surge, abs=0.005)
    assert found["warnings"] == []


def test_the_numbers_of_the_seed(viewer_client: APIClient) -> None:
    free()
    found = ask(viewer_client, **SEED, time_of_day=12)
    assert [found[name] for name in FACTORS] == [1.2311, 1.25, 1.15, 1.0]
    assert (found["unconstrained_price"], found["final_price"]) == (17.7, 17.7)
    twelve = ask(viewer_client, base_price=10, current_stock=1, target_stock=1, time_of_day=19, peak_multiplier=0.2,
                 current_demand=1, expected_demand=1)  # fmt: skip
    assert twelve["final_price"] == 12.0


def test_time_may_be_a_moment_in_the_shop_s_zone(viewer_client: APIClient) -> None:
    found = ask(viewer_client, time="2025-05-03T12:30:00", weekday_multiplier=0.1, peak_weekdays=[6, 7])
    assert (found["inputs"]["time_of_day"], found["inputs"]["weekday"]) == (12, 6)
    assert (found["peak_hour_adjustment"], found["weekday_adjustment"]) == (1.15, 1.1)
    assert ask(viewer_client, time="2025-05-03T23:30:00-12:00")["inputs"]["time_of_day"] == 11


def test_the_guardrails_hold_and_are_named(viewer_client: APIClient) -> None:
    Product.objects.update(cost=Decimal(6))
    found = ask(viewer_client, **SEED, time_of_day=12)
    assert (found["unconstrained_price"], found["final_price"], found["price_change_percent"]) == (
        17.7,
        11.5,
        15.0,
    )
    (binding,) = [each for each in found["constraints"] if each["binding"]]
    assert binding == {"rule": "max_increase", "bound": 11.5, "binding": True, "source": "built in"}
    PricePolicyFactory(max_price=Decimal(11))
    found = ask(viewer_client, **SEED, time_of_day=12)
    (binding,) = [each for each in found["constraints"] if each["binding"]]
    assert (found["final_price"], binding["rule"], binding["source"]) == (11.0, "max_price", "the shop")


@pytest.mark.parametrize(
    ("given", "warning", "factor", "value"),
    [
        ({"current_stock": 0, "target_stock": 10}, "OUT_OF_STOCK", "inventory_adjustment", 1.0),
        ({"current_stock": -3, "target_stock": 10}, "OUT_OF_STOCK", "inventory_adjustment", 1.0),
        ({"current_stock": 5, "target_stock": 0}, "NO_TARGET_STOCK", "inventory_adjustment", 1.0),
        ({"current_stock": 1, "target_stock": 10_000}, "INVENTORY_CAPPED", "inventory_adjustment", 2.0),
        ({"current_demand": 900, "expected_demand": 1}, "SURGE_CAPPED", "surge_adjustment", 2.0),
    ],
)
def test_a_factor_that_is_idle_or_capped_is_said(
    viewer_client: APIClient, given: dict[str, float], warning: str, factor: str, value: float
) -> None:
    found = ask(viewer_client, **given)
    assert (warning in found["warnings"], found[factor]) == (True, value)


def test_thin_demand_makes_no_surge(viewer_client: APIClient) -> None:
    response = viewer_client.get("/api/price/dynamic/spoon").json()
    assert response["product_id"] == "SPOON"
    ProductFactory(code="NEW", current_price=5, cost=1)
    found = viewer_client.get("/api/price/dynamic/NEW").json()
    assert (found["surge_adjustment"], found["inputs"]["expected_demand"]) == (1.0, None)
    assert "THIN_DEMAND" in found["warnings"]


def test_old_sales_are_said(viewer_client: APIClient) -> None:
    with override_settings(DATA_STALE_AFTER=dt.timedelta(days=7)):
        assert "STALE_DATA" in ask(viewer_client)["warnings"]
        assert "STALE_DATA" not in ask(viewer_client, expected_demand=5)["warnings"]


def test_without_a_floor_the_price_stays_and_that_is_said(viewer_client: APIClient) -> None:
    Product.objects.update(cost=None)
    found = ask(viewer_client, **SEED)
    assert (found["final_price"], found["warnings"][0]) == (10.0, "NO_FLOOR")


def test_contradicting_limits_leave_the_price_alone(viewer_client: APIClient) -> None:
    PricePolicyFactory(min_price=Decimal(50))
    found = ask(viewer_client, **SEED)
    assert (found["final_price"], found["warnings"][0]) == (10.0, "INFEASIBLE")


@pytest.mark.parametrize(("code", "warning"), [("POST", "SERVICE"), ("NEW", "NO_PRICE")])
def test_what_cannot_be_priced_is_said(viewer_client: APIClient, code: str, warning: str) -> None:
    ProductFactory(code="NEW")
    found = viewer_client.get(f"/api/price/dynamic/{code}").json()
    assert (found["final_price"], found["warnings"][0]) == (found["current_price"], warning)
    assert all(found[name] >= 1 for name in FACTORS)


def test_a_given_price_stands_in_for_one_that_is_not_known(viewer_client: APIClient) -> None:
    ProductFactory(code="NEW", cost=1)
    answer = viewer_client.post(
        "/api/price/dynamic/NEW", {"base_price": 4, "time_of_day": 12}, format="json"
    ).json()
    assert (answer["current_price"], answer["final_price"]) == (None, 4.6)


def test_asking_again_after_a_rule_has_followed_the_factors_does_not_climb(viewer_client: APIClient) -> None:
    free()
    Product.objects.filter(code="CUP").update(stock_level=80, target_stock=100)
    rising: RepricingRule = rule(action="dynamic", percent=None, codes=["CUP"], may_apply=True)
    before = ask(viewer_client)
    run(rising)
    after = ask(viewer_client)
    assert after["base_price"] == before["base_price"] == 4.0
    assert after["current_price"] == after["final_price"] == before["final_price"] > 4.0


def test_nothing_is_stored(viewer_client: APIClient) -> None:
    ask(viewer_client, **SEED)
    assert not PriceChange.objects.exists()
    assert Product.objects.get(code="CUP").current_price == 4


def test_null_and_nothing_mean_as_known(viewer_client: APIClient) -> None:
    empty = viewer_client.post(PATH, {}, format="json").json()
    nulls = viewer_client.post(PATH, dict.fromkeys(SEED), format="json").json()
    assert empty == nulls == viewer_client.get(PATH).json()


def test_trying_an_unknown_product_is_not_found(viewer_client: APIClient) -> None:
    assert viewer_client.post("/api/price/dynamic/NOBODY", {}).status_code == 404


class TestDynamicPrice(ProductFigureCases):
    path = "/api/price/dynamic/{code}"
    queries = 14


class TestTrying(QuestionCases):
    path = PATH
    body = SEED
    queries = 12
    invalid = (
        *(({"base_price": price}, "base_price") for price in (0, "NaN")),
        ({"current_stock": "many"}, "current_stock"),
        ({"target_stock": -1}, "target_stock"),
        ({"expected_demand": 1e99}, "expected_demand"),
        ({"time_of_day": 24}, "time_of_day"),
        ({"weekday": 0}, "weekday"),
        ({"urgency": 1.1}, "urgency"),
        *(({"time": time}, "time") for time in ("tomorrow", "0001-01-01T00:00:00+14:00")),
        *(({"peak_hours": hours}, "peak_hours") for hours in ([25], 5)),
        ({"peak_multiplier": -1}, "peak_multiplier"),
    )
    test_products_of_which_there_is_nothing_are_not_found = None
