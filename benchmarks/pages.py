"""How long the server works on every page of the desk and how many queries it asks, first and second view.

    python benchmarks/pages.py --file online_retail.csv.gz [--directory DIR]

The shop is made of a file of sales in `--directory` and kept there, to be measured again; without a directory it is a
temporary one. Times are those of the processor, in the process that answers: what else runs does not count. The sums that
a job keeps every minute are there before, as in a shop that runs; all else is computed by the first view.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from benchmarks.goals import Goals
from tests.e2e.big_shop import fill
from tests.e2e.installation import Installation
from tests.e2e.pages import pages_of

GOAL_MILLISECONDS, GOAL_QUERIES = 150.0, 40
VIEWS = 4
MEASURE = f"""
import gc, json, sys, time
from django.conf import settings
settings.ALLOWED_HOSTS = ["testserver"]
from django.contrib.auth.models import User
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pricing.changes.services.figures import figures_keep

get_wsgi_application()  # what a server has done before it answers
figures_keep()
client = Client()
client.force_login(User.objects.get(username="noor"))
client.get("/desk/data")
found = {{}}
for name, address in json.loads(sys.argv[1]).items():
    views = []
    for _ in range({VIEWS}):
        gc.collect()
        begun, processor = time.perf_counter(), time.process_time()
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(address)
        views.append([1000 * (time.process_time() - processor), 1000 * (time.perf_counter() - begun), len(asked)])
    found[name] = [answer.status_code, views[0], min(views[1:])]
print(json.dumps(found))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--directory", type=Path, help="where the shop is, or is to be made and kept")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        directory = asked.directory or Path(temporary)
        is_new = not (directory / "shop.sqlite3").exists()
        with Installation(directory, SHOP_NAME="Gift shop", DATA_STALE_AFTER_DAYS="100000") as shop:
            if is_new:
                fill(shop, asked.file)
            found = shop.shell(MEASURE, json.dumps(pages_of(shop)))
    table = Table(title=f"goal: {GOAL_MILLISECONDS:.0f} ms and {GOAL_QUERIES} queries")
    for column in ("page", "status", "first ms", "queries", "again ms", "queries", ""):
        table.add_column(column, justify="left" if column == "page" else "right")
    goals = Goals()
    for name, (status, (first, _, asked_first), (again, _, asked_again)) in found.items():
        slowest, most = max(first, again), max(asked_first, asked_again)
        verdicts = (
            goals.holds(f"{name} answers", status == 200),
            goals.at_most(f"{name}, processor", slowest, GOAL_MILLISECONDS, "ms"),
            goals.at_most(f"{name}, queries", most, GOAL_QUERIES),
        )
        table.add_row(
            name,
            str(status),
            f"{first:.0f}",
            str(asked_first),
            f"{again:.0f}",
            str(asked_again),
            "MISSED" if "MISSED" in verdicts else "ok",
        )
    Console(width=120).print(table)
    goals.finish()


if __name__ == "__main__":
    main()
