"""How fast each reading endpoint answers from cached tables, through a real server process.

    python benchmarks/endpoints.py                 (the demonstration shop)
    python benchmarks/endpoints.py --file sales.csv
    DATABASE_URL=postgres://postgres@127.0.0.1/any python benchmarks/endpoints.py

Works in a database of its own, which it drops again: a temporary file, or a new one on the server that
DATABASE_URL names.
"""

import argparse
import http.client
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from benchmarks.goals import Goals
from tests.e2e.installation import Installation

GOAL_MILLISECONDS = 50.0
WINDOW_GOAL_MILLISECONDS = 150.0
NAMES = """
import json
from django.contrib.auth.models import Group, User
from elastix.tokens.services import token_create
reader = User.objects.get_or_create(username="reader")[0]
reader.groups.add(Group.objects.get(name="viewer"))
from elastix.imports.models import ImportBatch
from datetime import timedelta
from pricing.models import ProductSummary, Transaction
from elastix.dataset.models import DataVersion
from elastix.jobs.models import Job
print(json.dumps([
    ProductSummary.objects.filter(product__kind="merchandise").order_by("-total_quantity")[0].product_id,
    str(Transaction.objects.order_by("-invoice_date", "-id")[0].pk),
    str(ImportBatch.objects.filter(kind="transactions")[0].pk),
    Job.objects.order_by("-id")[0].pk,
    max(Transaction.objects.count() * 3 // 200, 2),
    str(DataVersion.objects.get().as_of - timedelta(days=90)),
    token_create(user=reader, name="benchmark")[1],
]))
"""


def paths(code: str, line: str, batch: str, job: int, deep: int) -> list[str]:
    """Every reading address of family 1 and of the products, as a client asks for its first page."""
    return [
        "/health",
        "/elasticity",
        "/elasticity?limit=200",
        "/elasticity?limit=1000",
        f"/elasticity?stock_codes={code}",
        "/elasticity?method=log_log",
        "/elasticity/segments",
        "/elasticity/segments?segment=Champion",
        "/dashboard/kpis",
        "/dashboard/segments",
        "/dashboard/trends",
        "/stock-items",
        "/stock-items?sort_by=revenue_desc&limit=1000",
        "/stock-items?segment_filter=Champion",
        f"/stock-items/{code}",
        "/transactions",
        f"/transactions?page={deep}",
        f"/transactions?stock_code={code}",
        f"/transactions/{line}",
        "/transactions/imports",
        f"/transactions/imports/{batch}",
        "/segments/customers",
        f"/api/jobs/{job}",
        f"/api/analytics/elasticity/{code}",
        f"/api/forecast/demand/{code}",
        f"/api/forecast/demand/{code}?method=auto",
        "/api/products/list",
        f"/api/products/{code}",
        "/api/price/changes",
    ]


def windows(code: str, first_day: str) -> list[str]:
    """What only a country or some days are counted for; no table has these sums, so the first answer is what counts."""
    return [
        "/elasticity?country=France",
        f"/elasticity?start_date={first_day}",
        "/elasticity?end_date=2011-06-30&country=Germany",
        f"/elasticity/segments?start_date={first_day}",
        f"/dashboard/kpis?start_date={first_day}",
        f"/dashboard/segments?start_date={first_day}",
        f"/dashboard/trends?start_date={first_day}",
        f"/stock-items?start_date={first_day}",
        f"/stock-items/{code}?start_date={first_day}",
        f"/transactions?start_date={first_day}",
        "/transactions?country=France",
    ]


def measure(address: str, path: str, token: str, requests: int) -> tuple[int, list[float], int]:
    """Send the same request again and again on one connection; return status, milliseconds and size of the body."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    taken: list[float] = []
    for _ in range(requests):
        begun = time.perf_counter()
        headers = {"Accept": "application/json", "Authorization": f"Token {token}"}
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        body = response.read()
        taken.append(1000 * (time.perf_counter() - begun))
    connection.close()
    return response.status, taken, len(body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, help="a file of sales; without it, the demonstration shop")
    parser.add_argument("--directory", type=Path, help="where an SQLite shop is, or is to be made and kept")
    parser.add_argument("--requests", type=int, default=30)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        directory = arguments.directory or Path(temporary)
        is_new = not (directory / "shop.sqlite3").exists()
        server = "" if arguments.directory else os.environ.get("DATABASE_URL", "")
        with Installation(directory, server, LOG_LEVEL="WARNING") as installation:
            if is_new and arguments.file:
                installation.manage("import_transactions", str(arguments.file.resolve()))
            elif is_new:
                installation.manage("demo", "--no-serve")
            measure_all(installation, arguments.requests)


def measure_all(installation: Installation, requests: int) -> NoReturn:
    """Ask for every address and show the times: the client's, and the worker's of the processor for each request."""
    *names, first_day, token = installation.shell(NAMES)
    kind, goals = "PostgreSQL" if installation.postgresql else "SQLite", Goals()
    table = Table(
        title=f"{requests} requests each, {kind}, goal: median <= {GOAL_MILLISECONDS:.0f} ms, "
        f"the first of a window <= {WINDOW_GOAL_MILLISECONDS:.0f}"
    )
    table.add_column("GET")
    for column in ("status", "first ms", "median ms", "slowest ms", "processor ms", "kB", ""):
        table.add_column(column, justify="right")
    with installation.server() as address:
        asked_for_windows = windows(names[0], first_day)
        for path in (*paths(*names), *asked_for_windows):
            first = measure(address, path, token, 1)[1][0]
            before = installation.processor_seconds_of_server()
            status, taken, size = measure(address, path, token, requests)
            processor = 1000 * (installation.processor_seconds_of_server() - before) / requests
            median = statistics.median(taken)
            counted, goal = (
                (first, WINDOW_GOAL_MILLISECONDS)
                if path in asked_for_windows
                else (median, GOAL_MILLISECONDS)
            )
            verdict = goals.at_most(path, counted if status == 200 else float("inf"), goal, "ms")
            times = (f"{value:.1f}" for value in (first, median, max(taken), processor))
            table.add_row(path, str(status), *times, f"{size / 1000:.1f}", verdict)
    Console(width=120).print(table)
    goals.finish()


if __name__ == "__main__":
    main()
