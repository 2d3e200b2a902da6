"""Reads one sheet of a workbook in a process of its own; run as a script.

python-calamine lays a sheet out as one block of all its cells, and a workbook of two kilobytes can ask for a block no
machine has (github.com/tafia/calamine, issue 693). Rust then aborts the process, which no ``except`` can catch: so
the process is one that nobody misses.

The workbook comes in as standard input, a seekable file. To standard output go pickles: first the names of the
sheets and the one that was read (None where there is none), then its rows, in batches. Any exit code but 0 means that
the workbook could not be read.
"""

import pickle
import sys
from itertools import islice

ROWS_PER_BATCH = 5_000
MOST_MEMORY = 4 << 30
MOST_SECONDS = 600


def limit_resources() -> None:
    """Bound the memory and the processor time, where the system can."""
    try:
        import resource
    except ImportError:
        return
    for kind, limit in ((resource.RLIMIT_AS, MOST_MEMORY), (resource.RLIMIT_CPU, MOST_SECONDS)):
        most = resource.getrlimit(kind)[1]
        wanted = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(kind, (wanted, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def main(wanted: str | None) -> None:
    """Read the wanted sheet, or the first one that is not empty."""
    from python_calamine import CalamineWorkbook

    workbook = CalamineWorkbook.from_filelike(sys.stdin.buffer)
    names = tuple(workbook.sheet_names)
    for name in names if wanted is None else (wanted,) if wanted in names else ():
        sheet = workbook.get_sheet_by_name(name)
        if sheet.height:
            send((names, name))
            rows = sheet.iter_rows()
            while batch := list(islice(rows, ROWS_PER_BATCH)):
                send(batch)
            return
    send((names, None))


def send(part: object) -> None:
    pickle.dump(part, sys.stdout.buffer, protocol=5)


if __name__ == "__main__":
    limit_resources()
    main(sys.argv[1] if len(sys.argv) > 1 else None)
    sys.stdout.buffer.flush()
