"""What an experiment is worth: expected profit of better prices, less what the test costs."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.polynomial.hermite_e import hermegauss

from pricing.sales.core.arrays import FloatArray

NODES: Final = 25
PRICES: Final = 41


@dataclass(frozen=True, slots=True)
class TestValue:
    """In currency. `net` is `gain` less `cost`: what better prices earn over the weeks in which they are used, and what the
    weeks of the test lose against the best price known now."""

    gain: float
    cost: float

    @property
    def net(self) -> float:
        return self.gain - self.cost


def value_of_test(
    *,
    revenue: float,
    margin: float,
    elasticity: float,
    elasticity_error: float,
    test_error: float,
    contrast: tuple[float, float],
    test_weeks: float,
    used_weeks: float = 26.0,
    widest: float = 0.2,
) -> TestValue:
    """Expected value of sample information of a price test (Raiffa & Schlaifer 1961, ch. 4).

    Demand answers with a constant elasticity E ~ N(elasticity, elasticity_error^2); the test adds a measurement with error
    `test_error`, whose result moves the mean by a normal with sd error^2 / sqrt(error^2 + test_error^2). The profit of a
    log price change x is R (e^{E x} (e^x - 1 + m)), averaged over what stays unknown of E.

    Parameters
    ----------
    revenue : of the tested products a week at their present prices. margin : fraction of it that is profit.
    contrast : log of the test's two prices over the present one, half of the sales at each.
    used_weeks : how long the better price is used. widest : largest change of a price that is considered, a fraction.
    """
    x = np.linspace(np.log1p(-widest), np.log1p(widest), PRICES)
    prior, noise = elasticity_error**2, test_error**2
    moved = prior / np.sqrt(prior + noise)
    left = prior * noise / (prior + noise)
    nodes, weights = _normal_nodes()
    learned = _profit(x, elasticity + moved * nodes[:, None], left, margin)
    now = _profit(x, np.array([[elasticity]]), prior, margin)
    better = float(weights @ learned.max(axis=1)) - float(now.max())
    tested = _profit(np.array(contrast), np.array([[elasticity]]), prior, margin).mean()
    return TestValue(
        revenue * used_weeks * max(better, 0.0), revenue * test_weeks * float(now.max() - tested)
    )


@cache
def _normal_nodes() -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of a mean over a standard normal (Gauss-Hermite)."""
    nodes, weights = hermegauss(NODES)
    return nodes, weights / weights.sum()


def _profit(x: FloatArray, mean: FloatArray, variance: float, margin: float) -> FloatArray:
    """Expected profit over present revenue at log price changes x (X,), of elasticities with means (M, 1): (M, X)."""
    return np.asarray(np.exp(mean * x + variance * x**2 / 2) * (np.exp(x) - 1 + margin))
