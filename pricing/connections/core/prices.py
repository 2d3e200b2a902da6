"""Listings of a platform, and the prices to set there."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from pricing.sales.core.service_codes import normalise_code

Reference = tuple[str, str]
"""A product of a platform: its parent there ("" without one) and its own id."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Something with a price on a platform: a product, or a variant of one.

    Attributes
    ----------
    code : the SKU, or a code made of the platform's id where there is none.
    price : what is charged for it now; None where it has no price.
    stock : units in stock; None where the platform does not count them.
    regular : the price that it is shown beside as a sale; None where it is none.
    """

    reference: Reference
    code: str
    name: str
    category: str
    price: Decimal | None
    stock: int | None
    regular: Decimal | None = None


class WantedPrice(NamedTuple):
    """A price that the ledger has put in force.

    Attributes
    ----------
    code : product.
    price : what is to be charged.
    decided_at : when the ledger's change was applied or rolled back.
    regular : the price before, where the change is a cut that is shown as a sale; else None.
    sale_until : when the cut ceases to be a sale.
    """

    code: str
    price: Decimal
    decided_at: dt.datetime
    regular: Decimal | None = None
    sale_until: dt.datetime | None = None


class PriceToSet(NamedTuple):
    """A price to be set on a platform."""

    reference: Reference
    wanted: WantedPrice


def plain(amount: Decimal) -> str:
    """Write an amount with a point and at least two decimals; more only where they say something."""
    short = amount.quantize(Decimal("0.01"))
    return f"{short if short == amount else amount.normalize():f}"


def our_code(text: str) -> str:
    """Return a platform's code as the transactions have it; "" for one that they cannot have."""
    try:
        return normalise_code(text)
    except ValueError:
        return ""


def by_code(listings: Iterable[Listing]) -> tuple[dict[str, Listing], set[str]]:
    """Return listings by our code, and the codes that more than one has: these cannot be distinguished."""
    found: dict[str, Listing] = {}
    twice: set[str] = set()
    for listing in listings:
        if code := our_code(listing.code):
            if code in found:
                twice.add(code)
            found[code] = listing
    return {code: listing for code, listing in found.items() if code not in twice}, twice
