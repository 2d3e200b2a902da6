"""What monthly partitions of the transactions change: the same sales in a plain table and in one with partitions.

    DATABASE_URL=postgres://postgres@127.0.0.1/any python benchmarks/partitions.py --lines 1000000 --products 5000

Both shops are made in turn, each in a database of its own; answers are asked of one gunicorn worker, the first and the
median of those after it. At the end the plain table is converted, which is timed as well.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from benchmarks.endpoints import NAMES, measure
from benchmarks.growth import STAGES
from benchmarks.import_and_recompute import simulated_sales, timed
from tests.e2e.installation import Installation

WARM = 30
# The same questions to both: one day's window, one line by its id, and what is read of a product.
ASKED = """
import json, statistics, time
from django.db import connection
from pricing.models import Product, Transaction
newest = Transaction.objects.order_by("-invoice_date")[0]
codes = list(Product.objects.order_by("code").values_list("code", flat=True)[:1000])
def milliseconds(sql, parameters, times=9):
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            cursor.fetchall()
        found.append(1000 * (time.perf_counter() - begun))
    return statistics.median(found)
day = "SELECT COUNT(*), SUM(quantity * unit_price) FROM pricing_transaction WHERE date = %s"
month = "SELECT COUNT(*), SUM(quantity * unit_price) FROM pricing_transaction WHERE date BETWEEN %s::date - 30 AND %s"
one = "SELECT * FROM pricing_transaction WHERE id = %s"
some = "SELECT COUNT(*), SUM(quantity) FROM pricing_transaction WHERE product_id = ANY(%s)"
print(json.dumps({
    "one day summed": milliseconds(day, [newest.date]),
    "31 days summed": milliseconds(month, [newest.date, newest.date]),
    "a line by its id": milliseconds(one, [newest.pk]),
    "1,000 products summed": milliseconds(some, [codes]),
    "all summed": milliseconds("SELECT SUM(quantity * unit_price) FROM pricing_transaction", [], times=3),
    "day": str(newest.date),
}))
"""


@contextmanager
def shop(server: str, name: str, directory: Path) -> Iterator[Installation]:
    with Installation(directory / name, server, LOG_LEVEL="WARNING") as installation:
        if name == "partitions":
            installation.manage("partition_transactions")
        yield installation


def ask(installation: Installation, lines: int) -> dict[str, float | str]:
    """Milliseconds of queries and answers."""
    found: dict[str, Any] = installation.shell(ASKED)
    day, token = found.pop("day"), installation.shell(NAMES)[-1]
    pages = {
        "first page": "/transactions",
        "deep page": f"/transactions?page={lines // 50 * 3 // 4}",
        "page of one day": f"/transactions?start_date={day}&end_date={day}",
    }
    with installation.server() as address:
        for name, path in pages.items():
            status, (first, *warm), _ = measure(address, path, token, WARM + 1)
            assert status == 200, path
            found[name] = f"{first:.0f}, {statistics.median(warm):.1f}"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--products", type=int, default=5_000)
    parser.add_argument("--days", type=int, default=1_080)
    asked = parser.parse_args()
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        print("DATABASE_URL names no PostgreSQL server: there are no partitions to measure.")
        return
    columns: dict[str, dict[str, float | str]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        file = simulated_sales(directory / "sales.csv", asked.lines, asked.products, asked.days)
        with shop(server, "plain", directory) as plain, shop(server, "partitions", directory) as partitions:
            for name, installation in (("plain", plain), ("partitions", partitions)):
                imported = timed(installation, "import_transactions", str(file))
                importing, computing, size = installation.shell(STAGES)
                begun = time.perf_counter()
                installation.manage("recompute", "--full")
                again = time.perf_counter() - begun
                figures = {"import s": importing, "first recompute s": computing, "recompute --full s": again}
                figures |= {
                    "processor s (command)": imported.processor_seconds,
                    "memory MB": imported.megabytes,
                }
                columns[name] = figures | {"database MB": size / 1e6} | ask(installation, asked.lines)
            begun = time.perf_counter()
            plain.manage("partition_transactions")
            seconds = time.perf_counter() - begun
            columns["converted"] = {"database MB": plain.shell(STAGES)[2] / 1e6} | ask(plain, asked.lines)
    table = Table(
        title=f"{asked.lines:,} lines, {asked.products:,} products, {asked.days} days; converted in {seconds:.0f} s"
    )
    table.add_column("what")
    for name in columns:
        table.add_column(name, justify="right")
    for what in columns["plain"]:
        values = [found.get(what, "") for found in columns.values()]
        table.add_row(what, *(f"{each:,.1f}" if isinstance(each, float) else str(each) for each in values))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
