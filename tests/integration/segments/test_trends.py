"""GET /dashboard/trends: each segment's revenue, day by day."""

import datetime as dt

import pytest
from rest_framework.test import APIClient

from segments.api import dashboard as api
from segments.core.rfm import SEGMENTS
from segments.models import SegmentDailyRevenue
from tests.integration.segments import shop
from tests.integration.segments.contract import ReadingEndpoint, keys_of

TRENDS = "/dashboard/trends"


class TestContract(ReadingEndpoint):
    path = TRENDS
    view = api.DashboardViewSet
    action = "trends"


def ten_days() -> None:
    shop.publish()
    shop.daily_revenue("Champion", 1, "10.005")
    shop.daily_revenue("Lost", 1, "-3")
    shop.daily_revenue("Champion", 4, "7.5")
    shop.daily_revenue("AtRisk", 10, "1")


@pytest.mark.django_db
def test_every_day_of_the_data_has_a_row_those_without_sales_too(viewer_client: APIClient) -> None:
    ten_days()
    answer = viewer_client.get(TRENDS).json()
    assert answer["total"] == len(answer["items"]) == 10
    assert [item["date"] for item in answer["items"]] == [f"{number:02}/01/2011" for number in range(1, 11)]
    assert [item["Champion"] for item in answer["items"]] == [10.01, 0, 0, 7.5, 0, 0, 0, 0, 0, 0]
    assert answer["items"][0]["Lost"] == -3.0


@pytest.mark.django_db
def test_a_row_has_the_six_segments_in_their_order_and_the_date(viewer_client: APIClient) -> None:
    ten_days()
    row = viewer_client.get(TRENDS).json()["items"][1]
    assert list(row) == [*SEGMENTS, "date"]
    assert set(row) == keys_of(api.TrendSerializer)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("dates", "first", "last"),
    [
        ({"start_date": "2011-01-04"}, "04/01/2011", "10/01/2011"),
        ({"end_date": "2011-01-04"}, "01/01/2011", "04/01/2011"),
        ({"start_date": "2010-12-30", "end_date": "2011-01-04"}, "30/12/2010", "04/01/2011"),
        ({"start_date": "2011-01-04", "end_date": "2011-01-04"}, "04/01/2011", "04/01/2011"),
    ],
)
def test_dates_choose_the_days_and_an_end_that_is_missing_is_the_data_s(
    dates: dict[str, str], first: str, last: str, viewer_client: APIClient
) -> None:
    ten_days()
    items = viewer_client.get(TRENDS, dates).json()["items"]
    assert (items[0]["date"], items[-1]["date"]) == (first, last)
    assert [item["Champion"] for item in items if item["date"] == "04/01/2011"] == [7.5]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "dates", [{"start_date": "2012-01-01"}, {"end_date": "2010-01-01"}, {"end_date": "0001-01-01"}]
)
def test_a_range_beyond_the_data_is_empty(dates: dict[str, str], viewer_client: APIClient) -> None:
    ten_days()
    answer = viewer_client.get(TRENDS, dates)
    assert answer.status_code == 200
    assert (answer.json()["total"], answer.json()["items"]) == (0, [])


@pytest.mark.django_db
def test_an_empty_shop_has_no_days_but_those_asked_for(viewer_client: APIClient) -> None:
    assert viewer_client.get(TRENDS).json()["total"] == 0
    assert viewer_client.get(TRENDS, {"start_date": "2011-01-01"}).json()["total"] == 0
    asked = viewer_client.get(TRENDS, {"start_date": "2011-01-01", "end_date": "2011-01-03"}).json()
    assert asked["total"] == 3
    assert asked["items"][0] == dict.fromkeys(SEGMENTS, 0.0) | {"date": "01/01/2011"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("dates", "field"),
    [
        ({"start_date": "2001-01-01", "end_date": "2011-01-09"}, "end_date"),
        ({"start_date": "0001-01-01"}, "start_date"),
        ({"start_date": "2011-01-01", "end_date": "9999-12-31"}, "end_date"),
    ],
)
def test_more_than_3660_days_are_refused(dates: dict[str, str], field: str, viewer_client: APIClient) -> None:
    ten_days()
    answer = viewer_client.get(TRENDS, dates)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert "3,660" in answer.json()["detail"]


@pytest.mark.django_db
def test_3660_days_are_served(viewer_client: APIClient) -> None:
    ten_days()
    first = dt.date(2011, 1, 10) - dt.timedelta(days=3_659)
    assert viewer_client.get(TRENDS, {"start_date": first.isoformat()}).json()["total"] == 3_660


@pytest.mark.django_db
def test_a_longer_history_shows_its_last_3660_days_where_no_beginning_is_asked_for(
    viewer_client: APIClient,
) -> None:
    ten_days()
    shop.publish(first_day=dt.date(1990, 1, 1))
    items = viewer_client.get(TRENDS).json()["items"]
    assert (len(items), items[-1]["date"]) == (3_660, "10/01/2011")


@pytest.mark.parametrize("days", [1, 300])
def test_it_asks_the_database_a_fixed_number_of_times(
    days: int, counted: APIClient, django_assert_num_queries
) -> None:
    first = dt.date(2011, 1, 1)
    shop.publish(as_of=first + dt.timedelta(days=days))
    SegmentDailyRevenue.objects.bulk_create(
        SegmentDailyRevenue(segment=name, date=first + dt.timedelta(days=number), revenue=1)
        for name in SEGMENTS
        for number in range(days)
    )
    with django_assert_num_queries(3):
        assert counted.get(TRENDS).json()["total"] == days
