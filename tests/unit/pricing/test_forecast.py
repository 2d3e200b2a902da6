"""Forecasts: the weekday profile, the default method, the named ones, their backtest and intervals."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pricing.forecasting.core import textbook
from pricing.forecasting.core.backtest import (
    HORIZON,
    Accuracy,
    Backtest,
    accuracy,
    origin_columns,
    prediction_interval,
    relative_errors,
    row_quantiles,
    run_backtest,
)
from pricing.forecasting.core.batch import (
    ShopModel,
    choose_own_purchases,
    fit_default,
    fit_shop_model,
)
from pricing.forecasting.core.lines import (
    Priors,
    fit_priors,
    forecast_lines,
    price_of_frequency,
    purchase_rates,
)
from pricing.forecasting.core.named import METHODS, NamedForecast, choose, forecast_by
from pricing.forecasting.core.panel import (
    DemandPanel,
    demand_panel,
    expected_profile,
    open_share,
    weekday_profile,
)
from pricing.forecasting.core.stored import StoredForecasts, expected_units, shop_profile
from pricing.forecasting.core.textbook import (
    forecast_holt_winters,
    forecast_linear,
    forecast_seasonal,
    forecast_seasonal_naive,
    forecast_ses,
    forecast_weekday_ses,
    holt_winters,
)

MONDAY = 20_089  # 2025-01-01 is day 20089, a Wednesday; two days before it a Monday
FIRST_DAY = MONDAY - 2
WEEK = np.array([1.0, 1.0, 1.0, 1.0, 2.0, 1.0, 0.0])
NO_PRIOR = Priors(np.zeros(1), np.ones(1))


def panel_of(units: Any, lines: Any = None, shop: Any = None) -> DemandPanel:
    units = np.atleast_2d(np.array(units, np.float64))
    lines = (units > 0).astype(np.float64) if lines is None else np.atleast_2d(np.array(lines, np.float64))
    return DemandPanel(FIRST_DAY, units, lines, units.sum(axis=0) if shop is None else np.array(shop))


def shop_of(products: int = 40, days: int = 300, seed: int = 3) -> DemandPanel:
    """Products of different rates whose lines follow the week; closed on Sundays and on one Monday."""
    chance = np.random.default_rng(seed)
    rate = chance.gamma(1.0, 2.0, products)
    week = WEEK[np.arange(days) % 7].copy()
    week[70] = 0.0
    lines = chance.poisson(rate[:, None] * week)
    units = lines * chance.integers(1, 5, (products, 1))
    units[:, 0] += 1
    lines[:, 0] += 1
    return DemandPanel(FIRST_DAY, units.astype(float), lines.astype(float), units.sum(axis=0).astype(float))


def nobody(panel: DemandPanel) -> NDArray[np.int64]:
    return np.full(panel.units.shape[0], -1)


# --- the price that sales were made at ---------------------------------------------------------------


def base_price(panel: DemandPanel, rows: Any, own_purchases: float = 0.0, through: int | None = None) -> Any:
    """Of one product, from (column, price) rows."""
    column, price = np.array(rows, np.float64).T
    day = FIRST_DAY + column.astype(np.int64)
    rates = purchase_rates(panel, nobody(panel), NO_PRIOR)
    last = np.array([panel.end if through is None else FIRST_DAY + through])
    of_product = np.zeros(day.size, np.int64)
    return price_of_frequency(panel, rates, own_purchases, last, (of_product, day, price))[0]


def test_the_base_price_weighs_two_prices_as_the_frequency_weighs_their_days() -> None:
    # Sold every day alike: 30 days at 10.00, then 10 at 12.00. Of late the newest ten days weigh 1 + .93 + ... + .93^9.
    panel = panel_of(np.ones(40))
    newest, all_days = (sum(0.93**age for age in range(days)) for days in (10, 40))
    share = newest / all_days
    assert share == pytest.approx(0.5460, abs=1e-4)
    found = base_price(panel, [(0, 10.0), (30, 12.0)])
    assert found == pytest.approx(10 ** (1 - share) * 12**share)
    # In the long run they weigh 1 + .99 + ...: where 20 purchases count as much as the usual frequency, one a day
    # over the exposure of all_days days has the weight all_days / (all_days + 20).
    newest, slow = (sum(0.99**age for age in range(days)) for days in (10, 40))
    late = all_days / (all_days + 20)
    mixed = late * share + (1 - late) * newest / slow
    assert base_price(panel, [(0, 10.0), (30, 12.0)], own_purchases=20.0) == pytest.approx(
        10 ** (1 - mixed) * 12**mixed
    )


def test_a_new_product_s_days_weigh_alike_and_days_before_its_first_sale_nothing() -> None:
    units = np.r_[np.zeros(10), np.ones(8)]
    panel = panel_of(units, shop=np.ones(18))
    # Known from the first sale on at 8.00, for the last two of eight days at 4.00.
    assert base_price(panel, [(10, 8.0), (16, 4.0)]) == pytest.approx(8**0.75 * 4**0.25)


def test_days_that_were_not_looked_at_weigh_nothing() -> None:
    panel = panel_of(np.r_[np.zeros(10), np.ones(8)], shop=np.ones(18))
    # Of eight days from the first sale on four were looked at, two of them at 8.00.
    assert base_price(panel, [(10, 8.0), (12, 4.0)], through=14) == pytest.approx(8**0.5 * 4**0.5)


def test_a_price_holds_over_unsold_days_and_the_first_one_also_before_it_was_known() -> None:
    panel = panel_of(np.ones(8), shop=np.ones(8))
    assert base_price(panel, [(0, np.nan), (4, 9.0)]) == pytest.approx(9.0)
    assert base_price(panel, [(0, 9.0), (3, np.nan), (4, np.nan)]) == pytest.approx(9.0)
    # What is looked at ends before the new price.
    assert base_price(panel, [(0, 9.0), (6, 5.0)], through=6) == pytest.approx(9.0)
    assert np.isnan(base_price(panel, [(0, np.nan)]))


def test_closed_days_count_for_no_price() -> None:
    # Of eight days the shop was closed on the last four but one; the sixth had one price, the open ones another.
    shop = np.r_[np.ones(4), np.zeros(3), 1.0]
    panel = panel_of(shop, shop=shop)
    assert base_price(panel, [(0, 10.0), (4, 99.0), (7, 10.0)]) == pytest.approx(10.0)


# --- panel and profile -----------------------------------------------------------------------------


def test_product_days_are_spread_over_a_panel_and_days_outside_it_left_out() -> None:
    panel = demand_panel(
        np.array([0, 1, 1, 0]), FIRST_DAY + np.array([0, 2, 3, -1]), np.array([5.0, 7.0, 9.0, 4.0]),
        np.array([1, 2, 3, 1]), products=2, first_day=FIRST_DAY, end=FIRST_DAY + 3, shop_units=np.array([5.0, 0.0]),
    )  # fmt: skip
    assert panel.units.tolist() == [[5, 0, 0], [0, 0, 7]]
    assert panel.lines.tolist() == [[1, 0, 0], [0, 0, 2]]
    assert panel.shop_units.tolist()[:2] == [5, 0]
    assert np.isnan(panel.shop_units[2])
    assert (panel.start.tolist(), panel.stop.tolist()) == ([0, 2], [1, 3])


def test_the_profile_is_what_a_weekday_sells_against_the_average_one() -> None:
    profile = weekday_profile(panel_of(np.tile(10 * WEEK, 30)))
    np.testing.assert_allclose(profile, WEEK / WEEK.mean())


def test_a_holiday_does_not_lower_its_weekday_and_a_rare_sunday_stays_closed() -> None:
    units = np.tile(10 * WEEK, 26)
    units[[0, 7]] = 0
    units[6] = 40
    np.testing.assert_allclose(weekday_profile(panel_of(units)), WEEK / WEEK.mean())


def test_the_profile_looks_back_26_weeks() -> None:
    old, new = np.tile([9.0, 1, 1, 1, 1, 1, 0], 30), np.tile(WEEK, 26)
    np.testing.assert_allclose(weekday_profile(panel_of(np.concatenate((old, new)))), WEEK / WEEK.mean())


def test_without_sales_every_weekday_is_alike() -> None:
    assert weekday_profile(panel_of(np.zeros(30))).tolist() == [1.0] * 7


# --- shops that are not open every day ------------------------------------------------------------------


def total_of(panel: DemandPanel, days: int) -> float:
    """Units of the one product over the days after the panel."""
    return float(forecast_lines(panel, nobody(panel), NO_PRIOR, days).sum())


@pytest.mark.parametrize("every", [2, 3, 5])
def test_a_shop_open_every_few_days_is_forecast_what_it_sells(every: int) -> None:
    # Six lines of one unit on each open day, the last one included: 6 x 210 / every in 210 days.
    units = np.zeros(420)
    units[::-every] = 6.0
    assert total_of(panel_of(units, units), 210) == pytest.approx(6 * 210 / every, rel=0.05)


@pytest.mark.parametrize("every", [2, 3, 6])
def test_some_open_sundays_count_as_often_as_they_were(every: int) -> None:
    # Ten a day from Monday to Saturday, and thirty on every second, third or sixth Sunday: 60 + 30 / every a week.
    week = np.r_[np.full(6, 10.0), 0.0]
    units = np.tile(week, 60)
    units[6 :: 7 * every] = 30.0
    panel = DemandPanel(FIRST_DAY, units[None, :], units[None, :], units)
    assert total_of(panel, 7 * 30) == pytest.approx(30 * (60 + 30 / every), rel=0.07)


def test_a_weekday_newly_open_counts_as_open_before_half_a_year_has_passed() -> None:
    units = np.tile(np.r_[np.full(6, 10.0), 0.0], 30)
    units[-1 : -13 * 7 : -7] = 10.0
    share = open_share(DemandPanel(FIRST_DAY, units[None, :], units[None, :], units))
    # 13 of 26 weeks, the newer half: (1 - .95^13) / (1 - .95^26) of the weight.
    assert share[6] == pytest.approx((1 - 0.95**13) / (1 - 0.95**26))
    assert share[6] > 0.65
    assert share[1] == 1.0


def test_days_of_which_it_is_not_known_whether_the_shop_was_open_age_a_rate_by_their_share() -> None:
    # Open every third day; after the last full run a product sold again on the 30th day, as it did on each open one.
    units = np.zeros(300)
    units[::-3] = 1.0
    later = demand_panel(
        np.zeros(110, np.int64), FIRST_DAY + np.arange(2, 330, 3), np.ones(110), np.ones(110, np.int64), products=1,
        first_day=FIRST_DAY, end=FIRST_DAY + 330, shop_units=units,
    )  # fmt: skip
    rate = purchase_rates(later, nobody(later), NO_PRIOR).frequency[0]
    assert rate == pytest.approx(1.0, rel=0.05)


# --- the default method ----------------------------------------------------------------------------


def test_steady_sales_are_forecast_as_they_were() -> None:
    units = np.tile(6 * WEEK, 40)
    panel = panel_of(units, units / 3)
    priors = Priors(np.array([2.0]), np.array([3.0]))
    np.testing.assert_allclose(forecast_lines(panel, nobody(panel), priors, 14)[0], np.tile(6 * WEEK, 2))


def test_the_rate_follows_a_change_by_seven_percent_an_open_day() -> None:
    before, after = np.full(200, 1.0), np.full(10, 3.0)
    panel = panel_of(np.ones(210), np.concatenate((before, after)), np.ones(210))
    rate = purchase_rates(panel, nobody(panel), NO_PRIOR).frequency[0]
    assert rate == pytest.approx(3 - 2 * 0.93**10, rel=1e-6)


def test_a_new_product_is_forecast_at_its_mean() -> None:
    units = np.zeros(100)
    units[80:] = np.arange(20)
    units[80] = 1
    panel = panel_of(units, units, np.ones(100))
    found = purchase_rates(panel, nobody(panel), Priors(np.array([4.0]), np.array([1.0])))
    assert found.new.tolist() == [True]
    # 20 open days of its own beside one at the shop's rate of 4.
    assert found.frequency[0] == pytest.approx((units.sum() + 4.0) / 21)


def test_the_category_stands_beside_few_sales_and_hardly_beside_many() -> None:
    seldom, busy = np.zeros(200), np.ones(200)
    seldom[[0, 3, 50, 60, 160]] = 1
    panel = panel_of([seldom, busy], shop=np.ones(200))
    low, high = (
        purchase_rates(panel, nobody(panel), Priors(np.array([rate]), np.ones(1))).frequency
        for rate in (0.0, 10.0)
    )
    assert high[0] > 2 * low[0]
    assert high[1] == low[1]
    assert purchase_rates(panel, nobody(panel), NO_PRIOR).intermittent.tolist() == [True, False]


def test_a_product_inactive_for_91_days_is_expected_to_sell_nothing() -> None:
    units = np.zeros((2, 200))
    units[0, :109], units[1, :110] = 1, 1
    panel = panel_of(units, shop=np.ones(200))
    assert purchase_rates(panel, nobody(panel), NO_PRIOR).inactive.tolist() == [True, False]
    forecast = forecast_lines(panel, nobody(panel), NO_PRIOR, 7)
    assert forecast[0].sum() == 0 < forecast[1].sum()


def test_a_category_counts_only_with_eight_products() -> None:
    panel = shop_of(20)
    category = np.repeat([0, 1], [12, 8])[:20].copy()
    category[12] = -1
    priors = fit_priors(panel, category, 2)
    assert priors.frequency[1] == priors.frequency[2]
    assert priors.frequency[0] != priors.frequency[2]


def test_of_a_category_the_newest_purchases_count_most() -> None:
    # One purchase a day: of one unit in the first week, of three in the second. A day weighs .99 of the next.
    panel = panel_of(np.repeat([1.0, 3.0], 7), lines=np.ones(14), shop=np.ones(14))
    priors = fit_priors(panel, nobody(panel), 0)
    week = 0.99**7
    assert priors.frequency.tolist() == pytest.approx([1.0])
    assert priors.quantity.tolist() == pytest.approx([(3 + week) / (1 + week)])  # 2.035


@pytest.mark.parametrize("steady", [True, False])
def test_frequencies_are_drawn_to_the_long_run_where_products_sell_as_they_always_did(steady: bool) -> None:
    chance = np.random.default_rng(5)
    rate = chance.gamma(4.0, 0.1, (60, 1)) * np.ones(420)
    if not steady:  # a fashion every twelve weeks: each product sells four times as well, or a quarter
        rate = rate * np.repeat(4.0 ** chance.choice([-1, 1], (60, 5)), 84, axis=1)
    units = chance.poisson(rate).astype(np.float64)
    units[:, 0] += 1
    panel = DemandPanel(FIRST_DAY, units, units, units.sum(axis=0))
    columns = [panel.days, *origin_columns(panel.days)]
    priors = [fit_priors(panel.until(column), nobody(panel), 0) for column in columns]
    now = choose_own_purchases(panel, nobody(panel), priors, columns)[0]
    assert now >= 10 if steady else now <= 5


def test_a_row_rests_on_the_products_own_sales_alone() -> None:
    panel = shop_of()
    model = fit_shop_model(panel, nobody(panel), [])
    together = fit_default(panel, nobody(panel), model)
    for product in (0, 7, 31):
        alone = fit_default(panel.take(np.array([product])), np.array([-1]), model)
        assert alone.rates.frequency[0] == pytest.approx(together.rates.frequency[product], rel=1e-12)
        assert alone.error_high[0] == pytest.approx(together.error_high[product], rel=1e-12)
        assert alone.measured.wape[0] == pytest.approx(together.measured.wape[product], rel=1e-12)


def test_days_without_a_sale_are_caught_up_with_when_the_row_is_read() -> None:
    panel = shop_of()
    model = fit_shop_model(panel, nobody(panel), [])
    quiet = 12
    later = demand_panel(
        *np.nonzero(panel.units)[:1], FIRST_DAY + np.nonzero(panel.units)[1], panel.units[np.nonzero(panel.units)],
        panel.lines[np.nonzero(panel.units)].astype(np.int64), products=40, first_day=FIRST_DAY,
        end=panel.end + quiet, shop_units=panel.shop_units,
    )  # fmt: skip
    row = fit_default(panel, nobody(panel), model)
    looked_at = purchase_rates(later, nobody(panel), model.priors[0])
    at_once = expected_units(model, StoredForecasts.of(panel, row), later.end)
    often = ~row.rates.intermittent
    expected = row.rates.quantity * looked_at.frequency
    assert at_once[often] == pytest.approx(expected[often], rel=1e-9)


def test_days_without_a_sale_are_caught_up_with_where_the_shop_is_seldom_open() -> None:
    units = np.zeros(300)
    units[::-3] = 4.0
    panel = panel_of(units)
    model = fit_shop_model(panel, nobody(panel), [])
    row = fit_default(panel, nobody(panel), model)
    at_once, later = (
        expected_units(model, StoredForecasts.of(panel, row), panel.end + days)[0] for days in (0, 30)
    )
    # Of thirty days ten are open: the frequency falls as on ten days without a sale.
    assert later / at_once == pytest.approx(0.93**10, rel=0.02)


def test_sales_after_the_last_full_run_move_the_row() -> None:
    panel = shop_of()
    model = fit_shop_model(panel, nobody(panel), [])
    longer = demand_panel(
        np.zeros(1, np.int64), np.array([panel.end + 3]), np.array([90.0]), np.array([30]), products=1,
        first_day=FIRST_DAY, end=panel.end + 4, shop_units=model.shop_units,
    )  # fmt: skip
    row = fit_default(longer, np.array([-1]), model)
    assert row.through.tolist() == [panel.end + 4]
    assert row.rates.new.tolist() == [True]
    assert row.rates.frequency[0] > 5


def test_the_shop_model_survives_being_stored() -> None:
    panel = shop_of()
    model = fit_shop_model(panel, np.arange(40) % 2, ["cups", "mugs"])
    again = ShopModel.from_json(json.loads(json.dumps(model.as_json())))
    assert again.as_json() == model.as_json()
    assert again.as_of == panel.end
    assert again.category_codes(["mugs", "", "unheard of", "cups"]).tolist() == [1, -1, -1, 0]
    np.testing.assert_array_equal(shop_profile(again), expected_profile(panel))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 30), min_size=60, max_size=60), min_size=1, max_size=4),
    st.sampled_from(METHODS),
    st.integers(1, 40),
)
def test_nothing_is_forecast_below_zero_or_without_end(units: Any, method: str, days: int) -> None:
    panel = panel_of(units)
    model = fit_shop_model(panel, nobody(panel), [])
    found = forecast_by(method, panel.take(np.array([0])), np.array([-1]), model, days)
    assert found.units.shape == (days,)
    assert np.isfinite(found.units).all()
    assert (found.units >= 0).all()


@settings(deadline=None)
@given(st.integers(2, 50))
def test_ten_times_the_units_make_ten_times_the_forecast(factor: int) -> None:
    panel = shop_of(5, 120)
    larger = DemandPanel(panel.first_day, factor * panel.units, panel.lines, factor * panel.shop_units)
    for forecast in (forecast_ses, forecast_weekday_ses, forecast_linear, forecast_seasonal):
        np.testing.assert_allclose(forecast(larger, 20), factor * forecast(panel, 20), rtol=1e-9, atol=1e-9)
    # Its parameters are searched for, to about eight digits.
    one, other = forecast_holt_winters(panel, 20), forecast_holt_winters(larger, 20)
    np.testing.assert_allclose(other, factor * one, rtol=1e-6, atol=1e-6)


# --- methods by name -------------------------------------------------------------------------------


def test_steady_growth_goes_on_in_the_linear_trend() -> None:
    forecast = forecast_linear(panel_of(np.arange(1.0, 61)), 3)
    np.testing.assert_allclose(forecast, [[61, 62, 63]])


def test_a_falling_trend_ends_at_zero() -> None:
    assert forecast_linear(panel_of(np.arange(30.0, 0, -1)), 5)[0, -1] == 0


def test_the_trend_begins_with_the_first_sale() -> None:
    units = np.concatenate((np.zeros(40), np.full(20, 5.0)))
    np.testing.assert_allclose(forecast_linear(panel_of(units), 4), np.full((1, 4), 5.0))


def test_a_weekly_season_is_found_by_the_seasonal_index() -> None:
    np.testing.assert_allclose(forecast_seasonal(panel_of(np.tile(7 * WEEK, 12)), 9)[0, :7], 7 * WEEK)


def test_the_month_has_an_index_after_a_year_only() -> None:
    days = np.arange(FIRST_DAY, FIRST_DAY + 730).astype("datetime64[D]")
    december = days.astype("datetime64[M]").astype(int) % 12 == 11
    units = np.where(december, 20.0, 10.0)
    year = forecast_seasonal(panel_of(units), 366)[0]
    half = forecast_seasonal(panel_of(units[:300]), 366)[0]
    assert year.max() / year.min() == pytest.approx(2, rel=0.1)
    assert half.max() / half.min() < 1.1


def test_the_naive_forecast_repeats_the_last_week() -> None:
    panel = panel_of(np.arange(1.0, 22))
    assert forecast_seasonal_naive(panel, 9)[0].tolist() == [15, 16, 17, 18, 19, 20, 21, 15, 16]


def test_holt_winters_goes_on_with_trend_and_week() -> None:
    units = 50 + 0.5 * np.arange(140) + np.tile(10 * WEEK, 20)
    expected = 50 + 0.5 * np.arange(140, 154) + np.tile(10 * WEEK, 2)
    np.testing.assert_allclose(forecast_holt_winters(panel_of(units), 14)[0], expected, rtol=0.03)


def test_holt_winters_takes_the_mean_of_less_than_two_weeks() -> None:
    assert forecast_holt_winters(panel_of(np.full(13, 4.0)), 3)[0].tolist() == [4, 4, 4]


def test_holt_winters_says_how_long_it_searched_and_that_it_settled() -> None:
    panel = shop_of(4, 200)
    found = holt_winters(panel, 7)
    assert (found.converged, found.iterations > 1) == (True, True)
    model = fit_shop_model(panel, nobody(panel), [])
    named = forecast_by("holt_winters", panel.take(np.array([0])), np.array([-1]), model, 7)
    assert (named.converged, named.iterations > 1) == (True, True)
    plain = forecast_by("linear", panel.take(np.array([0])), np.array([-1]), model, 7)
    assert (plain.converged, plain.iterations) == (True, 0)


def test_a_search_that_did_not_settle_says_so_and_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = shop_of(4, 200)
    model = fit_shop_model(panel, nobody(panel), [])
    one = panel.take(np.array([0]))
    tried = {name: forecast_by(name, one, np.array([-1]), model, 7) for name in ("lines", "holt_winters")}
    fit = textbook._fit_holt_winters

    def cut_short(series: Any) -> Any:
        found = fit(series)
        found.mle_retvals.success = False
        return found

    monkeypatch.setattr(textbook, "_fit_holt_winters", cut_short)
    short = forecast_by("holt_winters", one, np.array([-1]), model, 7)
    assert not short.converged
    best = replace(tried["holt_winters"], measured=replace(short.measured, wape=np.zeros(1)))
    assert choose({"lines": tried["lines"], "holt_winters": best}) == "holt_winters"
    assert choose({"lines": tried["lines"], "holt_winters": replace(best, converged=False)}) == "lines"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("days", [0, 1, 2, 7, 13, 14, 15])
def test_any_method_forecasts_a_product_with_hardly_any_history(method: str, days: int) -> None:
    units = np.zeros(60)
    units[60 - days :] = 3.0
    panel = panel_of([units], shop=np.ones(60))
    found = forecast_by(method, panel, np.array([-1]), fit_shop_model(panel, nobody(panel), []), 5)
    assert found.units.shape == (5,)
    assert np.isfinite(found.units).all()
    if method in ("ses", "holt_winters", "linear"):
        np.testing.assert_allclose(found.units, 3.0 if days else 0.0)


def test_an_unknown_method_is_refused_with_the_known_ones() -> None:
    panel = panel_of(np.ones(60))
    with pytest.raises(ValueError, match="holt_winters, auto"):
        forecast_by("tea leaves", panel, np.array([-1]), fit_shop_model(panel, nobody(panel), []), 7)


# --- backtest --------------------------------------------------------------------------------------


def test_no_origin_sees_what_came_after_it() -> None:
    seen = []

    def spy(panel: DemandPanel, number: int) -> NDArray[np.float64]:
        seen.append((number, panel.days))
        return np.zeros((panel.units.shape[0], HORIZON))

    panel = shop_of(3, 200)
    test = run_backtest(panel, spy, origin_columns(200))
    assert seen == [(0, 172), (1, 144), (2, 116), (3, 88), (4, 60), (5, 32)]
    assert test.valid.all()
    np.testing.assert_array_equal(test.actual[:, 0], panel.units[:, 172:])


def test_what_is_forecast_from_an_origin_does_not_depend_on_later_sales() -> None:
    panel = shop_of()
    changed = panel.units.copy()
    changed[:, -HORIZON:] *= 7
    other = DemandPanel(FIRST_DAY, changed, panel.lines, changed.sum(axis=0))
    for method in METHODS:
        made = []
        for each in (panel, other):
            model = fit_shop_model(each, nobody(each), [])
            known = each.take(np.array([2])).until(each.days - HORIZON)
            priors = model.priors[1]
            made.append(
                forecast_lines(known, np.array([-1]), priors, HORIZON)
                if method == "lines"
                else forecast_by(method, known, np.array([-1]), model, HORIZON).units[None, :]
            )
        np.testing.assert_array_equal(*made)


def test_a_perfect_forecast_has_no_error() -> None:
    units = np.tile(6 * WEEK, 40)
    panel = panel_of(units)
    columns = origin_columns(panel.days)
    test = run_backtest(panel, lambda known, number: forecast_seasonal_naive(known, HORIZON), columns)
    for measured in accuracy(test):
        assert measured.wape.tolist() == measured.bias.tolist() == measured.pinball.tolist() == [0.0]


def test_forecasting_half_is_a_bias_of_minus_a_half() -> None:
    units = np.tile(6 * WEEK, 40)
    test = run_backtest(
        panel_of(units), lambda known, number: np.tile(3 * WEEK, 4)[None, :], origin_columns(units.size)
    )
    measured, _ = accuracy(test)
    assert measured.bias[0] == pytest.approx(-0.5)
    assert measured.wape[0] == pytest.approx(0.5)
    # Every past error was the same, so the intervals learned from the others are right.
    assert measured.pinball[0] == pytest.approx(0.0, abs=1e-12)
    errors = relative_errors(test)
    assert np.nanmin(errors) == np.nanmax(errors) == pytest.approx(1.0)


def test_the_interval_of_an_origin_comes_from_the_others_and_pays_for_each_end_by_its_tenth() -> None:
    sold = np.array([[np.full(HORIZON, 28.0), np.repeat([8.0, 12.0], HORIZON // 2)]])
    expected = np.array([[np.full(HORIZON, 20.0), np.full(HORIZON, 10.0)]])
    test = Backtest(sold, expected, expected, np.array([[True, True]]), np.ones(1))
    measured, as_naive = accuracy(test)
    # The second origin was off by 20 % either way: of 20 that is 16 to 24, and 28 costs .1 x 12 and .9 x 4, in the mean 2.4.
    # The first was 40 % too low: of 10 that is 14 to 14, and 8 costs .9 x 6 and .1 x 6, 12 costs .9 x 2 and .1 x 2; 2.0.
    assert measured.pinball[0] == pytest.approx(2.2)
    assert measured.pinball_share[0] == pytest.approx(2.2 / 19)
    # The naive forecast errs by units: 18 to 22 costs .1 x 10 and .9 x 6; 18 to 18 costs 10 and 6, halved.
    assert as_naive.pinball[0] == pytest.approx((3.2 + 4.0) / 2)


def test_mase_compares_days_with_the_week_before() -> None:
    units = np.tile([4.0, 8.0], 98)
    test = run_backtest(
        panel_of(units), lambda known, number: np.full((1, HORIZON), 6.0), origin_columns(196)
    )
    measured, naive = accuracy(test)
    # A week is odd: days a week apart differ by 4, days two weeks apart not at all. The forecast of 6 is off by 2.
    assert measured.mase[0] == pytest.approx(0.5)
    assert naive.mase[0] == pytest.approx(0.5)


def test_without_28_days_before_an_origin_there_is_nothing_to_measure() -> None:
    units = np.zeros(100)
    units[60:] = 1
    test = run_backtest(panel_of(units), lambda known, number: np.ones((1, HORIZON)), origin_columns(100))
    assert not test.valid.any()
    measured, naive = accuracy(test)
    assert np.isnan([measured.wape[0], measured.mase[0], measured.pinball[0], naive.wape[0]]).all()


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30), st.integers(0, 5))
def test_row_quantiles_are_those_of_numpy_without_the_gaps(values: list[float], gaps: int) -> None:
    row = np.array([*values, *[np.nan] * gaps])
    found = row_quantiles(np.stack([row, np.full(row.size, np.nan)]), (0.1, 0.9))
    np.testing.assert_allclose([each[0] for each in found], np.quantile(values, [0.1, 0.9]), atol=1e-12)
    assert np.isnan([each[1] for each in found]).all()


def test_the_best_in_the_backtest_is_chosen_and_a_draw_goes_to_the_default() -> None:
    def tried(name: str, wape: float, bias: float = 0.0, origins: int = 4) -> NamedForecast:
        figures = Accuracy(*(np.array([each]) for each in (wape, bias, 1.0, 1.0, 0.1)))
        return NamedForecast(name, np.ones(3), -0.5, 0.5, figures, figures, origins)

    assert choose({"lines": tried("lines", 0.4), "ses": tried("ses", 0.3)}) == "ses"
    assert choose({"lines": tried("lines", 0.4), "ses": tried("ses", 0.4)}) == "lines"
    assert choose({"lines": tried("lines", 0.4), "ses": tried("ses", 0.3, bias=-0.3)}) == "lines"
    assert choose({"lines": tried("lines", 0.4, origins=1), "ses": tried("ses", 0.1, origins=1)}) == "lines"
    assert choose({"lines": tried("lines", float("nan"))}) == "lines"


def test_auto_takes_the_trend_of_what_grows_steadily() -> None:
    panel = panel_of(np.stack([np.arange(300.0) + 1, np.full(300, 40.0)]), shop=np.full(300, 300.0))
    model = fit_shop_model(panel, nobody(panel), [])
    one = panel.take(np.array([0]))
    tried = {name: forecast_by(name, one, np.array([-1]), model, 28) for name in METHODS}
    assert choose(tried) in ("linear", "holt_winters")


# --- intervals ----------------------------------------------------------------------------------------


@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=365),
    st.floats(-1, 1),
    st.floats(-1, 30),
    st.floats(0, 1),
)
def test_limits_enclose_the_forecast_and_never_fall_below_zero(
    units: list[float], low: float, high: float, alpha: float
) -> None:
    forecast = np.array(units)
    found_low, found_high = prediction_interval(forecast, low, high, alpha)
    assert (found_low >= 0).all()
    assert (found_low <= forecast).all()
    assert (forecast <= found_high).all()


def test_limits_widen_with_the_distance_unless_no_level_is_smoothed() -> None:
    forecast = np.full(365, 100.0)
    low, high = prediction_interval(forecast, -0.3, 0.4, 0.07)
    assert (low[0], high[0]) == (pytest.approx(70), pytest.approx(140))
    assert high[-1] == pytest.approx(100 + 40 * np.sqrt((1 + 0.0049 * 364) / (1 + 0.0049 * 13.5)))
    assert low[-1] < low[0]
    assert np.ptp(prediction_interval(forecast, -0.3, 0.4, 0.0)[1]) == 0


def test_four_days_of_five_lie_within_the_limits() -> None:
    whole = shop_of(60, 428, seed=8)
    panel = whole.until(400)
    model = fit_shop_model(panel, nobody(panel), [])
    found = fit_default(panel, nobody(panel), model)
    units = forecast_lines(panel, nobody(panel), model.priors[0], HORIZON)
    opened = units.sum(axis=0) > 0
    inside = []
    for row in range(60):
        low, high = prediction_interval(units[row], found.error_low[row], found.error_high[row], 0.07)
        inside.append(((whole.units[row, 400:] >= low) & (whole.units[row, 400:] <= high))[opened].mean())
    assert 0.78 <= np.mean(inside) <= 0.97


# --- what must not run away ------------------------------------------------------------------------


def with_product(panel: DemandPanel, units: NDArray[np.float64]) -> DemandPanel:
    lines = np.vstack((panel.lines, units > 0)).astype(float)
    return DemandPanel(FIRST_DAY, np.vstack((panel.units, units)), lines, panel.shop_units)


def test_one_huge_order_is_no_habit() -> None:
    usual, order = shop_of(), np.zeros(300)
    order[298] = 80_995
    panel = with_product(usual, order)
    model = fit_shop_model(panel, nobody(panel), [])
    rates = fit_default(panel, nobody(panel), model).rates
    mean_size = usual.units.sum() / usual.lines.sum()
    assert 0 < rates.quantity[-1] < 10 * mean_size
    assert rates.quantity[-1] > mean_size


def test_limits_do_not_come_from_times_when_next_to_nothing_was_expected() -> None:
    usual, season = shop_of(), np.zeros(300)
    season[::37] = 1.0
    season[250:] = np.random.default_rng(5).poisson(40, 50)
    panel = with_product(usual, season)
    model = fit_shop_model(panel, nobody(panel), [])
    assert fit_default(panel, nobody(panel), model).error_high[-1] < 10
