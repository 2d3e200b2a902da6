"""Files for the tests of the reader, and short ways to read them."""

import gzip
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook

from elastix.imports.core import Chunk, FileSchema, Options, Table, open_table
from pricing.sales.core.files import TRANSACTIONS

HEADER = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
ROW = ("536365", "85123A", "WHITE HEART", "6", "12/13/2010 8:26", "2.55", "17850", "United Kingdom")


def row(**changes: str) -> tuple[str, ...]:
    """A good sales line with some cells changed."""
    return tuple(changes.get(name, cell) for name, cell in zip(HEADER, ROW, strict=True))


def csv_text(rows: Iterable[Sequence[str]], *, delimiter: str = ",", header: Sequence[str] = HEADER) -> str:
    """Lines of cells that need no quotation marks."""
    return "".join(f"{delimiter.join(cells)}\n" for cells in (header, *rows))


def table(content: str | bytes, schema: FileSchema = TRANSACTIONS, **options: Any) -> Table:
    """Open a file with that content (text is written as UTF-8)."""
    data = content.encode() if isinstance(content, str) else content
    return open_table(io.BytesIO(data), schema, Options(**options))


def whole(opened: Table) -> Chunk:
    """All rows of a table as one chunk."""
    chunks = list(opened.chunks(10**9))
    return chunks[0] if chunks else Chunk([], {}, [], Counter())


def read(content: str | bytes, schema: FileSchema = TRANSACTIONS, **options: Any) -> Chunk:
    """Open a file and read all of its rows."""
    return whole(table(content, schema, **options))


def refusal(**changes: str) -> tuple[str, str]:
    """Reason and message of a sales line with some cells changed; there is a good line before it."""
    text = "".join(
        '"' + '","'.join(cell.replace('"', '""') for cell in cells) + '"\n' for cells in (ROW, row(**changes))
    )
    chunk = read(",".join(HEADER) + "\n" + text)
    assert chunk.line_numbers == [2]
    (reject,) = chunk.rejects
    return reject.reason, reject.message


def workbook(
    rows: Iterable[Sequence[Any]], *, title: str = "Sales", empty_before: Sequence[str] = ()
) -> bytes:
    """An XLSX file with those rows in one sheet, after empty sheets of the given names."""
    book = Workbook()
    book.remove(book.active)
    for name in empty_before:
        book.create_sheet(name)
    sheet = book.create_sheet(title)
    for cells in rows:
        sheet.append(list(cells))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content)
