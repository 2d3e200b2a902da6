"""Which pairs are looked at, and what is concluded from what the sales say of them."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.bundles.core import cross_price as core
from pricing.bundles.core import cross_prior
from pricing.bundles.core.baskets import Candidates, Together, baskets_of, bought_together, candidate_pairs
from pricing.bundles.core.constants import CORRELATIONS, SPREADS, STARTING_WEIGHTS
from pricing.bundles.core.cross_price import cross_of_pair, fit_cross
from pricing.bundles.core.cross_prior import STRATA, CommonEffects, CrossPrior, OwnCross, fit_prior, shrink
from pricing.elasticity.core.pooled import fit_pooled
from pricing.sales.core.cancellations import match_cancellations
from pricing.sales.core.daily import daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from tests.daily import take_products
from tests.dgp import Disturbances
from tests.dgp_pairs import SHOP, PairsSpec, simulate_pairs

PRIOR = CrossPrior(0.2, np.tile(STARTING_WEIGHTS, (STRATA, 1)))
NONE = Together(*(np.zeros(0, np.int64) for _ in range(3)), np.zeros(0))


def concluded(one, other=0.0, variance=0.01, other_variance=0.01):
    own = OwnCross(np.array([[one, other]]), np.array([[variance, other_variance]]))
    return shrink(own, PRIOR, np.array([False]))


# --- shrinkage -----------------------------------------------------------------------------------


def test_where_the_sales_say_nothing_two_products_are_independent():
    found = concluded(0.0, variance=1000.0, other_variance=1000.0)
    assert found.elasticity[0] == pytest.approx([0, 0])
    assert found.relationship[0].tolist() == ["independent"] * 2


@pytest.mark.parametrize(("estimate", "name"), [(1.0, "substitutes"), (-1.0, "complements")])
def test_what_is_sharply_measured_stands(estimate, name):
    found = concluded(estimate, estimate, 0.005, 0.005)
    assert found.elasticity[0] == pytest.approx([estimate] * 2, abs=0.05)
    assert found.relationship[0].tolist() == [name] * 2


def test_pairs_bought_together_are_shrunk_by_a_prior_of_their_own():
    certain_of_nothing = np.eye(SPREADS.size)[np.argmin(SPREADS)]
    weights = np.stack([certain_of_nothing, 1 - certain_of_nothing])
    own = OwnCross(np.full((2, 2), 0.8), np.full((2, 2), 0.02))
    found = shrink(own, CrossPrior(0.2, weights), np.array([False, True]))
    assert np.abs(found.elasticity[0]).max() < 0.1
    assert found.elasticity[1].min() > 0.6


def test_a_middling_estimate_is_drawn_to_0_and_not_believed():
    found = concluded(0.5, 0.0, 0.06, 0.06)
    assert 0 < found.elasticity[0, 0] < 0.2
    assert found.relationship[0, 0] == "independent"


def test_each_direction_lends_the_other_its_sign():
    alone = concluded(0.6, 0.0, 0.04, 1000.0)
    agreeing = concluded(0.6, 0.8, 0.04, 0.04)
    opposed = concluded(0.6, -0.8, 0.04, 0.04)
    assert agreeing.elasticity[0, 0] > max(alone.elasticity[0, 0], opposed.elasticity[0, 0])
    assert alone.elasticity[0, 1] > 0


estimates = st.floats(-3, 3)
variances = st.floats(0.001, 50)


@settings(deadline=None)
@given(estimates, estimates, variances, variances)
def test_signs_and_sides_are_treated_alike(one, other, variance, other_variance):
    found = concluded(one, other, variance, other_variance)
    flipped = concluded(-one, -other, variance, other_variance)
    swapped = concluded(other, one, other_variance, variance)
    assert flipped.elasticity == pytest.approx(-found.elasticity, abs=1e-9)
    assert flipped.ci_low == pytest.approx(-found.ci_high, abs=1e-7)
    assert swapped.elasticity[:, ::-1] == pytest.approx(found.elasticity, abs=1e-9)
    assert np.all(found.ci_low <= found.ci_high)
    excluded = (found.ci_low > 0) | (found.ci_high < 0)
    assert np.array_equal(found.relationship != "independent", excluded)
    assert np.abs(found.elasticity).max() <= 1.0001 * max(abs(one), abs(other))


def test_the_posterior_is_that_of_a_brute_force_sum():
    one, other, variance, other_variance = 0.7, 0.3, 0.05, 0.1
    axis = np.linspace(-4, 4, 1601)
    x, y = np.meshgrid(axis, axis, indexing="ij")
    weight = np.zeros_like(x)
    for spread, correlation, share in zip(SPREADS, CORRELATIONS, PRIOR.weights[0], strict=True):
        scale = spread**2 * (1 - correlation**2)
        square = (x**2 - 2 * correlation * x * y + y**2) / scale
        weight += share / (2 * np.pi * spread**2 * np.sqrt(1 - correlation**2)) * np.exp(-square / 2)
    weight *= np.exp(-((x - one) ** 2) / (2 * variance) - (y - other) ** 2 / (2 * other_variance))
    of_x = weight.sum(axis=1) / weight.sum()
    found = concluded(one, other, variance, other_variance)
    mean = (axis * of_x).sum()
    assert found.elasticity[0, 0] == pytest.approx(mean, abs=1e-3)
    assert found.std_error[0, 0] == pytest.approx(np.sqrt((axis**2 * of_x).sum() - mean**2), abs=1e-3)
    low, high = (axis[np.searchsorted(of_x.cumsum(), each)] for each in (0.025, 0.975))
    assert (found.ci_low[0, 0], found.ci_high[0, 0]) == pytest.approx((low, high), abs=0.01)


def test_the_prior_survives_json():
    again = CrossPrior.from_dict(PRIOR.to_dict())
    assert again.spread == PRIOR.spread
    assert np.array_equal(again.weights, PRIOR.weights)
    assert CrossPrior.from_dict(CrossPrior(0.2, PRIOR.weights, False, 200).to_dict()).converged is False


def test_a_prior_of_an_earlier_release_counts_as_converged():
    assert CrossPrior.from_dict({"spread": 0.2, "weights": PRIOR.weights.tolist()}).converged


# --- categories in which everything competes -----------------------------------------------------


def category_of(estimates, variances, members, number, rng):
    """All pairs of a category's products with their estimates: first, second, estimate, variance, group."""
    first, second = np.triu_indices(members, 1)
    error = rng.normal(size=(first.size, 2)) * np.sqrt(variances)
    return (
        first + 100 * number,
        second + 100 * number,
        estimates(first.size) + error,
        np.full((first.size, 2), variances),
        np.full(first.size, number),
    )


def rivals_and_strangers():
    """Twelve categories of four rivals with an effect of .5 on each other, and twelve of ten that mostly have none."""
    rng = np.random.default_rng(5)

    def alike(n):
        return np.full((n, 2), 0.5)

    def one_strong_pair(n):
        return np.repeat((np.arange(n) == 0)[:, None] * 1.2, 2, axis=1)

    parts = [category_of(alike, 0.09, 4, number, rng) for number in range(12)]
    parts += [category_of(one_strong_pair, 0.09, 10, number, rng) for number in range(12, 24)]
    first, second, estimate, variance, group = (np.concatenate(column) for column in zip(*parts, strict=True))
    variance[0] = 1e4  # of one pair of the first category the sales say nothing
    estimate[0] = 0.0
    own = OwnCross(estimate, variance)
    together = np.zeros(group.size, np.bool_)
    weights, common, settled, _ = fit_prior(own, together, group, first, second)
    assert settled
    return own, together, group, weights, common


def test_a_category_in_which_everything_competes_is_told_from_one_with_a_strong_pair():
    _, _, group, _, common = rivals_and_strangers()
    assert common.probability[group < 12].min() > 0.9
    assert common.probability[group >= 12].max() < 0.05
    assert common.mean[group < 12].mean() == pytest.approx(0.5, abs=0.06)


def test_common_effects_that_did_not_settle_are_reported(monkeypatch):
    own, together, group, _, _ = rivals_and_strangers()
    first = np.arange(group.size)
    assert fit_prior(own, together, group, first, first + 1)[2]
    monkeypatch.setattr(cross_prior, "COMMON_ROUNDS", 1)
    _, _, settled, rounds = fit_prior(own, together, group, first, first + 1)
    assert not settled
    assert rounds > 1


def test_a_pair_of_which_the_sales_say_nothing_has_its_categorys_common_effect():
    own, together, _, weights, common = rivals_and_strangers()
    found = shrink(own, CrossPrior(0.2, weights), together, common)
    assert found.elasticity[0] == pytest.approx([common.mean[0]] * 2, abs=0.05)
    # The pairs of a category differ: what is borrowed is not certain.
    assert found.std_error[0].min() > 0.2
    apart = shrink(own, CrossPrior(0.2, weights), together)
    assert apart.elasticity[0] == pytest.approx([0, 0], abs=0.01)


def test_the_strong_pair_of_a_category_stands_and_the_others_are_drawn_to_0():
    own, together, group, weights, common = rivals_and_strangers()
    found = shrink(own, CrossPrior(0.2, weights), together, common)
    strong = np.flatnonzero(np.r_[True, group[1:] != group[:-1]] & (group >= 12))
    assert found.elasticity[strong].mean() > 0.9
    others = np.setdiff1d(np.flatnonzero(group >= 12), strong)
    assert np.abs(found.elasticity[others]).mean() < 0.05
    assert (found.relationship[others] != "independent").mean() < 0.01


def test_pairs_that_are_alike_have_the_posterior_of_a_normal_around_the_common_effect():
    own = OwnCross(np.array([[1.0, 0.0]]), np.array([[0.0625, 0.1875]]))
    common = CommonEffects(np.ones(1), np.array([0.4]), np.array([0.01]))
    found = shrink(own, PRIOR, np.array([False]), common)
    # Spread .25 has the variance .0625. First: half of 1.0 and half of .4; second: a quarter of 0 and three of .4.
    assert found.elasticity[0] == pytest.approx([0.7, 0.3])
    # .0625 / 2 + .01 / 4 and .0625 * 3 / 4 + .01 * 9 / 16.
    assert found.std_error[0] ** 2 == pytest.approx([0.03375, 0.0525])
    assert (found.ci_high - found.elasticity)[0] == pytest.approx(1.96 * found.std_error[0], rel=1e-3)


def test_errors_that_a_products_pairs_share_are_no_common_effect():
    rng = np.random.default_rng(8)
    first, second = (np.concatenate([side + 6 * g for g in range(60)]) for side in np.triu_indices(6, 1))
    luck = rng.normal(0, 0.2, 360)
    own = rng.normal(0, 0.1, (first.size, 2)) + np.stack([luck[first], luck[second]], axis=1)
    estimates = OwnCross(own, np.full(own.shape, 0.05))
    _, common, *_ = fit_prior(
        estimates, np.zeros(first.size, np.bool_), np.repeat(np.arange(60), 15), first, second
    )
    assert common.probability.mean() < 0.1


def test_where_no_two_products_are_of_one_category_nothing_is_common():
    own = OwnCross(np.full((2, 2), 0.5), np.full((2, 2), 0.01))
    _, common, *_ = fit_prior(
        own, np.zeros(2, np.bool_), np.array([-1, -1]), np.array([0, 1]), np.array([2, 3])
    )
    assert common.probability.tolist() == [0, 0]


# --- candidates ----------------------------------------------------------------------------------


def pairs_of(found):
    return set(zip(found.first.tolist(), found.second.tolist(), strict=True))


def test_in_a_small_category_everybody_is_paired_with_everybody():
    category = np.array([0, 1, 0, 0, -1, -1])
    found = candidate_pairs(NONE, category, np.arange(6.0), np.ones(6, np.bool_))
    assert pairs_of(found) == {(0, 2), (0, 3), (2, 3)}
    assert not found.together.any()


def test_in_a_large_category_neighbours_in_price_are():
    price = np.random.default_rng(1).permutation(200).astype(np.float64)
    found = candidate_pairs(NONE, np.zeros(200, np.int64), price, np.ones(200, np.bool_))
    assert np.abs(price[found.first] - price[found.second]).max() == 15
    assert np.bincount(np.concatenate([found.first, found.second])).max() == 30


def test_products_without_sales_enough_are_left_out_and_unknown_prices_are_not():
    sold = np.array([True, False, True])
    price = np.array([1.0, 2.0, np.nan])
    assert pairs_of(candidate_pairs(NONE, np.zeros(3, np.int64), price, sold)) == {(0, 2)}


def test_of_pairs_bought_together_the_strongest_are_kept_whatever_the_category():
    products = 100
    # Product 0 is bought with all others, 1 and 2 with each other as well.
    first = np.concatenate([np.zeros(products - 1, np.int64), [1]])
    second = np.concatenate([np.arange(1, products), [2]])
    strength = np.concatenate([np.arange(products - 1, 0, -1.0), [1.0]])
    together = Together(first, second, np.full(products, 9), strength)
    found = candidate_pairs(together, np.full(products, -1), np.ones(products), np.ones(products, np.bool_))
    assert pairs_of(found) == {(0, other) for other in range(1, 31)} | {(1, 2)}
    assert found.together.all()


# --- the regression ------------------------------------------------------------------------------


@cache
def shop():
    small = replace(
        SHOP, products=40, categories=4, days=400, lines_per_day=8, disturbances=Disturbances.only("promotions")
    )  # fmt: skip
    found = simulate_pairs(PairsSpec(shop=small), 7)
    columns = found.lines
    keys = ("product", "customer", "quantity", "minute", "cancellation", "price")
    voided = match_cancellations(**{key: columns[key] for key in keys}, order=np.arange(found.product.size))
    lines = SalesLines(**columns, voided=voided)
    daily = daily_sales(lines, clean_lines(lines, 40), 40)
    hyper = fit_pooled(daily, found.product_category, np.unique(daily.day))
    together = bought_together(baskets_of(found.invoice, found.product, 40))
    pairs = candidate_pairs(
        together, found.product_category, found.list_price.mean(axis=1), np.ones(40, np.bool_)
    )
    return found, daily, hyper, pairs


def test_the_mean_price_of_a_cell_is_that_of_its_days():
    found, daily, hyper, _ = shop()
    regression = core._regression(daily, found.product_category, hyper)
    panel, stop = regression.panel, regression.stop
    rng = np.random.default_rng(2)
    for cell in rng.integers(0, panel.product.size, 50).tolist():
        other = int(rng.integers(0, 40))
        days = np.arange(panel.start[cell], stop[cell])
        mine = panel.product == other
        price = np.zeros(days.size)
        every = np.repeat(panel.log_price[mine], (stop - panel.start)[mine])
        at = np.concatenate(
            [np.arange(a, b) for a, b in zip(panel.start[mine], stop[mine], strict=True)] or [[]]
        )
        weight = hyper.calendar.weekday_weight[(at + 3) % 7]
        weight[np.isin(at, hyper.calendar.closed_days)] = 0
        centred = every - (every * weight).sum() / weight.sum()
        for k, day in enumerate(days.tolist()):
            price[k] = centred[at == day][0] if (at == day).any() else 0.0
        weight = np.where(
            np.isin(days, hyper.calendar.closed_days), 0.0, hyper.calendar.weekday_weight[(days + 3) % 7]
        )
        expected = (price * weight).sum() / max(weight.sum(), 1e-9)
        got = regression.mean_price(np.array([[other]]), panel.start[[cell]], stop[[cell]])[0, 0]
        assert got == pytest.approx(expected, abs=1e-9)


def test_related_pairs_are_named_and_independent_ones_are_not():
    found, daily, hyper, pairs = shop()
    _, result = fit_cross(daily, found.product_category, hyper, pairs)
    truth = np.stack(
        [
            found.cross_elasticity[pairs.first, pairs.second],
            found.cross_elasticity[pairs.second, pairs.first],
        ],
        axis=1,
    )
    strong = np.abs(truth) >= 0.5
    assert strong.sum() >= 15
    assert (np.sign(result.elasticity) == np.sign(truth))[strong].mean() >= 0.9
    named = result.relationship != "independent"
    assert named[strong].mean() > 0.3
    assert named[truth == 0].mean() <= 0.05


def test_the_fit_says_whether_it_converged_and_in_how_many_rounds(monkeypatch):
    found, daily, hyper, pairs = shop()
    prior, result = fit_cross(daily, found.product_category, hyper, pairs)
    assert (prior.converged, result.converged) == (True, True)
    assert 0 < result.iterations <= prior.iterations <= cross_prior.MOST_ROUNDS
    monkeypatch.setattr(cross_prior, "MOST_ROUNDS", 2)
    stopped, _ = fit_cross(daily, found.product_category, hyper, pairs)
    assert not stopped.converged


def test_chunks_do_not_change_the_estimates(monkeypatch):
    found, daily, hyper, pairs = shop()
    prior, whole = fit_cross(daily, found.product_category, hyper, pairs)
    monkeypatch.setattr(core, "PRODUCTS_A_CHUNK", 7)
    again, parts = fit_cross(daily, found.product_category, hyper, pairs)
    assert again.spread == pytest.approx(prior.spread)
    assert parts.elasticity == pytest.approx(whole.elasticity, abs=2e-3)


def test_a_pair_by_itself_comes_near_what_it_is_among_all():
    found, daily, hyper, pairs = shop()
    prior, whole = fit_cross(daily, found.product_category, hyper, pairs)
    strongest = int(np.abs(whole.elasticity).sum(axis=1).argmax())
    codes = np.array([pairs.first[strongest], pairs.second[strongest]])
    alone = cross_of_pair(
        take_products(daily, codes),
        found.product_category[codes],
        hyper,
        prior,
        bool(pairs.together[strongest]),
    )
    assert alone.relationship[0].tolist() == whole.relationship[strongest].tolist()
    assert alone.elasticity[0] == pytest.approx(whole.elasticity[strongest], abs=0.25)


def test_the_order_of_a_pair_changes_nothing_but_the_order_of_the_answer():
    found, daily, hyper, pairs = shop()
    codes = np.array([pairs.first[0], pairs.second[0]])
    one, other = (
        cross_of_pair(take_products(daily, each), found.product_category[each], hyper, PRIOR, False)
        for each in (codes, codes[::-1])
    )
    assert other.elasticity[0, ::-1] == pytest.approx(one.elasticity[0], abs=1e-9)


def test_without_any_pairs_or_sales_there_is_nothing_to_say():
    found, daily, hyper, _ = shop()
    none = Candidates(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_))
    prior, result = fit_cross(daily, found.product_category, hyper, none)
    assert result.elasticity.shape == (0, 2)
    assert prior.weights == pytest.approx(PRIOR.weights)
    unsold = take_products(daily, np.zeros(0, np.int64))
    silent = cross_of_pair(unsold, np.array([0, 1]), hyper, prior, True)
    assert silent.relationship[0].tolist() == ["independent"] * 2
    assert silent.elasticity[0] == pytest.approx([0, 0])
