"""Demand forecasts: from the cached table, or computed for one product by a named method."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np
from django.db.models import FilteredRelation, Q

from elastix.api.fields import rounded
from elastix.dataset.models import DataVersion
from elastix.sql import day_numbers, day_of, fetch_columns
from elastix.texts import Text, text
from pricing.elasticity.core.demand import LARGEST_CHANGE, OTHER_MODEL, DemandModel, demand
from pricing.elasticity.models import Method
from pricing.elasticity.selectors.demand_curve import LINEAR_SHARE, known_share
from pricing.forecasting.core.backtest import HORIZON
from pricing.forecasting.core.boosting import BOOSTED
from pricing.forecasting.core.lines import NEW_DAYS
from pricing.forecasting.core.named import AUTO
from pricing.forecasting.models import DemandForecast, ForecastMethod
from pricing.forecasting.selectors.base_demand import base_demands, stored_shop_model
from pricing.forecasting.selectors.outlooks import (
    Candidate,
    ForecastAccuracy,
    Outlook,
    boost,
    cached_outlook,
    or_boosted,
    outlook_by,
)
from pricing.sales.core.daily import DailySales
from pricing.sales.core.periods import LONGEST_PERIOD, Periods, purchases, spread_daily
from pricing.sales.core.totals import PERIODS
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from pricing.sales.selectors.daily import day_of_epoch, epoch_days

HISTORY_DAYS: Final = 90
WANTED_HISTORY: Final = 90
NEW_PRICE: Final = "NEW_PRICE"
OF_TOTALS: Final = "TOTALS"
SPREAD: Final = (
    "{name}: sales are known by the {period} only. A day is an equal part of its {period}'s total, and the accuracy of a day, "
    "which is better known within a total, is flattered."
)
UNPROVEN: Final = (
    "{name}: the present price has {days} of {needed} days of sales; what it does is projected from the price before "
    "it."
)
OF_SERVICE: Final = "{code} is a service code, such as postage or a fee: its demand is not forecast."
UNSOLD: Final = (
    "{code} had no sales when the figures were last computed, so there is nothing to forecast from."
)
FOLLOWS_NO_PRICE: Final = "The product has {missing}, so the forecast does not follow the price asked."
SHORT_HISTORY: Final = "Only {days} of sales history; a forecast wants {wanted} or more."
OF_MEAN: Final = "Fewer than {days} days of history: the mean of its days, spread over the week."
OF_CATEGORY: Final = "Sold on {days} only: the usual rate of its category stands beside its own."
UNMEASURED: Final = (
    "Its past is too short to be forecast from {days} days back, so its accuracy is not known; the limits are those of products "
    "that sell as much."
)
MOST_TIMES: Final = 1_000_000.0
"""A price that makes no sense must not make a quantity without end."""


class HistoryDay(NamedTuple):
    date: dt.date
    quantity: float


class ForecastDay(NamedTuple):
    """Expected units of a day, and their 80 % interval."""

    date: dt.date
    quantity: float
    low: float
    high: float


class AtPrice(NamedTuple):
    """A price that the forecast was scaled to: quantities are `factor` times those at the base price."""

    price: Decimal
    current_price: Decimal
    base_price: float
    elasticity: float
    demand_model: str
    factor: float


@dataclass(frozen=True, slots=True)
class ProductForecast:
    """What a product is expected to sell; without a method where nothing can be forecast, and why in `warnings`."""

    product_id: str
    as_of: dt.date | None
    last_updated: dt.datetime | None
    warnings: list[str]
    method: str | None = None
    reason: str | None = None
    periods: int = 0
    history: list[HistoryDay] = field(default_factory=list)
    forecast: list[ForecastDay] = field(default_factory=list)
    total: float = 0.0
    interval: float = 0.8
    accuracy: ForecastAccuracy | None = None
    candidates: list[Candidate] | None = None
    price: AtPrice | None = None


def forecast_of_product(
    version: DataVersion,
    code: str,
    *,
    periods: int,
    method: str | None,
    price: Decimal | None,
    demand_model: DemandModel,
) -> ProductForecast:
    """What a product is expected to sell on each of the days from the as-of date on.

    Parameters
    ----------
    periods : days.
    method : one of the named methods, or `auto`; None and `boosted` answer from cached tables.
    price : what it would be sold at; None is today's price.
    demand_model : how demand follows the price.
    """
    product = _facts(code)
    row = DemandForecast.objects.filter(product_id=code).first() if product.kind == Kind.MERCHANDISE else None
    model = stored_shop_model() if row else None
    if row is None or model is None or version.as_of is None:
        return ProductForecast(code, version.as_of, version.published_at, [_why_nothing(code, product.kind)])
    as_of = max(version.as_of, row.through)
    line_days = product.summary__line_days or 0
    history = _history(code, model.first_day, as_of, line_days, bool(product.summary__dated_last))
    if method is None or method == BOOSTED:
        outlook = cached_outlook(row, model, as_of, periods, chosen=method is None)
        if method == BOOSTED:
            boost(outlook, code, model, as_of)
    else:
        outlook = outlook_by(method, history, product.category, model, row, as_of, periods)
        if method == AUTO:
            outlook = or_boosted(outlook, row, model, as_of, periods)
    outlook.warnings += _warnings(row, as_of, outlook)
    if line_days > 1:
        outlook.warnings.append(text(SPREAD, name=OF_TOTALS, period=text(PERIODS[line_days])))
    base = base_demands({code: product.current_price}, version)[code]
    if price is None and base.tried_price is not None:
        price = product.current_price
        outlook.warnings.append(text(UNPROVEN, name=NEW_PRICE, days=base.days, needed=base.days_needed))
    at_price = None
    if price is not None:
        shape = (demand_model, known_share(product.linear_share))
        at_price = _at_price(
            outlook, price, product.current_price, base.price, product.pooled__elasticity, shape
        )
    return ProductForecast(
        product_id=code,
        method=outlook.method,
        reason=outlook.reason,
        as_of=as_of,
        periods=periods,
        history=_days_before(as_of, history),
        forecast=_days_from(as_of, outlook),
        total=float(outlook.units.sum()),
        accuracy=outlook.accuracy,
        candidates=outlook.candidates,
        price=at_price,
        warnings=outlook.warnings,
        last_updated=version.published_at,
    )


def _facts(code: str) -> Any:
    """What a forecast needs to know of a product, by name."""
    product = Product.objects.annotate(
        pooled=FilteredRelation("elasticities", condition=Q(elasticities__method=Method.POOLED)),
        linear_share=LINEAR_SHARE,
    )
    return product.values_list(
        "kind",
        "current_price",
        "category",
        "pooled__elasticity",
        "linear_share",
        "summary__line_days",
        "summary__dated_last",
        named=True,
    ).get(code=code)


def _days_before(as_of: dt.date, history: dict[int, tuple[float, float]]) -> list[HistoryDay]:
    past = (as_of - dt.timedelta(days=back) for back in range(HISTORY_DAYS, 0, -1))
    return [HistoryDay(day, history.get(epoch_days(day), (0.0, 0))[0]) for day in past]


def _days_from(as_of: dt.date, outlook: Outlook) -> list[ForecastDay]:
    columns = zip(outlook.units.tolist(), outlook.low.tolist(), outlook.high.tolist(), strict=True)
    return [ForecastDay(as_of + dt.timedelta(days=ahead), *values) for ahead, values in enumerate(columns)]


def _why_nothing(code: str, kind: str) -> str:
    if kind == Kind.SERVICE:
        return text(OF_SERVICE, code=code)
    return text(UNSOLD, code=code)


def _history(
    code: str, first_day: int, as_of: dt.date, line_days: int, dated_last: bool
) -> dict[int, tuple[float, float]]:
    """Clean units and lines of each day with a row, by day since the epoch; totals are spread over their days."""
    reach = LONGEST_PERIOD if line_days > 1 else 0
    stop = epoch_days(as_of)
    days, units, lines = fetch_columns(
        f"SELECT {day_of('date')}, units, unit_lines FROM pricing_saleshistory "
        "WHERE product_id = %s AND date >= %s AND date < %s",
        [code, day_of_epoch(first_day - reach).isoformat(), day_of_epoch(stop + reach).isoformat()],
        columns=3,
    )
    if not reach:
        return dict(zip(day_numbers(days), zip(units, lines, strict=True), strict=True))
    daily = DailySales(
        product=np.zeros(len(days), np.int64),
        day=np.array(day_numbers(days), np.int64),
        units=np.array(units, np.float64),
        list_price=np.full(len(days), np.nan),
        promotion=np.zeros(len(days), np.bool_),
        lines=np.array(lines, np.int64),
    )
    length = np.array([line_days])
    spread = spread_daily(daily, Periods(length, np.array([dated_last])))
    spread = spread.rows((spread.day >= first_day) & (spread.day < stop))
    units = spread.units.tolist()
    return dict(
        zip(spread.day.tolist(), zip(units, purchases(spread, length).tolist(), strict=True), strict=True)
    )


def _at_price(
    outlook: Outlook,
    price: Decimal,
    current_price: Decimal | None,
    base_price: float | None,
    elasticity: float | None,
    curve: tuple[DemandModel, float],
) -> AtPrice | None:
    """Scale a forecast to a price and say by how much; None where the present price or the elasticity is not known.

    `curve` is the demand model, and the share of linear demand in the average.
    """
    demand_model, linear_share = curve
    if current_price is None or elasticity is None:
        missing = "no present price" if current_price is None else "no elasticity"
        outlook.warnings.append(text(FOLLOWS_NO_PRICE, missing=text(missing)))
        return None
    base = float(current_price) if base_price is None else base_price

    def times(model: DemandModel) -> float:
        with np.errstate(over="ignore"):
            return min(float(demand(float(price), base, 1.0, elasticity, model, linear_share)), MOST_TIMES)

    factor = times(demand_model)
    if abs(float(price) / base - 1) > LARGEST_CHANGE + 1e-9:
        other = times(OTHER_MODEL[demand_model])
        outlook.warnings.append(
            f"LARGE_CHANGE: beyond {LARGEST_CHANGE:.0%} the demand models differ; {OTHER_MODEL[demand_model]} foresees "
            f"{rounded(other * float(outlook.units.sum()), 2):,} units in all."
        )
    outlook.scale(factor)
    return AtPrice(price, current_price, base, elasticity, demand_model, factor)


def _warnings(row: DemandForecast, as_of: dt.date, outlook: Outlook) -> list[str]:
    days = (as_of - row.first_sold).days
    warnings: list[str] = []
    if days < WANTED_HISTORY:
        warnings.append(text(SHORT_HISTORY, days=_days_in_words(days), wanted=WANTED_HISTORY))
    if outlook.method == ForecastMethod.MEAN:
        warnings.append(text(OF_MEAN, days=NEW_DAYS))
    if outlook.method == ForecastMethod.CATEGORY:
        warnings.append(text(OF_CATEGORY, days=_days_in_words(row.sold_days)))
    if not outlook.accuracy.origins:
        warnings.append(text(UNMEASURED, days=HORIZON))
    return warnings


def _days_in_words(days: int) -> Text:
    return text("{days} day" if days == 1 else "{days} days", days=days)
