"""The price matrix: our prices beside the competitors', products in rows, competitors in columns."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np
from django.db.models import Exists, F, OuterRef, Q

from market.core.positioning import (
    ABOVE_AVERAGE,
    AVERAGE,
    AVERAGE_WITHIN,
    BELOW_AVERAGE,
    MarketPosition,
    market_position,
)
from market.models import CompetitorPrice
from market.selectors.competitors import freshness_days, is_fresh
from pricing.recommendation.core.competition import MarketPrices, market_prices
from pricing.recommendation.selectors.competition import CompetitorPrices, competitor_prices, counted_from
from pricing.sales.core.arrays import FloatArray
from pricing.sales.models import Product
from pricing.sales.selectors.products import merchandise, products_matching

FRESH, STALE, NONE = "fresh", "stale", "none"
AGES: Final = (FRESH, STALE, NONE)
"""Of a product's newest competitor's price: young enough to be used, too old, or there is none."""
PRODUCT, PRICE, MEAN, GAP, INDEX = "product", "price", "mean", "gap", "index"
ORDERINGS: Final = (PRODUCT, PRICE, MEAN, GAP, INDEX)
"""What a list of products is sorted by: name, our price, their mean, the gap to it, the index; "-" before it turns it round."""

_SLACK: Final = 1e-9


class TheirPrice(NamedTuple):
    """A competitor's newest price of a product; `days` before the as-of day it was seen, `used` by pricing or not."""

    price: Decimal
    days: int
    fresh: bool
    plausible: bool

    @property
    def used(self) -> bool:
        return self.fresh and self.plausible


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A product, its place in the market, and each competitor's price by name; `youngest` is days, None without any."""

    product: Product
    position: MarketPosition
    prices: dict[str, TheirPrice]

    @property
    def youngest(self) -> int | None:
        return min((each.days for each in self.prices.values()), default=None)

    @property
    def is_stale(self) -> bool:
        return bool(self.prices) and not any(each.fresh for each in self.prices.values())


def products_of_market(
    *,
    text: str = "",
    category: str = "",
    age: str = "",
    competitor: str = "",
    positions: Collection[str] = (),
    order: str = "",
) -> list[str]:
    """Codes of the active merchandise by name; with positions those farthest from the market's mean first.

    Parameters
    ----------
    text : a part of the code or name.
    age : one of `AGES`; "" is any but those without a price.
    competitor : only products of which this one's price is known.
    positions : any of `market.core.positioning.POSITIONS`.
    order : one of `ORDERINGS`, with "-" from the last to the first. Products without that figure come last.
    """
    products = merchandise()
    if text:
        products = products_matching(products, text)
    if category:
        products = products.filter(category=category)
    seen = CompetitorPrice.objects.filter(product=OuterRef("pk")).order_by()
    if competitor:
        products = products.filter(Exists(seen.filter(competitor_name=competitor)))
    if age == NONE:
        products = products.filter(~Exists(seen))
    elif age == STALE:
        products = products.filter(Exists(seen), ~Exists(seen.filter(is_fresh())))
    elif not positions:  # only what has a fresh price has a position
        products = products.filter(Exists(seen.filter(is_fresh() if age == FRESH else Q())))
    sign, by = ("-" if order.startswith("-") else ""), order.removeprefix("-")
    if by == PRICE and not positions:
        price = F("current_price")
        priced = price.desc(nulls_last=True) if sign else price.asc(nulls_last=True)
        return list(products.order_by(priced, "code").values_list("code", flat=True))
    products = products.order_by(f"{sign if by == PRODUCT else ''}name", "code")
    if positions or by not in ("", PRODUCT):
        found = products.values_list("code", "category", named=True)
        return _placed(found, positions, by, descending=bool(sign))
    return list(products.values_list("code", flat=True))


def _placed(products: Iterable[Any], positions: Collection[str], by: str, *, descending: bool) -> list[str]:
    """Those of the products (code, category) whose price stands there, anywhere without positions; by one of `ORDERINGS`,
    without one the largest gap first."""
    days = freshness_days(products)
    seen = competitor_prices(list(days), days, only_fresh=True)
    used = np.flatnonzero(seen.used)
    found = market_prices(seen.product[used], seen.price[used], len(seen.codes))
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = seen.own_price / np.where(found.count > 0, found.mean, np.nan) - 1
    at = np.select(
        [gap < -AVERAGE_WITHIN - _SLACK, gap > AVERAGE_WITHIN + _SLACK, np.isfinite(gap)],
        [BELOW_AVERAGE, ABOVE_AVERAGE, AVERAGE],
        "",
    )
    chosen = np.flatnonzero(np.isin(at, list(positions))) if positions else np.arange(len(seen.codes))
    if by == PRODUCT:
        return [seen.codes[row] for row in chosen.tolist()]
    keys = {PRICE: seen.own_price, MEAN: found.mean, GAP: gap, INDEX: _index(seen.own_price, found)}
    key = (-keys[by] if descending else keys[by]) if by else -np.abs(gap)
    order = chosen[np.lexsort((chosen, key[chosen]))]  # nan, what is not known, last
    return [seen.codes[row] for row in order.tolist()]


def _index(own_price: FloatArray, found: MarketPrices) -> FloatArray:
    """(P,) our prices between the lowest (0) and the highest (1) of theirs, .5 where these are one."""
    spread = found.highest - found.lowest
    within = (own_price - found.lowest) / np.where(spread > 0, spread, 1.0)
    return np.where((spread == 0) & np.isfinite(own_price), 0.5, within)


def matrix(codes: Sequence[str]) -> list[MatrixRow]:
    """The rows of some products, in the order given; the same number of queries for any number up to 5,000."""
    products = Product.objects.in_bulk(codes)
    days = freshness_days(products.values())
    as_of = counted_from()
    known = competitor_prices(codes, days, as_of=as_of)
    prices = _by_product(known, as_of)
    rows = []
    for code in codes:
        theirs = prices.get(code, {})
        ours = products[code].current_price
        used = [float(each.price) for each in theirs.values() if each.used]
        position = market_position(None if ours is None else float(ours), used)
        rows.append(MatrixRow(products[code], position, theirs))
    return rows


def columns(rows: Sequence[MatrixRow], most: int | None = None) -> list[str]:
    """The competitors with most prices among the rows, by name; all of them without `most`."""
    seen = Counter(name for row in rows for name in row.prices)
    return sorted(sorted(seen, key=lambda name: (-seen[name], name))[:most])


def _by_product(known: CompetitorPrices, as_of: dt.date) -> dict[str, dict[str, TheirPrice]]:
    found: dict[str, dict[str, TheirPrice]] = {}
    rows = zip(
        known.product.tolist(), known.name, known.amounts, known.recorded_at, known.fresh.tolist(), known.plausible.tolist(),
        strict=True,
    )  # fmt: skip
    for product, name, price, moment, fresh, plausible in rows:
        days = (as_of - moment.date()).days
        found.setdefault(known.codes[product], {})[name] = TheirPrice(price, days, fresh, plausible)
    return found
