"""What the discounts of a file are: percents or amounts, of a line or of a unit, taken off already or not."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from elastix.imports.core import UnreadableFile
from elastix.imports.core.fields import normalise_name
from elastix.imports.core.numbers import bare_number, parse_number
from pricing.sales.core.line_totals import fits

NEARLY_ALL: Final = Decimal("0.9")
# Of discounts that may be percents: how many different ones there have to be, and what all are a multiple of.
FEWEST_ROUND, ROUND, HIGHEST_PERCENT = 2, 5, 90
# Totals called so are those before a discount.
_GROSS_TOTALS: Final = frozenset(
    {
        "grosssales",
        "grossamount",
        "grossrevenue",
        "grossturnover",
        "ventesbrutes",
        "ventasbrutas",
        "venditelorde",
    }
)

Taken = Callable[[Decimal, Decimal, Decimal], Decimal]


@dataclass(frozen=True, slots=True)
class Discounts:
    """How the discounts of a file are read.

    Attributes
    ----------
    percents : the field that holds discounts in percent; "" where they are amounts.
    are_shares : whether these are written as parts of 1.
    of_units : whether amounts are those of one unit; else of the line.
    """

    percents: str = ""
    are_shares: bool = False
    of_units: bool = False

    @property
    def note(self) -> str:
        """What the user should know of it; "" where it is the usual."""
        if self.are_shares:
            return f"Discounts are parts of the price: 0.2 in {self.percents} is 20 %."
        if self.percents == "discount":
            return "Discounts are percents of the price."
        return "Discounts are amounts of one unit, as the line totals say." if self.of_units else ""


# The net price of a unit, given price, quantity and discount; what is usual comes first.
_READINGS: Final[tuple[tuple[Discounts, Taken], ...]] = (
    (Discounts(), lambda price, quantity, off: price - off / quantity),
    (Discounts("discount"), lambda price, quantity, off: price * (1 - off / 100)),
    (Discounts("discount", are_shares=True), lambda price, quantity, off: price * (1 - off)),
    (Discounts(of_units=True), lambda price, quantity, off: price - off),
)


def is_before_discount(name: str) -> bool:
    """Whether a column's name says that its totals are those before discounts: "Gross sales"."""
    return normalise_name(name) in _GROSS_TOTALS


def read_discounts(
    cells: Mapping[str, Collection[str]],
    asked: Collection[str],
    sample: Sequence[tuple[Any, Any, Any, Any]] = (),
    *,
    are_used: bool = True,
) -> Discounts:
    """Decide what the discounts of a file are.

    Parameters
    ----------
    cells : the different cells of the columns "discount" and "discount_percent", as far as there are such columns.
    asked : the fields that the user or a known layout named columns for.
    sample : price, quantity, discount and line total of some rows; the totals decide where they can.
    are_used : whether discounts will be taken off at all.

    Raises
    ------
    UnreadableFile : they could be percents or amounts, and nothing tells.
    """
    if "discount_percent" in cells:
        return Discounts("discount_percent", _are_shares(cells["discount_percent"]))
    if "discount" not in cells or not are_used:
        return Discounts()
    texts = [str(cell).strip() for cell in cells["discount"]]
    if any(text.endswith("%") for text in texts):
        return Discounts("discount")
    if meaning := _meaning_from_totals(sample):
        return meaning
    if "discount" not in asked and not any(bare_number(text)[1] for text in texts):
        _ask(texts)
    return Discounts()


def _numbers(texts: Collection[object]) -> list[Decimal]:
    """The sizes of the discounts that are not 0."""
    written = [str(text).strip().removesuffix("%") for text in texts]
    numbers = [parse_number(text, ".") or parse_number(text, ",") for text in written]
    return [abs(number) for number in numbers if number]


def _are_shares(texts: Collection[object]) -> bool:
    sizes = _numbers(texts)
    signed = any(str(text).strip().endswith("%") for text in texts)
    return bool(sizes) and max(sizes) <= 1 and min(sizes) < 1 and not signed


def _meaning_from_totals(sample: Sequence[tuple[Any, Any, Any, Any]]) -> Discounts | None:
    """The reading under which prices less their discounts make up nearly all totals; None if none does."""
    rows = [
        (price, abs(quantity), abs(off), total)
        for price, quantity, off, total in sample
        if all(isinstance(each, Decimal) and each for each in (price, quantity, off))
        and isinstance(total, Decimal)
    ]
    for reading, net in _READINGS if rows else ():
        found = sum(fits(net(price, quantity, off), quantity, total) for price, quantity, off, total in rows)
        if found >= NEARLY_ALL * len(rows):
            return reading
    return None


def _ask(texts: Sequence[str]) -> None:
    sizes = _numbers(texts)
    which = 'Say which (option mapping, such as --map "Discount=discount" for amounts, or "Discount=discount_percent").'
    if _are_shares(texts):
        raise UnreadableFile(
            f"All discounts are below 1: they may be amounts of money or parts of the price. {which}"
        )
    written = [text for text in texts if _numbers([text])]
    whole = all(text.lstrip("-").isdigit() for text in written)
    if (
        whole
        and len({*sizes}) >= FEWEST_ROUND
        and all(size % ROUND == 0 and size <= HIGHEST_PERCENT for size in sizes)
    ):
        raise UnreadableFile(
            f"All discounts are whole numbers such as {min(sizes)} and {max(sizes)}: they may be percents or amounts of"
            f" money. {which}"
        )
