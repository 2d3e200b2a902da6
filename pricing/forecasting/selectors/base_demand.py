"""Base demand: what products are expected to sell, at which price those sales were made, and which price is proven.

Every projection to another price starts here. A price that was set only lately is not what the sales known so far
were made at: what it does is projected from the old one until enough was sold at it.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from elastix.dataset.models import DataVersion
from pricing.forecasting.core.batch import ShopModel
from pricing.forecasting.core.stored import StoredForecasts, expected_days
from pricing.forecasting.models import DemandForecast, ForecastModel
from pricing.sales.core.arrays import FloatArray
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.models import PriceChange
from pricing.sales.selectors.daily import epoch_days

FEWEST_DAYS: Final = 28
MOST_DAYS: Final = 91
ENOUGH_UNITS: Final = 10
"""A price is proven after 28 days of sales, or as many as usually bring ten units, but no more than 91."""

SAME_PRICE: Final = 0.01
"""Relative difference up to which the base price counts as the present one: old prices fade out of it slowly."""

REMEMBERED_DAYS: Final = 366
"""Changes that are older do not matter to any policy's cooldown."""

STORED: Final = (
    *("purchase_frequency", "recent_frequency", "exposure", "usual_frequency", "usual_exposure"),
    *("units_per_purchase", "interval", "is_new", "through", "last_sold", "components"),
)
"""Fields of a row that its forecast is worked out from."""


@dataclass(frozen=True, slots=True)
class BaseDemand:
    """What one product's projections start from.

    Attributes
    ----------
    quantity : units expected in the 30 days from the as-of date on, at the base price.
    price : the base price: what those sales were made at; None where nothing was sold.
    tried_price : the newest price that is proven by sales; None where the present one is.
    days, days_needed : days of sales at the present price, and how many prove it.
    last_changed : when the price was last changed, or changed back; None if not within a year.
    """

    quantity: float = 0.0
    price: float | None = None
    tried_price: float | None = None
    days: int = 0
    days_needed: int = FEWEST_DAYS
    last_changed: dt.datetime | None = None


class _Set(NamedTuple):
    """A price as it was set at a moment, and the one before."""

    moment: dt.datetime
    old: Decimal | None
    new: Decimal | None


def stored_shop_model() -> ShopModel | None:
    """What the last full run learned about all products' demand; None before it."""
    stored = ForecastModel.objects.filter(pk=1).values_list("shop", flat=True).first()
    return None if stored is None else ShopModel.from_json(stored)


def base_demands(prices: Mapping[str, Decimal | None], version: DataVersion) -> dict[str, BaseDemand]:
    """Read the base demand of products, by code. Three queries.

    Parameters
    ----------
    prices : the present prices by product code.
    """
    sold = _expected_sales(prices, version)
    changes = _changes(prices, version)
    return {
        code: _base_demand(price, *sold.get(code, (0.0, None, None)), changes.get(code, []), version)
        for code, price in prices.items()
    }


def _base_demand(
    present: Decimal | None,
    quantity: float,
    price: float | None,
    charged: Decimal | None,
    changes: list[_Set],
    version: DataVersion,
) -> BaseDemand:
    needed = FEWEST_DAYS
    if quantity > 0:
        needed = min(max(FEWEST_DAYS, round(ENOUGH_UNITS * MONTH_DAYS / quantity)), MOST_DAYS)
    elif price is not None:
        needed = MOST_DAYS
    proven, days = _newest_proven(changes, price, needed, version.as_of)
    if changes and present and charged and abs(present / charged - 1) > SAME_PRICE:
        # The till does not charge what was set: days that go by prove nothing of it.
        proven, days = float(charged), 0
    tried = proven if changes and price is not None and days < needed else None
    anchor = tried if tried is not None else None if present is None else float(present)
    if price is not None and anchor is not None and abs(price / anchor - 1) <= SAME_PRICE:
        price = anchor
    # A first price is no change.
    last = max((each.moment for each in changes if each.old is not None), default=None)
    return BaseDemand(quantity, price, tried, days, needed, last)


def _newest_proven(
    changes: list[_Set], base: float | None, needed: int, as_of: dt.date | None
) -> tuple[float | None, int]:
    """The newest price that was in force for as many days of sales as needed, and the days of the present one."""
    proven, days = base, 0
    for number, each in enumerate(changes):
        if number == 0 and each.old is not None:
            proven = float(each.old)
        following = changes[number + 1].moment if number + 1 < len(changes) else None
        day = _shop_day(each.moment)
        # The day of a change has both prices and counts for neither.
        end = as_of if following is None else min(_shop_day(following), as_of) if as_of else None
        days = max((end - day).days - 1, 0) if end else 0
        if days >= needed and each.new is not None:
            proven = float(each.new)
    return proven, days


def _expected_sales(
    codes: Collection[str], version: DataVersion
) -> dict[str, tuple[float, float | None, Decimal | None]]:
    """Units expected in 30 days, the price they were sold at, and the one charged now, of the products with a forecast."""
    rows = DemandForecast.objects.filter(product_id__in=codes).values_list(
        "product_id", "base_price", "product__summary__charged_price", *STORED
    )
    code, price, charged, stored = [], [], [], []
    for of_code, of_price, charged_now, *values in rows:
        code.append(of_code)
        price.append(of_price)
        charged.append(charged_now)
        stored.append(values)
    model = stored_shop_model()
    if not stored or model is None or version.as_of is None:
        return {}
    forecasts = stored_forecasts(stored)
    as_of = max(epoch_days(version.as_of), int(forecasts.through.max()))
    month = expected_days(model, forecasts, as_of, MONTH_DAYS).sum(axis=1)
    return dict(zip(code, zip(month.tolist(), price, charged, strict=True), strict=True))


def expected_of_days(code: str, first_day: dt.date, days: int, version: DataVersion) -> FloatArray | None:
    """Units (days,) of a product that are expected at the base price from a day on; None without a forecast. Two queries.

    Parameters
    ----------
    first_day : not before the as-of date.
    """
    stored = DemandForecast.objects.filter(product_id=code).values_list(*STORED).first()
    model = stored_shop_model()
    if stored is None or model is None or version.as_of is None:
        return None
    forecast = stored_forecasts([stored])
    start = max(epoch_days(version.as_of), int(forecast.through.max()))
    before = max(epoch_days(first_day) - start, 0)
    return np.asarray(expected_days(model, forecast, start, before + days)[0, before:])


def stored_forecasts(rows: Sequence[Sequence[Any]]) -> StoredForecasts:
    """Rows with the fields of `STORED` as arrays; there must be one."""
    *numbers, new, through, last_sold, components = zip(*rows, strict=True)
    frequency, recent, exposure, usual, usual_exposure, quantity, interval = (
        np.array(each, np.float64) for each in numbers
    )
    looked_at, sold = (
        np.array([epoch_days(day) for day in column], np.int64) for column in (through, last_sold)
    )
    return StoredForecasts(
        frequency, recent, exposure, usual, usual_exposure, quantity, interval,
        np.array(new, np.bool_), looked_at, sold, components,
    )  # fmt: skip


def _changes(codes: Collection[str], version: DataVersion) -> dict[str, list[_Set]]:
    """Every setting of a price that may still matter, changes back included, by product in the order of time."""
    since = timezone.now() - dt.timedelta(days=REMEMBERED_DAYS)
    if version.as_of is not None:
        newest = dt.datetime.combine(version.as_of, dt.time.min, settings.SHOP_TIME_ZONE)
        since = min(since, newest - dt.timedelta(days=REMEMBERED_DAYS))
    found: dict[str, list[_Set]] = {}
    rows = PriceChange.objects.filter(
        Q(changed_at__gte=since) | Q(rolled_back_at__gte=since),
        product_id__in=codes,
        changed_at__isnull=False,
    ).values_list("product_id", "old_price", "new_price", "changed_at", "rolled_back_at")
    for code, old, new, moment, back in rows.order_by("pk"):
        of_product = found.setdefault(code, [])
        if moment is not None:
            of_product.append(_Set(moment, old, new))
        if back is not None:
            of_product.append(_Set(back, new, old))
    for of_product in found.values():
        of_product.sort(key=lambda each: each.moment)
    return found


def _shop_day(moment: dt.datetime) -> dt.date:
    return moment.astimezone(settings.SHOP_TIME_ZONE).date()
