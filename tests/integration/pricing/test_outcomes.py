"""Did it pay? Outcomes of applied changes, and the calibration of our own intervals."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from elastix.dataset.versions import catalogue_changed, data_version
from elastix.imports.models import ImportBatch
from pricing.changes.services import price_changes
from pricing.sales.models import PriceChange, Product, SalesHistory
from tests.factories import PriceChangeFactory, ProductFactory

pytestmark = pytest.mark.django_db

CHANGES = "/api/price/changes"
CALIBRATION = "/api/price/calibration"
DAY = dt.date(2025, 3, 1)
"""The day of the change; the shop opened 60 weeks before."""

EXPECTED = {
    "days": 30,
    "as_of": DAY.isoformat(),
    "elasticity": -1.0,
    "std_error": 0.2,
    "cost": 4.0,
    "current": {"price": 10.0, "quantity": 120.0, "revenue": 1200.0, "profit": 720.0},
    "projected": {"price": 12.0, "quantity": 96.0, "revenue": 1152.0, "profit": 768.0},
    "interval": {
        "level": 0.8,
        "quantity": [91.2, 100.8],
        "revenue": [1094.4, 1209.6],
        "profit": [729.6, 806.4],
    },
}


def noon(days: int) -> dt.datetime:
    return dt.datetime.combine(DAY + dt.timedelta(days=days), dt.time(12), dt.UTC)


def sell(code: str, first: int, last: int, units: int, price: str) -> None:
    """So many units a day, on the days first to last counted from that of the change."""
    SalesHistory.objects.bulk_create(
        SalesHistory(
            product_id=code, date=DAY + dt.timedelta(days=day), quantity=units, price=Decimal(price),
            revenue=units * Decimal(price),
        )
        for day in range(first, last + 1)
    )  # fmt: skip


def change(code: str = "CUP", day: int = 0, **fields: Any) -> PriceChange:
    given = {"old_price": Decimal(10), "new_price": Decimal(12), "status": "applied", "expected": EXPECTED}
    return PriceChangeFactory(product=code, changed_at=noon(day), **(given | fields))


def import_shop(last_day: int) -> None:
    """CUP sells 4 a day and, 20 % dearer, 3; the rest of the shop sells 100 a day and 110 after the change."""
    ProductFactory(code="CUP", current_price=Decimal(12), cost=Decimal(4))
    ProductFactory(code="REST", current_price=Decimal(2))
    ProductFactory(code="POST", name="Postage", kind="service")
    sell("CUP", -420, 0, 4, "10")
    sell("REST", -420, 0, 100, "2")
    sell("POST", -420, last_day, 500, "1")
    sell("CUP", 1, last_day, 3, "12")
    sell("REST", 1, last_day, 110, "2")


@pytest.fixture
def applied(db: None) -> PriceChange:
    import_shop(40)
    return change()


def outcome(client: APIClient, of: PriceChange) -> Any:
    answer = client.get(f"{CHANGES}/{of.pk}/outcome")
    assert answer.status_code == 200
    return answer.json()


# --- one change ---------------------------------------------------------------------------------------------


def test_an_outcome_says_what_was_expected_and_what_came(
    applied: PriceChange, viewer_client: APIClient
) -> None:
    body = outcome(viewer_client, applied)
    assert (body["change"]["id"], body["as_of"], body["warnings"]) == (applied.pk, "2025-04-11", [])
    week, month = body["windows"]
    assert (week["days"], week["status"], week["days_counted"]) == (7, "complete", 7)
    assert (month["days"], month["status"], month["from"], month["to"]) == (
        28,
        "complete",
        "2025-03-02",
        "2025-03-29",
    )
    assert month["season"] == {"factor": 1.1, "from": "unchanged products"}
    assert month["paid_level"] == 1.0
    # 96 units in 30 days, for 28 days in which the rest sold a tenth more.
    assert month["expected_raw"] == {"quantity": 89.6, "revenue": 1075.2, "profit": 716.8}
    assert month["expected"] == {"quantity": 98.56, "revenue": 1182.72, "profit": 788.48}
    assert month["realised"] == {"quantity": 84.0, "revenue": 1008.0, "profit": 672.0}
    assert month["without_change"] == {"quantity": 123.2, "revenue": 1232.0, "profit": 739.2}
    assert month["gain"] == {"quantity": -39.2, "revenue": -224.0, "profit": -67.2}
    low, high = month["interval"]["quantity"]
    assert low < 98.56 < high
    assert month["within"]["quantity"] == (low <= 84 <= high)
    gain_low, gain_high = month["gain_interval"]["profit"]
    assert gain_low < -67.2 < gain_high
    assert month["paid"] == ("no" if gain_high < 0 else "not clear")


@pytest.mark.parametrize(("units", "paid"), [(12, "yes"), (0, "no")])
def test_a_change_that_clearly_paid_or_did_not_is_called_so(
    units: int, paid: str, applied: PriceChange, viewer_client: APIClient
) -> None:
    SalesHistory.objects.filter(product_id="CUP", date__gt=DAY).update(quantity=units, revenue=12 * units)
    body = outcome(viewer_client, applied)
    assert body["windows"][1]["paid"] == paid
    assert body["warnings"] == ([] if units else ["NO_SALES"])


def test_without_a_cost_revenue_says_whether_it_paid(applied: PriceChange, viewer_client: APIClient) -> None:
    PriceChange.objects.update(expected=EXPECTED | {"cost": None})
    SalesHistory.objects.filter(product_id="CUP", date__gt=DAY).update(quantity=12, revenue=144)
    month = outcome(viewer_client, applied)["windows"][1]
    assert (month["realised"]["profit"], month["interval"]["profit"], month["within"]["profit"]) == (
        None,
    ) * 3
    assert month["paid"] == "yes"


def test_customers_who_pay_more_than_the_list_price_are_expected_to_go_on(
    applied: PriceChange, viewer_client: APIClient
) -> None:
    SalesHistory.objects.filter(product_id="CUP", date__lt=DAY).update(revenue=60)
    month = outcome(viewer_client, applied)["windows"][1]
    assert month["paid_level"] == 1.5
    assert month["expected"]["revenue"] == pytest.approx(1182.72 * 1.5)
    assert month["expected_raw"]["revenue"] == 1075.2


def test_a_window_is_open_until_its_last_day_is_in_the_data(db: None, viewer_client: APIClient) -> None:
    import_shop(10)
    week, month = outcome(viewer_client, change())["windows"]
    assert (week["status"], month["status"], month["days_counted"], month["to"]) == (
        "complete",
        "open",
        10,
        "2025-03-11",
    )
    assert month["expected"]["quantity"] == pytest.approx(96 * 10 / 30 * 1.1)
    assert month["realised"]["quantity"] == 30


def test_a_change_after_the_newest_sale_has_no_figures_yet(db: None, viewer_client: APIClient) -> None:
    import_shop(0)
    week, month = outcome(viewer_client, change())["windows"]
    assert (week["status"], month["status"], month["days_counted"]) == ("open", "open", 0)
    assert (week["expected"], week["realised"], week["paid"], week["from"]) == (None, None, None, None)


def test_a_rollback_or_another_change_ends_the_window(applied: PriceChange, viewer_client: APIClient) -> None:
    other = change(day=20, old_price=Decimal(12), new_price=Decimal(11), expected=None, source="manual")
    week, month = outcome(viewer_client, applied)["windows"]
    assert (week["status"], month["status"], month["days_counted"]) == ("complete", "truncated", 19)
    assert month["realised"]["quantity"] == 57
    PriceChange.objects.filter(pk=applied.pk).update(status="rolled_back", rolled_back_at=noon(4))
    catalogue_changed()
    week, month = outcome(viewer_client, applied)["windows"]
    assert (week["status"], week["days_counted"], month["days_counted"]) == ("truncated", 3, 3)
    assert other.pk != applied.pk


def test_a_change_undone_on_its_day_has_no_days(applied: PriceChange, viewer_client: APIClient) -> None:
    PriceChange.objects.update(status="rolled_back", rolled_back_at=noon(0))
    week, month = outcome(viewer_client, applied)["windows"]
    assert [(each["status"], each["days_counted"], each["realised"]) for each in (week, month)] == [
        ("truncated", 0, None)
    ] * 2


def test_products_repriced_at_the_same_time_do_not_count_as_the_season(
    applied: PriceChange, viewer_client: APIClient
) -> None:
    ProductFactory(code="TOO", current_price=Decimal(3))
    sell("TOO", -420, 0, 400, "2")
    sell("TOO", 1, 40, 100, "3")
    change("TOO", old_price=Decimal(2), new_price=Decimal(3), expected=None)
    month = outcome(viewer_client, applied)["windows"][1]
    assert month["season"] == {"factor": 1.1, "from": "unchanged products"}
    change("REST", old_price=Decimal(2), new_price=Decimal("2.10"), expected=None)
    catalogue_changed()
    month = outcome(viewer_client, applied)["windows"][1]
    assert month["season"] == {"factor": round(210 / 500, 4), "from": "other products"}


def test_a_shop_that_sells_one_product_has_no_rest(applied: PriceChange, viewer_client: APIClient) -> None:
    SalesHistory.objects.filter(product_id="REST").delete()
    month = outcome(viewer_client, applied)["windows"][1]
    assert month["season"] == {"factor": 1.0, "from": None}
    assert month["expected"] == month["expected_raw"]


def test_an_earlier_change_within_the_30_days_is_warned_of(
    applied: PriceChange, viewer_client: APIClient
) -> None:
    change(day=-10, old_price=Decimal(9), new_price=Decimal(10), expected=None)
    assert outcome(viewer_client, applied)["warnings"] == ["BASELINE_MIXED"]


def test_a_change_nothing_was_expected_of_is_compared_with_before(
    applied: PriceChange, viewer_client: APIClient
) -> None:
    PriceChange.objects.update(expected=None, source="manual")
    month = outcome(viewer_client, applied)["windows"][1]
    assert (month["expected"], month["interval"], month["within"]) == (None, None, None)
    assert month["gain"]["profit"] == -67.2


@pytest.mark.parametrize("status", ["proposed", "approved", "rejected"])
def test_what_was_never_in_force_has_no_outcome(
    status: str, applied: PriceChange, viewer_client: APIClient
) -> None:
    PriceChange.objects.update(status=status, changed_at=None)
    answer = viewer_client.get(f"{CHANGES}/{applied.pk}/outcome")
    assert (answer.status_code, f"is {status}" in answer.json()["detail"]) == (409, True)


def test_a_first_price_has_nothing_to_compare_with(applied: PriceChange, viewer_client: APIClient) -> None:
    PriceChange.objects.update(old_price=None)
    assert viewer_client.get(f"{CHANGES}/{applied.pk}/outcome").status_code == 409


def test_what_is_not_there_or_makes_no_sense_is_refused(
    applied: PriceChange, viewer_client: APIClient
) -> None:
    assert viewer_client.get(f"{CHANGES}/{applied.pk + 1}/outcome").status_code == 404
    assert viewer_client.get(f"{CHANGES}/{2**63}/outcome").status_code == 404
    assert viewer_client.get(f"{CHANGES}/{applied.pk}/outcome?days=7").status_code == 400
    assert viewer_client.get(f"{CALIBRATION}?product=CUP").status_code == 400
    assert viewer_client.get(f"{CALIBRATION}?source=me").status_code == 400


def test_an_approved_change_of_a_real_shop_ends_in_the_calibration(
    shop: ImportBatch, manager_client: APIClient
) -> None:
    """What `approve` keeps is what outcomes read."""
    price = Product.objects.get(code="CUP").current_price
    number = price_changes.propose([("CUP", price + Decimal("0.40"))], by="analyst")[0].pk
    price_changes.approve([number], by="manager")
    price_changes.apply([number], by="manager")
    as_of = data_version().as_of
    # As if the last 40 days of sales had come in after it.
    when = dt.datetime.combine(as_of - dt.timedelta(days=40), dt.time(12), dt.UTC)
    change = PriceChange.objects.get(pk=number)
    change.expected["as_of"] = when.date().isoformat()
    change.changed_at = when
    change.save()
    month = outcome(manager_client, change)["windows"][1]
    assert month["status"] == "complete"
    raw = change.expected["projected"]["quantity"] * 28 / 30
    assert month["expected_raw"]["quantity"] == pytest.approx(raw, abs=0.01)
    (counted,) = (each for each in manager_client.get(CALIBRATION).json()["windows"] if each["days"] == 28)
    assert counted["complete"] == 1
    assert counted["quantity"]["within"] == int(month["within"]["quantity"])


# --- in total -------------------------------------------------------------------------------------------------


def test_the_calibration_counts_complete_windows_of_changes_with_expectations(
    applied: PriceChange, viewer_client: APIClient
) -> None:
    change(day=30, old_price=Decimal(12), new_price=Decimal(13), source="rule")
    change("REST", day=-100, old_price=Decimal(1), new_price=Decimal(2), expected=None, source="manual")
    body = viewer_client.get(CALIBRATION).json()
    assert (body["level"], body["changes"], body["as_of"]) == (0.8, 2, "2025-04-11")
    week, month = body["windows"]
    assert (week["complete"], week["open"], week["truncated"]) == (2, 0, 0)
    assert (month["complete"], month["open"], month["truncated"]) == (1, 1, 0)
    single = outcome(viewer_client, applied)["windows"][1]
    revenue = month["revenue"]
    assert (revenue["judged"], revenue["within"]) == (1, int(single["within"]["revenue"]))
    assert (revenue["expected"], revenue["realised"]) == (1182.72, 1008.0)
    assert revenue["expected_raw"] == 1075.2
    assert revenue["bias_percent"] == pytest.approx(100 * (1008 / 1182.72 - 1), abs=0.05)
    low, high = revenue["share_interval"]
    assert 0 <= low <= revenue["share"] <= high <= 1


@pytest.mark.parametrize(
    ("query", "changes"),
    [("source=proposal", 1), ("source=rule", 0), ("start_date=2025-03-02", 0), ("end_date=2025-03-01", 1),
     ("start_date=0001-01-01&end_date=9999-12-31", 1)],
)  # fmt: skip
def test_the_calibration_is_filtered(
    query: str, changes: int, applied: PriceChange, viewer_client: APIClient
) -> None:
    assert viewer_client.get(f"{CALIBRATION}?{query}").json()["changes"] == changes


def test_a_shop_without_changes_or_sales_has_nothing_to_judge(db: None, viewer_client: APIClient) -> None:
    body = viewer_client.get(CALIBRATION).json()
    assert (body["changes"], body["as_of"]) == (0, None)
    assert body["windows"][0]["profit"] == {
        "judged": 0, "within": 0, "share": None, "share_interval": None, "expected": 0.0, "realised": 0.0,
        "bias_percent": None, "expected_raw": 0.0, "bias_percent_raw": None,
    }  # fmt: skip


def test_the_number_of_queries_does_not_grow_with_the_changes(
    applied: PriceChange, counted: APIClient, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(7):
        outcome(counted, applied)
    for number in range(30):
        ProductFactory(code=f"P{number}", current_price=Decimal(12))
        sell(f"P{number}", -60, 40, 4, "10")
        change(f"P{number}")
    catalogue_changed()
    with django_assert_max_num_queries(7):
        assert counted.get(CALIBRATION).json()["windows"][1]["complete"] == 31


# --- prices that include tax ----------------------------------------------------------------------------------


def test_the_profit_of_an_outcome_is_net_of_the_tax_that_its_expectation_reckoned_with(
    applied: PriceChange, viewer_client: APIClient
) -> None:
    applied.expected = EXPECTED | {"tax_rate": 20.0}
    applied.save()
    month = outcome(viewer_client, applied)["windows"][1]
    # Revenue as it was charged; 1008 / 1.2 - 4 x 84 and so on.
    assert month["realised"] == {"quantity": 84.0, "revenue": 1008.0, "profit": 504.0}
    assert month["expected"] == {"quantity": 98.56, "revenue": 1182.72, "profit": 591.36}
    assert month["expected_raw"]["profit"] == 537.6
    assert month["without_change"]["profit"] == 533.87
    assert month["gain"]["profit"] == -29.87


@override_settings(PRICES_INCLUDE_TAX=True, TAX_RATE=20)
def test_without_an_expectation_the_tax_of_now_is_reckoned_with(viewer_client: APIClient, db: None) -> None:
    import_shop(40)
    month = outcome(viewer_client, change(expected=None))["windows"][1]
    assert month["realised"] == {"quantity": 84.0, "revenue": 1008.0, "profit": 504.0}
