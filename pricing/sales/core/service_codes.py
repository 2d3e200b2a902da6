"""Product codes: their normal form, and which of them stand for services rather than merchandise."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

LONGEST_CODE: Final = 50

# `*` stands for any text, `?` for one character, `#` for one or more digits.
DEFAULT: Final[tuple[str, ...]] = (
    "POST", "DOT", "M", "D", "S", "B", "C2", "C3", "CRUK", "PADS", "BANK CHARGES", "AMAZONFEE", "ADJUST*", "TEST*",
    "GIFT", "GIFT_*", "SP#",
    "DELIVERY", "DISCOUNT", "FREIGHT", "GIFT CARD", "GIFTCARD", "POSTAGE", "SHIPPING", "TIP", "VOUCHER",
    "PFAND", "PORTO", "TRINKGELD", "VERSAND", "VERSANDKOSTEN", "STATIEGELD", "VERZENDKOSTEN",
)  # fmt: skip

# In English, German and Dutch the last word says what a thing is ("next day carriage", "Flaschenpfand") ...
FEE_WORDS: Final[tuple[str, ...]] = (
    "ADJUST", "CARRIAGE", "CHARGE", "COMMISSION", "DELIVERY", "DEPOSIT", "DISCOUNT", "FEE", "FEES", "FREIGHT", "GRATUITY",
    "POSTAGE", "REFUND", "SHIPPING", "SURCHARGE", "TIP", "TIPS", "VOUCHER", "GIFT CARD", "GIFT CERTIFICATE",
    "TAX", "VAT", "ROUNDING", "COUPON", "PROMO CODE", "PERCENT OFF", "OFF", "MWST", "BTW", "RUNDUNG",
    "AUFSCHLAG", "GEBÜHR", "GEBÜHREN", "GUTSCHEIN", "LIEFERKOSTEN", "PFAND", "PORTO", "RABATT", "TRINKGELD", "VERSAND",
    "VERSANDKOSTEN", "ZUSCHLAG", "CADEAUBON", "CADEAUKAART", "FOOI", "KORTING", "STATIEGELD", "TOESLAG", "VERZENDKOSTEN",
)  # fmt: skip
# ... and joins on to others.
FEE_ENDINGS: Final[tuple[str, ...]] = (
    "GEBÜHR",
    "GUTSCHEIN",
    "PFAND",
    "PFANDGELD",
    "RABATT",
    "VERSANDKOSTEN",
    "ZUSCHLAG",
)
# In French, Spanish and Italian it is the first ("frais de port").
FEE_BEGINNINGS: Final[tuple[str, ...]] = (
    "CARTE CADEAU", "CHÈQUE CADEAU", "CONSIGNE", "FRAIS", "LIVRAISON", "POURBOIRE", "REMISE",
    "COMISIÓN", "DESCUENTO", "ENVÍO", "GASTOS DE", "PROPINA", "RECARGO", "TARJETA REGALO",
    "BUONO REGALO", "CARTA REGALO", "CAUZIONE", "COMMISSIONE", "MANCIA", "SCONTO", "SPEDIZIONE", "SPESE DI",
)  # fmt: skip

# Blanks of other widths, which exports put where people type a space.
_BLANKS: Final = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


@dataclass(frozen=True, slots=True)
class ServiceCodeSuggestion:
    """A code that looks like a service although no pattern names it.

    Attributes
    ----------
    code : the product code.
    lines : how many lines it has.
    reason : "negative_prices" or "fee_description".
    """

    code: str
    lines: int
    reason: str


def normalise_code(text: str) -> str:
    """Strip and upper-case a product code, as it is stored and compared.

    Letters of every script are composed (Unicode NFC), so that an accent typed as a sign of its own is the same code.
    A letter without a capital of its own stays as it is: "ß" and "SS" are two codes.

    Raises
    ------
    ValueError : if nothing is left, it is longer than 50 characters, or holds control characters, others that are invisible, or
        the sign for broken text.
    """
    code = text.strip() if text.isascii() else unicodedata.normalize("NFC", _BLANKS.sub(" ", text)).strip()
    shown = code if len(code) <= LONGEST_CODE else f"{code[:LONGEST_CODE]}..."
    if not code:
        raise ValueError("A product code must not be empty.")
    if len(code) > LONGEST_CODE:
        raise ValueError(f"Product code {shown!r} is longer than {LONGEST_CODE} characters.")
    # U+FFFD stands for bytes that were no text.
    if not code.isprintable() or "\ufffd" in code:
        raise ValueError(f"Product code {shown!r} must not hold characters that are invisible or broken.")
    return code.upper() if code.isascii() else unicodedata.normalize("NFC", "".join(map(_capital, code)))


def _capital(letter: str) -> str:
    """The capital of a letter, unless that is several letters or an ASCII one, which would make two codes one."""
    capital = letter.upper()
    return letter if len(capital) > 1 or (capital.isascii() and not letter.isascii()) else capital


def is_service_code(code: str, patterns: Sequence[str] = DEFAULT) -> bool:
    """Tell whether a normalised code matches one of the patterns.

    In a pattern `*` stands for any text, `?` for one character and `#` for one or more digits; everything
    else matches itself. "SP#" matches SP1002 but not SPOON or SP.
    """
    return _matcher(tuple(patterns)).fullmatch(code) is not None


def suggest_service_codes(
    codes: Sequence[str],
    descriptions: Sequence[str],
    lines: Sequence[int],
    negative: Sequence[int],
    *,
    patterns: Sequence[str] = DEFAULT,
    fee_words: Iterable[str] = FEE_WORDS,
) -> list[ServiceCodeSuggestion]:
    """Find codes that are probably services: most of their prices negative, or described as a fee.

    Parameters
    ----------
    codes, descriptions : (P,) normalised code and description of each product.
    lines, negative : (P,) number of lines of each product, and of those with a price below 0.
    patterns : codes that match them are known as services already and left out.
    fee_words : words that, as the last of a description, make it that of a fee: "Next day carriage" is one, "French carriage
        lantern" is not. Digits and currency signs after it do not count. `FEE_ENDINGS` and `FEE_BEGINNINGS` do so, too.

    Returns
    -------
    Suggestions in the order of the codes; products without lines are never suggested.
    """
    last, first = (tuple(f" {word.upper()} " for word in words) for words in (fee_words, FEE_BEGINNINGS))
    suggestions = []
    for code, text, count, below in zip(codes, descriptions, lines, negative, strict=True):
        words = " ".join(["", *re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", text.upper())), ""])
        fee = words.endswith(last) or words.startswith(first) or words.rstrip().endswith(FEE_ENDINGS)
        mostly_negative = 2 * below > count
        if count and (mostly_negative or fee) and not is_service_code(code, patterns):
            reason = "negative_prices" if mostly_negative else "fee_description"
            suggestions.append(ServiceCodeSuggestion(code, count, reason))
    return sorted(suggestions, key=lambda suggestion: suggestion.code)


@lru_cache(maxsize=32)
def _matcher(patterns: tuple[str, ...]) -> re.Pattern[str]:
    wildcards = {"*": ".*", "?": ".", "#": "[0-9]+"}
    alternatives = ("".join(wildcards.get(sign, re.escape(sign)) for sign in pattern) for pattern in patterns)
    return re.compile("|".join(f"(?:{alternative})" for alternative in alternatives) or r"(?!)", re.DOTALL)
