"""What services say of files and of the installation, in the words of the desk.

Services speak to the command line and to the API: of options, flags and names of fields. A page has fields and tick boxes
in their place; which words stand for which is decided here alone.
"""

import re
from collections.abc import Callable
from typing import Final

from django.utils import translation

from elastix.glossary.words import LABELS

_COLUMNS: Final = "under “What each column holds”"
_Words = str | Callable[[re.Match[str]], str]


def in_page_words(sentence: str) -> str:
    """An English sentence of a service as a page says it; as it stands where it names nothing of the kind."""
    for pattern, words in _TABLE:
        sentence = pattern.sub(words, sentence)
    return sentence


def _field(name: str) -> str:
    """The English name that the page has for a field or a tick box: sentences are translated as wholes afterwards."""
    with translation.override("en"):
        return str(LABELS.get(name, name))


def _mapping(found: re.Match[str]) -> str:
    """`--map "Paid=unit_price"` as the choice below a column."""
    column, _, field = found[1].rpartition("=")
    return f"“{column}” as {_field(field) if field else 'not read'}"


def _fields(found: re.Match[str]) -> str:
    names = found[2].split(", ")
    return found[1] + ", ".join(map(_field, names)) + found[3]


def _tick(found: re.Match[str]) -> str:
    return f"tick “{_field(found[1])}” under “Accept all the same”"


_TABLE: Final[tuple[tuple[re.Pattern[str], _Words], ...]] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"(No column was found for )([\w, ]+)(\.)", _fields),
        (r"(could all be )(\w+)(:)", _fields),
        (r"(\" \()(\w+)(\))", _fields),
        (r" \(option mapping(?:[:;,] .*?)?\)", f" {_COLUMNS}"),
        (r'--map "([^"]*)"', _mapping),
        (r" \(option decimal_mark\)", " under “Decimal mark”"),
        (r" \(option date_order(?::[^)]*)?\)", " under “Order of dates”"),
        (r" \(option currency; on the command line --currency \w+\)", " under “Only this currency”"),
        (r"\baccept ([a-z]+_[a-z_]+)(?: \(option accept\))?", _tick),
        (r" \(import [0-9a-f-]{36}, \w+\)", ""),
        (r", set `force`\.", ", tick “Import it even if the same file was imported before”."),
        (
            r" unless their kind is set to service \(admin, or SERVICE_CODE_PATTERNS\)\.",
            " unless an administrator sets their kind to service.",
        ),
        (
            r"Set the kind of one that is a product to merchandise \(admin\)\.",
            "An administrator sets one that is a product to merchandise.",
        ),
        (
            r"Second opinions \(methods dml and ml\) need scikit-learn, which is not installed here\."
            r" Install requirements-extra\.txt and restart: they are then learned within minutes\.",
            "Second opinions are not installed here: whoever keeps the server can add them.",
        ),
        (
            r"The boosted forecast needs scikit-learn, which is not installed here\."
            r" Install requirements-extra\.txt and restart: it is then computed within minutes\.",
            "The boosted forecast is not installed here: whoever keeps the server can add it.",
        ),
    )
)
