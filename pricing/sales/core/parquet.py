"""What an export of the transactions to Parquet consists of: its columns, its manifest, and the sums of its files."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

MANIFEST: Final = "manifest.json"
FORMAT: Final = "elastix transactions 1"
FILE: Final = "lines.parquet"

# Column -> its type in DuckDB. Moments come as UTC without saying so.
COLUMNS: Final[Mapping[str, str]] = {
    "id": "UUID",
    "invoice_no": "VARCHAR",
    "product_id": "VARCHAR",
    "description": "VARCHAR",
    "quantity": "DECIMAL(18, 3)",
    "invoice_date": "TIMESTAMP",
    "unit_price": "DECIMAL(12, 4)",
    "customer_id": "VARCHAR",
    "country": "VARCHAR",
    "channel": "VARCHAR",
    "date": "DATE",
    "is_return": "BOOLEAN",
    "voided": "BOOLEAN",
    "units": "DOUBLE",
    "exclusion": "SMALLINT",
    "batch_id": "UUID",
}
DAY_COLUMNS: Final[Mapping[str, str]] = {
    "product_id": "VARCHAR",
    "date": "DATE",
    "quantity": "DECIMAL(18, 3)",
    "revenue": "DECIMAL(24, 4)",
    "returned_quantity": "DECIMAL(18, 3)",
    "returned_revenue": "DECIMAL(24, 4)",
    "lines": "INTEGER",
    "source": "VARCHAR",
}
# The rule of the roll-up: a voided line is only counted, a return stands on its own day.
_SALE, _RETURN = "NOT is_return AND NOT voided", "is_return AND NOT voided"
SUMS: Final = f"""
    COALESCE(SUM(quantity) FILTER ({_SALE}), 0) AS quantity,
    ROUND(COALESCE(SUM(quantity * unit_price) FILTER ({_SALE}), 0), 4) AS revenue,
    COALESCE(SUM(ABS(quantity)) FILTER ({_RETURN}), 0) AS returned_quantity,
    ROUND(COALESCE(SUM(ABS(quantity) * unit_price) FILTER ({_RETURN}), 0), 4) AS returned_revenue,
    COUNT(*) AS lines
"""


@dataclass(frozen=True, slots=True)
class Month:
    """A month's file: the state of the sales that it shows, and its sums as text, so that no decimal is lost."""

    month: str
    sales_version: int
    lines: int
    quantity: str
    revenue: str
    returned_quantity: str
    returned_revenue: str

    @property
    def folder(self) -> str:
        return f"month={self.month}"

    @property
    def sums(self) -> tuple[str, str, str, str, int]:
        return self.quantity, self.revenue, self.returned_quantity, self.returned_revenue, self.lines


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export says of itself; `since` is its first day, None if it has all lines."""

    exported_at: str
    time_zone: str
    since: str | None
    months: tuple[Month, ...]

    @property
    def lines(self) -> int:
        return sum(month.lines for month in self.months)


def manifest_text(manifest: Manifest) -> str:
    return json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1) + "\n"


def manifest_of(text: str) -> Manifest | None:
    """Return what a manifest says; None if it is none of ours."""
    try:
        stored: dict[str, Any] = json.loads(text)
        if stored.pop("format") != FORMAT:
            return None
        months = tuple(Month(**month) for month in stored.pop("months"))
        return Manifest(months=months, **stored)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def months_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return the first days of all months from one day to another."""
    numbers = range(12 * first.year + first.month - 1, 12 * last.year + last.month)
    return [dt.date(number // 12, number % 12 + 1, 1) for number in numbers]


def quoted(text: object) -> str:
    """Return a text as a literal of SQL."""
    return "'" + str(text).replace("'", "''") + "'"


def csv_source(path: object, columns: Mapping[str, str], null: str) -> str:
    """Return SQL that reads a file of `elastix.sql.write_csv`."""
    types = ", ".join(f"{name}: {quoted(kind)}" for name, kind in columns.items())
    return (
        f"read_csv({quoted(path)}, auto_detect = false, header = false, delim = ',', quote = '\"', escape = '\"',"
        f" nullstr = {quoted(null)}, allow_quoted_nulls = false, columns = {{{types}}})"
    )
