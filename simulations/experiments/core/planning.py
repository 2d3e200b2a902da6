"""Plan an experiment: standard error, smallest detectable effect, power and duration, from the shop's own past."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.random import Generator, default_rng

from pricing.sales.core.arrays import FloatArray
from simulations.experiments.core.designs import CLUSTERS, FEWEST_PAIRS, match_pairs
from simulations.experiments.core.estimates import (
    Effect,
    adjusted_pairs,
    critical,
    log_ratio,
    mean_difference,
    money_differences,
    unit_differences,
)
from simulations.experiments.core.sequences import FINAL_ALPHA, is_found

SIMULATIONS: Final = 400
POWER_WANTED: Final = 0.8
DURATIONS: Final = (4, 6, 8, 12, 16, 20, 26)
FEWEST_PAST_WEEKS: Final = 8


@dataclass(frozen=True, slots=True)
class Past:
    """Weeks of the shop's past, the oldest first, (G, W) by group; `money` is profit, or revenue where costs are not known."""

    units: FloatArray
    revenue: FloatArray
    money: FloatArray


@dataclass(frozen=True, slots=True)
class Power:
    """What an experiment of a number of weeks would find.

    Attributes
    ----------
    power : probability that the effect expected of the prices is found at the end, at the 4 % of the last look.
    units_error : standard error of the log effect on units; `elasticity_error` is the same over the price contrast.
    money_error : standard error of the effect on money, currency a week.
    smallest_effect, smallest_money : found with a probability of .8: log units, currency a week.
    """

    weeks: int
    power: float
    units_error: float
    elasticity_error: float
    money_error: float
    smallest_effect: float
    smallest_money: float


def formula_error(units: float, dispersion: float, contrast: float) -> float:
    """Standard error of an elasticity from counts alone: sqrt(phi / units) / sd(log price).

    With half of the sales at either price the sd is half the contrast: at 10 % more and less about .1. Sales of 50 a week
    over 12 weeks with phi = 2 give .58, twenty such products together .13.

    Parameters
    ----------
    units : sold in the whole experiment. dispersion : variance of the counts over their mean. contrast : log new over old price.
    """
    return float(np.sqrt(dispersion / units) / (abs(contrast) / 2))


def dispersion(units: FloatArray) -> float:
    """Variance of weekly counts over their mean, from differences of neighbouring weeks; 1 at least.

    Differences leave out seasons and trends: E (y2 - y1)^2 = 2 phi mu.
    """
    mean = (units[:, 1:] + units[:, :-1]) / 2
    total = mean.sum()
    return max(1.0, float(np.square(np.diff(units, axis=1)).sum() / 2 / total)) if total > 0 else 1.0


def plan(
    design: str, past: Past, *, weeks: int, effect: float, contrast: float, past_weeks: int, seed: int = 1
) -> Power:
    """Simulate the experiment many times on the past, each time with another draw and other weeks.

    Placebo experiments on real weeks carry the shop's own noise: lumpy orders, promotions, seasons, what weeks have in
    common. What sold is multiplied by the expected effect where the new price would have been.

    Parameters
    ----------
    effect : expected log effect on units (elasticity times contrast).
    past_weeks : weeks before a cluster experiment that it is adjusted by.

    Raises
    ------
    ValueError : too few pairs of weeks or groups, or too short a past; the message says what is missing.
    """
    from scipy.special import ndtri

    draw = _draw_clusters if design == CLUSTERS else _draw_switchback
    rng = default_rng(seed)
    placebo, found, money = draw(rng, past, weeks, past_weeks, effect)
    with np.errstate(invalid="ignore"):
        units_error = float(np.nanstd(placebo.estimate))
        money_error = float(np.nanstd(money.estimate))
    df = float(np.nanmedian(placebo.df))
    reach = float(critical(np.array(df), FINAL_ALPHA / 2)) + float(ndtri(POWER_WANTED))
    return Power(
        weeks=weeks,
        power=float(np.mean(is_found(found))),
        units_error=units_error,
        elasticity_error=units_error / abs(contrast),
        money_error=money_error,
        smallest_effect=reach * units_error,
        smallest_money=reach * money_error,
    )


def shortest(plans: Sequence[Power]) -> int | None:
    """Weeks of the shortest experiment that finds the expected effect with a probability of .8; None: none does."""
    return min((each.weeks for each in plans if each.power >= POWER_WANTED), default=None)


Simulated = tuple[Effect, Effect, Effect]
Draw = Callable[[Generator, Past, int, int, float], Simulated]


def _draw_switchback(rng: Generator, past: Past, weeks: int, past_weeks: int, effect: float) -> Simulated:
    """Pairs of neighbouring weeks of the past, the same for all groups: what weeks share stays shared."""
    groups, known = past.units.shape
    pairs = weeks // 2
    if pairs < FEWEST_PAIRS:
        raise ValueError(f"A switchback needs {2 * FEWEST_PAIRS} weeks at least.")
    if known < FEWEST_PAST_WEEKS:
        raise ValueError(f"The past has {known} weeks; {FEWEST_PAST_WEEKS} are needed.")
    at = rng.integers(0, known - 1, (SIMULATIONS, 1, pairs))
    first = rng.random((SIMULATIONS, groups, pairs)) < 0.5
    group = np.arange(groups)[None, :, None]

    def both(weekly: FloatArray) -> tuple[FloatArray, FloatArray]:
        one, other = weekly[group, at], weekly[group, at + 1]
        return np.where(first, one, other), np.where(first, other, one)

    treated, control = both(past.units)
    more = np.exp(effect)
    return (
        log_ratio(treated, control),
        log_ratio(treated * more, control),
        mean_difference(*both(past.money)),
    )


def _draw_clusters(rng: Generator, past: Past, weeks: int, past_weeks: int, effect: float) -> Simulated:
    """Windows of the past: its first weeks are what the rest is adjusted by."""
    known = past.units.shape[1]
    before = min(past_weeks, known - weeks)
    if before < FEWEST_PAST_WEEKS:
        raise ValueError(f"The past has {known} weeks; {weeks + FEWEST_PAST_WEEKS} are needed.")
    if past.units.shape[0] // 2 < FEWEST_PAIRS:
        raise ValueError(
            f"{2 * FEWEST_PAIRS} groups of products are needed; there are {past.units.shape[0]}."
        )
    units, found, money = [], [], []
    for start in rng.integers(0, known - before - weeks + 1, SIMULATIONS):
        earlier = slice(start, start + before)
        during = slice(start + before, start + before + weeks)
        pairs = match_pairs(past.units[:, earlier].sum(axis=1))
        sign = np.where(rng.random(len(pairs)) < 0.5, 1.0, -1.0)
        sold = [past.units[:, each].sum(axis=1) for each in (during, earlier)]
        earned = [past.money[:, each].mean(axis=1) for each in (during, earlier)]
        now, then = unit_differences(sold[0], sold[1], pairs, sign)
        units.append((now, then))
        found.append((now + effect, then))
        size = past.revenue[:, earlier].mean(axis=1)
        money.append(money_differences(earned[0], earned[1], size, pairs, sign))
    drawn = [[np.array(each) for each in zip(*rows, strict=True)] for rows in (units, found, money)]
    return adjusted_pairs(*drawn[0]), adjusted_pairs(*drawn[1]), adjusted_pairs(*drawn[2])
