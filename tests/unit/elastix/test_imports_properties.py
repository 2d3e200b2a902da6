"""What holds for every file."""

import csv
import gzip
import io
from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from elastix.imports.core import UnreadableFile, neutralise_formula
from tests.unit.elastix.imports_helpers import HEADER, ROW, csv_text, table, whole

WORDS = st.text(st.characters(codec="cp1252", exclude_categories=("Cc", "Cf", "Zs")), min_size=1, max_size=12)
LINE_NAMES = (
    "invoice_no",
    "stock_code",
    "description",
    "quantity",
    "invoice_date",
    "unit_price",
    "customer_id",
    "country",
)
LINE = st.fixed_dictionaries(
    {
        "invoice_no": st.from_regex(r"C?[1-9][0-9]{5}", fullmatch=True),
        "stock_code": st.from_regex(r"[A-Z0-9][A-Z0-9 ._-]{0,10}[A-Z0-9]", fullmatch=True),
        "description": st.lists(WORDS, max_size=4).map(" ".join),
        "quantity": st.integers(-999_999, 999_999).filter(bool),
        "invoice_date": st.datetimes(datetime(1970, 1, 2), datetime(2100, 12, 30)).map(
            lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
        ),
        "unit_price": st.decimals(-99_999, 999_999, places=4),
        "customer_id": st.none() | st.from_regex(r"[1-9][0-9]{4}", fullmatch=True),
        "country": st.sampled_from(["United Kingdom", "EIRE", "Côte d'Ivoire", ""]),
    }
)


def is_its_own(text: str) -> bool:
    """Whether a text survives: an apostrophe before a formula is taken off."""
    return not (text.startswith("'") and neutralise_formula(text[1:]) != text[1:])


@settings(deadline=None, max_examples=100)
@given(
    lines=st.lists(LINE, min_size=1, max_size=4),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]),
    mark=st.sampled_from(".,"),
    date_format=st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m-%d-%Y %I:%M:%S %p"]),
    packed=st.booleans(),
)
def test_every_table_is_read_back(lines, delimiter, encoding, mark, date_format, packed):
    lines = [line for line in lines if is_its_own(line["description"])]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerow(HEADER)
    for line in lines:
        cells = {
            **line,
            "unit_price": str(line["unit_price"]).replace(".", mark),
            "invoice_date": line["invoice_date"].strftime(date_format),
        }
        writer.writerow(["" if cells[name] is None else cells[name] for name in LINE_NAMES])
    content = stream.getvalue().encode(encoding)
    # UTF-16 shows only by its byte order mark when the letters are not mostly Western.
    named = encoding if encoding.startswith("utf-16-") or encoding == "cp1252" else None
    opened = table(
        gzip.compress(content) if packed else content,
        encoding=named,
        decimal_mark=mark,
        date_order="day-first" if date_format.startswith("%d") else "month-first",
        accept=["stray_date"],
    )
    chunk = whole(opened)
    assert chunk.rejects == []
    for name in LINE_NAMES:
        assert chunk.columns.get(name, []) == [line[name] for line in lines]
    assert opened.report.delimiter == delimiter


@settings(deadline=None, max_examples=100)
@given(
    prices=st.lists(st.decimals(0, 99_999, places=2), min_size=1, max_size=20),
    delimiter=st.sampled_from(";\t|"),
    mark=st.sampled_from(".,"),
    grouped=st.booleans(),
)
def test_the_decimal_separator_is_found_out(prices, delimiter, mark, grouped):
    texts = [f"{price:,.2f}" if grouped else f"{price:.2f}" for price in prices]
    if mark == ",":
        texts = [text.translate({ord("."): ",", ord(","): "."}) for text in texts]
    opened = table(csv_text([(*ROW[:5], text, *ROW[6:]) for text in texts], delimiter=delimiter))
    assert opened.report.decimal_mark == mark
    assert whole(opened).columns["unit_price"] == prices


JUNK_CELL = st.one_of(
    st.sampled_from(ROW),
    st.text(max_size=8),
    st.sampled_from(
        ['"', '""', '"x', "'", "=1", "\0", "\r", "\n", "\ufeff", "1,5", "1.5", "1/2/2011", "31/12/2010"]
    ),
    st.integers(-5, 5).map(str),
    st.sampled_from(["NaN", "Infinity", "-0", "1e999", "-1E-9", ".5", "1.", "1,234,567", "9" * 50]),
)


@settings(deadline=None, max_examples=150)
@given(
    rows=st.lists(st.lists(JUNK_CELL, max_size=9), max_size=7),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    size=st.integers(1, 9),
)
@example(rows=[["1", '"', "x"], ["2", '"', "x"]], delimiter=",", end="\n", size=1)
def test_whatever_follows_the_header_is_accepted_or_refused_row_by_row(rows, delimiter, end, size):
    text = end.join([delimiter.join(HEADER), delimiter.join(ROW), *(delimiter.join(cells) for cells in rows)])
    try:
        opened = table(text.encode("utf-8", "surrogatepass"))
    except UnreadableFile as error:
        assert str(error).endswith((".", ")."))
        return
    chunks = list(opened.chunks(size))
    assert sum(map(len, chunks)) == opened.rows_hint
    for chunk in chunks:
        assert {len(column) for column in chunk.columns.values()} == {len(chunk.line_numbers)}
        assert all(chunk.columns["quantity"])
        for reject in chunk.rejects:
            assert reject.message.encode("utf-8").endswith(b".")
            assert all(b"\0" not in cell.encode("utf-8") for cell in reject.raw_row)


@settings(deadline=None, max_examples=300)
@given(
    st.binary(max_size=400),
    st.booleans(),
    st.sampled_from([None, "utf-8", "utf-16", "cp1252", "utf-7", "ascii"]),
)
@example(b"\xff\xfe\x00", False, None)
@example(b"+AGEAYg", False, "utf-7")
def test_junk_bytes_are_read_or_refused_in_one_sentence(junk, after_header, encoding):
    content = csv_text([ROW]).encode() + junk if after_header else junk
    for data in (content, gzip.compress(content)):
        try:
            opened = table(data, encoding=encoding)
            assert sum(map(len, opened.chunks())) == opened.rows_hint
        except UnreadableFile as error:
            assert str(error).endswith((".", ")."))


@settings(deadline=None)
@given(st.text(max_size=40))
def test_what_is_neutralised_never_begins_like_a_formula(text):
    safe = neutralise_formula(text)
    assert safe[:1] not in {"=", "+", "-", "@", "\t", "\r"} or not safe
    assert safe in (text, f"'{text}")


@settings(deadline=None, max_examples=50)
@given(st.decimals(0, 999, places=2), st.integers(0, 6))
def test_zeros_after_the_decimals_of_a_price_do_not_matter(price, zeros):
    opened = table(csv_text([(*ROW[:5], f"{price}{'0' * zeros}", *ROW[6:])]))
    assert whole(opened).columns["unit_price"] == [price]
