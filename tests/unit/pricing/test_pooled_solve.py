"""The batched penalised regressions and the hierarchy, against direct computation."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from pricing.elasticity.core.constants import Hyperprior
from pricing.elasticity.core.pooled import hierarchy, solve
from pricing.elasticity.core.pooled.design import design_matrix
from pricing.elasticity.core.pooled.hierarchy import (
    Unpooled,
    common_shift,
    pool_groups,
    pool_mean,
    unpooled_data,
)
from pricing.elasticity.core.pooled.hyperparameters import COLUMNS, PRICE, Normal
from pricing.elasticity.core.pooled.panel import Panel, build_panel
from pricing.elasticity.core.pooled.season import log_season_index, season_table
from pricing.elasticity.core.pooled.solve import MOST_STEPS, Fit, batches, own_dispersion, solve_part
from pricing.sales.core.calendar import shop_calendar
from pricing.sales.core.daily import DailySales

MONDAY = 19_002
CELL_COLUMNS = (
    "product",
    "week",
    "start",
    "exposure",
    "lines",
    "units",
    "log_price",
    "promotion",
    "new_week",
)


def some_panel(seed: int, products: int = 5) -> Panel:
    rng = np.random.default_rng(seed)
    product = np.repeat(np.arange(products), 120)
    day = np.tile(np.arange(MONDAY, MONDAY + 240, 2), products)
    price = np.repeat(rng.choice([2.0, 2.4, 3.0, 3.3], products * 8), 15)
    lines = rng.poisson(3, product.size)
    daily = DailySales(product, day, lines * 2.5, price, rng.random(product.size) < 0.1, lines)
    calendar = shop_calendar(np.arange(MONDAY, MONDAY + 240), day, lines)
    return build_panel(daily, products, calendar, (-2.0, 0.3))


def some_design(panel: Panel, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    columns = [np.ones(panel.product.size), panel.log_price - panel.log_price.mean()]
    columns += [rng.normal(0, 0.3, panel.product.size) for _ in COLUMNS[2:]]
    return np.stack(columns, axis=1)


def some_prior(products: int) -> Normal:
    mean = np.tile([0.0, -2.0, 1.0, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.2, 0.1], (products, 1))
    sd = np.tile([10.0, 0.7, 0.2, 0.1, 0.25, 0.1, 0.1, 0.1, 0.1, 0.4, 0.3, 0.2], (products, 1))
    return Normal(mean, 1 / sd**2, np.zeros(products))


def solved(per_unit: bool = False, seed: int = 3) -> tuple[Panel, np.ndarray, Normal, Fit]:
    panel = some_panel(seed)
    design = some_design(panel, seed)
    prior = some_prior(5)
    fit = solve_part(list(batches(panel, design)), prior, np.full(5, 1.7), per_unit)
    return panel, design, prior, fit


@pytest.mark.parametrize("per_unit", [False, True], ids=["frequency", "quantity"])
def test_modes_and_covariances_are_those_of_a_general_optimiser(per_unit: bool) -> None:
    panel, design, prior, fit = solved(per_unit)
    exposure = panel.units if per_unit else panel.exposure
    for product in range(5):
        rows = panel.product == product
        cells = design[rows], panel.lines[rows], exposure[rows]
        mode, hessian = optimised(*cells, prior.mean[product].copy(), prior.precision[product], 1.7)
        np.testing.assert_allclose(fit.coefficients[product], mode, atol=2e-5)
        np.testing.assert_allclose(fit.covariance[product], np.linalg.inv(hessian), rtol=2e-4)


def optimised(
    x: np.ndarray, y: np.ndarray, e: np.ndarray, mean: np.ndarray, precision: np.ndarray, dispersion: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mode and negative Hessian of the penalised likelihood, by a general optimiser."""
    mean[0] = np.log(y.sum() / e.sum())

    def loss(theta: np.ndarray) -> float:
        eta = x @ theta
        data = (y @ eta - e @ np.exp(eta)) / dispersion
        return -(data - 0.5 * (precision * (theta - mean) ** 2).sum())

    mode = minimize(loss, mean, method="BFGS", options={"gtol": 1e-8}).x
    weights = e * np.exp(x @ mode) / dispersion
    return mode, (x * weights[:, None]).T @ x + np.diag(precision)


def test_a_product_solved_alone_has_the_same_mode_as_in_a_batch() -> None:
    panel, design, prior, together = solved()
    rows = panel.product == 3
    columns = {name: getattr(panel, name)[rows] for name in CELL_COLUMNS if name != "product"}
    per_product = {
        name: getattr(panel, name)[3:4]
        for name in ("sold_days", "list_prices", "active_weeks", "gaps", "period")
    }
    alone = Panel(product=np.zeros(rows.sum(), np.int64), **columns, **per_product)
    own_prior = Normal(prior.mean[3:4], prior.precision[3:4], prior.price_mean_variance[3:4])
    fit = solve_part(list(batches(alone, design[rows])), own_prior, np.full(1, 1.7))
    np.testing.assert_allclose(fit.coefficients[0], together.coefficients[3], rtol=1e-11)
    np.testing.assert_allclose(fit.covariance[0], together.covariance[3], rtol=1e-10)


def test_rescaled_units_change_the_level_of_lines_per_unit_only() -> None:
    panel, design, prior, fit = solved(per_unit=True)
    larger = Panel(
        **{
            name: getattr(panel, name) * (1000.0 if name == "units" else 1)
            for name in Panel.__slots__
            if name not in ("promotion", "gaps", "new_week")
        },
        promotion=panel.promotion,
        gaps=panel.gaps,
        new_week=panel.new_week,
    )
    rescaled = solve_part(list(batches(larger, design)), prior, np.full(5, 1.7), per_unit=True)
    np.testing.assert_allclose(rescaled.coefficients[:, 1:], fit.coefficients[:, 1:], rtol=1e-9)
    np.testing.assert_allclose(rescaled.coefficients[:, 0], fit.coefficients[:, 0] - np.log(1000), rtol=1e-9)


def test_unpooled_data_are_the_posterior_with_the_prior_taken_off() -> None:
    own = unpooled_data(np.array([-1.5]), np.array([0.2]), np.array([-2.0]), np.array([1.0]))
    assert own.precision == pytest.approx(4.0)
    assert own.weighted / own.precision == pytest.approx((-1.5 / 0.2 + 2.0) / 4.0)


def drawn(seed: int, groups: int, products: int, tau: float, error: float) -> tuple[Unpooled, np.ndarray]:
    rng = np.random.default_rng(seed)
    group = np.arange(products) % groups
    truth = rng.normal(-1.5, 0.6, groups)[group] + rng.normal(0, tau, products)
    own = truth + rng.normal(0, error, products)
    return Unpooled(np.full(products, error**-2), own / error**2), group


def test_pooling_recovers_means_and_spread_within_groups() -> None:
    own, group = drawn(1, 10, 4000, tau=0.4, error=0.8)
    pooled = pool_groups(own, group, 10, Hyperprior(-2.0, 0.5, 0.7, 0.5), (0.7, 0.5))
    assert pooled.spread == pytest.approx(0.4, abs=0.06)
    raw = np.bincount(group, own.weighted / own.precision) / np.bincount(group)
    np.testing.assert_allclose(pooled.mean, raw, atol=0.03)


def test_the_spread_over_two_groups_leans_on_what_three_more_would_have() -> None:
    group = (np.arange(4000) % 4 == 0).astype(np.int64)
    exactly = np.full(group.size, 1e6)
    pooled = pool_groups(
        Unpooled(exactly, np.array([-1.0, -3.0])[group] * exactly),
        group,
        2,
        Hyperprior(-2.0, 0.5, 0.7, 0.5),
        (0.7, 0.5),
    )
    # Groups count alike, however many products they have.
    assert pooled.overall == pytest.approx(-2.0, abs=0.01)
    # Two squares of 1 and three of .5^2, over five.
    assert pooled.between == pytest.approx(0.55**0.5, abs=0.005)


def test_without_data_groups_stay_at_the_prior_mean() -> None:
    nothing = Unpooled(np.zeros(4), np.zeros(4))
    pooled = pool_groups(nothing, np.zeros(4, np.int64), 1, Hyperprior(-2.0, 0.5, 0.7, 0.5), (0.7, 0.5))
    assert pooled.overall == pytest.approx(-2.0)
    assert pooled.mean.tolist() == pytest.approx([-2.0])
    assert pooled.spread == pytest.approx(0.7)


def test_means_of_coefficients_that_resemble_each_other_are_found_together() -> None:
    rng = np.random.default_rng(4)
    products, groups, spread = 3000, 5, np.array([0.5, 0.1, 0.2])
    group, true_means = np.arange(products) % groups, np.linspace(-3, -1, groups)
    mean = np.stack([true_means[group], np.full(products, 0.4), np.full(products, 0.0)], axis=1)
    theta = mean + rng.normal(size=(products, 3)) * spread
    precision = np.tile([[4.0, 3.8, 0.0], [3.8, 4.0, 0.0], [0.0, 0.0, 4.0]], (products, 1, 1))
    estimate = (
        theta
        + np.linalg.solve(
            np.linalg.cholesky(precision).transpose(0, 2, 1), rng.normal(size=(products, 3, 1))
        )[:, :, 0]
    )
    start = np.tile([-2.0, 0.3, 0.0], (products, 1))
    marginal = np.linalg.inv(precision) + np.diag(spread**2)
    information = np.linalg.inv(marginal)
    score = np.einsum("pkl,pl->pk", information, estimate - start)
    hyperpriors = (Hyperprior(-2.0, 0.5, 0.7, 0.5), Hyperprior(0.3, 0.3, 0.1), Hyperprior(0.0, 0.0, 0.2))
    begin = (np.full(groups, -2.0), np.array([0.0, 0.3, 0.0]))
    shift = common_shift(score, information, group, begin, hyperpriors, between=0.8)
    np.testing.assert_allclose(-2.0 + shift[:, 0], true_means, atol=0.15)
    np.testing.assert_allclose(0.3 + shift[:, 1], 0.4, atol=0.1)
    assert not shift[:, 2].any()


def test_a_mean_that_is_held_is_not_estimated() -> None:
    own, _ = drawn(2, 1, 500, tau=0.3, error=0.2)
    held = pool_mean(own, Hyperprior(0.0, 0.0, 0.25), 0.25)
    assert held.mean == 0.0
    assert held.spread > 1.0
    free = pool_mean(own, Hyperprior(0.0, 5.0, 0.25), 0.25)
    assert free.mean == pytest.approx((own.weighted / own.precision).mean(), abs=0.02)
    assert free.spread == pytest.approx(0.3, abs=0.05)


def test_a_mean_stays_within_its_limits() -> None:
    own, _ = drawn(2, 1, 500, tau=0.3, error=0.2)
    wanted = pool_mean(own, Hyperprior(0.0, 5.0, 0.25), 0.25).mean
    assert pool_mean(own, Hyperprior(0.0, 5.0, 0.25, least=wanted + 0.5), 0.25).mean == wanted + 0.5
    assert pool_mean(own, Hyperprior(0.0, 5.0, 0.25, most=wanted - 0.5), 0.25).mean == wanted - 0.5


@pytest.mark.parametrize(("least", "most", "end"), [(-np.inf, 0.0, 0.0), (0.7, np.inf, 0.7)])
def test_a_mean_that_meets_its_limit_leaves_the_rest_to_the_others(
    least: float, most: float, end: float
) -> None:
    # One product's worth of information that says: the sum of two alike means is 1 too small.
    information, score = np.full((1, 2, 2), 50.0) + 5.0 * np.eye(2), np.full((1, 2), 50.0)
    hyperpriors = (Hyperprior(-2.0, 5.0, 0.7, 0.5), Hyperprior(0.0, 5.0, 0.2, least=least, most=most))
    begin = (np.array([-2.0]), np.array([-2.0, 0.0]))
    shift = common_shift(score, information, np.array([0]), begin, hyperpriors, between=5.0)
    assert shift[0, 1] == pytest.approx(end)
    # (50 + 5 + prior) x = 50 - 50 end
    assert shift[0, 0] == pytest.approx((50 - 50 * end) / (55 + 1 / 50), rel=1e-3)


# --- what independent weeks do not show ------------------------------------------------------------


def dispersions(residual: float, df: float, correlation: float, price_correlation: list[float]) -> np.ndarray:
    """Of products that differ in how lasting their prices are, beside pooled values of 2, .4 and .5."""
    each, none = np.ones(len(price_correlation)), np.zeros(len(price_correlation))
    fit = Fit(
        coefficients=none[:, None],
        covariance=none[:, None, None],
        residual=residual * each,
        residual_df=df * each,
        correlation=correlation * each,
        second_correlation=none,
        price_correlation=np.array(price_correlation),
        converged=each > 0,
        iterations=each.astype(np.int64),
    )
    return own_dispersion(fit, 2.0, 0.4, 0.5)


def test_what_lasts_for_weeks_widens_the_dispersion_of_a_lasting_price() -> None:
    # Twice the rho of .4 over 1 - .5: 1 + 1.6 for a price that never moves, 1 + .4 / .75 where its weeks correlate by a half.
    found = dispersions(0.0, 0.0, 0.0, [1.0, 0.5, 0.0])
    assert found == pytest.approx([5.2, 3.0667, 2.0], abs=1e-4)


def test_an_own_correlation_above_the_persistence_widens_as_a_first_order_one() -> None:
    # (240 + 20 x 2) / 100 is 2.8, (.85 x 80 + .4 x 100) / 180 is .6, and (1 + .6) / (1 - .6) is 4.
    assert dispersions(240.0, 80.0, 0.85, [1.0]) == pytest.approx([11.2])


# --- seasons ---------------------------------------------------------------------------------------


def test_a_product_s_own_sales_are_left_out_of_its_season() -> None:
    weeks, products = 20, 6
    day = np.tile(np.arange(MONDAY, MONDAY + 7 * weeks), products)
    product = np.repeat(np.arange(products), 7 * weeks)
    odd_week = (day - MONDAY) // 7 % 2 == 1
    # Only the first product sells more in every other week.
    lines = np.where(product == 0, np.where(odd_week, 20, 5), 3)
    daily = DailySales(product, day, lines * 1.0, np.full(day.size, 2.0), np.zeros(day.size, np.bool_), lines)
    panel = build_panel(daily, products, shop_calendar(np.unique(day), day, lines), (-2.0, 0.3))
    group = np.zeros(products, np.int64)
    table = season_table(panel, panel.exposure, np.zeros(panel.product.size), group, 1)
    found = np.exp(log_season_index(panel, panel.exposure, group, table))
    assert np.ptp(found[panel.product == 0]) < 0.02
    assert np.ptp(found[panel.product == 1]) > 0.5


# --- whether a fit settled -------------------------------------------------------------------------


def test_every_product_says_how_many_steps_it_took_and_that_it_settled() -> None:
    _, _, _, fit = solved()
    assert fit.converged.all()
    assert (fit.iterations > 1).all()
    assert (fit.iterations < MOST_STEPS).all()


def test_a_fit_that_is_cut_short_says_so_product_by_product(monkeypatch: pytest.MonkeyPatch) -> None:
    panel, design, prior, fit = solved()
    quickest = int(fit.iterations.min())
    assert quickest < fit.iterations.max()
    monkeypatch.setattr(solve, "MOST_STEPS", quickest)
    short = solve_part(list(batches(panel, design)), prior, np.full(5, 1.7))
    assert short.converged.tolist() == (fit.iterations <= quickest).tolist()
    assert short.iterations.max() == quickest


def test_a_product_without_cells_has_nothing_to_settle() -> None:
    panel, design, prior, _ = solved()
    rows = panel.product != 2
    few = replace(panel, **{name: getattr(panel, name)[rows] for name in CELL_COLUMNS})
    fit = solve_part(list(batches(few, design[rows])), prior, np.full(5, 1.7))
    assert (bool(fit.converged[2]), int(fit.iterations[2])) == (True, 0)


def test_numbers_that_are_not_finite_have_not_converged() -> None:
    panel, design, prior, _ = solved()
    broken = design.copy()
    broken[panel.product == 1, 1] = np.nan
    fit = solve_part(list(batches(panel, broken)), prior, np.full(5, 1.7))
    assert fit.converged.tolist() == [True, False, True, True, True]


def test_the_em_says_whether_it_still_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    own, group = drawn(1, 10, 4000, tau=0.4, error=0.8)
    hyperprior = Hyperprior(-2.0, 0.5, 0.7, 0.5)
    whole = pool_groups(own, group, 10, hyperprior, (0.7, 0.5))
    assert (whole.converged, whole.iterations > 5) == (True, True)
    monkeypatch.setattr(hierarchy, "MOST_ROUNDS", 1)
    assert not pool_groups(own, group, 10, hyperprior, (0.7, 0.5)).converged
    assert not pool_mean(own, hyperprior, 0.7).converged


def test_the_design_has_a_column_for_every_name() -> None:
    from tests.unit.pricing.test_pooled_refresh import fitted_shop

    shop = fitted_shop()
    panel = build_panel(shop.daily, shop.category.size, shop.hyper.calendar, (-2.0, 0.3))
    design = design_matrix(panel, shop.hyper, shop.hyper.groups_of(shop.category))
    assert design.shape == (panel.product.size, len(COLUMNS))
    centred = np.bincount(panel.product, panel.exposure * design[:, PRICE])
    np.testing.assert_allclose(centred, 0, atol=1e-9)


def test_one_step_of_the_means_weighs_what_products_say_against_the_prior() -> None:
    # Of the second mean: a slope of 2, information 4 of the products and 1 / .5 ** 2 = 4 of its prior: 2 / (4 + 4).
    shift = common_shift(
        np.array([[0.0, 2.0]]), np.array([[[1.0, 0.0], [0.0, 4.0]]]), np.zeros(1, np.int64),
        (np.zeros(1), np.zeros(2)), (Hyperprior(0.0, 1.0, 0.1), Hyperprior(0.0, 0.5, 0.1)), 1.0,
    )  # fmt: skip
    np.testing.assert_allclose(shift, [[0.0, 0.25]])
