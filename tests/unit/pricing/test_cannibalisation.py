"""What changes of several prices do to each other's sales, by hand."""

import numpy as np
import pytest

from pricing.recommendation.core.cannibalisation import CrossPairs, cross_change

# Tea and coffee take each other's place (a raise of one sells more of the other); milk goes with coffee.
TEA, COFFEE, MILK = range(3)
PAIRS = CrossPairs(
    demand=np.array([TEA, COFFEE, MILK]),
    price=np.array([COFFEE, TEA, COFFEE]),
    elasticity=np.array([0.5, 0.4, -0.8]),
    std_error=np.array([0.1, 0.0, 0.2]),
)
PROFIT = np.array([100.0, 200.0, 50.0])
LOG_TENTH = np.log(1.1)


def test_a_raise_brings_a_substitute_sales_and_takes_them_from_a_complement() -> None:
    change, error = cross_change(PROFIT, np.array([0.0, LOG_TENTH, 0.0]), PAIRS)
    assert change == pytest.approx([100 * (1.1**0.5 - 1), 0.0, 50 * (1.1**-0.8 - 1)])
    assert error == pytest.approx([100 * 1.1**0.5 * 0.1 * LOG_TENTH, 0.0, 50 * 1.1**-0.8 * 0.2 * LOG_TENTH])


def test_within_a_set_each_answers_to_the_others() -> None:
    change, _ = cross_change(PROFIT, np.array([LOG_TENTH, LOG_TENTH, 0.0]), PAIRS)
    assert change == pytest.approx([100 * (1.1**0.5 - 1), 200 * (1.1**0.4 - 1), 50 * (1.1**-0.8 - 1)])


def test_prices_that_stay_do_nothing_and_unknown_profit_counts_for_none() -> None:
    assert cross_change(PROFIT, np.zeros(3), PAIRS)[0] == pytest.approx(np.zeros(3))
    change, error = cross_change(np.array([np.nan, 200.0, 50.0]), np.array([0.0, LOG_TENTH, 0.0]), PAIRS)
    assert (change[TEA], error[TEA]) == (0.0, 0.0)
