"""Files as shops really have them, each with the lines that must come of it, through all three ways in."""

import datetime as dt
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch, ImportStatus
from pricing.sales.models import Product, SalesHistory, SupersededLine, Transaction
from tests.integration.admin_pages import signed_in
from tests.shops import Commits

pytestmark = pytest.mark.django_db

FILES = Path(__file__).parents[2] / "data" / "files"
Load = Callable[..., ImportBatch]


def by_command(name: str, content: bytes, options: dict[str, Any], tmp_path: Path, **_: Any) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    arguments: list[str] = []
    for option, value in options.items():
        if option == "mapping":
            arguments += [f"--map={column}={field}" for column, field in value.items()]
        elif option == "accept":
            arguments += [f"--accept={each}" for each in value]
        elif option == "date_order":
            arguments.append(f"--{value}")
        elif value is True:
            arguments.append(f"--{option.replace('_', '-')}")
        else:
            arguments.append(f"--{option.replace('_', '-')}={value}")
    try:
        call_command("import_transactions", str(path), *arguments, stdout=io.StringIO(), stderr=io.StringIO())
    except CommandError:
        assert ImportBatch.objects.latest("id").status == ImportStatus.FAILED


def by_api(
    name: str, content: bytes, options: dict[str, Any], analyst_client: APIClient, commits: Commits, **_: Any
) -> None:
    fields = {key: json.dumps(value) if key == "mapping" else value for key, value in options.items()}
    with commits():
        answer = analyst_client.post(
            "/transactions/import", {"file": SimpleUploadedFile(name, content), **fields}, "multipart"
        )
    assert answer.status_code == 202, answer.content


def by_admin(
    name: str, content: bytes, options: dict[str, Any], analyst: User, commits: Commits, **_: Any
) -> None:
    fields = dict(options)
    if fields.pop("keep_duplicates", False):
        fields["accept"] = ["already_imported"]
    if "mapping" in fields:
        fields["mapping"] = "\n".join(f"{column}={field}" for column, field in fields["mapping"].items())
    browser: Client = signed_in(analyst)
    with commits():
        answer = browser.post(
            reverse("admin:pricing_transaction_import"), {"file": SimpleUploadedFile(name, content), **fields}
        )
    assert answer.status_code == 302, answer.content


@pytest.fixture(params=[by_command, by_api, by_admin])
def load(request: Any, tmp_path: Path, analyst: User, analyst_client: APIClient, commits: Commits) -> Load:
    """Bring a file in, by the command line, the API or the admin; return its import."""

    def bring(file: str | bytes, *, name: str = "sales.csv", **options: Any) -> ImportBatch:
        name, content = (file, (FILES / file).read_bytes()) if isinstance(file, str) else (name, file)
        request.param(
            name,
            content,
            options,
            tmp_path=tmp_path,
            analyst=analyst,
            analyst_client=analyst_client,
            commits=commits,
        )
        return ImportBatch.objects.latest("id")

    return bring


def lines() -> list[tuple[Any, ...]]:
    """(product, quantity, price, moment) of all lines."""
    rows = Transaction.objects.order_by("invoice_date", "id").values_list(
        "product_id", "quantity", "unit_price", "invoice_date"
    )
    return [
        (code, float(quantity), f"{price.normalize():f}", f"{moment:%Y-%m-%d %H:%M}")
        for code, quantity, price, moment in rows
    ]


def on(day: str, *quantities: float, price: str = "10", code: str = "A1") -> list[tuple[Any, ...]]:
    return [(code, quantity, price, day if ":" in day else f"{day} 00:00") for quantity in quantities]


RIGHT: dict[str, list[tuple[Any, ...]]] = {
    "accounting_negatives.csv": [
        *on("2025-03-13", 5),
        *on("2025-03-14", -2, -2, -2, -2, -2),
        *on("2025-03-14", 1, price="-12.5", code="ADJUST"),
        *on("2025-03-14", -2),
    ],
    "bakery_shape.csv": [
        *on("2025-01-02 08:38", 1, price="0.9", code="BAGUETTE"),
        *on("2025-01-02 08:38", 3, price="1.1", code="CROISSANT"),
        *on("2025-01-02 09:14", 1, 1, price="0.15", code="SLICING"),
    ],
    "currency_after.csv": [
        *on("2025-03-13", 2, price="12.5", code="MUG-B"),
        *on("2025-03-14", 1, price="1250", code="MUG-B"),
        *on("2025-03-15", 1, price="12.5", code="MUG-B"),
    ],
    "daily_aggregates.csv": [
        *on("2025-03-13", 30),
        *on("2025-03-14", 28, price="10.5"),
        *on("2025-03-15", 33, price="9.5"),
    ],
    "dates_and_time_apart.csv": [*on("2025-03-13 10:15", 5), *on("2025-03-13 19:15", 5)],
    "dates_compact.csv": [*on("2025-03-13", 5), *on("2025-03-14", 5), *on("2025-03-15 10:15", 5, 5)],
    "dates_german_months.csv": [
        *on("2025-01-01", 5),
        *on("2025-02-02", 5),
        *on("2025-03-03", 5),
        *on("2025-03-13", 5),
        *on("2025-03-13 14:30", 5, 5),
    ],
    "dates_midnight24.csv": [
        *on("2025-03-14", 5, 5, 5),
        *on("2025-03-14 09:15", 5, 5, 5, 5),
        *on("2025-03-14 10:15", 5),
        *on("2025-03-14 17:15", 5),
    ],
    "dates_two_digit_year_first.csv": [*on("2025-03-13", 5), *on("2025-03-14", 5), *on("2025-04-02", 5)],
    "discounts_apart.csv": [*on("2025-03-13", 3, price="8"), *on("2025-03-14", 3)],
    "headers_units_in_name.csv": on("2025-03-13", 2),
    "line_total.csv": [*on("2025-03-13", 3, 1), *on("2025-03-13", 7, price="9")],
    "price_many_decimals.csv": [
        *on("2025-03-13", 3, price="3.3333"),
        *on("2025-03-13", 1, price="10.1235"),
        *on("2025-03-13", 7, price="10.1"),
    ],
    "refund_negative_price.csv": [*on("2025-03-13 10:00", 3), *on("2025-03-14 10:00", -1, -1, -1)],
    "qty_kg.csv": [
        *on("2025-03-13", 1.25, price="2.99", code="APPLE"),
        *on("2025-03-14", 0.5, price="2.99", code="APPLE"),
        *on("2025-03-15", 2, 1, price="2.99", code="APPLE"),
    ],
    "ids_uuid.csv": [*on("2025-03-13", 5), *on("2025-03-14", 5)],
    "codes_slash_umlaut.csv": [
        *on("2025-03-13", 5, code="A/12-B"),
        *on("2025-03-14", 5, price="2", code="KÄSE-1"),
        *on("2025-03-14", 5, price="2", code="CRÈME BRÛLÉE"),
        *on("2025-03-14", 5, price="2", code="咖啡"),
        *on("2025-03-14", 5, price="2", code="50% OFF TEE"),
        *on("2025-03-14", 5, price="2", code="A+B?X=1#3"),
    ],
    "square_items.csv": [
        *on("2025-03-13 10:15", 1, price="4", code="LAT-L"),
        *on("2025-03-13 10:17", 2, price="4.5", code="LAT-L"),
        *on("2025-03-13 10:20", -1, price="4.5", code="LAT-L"),
    ],
    "cover_sheet.xlsx": on("2025-03-13 10:00", 3),
    "one_sheet_per_month.xlsx": [*on("2025-01-13 10:00", 3), *on("2025-02-13 10:00", 3)],
    "merged_header.xlsx": [
        *on("2025-03-13 10:00", 3),
        *on("2025-03-13 10:00", 4, price="1", code="A2"),
        *on("2025-03-14 10:00", 3),
    ],
    "odd_cells.xlsx": [
        *on("2025-03-13 12:00", 3, code="12345"),
        *on("2025-03-14", 3),
        *on("2025-03-14", 3, price="2.55"),
        *on("2025-03-14", 3, price="2.55", code="4006381333931"),
        *on("2025-03-14", 3, price="3.3333"),
        *on("2025-03-14 10:00", 3, code="00123"),
    ],
    "refund_rows.csv": [*on("2025-03-13", 3), *on("2025-03-14", -3, 2)],
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_file_is_read_as_it_is_meant(name: str, load: Load) -> None:
    batch = load(name)
    assert (batch.status, batch.error) == (ImportStatus.PUBLISHED, "")
    assert lines() == RIGHT[name]
    assert batch.accepted == len(RIGHT[name])


def test_a_status_that_undoes_a_sale_leaves_the_line_out_with_its_reason(load: Load) -> None:
    batch = load("refund_rows.csv")
    assert batch.reasons == {"not_a_sale": 1}
    assert batch.rejects.get().line == 4
    assert sum(day.quantity - day.returned_quantity for day in SalesHistory.objects.all()) == 2


def test_invoices_that_begin_with_c_are_sales_unless_their_quantities_are_negative(load: Load) -> None:
    load("all_invoices_start_with_c.csv")
    assert not Transaction.objects.filter(is_return=True).exists()
    assert sum(day.revenue for day in SalesHistory.objects.all()) == Decimal(3060)


def test_cancellations_that_begin_with_c_stay_returns(load: Load) -> None:
    rows = "Invoice,StockCode,Quantity,InvoiceDate,Price\n1,A1,5,2025-03-13,10\nC2,A1,-2,2025-03-14,10\nC3,A1,2,2025-03-14,10\n"
    load(rows.encode())
    assert sorted(Transaction.objects.filter(is_return=True).values_list("invoice_no", flat=True)) == [
        "C2",
        "C3",
    ]


def test_equal_lines_of_one_ticket_are_as_many_items(load: Load) -> None:
    assert load("one_row_per_scanned_item.csv").accepted == 1200
    assert sum(day.units for day in SalesHistory.objects.all()) == 1200


@pytest.mark.parametrize(
    ("name", "options", "question", "found"),
    [
        ("ambiguous_decimal.csv", {"decimal_mark": "."}, "option decimal_mark", ["1.25", "1.35", "2.125"]),
        ("ambiguous_decimal.csv", {"decimal_mark": ","}, "option decimal_mark", ["1250", "1350", "2125"]),
        ("duplicate_headers.csv", {"mapping": {"Price (2)": "unit_price"}}, '"Price (2)"', ["8.4", "8.4"]),
        ("duplicate_headers.csv", {"mapping": {"#3": "unit_price"}}, '"Price (2)"', ["10", "10"]),
        ("several_currencies.csv", {"currency": "EUR"}, "option currency", ["10"]),
        ("several_currencies.csv", {"currency": "jpy"}, "option currency", ["1600"]),
    ],
)
def test_what_cannot_be_known_is_asked_and_can_be_answered(
    name: str, options: dict[str, Any], question: str, found: list[str], load: Load
) -> None:
    asked = load(name)
    assert asked.status == ImportStatus.FAILED
    assert question in (asked.error or asked.job.error)
    assert not Transaction.objects.exists()
    answered = load(name, **options)
    assert answered.status == ImportStatus.PUBLISHED
    assert [price for _, _, price, _ in lines()] == found


def test_rows_in_other_currencies_are_shown(load: Load) -> None:
    batch = load("several_currencies.csv", currency="EUR")
    assert batch.reasons == {"other_currency": 2}


def test_codes_that_a_spreadsheet_has_damaged_are_refused_and_others_kept_as_they_are(load: Load) -> None:
    batch = load("codes_damaged_by_excel.csv")
    assert batch.reasons == {"damaged_code": 2}
    assert sorted(Product.objects.values_list("code", flat=True)) == [
        "00123",
        "10.0",
        "123",
        "90.75",
        "90.750",
    ]


def test_a_stray_date_is_set_aside_unless_it_is_accepted(load: Load) -> None:
    batch = load("rfm_tomorrow.csv")
    assert (batch.accepted, batch.reasons) == (50, {"stray_date": 1})
    assert load("rfm_tomorrow.csv", accept=["stray_date"], force=True).reasons == {}


def test_only_returns_are_asked_about(load: Load) -> None:
    rows = [f"{number},A1,-1,2025-03-13,10" for number in range(25)]
    content = "\n".join(["Invoice,StockCode,Quantity,InvoiceDate,Price", *rows]).encode()
    asked = load(content)
    assert asked.status == ImportStatus.FAILED
    assert "All 25 rows would be returns" in asked.error
    assert load(content, accept=["all_returns"]).accepted == 25


# --- exports that overlap ----------------------------------------------------------------------------


def test_rows_that_were_imported_already_are_left_out_and_shown(load: Load) -> None:
    load("overlap_1.csv")
    batch = load("overlap_2.csv")
    assert (batch.rows, batch.accepted, batch.reasons) == (80, 40, {"already_imported": 40})
    assert batch.rejects.count() == 40
    assert any("were imported already" in note and "40" in note for note in batch.report["notes"])
    assert sum(day.quantity for day in SalesHistory.objects.all()) == 180
    assert sum(day.revenue for day in SalesHistory.objects.all()) == 1980


def test_they_are_added_where_that_is_said(load: Load) -> None:
    load("overlap_1.csv")
    assert load("overlap_2.csv", keep_duplicates=True).accepted == 80
    assert sum(day.quantity for day in SalesHistory.objects.all()) == 240


def test_a_dry_run_shows_them_too_and_keeps_nothing(load: Load) -> None:
    load("overlap_1.csv")
    batch = load("overlap_2.csv", dry_run=True)
    assert (batch.status, batch.accepted, batch.reasons) == (
        ImportStatus.CHECKED,
        40,
        {"already_imported": 40},
    )
    assert Transaction.objects.count() == 80


def test_of_equal_lines_as_many_are_left_out_as_are_stored(load: Load) -> None:
    header = "Invoice,StockCode,Quantity,InvoiceDate,Price\n"
    line = "1,A1,1,2025-03-13,10\n"
    load((header + line).encode())
    assert load((header + line * 3).encode()).accepted == 2
    assert Transaction.objects.count() == 3


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


SHEET: list[Any] = ["Invoice", "StockCode", "Quantity", "InvoiceDate", "Price"]
# The last two lines of January stand in February's sheet, too; one of them is three scanned items there.
OVERLAPPING: dict[str, list[list[Any]]] = {
    "Jan": [
        SHEET,
        [1, "A1", 5, "2025-01-29", 10],
        [2, "A1", 1, "2025-01-31", 10],
        [2, "A1", 1, "2025-01-31", 10],
    ],
    "Feb": [SHEET, *[[2, "A1", 1, "2025-01-31", 10]] * 3, [3, "A1", 7, "2025-02-01", 10]],
    "Mar": [SHEET, [2, "A1", 1, "2025-01-31", 10], [4, "A1", 2, "2025-03-01", 10]],
}


def test_rows_that_an_earlier_sheet_has_are_left_out_and_shown(load: Load) -> None:
    batch = load(workbook(OVERLAPPING), name="sales.xlsx")
    assert (batch.rows, batch.accepted, batch.reasons) == (9, 6, {"already_imported": 3})
    assert lines() == [
        *on("2025-01-29", 5), *on("2025-01-31", 1, 1, 1), *on("2025-02-01", 7), *on("2025-03-01", 2)
    ]  # fmt: skip
    assert [(each.line, each.reason) for each in batch.rejects.order_by("line")] == [
        (6, "already_imported"), (7, "already_imported"), (11, "already_imported")
    ]  # fmt: skip
    assert any('by sheet: "Feb" (2), "Mar" (1). To add them' in note for note in batch.report["notes"])


def test_they_are_read_from_every_sheet_where_that_is_said(load: Load) -> None:
    batch = load(workbook(OVERLAPPING), name="sales.xlsx", keep_duplicates=True)
    assert (batch.accepted, batch.reasons) == (9, {})
    assert sum(day.quantity for day in SalesHistory.objects.all()) == 20


def test_rows_may_stand_in_earlier_sheets_and_in_earlier_imports(load: Load) -> None:
    load(workbook({"Jan": OVERLAPPING["Jan"]}), name="sales.xlsx")
    assert load(workbook(OVERLAPPING), name="sales.xlsx").reasons == {"already_imported": 6}
    assert sum(day.quantity for day in SalesHistory.objects.all()) == 5 + 3 + 7 + 2


@pytest.mark.parametrize(
    ("later", "accepted", "left_out"),
    [
        # Another store's sheet: the same days, one equal line by chance.
        ([["A1", 3, "2025-01-01", 10], ["A1", 9, "2025-01-02", 10], ["A1", 8, "2025-01-03", 10]], 6, {}),
        # The next export's: of the days that both have all lines are the same.
        ([["A1", 5, "2025-01-03", 10], ["A1", 9, "2025-01-04", 10]], 4, {"already_imported": 1}),
    ],
)
def test_sheets_without_invoice_numbers_overlap_by_their_days(
    later: list[list[Any]], accepted: int, left_out: dict[str, int], load: Load
) -> None:
    first: list[list[Any]] = [
        ["A1", 3, "2025-01-01", 10],
        ["A1", 4, "2025-01-02", 10],
        ["A1", 5, "2025-01-03", 10],
    ]
    batch = load(workbook({"One": [SHEET[1:], *first], "Two": [SHEET[1:], *later]}), name="sales.xlsx")
    assert (batch.accepted, batch.reasons) == (accepted, left_out)


def correct(client: APIClient, line: Transaction, quantity: int) -> None:
    assert client.put(f"/transactions/{line.pk}", {"quantity": quantity}).status_code == 200


def test_a_line_that_was_corrected_by_hand_does_not_come_back(load: Load, analyst_client: APIClient) -> None:
    header = "Invoice,StockCode,Quantity,InvoiceDate,Price\n"
    first = "1,A1,500,2025-03-13,10\n2,A1,3,2025-03-13,10\n"
    load((header + first).encode())
    wrong, doubled = Transaction.objects.order_by("invoice_no")
    correct(analyst_client, wrong, 5)
    assert analyst_client.delete(f"/transactions/{doubled.pk}").status_code == 204
    batch = load((header + first + "3,A1,1,2025-03-14,10\n").encode())
    assert (batch.accepted, batch.reasons) == (1, {"already_imported": 2})
    assert sorted(Transaction.objects.values_list("quantity", flat=True)) == [1, 5]


def test_reverting_an_import_forgets_what_was_corrected_in_it(
    load: Load, analyst_client: APIClient, manager_client: APIClient, commits: Commits
) -> None:
    content = b"Invoice,StockCode,Quantity,InvoiceDate,Price\n1,A1,500,2025-03-13,10\n"
    batch = load(content)
    line = Transaction.objects.get()
    correct(analyst_client, line, 5)
    assert SupersededLine.objects.count() == 1
    with commits():
        analyst_client.delete(f"/transactions/imports/{batch.pk}")
    assert not SupersededLine.objects.exists()
    assert load(content).accepted == 1


# --- against the catalogue ---------------------------------------------------------------------------


def test_a_code_that_has_lost_its_zeros_is_no_new_product(load: Load) -> None:
    load("sales_zero_kept.csv")
    content = (FILES / "sales_zero_kept.csv").read_bytes().replace(b"00123", b"123").replace(b"1003", b"1004")
    batch = load(content)
    assert batch.reasons == {"look_alike_code": 1}
    assert "There is no product 123, but 00123" in batch.rejects.get().message
    assert load(content, accept=["look_alike_code"], force=True).accepted == 1


def test_a_product_file_says_what_is_new_and_what_looks_like_another(
    load: Load, analyst_client: APIClient, commits: Commits
) -> None:
    load("sales_zero_kept.csv")

    def products(content: bytes) -> ImportBatch:
        with commits():
            answer = analyst_client.post(
                "/api/products/import", {"file": SimpleUploadedFile("products.csv", content)}, "multipart"
            )
        assert answer.status_code == 202, answer.content
        return ImportBatch.objects.latest("id")

    lost = products((FILES / "products_zero_lost.csv").read_bytes())
    assert (lost.accepted, lost.reasons) == (0, {"look_alike_code": 1})
    both = products(b"code,name,cost\n00123,Ink,1.10\nB7,Bolt,2\n")
    assert both.accepted == 2
    assert both.report["notes"][-1].startswith("Created: 1 (B7).")


# --- totals ------------------------------------------------------------------------------------------


def totals(step: int, count: int = 60) -> bytes:
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=step * number) for number in range(count)]
    rows = [
        f"{day},{code},{20 + (number * 7 + place) % 11},{8 + (number // 6) % 3}"
        for number, day in enumerate(days)
        for place, code in enumerate(("A", "B", "C"))
    ]
    return "\n".join(["Date,SKU,Units sold,Avg price", *rows]).encode()


@pytest.mark.parametrize(("step", "granularity"), [(1, "day"), (7, "week")])
def test_totals_are_known_for_what_they_are(step: int, granularity: str, load: Load) -> None:
    batch = load(totals(step), dry_run=True)
    assert batch.report["granularity"] == granularity
    assert any(f"totals of a {granularity}" in note for note in batch.report["notes"])


def test_single_purchases_are_lines(load: Load) -> None:
    assert load("one_row_per_scanned_item.csv", dry_run=True).report["granularity"] == "lines"


def test_columns_that_somebody_has_named_are_known_the_next_time(load: Load) -> None:
    header = "Schein,Ware,Anz,Wann,Soviel\n"
    asked = load((header + "1,A1,2,2025-03-13,10\n").encode())
    assert asked.status == ImportStatus.FAILED
    assert '"Schein" (not known)' in asked.error and '--map "Wann=invoice_date"' in asked.error
    named = {
        "Schein": "invoice_no", "Ware": "stock_code", "Anz": "quantity", "Wann": "invoice_date", "Soviel": "unit_price",
    }  # fmt: skip
    assert load((header + "1,A1,2,2025-03-13,10\n").encode(), mapping=named).accepted == 1
    later = load((header + "2,A1,3,2025-03-14,10\n").encode())
    assert later.accepted == 1
    assert any("as somebody said" in note for note in later.report["notes"])
    assert lines() == [*on("2025-03-13", 2), *on("2025-03-14", 3)]


def test_a_large_catalogue_of_codes_with_zeros_is_no_obstacle(load: Load) -> None:
    Product.objects.bulk_create([Product(code=f"0{number}", name="x") for number in range(100_000, 140_000)])
    batch = load(
        b"Invoice,StockCode,Quantity,InvoiceDate,Price\n1,100001,1,2025-03-13,10\n2,0100002,1,2025-03-13,10\n"
    )
    assert batch.reasons == {"look_alike_code": 1}
