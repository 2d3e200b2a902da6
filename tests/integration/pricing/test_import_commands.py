"""manage.py import_transactions and import_products: what they do and what they say."""

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from elastix.imports.models import ImportBatch, ImportStatus
from elastix.jobs.models import Job, JobState
from pricing.elasticity.models import ElasticityEstimate
from pricing.elasticity.services import estimates as estimating
from pricing.sales.models import PriceChange, Product, Transaction
from pricing.sales.services.imports import TransactionsImport
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
