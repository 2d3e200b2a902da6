"""Whether the figures of an imported file are right: against the file itself, against statsmodels, and by sign.

    python benchmarks/known_figures.py sales.csv
    DATABASE_URL=postgres://postgres@127.0.0.1/any python benchmarks/known_figures.py sales.csv

Imports the file into a database of its own, asks the endpoints, and repeats the log-log regression of every product
with statsmodels from the daily sales table. Ends with 3 if anything differs.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from benchmarks.goals import Goals
from tests.e2e.installation import Installation

RELATIVE = 1e-9
MOST_POSITIVE = 0.005
SERVICES = ("POST", "DOT", "M", "BANK CHARGES")

ASKED = """
import json
from rest_framework.test import APIClient
from django.contrib.auth import get_user_model
from elastix.imports.models import ImportBatch
from pricing.models import ElasticityEstimate, Product, ProductSummary, SalesHistory
client = APIClient(SERVER_NAME="localhost")
client.force_authenticate(get_user_model().objects.create_superuser("known"))

def pages(path, key):
    rows, offset = [], 0
    while page := client.get(f"{path}limit=1000&offset={offset}").json()[key]:
        rows += page
        offset += 1000
    return rows

batch = ImportBatch.objects.get()
days = SalesHistory.objects.filter(quantity__gt=0, price__gt=0).order_by("product_id", "date")
print(json.dumps({
    "batch": [batch.rows, batch.accepted, batch.rejected],
    "products": Product.objects.count(),
    "segments": client.get("/dashboard/segments").json(),
    "pooled": pages("/elasticity?", "results"),
    "log_log": list(ElasticityEstimate.objects.filter(method="log_log").order_by("product_id").values(
        "product_id", "elasticity", "std_error", "ci_low", "ci_high")),
    "r_squared": dict(ProductSummary.objects.values_list("product_id", "r_squared")),
    "merchandise": list(Product.objects.filter(kind="merchandise").values_list("code", flat=True)),
    "items": [row["id"] for row in pages("/stock-items?", "items")],
    "days": [[code, quantity, str(price)] for code, quantity, price in
             days.values_list("product_id", "quantity", "price")],
}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path, help="CSV, TSV or XLSX; text may be packed with gzip")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        Installation(Path(directory), os.environ.get("DATABASE_URL", "")) as installation,
    ):
        installation.manage("import_transactions", str(arguments.file.resolve()))
        found = installation.shell(ASKED)
        kind = "PostgreSQL" if installation.postgresql else "SQLite"
    table = Table(title=f"{arguments.file.name} on {kind}")
    for column in ("what", "figure", ""):
        table.add_column(column)
    goals = Goals()
    for what, figure, good in (*counts(found), *signs(found), *regressions(found)):
        if good is not None:
            goals.holds(what, bool(good))
        table.add_row(what, figure, "" if good is None else "ok" if good else "WRONG")
    Console(width=110).print(table)
    goals.finish()


def counts(found):
    rows, accepted, rejected = found["batch"]
    segments = found["segments"]
    value = sum(item["value"] for item in segments["items"])
    listed = {row["stock_code"] for row in found["pooled"]} | set(found["items"])
    yield "rows = accepted + rejected", f"{rows:,} = {accepted:,} + {rejected:,}", rows == accepted + rejected
    yield "product codes", f"{found['products']:,}", None
    yield "customers and their worth in /dashboard/segments", f"{segments['total']:,}, {value:,.2f}", None
    yield (
        f"{', '.join(SERVICES)} listed as products",
        str(len(listed & set(SERVICES))),
        not listed & set(SERVICES),
    )


def signs(found):
    positive = [row for row in found["pooled"] if (row["elasticity"] or 0) > 0]
    share = len(positive) / len(found["pooled"])
    grades = "".join(sorted({row["quality"] for row in positive}))
    yield (
        "positive elasticities",
        f"{len(positive)} of {len(found['pooled']):,} ({share:.2%}), grades {grades or 'none'}",
        share <= MOST_POSITIVE and set(grades) <= {"D"},
    )


def regressions(found):
    """The widest relative difference of the log-log regressions from statsmodels', over all products that qualify."""
    import statsmodels.api as sm

    series: dict[str, list[tuple[float, float]]] = {}
    for code, quantity, price in found["days"]:
        series.setdefault(code, []).append((float(price), float(quantity)))
    ours = {
        row["product_id"]: row | {"r_squared": found["r_squared"][row["product_id"]]}
        for row in found["log_log"]
    }
    worst = dict.fromkeys(("elasticity", "std_error", "ci_low", "ci_high", "r_squared"), 0.0)
    missing = compared = 0
    for code in found["merchandise"]:
        price, quantity = np.array(series.get(code) or [(1.0, 1.0)]).T
        if price.size < 30 or np.unique(price).size < 2:
            continue
        if code not in ours:
            missing += 1
            continue
        fit = sm.OLS(np.log(quantity), sm.add_constant(np.log(price), has_constant="add")).fit()
        low, high = fit.conf_int()[1]
        compared += 1
        for name, value in zip(worst, (fit.params[1], fit.bse[1], low, high, fit.rsquared), strict=True):
            worst[name] = max(worst[name], abs(ours[code][name] / value - 1))
    yield (
        "products compared with statsmodels",
        f"{compared:,}, {missing} missing",
        compared > 0 and not missing,
    )
    for name, difference in worst.items():
        yield f"{name}: widest relative difference", f"{difference:.1e}", difference <= RELATIVE


if __name__ == "__main__":
    main()
