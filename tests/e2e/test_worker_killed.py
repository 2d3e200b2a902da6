"""A process that is killed in the middle of its work loses nothing: whoever takes over ends in the same tables."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.derived_tables import differences
from tests.e2e.installation import Installation, kill, wait_until, write_sales

LINES = 22_000
LEASE_SECONDS = 3
SETTINGS = {"JOB_LEASE_SECONDS": str(LEASE_SECONDS), "RECOMPUTE_SHARD_PRODUCTS": "8", "LOG_LEVEL": "WARNING"}
BAD_ROWS = "900001,P001,Bad,many,2022-07-01 10:00,1.00,,\n900002,P002,Bad,1,some day,1.00,,\n"

# Where each process is killed: a table, what happens to it, and to which row of it.
STAGING = ("pricing_stagedtransaction", "INSERT", "NEW.invoice_no = '{late_invoice}'")
PUBLISHING_THE_IMPORT = ("pricing_transaction", "INSERT", "NEW.invoice_no = '{late_invoice}'")
CLEANING = ("pricing_saleshistory", "UPDATE", "NEW.product_id = 'P020' AND NEW.list_price IS NOT NULL")
PUBLISHING_THE_TABLES = ("segments_segmentsales", "INSERT", "NEW.product_id = 'P020'")

OUTCOME = """
import json
from elastix.imports.models import ImportBatch, ImportReject
from elastix.jobs.models import Job, OPEN_STATES
from pricing.models import Product, StagedTransaction, StaleCustomer, StaleProduct
from tests.derived_tables import book_lines, derived_rows
batch = ImportBatch.objects.get()
print(json.dumps({
    "tables": [[name, [[key, row] for key, row in rows.items()]] for name, rows in derived_rows().items()],
    "lines": book_lines(),
    "products": [repr(row) for row in Product.objects.order_by("code").values_list("code", "name", "kind", "current_price")],
    "batch": [batch.status, batch.rows, batch.accepted, batch.rejected, batch.reasons, batch.quality, batch.error],
    "rejects": ImportReject.objects.count(),
    "left over": [model.objects.count() for model in (StagedTransaction, StaleCustomer, StaleProduct)],
    "open jobs": Job.objects.filter(state__in=OPEN_STATES).count(),
    "failed jobs": Job.objects.filter(state="failed").count(),
}, default=str))
"""
# What the clock of the real size does every 30 seconds, only more often.
CLOCK = """
import django, time
django.setup()
from elastix.jobs.runner import reap
while True:
    reap()
    time.sleep(0.5)
"""
TAKE_IN = """
import json, sys
from pathlib import Path
from elastix.imports.services import batch_create
path = Path(sys.argv[1])
with path.open("rb") as file:
    print(json.dumps(str(batch_create(file, kind="transactions", file_name=path.name).pk)))
"""


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_sales(tmp_path_factory.mktemp("sales") / "sales.csv", LINES)
    with path.open("a") as file:
        file.write(BAD_ROWS)
    return path


@pytest.fixture(scope="module")
def late_invoice(sales: Path) -> str:
    """An invoice near the end of the file: when it is read, much has been written already."""
    return sales.read_text().splitlines()[-100].split(",")[0]


def outcome(installation: Installation) -> dict[str, Any]:
    found: dict[str, Any] = installation.shell(OUTCOME)
    found["tables"] = {name: {tuple(key): row for key, row in rows} for name, rows in found["tables"]}
    return found


def undisturbed(directory: Path, server_url: str, sales: Path) -> dict[str, Any]:
    with Installation(directory, server_url, **SETTINGS) as installation:
        installation.manage("import_transactions", str(sales))
        found = outcome(installation)
    assert found["batch"][0] == "published"
    assert (found["rejects"], found["left over"], found["open jobs"]) == (2, [0, 0, 0], 0)
    assert len(found["lines"]) > 0.8 * LINES
    assert all(found["tables"][name] for name in ("SalesHistory", "ElasticityEstimate", "CustomerSegment"))
    return found


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert differences(found.pop("tables"), expected["tables"])[:20] == []
    assert found.pop("lines") == expected["lines"]
    assert found == {name: value for name, value in expected.items() if name not in ("tables", "lines")}


# --- the default size: SQLite, jobs in the process that asked ---------------------------------------


@contextmanager
def stuck_on_sqlite(path: Path, table: str, event: str, condition: str) -> Iterator[None]:
    """Whoever does this to that row calculates for ever, in the middle of its transaction."""
    with sqlite3.connect(path) as connection:
        connection.execute(
            f"CREATE TRIGGER stuck BEFORE {event} ON {table} WHEN {condition} BEGIN "
            "SELECT max(x) FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c); END"
        )
    connection.close()
    yield
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER stuck")
    connection.close()


def is_stuck_on_sqlite(path: Path) -> bool:
    """Whether somebody has held the write lock for longer than any honest transaction of this test does."""
    connection = sqlite3.connect(path, timeout=3, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return True
    finally:
        connection.close()
    return False


def lease_has_run_out(path: Path) -> bool:
    connection = sqlite3.connect(path)
    running = connection.execute(
        "SELECT COUNT(*) FROM elastix_job WHERE state = 'running' AND lease_until > datetime('now')"
    )
    count = running.fetchone()[0]
    connection.close()
    return bool(count == 0)


@pytest.mark.slow
@pytest.mark.own_sqlite
def test_an_import_command_that_is_killed_is_taken_up_by_running_it_again(
    tmp_path: Path, sales: Path, late_invoice: str
) -> None:
    expected = undisturbed(tmp_path / "undisturbed", "", sales)
    with Installation(tmp_path / "killed", **SETTINGS) as installation:
        database = tmp_path / "killed" / "shop.sqlite3"
        again = ("manage.py", "import_transactions", str(sales))
        places = ((STAGING, again), (PUBLISHING_THE_IMPORT, again), (CLEANING, again))
        recompute = ("manage.py", "recompute")
        for (table, event, condition), command in (*places, (PUBLISHING_THE_TABLES, recompute)):
            with stuck_on_sqlite(database, table, event, condition.format(late_invoice=late_invoice)):
                process = installation.start(*command)
                wait_until(lambda: is_stuck_on_sqlite(database), f"{table} is being written", process)
                kill(process)
            wait_until(lambda: lease_has_run_out(database), "the lease has run out")
        installation.manage("recompute")
        assert_same(outcome(installation), expected)


# --- the real size: PostgreSQL, Redis, a Celery worker ---------------------------------------------


@contextmanager
def stuck_on_postgresql(connection: Any, table: str, event: str, condition: str) -> Iterator[None]:
    """Whoever does this to that row sleeps in the middle of its transaction."""
    connection.execute(
        "CREATE OR REPLACE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN PERFORM pg_sleep(3600); RETURN NEW; END'"
    )
    connection.execute(
        f"CREATE TRIGGER stuck BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION stuck()"
    )
    yield
    # The server notices late that a sleeping session's client is gone.
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    )
    connection.execute(f"DROP TRIGGER stuck ON {table}")


def is_stuck_on_postgresql(connection: Any) -> bool:
    sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    return connection.execute(sleeping).fetchone() is not None


@pytest.mark.slow
@pytest.mark.redis
@pytest.mark.postgresql
def test_a_celery_worker_that_is_killed_is_replaced_by_the_next(
    tmp_path: Path, sales: Path, late_invoice: str
) -> None:
    import psycopg

    server = settings.DATABASES["default"]
    address = f"{server['HOST'] or '127.0.0.1'}:{server['PORT'] or 5432}"
    server_url = f"postgres://{server['USER']}:{server['PASSWORD']}@{address}/postgres"
    expected = undisturbed(tmp_path / "undisturbed", server_url, sales)
    celery = {"REDIS_URL": settings.REDIS_URL, **SETTINGS}
    with Installation(tmp_path / "killed", server_url, **celery) as installation:
        connection = psycopg.connect(
            installation.database_url.replace("postgres://", "postgresql://"), autocommit=True
        )
        worker = ("-m", "celery", "-A", "elastix", "worker", "--concurrency=2", "--loglevel=INFO")
        installation.start("-c", CLOCK, log="clock.log")
        installation.shell(TAKE_IN, str(sales))
        for table, event, condition in (STAGING, PUBLISHING_THE_IMPORT, CLEANING, PUBLISHING_THE_TABLES):
            with stuck_on_postgresql(connection, table, event, condition.format(late_invoice=late_invoice)):
                process = installation.start(*worker, log="worker.log")
                wait_until(lambda: is_stuck_on_postgresql(connection), f"{table} is being written", process)
                kill(process)
        installation.start(*worker, log="worker.log")
        wait_until(lambda: all_done(connection), "all jobs are done", every=0.2)
        connection.close()
        assert_same(outcome(installation), expected)


def all_done(connection: Any) -> bool:
    states = dict(connection.execute("SELECT state, COUNT(*) FROM elastix_job GROUP BY state").fetchall())
    assert "failed" not in states, connection.execute(
        "SELECT kind, error FROM elastix_job WHERE error <> ''"
    ).fetchall()
    return set(states) == {"succeeded"}
