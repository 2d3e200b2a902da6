"""The row type of the glossary's tables."""

from typing import Any

# A label and a sentence for each fixed word, both translated when they are shown.
Words = dict[str, tuple[Any, Any]]
