"""Whether a yearly season is used: of a category where it has forecast the past better, of a product where it did so by far."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import (
    SEASON_CONTRADICTED,
    SEASON_CONTRADICTING_LOSS,
    SEASON_LEAST_GAIN,
    SEASON_MANY_ORIGINS,
    SEASON_MOST_LOSS,
    SMALLEST_CATEGORY,
)
from pricing.forecasting.core.backtest import HORIZON, origin_columns
from pricing.forecasting.core.components import PARTS
from pricing.forecasting.core.lines import Priors, purchase_rates
from pricing.forecasting.core.panel import DemandPanel, expected_profile, profile_of_days
from pricing.forecasting.core.season import (
    has_a_year,
    season_index,
    seasonal_components,
    yearly_sales,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

SEASON_ORIGINS: Final = 13


@dataclass(frozen=True, slots=True)
class SeasonLosses:
    """How far off purchases of 28 days were at K origins, in units of chance; 0 where `valid` says no.

    The loss is 4 (sqrt(purchases + 3/8) - sqrt(expected + 3/8))^2, which is about 1 where purchases are Poisson around what was
    expected, however many they are (Anscombe 1948).

    Attributes
    ----------
    plain, pooled, own : (P, K) of the default, with the season of the category, and with the product's own.
    valid : (P, K) the product had a year of history at the origin.
    """

    plain: FloatArray
    pooled: FloatArray
    own: FloatArray
    valid: BoolArray


def season_columns(days: int) -> list[int]:
    """Columns before which seasons are tried, newest first."""
    return origin_columns(days, SEASON_ORIGINS)


def category_seasons(
    panel: DemandPanel, category: IntArray, categories: int, priors: Sequence[Priors]
) -> list[FloatArray]:
    """(C + 1, 36) season of each category, the last the whole shop's, as of now and of each past origin.

    A category's purchases together are forecast as a product's are, with its season and without; ones where the season
    would not have been better by far. Categories with fewer than 8 products of a year are like the shop.
    """
    member = np.zeros((categories + 1, category.size))
    member[category, np.arange(category.size)] = 1.0
    member[-1] = 1.0
    lines = member @ panel.lines
    enough = (member[:, has_a_year(panel)] > 0).sum(axis=1) >= SMALLEST_CATEGORY
    together = DemandPanel(panel.first_day, lines, lines, panel.shop_units)
    nothing = np.ones((1, PARTS))
    losses = season_losses(together, np.full(categories + 1, -1), priors, [nothing])
    _, accepted = choose_seasons(losses, np.zeros(categories + 1, np.bool_))
    found = []
    for column in [panel.days, *season_columns(panel.days)]:
        known = together.until(column)
        used = (accepted & enough & has_a_year(known))[:, None]
        season = np.where(used, season_index(yearly_sales(known), nothing), 1.0)
        found.append(np.where(enough[:, None], season, season[-1]))
    return found


def season_losses(
    panel: DemandPanel,
    category: IntArray,
    priors: Sequence[Priors],
    seasons: Sequence[FloatArray],
) -> SeasonLosses:
    """Forecast the past with and without a season.

    Parameters
    ----------
    priors : of now and of origins 28 days apart; the oldest stands for those before it, too.
    seasons : (C + 1, 36) of now and of each of the origins of `season_columns`; ones for none.
    """
    columns = season_columns(panel.days)
    shape = (panel.start.size, len(columns))
    plain, pooled, by_itself = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    valid = np.zeros(shape, np.bool_)
    for number, column in enumerate(columns):
        known = panel.until(column)
        rows = np.flatnonzero(has_a_year(known))
        if not rows.size:
            break
        valid[rows, number] = True
        known, of_rows = known.take(rows), category[rows]
        prior = priors[min(number + 1, len(priors) - 1)]
        rates = purchase_rates(known, of_rows, prior)
        came = panel.lines[rows, column : column + HORIZON].sum(axis=1)
        month = profile_of_days(expected_profile(known), known.end, HORIZON).sum()
        plain[rows, number] = _loss(came, np.where(rates.inactive, 0.0, rates.frequency * month))
        reference = seasons[min(number + 1, len(seasons) - 1)][of_rows]
        pooled[rows, number] = plain[rows, number]
        tried = [(pooled, reference)] if (reference != 1).any() else []
        for loss, season in [*tried, (by_itself, season_index(yearly_sales(known), reference))]:
            made = seasonal_components(known, rates, season, prior.own_purchases)
            expected = made.units(known.end, HORIZON).sum(axis=1) / rates.quantity
            loss[rows, number] = _loss(came, expected)
    return SeasonLosses(plain, pooled, by_itself, valid)


def better_by_far(before: FloatArray, after: FloatArray, origins: IntArray) -> BoolArray:
    """Whether losses summed over some origins fell so much that chance is no explanation; arrays of one shape."""
    found = np.zeros(np.shape(before), np.bool_)
    for fewest, share in SEASON_MOST_LOSS.items():
        enough = (origins >= fewest) & ((origins < SEASON_MANY_ORIGINS) | (fewest == SEASON_MANY_ORIGINS))
        found |= enough & (after <= share * before) & (after <= before - SEASON_LEAST_GAIN[fewest])
    return found


def choose_seasons(losses: SeasonLosses, accepted: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Which products (P,) use their category's season, and which their own.

    Parameters
    ----------
    accepted : (P,) their category's season is used, and they have a year of history.
    """
    plain, pooled, own = (each.sum(axis=1) for each in (losses.plain, losses.pooled, losses.own))
    contradicts = (pooled > SEASON_CONTRADICTED * plain) | (pooled > plain + SEASON_CONTRADICTING_LOSS)
    by_category = accepted & ~contradicts
    best = np.where(by_category, np.minimum(plain, pooled), plain)
    by_itself = better_by_far(best, own, losses.valid.sum(axis=1))
    return by_category & ~by_itself, by_itself


def _loss(came: FloatArray, expected: FloatArray) -> FloatArray:
    return np.asarray(4 * (np.sqrt(came + 0.375) - np.sqrt(expected + 0.375)) ** 2)
