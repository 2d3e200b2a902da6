"""GET /dashboard/segments: how many customers and how much revenue each segment has."""

import pytest
from rest_framework.test import APIClient

from segments.api import dashboard as api
from segments.core.rfm import SEGMENTS
from tests.integration.segments import shop
from tests.integration.segments.contract import ReadingEndpoint, keys_of

TREEMAP = "/dashboard/segments"


class TestContract(ReadingEndpoint):
    path = TREEMAP
    view = api.DashboardViewSet
    action = "segments"


def two_segments() -> None:
    shop.publish()
    shop.summary("AtRisk", customer_count=7, revenue="1234.565", score=2.345678)
    shop.summary("Champion", customer_count=5, revenue="99.994", score=4.8)
    shop.daily_revenue("AtRisk", 1, "1000.565")
    shop.daily_revenue("AtRisk", 2, "234")
    shop.daily_revenue("Champion", 2, "99.994")


@pytest.mark.django_db
def test_every_segment_has_a_row_in_the_segments_order(viewer_client: APIClient) -> None:
    two_segments()
    items = viewer_client.get(TREEMAP).json()["items"]
    assert [item["segment"] for item in items] == list(SEGMENTS)
    assert all(set(item) == keys_of(api.TreemapItemSerializer) for item in items)
    assert items[5] == {"segment": "Lost", "value": 0.0, "score": 0.0, "customerCount": 0}


@pytest.mark.django_db
def test_the_total_is_the_number_of_customers(viewer_client: APIClient) -> None:
    two_segments()
    answer = viewer_client.get(TREEMAP).json()
    assert answer["total"] == 12
    assert [item["customerCount"] for item in answer["items"]] == [5, 0, 0, 7, 0, 0]


@pytest.mark.django_db
def test_money_is_a_number_to_the_cent_with_halves_up(viewer_client: APIClient) -> None:
    two_segments()
    answer = viewer_client.get(TREEMAP).json()
    assert [item["value"] for item in answer["items"]] == [99.99, 0.0, 0.0, 1234.57, 0.0, 0.0]
    assert answer["items"][3]["score"] == 2.35


@pytest.mark.django_db
def test_dates_limit_the_revenue_but_not_the_customers(viewer_client: APIClient) -> None:
    two_segments()
    answer = viewer_client.get(TREEMAP, {"start_date": "2011-01-02", "end_date": "2011-01-02"}).json()
    assert answer["total"] == 12
    assert [item["value"] for item in answer["items"]] == [99.99, 0.0, 0.0, 234.0, 0.0, 0.0]


@pytest.mark.django_db
def test_an_empty_shop_has_six_empty_segments(viewer_client: APIClient) -> None:
    answer = viewer_client.get(TREEMAP).json()
    assert answer["total"] == 0
    assert [(item["value"], item["customerCount"]) for item in answer["items"]] == [(0.0, 0)] * 6


@pytest.mark.django_db
def test_sales_that_are_not_published_do_not_make_it_a_new_answer(viewer_client: APIClient) -> None:
    two_segments()
    dates = {"start_date": "2011-01-01"}
    tag = viewer_client.get(TREEMAP, dates)["ETag"]
    shop.publish(sales_version=2)
    assert viewer_client.get(TREEMAP, dates, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize(("dates", "queries"), [({}, 3), ({"end_date": "2011-01-05"}, 4)])
def test_it_asks_the_database_a_fixed_number_of_times(
    dates: dict[str, str], queries: int, counted: APIClient, django_assert_num_queries
) -> None:
    two_segments()
    with django_assert_num_queries(queries):
        assert counted.get(TREEMAP, dates).status_code == 200
