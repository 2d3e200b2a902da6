"""How import, recompute, answers, memory and room on disk grow with the sales.

    python benchmarks/growth.py --lines 100000 500000 1000000 --products 1000 4000 10000
    DATABASE_URL=postgres://postgres@127.0.0.1/any python benchmarks/growth.py --lines 100000

Every row is a simulated shop in a database of its own: so many lines and products (the last number of products goes for all
further ones). `processor` is the time of the command's process alone, which other work on the machine does not change much; on
PostgreSQL the server's comes on top. Answers are those of one gunicorn worker: the first after it has started, and the median of
those after it.
"""

import argparse
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from benchmarks.endpoints import NAMES, measure
from benchmarks.goals import Goals
from benchmarks.import_and_recompute import Finished, simulated_sales, timed
from tests.e2e.installation import Installation

# 10,000 products and 3 million lines in 40 s and 2 GB; goals in proportion, and what a process takes at least.
SECONDS_A_MILLION, GIGABYTES_A_MILLION, LEAST_SECONDS, LEAST_GIGABYTES = 40.0, 0.7, 10.0, 0.5
LIST_MILLISECONDS = 25.0
WARM = 9
# What a run of the command spends before the import's figures are published; the recompute is the rest.
STAGES = """
import json
from elastix.jobs.models import Job
jobs = Job.objects.order_by("pk")
imported, full = jobs.filter(kind="import_transactions").get(), jobs.filter(kind="recompute").first()
def seconds(job):
    return (job.finished_at - job.created_at).total_seconds()
from django.db import connection
if connection.vendor == "postgresql":
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        size = cursor.fetchone()[0]
else:
    from pathlib import Path
    size = Path(connection.settings_dict["NAME"]).stat().st_size
print(json.dumps([seconds(imported), seconds(full), size]))
"""


@dataclass(frozen=True)
class Grown:
    """One shop: seconds of the stages, what the command took, bytes of the database, first and warm milliseconds of answers."""

    importing: float
    computing: float
    command: Finished
    size: int
    answers: dict[str, tuple[float, float]]
    worker_megabytes: float


def paths(lines: int) -> dict[str, str]:
    return {
        "/elasticity": "/elasticity?limit=200",
        "/stock-items": "/stock-items",
        "/transactions": "/transactions",
        "deep": f"/transactions?page={max(lines // 50 * 3 // 4, 2)}",
    }


def grow(lines: int, products: int, server: str) -> Grown:
    """Make a shop, import its sales and ask it."""
    with (
        tempfile.TemporaryDirectory() as temporary,
        Installation(Path(temporary), server, LOG_LEVEL="WARNING", IMPORT_MAX_BYTES=str(10**12)) as shop,
    ):
        file = simulated_sales(shop.directory / "sales.csv", lines, products)
        command = timed(shop, "import_transactions", str(file))
        importing, computing, size = shop.shell(STAGES)
        token = shop.shell(NAMES)[-1]
        found = {}
        with shop.server() as address:
            for name, path in paths(lines).items():
                status, (first, *warm) = measure(address, path, token, WARM + 1)[:2]
                if status != 200:
                    raise SystemExit(f"{path} answers {status}")
                found[name] = first, statistics.median(warm)
            megabytes = shop.megabytes_of_server()
    return Grown(importing, computing, command, size, found, megabytes)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, nargs="+", default=[100_000, 500_000, 1_000_000])
    parser.add_argument("--products", type=int, nargs="+", default=[1_000])
    asked = parser.parse_args()
    server = os.environ.get("DATABASE_URL", "")
    columns = [
        "lines",
        "products",
        "import s",
        "recompute s",
        "processor s",
        "MB",
        "database MB",
        "worker MB",
    ]
    table = Table(
        title=f"growth on {'PostgreSQL' if server.startswith('postgres') else 'SQLite'}; answers: first / warm ms"
    )
    for column in (*columns, *paths(0)):
        table.add_column(column, justify="right")
    goals = Goals()
    for lines, products in zip_longest(
        asked.lines, asked.products[: len(asked.lines)], fillvalue=asked.products[-1]
    ):
        found, millions = grow(lines, products, server), lines / 1e6
        name = f"{lines:,} lines"
        seconds, gigabytes = found.importing + found.computing, found.command.megabytes / 1024
        goals.at_most(
            f"{name}: import and recompute", seconds, max(SECONDS_A_MILLION * millions, LEAST_SECONDS), "s"
        )
        goals.at_most(
            f"{name}: memory", gigabytes, max(GIGABYTES_A_MILLION * millions, LEAST_GIGABYTES), "GB"
        )
        for path, (_, warm) in found.answers.items():
            goals.at_most(f"{name}: {path} warm", warm, LIST_MILLISECONDS, "ms")
        table.add_row(
            f"{lines:,}", f"{products:,}", f"{found.importing:.1f}", f"{found.computing:.1f}",
            f"{found.command.processor_seconds:.1f}", f"{found.command.megabytes:.0f}", f"{found.size / 1e6:.0f}",
            f"{found.worker_megabytes:.0f}", *(f"{first:.0f} / {warm:.1f}" for first, warm in found.answers.values()),
        )  # fmt: skip
    Console(width=150).print(table)
    goals.finish()


if __name__ == "__main__":
    main()
