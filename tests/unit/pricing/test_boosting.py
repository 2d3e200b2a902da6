"""The boosted forecast: what it sees, that it sees nothing later, and what it learns."""

import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pricing.forecasting.core import boosting
from pricing.forecasting.core.backtest import HORIZON
from pricing.forecasting.core.boosting import fit_boosted, learn, price_changed, ratios, refusal, series_of
from pricing.forecasting.core.features import FEATURES, PricePanel, category_feature, features, price_panel
from pricing.forecasting.core.lines import fit_priors, forecast_lines
from pricing.forecasting.core.panel import DemandPanel

FIRST_DAY = 20_087  # a Monday
PRODUCTS, DAYS = 60, 400


def shop(*, growth: float = 0.0, seed: int = 5, products: int = PRODUCTS) -> DemandPanel:
    """Products of different rates, a unit a line; `growth` is by how much a day sells more than the one before."""
    chance = np.random.default_rng(seed)
    rate = chance.gamma(2.0, 2.0, (products, 1)) * np.exp(growth * (np.arange(DAYS) - DAYS))
    lines = chance.poisson(rate).astype(float)
    lines[:, 0] += 1
    return DemandPanel(FIRST_DAY, lines.copy(), lines, lines.sum(axis=0))


def unpriced(panel: DemandPanel) -> PricePanel:
    return PricePanel(np.full(panel.units.shape, np.nan), np.zeros(panel.units.shape, np.bool_))


def nobody(panel: DemandPanel) -> NDArray[np.int64]:
    return np.full(panel.units.shape[0], -1)


def column(rows: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    return rows[:, FEATURES.index(name)]


# --- what it sees ----------------------------------------------------------------------------------


def test_the_columns_are_what_their_names_say() -> None:
    units = np.zeros((2, 400))
    units[0] = 2.0
    units[0, -364:-336] = 6.0
    units[1, 340:380] = 1.0
    panel = DemandPanel(FIRST_DAY, units, (units > 0).astype(float), units.sum(axis=0))
    rows = features(panel, unpriced(panel), np.array([np.nan, 3.0]), np.array([55.0, 9.0]))
    assert rows.shape == (2, len(FEATURES))
    np.testing.assert_allclose(column(rows, "expected"), np.log([56, 10]))
    np.testing.assert_allclose(column(rows, "week_1"), np.log([57 / 56, 1 / 10]))
    np.testing.assert_allclose(column(rows, "week_4"), np.log([57 / 56, 29 / 10]))
    np.testing.assert_allclose(
        column(rows, "same_days_a_year_ago"), [np.log((6 * 28 + 1) / (2 * 28 + 1)), np.nan]
    )
    np.testing.assert_allclose(column(rows, "days_56_to_28"), [np.log(57 / 56), np.log(29 / 10)])
    assert np.isnan(column(rows, "days_91_to_56")).tolist() == [False, True]
    np.testing.assert_allclose(column(rows, "days_inactive"), np.log1p([0, 20]))
    np.testing.assert_allclose(column(rows, "age"), np.log1p([400, 60]))
    assert column(rows, "sold_days_28").tolist() == [28, 8]
    assert column(rows, "weekend_share")[0] == pytest.approx(52 / 182)
    np.testing.assert_array_equal(column(rows, "category"), [np.nan, 3.0])


def test_the_shops_last_year_is_its_change_over_the_same_days() -> None:
    units = np.ones((1, 400))
    units[0, 36:64] = 3.0
    panel = DemandPanel(FIRST_DAY, units, units, units.sum(axis=0))
    rows = features(panel, unpriced(panel), np.array([np.nan]), np.array([28.0]))
    assert column(rows, "shop_same_days_a_year_ago")[0] == pytest.approx(np.log(85 / 29))
    assert column(rows, "shop_last_28_days")[0] == 0
    short = features(panel.until(300), unpriced(panel).until(300), np.array([np.nan]), np.array([28.0]))
    assert np.isnan(column(short, "shop_same_days_a_year_ago")[0])


def test_prices_are_carried_forward_and_stand_against_their_usual_level() -> None:
    prices = price_panel(
        np.array([0, 0, 1, 0]),
        FIRST_DAY + np.array([10, 290, 5, 400]),
        np.array([10.0, 8.0, 0.0, 99.0]),
        np.array([False, True, False, False]),
        products=2,
        first_day=FIRST_DAY,
        end=FIRST_DAY + 300,
    )
    assert np.isnan(prices.price[0, :10]).all()
    assert set(prices.price[0, 10:290]) == {10.0}
    assert set(prices.price[0, 290:]) == {8.0}
    assert np.isnan(prices.price[1]).all()
    panel = shop(products=2).until(300)
    rows = features(panel, prices, np.full(2, np.nan), np.ones(2))
    np.testing.assert_allclose(column(rows, "price_against_usual"), [np.log(0.8), np.nan])
    # Whether the newest days were a promotion is not settled yet.
    assert column(rows, "promotion_share").tolist() == [0, 0]
    later = PricePanel(
        np.pad(prices.price, ((0, 0), (0, 35)), "edge"), np.pad(prices.promotion, ((0, 0), (0, 35)))
    )
    rows = features(shop(products=2).until(335), later, np.full(2, np.nan), np.ones(2))
    np.testing.assert_allclose(column(rows, "promotion_share"), [1 / 147, 0])


@pytest.mark.parametrize("days", [1, 7, 27, 36])
def test_a_short_history_has_columns_too(days: int) -> None:
    panel = shop(products=3).until(days)
    rows = features(panel, unpriced(panel), np.full(3, np.nan), np.ones(3))
    assert not np.isinf(rows).any()


def test_categories_with_fewer_than_eight_products_count_as_none() -> None:
    category = np.repeat([0, 1, 2, -1], [8, 7, 20, 3])
    codes = category_feature(category)
    np.testing.assert_array_equal(codes, np.repeat([0, np.nan, 1, np.nan], [8, 7, 20, 3]))
    assert np.isnan(category_feature(np.full(5, -1))).all()


# --- that it sees nothing later --------------------------------------------------------------------


def test_what_is_learned_from_ends_before_what_is_forecast(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = shop()
    seen: list[int] = []

    def spy(known: DemandPanel, prices: PricePanel, *rest: Any) -> NDArray[np.float64]:
        seen.append(known.days)
        assert prices.price.shape == known.units.shape
        np.testing.assert_array_equal(known.units, panel.units[:, : known.days])
        return features(known, prices, *rest)

    targets: dict[str, NDArray[np.float64]] = {}

    def fit(rows: Any, ratio: Any, weight: Any, categorical: Any) -> None:
        targets["sold"] = ratio * weight

    monkeypatch.setattr(boosting, "features", spy)
    monkeypatch.setattr(boosting, "_fit", fit)
    learn(panel, unpriced(panel), nobody(panel))
    assert max(seen) == DAYS - HORIZON
    assert seen == list(range(DAYS - HORIZON, 55, -7))
    came = np.concatenate([panel.units[:, day : day + HORIZON].sum(axis=1) for day in seen])
    np.testing.assert_allclose(targets["sold"], came)


def test_sales_after_the_origin_change_nothing_that_is_forecast_from_it() -> None:
    panel, origin = shop(), DAYS - HORIZON
    changed = panel.units.copy()
    changed[:, origin:] = 7 * changed[:, origin:] + 3
    other = DemandPanel(FIRST_DAY, changed, changed, changed.sum(axis=0))
    made = []
    for each in (panel, other):
        known, prices = each.until(origin), unpriced(each).until(origin)
        made.append(ratios(learn(known, prices, nobody(each)), known, prices, nobody(each)))
    np.testing.assert_array_equal(*made)


def test_the_backtest_learns_from_what_came_before_its_oldest_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    learned_from = []

    def spy(known: DemandPanel, *rest: Any) -> Any:
        learned_from.append(known.days)
        return learn(known, *rest)

    monkeypatch.setattr(boosting, "learn", spy)
    panel = shop()
    found = fit_boosted(panel, unpriced(panel), nobody(panel))
    assert learned_from == [DAYS - 3 * HORIZON, DAYS]
    assert set(found.origins.tolist()) == {3}


# --- what it learns --------------------------------------------------------------------------------


def test_it_learns_that_the_default_lags_behind_growth() -> None:
    panel = shop(growth=0.01)
    found = fit_boosted(panel, unpriced(panel), nobody(panel))
    assert np.median(found.ratio) > 1.03
    assert found.shop_boosted.wape < found.shop_default.wape
    assert abs(found.shop_boosted.bias) < abs(found.shop_default.bias)
    assert found.shop_boosted.pinball > 0


def test_a_price_has_changed_where_the_28_days_after_an_origin_have_another() -> None:
    price = np.full((4, 2 * HORIZON), 10.0)
    price[0, HORIZON + 14 :] = 10.3  # in the mean 1.5 % above: too little
    price[1, HORIZON:] = 9.5
    price[2, :HORIZON] = np.nan
    price[3, : HORIZON - 1] = 8.0  # changed before the origin
    prices = PricePanel(price, np.zeros_like(price, np.bool_))
    assert price_changed(prices, [HORIZON])[:, 0].tolist() == [False, True, False, False]


def test_errors_after_changes_of_price_are_added_up_apart() -> None:
    panel = shop()
    prices = np.full(panel.units.shape, 10.0)
    prices[0, DAYS - HORIZON :] = 8.0
    found = fit_boosted(panel, PricePanel(prices, np.zeros_like(prices, np.bool_)), nobody(panel))
    # Of one product and one origin: the default's own error of these 28 days.
    known = panel.until(DAYS - HORIZON)
    priors = fit_priors(known, nobody(panel), 0)
    expected = forecast_lines(known, nobody(panel), priors, HORIZON)[0].sum()
    sold = panel.units[0, DAYS - HORIZON :].sum()
    assert found.shop_default.wape_price_changed == pytest.approx(abs(expected - sold) / sold)
    assert np.isnan(fit_boosted(panel, unpriced(panel), nobody(panel)).shop_default.wape_price_changed)


def test_the_errors_of_each_origin_are_the_newest_first_and_make_up_the_whole() -> None:
    panel = shop()
    panel.units[:, -HORIZON:] *= 3  # what nobody foresaw in the newest month
    found = fit_boosted(panel, unpriced(panel), nobody(panel)).shop_default
    sold = [panel.units[:, DAYS - (n + 1) * HORIZON : DAYS - n * HORIZON].sum() for n in range(3)]
    assert found.wapes[0] == pytest.approx(2 / 3, abs=0.03)
    assert max(found.wapes[1:]) < 0.3
    assert sum(map(float.__mul__, found.wapes, map(float, sold))) / sum(sold) == pytest.approx(found.wape)


def test_where_the_default_is_right_it_changes_little() -> None:
    panel = shop()
    found = fit_boosted(panel, unpriced(panel), nobody(panel))
    assert 0.9 < np.median(found.ratio) < 1.1


def test_what_is_not_expected_to_sell_is_left_alone() -> None:
    panel = shop()
    panel.units[7, 200:] = panel.lines[7, 200:] = 0
    panel.units[8] = panel.lines[8] = 0
    found = fit_boosted(panel, unpriced(panel), nobody(panel))
    assert found.ratio[[7, 8]].tolist() == [1, 1]
    assert ((found.ratio >= 0.5) & (found.ratio <= 3)).all()


def test_it_comes_out_the_same_every_time() -> None:
    panel, category = shop(), np.arange(PRODUCTS) % 3
    first, second = (fit_boosted(panel, unpriced(panel), category) for _ in range(2))
    np.testing.assert_array_equal(first.ratio, second.ratio)
    np.testing.assert_array_equal(first.measured.wape, second.measured.wape)


def test_a_large_shop_is_learned_from_at_fewer_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "MOST_ROWS", 25 * PRODUCTS)
    origins = list(boosting._past_origins(DAYS, PRODUCTS))
    assert origins == list(range(DAYS - HORIZON, 55, -14))


# --- who gets it -----------------------------------------------------------------------------------


def test_a_shop_needs_200_products_and_more_than_a_year() -> None:
    assert refusal(200, 366) is None
    for series, days in ((199, 366), (200, 365), (0, 0)):
        why = refusal(series, days)
        assert why is not None
        assert f"{series} such products and {days} days" in why


def test_a_product_that_was_silent_for_a_quarter_is_no_series() -> None:
    panel = shop(products=4)
    panel.units[0, -91:] = panel.units[1, -90:] = panel.units[2] = 0
    assert series_of(panel) == 2


def test_nothing_is_learned_from_a_few_weeks() -> None:
    panel = shop().until(80)
    with pytest.raises(ValueError, match="nothing to learn from in 80 days"):
        learn(panel, unpriced(panel), nobody(panel))


def test_without_scikit_learn_it_is_not_installed_and_nothing_is_learned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert boosting.is_installed()
    for name in ("sklearn", "sklearn.ensemble"):
        monkeypatch.setitem(sys.modules, name, None)
    assert not boosting.is_installed()
    panel = shop()
    with pytest.raises(ModuleNotFoundError):
        learn(panel, unpriced(panel), nobody(panel))
