"""Typed cells of a workbook, spelt as a text file would spell them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from elastix.imports.core.fields import Kind
from elastix.imports.core.numbers import DecimalMark

# Day 0 of Excel's serial numbers, as they count from March 1900 on.
SERIAL_EPOCH: Final = datetime(1899, 12, 30)
LARGEST_SERIAL: Final = 2_958_465


def cell_text(cell: Any, kind: Kind = "text", mark: DecimalMark = ".") -> str:
    """Spell a cell as a text file would.

    A number has no needless decimals and at most 15 digits, as Excel shows it; in a date column it is Excel's
    serial number of a day (days since 1899-12-30). Dates become ISO 8601.
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        if kind == "datetime" and 0 < cell < LARGEST_SERIAL:
            return _spelt_date(SERIAL_EPOCH + timedelta(days=cell))
        if isinstance(cell, int) or cell.is_integer():
            return str(int(cell))
        spelt = f"{Decimal(f'{cell:.15g}'):f}"
        return spelt.replace(".", mark) if kind in ("integer", "decimal") else spelt
    if isinstance(cell, datetime):
        return _spelt_date(cell)
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _spelt_date(moment: datetime) -> str:
    # Serial numbers are binary fractions of a day: exact to some microseconds only.
    milliseconds = round(moment.microsecond / 1000)
    settled = moment.replace(microsecond=0) + timedelta(milliseconds=milliseconds)
    return settled.isoformat(sep=" ")
