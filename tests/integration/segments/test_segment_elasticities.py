"""GET /elasticity/segments: how each segment, and each product it buys, answers to price."""

from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from pricing.elasticity.core.pooled import SegmentElasticities, refresh, segment_elasticities, segment_means
from pricing.elasticity.selectors.fitted_model import FittedModel
from pricing.elasticity.serializers import ElasticityRowSerializer
from pricing.sales.models import SalesHistory
from pricing.sales.selectors.daily import shop_days
from segments.api import dashboard as api
from segments.core.rfm import SEGMENTS
from segments.models import SegmentSales
from tests.integration.segments import shop
from tests.integration.segments.contract import ReadingEndpoint, keys_of
from tests.integration.segments.fitted import CODES, FIRST_DAY, fitted_shop, segment_units

ELASTICITIES = "/elasticity/segments"
SEGMENT_KEYS = {
    "segment",
    "customer_count",
    "product_count",
    "elasticity",
    "std_error",
    "ci_low",
    "ci_high",
    "sample_size",
    "flags",
}


class TestContract(ReadingEndpoint):
    path = ELASTICITIES
    view = api.SegmentElasticityViewSet
    rows_key = "results"
    is_paged = True


class TestProductsContract(ReadingEndpoint):
    path = ELASTICITIES
    always = {"segment": "Lost"}
    view = api.SegmentElasticityViewSet
    rows_key = "results"
    is_paged = True


def two_segments() -> None:
    shop.publish()
    shop.summary(
        "Champion", customer_count=5, product_count=2, elasticity=-1.23456, std_error=0.1, sample_size=40
    )
    shop.summary("Lost", customer_count=2, product_count=0)
    for code in ("A", "B", "POST"):
        shop.product(
            code, f"Product {code}", quantity=5, revenue="50", r_squared=0.123456,
            kind="service" if code == "POST" else "merchandise",
        )  # fmt: skip
        shop.segment_elasticity(
            code, "Champion", -1.0 if code == "A" else -2.0, units=30 if code == "A" else 10
        )
    shop.bought("A", "Champion", 1, lines=2, quantity=3, revenue="10.00")
    shop.bought("A", "Champion", 9, lines=1, quantity=1, revenue="4.50")
    shop.bought("A", "Lost", 9, lines=1, quantity=50, revenue="1")


def rows_of(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


@pytest.mark.django_db
def test_there_is_one_row_for_each_segment_in_their_order(viewer_client: APIClient) -> None:
    two_segments()
    rows = rows_of(viewer_client.get(ELASTICITIES))
    assert [row["segment"] for row in rows] == list(SEGMENTS)
    assert all(set(row) == SEGMENT_KEYS for row in rows)
    assert rows[0] == {
        "segment": "Champion",
        "customer_count": 5,
        "product_count": 2,
        "elasticity": -1.2346,
        "std_error": 0.1,
        "ci_low": -1.4306,
        "ci_high": -1.0386,
        "sample_size": 40,
        "flags": [],
    }
    assert (rows[5]["customer_count"], rows[5]["elasticity"], rows[5]["ci_low"]) == (2, 0.0, None)
    assert rows[5]["flags"] == ["NO_ELASTICITY"]


@pytest.mark.django_db
def test_an_empty_shop_has_six_rows_that_know_nothing(viewer_client: APIClient) -> None:
    rows = rows_of(viewer_client.get(ELASTICITIES))
    assert [(row["segment"], row["elasticity"], row["sample_size"]) for row in rows] == [
        (name, 0.0, 0) for name in SEGMENTS
    ]
    assert all(row["flags"] == ["NO_ELASTICITY"] for row in rows)


@pytest.mark.django_db
def test_the_meta_counts_products_and_names_the_days_and_countries(viewer_client: APIClient) -> None:
    two_segments()
    assert viewer_client.get(ELASTICITIES).json()["meta"] == {
        "start_date": "2011-01-01",
        "end_date": "2011-01-10",
        "total_products": 2,
        "returned_products": 2,
        "limit": 200,
        "offset": 0,
        "available_countries": ["France", "United Kingdom"],
    }
    later = viewer_client.get(ELASTICITIES, {"offset": 1, "limit": 2}).json()
    assert [row["segment"] for row in later["results"]] == ["LoyalCustomers", "PotentialLoyalists"]
    assert (later["meta"]["total_products"], later["meta"]["returned_products"]) == (2, 0)


@pytest.mark.django_db
def test_products_limit_the_mean_which_units_weigh(viewer_client: APIClient) -> None:
    two_segments()
    both = rows_of(viewer_client.get(ELASTICITIES, {"stock_codes": ["a", "B", "nothing"]}))
    assert (both[0]["product_count"], both[0]["elasticity"], both[0]["sample_size"]) == (1, -1.25, 42)
    # Independent errors of 0.4, weighted 3 to 1: 0.4 sqrt(0.75^2 + 0.25^2).
    assert both[0]["std_error"] == 0.3162
    assert (both[0]["customer_count"], both[1]["elasticity"], both[1]["product_count"]) == (5, 0.0, 0)
    one = rows_of(viewer_client.get(ELASTICITIES, {"stock_codes": "B"}))
    assert (one[0]["elasticity"], one[0]["std_error"]) == (-2.0, 0.4)


@pytest.mark.django_db
def test_a_segment_s_products_have_the_rows_that_elasticity_has(viewer_client: APIClient) -> None:
    two_segments()
    answer = viewer_client.get(ELASTICITIES, {"segment": "Champion"})
    first, second = rows_of(answer)
    assert first == {
        "stock_code": "A",
        "description": "Product A",
        "elasticity": -1.0,
        "sample_size": 21,
        "avg_price": 3.63,
        "total_quantity": 4,
        "r_squared": 0.1235,
        "std_error": 0.4,
        "ci_low": -1.784,
        "ci_high": -0.216,
        "quality": "C",
        "method": "pooled",
        "flags": ["PRIOR_DOMINATED"],
    }
    assert set(first) == keys_of(ElasticityRowSerializer)
    assert (second["stock_code"], second["avg_price"], second["total_quantity"]) == ("B", None, 0)
    assert (answer.json()["meta"]["total_products"], answer.json()["meta"]["returned_products"]) == (2, 2)


@pytest.mark.django_db
def test_products_are_paged_in_the_order_of_their_codes(viewer_client: APIClient) -> None:
    shop.publish()
    shop.many_products(7)
    pages = [
        viewer_client.get(ELASTICITIES, {"segment": "Lost", "limit": 3, "offset": offset}).json()
        for offset in (0, 3, 6, 9)
    ]
    codes = [[row["stock_code"] for row in page["results"]] for page in pages]
    assert codes == [["P0000", "P0001", "P0002"], ["P0003", "P0004", "P0005"], ["P0006"], []]
    assert [page["meta"]["returned_products"] for page in pages] == [3, 3, 1, 0]
    assert {page["meta"]["total_products"] for page in pages} == {7}


@pytest.mark.django_db
def test_services_and_products_off_sale_are_no_rows(viewer_client: APIClient) -> None:
    two_segments()
    shop.product("GONE", "Gone", is_active=False)
    shop.segment_elasticity("GONE", "Champion", -9.0)
    rows = rows_of(viewer_client.get(ELASTICITIES, {"segment": "Champion"}))
    assert [row["stock_code"] for row in rows] == ["A", "B"]


@pytest.mark.django_db
def test_stock_codes_choose_among_a_segment_s_products(viewer_client: APIClient) -> None:
    two_segments()
    chosen = viewer_client.get(ELASTICITIES, {"segment": "Champion", "stock_codes": [" b ", "post", "none"]})
    assert [row["stock_code"] for row in rows_of(chosen)] == ["B"]
    assert chosen.json()["meta"]["total_products"] == 1


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["x" * 51, "a\u200bb"])
def test_codes_that_can_be_no_product_s_are_refused(code: str, viewer_client: APIClient) -> None:
    assert viewer_client.get(ELASTICITIES, {"stock_codes": code}).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("segment", ["champion", "Unknown", "Gold"])
def test_an_unknown_segment_is_refused_with_the_names_there_are(
    segment: str, viewer_client: APIClient
) -> None:
    answer = viewer_client.get(ELASTICITIES, {"segment": segment})
    assert answer.status_code == 400
    assert all(name in answer.json()["detail"] for name in SEGMENTS)


# --- in a window of dates ---------------------------------------------------------------------------


def rounded(values: Any) -> list[float]:
    return [round(float(value), 4) for value in values]


@pytest.mark.django_db
@pytest.mark.parametrize(("segment", "other"), [("Champion", "Lost"), ("Lost", "Champion")])
def test_a_window_of_all_days_says_what_a_full_run_publishes(
    segment: str, other: str, viewer_client: APIClient
) -> None:
    model = fitted_shop()
    pairs = all_pairs(model)
    mine = pairs.segment == SEGMENTS.index(segment)
    answer = viewer_client.get(ELASTICITIES, {"segment": segment, "start_date": str(FIRST_DAY)})
    rows = rows_of(answer)
    assert [row["stock_code"] for row in rows] == CODES
    assert [row["elasticity"] for row in rows] == pytest.approx(rounded(pairs.elasticity[mine]), abs=1.01e-4)
    assert [row["std_error"] for row in rows] == pytest.approx(rounded(pairs.std_error[mine]), abs=1.01e-4)
    assert [row["sample_size"] for row in rows] == pairs.sold_days[mine].tolist()
    meta = answer.json()["meta"]
    assert (meta["total_products"], meta["returned_products"], meta["start_date"]) == (12, 12, str(FIRST_DAY))


@pytest.mark.django_db
def test_the_segments_of_a_window_of_all_days_are_those_of_a_full_run(viewer_client: APIClient) -> None:
    model = fitted_shop()
    shop.summary("Lost", customer_count=4)
    means = segment_means(all_pairs(model), len(SEGMENTS))
    rows = rows_of(viewer_client.get(ELASTICITIES, {"start_date": str(FIRST_DAY)}))
    assert [row["segment"] for row in rows] == list(SEGMENTS)
    for index in (0, 5):
        assert rows[index]["elasticity"] == pytest.approx(float(means.elasticity[index]), abs=1.01e-4)
        assert rows[index]["std_error"] == pytest.approx(float(means.std_error[index]), abs=1.01e-4)
        assert rows[index]["product_count"] == 12
    assert [row["customer_count"] for row in rows] == [0, 0, 0, 0, 0, 4]
    assert (rows[1]["elasticity"], rows[1]["product_count"], rows[1]["sample_size"]) == (0.0, 0, 0)


@pytest.mark.django_db
def test_sales_outside_the_window_change_nothing_in_it(viewer_client: APIClient) -> None:
    fitted_shop()
    window = {"start_date": "2011-02-01", "end_date": "2011-04-30"}
    asked: list[dict[str, Any]] = [{**window, "segment": "Champion"}, window]
    before = [rows_of(viewer_client.get(ELASTICITIES, parameters)) for parameters in asked]
    for model in (SalesHistory, SegmentSales):
        model.objects.exclude(date__range=tuple(window.values())).delete()
    shop.publish(sales_version=2)
    after = [rows_of(viewer_client.get(ELASTICITIES, parameters)) for parameters in asked]
    assert before[0] == after[0]
    assert before[1] == after[1]
    assert len({row["elasticity"] for row in after[0]}) > 1


@pytest.mark.django_db
def test_a_window_sums_what_the_segment_bought_in_it(viewer_client: APIClient) -> None:
    fitted_shop()
    bought = SegmentSales.objects.filter(
        product="F02", segment="Lost", date__range=("2011-02-01", "2011-02-03")
    )
    quantity, revenue = (sum(bought.values_list(name, flat=True)) for name in ("quantity", "revenue"))
    parameters = {"segment": "Lost", "stock_codes": "F02", "startDate": "2011-02-01", "endDate": "2011-02-03"}
    (row,) = rows_of(viewer_client.get(ELASTICITIES, parameters))
    assert (row["stock_code"], row["total_quantity"]) == ("F02", quantity)
    assert row["avg_price"] == pytest.approx(float(revenue) / quantity, abs=0.0051)
    assert (row["quality"], row["r_squared"]) == ("D", 0.0)


@pytest.mark.django_db
@pytest.mark.parametrize("segment", [{}, {"segment": "Lost"}])
def test_a_window_without_sales_knows_nothing(segment: dict[str, str], viewer_client: APIClient) -> None:
    fitted_shop()
    answer = viewer_client.get(ELASTICITIES, {**segment, "start_date": "2012-01-01"})
    assert [row["elasticity"] for row in rows_of(answer)] == ([] if segment else [0.0] * 6)
    assert answer.json()["meta"]["total_products"] == 0


@pytest.mark.django_db
def test_products_of_a_window_are_paged(viewer_client: APIClient) -> None:
    fitted_shop()
    parameters = {"segment": "Lost", "end_date": "2011-03-01", "limit": 5}
    pages = [
        viewer_client.get(ELASTICITIES, {**parameters, "offset": offset}).json() for offset in (0, 5, 10, 15)
    ]
    assert [[row["stock_code"] for row in page["results"]] for page in pages] == [
        CODES[:5],
        CODES[5:10],
        CODES[10:],
        [],
    ]
    assert {page["meta"]["total_products"] for page in pages} == {12}


def all_pairs(model: FittedModel) -> SegmentElasticities:
    """What a full run finds out about every product and segment."""
    daily, category = shop_days(CODES).daily, np.full(len(CODES), -1)
    return segment_elasticities(
        segment_units(), daily, category, model.hyper, refresh(daily, category, model.hyper)
    )


# --- how often the database is asked ------------------------------------------------------------------


@pytest.mark.parametrize("count", [3, 40])
@pytest.mark.parametrize(
    ("parameters", "queries"),
    [({}, 5), ({"stock_codes": ["P0000", "P0001"]}, 5), ({"segment": "Lost"}, 5)],
)
def test_cached_tables_are_asked_a_fixed_number_of_times(
    parameters: dict[str, Any], queries: int, count: int, counted: APIClient, django_assert_num_queries
) -> None:
    shop.publish()
    shop.summaries(customer_count=1)
    shop.many_products(count)
    with django_assert_num_queries(queries):
        assert counted.get(ELASTICITIES, parameters).status_code == 200


@pytest.mark.parametrize("limit", [2, 12])
@pytest.mark.parametrize(("parameters", "queries"), [({}, 11), ({"segment": "Lost"}, 13)])
def test_a_window_asks_the_database_a_fixed_number_of_times(
    parameters: dict[str, str], queries: int, limit: int, counted: APIClient, django_assert_num_queries
) -> None:
    fitted_shop()
    with django_assert_num_queries(queries):
        answer = counted.get(ELASTICITIES, {**parameters, "start_date": "2011-02-01", "limit": limit})
    assert len(rows_of(answer)) == min(limit, 12 if parameters else 6)
