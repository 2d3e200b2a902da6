"""The forecast stage of a recompute: learn what is shared (full runs), forecast what is stale, publish."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils import timezone

from elastix.jobs.recompute import RecomputePlan
from elastix.sql import batches, execute, insert_rows, placeholders
from pricing.elasticity.services.estimates import Elasticities
from pricing.forecasting.core.backtest import beside_naive
from pricing.forecasting.core.batch import WINDOW_DAYS, ShopModel, fit_default, fit_shop_model
from pricing.forecasting.core.lines import price_of_frequency
from pricing.forecasting.core.panel import DemandPanel, demand_panel
from pricing.forecasting.models import ForecastMethod, ForecastModel
from pricing.forecasting.selectors.base_demand import stored_shop_model
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.daily import DailySales
from pricing.sales.core.periods import purchases
from pricing.sales.models import Product
from pricing.sales.selectors.daily import (
    day_of_epoch,
    epoch_days,
    merchandise_codes,
    newest_sale_day,
    periods_of,
    shop_days,
    spread_totals,
)

_TABLE = "pricing_demandforecast"
_COLUMNS = (
    "product_id", "method", "purchase_frequency", "recent_frequency", "exposure", "usual_frequency", "usual_exposure",
    "units_per_purchase", "is_new", "interval", "error_low", "error_high",
    "origins", "sold_days", "base_price", "through", "first_sold", "last_sold", "accuracy", "components",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What the stage found: the model if it was fitted again, and rows of all products or of the stale ones."""

    everything: bool
    model: ShopModel | None
    rows: list[tuple[Any, ...]]


def compute(plan: RecomputePlan, elasticities: Elasticities) -> Forecasts:
    """Forecast all merchandise (full, or where nothing was forecast before) or the stale products."""
    model = None if plan.full else stored_shop_model()
    everything = model is None
    days = elasticities.days
    if everything and not plan.full:
        days = shop_days(merchandise_codes(), everything=True)
    # A total of a week is no busy day: forecasts read it spread over its days.
    codes, daily = days.codes, spread_totals(days)
    model = _fit(codes, daily) if model is None else model
    return Forecasts(everything, model, _rows(codes, daily, model) if model else [])


def _fit(codes: list[str], daily: DailySales) -> ShopModel | None:
    """Learn what all products share; None while none has sold anything."""
    newest = newest_sale_day()
    sold = daily.day[daily.units > 0]
    if newest is None or not sold.size:
        return None
    end = epoch_days(newest) + 1
    first_day = max(int(sold.min()), end - WINDOW_DAYS)
    shop = _shop_units(daily, periods_of(codes).days, first_day, end)
    categories = categories_of(codes)
    names = sorted(set(categories) - {""})
    number = {name: code for code, name in enumerate(names)}
    category = np.array([number.get(name, -1) for name in categories], np.int64)
    return fit_shop_model(shop_panel(codes, daily, first_day, end, shop), category, names)


def _shop_units(daily: DailySales, line_days: IntArray, first_day: int, end: int) -> FloatArray:
    """Units of the shop on the days from `first_day` to the one before `end`; they show weekdays and closed days.

    Totals of weeks and months (products P, by `line_days`) show neither: while products are sold by the day beside
    them, on most days, those alone are counted.
    """
    inside = daily.rows((daily.day >= first_day) & (daily.day < end))
    single = line_days[inside.product] <= 1
    column, length = inside.day - first_day, end - first_day
    units = np.bincount(column, inside.units, length).astype(np.float64)
    by_day = np.bincount(column[single], inside.units[single], length)
    days = np.flatnonzero(by_day)
    if days.size and 2 * days.size >= days[-1] - days[0] + 1:
        units[days[0] : days[-1] + 1] = by_day[days[0] : days[-1] + 1]
    return units


def categories_of(codes: list[str]) -> list[str]:
    """The category of each product, empty for none."""
    names = dict(Product.objects.values_list("code", "category"))
    return [names[code] for code in codes]


def shop_panel(
    codes: list[str], daily: DailySales, first_day: int, end: int, shop: FloatArray
) -> DemandPanel:
    """Lay out what products sold on the days from `first_day` to the one before `end`."""
    return demand_panel(
        daily.product, daily.day, daily.units, purchases(daily, periods_of(codes).days),
        products=len(codes), first_day=first_day, end=end, shop_units=shop,
    )  # fmt: skip


def _rows(codes: list[str], daily: DailySales, model: ShopModel) -> list[tuple[Any, ...]]:
    """A row, as `_COLUMNS` names it, for every product that sold anything within the window."""
    if not codes:
        return []
    end = max(int(daily.day.max(initial=0)) + 1, model.as_of)
    panel = shop_panel(codes, daily, model.first_day, end, model.shop_units)
    category, spread = model.category_codes(categories_of(codes)), periods_of(codes).days > 1
    found = fit_default(panel, category, model, spread)
    rates, sold_days = found.rates, (panel.units > 0).sum(axis=1)
    method = np.select(
        [rates.intermittent, rates.new, rates.interval > 0],
        [ForecastMethod.CATEGORY.value, ForecastMethod.MEAN.value, ForecastMethod.INTERVALS.value],
        ForecastMethod.LINES.value,
    ).astype("U16")  # as wide as the column: NumPy cuts a longer name short
    for row, components in found.components.items():
        method[row] = components["method"]
    numbers = (
        method, rates.frequency, rates.recent, rates.exposure, rates.usual, rates.usual_exposure, rates.quantity,
        rates.new, rates.interval, found.error_low, found.error_high, found.origins, sold_days,
    )  # fmt: skip
    rows = (daily.product, daily.day, daily.list_price)
    # Seasons and other methods rest on more than the sales of late.
    own_purchases = np.full(len(codes), model.priors[0].own_purchases)
    own_purchases[list(found.components)] = np.inf
    price = price_of_frequency(panel, rates, own_purchases, found.through, rows)
    dates = (found.through, panel.first_day + panel.start, panel.first_day + panel.stop - 1)
    return [
        (
            codes[row],
            *(column[row].item() for column in numbers),
            float(price[row]) if np.isfinite(price[row]) else None,
            *(day_of_epoch(int(column[row])).isoformat() for column in dates),
            json.dumps(beside_naive(found.measured, found.naive, row)),
            json.dumps(found.components[row]) if row in found.components else None,
        )
        for row in np.flatnonzero(sold_days).tolist()
    ]


def publish(plan: RecomputePlan, found: Forecasts) -> None:
    """Replace the products' rows and, where it was fitted again, the model."""
    if found.everything:
        execute(f"DELETE FROM {_TABLE}")
        ForecastModel.objects.all().delete()
    if found.everything and found.model is not None:
        ForecastModel.objects.create(
            pk=1, shop=found.model.as_json(), sales_version=plan.version, fitted_at=timezone.now()
        )
    for chunk in batches([] if found.everything else plan.products or []):
        execute(f"DELETE FROM {_TABLE} WHERE product_id IN ({placeholders(len(chunk))})", chunk)
    insert_rows(_TABLE, _COLUMNS, found.rows)
