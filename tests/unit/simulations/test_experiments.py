"""The mathematics of price experiments: draws, groups, estimates, intervals, plans, values, checks."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import lambertw

from simulations.experiments.core.checks import longest_gap, looks_sold_out, sample_ratio, strayed
from simulations.experiments.core.designs import (
    build_clusters,
    coin,
    draw_clusters,
    draw_switchback,
    match_pairs,
    price_contrast,
)
from simulations.experiments.core.estimates import (
    Effect,
    adjusted_pairs,
    log_ratio,
    mean_difference,
    money_differences,
    t_of_z,
    unit_differences,
)
from simulations.experiments.core.planning import Past, dispersion, formula_error, plan, shortest
from simulations.experiments.core.sequences import always_valid, decide, mixture_score
from simulations.experiments.core.value import value_of_test

# --- draws --------------------------------------------------------------------------------------------


def test_a_draw_can_be_repeated_by_hand_from_its_seed() -> None:
    # Of `printf 'bowls/pair 0' | sha256sum` the second digit says it: odd is True.
    assert [coin("bowls", f"pair {number}") for number in range(4)] == [True, True, True, True]
    assert draw_clusters("bowls", 40).tolist() == [coin("bowls", f"pair {n}") for n in range(40)]


def test_each_pair_of_weeks_has_both_prices_and_a_last_odd_week_none() -> None:
    drawn = draw_switchback("seed", 3, 13)
    assert drawn.shape == (3, 12)
    assert (drawn.reshape(3, 6, 2).sum(axis=2) == 1).all()


def test_another_seed_is_another_draw_and_coins_are_fair() -> None:
    drawn = draw_switchback("one", 100, 40)[:, ::2]
    assert (drawn != draw_switchback("two", 100, 40)[:, ::2]).any()
    assert abs(drawn.mean() - 0.5) < 4 * 0.5 / np.sqrt(2000)


def test_pairs_are_of_groups_that_sold_alike_and_the_smallest_is_left_over() -> None:
    assert match_pairs(np.array([5.0, 100.0, 6.0, 90.0, 1.0])).tolist() == [[1, 3], [2, 0]]


# --- groups of products -------------------------------------------------------------------------------

BOWLS = {"A": "Bowls", "B": "Bowls", "C": "Bowls", "D": "Bowls"}


def test_substitutes_are_in_one_group_and_products_without_any_stand_alone() -> None:
    groups, cut = build_clusters(BOWLS, [("A", "B", 0.5)], looked_at=BOWLS)
    assert groups == [["A", "B"], ["C"], ["D"]]
    assert cut == []


def test_products_of_which_nothing_is_known_stay_with_their_category() -> None:
    groups, _ = build_clusters(BOWLS | {"E": ""}, [("A", "B", 0.5)], looked_at=["A", "B"])
    assert groups == [["A", "B"], ["C", "D"], ["E"]]


def test_the_weakest_pair_is_cut_where_a_group_would_become_too_large() -> None:
    pairs = [("A", "B", 0.1), ("B", "C", 0.9), ("C", "D", 0.8)]
    groups, cut = build_clusters(BOWLS, pairs, looked_at=BOWLS, largest=3)
    assert groups == [["A"], ["B", "C", "D"]]
    assert cut == [("A", "B")]


def test_chains_of_substitutes_and_products_of_other_shops_are_handled() -> None:
    groups, _ = build_clusters(BOWLS, [("A", "C", 0.2), ("C", "D", 0.2), ("A", "ELSE", 9)], looked_at=BOWLS)
    assert groups == [["A", "C", "D"], ["B"]]


# --- estimates ----------------------------------------------------------------------------------------


def test_the_log_ratio_and_its_error_are_those_computed_by_hand() -> None:
    treated, control = np.array([[12.0, 18.0]]), np.array([[10.0, 10.0]])
    found = log_ratio(treated, control)
    assert found.estimate == pytest.approx(np.log(1.5))
    # Shares 12/30 - 10/20 = -.1 and 18/30 - 10/20 = .1; variance of their sum 2/1 * (.01 + .01) = .04.
    assert found.std_error == pytest.approx(0.2)
    assert found.df == pytest.approx(1)


def test_two_groups_alike_have_twice_the_degrees_of_freedom() -> None:
    one = np.array([[12.0, 18.0, 15.0]])
    both = log_ratio(np.repeat(one, 2, axis=0), np.full((2, 3), 10.0))
    assert both.df == pytest.approx(4)
    assert both.std_error == pytest.approx(log_ratio(one, np.full((1, 3), 10.0)).std_error / np.sqrt(2))


def test_the_spread_of_an_error_is_that_of_student_s_t() -> None:
    # Variance of t with 5 degrees of freedom: 5/3; with 1 or 2 there is none.
    found = Effect(np.zeros(3), np.full(3, 0.3), np.array([5.0, 2.0, 1.0]))
    np.testing.assert_allclose(found.spread, [0.3 * np.sqrt(5 / 3), np.inf, np.inf])


def test_the_difference_in_money_is_a_week_s_and_of_all_groups_together() -> None:
    found = mean_difference(np.array([[10.0, 14.0], [3.0, 5.0]]), np.array([[8.0, 8.0], [3.0, 3.0]]))
    assert found.estimate == pytest.approx(4 + 1)
    # Spread of the pairs of each group: 2 / 1 * (4 + 4) = 16 and 2 * (1 + 1) = 4; their mean has a quarter.
    assert found.std_error == pytest.approx(np.sqrt(20 / 4))


def test_nothing_sold_or_a_single_pair_gives_no_estimate() -> None:
    assert np.isnan(log_ratio(np.zeros((1, 3)), np.ones((1, 3))).estimate)
    assert np.isnan(log_ratio(np.ones((1, 1)), np.ones((1, 1))).std_error)
    assert np.isnan(adjusted_pairs(np.ones(1)).estimate)


def test_the_adjusted_difference_is_the_intercept_of_a_regression_with_its_hc2_error() -> None:
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(5)
    past = rng.normal(0, 1, 14)
    difference = 0.3 + 0.8 * past + rng.normal(0, 0.2, 14)
    fitted = sm.OLS(difference, sm.add_constant(past)).fit(cov_type="HC2")
    found = adjusted_pairs(difference, past)
    assert found.estimate == pytest.approx(fitted.params[0], abs=1e-12)
    assert found.std_error == pytest.approx(fitted.bse[0], abs=1e-12)
    assert found.df == 12


def test_few_pairs_are_adjusted_by_the_plain_difference_to_the_past() -> None:
    now, past = np.array([1.0, 2.0, 4.0]), np.array([0.5, 1.0, 2.0])
    found = adjusted_pairs(now, past)
    assert found.estimate == pytest.approx(3.5 / 3)
    assert found.std_error == pytest.approx(np.std([0.5, 1.0, 2.0], ddof=1) / np.sqrt(3))


def test_many_experiments_at_once_are_the_same_as_one_by_one() -> None:
    rng = np.random.default_rng(1)
    treated, control = rng.poisson(30, (4, 3, 6)).astype(float), rng.poisson(30, (4, 3, 6)).astype(float)
    together = log_ratio(treated, control)
    alone = [log_ratio(treated[i], control[i]) for i in range(4)]
    assert together.std_error == pytest.approx([float(each.std_error) for each in alone])
    difference, past = rng.normal(size=(4, 12)), rng.normal(size=(4, 12))
    many = adjusted_pairs(difference, past)
    assert many.std_error == pytest.approx(
        [float(adjusted_pairs(difference[i], past[i]).std_error) for i in range(4)]
    )


def test_differences_of_groups_are_the_new_price_s_less_the_other_s() -> None:
    pairs, sign = np.array([[0, 1]]), np.array([-1.0])  # the second of the pair has the new price
    now, then = unit_differences(np.array([9.5, 19.5]), np.array([9.5, 9.5]), pairs, sign)
    assert now == pytest.approx([np.log(2)])
    assert then == pytest.approx([0])
    money, _ = money_differences(
        np.array([10.0, 30.0]), np.array([5.0, 5.0]), np.array([50.0, 150.0]), pairs, sign
    )
    # Per currency of past revenue .2 in both, so no difference.
    assert money == pytest.approx([0])


# --- intervals ----------------------------------------------------------------------------------------


def test_the_confidence_sequence_is_the_published_normal_mixture() -> None:
    # Howard et al. 2021, eq. 14 with intrinsic time v = 100, rho = 20, alpha = .05, one of two sides each .025:
    # sqrt((100 + 20) log((100 + 20) / (20 * .05^2))) = 30.56 for the sum, over v for the mean.
    v, rho, alpha = 100.0, 20.0, 0.05
    boundary = np.sqrt((v + rho) * np.log((v + rho) / (rho * alpha**2))) / v
    best = v / rho
    # The planned error that makes the information of v that of rho's tuning.
    tuned = -float(lambertw(-(alpha**2) / np.e, -1).real) - 1
    planned = np.sqrt(best / tuned / v)
    effect = Effect(np.array(0.0), np.array(1 / np.sqrt(v)), np.array(1e9))
    low, high = always_valid(effect, planned, alpha)
    assert high == pytest.approx(boundary, rel=1e-5)
    assert low == pytest.approx(-boundary, rel=1e-5)


def test_the_sequence_is_narrowest_in_errors_at_the_planned_end() -> None:
    scores = [
        float(mixture_score(Effect(np.array(0.0), np.array(se), np.array(1e9)), 1.0, 0.05))
        for se in (3.0, 1.5, 1.0, 0.7, 0.3)
    ]
    assert min(scores) == scores[2] == pytest.approx(3.03, abs=0.01)


def test_the_sequence_covers_a_random_walk_at_every_look() -> None:
    rng = np.random.default_rng(7)
    walks = rng.normal(0, 1, (4000, 60)).cumsum(axis=1) / np.arange(1, 61)
    error = 1 / np.sqrt(np.arange(1, 61))
    low, high = always_valid(Effect(walks, np.broadcast_to(error, walks.shape), np.array(1e9)), error[-1])
    assert ((low <= 0) & (high >= 0)).all(axis=1).mean() >= 0.95
    fixed = (np.abs(walks) <= 1.96 * error).all(axis=1).mean()
    assert fixed < 0.8  # looking often at the usual interval is what must not be done


def test_a_score_becomes_the_t_of_the_same_probability() -> None:
    assert t_of_z(np.array(5.0), np.array(1.959964)) == pytest.approx(2.570582, abs=1e-5)


def test_the_usual_interval_and_p_value_are_student_s() -> None:
    effect = Effect(np.array(2.0), np.array(1.0), np.array(10.0))
    assert effect.interval()[0] == pytest.approx(2 - 2.228139, abs=1e-5)
    assert effect.p_value == pytest.approx(2 * stats.t.sf(2, 10))


@pytest.mark.parametrize(
    ("estimate", "is_last", "verdict"),
    [
        (5.0, True, "new_price"),
        (-5.0, True, "old_price"),
        (1.0, True, "no_difference"),
        (1.0, False, "not_decided"),
        # Enough for the last look (t = 2.36 of 10), not for an early one.
        (2.6, True, "new_price"),
        (2.6, False, "not_decided"),
        (9.0, False, "new_price"),
        (float("nan"), True, "no_estimate"),
    ],
)
def test_a_price_wins_only_where_its_interval_lies_on_one_side(
    estimate: float, is_last: bool, verdict: str
) -> None:
    error = float("nan") if np.isnan(estimate) else 1.0
    effect = Effect(np.array(estimate), np.array(error), np.array(10.0))
    assert decide(effect, 1.0, is_last=is_last).verdict == verdict


# --- plans --------------------------------------------------------------------------------------------


def test_one_product_and_twenty_have_the_errors_of_the_formula() -> None:
    # 50 units a week over 12 weeks, phi 2, 10 % more and less: log prices +-.1, so a contrast of .2.
    assert formula_error(600, 2.0, 0.2) == pytest.approx(0.577, abs=0.001)
    assert formula_error(20 * 600, 2.0, 0.2) == pytest.approx(0.129, abs=0.001)


def _steady(groups: int, weekly: float, weeks: int = 104, seed: int = 3) -> Past:
    """Counts with phi = 2: pairs of units."""
    units = 2.0 * np.random.default_rng(seed).poisson(weekly / 2, (groups, weeks))
    return Past(units, 4 * units, 2 * units)


@pytest.mark.parametrize(("groups", "expected"), [(1, 0.577), (20, 0.129)])
def test_the_planner_finds_the_errors_of_the_formula_where_nothing_but_counting_disturbs(
    groups: int, expected: float
) -> None:
    past = _steady(groups, 50, weeks=1040)
    found = plan("switchback", past, weeks=12, effect=-0.2, contrast=0.2, past_weeks=26)
    assert found.elasticity_error == pytest.approx(expected, rel=0.12)
    assert dispersion(past.units) == pytest.approx(2, abs=0.35)


def test_power_is_that_of_the_t_test_and_its_smallest_effect_is_found_four_times_in_five() -> None:
    past = _steady(20, 50)
    first = plan("switchback", past, weeks=12, effect=0.1, contrast=0.2, past_weeks=26)
    again = plan("switchback", past, weeks=12, effect=first.smallest_effect, contrast=0.2, past_weeks=26)
    assert again.power == pytest.approx(0.8, abs=0.05)


def test_without_an_effect_power_is_the_level_of_the_test() -> None:
    for design in ("switchback", "clusters"):
        found = plan(design, _steady(24, 60), weeks=12, effect=0.0, contrast=0.2, past_weeks=26)
        assert found.power == pytest.approx(0.04, abs=0.025)


def test_the_shortest_duration_is_the_first_that_finds_the_effect() -> None:
    past = _steady(8, 50)
    plans = [
        plan("switchback", past, weeks=weeks, effect=-0.095, contrast=0.2, past_weeks=26)
        for weeks in (12, 20, 26)
    ]
    assert shortest(plans) in (20, 26)
    assert plans[0].power < plans[1].power < plans[2].power
    assert shortest(plans[:1]) is None


def test_too_few_weeks_or_groups_or_too_short_a_past_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="12 weeks at least"):
        plan("switchback", _steady(3, 50), weeks=10, effect=0.1, contrast=0.2, past_weeks=26)
    with pytest.raises(ValueError, match="12 groups of products are needed; there are 11"):
        plan("clusters", _steady(11, 50), weeks=12, effect=0.1, contrast=0.2, past_weeks=26)
    with pytest.raises(ValueError, match="The past has 15 weeks; 20 are needed"):
        plan("clusters", _steady(12, 50, weeks=15), weeks=12, effect=0.1, contrast=0.2, past_weeks=26)
    with pytest.raises(ValueError, match="The past has 6 weeks; 8 are needed"):
        plan("switchback", _steady(3, 50, weeks=6), weeks=12, effect=0.1, contrast=0.2, past_weeks=26)


def test_money_of_a_plan_is_what_all_groups_earn_a_week() -> None:
    past = _steady(20, 50)
    found = plan("switchback", past, weeks=12, effect=0.0, contrast=0.2, past_weeks=26)
    # Profit of 2 a unit: 12 weeks of 20 products, at either price half of them; sd of a week sqrt(2 * 50 * 20) * 2.
    assert found.money_error == pytest.approx(np.sqrt(2 * 2000 / 6) * 2, rel=0.12)
    clusters = plan("clusters", past, weeks=12, effect=0.0, contrast=0.2, past_weeks=26)
    # The whole is estimated from a tenth of it 10 times: 20 groups times the mean of 10 differences of two 12-week means.
    expected = 20 * np.sqrt((2 * 100 / 12 + 2 * 100 / 26) / 10) * 2
    assert clusters.money_error == pytest.approx(expected, rel=0.15)


# --- the value of a test ------------------------------------------------------------------------------

TEST = {
    "revenue": 1000.0,
    "margin": 0.4,
    "elasticity": -2.5,
    "elasticity_error": 0.8,
    "test_error": 0.3,
    "contrast": (-0.1, 0.1),
    "test_weeks": 12.0,
}


def value(**changes: object) -> float:
    return value_of_test(**TEST | changes).gain  # type: ignore[arg-type]


def test_a_test_that_can_teach_nothing_is_worth_nothing() -> None:
    assert value(elasticity_error=1e-6) == pytest.approx(0, abs=1e-3)
    assert value(test_error=1e6) == pytest.approx(0, abs=1e-3)


def test_a_test_is_worth_more_where_less_is_known_and_where_it_is_more_exact() -> None:
    assert value(elasticity_error=1.2) > value() > value(elasticity_error=0.4) > 0
    assert value(test_error=0.1) > value() > value(test_error=1.0) > 0


def test_gain_and_cost_grow_with_the_revenue() -> None:
    one, two = value_of_test(**TEST), value_of_test(**TEST | {"revenue": 2000.0})  # type: ignore[arg-type]
    assert two.gain == pytest.approx(2 * one.gain)
    assert two.cost == pytest.approx(2 * one.cost)
    assert two.net == pytest.approx(two.gain - two.cost)


def test_a_test_at_worse_prices_costs_more() -> None:
    wide = value_of_test(**TEST | {"contrast": (-0.2, 0.2)})  # type: ignore[arg-type]
    assert wide.cost > value_of_test(**TEST).cost > 0  # type: ignore[arg-type]


# --- checks -------------------------------------------------------------------------------------------


def test_shares_that_came_as_drawn_are_no_mismatch_and_others_are() -> None:
    treated = np.array([True, False] * 20)
    assert sample_ratio(treated, np.ones(40, bool)).p_value == 1.0
    found = sample_ratio(treated, ~treated | (np.arange(40) < 6))
    assert (found.planned, found.ran) == ((20, 20), (20, 3))
    # 23 ran, 11.5 expected of each: 2 * 8.5^2 / 11.5 = 12.565
    assert found.p_value == pytest.approx(stats.chi2.sf(12.5652, 1), rel=1e-3)
    assert found.is_mismatch
    assert not sample_ratio(treated, np.zeros(40, bool)).is_mismatch


def test_a_price_strays_by_more_than_two_percent() -> None:
    assert strayed(np.array([4.07, 4.09, np.nan, 3.9]), np.array(4.0)).tolist() == [False, True, False, True]


def test_a_long_gap_looks_sold_out_only_for_what_sells_often() -> None:
    sold = np.array([True] * 20 + [False] * 9 + [True] * 20)
    assert longest_gap(sold) == 9
    assert looks_sold_out(sold, 0.9)
    assert not looks_sold_out(sold, 0.2)
    assert not looks_sold_out(sold, 0.0)
    assert not looks_sold_out(np.array([True, False, True]), 0.99)


@pytest.mark.parametrize(("stock", "is_sold_out"), [(None, False), (0.5, False), (0, True), (-3, True)])
def test_a_product_without_recorded_stock_counts_as_sold_out(stock: float | None, is_sold_out: bool) -> None:
    assert looks_sold_out(np.array([True, True]), 0.9, stock) is is_sold_out


def test_the_contrast_of_prices_is_the_log_of_their_ratio() -> None:
    assert price_contrast([4.0, 10.0], [3.6, 11.0]) == pytest.approx([np.log(0.9), np.log(1.1)])
