"""Intervals that stay valid however often one looks, and the decision that they allow."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray
from simulations.experiments.core.estimates import Effect, critical, t_of_z

EARLY_ALPHA: Final = 0.01
"""Part of the 5 % of wrong calls that looks before the planned end may use; the last look has the other 4 %."""
FINAL_ALPHA: Final = 0.04

NEW, OLD, NONE, OPEN, UNKNOWN = "new_price", "old_price", "no_difference", "not_decided", "no_estimate"
VERDICTS: Final = (NEW, OLD, NONE, OPEN, UNKNOWN)


def always_valid(
    effect: Effect, planned_std_error: FloatArray | float, alpha: float = 0.05
) -> tuple[FloatArray, FloatArray]:
    """The confidence sequence at one look: with probability 1 - alpha it covers the effect at all looks together.

    Robbins' normal mixture (1970; Howard, Ramdas, McAuliffe & Sekhon 2021, eq. 14) on the information 1/se^2 that has
    come in, tuned to be narrowest at the planned end; the estimated error makes it asymptotic (Waudby-Smith, Arbour,
    Sinha, Kennedy & Ramdas 2024), and the normal score is exchanged for the t of the same probability.

    Parameters
    ----------
    planned_std_error : of the effect at the planned end, as known before the first look.
    """
    half = mixture_score(effect, planned_std_error, alpha) * effect.std_error
    return effect.estimate - half, effect.estimate + half


def mixture_score(effect: Effect, planned_std_error: FloatArray | float, alpha: float) -> FloatArray:
    """How many errors wide each side of the interval is."""
    from scipy.special import lambertw

    best = -float(lambertw(-(alpha**2) / np.e, -1).real) - 1
    information = best * np.square(planned_std_error / effect.std_error)
    z = np.sqrt((1 + 1 / information) * np.log((1 + information) / alpha**2))
    return t_of_z(effect.df, z)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the profit (or revenue) says: one of `VERDICTS`, and the interval it rests on."""

    verdict: str
    low: float
    high: float


def decide(effect: Effect, planned_std_error: float, *, is_last: bool) -> Verdict:
    """Decide between the prices: before the planned end by the 99 % sequence, at the end by the 96 % interval.

    Together they call a difference where there is none in 5 % of experiments at most.
    """
    if not np.isfinite(effect.std_error):
        return Verdict(UNKNOWN, float("nan"), float("nan"))
    low, high = decision_interval(effect, planned_std_error, is_last=is_last)
    verdict = NEW if low > 0 else OLD if high < 0 else NONE if is_last else OPEN
    return Verdict(verdict, float(low), float(high))


def decision_interval(
    effect: Effect, planned_std_error: FloatArray | float, *, is_last: bool
) -> tuple[FloatArray, FloatArray]:
    """The interval that a decision rests on; arrays for many experiments at once."""
    if is_last:
        return effect.interval(1 - FINAL_ALPHA)
    return always_valid(effect, planned_std_error, EARLY_ALPHA)


def is_found(effect: Effect) -> BoolArray:
    """Whether an effect is found at the planned end; what the planner calls power is the probability of this."""
    half = critical(effect.df, FINAL_ALPHA / 2) * effect.std_error
    return np.asarray(np.abs(effect.estimate) > half)
