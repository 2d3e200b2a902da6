"""The file of refused rows, made to be corrected and loaded again."""

import csv
from collections.abc import Iterable, Sequence
from typing import Protocol

from elastix.imports.core.records import Reject
from elastix.imports.core.values import neutralise_formula, storable

REJECT_COLUMNS = ("line", "reason", "message")


class TextSink(Protocol):
    """Anything that text can be written to."""

    def write(self, text: str, /) -> object: ...


def write_rejects(sink: TextSink, header: Sequence[str], rejects: Iterable[Reject]) -> int:
    """Write refused rows as CSV: line, reason, message, then the columns of the original file.

    Whatever a spreadsheet would take for a formula is written behind an apostrophe, which the reader takes
    off again. The columns of the refusal are ignored when the file is loaded again.

    Parameters
    ----------
    sink : where the text goes; for a file on disk open it with newline="".
    header : the names of the original columns.

    Returns
    -------
    How many rows were written.
    """
    writer = csv.writer(sink)
    writer.writerow([*REJECT_COLUMNS, *map(_safe, header)])
    written = 0
    for refusal in rejects:
        cells = map(_safe, refusal.raw_row)
        writer.writerow([refusal.line, refusal.reason, _safe(refusal.message), *cells])
        written += 1
    return written


def _safe(text: str) -> str:
    return neutralise_formula(storable(text))
