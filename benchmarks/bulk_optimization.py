"""How long the optimization of thousands of prices takes, from its job's claim to the rows that are kept.

    python benchmarks/bulk_optimization.py                       (the demonstration shop)
    python benchmarks/bulk_optimization.py --file sales.csv.gz
    DATABASE_URL=postgres://postgres@127.0.0.1/any python benchmarks/bulk_optimization.py --file sales.csv.gz

The shop's policy assumes a cost of 55 % of the price where none is known. Also measured: the file of results,
proposing all of them, choosing the 300 of most revenue together, summing up the categories. Works in a database of
its own, which it drops again: a temporary file, or a new one on the server that DATABASE_URL names.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from benchmarks.goals import Goals
from tests.e2e.installation import Installation

GOAL_SECONDS, GOAL_PRODUCTS = 10.0, 4_000
TIMES = 3

MEASURE = """
import json, sys, time
from decimal import Decimal
from elastix.api.versions import data_version
from elastix.jobs.runner import jobs_run_in
from elastix.jobs.runner import run_job
from pricing.models import PricePolicy, ProductSummary
from pricing.recommendation.selectors.bulk import csv_rows, filtered_products, find_optimization
from pricing.recommendation.selectors.joint_optimization import MOST_TOGETHER
from pricing.recommendation.selectors.policies import Overrides
from pricing.changes.services.bulk_proposals import bulk_propose
from pricing.recommendation.services.bulk import bulk_request
from pricing.recommendation.services.categories import categories_refresh
from pricing.bundles.services import pairs_request_if_outdated

def seconds(work):
    begun = time.perf_counter()
    value = work()
    return time.perf_counter() - begun, value

PricePolicy.objects.get_or_create(product=None, category="", defaults={"assumed_cost_ratio": Decimal("0.55")})
products = filtered_products()[: int(sys.argv[1]) or None]
taken = []
for _ in range(int(sys.argv[2])):
    with jobs_run_in("caller"):
        job = bulk_request(products, Overrides())
    taken.append(seconds(lambda: run_job(job.pk))[0])
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
found, result = find_optimization(job.pk), job.result
written, lines = seconds(lambda: sum(1 for _ in csv_rows(found)))
proposing, (proposed, _) = seconds(lambda: bulk_propose(job.pk, by="benchmark"))
with jobs_run_in("caller") as waiting:
    pairs_request_if_outdated()
for number in waiting:
    run_job(number)
best = ProductSummary.objects.filter(product__in=products).order_by("-total_revenue", "product_id")
with jobs_run_in("caller"):
    job = bulk_request(list(best.values_list("product_id", flat=True)[:MOST_TOGETHER]), Overrides(), joint=True)
together, _ = seconds(lambda: run_job(job.pk))
job.refresh_from_db()
assert job.state == "succeeded", job.error
summing, _ = seconds(lambda: categories_refresh(data_version()))
print(json.dumps({
    "products": len(products), "to_change": result["to_change"], "profit": result["totals"]["profit"],
    "taken": taken, "file": written, "lines": lines, "propose": proposing, "proposed": proposed.proposed,
    "categories": summing, "joint": together, "together": job.result["together"],
}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, help="a file of sales; without it, the demonstration shop")
    parser.add_argument("--products", type=int, default=0, help="only so many; default: all")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        Installation(
            Path(directory), os.environ.get("DATABASE_URL", ""), LOG_LEVEL="WARNING"
        ) as installation,
    ):
        if arguments.file:
            installation.manage("import_transactions", str(arguments.file.resolve()))
        else:
            installation.manage("demo", "--no-serve")
        measured = installation.shell(MEASURE, str(arguments.products), str(TIMES))
        kind = "PostgreSQL" if installation.postgresql else "SQLite"
    products = measured["products"]
    goal = GOAL_SECONDS * max(products / GOAL_PRODUCTS, 1)
    table = Table(title=f"{products:,} products on {kind}, {measured['to_change']:,} prices to change")
    for column in ("what", "seconds", "goal", ""):
        table.add_column(column, justify="left" if column in ("what", "") else "right")
    slowest, goals = max(measured["taken"]), Goals()
    verdict = goals.at_most(f"optimising {products:,} products", slowest, goal, "s")
    table.add_row(f"optimising (slowest of {TIMES})", f"{slowest:.2f}", f"{goal:.0f}", verdict)
    table.add_row(f"the file, {measured['lines']:,} lines", f"{measured['file']:.2f}", "", "")
    table.add_row(
        f"proposing {measured['proposed']:,} prices as one batch", f"{measured['propose']:.2f}", "", ""
    )
    table.add_row("summing up the categories", f"{measured['categories']:.2f}", "", "")
    together = measured["together"]
    what = f"choosing {together['products']:,} together, {together['pairs']:,} pairs"
    table.add_row(what, f"{measured['joint']:.2f}", "", "")
    profit = measured["profit"]
    Console(width=110).print(table)
    print(
        f"Profit of 30 days {profit['current']:,.0f}, expected {profit['expected']:,.0f} "
        f"(80 %: {profit['low']:,.0f} to {profit['high']:,.0f}).\n"
        f"Of the {together['products']:,}: {together['profit_now']:,.0f} now, {together['profit_alone']:,.0f} each alone, "
        f"{together['profit_together']:,.0f} together (80 % of the difference: {together['added_low']:,.0f} to "
        f"{together['added_high']:,.0f})."
    )
    goals.finish()


if __name__ == "__main__":
    main()
