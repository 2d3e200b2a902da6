"""What an export as Parquet takes, and questions about all lines to DuckDB and to the database.

    python benchmarks/parquet.py --lines 1000000 --products 5000
    DATABASE_URL=postgres://postgres@127.0.0.1/any python benchmarks/parquet.py --lines 1000000 --products 5000

The lines are those of a simulated shop in a database of its own. Each question is asked five times of both, in turn; the answers
must be equal.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from benchmarks.import_and_recompute import simulated_sales, timed
from tests.e2e.installation import Installation

ASKED = """
import json, statistics, sys, time
from pathlib import Path
import duckdb
from django.db import connection
sale = "NOT is_return AND NOT voided"
month = "to_char(date, 'YYYY-MM')" if connection.vendor == "postgresql" else "substr(date, 1, 7)"
lines = "FROM pricing_transaction"
files = f"FROM read_parquet('{sys.argv[1]}/*/*.parquet')"
money = "SUM(CASE WHEN {} THEN quantity * unit_price ELSE 0 END)".format(sale)
questions = {
    "revenue by month": (
        f"SELECT {month}, {money} {lines} GROUP BY 1",
        f"SELECT strftime(date, '%Y-%m'), {money} {files} GROUP BY 1"),
    "daily sales of all products, summed up": tuple(
        f"SELECT COUNT(*), SUM(units), MAX(revenue) FROM (SELECT product_id, date, SUM(quantity) AS units, {money} AS revenue"
        f" {source} GROUP BY 1, 2) AS days" for source in (lines, files)),
    "revenue by country and product": tuple(
        f"SELECT country, product_id, {money} {source} GROUP BY 1, 2" for source in (lines, files)),
    "customers and invoices by month": (
        f"SELECT {month}, COUNT(DISTINCT customer_id), COUNT(DISTINCT invoice_no) {lines} GROUP BY 1",
        f"SELECT strftime(date, '%Y-%m'), COUNT(DISTINCT customer_id), COUNT(DISTINCT invoice_no) {files} GROUP BY 1"),
}
duck = duckdb.connect()
def ask_database(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
def comparable(rows):
    return sorted(tuple(str(each)[:10] if not isinstance(each, (int, float)) and not hasattr(each, "as_tuple")
                        else round(float(each), 2) for each in row) for row in rows)
found = {}
for name, (of_database, of_files) in questions.items():
    seconds = [[], []]
    for _ in range(5):
        for at, (ask, sql) in enumerate(((ask_database, of_database), (lambda text: duck.execute(text).fetchall(), of_files))):
            begun = time.perf_counter()
            rows = ask(sql)
            seconds[at].append(time.perf_counter() - begun)
            if at == 0:
                expected = rows
    assert comparable(rows) == comparable(expected), name
    found[name] = [1000 * statistics.median(each) for each in seconds]
size = sum(path.stat().st_size for path in Path(sys.argv[1]).rglob("*.parquet"))
count = ask_database("SELECT COUNT(*) FROM pricing_transaction")[0][0]
print(json.dumps([found, size, count]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--products", type=int, default=5_000)
    parser.add_argument("--days", type=int, default=1_080)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as temporary,
        Installation(Path(temporary), os.environ.get("DATABASE_URL", ""), LOG_LEVEL="WARNING") as shop,
    ):
        file = simulated_sales(shop.directory / "sales.csv", asked.lines, asked.products, asked.days)
        imported = timed(shop, "import_transactions", str(file))
        folder = str(shop.directory / "export")
        exported = timed(shop, "export_parquet", folder)
        checked = timed(shop, "verify", "--parquet", folder)
        questions, size, lines = shop.shell(ASKED, folder)
        kind = "PostgreSQL" if shop.postgresql else "SQLite"
    print(
        f"import and recompute: {imported.processor_seconds:.0f} s of the processor, {imported.megabytes:.0f} MB of memory"
    )
    print(
        f"{lines:,} lines on {kind}: exported in {exported.seconds:.1f} s ({exported.processor_seconds:.1f} s of the"
        f" processor, {exported.megabytes:.0f} MB of memory), {size / 1e6:.0f} MB, {size / lines:.0f} bytes a line;"
        f" compared with the daily sales in {checked.seconds:.1f} s, {checked.megabytes:.0f} MB"
    )
    table = Table(title="median milliseconds of five")
    for column in ("question", kind, "DuckDB", "ratio"):
        table.add_column(column, justify="left" if column == "question" else "right")
    for name, (database, duck) in questions.items():
        table.add_row(name, f"{database:,.0f}", f"{duck:,.0f}", f"{database / duck:.1f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
