"""manage.py import_transactions and import_products: what they do and what they say."""

import datetime as dt
import gzip
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from elastix.dataset.versions import data_version
from elastix.imports import command as import_command
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.jobs.models import OPEN_STATES, Job, JobState
from pricing.elasticity.models import ElasticityEstimate
from pricing.elasticity.services import estimates as estimating
from pricing.sales.models import PriceChange, Product, StagedTransaction, Transaction
from pricing.sales.services import imports
from pricing.sales.services.imports import TransactionsImport, stage_sweep
from tests.shops import csv_bytes, lines_of_shop

pytestmark = pytest.mark.django_db

GOOD = ("1001", "CUP", "Cup", "2", "2025-03-14 12:00", "4.00", "17850", "France")
BAD = ("1002", "CUP", "Cup", "0", "2025-03-14 12:00", "4.00", "17850", "France")
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"

Command = Callable[..., str]
# What follows an import is begun when it has committed, which the usual wrapping of tests never does.
really_commits = pytest.mark.django_db(transaction=True)


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Run a command on a file with that content; return what it wrote."""

    def run(content: bytes | None, *options: str, name: str = "march.csv", of: str = "transactions") -> str:
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        out = io.StringIO()
        call_command(f"import_{of}", str(path), *options, stdout=out, stderr=io.StringIO())
        return out.getvalue()

    return run


def refusal(command: Command, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(CommandError) as refused:
        command(*args, **kwargs)
    message = str(refused.value)
    assert message.endswith(".") and "\n" not in message
    return message


@really_commits
def test_a_file_comes_in_and_everything_is_computed(command: Command) -> None:
    said = command(csv_bytes(lines_of_shop()))
    assert "353 rows: 353 accepted, 0 rejected." in said
    assert Transaction.objects.count() == 353
    assert ElasticityEstimate.objects.filter(method="pooled").count() == 5
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.SUCCEEDED}


@pytest.mark.parametrize(("fewest", "are_counted"), [(1, True), (10_000, False)])
def test_a_large_file_lets_the_planner_count_what_it_wrote(
    fewest: int, are_counted: bool, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "ANALYSE_FROM_ROWS", fewest)
    with CaptureQueriesContext(connection) as queries:
        command(csv_bytes([GOOD]))
    said = {query["sql"] for query in queries if query["sql"].startswith("ANALYZE pricing_")}
    of_sums = (
        {"ANALYZE pricing_product, pricing_saleshistory"} if connection.vendor == "postgresql" else set()
    )
    assert said == ({"ANALYZE pricing_transaction"} | of_sums if are_counted else set())


def test_refused_rows_are_shown_with_line_and_reason(command: Command) -> None:
    said = command(csv_bytes([GOOD] + [BAD] * 12))
    batch = ImportBatch.objects.get()
    assert "13 rows: 1 accepted, 12 rejected." in said
    assert said.count("  line ") == 10
    assert "  line 3: " in said
    assert f"/transactions/imports/{batch.pk}/rejects.csv" in said


def test_a_dry_run_judges_and_keeps_nothing(command: Command) -> None:
    said = command(csv_bytes([GOOD, BAD]), "--dry-run")
    assert "2 rows: 1 would be accepted, 1 rejected." in said
    assert not Transaction.objects.exists() and not Product.objects.exists()
    assert ImportBatch.objects.get().status == ImportStatus.CHECKED


def test_packed_files_are_read(command: Command) -> None:
    assert "1 rows: 1 accepted" in command(gzip.compress(csv_bytes([GOOD])), name="march.csv.gz")


def test_columns_can_be_named(command: Command) -> None:
    header = HEADER.replace("UnitPrice", "Preis = netto").split(",")
    said = command(csv_bytes([GOOD], header), "--map", "Preis = netto=unit_price")
    assert "1 accepted" in said


@pytest.mark.parametrize(("order", "day"), [("--day-first", "2025-02-01"), ("--month-first", "2025-01-02")])
def test_the_order_of_dates_can_be_said(order: str, day: str, command: Command) -> None:
    row = (*GOOD[:4], "01/02/2025 12:00", *GOOD[5:])
    command(csv_bytes([row]), order)
    assert str(Transaction.objects.get().date) == day


def test_an_ambiguous_order_is_asked_about(command: Command) -> None:
    row = (*GOOD[:4], "01/02/2025 12:00", *GOOD[5:])
    message = refusal(command, csv_bytes([row]))
    assert "day" in message and "month" in message


def test_a_file_that_came_in_before_needs_force(command: Command) -> None:
    command(csv_bytes([GOOD]))
    message = refusal(command, None)
    assert "'march.csv'" in message and message.endswith("set --force.")
    assert "1 accepted" in command(None, "--force")
    assert Transaction.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (csv_bytes([GOOD]), ("--map", "nonsense"), "expected COLUMN=FIELD"),
        (csv_bytes([GOOD]), ("--map", "=country"), "expected COLUMN=FIELD"),
        (csv_bytes([GOOD]), ("--map", "Nothing=country"), "Nothing"),
        (csv_bytes([GOOD]), ("--map", "Country=nothing"), "nothing"),
        (csv_bytes([GOOD]), ("--encoding", "klingon"), "klingon"),
        (b"", (), "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), (), ""),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(
    content: bytes, options: tuple[str, ...], said: str, command: Command
) -> None:
    assert said in refusal(command, content, *options)
    assert not Transaction.objects.exists()


def test_a_file_that_is_not_there_is_named(command: Command, tmp_path: Path) -> None:
    assert (
        refusal(command, None, name="nothing.csv")
        == f"{tmp_path / 'nothing.csv'}: No such file or directory."
    )
    assert "directory" in refusal(command, None, name=".")


def test_a_file_that_is_too_large_is_refused(command: Command) -> None:
    with override_settings(IMPORT_MAX_BYTES=10):
        assert "larger than" in refusal(command, csv_bytes([GOOD]))
    assert not ImportBatch.objects.exists()


@really_commits
def test_a_recompute_that_fails_is_said(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(estimating, "log_log_fit", broken)
    message = refusal(command, csv_bytes([GOOD]))
    assert "no memory" in message
    assert Transaction.objects.count() == 1


@really_commits
def test_a_bug_while_reading_is_tried_three_times_and_said(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("no disk")

    monkeypatch.setattr(TransactionsImport, "stage", broken)
    assert "no disk" in refusal(command, csv_bytes([GOOD]))
    assert Job.objects.get().attempts == 3


def test_products_come_in_and_are_updated(command: Command) -> None:
    first = b"code,name,category,cost,current_price,stock_level,target_stock\nCUP,Cup,Cups,1.5,4.00,10,20\n"
    assert "1 rows: 1 accepted, 0 rejected." in command(first, of="products")
    assert "accepted" in command(b"sku,price\ncup,4.50\n", of="products", name="prices.csv")
    product = Product.objects.get()
    assert (product.code, product.name, str(product.current_price), product.stock_level) == (
        "CUP",
        "Cup",
        "4.50",
        10,
    )
    assert [str(line.new_price) for line in PriceChange.objects.order_by("id")] == ["4.00", "4.50"]


def test_a_file_of_sales_is_no_file_of_products(command: Command) -> None:
    assert refusal(command, b"code,name\nCUP,Cup\n")


# --- a command that was killed --------------------------------------------------------------------------


class Killed(BaseException):
    """No handler of the program gets to run, as with kill -9."""


def kill_at(monkeypatch: pytest.MonkeyPatch, name: str, command: Command, content: bytes) -> None:
    """Import a file with a process that ends when it comes to that method; whose transaction is under way ends with it."""

    def killed(*args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(TransactionsImport, name, killed)
        with pytest.raises(Killed):
            command(content)


@pytest.fixture
def short_lease() -> Iterator[None]:
    with override_settings(JOB_LEASE_SECONDS=1):
        yield


@really_commits
def test_the_next_command_takes_an_interrupted_import_up_and_says_so(
    command: Command, monkeypatch: pytest.MonkeyPatch, short_lease: None
) -> None:
    content = csv_bytes([GOOD, BAD])
    kill_at(monkeypatch, "publish", command, content)
    assert StagedTransaction.objects.count() == 1
    said = command(None)
    assert "being imported, or that was interrupted" in said
    assert "The import of march.csv was interrupted: it is taken up again." in said
    assert "2 rows: 1 accepted, 1 rejected." in said
    assert (Transaction.objects.count(), StagedTransaction.objects.count()) == (1, 0)
    assert not Job.objects.filter(state__in=OPEN_STATES).exists()


@really_commits
def test_an_import_that_died_after_its_rows_were_in_is_finished_without_a_second_copy(
    command: Command, monkeypatch: pytest.MonkeyPatch, short_lease: None
) -> None:
    content = csv_bytes([GOOD])
    calls: list[Any] = []
    clear = TransactionsImport.clear

    def second_is_killed(batch_id: Any) -> None:
        calls.append(batch_id)
        if len(calls) == 2:
            raise Killed
        clear(batch_id)

    with monkeypatch.context() as patched:
        patched.setattr(TransactionsImport, "clear", second_is_killed)
        with pytest.raises(Killed):
            command(content)
    assert (ImportBatch.objects.get().status, StagedTransaction.objects.count()) == ("published", 1)
    said = command(None)
    assert "is taken up again" in said
    assert "had not computed were computed" in said
    assert not data_version().is_stale
    assert (Transaction.objects.count(), StagedTransaction.objects.count()) == (1, 0)
    assert not Job.objects.filter(state__in=OPEN_STATES).exists()


@really_commits
def test_a_command_for_another_file_finishes_what_was_interrupted_before_it(
    command: Command, monkeypatch: pytest.MonkeyPatch, short_lease: None
) -> None:
    kill_at(monkeypatch, "publish", command, csv_bytes([GOOD]))
    Job.objects.update(lease_until=timezone.now())
    other = csv_bytes([("2001", *GOOD[1:])])
    said = command(other, name="april.csv")
    assert "An interrupted import was finished: march.csv, now published, 1 rows accepted." in said
    assert (Transaction.objects.count(), StagedTransaction.objects.count()) == (2, 0)


@really_commits
def test_an_import_that_somebody_works_on_is_left_alone(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_at(monkeypatch, "publish", command, csv_bytes([GOOD]))
    job = Job.objects.get()

    def renewed(_: float) -> None:
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() + dt.timedelta(minutes=5))

    monkeypatch.setattr(import_command, "time", SimpleNamespace(sleep=renewed))
    assert "is being imported already" in refusal(command, None)
    assert Job.objects.get().attempts == 1


@really_commits
def test_staged_rows_of_a_dead_import_are_swept(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    kill_at(monkeypatch, "publish", command, csv_bytes([GOOD]))
    assert stage_sweep() == 0  # its job is open: somebody will take it up
    Job.objects.update(state=JobState.FAILED)
    assert stage_sweep() == 1
    assert not StagedTransaction.objects.exists()


@really_commits
def test_who_has_lost_the_lease_takes_back_what_it_staged(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = TransactionsImport.stage

    def overtaken(self: Any, chunk: Any) -> None:
        Job.objects.update(token=99)
        stage(self, chunk)

    monkeypatch.setattr(TransactionsImport, "stage", overtaken)
    command(csv_bytes([GOOD]))
    assert not StagedTransaction.objects.exists()
    assert not Transaction.objects.exists()
