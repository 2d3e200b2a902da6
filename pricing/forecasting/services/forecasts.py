"""The forecast step of a recompute: learn what is shared (full runs), forecast what is stale, publish."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from elastix.jobs.recompute import RecomputePlan
from elastix.sql import batches, execute, insert_rows, placeholders
from pricing.elasticity.services.estimates import Elasticities
from pricing.forecasting.core import (
    MEASURES,
    WINDOW_DAYS,
    Accuracy,
    DefaultForecasts,
    DemandPanel,
    ShopModel,
    demand_panel,
    fit_default,
    fit_shop_model,
)
from pricing.forecasting.models import ForecastMethod, ForecastModel
from pricing.forecasting.selectors.forecasts import stored_shop_model
from pricing.sales.models import Product
from pricing.sales.selectors.daily import (
    ShopDays,
    day_of_epoch,
    epoch_days,
    merchandise_codes,
    newest_sale_day,
    shop_days,
)

_TABLE = "pricing_demandforecast"
_COLUMNS = (
    "product_id", "method", "rate", "exposure", "size", "through", "first_sold", "last_sold", "sold_days",
    "is_young", "error_low", "error_high", "origins", "accuracy",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What the step found: the model if it was fitted anew, and rows of all products or of the stale ones."""

    everything: bool
    model: ShopModel | None
    rows: list[tuple[Any, ...]]


def compute(plan: RecomputePlan, elasticities: Elasticities) -> Forecasts:
    """Forecast all merchandise (full, or where nothing was forecast before) or the stale products."""
    model = None if plan.full else stored_shop_model()
    if model is not None:
        return Forecasts(False, model, _rows(elasticities.days, model))
    codes = merchandise_codes()
    days = elasticities.days if plan.full else shop_days(codes, everything=True)
    model = _fit(days)
    return Forecasts(True, model, _rows(days, model) if model else [])


def _fit(days: ShopDays) -> ShopModel | None:
    """Learn what all products share; None while none has sold anything."""
    newest = newest_sale_day()
    sold = days.daily.day[days.daily.units > 0]
    if newest is None or not sold.size:
        return None
    end = epoch_days(newest) + 1
    first_day = max(int(sold.min()), end - WINDOW_DAYS)
    shop = np.bincount(
        np.maximum(days.daily.day - first_day + 1, 0), days.daily.units, minlength=end - first_day + 1
    )[1:].astype(np.float64)
    categories = categories_of(days.codes)
    names = sorted(set(categories) - {""})
    number = {name: code for code, name in enumerate(names)}
    category = np.array([number.get(name, -1) for name in categories], np.int64)
    return fit_shop_model(shop_panel(days, first_day, end, shop), category, names)


def categories_of(codes: list[str]) -> list[str]:
    """The category of each product, empty for none."""
    names = dict(Product.objects.values_list("code", "category"))
    return [names[code] for code in codes]


def shop_panel(days: ShopDays, first_day: int, end: int, shop: NDArray[np.float64]) -> DemandPanel:
    """Spread what products sold over the days from `first_day` to the one before `end`."""
    daily = days.daily
    return demand_panel(
        daily.product,
        daily.day,
        daily.units,
        daily.lines,
        products=len(days.codes),
        first_day=first_day,
        end=end,
        shop_units=shop,
    )


def _rows(days: ShopDays, model: ShopModel) -> list[tuple[Any, ...]]:
    """A row for every product that sold anything within the window."""
    if not days.codes:
        return []
    end = max(int(days.daily.day.max(initial=0)) + 1, model.as_of)
    panel = shop_panel(days, model.first_day, end, model.shop_units)
    found = fit_default(panel, model.category_codes(categories_of(days.codes)), model)
    sold_days = (panel.units > 0).sum(axis=1)
    start, stop = panel.first_day + panel.start, panel.first_day + panel.stop - 1
    return [
        (
            days.codes[row],
            _method(found, row).value,
            float(found.rates.rate[row]),
            float(found.rates.exposure[row]),
            float(found.rates.size[row]),
            day_of_epoch(int(found.through[row])).isoformat(),
            day_of_epoch(int(start[row])).isoformat(),
            day_of_epoch(int(stop[row])).isoformat(),
            int(sold_days[row]),
            bool(found.rates.young[row]),
            float(found.error_low[row]),
            float(found.error_high[row]),
            int(found.origins[row]),
            json.dumps(_measures(found.measured, row) | {"seasonal_naive": _measures(found.naive, row)}),
        )
        for row in np.flatnonzero(sold_days).tolist()
    ]


def _method(found: DefaultForecasts, row: int) -> ForecastMethod:
    if found.rates.sparse[row]:
        return ForecastMethod.CATEGORY
    return ForecastMethod.MEAN if found.rates.young[row] else ForecastMethod.LINES


def _measures(measured: Accuracy, row: int) -> dict[str, float | None]:
    values = {name: float(getattr(measured, name)[row]) for name in MEASURES}
    return {name: round(value, 6) if np.isfinite(value) else None for name, value in values.items()}


def publish(plan: RecomputePlan, found: Forecasts) -> None:
    """Replace the products' rows and, where it was fitted anew, the model."""
    if found.everything:
        execute(f"DELETE FROM {_TABLE}")
        _keep_model(plan, found.model)
    for chunk in batches([] if found.everything else plan.products or [], 5000):
        execute(f"DELETE FROM {_TABLE} WHERE product_id IN ({placeholders(len(chunk))})", chunk)
    insert_rows(_TABLE, _COLUMNS, found.rows)


def _keep_model(plan: RecomputePlan, model: ShopModel | None) -> None:
    if model is None:
        ForecastModel.objects.all().delete()
        return
    ForecastModel.objects.update_or_create(
        pk=1,
        defaults={"shop": model.as_json(), "sales_version": plan.version, "fitted_at": timezone.now()},
    )
