"""GET /elasticity: from the cached tables, or on the spot where the request limits the sales."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from pricing.elasticity.models import ElasticityEstimate
from pricing.sales.models import SalesHistory
from tests.api_cases import ListCases
from tests.factories import ElasticityEstimateFactory, ProductFactory
from tests.integration.pricing.factories import sale
from tests.integration.segments.shop import publish
from tests.shops import (
    AS_OF,
    FIRST_DAY,
    LAST_DAY,
    MERCHANDISE,
    Commits,
    bring_in,
    csv_bytes,
    line,
)

pytestmark = pytest.mark.django_db

PATH = "/elasticity"
ROW_KEYS = ["stock_code", "description", "elasticity", "sample_size", "avg_price", "total_quantity", "r_squared",
            "std_error", "ci_low", "ci_high", "quality", "method", "flags"]  # fmt: skip
META_KEYS = [
    "start_date",
    "end_date",
    "total_products",
    "returned_products",
    "limit",
    "offset",
    "available_countries",
]
ALL_DAYS = {"start_date": str(FIRST_DAY), "end_date": str(LAST_DAY)}


def codes(client: APIClient, query: Any = None) -> list[str]:
    answer = client.get(PATH, query)
    assert answer.status_code == 200, answer.content
    return [row["stock_code"] for row in answer.json()["results"]]


def row(client: APIClient, code: str, **query: Any) -> dict[str, Any]:
    (found,) = client.get(PATH, query | {"stock_codes": code}).json()["results"]
    return found


def test_after_an_import_every_product_has_a_row(shop: ImportBatch, viewer_client: APIClient) -> None:
    body = viewer_client.get(PATH).json()
    assert list(body["meta"]) == META_KEYS
    assert body["meta"] | {"limit": 200} == {
        "start_date": str(FIRST_DAY), "end_date": str(LAST_DAY), "total_products": 5, "returned_products": 5,
        "limit": 200, "offset": 0, "available_countries": ["France", "United Kingdom"],
    }  # fmt: skip
    assert [each["stock_code"] for each in body["results"]] == MERCHANDISE
    for each in body["results"]:
        assert list(each) == ROW_KEYS
        assert (each["method"], each["quality"] in "ABCD") == ("pooled", True)
        assert each["ci_low"] < each["elasticity"] < each["ci_high"]
        assert each["elasticity"] == round(each["elasticity"], 4)
        assert each["sample_size"] > 20
    assert "NO_PRICE_VARIATION" in row(viewer_client, "SPOON")["flags"]


def test_an_empty_shop_has_no_rows(viewer_client: APIClient) -> None:
    body = viewer_client.get(PATH).json()
    assert (body["results"], body["last_updated"]) == ([], None)
    assert (body["meta"]["start_date"], body["meta"]["available_countries"]) == (None, [])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"stock_codes": ["mug", "CUP", "CUP", "NOBODY", "POST"]}, ["CUP", "MUG"]),
        ({"stock_codes": ["", "CUP"]}, ["CUP"]),
        ({"stock_codes": "", "country": "", "method": "", "limit": "", "start_date": ""}, MERCHANDISE),
        ({"limit": 2, "offset": 4}, MERCHANDISE[4:]),
        ({"format": "json"}, MERCHANDISE),
    ],
)
@pytest.mark.parametrize("days", [{}, ALL_DAYS])
def test_rows_can_be_chosen(
    query: dict[str, Any], expected: list[str], days: Any, shop: ImportBatch, viewer_client: APIClient
) -> None:
    asked = {name: value for name, value in (days | query).items() if value != "" or name not in days}
    assert codes(viewer_client, asked) == expected


def test_a_page_says_how_many_there_are(shop: ImportBatch, viewer_client: APIClient) -> None:
    for query in ({}, ALL_DAYS):
        meta = viewer_client.get(PATH, query | {"limit": 2, "offset": 4}).json()["meta"]
        assert (meta["total_products"], meta["returned_products"]) == (5, 1)


def test_both_spellings_of_dates_mean_the_same_and_both_ends_count(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    snake = viewer_client.get(PATH, {"start_date": "2025-02-01", "end_date": "2025-03-31"}).json()
    camel = viewer_client.get(PATH, {"startDate": "2025-02-01", "endDate": "2025-03-31"}).json()
    assert snake == camel
    assert (snake["meta"]["start_date"], snake["meta"]["end_date"]) == ("2025-02-01", "2025-03-31")
    day = row(viewer_client, "CUP", **ALL_DAYS)["total_quantity"]
    without_last = row(viewer_client, "CUP", start_date=str(FIRST_DAY), end_date="2025-04-29")[
        "total_quantity"
    ]
    last = viewer_client.get(
        PATH, {"start_date": str(LAST_DAY), "end_date": str(LAST_DAY), "stock_codes": "CUP"}
    )
    assert day - without_last == sum(each["total_quantity"] for each in last.json()["results"])


def test_the_window_of_everything_says_what_the_cache_says(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    cached = {each["stock_code"]: each for each in viewer_client.get(PATH).json()["results"]}
    live = viewer_client.get(PATH, ALL_DAYS).json()["results"]
    for each in live:
        known = cached[each["stock_code"]]
        for name in (
            "elasticity",
            "std_error",
            "sample_size",
            "total_quantity",
            "quality",
            "flags",
            "r_squared",
        ):
            assert each[name] == known[name], name


def test_a_window_leaves_its_own_sales(shop: ImportBatch, viewer_client: APIClient) -> None:
    half = row(viewer_client, "CUP", start_date="2025-03-01")
    whole = row(viewer_client, "CUP")
    assert 0 < half["sample_size"] < whole["sample_size"]
    assert 0 < half["total_quantity"] < whole["total_quantity"]
    assert codes(viewer_client, {"start_date": "2025-06-01"}) == []
    assert codes(viewer_client, {"end_date": "0001-01-01"}) == []
    assert codes(viewer_client, {"start_date": "0001-01-01", "end_date": "9999-12-31"}) == MERCHANDISE


def test_countries_share_the_units(shop: ImportBatch, viewer_client: APIClient) -> None:
    parts = [
        row(viewer_client, "CUP", country=name)["total_quantity"] for name in ("France", "United Kingdom")
    ]
    assert min(parts) > 0
    assert sum(parts) == row(viewer_client, "CUP", **ALL_DAYS)["total_quantity"]
    assert codes(viewer_client, {"country": "Atlantis"}) == []
    both = row(viewer_client, "CUP", country="France", start_date="2025-03-01")
    assert 0 < both["total_quantity"] < parts[0]


def test_a_return_counts_against_the_units_of_its_day_and_country(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    # One mug came back to the United Kingdom on 2 March.
    def units(**query: Any) -> int:
        return int(row(viewer_client, "MUG", **query)["total_quantity"])

    sold = SalesHistory.objects.filter(product="MUG").aggregate(sold=Sum("quantity"))["sold"]
    assert units() == units(**ALL_DAYS) == sold - 1
    assert units(country="France") + units(country="United Kingdom") == sold - 1
    parts = units(end_date="2025-03-01") + units(start_date="2025-03-02")
    assert parts == units(start_date="2025-01-01", country="France") + units(country="United Kingdom")
    before = units(end_date="2025-03-01", country="United Kingdom")
    assert before + units(start_date="2025-03-02", country="United Kingdom") == units(
        country="United Kingdom"
    )


@pytest.mark.parametrize("days", [{}, ALL_DAYS, {"country": "France"}])
@pytest.mark.parametrize(("method", "named"), [("log_log", "log_log"), ("point", "point"), ("arc", "arc_elasticity"),
                                               ("arc_elasticity", "arc_elasticity"), ("pooled", "pooled")])  # fmt: skip
def test_every_method_answers_in_its_own_name(
    method: str, named: str, days: Any, shop: ImportBatch, viewer_client: APIClient
) -> None:
    body = viewer_client.get(PATH, days | {"method": method}).json()
    assert body["results"] or days.get("country")
    assert {each["method"] for each in body["results"]} <= {named}
    assert "SPOON" not in [each["stock_code"] for each in body["results"]] or method == "pooled"


def test_totals_count_the_estimates_or_in_a_window_the_products_sold(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    for query, total in (({}, 4), (ALL_DAYS, 5)):
        body = viewer_client.get(PATH, query | {"method": "log_log"}).json()
        assert (body["meta"]["total_products"], body["meta"]["returned_products"]) == (total, 4)


def test_the_rule_of_thumb_is_for_shops_without_sales_only(
    shop: ImportBatch, viewer_client: APIClient
) -> None:
    for query in ({"method": "default"}, {"method": "default"} | ALL_DAYS):
        assert codes(viewer_client, query) == []


def test_a_shop_without_sales_gets_the_rule_of_thumb_when_it_asks(viewer_client: APIClient) -> None:
    ProductFactory(code="CUP")
    assert row(viewer_client, "CUP", method="default")["elasticity"] == -1.2
    assert "FEW_DAYS" in row(viewer_client, "CUP", method="default")["flags"]
    assert codes(viewer_client) == []


def test_services_are_never_listed(shop: ImportBatch, viewer_client: APIClient) -> None:
    for query in ({}, ALL_DAYS, {"country": "United Kingdom"}, {"stock_codes": "POST"}):
        assert "POST" not in codes(viewer_client, query)
    assert not ElasticityEstimate.objects.filter(product_id="POST").exists()


def test_a_single_sale_is_no_error(commits: Commits, viewer_client: APIClient) -> None:
    bring_in(commits, csv_bytes([line("1", "CUP", "Cup", 1, FIRST_DAY, "4.00")]))
    for query in ({}, ALL_DAYS, {"country": "United Kingdom"}, {"method": "log_log"}, {"method": "arc"}):
        assert set(codes(viewer_client, query)) <= {"CUP"}


def test_sales_that_are_not_published_yet_do_not_disturb_a_window(
    shop: ImportBatch, analyst_client: APIClient
) -> None:
    analyst_client.post("/transactions", sale(stock_code="NEW", invoice_date=f"{AS_OF}T12:00:00Z"))
    found = codes(analyst_client, {"start_date": str(LAST_DAY)})
    assert set(found) <= {*MERCHANDISE, "NEW"}


# --- queries -------------------------------------------------------------------------------------------------


class TestCached(ListCases):
    path = PATH
    factory = ElasticityEstimateFactory
    id_key = "stock_code"
    pk_name = "product_id"
    rows_key = "results"
    list_queries = 4

    def make(self) -> ElasticityEstimate:
        """An estimate as a recompute publishes it: with a version of its own, or answers would be remembered."""
        newer = ElasticityEstimate.objects.count() + 1
        publish(sales_version=newer, published_version=newer)
        return ElasticityEstimateFactory()

    def total(self, body: dict[str, Any]) -> int:
        return int(body["meta"]["total_products"])


def test_a_page_on_the_spot_costs_the_same_for_one_product_and_for_all(
    shop: ImportBatch, counted: APIClient
) -> None:
    costs = []
    for limit in (1, 5):
        with CaptureQueriesContext(connection) as queries:
            assert counted.get(PATH, ALL_DAYS | {"limit": limit}).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12


def test_an_answer_on_the_spot_is_remembered(
    shop: ImportBatch, counted: APIClient, django_assert_num_queries: Any
) -> None:
    first = counted.get(PATH, ALL_DAYS).json()
    with django_assert_num_queries(1):
        assert counted.get(PATH, ALL_DAYS).json() == first
