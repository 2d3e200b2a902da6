"""What must be stored, known from the files that were sent: by plain sums, without any code of the product."""

import csv
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

HEADER = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country",
)  # fmt: skip
BAD_EVERY = 97


@dataclass
class Oracle:
    """The sums of all files that were accepted so far.

    Attributes
    ----------
    lines, rejects : how many, by file.
    units, revenue : by product and day.
    """

    lines: dict[str, int] = field(default_factory=dict)
    rejects: dict[str, int] = field(default_factory=dict)
    units: Counter[tuple[str, str]] = field(default_factory=Counter)
    revenue: defaultdict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    made: int = 0

    def file(self, directory: Path, rows: int = 3_000) -> Path:
        """Write a file of sales that no other has, some of its rows impossible, and count what it adds to the transactions."""
        self.made += 1
        choice = random.Random(self.made)
        path = directory / f"sales_{self.made:03}.csv"
        self.lines[path.name] = self.rejects[path.name] = 0
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for number in range(rows):
                writer.writerow(self._row(path.name, number, choice))
        return path

    def _row(self, name: str, number: int, choice: random.Random) -> tuple[Any, ...]:
        code, day = (
            f"P{choice.randrange(12):02}",
            f"2025-{choice.randrange(1, 7):02}-{choice.randrange(1, 29):02}",
        )
        units, price = choice.randrange(1, 6), Decimal(choice.randrange(300, 420)) / 100
        bad = number % BAD_EVERY == BAD_EVERY - 1
        if bad:
            self.rejects[name] += 1
        else:
            self.lines[name] += 1
            self.units[code, day] += units
            self.revenue[code, day] += units * price
        # The number of an invoice is the file's and the row's: two rows are never the same sale.
        invoice = f"{self.made:03}{number:05}"
        quantity = "many" if bad else units
        return (
            invoice,
            code,
            f"Product {code}",
            quantity,
            f"{day} 12:00",
            price,
            1000 + number % 50,
            "France",
        )

    def differences(self, connection: Any) -> list[str]:
        """Say where the database is not as the files are."""

        def asked(sql: str) -> list[Any]:
            return connection.execute(sql).fetchall()

        files = {
            name: (status, accepted, rejected)
            for name, status, accepted, rejected in asked(
                "SELECT file_name, status, accepted, rejected FROM elastix_importbatch"
            )
        }
        wanted = {name: ("published", self.lines[name], self.rejects[name]) for name in self.lines}
        found = [
            f"{name}: {files.get(name)}, not {one}" for name, one in wanted.items() if files.get(name) != one
        ]
        found += [f"unknown file {name}" for name in files.keys() - wanted.keys()]
        kept = dict(asked(
            "SELECT file_name, COUNT(*) FROM elastix_importreject r JOIN elastix_importbatch b ON b.id = r.batch_id "
            "GROUP BY file_name"
        ))  # fmt: skip
        found += [
            f"{name}: {kept.get(name, 0)} rejects"
            for name, n in self.rejects.items()
            if kept.get(name, 0) != n
        ]
        lines = dict(asked(
            "SELECT file_name, COUNT(*) FROM pricing_transaction t JOIN elastix_importbatch b ON b.id = t.batch_id "
            "GROUP BY file_name"
        ))  # fmt: skip
        found += [
            f"{name}: {lines.get(name, 0)} lines" for name, n in self.lines.items() if lines.get(name, 0) != n
        ]
        for table, columns in (
            ("pricing_transaction", "SUM(quantity), SUM(quantity * unit_price)"),
            ("pricing_saleshistory", "SUM(quantity), SUM(revenue)"),
        ):
            sums = {
                (code, day): (units, revenue)
                for code, day, units, revenue in asked(
                    f"SELECT product_id, date::text, {columns} FROM {table} GROUP BY product_id, date"
                )
            }
            expected = {key: (units, self.revenue[key]) for key, units in self.units.items()}
            found += [
                f"{table} {key}: {sums.get(key)}, not {expected.get(key)}"
                for key in sorted(sums.keys() | expected.keys())
                if sums.get(key) != expected.get(key)
            ]
        left = asked("SELECT COUNT(*) FROM pricing_stagedtransaction")[0][0]
        found += [f"{left} rows left on the stage"] if left else []
        failed = asked("SELECT kind, error FROM elastix_job WHERE state = 'failed'")
        found += [f"failed: {failed}"] if failed else []
        return found
