"""Which products' sales are totals."""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pytest

from pricing.sales.core import totals
from pricing.sales.core.totals import TotalsSeen, totals_periods


def period(days: list[int], lines: int | list[int] = 1, units: float = 10.0) -> int:
    day = np.array(days)
    counts = np.full(day.size, lines) if isinstance(lines, int) else np.array(lines)
    return int(totals_periods(np.zeros(day.size, np.int64), day, counts, counts * units, 1)[0])


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (list(range(100, 160)), 1),
        ([day for day in range(100, 200) if day % 7 != 3], 1),
        (list(range(100, 400, 7)), 7),
        ([day for day in range(100, 800, 7) if day % 5], 7),
        ([100, 131, 161, 192, 222, 253, 284, 312, 343, 373], 30),
    ],
)
def test_single_lines_at_regular_distances_are_totals(days: list[int], expected: int) -> None:
    assert period(days) == expected


def test_purchases_are_no_totals() -> None:
    rng = np.random.default_rng(1)
    for rate in (0.02, 0.1, 0.5, 2.0):
        counts = rng.poisson(rate, 700)
        days = np.flatnonzero(counts)
        assert period(days.tolist(), counts[days].tolist()) == 0


def test_single_lines_now_and_then_may_be_purchases() -> None:
    days = np.flatnonzero(np.random.default_rng(2).random(700) < 0.05)
    assert period(days.tolist()) == 0


def test_lines_of_one_unit_each_are_purchases() -> None:
    assert period(list(range(100, 160)), units=1.0) == 0


@pytest.mark.parametrize("rate", [0.4, 1.0, 1.5, 4.0])
@pytest.mark.parametrize("step", [7, 30])
def test_totals_of_few_units_are_known_by_the_periods_without_any(rate: float, step: int) -> None:
    units = np.random.default_rng(3).poisson(rate, 120)
    sold = np.flatnonzero(units)
    found = totals_periods(
        np.zeros(sold.size, np.int64), 100 + step * sold, np.ones(sold.size, int), units[sold] * 1.0, 1
    )
    assert found.tolist() == [step]


@pytest.mark.parametrize("step", [7, 30])
def test_a_standing_order_of_one_unit_is_a_purchase(step: int) -> None:
    # At random, of 41 periods without a gap some would have had two or more.
    assert period(list(range(100, 100 + 41 * step, step)), units=1.0) == 0


def test_a_handful_of_days_decides_nothing() -> None:
    assert period(list(range(100, 110))) == 0
    assert period([100, 107, 114]) == 0
    assert totals_periods(*(np.zeros(0, np.int64),) * 3, np.zeros(0), 2).tolist() == [0, 0]


def dated(gaps: list[int]) -> list[int]:
    """Days at these distances from each other."""
    return np.cumsum([100, *gaps]).tolist()


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ([7, 14] * 5, 7),
        ([14] * 9 + [7], 7),  # one of ten
        ([14] * 10 + [7], 0),  # one of eleven
        ([7] * 10 + [8, 8], 0),  # ten of twelve are whole weeks
        ([30, 60] * 5, 30),
        ([60] * 9 + [31], 30),
        ([60] * 10 + [31], 0),
        ([30] * 10 + [45], 0),  # ten of eleven are whole months
        ([30] * 11 + [27], 0),
        ([28, 31] * 5, 30),
        ([32] * 10, 0),
    ],
)
def test_a_tenth_of_the_distances_are_one_period_and_nearly_all_whole_ones(
    gaps: list[int], expected: int
) -> None:
    assert period(dated(gaps)) == expected


@pytest.mark.parametrize(("span", "expected"), [(47, 1), (48, 0)])
def test_single_lines_on_so_many_days_that_chance_would_have_doubled_some(span: int, expected: int) -> None:
    """Of random purchases sold on 20 of n days, n q log(1 / q) days have one, q = 1 - 20 / n: 14.97 of 47, 15.09 of 48.

    So 5.03 days with several are missing of 47, 4.91 of 48.
    """
    assert period([*range(100, 119), 100 + span - 1]) == expected


def test_a_product_s_answer_depends_on_its_own_days_only() -> None:
    product = np.repeat([0, 1], [60, 60])
    day = np.concatenate([np.arange(60), np.arange(60)])
    lines = np.concatenate([np.full(60, 1), np.full(60, 3)])
    assert totals_periods(product, day, lines, lines * 5.0, 3).tolist() == [1, 0, 0]


def seen(days: Sequence[int], codes: Sequence[str], lines: int = 1, units: float = 20.0) -> TotalsSeen:
    """What a file shows that has so many lines of each product on each of the days."""
    found = TotalsSeen()
    for day in days:
        rows = [code for code in codes for _ in range(lines)]
        found.add(rows, [day] * len(rows), [units] * len(rows))
    return found


MONTHS = [(dt.date(2022 + month // 12, month % 12 + 1, 1) - dt.date(1970, 1, 1)).days for month in range(36)]


@pytest.mark.parametrize(
    ("days", "granularity"),
    [(range(20_000, 20_090), "day"), (range(20_000, 20_700, 7), "week"), (MONTHS, "month")],
)
def test_a_file_of_totals_is_known_while_it_is_read(days: Sequence[int], granularity: str) -> None:
    assert seen(days, ("A", "B", "C")).granularity() == granularity


def test_a_file_of_slow_products_is_one_of_totals_too() -> None:
    units = np.random.default_rng(4).poisson(1.2, (20, 104))
    found = TotalsSeen()
    for week in range(104):
        sold = np.flatnonzero(units[:, week])
        found.add([f"P{row}" for row in sold], [20_000 + 7 * week] * sold.size, units[sold, week].tolist())
    assert found.granularity() == "week"


def test_several_lines_a_day_are_purchases() -> None:
    assert seen(range(20_000, 20_090), ("A", "B"), lines=3).granularity() == "lines"


def test_single_units_are_purchases() -> None:
    assert seen(range(20_000, 20_090), ("A", "B"), units=1.0).granularity() == "lines"


def test_returns_say_nothing_and_an_empty_file_is_one_of_lines() -> None:
    assert TotalsSeen().granularity() == "lines"
    found = seen(range(20_000, 20_700, 7), ("A", "B"))
    found.add(["A"], [20_001], [-3.0])
    found.add(["A"] * 20, [20_001 + 7 * week for week in range(20)], [0.0] * 20)
    assert found.granularity() == "week"


def test_a_file_that_begins_with_two_lines_on_a_day_may_still_be_one_of_totals() -> None:
    found = TotalsSeen()
    found.add(["A", "A"], [20_000, 20_000], [20.0, 20.0])
    for day in range(20_001, 20_090):
        found.add(["A"], [day], [20.0])
    assert found.granularity() == "day"


def test_a_few_products_in_totals_do_not_make_a_file_of_totals() -> None:
    found = seen(range(20_000, 20_700, 7), ("A",))
    for day in range(20_000, 20_700):
        found.add(["B"] * 4, [day] * 4, [2.0] * 4)
    assert found.granularity() == "lines"


def test_once_it_cannot_be_totals_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "ROWS_TO_TELL", 100)
    found = seen(range(20_000, 20_090), ("A", "B"), lines=3)
    assert sum(part[0].size for part in found._parts) < 60
