"""Customer segments by recency, frequency and monetary value (RFM).

Every customer who brought money in is placed low, medium or high on three scales, cut at the thirds of
the shop's own customers, and the three places together name one of six segments.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

SEGMENTS = ("Champion", "LoyalCustomers", "PotentialLoyalists", "AtRisk", "Hibernating", "Lost")
"""Names by segment index, from most to least valuable; ties anywhere go to the earlier name."""

NO_SEGMENT = -1
LOW, MEDIUM, HIGH = 0, 1, 2
FULL_PRICE_SENSITIVITY = 3.0
"""Absolute elasticity from which on a segment counts as 100 % price sensitive."""

_CHAMPION, _LOYAL, _POTENTIAL, _AT_RISK, _HIBERNATING, _LOST = range(6)

SEGMENT_OF_BINS: NDArray[np.int8] = np.array(
    [  # [recency][frequency][monetary], each low, medium, high
        [
            [_LOST, _LOST, _LOST],
            [_LOST, _HIBERNATING, _HIBERNATING],
            [_HIBERNATING, _HIBERNATING, _LOYAL],
        ],
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


@dataclass(frozen=True, slots=True)
class RfmCuts:
    """Where the scales are cut: 2 values for the bins, 4 for the scores; a value on a cut lies below it.

    Recency is cut in days, so its first cut separates the most recent customers. All nan without customers.
    """

    recency: NDArray[np.float64]
    frequency: NDArray[np.float64]
    monetary: NDArray[np.float64]
    recency_score: NDArray[np.float64]
    frequency_score: NDArray[np.float64]
    monetary_score: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RfmSegments:
    """Segment, bins and scores of n customers; all -1, scores 0, for those who brought no money in.

    ``segment`` indexes `SEGMENTS`; bins are 0 low, 1 medium, 2 high; scores run from 1 to 5. More is
    always better, recency included: bin 2 and score 5 are the customers who bought last.
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
    """Key figures of the six segments, arrays of shape (6,) in the order of `SEGMENTS`; 0 where empty.

    ``score`` is on 1-5, ``revenue`` in currency, names ending in ``_percent`` are 0-100.
    """

    customer_count: NDArray[np.int64]
    revenue: NDArray[np.float64]
    score: NDArray[np.float64]
    price_sensitivity_percent: NDArray[np.float64]
    wallet_share_percent: NDArray[np.float64]
    churn_risk_percent: NDArray[np.float64]


def rfm_segments(recency_days: ArrayLike, frequency: ArrayLike, monetary: ArrayLike) -> RfmSegments:
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

    Raises
    ------
    ValueError
        If the arrays differ in length, hold nan or infinity, or a recency or frequency is negative.
    """
    recency, visits, money = _checked(recency_days, frequency, monetary)
    paying = money > 0
    r_cuts, r_score_cuts = _cuts(recency[paying], 3), _cuts(recency[paying], 5)
    f_cuts, f_score_cuts = _cuts(visits[paying], 3), _cuts(visits[paying], 5)
    m_cuts, m_score_cuts = _cuts(money[paying], 3), _cuts(money[paying], 5)
    r_bin = HIGH - _above(recency, r_cuts)
    f_bin = _above(visits, f_cuts)
    m_bin = _above(money, m_cuts)
    return RfmSegments(
        segment=_where_paying(paying, SEGMENT_OF_BINS[r_bin, f_bin, m_bin], NO_SEGMENT),
        r_bin=_where_paying(paying, r_bin, -1),
        f_bin=_where_paying(paying, f_bin, -1),
        m_bin=_where_paying(paying, m_bin, -1),
        r_score=_where_paying(paying, 5 - _above(recency, r_score_cuts), 0),
        f_score=_where_paying(paying, 1 + _above(visits, f_score_cuts), 0),
        m_score=_where_paying(paying, 1 + _above(money, m_score_cuts), 0),
        cuts=RfmCuts(r_cuts, f_cuts, m_cuts, r_score_cuts, f_score_cuts, m_score_cuts),
    )


def segment_kpis(
    rfm: RfmSegments, recency_days: ArrayLike, revenue: ArrayLike, elasticity: ArrayLike
) -> SegmentKpis:
    """Key figures of each segment, defined for empty segments too.

    Parameters
    ----------
    rfm
        Membership and scores of n customers.
    recency_days
        (n,) days since the last purchase, as given to `rfm_segments`.
    revenue
        (n,) money of each customer in the period looked at, net of returns: the monetary value itself or
        that of a window of dates. A segment with negative revenue has a wallet share of 0.
    elasticity
        (6,) price elasticity of each segment; nan where unknown, which counts as not sensitive.

    Raises
    ------
    ValueError
        If the lengths do not fit.
    """
    member = rfm.segment != NO_SEGMENT
    recency, money = np.asarray(recency_days, np.float64), np.asarray(revenue, np.float64)
    own_elasticity = np.asarray(elasticity, np.float64)
    if not recency.shape == money.shape == rfm.segment.shape or own_elasticity.shape != (len(SEGMENTS),):
        raise ValueError("one recency and one revenue per customer and one elasticity per segment needed")
    segment = rfm.segment[member].astype(np.int64)
    count = np.bincount(segment, minlength=len(SEGMENTS))
    scores = (rfm.r_score.astype(np.float64) + rfm.f_score + rfm.m_score)[member] / 3
    segment_revenue = _sums(segment, money[member])
    longest = recency[member].max(initial=0.0)
    sensitivity = np.minimum(1.0, np.abs(np.nan_to_num(own_elasticity)) / FULL_PRICE_SENSITIVITY)
    spent = np.maximum(segment_revenue, 0.0)
    return SegmentKpis(
        customer_count=count,
        revenue=segment_revenue,
        score=_ratio(_sums(segment, scores), count),
        price_sensitivity_percent=100 * np.where(count > 0, sensitivity, 0.0),
        wallet_share_percent=100 * _ratio(spent, np.full(len(SEGMENTS), spent.sum())),
        churn_risk_percent=100 * _ratio(_sums(segment, recency[member]), count * longest),
    )


def _checked(
    recency_days: ArrayLike, frequency: ArrayLike, monetary: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    recency, visits, money = (
        np.asarray(values, np.float64) for values in (recency_days, frequency, monetary)
    )
    if not (recency.ndim == 1 and recency.shape == visits.shape == money.shape):
        raise ValueError("recency, frequency and monetary must be one-dimensional and of one length")
    if not (np.isfinite(recency).all() and np.isfinite(visits).all() and np.isfinite(money).all()):
        raise ValueError("recency, frequency and monetary must be finite numbers")
    if (recency < 0).any() or (visits < 0).any():
        raise ValueError("recency and frequency must not be negative")
    return recency, visits, money


def _cuts(values: NDArray[np.float64], parts: int) -> NDArray[np.float64]:
    """Quantiles that cut the values into equal parts; those of the distinct values where two coincide."""
    if values.size == 0:
        return np.full(parts - 1, np.nan)
    cuts = _quantiles(np.sort(values), parts)
    if (np.diff(cuts) > 0).all():
        return cuts
    return _quantiles(np.unique(values), parts)


def _quantiles(ordered: NDArray[np.float64], parts: int) -> NDArray[np.float64]:
    """Linearly interpolated quantiles at 1/parts, 2/parts, ...

    Positions are whole-number arithmetic: a quantile that falls on a value must equal it exactly, or the
    customers who share that value would land on the wrong side of the cut.
    """
    position = np.arange(1, parts) * (ordered.size - 1)
    below, rest = position // parts, position % parts
    above = np.minimum(below + 1, ordered.size - 1)
    cuts: NDArray[np.float64] = ordered[below] + (ordered[above] - ordered[below]) * (rest / parts)
    return cuts


def _above(values: NDArray[np.float64], cuts: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many cuts lie strictly below each value."""
    return np.searchsorted(cuts, values, side="left")


def _where_paying(paying: NDArray[np.bool_], values: NDArray[np.integer], other: int) -> NDArray[np.int8]:
    return np.where(paying, values, other).astype(np.int8)


def _sums(segment: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.bincount(segment, weights=values, minlength=len(SEGMENTS)).astype(np.float64)


def _ratio(numerator: NDArray[np.float64], denominator: NDArray[np.generic]) -> NDArray[np.float64]:
    below = np.asarray(denominator, np.float64)
    return np.divide(numerator, below, out=np.zeros(len(SEGMENTS)), where=below > 0)
