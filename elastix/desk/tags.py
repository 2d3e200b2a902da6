"""Template tags of the desk: numbers and money in the user's language and the shop's currency, unknown ones as a dash."""

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import translation
from django.utils.formats import number_format

from elastix.currency import SIGNS
from elastix.desk.words import DESCRIPTIONS, LABELS
from elastix.shop import shop_currency

register = template.Library()

UNKNOWN = "\N{EN DASH}"


def _rounded(value: Any, places: int) -> Decimal:
    """Half a unit is rounded up, as people do; there is no -0."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) + 0


@register.filter
def number(value: Any, places: int = 0) -> str:
    """A number with thousands separated."""
    # Django's own formatting cuts off what it does not show.
    return number_format(_rounded(value, places), places, force_grouping=True) if known(value) else UNKNOWN


@register.filter
def money(value: Any, places: int | None = None) -> str:
    """An amount in the shop's currency, its sign where readers of the language expect it."""
    if not known(value):
        return UNKNOWN
    shop = shop_currency()
    currency = SIGNS.get(shop.code, shop.code)
    places = shop.decimals if places is None else places
    amount = _rounded(value, places)
    sign, size = "-" if amount < 0 else "", number(abs(amount), places)
    if translation.get_language() == "de":
        return f"{sign}{size} {currency}"
    return f"{sign}{currency}{size}" if len(currency) == 1 else f"{sign}{currency} {size}"


@register.filter
def percent(value: Any, places: int = 1) -> str:
    """A percentage, given as 0 to 100."""
    return f"{number(value, places)} %" if known(value) else UNKNOWN


@register.filter
def chance(probability: float | None) -> str:
    """A probability of 0 to 1 in percent; nothing that is estimated is certain."""
    if not known(probability):
        return UNKNOWN
    size = percent(min(max(100 * (probability or 0), 1), 99), 0)
    return f"> {size}" if (probability or 0) > 0.99 else f"< {size}" if (probability or 0) < 0.01 else size


@register.filter
def signed(text: str) -> str:
    """A formatted number with a plus where it has no minus."""
    return text if text.startswith(("-", UNKNOWN)) else f"+{text}"


@register.filter
def label(word: str) -> str:
    """A fixed word of the API, for people."""
    return str(LABELS.get(word, word))


@register.filter
def described(word: str) -> str:
    """The sentence that explains a fixed word; empty where it has none."""
    return str(DESCRIPTIONS.get(word, ""))


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: Any) -> str:
    """The page's own address with some parameters changed; empty ones are left out."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in (None, ""):
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else request.path


@register.filter
def known(value: Any) -> bool:
    """Whether there is a number: neither None nor nan."""
    return value is not None and math.isfinite(value)
