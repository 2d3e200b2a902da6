"""Import a file while clients read and post for its whole length, through a real server process.

    python benchmarks/import_under_load.py --file sales.csv [--clients 20]
    DATABASE_URL=postgres://postgres@127.0.0.1/any python benchmarks/import_under_load.py --file sales.csv

Works in a database of its own, which it drops again: a temporary file, or a new one on the server that
DATABASE_URL names.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console

from benchmarks.goals import Goals
from tests.e2e.installation import Installation
from tests.e2e.load import import_under_load


def last_lines_of_tracebacks(log: str) -> Counter[str]:
    """What was raised, and where the log says what became of it."""
    errors: Counter[str] = Counter()
    lines = log.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("Traceback"):
            raised = next((each for each in lines[number + 1 :] if each[:1].strip()), "")
            errors[f"{lines[number - 1][:80]} ... {raised[:120]}"] += 1
    return errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--file", type=Path, required=True, help="CSV, TSV or XLSX; text may be packed with gzip"
    )
    parser.add_argument("--clients", type=int, default=20)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        Installation(Path(directory), os.environ.get("DATABASE_URL", ""), LOG_LEVEL="ERROR") as installation,
    ):
        found = import_under_load(installation, arguments.file, clients=arguments.clients)
        errors = last_lines_of_tracebacks(installation.log("server.log"))
        kind = "PostgreSQL" if installation.postgresql else "SQLite"
    console = Console(width=110)
    console.print(
        f"{arguments.file.name} on {kind}, {arguments.clients} clients: {found.status} after {found.seconds:.1f} s"
    )
    for answer, count in sorted(found.answers.items()):
        console.print(f"  {answer}: {count:,}")
    for method in ("GET", "POST"):
        console.print(
            f"  {method}: median {found.median(method):.0f} ms, slowest {found.slowest(method):.0f} ms"
        )
    console.print(
        f"  stored lines: {found.stored_lines:,} = {found.accepted:,} of the file "
        f"+ {found.answers['POST 201']:,} posted; of those in the sums: {found.posted_units_in_the_sums:,}"
    )
    for error, count in errors.items():
        console.print(f"  {count} x in the server's log: {error}")
    for request, text in found.unexpected.items():
        console.print(f"  UNEXPECTED {request}: {text}")
    goals = Goals()
    goals.at_most("unexpected answers", len(found.unexpected), 0)
    goals.finish()


if __name__ == "__main__":
    main()
