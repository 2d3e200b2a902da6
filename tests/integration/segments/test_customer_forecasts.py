"""Customers' expected purchases: the recompute's stage, the list, the model's answer, the pages."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from elastix.alerts.models import Alert
from elastix.jobs.recompute import RecomputePlan
from segments.api import lifetime as api
from segments.core.lifetime import fit_purchases
from segments.models import CustomerForecast, CustomerModel
from segments.services import lifetime
from segments.services.customers import Customers, compute
from tests.factories import ProductFactory, ProductSummaryFactory
from tests.integration.admin_pages import queries_of, signed_in
from tests.integration.elastix.test_desk_exports import as_csv
from tests.integration.segments import shop
from tests.integration.segments.contract import ReadingEndpoint

FULL, CHANGES = RecomputePlan(1, None), RecomputePlan(1, [])
TODAY = dt.date(2024, 12, 31)
NOW = (TODAY - dt.date(1970, 1, 1)).days
pytestmark = pytest.mark.django_db


class TestList(ReadingEndpoint):
    path = "/segments/forecasts"
    view = api.CustomerForecastViewSet
    is_dated = False
    is_paged = True


class TestModel(ReadingEndpoint):
    path = "/segments/forecast-model"
    view = api.CustomerModelViewSet
    is_dated = False


def customers(spent: dict[str, dict[int, float]]) -> Customers:
    return Customers([], [], {}, {}, TODAY, spent)


def leaving_customers() -> dict[str, dict[int, float]]:
    """300 who buy at a rate of their own until they leave; 000 has bought until now, 001 stopped 250 days ago."""
    rng = np.random.default_rng(20_008)
    spent: dict[str, dict[int, float]] = {}
    for number in range(300):
        rate, day = rng.gamma(1.0) / 12 + 0.002, float(rng.integers(NOW - 360, NOW - 240))
        spent[f"{number:03}"] = days = {}
        while day < NOW:
            days[int(day)] = rng.gamma(5.0) / rng.gamma(4.0) * 20
            day += rng.exponential(1 / rate) + 1
            if rng.random() < 0.15:
                break
    for code, end in (("000", NOW), ("001", NOW - 250)):
        spent[code] = dict.fromkeys(range(NOW - 350, end, 5), 30.0)
    return spent


def computed(spent: dict[str, dict[int, float]]) -> CustomerModel:
    lifetime.publish(lifetime.compute(FULL, customers(spent)))
    return CustomerModel.objects.get()


def test_a_cancelled_purchase_brings_no_money_on_its_day() -> None:
    shop.publish()
    shop.product("CUP", "Cup")
    shop.invoice("CUP", 3, "1", 2, customer_id="12346")
    shop.invoice("CUP", 5, "2", 4, customer_id="12346", voided=True)
    shop.invoice("CUP", 6, "C2", -4, customer_id="12346", voided=True)
    shop.invoice("CUP", 8, "C1", -1, customer_id="12346")
    found = compute(FULL)
    third_of_january = (shop.day(3) - dt.date(1970, 1, 1)).days
    assert found.spent == {"12346": {third_of_january: 20.0}}
    assert [row.monetary for row in found.rows] == [Decimal(10)]


def test_who_stopped_is_at_risk_and_who_goes_on_is_not() -> None:
    model = computed(leaving_customers())
    assert model.state == "OFFERED"
    assert model.error is not None
    assert model.average_error is not None
    assert model.error < model.average_error
    stopped, goes_on = CustomerForecast.objects.get(pk="001"), CustomerForecast.objects.get(pk="000")
    assert stopped.at_risk
    assert not goes_on.at_risk
    assert stopped.next_purchase is None
    assert goes_on.next_purchase is not None
    assert goes_on.next_purchase >= TODAY
    assert goes_on.value_at_stake is not None
    assert stopped.value_at_stake is not None
    assert stopped.value_at_stake > 0
    assert goes_on.profit is None


def test_too_few_customers_have_no_guesses() -> None:
    model = computed({"a": {NOW - 9: 5.0, NOW - 2: 7.0}, "b": {NOW - 5: 3.0}})
    assert model.state == "TOO_FEW_CUSTOMERS"
    row = CustomerForecast.objects.get(pk="a")
    assert (row.purchase_days, row.repeat_revenue, row.alive, row.at_risk) == (2, 7.0, None, False)


def test_a_model_no_better_than_averages_offers_nothing() -> None:
    """Nobody ever leaves and everybody keeps a rate of their own: that rate cannot be beaten."""
    spent = {
        f"{number:03}": dict.fromkeys(range(NOW - 360 + number % 5, NOW, 5 + number % 40), 9.0)
        for number in range(300)
    }
    model = computed(spent)
    assert model.state in ("NOT_BETTER", "NOT_CONVERGED")
    assert not CustomerForecast.objects.exclude(alive=None, value=None, at_risk=False).exists()


def test_a_fit_that_did_not_converge_is_an_alert_until_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def standing() -> list[str]:
        alerts = Alert.objects.filter(kind="fit_not_converged", cleared_at=None)
        return list(alerts.values_list("subject", flat=True))

    spent = leaving_customers()
    with monkeypatch.context() as broken:
        broken.setattr(lifetime, "fit_purchases", lambda past: replace(fit_purchases(past), converged=False))
        assert computed(spent).state == "NOT_CONVERGED"
    assert standing() == ["customers"]
    assert not CustomerForecast.objects.exclude(alive=None).exists()
    assert computed(spent).state == "OFFERED"
    assert standing() == []


def test_changes_take_the_place_of_the_customers_lines_and_leave_the_others() -> None:
    spent = leaving_customers()
    before = computed(spent)
    changed = {"001": spent["001"] | {NOW - 1: 50.0}}
    found = lifetime.compute(CHANGES, Customers([], ["003"], {}, {}, TODAY, changed))
    lifetime.publish(found)
    assert CustomerModel.objects.get().r == before.r
    assert not CustomerForecast.objects.filter(pk="003").exists()
    assert CustomerForecast.objects.count() == 299
    back = CustomerForecast.objects.get(pk="001")
    assert not back.at_risk
    assert back.purchase_days == len(spent["001"]) + 1


def test_profit_is_at_the_margin_of_the_products_with_a_cost() -> None:
    def sold(revenue: str, cost: str | None) -> None:
        ProductSummaryFactory(
            product=ProductFactory(cost=cost and Decimal(cost)),
            total_quantity=10,
            total_revenue=Decimal(revenue),
        )

    sold("100", "6")
    assert lifetime.margin() == pytest.approx(0.4)
    sold("100", None)
    assert lifetime.margin() == pytest.approx(0.4)
    sold("1", None)
    assert lifetime.margin() is None


def forecast(code: str, stake: float | None, *, risk: bool, **fields: Any) -> None:
    CustomerForecast.objects.create(
        customer_id=code, first_purchase=shop.day(1), last_purchase=shop.day(3), purchase_days=4, repeat_revenue=9,
        alive=0.251234567, expected_purchases=1.5, value=stake, value_at_stake=stake, at_risk=risk, **fields,
    )  # fmt: skip


def test_the_list_puts_the_most_at_stake_first(viewer_client: APIClient) -> None:
    shop.publish()
    for code, stake, risk in (
        ("ann", 10.0, True),
        ("ben", 99.0, False),
        ("cleo", 50.0, True),
        ("dan", None, True),
    ):
        forecast(code, stake, risk=risk)
    answer = viewer_client.get("/segments/forecasts", {"at_risk": "true"}).json()
    assert [row["customer_id"] for row in answer["items"]] == ["cleo", "ann", "dan"]
    assert answer["total"] == 3
    assert answer["items"][0]["alive"] == 0.2512


def test_the_model_says_how_it_did_and_sums_up_who_is_at_risk(viewer_client: APIClient) -> None:
    shop.publish()
    assert viewer_client.get("/segments/forecast-model").json()["state"] is None
    CustomerModel.objects.create(state="OFFERED", as_of=TODAY, expected_purchases=12.0, actual_purchases=15.0)
    for code, stake in (("ann", 10.0), ("cleo", 50.0)):
        forecast(code, stake, risk=True)
    shop.publish(published_version=2, sales_version=2)
    answer = viewer_client.get("/segments/forecast-model").json()
    assert (answer["state"], answer["expected_purchases"], answer["actual_purchases"]) == (
        "OFFERED",
        12.0,
        15.0,
    )
    assert (answer["customers_at_risk"], float(answer["value_at_stake"])) == (2, 60.0)


@pytest.mark.parametrize(
    ("state", "shown", "hidden"),
    [
        ("OFFERED", "2 customers who bought often", "no better than"),
        ("NOT_BETTER", "no better than", "who bought often"),
    ],
)
def test_the_page_shows_who_is_at_risk_or_why_not(viewer: User, state: str, shown: str, hidden: str) -> None:
    shop.publish()
    CustomerModel.objects.create(state=state, as_of=TODAY, expected_purchases=12.0, actual_purchases=15.0)
    for code, stake in (("ann", 10.0), ("cleo", 50.0)):
        forecast(code, stake, risk=True)
    text = signed_in(viewer).get("/desk/customers").content.decode()
    assert shown in text
    assert hidden not in text


def test_all_customers_at_risk_are_a_list_with_pages_and_a_file(viewer: User) -> None:
    shop.publish()
    CustomerModel.objects.create(state="OFFERED", as_of=TODAY, expected_purchases=12.0, actual_purchases=15.0)
    for number in range(5):
        forecast(f"c{number:02}", float(number), risk=True)
    browser, path = signed_in(viewer), "/desk/customers-at-risk"
    assert path not in browser.get("/desk/customers").content.decode()
    for number in range(5, 52):
        forecast(f"c{number:02}", float(number), risk=True)
    forecast("safe", 99.0, risk=False)
    forecast("unknown", None, risk=True)
    assert path in browser.get("/desk/customers").content.decode()
    assert queries_of(browser, path) == queries_of(browser, f"{path}?page=2")
    first = browser.get(path).content.decode()
    assert "53 customers" in first and "c51" in first and ">unknown<" not in first and ">safe<" not in first
    assert ">unknown<" in browser.get(f"{path}?page=2").content.decode()
    heading, *rows = as_csv(browser.get(f"{path}?q=C0&sort=stake&file=csv"))
    assert heading == ["Customer", "At stake", "Still a customer", "Last purchase"]
    assert [row[0] for row in rows] == [f"c{number:02}" for number in range(10)]
    assert "No customer is like this." in browser.get(f"{path}?q=nobody").content.decode()


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ("OFFERED", "Nobody is at risk."),
        ("NOT_BETTER", "no better than"),
        ("", "comes with the next figures"),
    ],
)
def test_without_anybody_at_risk_the_list_says_why(viewer: User, state: str, shown: str) -> None:
    shop.publish()
    if state:
        CustomerModel.objects.create(state=state, as_of=TODAY, expected_purchases=12.0, actual_purchases=15.0)
    assert shown in signed_in(viewer).get("/desk/customers-at-risk").content.decode()


def test_the_page_of_a_customer_says_what_is_expected(viewer: User) -> None:
    shop.publish()
    shop.customer("ann", "AtRisk", 3, "40")
    assert "a guess" not in signed_in(viewer).get("/desk/customers/ann").content.decode()
    forecast("ann", 10.0, risk=True)
    text = signed_in(viewer).get("/desk/customers/ann").content.decode()
    assert "What is to be expected (a guess)" in text
    assert "more likely never" in text
