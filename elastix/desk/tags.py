"""Template tags of the desk: numbers and money in the user's language and the shop's currency, unknown ones as a dash."""

import datetime as dt
import json
import math
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import uuid4

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from elastix.currency import SIGNS
from elastix.desk.recognised import recognised
from elastix.desk.wording import in_page_words
from elastix.glossary import label_of, sentence_of
from elastix.shop import shop_currency

register = template.Library()

UNKNOWN = "\N{EN DASH}"
NO_BREAK = "\N{NO-BREAK SPACE}"
WORD = re.compile(r"[A-Z][A-Z_]+: ")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
DAY_IN_TEXT = re.compile(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])")
SEPARATED = re.compile(r"[+-]?(\d{1,3}(,\d{3})+(\.\d+)?|\d+\.\d+)")


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
        return f"{sign}{size}{NO_BREAK}{currency}"
    return f"{sign}{currency}{size}" if len(currency) == 1 else f"{sign}{currency}{NO_BREAK}{size}"


@register.filter
def percent(value: Any, places: int = 1) -> str:
    """A percentage, given as 0 to 100."""
    return f"{number(value, places)} %" if known(value) else UNKNOWN


@register.filter
def day(value: Any) -> str:
    """A day: 9 Dec 2011, in German 9. Dez 2011; a dash for none."""
    return _date(value, "")


@register.filter
def moment(value: Any) -> str:
    """A day and the time of day."""
    return _date(value, ", H:i")


def _date(value: Any, time: str) -> str:
    if not value:
        return UNKNOWN
    local = (
        timezone.localtime(value) if isinstance(value, dt.datetime) and timezone.is_aware(value) else value
    )
    return date_format(local, ("j. M Y" if translation.get_language() == "de" else "j M Y") + time)


@register.filter
def chance(probability: float | None) -> str:
    """A probability of 0 to 1 in percent; nothing that is estimated is certain."""
    if not known(probability):
        return UNKNOWN
    size = percent(min(max(100 * (probability or 0), 1), 99), 0)
    return f"> {size}" if (probability or 0) > 0.99 else f"< {size}" if (probability or 0) < 0.01 else size


@register.filter
def share(fraction: Any) -> str:
    """A fraction of 0 to 1 in whole percent."""
    return percent(100 * fraction, 0) if known(fraction) else UNKNOWN


@register.filter
def signed(text: str) -> str:
    """A formatted number with a plus where it has no minus."""
    return text if text.startswith(("-", UNKNOWN)) else f"+{text}"


@register.filter
def said(sentence: Any) -> str:
    """What a service says, in the user's language; as it stands where there is no translation of it."""
    return "".join(
        _in_language(each, values) for each, values in getattr(sentence, "parts", ((str(sentence), {}),))
    )


@register.filter
def warned(warning: Any) -> str:
    """A warning in the user's language, without the fixed word ("NEW_PRICE: ") by which programs know it."""
    sentence = said(warning)
    found = WORD.match(sentence)
    text = sentence[found.end() :] if found else sentence
    return text[:1].upper() + text[1:]


def _in_language(sentence: str, values: dict[str, Any]) -> str:
    sentence = in_page_words(sentence)
    if not values:
        return recognised(sentence, _written) or DAY_IN_TEXT.sub(_day_written, sentence)
    return translation.gettext(sentence).format(**{name: _value(value) for name, value in values.items()})


def _day_written(found: re.Match[str]) -> str:
    """A day within a sentence as the page writes days; what only looks like one stays."""
    try:
        return day(dt.date.fromisoformat(found[0]))
    except ValueError:
        return found[0]


def _written(text: str) -> str:
    """What stands in a sentence that was recognised, in the user's way: numbers, days, and clauses that are known."""
    if DAY.fullmatch(text):
        return day(dt.date.fromisoformat(text))
    if "," in text and all(DAY.fullmatch(each) for each in text.split(", ")):
        return ", ".join(map(_written, text.split(", ")))
    if ", " in text and all(translation.gettext(each) != each for each in text.split(", ")):
        return ", ".join(map(said, text.split(", ")))
    # Whole numbers without separators may be codes.
    if SEPARATED.fullmatch(text):
        plain = text.replace(",", "")
        sign = "+" if plain.startswith("+") else ""
        return sign + number(Decimal(plain), len(plain.partition(".")[2]))
    return said(text)


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        places = max(-int(value.as_tuple().exponent), 0)
        return number(value, places)
    if isinstance(value, dt.date):
        return day(value)
    return said(value) if isinstance(value, str) else value


@register.filter
def policy_source(source: str) -> str:
    """Where a setting comes from, as `EffectivePolicy.source` names it."""
    kind, _separator, name = source.partition(" ")
    if kind in ("category", "product") and name:
        return f"{translation.gettext(kind)} {name}"
    return translation.gettext(source) if source else ""


@register.filter
def who(name: str) -> str:
    """Who did something: the name of a user, or what acts by itself in the user's language; a dash for nobody."""
    # A user's name has no blanks; what acts by itself, such as "rule 3", is a sentence of the catalogue.
    return said(name) if " " in (name or "") else name or UNKNOWN


@register.filter
def pressed(chosen: str, value: str) -> str:
    """What aria-pressed says of the button of a value."""
    return "true" if chosen == value else "false"


@register.filter
def label(word: str) -> str:
    """A fixed word of the API, for people."""
    return label_of(word)


@register.filter
def described(word: str, kind: str = "") -> str:
    """The sentence that explains a fixed word, of a kind of the glossary where several have it; empty where it has none."""
    return sentence_of(word, kind)


@register.inclusion_tag("desk/term.html")
def term(word: str, shown: str = "") -> dict[str, str]:
    """A fixed word that opens the sentence explaining it: `{% term "FEW_DAYS" %}`, `{% term row.grade row.grade %}`.

    `shown` is what stands there; by default the word's label.
    """
    # Not counted: parts of a page that come later must not repeat what is there.
    return {
        "text": shown or label_of(word),
        "sentence": sentence_of(word),
        "name": f"term-{uuid4().hex[:10]}",
    }


@register.filter
def chart_data(data: Any, identifier: str) -> SafeString:
    """What a chart draws, beside it: `json_script` without a script, since htmx takes these out of what it swaps in."""
    return format_html('<div hidden id="{}">{}</div>', identifier, json.dumps(data, cls=DjangoJSONEncoder))


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
