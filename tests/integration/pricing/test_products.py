"""/api/products: the catalogue, its prices and the ledger."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from elastix.dataset.models import DataVersion
from elastix.imports.models import ImportBatch
from pricing.sales.models import PriceChange, Product, SalesHistory
from tests.api_cases import ApiCases
from tests.factories import CompetitorPriceFactory, PricedProductFactory, ProductFactory
from tests.integration.pricing.factories import sale, stale
from tests.shops import AS_OF, LAST_DAY, MERCHANDISE, Commits

pytestmark = pytest.mark.django_db

PATH = "/api/products"
LIST = "/api/products/list"
LATTE = {
    "id": "P001",
    "name": "Iced Latte 720",
    "category": "Drinks",
    "current_price": 12.99,
    "cost": 8.5,
    "stock_level": 40,
    "target_stock": 60,
}
IMPOSSIBLE = tuple(
    ({field: value}, field)
    for field, values in {
        "name": ("", None, "x" * 256, "a\x00", "a\nb", {}),
        "category": ("x" * 101, "\x00", []),
        "current_price": (0, -1, 0.001, "NaN", "Infinity", 100_000_000, "ten", True, "1e99"),
        "cost": (-0.01, "NaN", "-Infinity", 100_000_000, 0.00001, True),
        "stock_level": (1.2345, 10_000_001, -10_000_001, "many", True),
        "target_stock": (-1, 10_000_001, 0.0005),
        "kind": ("gift", None),
        "is_active": ("perhaps", None),
    }.items()
    for value in values
)
IMPOSSIBLE_CODES = tuple(({"id": code}, "id") for code in ("", None, "a\u200bb", "x" * 51, "a\x00", []))
ROW_KEYS = {"id", "name", "category", "current_price", "cost", "current_margin", "tax_rate", "monthly_sales"}


class TestProducts(ApiCases):
    path = PATH
    list_path = LIST
    factory = ProductFactory
    rows_key = "products"
    missing = ("NOBODY", "%00", "%ff", "caf%C3%A9", "x" * 60, "a%0Ab", "%20")
    list_queries = 2
    body = LATTE
    created = {"current_margin": 34.6, "monthly_sales": 0, "price_source": "manual"}
    required = ("id", "name")
    invalid = IMPOSSIBLE + IMPOSSIBLE_CODES
    change = {"stock_level": 7, "cost": 1.25}
    put_body = {"name": "Cup"}
    invalid_changes = (*IMPOSSIBLE, *IMPOSSIBLE_CODES, ({"id": "OTHER"}, "id"))
    deleted = 200

    def make_for_list(self) -> Product:
        return PricedProductFactory()


def ledger() -> list[tuple[Any, ...]]:
    return list(
        PriceChange.objects.order_by("id").values_list("old_price", "new_price", "applied_by", "status")
    )


# --- POST -----------------------------------------------------------------------------------------------


def test_a_new_product_is_answered_whole_and_its_price_is_in_the_ledger(analyst_client: APIClient) -> None:
    answer = analyst_client.post(PATH, LATTE)
    assert answer.status_code == 201
    body = answer.json()
    assert body | LATTE == body
    assert (body["current_margin"], body["monthly_sales"]) == (34.6, 0)
    assert (body["competitor_price"], body["sales_history"]) == (None, [])
    assert (body["kind"], body["is_active"], body["price_source"]) == ("merchandise", True, "manual")
    assert ledger() == [(None, Decimal("12.99"), "analyst", "applied")]
    assert analyst_client.get(f"{PATH}/p001").json() == body


def test_code_and_name_are_enough(analyst_client: APIClient) -> None:
    body = analyst_client.post(PATH, {"id": " a b.1 ", "name": "Thing"}).json()
    assert (body["id"], body["category"], body["current_price"], body["cost"]) == ("A B.1", "", None, None)
    assert (body["current_margin"], body["price_source"], ledger()) == (None, "data", [])


def test_the_same_code_twice_is_a_conflict(analyst_client: APIClient) -> None:
    analyst_client.post(PATH, LATTE)
    again = analyst_client.post(PATH, LATTE | {"id": "p001", "name": "Other"})
    assert again.status_code == 409
    assert "PATCH" in again.json()["detail"]
    assert Product.objects.get().name == "Iced Latte 720"


# --- PUT, PATCH -------------------------------------------------------------------------------------------


def test_patch_changes_what_is_given(analyst_client: APIClient) -> None:
    made = analyst_client.post(PATH, LATTE).json()
    for _ in range(2):
        body = analyst_client.patch(f"{PATH}/P001", {"stock_level": 7, "colour": "red"}).json()
        assert body == made | {"stock_level": 7}
    assert analyst_client.patch(f"{PATH}/P001", {"stock_level": None}).json()["stock_level"] is None


def test_put_needs_the_name(analyst_client: APIClient) -> None:
    analyst_client.post(PATH, LATTE)
    refused = analyst_client.put(f"{PATH}/P001", {"cost": 1})
    assert [error["field"] for error in refused.json()["errors"]] == ["name"]
    assert analyst_client.put(f"{PATH}/P001", {"name": "Latte", "cost": 1}).json()["cost"] == 1


def test_each_new_price_is_a_line_of_the_ledger(analyst_client: APIClient, manager_client: APIClient) -> None:
    analyst_client.post(PATH, LATTE)
    manager_client.patch(f"{PATH}/P001", {"current_price": 14.49})
    manager_client.patch(f"{PATH}/P001", {"current_price": 14.49})
    manager_client.patch(f"{PATH}/P001", {"name": "Latte"})
    assert ledger() == [
        (None, Decimal("12.99"), "analyst", "applied"),
        (Decimal("12.99"), Decimal("14.49"), "manager", "applied"),
    ]


def test_a_price_set_by_hand_stays_and_one_taken_away_follows_the_sales(
    shop: ImportBatch, analyst_client: APIClient, commits: Commits
) -> None:
    before = analyst_client.get(f"{PATH}/CUP").json()
    assert (before["current_price"], before["price_source"]) == (4.0, "data")
    analyst_client.patch(f"{PATH}/CUP", {"current_price": 99})
    assert analyst_client.get(f"{PATH}/CUP").json()["price_source"] == "manual"
    taken = analyst_client.patch(f"{PATH}/CUP", {"current_price": None}).json()
    assert (taken["current_price"], taken["price_source"]) == (None, "data")


@pytest.mark.parametrize("method", ["put", "patch"])
def test_the_code_cannot_be_changed(method: str, analyst_client: APIClient) -> None:
    analyst_client.post(PATH, LATTE)
    change = getattr(analyst_client, method)
    assert change(f"{PATH}/P001", {"id": "p001", "name": "Same"}).status_code == 200
    refused = change(f"{PATH}/P001", {"id": "P002", "name": "Other"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "id"


def test_a_product_turned_service_leaves_all_lists(
    shop: ImportBatch, analyst_client: APIClient, viewer_client: APIClient
) -> None:
    def listed() -> list[bool]:
        return [
            "CUP" in [row["stock_code"] for row in viewer_client.get("/elasticity").json()["results"]],
            "CUP"
            in [
                row["stock_code"]
                for row in viewer_client.get("/elasticity?end_date=2025-04-30").json()["results"]
            ],
            "CUP" in [row["id"] for row in viewer_client.get(LIST).json()["products"]],
            "CUP" in [row["id"] for row in viewer_client.get("/stock-items").json()["items"]],
        ]

    assert listed() == [True] * 4
    analyst_client.patch(f"{PATH}/CUP", {"kind": "service"})
    assert listed() == [False] * 4
    assert viewer_client.get("/api/analytics/elasticity/CUP").status_code == 404
    assert viewer_client.get("/stock-items/CUP").status_code == 404
    assert stale()[0] == ["CUP"]
    analyst_client.patch(f"{PATH}/CUP", {"kind": "merchandise"})
    assert listed() == [True] * 4


def test_only_a_change_that_estimates_depend_on_makes_them_stale(
    shop: ImportBatch, analyst_client: APIClient
) -> None:
    analyst_client.patch(f"{PATH}/CUP", {"name": "New", "cost": 1, "current_price": 9, "stock_level": 3})
    assert stale() == ([], [])
    version = DataVersion.objects.get()
    assert (version.sales_version, version.published_version) == (1, 1)
    analyst_client.patch(f"{PATH}/CUP", {"category": "Cups"})
    assert stale()[0] == ["CUP"]


# --- DELETE ---------------------------------------------------------------------------------------------------


def test_a_product_without_history_is_deleted(analyst_client: APIClient) -> None:
    analyst_client.post(PATH, {"id": "NEW", "name": "New"})
    CompetitorPriceFactory(
        product="NEW", competitor_name="A", price=1, recorded_at=dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    )
    answer = analyst_client.delete(f"{PATH}/new")
    assert (answer.status_code, answer.json()["deleted"]) == (200, True)
    assert analyst_client.delete(f"{PATH}/new").status_code == 404


def test_a_product_with_history_is_deactivated(
    shop: ImportBatch, analyst_client: APIClient, viewer_client: APIClient
) -> None:
    sold = SalesHistory.objects.count()
    for _ in range(2):
        answer = analyst_client.delete(f"{PATH}/CUP")
        assert (answer.status_code, answer.json()["deleted"]) == (200, False)
    assert SalesHistory.objects.count() == sold
    assert viewer_client.get(f"{PATH}/CUP").json()["is_active"] is False
    for path, rows, key in (
        (LIST, "products", "id"),
        ("/elasticity", "results", "stock_code"),
        ("/stock-items", "items", "id"),
    ):
        assert "CUP" not in [row[key] for row in viewer_client.get(path).json()[rows]]
    assert analyst_client.patch(f"{PATH}/CUP", {"is_active": True}).json()["is_active"] is True
    assert "CUP" in [row["id"] for row in viewer_client.get(LIST).json()["products"]]


def test_a_price_in_the_ledger_is_history_too(analyst_client: APIClient) -> None:
    analyst_client.post(PATH, LATTE)
    assert analyst_client.delete(f"{PATH}/P001").json()["deleted"] is False


# --- GET one ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["PLATE%201.5", "plate%201.5", "Plate%201.5", "%20PLATE%201.5%20"])
def test_any_case_and_spaces_find_it(code: str, shop: ImportBatch, viewer_client: APIClient) -> None:
    assert viewer_client.get(f"{PATH}/{code}").json()["id"] == "PLATE 1.5"


def test_the_last_ninety_days_of_sales_are_shown(shop: ImportBatch, viewer_client: APIClient) -> None:
    body = viewer_client.get(f"{PATH}/CUP").json()
    days = [dt.date.fromisoformat(day["date"]) for day in body["sales_history"]]
    assert days == sorted(days)
    assert AS_OF - dt.timedelta(days=90) <= days[0] and days[-1] <= LAST_DAY
    assert all(
        set(day) == {"date", "quantity", "price"} and day["quantity"] > 0 for day in body["sales_history"]
    )
    month = [
        day["quantity"] for day in body["sales_history"] if day["date"] >= str(AS_OF - dt.timedelta(days=30))
    ]
    assert body["monthly_sales"] == sum(month) > 0
    week = viewer_client.get(f"{PATH}/CUP", {"days": 7}).json()["sales_history"]
    assert [day["date"] for day in week] == [str(day) for day in days if day >= AS_OF - dt.timedelta(days=7)]


@pytest.mark.parametrize("query", [{"days": 0}, {"days": 3661}, {"days": "NaN"}, {"limit": 1}])
def test_one_product_takes_no_other_questions(
    query: dict[str, Any], shop: ImportBatch, viewer_client: APIClient
) -> None:
    assert viewer_client.get(f"{PATH}/CUP", query).status_code == 400


def test_the_market_s_price_is_the_median_of_fresh_ones(shop: ImportBatch, viewer_client: APIClient) -> None:
    today = dt.datetime.combine(AS_OF, dt.time(), dt.UTC)
    for name, price, age in (("A", 13.49, 1), ("A", 1, 3), ("B", 12.49, 2), ("C", 14.99, 6), ("D", 99, 8)):
        CompetitorPriceFactory(
            product="CUP", competitor_name=name, price=price, recorded_at=today - dt.timedelta(days=age)
        )
    assert viewer_client.get(f"{PATH}/CUP").json()["competitor_price"] == 13.49
    assert viewer_client.get(f"{PATH}/MUG").json()["competitor_price"] is None


# --- GET the list -----------------------------------------------------------------------------------------------


def test_the_list_holds_active_merchandise(shop: ImportBatch, viewer_client: APIClient) -> None:
    body = viewer_client.get(LIST).json()
    assert set(body) == {"products", "total"}
    assert [row["id"] for row in body["products"]] == MERCHANDISE
    assert body["total"] == 5
    assert all(set(row) == ROW_KEYS for row in body["products"])


def test_margins_are_percents_of_the_price(viewer_client: APIClient) -> None:
    ProductFactory(code="A", current_price=15, cost=10)
    ProductFactory(code="B", current_price=15)
    assert [row["current_margin"] for row in viewer_client.get(LIST).json()["products"]] == [33.3, None]


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ({"search": "café"}, ["CUP"]),
        ({"search": "PLATE 1"}, ["PLATE 1.5"]),
        ({"search": "u"}, ["CUP", "MUG"]),
        ({"search": "%"}, []),
        ({"search": "_"}, []),
        ({"search": ""}, MERCHANDISE),
        ({"category": "None"}, []),
        ({"category": ""}, MERCHANDISE),
        ({"limit": 2, "offset": 1}, ["CUP", "MUG"]),
        ({"offset": 1_000_000_000}, []),
        ({"ordering": "-id"}, MERCHANDISE[::-1]),
        ({"ordering": "current_price"}, ["SPOON", "CUP", "MUG", "BOWL", "PLATE 1.5"]),
        ({"ordering": "-current_price", "limit": 1}, ["PLATE 1.5"]),
    ],
)
def test_the_list_can_be_narrowed_and_ordered(
    query: dict[str, Any], codes: list[str], shop: ImportBatch, viewer_client: APIClient
) -> None:
    assert [row["id"] for row in viewer_client.get(LIST, query).json()["products"]] == codes


def test_the_month_s_best_sellers_can_come_first(shop: ImportBatch, viewer_client: APIClient) -> None:
    months = [
        row["monthly_sales"]
        for row in viewer_client.get(LIST, {"ordering": "-monthly_sales"}).json()["products"]
    ]
    assert months == sorted(months, reverse=True)
    assert months[0] > 0


@pytest.mark.parametrize(
    "query",
    [{"ordering": "colour"}, {"ordering": "-"}, {"search": "\x00"},
     {"category": "x" * 101}, {"page": 2}, {"search": "x" * 101}],
)  # fmt: skip
def test_other_questions_are_refused(query: dict[str, Any], viewer_client: APIClient) -> None:
    assert viewer_client.get(LIST, query).status_code == 400


# --- queries ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [1, 90])
def test_one_product_costs_eight_queries(
    days: int, shop: ImportBatch, counted: APIClient, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(8):
        assert counted.get(f"{PATH}/CUP", {"days": days}).status_code == 200


def test_a_sale_is_seen_in_the_history_at_once(shop: ImportBatch, analyst_client: APIClient) -> None:
    analyst_client.post("/transactions", sale(invoice_date=f"{LAST_DAY}T12:00:00Z", quantity=500))
    history = analyst_client.get(f"{PATH}/CUP").json()["sales_history"]
    assert history[-1]["date"] == str(LAST_DAY)
    assert history[-1]["quantity"] >= 500
