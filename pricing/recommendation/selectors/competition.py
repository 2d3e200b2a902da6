"""Competitors' prices as pricing uses them: of each competitor the newest, if it is fresh and plausible."""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from operator import itemgetter
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import F, FloatField, QuerySet, Window
from django.db.models.functions import Cast, RowNumber
from django.utils import timezone

from elastix.dataset.versions import data_version
from elastix.shop import shop_currency
from elastix.sql import batches
from pricing.recommendation.core.competition import market_prices, plausible
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.models import Product

FRESH_DAYS = 7
_HOST = re.compile(r"([a-z0-9-]+)(?:\.(?:co|com))?\.[a-z]{2,}")
_PRICE_COLUMNS = ("competitor_name", "price", "recorded_at")


@dataclass(frozen=True, slots=True)
class CompetitorStatistics:
    """What the fresh and plausible prices of a product's competitors amount to.

    Attributes
    ----------
    mean, median : to four decimals.
    count : competitors whose price is used, at least 1.
    newest : when the newest of these prices was seen.
    """

    mean: Decimal
    median: Decimal
    lowest: Decimal
    highest: Decimal
    count: int
    newest: dt.datetime


@dataclass(frozen=True, slots=True)
class CompetitorPrices:
    """The newest price of each competitor for some products, n in all, by product, then competitor.

    Attributes
    ----------
    codes : the P products that `product` numbers.
    own_price : (P,) what we ask, nan where it is not known.
    product : (n,) index into `codes`.
    price : (n,) of each competitor, as floats; `amounts` has them as they are stored.
    name, recorded_at : n each.
    fresh, plausible : (n,) booleans; a price is used when it is both.
    """

    codes: list[str]
    own_price: FloatArray
    product: IntArray
    name: list[str]
    price: FloatArray
    recorded_at: list[dt.datetime]
    fresh: BoolArray
    plausible: BoolArray

    @property
    def used(self) -> BoolArray:
        return self.fresh & self.plausible

    @property
    def amounts(self) -> list[Decimal]:
        """The prices, exactly."""
        price = shop_currency().price
        return [price(Decimal(repr(each)), ROUND_HALF_EVEN) for each in self.price.tolist()]


def is_our_name(seller: str) -> bool:
    """Whether that is a name of the shop itself, or its host: what it asks is no competitor's price."""
    ours = {" ".join(name.split()).casefold() for name in (settings.SHOP_NAME, *settings.OWN_SELLER_NAMES)}
    name = " ".join(seller.split()).casefold()
    # "tassen-laden.de" is "Tassen Laden".
    host = _HOST.fullmatch(name)
    label = _letters(host.group(1)) if host else ""
    return name in ours or (label != "" and label in {_letters(each) for each in ours})


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name)


def competitor_statistics(
    codes: Collection[str], days: int | Mapping[str, int] = FRESH_DAYS, *, as_of: dt.date | None = None
) -> dict[str, CompetitorStatistics]:
    """Summarise the usable prices of the products' competitors; products without any are left out.

    Parameters
    ----------
    codes : product codes in their normal form.
    days : a price older than this many days is not fresh: for all products, or for each by its code (7 for those left
        out).
    as_of : the day that freshness counts from; read from the data version if not given.
    """
    seen = competitor_prices(codes, days, as_of=as_of, only_fresh=True)
    rows = np.flatnonzero(seen.used)
    product = seen.product[rows]
    found = market_prices(product, seen.price[rows], len(seen.codes))
    newest: dict[int, dt.datetime] = {}
    places = shop_currency().decimals
    for row, number in zip(rows.tolist(), product.tolist(), strict=True):
        newest[number] = max(seen.recorded_at[row], newest.get(number, seen.recorded_at[row]))
    return {
        seen.codes[number]: CompetitorStatistics(
            mean=_decimal(found.mean[number], 4),
            median=_decimal(found.median[number], 4),
            lowest=_decimal(found.lowest[number], places),
            highest=_decimal(found.highest[number], places),
            count=int(found.count[number]),
            newest=moment,
        )
        for number, moment in newest.items()
    }


def competitor_prices(
    codes: Collection[str],
    days: int | Mapping[str, int] = FRESH_DAYS,
    *,
    as_of: dt.date | None = None,
    only_fresh: bool = False,
) -> CompetitorPrices:
    """Return each competitor's newest price with what is to be thought of it; parameters as above.

    `only_fresh` leaves out prices that are too old to be used, which is quicker and judges the others no differently.
    """
    names = sorted(set(codes))
    by_code = days if isinstance(days, Mapping) else dict.fromkeys(names, days)
    as_of = counted_from(as_of)
    moments = {each: fresh_from(each, as_of) for each in {FRESH_DAYS, *by_code.values()}}
    since = {code: moments[by_code.get(code, FRESH_DAYS)] for code in names}
    oldest = min(since.values(), default=None) if only_fresh else None
    number = {code: index for index, code in enumerate(names)}
    seller, theirs, moment = _joined(*_PRICE_COLUMNS)
    own = np.full(len(names), np.nan)
    rows: list[tuple[Any, ...]] = []
    for chunk in batches(names):
        # Floats: thousands of decimals take longer to make than to compute with.
        prices = [Cast(name, FloatField()) for name in ("current_price", theirs)]
        rows += _newest(chunk, oldest).values_list("code", seller, *prices, moment)
    ours = {name for name in {row[1] for row in rows} if is_our_name(name)}
    rows = sorted((row for row in rows if row[1] not in ours), key=itemgetter(0, 1))
    product = np.array([number[row[0]] for row in rows], np.int64)
    own[product] = np.array([row[2] for row in rows], np.float64)
    price = np.array([row[3] for row in rows], np.float64)
    fresh = np.array([row[4] >= since[row[0]] for row in rows], np.bool_)
    believed = plausible(product, price, fresh, own)
    kept = np.flatnonzero(fresh) if only_fresh else np.arange(len(rows))
    rows = [rows[row] for row in kept.tolist()]
    return CompetitorPrices(
        codes=names,
        own_price=own,
        product=product[kept],
        name=[row[1] for row in rows],
        price=price[kept],
        recorded_at=[row[4] for row in rows],
        fresh=fresh[kept],
        plausible=believed[kept],
    )


def counted_from(as_of: dt.date | None = None) -> dt.date:
    """Return the day that freshness counts from: as-of, read if not given; the shop's today if nothing was ever sold."""
    return as_of or data_version().as_of or timezone.localdate(timezone=settings.SHOP_TIME_ZONE)


def fresh_from(days: int, as_of: dt.date) -> dt.datetime:
    """Return the moment from which a competitor's price is fresh: midnight in the shop, `days` before `as_of`."""
    return dt.datetime.combine(as_of - dt.timedelta(days=days), dt.time(), settings.SHOP_TIME_ZONE)


def _newest(codes: list[str], since: dt.datetime | None) -> QuerySet[Product]:
    """Products joined to the newest price of each competitor."""
    name, _, recorded_at = _joined(*_PRICE_COLUMNS)
    found = Product.objects.filter(code__in=codes, competitor_prices__isnull=False)
    if since is not None:
        found = Product.objects.filter(code__in=codes, competitor_prices__recorded_at__gte=since)
    place = Window(RowNumber(), partition_by=[F("code"), F(name)], order_by=F(recorded_at).desc())
    return found.order_by().annotate(place=place).filter(place=1)


def _joined(*columns: str) -> list[str]:
    return [f"competitor_prices__{column}" for column in columns]


def _decimal(value: float, places: int) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places))
