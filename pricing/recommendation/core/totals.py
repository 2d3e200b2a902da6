"""What many changes of price do together, and how sure that is.

The elasticities of one category do not err each for itself: what is wrong with the category's mean is wrong with every
product that leans on it, and does not average out over them. So each elasticity is drawn with a part of its error that
the category shares, and the limits of a sum are those of the drawn sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np
from scipy.special import ndtr

from pricing.elasticity.core.demand import LINEAR, DemandModel, FloatArray
from pricing.recommendation.core.inputs import PricingInputs
from pricing.recommendation.core.uncertainty import LIMITS, truncated_quantile

DRAWS: Final = 1_000
_FARTHEST: Final = 6.0
_LARGEST_SHARE: Final = 1e12


@dataclass(frozen=True, slots=True)
class ErrorFactor:
    """How the elasticities of P products err together.

    Attributes
    ----------
    names : P names that the products' own errors are drawn by: the same name always draws the same.
    shared_with : P names of what the rest of the error is shared by.
    shared_sd : (P,) standard deviation of the shared part; at most the whole error counts.
    """

    names: Sequence[str]
    shared_with: Sequence[str]
    shared_sd: FloatArray


@dataclass(frozen=True, slots=True)
class Spillover:
    """What the prices of others do to the demand for P products, as a share of the present quantity, (P,) each."""

    mean: FloatArray
    std: FloatArray


@dataclass(frozen=True, slots=True)
class MonteCarloDraws:
    """Changes of revenue and profit of P products in D draws, (P, D); profit is nan where the cost is unknown."""

    revenue: FloatArray
    profit: FloatArray


def draw_changes(
    offers: PricingInputs,
    price: FloatArray,
    leaning: ErrorFactor,
    model: DemandModel = LINEAR,
    spillover: Spillover | None = None,
) -> MonteCarloDraws:
    """Draw what prices may do to revenue and profit, per the period of the offers' quantities.

    Parameters
    ----------
    offers : of P products with known elasticities below 0.
    price : (P,) prices asked, above 0.
    spillover : where prices of other products count as well; demand is then linear.
    """
    own = drawn_normals(leaning.names)
    common = drawn_normals(leaning.shared_with)
    part = np.minimum(leaning.shared_sd / offers.std_error, 1.0)[:, None]
    error = part * common + np.sqrt(1 - part**2) * own
    share_below = ndtr(np.clip(error, -_FARTHEST, _FARTHEST))
    elasticity = truncated_quantile(share_below, offers.elasticity[:, None], offers.std_error[:, None])
    ratio = (price / offers.price)[:, None]
    if model == LINEAR:
        share = 1 + elasticity * (ratio - 1)
        if spillover is not None:
            others = drawn_normals([f"others of {name}" for name in leaning.names])
            share += spillover.mean[:, None] + spillover.std[:, None] * others
        share = np.maximum(share, 0.0)
    else:
        with np.errstate(over="ignore"):
            share = np.minimum(ratio**elasticity, _LARGEST_SHARE)
    quantity, cost = offers.quantity[:, None], offers.cost[:, None]
    before, after = offers.price[:, None], price[:, None]
    return MonteCarloDraws(
        revenue=quantity * (after * share - before),
        profit=quantity * ((after - cost) * share - (before - cost)),
    )


def drawn_normals(names: Sequence[str]) -> FloatArray:
    """Standard normal draws (P, D), a row for each name: the same for the same name, whoever asks."""
    known = {name: row for row, name in enumerate(dict.fromkeys(names))}
    drawn = [np.random.default_rng(crc32(name.encode())).standard_normal(DRAWS) for name in known]
    return np.array(drawn).reshape(-1, DRAWS)[[known[name] for name in names]]


def limits_of(drawn: FloatArray, expected: float) -> tuple[float, float]:
    """80 % limits of a drawn sum (D,), the expectation between them."""
    low, high = np.quantile(drawn, LIMITS)
    return min(float(low), expected), max(float(high), expected)
