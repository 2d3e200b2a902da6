"""Answers about the demand to come: from the cached table, or worked out for one product by a named method."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db.models import FilteredRelation, Q
from numpy.typing import NDArray

from elastix.api.fields import money, rounded
from elastix.dataset.models import DataVersion
from elastix.sql import day_numbers, day_of, fetch_columns
from pricing.elasticity.core.demand import DEMAND_MODELS, LARGEST_CHANGE, DemandModel, demand
from pricing.elasticity.models import Method
from pricing.forecasting.core import (
    AUTO,
    METHODS,
    RATE_ALPHA,
    SILENT_DAYS,
    SMOOTHING,
    YOUNG_DAYS,
    Accuracy,
    DemandPanel,
    NamedForecast,
    ShopModel,
    choose,
    demand_panel,
    expected_units,
    forecast_by,
    limits,
    profile_of_days,
    shop_profile,
)
from pricing.forecasting.core.backtest import HORIZON, score
from pricing.forecasting.core.boosting import BOOSTED
from pricing.forecasting.models import (
    BoostedForecast,
    BoostedModel,
    DemandForecast,
    ForecastMethod,
    ForecastModel,
)
from pricing.forecasting.selectors.boosting import boosted_row
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from pricing.sales.selectors.daily import day_of_epoch, epoch_days

HISTORY_DAYS: Final = 90
WANTED_HISTORY: Final = 90
INACTIVE: Final = "inactive"
PLACES: Final = 4
SHOWN_MEASURES: Final = ("wape", "bias", "mase", "pinball")
MOST_TIMES: Final = 1_000_000.0
"""A price that makes no sense must not make a quantity without end."""


@dataclass(slots=True)
class Outlook:
    """One product's forecast before it is put into words."""

    method: str
    units: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    accuracy: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    candidates: list[dict[str, Any]] | None = None


def stored_shop_model() -> ShopModel | None:
    """What the last full run learned about all products' demand; None before it."""
    stored = ForecastModel.objects.filter(pk=1).values_list("shop", flat=True).first()
    return None if stored is None else ShopModel.from_json(stored)


def forecast_of_product(
    version: DataVersion,
    code: str,
    *,
    periods: int,
    method: str | None,
    price: Decimal | None,
    demand_model: DemandModel,
) -> dict[str, Any]:
    """What a product is expected to sell on each of the days from the as-of date on.

    Parameters
    ----------
    periods : days.
    method : one of the named methods, or `auto`; None and `boosted` answer from cached tables.
    price : what it would be sold at; None leaves today's price.
    demand_model : how demand follows the price.
    """
    product = Product.objects.annotate(
        pooled=FilteredRelation("elasticities", condition=Q(elasticities__method=Method.POOLED))
    )
    kind, current_price, category, elasticity = product.values_list(
        "kind", "current_price", "category", "pooled__elasticity"
    ).get(code=code)
    row = DemandForecast.objects.filter(product_id=code).first() if kind == Kind.MERCHANDISE else None
    model = stored_shop_model() if row else None
    if row is None or model is None or version.as_of is None:
        return _nothing(code, kind, version)
    as_of = max(version.as_of, row.through)
    history = _history(code, model.first_day, as_of)
    if method is None:
        outlook = _cached(row, model, as_of, periods)
    elif method == BOOSTED:
        outlook = _boosted(_cached(row, model, as_of, periods), as_of, *boosted_row(code, model, as_of))
    else:
        panel = _panel_of_one(history, model, as_of)
        outlook = _by_name(method, panel, model.category_codes([category]), model, row, periods)
    outlook.warnings += _warnings(row, as_of, outlook)
    scaled = _at_price(outlook, price, current_price, elasticity, demand_model)
    return {
        "product_id": code,
        "method": outlook.method,
        "as_of": as_of,
        "periods": periods,
        "history": _last_days(history, as_of),
        "forecast": _days(outlook, as_of),
        "total": rounded(float(outlook.units.sum()), 2),
        "interval": 0.8,
        "accuracy": outlook.accuracy,
        "candidates": outlook.candidates,
        "price": scaled,
        "warnings": outlook.warnings,
    }


def _nothing(code: str, kind: str, version: DataVersion) -> dict[str, Any]:
    """The answer for what has no forecast, and why."""
    if kind == Kind.SERVICE:
        reason = f"{code} is a service code, such as postage or a fee: its demand is not forecast."
    else:
        reason = (
            f"{code} had no sales when the figures were last computed, so there is nothing to forecast from."
        )
    return {
        "product_id": code,
        "method": None,
        "as_of": version.as_of,
        "periods": 0,
        "history": [],
        "forecast": [],
        "total": 0.0,
        "interval": 0.8,
        "accuracy": None,
        "candidates": None,
        "price": None,
        "warnings": [reason],
    }


# --- how it is forecast ----------------------------------------------------------------------------


def _cached(row: DemandForecast, model: ShopModel, as_of: dt.date, periods: int) -> Outlook:
    """The default method, by arithmetic on the row."""
    method, warnings = row.method, []
    level = expected_units(
        model,
        rate=row.rate,
        exposure=row.exposure,
        size=row.size,
        young=row.is_young,
        through=epoch_days(row.through),
        as_of=epoch_days(as_of),
    )
    if (as_of - row.last_sold).days > SILENT_DAYS:
        method, level = INACTIVE, 0.0
        warnings.append(f"INACTIVE: nothing was sold since {row.last_sold}, so no demand is expected.")
    units = level * profile_of_days(shop_profile(model), epoch_days(as_of), periods)
    low, high = limits(units, row.error_low, row.error_high, 0.0 if row.is_young else RATE_ALPHA)
    shown = _accuracy(row.accuracy, row.accuracy["seasonal_naive"], row.origins)
    return Outlook(method, units, low, high, shown, warnings)


def _boosted(default: Outlook, as_of: dt.date, row: BoostedForecast, computed: BoostedModel) -> Outlook:
    """The default moved to where its average with the boosted model is; its limits move along."""
    if default.method == INACTIVE:
        return default
    units, low, high = (row.ratio * each for each in (default.units, default.low, default.high))
    warnings = []
    end = computed.as_of + dt.timedelta(days=HORIZON)
    if as_of + dt.timedelta(days=units.size) > end:
        warnings.append(
            f"The boosted model looks at the {HORIZON} days before {end}; for later days its ratio to the default is kept."
        )
    errors = {name: computed.shop[name]["wape"] for name in ("boosted", "default")}
    if errors["boosted"] is not None and errors["boosted"] >= errors["default"]:
        warnings.append(
            f"In this shop's newest months the boosted forecast erred by {errors['boosted']:.3f} of what was sold, "
            f"the default by {errors['default']:.3f}."
        )
    shown = _accuracy(row.accuracy, row.accuracy["seasonal_naive"], row.origins)
    return Outlook(BOOSTED, units, low, high, shown, warnings)


def _by_name(
    method: str,
    panel: DemandPanel,
    category: NDArray[np.int64],
    model: ShopModel,
    row: DemandForecast,
    periods: int,
) -> Outlook:
    wanted = METHODS if method == AUTO else (method,)
    tried = {name: forecast_by(name, panel, category, model, periods) for name in wanted}
    found = tried[choose(tried) if method == AUTO else method]
    known = np.isfinite(found.error_low)
    low, high = limits(
        found.units,
        found.error_low if known else row.error_low,
        found.error_high if known else row.error_high,
        SMOOTHING.get(found.method, 0.0),
    )
    measured, naive = _as_dict(found.measured), _as_dict(found.naive)
    return Outlook(
        found.method,
        found.units,
        low,
        high,
        _accuracy(measured, naive, found.origins),
        candidates=[_candidate(each) for each in tried.values()] if method == AUTO else None,
    )


def _candidate(tried: NamedForecast) -> dict[str, Any]:
    reached = float(score(tried.measured)[0])
    return {
        "method": tried.method,
        "score": rounded(reached, PLACES) if np.isfinite(reached) else None,
        **_shown(_as_dict(tried.measured)),
    }


def _panel_of_one(history: dict[int, tuple[float, int]], model: ShopModel, as_of: dt.date) -> DemandPanel:
    day = np.array(list(history), np.int64)
    return demand_panel(
        np.zeros(day.size, np.int64),
        day,
        np.array([units for units, _ in history.values()], np.float64),
        np.array([lines for _, lines in history.values()], np.int64),
        products=1,
        first_day=model.first_day,
        end=epoch_days(as_of),
        shop_units=model.shop_units,
    )


def _history(code: str, first_day: int, as_of: dt.date) -> dict[int, tuple[float, int]]:
    """Clean units and lines of each day with a row, by day since the epoch."""
    days, units, lines = fetch_columns(
        f"SELECT {day_of('date')}, units, unit_lines FROM pricing_saleshistory "
        "WHERE product_id = %s AND date >= %s AND date < %s",
        [code, day_of_epoch(first_day).isoformat(), as_of.isoformat()],
        columns=3,
    )
    return dict(zip(day_numbers(days), zip(units, lines, strict=True), strict=True))


# --- how it depends on the price -------------------------------------------------------------------


def _at_price(
    outlook: Outlook,
    price: Decimal | None,
    current_price: Decimal | None,
    elasticity: float | None,
    demand_model: DemandModel,
) -> dict[str, Any] | None:
    """Scale a forecast to a price and say by how much; None where no price was asked for or none is known."""
    if price is None:
        return None
    if current_price is None or elasticity is None:
        missing = "no present price" if current_price is None else "no elasticity"
        outlook.warnings.append(
            f"The product has {missing}, so the forecast does not follow the price asked."
        )
        return None
    factor, other = (
        _factor(price, current_price, elasticity, model)
        for model in (demand_model, next(each for each in DEMAND_MODELS if each != demand_model))
    )
    if abs(price / current_price - 1) > LARGEST_CHANGE + 1e-9:
        outlook.warnings.append(
            f"LARGE_CHANGE: beyond {LARGEST_CHANGE:.0%} the demand models differ; the other foresees "
            f"{rounded(other * float(outlook.units.sum()), 2):,} units in all."
        )
    outlook.units, outlook.low, outlook.high = (
        factor * each for each in (outlook.units, outlook.low, outlook.high)
    )
    return {
        "price": money(price),
        "current_price": money(current_price),
        "elasticity": rounded(elasticity, PLACES),
        "demand_model": demand_model,
        "factor": rounded(factor, PLACES),
    }


def _factor(price: Decimal, current_price: Decimal, elasticity: float, model: DemandModel) -> float:
    with np.errstate(over="ignore"):
        return min(float(demand(float(price), float(current_price), 1.0, elasticity, model)), MOST_TIMES)


# --- how it is said --------------------------------------------------------------------------------


def _warnings(row: DemandForecast, as_of: dt.date, outlook: Outlook) -> list[str]:
    days = (as_of - row.first_sold).days
    warnings = []
    if days < WANTED_HISTORY:
        warnings.append(
            f"Only {_days_in_words(days)} of sales history; a forecast wants {WANTED_HISTORY} or more."
        )
    if outlook.method == ForecastMethod.MEAN:
        warnings.append(
            f"Fewer than {YOUNG_DAYS} days of history: the mean of its days, spread over the week."
        )
    if outlook.method == ForecastMethod.CATEGORY:
        warnings.append(
            f"Sold on {_days_in_words(row.sold_days)} only: the usual rate of its category stands beside its own."
        )
    if not outlook.accuracy["origins"]:
        warnings.append(
            f"Its past is too short to be forecast from {HORIZON} days back, so its accuracy is not known; "
            "the limits are those of products that sell as much."
        )
    return warnings


def _days_in_words(days: int) -> str:
    return f"{days} {'day' if days == 1 else 'days'}"


def _last_days(history: Mapping[int, tuple[float, int]], as_of: dt.date) -> list[dict[str, Any]]:
    """Every day of the last 90, unsold ones included."""
    days = (as_of - dt.timedelta(days=back) for back in range(HISTORY_DAYS, 0, -1))
    return [{"date": day, "quantity": rounded(history.get(epoch_days(day), (0.0, 0))[0], 2)} for day in days]


def _days(outlook: Outlook, as_of: dt.date) -> list[dict[str, Any]]:
    columns = zip(outlook.units.tolist(), outlook.low.tolist(), outlook.high.tolist(), strict=True)
    return [
        {
            "date": as_of + dt.timedelta(days=ahead),
            "quantity": rounded(units, 2),
            "low": rounded(low, 2),
            "high": rounded(high, 2),
        }
        for ahead, (units, low, high) in enumerate(columns)
    ]


def _accuracy(measured: Mapping[str, Any], naive: Mapping[str, Any], origins: int) -> dict[str, Any]:
    return {
        "origins": origins,
        "horizon_days": HORIZON,
        **_shown(measured),
        "seasonal_naive": _shown(naive),
    }


def _shown(measured: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: rounded(measured[name], PLACES) for name in SHOWN_MEASURES}


def _as_dict(measured: Accuracy) -> dict[str, float | None]:
    values = {name: float(getattr(measured, name)[0]) for name in SHOWN_MEASURES}
    return {name: value if np.isfinite(value) else None for name, value in values.items()}
