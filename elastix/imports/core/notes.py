"""What the user should know of how a file is read."""

from collections.abc import Iterator, Mapping

from elastix.imports.core.columns import Columns, Header
from elastix.imports.core.fields import (
    DateOrder,
    DecimalSeparator,
    FileSchema,
    is_in_minor_units,
    is_in_thousands,
)
from elastix.imports.core.records import TextRecords
from elastix.imports.core.sheets import SheetRecords
from elastix.imports.core.sniff import Sniffed
from elastix.imports.core.values import shown


def reading_notes(
    records: TextRecords | SheetRecords,
    header: Header,
    seen: Sniffed,
    order: DateOrder | None,
    columns: Columns,
    schema: FileSchema,
) -> Iterator[str]:
    """Sentences about the table, its header, numbers and dates."""
    if isinstance(records, SheetRecords):
        yield from records.notes
    elif words := records.layout.doubtful_words:
        yield (
            f"The file was read as {records.layout.encoding}, which was guessed:"
            f" name the encoding if {', '.join(map(shown, words))} look wrong."
        )
    if header.skipped:
        yield f"{header.skipped} rows above the header (line {header.line}) were passed over."
    if header.layout:
        yield f"The file was recognised as {header.layout.title}."
    if header.remembered:
        yield "The columns are read as somebody said for a file of the same columns before."
    for field in schema:
        label = columns.names[columns.position[field.name]] if field.name in columns.position else ""
        several = [columns.names[place] for place in header.candidates.get(field.name, ())]
        if field.ranked and len(several) > 1:
            listed = ", ".join(map(shown, several))
            yield f"Of the columns {listed}, {shown(label)} is read as {field.name}: map another if it is wrong."
        if field.money and is_in_minor_units(label):
            yield f"{shown(label)} is in hundredths: its amounts were divided by 100."
        if (field.money or field.units) and is_in_thousands(label):
            yield f"{shown(label)} is in thousands: its numbers were multiplied by 1,000."
    if order and seen.dates.against(order):
        yield f"Some dates do not exist {order}; those rows are rejected."
    if any(each.point and each.comma for each in seen.separators.values()):
        yield "Some numbers have another decimal separator than the others; those rows are rejected."
    if seen.dates_half_converted:
        yield (
            "Dates up to the 12th are date cells and all later ones are text: a spreadsheet has probably"
            " swapped day and month of the former. Check them."
        )


def grouped_notes(
    seen: Sniffed,
    columns: Columns,
    schema: FileSchema,
    mark: DecimalSeparator,
    marks: Mapping[str, DecimalSeparator],
) -> Iterator[str]:
    """Sentences about amounts such as 1.234 that count as thousands, since others of their column have a decimal comma."""
    for name, evidence in seen.separators.items():
        separator = marks.get(name, mark)
        grouped = evidence.examples.get("either ." if separator == "," else "either ,")
        telling = evidence.examples.get("comma" if separator == "," else "point")
        if schema[name].money and grouped and telling:
            label = columns.names[columns.position[name]]
            yield (
                f"{shown(label)} has {grouped}, which is read as thousands, since {telling} has decimals:"
                " say which decimal mark the file has if that is wrong."
            )
