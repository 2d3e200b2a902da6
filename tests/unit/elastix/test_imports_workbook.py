import io
import struct
import sys
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from subprocess import run

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elastix.imports.core import UnreadableFile
from elastix.imports.core.values import cell_text
from pricing.sales.core.files import PRODUCTS
from tests.unit.elastix.imports_helpers import HEADER, ROW, gzipped, read, row, table, whole, workbook

CELLS = (536365, "85123A", "WHITE HEART", 6, datetime(2010, 12, 1, 8, 26), 2.55, 17850, "United Kingdom")


def cells(**changes):
    return tuple(changes.get(name, cell) for name, cell in zip(HEADER, CELLS, strict=True))


def test_a_workbook_is_read_like_a_text():
    opened = table(workbook([HEADER, CELLS]))
    chunk = whole(opened)
    assert chunk.rejects == []
    assert {name: column[0] for name, column in chunk.columns.items() if column[0] not in ("", None)} == {
        "invoice_no": "536365",
        "stock_code": "85123A",
        "description": "WHITE HEART",
        "quantity": 6,
        "invoice_date": datetime(2010, 12, 1, 8, 26, tzinfo=UTC),
        "invoice_date_day": (date(2010, 12, 1) - date(1970, 1, 1)).days,
        "unit_price": Decimal("2.55"),
        "customer_id": "17850",
        "country": "United Kingdom",
    }
    assert (opened.report.format, opened.report.sheet, opened.report.encoding) == ("xlsx", "Sales", None)
    assert opened.rows_hint == 1


def test_cells_of_text_are_read_too():
    chunk = read(workbook([HEADER, ROW, row(UnitPrice="3.10"), row(UnitPrice="4,10")]))
    assert chunk.columns["unit_price"] == [Decimal("2.55"), Decimal("3.1")]
    assert [(reject.line, reject.reason) for reject in chunk.rejects] == [(4, "not_a_number")]


def test_numbers_in_number_cells_do_not_depend_on_the_mark_of_those_in_text():
    chunk = read(workbook([HEADER, cells(UnitPrice="2,55"), cells(UnitPrice=1.125), cells(UnitPrice=1250)]))
    assert chunk.columns["unit_price"] == [Decimal("2.55"), Decimal("1.125"), 1250]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (40513.351388888892, datetime(2010, 12, 1, 8, 26)),
        (40513, datetime(2010, 12, 1)),
        (date(2010, 12, 1), datetime(2010, 12, 1)),
        (datetime(2010, 12, 1, 8, 26, 59, 999_999), datetime(2010, 12, 1, 8, 27)),
        ("12/13/2010 8:26", datetime(2010, 12, 13, 8, 26)),
    ],
)
def test_dates_are_cells_of_dates_serial_numbers_or_texts(cell, expected):
    chunk = read(workbook([HEADER, cells(InvoiceDate=cell)]))
    assert chunk.columns["invoice_date"] == [expected.replace(tzinfo=UTC)]


def test_a_month_may_be_a_number():
    chunk = read(workbook([HEADER, cells(InvoiceDate=202403)]))
    assert chunk.columns["invoice_date"] == [datetime(2024, 3, 1, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"InvoiceDate": True}, "not_a_date"),
        ({"InvoiceDate": -1}, "not_a_date"),
        ({"InvoiceDate": 2e9}, "not_a_date"),
        ({"InvoiceDate": 202413}, "year_out_of_range"),
        ({"InvoiceDate": 1}, "year_out_of_range"),
        ({"InvoiceDate": datetime(2010, 12, 1).time()}, "not_a_date"),
        ({"Quantity": True}, "not_a_number"),
        ({"Quantity": 1.2345}, "too_many_decimals"),
        ({"Quantity": None}, "value_missing"),
        ({"UnitPrice": 0.00001}, "too_many_decimals"),
        ({"UnitPrice": "#N/A"}, "value_missing"),
        ({"StockCode": "a\u200bb"}, "invalid_code"),
    ],
)
def test_bad_cells_are_refused_with_their_row(changes, reason):
    chunk = read(workbook([HEADER, CELLS, cells(**changes)]))
    assert chunk.line_numbers == [2]
    assert [(reject.line, reject.reason) for reject in chunk.rejects] == [(3, reason)]
    assert all(isinstance(cell, str) for cell in chunk.rejects[0].raw_row)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (22423.0, "22423"),
        (0.1 + 0.2, "0.3"),
        (3.0599999999999996, "3.06"),
        (1e-05, "0.00001"),
        (1e20, "100000000000000000000"),
        (True, "TRUE"),
        (datetime(2010, 12, 1, 8, 26), "2010-12-01 08:26:00"),
        (date(2010, 12, 1), "2010-12-01"),
        ("", ""),
    ],
)
def test_cells_are_spelt_as_excel_shows_them(cell, text):
    assert cell_text(cell) == text


def test_a_truth_value_is_never_taken_for_the_number_one():
    chunk = read(workbook([HEADER, cells(Quantity=1), cells(Quantity=True), cells(Quantity=1.0)]))
    assert chunk.line_numbers == [2, 4]
    assert chunk.columns["quantity"] == [1, 1]


def test_a_wide_sheet_of_reasonable_size_is_read():
    header = [*HEADER, *(f"Note {number}" for number in range(40))]
    opened = table(workbook([header, [*CELLS, *range(40)]]))
    assert len(opened.report.ignored_columns) == 40
    assert len(whole(opened).line_numbers) == 1


def test_cells_right_of_the_header_are_refused_with_their_row():
    chunk = read(workbook([HEADER, CELLS, [*CELLS, None, 3.5]]))
    assert chunk.line_numbers == [2]
    (reject,) = chunk.rejects
    assert (reject.line, reject.reason) == (3, "too_many_columns")
    assert reject.raw_row[-1] == "3.5"


def test_rows_are_numbered_as_in_the_sheet_and_empty_ones_are_none():
    opened = table(workbook([[], [None, "Sales report"], [], HEADER, CELLS, [], CELLS, cells(Quantity=0)]))
    chunk = whole(opened)
    assert opened.report.header_line == 4
    assert opened.rows_hint == 3
    assert chunk.line_numbers == [5, 7]
    assert [reject.line for reject in chunk.rejects] == [8]


def test_a_number_zero_does_not_make_a_row_empty():
    opened = table(workbook([["code", "stock level"], [None, 0], ["P1", 0]]), PRODUCTS)
    chunk = whole(opened)
    assert opened.rows_hint == 2
    assert chunk.columns["stock_level"] == [0]
    assert [reject.reason for reject in chunk.rejects] == ["value_missing"]


def test_the_first_sheet_that_is_not_empty_is_read_and_said():
    opened = table(workbook([HEADER, CELLS], empty_before=["Cover"]))
    assert opened.report.sheet == "Sales"
    assert opened.report.notes == ('The workbook has several sheets; "Sales" was read, "Cover" not.',)


def test_a_sheet_may_be_named():
    content = workbook([HEADER, CELLS], empty_before=["Cover"])
    assert len(read(content, sheet="Sales")) == 1
    with pytest.raises(UnreadableFile, match=r'no sheet "Absent": its sheets are "Cover", "Sales"'):
        table(content, sheet="Absent")
    with pytest.raises(UnreadableFile, match="workbook is empty"):
        table(content, sheet="Cover")


def test_dates_that_a_spreadsheet_half_converted_are_noted():
    rows = [cells(InvoiceDate=datetime(2010, 1, 12)), cells(InvoiceDate="12/13/2010 8:26")]
    assert "swapped day and month" in " ".join(table(workbook([HEADER, *rows])).report.notes)
    rows.append(cells(InvoiceDate=datetime(2010, 1, 13)))
    assert table(workbook([HEADER, *rows])).report.notes == ()


def test_an_empty_workbook_is_refused():
    with pytest.raises(UnreadableFile, match="workbook is empty"):
        table(workbook([]))


GOOD = workbook([HEADER, CELLS, cells(Quantity="x")])


def repacked(content: bytes, **changed: bytes | None) -> bytes:
    """The workbook with some members replaced, added or (None) left out; `_` stands for `/`, `0` for `.`."""
    members = {name.replace("_", "/").replace("0", "."): data for name, data in changed.items()}
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in {*old.namelist(), *members}:
            data = members.get(name, b"") if name in members else old.read(name)
            if data is not None:
                new.writestr(name, data)
    return stream.getvalue()


def test_a_workbook_that_blows_up_is_refused():
    bomb = repacked(workbook([HEADER, CELLS]), xl_media_x0xml=b"0" * 5_000_000)
    assert len(bomb) < 50_000
    with pytest.raises(UnreadableFile, match=r"more than 1,000,000 bytes when unpacked"):
        table(bomb, max_bytes=1_000_000)


def test_a_workbook_that_lies_about_its_size_is_refused():
    bomb = repacked(workbook([HEADER, CELLS]), xl_media_x0xml=b"0" * 5_000_000)
    lying = bomb.replace(struct.pack("<I", 5_000_000), struct.pack("<I", 10))
    assert lying != bomb
    with pytest.raises(UnreadableFile, match="bytes when unpacked"):
        table(lying, max_bytes=1_000_000)


def test_a_stray_cell_far_away_is_refused_before_it_takes_the_memory():
    content = workbook([HEADER, CELLS])
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml")
    stray = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'
    with pytest.raises(UnreadableFile, match=r"1,048,576 rows and 16,384 columns: delete the stray cells"):
        table(repacked(content, xl_worksheets_sheet10xml=sheet.replace(b"</sheetData>", stray)))


def test_protected_workbooks_are_refused_with_a_reason():
    ole = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\0" * 70_000
        + "EncryptedPackage".encode("utf-16-le")
        + b"\0" * 600
    )
    with pytest.raises(UnreadableFile, match="protected by a password: save it without one"):
        table(ole)
    content = bytearray(workbook([HEADER, CELLS]))
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UnreadableFile, match="protected by a password"):
        table(bytes(content))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (repacked(workbook([HEADER]), xl_workbook0bin=b"x"), "binary format: save it as .xlsx"),
        (workbook([HEADER, CELLS])[:-40], "damaged or cut off"),
        (b"PK\x03\x04" + b"x" * 100, "damaged or cut off"),
        (repacked(workbook([HEADER]), xl_workbook0xml=None), "ZIP archive, not an Excel workbook"),
        (repacked(workbook([HEADER]), xl_workbook0xml=b"<junk"), "damaged"),
        (gzipped(workbook([HEADER, CELLS])), "unpack it first"),
    ],
)
def test_damaged_and_foreign_packages_are_refused_with_a_reason(content, sentence):
    with pytest.raises(UnreadableFile, match=sentence):
        table(content)


def test_a_workbook_whose_directory_points_before_the_file_is_refused():
    content = bytearray(workbook([HEADER, ROW]))
    # The size of the directory, in the record at the file's end: one too large moves every member's beginning below 0.
    end = content.rindex(b"PK\x05\x06")
    place = int.from_bytes(content[end + 16 : end + 20], "little")
    content[end + 16 : end + 20] = (place + 65536).to_bytes(4, "little")
    with pytest.raises(UnreadableFile, match="damaged"):
        table(bytes(content))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_workbook_is_read_or_refused_in_one_sentence(data):
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        opened = table(bytes(content))
        assert len(whole(opened)) == opened.rows_hint
    except UnreadableFile as error:
        assert str(error).endswith((".", ")"))


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=300), st.integers(0, 3000))
def test_a_workbook_of_junk_xml_is_read_or_refused_in_one_sentence(junk, place):
    with zipfile.ZipFile(io.BytesIO(GOOD)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml")
    broken = sheet[:place] + junk.encode() + sheet[place:]
    try:
        opened = table(repacked(GOOD, xl_worksheets_sheet10xml=broken))
        assert len(whole(opened)) == opened.rows_hint
    except UnreadableFile as error:
        assert str(error).endswith((".", ")"))


def test_the_libraries_for_some_files_are_not_loaded_for_others():
    code = (
        "import io, sys; from elastix.imports.core import open_table;"
        "from pricing.sales.core.files import PRODUCTS;"
        "list(open_table(io.BytesIO(b'code\\nA\\n'), PRODUCTS).chunks());"
        "sys.exit(any(name in sys.modules for name in ('python_calamine', 'charset_normalizer', 'django')))"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0


def member_data(content: bytes, name: str) -> slice:
    """Where the packed data of a member lie in the workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        member = package.getinfo(name)
    names, extra = struct.unpack_from("<HH", content, member.header_offset + 26)
    start = member.header_offset + 30 + names + extra
    return slice(start, start + member.compress_size)


def test_a_workbook_whose_data_cannot_be_unpacked_is_refused():
    content = bytearray(GOOD)
    place = member_data(GOOD, "xl/worksheets/sheet1.xml")
    content[place] = b"\xff" * (place.stop - place.start)
    with pytest.raises(UnreadableFile, match="workbook is damaged: save or upload it again"):
        table(bytes(content))


def test_a_workbook_that_points_beyond_its_end_is_refused():
    content = bytearray(GOOD)
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 42 : entry + 46] = struct.pack("<I", len(GOOD) - 4)
    with pytest.raises(UnreadableFile, match="workbook is damaged or cut off"):
        table(bytes(content))


def test_a_workbook_that_is_not_compressed_is_read():
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert whole(table(stream.getvalue())).line_numbers == [2]
    with pytest.raises(UnreadableFile, match="bytes when unpacked"):
        table(stream.getvalue(), max_bytes=1_000)


@pytest.mark.parametrize(
    "far",
    [
        '<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>',
        "<row r='1048576'><c r = 'XFD1048576'><v>2</v></c></row>",
        '<row r="1048576"><c r="&#88;FD1048576"><v>2</v></c></row>',
        '<row r="99999999999"><c r="A99999999999"><v>2</v></c></row>',
    ],
)
def test_a_cell_at_the_end_of_the_world_is_refused_and_the_process_lives(far):
    with zipfile.ZipFile(io.BytesIO(GOOD)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml")
    farther = sheet.replace(b"</sheetData>", far.encode() + b"</sheetData>")
    assert farther != sheet
    with pytest.raises(UnreadableFile, match=r"damaged|stray cells"):
        table(repacked(GOOD, xl_worksheets_sheet10xml=farther))


PEAK = """
import io, re, resource, sys
from pathlib import Path
from elastix.imports.core import UnreadableFile
from elastix.imports.core.workbook import open_workbook
try:
    open_workbook(io.BytesIO(Path(sys.argv[1]).read_bytes()), None, 1 << 30)
    said = "read"
except UnreadableFile as error:
    said = str(error)
own = int(re.search("VmHWM:[^0-9]*([0-9]+)", Path("/proc/self/status").read_text())[1]) // 1024
print(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, said, sep="|")
"""
CELLS_OF_A_BOMB = {
    # Two cells, and 27 million between them.
    "stray cell": b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="Z1048576"><v>1</v></c></row>',
    # Fifteen million cells that are there, in a file of some hundred kilobytes.
    "real cells": (b"<row>" + b"<c><v>1</v></c>" * 26 + b"</row>") * 577_000,
}


@pytest.mark.parametrize("kind", CELLS_OF_A_BOMB)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured as Linux shows it")
def test_a_workbook_bomb_takes_less_than_300_megabytes(kind, tmp_path):
    start = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    sheet = start + CELLS_OF_A_BOMB[kind] + b"</sheetData></worksheet>"
    bomb = tmp_path / "bomb.xlsx"
    bomb.write_bytes(repacked(workbook([HEADER, ROW]), xl_worksheets_sheet10xml=sheet))
    assert bomb.stat().st_size < 2_000_000
    done = run([sys.executable, "-c", PEAK, str(bomb)], capture_output=True, text=True, check=True)
    own, child, said = done.stdout.strip().split("|")
    assert "far larger than its file" in said
    assert int(own) + int(child) < 300
