"""The few places where SQLite and PostgreSQL spell the same thing differently, and bulk transfer."""

import datetime as dt
import errno
import gc
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import OperationalError, connection, connections, transaction

from elastix.databases import SQLITE_CACHE_KB
from elastix.replica import alias_for_reads, stay_on_primary

if TYPE_CHECKING:
    from numpy.typing import NDArray

# As SQLite has timestamps: in UTC, without saying so.
_EPOCH = dt.datetime(1970, 1, 1)
ROWS_AT_A_TIME = 20_000
# SQLite refuses more than 32,766 values in a statement; beyond some thousands longer ones are no faster.
VALUES_A_STATEMENT = 5_000
JOB_CACHE_KB = 128 * 1024
# The index of SQLite's log, 32 KB, and the log's first pages.
SQLITE_OPENS_IN_BYTES = 64 * 1024
DISK_FULL = "The disk is full, so nothing of this was kept. Make room, then repeat it."


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def is_disk_full(error: BaseException) -> bool:
    """Tell whether an error means that the disk of the database or of the data directory is full."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOSPC
    if not isinstance(error, OperationalError | sqlite3.OperationalError):
        return False
    words = ("disk is full", "No space left on device")  # SQLite, PostgreSQL
    return any(each in str(error) for each in words) or ("disk I/O error" in str(error) and not _has_room())


def _has_room() -> bool:
    """Tell whether SQLite's disk has room to open the database; without it SQLite speaks of an I/O error."""
    directory = Path(settings.DATABASES["default"]["NAME"]).parent
    return shutil.disk_usage(directory).free >= SQLITE_OPENS_IN_BYTES


def as_integer(column: str) -> str:
    """SQL for a boolean column as 0 or 1, which spares SQLite's driver a conversion in Python for every row."""
    return f"CAST({column} AS integer)"


def epoch_day(column: str) -> str:
    """SQL for the days since 1970-01-01 of a date column."""
    if is_postgresql():
        return f"({column} - DATE '1970-01-01')"
    return f"CAST(julianday({column}) - 2440587.5 AS INTEGER)"


def epoch_minute(column: str) -> str:
    """SQL for the minutes since the epoch of a timestamp column."""
    if is_postgresql():
        return f"(FLOOR(EXTRACT(EPOCH FROM {column}))::bigint / 60)"
    # Doubled, or Django would take it for the place of a parameter.
    return f"(CAST(strftime('%%s', {column}) AS INTEGER) / 60)"


def day_of(column: str) -> str:
    """SQL for a date column that many rows are read of; `day_numbers` makes numbers of the values.

    SQLite reads a date from its text for every row; it is cheaper to read each different text once.
    """
    return f"CAST({column} AS text)" if not is_postgresql() else epoch_day(column)


def minute_of(column: str) -> str:
    """The same for a timestamp column, with `minute_numbers`."""
    return f"CAST({column} AS text)" if not is_postgresql() else epoch_minute(column)


def day_numbers(values: Sequence[Any]) -> list[int]:
    """Days since 1970-01-01 of what `day_of` selected."""
    return _numbers(values, lambda text: (dt.date.fromisoformat(text) - _EPOCH.date()).days)


def minute_numbers(values: Sequence[Any]) -> list[int]:
    """Minutes since the epoch of what `minute_of` selected."""
    return _numbers(
        values, lambda text: (dt.datetime.fromisoformat(text) - _EPOCH) // dt.timedelta(minutes=1)
    )


def _numbers(values: Sequence[Any], convert: Callable[[str], int]) -> list[int]:
    if not values or not isinstance(values[0], str):
        return list(values)
    number = {text: convert(text) for text in set(values)}
    return [number[text] for text in values]


def execute(sql: str, parameters: Sequence[Any] = ()) -> int:
    """Run a statement on the primary; return how many rows it touched."""
    stay_on_primary()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def analyze(*tables: str) -> None:
    """Let PostgreSQL count tables that many rows were written to; until autovacuum comes round its planner takes them for empty.

    SQLite is left alone: it would read every index of these tables for it.
    """
    if is_postgresql():
        execute(f"ANALYZE {', '.join(tables)}")


@contextmanager
def without_waiting() -> Iterator[None]:
    """Let a write fail at once where SQLite's one lock is taken; on PostgreSQL it waits for its row alone.

    Raises
    ------
    OperationalError : another writer has the lock.
    """
    if is_postgresql():
        yield
        return
    with connection.cursor() as cursor:
        waits = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {int(waits)}")


@contextmanager
def room_for_pages() -> Iterator[None]:
    """Let SQLite keep as much of the database in memory as a job that goes through all of it makes use of."""
    if is_postgresql():
        yield
        return
    execute(f"PRAGMA cache_size = -{JOB_CACHE_KB}")
    try:
        yield
    finally:
        execute(f"PRAGMA cache_size = -{SQLITE_CACHE_KB}")
        execute("PRAGMA shrink_memory")


def lock_text(text: str) -> None:
    """Make transactions that name the same text wait for each other; on SQLite all writers do so anyway."""
    if is_postgresql():
        execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [text])


def locked_now(table: str, mode: str = "ACCESS EXCLUSIVE") -> bool:
    """Lock a table until the transaction ends, unless somebody is at it now; tell whether it is locked.

    On SQLite a transaction that writes keeps all others out anyway.
    """
    if not is_postgresql():
        return True
    try:
        with transaction.atomic():
            execute(f"LOCK TABLE {table} IN {mode} MODE NOWAIT")
    except OperationalError:
        return False
    return True


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Hundreds of thousands of new row tuples make the garbage collector look at all of them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def fetch(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return the rows of a query, which reads where the request does."""
    with _no_garbage_collection(), connections[alias_for_reads()].cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()  # type: ignore[no-any-return]


def fetch_columns(sql: str, parameters: Sequence[Any] = (), *, columns: int) -> list[tuple[Any, ...]]:
    """Return the answer column by column; `columns` empty tuples where there are no rows."""
    rows = fetch(sql, parameters)
    return list(zip(*rows, strict=True)) if rows else [() for _ in range(columns)]


def fetch_rows(sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of an answer, of which only some are held at a time."""
    with connections[alias_for_reads()].cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(ROWS_AT_A_TIME):
            yield from rows


@contextmanager
def one_state() -> Iterator[None]:
    """Let all that is read within see one state of the database, while others write; nothing may be written."""
    # Its own transaction can be set to that; one it is part of has begun already.
    if connection.in_atomic_block:
        yield
    elif is_postgresql():
        with transaction.atomic():
            execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Django's own transactions begin with the lock for writing.
        execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            execute("ROLLBACK")


NULL_IN_CSV = r"\N"


def write_csv(query: str, path: Path) -> None:
    """Write the answer of a query to a file, some rows at a time: no header, texts quoted, NULL as \\N without quotes.

    Columns that SQLite has no type of its own for (dates, moments, booleans) are selected as text.
    """
    if is_postgresql():
        statement = f"COPY ({query}) TO STDOUT (FORMAT csv, NULL '{NULL_IN_CSV}')"
        with connection.cursor() as cursor, path.open("wb") as file, cursor.copy(statement) as copy:
            for part in copy:
                file.write(part)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        for row in fetch_rows(query):
            file.write(",".join(map(_cell, row)) + "\n")


def _cell(value: Any) -> str:
    if value is None:
        return NULL_IN_CSV
    return '"' + str(value).replace('"', '""') + '"'


def fetch_arrays(
    statements: Iterable[tuple[str, Sequence[Any]]],
    arrays: Callable[[Sequence[Sequence[Any]]], "list[NDArray[Any]]"],
    *,
    columns: int,
) -> "list[NDArray[Any]]":
    """Read the answers of statements into arrays, in portions of rows so that their Python objects stay few.

    Parameters
    ----------
    statements : each with its parameters.
    arrays : makes arrays of the columns of some rows; their parts are joined.
    columns : how many columns a row has.
    """
    import numpy as np

    parts = []
    with _no_garbage_collection(), connections[alias_for_reads()].cursor() as cursor:
        for sql, parameters in statements:
            cursor.execute(sql, parameters)
            while rows := cursor.fetchmany(ROWS_AT_A_TIME):
                parts.append(arrays(list(zip(*rows, strict=True))))
    parts = parts or [arrays([()] * columns)]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def number_for_driver(value: Decimal | float) -> Any:
    """A decimal as raw statements take it: its digits on PostgreSQL, a float on SQLite."""
    if is_postgresql():
        return f"{value:.4f}" if isinstance(value, float) else str(value)
    return float(value)


def numbers_for_driver(values: Iterable[float]) -> list[Any]:
    """The same for many numbers, nan as NULL: which database it is, is asked once."""
    form: Callable[[float], Any] = (lambda value: f"{value:.4f}") if is_postgresql() else float
    return [None if value != value else form(value) for value in values]


def batches(items: Iterable[Any], size: int = VALUES_A_STATEMENT) -> Iterator[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def placeholders(count: int) -> str:
    return ",".join(["%s"] * count)


def insert_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Add many rows the fast way: COPY on PostgreSQL, executemany on SQLite.

    Values are those the driver stores: on SQLite uuids as hex, timestamps as text, decimals as float.
    """
    stay_on_primary()
    names = ", ".join(columns)
    count = 0
    with connection.cursor() as cursor:
        if is_postgresql():
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
                    count += 1
            return count
        statement = f"INSERT INTO {table} ({names}) VALUES ({placeholders(len(columns))})"
        for chunk in batches(rows, 20_000):
            cursor.executemany(statement, chunk)
            count += len(chunk)
    return count


def update_rows(
    table: str,
    key: str,
    columns: Mapping[str, str],
    rows: Sequence[Sequence[Any]],
    *,
    key_type: str = "bigint",
) -> None:
    """Set columns of many rows by key: through a temporary table on PostgreSQL, executemany on SQLite.

    Parameters
    ----------
    columns
        Name and PostgreSQL type of each column to set.
    rows
        The values in the order of `columns`, then the key.
    """
    if not rows:
        return
    stay_on_primary()
    with connection.cursor() as cursor:
        if not is_postgresql():
            assignments = ", ".join(f"{name} = %s" for name in columns)
            for chunk in batches(rows, 20_000):
                cursor.executemany(f"UPDATE {table} SET {assignments} WHERE {key} = %s", chunk)
            return
        fields = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        cursor.execute(f"CREATE TEMP TABLE changed_rows ({fields}, row_key {key_type}) ON COMMIT DROP")
        with cursor.copy(f"COPY changed_rows ({', '.join(columns)}, row_key) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute("ANALYZE changed_rows")
        assignments = ", ".join(f"{name} = changed_rows.{name}" for name in columns)
        cursor.execute(f"UPDATE {table} SET {assignments} FROM changed_rows WHERE {table}.{key} = row_key")
        cursor.execute("DROP TABLE changed_rows")
