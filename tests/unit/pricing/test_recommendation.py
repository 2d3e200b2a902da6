"""Which price is recommended, and why."""

from decimal import Decimal

import numpy as np
import pytest

from pricing.recommendation.core.inputs import STRATEGIES, PriceConstraints, PricingInputs, PricingStrategy
from pricing.recommendation.core.optimum import best_in_interval
from pricing.recommendation.core.rationale import rationale
from pricing.recommendation.core.recommendation import recommend


def advise(policy=None, strategy=None, **facts):
    known = {"price": 12.99, "cost": 8.5, "elasticity": -1.2, "std_error": 0.4, "quantity": 1200} | facts
    return recommend(
        PricingInputs.of(**known), PriceConstraints.of(1, **(policy or {})), strategy
    ).of_product(0)


LINEAR = PricingStrategy(demand_model="linear")


def binding(advice):
    return advice.binding


def test_the_search_finds_the_higher_of_two_tops():
    def value(price):
        return np.exp(-((price - 3) ** 2)) + 1.5 * np.exp(-((price - 9) ** 2))

    assert best_in_interval(value, np.array([0.0, 0.0]), np.array([12.0, 5.0])) == pytest.approx(
        [9.0, 3.0], abs=0.005
    )


def test_the_iced_latte_rises_to_the_last_ending_below_the_largest_increase():
    advice = advise({"target_margin": 0.3})
    assert advice.recommended_price == Decimal("14.49")
    assert (advice.price_change, advice.price_change_percent) == (Decimal("1.50"), 11.5)
    assert (advice.reason, binding(advice)) == ("GUARDRAIL", ["max_increase"])
    assert advice.confidence == advice.probability_of_gain > 0.9


def test_an_optimum_inside_the_limits_is_recommended_for_itself():
    advice = advise(strategy=LINEAR, elasticity=-2.2, std_error=0.05)
    # (8.50 + 12.99 (1 + 1/2.2)) / 2; of 13.49 and 13.99 the former is nearer.
    assert (advice.unconstrained_price, advice.recommended_price) == (Decimal("13.70"), Decimal("13.49"))
    assert (advice.reason, binding(advice)) == ("BEST_PRICE", [])


def test_a_sensitive_product_with_a_fat_margin_is_cut():
    advice = advise(strategy=LINEAR, elasticity=-4.0, cost=5.0)
    # The optimum, (5 + 12.99 * 1.25) / 2 = 10.62, lies below what one change may do; 11.05 is no ending.
    assert (advice.unconstrained_price, advice.recommended_price) == (Decimal("10.62"), Decimal("11.49"))
    assert (advice.reason, binding(advice)) == ("GUARDRAIL", ["max_decrease"])


def test_a_gain_that_is_not_likely_enough_leaves_the_price_and_says_how_likely():
    advice = advise(elasticity=-2.4, std_error=1.0)
    assert (advice.moved, advice.reason) == (False, "UNCERTAIN_GAIN")
    assert advice.confidence == pytest.approx(1 - advice.probability_of_gain)
    assert f"{100 * advice.probability_of_gain:.0f} %" in rationale(advice)


@pytest.mark.parametrize(("std_error", "chance", "moved"), [(0.263, 0.78, False), (0.222, 0.82, True)])
def test_four_chances_of_five_are_asked_for(std_error, chance, moved):
    # 13.49 earns more than 12.99 where E > -12.99 / (13.49 - 8.50) = -2.603.
    advice = advise(strategy=LINEAR, elasticity=-2.4, std_error=std_error)
    assert (advice.best_price, advice.moved) == (Decimal("13.49"), moved)
    assert advice.probability_of_gain == pytest.approx(chance, abs=0.005)
    assert advice.confidence == pytest.approx(chance if moved else 1 - chance, abs=0.005)


def test_the_average_of_both_curves_asks_for_the_mean_of_their_chances():
    # 14.49 earns 5.99 a unit instead of 4.49, so that .7496 of the demand must be left: linear demand leaves more
    # where E > (.7496 - 1) / (14.49 / 12.99 - 1) = -2.1686, constant elasticity where E > ln .7496 / ln (14.49 / 12.99)
    # = -2.6374. Normal around -2.3 with .4 (nothing of it above 0): .3712 and .8005, on average .5859.
    for strategy, chance in ((LINEAR, 0.3712), (None, 0.5859)):
        advice = advise({"min_price": 14.49}, strategy, elasticity=-2.3)
        assert advice.best_price == Decimal("14.49")
        assert advice.probability_of_gain == pytest.approx(chance, abs=5e-4)
        assert (advice.moved, advice.demand_model) == (
            False,
            strategy.demand_model if strategy else "average",
        )


def test_a_price_set_lately_is_held_until_sales_show_what_it_does():
    held = advise(price=14.49, base_price=12.99, tried_price=12.99)
    assert (held.recommended_price, held.moved, held.reason) == (Decimal("14.49"), False, "HOLD")
    assert held.confidence == 0.0
    assert "sales at it should show what it does" in rationale(held)
    proven = advise(price=14.49, base_price=14.49)
    assert proven.reason != "HOLD"
    assert proven.recommended_price > held.recommended_price


def test_the_largest_change_is_measured_from_the_price_that_is_proven():
    # 15 % of 12.99 reach from 11.05 to 14.93, whatever the price was set to since.
    for price in (9.99, 10.49, 15.49, 20.99):
        advice = advise(price=price, base_price=12.99, tried_price=12.99)
        assert advice.reason != "HOLD"
        assert Decimal("11.05") <= advice.best_price <= Decimal("14.93")
    # What is brought back gets the price that was recommended before it was set.
    first = advise(elasticity=-2.1, std_error=0.2).recommended_price
    assert first > Decimal("12.99")
    back = advise(price=20.99, base_price=12.99, tried_price=12.99, elasticity=-2.1, std_error=0.2)
    assert (back.recommended_price, back.moved) == (first, True)


def test_a_price_set_far_away_is_brought_back_to_what_was_advised_before_it_was_set():
    # Too uncertain to touch at 12.99: then nothing but 12.99 is advised from wherever it was set to.
    unsure = {"elasticity": -1.9, "std_error": 1.5}
    assert advise(**unsure).recommended_price == Decimal("12.99")
    assert advise(**unsure).reason == "UNCERTAIN_GAIN"
    back = advise(price=7.79, base_price=12.99, tried_price=12.99, **unsure)
    assert (back.recommended_price, back.moved) == (Decimal("12.99"), True)
    assert back.probability_of_gain > 0.7


def test_when_nothing_beats_the_present_price_it_stays():
    # The linear optimum lies exactly at 12.99: |E| = p0 / (p0 - c).
    advice = advise(elasticity=-12.99 / 4.49, std_error=0.01)
    assert (advice.moved, advice.reason) == (False, "NO_BETTER_PRICE")
    assert advice.confidence > 0.99


def test_inelastic_demand_of_constant_elasticity_ends_at_a_bound():
    advice = advise(elasticity=-0.6, strategy=PricingStrategy(demand_model="constant_elasticity"))
    assert (advice.reason, advice.recommended_price) == ("INELASTIC_AT_BOUND", Decimal("14.49"))
    assert (advice.unconstrained_price, binding(advice)) == (None, ["max_increase"])


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(
    ("elasticity", "reason"),
    [(0.0, "POSITIVE_ELASTICITY"), (0.7, "POSITIVE_ELASTICITY"), (None, "NO_ELASTICITY")],
)
def test_nothing_is_recommended_for_demand_that_does_not_fall(strategy, elasticity, reason):
    advice = advise({"target_margin": 0.3}, PricingStrategy(strategy), elasticity=elasticity)
    assert (advice.moved, advice.reason, advice.confidence) == (False, reason, 0.0)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_without_a_cost_or_a_minimum_price_no_floor_is_known(strategy):
    policy = {"target_margin": 0.3, "minimum_margin": 0.1, "competitor_floor": 9}
    for cost in (None, 0.0):
        advice = advise(policy, PricingStrategy(strategy), cost=cost, elasticity=-3.0)
        assert (advice.moved, advice.reason, advice.confidence) == (False, "NO_FLOOR", 0.0)
        assert "NO_FLOOR" in advice.warnings


def test_a_minimum_price_is_a_floor_for_revenue_but_profit_needs_a_cost():
    policy = {"min_price": 5}
    assert advise(policy, cost=None).reason == "NO_COST"
    by_revenue = advise(policy, PricingStrategy("revenue"), cost=None, elasticity=-3.0)
    assert by_revenue.recommended_price == Decimal("11.49")


def test_a_rule_needs_what_it_computes_with():
    assert advise({}, PricingStrategy("target_margin")).reason == "NO_TARGET"
    assert advise({}, PricingStrategy("markup")).reason == "NO_TARGET"


def test_a_rule_is_followed_even_where_profit_falls_and_says_so():
    advice = advise({"markup": 0.35}, PricingStrategy("markup"))
    assert (advice.recommended_price, advice.reason) == (Decimal("11.49"), "RULE_PRICE")
    assert advice.confidence < 0.5
    assert advice.warnings == ("LESS_PROFIT",)


def test_contradicting_rules_keep_the_price_and_are_named():
    advice = advise({"target_margin": 0.5})
    assert (advice.moved, advice.reason) == (False, "INFEASIBLE")
    assert binding(advice) == ["target_margin", "max_increase"]
    assert "the target margin needs at least 17.00" in rationale(advice)
    assert "the largest increase allowed ends at 14.93" in rationale(advice)


def test_a_price_below_its_cost_rises():
    advice = advise(cost=13.0, elasticity=-1.5)
    assert advice.moved
    assert advice.recommended_price >= Decimal("14.30")
    assert advice.probability_of_gain == 1.0
    assert "BELOW_COST" in advice.warnings


def test_an_assumed_cost_takes_a_fifth_off_the_confidence():
    known = advise(cost=7.794)
    assumed = advise(cost=None, assumed_cost_ratio=0.6)
    assert assumed.recommended_price == known.recommended_price
    assert assumed.confidence == pytest.approx(0.8 * known.confidence)
    assert "COST_ASSUMED" in assumed.warnings


def test_a_price_beyond_what_was_ever_charged_is_recommended_with_a_warning():
    assert "EXTRAPOLATION" in advise({"lowest_charged": 12, "highest_charged": 13.5}).warnings
    assert "EXTRAPOLATION" not in advise({"lowest_charged": 12, "highest_charged": 14}).warnings


def test_a_large_change_and_a_price_outside_the_limits_are_warned_of():
    assert "LARGE_CHANGE" in advise({"max_change": 0.5}).warnings
    assert "OUTSIDE_LIMITS" in advise({"max_price": 12.50}).warnings


def test_a_product_nobody_bought_lately_is_priced_with_a_warning():
    advice = advise(quantity=0)
    assert advice.recommended_price == Decimal("14.49")
    assert "NO_RECENT_SALES" in advice.warnings


def test_where_no_ending_fits_the_best_cent_is_taken():
    narrow = advise({"max_change": 0.05}, price=1.10, cost=0.6, elasticity=-1.0)
    assert narrow.recommended_price == Decimal("1.15")


@pytest.mark.parametrize(
    ("price", "cost", "recommended"),
    [
        # The one ending allowed, 0.99, lies on the wrong side.
        (1.10, 0.66, "1.26"),
        # The one ending allowed is the present one.
        (1.49, 0.90, "1.71"),
        # Up to 3.39 there is 2.99 alone, a third of the way.
        (2.95, 1.77, "3.39"),
    ],
)
def test_endings_too_far_apart_do_not_cost_a_cheap_product_its_gain(price, cost, recommended):
    advice = advise(price=price, cost=cost, elasticity=-0.5, std_error=0.1)
    assert (advice.recommended_price, advice.reason) == (Decimal(recommended), "GUARDRAIL")


@pytest.mark.parametrize(("price", "cost", "nearest"), [(1.10, 0.66, "1.26"), (2.95, 1.77, "3.39")])
def test_a_rule_is_followed_to_the_cent_where_endings_would_stop_it_half_way(price, cost, nearest):
    advice = advise({"markup": 2}, PricingStrategy("markup"), price=price, cost=cost, elasticity=-0.5)
    assert advice.recommended_price == Decimal(nearest)


def test_a_rule_keeps_to_endings_where_it_asks_for_little():
    # A markup of 36 % on 9.77 asks for 13.29; 13.49 lies two thirds of the way, on the other side.
    advice = advise({"markup": 0.36}, PricingStrategy("markup"), cost=9.77)
    assert (advice.unconstrained_price, advice.recommended_price) == (Decimal("13.29"), Decimal("13.49"))


def test_an_ending_is_kept_while_it_leaves_half_of_the_gain():
    # Up to 5.73 there is 5.49 alone; it leaves 69 % of the gain.
    near = advise(price=4.99, cost=3.0, elasticity=-0.5, std_error=0.1)
    assert near.recommended_price == Decimal("5.49")


def test_a_price_that_ends_well_stays_where_another_ending_would_gain_less_than_a_hundredth():
    # From 1.47 to 1.51 no other price ends in .49 or .99; 1.51 gains half a percent.
    facts = {"price": 1.49, "cost": 0.6, "elasticity": -1.27, "std_error": 0.01}
    advice = advise({"max_change": 0.02}, **facts)
    assert (advice.best_price, advice.reason) == (Decimal("1.49"), "NO_BETTER_PRICE")
    assert "No other price that ends as prices should is allowed." in rationale(advice)
    free = advise({"max_change": 0.02}, PricingStrategy(price_endings=()), **facts)
    assert free.recommended_price == Decimal("1.51")


def test_the_endings_next_to_the_best_price_are_looked_at_beyond_the_present_one():
    # Most profit at 12.01; the present 12.00 left aside, 11.00 and 13.00 are next.
    advice = advise(
        strategy=PricingStrategy(price_endings=(0,)), price=12.0, cost=6.0, elasticity=-1.997, std_error=0.1
    )
    assert (advice.reason, advice.best_price) == ("NO_BETTER_PRICE", Decimal("13.00"))
    lower = advise(
        strategy=PricingStrategy(price_endings=(0,)), price=12.0, cost=6.0, elasticity=-2.02, std_error=0.1
    )
    assert (lower.reason, lower.best_price) == ("NO_BETTER_PRICE", Decimal("11.00"))


def test_where_a_relation_alone_stops_a_better_price_the_reason_is_the_relation():
    line = {"relation_floor": 12.99, "relation_ceiling": 12.99}
    bound = advise(line)
    assert (bound.moved, bound.reason, binding(bound)) == (False, "RELATION", ["relation_ceiling"])
    # At the optimum nothing is better; and where another limit ends at the same price it is not the relation alone.
    right = advise(line, LINEAR, elasticity=-12.99 / 4.49, std_error=0.05)
    assert (right.unconstrained_price, right.reason) == (Decimal("12.99"), "NO_BETTER_PRICE")
    assert advise(line | {"max_price": 12.99}).reason == "NO_BETTER_PRICE"
    assert advise({"relation_ceiling": 13.5}).reason == "GUARDRAIL"


def test_a_price_that_was_changed_lately_stays_and_says_why():
    inputs, constraints = (
        PricingInputs.of(
            price=[12.99, 12.99], cost=8.5, elasticity=-1.2, std_error=0.4, cooling=[True, False]
        ),
        PriceConstraints.of(2),
    )
    found = recommend(inputs, constraints)
    held, free = found.of_product(0), found.of_product(1)
    assert (held.recommended_price, held.reason, held.moved) == (Decimal("12.99"), "COOLDOWN", False)
    assert "COOLDOWN" in held.warnings and "changed only lately" in rationale(held)
    assert (free.recommended_price, "COOLDOWN" in free.warnings) == (Decimal("14.49"), False)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_elasticity_of_a_fit_that_did_not_converge_moves_no_price(strategy):
    inputs = PricingInputs.of(
        price=[12.99] * 3,
        cost=8.5,
        elasticity=[-1.2, -1.2, 0.5],
        std_error=0.1,
        not_converged=[True, False, True],
    )
    found = recommend(inputs, PriceConstraints.of(3, target_margin=0.3), PricingStrategy(strategy))
    held, free, positive = (found.of_product(index) for index in range(3))
    for each in (held, positive):
        assert (each.recommended_price, each.reason, each.moved) == (Decimal("12.99"), "NOT_CONVERGED", False)
        assert (each.confidence, each.best_price, each.binding) == (0.0, None, [])
        assert "NOT_CONVERGED" in each.warnings and "did not come to an end" in rationale(each)
    assert free.moved and "NOT_CONVERGED" not in free.warnings


def test_nothing_estimated_is_called_certain():
    assert "with a probability of more than 99 %." in rationale(advise(std_error=0.05))


def test_a_price_with_more_than_two_decimals_stays_as_it_is():
    advice = advise(price=12.995, elasticity=0.5)
    assert advice.recommended_price == advice.current_price == Decimal("12.9950")


def batch(count=60):
    rng = np.random.default_rng(5)
    price = np.round(rng.lognormal(2.5, 1, count), 2)
    inputs = PricingInputs.of(
        price=price,
        cost=np.where(rng.random(count) < 0.8, np.round(price * rng.uniform(0.2, 1.1, count), 2), np.nan),
        elasticity=rng.normal(-1.5, 1.2, count),
        std_error=rng.uniform(0.1, 0.8, count),
        quantity=rng.poisson(20, count),
    )
    return inputs, PriceConstraints.of(
        count, target_margin=0.2, min_price=np.where(rng.random(count) < 0.5, 2.0, np.nan)
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_products_together_get_the_prices_they_get_alone(strategy):
    inputs, constraints = batch()
    together = recommend(inputs, constraints, PricingStrategy(strategy))
    for index in range(0, inputs.count, 7):
        one = np.array([index])
        alone = recommend(inputs.take(one), constraints.take(one), PricingStrategy(strategy))
        assert alone.of_product(0) == together.of_product(index)


def test_no_products_give_no_recommendations():
    none = np.array([], np.int64)
    inputs, constraints = batch()
    found = recommend(inputs.take(none), constraints.take(none))
    assert (found.price.size, found.reason.size) == (0, 0)


def test_the_expected_figures_are_those_of_the_demand_model_everywhere():
    found = recommend(
        PricingInputs.of(price=12.99, cost=8.5, elasticity=-1.2, std_error=0.4, quantity=1200),
        PriceConstraints.of(1),
    )
    projected = found.impact.projected
    linear, constant = 1 - 1.2 * 1.5 / 12.99, (14.49 / 12.99) ** -1.2
    assert projected.quantity[0] == pytest.approx(1200 * (linear + constant) / 2)
    assert found.impact.low.profit[0] < projected.profit[0] < found.impact.high.profit[0]


def test_the_sentences_of_the_iced_latte():
    assert rationale(advise({"target_margin": 0.3}, LINEAR, std_error=0.5)) == (
        "Demand is elastic: buyers leave when the price rises, about 1.2 % of sales for each 1 %. The most profit "
        "would be made at 16.16. That is not allowed: the largest increase allowed ends at 14.93. 14.49 is the best "
        "price allowed, and brings more profit than 12.99 with a probability of 97 %."
    )


def test_elastic_never_means_that_buyers_stay():
    for elasticity, text in ((-2.0, "buyers leave"), (-0.4, "most buyers stay"), (-1.0, "about 1 %")):
        assert text in rationale(advise(elasticity=elasticity))


def test_the_sentences_say_what_the_elasticity_rests_on():
    advice = advise({"target_margin": 0.3}, LINEAR, std_error=0.5)
    for evidence, text in (
        ("experimental", "That is what a price experiment found."),
        ("price_change", "That is what sales did when this price was changed."),
        ("observational", "moved together, which may have had other causes."),
        ("borrowed", "mostly what similar products show"),
    ):
        assert text in rationale(advice, evidence)
    assert rationale(advice, "") == rationale(advice)
