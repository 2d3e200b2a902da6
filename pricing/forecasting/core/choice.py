"""How each product is forecast: by the default, with a yearly season, or by a method that would have done far better."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from pricing.forecasting.core.backtest import HORIZON, Backtest
from pricing.forecasting.core.components import Components
from pricing.forecasting.core.lines import Priors, PurchaseRates, purchase_rates
from pricing.forecasting.core.panel import DemandPanel
from pricing.forecasting.core.season import (
    has_a_year,
    season_index,
    seasonal_components,
    yearly_sales,
)
from pricing.forecasting.core.season_choice import choose_seasons, season_losses
from pricing.forecasting.core.takeover import CANDIDATES, take_over
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

YEARLY: Final = "yearly"
HELD_DAYS: Final = 91
"""Days after the last look at the sales up to which a season stands; the other methods stand as long as a backtest looks."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The method of P products, and the backtest of what was chosen.

    Attributes
    ----------
    method : P names, empty for the default.
    by_category, by_itself : (P,) uses the yearly season of its category, or its own.
    share : (P,) what the method leaves of the default's loss (season) or score in the backtest.
    origins : (P,) origins that this rests on.
    test : the backtest, with the chosen methods' forecasts.
    """

    method: list[str]
    by_category: BoolArray
    by_itself: BoolArray
    share: FloatArray
    origins: IntArray
    test: Backtest


def choose_methods(
    panel: DemandPanel,
    category: IntArray,
    priors: Sequence[Priors],
    seasons: Sequence[FloatArray],
    default: Backtest,
    columns: list[int],
    spread: BoolArray | None = None,
) -> Choice:
    """Choose by what would have forecast the past better by far, a yearly season first.

    Parameters
    ----------
    panel : up to the as-of day of the shop model.
    priors, seasons : of now and of past origins, as the shop model has them.
    default, columns : the default's backtest and its origins, newest first.
    spread : (P,) see `take_over`.
    """
    losses = season_losses(panel, category, priors, seasons)
    accepted = (seasons[0] != 1).any(axis=1)[category] & has_a_year(panel)
    by_category, by_itself = choose_seasons(losses, accepted)
    seasonal = by_category | by_itself
    other = take_over(panel, default, columns, spread)
    forecast = np.where(seasonal[:, None, None], default.forecast, other.forecast)
    for number, column in enumerate(columns):
        known = panel.until(column)
        rows = np.flatnonzero(seasonal & has_a_year(known))
        if rows.size:
            made = _seasonal(
                known.take(rows),
                category[rows],
                priors[min(number + 1, len(priors) - 1)],
                seasons[min(number + 1, len(seasons) - 1)],
                by_itself[rows],
            )
            forecast[rows, number] = made.units(known.end, HORIZON)
    names = np.array([*CANDIDATES, ""])[np.where(seasonal, -1, other.method)]
    left = np.where(by_itself, losses.own.sum(axis=1), losses.pooled.sum(axis=1))
    plain = losses.plain.sum(axis=1)
    share = np.divide(left, plain, out=np.ones(plain.size), where=seasonal & (plain > 0))
    taken = ~seasonal & (other.method >= 0) & (other.default_score > 0)
    share[taken] = other.score[taken] / other.default_score[taken]
    return Choice(
        np.where(seasonal, YEARLY, names).tolist(),
        by_category,
        by_itself,
        share,
        np.where(seasonal, losses.valid.sum(axis=1), default.valid.sum(axis=1)),
        replace(default, forecast=forecast),
    )


def stored_components(
    panel: DemandPanel, category: IntArray, priors: Priors, season: FloatArray, choice: Choice, rows: IntArray
) -> dict[int, dict[str, Any]]:
    """What is stored of the rows whose method is not the default, by row: their components and why they were chosen.

    Parameters
    ----------
    panel : of all P products, up to the day that the rows are looked at.
    season : (C + 1, 36) of the categories, as of now.
    """
    found: dict[int, dict[str, Any]] = {}
    methods = np.array(choice.method)[rows]
    for name in sorted(set(methods.tolist()) - {""}):
        members = rows[methods == name]
        known = panel.take(members)
        if name == YEARLY:
            made = _seasonal(known, category[members], priors, season, choice.by_itself[members])
        else:
            made = CANDIDATES[name](known)
        for place, row in enumerate(members.tolist()):
            if name == YEARLY and not made.level[place] > 0:
                continue  # it has not sold in its season
            found[row] = made.as_json(place) | {
                "method": name,
                "until": panel.end + (HELD_DAYS if name == YEARLY else HORIZON),
                "of_category": bool(choice.by_category[row]),
                "share": round(float(choice.share[row]), 4),
                "origins": int(choice.origins[row]),
            }
    return found


def _seasonal(
    known: DemandPanel, category: IntArray, priors: Priors, season: FloatArray, by_itself: BoolArray
) -> Components:
    rates: PurchaseRates = purchase_rates(known, category, priors)
    of_category = season[category]
    own = season_index(yearly_sales(known), of_category)
    index = np.where(by_itself[:, None], own, of_category)
    return seasonal_components(known, rates, index, priors.own_purchases)
