"""Whether the transactions have a partition for each month, and what it would take to give them some (PostgreSQL).

No setting says so: the catalogue of the database does, for every process alike.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from elastix.sql import fetch, is_postgresql

TABLE: Final = "pricing_transaction"
# Where lines of a month without a partition are until it has one.
DEFAULT: Final = f"{TABLE}_default"
KEY: Final = "date"
# Thirty years. Each query of all months locks every partition and each of its indexes.
MOST_PARTITIONS: Final = 360


@dataclass(frozen=True, slots=True)
class Room:
    """What the table is before it has partitions.

    Attributes
    ----------
    lines : by the planner's estimate.
    size : bytes with indexes; the conversion takes as much again until it is committed.
    months : first days of the months that have lines.
    obstacles : what the table has that one with partitions cannot, each as a sentence.
    """

    lines: int
    size: int
    months: list[dt.date]
    obstacles: list[str]


def is_partitioned() -> bool:
    """Tell whether the transactions have partitions."""
    if not is_postgresql():
        return False
    return bool(fetch("SELECT 1 FROM pg_partitioned_table WHERE partrelid = to_regclass(%s)", [TABLE]))


def partition_of(month: dt.date) -> str:
    """Return the name of a month's partition."""
    return f"{TABLE}_{month:%Y_%m}"


def partitions_of_months() -> set[str]:
    """Return the names of the partitions there are, the default one left out."""
    sql = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(%s)"
    return {name for (name,) in fetch(sql, [TABLE])} - {DEFAULT}


def months_of(days: Iterable[dt.date]) -> list[dt.date]:
    """Return the first days of the months of some days, in order."""
    return sorted({day.replace(day=1) for day in days})


def months_with_lines(table: str = TABLE) -> list[dt.date]:
    """Return the first days of the months that a table has lines of, in order."""
    sql = f"SELECT DISTINCT date_trunc('month', {KEY})::date FROM {table} ORDER BY 1"
    return [month for (month,) in fetch(sql)]


def room() -> Room:
    """Return what the conversion would take, and what forbids it."""
    ((lines, size),) = fetch(
        "SELECT GREATEST(reltuples, 0)::bigint, pg_total_relation_size(oid) FROM pg_class WHERE oid = to_regclass(%s)",
        [TABLE],
    )
    return Room(lines, size, months_with_lines(), list(_obstacles()))


def _obstacles() -> Iterable[str]:
    references = "SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confrelid = to_regclass(%s)"
    for (table,) in fetch(references, [TABLE]):
        yield f"{table} refers to it by the id alone, which no constraint of a table with partitions can."
    views = """
        SELECT DISTINCT ev_class::regclass::text FROM pg_depend JOIN pg_rewrite ON pg_rewrite.oid = objid
        WHERE refobjid = to_regclass(%s) AND ev_class <> refobjid
    """
    for (view,) in fetch(views, [TABLE]):
        yield f"the view {view} reads it: drop it before and create it again afterwards."
    unique = """
        SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = to_regclass(%s) AND indisunique
        AND NOT indisprimary AND NOT EXISTS (
            SELECT 1 FROM pg_attribute WHERE attrelid = indrelid AND attname = %s AND attnum = ANY (indkey::int[]))
    """
    for (index,) in fetch(unique, [TABLE, KEY]):
        yield f"the unique index {index} does not have the column {KEY}."
