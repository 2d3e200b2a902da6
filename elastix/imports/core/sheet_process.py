"""Reads the sheets of a workbook in a process of its own; run as a script.

python-calamine lays a sheet out as one block of all its cells, and a workbook of two kilobytes can ask for a block no
machine has (github.com/tafia/calamine, issue 693). Rust then aborts the process, which no ``except`` can catch: so
the process can be lost without harm.

The workbook comes in as standard input, a seekable file. To standard output go pickles: the rows of each sheet in
batches, ``(rows, filled)``, where ``filled`` are the cells that merged ranges lend to the rows below their first,
``(row of the batch, column, value)``; then what `main` found, then in eight bytes where that begins. Any exit code
but 0 means that the workbook could not be read.
"""

import pickle
import struct
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any

ROWS_PER_BATCH = 5_000
# A sheet takes memory for all cells up to its last row and column, empty ones included.
MOST_CELLS = 30_000_000
MOST_MEMORY = 4 << 30
MOST_SECONDS = 600


def limit_resources(memory: int) -> None:
    """Bound the memory, in bytes, and the processor time, where the system can."""
    try:
        import resource
    except ImportError:
        return
    for kind, limit in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, MOST_SECONDS)):
        most = resource.getrlimit(kind)[1]
        wanted = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(kind, (wanted, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def main(wanted: str | None) -> None:
    """Read the wanted sheet, or all that are visible and not empty.

    What is sent at the end: the names of the visible sheets and of the hidden ones; whether they have too many cells
    together; and of each sheet read its name, where its batches begin and end, its rows, and its cells filled in.
    """
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    workbook = CalamineWorkbook.from_filelike(sys.stdin.buffer)
    tables = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    visible = [each.name for each in tables if each.visible == SheetVisibleEnum.Visible]
    hidden = [each.name for each in tables if each.name not in visible]
    sheets, cells, place = [], 0, 0
    for name in visible if wanted is None else {wanted}.intersection(visible + hidden):
        sheet = workbook.get_sheet_by_name(name)
        if sheet.end is None:
            continue
        rows = sheet.end[0] + 1
        cells += rows * sheet.width
        if cells > MOST_CELLS:
            break
        start, filled = place, 0
        for batch in batches(sheet):
            place += send(batch)
            filled += len(batch[1])
        sheets.append((name, start, place, rows, filled))
    send((visible, hidden, cells > MOST_CELLS, sheets))
    sys.stdout.buffer.write(struct.pack("<Q", place))


def batches(sheet: Any) -> Iterator[tuple[list[list[Any]], list[tuple[int, int, Any]]]]:
    """The rows, and what to fill in where a cell is merged over several: a row with nothing else in it stays blank."""
    first = sheet.start[1]
    merged = sorted(
        (
            (top, left - first, bottom)
            for (top, left), (bottom, _) in sheet.merged_cell_ranges or ()
            if bottom > top
        ),
        reverse=True,
    )
    above: dict[int, tuple[int, Any]] = {}
    number, rows = 0, sheet.iter_rows()
    while batch := list(islice(rows, ROWS_PER_BATCH)):
        filled = []
        if merged or above:
            for place, row in enumerate(batch):
                above = {column: kept for column, kept in above.items() if kept[0] >= number + place}
                if any(cell != "" for cell in row):
                    filled += [
                        (place, column, kept[1]) for column, kept in above.items() if row[column] == ""
                    ]
                while merged and merged[-1][0] <= number + place:
                    _, column, bottom = merged.pop()
                    if 0 <= column < len(row) and row[column] != "":
                        above[column] = (bottom, row[column])
        number += len(batch)
        yield batch, filled


def send(part: object) -> int:
    data = pickle.dumps(part, protocol=5)
    sys.stdout.buffer.write(data)
    return len(data)


if __name__ == "__main__":
    limit_resources(int(sys.argv[1]))
    main(sys.argv[2] if len(sys.argv) > 2 else None)
    sys.stdout.buffer.flush()
