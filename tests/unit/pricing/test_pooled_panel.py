"""Active days, exposures and cells of the weekly panel."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.elasticity.core.pooled.panel import Panel, build_panel
from pricing.sales.core.calendar import shop_calendar, week_of, weekday_of
from pricing.sales.core.daily import DailySales

MONDAY = 19_002
RESPONSE = (-2.0, 0.3)


def sales_on(
    days: list[int], prices: list[float], lines: list[int] | None = None, promotion: list[bool] | None = None
) -> DailySales:
    count = np.array(lines if lines is not None else [1] * len(days), np.int64)
    return DailySales(
        product=np.zeros(len(days), np.int64),
        day=np.array(days, np.int64),
        units=count * 2.0,
        list_price=np.array(prices, np.float64),
        promotion=np.array(promotion if promotion is not None else [False] * len(days), np.bool_),
        lines=count,
    )


def panel_of(daily: DailySales, open_days: np.ndarray | None = None, **window: tuple[int, int]) -> Panel:
    every_day = np.arange(MONDAY - 100, MONDAY + 400)
    calendar = shop_calendar(every_day, every_day, np.ones(every_day.size, np.int64))
    if open_days is not None:
        calendar = shop_calendar(open_days, open_days, np.ones(open_days.size, np.int64))
    return build_panel(daily, 1, calendar, RESPONSE, **window)


def test_weeks_begin_on_mondays_whatever_the_data() -> None:
    assert weekday_of(np.array([MONDAY, MONDAY + 6, -3])).tolist() == [0, 6, 0]
    assert week_of(np.array([-3, 3, 4])).tolist() == [0, 0, 1]


def test_cells_end_with_the_week_and_cover_first_to_last_sale() -> None:
    panel = panel_of(sales_on([MONDAY + 2, MONDAY + 16], [4.0, 4.0]))
    assert panel.start.tolist() == [MONDAY + 2, MONDAY + 7, MONDAY + 14]
    np.testing.assert_allclose(panel.exposure, [5, 7, 3])
    assert panel.lines.tolist() == [1, 0, 1]
    assert panel.units.tolist() == [2, 0, 2]


def test_unsold_days_between_two_prices_are_shared_between_them() -> None:
    panel = panel_of(sales_on([MONDAY, MONDAY + 5], [4.0, 4.0 + 1e-9]))
    assert panel.start.tolist() == [MONDAY, MONDAY + 3]


def test_a_single_unsold_day_belongs_to_both_prices_in_part() -> None:
    panel = panel_of(sales_on([MONDAY, MONDAY + 2, MONDAY + 3], [4.0, 4.0 + 1e-9, 4.0 + 1e-9]))
    np.testing.assert_allclose(panel.exposure, [1.5, 2.5], atol=1e-6)
    # The higher price sells more slowly: more of the day is its own, but not all of it.
    rise = panel_of(sales_on([MONDAY, MONDAY + 2, MONDAY + 3], [4.0, 4.4, 4.4]))
    fall = panel_of(sales_on([MONDAY, MONDAY + 2, MONDAY + 3], [4.4, 4.0, 4.0]))
    assert 2.5 < rise.exposure[1] < 2.6
    assert 2.4 < fall.exposure[1] < 2.5
    np.testing.assert_allclose([rise.exposure.sum(), fall.exposure.sum()], 4.0)


def test_of_two_prices_the_one_that_sells_slowly_gets_more_of_the_gap() -> None:
    days = list(range(MONDAY, MONDAY + 21, 3))
    rise = panel_of(
        sales_on([*days, MONDAY + 31, *range(MONDAY + 34, MONDAY + 50, 3)], [2.0] * 7 + [4.0] * 7)
    )
    fall = panel_of(
        sales_on([*days, MONDAY + 31, *range(MONDAY + 34, MONDAY + 50, 3)], [4.0] * 7 + [2.0] * 7)
    )
    at_new_price = [panel.exposure[panel.log_price == panel.log_price[-1]].sum() for panel in (rise, fall)]
    assert at_new_price[0] > at_new_price[1]


def test_a_long_run_of_unsold_days_is_not_exposure() -> None:
    days = [*range(MONDAY, MONDAY + 14), *range(MONDAY + 64, MONDAY + 78)]
    panel = panel_of(sales_on(days, [4.0] * 28))
    np.testing.assert_allclose(panel.exposure.sum(), 28)
    assert panel.gaps.tolist() == [True]


def test_a_slow_seller_may_stay_unsold_for_weeks() -> None:
    days = [MONDAY + 21 * k for k in range(8)]
    panel = panel_of(sales_on(days, [4.0] * 8))
    np.testing.assert_allclose(panel.exposure.sum(), 21 * 7 + 1)
    assert panel.gaps.tolist() == [False]


def test_closed_days_are_not_exposure_unless_the_product_sold() -> None:
    open_days = np.array([day for day in range(MONDAY, MONDAY + 70) if weekday_of(np.array([day]))[0] != 6])
    weekdays = [day for day in range(MONDAY, MONDAY + 70, 2) if (day - MONDAY) % 7 != 6]
    panel = panel_of(sales_on(weekdays, [4.0] * len(weekdays)), open_days)
    sunday = panel_of(sales_on([*weekdays, MONDAY + 76], [4.0] * (len(weekdays) + 1)), open_days)
    np.testing.assert_allclose(panel.exposure.sum(), (max(weekdays) - MONDAY + 1) - 9, rtol=0.05)
    assert sunday.exposure[-1] > 5


def test_a_window_limits_the_active_days_and_keeps_the_price_before_it() -> None:
    daily = sales_on([MONDAY, MONDAY + 4, MONDAY + 8, MONDAY + 40], [4.0, np.nan, np.nan, 5.0])
    panel = panel_of(daily, window=(MONDAY + 4, MONDAY + 9))
    np.testing.assert_allclose(panel.exposure.sum(), 6)
    assert panel.lines.sum() == 2
    assert panel.sold_days.tolist() == [2]
    np.testing.assert_allclose(np.exp(panel.log_price), 4.0)


def test_a_window_without_sales_leaves_nothing() -> None:
    panel = panel_of(sales_on([MONDAY, MONDAY + 30], [4.0, 4.0]), window=(MONDAY + 5, MONDAY + 12))
    assert panel.product.size == 0
    assert panel.sold_days.tolist() == [0]


def test_products_without_a_list_price_have_no_cells() -> None:
    assert panel_of(sales_on([MONDAY, MONDAY + 3], [np.nan, np.nan])).product.size == 0


def test_days_that_only_show_a_price_are_not_sales() -> None:
    daily = sales_on([MONDAY, MONDAY + 7, MONDAY + 14], [4.0, 5.0, 5.0], lines=[1, 0, 1])
    panel = panel_of(daily)
    assert panel.sold_days.tolist() == [2]
    assert panel.list_prices.tolist() == [2]
    assert panel.lines.sum() == 2


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from([3.0, 4.0, 5.0]), st.integers(1, 9)), min_size=1)
)
def test_every_sold_unit_lands_in_a_cell_with_exposure(rows: list[tuple[int, float, int]]) -> None:
    by_day = {day: (price, lines) for day, price, lines in rows}
    days = sorted(by_day)
    daily = sales_on([MONDAY + d for d in days], [by_day[d][0] for d in days], [by_day[d][1] for d in days])
    panel = panel_of(daily)
    assert panel.lines.sum() == daily.lines.sum()
    assert panel.units.sum() == daily.units.sum()
    assert (panel.exposure[panel.lines > 0] > 0).all()
    assert (np.diff(panel.start) > 0).all()
