"""The forecast of one product: from the published row, by the boosted model, or by a method of the request."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final, Self

import numpy as np

from elastix.texts import text
from pricing.elasticity.core.constants import FREQUENCY_ALPHA
from pricing.elasticity.core.pooled.grades import NOT_CONVERGED
from pricing.forecasting.core.backtest import HORIZON, beside_naive, measures_of, prediction_interval, score
from pricing.forecasting.core.batch import ShopModel
from pricing.forecasting.core.boosting import (
    BACKTEST_ORIGINS,
    BOOSTED,
    gain_over_default,
    wins_clearly,
)
from pricing.forecasting.core.lines import INACTIVE_DAYS
from pricing.forecasting.core.named import AUTO, METHODS, SMOOTHING, NamedForecast, choose, forecast_by
from pricing.forecasting.core.panel import demand_panel
from pricing.forecasting.core.stored import expected_days, holds, is_due
from pricing.forecasting.models import BoostedForecast, DemandForecast, ForecastMethod
from pricing.forecasting.selectors.base_demand import STORED, stored_forecasts
from pricing.forecasting.selectors.boosting import boosted_row, usable_boosted
from pricing.forecasting.selectors.reasons import ASKED_FOR, BEST_OF_ALL, INACTIVE, WON, reason_of
from pricing.sales.core.arrays import FloatArray
from pricing.sales.selectors.daily import epoch_days

NOT_SOLD_SINCE: Final = "INACTIVE: nothing was sold since {day}, so no demand is expected."


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """How well a product's past would have been forecast: measures of `backtest.Accuracy`, None where one cannot be computed."""

    wape: float | None = None
    bias: float | None = None
    mase: float | None = None
    pinball: float | None = None
    pinball_share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastAccuracy(Measures):
    """The measures of a forecast, with those of repeating the last week."""

    seasonal_naive: Measures | Mapping[str, float | None] = Measures()
    origins: int
    horizon_days: int = HORIZON


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Measures):
    """A method that was tried, and the score by which it is chosen: lower is better."""

    method: str
    score: float | None

    @classmethod
    def of(cls, tried: NamedForecast) -> Self:
        reached = float(score(tried.measured)[0])
        known = reached if np.isfinite(reached) else None
        return cls(method=tried.method, score=known, **measures_of(tried.measured, 0))

    @classmethod
    def of_boosted(cls, stored: BoostedForecast) -> Self:
        measures = {field.name: stored.accuracy.get(field.name) for field in fields(Measures)}
        parts = [measures[name] for name in ("wape", "bias", "pinball_share")]
        known = None if None in parts else sum(map(abs, parts))
        return cls(method=BOOSTED, score=known, **measures)


@dataclass(slots=True)
class Outlook:
    """One product's forecast by one method: (days,) units and ends of their interval."""

    method: str
    reason: str
    units: FloatArray
    low: FloatArray
    high: FloatArray
    accuracy: ForecastAccuracy
    warnings: list[str] = field(default_factory=list)
    candidates: list[Candidate] | None = None

    def scale(self, factor: float) -> None:
        self.units, self.low, self.high = (factor * each for each in (self.units, self.low, self.high))


def cached_outlook(
    row: DemandForecast, model: ShopModel, as_of: dt.date, periods: int, *, chosen: bool = True
) -> Outlook:
    """The published forecast, by arithmetic on the row; by the default method alone unless what was `chosen` counts."""
    day = epoch_days(as_of)
    values = [getattr(row, name) for name in STORED]
    if not chosen:
        values[-1] = None
    stored = stored_forecasts([values])
    units = expected_days(model, stored, day, periods)[0]
    method, alpha = row.method, 0.0 if row.is_new else FREQUENCY_ALPHA
    warnings: list[str] = []
    components = row.components if chosen and holds(row.components, day) else None
    if components is not None:
        alpha = SMOOTHING.get(method, FREQUENCY_ALPHA)
    elif (as_of - row.last_sold).days > INACTIVE_DAYS and not is_due(stored.interval, stored.last_sold, day)[
        0
    ]:
        method = INACTIVE
        warnings.append(text(NOT_SOLD_SINCE, day=row.last_sold))
    elif row.components is not None or (
        method == ForecastMethod.INTERVALS and not is_due(stored.interval, stored.last_sold, day)[0]
    ):
        method = ForecastMethod.LINES.value
    low, high = prediction_interval(units, row.error_low, row.error_high, alpha)
    accuracy = ForecastAccuracy(origins=row.origins, **row.accuracy)
    return Outlook(method, reason_of(method, row, components), units, low, high, accuracy, warnings)


def boost(outlook: Outlook, code: str, model: ShopModel, as_of: dt.date) -> None:
    """Move the default to where its average with the boosted model is; its interval moves along."""
    row, computed = boosted_row(code, model, as_of)
    if outlook.method == INACTIVE:
        return
    outlook.scale(row.ratio)
    outlook.method, outlook.reason = BOOSTED, ASKED_FOR
    outlook.accuracy = ForecastAccuracy(origins=row.origins, **row.accuracy)
    end = computed.as_of + dt.timedelta(days=HORIZON)
    if as_of + dt.timedelta(days=outlook.units.size) > end:
        outlook.warnings.append(
            f"The boosted model looks at the {HORIZON} days before {end}; for later days its ratio to the default is kept."
        )
    errors = {name: computed.shop[name]["wape"] for name in ("boosted", "default")}
    if errors["boosted"] is not None and errors["boosted"] >= errors["default"]:
        outlook.warnings.append(
            f"In this shop's newest months the boosted forecast erred by {errors['boosted']:.3f} of what was sold, "
            f"the default by {errors['default']:.3f}."
        )
    # Absent in computations of earlier versions.
    errors = {name: computed.shop[name].get("wape_price_changed") for name in ("boosted", "default")}
    if None not in errors.values():
        outlook.warnings.append(
            f"Where prices had changed, the boosted forecast erred by {errors['boosted']:.3f}, "
            f"the default by {errors['default']:.3f}."
        )


def or_boosted(
    outlook: Outlook, row: DemandForecast, model: ShopModel, as_of: dt.date, periods: int
) -> Outlook:
    """What `auto` found, or the boosted forecast where it won clearly on the shop's newest 84 days.

    It is among the candidates in either case, where it was computed.
    """
    found = usable_boosted(row.product_id, as_of)
    if found is None:
        return outlook
    stored, computed = found
    outlook.candidates = [*(outlook.candidates or []), Candidate.of_boosted(stored)]
    if not wins_clearly(computed.shop):
        return outlook
    boosted = cached_outlook(row, model, as_of, periods, chosen=False)
    boost(boosted, row.product_id, model, as_of)
    boosted.candidates = outlook.candidates
    if boosted.method == BOOSTED:
        gain = gain_over_default(computed.shop) or 0.0
        boosted.reason = text(WON, days=BACKTEST_ORIGINS * HORIZON, percent=f"{100 * gain:.0f} %")
    return boosted


def outlook_by(
    method: str,
    history: Mapping[int, tuple[float, float]],
    category: str,
    model: ShopModel,
    row: DemandForecast,
    as_of: dt.date,
    periods: int,
) -> Outlook:
    day = np.array(list(history), np.int64)
    units, lines = np.array(list(history.values()), np.float64).reshape(-1, 2).T
    panel = demand_panel(
        np.zeros(day.size, np.int64), day, units, lines,
        products=1, first_day=model.first_day, end=epoch_days(as_of), shop_units=model.shop_units,
    )  # fmt: skip
    code = model.category_codes([category])
    wanted = METHODS if method == AUTO else (method,)
    tried = {name: forecast_by(name, panel, code, model, periods) for name in wanted}
    found = tried[choose(tried) if method == AUTO else method]
    errors = (found.error_low, found.error_high)
    if not np.isfinite(found.error_low):
        errors = (row.error_low, row.error_high)
    low, high = prediction_interval(found.units, *errors, SMOOTHING.get(found.method, 0.0))
    accuracy = ForecastAccuracy(origins=found.origins, **beside_naive(found.measured, found.naive, 0))
    reason = BEST_OF_ALL if method == AUTO else ASKED_FOR
    outlook = Outlook(found.method, reason, found.units, low, high, accuracy)
    if method == AUTO:
        outlook.candidates = [Candidate.of(each) for each in tried.values()]
    if not found.converged:
        outlook.warnings.append(
            f"{NOT_CONVERGED}: the search for the method's parameters did not settle; ask for another method."
        )
    return outlook
