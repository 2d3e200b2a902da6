"""Facts about a sales file as a whole: its currency, and the meaning of its statuses and marks."""

import re
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Final

from elastix.currency import SIGNS
from elastix.imports.core import UnreadableFile
from elastix.imports.core.dates import parse_date
from elastix.imports.core.numbers import without_measure
from pricing.sales.core.sale_words import PAIRS, Meaning, is_yes, meaning, plain
from pricing.sales.core.till_words import read_types

MOST_NAMED: Final = 5
# Of whole prices that may be cents: how many there have to be, their median, and the share that ends in 9 or 5.
FEWEST_PRICES, SMALLEST_MEDIAN, ENDINGS = 5, 100, 0.6
# A dollar sign may be that of many currencies.
_NAMES: Final = {
    "euro": "EUR", "euros": "EUR", "us dollar": "USD", "us dollars": "USD", "pound": "GBP", "pounds": "GBP",
    "pound sterling": "GBP", "british pound": "GBP", "schweizer franken": "CHF", "franken": "CHF", "swiss franc": "CHF",
}  # fmt: skip
_OF_SIGN: Final[dict[str, str]] = {
    **{sign: code for code, sign in SIGNS.items() if sign != "$"},
    "US$": "USD",
    "FR.": "CHF",
    "FR": "CHF",
    "SFR.": "CHF",
    "\u20b9": "INR",
    **{name.upper(): code for name, code in _NAMES.items()},
}

# Signs of several currencies.
_SHARED: Final = {
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "UYU"}),
    "RS": frozenset({"INR", "PKR"}),
    "RS.": frozenset({"INR", "PKR"}),
}


def currency_code(text: str) -> str:
    """The code of a currency that a file names by its code or its sign."""
    written = text.strip().upper()
    return _OF_SIGN.get(written, written)


def in_other_currency(texts: Sequence[object], currency: str) -> Iterator[tuple[int, str, str]]:
    """Yield the rows whose currency is not the chosen one, with reason and message; none where no currency was chosen."""
    for row, text in enumerate(texts if currency else ()):
        if type(text) is str and text and currency_code(text) != currency:
            yield row, "other_currency", f"The price is in {text}; only those in {currency} are read."


def _codes(texts: Collection[str]) -> list[str]:
    """The codes of the currencies that a file names; a sign that several share is that of the one code beside it."""
    codes = {currency_code(each) for each in texts}
    if len(codes) == 2 and (shared := codes & _SHARED.keys()) and codes - shared <= _SHARED[min(shared)]:
        codes -= shared
    return sorted(codes)


def chosen_currency(named: Collection[str], beside: Collection[str], wanted: str) -> str:
    """Decide which currency's rows count.

    Parameters
    ----------
    named : the different values of the column of currencies.
    beside : the currencies that stand beside prices.
    wanted : the currency that the user chose, "" if none.

    Returns
    -------
    The currency, or "" where there is nothing to choose.

    Raises
    ------
    UnreadableFile : there are several and none was chosen, or the chosen one is not among them.
    """
    codes = _codes(named)
    listed = ", ".join(codes[:MOST_NAMED])
    if len(codes) > 1 and not wanted:
        raise UnreadableFile(
            f"The file has prices in {len(codes)} currencies ({listed}): choose the one whose rows are to be read"
            f" (option currency; on the command line --currency {codes[0]}), or split the file."
        )
    if wanted and codes and wanted not in codes:
        raise UnreadableFile(f"No price of the file is in {wanted}: its currencies are {listed}.")
    signs = _codes(beside)
    if len(signs) > 1 and not codes:
        raise UnreadableFile(
            f"Prices of the file are in several currencies ({', '.join(signs[:MOST_NAMED])}): split the file by currency."
        )
    return wanted if len(codes) > 1 else ""


def other_currency(named: Collection[str], beside: Collection[str], shop: str) -> str:
    """The one currency that all of a file's prices are in, if it is not the shop's; else "".

    A sign that several currencies share says nothing where the shop's is one of them.
    """
    codes = {currency_code(each) for each in (*named, *beside)}
    (code,) = codes if len(codes) == 1 else {shop}
    return "" if code == shop or shop in _SHARED.get(code, ()) else code


def foreign_costs(written: Collection[str], shop: str) -> str:
    """A note about the currencies beside the amounts of a file of products, where any is not the shop's."""
    codes = {currency_code(each) for each in written}
    foreign = sorted(code for code in codes if code != shop and shop not in _SHARED.get(code, ()))
    return (
        f"Amounts are in {', '.join(foreign)}, the shop's currency is {shop}: they are not converted."
        if foreign
        else ""
    )


def read_meanings(
    name: str, texts: Collection[str], *, of_lines: bool = False
) -> tuple[dict[str, Meaning], str]:
    """What the values of a column of statuses or types mean, and a note about those that are not known.

    A column none of whose values is known says nothing about sales ("type" may be the type of product): no meanings.

    Parameters
    ----------
    of_lines : whether the column is one of types of lines, not of statuses.
    """
    letters = {text: plain(text) for text in texts}
    pair = PAIRS.get(frozenset(letters.values()), {})
    known = {
        text: found
        for text in texts
        if (found := pair.get(letters[text]) or meaning(text, of_lines=of_lines))
    }
    if of_lines:
        known = read_types(letters, known)
    unknown = sorted(set(texts) - set(known))
    if not unknown:
        return known, ""
    shown = ", ".join(f'"{text}"' for text in unknown[:MOST_NAMED])
    if not known:
        return {}, f"The values of {name} ({shown}) say nothing about sales: the column is not used."
    return known, f"The values {shown} of {name} are not known: their rows count as sales."


# What a line with a yes in a column of that field is; of `paid`, one with a no.
MARKS: Final[dict[str, Meaning]] = {
    "is_return": Meaning.REFUND,
    "returned": Meaning.UNDONE,
    "cancelled": Meaning.VOID,
    "paid": Meaning.VOID,
}


def read_marks(field: str, name: str, texts: Collection[str]) -> tuple[dict[str, Meaning], str]:
    """What the values of a column of yes and no mean, and a note if it is no such column; a date says yes.

    Parameters
    ----------
    field : a key of MARKS.
    name : the column's own.
    texts : its different values, blanks left out.
    """
    said = {text: True if parse_date(text) and len(text) > 1 else is_yes(text) for text in texts}
    if len(said) == 1 and (letter := plain(*texts)) and len(letter) == 1 and plain(name).startswith(letter):
        said = dict.fromkeys(texts, True)  # "V" in a column "Void"
    if unknown := sorted(text for text, yes in said.items() if yes is None):
        shown = ", ".join(f'"{text}"' for text in unknown[:MOST_NAMED])
        return (
            {},
            f"The values of {name} ({shown}) say neither yes nor no: the column is not used. Map what matters.",
        )
    return {text: MARKS[field] for text, yes in said.items() if yes == (field != "paid")}, ""


def look_like_cents(prices: Collection[Decimal]) -> bool:
    """Whether prices are whole numbers with the endings of prices in cents: 1099, 1299, 2495."""
    sold = sorted(abs(price) for price in prices if price)
    if (
        len(sold) < FEWEST_PRICES
        or sold[len(sold) // 2] < SMALLEST_MEDIAN
        or any(price % 1 for price in sold)
    ):
        return False
    return sum(price % 10 in (9, 5) for price in sold) >= ENDINGS * len(sold)


# Units of one kind: of a product sold in both nobody could add up the quantities.
_KINDS_OF_UNITS: Final = (
    frozenset({"kg", "g", "gr", "mg", "lb", "lbs", "oz"}),
    frozenset({"l", "ml", "cl"}),
    frozenset({"m", "cm", "mm"}),
)


def read_units(cells: Collection[object]) -> str:
    """A note about the units that stand beside quantities, "" if none do.

    Raises
    ------
    UnreadableFile : quantities are in several units of one kind, such as grams and kilos.
    """
    units = {without_measure(cell.strip())[1] for cell in cells if isinstance(cell, str)} - {""}
    for kind in _KINDS_OF_UNITS:
        if len(mixed := sorted(units & kind)) > 1:
            raise UnreadableFile(
                f"Quantities are in several units ({', '.join(mixed)}): bring them to one, so that they can be added up."
            )
    return f"Units beside quantities ({', '.join(sorted(units))}) were taken off." if units else ""


_TELLING: Final = re.compile(
    r"\b(?:per|pro|je|par) \d|^pe$|preiseinheit|tax|\bvat\b|mwst|\bust\b|\btva\b|\biva\b|\bbtw\b|steuer|"
    r"discount|rabatt|remise|descuento|sconto|korting|status|refund|"
    r"currency|w[aä]hrung|cancel|storn|annul|void|channel|store|filiale|return|retour|\breso\b|devol|r[uü]ckgabe|coupon|voucher|"
    r"gutschein|^units?( of measure)?$|^uom$|einheit|^unit[eéà]$|^unidad$|^eenheid$|\bpack|gebinde",
    re.IGNORECASE,
)


_TELLING_OF_COSTS: Final = re.compile(
    r"\b(?:per|pro|je|par) \d|tax|\bvat\b|mwst|\bust\b|\btva\b|\biva\b|\bbtw\b|currency|w[aä]hrung|devise|moneda|valuta|"
    r"\bpack|\bcase\b|gebinde|^uom$|^units?( of measure)?$|einheit|price unit|^pe$|^vpe$|^ve$|"
    r"min\.? (?:qty|quantity)|\bmoq\b|mindest|staffel|\btiers?\b|ab menge|\bvalid|g[uü]ltig|effective date|"
    r"discount|rabatt|remise|descuento|sconto|korting|freight|\bduty|fracht|\bzoll|warehouse|\blager(?:ort|platz)|"
    r"\bcosts?\b|kosten|einkauf|\bek\b|prix d.achat|\bco[uû]ts?\b|\bcostes?\b|\bcosto|inkoop",
    re.IGNORECASE,
)


def warned_of(ignored: Collection[str], *, of_costs: bool = False) -> list[str]:
    """The columns that are not read although their names say that they could change what a price or a line means."""
    telling = _TELLING_OF_COSTS if of_costs else _TELLING
    return sorted(name for name in ignored if telling.search(name.replace("_", " ")))
