"""Expected against realised sales: windows, seasons, intervals and how often they hold."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.changes.core.constants import USUAL_DISPERSION
from pricing.changes.core.outcomes import (
    Band,
    CumulativeSales,
    Noise,
    binomial_interval,
    calibrate,
    estimate_noise,
    inside,
    predict,
    season,
    units_of_changed,
)

ONE = np.ones(1)
NO_CHANCE = Noise(0 * ONE, 0 * ONE, 0 * ONE)


def predicted(**changes: Any) -> Band:
    """120 units in 30 days at 10.00, a fifth fewer at 12.00, cost 4.00, over 28 days."""
    given = {
        "baseline": 120 * ONE,
        "usual": 120 * ONE,
        "share": 0.8 * ONE,
        "share_sd": 0 * ONE,
        "scale": 28 / 30 * ONE,
        "price": 12 * ONE,
        "paid_level": ONE,
        "price_before": 10 * ONE,
        "cost": 4 * ONE,
        "noise": NO_CHANCE,
    }
    return predict(**(given | {name: np.atleast_1d(value) for name, value in changes.items() if name != "noise"}
                      | {name: value for name, value in changes.items() if name == "noise"}))  # fmt: skip


def poisson_noise(dispersion: float = 1.0, price: float = 10.0) -> Noise:
    return Noise(dispersion * ONE, dispersion * price * ONE, dispersion * price**2 * ONE)


# --- what is expected ---------------------------------------------------------------------------------------


def test_expected_figures_are_those_of_30_days_cut_to_the_window() -> None:
    assert predicted().mean[:, 0] == pytest.approx([89.6, 1075.2, 716.8])


def test_the_season_moves_all_figures_and_the_paid_level_only_the_money() -> None:
    assert predicted(scale=28 / 30 * 1.5).mean[:, 0] == pytest.approx([134.4, 1612.8, 1075.2])
    assert predicted(paid_level=1.5).mean[:, 0] == pytest.approx([89.6, 1612.8, 1254.4])


def test_without_a_cost_only_the_profit_is_unknown() -> None:
    band = predicted(cost=np.nan)
    assert np.isnan([band.mean[2, 0], band.low[2, 0], band.high[2, 0]]).all()
    assert band.mean[1, 0] == pytest.approx(1075.2)


def test_an_uncertain_elasticity_alone_gives_its_own_interval() -> None:
    band = predicted(share_sd=0.1)
    half = 1.2815515655 * 8.96
    assert band.low[0, 0] == np.floor(89.6 - half)
    assert band.high[0, 0] == np.ceil(89.6 + half)
    assert band.low[1, 0] == pytest.approx(12 * band.low[0, 0])


def test_chance_widens_the_interval_by_the_window_and_by_the_month_it_was_predicted_from() -> None:
    band = predicted(noise=poisson_noise(4.0), baseline=1e6, usual=1e6)
    ratio = 28 / 30 * 0.8
    sd = np.sqrt(4.0 * 1e6 * ratio * (1 + ratio))
    assert (band.high[0, 0] - band.low[0, 0]) / 2 == pytest.approx(1.2816 * sd, rel=1e-3)


def test_chance_scatters_to_the_side_of_many_units() -> None:
    # A fiftieth of 10,000 units, with so much chance that its skewness is 2: the window is 1 short of an exponential
    # variable, whose tenth is -ln .9 = .1054 and whose nine tenths are -ln .1 = 2.3026. Its standard deviation is 208.16.
    skew = Noise(0.02 * 1.02 * 10_000 / 0.98**2 * ONE, 0 * ONE, 0 * ONE)
    band = predicted(noise=skew, baseline=9_999.5, usual=9_999.5, scale=1.0, share=0.02)
    assert band.mean[0, 0] == pytest.approx(199.99)
    assert (band.low[0, 0], band.high[0, 0]) == (13, 472)


def test_a_product_that_never_sells_may_still_sell_one() -> None:
    band = predicted(noise=poisson_noise(), baseline=0, usual=0)
    assert (band.mean[0, 0], band.low[0, 0]) == (0, 0)
    assert band.high[0, 0] >= 1


def noise(units: float = 0.0, both: float = 0.0, revenue: float = 0.0) -> Noise:
    return Noise(units * ONE, both * ONE, revenue * ONE)


# Quantiles of an exponential variable less 1, which has a skewness of 2: ln 10 - 1 and -ln .9 - 1.
MANY, FEW = 1.302585093, -0.894639484
# Half the length of the 30 days, and so much chance that what is left of its skewness, 2 d² (1/2) (3/4) 100 over the cube of its
# spread of sqrt(75 d) = 150, is 2. Half of (49.5 + 149.5) and the half unit are the 100.
EXPONENTIAL = {"baseline": 49.5, "usual": 149.5, "scale": 0.5, "share": 1.0}


def test_the_chance_of_both_spans_is_that_of_the_usual_units_and_of_those_before() -> None:
    band = predicted(**EXPONENTIAL, noise=noise(units=300))
    assert band.mean[0, 0] == pytest.approx(24.75)
    # 24.75 + 150 MANY = 220.14; 24.75 + 150 FEW is below 0.
    assert (band.low[0, 0], band.high[0, 0]) == (0, 221)


def test_a_loss_grows_with_many_units_and_shrinks_with_few() -> None:
    # Each loses 3.00: the profit scatters by the cost, 15 x 150, to the side of losses.
    band = predicted(**EXPONENTIAL, cost=15, noise=noise(units=300))
    assert band.mean[2, 0] == pytest.approx(-74.25)
    assert band.low[2, 0] == pytest.approx(-74.25 - 2250 * MANY)
    assert band.high[2, 0] == pytest.approx(-74.25 - 2250 * FEW)


def test_a_unit_of_less_than_one_pound_is_no_loss() -> None:
    band = predicted(**EXPONENTIAL, price=0.5, price_before=0.5, noise=noise(units=300, revenue=300))
    # At 0.50 for each of 24.75 units, with a spread of sqrt(300 x 75) = 150.
    assert band.high[1, 0] == pytest.approx(12.375 + 150 * MANY)


def test_a_spread_below_one_unit_is_as_skewed() -> None:
    # Of nothing before half a unit is expected: 1.5 x (1/2) (3/2) / 2 = .75², a third moment of .84375, and .84375 / .75³ = 2.
    band = predicted(
        baseline=0, usual=0, scale=0.5, share=1, price=10, noise=noise(units=1.5, revenue=15_000)
    )
    assert band.high[1, 0] == pytest.approx(75 * MANY)


def test_chance_in_revenue_and_profit_by_hand() -> None:
    # As long as the 30 days, of 50 units each: a spread of sqrt(100) times that of one unit, and no skewness.
    band = predicted(baseline=49.5, usual=49.5, scale=1, share=1, noise=noise(1, 10, 400))
    # A price that rises from 10 to 12 scatters 1.2 times as much; profit by 1.44 x 400 - 2 x 1.2 x 4 x 10 + 16 x 1 = 496.
    assert (band.low[0, 0], band.high[0, 0]) == (36, 63)
    assert band.low[1, 0] == pytest.approx(594 - 1.2815515656 * 240)
    assert band.high[1, 0] == pytest.approx(594 + 1.2815515656 * 240)
    half = 1.2815515656 * np.sqrt(49_600)
    assert (band.low[2, 0], band.high[2, 0]) == (pytest.approx(396 - half), pytest.approx(396 + half))


def test_where_costs_outweigh_the_scatter_of_revenue_the_interval_is_that_of_whole_units() -> None:
    # 1.44 x 0 - 2 x 1.2 x 4 x 30 + 16 x 1 is below 0: estimates of chance need not fit each other.
    band = predicted(baseline=49.5, usual=49.5, scale=1, share=1, noise=noise(1, 30, 0))
    assert (band.low[2, 0], band.high[2, 0]) == (pytest.approx(8 * 36), pytest.approx(8 * 63))


def test_a_band_of_days_is_a_share_of_that_of_the_window() -> None:
    band = Band(np.full((3, 1), 4.0), np.full((3, 1), 2.0), np.full((3, 1), 6.0)).times(np.full((3, 1), 0.5))
    assert (band.mean[1, 0], band.low[1, 0], band.high[1, 0]) == (2, 1, 3)


def test_where_a_unit_loses_money_more_units_bring_less_profit() -> None:
    band = predicted(cost=15, noise=poisson_noise(4.0))
    assert band.low[2, 0] < band.mean[2, 0] < band.high[2, 0] < 0
    assert band.low[2, 0] <= -3 * band.high[0, 0]


@given(
    baseline=st.floats(0, 1e6),
    share=st.floats(0, 3),
    share_sd=st.floats(0, 2),
    scale=st.floats(0, 3),
    price=st.floats(0.01, 1e4),
    cost=st.floats(0, 1e4),
    dispersion=st.floats(0, 500),
)
def test_limits_hold_the_mean_between_them_and_sales_are_never_negative(
    baseline: float, share: float, share_sd: float, scale: float, price: float, cost: float, dispersion: float
) -> None:
    band = predicted(
        baseline=baseline, usual=baseline, share=share, share_sd=share_sd, scale=scale, price=price, cost=cost,
        noise=poisson_noise(dispersion),
    )  # fmt: skip
    slack = 1e-6 * (1 + np.abs(band.mean))
    assert (band.low <= band.mean + slack).all()
    assert (band.mean <= band.high + slack).all()
    assert (band.low[:2] >= 0).all()


# --- chance -------------------------------------------------------------------------------------------------


def test_poisson_weeks_have_the_dispersion_of_their_lines() -> None:
    rng = np.random.default_rng(5)
    units = rng.poisson(40.0, (400, 52)).astype(float)
    shop = np.full(units.shape, 1e5)
    noise = estimate_noise(units, 3 * units, shop, np.full(400, 3.0), 28)
    # 52 weeks pull 6 weeks' worth of the usual dispersion down to nearly 1.
    assert 0.9 < float(np.mean(noise.units)) < 1.7
    assert noise.both == pytest.approx(3 * noise.units)
    assert noise.revenue == pytest.approx(9 * noise.units)


def test_sales_that_drift_predict_a_month_worse_than_scatter_alone_does() -> None:
    rng = np.random.default_rng(6)
    drift = np.exp(np.cumsum(rng.normal(0, 0.1, (200, 52)), axis=1))
    shop = np.full(drift.shape, 1e6)
    price = np.ones(200)
    steady = rng.poisson(200.0, drift.shape).astype(float)
    drifting = rng.poisson(200 * drift / drift.mean(axis=1, keepdims=True)).astype(float)
    a, b = (estimate_noise(units, units, shop, price, 28).units for units in (steady, drifting))
    assert np.median(b) > 4 * np.median(a)


def test_a_season_that_the_whole_shop_shares_is_no_chance() -> None:
    rng = np.random.default_rng(7)
    wave = 1 + 0.8 * np.sin(np.arange(52) / 8)
    units = rng.poisson(100 * wave, (200, 52)).astype(float)
    shop = np.broadcast_to(1e5 * wave, units.shape)
    noise = estimate_noise(units, units, shop, np.ones(200), 28)
    assert float(np.mean(noise.units)) < 1.8


WEEKS = [10.0, 20, 10, 20, 20, 10]  # of 100 that the shop sells in each


def noise_of(
    weeks: list[float], shop: list[float] | None = None, paid: float = 30.0, window: int = 7
) -> list[float]:
    """Noise of units, both and revenue of one product of 2.00 that takes the same money each week."""
    units = np.array([weeks])
    found = estimate_noise(
        units, np.full(units.shape, paid), np.array([shop or [100.0] * len(weeks)]), 2 * ONE, window
    )
    return [float(each[0]) for each in (found.units, found.both, found.revenue)]


def test_chance_by_hand() -> None:
    # The scatter of weeks: six times 5² / 15 = 10 in 5 degrees of freedom, with six weeks of the usual 5: 40 / 11.
    # Four weeks predict the next with an error of 20 - 60 / 4 = 5 and of 10 - 70 / 4 = -7.5 where its variance is
    # (1/4) (5/4) 400 x .15 = 18.75: 4/3 and 3, on average 13/6. Two origins that overlap weigh 1, the weeks 2.
    assert noise_of(WEEKS)[0] == pytest.approx((13 / 6 + 2 * 40 / 11) / 3)
    # Money that never scatters: 5 x 2 and 5 x 4 by six weeks in eleven, and no error of the origins.
    assert noise_of(WEEKS)[1:] == pytest.approx([2 * 60 / 11 / 3, 2 * 120 / 11 / 3])


def test_the_chance_of_what_sells_by_the_gram_is_counted_in_its_own_units() -> None:
    # A hundredth of each: 10 becomes .1, 13/6 becomes .13/6.
    assert noise_of([each / 100 for each in WEEKS])[0] == pytest.approx((0.13 / 6 + 2 * 30.1 / 11) / 3)


def test_weeks_before_the_first_sale_and_those_of_a_closed_shop_do_not_count() -> None:
    weeks = [np.nan, np.nan, 0.0, *WEEKS]
    assert noise_of(weeks, [100.0, 100, 0, *[100.0] * 6]) == pytest.approx(noise_of(WEEKS))


def test_a_single_origin_weighs_half_as_much_as_two() -> None:
    # 80 of 500: 120 / 16 = 7.5 in 4 degrees of freedom, 37.5 / 10; one error of 5² / (5/16 x 400 x .16) = 1.25 that weighs 1/2.
    assert noise_of(WEEKS[:5])[0] == pytest.approx((1.25 / 2 + 2 * 3.75) / 2.5)


def test_four_weeks_ahead_are_predicted_as_a_whole_and_overlap_more() -> None:
    # 100 of 800: 150 / 12.5 = 12 in 7 degrees of freedom, 42 / 13. 60 units predict 60 where 40 come: 20² / (2 x 400 / 8) = 4,
    # and one origin of four weeks weighs 1/8.
    weeks = [10.0, 20, 10, 20, 10, 10, 10, 10]
    assert noise_of(weeks, window=28)[0] == pytest.approx((4 / 8 + 2 * 42 / 13) / 2.125)


def test_less_than_a_week_is_predicted_as_a_week() -> None:
    assert noise_of(WEEKS, window=3) == noise_of(WEEKS, window=7)


def test_a_product_without_a_past_gets_the_usual_chance() -> None:
    nothing = np.full((1, 52), np.nan)
    noise = estimate_noise(nothing, nothing, np.full((1, 52), 1e4), 2 * ONE, 7)
    assert noise.units == pytest.approx(USUAL_DISPERSION)
    assert noise.revenue == pytest.approx(4 * USUAL_DISPERSION)


# --- the rest of the shop -------------------------------------------------------------------------------------


def test_spans_are_summed_and_cut_at_the_ends_of_the_data() -> None:
    rows = (
        np.array([0, 0, 1, 1, 0]),
        np.array([100, 102, 101, 99, 103]),
        np.array([1.0, 2.0, 5.0, 7.0, 7.0]),
        np.array([10.0, 20.0, 5.0, 7.0, 7.0]),
    )
    days = CumulativeSales.of(100, 3, 2, rows)
    assert days.between(100, 103, np.array([0, 1]))[0].tolist() == [3, 5]
    assert days.between(0, 101, np.array([0]))[1].tolist() == [10]
    assert days.between(101, 900, np.array([0]))[0].tolist() == [2]
    assert days.between(101, 900, np.array([0]))[1].tolist() == [20]
    assert days.between(102, 101, np.array([0]))[0].tolist() == [0]
    assert days.quantity.shape == days.revenue.shape == (4, 2)


def test_products_repriced_meanwhile_are_distinguished_from_those_that_were_not() -> None:
    day = np.tile(np.arange(100, 200), 3)
    rows = (np.repeat([0, 1, 2], 100), day, np.ones(300), np.full(300, 7.0))  # a unit a day, for 7.00
    days = CumulativeSales.of(100, 100, 3, rows)
    spans = np.array([[110, 140, 141, 169], [160, 190, 191, 198]])
    before, after = units_of_changed(days, np.array([0, 2, 1]), np.array([105, 140, 150]), spans)
    assert (before.tolist(), after.tolist()) == ([60, 0], [56, 0])


def test_every_record_has_its_own_spans() -> None:
    # A unit a day; each record looks at a day less before and two days more afterwards.
    days = CumulativeSales.of(
        100, 100, 1, (np.zeros(100, int), np.arange(100, 200), np.ones(100), np.ones(100))
    )
    spans = np.array([[110, 140 - each, 141, 150 + 2 * each] for each in (3, 0, 1, 5, 2, 4)])
    before, after = units_of_changed(days, np.array([0]), np.array([120]), spans)
    assert (before.tolist(), after.tolist()) == ([27, 30, 29, 25, 28, 26], [15, 9, 11, 19, 13, 17])


def test_the_season_of_a_single_day_is_known_and_that_of_no_day_is_none() -> None:
    factor, tells = season(np.array([300.0, 300.0]), np.array([25.0, 0.0]), np.array([1, 0]))
    assert (factor.tolist(), tells.tolist()) == ([2.5, 1.0], [True, False])


def test_the_season_is_the_rests_movement_a_day() -> None:
    factor, tells = season(np.array([300.0, 300.0, 99.0]), np.array([140.0, 0.0, 50.0]), np.array([7, 7, 7]))
    assert factor.tolist() == [2.0, 0.0, 1.0]
    assert tells.tolist() == [True, True, False]


# --- calibration ------------------------------------------------------------------------------------------------


def test_what_falls_on_a_limit_is_within_and_what_is_unknown_is_not_judged() -> None:
    low, high = np.full((3, 4), 10.0), np.full((3, 4), 20.0)
    mean = np.array([[15.0, 15, 15, np.nan]] * 3)
    realised = np.array([[10.0, 20.01, 15, 15]] * 3)
    judged = np.array([True, True, True, True])
    found = calibrate(Band(mean, low, high), realised, judged, 1)
    assert (found.count, found.within, found.share) == (3, 2, pytest.approx(2 / 3))
    assert found.bias_percent == pytest.approx(100 * (45.01 / 45 - 1))


@pytest.mark.parametrize(
    ("realised", "within"), [(9.994, False), (9.996, True), (20.0, True), (20.004, True), (20.006, False)]
)
def test_a_figure_lies_within_its_interval_to_the_cent(realised: float, within: bool) -> None:
    band = Band(*(np.full((3, 1), value) for value in (15.0, 10.0, 20.0)))
    assert inside(band, np.full((3, 1), realised)).tolist() == [[within]] * 3


def test_nothing_judged_is_no_share() -> None:
    band = Band(*(np.full((3, 1), 1.0) for _ in range(3)))
    found = calibrate(band, np.ones((3, 1)), np.array([False]), 0)
    assert (found.count, found.within) == (0, 0)
    assert np.isnan([found.share, found.low, found.high, found.bias_percent]).all()


def test_wilsons_interval_of_a_published_example() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263 by the score method.
    share, low, high = binomial_interval(81, 263)
    assert (round(share, 4), round(low, 4), round(high, 4)) == (0.308, 0.2553, 0.3662)
    # Two of four: 1/2 and 1.96 / (1 + 3.8415 / 4) sqrt(1/16 + 3.8415 / 64) = .34996 to both sides.
    assert binomial_interval(2, 4) == (
        0.5,
        pytest.approx(0.150039, abs=1e-6),
        pytest.approx(0.849961, abs=1e-6),
    )


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_interval_of_a_share_holds_it(within: int, count: int) -> None:
    share, low, high = binomial_interval(min(within, count), count)
    assert 0 <= low <= share + 1e-12
    assert share <= high + 1e-12 <= 1 + 2e-12
