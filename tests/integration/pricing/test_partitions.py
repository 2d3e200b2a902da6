"""Transactions with a partition for each month: every answer as before, every month in its place, old and new alike."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from rest_framework.test import APIClient

from elastix.dataset.versions import lock_version
from elastix.errors import Conflict
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.jobs.recompute import request_recompute
from elastix.maintenance.verification import verify
from elastix.sql import execute, fetch
from pricing.sales.models import Transaction
from pricing.sales.selectors.partitions import is_partitioned, partitions_of_months
from pricing.sales.services import partitions, staleness, transactions
from pricing.sales.services.imports import batch_revert
from pricing.sales.services.partitions import partitions_ensure, partitions_keep, transactions_partition
from tests.derived_tables import book_lines, clean_view, derived_rows, differences
from tests.shops import Commits, bring_in, csv_bytes, line

ON_POSTGRESQL = pytest.mark.postgresql
pytestmark = [pytest.mark.django_db]
SHOP_MONTHS = {f"pricing_transaction_2025_0{month}" for month in (1, 2, 3, 4)}
JUNE, OCTOBER = dt.date(2025, 6, 5), dt.date(2025, 10, 5)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "PAUSE_SECONDS", 0.0)


def settled() -> None:
    """Let deferred constraints be checked: no table can be altered while they wait, as they would until a commit."""
    connection.check_constraints()


def converted() -> None:
    settled()
    transactions_partition()


@pytest.fixture
def partitioned(shop: ImportBatch) -> ImportBatch:
    """The sample shop, January to April 2025, with partitions; the import it came from."""
    converted()
    return shop


def lines_in(table: str) -> int:
    return int(fetch(f"SELECT COUNT(*) FROM {table}")[0][0])


def default_lines() -> int:
    return lines_in("pricing_transaction_default")


def post(day: dt.date, invoice: str = "7001") -> Transaction:
    (made,) = transactions.transactions_create(
        [
            {
                "invoice_no": invoice,
                "product_id": "CUP",
                "description": "Café cup",
                "quantity": Decimal(3),
                "invoice_date": dt.datetime.combine(day, dt.time(12), dt.UTC),
                "unit_price": Decimal("4.00"),
                "customer_id": "17001",
                "country": "France",
            }
        ]
    )
    settled()
    return made


def wrong() -> dict[str, list[str]]:
    return {name: [str(each) for each in found] for name, found in verify() if found}


def catalogue() -> dict[str, Any]:
    """What the table has, by name: columns, checks, foreign keys, indexes and the order of the key."""
    columns = "SELECT column_name, data_type, collation_name, is_nullable, column_default FROM information_schema.columns"
    return {
        "columns": fetch(f"{columns} WHERE table_name = 'pricing_transaction' ORDER BY ordinal_position"),
        "constraints": fetch(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'pricing_transaction'::regclass"
            " AND contype <> 'p' ORDER BY 1"
        ),
        "indexes": [
            (name, definition.replace(" ON ONLY ", " ON ").split(" USING ")[1])
            for name, definition in fetch(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'pricing_transaction'"
                " AND indexname <> 'pricing_transaction_pkey' ORDER BY 1"
            )
        ],
    }


# --- the conversion -----------------------------------------------------------------------------------


@ON_POSTGRESQL
def test_the_lines_are_the_same_before_and_after(shop: ImportBatch) -> None:
    before, derived, clean = book_lines(), derived_rows(), clean_view()
    ids = set(Transaction.objects.values_list("pk", flat=True))
    converted()
    assert is_partitioned()
    assert book_lines() == before
    assert set(Transaction.objects.values_list("pk", flat=True)) == ids
    assert (derived_rows(), clean_view()) == (derived, clean)
    assert partitions_of_months() >= SHOP_MONTHS
    assert sum(map(lines_in, SHOP_MONTHS)) == len(before)
    assert default_lines() == 0
    assert wrong() == {}


@ON_POSTGRESQL
def test_indexes_and_constraints_keep_their_names(shop: ImportBatch) -> None:
    before = catalogue()
    assert len(before["indexes"]) == 7
    assert len(before["constraints"]) == 10
    converted()
    after = catalogue()
    assert after["indexes"].pop(4) == ("pricing_transaction_line", "btree (id, date)")
    assert after == before


@ON_POSTGRESQL
def test_rights_triggers_and_storage_are_kept(shop: ImportBatch) -> None:
    execute("CREATE ROLE partition_reader")
    execute("GRANT SELECT ON pricing_transaction TO partition_reader")
    settled()
    execute("ALTER TABLE pricing_transaction SET (autovacuum_vacuum_scale_factor = 0.05)")
    execute("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    execute(
        "CREATE TRIGGER theirs AFTER INSERT ON pricing_transaction FOR EACH ROW EXECUTE FUNCTION nothing()"
    )
    converted()
    partitions_ensure([OCTOBER])
    assert fetch("SELECT has_table_privilege('partition_reader', 'pricing_transaction', 'SELECT')") == [
        (True,)
    ]
    assert fetch(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'pricing_transaction'::regclass AND NOT tgisinternal"
    ) == [("theirs",)]
    options = "SELECT DISTINCT reloptions FROM pg_class WHERE relname LIKE 'pricing_transaction_2025_%%' AND relkind = 'r'"
    assert fetch(options, []) == [(["autovacuum_vacuum_scale_factor=0.05"],)]


@ON_POSTGRESQL
def test_an_empty_shop_gets_this_month_and_the_next(db: None) -> None:
    assert transactions_partition() == 2
    assert len(partitions_of_months()) == 2


@ON_POSTGRESQL
def test_converting_twice_changes_nothing(partitioned: ImportBatch) -> None:
    before = book_lines()
    out = StringIO()
    call_command("partition_transactions", stdout=out)
    assert "have 6 partitions already" in out.getvalue()
    assert book_lines() == before


@ON_POSTGRESQL
def test_check_says_what_it_takes_and_changes_nothing(shop: ImportBatch) -> None:
    out = StringIO()
    call_command("partition_transactions", check=True, stdout=out)
    assert "lines of 4 months" in out.getvalue()
    assert not is_partitioned()


@ON_POSTGRESQL
@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("CREATE VIEW monday AS SELECT * FROM pricing_transaction", "the view monday reads it"),
        ("CREATE TABLE note (line uuid REFERENCES pricing_transaction (id))", "note refers to it"),
        ("CREATE UNIQUE INDEX once ON pricing_transaction (id, product_id)", "the unique index once"),
    ],
)
def test_what_stands_in_the_way_is_named(db: None, statement: str, message: str) -> None:
    execute(statement)
    with pytest.raises(CommandError, match=message):
        call_command("partition_transactions")
    with pytest.raises(CommandError, match="Not possible"):
        call_command("partition_transactions", check=True, stdout=StringIO())
    assert not is_partitioned()


@contextmanager
def somebody_else(statement: str) -> Iterator[None]:
    """Another connection to the same database, in a transaction that has done this."""
    settings: Any = connection.get_connection_params()
    names = {
        name: settings[name] for name in ("dbname", "user", "password", "host", "port") if settings.get(name)
    }
    with psycopg.connect(**names) as other:
        other.execute(statement)
        yield
        other.rollback()


@ON_POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_a_table_that_is_written_to_is_left_as_it_is_before_anything_is_copied() -> None:
    said: list[str] = []
    with (
        somebody_else("LOCK TABLE pricing_transaction IN ROW EXCLUSIVE MODE"),
        pytest.raises(Conflict, match="in use all the time"),
    ):
        transactions_partition(said.append)
    assert (is_partitioned(), said) == (False, [])


@ON_POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_a_table_that_is_read_all_the_time_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "PATIENT_TRIES", 3)
    with (
        somebody_else("SELECT COUNT(*) FROM pricing_transaction"),
        pytest.raises(Conflict, match="in use all the time"),
    ):
        transactions_partition()
    assert not is_partitioned()


@ON_POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_another_writer_s_lock_is_waited_for_and_then_named() -> None:
    with transaction.atomic():
        lock_version()
    execute("SET lock_timeout = '100ms'")
    try:
        with (
            somebody_else("SELECT 1 FROM elastix_dataversion FOR UPDATE"),
            pytest.raises(CommandError, match="in use all the time"),
        ):
            call_command("partition_transactions")
    finally:
        execute("RESET lock_timeout")
    assert not is_partitioned()


@pytest.mark.skipif("connection.vendor == 'postgresql'", reason="about SQLite")
def test_sqlite_is_refused(db: None) -> None:
    for options in ({}, {"check": True}):
        with pytest.raises(CommandError, match="Only PostgreSQL has partitions"):
            call_command("partition_transactions", **options)
    assert partitions_keep() == partitions_ensure([JUNE]) == []


# --- work on it ---------------------------------------------------------------------------------------


def edited_and_refreshed(commits: Commits) -> dict[str, Any]:
    """Change a line, delete one, and compute what that makes stale, then everything; what is derived after each."""
    changed, deleted = Transaction.objects.filter(product_id="CUP", is_return=False).order_by("pk")[:2]
    transactions.transaction_update(changed.pk, {"quantity": changed.quantity + 1})
    transactions.transaction_delete(deleted.pk)
    found: dict[str, Any] = {}
    for full in (False, True):
        with commits():
            request_recompute(full=full)
        found |= {f"{name} {full}": rows for name, rows in derived_rows().items()}
    return found


@ON_POSTGRESQL
def test_edits_are_refreshed_and_rebuilt_as_on_the_plain_table(shop: ImportBatch, commits: Commits) -> None:
    with transaction.atomic():
        plain = edited_and_refreshed(commits)
        transaction.set_rollback(True)
    converted()
    assert differences(plain, edited_and_refreshed(commits)) == []
    assert wrong() == {}


@ON_POSTGRESQL
def test_an_import_makes_the_partition_of_its_month_first(partitioned: ImportBatch, commits: Commits) -> None:
    batch = bring_in(commits, csv_bytes([line("9001", "CUP", "Café cup", 2, JUNE, "4.00")]))
    assert batch.status == ImportStatus.PUBLISHED
    assert lines_in("pricing_transaction_2025_06") == 1
    assert default_lines() == 0
    settled()
    with commits():
        batch_revert(batch)
    assert lines_in("pricing_transaction_2025_06") == 0
    assert wrong() == {}


@ON_POSTGRESQL
def test_a_dry_run_makes_no_partition(partitioned: ImportBatch, commits: Commits) -> None:
    bring_in(commits, csv_bytes([line("9001", "CUP", "Café cup", 2, JUNE, "4.00")]), dry_run=True)
    assert "pricing_transaction_2025_06" not in partitions_of_months()


@ON_POSTGRESQL
def test_a_file_comes_twice_and_its_lines_once(partitioned: ImportBatch, commits: Commits) -> None:
    before = Transaction.objects.count()
    bring_in(commits, csv_bytes([line("9001", "CUP", "Café cup", 2, JUNE, "4.00")]))
    settled()
    bring_in(commits, csv_bytes([line("9001", "CUP", "Café cup", 2, JUNE, "4.00")], delimiter=";"))
    assert Transaction.objects.count() == before + 1


@ON_POSTGRESQL
def test_lines_of_a_month_without_partition_are_found_and_moved_later(partitioned: ImportBatch) -> None:
    made = post(OCTOBER)
    assert default_lines() == 1
    assert Transaction.objects.get(pk=made.pk).date == OCTOBER
    assert wrong() == {}
    assert partitions_keep() == ["pricing_transaction_2025_10"]
    assert (default_lines(), lines_in("pricing_transaction_2025_10")) == (0, 1)
    assert Transaction.objects.get(pk=made.pk).unit_price == Decimal("4.00")
    assert partitions_keep() == []
    assert wrong() == {}


@ON_POSTGRESQL
def test_a_new_partition_has_what_the_others_have(partitioned: ImportBatch) -> None:
    partitions_ensure([OCTOBER])

    def has(name: str) -> tuple[Any, ...]:
        constraints = (
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass ORDER BY 1"
        )
        indexes = "SELECT indexdef FROM pg_indexes WHERE tablename = %s"
        of_parent = "SELECT COUNT(*) FROM pg_inherits JOIN pg_index ON indexrelid = inhrelid WHERE indrelid = %s::regclass"
        shapes = sorted(text.split(" USING ")[1] for (text,) in fetch(indexes, [name]))
        return fetch(constraints, [name]), shapes, fetch(of_parent, [name])

    assert has("pricing_transaction_2025_10") == has("pricing_transaction_2025_01")


@ON_POSTGRESQL
def test_an_id_that_two_lines_have_is_found(partitioned: ImportBatch) -> None:
    key = Transaction.objects.filter(date=dt.date(2025, 1, 5)).latest("pk").pk
    columns = ", ".join(field.column for field in Transaction._meta.fields if field.name != "date")
    execute(
        f"INSERT INTO pricing_transaction ({columns}, date) SELECT {columns}, date + 1 FROM pricing_transaction WHERE id = %s",
        [key],
    )
    assert wrong()["ids of lines"] == [f"the lines of the id {key} is 2, should be 1"]


@ON_POSTGRESQL
def test_a_line_moves_with_its_day(partitioned: ImportBatch) -> None:
    made = post(dt.date(2025, 2, 3))
    february = lines_in("pricing_transaction_2025_02")
    moment = dt.datetime(2025, 3, 3, 12, tzinfo=dt.UTC)
    transactions.transaction_update(made.pk, {"invoice_date": moment})
    assert lines_in("pricing_transaction_2025_02") == february - 1
    assert Transaction.objects.get(pk=made.pk).date == moment.date()
    assert wrong() == {}


@ON_POSTGRESQL
def test_days_cut_in_another_zone_move_over_the_month_s_end(partitioned: ImportBatch, settings: Any) -> None:
    import zoneinfo

    made = post(dt.date(2025, 1, 31))
    settings.SHOP_TIME_ZONE = zoneinfo.ZoneInfo("Pacific/Kiritimati")
    staleness.cut_days_anew()
    assert fetch("SELECT date FROM pricing_transaction_2025_02 WHERE id = %s", [made.pk]) == [
        (dt.date(2025, 2, 1),)
    ]


@ON_POSTGRESQL
def test_a_partition_that_cannot_be_made_now_keeps_nothing_waiting(
    partitioned: ImportBatch, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "locked_now", lambda *table: False)
    bring_in(commits, csv_bytes([line("9001", "CUP", "Café cup", 2, JUNE, "4.00")]))
    assert default_lines() == 1
    monkeypatch.undo()
    settled()
    assert partitions_keep() == ["pricing_transaction_2025_06"]
    assert default_lines() == 0


@ON_POSTGRESQL
def test_there_are_never_more_partitions_than_the_locks_allow(
    partitioned: ImportBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "MOST_PARTITIONS", 7)
    assert partitions_ensure([JUNE, OCTOBER]) == ["pricing_transaction_2025_10"]
    assert partitions_ensure([JUNE]) == []


@ON_POSTGRESQL
def test_all_can_be_deleted_and_imported_again(partitioned: ImportBatch, commits: Commits) -> None:
    transactions.transactions_delete_all()
    assert not Transaction.objects.exists()
    settled()
    bring_in(commits, csv_bytes([line("9001", "CUP", "Café cup", 2, dt.date(2025, 1, 5), "4.00")]))
    assert lines_in("pricing_transaction_2025_01") == 1


# --- what it is for -----------------------------------------------------------------------------------


@ON_POSTGRESQL
def test_a_day_s_lines_are_read_in_one_partition(partitioned: ImportBatch) -> None:
    plan = "\n".join(
        text for (text,) in fetch("EXPLAIN SELECT * FROM pricing_transaction WHERE date = '2025-03-05'")
    )
    assert "pricing_transaction_2025_03" in plan
    assert "pricing_transaction_2025_02" not in plan
    assert "default" not in plan


@ON_POSTGRESQL
def test_pages_are_those_of_the_plain_table(shop: ImportBatch, viewer_client: APIClient) -> None:
    addresses = [
        "/transactions?page_size=20",
        "/transactions?page_size=20&page=9",
        "/transactions?start_date=2025-02-27&end_date=2025-03-02",
        "/transactions?stock_code=CUP",
        f"/transactions/{Transaction.objects.earliest('pk').pk}",
        "/dashboard/trends",
        "/elasticity",
    ]
    before = [viewer_client.get(address).json() for address in addresses]
    converted()
    assert [viewer_client.get(address).json() for address in addresses] == before
