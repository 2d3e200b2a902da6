"""Every derived number of a shop small enough for pencil and paper. Expected values are literals, worked out by hand."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from tests.hand_shop import hand_shop_csv
from tests.integration.little_shop import bring_in

pytestmark = pytest.mark.django_db
Get = Callable[[str], Any]


@pytest.fixture
def batch(django_capture_on_commit_callbacks: Any) -> ImportBatch:
    return bring_in(lambda: django_capture_on_commit_callbacks(execute=True), hand_shop_csv())


@pytest.fixture
def get(batch: ImportBatch, viewer_client: APIClient) -> Get:
    return lambda address: viewer_client.get(address).json()


def day(code: str, number: int) -> tuple[Any, ...]:
    """Quantity, revenue, returned quantity and revenue, price paid, units of demand of a product in March 2025."""
    history = apps.get_model("pricing", "SalesHistory").objects.filter(
        product_id=code, date=date(2025, 3, number)
    )
    columns = ("quantity", "revenue", "returned_quantity", "returned_revenue", "price", "units")
    return history.values_list(*columns).get()  # type: ignore[no-any-return]


# --- the import -----------------------------------------------------------------------------------


def test_the_import_counts_its_rows_and_says_why_one_was_refused(batch: ImportBatch) -> None:
    assert (batch.rows, batch.accepted, batch.rejected) == (20, 19, 1)
    assert batch.reasons == {"not_a_number": 1}


def test_the_quality_report_counts_what_is_no_demand(batch: ImportBatch) -> None:
    # DAN's sale and its cancellation, BOB's return, EVE's two free teas, and the buyer without a name.
    excluded = batch.quality["excluded_from_estimation"]
    assert (excluded["voided"], excluded["return"], excluded["no_price"]) == (2, 1, 1)
    assert batch.quality["lines_without_customer"] == 1


# --- the roll-up ----------------------------------------------------------------------------------


def test_an_ordinary_day(batch: ImportBatch) -> None:
    assert day("TEA", 10) == (6, Decimal("30"), 0, Decimal("0"), Decimal("5"), 6)


def test_a_sale_and_the_cancellation_that_undoes_it_leave_both_their_days_empty(batch: ImportBatch) -> None:
    assert day("POT", 12) == (0, Decimal("0"), 0, Decimal("0"), None, 0)
    assert day("POT", 13) == (0, Decimal("0"), 0, Decimal("0"), None, 0)


def test_a_return_stands_on_its_own_day(batch: ImportBatch) -> None:
    assert day("TEA", 20) == (0, Decimal("0"), 1, Decimal("4"), None, 0)
    assert day("TEA", 14)[0] == 3


def test_a_giveaway_is_kept_as_units_without_money(batch: ImportBatch) -> None:
    assert day("TEA", 19)[:2] == (2, Decimal("0"))


def test_two_cheaper_days_between_dearer_ones_are_a_promotion(batch: ImportBatch) -> None:
    history = apps.get_model("pricing", "SalesHistory").objects.filter(product_id="TEA", list_price__gt=0)
    assert [
        (row.date.day, row.list_price) for row in history.filter(promotion_applied=True).order_by("date")
    ] == [(14, Decimal("4")), (15, Decimal("4"))]
    assert set(history.filter(promotion_applied=False).values_list("list_price", flat=True)) == {Decimal("5")}


# --- products -------------------------------------------------------------------------------------


def test_sums_of_the_products(get: Get) -> None:
    # TEA sold 4+2+3+6+3+3+5+1+2+4+2+3 = 38, one came back; 20+10+15+30+12+12+25+5+0+20+10+15 = 174, less 4.
    # It is on 12 invoices. POT sold 2+1+1 on three, and the cancelled one of the 12th was a visit, too.
    assert {
        row["id"]: (row["totalQuantity"], row["totalRevenue"], row["purchaseFrequency"])
        for row in get("/stock-items")["items"]
    } == {"TEA": (37, 170.0, 12), "POT": (4, 80.0, 4)}


def test_postage_is_sold_but_not_listed(get: Get) -> None:
    assert [row["stock_code"] for row in get("/elasticity")["results"]] == ["POT", "TEA"]
    assert day("POST", 3)[:2] == (1, Decimal("3.5"))


def test_sums_of_a_window(get: Get) -> None:
    # 12 to 20 March: TEA 3+3+5+1+2 = 14 less 1; 12+12+25+5+0 = 54 less 4; invoices 108 to 112.
    window = get("/stock-items?start_date=2025-03-12&end_date=2025-03-20")
    assert window["items"][0]["id"] == "TEA"
    assert (window["items"][0]["totalQuantity"], window["items"][0]["totalRevenue"]) == (13, 50.0)
    assert window["items"][0]["purchaseFrequency"] == 5


def test_price_and_the_month_s_units(get: Get) -> None:
    rows = {row["id"]: row for row in get("/api/products/list")["products"]}
    assert (rows["TEA"]["current_price"], rows["TEA"]["monthly_sales"]) == (5.0, 38)
    assert (rows["POT"]["current_price"], rows["POT"]["monthly_sales"]) == (20.0, 4)


def test_margin_and_markup_of_a_cost_of_two(get: Get, analyst_client: APIClient) -> None:
    changed = analyst_client.patch("/api/products/TEA", {"cost": 2}, format="json").json()
    assert changed["current_margin"] == 60.0
    impact = get("/api/analytics/profit-impact/TEA?new_price=5.5")
    # (5 - 2) / 5 and (5 - 2) / 2.
    assert (impact["current"]["margin_percent"], impact["current"]["markup_percent"]) == (60.0, 150.0)


def test_average_price_of_a_product_without_discounts(get: Get) -> None:
    assert get("/stock-items/POT")["avgPrice"] == 20.0


# --- customers ------------------------------------------------------------------------------------

# On 1 April, the day after the newest sale.
#      days since   invoices   worth                               thirds (R F M)      fifths
# ANN   1            5         20+30+25+40+15 = 130                high high high      5 5 5
# FAY   4            1         10                                  high low  low       5 1 1
# EVE  13            2         12+0+20 = 32                        mid  mid  mid       4 3 3
# DAN  14            2         5 (60 cancelled, still a visit)     mid  mid  low       3 3 1
# BOB  18            2         10+12-4 = 18                        low  mid  mid       2 3 2
# CAT  27            1         40                                  low  low  high      1 1 4
CUSTOMERS = {
    "ANN": (1, 5, 130.0, 5, 5, 5, "Champion"),
    "BOB": (18, 2, 18.0, 2, 3, 2, "Hibernating"),
    "CAT": (27, 1, 40.0, 1, 1, 4, "Lost"),
    "DAN": (14, 2, 5.0, 3, 3, 1, "AtRisk"),
    "EVE": (13, 2, 32.0, 4, 3, 3, "AtRisk"),
    "FAY": (4, 1, 10.0, 5, 1, 1, "PotentialLoyalists"),
}


def test_recency_frequency_worth_scores_and_segment_of_every_customer(get: Get) -> None:
    found = get("/segments/customers")["items"]
    names = ("recency", "frequency", "monetary", "r_score", "f_score", "m_score", "segment")
    assert {row["customer_id"]: tuple(row[name] for name in names) for row in found} == CUSTOMERS


def test_size_revenue_and_score_of_the_segments(get: Get) -> None:
    # Scores: mean of (R + F + M) / 3; at risk (10/3 + 7/3) / 2.
    assert {
        row["segment"]: (row["customerCount"], row["value"], row["score"])
        for row in get("/dashboard/segments")["items"]
    } == {
        "Champion": (1, 130.0, 5.0),
        "LoyalCustomers": (0, 0.0, 0.0),
        "PotentialLoyalists": (1, 10.0, 2.33),
        "AtRisk": (2, 37.0, 2.83),
        "Hibernating": (1, 18.0, 2.33),
        "Lost": (1, 40.0, 2.0),
    }


def test_wallet_share_and_churn_risk_of_the_segments(get: Get) -> None:
    # Shares of 235; mean days over the longest of all, 27: 1, 4, (13 + 14) / 2, 18 and 27.
    found = get("/dashboard/kpis")
    found.pop("last_updated")
    assert {name: (row["walletShare"], row["churnRisk"]) for name, row in found.items()} == {
        "Champion": (55.3, 3.7),
        "LoyalCustomers": (0.0, 0.0),
        "PotentialLoyalists": (4.3, 14.8),
        "AtRisk": (15.7, 50.0),
        "Hibernating": (7.7, 66.7),
        "Lost": (17.0, 100.0),
    }


def test_revenue_of_the_segments_day_by_day(get: Get) -> None:
    trends = get("/dashboard/trends")
    assert trends["total"] == 29
    days = {row.pop("date"): {name: value for name, value in row.items() if value} for row in trends["items"]}
    assert days["03/03/2025"] == {"Champion": 20.0}
    assert days["06/03/2025"] == {}  # a buyer without a name
    assert days["12/03/2025"] == {}  # cancelled
    assert days["19/03/2025"] == {"AtRisk": 20.0}
    assert days["20/03/2025"] == {"Hibernating": -4.0}
    assert days["24/03/2025"] == {"Champion": 40.0}


# --- simulation and forecast ----------------------------------------------------------------------


def test_ten_percent_more_for_pots(get: Get, viewer_client: APIClient) -> None:
    # Nothing is known of their demand: the elasticity is the usual -2. 80 / 4 a unit becomes 22; 4 x .8 = 3.2, in whole
    # units 3; 3 x 22 = 66.
    asked = {"stock_code": "POT", "price_change_percent": 10}
    answer = viewer_client.post("/simulate", asked, format="json").json()
    assert answer["elasticity"] == -2.0
    assert (answer["current_price"], answer["current_quantity"], answer["current_revenue"]) == (20.0, 4, 80.0)
    assert (answer["projected_price"], answer["projected_quantity"]) == (22.0, 3)
    assert (answer["projected_revenue"], answer["revenue_delta"]) == (66.0, -14.0)
    assert (answer["quantity_change_percent"], answer["revenue_change_percent"]) == (-25.0, -17.5)


def test_smoothing_of_pots(get: Get) -> None:
    # Level 2 on the 5th, times .8 a day without a sale, .2 of a sale added: 2 x .8^26 + .2 x .8^12 + .2 x .8^7 = .0617.
    answer = get("/api/forecast/demand/POT?method=ses&periods=2")
    assert [row["date"] for row in answer["forecast"]] == ["2025-04-01", "2025-04-02"]
    assert [row["quantity"] for row in answer["forecast"]] == pytest.approx([0.0617, 0.0617], abs=0.005)


# --- a price change -------------------------------------------------------------------------------


def test_a_price_from_proposal_to_rollback(
    get: Get, analyst_client: APIClient, manager_client: APIClient
) -> None:
    analyst_client.patch("/api/products/TEA", {"cost": 2}, format="json")
    proposal = {"product_id": "TEA", "new_price": 5.49, "reason": "a try"}
    made = analyst_client.post("/api/price/changes", proposal, format="json").json()["items"][0]
    # (5.49 - 5) / 5.
    assert (made["old_price"], made["new_price"], made["change_percent"]) == (5.0, 5.49, 9.8)
    assert (made["status"], made["proposed_by"]) == ("proposed", "analyst")
    step = f"/api/price/changes/{made['id']}"
    assert manager_client.post(f"{step}/approve", {}, format="json").json()["status"] == "approved"
    assert get("/api/products/TEA")["current_price"] == 5.0
    assert manager_client.post(f"{step}/apply").json()["status"] == "applied"
    assert get("/api/products/TEA")["current_price"] == 5.49
    assert get("/api/products/TEA")["current_margin"] == 63.6
    assert manager_client.post(f"{step}/apply").status_code == 409
    undone = manager_client.post(f"{step}/rollback", {"note": "back"}, format="json").json()
    assert (undone["status"], undone["current_price"]) == ("rolled_back", 5.0)
    assert manager_client.post(f"{step}/rollback", {"note": "again"}, format="json").status_code == 409
    assert get("/api/products/TEA")["current_price"] == 5.0
