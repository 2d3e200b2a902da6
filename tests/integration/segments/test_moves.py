"""GET /segments/moves: how many customers moved between segments."""

import datetime as dt
from typing import Any

import pytest
from rest_framework.test import APIClient

from segments.api import customers as api
from segments.models import SegmentMove, SegmentRun
from tests.integration.segments import shop
from tests.integration.segments.contract import ReadingEndpoint

MOVES = "/segments/moves"


class TestContract(ReadingEndpoint):
    path = MOVES
    view = api.SegmentMoveViewSet


def run(number: int, *moves: tuple[str, str, str]) -> None:
    made = SegmentRun.objects.create(as_of=shop.day(number), published_at=shop.PUBLISHED_AT)
    SegmentMove.objects.bulk_create(
        SegmentMove(run=made, customer_id=code, segment_before=before, segment=after)
        for code, before, after in moves
    )


def three_runs() -> None:
    """Anna goes down and comes back, Ben goes down, Cleo stays, Dora comes, Emil vanishes."""
    shop.publish()
    for code, segment in (("anna", "Champion"), ("ben", "Lost"), ("cleo", "AtRisk"), ("dora", "Champion")):
        shop.customer(code, segment, 1, "10")
    run(
        1,
        ("anna", "", "Champion"),
        ("ben", "", "Champion"),
        ("cleo", "", "AtRisk"),
        ("emil", "", "Lost"),
    )
    run(5, ("anna", "Champion", "AtRisk"), ("ben", "Champion", "AtRisk"), ("emil", "Lost", ""))
    run(9, ("anna", "AtRisk", "Champion"), ("ben", "AtRisk", "Lost"), ("dora", "", "Champion"))


def cells(client: APIClient, **dates: str) -> dict[tuple[str, str], int]:
    answer = client.get(MOVES, dates)
    assert answer.status_code == 200, answer.content
    return {(row["segment_before"], row["segment"]): row["customers"] for row in answer.json()["items"]}


@pytest.mark.django_db
def test_without_dates_it_is_the_last_run_against_the_one_before(viewer_client: APIClient) -> None:
    three_runs()
    answer = viewer_client.get(MOVES).json()
    assert (answer["start_date"], answer["end_date"]) == ("2011-01-05", "2011-01-09")
    assert answer["runs"] == ["2011-01-01", "2011-01-05", "2011-01-09"]
    assert cells(viewer_client) == {
        ("AtRisk", "Champion"): 1,
        ("AtRisk", "Lost"): 1,
        ("AtRisk", "AtRisk"): 1,
        ("", "Champion"): 1,
    }
    assert (answer["total"], answer["moved"]) == (4, 2)


@pytest.mark.django_db
def test_who_left_and_came_back_has_stayed(viewer_client: APIClient) -> None:
    three_runs()
    assert cells(viewer_client, start_date="2011-01-01", end_date="2011-01-10") == {
        ("Champion", "Champion"): 1,
        ("Champion", "Lost"): 1,
        ("AtRisk", "AtRisk"): 1,
        ("Lost", ""): 1,
        ("", "Champion"): 1,
    }


@pytest.mark.django_db
def test_days_between_runs_mean_the_run_before_them(viewer_client: APIClient) -> None:
    three_runs()
    answer = viewer_client.get(MOVES, {"start_date": "2011-01-03", "end_date": "2011-01-08"}).json()
    assert (answer["start_date"], answer["end_date"]) == ("2011-01-01", "2011-01-05")
    assert cells(viewer_client, start_date="2011-01-03", end_date="2011-01-08") == {
        ("Champion", "AtRisk"): 2,
        ("AtRisk", "AtRisk"): 1,
        ("Lost", ""): 1,
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "dates",
    [
        {"end_date": "2011-01-01"},
        {"start_date": "2011-01-09", "end_date": "2011-01-09"},
        {"start_date": "2010-01-01", "end_date": "2010-01-01"},
        {"start_date": "2012-01-01"},
    ],
)
def test_days_without_two_runs_answer_what_there_is(dates: dict[str, str], viewer_client: APIClient) -> None:
    three_runs()
    answer = viewer_client.get(MOVES, dates)
    assert answer.status_code == 200
    body = answer.json()
    assert body["start_date"] is None or body["start_date"] < body["end_date"]
    assert (body["start_date"] is None) == (body["items"] == [])


@pytest.mark.parametrize("count", [1, 30])
def test_it_asks_the_database_a_fixed_number_of_times(
    count: int, counted: APIClient, django_assert_num_queries: Any
) -> None:
    shop.publish()
    SegmentRun.objects.bulk_create(
        SegmentRun(as_of=dt.date(2010, 1, 1) + dt.timedelta(days=number), published_at=shop.PUBLISHED_AT)
        for number in range(count)
    )
    run(1, *((f"C{number}", "", "Lost") for number in range(count)))
    for number in range(count):
        shop.customer(f"C{number}", "Lost", 1, "1")
    with django_assert_num_queries(6):
        assert counted.get(MOVES).json()["total"] == count
