"""Rows of text files: delimiters, line numbers, shapes, quotation marks."""

import csv

import pytest

from elastix.imports.core import UnreadableFile, records, sniff
from pricing.sales.core.files import PRODUCTS
from tests.unit.elastix.imports_helpers import HEADER, ROW, csv_text, gzipped, read, row, table, whole

CHEAP = row(UnitPrice="2,55", InvoiceDate="2010-12-01")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(delimiter):
    opened = table(csv_text([ROW], delimiter=delimiter))
    assert opened.report.delimiter == delimiter
    assert whole(opened).columns["quantity"] == [6]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_decimal_commas_do_not_disturb_other_delimiters(delimiter):
    opened = table(csv_text([CHEAP], delimiter=delimiter))
    assert opened.report.decimal_mark == ","
    assert [str(price) for price in whole(opened).columns["unit_price"]] == ["2.5500"]


@pytest.mark.parametrize(("name", "delimiter"), [("tab", "\t"), ("\t", "\t"), ("Pipe", "|"), ("~", "~")])
def test_a_delimiter_may_be_named(name, delimiter):
    assert whole(table(csv_text([ROW], delimiter=delimiter), delimiter=name)).line_numbers == [2]


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n", "\0"])
def test_an_impossible_delimiter_is_refused(delimiter):
    with pytest.raises(UnreadableFile, match="delimiter"):
        table(csv_text([ROW]), delimiter=delimiter)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_breaks_are_known_and_the_last_may_be_absent(end):
    content = csv_text([ROW, ROW]).replace("\n", end)
    for text in (content, content.removesuffix(end)):
        opened = table(text)
        assert whole(opened).line_numbers == [2, 3]
        assert opened.rows_hint == 2


def test_a_line_break_of_two_characters_may_be_cut_by_the_edge_of_a_block():
    for padding in range(3):
        content = csv_text([row(Description="x" * (40 + padding)), *[ROW] * 3_000]).replace("\n", "\r\n")
        assert read(content).line_numbers == list(range(2, 3_003))


@pytest.mark.parametrize("blank", ["", "   ", ",,,,,,,", ",,,", "\t"])
def test_blank_lines_are_no_rows_but_count_as_lines(blank):
    opened = table(csv_text([ROW]) + f"{blank}\n{blank}\n" + ",".join(ROW) + f"\n{blank}\n")
    chunk = whole(opened)
    assert opened.rows_hint == 2
    assert chunk.line_numbers == [2, 5]
    assert chunk.rejects == []


def test_a_header_without_rows_is_an_empty_table():
    opened = table(csv_text([]))
    assert opened.rows_hint == 0
    assert list(opened.chunks()) == []


def test_rows_with_too_few_or_too_many_columns_are_refused_alone():
    opened = table(csv_text([ROW, ROW[:7], (*ROW, "x"), ROW]))
    chunk = whole(opened)
    assert chunk.line_numbers == [2, 5]
    assert [(reject.line, reject.reason, reject.message) for reject in chunk.rejects] == [
        (3, "too_few_columns", "The row has 7 columns; expected 8, as in the header."),
        (4, "too_many_columns", "The row has 9 columns; expected 8, as in the header."),
    ]
    assert chunk.rejects[1].raw_row == [*ROW, "x"]
    assert opened.rows_hint == 4


def test_empty_cells_beyond_the_header_are_no_fault():
    assert read(csv_text([(*ROW, "", ""), ROW])).line_numbers == [2, 3]


def test_rows_with_line_breaks_have_the_number_of_their_first_line():
    chunk = read(csv_text([ROW, row(Description='"ONE\nTWO\n\nFOUR"'), ROW, row(Quantity="x")]))
    assert chunk.line_numbers == [2, 3, 7]
    assert chunk.columns["description"][1] == "ONE TWO FOUR"
    assert [reject.line for reject in chunk.rejects] == [8]


def test_line_numbers_stay_right_over_many_blocks():
    rows = [row(Description='"A\nB"'), ROW, row(Quantity="x")] * 3_000
    chunk = read(csv_text(rows))
    firsts = range(2, 2 + 4 * 3_000, 4)
    assert chunk.line_numbers == [line for first in firsts for line in (first, first + 2)]
    assert [reject.line for reject in chunk.rejects] == [first + 3 for first in firsts]


@pytest.mark.parametrize("rows_after", [0, 1, 3, 5_000])
def test_an_open_quotation_mark_costs_only_its_line(rows_after):
    opened = table(csv_text([ROW, row(Description='"HALF QUOTE'), *[ROW] * rows_after]))
    chunk = whole(opened)
    assert chunk.line_numbers == [2, *range(4, 4 + rows_after)]
    (reject,) = chunk.rejects
    assert (reject.line, reject.reason) == (3, "unclosed_quote")
    assert reject.message.startswith('A quotation mark in "536365,85123A,')
    assert opened.rows_hint == 2 + rows_after


def test_an_open_quotation_mark_that_a_later_one_closes_costs_only_its_line():
    chunk = read(
        csv_text([ROW, row(Description='"HALF'), *[ROW] * 9, row(Description='"WHOLE, IN QUOTES"'), ROW])
    )
    assert chunk.line_numbers == [2, *range(4, 15)]
    assert chunk.columns["description"][-2] == "WHOLE, IN QUOTES"
    assert [(reject.line, reject.reason) for reject in chunk.rejects] == [(3, "unclosed_quote")]


def test_quotation_marks_within_a_cell_are_letters():
    chunk = read(
        csv_text(
            [row(Description='6" RULER'), row(Description='"6"" RULER"'), row(Description='"SIX" RULER')]
        )
    )
    assert chunk.columns["description"] == ['6" RULER', '6" RULER', "SIX RULER"]


def test_a_file_full_of_open_quotation_marks_is_refused(monkeypatch):
    monkeypatch.setattr(records, "MOST_BROKEN_RECORDS", 10)
    with pytest.raises(
        UnreadableFile, match=r"do not pair up in more than 10 places, lastly on line \d+: export"
    ):
        table(csv_text([ROW, *[['a"b', '"c']] * 40]))


def test_a_huge_cell_is_refused_with_its_row():
    chunk = read(csv_text([ROW, row(Description="x" * 200_000), ROW]))
    assert chunk.line_numbers == [2, 4]
    (reject,) = chunk.rejects
    assert (reject.line, reject.reason) == (3, "cell_too_long")
    assert len(reject.raw_row[0]) == 2_001
    assert csv.field_size_limit() == 131_072


def test_a_row_of_very_many_cells_is_kept_in_part():
    (reject,) = read(csv_text([["x"] * 5_000])).rejects
    assert reject.reason == "too_many_columns"
    assert len(reject.raw_row) == 200


def test_zero_bytes_are_refused_with_their_row():
    chunk = read(csv_text([ROW, row(InvoiceNo="5\x006"), ROW]) + "\0\0\0\n")
    assert chunk.line_numbers == [2, 4]
    assert [(reject.line, reject.reason) for reject in chunk.rejects] == [
        (3, "control_characters"),
        (5, "too_few_columns"),
    ]


def test_a_second_header_within_the_file_is_refused_as_a_row():
    assert [reject.line for reject in read(csv_text([ROW, HEADER, ROW])).rejects] == [3]


@pytest.mark.parametrize(("size", "count"), [(1, 4), (700, 2), (10_000, 1)])
def test_chunks_have_the_asked_size_and_lose_nothing(size, count):
    rows = [row(InvoiceNo=str(number), Quantity="x" if number % 3 == 0 else "1") for number in range(1_900)]
    rows[10] = rows[10][:4]
    opened = table(csv_text(rows))
    chunks = list(opened.chunks(size))
    assert len(chunks) == count
    assert all(size <= len(chunk) < size + 700 for chunk in chunks[:-1])
    lines = [sorted(chunk.line_numbers + [reject.line for reject in chunk.rejects]) for chunk in chunks]
    assert [line for some in lines for line in some] == list(range(2, 1_902))
    for chunk in chunks:
        assert chunk.columns["invoice_no"] == [str(line - 2) for line in chunk.line_numbers]
        assert {len(column) for column in chunk.columns.values()} == {len(chunk.line_numbers)}


def test_a_table_can_be_read_again():
    opened = table(gzipped(csv_text([ROW, row(Quantity="x")]).encode()))
    first, second = whole(opened), whole(opened)
    assert first == second
    assert len(first) == opened.rows_hint == 2


def test_a_table_with_one_column_has_no_blank_rows_either():
    opened = table("code\nA1\n\n  \nB\u200b2\n", PRODUCTS)
    chunk = whole(opened)
    assert opened.rows_hint == 2
    assert chunk.line_numbers == [2]
    assert [reject.line for reject in chunk.rejects] == [5]


def test_a_huge_cell_above_the_header_is_passed_over():
    opened = table(csv_text([ROW], header=["x" * 140_000, *HEADER[1:]]) + csv_text([ROW]))
    assert opened.report.header_line == 3
    assert whole(opened).line_numbers == [4]


def test_very_many_distinct_values_are_sniffed_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(sniff, "MOST_TEXTS_REMEMBERED", 5)
    rows = [
        row(UnitPrice=f"{number / 100:.2f}", InvoiceDate=f"12/{number % 28 + 1}/2010")
        for number in range(2_000)
    ]
    opened = table(csv_text(rows, delimiter=";"))
    assert (opened.report.decimal_mark, opened.report.date_order) == (".", "month-first")
    assert len(whole(opened).line_numbers) == 2_000
