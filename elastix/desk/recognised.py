"""Translate sentences that are stored, or come as plain English, to the user's language.

What a service says by `elastix.texts` remembers its parts. An alert, a refused row of a file or the note of a price change was
written to the database in English, maybe by an earlier release: here it is recognised by the sentences with {names} of the
catalogue, so that a page can say it in the language of whoever reads it. Nothing else has to be stored for that.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from django.utils import translation
from django.utils.translation import trans_real

NAME: Final = re.compile(r"{(\w+)}")
SENTENCES_APART: Final = re.compile(r"(?<=[.!?]) (?=[A-Z])")
FEWEST_LETTERS: Final = 4
"""A sentence of fewer letters besides its names would be recognised in anything."""


class Known(NamedTuple):
    """A sentence of the catalogue: how it is recognised, and what it is in the language."""

    pattern: re.Pattern[str]
    said: str


def recognised(sentence: str, value: Callable[[str], str]) -> str | None:
    """A plain sentence, or some of them, in the active language; None where nothing of it is known.

    Parameters
    ----------
    value : writes in the language what stands in the place of a name: a number, a day, a clause.
    """
    language = translation.get_language() or ""
    if not sentence or language.partition("-")[0] == "en":
        return None
    if (whole := _one(sentence, language, value)) is not None:
        return whole
    pieces = SENTENCES_APART.split(sentence)
    found = [_one(each, language, value) for each in pieces] if len(pieces) > 1 else [None]
    if all(each is None for each in found):
        return None
    return " ".join(said if said is not None else piece for said, piece in zip(found, pieces, strict=True))


def _one(sentence: str, language: str, value: Callable[[str], str]) -> str | None:
    translated = translation.gettext(sentence)
    if translated != sentence:
        return translated
    for known in _known(language):
        if match := known.pattern.fullmatch(sentence):
            return known.said.format(**{name: value(each) for name, each in match.groupdict().items()})
    return None


@lru_cache
def _known(language: str) -> tuple[Known, ...]:
    """The sentences with names of a language, those with the most words of their own first."""
    # Django offers no other way to the sentences of a catalogue than to ask for each.
    catalogue = trans_real.translation(language)._catalog  # type: ignore[attr-defined]
    sentences = {key: said for key, said in catalogue.items() if isinstance(key, str) and NAME.search(key)}
    usable = [key for key in sentences if len(re.sub(r"\W", "", NAME.sub("", key))) >= FEWEST_LETTERS]
    usable.sort(key=lambda key: -len(NAME.sub("", key)))
    return tuple(Known(_pattern(key), sentences[key]) for key in usable)


def _pattern(sentence: str) -> re.Pattern[str]:
    """A pattern that matches a sentence with any values for its names; a repeated name has the same value."""
    pattern, seen, end = "", set(), 0
    for match in NAME.finditer(sentence):
        pattern += re.escape(sentence[end : match.start()])
        name, end = match.group(1), match.end()
        pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
        seen.add(name)
    return re.compile(pattern + re.escape(sentence[end:]), re.DOTALL)
