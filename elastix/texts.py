"""Sentences of the product: English for programs, and in any language for pages.

Services answer in English whoever asks. A `Text` is that English, and remembers the sentence it was made of and the values
in it, so that a page can say the same in the user's language (`elastix.desk.tags.said`).
"""

from collections.abc import Iterable
from typing import Any


class Text(str):
    """English text that knows its parts: sentences with {names}, and the values of these."""

    parts: tuple[tuple[str, dict[str, Any]], ...]


def text(sentence: str, **values: Any) -> Text:
    """Fill a sentence.

    Parameters
    ----------
    values : by the names in the sentence; a value may be a text itself. Decimals are written in the reader's way.
    """
    made = Text(sentence.format(**values))
    made.parts = ((sentence, values),)
    return made


def joined(pieces: Iterable[str], separator: str = " ") -> Text:
    """Texts one after the other; empty ones are left out."""
    parts: list[tuple[str, dict[str, Any]]] = []
    for piece in pieces:
        if piece:
            parts += [(separator, {})] if parts else []
            parts += getattr(piece, "parts", ((piece, {}),))
    made = Text("".join(sentence.format(**values) if values else sentence for sentence, values in parts))
    made.parts = tuple(parts)
    return made
