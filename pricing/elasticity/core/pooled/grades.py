"""How far an elasticity may be trusted: confidence, evidence grade and flags."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import numpy as np

from pricing.elasticity.core import constants
from pricing.elasticity.core.constants import FEWEST_DAYS, FEWEST_WEEKS
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.price_mix import SEVERAL_PRICES

NOT_CONVERGED: Final = "NOT_CONVERGED"
"""The fit did not settle: its numbers are not to be acted on."""

PRICES_FOLLOW_SALES: Final = "PRICES_FOLLOW_SALES"
"""In this shop sales predict prices: what looks like an answer to prices may be what prices were an answer to."""

MIXED_PRICES: Final = "MIXED_PRICES"
"""The product's totals stand at mean prices that move with who bought."""

SELLS_OUT: Final = "SELLS_OUT"
"""Stock of the product, or of the shop where prices are low, ends: what was sold is less than what was wanted."""

RESPONSE_FADES: Final = "RESPONSE_FADES"
"""In this shop a change of price does more in its first week than later: competitors follow, or buyers bought ahead."""

PRICES_FOLLOW_PEAKS: Final = "PRICES_FOLLOW_PEAKS"
"""In this category prices move with peaks of sales that come back every year and that no season of waves holds."""

METHODS_DISAGREE: Final = "METHODS_DISAGREE"
"""A learned model contradicts the estimate; raised where its opinions are known, not by the fit."""

LOWER: Final = MappingProxyType({"A": "B", "B": "C", "C": "D", "D": "D"})
"""The grade that follows each."""

FLAG_NAMES: Final = (
    "NO_PRICE_VARIATION",
    "FEW_DAYS",
    "OWN_POSITIVE",
    "CI_CROSSES_ZERO",
    "CI_CROSSES_MINUS_ONE",
    "PRIOR_DOMINATED",
    "BULK_CAPPED",
    "HIGH_RETURNS",
    "CHANNEL_MIX",
    "STOCKOUT_GAPS",
    "NO_CATEGORY",
    "ZERO_ELASTICITY",
    "EXTRAPOLATION",
    NOT_CONVERGED,
    PRICES_FOLLOW_SALES,
    MIXED_PRICES,
    SEVERAL_PRICES,
    SELLS_OUT,
    RESPONSE_FADES,
    METHODS_DISAGREE,
    PRICES_FOLLOW_PEAKS,
)
DOUBTS: Final = (
    PRICES_FOLLOW_SALES,
    MIXED_PRICES,
    SEVERAL_PRICES,
    SELLS_OUT,
    RESPONSE_FADES,
    PRICES_FOLLOW_PEAKS,
)
"""What more of the same sales would not mend."""
FLAGS: Final = MappingProxyType({name: 1 << bit for bit, name in enumerate(FLAG_NAMES)})


@dataclass(frozen=True, slots=True)
class Evidence:
    """What grades and flags are made from, one entry per product; nan where there is no estimate.

    `std_error` is all that the 95 % interval is made of. `converged` is None where every fit is known to have settled;
    `doubts` are by their flags, those of `DOUBTS`.
    """

    elasticity: FloatArray
    std_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    own_elasticity: FloatArray
    weight: FloatArray
    sold_days: IntArray
    list_prices: IntArray
    active_weeks: IntArray
    gaps: BoolArray
    no_category: BoolArray
    converged: BoolArray | None = None
    doubts: Mapping[str, BoolArray] = field(default_factory=dict)

    @property
    def doubtful(self) -> BoolArray:
        """(P,) whether more of the same sales would not make the estimate better."""
        none = np.zeros(self.elasticity.size, np.bool_)
        return np.asarray(np.logical_or.reduce([none, *self.doubts.values()]), np.bool_)


def confidences(std_error: FloatArray) -> FloatArray:
    """Probability (0-1) that the true elasticity lies within 0.5 of the estimate; nan stays nan."""
    from scipy.special import erf

    return np.asarray(erf(constants.CONFIDENCE_REACH / (std_error * np.sqrt(2.0))))


def grades(evidence: Evidence) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """Evidence grade of each product, "" without an estimate.

    A: w >= 0.6, sd <= 0.5 and a 95 % interval below 0; B: w >= 0.35, sd <= 0.6 and the same; C: w >= 0.12, 20 sold
    days and a negative elasticity; D otherwise, an estimate of the category rather than of the product. Doubtful
    estimates are C at best.
    """
    weight, error = evidence.weight, evidence.std_error
    below_zero = (evidence.ci_high < 0) & ~evidence.doubtful
    a = (weight >= constants.GRADE_A_WEIGHT) & (error <= constants.GRADE_A_ERROR) & below_zero
    b = (weight >= constants.GRADE_B_WEIGHT) & (error <= constants.GRADE_B_ERROR) & below_zero
    c = (weight >= constants.GRADE_C_WEIGHT) & (evidence.sold_days >= FEWEST_DAYS) & (evidence.elasticity < 0)
    return np.select([np.isnan(evidence.elasticity), a, b, c], ["", "A", "B", "C"], default="D")


def flag_bits(evidence: Evidence) -> IntArray:
    """Flags of each product as bits of `FLAGS`.

    BULK_CAPPED, HIGH_RETURNS and CHANNEL_MIX rest on the lines, EXTRAPOLATION on the price asked for, METHODS_DISAGREE on
    other models: callers add them. Products without an estimate carry only what holds without one.
    """
    raised = {
        "NO_PRICE_VARIATION": evidence.list_prices < 2,
        "FEW_DAYS": (evidence.sold_days < FEWEST_DAYS) | (evidence.active_weeks < FEWEST_WEEKS),
        "OWN_POSITIVE": evidence.own_elasticity > 0,
        "CI_CROSSES_ZERO": (evidence.ci_low < 0) & (evidence.ci_high >= 0),
        "CI_CROSSES_MINUS_ONE": (evidence.ci_low < -1) & (evidence.ci_high > -1),
        "PRIOR_DOMINATED": evidence.weight < constants.GRADE_B_WEIGHT,
        "STOCKOUT_GAPS": evidence.gaps,
        "NO_CATEGORY": evidence.no_category,
        "ZERO_ELASTICITY": np.abs(evidence.elasticity) < constants.NEARLY_ZERO,
    }
    if evidence.converged is not None:
        raised[NOT_CONVERGED] = ~evidence.converged
    raised |= evidence.doubts
    bits = np.zeros(evidence.elasticity.size, np.int64)
    for name, where in raised.items():
        bits |= np.where(where, FLAGS[name], 0)
    return bits


def flag_names(bits: int) -> list[str]:
    """Names of the flags set in a bit mask, in the order of `FLAG_NAMES`."""
    return [name for name in FLAG_NAMES if bits & FLAGS[name]]
