from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastix.imports.core import Field, FileSchema, UnreadableFile
from elastix.imports.core.numbers import parse_number, rounded
from elastix.imports.core.sniff import SeparatorEvidence
from pricing.sales.core.files import MAX_PRICE
from tests.unit.elastix.imports_helpers import csv_text, read, refusal, row, table, whole


@pytest.mark.parametrize(
    ("text", "separator", "value"),
    [
        ("2.55", ".", "2.55"),
        ("2,55", ",", "2.55"),
        ("-1.234,5", ",", "-1234.5"),
        ("1,234.5", ".", "1234.5"),
        ("1 234 567,8", ",", "1234567.8"),
        ("1\u00a0234,5", ",", "1234.5"),
        ("1\u202f234,5", ",", "1234.5"),
        ("1'234.5", ".", "1234.5"),
        (".5", ".", "0.5"),
        ("6.", ".", "6"),
        ("+6", ".", "6"),
        ("\u22126", ".", "-6"),
        ("1E-3", ".", "0.001"),
        ("1,5e2", ",", "150"),
    ],
)
def test_numbers_are_read_with_the_separator_of_their_file(text, separator, value):
    assert parse_number(text, separator) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("2.55", ","),
        ("2,55", "."),
        ("0.001", ","),
        ("1,234 567", "."),
        ("1.234.567", "."),
        ("", "."),
        (".", "."),
        ("-", "."),
        ("e5", "."),
        ("1e", "."),
        ("1e999", "."),
        ("NaN", "."),
        ("Infinity", "."),
        ("0x10", "."),
        ("1_000", "."),
        ("٣", "."),
        ("--5", "."),
        ("(-5)", "."),
        ("(5", "."),
        ("5+", "."),
        ("€2.55£", "."),
        ("A5", "."),
        ("5 apples", "."),
        ("9" * 41, "."),
    ],
)
def test_other_spellings_are_no_numbers(text, separator):
    assert parse_number(text, separator) is None


@given(st.decimals(-999_999, 999_999, places=4), st.sampled_from(".,"), st.booleans())
def test_a_number_written_with_a_separator_is_read_back(value, separator, grouped):
    text = f"{value:,f}" if grouped else f"{value:f}"
    if separator == ",":
        text = text.translate({ord("."): ",", ord(","): "."})
    assert parse_number(text, separator) == value


@pytest.mark.parametrize(
    ("texts", "delimiter", "separator"),
    [
        (["2.55", "6"], ";", "."),
        (["2,55", "6"], ";", ","),
        (["1.250", "2,5"], ";", ","),
        (["1,250", "2.5"], ",", "."),
        (["1,250"], ",", "."),
        (["1.234.567"], ";", ","),
        (["6", "7"], ";", "."),
        ([], ";", "."),
        (["2,55", "3,1", "2.5"], ";", ","),
    ],
)
def test_the_separator_is_that_of_most_numbers(texts, delimiter, separator):
    evidence = SeparatorEvidence()
    evidence.add(texts)
    assert evidence.separator(delimiter) == separator


def test_a_file_whose_numbers_can_be_read_two_ways_is_refused():
    with pytest.raises(UnreadableFile, match=r'"1,250" may have decimals or thousands.*option decimal_mark'):
        table(csv_text([row(UnitPrice="1,250", Quantity="6")], delimiter=";"))


def test_a_file_with_as_many_points_as_commas_is_refused():
    with pytest.raises(UnreadableFile, match=r"contradict each other.*option decimal_mark"):
        table(csv_text([row(UnitPrice="2,55"), row(UnitPrice="2.55")], delimiter=";"))


@pytest.mark.parametrize(("separator", "price"), [(".", 1250), (",", Decimal("1.25"))])
def test_a_given_separator_settles_it(separator, price):
    chunk = read(csv_text([row(UnitPrice="1,250")], delimiter=";"), decimal_mark=separator)
    assert chunk.columns["unit_price"] == [price]


def test_an_impossible_separator_is_refused():
    with pytest.raises(UnreadableFile, match="decimal mark"):
        table(csv_text([row()]), decimal_mark="x")


def test_the_separator_is_decided_by_the_whole_file_and_the_others_are_refused():
    opened = table(csv_text([row(UnitPrice="1,250"), *[row(UnitPrice="2.55")] * 3], delimiter=";"))
    assert opened.report.decimal_mark == "."
    rows = [row(UnitPrice=price) for price in ("3.1", "3.25", "3,1")]
    opened = table(csv_text(rows, delimiter=";"))
    (chunk,) = opened.chunks()
    assert [(reject.line, reject.reason) for reject in chunk.rejects] == [(4, "not_a_number")]
    assert "another decimal separator" in opened.report.notes[0]


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        ("2.55", 4, "2.5500"),
        ("2.550000", 4, "2.5500"),
        ("2.5500000000000003", 4, "2.5500"),
        ("3.0599999999999996", 4, "3.0600"),
        ("0.00001", 4, None),
        ("1.23456", 4, None),
        ("999999.9999", 4, "999999.9999"),
        ("1E+2", 2, "100.00"),
        ("-0.00", 4, "0.0000"),
        ("5.9999999999999996", 0, "6"),
    ],
)
def test_decimals_beyond_the_field_are_never_dropped_unless_zero_or_binary_noise(value, places, expected):
    value, cut = rounded(Decimal(value), places)
    assert (None if cut else str(value)) == expected


def test_prices_have_the_decimals_of_the_field():
    assert str(read(csv_text([row(UnitPrice="2.5")])).columns["unit_price"][0]) == "2.5000"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6", "6.000"), ("6.0", "6.000"), ("-1", "-1.000"), ("1e3", "1000.000"), ("'-6", "-6.000"), ("0.35", "0.350"),
        ("1.250", "1.250"), ("-0.005", "-0.005"), ("0.3500000000000001", "0.350"),
    ],
)  # fmt: skip
def test_quantities_have_three_decimals(text, value):
    assert [str(each) for each in read(csv_text([row(Quantity=text)])).columns["quantity"]] == [value]


WHOLE = FileSchema((Field("pieces", kind="integer", zero=False),))


@pytest.mark.parametrize(("text", "value"), [("6", 6), ("6.0", 6), ("-1", -1), ("1e3", 1000), ("'-6", -6)])
def test_a_field_of_whole_numbers_gives_whole_numbers(text, value):
    (pieces,) = read(csv_text([[text]], header=["Pieces"]), WHOLE).columns["pieces"]
    assert pieces == value
    assert type(pieces) is int


def test_a_field_of_whole_numbers_refuses_fractions():
    (reject,) = read(csv_text([["6.5"]], header=["Pieces"]), WHOLE).rejects
    assert (reject.reason, reject.message) == (
        "not_whole",
        'Pieces "6.5" is not a whole number; expected a whole number such as 6.',
    )


@pytest.mark.parametrize(
    ("changes", "reason", "message"),
    [
        (
            {"Quantity": "six"},
            "not_a_number",
            'Quantity "six" is not a number; expected a number such as 2.55.',
        ),
        (
            {"Quantity": "6.5001"},
            "too_many_decimals",
            'Quantity "6.5001" has too many decimals; expected at most 3 decimals.',
        ),
        ({"Quantity": "0"}, "zero", 'Quantity "0" is zero; expected any other number.'),
        ({"Quantity": "0.0"}, "zero", 'Quantity "0.0" is zero; expected any other number.'),
        (
            {"Quantity": "1000000"},
            "out_of_range",
            'Quantity "1000000" is out of range; expected -999999 to 999999.',
        ),
        ({"Quantity": ""}, "value_missing", "Quantity is blank; expected a number such as 2.55."),
        ({"UnitPrice": "NaN"}, "value_missing", "UnitPrice is blank; expected a number such as 2.55."),
        (
            {"UnitPrice": "free"},
            "not_a_number",
            'UnitPrice "free" is not a number; expected a number such as 2.55.',
        ),
        (
            {"UnitPrice": "0.00001"},
            "too_many_decimals",
            'UnitPrice "0.00001" has too many decimals; expected at most 4 decimals.',
        ),
        (
            {"UnitPrice": "-100000000"},
            "out_of_range",
            f'UnitPrice "-100000000" is out of range; expected -{MAX_PRICE} to {MAX_PRICE}.',
        ),
        (
            {"UnitPrice": "1e99"},
            "out_of_range",
            f'UnitPrice "1e99" is out of range; expected -{MAX_PRICE} to {MAX_PRICE}.',
        ),
    ],
)
def test_bad_numbers_are_refused_with_column_value_and_expectation(changes, reason, message):
    assert refusal(**changes) == (reason, message)


def test_prices_may_be_zero_or_negative():
    chunk = read(csv_text([row(UnitPrice="0"), row(UnitPrice="-11062.06")]))
    assert chunk.columns["unit_price"] == [0, Decimal("-11062.06")]


@pytest.mark.parametrize(
    ("text", "separator", "value"),
    [
        ("(2)", ".", "-2"),
        ("2-", ".", "-2"),
        ("- 2", ".", "-2"),
        ("\u22122", ".", "-2"),
        ("\u20132", ".", "-2"),
        ("($4.50)", ".", "-4.50"),
        ("-$4.50", ".", "-4.50"),
        ("$-4.50", ".", "-4.50"),
        ("12,50 €", ",", "12.50"),
        ("EUR 12,50", ",", "12.50"),
        ("1.250,00\u00a0€", ",", "1250.00"),
        ("£2.55", ".", "2.55"),
        ("R$ 1.000,50", ",", "1000.50"),
        ("12.-", ".", "12"),
        ("12,--", ",", "12"),
        ("12.-", ",", "12"),  # beside 19,99: it has no cents, and so no decimal mark
        ("Rs.500", ".", "500"),
        ("kr. 12,50", ",", "12.50"),
        ("CHF 1'250.50", ".", "1250.50"),
        ("1,23,456.50", ".", "123456.50"),
        ("\uff11\uff12", ".", "12"),
    ],
)
def test_currencies_and_the_ways_to_write_a_negative_number_are_read(text, separator, value):
    assert parse_number(text, separator) == Decimal(value)


def test_a_price_of_more_decimals_is_rounded_and_counted():
    opened = table(csv_text([row(UnitPrice=price) for price in ("3.33335", "10.10", "3.33335")]))
    chunk = whole(opened)
    assert [str(price) for price in chunk.columns["unit_price"]] == ["3.3334", "10.1000", "3.3334"]
    assert chunk.notes == {("unit_price", "rounded"): 2}


def test_each_column_may_have_a_decimal_mark_of_its_own():
    rows = [row(Quantity="1.0", UnitPrice="0,90 €"), row(Quantity="3.0", UnitPrice="1,10 €")]
    chunk = read(csv_text(rows, delimiter=";"))
    assert chunk.rejects == []
    assert [int(quantity) for quantity in chunk.columns["quantity"]] == [1, 3]
    assert chunk.columns["unit_price"] == [Decimal("0.90"), Decimal("1.10")]


def test_the_currencies_beside_numbers_are_known():
    opened = table(csv_text([row(UnitPrice="2.55 €"), row(UnitPrice="USD 3.10")]))
    assert opened.currencies == {"€", "USD"}
