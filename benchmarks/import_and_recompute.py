"""How long a file of sales takes from nothing to published figures, and a refresh after one changed line.

    python benchmarks/import_and_recompute.py sales.csv
    DATABASE_URL=postgres://postgres@127.0.0.1/any python benchmarks/import_and_recompute.py sales.csv

Works in a database of its own, which it drops again: a temporary file, or a new one on the server that
DATABASE_URL names.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from benchmarks.goals import Goals
from tests.e2e.installation import Installation

GOAL_SECONDS, GOAL_MEGABYTES, GOAL_REFRESH_SECONDS = 30.0, 1536.0, 2.0
GOAL_ROWS_A_SECOND, GOAL_TIMES_COPIED = 45_000.0, 3.0
REFRESHES = 3

# Changes one line of a usual product, as PUT /transactions/{id} does, then refreshes: several times.
CHANGE_ONE_LINE = """
import json, sys, time
from elastix.jobs.runner import jobs_run_in
from elastix.jobs.models import Job
from elastix.jobs.recompute import request_recompute
from pricing.models import ProductSummary, Transaction
from pricing.sales.services.transactions import transaction_update
summaries = ProductSummary.objects.order_by("-sold_days", "product_id")
seconds = []
for place in range(int(sys.argv[1])):
    code = summaries[place * summaries.count() // 10].product_id
    line = Transaction.objects.filter(product_id=code, is_return=False).order_by("-quantity", "pk").first()
    begun = time.perf_counter()
    transaction_update(line.pk, {"quantity": line.quantity + 1})
    written = time.perf_counter()
    with jobs_run_in("inline"):
        job = request_recompute()
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    seconds.append([written - begun, time.perf_counter() - written])
print(json.dumps(seconds))
"""
COUNTS = """
import json
from elastix.imports.models import ImportBatch
from elastix.jobs.models import Job
from pricing.models import Product
batch, job = ImportBatch.objects.get(), Job.objects.get(kind="import_transactions")
seconds = (job.finished_at - job.created_at).total_seconds()
print(json.dumps([batch.rows, batch.accepted, batch.rejected, Product.objects.count(), seconds]))
"""
# What the database alone takes for the same rows: COPY, or INSERT on SQLite, into a table with the same indexes.
COPY_THE_ROWS = """
import json, tempfile, time
from pathlib import Path
from django.db import connection
with connection.cursor() as cursor, tempfile.TemporaryDirectory() as folder:
    if connection.vendor == "postgresql":
        cursor.execute("CREATE TABLE copied (LIKE pricing_transaction INCLUDING ALL)")
        path = Path(folder) / "rows"
        with cursor.copy("COPY pricing_transaction TO STDOUT") as copy, path.open("wb") as file:
            for part in copy:
                file.write(part)
        begun = time.perf_counter()
        with cursor.copy("COPY copied FROM STDIN") as copy, path.open("rb") as file:
            while part := file.read(1_000_000):
                copy.write(part)
        seconds = time.perf_counter() - begun
    else:
        kinds = "tbl_name = 'pricing_transaction' AND sql IS NOT NULL ORDER BY type = 'index'"
        cursor.execute(f"SELECT name, sql FROM sqlite_master WHERE {kinds}")
        for name, sql in cursor.fetchall():
            if not sql.startswith("CREATE TRIGGER"):
                sql = sql.replace(f'"{name}"', f'"copied_{name}"', 1)
                cursor.execute(sql.replace('"pricing_transaction"', '"copied_pricing_transaction"'))
        cursor.execute("SELECT * FROM pricing_transaction")
        rows = cursor.fetchall()
        marks = ", ".join(["?"] * len(rows[0]))
        begun = time.perf_counter()
        cursor.execute("BEGIN")
        connection.connection.executemany(f"INSERT INTO copied_pricing_transaction VALUES ({marks})", rows)
        cursor.execute("COMMIT")
        seconds = time.perf_counter() - begun
print(json.dumps(seconds))
"""


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ran to its end: wall and processor seconds, and the most memory its process held (MB)."""

    seconds: float
    processor_seconds: float
    megabytes: float


def timed(installation: Installation, *command: str) -> Finished:
    begun = time.perf_counter()
    process = installation.start("manage.py", *command, log="command.log")
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(installation.log("command.log"))
    return Finished(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def simulated_sales(path: Path, lines: int, products: int, days: int = 300) -> Path:
    """Write simulated sales from a process of its own.

    The peak memory of a process counts what the one that started it held at that moment: a generator's millions of lines here
    would be taken for the command's.
    """
    call = f"write_sales(Path({str(path)!r}), {lines}, products={products}, days={days})"
    code = f"from pathlib import Path; from tests.e2e.installation import write_sales; {call}"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).resolve().parents[1], check=True)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="CSV, TSV or XLSX; text may be packed with gzip")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        Installation(Path(directory), os.environ.get("DATABASE_URL", "")) as installation,
    ):
        imported = timed(installation, "import_transactions", str(arguments.file.resolve()))
        rows, accepted, rejected, products, importing = installation.shell(COUNTS)
        copying = installation.shell(COPY_THE_ROWS)
        changes = installation.shell(CHANGE_ONE_LINE, str(REFRESHES))
        kind = "PostgreSQL" if installation.postgresql else "SQLite"
    write, refresh = (max(column) for column in zip(*changes, strict=True))
    counted = f"{rows:,} rows, {accepted:,} accepted, {rejected:,} rejected, {products:,} products"
    table = Table(title=f"{arguments.file.name} on {kind}: {counted}")
    for column in ("what", "measured", "goal", ""):
        table.add_column(column, justify="left" if column in ("what", "") else "right")
    goals, a_second = Goals(), rows / importing
    verdict = goals.at_least("rows a second until they are in the sums", a_second, GOAL_ROWS_A_SECOND)
    table.add_row(
        "rows a second until they are in the sums", f"{a_second:,.0f}", f"{GOAL_ROWS_A_SECOND:,.0f}", verdict
    )
    for what, measured, goal, unit in (
        ("import and first recompute, process start included", imported.seconds, GOAL_SECONDS, "s"),
        ("of that, processor time of the process", imported.processor_seconds, GOAL_SECONDS, "s"),
        ("peak memory of that process", imported.megabytes, GOAL_MEGABYTES, "MB"),
        (
            "import until the rows are in the sums, times copying them",
            importing / copying,
            GOAL_TIMES_COPIED,
            "",
        ),
        (f"one line changed (slowest of {REFRESHES})", write, GOAL_REFRESH_SECONDS, "s"),
        (f"refresh after it (slowest of {REFRESHES})", refresh, GOAL_REFRESH_SECONDS, "s"),
    ):
        verdict = goals.at_most(what, measured, goal, unit)
        table.add_row(what, f"{measured:,.2f} {unit}", f"{goal:,.1f} {unit}", verdict)
    Console(width=110).print(table)
    goals.finish()


if __name__ == "__main__":
    main()
