"""Key figures of the shop, for the overview and `GET /api/overview`."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

import numpy as np
from django.core.cache import cache
from django.db.models import Count, Max, Sum

from elastix.dataset.models import DataVersion
from elastix.shop import shop_currency
from pricing.forecasting.core.stored import expected_days
from pricing.forecasting.models import DemandForecast
from pricing.forecasting.selectors.base_demand import STORED, stored_forecasts, stored_shop_model
from pricing.recommendation.models import PricePolicy, RecommendationState
from pricing.recommendation.selectors.offers import recommendations
from pricing.recommendation.selectors.setup import Setup, shop_setup
from pricing.recommendation.selectors.standing_totals import all_totals
from pricing.recommendation.selectors.totals import NOTHING, ShopTotals, shop_totals, totals_by_day
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from pricing.sales.selectors.daily import day_of_epoch, epoch_days

DAYS: Final = 28
A_YEAR: Final = dt.timedelta(days=364)
"""Whole weeks: the same weekdays are compared."""

KEPT_SECONDS: Final = 3600


class DayRevenue(NamedTuple):
    date: dt.date
    revenue: Decimal


class Worth(NamedTuple):
    """What acting on all recommendations would bring in 30 days.

    Prices to change, how many of these are offered for a decision now, the gain in profit, and its 80 % interval.
    """

    prices: int
    offered: int
    profit: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the last days; None where it is not known.

    Attributes
    ----------
    now, before, last_year : of the last days, of as many before, and of the same weekdays a year ago; None for days
        that the data have only in part.
    series : of each of the last days, oldest first.
    """

    now: Decimal | None
    before: Decimal | None
    last_year: Decimal | None
    series: Sequence[Decimal | None]


@dataclass(frozen=True, slots=True)
class ShopFigures:
    """The figures of the last `days` days to `last_day`.

    Attributes
    ----------
    covered_percent, assumed_percent : how much of the revenue has a cost, and how much of it an assumed one.
    sold, expected : revenue of each day: of twice as many days before, and of as many that come.
    """

    days: int
    first_day: dt.date
    last_day: dt.date
    revenue: Figure
    profit: Figure
    margin_percent: Figure
    units: Figure
    covered_percent: Decimal | None
    assumed_percent: Decimal | None
    sold: Sequence[DayRevenue]
    expected: Sequence[DayRevenue]


@dataclass(frozen=True, slots=True)
class ShopOverview:
    """How far the shop is set up, and its key figures; without sales or recommendations parts are None."""

    setup: Setup
    figures: ShopFigures | None
    worth: Worth | None


def shop_overview(version: DataVersion) -> ShopOverview:
    """Read what the overview shows."""
    figures = shop_figures(version) if version.as_of is not None else None
    return ShopOverview(shop_setup(version), figures, worth_of_recommendations(version))


def shop_figures(version: DataVersion) -> ShopFigures:
    """The figures of the shop to the as-of date; kept until a publish or another cost, price or policy, at most an hour."""
    key = f"overview-{state_of_figures(version)}"
    found: ShopFigures | None = cache.get(key)
    if found is None:
        found = _figures(version)
        cache.set(key, found, KEPT_SECONDS)
    return found


def state_of_figures(version: DataVersion) -> str:
    """A text that changes with published figures, costs, prices and policies: a key to what rests on them.

    Sales that came after the figures are left out of it, but for those of a new day: each line that is recorded would
    have all be summed up again, and the figures beside these do not know it either. The next publish brings it.
    """
    products = Product.objects.aggregate(Count("pk"), Sum("cost"), Sum("current_price"), Max("updated_at"))
    policies = PricePolicy.objects.aggregate(Count("pk"), Max("updated_at"))
    versions = (version.published_version, version.catalogue_version, version.first_day, version.as_of)
    state = [*versions, *products.values(), *policies.values(), shop_currency().code]
    return hashlib.sha256(repr(state).encode()).hexdigest()


def _figures(version: DataVersion) -> ShopFigures:
    assert version.as_of is not None  # noqa: S101 - there are sales
    day, length = dt.timedelta(days=1), dt.timedelta(days=DAYS)
    last = version.as_of - day
    first = last - length + day
    before = first - length
    by_day = totals_by_day([(before, last), (first - A_YEAR, last - A_YEAR)])

    def days_from(start: dt.date, count: int = DAYS) -> list[ShopTotals]:
        return [by_day.get(start + number * day, NOTHING) for number in range(count)]

    def totals_from(start: dt.date) -> ShopTotals:
        """Totals to compare with; none where the data begin later, since fewer days would pass for growth."""
        whole = version.first_day is not None and start >= version.first_day
        return shop_totals(days_from(start)) if whole else NOTHING

    days = days_from(first)
    now, earlier = shop_totals(days), (totals_from(before), totals_from(first - A_YEAR))

    def figure(name: str) -> Figure:
        then, year = (getattr(each, name) if each.revenue else None for each in earlier)
        return Figure(getattr(now, name), then, year, [getattr(each, name) for each in days])

    sold = [
        DayRevenue(before + number * day, each.revenue)
        for number, each in enumerate(days_from(before, 2 * DAYS))
    ]
    return ShopFigures(
        days=DAYS,
        first_day=first,
        last_day=last,
        revenue=figure("revenue"),
        profit=figure("profit"),
        margin_percent=figure("margin_percent"),
        units=figure("units"),
        covered_percent=now.covered_percent,
        assumed_percent=now.assumed_percent,
        sold=sold,
        expected=expected_revenue(version),
    )


def expected_revenue(version: DataVersion, days: int = DAYS) -> list[DayRevenue]:
    """Revenue that is expected on each of the days from the as-of date on, at the prices that products sell at now.

    The sum of the products' own forecasts; empty before these are computed.
    """
    rows = list(
        DemandForecast.objects.filter(
            product__kind=Kind.MERCHANDISE, product__is_active=True, product__current_price__isnull=False
        ).values_list("product__current_price", "base_price", *STORED)
    )
    model = stored_shop_model()
    if not rows or model is None or version.as_of is None:
        return []
    prices = np.array([float(price if base is None else base) for price, base, *_ in rows])
    stored = stored_forecasts([values for _, _, *values in rows])
    first = max(epoch_days(version.as_of), int(stored.through.max()))
    revenue = prices @ expected_days(model, stored, first, days)
    money = shop_currency().money
    return [
        DayRevenue(day_of_epoch(first + ahead), money(float(amount)) or Decimal(0))
        for ahead, amount in enumerate(revenue)
    ]


def worth_of_recommendations(version: DataVersion) -> Worth | None:
    """What all recommendations together would bring; None before they are computed."""
    totals = all_totals(version)
    if totals is None:
        return None
    gain = totals.profit_change
    low, high = totals.interval or (gain, gain)
    amounts = (shop_currency().money(each) or Decimal(0) for each in (gain, low, high))
    offered = recommendations().filter(state=RecommendationState.OPEN).count()
    return Worth(totals.count, offered, *amounts)
