"""Export the transactions as Parquet: a folder a month, typed, in bounded memory, all of it or nothing."""

import datetime as dt
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from elastix.dataset.versions import data_version
from elastix.errors import Conflict
from elastix.sql import NULL_IN_CSV, fetch, is_postgresql, one_state, write_csv
from pricing.sales.core.parquet import (
    COLUMNS,
    FILE,
    MANIFEST,
    Manifest,
    Month,
    csv_source,
    manifest_text,
    months_between,
    quoted,
)
from pricing.sales.selectors.parquet import duck, manifest_in, sums_of
from pricing.sales.services.rollup import as_date

# A moment and its day in the shop's zone are never further apart; the index is one of moments.
SLACK: Final = dt.timedelta(days=2)


def parquet_export(
    folder: Path, *, since: dt.date | None = None, say: Callable[[str], Any] = lambda line: None
) -> Manifest:
    """Write all transactions into a folder, one file a month; one state of the sales, whoever writes meanwhile.

    The folder is made, or an earlier export's is replaced once the new one is complete.

    Parameters
    ----------
    since : only this day's month and later ones are written; earlier months of an earlier export are kept as they are.
    say : called with progress messages.

    Raises
    ------
    Conflict : the folder holds something else, there is no directory for it, or DuckDB is not installed.
    """
    folder = folder.absolute()
    former = _former(folder)
    first = since.replace(day=1) if since else None
    new = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        kept = _keep(folder, former, first, new) if first else []
        with one_state(), duck(new) as database:
            version = data_version()
            made = []
            for month in _months(first):
                made.append(_write(database, new, month, version.sales_version))
                say(f"{made[-1].month}: {made[-1].lines:,} lines")
        manifest = Manifest(
            exported_at=timezone.now().isoformat(timespec="seconds"),
            time_zone=version.time_zone or str(settings.SHOP_TIME_ZONE),
            since=_since(first, former),
            months=(*kept, *(month for month in made if month.lines)),
        )
        shutil.rmtree(new / "duckdb", ignore_errors=True)
        (new / MANIFEST).write_text(manifest_text(manifest))
        new.chmod(0o755)
        _exchange(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return manifest


def _former(folder: Path) -> Manifest | None:
    """Return what is in the folder, if it is an export.

    Raises
    ------
    Conflict
    """
    if not folder.parent.is_dir():
        raise Conflict(f"There is no directory {folder.parent}.")
    if folder.exists() and not folder.is_dir():
        raise Conflict(f"{folder} is a file: name a folder.")
    former = manifest_in(folder)
    if former is None and folder.exists() and any(folder.iterdir()):
        raise Conflict(f"{folder} holds something else than an export: name a new folder, or empty it.")
    return former


def _keep(folder: Path, former: Manifest | None, first: dt.date, new: Path) -> list[Month]:
    """Take over the earlier months of the former export, without copying where the file system allows."""
    kept = [month for month in (former.months if former else ()) if month.month < f"{first:%Y-%m}"]
    for month in kept:
        (new / month.folder).mkdir()
        shutil.copytree(folder / month.folder, new / month.folder, copy_function=_link, dirs_exist_ok=True)
    return kept


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _since(first: dt.date | None, former: Manifest | None) -> str | None:
    if first is None or (former and former.since is None):
        return None
    return min(first.isoformat(), former.since or "") if former else first.isoformat()


def _months(first: dt.date | None) -> list[dt.date]:
    """First days of all months between the first and the last line, those before a day left out."""
    ((oldest, newest),) = fetch("SELECT MIN(date), MAX(date) FROM pricing_transaction")
    if oldest is None:
        return []
    return [
        month for month in months_between(as_date(oldest), as_date(newest)) if not first or month >= first
    ]


def _write(database: Any, new: Path, month: dt.date, version: int) -> Month:
    """Write a month's file, sorted by product and day, so that readers of some products pass over the others."""
    text, part = f"{month:%Y-%m}", new / "month.csv"
    write_csv(_lines_of(month), part)
    folder = new / f"month={text}"
    folder.mkdir()
    names = ", ".join(
        f"{name} AT TIME ZONE 'UTC' AS {name}" if name == "invoice_date" else name for name in COLUMNS
    )
    database.execute(
        f"COPY (SELECT {names} FROM {csv_source(part, COLUMNS, NULL_IN_CSV)} ORDER BY product_id, date, id)"
        f" TO {quoted(folder / FILE)} (FORMAT parquet, COMPRESSION zstd)"
    )
    part.unlink()
    quantity, revenue, returned_quantity, returned_revenue, lines = sums_of(database, folder / FILE)
    if not lines:
        shutil.rmtree(folder)
    return Month(text, version, lines, quantity, revenue, returned_quantity, returned_revenue)


def _lines_of(month: dt.date) -> str:
    after = (month + dt.timedelta(days=31)).replace(day=1)
    moment = "invoice_date AT TIME ZONE 'UTC'" if is_postgresql() else "invoice_date"
    special = {
        "date": "CAST(date AS text)",
        "invoice_date": f"CAST({moment} AS text)",
        "is_return": "CASE WHEN is_return THEN 'true' ELSE 'false' END",
        "voided": "CASE WHEN voided THEN 'true' ELSE 'false' END",
    }
    return (
        f"SELECT {', '.join(special.get(name, name) for name in COLUMNS)} FROM pricing_transaction"
        f" WHERE date >= '{month}' AND date < '{after}'"
        f" AND invoice_date >= '{month - SLACK}' AND invoice_date < '{after + SLACK}'"
    )


def _exchange(new: Path, folder: Path) -> None:
    """Put the new folder in the place of the former one, which is deleted only then."""
    old = new.with_name(f"{new.name}.former")
    if folder.exists():
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
