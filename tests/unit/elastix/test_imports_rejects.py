import csv
import io

from elastix.imports.core import Reject, write_rejects
from tests.unit.elastix.imports_helpers import HEADER, ROW, csv_text, read, row, table, whole


def written(header, rejects) -> list[list[str]]:
    stream = io.StringIO(newline="")
    write_rejects(stream, header, rejects)
    stream.seek(0)
    return list(csv.reader(stream))


def test_refused_rows_are_written_with_line_reason_message_and_their_cells():
    opened = table(csv_text([ROW, row(Quantity="six")]))
    assert written(opened.header, whole(opened).rejects) == [
        ["line", "reason", "message", *HEADER],
        [
            "3",
            "not_a_number",
            'Quantity "six" is not a number; expected a number such as 2.55.',
            *row(Quantity="six"),
        ],
    ]


def test_nothing_written_begins_like_a_formula():
    evil = ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", "\rx"]
    rows = written(evil, [Reject(2, "not_a_number", "=x", evil)])
    assert not [cell for cells in rows for cell in cells if cell[0] in "=+-@\t\r"]


def test_the_file_of_rejects_can_be_corrected_and_loaded_again():
    bad = row(Quantity="-6", Description="=A1", UnitPrice="free")
    opened = table(csv_text([ROW, bad]))
    stream = io.StringIO(newline="")
    write_rejects(stream, opened.header, whole(opened).rejects)
    chunk = read(stream.getvalue().replace("free", "2.55"))
    assert chunk.rejects == []
    assert chunk.columns["quantity"] == [-6]
    assert chunk.columns["description"] == ["=A1"]


def test_whatever_was_refused_can_be_written_as_utf8():
    content = csv_text([row(), row(Country="A\0B")]).encode() + b"\xff\xfe;x\n"
    opened = table(content)
    stream = io.StringIO(newline="")
    write_rejects(stream, opened.header, whole(opened).rejects)
    assert stream.getvalue().count("\n") == 3
    assert b"\0" not in stream.getvalue().encode("utf-8")


def test_no_rejects_are_a_header_only():
    assert written(HEADER, []) == [["line", "reason", "message", *HEADER]]
