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


def test_a_product_without_a_past_gets_the_usual_chance() -> None:
    nothing = np.full((1, 52), np.nan)
    noise = estimate_noise(nothing, nothing, np.full((1, 52), 1e4), 2 * ONE, 7)
    assert noise.units == pytest.approx(USUAL_DISPERSION)
    assert noise.revenue == pytest.approx(4 * USUAL_DISPERSION)


# --- the rest of the shop -------------------------------------------------------------------------------------


def test_spans_are_summed_and_cut_at_the_ends_of_the_data() -> None:
    rows = (
        np.array([0, 0, 1]),
        np.array([100, 102, 101]),
        np.array([1.0, 2.0, 5.0]),
        np.array([10.0, 20.0, 5.0]),
    )
    days = CumulativeSales.of(100, 3, 2, rows)
    assert days.between(100, 103, np.array([0, 1]))[0].tolist() == [3, 5]
    assert days.between(0, 101, np.array([0]))[1].tolist() == [10]
    assert days.between(101, 900, np.array([0]))[0].tolist() == [2]
    assert days.between(102, 101, np.array([0]))[0].tolist() == [0]


def test_products_repriced_meanwhile_are_distinguished_from_those_that_were_not() -> None:
    day = np.tile(np.arange(100, 200), 3)
    rows = (np.repeat([0, 1, 2], 100), day, np.ones(300), np.full(300, 7.0))  # a unit a day, for 7.00
    days = CumulativeSales.of(100, 100, 3, rows)
    spans = np.array([[110, 140, 141, 169], [160, 190, 191, 198]])
    before, after = units_of_changed(days, np.array([0, 2, 1]), np.array([105, 140, 150]), spans)
    assert (before.tolist(), after.tolist()) == ([60, 0], [56, 0])


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


def test_nothing_judged_is_no_share() -> None:
    band = Band(*(np.full((3, 1), 1.0) for _ in range(3)))
    found = calibrate(band, np.ones((3, 1)), np.array([False]), 0)
    assert (found.count, found.within) == (0, 0)
    assert np.isnan([found.share, found.low, found.high, found.bias_percent]).all()


def test_wilsons_interval_of_a_published_example() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I: 81 of 263 by the score method.
    share, low, high = binomial_interval(81, 263)
    assert (round(share, 4), round(low, 4), round(high, 4)) == (0.308, 0.2553, 0.3662)


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_interval_of_a_share_holds_it(within: int, count: int) -> None:
    share, low, high = binomial_interval(min(within, count), count)
    assert 0 <= low <= share + 1e-12
    assert share <= high + 1e-12 <= 1 + 2e-12
