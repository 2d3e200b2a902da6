"""Who moved between segments, and in which one everybody was on earlier days."""

import numpy as np
import pytest

from segments.core.history import Move, moves_between, segment_name, segments_at
from segments.core.rfm import NO_SEGMENT, SEGMENTS, rfm_segments


def test_only_those_whose_segment_differs_have_moved() -> None:
    before = {"anna": "Champion", "ben": "Lost", "cleo": "AtRisk"}
    after = {"anna": "Champion", "ben": "AtRisk", "dora": "Lost"}
    assert moves_between(before, after) == [
        Move("ben", "Lost", "AtRisk"),
        Move("cleo", "AtRisk", ""),
        Move("dora", "", "Lost"),
    ]


def test_who_has_no_segment_on_either_side_has_not_moved() -> None:
    assert moves_between({"anna": ""}, {"ben": ""}) == []


def test_segments_on_a_day_are_those_of_the_purchases_before_it() -> None:
    # Three customers, two days; what was bought after the first day is unknown on it.
    last = np.array([[90.0, 150.0], [60.0, 0.0], [0.0, 170.0]])
    frequency = np.array([[2.0, 3.0], [1.0, 0.0], [0.0, 1.0]])
    money = np.array([[20.0, 70.0], [5.0, 0.0], [0.0, 9.0]])
    found = segments_at([100, 200], last, frequency, money)
    first = rfm_segments([10.0, 40.0], [2.0, 1.0], [20.0, 5.0]).segment
    second = rfm_segments([50.0, 140.0, 30.0], [5.0, 1.0, 1.0], [90.0, 5.0, 9.0]).segment
    assert found[0].tolist() == [*first.tolist(), NO_SEGMENT]
    assert found[1].tolist() == second.tolist()


def test_a_customer_whose_money_came_back_has_no_segment_from_then_on() -> None:
    last, frequency = np.array([[90.0, 0.0]]), np.array([[1.0, 0.0]])
    found = segments_at([100, 200], last, frequency, np.array([[0.3, -0.3]]))
    assert found[0, 0] >= 0
    assert found[1, 0] == NO_SEGMENT


@pytest.mark.parametrize(("index", "name"), [(0, "Champion"), (5, SEGMENTS[5]), (-1, "")])
def test_a_segment_has_a_name_and_none_has_an_empty_one(index: int, name: str) -> None:
    assert segment_name(index) == name
