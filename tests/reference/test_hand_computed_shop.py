"""One small shop, and every number that is derived from its sales, computed by hand.

The shop is in tests/hand_shop.py. Expected values are literals; how each came about stands beside it. Nothing of the
product is imported, so that its modules can move: the tests go through HTTP and through Django's registry of models.

The sales by product, without the two cancelled sales (2001 and the mugs of 1016) and their cancellations:

    CUP   sold 50 for 194.00, returned 4 for 16.00    MUG   sold 29 for 188.50, returned 1 for 7.50
    TEA   sold 45 for 97.50

"Today" is 13 April 2025, the day after the last sale.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.apps import apps
from rest_framework.test import APIClient

from tests.hand_shop import BAD_LINES, LATER_LINES, LINES, bring_in, day

pytestmark = pytest.mark.django_db

Commits = Callable[[], AbstractContextManager[Any]]
SEGMENTS = ("Champion", "LoyalCustomers", "PotentialLoyalists", "AtRisk", "Hibernating", "Lost")
CHANGES = "/api/price/changes"


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Any) -> Commits:
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def shop(analyst_client: APIClient, commits: Commits) -> str:
    """The shop, imported and computed; the number of the import."""
    return bring_in(analyst_client, commits(), LINES + BAD_LINES, "hand-shop.csv")


@pytest.fixture
def costs(shop: str, analyst_client: APIClient) -> None:
    """A cup costs the shop 2.50, a mug 5.00; what tea costs is not known."""
    for code, cost in (("CUP", 2.5), ("MUG", 5)):
        assert analyst_client.patch(f"/api/products/{code}", {"cost": cost}).status_code == 200


def get(client: APIClient, path: str, **query: Any) -> Any:
    answer = client.get(path, query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def daily_rows(code: str) -> dict[Any, tuple[Any, ...]]:
    """The roll-up of a product, by day; money as text."""
    found = apps.get_model("pricing", "SalesHistory").objects.filter(product_id=code)
    return {
        row.date: (
            row.quantity,
            f"{row.revenue:.2f}",
            row.returned_quantity,
            f"{row.returned_revenue:.2f}",
            None if row.price is None else f"{row.price:.4f}",
            None if row.list_price is None else f"{row.list_price:.4f}",
            row.promotion_applied,
            row.units,
            row.lines,
            row.unit_lines,
        )
        for row in found.order_by("date")
    }


# --- the import ---------------------------------------------------------------------------------------


def test_the_import_counts_its_rows_and_why_it_refused_some(shop: str, viewer_client: APIClient) -> None:
    # 37 lines, and 6 that cannot be: 30 February, a mug at -6.00, two of 0 units, one without code, half a packet.
    report = get(viewer_client, f"/transactions/imports/{shop}")
    assert report["status"] == "published"
    assert (report["rows"], report["accepted"], report["rejected"]) == (43, 37, 6)
    assert report["reasons"] == {
        "not_a_date": 1, "not_a_number": 1, "zero": 2, "value_missing": 1, "too_many_decimals": 1,
    }  # fmt: skip
    assert get(viewer_client, "/transactions")["total"] == 37


def test_the_import_says_what_estimation_leaves_out(shop: str, viewer_client: APIClient) -> None:
    # Voided: 2001 with C2004, the mugs of 1016 with C2003. Returns: C2002, 1014. Duplicate: the second line of 1011.
    # No price: the giveaway, and the postage that was paid back. Capped: 30 packets of tea.
    quality = get(viewer_client, f"/transactions/imports/{shop}")["quality"]
    assert quality["excluded_from_estimation"] == {
        "voided": 4, "return": 2, "duplicate": 0, "no_price": 2, "price_outlier": 0, "bulk_capped": 1,
    }  # fmt: skip
    assert (quality["products"], quality["lines_without_customer"]) == (4, 3)
    assert (quality["first_day"], quality["last_day"]) == ("2025-03-03", "2025-04-12")
    assert quality["suggested_service_codes"] == []


def test_each_line_knows_whether_it_is_a_return_or_voided(shop: str) -> None:
    lines = apps.get_model("pricing", "Transaction").objects.all()
    assert set(lines.filter(is_return=True).values_list("invoice_no", flat=True)) == {
        "C2002", "1014", "C2003", "C2004",
    }  # fmt: skip
    assert set(lines.filter(voided=True).values_list("invoice_no", "product_id")) == {
        ("2001", "CUP"), ("C2004", "CUP"), ("1016", "MUG"), ("C2003", "MUG"),
    }  # fmt: skip
    assert set(lines.filter(invoice_no="1003").values_list("product_id", flat=True)) == {"CUP", "MUG", "POST"}


# --- the daily roll-up ----------------------------------------------------------------------------------


def test_the_cups_of_each_day(shop: str) -> None:
    # quantity, revenue, returned quantity and revenue, price, list price, promotion, units, lines, lines that count
    assert daily_rows("CUP") == {
        day(3, 3): (4, "16.00", 0, "0.00", "4.0000", "4.0000", False, 4, 1, 1),
        # 4 at 5.00 without customer, 3 at 4.00 with one: 32.00 / 7 = 4.571428...; the list price is the latter.
        day(3, 5): (7, "32.00", 0, "0.00", "4.5714", "4.0000", False, 7, 2, 2),
        day(3, 10): (7, "28.00", 0, "0.00", "4.0000", "4.0000", False, 7, 2, 2),
        # Two days a quarter below what was charged before and after. The sale to 108 was cancelled: 4 units, not 9.
        day(3, 12): (4, "12.00", 0, "0.00", "3.0000", "3.0000", True, 4, 2, 1),
        day(3, 13): (5, "15.00", 0, "0.00", "3.0000", "3.0000", True, 5, 1, 1),
        day(3, 14): (2, "8.00", 0, "0.00", "4.0000", "4.0000", False, 2, 1, 1),
        # On all three days without customer id the price was 5.00 where others paid 4.00: a markup of a quarter, which
        # is taken off.
        day(3, 18): (4, "20.00", 0, "0.00", "5.0000", "4.0000", False, 4, 1, 1),
        day(3, 20): (3, "12.00", 0, "0.00", "4.0000", "4.0000", False, 3, 1, 1),
        day(3, 27): (4, "16.00", 0, "0.00", "4.0000", "4.0000", False, 4, 1, 1),
        day(4, 1): (3, "15.00", 0, "0.00", "5.0000", "4.0000", False, 3, 1, 1),
        # Given away: no demand, and no list price.
        day(4, 2): (2, "0.00", 0, "0.00", "0.0000", None, False, 0, 1, 0),
        # A return stands on its own day, and has no price.
        day(4, 3): (0, "0.00", 4, "16.00", None, None, False, 0, 1, 0),
        # The cancellation of the sale of 12 March is no return.
        day(4, 11): (0, "0.00", 0, "0.00", None, None, False, 0, 1, 0),
        day(4, 12): (5, "20.00", 0, "0.00", "4.0000", "4.0000", False, 5, 1, 1),
    }


def test_the_mugs_of_each_day(shop: str) -> None:
    assert daily_rows("MUG") == {
        day(3, 3): (4, "24.00", 0, "0.00", "6.0000", "6.0000", False, 4, 1, 1),
        day(3, 5): (2, "12.00", 0, "0.00", "6.0000", "6.0000", False, 2, 1, 1),
        day(3, 10): (5, "30.00", 0, "0.00", "6.0000", "6.0000", False, 5, 1, 1),
        # One day between two days of 6.00: a spike, neither a list price nor a promotion.
        day(3, 14): (2, "10.00", 0, "0.00", "5.0000", None, False, 2, 1, 1),
        day(3, 20): (5, "30.00", 0, "0.00", "6.0000", "6.0000", False, 5, 1, 1),
        day(3, 26): (5, "37.50", 0, "0.00", "7.5000", "7.5000", False, 5, 1, 1),
        # The same line twice: two scanned items of two.
        day(3, 27): (4, "30.00", 0, "0.00", "7.5000", "7.5000", False, 4, 2, 2),
        # Sold and cancelled: neither day has anything.
        day(4, 8): (0, "0.00", 0, "0.00", None, None, False, 0, 1, 0),
        day(4, 9): (0, "0.00", 0, "0.00", None, None, False, 0, 1, 0),
        # Two sold and one brought back: the price is that of the two.
        day(4, 10): (2, "15.00", 1, "7.50", "7.5000", "7.5000", False, 2, 2, 1),
    }


def test_the_tea_of_each_day(shop: str) -> None:
    assert daily_rows("TEA") == {
        day(4, 6): (5, "12.50", 0, "0.00", "2.5000", "2.5000", False, 5, 1, 1),
        day(4, 8): (2, "5.00", 0, "0.00", "2.5000", "2.5000", False, 2, 1, 1),
        # 4 at 2.50 and 30 at 2.00: 70.00 / 34 = 2.058823... The quartiles of 2, 4, 4, 5, 30 are 4 and 5, the cap is
        # max(24, exp(ln 5 + 3 x 0.5)) = max(24, 22.4) = 24, so that 4 + 24 units count.
        day(4, 10): (34, "70.00", 0, "0.00", "2.0588", "2.5000", False, 28, 2, 2),
        day(4, 12): (4, "10.00", 0, "0.00", "2.5000", "2.5000", False, 4, 1, 1),
    }


# --- products -------------------------------------------------------------------------------------------


def figures_of_items(answer: Any) -> list[tuple[Any, ...]]:
    names = ("id", "itemName", "purchaseFrequency", "totalQuantity", "totalRevenue", "segment")
    return [tuple(item[name] for name in names) for item in answer["items"]]


def test_stock_items_are_net_of_returns_and_counted_by_invoice(shop: str, viewer_client: APIClient) -> None:
    # CUP: 50 - 4 units, 194.00 - 16.00. On invoices 1001 to 1009, 1011 to 1013 and 1019, which are 13 (1004 counts
    # once), and on 2001, which was a purchase although it was cancelled: 14.
    # MUG: 29 - 1 units, 188.50 - 7.50, on 1001, 1003, 1004, 1007, 1009, 1010, 1011, 1016 (cancelled), 1018: 9.
    # TEA: 45 units, 97.50, on 1015, 1016, 1018 (two lines), 1019: 4.
    # Lines by segment: CUP Champion 4, Lost 4 with the return; MUG Champion 3, Lost 2, AtRisk 2, Hibernating 2;
    # TEA Champion 2, LoyalCustomers 2. Equals go to the first segment. Postage is no stock item.
    answer = get(viewer_client, "/stock-items", sort_by="revenue_desc")
    assert answer["total"] == 3
    assert figures_of_items(answer) == [
        ("MUG", "Mug", 9, 28, 181.0, "Champion"),
        ("CUP", "Café cup", 14, 46, 178.0, "Champion"),
        ("TEA", "Tea", 4, 45, 97.5, "Champion"),
    ]
    by_quantity = get(viewer_client, "/stock-items", sort_by="quantity_asc")
    assert [item["id"] for item in by_quantity["items"]] == ["MUG", "TEA", "CUP"]


def test_stock_items_of_some_days_have_the_sales_of_these_days(shop: str, viewer_client: APIClient) -> None:
    # From 1 to 11 April. CUP: 3 for 15.00, 2 given away, 4 returned for 16.00; invoices 1012 and 1013; a line each of
    # Champion and Lost. MUG: 2 for 15.00, 1 returned for 7.50; invoices 1016 and 1018; Champion 1, AtRisk 1.
    # TEA: 5 + 2 + 34 for 12.50 + 5.00 + 70.00; invoices 1015, 1016, 1018; Champion 2, LoyalCustomers 2.
    days = {"start_date": "2025-04-01", "end_date": "2025-04-11"}
    answer = get(viewer_client, "/stock-items", sort_by="revenue_desc", **days)
    assert answer["total"] == 3
    assert figures_of_items(answer) == [
        ("TEA", "Tea", 3, 41, 87.5, "Champion"),
        ("MUG", "Mug", 2, 1, 7.5, "Champion"),
        ("CUP", "Café cup", 2, 1, -1.0, "Champion"),
    ]


@pytest.mark.parametrize(
    ("code", "price", "quantity", "revenue", "days"),
    [
        # 194.00 / 50 = 3.88, of sales, not of returns; sold on 12 days, the giveaway's included.
        ("CUP", 3.88, 46, 178.0, 11),
        # 188.50 / 29 = 6.50
        ("MUG", 6.5, 28, 181.0, 8),
        # 97.50 / 45 = 2.1666...
        ("TEA", 2.17, 45, 97.5, 4),
    ],
)
def test_one_stock_item_has_its_average_price_and_its_days(
    code: str, price: float, quantity: int, revenue: float, days: int, shop: str, viewer_client: APIClient
) -> None:
    item = get(viewer_client, f"/stock-items/{code}")
    assert (item["avgPrice"], item["totalQuantity"], item["totalRevenue"]) == (price, quantity, revenue)
    assert item["sampleSize"] == days
    (row,) = get(viewer_client, "/elasticity", stock_codes=code)["results"]
    assert (row["avg_price"], row["total_quantity"], row["sample_size"]) == (price, quantity, days)
    assert (row["r_squared"], item["rSquared"]) == (0.0, 0.0)


def test_one_stock_item_of_some_days(shop: str, viewer_client: APIClient) -> None:
    # 15.00 for 3, 0.00 for 2, 20.00 for 5: 35.00 / 10; 4 returned for 16.00.
    days = {"start_date": "2025-04-01", "end_date": "2025-04-12"}
    item = get(viewer_client, "/stock-items/CUP", **days)
    assert (item["avgPrice"], item["totalQuantity"], item["totalRevenue"]) == (3.5, 6, 19.0)
    (row,) = get(viewer_client, "/elasticity", stock_codes="CUP", **days)["results"]
    assert (row["avg_price"], row["sample_size"], item["sampleSize"]) == (3.5, 2, 2)


def test_services_are_no_stock_items(shop: str, viewer_client: APIClient) -> None:
    assert viewer_client.get("/stock-items/POST").status_code == 404
    rows = get(viewer_client, "/elasticity")
    assert [row["stock_code"] for row in rows["results"]] == ["CUP", "MUG", "TEA"]
    meta = rows["meta"]
    assert (meta["total_products"], meta["available_countries"]) == (3, ["France"])
    assert (meta["start_date"], meta["end_date"]) == ("2025-03-03", "2025-04-12")


def test_the_elasticity_between_the_last_two_prices_is_the_textbooks(
    shop: str, viewer_client: APIClient
) -> None:
    # MUG: 5 a day at 6.00 (20 March), (5 + 4 + 2) / 3 = 11/3 a day at 7.50.
    #   arc   (11/3 - 5)(7.50 + 6.00) / ((7.50 - 6.00)(11/3 + 5)) = (-4/3 x 13.5) / (1.5 x 26/3) = -18/13 = -1.3846
    #   point ((11/3 - 5) / 5) / (1.50 / 6.00) = -4/15 x 4 = -16/15 = -1.0667
    # CUP: 3 a day at 5.00 (1 April), 5 a day at 4.00 (12 April); the giveaway between them has no price.
    #   arc   (5 - 3)(4 + 5) / ((4 - 5)(5 + 3)) = 18 / -8 = -2.25
    #   point ((5 - 3) / 3) / (-1 / 5) = -10/3 = -3.3333
    for method, cup, mug in (("arc", -2.25, -1.3846), ("point", -3.3333, -1.0667)):
        rows = get(viewer_client, "/elasticity", method=method, stock_codes=["CUP", "MUG"])["results"]
        assert [row["elasticity"] for row in rows] == [cup, mug]
        assert [row["sample_size"] for row in rows] == [12, 8]
    one = get(viewer_client, "/api/analytics/elasticity/MUG", method="arc")
    assert (one["elasticity"], one["classification"], one["data_points"]) == (-1.3846, "Elastic", 8)


def test_products_have_their_price_margin_and_months_sales(costs: None, viewer_client: APIClient) -> None:
    # The price is the newest list price. Margins are of the price: (4.00 - 2.50) / 4.00, (7.50 - 5.00) / 7.50.
    # The month is 14 March to 12 April; returns do not count against it.
    #   CUP 2 + 4 + 3 + 4 + 3 + 2 + 5 = 23 (the 5 of 13 March are a day too old)
    #   MUG 2 + 5 + 5 + 4 + 2 = 18
    answer = get(viewer_client, "/api/products/list", ordering="id")
    assert answer["total"] == 3
    assert answer["products"] == [
        {"id": "CUP", "name": "Café cup", "category": "", "current_price": 4.0, "cost": 2.5,
         "current_margin": 37.5, "tax_rate": 0.0, "monthly_sales": 23},
        {"id": "MUG", "name": "Mug", "category": "", "current_price": 7.5, "cost": 5.0,
         "current_margin": 33.3, "tax_rate": 0.0, "monthly_sales": 18},
        {"id": "TEA", "name": "Tea", "category": "", "current_price": 2.5, "cost": None,
         "current_margin": None, "tax_rate": 0.0, "monthly_sales": 45},
    ]  # fmt: skip
    for product in answer["products"]:
        detail = get(viewer_client, f"/api/products/{product['id']}")
        assert detail | product == detail
        assert (detail["kind"], detail["price_source"]) == ("merchandise", "data")


def test_a_product_has_a_history_of_its_sold_days(shop: str, viewer_client: APIClient) -> None:
    assert get(viewer_client, "/api/products/CUP", days=30)["sales_history"] == [
        {"date": "2025-03-14", "quantity": 2, "price": 4.0},
        {"date": "2025-03-18", "quantity": 4, "price": 5.0},
        {"date": "2025-03-20", "quantity": 3, "price": 4.0},
        {"date": "2025-03-27", "quantity": 4, "price": 4.0},
        {"date": "2025-04-01", "quantity": 3, "price": 5.0},
        {"date": "2025-04-02", "quantity": 2, "price": 0.0},
        {"date": "2025-04-12", "quantity": 5, "price": 4.0},
    ]
    assert len(get(viewer_client, "/api/products/CUP")["sales_history"]) == 12
    assert [row["price"] for row in get(viewer_client, "/api/products/TEA")["sales_history"]] == [
        2.5, 2.5, 2.0588, 2.5,
    ]  # fmt: skip
    service = get(viewer_client, "/api/products/POST")
    assert (service["kind"], service["current_price"]) == ("service", None)


# --- customers and segments -------------------------------------------------------------------------------

CUSTOMERS = {
    # recency, frequency, monetary, scores, segment
    # 12.00 + (8.00 + 10.00) + (12.00 + 30.00) + 0.00 + (15.00 + 10.00 + 60.00) on 5 invoices, one of them a giveaway
    "101": (3, 5, 157.0, 5, 5, 5, "Champion"),
    # 10.00 + 20.00
    "102": (1, 1, 30.0, 5, 1, 1, "PotentialLoyalists"),
    # (12.00 + 12.00) + 12.50 + 5.00; neither the postage nor the three mugs that went back
    "103": (5, 3, 41.5, 4, 4, 2, "LoyalCustomers"),
    # 15.00 + 37.50 - 7.50; to bring a mug back on 10 April is no purchase
    "104": (18, 2, 45.0, 2, 2, 3, "AtRisk"),
    # 30.00 + 16.00
    "105": (17, 1, 46.0, 3, 1, 4, "Hibernating"),
    # 16.00 + 24.00 - 16.00; postage on 9 April is no purchase
    "106": (41, 1, 24.0, 1, 1, 1, "Lost"),
    # 20.00 + 8.00 + 30.00 on one invoice
    "107": (34, 1, 58.0, 1, 1, 5, "Lost"),
    # Bought for 15.00 on 12 March, and had it taken back: a visit that brought nothing
    "108": (32, 1, 0.0, 0, 0, 0, ""),
}
"""How the seven paying customers are placed; quantiles of seven values lie at 0, 1 ... 6.

Thirds lie at positions 2 and 4, fifths at 1.2, 2.4, 3.6 and 4.8.

    recency    1, 3, 5, 17, 18, 34, 41          thirds 5, 18     fifths 3.4, 9.8, 17.6, 30.8
    frequency  1, 1, 1, 1, 2, 3, 5              thirds 1, 2      fifths coincide; of 1, 2, 3, 5: 1.6, 2.2, 2.8, 3.8
    monetary   24, 30, 41.5, 45, 46, 58, 157    thirds 41.5, 46  fifths 32.3, 42.9, 45.6, 55.6

    101  R high, F high, M high     102  R high, F low     103  R high, F high, M low     104  R medium, F medium
    105  R medium, F low            106  R low, F low      107  R low, F low
"""


def customers(client: APIClient) -> dict[str, tuple[Any, ...]]:
    names = ("recency", "frequency", "monetary", "r_score", "f_score", "m_score", "segment")
    answer = get(client, "/segments/customers")
    assert answer["total"] == len(answer["items"])
    return {item["customer_id"]: tuple(item[name] for name in names) for item in answer["items"]}


def test_customers_have_recency_frequency_worth_and_segment(shop: str, viewer_client: APIClient) -> None:
    assert customers(viewer_client) == CUSTOMERS
    lost = get(viewer_client, "/segments/customers", segment="Lost", ordering="-monetary")
    assert [item["customer_id"] for item in lost["items"]] == ["107", "106"]


def test_segments_have_their_heads_products_and_sold_days(shop: str, viewer_client: APIClient) -> None:
    # Sold days, product by product: 101 bought cups on 4 days (one a giveaway), mugs on 3, tea on 1; 103 cups on 1,
    # mugs on 1 (the cancelled ones do not count), tea on 2; 106 and 107 together cups on 2 and mugs on 2.
    rows = get(viewer_client, "/elasticity/segments")["results"]
    names = ("segment", "customer_count", "product_count", "sample_size")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("Champion", 1, 3, 7),
        ("LoyalCustomers", 1, 3, 4),
        ("PotentialLoyalists", 1, 2, 2),
        ("AtRisk", 1, 2, 2),
        ("Hibernating", 1, 2, 2),
        ("Lost", 2, 2, 4),
    ]


def test_the_dashboard_has_the_segments_revenue_score_and_heads(shop: str, viewer_client: APIClient) -> None:
    # Scores: 15/3, 10/3, 7/3, 7/3, 8/3; of the lost (7/3 + 3/3) / 2 = 5/3.
    answer = get(viewer_client, "/dashboard/segments")
    assert answer["total"] == 7
    names = ("segment", "value", "score", "customerCount")
    assert [tuple(item[name] for name in names) for item in answer["items"]] == [
        ("Champion", 157.0, 5.0, 1),
        ("LoyalCustomers", 41.5, 3.33, 1),
        ("PotentialLoyalists", 30.0, 2.33, 1),
        ("AtRisk", 45.0, 2.33, 1),
        ("Hibernating", 46.0, 2.67, 1),
        ("Lost", 82.0, 1.67, 2),
    ]


def test_the_dashboard_limits_revenue_to_the_days_asked(shop: str, viewer_client: APIClient) -> None:
    days = {"start_date": "2025-04-03", "end_date": "2025-04-10"}
    answer = get(viewer_client, "/dashboard/segments", **days)
    assert [item["value"] for item in answer["items"]] == [85.0, 17.5, 0.0, -7.5, 0.0, -16.0]
    assert [item["customerCount"] for item in answer["items"]] == [1, 1, 1, 1, 1, 2]
    # Of 85.00 + 17.50: 82.926..., 17.073... %. A segment that brought more back than it bought has no share.
    kpis = get(viewer_client, "/dashboard/kpis", **days)
    assert [kpis[name]["walletShare"] for name in SEGMENTS] == [82.9, 17.1, 0.0, 0.0, 0.0, 0.0]


def test_kpis_are_percents_of_revenue_and_of_the_longest_absence(shop: str, viewer_client: APIClient) -> None:
    # Of 401.50 in all; of 41 days: 3, 5, 1, 18, 17, and of the lost (34 + 41) / 2 = 37.5.
    kpis = get(viewer_client, "/dashboard/kpis")
    assert set(SEGMENTS) <= set(kpis)
    assert [kpis[name]["walletShare"] for name in SEGMENTS] == [39.1, 10.3, 7.5, 11.2, 11.5, 20.4]
    assert [kpis[name]["churnRisk"] for name in SEGMENTS] == [7.3, 12.2, 2.4, 43.9, 41.5, 91.5]
    assert all(0 < kpis[name]["priceSensitivity"] <= 100 for name in SEGMENTS)


def test_trends_have_every_day_and_returns_on_their_own(shop: str, viewer_client: APIClient) -> None:
    # 29 days of March from the 3rd on, 12 of April.
    answer = get(viewer_client, "/dashboard/trends")
    assert (answer["total"], len(answer["items"])) == (41, 41)
    assert (answer["items"][0]["date"], answer["items"][-1]["date"]) == ("03/03/2025", "12/04/2025")
    revenue = {
        item["date"][:5]: {name: item[name] for name in SEGMENTS if item[name]} for item in answer["items"]
    }
    assert {date: by_segment for date, by_segment in revenue.items() if by_segment} == {
        "03/03": {"Lost": 40.0},
        "05/03": {"LoyalCustomers": 24.0},
        "10/03": {"Lost": 58.0},
        "12/03": {"Champion": 12.0},
        "13/03": {"AtRisk": 15.0},
        "14/03": {"Champion": 18.0},
        "20/03": {"Champion": 42.0},
        "26/03": {"AtRisk": 37.5},
        "27/03": {"Hibernating": 46.0},
        "03/04": {"Lost": -16.0},
        "06/04": {"LoyalCustomers": 12.5},
        "08/04": {"LoyalCustomers": 5.0},
        "10/04": {"Champion": 85.0, "AtRisk": -7.5},
        "12/04": {"PotentialLoyalists": 30.0},
    }


# --- what if ------------------------------------------------------------------------------------------------


def test_a_simulation_starts_from_all_sales(shop: str, viewer_client: APIClient) -> None:
    # 178.00 / 46 = 3.8695...; at the same price everything stays.
    same = viewer_client.post("/simulate", {"stock_code": "CUP", "price_change_percent": 0}).json()
    assert (same["current_price"], same["current_quantity"], same["current_revenue"]) == (3.87, 46, 178.0)
    assert (same["projected_price"], same["projected_quantity"]) == (3.87, 46)
    assert (same["projected_revenue"], same["revenue_delta"]) == (178.0, 0.0)
    assert (same["quantity_change_percent"], same["revenue_change_percent"]) == (0.0, 0.0)
    # At eleven times the price, 42.5652..., nobody buys if E is below -0.1, which no estimate of these sales reaches.
    dear = viewer_client.post("/simulate", {"stock_code": "CUP", "price_change_percent": 1000}).json()
    assert dear["elasticity"] < -0.1
    assert (dear["projected_price"], dear["projected_quantity"]) == (42.57, 0)
    assert (dear["projected_revenue"], dear["revenue_delta"]) == (0.0, -178.0)
    assert (dear["quantity_change_percent"], dear["revenue_change_percent"]) == (-100.0, -100.0)
    assert (
        viewer_client.post("/simulate", {"stock_code": "POST", "price_change_percent": 0}).status_code == 404
    )


def test_a_saved_simulation_has_each_segments_sales(shop: str, analyst_client: APIClient) -> None:
    # CUP by segment: 101 bought 4 + 2 + 3 and was given 2, for 12.00 + 8.00 + 12.00; 106 and 107 bought 4 + 7 and
    # brought 4 back, for 16.00 + 28.00 - 16.00. The middle of the range is no change.
    body = {"name": "Cups", "description": "", "stockItemRef": "CUP", "priceRange": [-10, 10, 5]}
    number = analyst_client.post("/simulations", body).json()["simulationId"]
    answer = get(analyst_client, f"/simulations/{number}/metrics")
    metrics = {name: answer[name] for name in SEGMENTS}
    assert {name: (row["quantity"], row["revenue"]) for name, row in metrics.items()} == {
        "Champion": (11, 32.0),
        "LoyalCustomers": (3, 12.0),
        "PotentialLoyalists": (5, 20.0),
        "AtRisk": (5, 15.0),
        "Hibernating": (4, 16.0),
        "Lost": (7, 28.0),
    }
    for row in metrics.values():
        assert (row["priceChangePercent"], row["deltaQuantityPercent"], row["deltaRevenuePercent"]) == (
            0,
            0,
            0,
        )


def simulated(client: APIClient, **body: Any) -> Any:
    answer = client.post("/api/price/simulate", body)
    assert answer.status_code == 200, answer.content
    return answer.json()


def month_at(client: APIClient, code: str, price: float, **query: Any) -> float:
    """Units forecast for the 30 days from 13 April on, at a price."""
    answer = get(client, f"/api/forecast/demand/{code}", price=price, periods=30, **query)
    return float(answer["total"])


def at(price: float, quantity: float, profit_per_unit: float) -> Any:
    """What a price brings; units have two decimals, so that amounts are known to a few cents."""
    figures = {
        "price": price,
        "quantity": quantity,
        "revenue": price * quantity,
        "profit": profit_per_unit * quantity,
    }
    return pytest.approx(figures, abs=0.05)


def test_a_price_simulation_starts_from_the_forecast_of_a_month(
    costs: None, viewer_client: APIClient
) -> None:
    # Cups at 4.00 that cost 2.50 earn 1.50. At 40.00 nobody buys if E is below -1/8.
    cups = month_at(viewer_client, "CUP", 4, demand_model="linear")
    answer = simulated(viewer_client, product_id="CUP", new_price=40, demand_model="linear")
    assert answer["current"] == at(4.0, cups, 1.5)
    assert answer["projected"] == {"price": 40.0, "quantity": 0.0, "revenue": 0.0, "profit": 0.0}
    impact = {
        "revenue_change": -4 * cups, "revenue_change_percent": -100.0,
        "profit_change": -1.5 * cups, "profit_change_percent": -100.0,
        "quantity_change": -cups, "quantity_change_percent": -100.0,
    }  # fmt: skip
    assert answer["impact"] == pytest.approx(impact, abs=0.05)
    assert (answer["risk_level"], answer["allowed"]) == ("high", False)


def test_a_price_simulation_takes_another_demand_and_cost(costs: None, viewer_client: APIClient) -> None:
    # At the same price half as much again. At a cost of 6.00 mugs earn 1.50 each.
    mugs = month_at(viewer_client, "MUG", 7.5)
    answer = simulated(viewer_client, product_id="MUG", new_price=7.5, demand_factor=1.5, cost=6)
    assert answer["current"] == at(7.5, mugs, 1.5)
    assert answer["projected"] == at(7.5, 1.5 * mugs, 1.5)
    impact = {
        "revenue_change": 7.5 * mugs / 2, "revenue_change_percent": 50.0,
        "profit_change": 1.5 * mugs / 2, "profit_change_percent": 50.0,
        "quantity_change": mugs / 2, "quantity_change_percent": 50.0,
    }  # fmt: skip
    assert answer["impact"] == pytest.approx(impact, abs=0.05)


def test_profit_impact_has_margin_markup_and_break_even(costs: None, viewer_client: APIClient) -> None:
    # MUG: margin 2.50 / 7.50, markup 2.50 / 5.00; what they cost / 2.50 breaks even, and 100.00 / 2.50 = 40.
    mugs, cups = month_at(viewer_client, "MUG", 7.5), month_at(viewer_client, "CUP", 4)
    now = get(viewer_client, "/api/analytics/profit-impact/MUG", fixed_costs=100)["current"]
    figures = {
        "price": 7.5, "quantity": mugs, "revenue": 7.5 * mugs, "profit": 2.5 * mugs, "total_cost": 5 * mugs,
        "margin_percent": 33.3, "markup_percent": 50.0, "profit_per_unit": 2.5,
        "break_even_units": 5 * mugs / 2.5, "break_even_units_fixed_costs": 40.0,
    }  # fmt: skip
    assert now == pytest.approx(figures, abs=0.05)
    # CUP: margin 1.50 / 4.00, markup 1.50 / 2.50; each costs 2.50 and earns 1.50.
    now = get(viewer_client, "/api/analytics/profit-impact/CUP")["current"]
    assert (now["margin_percent"], now["markup_percent"]) == (37.5, 60.0)
    assert now["break_even_units"] == pytest.approx(cups * 2.5 / 1.5, abs=0.05)


# --- forecasts ----------------------------------------------------------------------------------------------


def forecast(client: APIClient, code: str, method: str, days: int) -> list[float]:
    answer = get(client, f"/api/forecast/demand/{code}", method=method, periods=days)
    assert (answer["method"], answer["as_of"], answer["periods"]) == (method, "2025-04-13", days)
    assert answer["forecast"][0]["date"] == "2025-04-13"
    return [row["quantity"] for row in answer["forecast"]]


def test_the_forecasts_of_tea_are_those_of_the_textbook(shop: str, viewer_client: APIClient) -> None:
    # Seven days, Sunday to Saturday: 5, 0, 2, 0, 28, 0, 4 (of 34 on Thursday 28 count).
    # Smoothing by 0.2, begun at 5: 5, 4, 3.6, 2.88, 7.904, 6.3232, 5.05856 + 0.8 = 5.85856.
    assert forecast(viewer_client, "TEA", "ses", 3) == [5.86, 5.86, 5.86]
    # Line: mean 39/7, slope (-3x5 - 1x2 + 1x28 + 3x4) / 28 = 23/28; at the 8th, 9th and 10th day
    # 39/7 + 4x23/28 = 8.857..., 9.678..., 10.5.
    assert forecast(viewer_client, "TEA", "linear", 3) == [8.86, 9.68, 10.5]
    # Each weekday was seen once, so that its index times the level is that day again.
    assert forecast(viewer_client, "TEA", "seasonal", 7) == [5.0, 0.0, 2.0, 0.0, 28.0, 0.0, 4.0]


def test_a_forecast_shows_the_demand_it_comes_from(shop: str, viewer_client: APIClient) -> None:
    # 90 days before 13 April begin on 13 January.
    answer = get(viewer_client, "/api/forecast/demand/TEA", method="ses", periods=7)
    assert len(answer["history"]) == 90
    assert answer["history"][0] == {"date": "2025-01-13", "quantity": 0.0}
    assert [row["quantity"] for row in answer["history"][-7:]] == [5.0, 0.0, 2.0, 0.0, 28.0, 0.0, 4.0]
    # 7 x 5.85856
    assert answer["total"] == 41.01
    assert get(viewer_client, "/api/forecast/demand/POST")["forecast"] == []


# --- the ledger ---------------------------------------------------------------------------------------------


def propose(client: APIClient, code: str, price: float) -> Any:
    answer = client.post(CHANGES, {"product_id": code, "new_price": price, "reason": "By hand"})
    assert answer.status_code == 201, answer.content
    (change,) = answer.json()["items"]
    return change


def step(client: APIClient, change: Any, name: str) -> tuple[int, list[str]]:
    """Take a step; return the status of the answer and the codes of what stood in the way."""
    answer = client.post(f"{CHANGES}/{change['id']}/{name}")
    return answer.status_code, [error["code"] for error in answer.json().get("errors", [])]


def shown(client: APIClient, change: Any) -> tuple[Any, ...]:
    body = get(client, f"{CHANGES}/{change['id']}")
    names = ("old_price", "new_price", "change_percent", "current_price", "status")
    return tuple(body[name] for name in names)


def test_a_price_change_is_proposed_approved_applied_and_rolled_back(
    costs: None, analyst_client: APIClient, manager_client: APIClient, viewer_client: APIClient
) -> None:
    cups = month_at(viewer_client, "CUP", 4)
    change = propose(analyst_client, "CUP", 4.40)
    assert shown(viewer_client, change) == (4.0, 4.4, 10.0, 4.0, "proposed")
    assert analyst_client.post(f"{CHANGES}/{change['id']}/approve").status_code == 403

    assert step(manager_client, change, "approve")[0] == 200
    assert shown(viewer_client, change) == (4.0, 4.4, 10.0, 4.0, "approved")
    expected = get(viewer_client, f"{CHANGES}/{change['id']}")["expected"]
    assert expected["current"] == at(4.0, cups, 1.5)
    assert (expected["projected"]["price"], expected["as_of"], expected["days"]) == (4.4, "2025-04-13", 30)
    assert step(manager_client, change, "approve") == (409, ["approved"])

    assert step(manager_client, change, "apply")[0] == 200
    assert shown(viewer_client, change) == (4.0, 4.4, 10.0, 4.4, "applied")
    assert step(manager_client, change, "apply") == (409, ["applied"])
    # (4.40 - 2.50) / 4.40 = 43.1818... %, (4.40 - 2.50) / 2.50 = 76 %
    product = get(viewer_client, "/api/products/CUP")
    assert (product["current_price"], product["current_margin"]) == (4.4, 43.2)
    assert product["price_source"] == "ledger"
    now = get(viewer_client, "/api/analytics/profit-impact/CUP")["current"]
    assert (now["margin_percent"], now["markup_percent"]) == (43.2, 76.0)

    assert step(manager_client, change, "rollback")[0] == 200
    assert shown(viewer_client, change) == (4.0, 4.4, 10.0, 4.0, "rolled_back")
    assert step(manager_client, change, "rollback") == (409, ["rolled_back"])
    assert get(viewer_client, "/api/products/CUP")["current_price"] == 4.0


def test_changes_are_rolled_back_from_the_newest(
    costs: None, analyst_client: APIClient, manager_client: APIClient
) -> None:
    # 7.50 -> 8.25 is 10 %, 8.25 -> 7.99 is -0.26 / 8.25 = -3.1515... %.
    first = propose(analyst_client, "MUG", 8.25)
    for name in ("approve", "apply"):
        assert step(manager_client, first, name)[0] == 200
    second = propose(analyst_client, "MUG", 7.99)
    for name in ("approve", "apply"):
        assert step(manager_client, second, name)[0] == 200
    assert shown(manager_client, second) == (8.25, 7.99, -3.2, 7.99, "applied")
    assert step(manager_client, first, "rollback") == (409, ["price_moved"])
    assert shown(manager_client, first) == (7.5, 8.25, 10.0, 7.99, "applied")
    assert step(manager_client, second, "rollback")[0] == 200
    assert shown(manager_client, second) == (8.25, 7.99, -3.2, 8.25, "rolled_back")
    assert step(manager_client, first, "rollback")[0] == 200
    assert shown(manager_client, first) == (7.5, 8.25, 10.0, 7.5, "rolled_back")


def test_a_rejected_or_impossible_change_leaves_the_price(
    costs: None, analyst_client: APIClient, manager_client: APIClient
) -> None:
    change = propose(analyst_client, "CUP", 3.5)
    assert shown(manager_client, change) == (4.0, 3.5, -12.5, 4.0, "proposed")
    assert step(manager_client, change, "apply") == (409, ["proposed"])
    assert step(manager_client, change, "reject")[0] == 200
    assert shown(manager_client, change) == (4.0, 3.5, -12.5, 4.0, "rejected")
    assert step(manager_client, change, "approve") == (409, ["rejected"])
    # Below what a cup costs, the present price, and a service.
    for code, price in (("CUP", 2.49), ("CUP", 4), ("POST", 5)):
        assert analyst_client.post(CHANGES, {"product_id": code, "new_price": price}).status_code == 400


# --- a second file --------------------------------------------------------------------------------------------


def test_a_second_file_changes_what_it_touches_and_can_be_withdrawn(
    shop: str, analyst_client: APIClient, commits: Commits
) -> None:
    # 107 buys 5 cups for 20.00 on 12 April: recency 1, frequency 2, 58.00 + 20.00. 103 takes tea for 12.50
    # back: 29.00, the visit remains. Now, with the positions as above:
    #   recency    1, 1, 3, 5, 17, 18, 41           thirds 3, 17     fifths 1.4, 3.8, 12.2, 17.8
    #   frequency  1, 1, 1, 2, 2, 3, 5              thirds 1, 2      fifths 1, 1.4, 2, 2.8
    #   monetary   24, 29, 30, 45, 46, 78, 157      thirds 30, 46    fifths 29.2, 36, 45.6, 71.6
    later = bring_in(analyst_client, commits(), LATER_LINES, "later.csv")
    assert daily_rows("CUP")[day(4, 12)] == (10, "40.00", 0, "0.00", "4.0000", "4.0000", False, 10, 2, 2)
    # The file has nothing of 6 April, yet that day's sale is undone.
    tea = daily_rows("TEA")
    assert tea[day(4, 6)] == (0, "0.00", 0, "0.00", None, None, False, 0, 1, 0)
    assert tea[day(4, 12)] == (4, "10.00", 0, "0.00", "2.5000", "2.5000", False, 4, 2, 1)
    assert customers(analyst_client) == {
        "101": (3, 5, 157.0, 4, 5, 5, "Champion"),
        "102": (1, 1, 30.0, 5, 1, 2, "PotentialLoyalists"),
        "103": (5, 3, 29.0, 3, 5, 1, "AtRisk"),
        "104": (18, 2, 45.0, 1, 3, 3, "Hibernating"),
        "105": (17, 1, 46.0, 2, 1, 4, "Hibernating"),
        "106": (41, 1, 24.0, 1, 1, 1, "Lost"),
        "107": (1, 2, 78.0, 5, 3, 5, "Champion"),
        "108": (32, 1, 0.0, 0, 0, 0, ""),
    }
    # CUP: 46 + 5 for 178.00 + 20.00 on one invoice more; TEA: 45 - 5 for 97.50 - 12.50, on as many invoices.
    assert figures_of_items(get(analyst_client, "/stock-items", sort_by="revenue_desc")) == [
        ("CUP", "Café cup", 15, 51, 198.0, "Champion"),
        ("MUG", "Mug", 9, 28, 181.0, "Champion"),
        ("TEA", "Tea", 4, 40, 85.0, "Champion"),
    ]
    values = [item["value"] for item in get(analyst_client, "/dashboard/segments")["items"]]
    assert values == [235.0, 0.0, 30.0, 29.0, 91.0, 24.0]
    products = get(analyst_client, "/api/products/list", ordering="id")["products"]
    assert [product["monthly_sales"] for product in products] == [28, 18, 40]

    with commits():
        assert analyst_client.delete(f"/transactions/imports/{later}").status_code == 202
    assert daily_rows("CUP")[day(4, 12)] == (5, "20.00", 0, "0.00", "4.0000", "4.0000", False, 5, 1, 1)
    tea = daily_rows("TEA")
    assert tea[day(4, 6)] == (5, "12.50", 0, "0.00", "2.5000", "2.5000", False, 5, 1, 1)
    assert tea[day(4, 12)] == (4, "10.00", 0, "0.00", "2.5000", "2.5000", False, 4, 1, 1)
    assert customers(analyst_client) == CUSTOMERS
    values = [item["value"] for item in get(analyst_client, "/dashboard/segments")["items"]]
    assert values == [157.0, 41.5, 30.0, 45.0, 46.0, 82.0]
