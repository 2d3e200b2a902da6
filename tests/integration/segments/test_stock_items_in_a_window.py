"""GET /stock-items with dates: what was sold between them, summed and estimated on the spot."""

import datetime as dt
from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from pricing.elasticity.core.pooled import refresh
from pricing.sales.selectors.daily import Window, shop_days
from tests.integration.segments import shop
from tests.integration.segments.fitted import CODES, fitted_shop

ITEMS = "/stock-items"
WINDOW = {"start_date": "2011-01-02", "end_date": "2011-01-04"}


def codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["items"]]


@pytest.mark.django_db
def test_a_window_sums_what_was_sold_in_it_less_returns(viewer_client: APIClient) -> None:
    shop.window_of_sales()
    answer = viewer_client.get(ITEMS, WINDOW).json()
    assert answer["total"] == 2
    assert [(item["id"], item["totalQuantity"], item["totalRevenue"]) for item in answer["items"]] == [
        ("B", 8, 80.0),
        ("A", 7, 70.01),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("dates", "found"),
    [
        ({"start_date": "2011-01-05"}, ["C"]),
        ({"end_date": "2011-01-01"}, ["A"]),
        ({"start_date": "2011-01-04", "end_date": "2011-01-05"}, ["C", "A"]),
        ({"start_date": "2012-01-01"}, []),
        ({"start_date": "0001-01-01", "end_date": "9999-12-31"}, ["A", "C", "B"]),
    ],
)
def test_only_what_was_sold_in_the_window_is_listed(
    dates: dict[str, str], found: list[str], viewer_client: APIClient
) -> None:
    shop.window_of_sales()
    assert codes(viewer_client.get(ITEMS, dates)) == found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sort_by", "found"),
    [
        ("quantity_asc", ["A", "B"]),
        ("quantity_desc", ["B", "A"]),
        ("revenue_asc", ["A", "B"]),
        ("revenue_desc", ["B", "A"]),
    ],
)
def test_a_window_is_sorted_by_its_own_sums(sort_by: str, found: list[str], viewer_client: APIClient) -> None:
    shop.window_of_sales()
    assert codes(viewer_client.get(ITEMS, {**WINDOW, "sort_by": sort_by})) == found
    assert (
        codes(viewer_client.get(ITEMS, {**WINDOW, "sort_by": sort_by, "limit": 1, "offset": 1})) == found[1:]
    )


@pytest.mark.django_db
def test_equal_sums_of_a_window_are_sorted_by_code(viewer_client: APIClient) -> None:
    shop.publish()
    for code in ("B", "A"):
        shop.product(code, code)
    shop.sold("A", 2, 1, "0.10")
    shop.sold("A", 3, 1, "0.20")
    shop.sold("B", 2, 2, "0.30")
    for sort_by in ("quantity_asc", "quantity_desc", "revenue_asc", "revenue_desc"):
        assert codes(viewer_client.get(ITEMS, {**WINDOW, "sort_by": sort_by})) == ["A", "B"]


@pytest.mark.django_db
def test_the_segment_in_a_window_is_that_with_most_lines_in_it(viewer_client: APIClient) -> None:
    shop.window_of_sales()
    shop.bought("A", "Lost", 1, lines=90, quantity=90, revenue="900")
    shop.bought("A", "Lost", 2, lines=2, quantity=2, revenue="20")
    shop.bought("A", "AtRisk", 2, lines=1, quantity=9, revenue="90")
    shop.bought("A", "AtRisk", 4, lines=1, quantity=1, revenue="10")
    items = {item["id"]: item for item in viewer_client.get(ITEMS, WINDOW).json()["items"]}
    assert items["A"]["segment"] == "AtRisk"
    assert items["B"]["segment"] == "Unknown"
    assert codes(viewer_client.get(ITEMS, {**WINDOW, "segment_filter": "AtRisk"})) == ["A"]
    assert codes(viewer_client.get(ITEMS, {**WINDOW, "segment_filter": "Lost"})) == []
    unknown = viewer_client.get(ITEMS, {**WINDOW, "segment_filter": "Unknown"})
    assert (codes(unknown), unknown.json()["total"]) == (["B"], 1)


@pytest.mark.django_db
def test_purchases_in_a_window_are_its_invoices_without_returns(viewer_client: APIClient) -> None:
    shop.window_of_sales()
    shop.invoice("A", 1, "536001")
    shop.invoice("A", 2, "536002")
    shop.invoice("A", 2, "536002")
    shop.invoice("A", 4, "536003")
    shop.invoice("A", 4, "C536004", quantity=-1)
    items = {item["id"]: item for item in viewer_client.get(ITEMS, WINDOW).json()["items"]}
    assert (items["A"]["purchaseFrequency"], items["B"]["purchaseFrequency"]) == (2, 0)


@pytest.mark.django_db
def test_new_sales_make_an_answer_of_a_window_a_new_one_but_not_that_from_cached_tables(
    viewer_client: APIClient,
) -> None:
    shop.window_of_sales()
    tags = [viewer_client.get(ITEMS, dates)["ETag"] for dates in ({}, WINDOW)]
    shop.publish(sales_version=2)
    statuses = [
        viewer_client.get(ITEMS, dates, headers={"If-None-Match": tag}).status_code
        for dates, tag in zip(({}, WINDOW), tags, strict=True)
    ]
    assert statuses == [304, 200]


@pytest.mark.django_db
def test_elasticities_of_a_window_rest_on_its_sales_alone(viewer_client: APIClient) -> None:
    model = fitted_shop()
    window = Window(dt.date(2011, 2, 1), dt.date(2011, 4, 30))
    expected = refresh(shop_days(CODES).daily, np.full(len(CODES), -1), model.hyper, window.days)
    answer = viewer_client.get(ITEMS, {"start_date": "2011-02-01", "end_date": "2011-04-30", "limit": 20})
    found = {item["id"]: item["elasticity"] for item in answer.json()["items"]}
    assert found == {code: round(float(expected.elasticity[index]), 4) for index, code in enumerate(CODES)}
    whole = viewer_client.get(ITEMS, {"start_date": "2011-01-01", "limit": 20}).json()["items"]
    assert found != {item["id"]: item["elasticity"] for item in whole}


@pytest.mark.django_db
def test_a_potential_follows_from_the_elasticity_of_the_window(viewer_client: APIClient) -> None:
    fitted_shop()
    items = viewer_client.get(ITEMS, {"start_date": "2011-02-01", "limit": 20}).json()["items"]
    assert all((item["revenuePotential"], item["flags"]) == (0.0, ["NO_PRICE"]) for item in items)
    shop.Product.objects.update(current_price="9.99")
    shop.publish(sales_version=2, published_version=2)
    items = viewer_client.get(ITEMS, {"start_date": "2011-02-01", "limit": 20}).json()["items"]
    assert all(item["elasticity"] < -1 and item["revenuePotential"] > 0 for item in items)


@pytest.mark.parametrize("limit", [1, 10])
@pytest.mark.parametrize(("segment", "queries"), [({}, 13), ({"segment_filter": "Champion"}, 14)])
def test_it_asks_the_database_a_fixed_number_of_times(
    segment: dict[str, str], queries: int, limit: int, counted: APIClient, django_assert_num_queries
) -> None:
    fitted_shop()
    with django_assert_num_queries(queries):
        answer = counted.get(ITEMS, {"start_date": "2011-02-01", "limit": limit, **segment})
    assert len(codes(answer)) == limit
