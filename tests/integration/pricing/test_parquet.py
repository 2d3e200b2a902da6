"""The transactions as Parquet: the same lines with their types, summed up as the daily sales are, damage found."""

import datetime as dt
import json
import sys
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from elastix.sql import NULL_IN_CSV, execute
from pricing.sales.models import SalesHistory, Transaction
from pricing.sales.models.transactions import SalesSource
from pricing.sales.services import parquet as exporting
from pricing.sales.services import transactions
from pricing.sales.services.manual_history import manual_day_create

duckdb = pytest.importorskip("duckdb")
pytestmark = pytest.mark.django_db

JANUARY, FEBRUARY, APRIL = dt.date(2025, 1, 31), dt.date(2025, 2, 1), dt.date(2025, 4, 2)
# Texts that a file between the two could confuse.
STRANGE = 'Cup, "blue"\nwith \\N'


def sale(invoice: str, day: dt.date, quantity: str, price: str, **more: Any) -> dict[str, Any]:
    line = {
        "invoice_no": invoice,
        "product_id": "CUP",
        "description": "",
        "quantity": Decimal(quantity),
        "invoice_date": dt.datetime.combine(day, dt.time(23, 59), dt.UTC),
        "unit_price": Decimal(price),
        "customer_id": None,
        "country": "",
    }
    return line | more


@pytest.fixture
def lines(db: None) -> None:
    """Two days of January and February, and one of April: sales, a return, and a sale that was cancelled."""
    transactions.transactions_create(
        [
            sale("1", JANUARY, "2.5", "4.0000", description=STRANGE, customer_id=NULL_IN_CSV),
            sale("2", JANUARY, "0.125", "0.1001"),
            sale("3", JANUARY, "-1", "4.00"),
            sale("4", FEBRUARY, "10", "3.00", customer_id="17"),
            sale("C5", FEBRUARY + dt.timedelta(days=2), "-10", "3.00", customer_id="17"),
            sale("6", FEBRUARY, "3", "12.00", product_id="MUG", channel="web"),
            sale("7", APRIL, "1", "5.00"),
        ]
    )


def export(folder: Path, **options: Any) -> str:
    out = StringIO()
    call_command("export_parquet", str(folder), stdout=out, **options)
    return out.getvalue()


def check(folder: Path) -> str:
    out = StringIO()
    call_command("verify", parquet=folder, stdout=out)
    return out.getvalue()


def differences(folder: Path) -> list[str]:
    out = StringIO()
    with pytest.raises(CommandError, match="values differ"):
        call_command("verify", "--json", parquet=folder, stdout=out)
    return [
        f"{each['where'].replace(str(folder), 'DIR')} is {each['found']}, should be {each['expected']}"
        for each in json.loads(out.getvalue())["export"]
    ]


def since_of(folder: Path) -> str | None:
    found: str | None = json.loads((folder / "manifest.json").read_text())["since"]
    return found


def read(folder: Path, what: str = "*") -> list[tuple[Any, ...]]:
    """As anybody reads it: all files of the folder, the month from its name."""
    source = f"read_parquet('{folder}/*/*.parquet', hive_partitioning = true, hive_types_autocast = false)"
    return duckdb.sql(f"SELECT {what} FROM {source} ORDER BY date, invoice_no").fetchall()  # type: ignore[no-any-return]


@pytest.fixture
def folder(lines: None, tmp_path: Path) -> Path:
    """An export of them."""
    export(tmp_path / "export")
    return tmp_path / "export"


# --- what is in it ------------------------------------------------------------------------------------


def test_a_line_keeps_its_values_and_types(folder: Path) -> None:
    names = (
        "id, invoice_no, product_id, description, quantity, invoice_date AT TIME ZONE 'UTC', unit_price, customer_id,"
        " country, channel, date, is_return, voided, units, exclusion, batch_id, month"
    )
    first, *_, last = read(folder, names)
    stored = Transaction.objects.get(invoice_no="1")
    assert first == (
        stored.pk, "1", "CUP", STRANGE, Decimal("2.500"), dt.datetime(2025, 1, 31, 23, 59), Decimal("4.0000"), NULL_IN_CSV,
        "", "", JANUARY, False, False, 2.5, 0, None, "2025-01",
    )  # fmt: skip
    assert isinstance(first[0], UUID)
    assert (last[7], last[-1]) == (None, "2025-04")
    kinds = duckdb.sql(
        "SELECT column_type FROM (DESCRIBE SELECT * FROM"
        f" read_parquet('{folder}/month=2025-01/*.parquet', hive_partitioning = false))"
    ).fetchall()
    assert [kind for (kind,) in kinds] == [
        "UUID", "VARCHAR", "VARCHAR", "VARCHAR", "DECIMAL(18,3)", "TIMESTAMP WITH TIME ZONE", "DECIMAL(12,4)", "VARCHAR",
        "VARCHAR", "VARCHAR", "DATE", "BOOLEAN", "BOOLEAN", "DOUBLE", "SMALLINT", "UUID",
    ]  # fmt: skip


def test_each_month_has_a_folder_and_the_manifest_its_sums(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json", "month=2025-01", "month=2025-02", "month=2025-04",
    ]  # fmt: skip
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["since"] is None
    # By hand: 2.5 x 4 + 0.125 x 0.1001 = 10.0125(125); of the ten cups that went back only the lines count.
    assert manifest["months"] == [
        {"month": "2025-01", "sales_version": 1, "lines": 3, "quantity": "2.625", "revenue": "10.0125",
         "returned_quantity": "1.000", "returned_revenue": "4.0000"},
        {"month": "2025-02", "sales_version": 1, "lines": 3, "quantity": "3.000", "revenue": "36.0000",
         "returned_quantity": "0.000", "returned_revenue": "0.0000"},
        {"month": "2025-04", "sales_version": 1, "lines": 1, "quantity": "1.000", "revenue": "5.0000",
         "returned_quantity": "0.000", "returned_revenue": "0.0000"},
    ]  # fmt: skip


def test_the_whole_shop_agrees_with_its_daily_sales(shop: Any, tmp_path: Path) -> None:
    said = export(tmp_path / "export")
    assert f"{Transaction.objects.count():,} lines of 4 months" in said
    assert check(tmp_path / "export") == "export: right\n"


def test_a_shop_without_sales_has_an_empty_export(db: None, tmp_path: Path) -> None:
    assert "0 lines of 0 months" in export(tmp_path / "export")
    assert check(tmp_path / "export") == "export: right\n"


# --- again --------------------------------------------------------------------------------------------


def test_exporting_twice_replaces_the_former_export(folder: Path) -> None:
    transactions.transaction_delete(Transaction.objects.get(invoice_no="7").pk)
    assert differences(folder) == [
        "the day 2025-04-02 of CUP is 1 lines in the export, should be missing as in the daily sales"
    ]
    export(folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json",
        "month=2025-01",
        "month=2025-02",
    ]
    assert check(folder) == "export: right\n"
    assert [path.name for path in folder.parent.iterdir()] == ["export"]


def test_since_a_day_only_its_month_and_later_ones_are_written(folder: Path) -> None:
    before = {path: path.stat().st_ino for path in folder.rglob("*.parquet")}
    transactions.transactions_create([sale("8", APRIL, "2", "5.00")])
    said = export(folder, since="2025-02-15")
    assert "2025-01" not in said
    assert "8 lines of 3 months" in said
    after = {path: path.stat().st_ino for path in folder.rglob("*.parquet")}
    assert [path.parent.name for path in before if after[path] == before[path]] == ["month=2025-01"]
    assert since_of(folder) is None
    assert check(folder) == "export: right\n"


def test_an_export_since_a_day_says_so_and_is_compared_from_there_on(lines: None, tmp_path: Path) -> None:
    export(tmp_path / "late", since="2025-02-15")
    for later in (None, "2025-04-01"):
        if later:
            export(tmp_path / "late", since=later)
        assert since_of(tmp_path / "late") == "2025-02-01"
        assert len(read(tmp_path / "late")) == 4
        assert check(tmp_path / "late") == "export: right\n"


def test_days_entered_by_hand_are_no_lines_and_no_difference(lines: None, tmp_path: Path) -> None:
    manual_day_create({"product_id": "CUP", "date": dt.date(2025, 3, 1), "quantity": 9, "price": Decimal(4)})
    export(tmp_path / "export")
    assert check(tmp_path / "export") == "export: right\n"


def test_a_day_entered_by_hand_stands_before_its_lines(folder: Path) -> None:
    SalesHistory.objects.filter(product_id="MUG").update(quantity=9, source=SalesSource.MANUAL)
    assert check(folder) == "export: right\n"


# --- damage -------------------------------------------------------------------------------------------


def raise_quantity() -> None:
    SalesHistory.objects.filter(product_id="MUG").update(quantity=4)


def raise_revenue_by_a_cent() -> None:
    SalesHistory.objects.filter(product_id="MUG").update(revenue=Decimal("36.01"))


def forget_a_return() -> None:
    SalesHistory.objects.filter(date=JANUARY).update(returned_quantity=0, returned_revenue=0)


def lose_a_day() -> None:
    SalesHistory.objects.filter(date=APRIL).delete()


def invent_a_day() -> None:
    SalesHistory.objects.create(product_id="MUG", date=APRIL, quantity=1, lines=1)


def lose_a_line() -> None:
    SalesHistory.objects.filter(date=JANUARY).update(lines=2)


DAMAGE: dict[Callable[[], None], list[str]] = {
    raise_quantity: ["quantity of the day 2025-02-01 of MUG is 3.000, should be 4.000"],
    raise_revenue_by_a_cent: ["revenue of the day 2025-02-01 of MUG is 36.0000, should be 36.0100"],
    forget_a_return: [
        "returned_quantity of the day 2025-01-31 of CUP is 1.000, should be 0.000",
        "returned_revenue of the day 2025-01-31 of CUP is 4.0000, should be 0.0000",
    ],
    lose_a_day: [
        "the day 2025-04-02 of CUP is 1 lines in the export, should be missing as in the daily sales"
    ],
    invent_a_day: [
        "the day 2025-04-02 of MUG is missing in the export, should be 1 lines as in the daily sales"
    ],
    lose_a_line: ["lines of the day 2025-01-31 of CUP is 3, should be 2"],
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_what_differs_is_named(folder: Path, damage: Callable[[], None]) -> None:
    damage()
    assert differences(folder) == DAMAGE[damage]


def test_a_file_that_lost_lines_is_found_by_its_manifest(folder: Path) -> None:
    file = folder / "month=2025-02" / "lines.parquet"
    duckdb.sql(f"COPY (SELECT * FROM '{file}' WHERE product_id = 'CUP') TO '{file}.part' (FORMAT parquet)")
    Path(f"{file}.part").replace(file)
    assert differences(folder) == [
        "quantity of DIR/month=2025-02/lines.parquet is 0.000, should be 3.000",
        "revenue of DIR/month=2025-02/lines.parquet is 0.0000, should be 36.0000",
        "lines of DIR/month=2025-02/lines.parquet is 2, should be 3",
    ]


@pytest.mark.parametrize("content", [None, b"", b"PAR1 but no more"])
def test_a_file_that_is_lost_or_damaged_is_found(folder: Path, content: bytes | None) -> None:
    file = folder / "month=2025-02" / "lines.parquet"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    (found,) = differences(folder)
    assert found.startswith("DIR/month=2025-02/lines.parquet is unreadable (")
    assert found.endswith("), should be 3 lines")


# --- what is refused ----------------------------------------------------------------------------------


def test_a_folder_that_holds_something_else_is_left_alone(lines: None, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("do not lose me")
    with pytest.raises(CommandError, match="holds something else"):
        export(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


@pytest.mark.parametrize(
    "manifest", ['{"format": "other"}', "[]", "no JSON", '{"format": "elastix transactions 1"}']
)
def test_a_manifest_of_something_else_makes_no_export(lines: None, tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(CommandError, match="holds something else"):
        export(tmp_path)
    with pytest.raises(CommandError, match="is no export"):
        check(tmp_path)
    assert (tmp_path / "manifest.json").read_text() == manifest


def test_a_file_or_a_place_that_is_not_there_is_refused(lines: None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="is a file"):
        export(tmp_path / "file")
    with pytest.raises(CommandError, match="no directory"):
        export(tmp_path / "nowhere" / "export")
    with pytest.raises(CommandError, match="is no export"):
        check(tmp_path / "nowhere")


def test_an_empty_folder_is_used(lines: None, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    assert "7 lines" in export(tmp_path / "export")


def test_a_day_that_is_none_is_refused(lines: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="expected a day"):
        export(tmp_path / "export", since="yesterday")


def test_without_duckdb_it_is_said_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (folder / "manifest.json").read_text()
    monkeypatch.setitem(sys.modules, "duckdb", None)
    for run in (export, check):
        with pytest.raises(CommandError, match=r"pip install -r requirements-extra\.txt"):
            run(folder)
    assert (folder / "manifest.json").read_text() == before
    assert [path.name for path in folder.parent.iterdir()] == ["export"]


def test_an_export_that_breaks_off_leaves_the_former_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (folder / "manifest.json").read_text()
    monkeypatch.setattr(exporting, "sums_of", lambda database, file: execute("SELECT 1 FROM nowhere"))
    with pytest.raises(Exception, match="nowhere"):
        export(folder)
    assert (folder / "manifest.json").read_text() == before
    assert [path.name for path in folder.parent.iterdir()] == ["export"]
