"""A first look at a file: what kind it is, its columns and first rows, also where it cannot be read yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from elastix.imports.core.archives import unzipped
from elastix.imports.core.columns import Header
from elastix.imports.core.fields import FileSchema
from elastix.imports.core.options import Options
from elastix.imports.core.reader import find_table
from elastix.imports.core.values import cell_text

ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class Preview:
    """The columns of a file as they look to one schema.

    Attributes
    ----------
    names : of the columns; one without a name is called by its place: "#3".
    fields : the field of each column, "" where it has none.
    missing : fields without which the file cannot be read.
    rows : the first rows as texts, each as wide as `names`.
    remembered : whether a mapping that somebody gave for the same columns before was used.
    """

    names: tuple[str, ...]
    fields: tuple[str, ...]
    missing: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    remembered: bool

    @property
    def fit(self) -> tuple[bool, int]:
        """How well the file fits the schema; the larger the better."""
        return not self.missing, len([field for field in self.fields if field])


def preview(source: BinaryIO, schemas: Mapping[str, FileSchema], options: Options) -> dict[str, Preview]:
    """Look at a file as each of the schemas sees it.

    Raises
    ------
    UnreadableFile : if it is no table at all.
    """
    tables = find_table(unzipped(source, options.max_bytes)[0], schemas, options)
    return {name: _preview(header) for name, (_, header, _) in tables.items()}


def recognise(previews: Mapping[str, Preview]) -> str:
    """Name the schema that a file fits best: one that misses nothing, then the one with most fields, then the first."""
    return max(previews, key=lambda name: previews[name].fit)


def _preview(header: Header) -> Preview:
    width = len(header.names)
    fields = [""] * width
    for field, places in header.candidates.items():
        # A column that stands in for a second field is shown as the first.
        for place in places:
            fields[place] = fields[place] or field
    rows = [tuple(cell_text(cell) for cell in row[:width]) for row in header.samples[:ROWS]]
    return Preview(
        names=tuple(name or f"#{place}" for place, name in enumerate(header.names, 1)),
        fields=tuple(fields),
        missing=header.missing,
        rows=tuple(row + ("",) * (width - len(row)) for row in rows),
        remembered=header.remembered,
    )
