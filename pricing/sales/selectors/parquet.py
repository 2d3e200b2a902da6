"""An export of the transactions against the daily sales: summed up again from its files, by DuckDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from elastix.errors import Conflict
from elastix.maintenance.verification import Finding
from elastix.sql import NULL_IN_CSV, one_state, write_csv
from pricing.sales.core.parquet import (
    DAY_COLUMNS,
    FILE,
    MANIFEST,
    SUMS,
    Manifest,
    csv_source,
    manifest_of,
    quoted,
)

NOT_INSTALLED: Final = (
    "This needs DuckDB, an extra: .venv/bin/pip install -r requirements-extra.txt, then run it again."
)
# What is larger is put aside on disk.
MEMORY: Final = "512MB"
# SQLite sums in floating point, and rounds the sum: the last decimal of money may differ.
TOLERANCE: Final = {"revenue": Decimal("0.0001"), "returned_revenue": Decimal("0.0001")}
_NAMES: Final = ("quantity", "revenue", "returned_quantity", "returned_revenue", "lines")


@contextmanager
def duck(temporary: Path) -> Iterator[Any]:
    """A DuckDB in memory that puts aside what is too large, and loads nothing from elsewhere.

    Raises
    ------
    Conflict : DuckDB is not installed.
    """
    try:
        import duckdb
    except ImportError as error:
        raise Conflict(NOT_INSTALLED) from error
    alone = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    limits = {"memory_limit": MEMORY, "temp_directory": str(temporary / "duckdb")}
    with duckdb.connect(":memory:", config={**alone, **limits}) as found:
        found.execute("SET TimeZone = 'UTC'")
        yield found


def manifest_in(folder: Path) -> Manifest | None:
    """Return the manifest of an export; None where the folder is none of ours."""
    try:
        return manifest_of((folder / MANIFEST).read_text())
    except (OSError, UnicodeDecodeError):
        return None


def export_of(folder: Path) -> Manifest:
    """Return what an export says of itself.

    Raises
    ------
    Conflict : the folder is no export.
    """
    manifest = manifest_in(folder)
    if manifest is None:
        raise Conflict(f"{folder} is no export of `manage.py export_parquet`.")
    return manifest


def sums_of(database: Any, file: Path) -> tuple[str, str, str, str, int]:
    """Sums of a month's file, money and units as text."""
    *amounts, lines = database.execute(f"SELECT {SUMS} FROM read_parquet({quoted(file)})").fetchone()
    return (*map(str, amounts), lines)


def check_parquet(folder: Path) -> Iterator[Finding]:
    """Every file against the manifest, then every day and product of all files against the daily sales.

    Raises
    ------
    Conflict : the folder is no export, or DuckDB is not installed.
    """
    manifest = export_of(folder)
    with TemporaryDirectory() as name, duck(Path(name)) as database:
        damaged = list(_check_files(database, folder, manifest))
        yield from damaged
        if not damaged:
            yield from _check_days(database, folder, manifest, Path(name) / "days.csv")


def _check_files(database: Any, folder: Path, manifest: Manifest) -> Iterator[Finding]:
    import duckdb

    for month in manifest.months:
        file = folder / month.folder / FILE
        try:
            found = sums_of(database, file)
        except duckdb.Error as error:
            yield Finding(str(file), f"unreadable ({str(error).splitlines()[0]})", f"{month.lines} lines")
            continue
        for name, value, expected in zip(_NAMES, found, month.sums, strict=True):
            if value != expected:
                yield Finding(f"{name} of {file}", value, expected)


def _check_days(database: Any, folder: Path, manifest: Manifest, path: Path) -> Iterator[Finding]:
    with one_state():
        days = ", ".join("CAST(date AS text)" if name == "date" else name for name in DAY_COLUMNS)
        where = f"WHERE date >= '{manifest.since}'" if manifest.since else ""
        write_csv(f"SELECT {days} FROM pricing_saleshistory {where}", path)
    files = ", ".join(quoted(folder / month.folder / FILE) for month in manifest.months)
    exported = f"SELECT product_id, date, {SUMS} FROM read_parquet([{files}]) GROUP BY ALL"
    if not files:
        exported = f"SELECT product_id, date, {', '.join(_NAMES)} FROM stored WHERE false"
    stored = f"SELECT * FROM {csv_source(path, DAY_COLUMNS, NULL_IN_CSV)}"
    differ = " OR ".join(f"ABS(e.{name} - s.{name}) > {TOLERANCE.get(name, 0)}" for name in _NAMES)
    both = ", ".join(f"e.{name}, s.{name}" for name in _NAMES)
    # A day that was entered by hand stands before its lines.
    found = database.execute(f"""
        WITH stored AS ({stored}), exported AS ({exported}),
             summed AS (SELECT * FROM stored WHERE source = 'transactions')
        SELECT COALESCE(e.product_id, s.product_id), COALESCE(e.date, s.date), {both}
        FROM exported e FULL JOIN summed s ON e.product_id = s.product_id AND e.date = s.date
        WHERE (e.lines IS NULL OR s.lines IS NULL OR {differ}) AND NOT EXISTS (
            SELECT 1 FROM stored m WHERE m.source <> 'transactions' AND m.product_id = e.product_id AND m.date = e.date)
        ORDER BY 1, 2
    """)
    while rows := found.fetchmany(1_000):
        for code, day, *values in rows:
            yield from _day(f"the day {day} of {code}", values)


def _day(where: str, values: list[Any]) -> Iterator[Finding]:
    exported, stored = values[::2], values[1::2]
    if exported[-1] is None or stored[-1] is None:
        found, expected = (
            "missing" if side[-1] is None else f"{side[-1]} lines" for side in (exported, stored)
        )
        yield Finding(where, f"{found} in the export", f"{expected} as in the daily sales")
        return
    for name, value, expected in zip(_NAMES, exported, stored, strict=True):
        if abs(value - expected) > TOLERANCE.get(name, 0):
            yield Finding(f"{name} of {where}", value, expected)
