"""Give the transactions a partition for each month on PostgreSQL, and see to it that new months have theirs.

Whoever needs a lock of a whole table asks for it without waiting, and tries again: a transaction that holds the version and
waits for the table could wait for one that reads the table and waits for the version.
"""

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.db import OperationalError, transaction
from django.utils import timezone

from elastix.dataset.versions import lock_version
from elastix.errors import Conflict
from elastix.sql import analyze, execute, fetch, is_postgresql, locked_now
from pricing.sales.selectors.partitions import (
    DEFAULT,
    KEY,
    MOST_PARTITIONS,
    TABLE,
    Room,
    is_partitioned,
    months_of,
    months_with_lines,
    partition_of,
    partitions_of_months,
    room,
)
from pricing.sales.services.transactions import shop_day

logger = logging.getLogger(__name__)

WHOLE, UNIQUE = f"{TABLE}_whole", f"{TABLE}_line"
TRIES, PAUSE_SECONDS = 10, 0.2
BUSY = f"{TABLE} is in use all the time: try again when no import, recompute or backup runs. Nothing was changed."
# At the end of the conversion nothing but reading goes on; what it has copied is worth some patience.
PATIENT_TRIES = 600


def transactions_partition(say: Callable[[str], Any] = lambda line: None) -> int:
    """Turn the table into one with a partition a month, all or nothing; return how many partitions it has.

    Writers of sales wait for the version meanwhile; readers go on until the tables are exchanged at the end.

    Parameters
    ----------
    say : called with progress messages.

    Raises
    ------
    Conflict : it is no PostgreSQL, the table has something that forbids it, or is in use all the time.
    """
    if not is_postgresql():
        raise Conflict("Only PostgreSQL has partitions; this installation uses SQLite.")
    if is_partitioned():
        partitions_keep()
        return len(partitions_of_months())
    found = room()
    if found.obstacles:
        raise Conflict(f"{TABLE} cannot be given partitions: {' '.join(found.obstacles)}")
    with transaction.atomic():
        try:
            lock_version()
        except OperationalError as error:
            raise Conflict(BUSY) from error
        _lock(TABLE, "EXCLUSIVE", TRIES)
        months = _wanted(months_with_lines())
        say(f"Copying about {found.lines:,} lines into {len(months)} partitions.")
        _copy(months)
        say("Building the indexes.")
        _exchange()
    say("Collecting statistics.")
    analyze(TABLE)
    return len(months)


def conversion_room() -> Room:
    """Return what the conversion would take.

    Raises
    ------
    Conflict : it is no PostgreSQL.
    """
    if not is_postgresql():
        raise Conflict("Only PostgreSQL has partitions; this installation uses SQLite.")
    return room()


def _wanted(months: list[dt.date]) -> list[dt.date]:
    """The months that get a partition: those with lines, the present one and the next; the newest if they are too many."""
    return months_of([*months, *_coming()])[-MOST_PARTITIONS:]


def _coming() -> list[dt.date]:
    today = shop_day(timezone.now())
    return [today.replace(day=1), _next(today)]


def _next(month: dt.date) -> dt.date:
    return (month.replace(day=1) + dt.timedelta(days=31)).replace(day=1)


def _bounds(month: dt.date) -> str:
    return f"FROM ('{month.replace(day=1)}') TO ('{_next(month)}')"


def _storage(table: str) -> str:
    """The storage parameters of a table, for another; a partitioned one itself has none."""
    ((options,),) = _of_table("reloptions", table)
    return f"WITH ({', '.join(options)})" if options else ""


def _of_table(column: str, table: str = TABLE) -> list[tuple[Any, ...]]:
    return fetch(f"SELECT {column} FROM pg_class WHERE oid = to_regclass(%s)", [table])


def _lock(table: str, mode: str, tries: int) -> None:
    for _ in range(tries):
        if locked_now(table, mode):
            return
        time.sleep(PAUSE_SECONDS)
    raise Conflict(BUSY)


def _copy(months: Iterable[dt.date]) -> None:
    """Make the new table beside the old one and copy the lines, without indexes, which are quicker built afterwards."""
    storage = _storage(TABLE)
    execute(f"CREATE TABLE {WHOLE} (LIKE {TABLE} INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE ({KEY})")
    execute(f"CREATE TABLE {DEFAULT} PARTITION OF {WHOLE} DEFAULT {storage}")
    for month in months:
        execute(
            f"CREATE TABLE {partition_of(month)} PARTITION OF {WHOLE} FOR VALUES {_bounds(month)} {storage}"
        )
    execute(f"INSERT INTO {WHOLE} SELECT * FROM {TABLE}")


def _exchange() -> None:
    """Put the new table in the place of the old one, with the same indexes, constraints, triggers and rights by name."""
    later = _definitions()
    # What the foreign key refers to is locked when it is made.
    _lock("pricing_product", "SHARE ROW EXCLUSIVE", PATIENT_TRIES)
    _lock(TABLE, "ACCESS EXCLUSIVE", PATIENT_TRIES)
    execute(f"DROP TABLE {TABLE}")
    execute(f"ALTER TABLE {WHOLE} RENAME TO {TABLE}")
    for statement in later:
        execute(statement)


def _definitions() -> list[str]:
    """Statements that give the new table what the old one has beyond columns and checks."""
    statements = [
        f"ALTER TABLE {TABLE} OWNER TO {owner}" for (owner,) in _of_table("relowner::regrole::text")
    ]
    constraints = (
        "SELECT contype::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = to_regclass(%s) AND contype <> 'c' ORDER BY contype DESC"
    )
    for kind, name, definition in fetch(constraints, [TABLE]):
        if kind != "p":
            statements.append(f"ALTER TABLE {TABLE} ADD CONSTRAINT {name} {definition}")
    indexes = """
        SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = to_regclass(%s) AND NOT EXISTS (
            SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND conrelid = indrelid)
    """
    triggers = (
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND NOT tgisinternal"
    )
    statements += [text for sql in (indexes, triggers) for (text,) in fetch(sql, [TABLE])]
    rights = """
        SELECT privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END
        FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = to_regclass(%s) AND grantee <> relowner
    """
    # The key of the partitions is part of every unique one. It is an index and no primary key: pg_restore --clean cannot drop
    # those of partitions, and has to do so before it puts a backup back.
    statements.append(f"CREATE UNIQUE INDEX {UNIQUE} ON {TABLE} (id, {KEY})")
    return statements + [f"GRANT {right} ON {TABLE} TO {who}" for right, who in fetch(rights, [TABLE])]


def partitions_keep() -> list[str]:
    """Make the partitions of this month, the next, and those that lines are waiting for; return their names."""
    return partitions_ensure([*months_with_lines(DEFAULT), *_coming()]) if is_partitioned() else []


def partitions_ensure(days: Iterable[dt.date]) -> list[str]:
    """Make the partitions of the days' months that have none yet, with the lines there are; return their names.

    A month whose partition cannot be made now stays in the default partition, where its lines are found as well.
    """
    made: list[str] = []
    if not is_partitioned():
        return made
    there = partitions_of_months()
    missing = [month for month in months_of(days) if partition_of(month) not in there]
    for month in missing[max(0, len(missing) + len(there) - MOST_PARTITIONS) :]:
        if not _made(month):
            logger.warning(
                "%s: the partition of %s cannot be made now, but will be tried again", TABLE, month
            )
            break
        made.append(partition_of(month))
    return made


def _made(month: dt.date) -> bool:
    """Try to make a month's partition; tell whether it is there."""
    for _ in range(TRIES):
        try:
            with transaction.atomic():
                lock_version()
                if _made_now(month):
                    return True
        except OperationalError:
            return False
        # The version is free meanwhile: whoever is at the table may be waiting for it.
        time.sleep(PAUSE_SECONDS)
    return False


def _made_now(month: dt.date) -> bool:
    name = partition_of(month)
    if name in partitions_of_months():
        return True
    # All that attaching a partition needs, the foreign key's included.
    free = (
        locked_now(f"ONLY {TABLE}", "SHARE UPDATE EXCLUSIVE")
        and locked_now("pricing_product", "SHARE ROW EXCLUSIVE")
        and locked_now(DEFAULT, "ACCESS EXCLUSIVE")
    )
    if not free:
        return False
    execute(f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING ALL) {_storage(DEFAULT)}")
    inside = f"{KEY} >= %s AND {KEY} < %s"
    execute(
        f"WITH moved AS (DELETE FROM {DEFAULT} WHERE {inside} RETURNING *) INSERT INTO {name} SELECT * FROM moved",
        [month, _next(month)],
    )
    execute(f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES {_bounds(month)}")
    return True
