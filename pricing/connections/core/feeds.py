"""Feeds: prices as Google's Merchant Center documents them, in a text with tabs or in XML."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import ArrayLike

from elastix.currency import TWO_DECIMALS, Currency
from pricing.connections.core.prices import plain
from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs
from pricing.recommendation.core.limits import (
    COST_FLOOR,
    MIN_PRICE,
    MINIMUM_MARGIN,
    price_limits,
)

GOOGLE_COLUMNS: Final = (
    "id", "price", "sale_price", "sale_price_effective_date", "cost_of_goods_sold", "auto_pricing_min_price",
)  # fmt: skip
FLOORS: Final = (COST_FLOOR, MINIMUM_MARGIN, MIN_PRICE)
"""Floors that hold in any market and from any price; a target margin is an aim and no floor."""


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One product in a feed.

    Attributes
    ----------
    price : what is charged now.
    regular : the price before, while what is charged is a sale; else None.
    sale_from, sale_until : of the sale.
    floor : the lowest price that is allowed; None where none is set.
    decided_at : when the ledger put the price in force; None where it did not.
    """

    code: str
    name: str
    price: Decimal
    cost: Decimal | None
    floor: Decimal | None
    regular: Decimal | None = None
    sale_from: dt.datetime | None = None
    sale_until: dt.datetime | None = None
    decided_at: dt.datetime | None = None


def floors(
    price: ArrayLike,
    cost: ArrayLike,
    minimum_margin: ArrayLike,
    min_price: ArrayLike,
    tax_rate: ArrayLike = 0.0,
    currency: Currency = TWO_DECIMALS,
) -> list[Decimal | None]:
    """Return the lowest allowed price of each of P products; None where neither a cost nor a minimum says.

    Parameters
    ----------
    price, cost, minimum_margin, min_price : (P,) nan where nothing is known or set; the cost without tax.
    tax_rate : (P,) percent that prices include on top of the net price.
    """
    count = np.size(price)
    limits = price_limits(
        PricingInputs.of(price=price, elasticity=None, cost=cost, tax_rate=tax_rate, currency=currency),
        PriceConstraints.of(count, minimum_margin=minimum_margin, min_price=min_price),
    )
    chosen = [place for place, rule in enumerate(limits.rules) if rule.name in FLOORS]
    known = limits.known[chosen] & (limits.bounds[chosen] > 0)
    highest = np.where(known, limits.bounds[chosen], 0).max(axis=0)
    return [currency.of_units(int(units)) if units > 0 else None for units in highest.tolist()]


def amount(value: Decimal, currency: str) -> str:
    """Write money as "12.99 GBP"."""
    return f"{plain(value)} {currency}"


def google_row(row: FeedRow, currency: str) -> tuple[str, ...]:
    """Write a product as the columns of Google's feed; what is not known or does not apply is "".

    Where the floor is not below the price, none is given: Google could not lower the price anyway.
    """
    begin, end = row.sale_from, row.sale_until
    on_sale = row.regular is not None and begin is not None and end is not None
    floor = row.floor if row.floor is not None and row.floor < row.price else None
    return (
        row.code,
        amount(row.regular if row.regular is not None and on_sale else row.price, currency),
        amount(row.price, currency) if on_sale else "",
        f"{begin:%Y-%m-%dT%H:%MZ}/{end:%Y-%m-%dT%H:%MZ}" if on_sale else "",
        amount(row.cost, currency) if row.cost is not None else "",
        amount(floor, currency) if floor is not None else "",
    )


def tsv_line(cells: Sequence[str]) -> str:
    """Write cells with tabs between them; a tab or line end within a cell becomes a blank."""
    return "\t".join(" ".join(cell.split()) for cell in cells) + "\n"


def xml_pieces(title: str, link: str, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield an RSS 2.0 document with the columns of Google's feed in its namespace."""
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n'
        f"<channel>\n<title>{escape(title)}</title>\n<link>{escape(link)}</link>\n"
        "<description>Prices</description>\n"
    )
    for cells in rows:
        named = zip(GOOGLE_COLUMNS, cells, strict=True)
        fields = "".join(f"<g:{name}>{escape(cell)}</g:{name}>" for name, cell in named if cell)
        yield f"<item>{fields}</item>\n"
    yield "</channel>\n</rss>\n"
