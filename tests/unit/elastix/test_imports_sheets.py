"""Workbooks of several sheets, and merged cells."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference

from elastix.imports.core import UnreadableFile, sheet_process
from pricing.sales.core.files import PRODUCTS
from tests.unit.elastix.imports_helpers import read, table, whole

HEADER = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID"]
PRODUCT_ROWS = [["StockCode", "Description", "Price", "Cost"], ["A1", "Bolt", 10, 5], ["A2", "Nut", 1, 0.5]]


def sale(invoice, month=1, **changes):
    cells = {
        "Invoice": invoice,
        "StockCode": "A1",
        "Description": "Bolt",
        "Quantity": 3,
        "InvoiceDate": datetime(2025, month, 13, 10),
        "Price": 10,
        "Customer ID": 17850,
    }
    return list((cells | changes).values())


def book(sheets, *, merged=(), hidden=(), chart=None):
    """A workbook of those sheets (name to rows); `merged` ranges are those of the first."""
    made = Workbook()
    made.remove(made.active)
    if chart:
        made.create_chartsheet(chart).add_chart(BarChart())
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for cells in rows:
            sheet.append(cells)
        if name in hidden:
            sheet.sheet_state = "hidden"
    first = made.worksheets[0]
    if chart:
        made.chartsheets[0]._charts[0].add_data(Reference(first, min_col=1, min_row=1, max_row=2))
    for each in merged:
        first.merge_cells(each)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def invoices(content, **options):
    return read(content, **options).columns["invoice_no"]


def test_the_sheet_with_the_table_is_found_behind_a_cover():
    content = book({"Cover": [["Export of sales"], ["made by till 7"]], "Data": [HEADER, sale(1001)]})
    opened = table(content)
    assert whole(opened).line_numbers == [2]
    assert opened.report.sheet == "Data"
    assert opened.report.notes == ('The workbook has several sheets; "Data" was read, "Cover" not.',)
    with pytest.raises(UnreadableFile, match="No column was found for"):
        table(content, sheet="Cover")


def test_a_chart_is_no_sheet():
    content = book({"Data": [HEADER, sale(1001)]}, chart="Chart")
    assert table(content).report.notes == ()
    with pytest.raises(UnreadableFile, match=r'no sheet "Chart": its sheets are "Data"'):
        table(content, sheet="Chart")


def test_a_sheet_a_month_is_one_table_and_rejects_name_sheet_and_row():
    content = book(
        {
            "Jan": [HEADER, sale(1001), sale(1002)],
            "Feb": [["February"], [], HEADER, sale(1003, 2), sale(1004, 2, Quantity=None)],
            "Mar": [HEADER, sale(1005, 3), ["Total", None, None, 3]],
        }
    )
    opened = table(content)
    chunk = whole(opened)
    assert chunk.columns["invoice_no"] == ["1001", "1002", "1003", "1005"]
    assert [when.month for when in chunk.columns["invoice_date"]] == [1, 1, 2, 3]
    # Jan has 3 rows and Feb 5: line 8 is row 5 of Feb, line 11 is row 3 of Mar.
    assert chunk.line_numbers == [2, 3, 7, 10]
    assert [(each.line, each.reason) for each in chunk.rejects] == [
        (8, "value_missing"),
        (11, "value_missing"),
    ]
    assert chunk.rejects[0].message.startswith('Sheet "Feb", row 5: Quantity is blank')
    assert chunk.rejects[1].message.startswith('Sheet "Mar", row 3: StockCode is blank')
    assert opened.report.sheet == "Jan, Feb, Mar"
    assert opened.report.header_line == 1
    assert opened.rows_hint == 6
    assert opened.report.notes == (
        'The sheets "Jan", "Feb", "Mar" have the same columns: they were read as one table, in this order.',
    )


def test_one_of_them_may_be_named():
    content = book({"Jan": [HEADER, sale(1001)], "Feb": [HEADER, sale(1002, 2), sale(1003, 2, Quantity="x")]})
    chunk = read(content, sheet="Feb")
    assert chunk.columns["invoice_no"] == ["1002"]
    assert chunk.rejects[0].line == 3
    assert chunk.rejects[0].message.startswith("Quantity")


def test_columns_in_another_order_or_one_more_are_still_the_same_table():
    turned = [[*reversed(HEADER)], [*reversed(sale(1002, 2))]]
    more = [["Till", *HEADER], ["T7", *sale(1003, 3, Price=12)]]
    less = [HEADER[:-1], sale(1004, 4)[:-1]]
    chunk = read(book({"Jan": [HEADER, sale(1001)], "Feb": turned, "Mar": more, "Apr": less}))
    assert chunk.columns["invoice_no"] == ["1001", "1002", "1003", "1004"]
    assert chunk.columns["unit_price"] == [10, 10, 12, 10]
    assert chunk.columns["customer_id"] == ["17850", "17850", "17850", None]


def test_cells_right_of_the_header_are_refused_in_every_sheet():
    turned = [[*reversed(HEADER)], [*reversed(sale(1002, 2)), "stray"]]
    chunk = read(book({"Jan": [HEADER, sale(1001)], "Feb": turned}))
    assert [(each.line, each.reason) for each in chunk.rejects] == [(4, "too_many_columns")]


def test_products_beside_the_sales_are_not_mixed_in():
    content = book({"Products": PRODUCT_ROWS, "Sales": [HEADER, sale(1001), sale(1002)]})
    assert invoices(content) == ["1001", "1002"]
    opened = table(content, PRODUCTS)
    assert opened.report.sheet == "Products"
    assert whole(opened).columns["code"] == ["A1", "A2"]
    # With as many fields of products as the list of products, the sales are still not one.
    short = book({"Sales": [HEADER, sale(1001)], "Products": [row[:3] for row in PRODUCT_ROWS]})
    assert read(short, PRODUCTS).columns["code"] == ["A1", "A2"]


def test_a_sheet_that_has_the_needed_columns_but_another_shape_is_named():
    other = [[*HEADER, *(f"Extra {number}" for number in range(5))], sale(1002, 2)]
    notes = " ".join(table(book({"Jan": [HEADER, sale(1001)], "Feb": other})).report.notes)
    assert 'The sheet "Feb" has the needed columns too, but is not like "Jan"' in notes


def test_sheets_whose_fields_differ_are_not_joined():
    country = [[*HEADER[:-1], "Country"], [*sale(1002, 2)[:-1], "Malta"]]
    two_prices = [[*HEADER, "Unit Price"], [*sale(1003, 3), 9]]
    opened = table(book({"Jan": [HEADER, sale(1001)], "Feb": country, "Mar": two_prices}))
    assert whole(opened).columns["invoice_no"] == ["1001"]
    assert [note.split('"')[1] for note in opened.report.notes[1:]] == ["Feb", "Mar"]


def test_the_header_line_is_that_of_the_first_sheet():
    first = [["January"], [], HEADER[:-1], sale(1001)[:-1]]
    opened = table(book({"Jan": first, "Feb": [HEADER, sale(1002, 2)]}))
    assert whole(opened).line_numbers == [4, 6]
    assert opened.report.header_line == 3
    assert opened.report.notes[-1] == "1 rows above the header (line 3) were passed over."


def test_sheets_with_nothing_below_the_header_are_passed_over():
    opened = table(
        book(
            {
                "Template": [[*HEADER, "Country", *"abcdef"]],
                "Empty": [],
                "Data": [HEADER, sale(1001)],
                "Next": [HEADER],
            }
        )
    )
    assert whole(opened).columns["invoice_no"] == ["1001"]
    assert opened.report.sheet == "Data"
    assert '"Template", "Empty", "Next" not' in opened.report.notes[0]


def test_hidden_sheets_are_read_only_if_they_are_named():
    content = book({"Old": [HEADER, sale(1001)], "New": [HEADER, sale(1002)]}, hidden=["Old"])
    opened = table(content)
    assert whole(opened).columns["invoice_no"] == ["1002"]
    assert opened.report.notes == ('Hidden sheets are read only if they are named (option sheet): "Old".',)
    assert invoices(content, sheet="Old") == ["1001"]
    with pytest.raises(
        UnreadableFile, match=r'empty: export it again, or name another sheet \("Old" hidden\)'
    ):
        table(book({"Old": [HEADER, sale(1001)], "New": []}, hidden=["Old"]))


def test_a_copy_of_other_sheets_does_not_count_twice():
    january, february = [sale(1000 + n) for n in range(10)], [sale(2000 + n, 2) for n in range(10)]
    everything = [HEADER, *january, *february]
    for sheets in (
        {"All": everything, "Jan": [HEADER, *january], "Feb": [HEADER, *february]},
        {"Jan": [HEADER, *january], "Feb": [HEADER, *february], "All": everything},
    ):
        opened = table(book(sheets))
        assert len(whole(opened).line_numbers) == opened.rows_hint == 20
        assert "repeats rows of the others" in " ".join(opened.report.notes)


def test_a_copy_is_read_where_that_is_said():
    rows = [HEADER, sale(1001), sale(1002)]
    assert invoices(book({"Jan": rows, "Copy": rows}), accept=["already_imported"]) == ["1001", "1002"] * 2


def test_a_sheet_with_one_row_of_its_own_is_no_copy():
    january = [sale(1000 + n) for n in range(20)]
    opened = table(book({"Jan": [HEADER, *january], "All": [HEADER, *january, sale(2000, 2)]}))
    assert len(whole(opened).line_numbers) == 41
    assert opened.sheets == (("Jan", 0), ("All", 21))


MERGED = [
    ["Sales report March"],
    ["Document", "Article", None, "Sale", None, None, "Who"],
    HEADER,
    sale(1001),
    [None, "A2", "Nut", 4, None, 1, None],
    sale(1002),
    ["Total", None, None, 10],
]


def test_merged_cells_are_filled_down():
    ranges = ("A1:G1", "B2:C2", "D2:F2", "A4:A5", "E4:E5", "G4:G5")
    opened = table(book({"Sales": MERGED}, merged=ranges))
    chunk = whole(opened)
    assert opened.report.header_line == 3
    assert chunk.line_numbers == [4, 5, 6]
    assert chunk.columns["invoice_no"] == ["1001", "1001", "1002"]
    assert chunk.columns["invoice_date"] == [datetime(2025, 1, 13, 10, tzinfo=UTC)] * 3
    assert chunk.columns["customer_id"] == ["17850"] * 3
    assert chunk.columns["unit_price"] == [10, 1, 10]
    assert [each.line for each in chunk.rejects] == [7]
    assert "Merged cells were filled down" in opened.report.notes[0]


def test_a_blank_cell_that_is_not_merged_stays_blank():
    chunk = read(book({"Sales": MERGED}))
    assert [(each.line, each.reason) for each in chunk.rejects] == [
        (5, "value_missing"),
        (7, "value_missing"),
    ]


def test_merged_cells_of_a_table_that_starts_further_right_are_filled_down():
    rows = [[None, None, *row] for row in (HEADER, sale(1001), [None, *sale(0)[1:]])]
    assert invoices(book({"S": rows}, merged=("C2:C3",))) == ["1001", "1001"]


def test_a_value_left_under_a_merged_cell_wins():
    made = Workbook()
    for row in (HEADER, sale(1001), sale(1002)):
        made.active.append(row)
    made.active.merged_cells.add("A2:A3")
    stream = io.BytesIO()
    made.save(stream)
    assert invoices(stream.getvalue()) == ["1001", "1002"]


def test_a_header_merged_over_two_rows_is_one_header():
    two = [["Invoice", "StockCode", "Sale", None, "InvoiceDate"], [None, None, "Quantity", "Price", None]]
    rows = [[1001, "A1", 3, 10, datetime(2025, 1, 13)]]
    opened = table(book({"S": [*two, *rows]}, merged=("A1:A2", "B1:B2", "C1:D1", "E1:E2")))
    assert opened.report.header_line == 2
    assert whole(opened).columns["quantity"] == [3]
    all_of_two_rows = [f"{letter}1:{letter}2" for letter in "ABCDEFG"]
    chunk = read(book({"S": [HEADER, [], sale(1001)]}, merged=all_of_two_rows))
    assert (chunk.line_numbers, chunk.rejects) == ([3], [])


def test_a_merged_price_holds_for_each_row_but_a_merged_quantity_is_asked_about():
    rows = [HEADER, sale(1001), sale(1002, StockCode="A2", Quantity=None, Price=None)]
    rows += [sale(1003), sale(1004, Price=None)]
    chunk = read(book({"S": rows}, merged=("D2:D3", "F2:F3", "F4:F5")))
    assert chunk.columns["invoice_no"] == ["1001", "1003", "1004"]
    assert chunk.columns["unit_price"] == [Decimal(10)] * 3
    (refused,) = chunk.rejects
    assert refused.message.startswith("Quantity is blank")


def test_merged_cells_reach_over_the_edge_of_a_batch():
    rows = [HEADER, *(sale(1000 + n) for n in range(5_100))]
    for row in rows[4_900:5_099]:
        row[0] = None
    rows[4_899][0] = "LONG"
    chunk = read(book({"S": rows}, merged=("A4900:A5099",)))
    assert chunk.rejects == []
    assert chunk.columns["invoice_no"].count("LONG") == 200
    assert chunk.columns["invoice_no"][4_897:4_899] == ["5897", "LONG"]


def test_the_sheets_have_a_limit_together(monkeypatch, tmp_path):
    script = tmp_path / "sheet_process.py"
    source = Path(sheet_process.__file__).read_text()
    script.write_text(source.replace("MOST_CELLS = 30_000_000", "MOST_CELLS = 20"))
    monkeypatch.setattr(sheet_process, "__file__", str(script))
    content = book({"Jan": [HEADER, sale(1001)], "Feb": [HEADER, sale(1002)]})
    with pytest.raises(UnreadableFile, match=r"cells together: name the one to be read \(option sheet\)"):
        table(content)
    assert invoices(content, sheet="Feb") == ["1002"]
