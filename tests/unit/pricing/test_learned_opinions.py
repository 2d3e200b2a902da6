"""Second opinions: what they are made of, residual on residual, and where they contradict."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from pricing.elasticity.core.learned import dml, slopes
from pricing.elasticity.core.learned.demand import BASELINE, BETTER, beats_the_baseline, fit_demand
from pricing.elasticity.core.learned.dml import between, fit_dml
from pricing.elasticity.core.learned.features import NAMES, Weeks, features, weeks_of
from pricing.elasticity.core.learned.opinions import Opinions, disagreements, is_installed, refusal
from pricing.elasticity.core.learned.slopes import residual_slopes, yearly_slopes
from pricing.elasticity.core.pooled.panel import build_panel
from pricing.sales.core.calendar import shop_calendar
from pricing.sales.core.daily import DailySales
from tests.dgp import Floats

PRODUCTS, WEEKS, CATEGORIES = 36, 104, 3
TRUTH = np.array([-1.0, -2.0, -3.0])


def weeks_of_a_shop(seed: int, *, confounded: bool = False) -> Weeks:
    """Poisson sales with an elasticity of each category; where confounded, of the first one in peaks at raised prices."""
    rng = np.random.default_rng(seed)
    product, column = (part.ravel() for part in np.indices((PRODUCTS, WEEKS)))
    category = np.arange(PRODUCTS) % CATEGORIES
    price = np.repeat(rng.normal(0, 0.12, (PRODUCTS, WEEKS // 4)), 4, axis=1).ravel()
    start = rng.integers(0, 52, PRODUCTS)
    peak = ((column - start[product]) % 52 < 4) & (category[product] == 0) & confounded
    price = price + 0.2 * peak
    mean = 60 * np.exp(TRUTH[category[product]] * price + 1.2 * peak)
    units = rng.poisson(mean * rng.gamma(20, 1 / 20, mean.size)).astype(np.float64)
    usual = np.bincount(product, units) / WEEKS
    centred = price - (np.bincount(product, price) / WEEKS)[product]
    return Weeks(
        product=product,
        column=column,
        units=units,
        usual=usual[product],
        price=centred,
        promotion=np.zeros(product.size, np.bool_),
        log_usual_price=np.zeros(PRODUCTS),
        weekly=usual,
        category=category,
        weeks=WEEKS,
        first_week=2000,
    )


def of(weeks: Weeks, elasticity: float) -> Floats:
    return features(weeks, np.full(PRODUCTS, elasticity), 0.0)


# --- features ------------------------------------------------------------------------------------


def test_the_sales_of_a_week_are_not_among_what_is_known_of_it() -> None:
    weeks = weeks_of_a_shop(1)
    cell = 5 * WEEKS + 60
    more = weeks.units.copy()
    more[cell] *= 10
    np.testing.assert_array_equal(of(weeks, -2.0)[cell], of(replace(weeks, units=more), -2.0)[cell])


def test_sales_are_freed_of_what_prices_did() -> None:
    weeks = weeks_of_a_shop(1)
    exact = replace(weeks, units=weeks.usual * np.exp(-2.0 * weeks.price))
    for name in ("season of the category", "sales 2 to 13 weeks before"):
        column = NAMES.index(name)
        assert np.nanmax(np.abs(of(exact, -2.0)[:, column])) < 1e-12
        assert np.nanmax(np.abs(of(exact, 0.0)[:, column])) > 0.05


def test_windows_reach_where_they_say() -> None:
    weeks = weeks_of_a_shop(1)
    burst = weeks.usual.copy()
    burst[3 * WEEKS + 50] *= 9
    rows = features(replace(weeks, units=burst), np.zeros(PRODUCTS), 0.0)[3 * WEEKS : 4 * WEEKS]
    before = np.flatnonzero(rows[:, NAMES.index("sales 2 to 4 weeks before")] > 0)
    after = np.flatnonzero(rows[:, NAMES.index("sales 2 to 13 weeks after")] > 0)
    other = np.flatnonzero(rows[:, NAMES.index("sales within 1 weeks of the same week of other years")] > 0)
    assert before.tolist() == [52, 53, 54]
    assert after.tolist() == list(range(37, 49))
    assert other.tolist() == [101, 102, 103]


def test_a_peak_of_each_year_stands_out_from_the_prices_beside_it() -> None:
    weeks = weeks_of_a_shop(1)
    price = np.where(np.arange(WEEKS) % 52 == 20, 0.3, 0.0)
    raised = np.where(np.arange(WEEKS) >= 60, 0.2, 0.0)
    prices = weeks.price.copy()
    prices[:WEEKS], prices[WEEKS : 2 * WEEKS] = price, raised
    rows = features(replace(weeks, price=prices), np.zeros(PRODUCTS), 0.0)
    beside = [
        NAMES.index(f"price then less that of the weeks that {side}") for side in ("led up to it", "followed")
    ]
    np.testing.assert_allclose(rows[[20, 72]][:, beside], 0.3)
    # The other product's price rose for good in week 60: what followed in its other year is as high.
    np.testing.assert_allclose(rows[WEEKS + 8, beside], [0.2, 0.0], atol=1e-12)


def test_weeks_are_counted_from_the_first_one_with_sales() -> None:
    days = 19_002 + np.arange(70)
    ones = np.ones(70, np.int64)
    daily = DailySales(0 * ones, days, ones * 1.0, ones * 4.0, ones < 0, ones)
    panel = build_panel(daily, 1, shop_calendar(days, days, ones), (-2.0, 0.3))
    found = weeks_of(panel, np.zeros(1, np.int64), np.ones(1, np.bool_))
    assert (found.weeks, found.first_week) == (10, int(panel.week.min()))
    assert sorted(set(found.column.tolist())) == list(range(10))


# --- double machine learning ---------------------------------------------------------------------


def test_residual_on_residual_is_right_where_everything_else_is_known() -> None:
    weeks = weeks_of_a_shop(2)
    level = np.exp(np.random.default_rng(0).normal(0, 0.5, PRODUCTS))[weeks.product]
    found = residual_slopes(weeks, weeks.usual * level, weeks.price)
    standard = (found.slope - TRUTH[weeks.category]) / found.error
    assert np.abs(found.slope - TRUTH[weeks.category]).mean() < 0.3
    assert 0.7 < standard.std() < 1.4


def test_the_slope_is_that_of_a_negative_binomial_regression() -> None:
    statsmodels = pytest.importorskip("statsmodels.api")
    weeks = weeks_of_a_shop(3)
    mean = np.full(weeks.units.size, 60.0)
    found = residual_slopes(weeks, mean, weeks.price)
    noise = ((weeks.units - mean) ** 2 - mean).sum() / (mean**2).sum()
    family = statsmodels.families.NegativeBinomial(alpha=noise)
    for product in (0, 7):
        some = weeks.product == product
        design = statsmodels.add_constant(weeks.price[some])
        other = statsmodels.GLM(weeks.units[some], design, family, offset=np.log(mean[some])).fit(tol=1e-12)
        assert found.slope[product] == pytest.approx(other.params[1], rel=1e-6)


def test_weeks_of_other_years_tell_the_slope_whatever_comes_back_every_year() -> None:
    weeks = weeks_of_a_shop(13, confounded=True)
    found = yearly_slopes(weeks, weeks.usual)
    standard = (found.slope - TRUTH[weeks.category]) / found.error
    assert np.abs(found.slope - TRUTH[weeks.category]).mean() < 0.4
    assert abs(standard.mean()) < 0.4
    assert 0.7 < standard.std() < 1.4


def test_the_slope_over_years_is_that_of_a_logit_of_pairs() -> None:
    # Given the sum of a pair, the units of its second week are binomial: logit = log of usual units + slope * price.
    statsmodels = pytest.importorskip("statsmodels.api")
    weeks = weeks_of_a_shop(3)
    usual = np.random.default_rng(1).uniform(20, 90, weeks.units.size)
    found = yearly_slopes(weeks, usual)
    for product in (0, 7):
        first, second = (
            np.flatnonzero((weeks.product == product) & (weeks.column // 52 == year)) for year in (0, 1)
        )
        change = (weeks.price[second] - weeks.price[first])[:, None]
        sold = np.stack([weeks.units[second], weeks.units[first]], axis=1)
        offset = np.log(usual[second] / usual[first])
        other = statsmodels.GLM(sold, change, statsmodels.families.Binomial(), offset=offset).fit(tol=1e-12)
        assert found.slope[product] == pytest.approx(other.params[0], rel=1e-6)


def test_a_single_year_tells_no_slope_over_years() -> None:
    weeks = weeks_of_a_shop(1)
    some = np.flatnonzero(weeks.column < 52)
    cells = ("product", "column", "units", "usual", "price", "promotion")
    short = replace(weeks, weeks=52, **{name: getattr(weeks, name)[some] for name in cells})
    assert np.isnan(yearly_slopes(short, short.usual).slope).all()


def test_nothing_is_said_of_slopes_whose_search_has_not_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    weeks = weeks_of_a_shop(1)
    monkeypatch.setattr(slopes, "STEPS", 1)
    assert np.isnan(residual_slopes(weeks, weeks.usual, weeks.price).slope).all()
    assert np.isnan(yearly_slopes(weeks, weeks.usual).slope).all()


def test_spread_between_products_is_what_errors_do_not_explain() -> None:
    rng = np.random.default_rng(4)
    error = rng.uniform(0.2, 0.6, 4000)
    slope = rng.normal(-2, 0.5, error.size) + rng.normal(0, error)
    assert between(slope, error**2) == pytest.approx(0.25, abs=0.03)
    assert between(rng.normal(0, error) * 0.5, error**2) == 0.0


def test_a_spread_that_did_not_settle_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dml, "SPREAD_STEPS", 1)
    assert np.isnan(between(np.array([-3.0, -1.0, 0.0, 2.0]), np.full(4, 0.01)))


@pytest.mark.parametrize("seed", [11])
def test_double_machine_learning_knows_the_categories(seed: int) -> None:
    found = fit_dml(weeks_of_a_shop(seed), -2.0, 0.0).opinions
    assert np.abs(found.category - TRUTH).max() < 0.35
    assert (np.abs(found.category - TRUTH) < 2 * found.category_error).all()
    assert found.category_products.tolist() == [12, 12, 12]


def test_it_sees_through_peaks_in_which_prices_are_raised() -> None:
    weeks = weeks_of_a_shop(13, confounded=True)
    naive = residual_slopes(weeks, weeks.usual, weeks.price).slope[weeks.category == 0].mean()
    found = fit_dml(weeks, -2.0, 0.0).opinions
    assert naive > TRUTH[0] + 1.2
    assert abs(found.category[0] - TRUTH[0]) < 0.3


# --- the boosted demand model ----------------------------------------------------------------------


def test_the_demand_model_falls_in_the_price_and_is_measured_on_weeks_it_has_not_seen() -> None:
    weeks = weeks_of_a_shop(14)
    truth = TRUTH[weeks.category]
    found = fit_demand(weeks, truth, np.full(PRODUCTS, 0.3), 0.0, truth)
    assert (found.elasticity <= 0).all()
    assert np.abs(found.category - TRUTH).max() < 0.6
    # Nothing beats a baseline that knows the truth by much; one that has the sign wrong is beaten.
    assert found.metrics[BETTER] > 0.9 * found.metrics[BASELINE]
    wrong = fit_demand(weeks, truth, np.full(PRODUCTS, 0.3), 0.0, -truth)
    assert beats_the_baseline(wrong.metrics)
    assert not beats_the_baseline({})


def test_nothing_is_held_back_of_a_short_history() -> None:
    weeks = weeks_of_a_shop(15)
    short = np.flatnonzero(weeks.column < 38)
    cells = ("product", "column", "units", "usual", "price", "promotion")
    weeks = replace(weeks, weeks=38, **{name: getattr(weeks, name)[short] for name in cells})
    assert (
        fit_demand(weeks, TRUTH[weeks.category], np.full(PRODUCTS, 0.3), 0.0, TRUTH[weeks.category]).metrics
        == {}
    )


# --- where they contradict -------------------------------------------------------------------------


def opinions(product: list[float], category: list[float], error: float = 0.1) -> Opinions:
    own, together = np.array(product), np.array(category)
    return Opinions(
        own, np.where(np.isfinite(own), error, np.nan), np.full(own.size, 60), together,
        np.where(np.isfinite(together), error, np.nan), np.full(together.size, 8), {},
    )  # fmt: skip


def test_intervals_that_have_nothing_in_common_contradict() -> None:
    pooled, error, category = (
        np.array([-2.0, -2.0, -2.0, np.nan]),
        np.array([0.2, 0.2, 0.2, np.nan]),
        np.full(4, -1),
    )
    found = disagreements(opinions([-1.0, -1.5, np.nan, -1.0], []), pooled, error, category)
    assert found.tolist() == [True, False, False, False]


def test_a_category_that_contradicts_flags_its_products_with_an_estimate() -> None:
    category = np.array([0, 0, 0, 1, 1, -1])
    pooled, error = np.array([-2.0, -2.2, np.nan, -2.0, -2.0, -2.0]), np.full(6, 0.3)
    nothing = [np.nan] * 6
    found = disagreements(
        opinions(nothing, [-0.8, -2.0]), pooled, np.where(np.isnan(pooled), np.nan, error), category
    )
    assert found.tolist() == [True, True, False, False, False, False]


@pytest.mark.parametrize(("opinion", "apart"), [(-1.6, True), (-1.7, False)])
def test_a_category_contradicts_where_the_difference_is_not_zero(opinion: float, apart: bool) -> None:
    # Errors: .1 of the opinion, sqrt(.3^2 / 2 + .16^2) = .266 of the mean of -2.1; 1.645 times both together .467.
    category, pooled = np.zeros(2, np.int64), np.array([-2.0, -2.2])
    found = disagreements(opinions([np.nan] * 2, [opinion]), pooled, np.full(2, 0.3), category)
    assert found.tolist() == [apart, apart]


@pytest.mark.parametrize(("prices", "words"), [(1, "price never changed"), (2, "26 weeks on sale")])
def test_what_is_missing_is_said(prices: int, words: str) -> None:
    assert words in refusal("dml", prices)


def test_without_scikit_learn_it_is_not_installed_and_nothing_is_learned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert is_installed()
    for name in ("sklearn", "sklearn.ensemble"):
        monkeypatch.setitem(sys.modules, name, None)
    assert not is_installed()
    with pytest.raises(ModuleNotFoundError):
        fit_dml(weeks_of_a_shop(1), -2.0, 0.0)
