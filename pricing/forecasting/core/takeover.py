"""Which products another method forecasts: those whose own past it would have forecast better by far."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import (
    TAKEOVER_DIFFERENCE,
    TAKEOVER_ORIGINS,
    TAKEOVER_SCORE,
    TAKEOVER_SOLD_DAYS,
    TAKEOVER_WORSE_ORIGINS,
)
from pricing.forecasting.core.backtest import HORIZON, Backtest, accuracy, score
from pricing.forecasting.core.components import Components
from pricing.forecasting.core.panel import DemandPanel
from pricing.forecasting.core.textbook import (
    linear_components,
    seasonal_components,
    ses_components,
    weekday_ses_components,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

# A yearly season has a backtest of its own (`season_choice.py`): six origins hardly see one.
CANDIDATES: Final[Mapping[str, Callable[[DemandPanel], Components]]] = MappingProxyType(
    {
        "weekday_ses": weekday_ses_components,
        "ses": ses_components,
        "linear": linear_components,
        "weekly": partial(seasonal_components, yearly=False),
    }
)


@dataclass(frozen=True, slots=True)
class Takeover:
    """The method that forecasts each of P products.

    Attributes
    ----------
    method : (P,) index into `CANDIDATES`, -1 where the default stays.
    score, default_score : (P,) what they reached.
    forecast : (P, K, 28) of the backtest, by the method chosen.
    """

    method: IntArray
    score: FloatArray
    default_score: FloatArray
    forecast: FloatArray


def take_over(
    panel: DemandPanel, default: Backtest, columns: list[int], spread: BoolArray | None = None
) -> Takeover:
    """Compare the default with the textbooks' methods, product by product.

    Six origins say little of one product: choosing whatever did best errs more than the default does (decision 11). So
    it has to be twice as good, by WAPE, bias and pinball loss together, and better at every origin but one.

    Parameters
    ----------
    default : its backtest from the origins `columns`, newest first.
    spread : (P,) products whose days are parts of a week's or month's total. They keep the default: an origin within
        a total knows from its first days what the rest will be, so that smoothing looks better than it is.
    """
    products = panel.start.size
    before = score(accuracy(default)[0])
    best, reached = np.full(products, -1), TAKEOVER_SCORE * before
    reached = np.minimum(reached, before - TAKEOVER_DIFFERENCE)
    forecast = default.forecast.copy()
    sold_days = ((default.actual > 0) & default.valid[:, :, None]).sum(axis=(1, 2))
    enough = (default.valid.sum(axis=1) >= TAKEOVER_ORIGINS) & (sold_days >= TAKEOVER_SOLD_DAYS)
    if spread is not None:
        enough &= ~spread
    errors = _errors(default)
    known = [panel.until(column) for column in columns]
    for number, method in enumerate(CANDIDATES.values()):
        if not columns or not enough.any():
            break
        made = np.stack([method(each).units(each.end, HORIZON) for each in known], axis=1)
        tried = Backtest(default.actual, made, default.naive, default.valid, default.scale)
        found = score(accuracy(tried)[0])
        worse = (default.valid & (_errors(tried) > errors)).sum(axis=1)
        better = enough & (worse <= TAKEOVER_WORSE_ORIGINS) & (found <= reached)
        best[better], reached[better], forecast[better] = number, found[better], made[better]
    return Takeover(best, np.where(best >= 0, reached, before), before, forecast)


def _errors(test: Backtest) -> FloatArray:
    """(P, K) absolute errors of the days and of their total, added up."""
    error = test.forecast - test.actual
    return np.asarray(np.abs(error).sum(axis=2) + np.abs(error.sum(axis=2)))
