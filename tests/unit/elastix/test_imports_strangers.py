"""Dates, numbers and tables as programs of other countries and trades write them, with what they mean."""

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from elastix.imports.core import UnreadableFile
from elastix.imports.core.dates import parse_date
from elastix.imports.core.numbers import bare_number, parse_number
from elastix.imports.core.values import clean
from tests.unit.elastix.imports_helpers import read, table, whole


@pytest.mark.parametrize(
    ("text", "day", "hour"),
    [
        ("Mar-13-24", date(2024, 3, 13), 0),
        ("Mar 13, '24", date(2024, 3, 13), 0),
        ("13 Mar '24", date(2024, 3, 13), 0),
        ("2024-03-13 10:15:00 +0000 UTC", date(2024, 3, 13), 10),
        ("2024-W11-3", date(2024, 3, 13), 0),
        ("Mar-24", date(2024, 3, 1), 0),
        ("Jan '24", date(2024, 1, 1), 0),
        ("2024 03 13", date(2024, 3, 13), 0),
        ("2024-03-13-10.15.00.000000", date(2024, 3, 13), 10),
    ],
)
def test_dates_of_other_programs(text: str, day: date, hour: int) -> None:
    parsed = parse_date(text)
    assert parsed is not None
    assert (parsed.day(None), parsed.time.seconds // 3600) == (day, hour)


@pytest.mark.parametrize("text", ["13032024", "13. 3. 2024", "13/03/2024 - 10:15", "13/03/2024 | 10:15"])
def test_dates_with_the_day_first(text: str) -> None:
    parsed = parse_date(text)
    assert parsed is not None
    assert parsed.day("day-first") == date(2024, 3, 13)
    assert parsed.day("month-first") is None


@pytest.mark.parametrize(
    ("text", "day"),
    [("20241103", date(2024, 11, 3)), ("20112024", date(2024, 11, 20)), ("20132024", None)],
)
def test_eight_digits_are_a_day_of_the_year_they_begin_with_where_they_can_be(
    text: str, day: date | None
) -> None:
    parsed = parse_date(text)
    assert (parsed and parsed.day("day-first")) == day


def test_two_days_with_a_dash_are_a_week_and_no_time() -> None:
    parsed = parse_date("11.03.24 - 17.03.24")
    assert parsed is not None
    assert (parsed.day("day-first"), parsed.time.seconds) == (date(2024, 3, 11), 0)


@pytest.mark.parametrize(
    ("text", "separator", "value"),
    [
        ("12,- \u20ac", ",", "12"),
        ("12,\u2013 \u20ac", ",", "12"),
        ("12.-- CHF", ".", "12"),
        ("12,50- \u20ac", ",", "-12.50"),
        ("@ 10.50", ".", "10.50"),
        ("10.50 each", ".", "10.50"),
        ("10.50/each", ".", "10.50"),
        ("10,50 \u20ac/Stk", ",", "10.50"),
        ("10,50 \u20ac pro St\u00fcck", ",", "10.50"),
        ("10,50 Euro", ",", "10.50"),
    ],
)
def test_prices_with_words_beside_them(text: str, separator: str, value: str) -> None:
    assert parse_number(text, separator) == Decimal(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "units", "total"),
    [("Revenue (thousands)", 2, "3000"), ("Umsatz [TEUR]", 2, "3000"), ("Umsatz (T\u20ac)", 2, "3000"),
     ("Revenue ('000)", 2, "3000"),
     ("Revenue", 2, "3")],
)  # fmt: skip
def test_a_name_may_say_thousands(name: str, units: int, total: str) -> None:
    opened = table(f"Invoice;SKU;Units;Date;{name}\n1;A1;2;2024-03-13;3.0\n")
    assert whole(opened).columns["line_total"] == [Decimal(total)]
    assert any("multiplied by 1,000" in note for note in opened.report.notes) is (total == "3000")


def test_days_of_two_digit_years_that_could_be_months_are_asked_about() -> None:
    content = "Invoice,SKU,Qty,Date,Price\n1,A1,2,03/04/24,10\n2,A1,2,05/04/24,10\n"
    with pytest.raises(UnreadableFile, match=r"read 2 ways: \"03/04/24\" may be day-first or month-first"):
        table(content)
    assert table(content, date_order="day-first").report.date_order == "day-first"


@pytest.mark.parametrize("text", ["2.50/100g", "2.50 per 6", "2.50 / 12 pcs", "-4.00 each"])
def test_the_price_of_several_is_no_price_of_one(text: str) -> None:
    assert parse_number(text, ".") is None


def test_the_currency_beside_a_price_of_one_is_kept() -> None:
    assert bare_number("10,50 \u20ac/Stk") == ("10,50", "\u20ac")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("'12.50", "12.50"), ("'2024-03-13'", "2024-03-13"), ("'A1'", "A1"), ("'s-Hertogenbosch", "'s-Hertogenbosch"),
     ("'n Sync 2", "'n Sync 2"), ("'", "'")],
)  # fmt: skip
def test_quotes_of_a_spreadsheet_are_taken_off(text: str, expected: str) -> None:
    assert clean(text) == expected


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<html><table><tr><td>SKU</td></tr></table></html>", r"web page \(HTML\).*save it as .xlsx"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html></html>", "web page"),
        (b'<?xml version="1.0"?><sales/>', "XML, not a table"),
        (b'[{"sku": "A1"}]', "JSON, not a table"),
        (b'{\n  "orders": []}', "JSON, not a table"),
    ],
)
def test_other_kinds_of_texts_are_named(content: bytes, what: str) -> None:
    with pytest.raises(UnreadableFile, match=what):
        table(content)


def test_a_sheet_of_libreoffice_is_named() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", "<office/>")
    with pytest.raises(UnreadableFile, match=r"OpenDocument.*save it as .xlsx or .csv"):
        table(file.getvalue())


@pytest.mark.parametrize(
    "header",
    ["SKU,Price,Jan 2024,Feb 2024,Mar 2024", "SKU,Price,Jan,Feb,Mrz", "SKU,Price,2024-03-13,2024-03-14,2024-03-15",
     "SKU,Price,2024-W10,2024-W11,2024-W12", "SKU,Price,Q1 2024,Q2 2024,Q3 2024"],
)  # fmt: skip
def test_a_table_with_a_column_for_each_month_is_to_be_turned(header: str) -> None:
    with pytest.raises(UnreadableFile, match=r"are days, weeks or months.*unpivot") as refused:
        table(f"{header}\nA1,10,3,4,5\n")
    assert "--map" not in str(refused.value)


def test_of_two_codes_the_shop_s_own_is_read_and_said() -> None:
    opened = table("Order ID,Product ID,Product SKU,Qty,Date,Price\n1,77,MUG-B,2,2024-03-13,10\n")
    assert opened.report.mapping["stock_code"] == "Product SKU"
    assert any('"Product ID", "Product SKU", "Product SKU" is read' in note for note in opened.report.notes)


def test_of_two_codes_one_without_blanks_is_read() -> None:
    chunk = read(
        "Order ID,Item ID,Item SKU,Qty,Date,Price\n1,77,MUG-B,2,2024-03-13,10\n2,78,,1,2024-03-14,5\n"
    )
    assert chunk.columns["stock_code"] == ["77", "78"]


def test_two_columns_of_one_name_are_asked_about_even_for_codes() -> None:
    with pytest.raises(UnreadableFile, match="could all be stock_code"):
        table("Order ID,SKU,SKU,Qty,Date,Price\n1,77,MUG-B,2,2024-03-13,10\n")


def test_the_order_is_the_invoice_where_lines_have_numbers_of_their_own() -> None:
    opened = table("Transaction ID,Order ID,SKU,Qty,Date,Price\n9,1,A1,2,2024-03-13,10\n")
    assert opened.report.mapping["invoice_no"] == "Order ID"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("N\u00b0 ticket;Date;Code article;Qt\u00e9;PU TTC", "T1;13/03/2024;A1;2;10,00"),
        ("N\u00ba albar\u00e1n;Fecha;C\u00f3digo art\u00edculo;Uds.;Precio ud.", "T1;13/03/2024;A1;2;10,00"),
        ("Kassabonnr;Datum;Artikelnr;Aantal;Stuksprijs", "T1;13-03-2024;A1;2;10,00"),
        ("Scontrino n.;Data;Cod. articolo;Q.t\u00e0;Prezzo unit.", "T1;13/03/2024;A1;2;10,00"),
        ("Faktura;Fakturadatum;Material;Fakt.Menge;Nettowert", "T1;13.03.2024;A1;2,000;20,00"),
        ("ORDER_NO;ORDER_DT;ITEM_NO;QTY_ORD;UNIT_PRC", "T1;20240313;A1;2;10,00"),
    ],
)
def test_columns_of_tills_in_other_countries(header: str, row: str) -> None:
    columns = read(f"{header}\n{row}\n").columns
    assert (columns["invoice_no"], columns["stock_code"], columns["quantity"]) == (["T1"], ["A1"], [2])
    assert f"{columns['invoice_date'][0]:%Y-%m-%d}" == "2024-03-13"
