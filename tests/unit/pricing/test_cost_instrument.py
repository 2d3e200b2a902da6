"""The elasticity by changes of cost, where prices follow demand and costs do not."""

import numpy as np
import pytest

from pricing.elasticity.core.diagnostics import diagnose
from pricing.elasticity.core.diagnostics.instrument import by_costs
from tests.unit.pricing.test_diagnostics import topic

FIRST_DAY = 20_089
ELASTICITY = -2.0
SPELL = 30


def exact(spells: int = 6, length: int = SPELL) -> tuple[np.ndarray, ...]:
    """Days, prices, units and costs; prices are twice the cost, units 8 times the price to the power of -2."""
    cost = np.repeat(np.array([2.0, 3.0, 2.5, 4.0, 3.5, 5.0, 4.5, 6.0])[:spells], length)
    price = 2 * cost
    return FIRST_DAY + np.arange(cost.size), price, 8000 * price**ELASTICITY, cost


def confounded(seed: int, spells: int = 12) -> tuple[np.ndarray, ...]:
    """Prices follow the cost and, by half, a demand that lasts for some weeks and the regression does not know."""
    rng = np.random.default_rng(seed)
    cost = np.repeat(5 * np.exp(np.cumsum(rng.normal(0, 0.12, spells))), SPELL)
    demand, news = np.zeros(cost.size), rng.normal(0, 0.12, cost.size)
    for day in range(1, cost.size):
        demand[day] = 0.9 * demand[day - 1] + news[day]
    price = 1.8 * cost * np.exp(0.5 * demand + rng.normal(0, 0.02, cost.size))
    units = np.ceil(60 * (price / 10) ** ELASTICITY * np.exp(demand + rng.normal(0, 0.2, cost.size)))
    return FIRST_DAY + np.arange(cost.size), price, units, cost


def test_prices_that_follow_the_cost_exactly_give_the_elasticity_exactly() -> None:
    found = by_costs(*exact())
    assert found is not None
    assert found.elasticity == pytest.approx(-2.0)
    assert (found.ci_low, found.ci_high) == (pytest.approx(-2.0), pytest.approx(-2.0))
    assert found.std_error == pytest.approx(0.0, abs=1e-9)
    assert (found.spells, found.days, found.first_stage_f) == (6, 180, None)


def test_the_estimate_is_the_ratio_of_two_regressions_on_the_cost() -> None:
    day, price, units, cost = confounded(1)
    found = by_costs(day, price, units, cost)
    controls = np.column_stack((np.log(cost), np.ones(day.size), day))
    units_on_cost, price_on_cost = (
        np.linalg.lstsq(controls, np.log(column), rcond=None)[0][0] for column in (units, price)
    )
    assert found is not None
    assert found.elasticity == pytest.approx(units_on_cost / price_on_cost)


def test_intervals_hold_where_prices_follow_demand_and_the_regression_is_wrong() -> None:
    by_cost = [by_costs(*confounded(seed)) for seed in range(300)]
    intervals = [
        (each.ci_low, each.ci_high) for each in by_cost if each is not None and each.ci_low is not None
    ]
    held = [low <= ELASTICITY <= high for low, high in intervals]
    # 95 % of 300, of which those without ends hold by themselves: three standard errors each way.
    assert 0.91 <= (sum(held) + len(by_cost) - len(intervals)) / len(by_cost) <= 0.99
    assert len(intervals) > 150
    estimates = [each.elasticity for each in by_cost if each is not None and each.elasticity is not None]
    assert np.median(estimates) == pytest.approx(-2.0, abs=0.2)
    regressions = [diagnose(*confounded(seed)[:3]).elasticity for seed in range(5)]
    assert max(regressions) < -0.2
    assert min(regressions) > -1.7


@pytest.mark.parametrize(
    "days",
    [
        exact(spells=5),
        exact(length=9),
        (*exact()[:3], np.full(180, np.nan)),
        (*exact()[:3], np.full(180, 3.0)),
        # A cost that grows with the days is a trend and nothing else.
        (*exact()[:3], np.exp(np.arange(180) / 365)),
        tuple(column[:0] for column in exact()),
    ],
)
def test_too_few_costs_give_nothing(days: tuple[np.ndarray, ...]) -> None:
    assert by_costs(*days) is None


def test_short_spells_are_joined_to_four_weeks() -> None:
    # 16 costs of two weeks are eight spells.
    day, price, units, _ = confounded(3, spells=8)
    cost = np.repeat(5 * np.exp(np.random.default_rng(3).normal(0, 0.1, 16)), 15)
    found = by_costs(day, price, units, cost)
    assert found is not None
    assert found.spells == 8


def test_where_the_price_does_not_follow_the_cost_the_interval_has_no_ends() -> None:
    day, price, units, cost = confounded(4)
    shuffled = np.repeat(np.random.default_rng(9).permutation(cost[::SPELL]), SPELL)
    found = by_costs(day, 5 * np.exp(0.01 * np.log(price)), units, shuffled)
    assert found is not None
    assert (found.elasticity, found.std_error, found.ci_low, found.ci_high) == (None, None, None, None)


# --- what is said of it ------------------------------------------------------------------------------


def test_nothing_is_said_without_recorded_costs() -> None:
    found = diagnose(*confounded(1)[:3])
    assert found.costs is None
    assert "costs" not in [each.topic for each in found.findings]


def test_another_answer_than_that_of_all_prices_calls_for_care() -> None:
    day, price, units, cost = confounded(2)
    found = diagnose(day, price, units, cost=cost)
    caution, text = topic(found, "costs")
    assert caution
    assert text.startswith("By its 12 costs alone, which do not know demand, the elasticity is -")
    assert text.endswith("prices may have followed demand. Trust the one by costs.")


def test_the_same_answer_confirms_it() -> None:
    day, price, units, cost = exact(spells=8)
    noisy = units * np.exp(np.random.default_rng(2).normal(0, 0.1, day.size))
    caution, text = topic(diagnose(day, price, noisy, cost=cost), "costs")
    assert not caution
    assert text.endswith("that of all prices lies within.")


def test_costs_that_the_price_hardly_followed_check_nothing() -> None:
    day, price, units, cost = confounded(4)
    shuffled = np.repeat(np.random.default_rng(9).permutation(cost[::SPELL]), SPELL)
    caution, text = topic(diagnose(day, price, units, cost=shuffled), "costs")
    assert caution
    assert text == "The price hardly followed its 12 costs, so they cannot check the elasticity."
