import csv
import io
from decimal import Decimal

import pytest

from elastix.imports.core import REASONS, Field, FileSchema, neutralise_formula, values
from elastix.imports.core.values import CachedConverter, CellError, clean, shown, storable
from tests.unit.elastix.imports_helpers import HEADER, csv_text, read, refusal, row, table


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  WHITE   HEART ", "WHITE HEART"),
        ("WHITE\u00a0HEART\u2003", "WHITE HEART"),
        ("WHITE\tHEART", "WHITE HEART"),
        ("\ufeffWHITE HEART\ufeff", "WHITE HEART"),
        ("'=SUM(A1)", "=SUM(A1)"),
        ("'QUOTED", "'QUOTED"),
        ("N/A", "N/A"),
        ("", ""),
    ],
)
def test_texts_lose_needless_white_space_and_nothing_else(text, expected):
    assert read(csv_text([row(Description=text)])).columns["description"] == [expected]


def test_line_breaks_within_a_text_become_spaces():
    assert read(csv_text([row(Description='"WHITE\r\n\n HEART"')])).columns["description"] == ["WHITE HEART"]


@pytest.mark.parametrize("text", ["A\0B", "A\x07B", "A\x1bB", "A\x7fB", "A\x9fB", "\x01"])
def test_control_characters_are_refused(text):
    reason, message = refusal(Description=text)
    assert reason == "control_characters"
    assert message.startswith('Description "')
    assert message.isprintable()


def test_long_texts_are_refused_never_cut():
    assert read(csv_text([row(Description="x" * 255)])).columns["description"] == ["x" * 255]
    assert refusal(Description="x" * 256) == (
        "too_long",
        f'Description "{"x" * 40}…" has 256 characters; expected at most 255.',
    )
    assert refusal(Country="x" * 61)[0] == "too_long"
    assert refusal(InvoiceNo="1" * 65)[0] == "too_long"
    assert refusal(CustomerID="1" * 65)[0] == "too_long"


@pytest.mark.parametrize("text", ["", "  ", "nan", "NaN", "NULL", "None", "N/A", "#N/A", "<NA>", "NaT"])
def test_a_customer_who_is_not_known_is_none(text):
    assert read(csv_text([row(CustomerID=text)])).columns["customer_id"] == [None]


@pytest.mark.parametrize(
    ("text", "expected"), [("17850", "17850"), ("17850.0", "17850"), ("17850.00", "17850"), ("A1.0", "A1.0")]
)
def test_a_customer_number_that_a_spreadsheet_made_a_fraction_is_whole_again(text, expected):
    assert read(csv_text([row(CustomerID=text)])).columns["customer_id"] == [expected]


@pytest.mark.parametrize("name", ["InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice"])
@pytest.mark.parametrize("text", ["", "  ", "nan"])
def test_needed_values_may_not_be_blank(name, text):
    reason, message = refusal(**{name: text})
    assert reason == "value_missing"
    assert message.startswith(f"{name} is blank; expected a ")


@pytest.mark.parametrize(("text", "expected"), [(" 85123a ", "85123A"), ("bank charges", "BANK CHARGES")])
def test_product_codes_are_stripped_and_upper_cased(text, expected):
    assert read(csv_text([row(StockCode=text)])).columns["stock_code"] == [expected]


@pytest.mark.parametrize("text", ["A\u200bB", "A\tB", "x" * 51])
def test_product_codes_are_short_and_can_be_seen(text):
    reason, message = refusal(StockCode=text)
    assert reason == "invalid_code"
    assert message.startswith('StockCode "')
    assert message.endswith("; expected a code of plain characters.")


def test_codes_may_be_converted_in_another_way():
    def reverse(text: str) -> str:
        if text == "BAD":
            raise ValueError("It is not wanted.")
        return text[::-1]

    schema = FileSchema((Field("stock_code", kind="code", convert=reverse),))
    chunk = read(csv_text([row(), row(StockCode="BAD")]), schema)
    assert chunk.columns["stock_code"] == ["A32158"]
    assert chunk.rejects[0].message == (
        'StockCode "BAD" cannot be used: It is not wanted; expected a code of plain characters.'
    )


def test_whole_rows_can_be_judged_after_their_values():
    def no_negative_price(columns):
        for number, price in enumerate(columns["unit_price"]):
            if isinstance(price, Decimal) and price < 0:
                yield number, "negative_price", "UnitPrice is negative; expected 0 or more."

    rows = csv_text([row(), row(UnitPrice="-1"), row(UnitPrice="-1", Quantity="six")])
    (chunk,) = table(rows).chunks(check=no_negative_price)
    assert chunk.line_numbers == [2]
    assert [(reject.line, reject.reason) for reject in chunk.rejects] == [
        (3, "negative_price"),
        (4, "not_a_number"),
    ]
    assert chunk.rejects[1].message.endswith("UnitPrice is negative; expected 0 or more.")


def test_a_check_may_complete_the_columns():
    def double(columns):
        columns["quantity"] = [2 * quantity for quantity in columns["quantity"]]
        return ()

    (chunk,) = table(csv_text([row(Quantity="3")])).chunks(check=double)
    assert chunk.columns["quantity"] == [6]


def test_all_that_is_wrong_with_a_row_is_reported_and_the_first_gives_the_reason():
    reason, message = refusal(Quantity="six", UnitPrice="free")
    assert reason == "not_a_number"
    assert 'Quantity "six"' in message
    assert 'UnitPrice "free"' in message


def test_every_reason_is_explained():
    rows = [
        row(Quantity="six"),
        row(Quantity="0"),
        row(Quantity="1.5"),
        row(Quantity="1e9"),
        row(Quantity=""),
        row(UnitPrice="0.00001"),
        row(InvoiceDate="x"),
        row(InvoiceDate="13/12/2010"),
        row(InvoiceDate="2200-01-01"),
        row(InvoiceDate="Q1 2010"),
        row(StockCode="\u200b"),
        row(StockCode="4.00638E+12"),
        row(InvoiceDate="12/14/2019"),
        row(Country="x" * 99),
        row(Country="\x01x"),
        row(Country="\udcff"),
        (*row(), "x"),
        row()[:5],
    ]
    text = (
        csv_text(
            [row(Description="É" * 9), *[row(InvoiceDate=f"12/{day}/2010") for day in range(3, 15)], *rows]
        )
        + '"open,1\n'
        + "x" * 140_000
        + "\n"
    )
    chunk = read(text.encode("utf-8", "surrogateescape"))
    # No field of sales is of whole numbers alone.
    assert {reject.reason for reject in chunk.rejects} == set(REASONS) - {"not_whole"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x"])  # noqa: RUF001
def test_formulas_are_neutralised_and_come_back(text):
    assert neutralise_formula(text) == f"'{text}"
    assert clean(neutralise_formula(text)) == text.strip()


@pytest.mark.parametrize("text", ["", "a=b", "1-1", " =1", "'=1"])
def test_other_texts_are_left_alone(text):
    assert neutralise_formula(text) == text


def test_each_text_is_converted_once():
    seen = []
    cache = CachedConverter(lambda text: seen.append(text) or text.upper())
    assert list(map(cache.__getitem__, ["a", "b", "a", "a"])) == ["A", "B", "A", "A"]
    assert seen == ["a", "b"]
    assert not cache.has_errors


def test_the_cache_stays_small(monkeypatch):
    monkeypatch.setattr(values, "CACHE_SIZE", 10)
    cache = CachedConverter(lambda text: CellError("x", "y") if text == "3" else text)
    for number in range(11):
        assert cache[str(number)] is not None
    cache["x" * 10_000]
    assert len(cache) == 11
    assert cache.has_errors
    cache.trim()
    assert len(cache) == 0
    assert not cache.has_errors


def test_what_is_kept_of_a_row_can_be_stored_anywhere():
    assert storable("a\0b\ud800c") == "a\ufffdb\ufffdc"
    assert len(storable("x" * 5_000)) == 2_001
    assert shown("a\nb\u2028c\x9f") == '"a\ufffdb\ufffdc\ufffd"'


def test_quoted_cells_may_hold_delimiters_and_quotation_marks():
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerows([HEADER, row(Description='6" RULER, "BLUE"')])
    assert read(stream.getvalue()).columns["description"] == ['6" RULER, "BLUE"']
