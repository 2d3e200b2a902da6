"""Customer segments by recency, frequency and monetary value (RFM).

Every customer who brought money in is placed low, medium or high on three scales, cut at the thirds of
the shop's own customers, and the three places together name one of six segments.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pricing.sales.core.arrays import BoolArray, FloatArray

SEGMENTS = ("Champion", "LoyalCustomers", "PotentialLoyalists", "AtRisk", "Hibernating", "Lost")
"""Names by segment index, from most to least valuable; ties anywhere go to the earlier name."""

NO_SEGMENT = -1
LOW, MEDIUM, HIGH = 0, 1, 2
MIDDLE_SCORE = 3
NO_ORDER = 50.0
"""Churn risk in percent where nobody bought longer ago than anybody else."""
FULL_PRICE_SENSITIVITY = 3.0
"""Absolute elasticity from which on a segment counts as 100 % price sensitive."""

_CHAMPION, _LOYAL, _POTENTIAL, _AT_RISK, _HIBERNATING, _LOST = range(6)

SEGMENT_OF_BINS: NDArray[np.int8] = np.array(
    [  # [recency][frequency][monetary], each low, medium, high
        [[_LOST, _LOST, _LOST], [_LOST, _HIBERNATING, _HIBERNATING], [_HIBERNATING, _HIBERNATING, _LOYAL]],
        [
            [_HIBERNATING, _HIBERNATING, _HIBERNATING],
            [_AT_RISK, _AT_RISK, _AT_RISK],
            [_AT_RISK, _LOYAL, _LOYAL],
        ],
        [
            [_POTENTIAL, _POTENTIAL, _POTENTIAL],
            [_POTENTIAL, _POTENTIAL, _CHAMPION],
            [_LOYAL, _CHAMPION, _CHAMPION],
        ],
    ],
    dtype=np.int8,
)
SEGMENT_OF_BINS.flags.writeable = False


class OwnCuts(NamedTuple):
    """Where a shop cuts scales itself: two rising values each, of days, invoices and money; None: at the thirds."""

    recency: tuple[float, float] | None = None
    frequency: tuple[float, float] | None = None
    monetary: tuple[float, float] | None = None


THIRDS = OwnCuts()


@dataclass(frozen=True, slots=True)
class RfmCuts:
    """Where the scales are cut: 2 values for the bins, 4 for the scores; a value on a cut lies below it.

    Recency is cut in days, so its first cut separates the most recent customers. All nan without customers.
    """

    recency: FloatArray
    frequency: FloatArray
    monetary: FloatArray
    recency_score: FloatArray
    frequency_score: FloatArray
    monetary_score: FloatArray


@dataclass(frozen=True, slots=True)
class RfmSegments:
    """Segment, bins and scores of n customers; all -1, scores 0, for those who brought no money in.

    ``segment`` indexes `SEGMENTS`; bins are 0 low, 1 medium, 2 high; scores run from 1 to 5. More is
    always better, recency included: bin 2 and score 5 are the customers who bought last. On a scale on which all are
    alike every score is 3: there is no order among equals.
    """

    segment: NDArray[np.int8]
    r_bin: NDArray[np.int8]
    f_bin: NDArray[np.int8]
    m_bin: NDArray[np.int8]
    r_score: NDArray[np.int8]
    f_score: NDArray[np.int8]
    m_score: NDArray[np.int8]
    cuts: RfmCuts


@dataclass(frozen=True, slots=True)
class SegmentKpis:
    """Key figures of the six segments: arrays of shape (6,), in percent, in the order of `SEGMENTS`; 0 where empty."""

    price_sensitivity: FloatArray
    wallet_share: FloatArray
    churn_risk: FloatArray


def rfm_segments(
    recency_days: ArrayLike, frequency: ArrayLike, monetary: ArrayLike, own: OwnCuts = THIRDS
) -> RfmSegments:
    """Place every customer in one of the six segments.

    Parameters
    ----------
    recency_days
        (n,) whole days from the last purchase to the day after the shop's last sale, >= 0.
    frequency
        (n,) distinct purchase invoices, those cancelled later included.
    monetary
        (n,) money spent net of cancellations, in currency. Customers with <= 0 get no segment and do
        not take part in the cuts.
    own
        Cuts of the bins that are the shop's own. Scores are cut at the fifths all the same.

    Raises
    ------
    ValueError
        If the arrays differ in length, hold nan or infinity, or a recency or frequency is negative.
    """
    scales = [np.asarray(values, np.float64) for values in (recency_days, frequency, monetary)]
    if scales[0].ndim != 1 or len({values.shape for values in scales}) > 1:
        raise ValueError("recency, frequency and monetary must be one-dimensional and of one length")
    if not np.isfinite(scales).all():
        raise ValueError("recency, frequency and monetary must be finite numbers")
    if (scales[0] < 0).any() or (scales[1] < 0).any():
        raise ValueError("recency and frequency must not be negative")
    paying = scales[2] > 0
    cuts = [
        _cuts(values[paying], 3) if chosen is None else np.array(chosen, np.float64)
        for values, chosen in zip(scales, own, strict=True)
    ]
    score_cuts = [_cuts(values[paying], 5) for values in scales]
    # How many cuts lie strictly below each value.
    r_above, f_bin, m_bin = map(np.searchsorted, cuts, scales)
    r_score, f_score, m_score = map(np.searchsorted, score_cuts, scales)
    # The fewer the days since the last purchase, the better.
    r_bin = HIGH - r_above
    return RfmSegments(
        segment=_where_paying(paying, SEGMENT_OF_BINS[r_bin, f_bin, m_bin], NO_SEGMENT),
        r_bin=_where_paying(paying, r_bin, -1),
        f_bin=_where_paying(paying, f_bin, -1),
        m_bin=_where_paying(paying, m_bin, -1),
        r_score=_scores(paying, scales[0], 5 - r_score),
        f_score=_scores(paying, scales[1], 1 + f_score),
        m_score=_scores(paying, scales[2], 1 + m_score),
        cuts=RfmCuts(*cuts, *score_cuts),
    )


def segment_kpis(
    customer_count: ArrayLike,
    mean_recency: ArrayLike,
    longest_recency: ArrayLike,
    revenue: ArrayLike,
    elasticity: ArrayLike,
) -> SegmentKpis:
    """Key figures of each segment from (6,) sums over its customers, defined for empty segments too.

    Churn risk is the mean recency in percent of the longest; 50 where all customers bought equally long ago.

    Parameters
    ----------
    customer_count
        Customers of each segment.
    mean_recency, longest_recency
        Days since their last purchases.
    revenue
        Money of each segment in the period looked at, net of returns. A segment with negative revenue has a
        wallet share of 0.
    elasticity
        Price elasticity of each segment; nan where unknown, which counts as not sensitive.

    Raises
    ------
    ValueError
        If an array has not one value for each segment.
    """
    given = (customer_count, mean_recency, longest_recency, revenue, elasticity)
    count, mean, longest, money, slope = (np.asarray(values, np.float64) for values in given)
    if not count.shape == mean.shape == longest.shape == money.shape == slope.shape == (len(SEGMENTS),):
        raise ValueError("one value for each segment needed")
    populated = count > 0
    spent = np.where(populated, np.maximum(money, 0.0), 0.0)
    churn = 100 * _ratio(np.where(populated, mean, 0.0), longest[populated].max(initial=0.0))
    if count.sum() > 1 and (mean[populated] == longest[populated].max()).all():
        churn = np.where(populated, NO_ORDER, 0.0)
    sensitivity = np.minimum(1.0, np.abs(np.nan_to_num(slope)) / FULL_PRICE_SENSITIVITY)
    return SegmentKpis(
        price_sensitivity=100 * np.where(populated, sensitivity, 0.0),
        wallet_share=100 * _ratio(spent, spent.sum()),
        churn_risk=churn,
    )


def _cuts(values: FloatArray, parts: int) -> FloatArray:
    """Quantiles that cut the values into equal parts; those of the distinct values where two coincide."""
    if values.size == 0:
        return np.full(parts - 1, np.nan)
    cuts = _quantiles(np.sort(values), parts)
    if (np.diff(cuts) > 0).all():
        return cuts
    return _quantiles(np.unique(values), parts)


def _quantiles(ordered: FloatArray, parts: int) -> FloatArray:
    """Linearly interpolated quantiles at 1/parts, 2/parts, ...

    Positions are whole-number arithmetic: a quantile that falls on a value must equal it exactly, or the
    customers who share that value would land on the wrong side of the cut.
    """
    position = np.arange(1, parts) * (ordered.size - 1)
    below, rest = position // parts, position % parts
    above = np.minimum(below + 1, ordered.size - 1)
    cuts: FloatArray = ordered[below] + (ordered[above] - ordered[below]) * (rest / parts)
    return cuts


def _scores(paying: BoolArray, scale: FloatArray, score: NDArray[np.integer]) -> NDArray[np.int8]:
    """Scores 1 to 5, 0 for those who do not pay; the middle one for all where they do not differ."""
    alike = np.unique(scale[paying]).size == 1 < np.count_nonzero(paying)
    return _where_paying(paying, np.full(scale.size, MIDDLE_SCORE) if alike else score, 0)


def _where_paying(paying: BoolArray, values: NDArray[np.integer], other: int) -> NDArray[np.int8]:
    return np.where(paying, values, other).astype(np.int8)


def _ratio(numerator: FloatArray, denominator: float) -> FloatArray:
    return numerator / denominator if denominator > 0 else np.zeros_like(numerator)
