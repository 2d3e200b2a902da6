"""What files of competitors' prices say beside a price: whether one can buy at it, and who asks it; in six languages."""

import re
from collections.abc import Collection
from typing import Final

from pricing.sales.core.sale_words import is_yes, plain

MOST_NAMED: Final = 5


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(f" {plain(phrase)} " for phrase in text.split(","))


_SOLD_OUT: Final = _phrases(
    """
    out of stock, outofstock, oos, sold out, soldout, unavailable, not available, discontinued, no stock, not in stock, no longer
    available, not for sale, error, not found, 404, removed, delisted, no match, not matched,
    ausverkauft, nicht verfugbar, nicht lieferbar, nicht auf lager, nicht lagernd, vergriffen, nicht vorratig, nicht bestellbar,
    kein bestand, nicht gefunden, nicht mehr lieferbar, rupture, rupture de stock, epuise, epuisee, indisponible, non disponible,
    hors stock, pas en stock, agotado, agotada, sin stock, no disponible, fuera de stock, sin existencias, esaurito, esaurita,
    non disponibile, non in stock, uitverkocht, niet op voorraad, niet beschikbaar, niet leverbaar
    """
)
_ON_SALE: Final = _phrases(
    """
    in stock, instock, available, availability, limitedavailability, onlineonly, instoreonly, preorder, pre order, backorder,
    back order, ok, success, matched, found, auf lager, lagernd, lieferbar, verfugbar, vorratig, bestellbar, en stock, disponible,
    dispo, en existencia, en existencias, in magazzino, disponibile, op voorraad, leverbaar, beschikbaar
    """
)
_USED: Final = _phrases(
    """
    used, refurbished, renewed, reconditioned, pre owned, preowned, second hand, secondhand, open box, damaged, parts,
    collectible, gebraucht, generaluberholt, erneuert, aufbereitet, b ware, defekt, occasion, reconditionne, reconditionnee,
    like new, as new, wie neu, neuwertig, comme neuf, como nuevo, come nuovo, als nieuw, usage,
    usado, usada, reacondicionado, reacondicionada, segunda mano, usato, usata, ricondizionato, ricondizionata,
    gebruikt, tweedehands
    """
)
_NEW: Final = _phrases("new, brand new, neu, neuware, neuf, neuve, nuevo, nueva, nuovo, nuova, nieuw")
_SCHEMA_ORG: Final = re.compile(r"^https?://schema\.org/", re.IGNORECASE)
_PIECES: Final = re.compile(
    r"(?:[<>~\u2265\u2264] ?)?([+-]?[0-9]+(?:\.[0-9]+)?) ?\+?(?: ?(?:pcs|pieces|units|stk|st\u00fcck|left|in stock)\.?)?",
    re.IGNORECASE,
)
FIRST_ERROR: Final = 300  # of the status codes of HTTP
_HOST: Final = re.compile(
    r"(?:https?://)?(?:[^/@]*@)?(?:www\.)?([a-z0-9](?:[a-z0-9-]*\.)+[a-z]{2,})(?::[0-9]+)?(?:[/?#].*)?",
    re.IGNORECASE,
)
_TELLING: Final = re.compile(
    r"shipping|postage|delivery cost|versand|porto|livraison|env[i\u00ed]o|spedizione|verzend|pack|bundle|multipack|gebinde|"
    r"per \d|grundpreis|\bvat\b|\btax|mwst|\btva\b|\biva\b|\bbtw\b|coupon|voucher|gutschein|cashback|match|variant|variante|"
    r"min\.? qty|mindest|effective date|valid|g[u\u00fc]ltig|country|region|discount|rabatt|remise|descuento|sconto|korting",
    re.IGNORECASE,
)


def can_be_bought(text: str, *, is_status: bool = False) -> bool | None:
    """Whether an availability says that the product can be bought; a number of pieces says so, too. None if it says neither.

    Parameters
    ----------
    is_status : whether the column is called a status: a number of three digits may be that of a page (404) there.
    """
    bare = _SCHEMA_ORG.sub("", text.strip())
    if pieces := _PIECES.fullmatch(bare):
        number = float(pieces[1])
        return 0 < number < FIRST_ERROR if is_status else number > 0
    words = f" {plain(bare)} "
    if any(phrase in words for phrase in _SOLD_OUT):
        return False
    return True if any(phrase in words for phrase in _ON_SALE) else is_yes(bare)


def is_new(text: str) -> bool | None:
    """Whether a condition says that the product is new; None if it says nothing known."""
    words = f" {plain(text)} "
    if any(phrase in words for phrase in _USED):
        return False
    return True if any(phrase in words for phrase in _NEW) else None


def unknown_values(name: str, texts: Collection[str], known: Collection[str]) -> str:
    """A note about the values of a column that are not known, "" if all are."""
    unknown = sorted({*texts} - {*known})
    if not unknown:
        return ""
    shown = ", ".join(f'"{text}"' for text in unknown[:MOST_NAMED])
    if len(unknown) == len({*texts}):
        return f"The values of {name} ({shown}) say nothing known: the column is not used."
    return f"The values {shown} of {name} are not known: the prices of their rows count."


def seller_name(text: str) -> str:
    """A competitor's name; of an address on the web the host, without "www."."""
    match = _HOST.fullmatch(text)
    return match[1].lower() if match else text


def is_address(text: str) -> bool:
    """Whether a text is an address on the web, or a host."""
    return _HOST.fullmatch(text) is not None


def warned_of_offers(ignored: Collection[str]) -> list[str]:
    """The columns that are not read although their names say that they could change what a price means."""
    return sorted(name for name in ignored if _TELLING.search(name.replace("_", " ")))
