"""Answers as files: rows of cells as CSV or as a workbook."""

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.http import FileResponse, StreamingHttpResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.utils.encoders import JSONEncoder

from elastix.imports.core.values import neutralise_formula
from elastix.sql import batches

ROWS_A_PIECE = 500


class CsvRenderer(BaseRenderer):
    """Offers a list as CSV, as `format=csv` or by its media type. The viewset answers such a request by `csv_file`."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> str:
        return "".join(csv_pieces(data or ()))


def csv_file(
    name: str,
    header: Sequence[str],
    rows: Iterable[Iterable[Any]],
    headers: Mapping[str, str] = MappingProxyType({}),
    mark: str = "",
) -> StreamingHttpResponse:
    """Answer rows as a file to be saved under a name, sent piece by piece, after a byte order mark if one is given."""
    return StreamingHttpResponse(
        chain([mark], csv_pieces(chain([header], rows))),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', **headers},
    )


def xlsx_file(name: str, header: Sequence[str], rows: Iterable[Iterable[Any]]) -> FileResponse:
    """Answer rows as a workbook to be saved under a name; numbers stay numbers."""
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet(name[:31])
    for row in chain([header], rows):
        cells = map(cell, row)
        sheet.append(
            [ILLEGAL_CHARACTERS_RE.sub("", each) if isinstance(each, str) else each for each in cells]
        )
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    book.save(file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx")


def csv_pieces(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield rows as text, many at a time; what a spreadsheet would take for a formula is put behind an apostrophe."""
    for chunk in batches(rows, ROWS_A_PIECE):
        text = io.StringIO()
        csv.writer(text).writerows([cell(value) for value in row] for row in chunk)
        yield text.getvalue()


def cell(value: Any) -> Any:
    """A value as a spreadsheet takes it: no formulas in texts; lists of words in one cell, what is nested as JSON."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        value = " ".join(value)
    elif isinstance(value, dict | list | tuple):
        value = json.dumps(value, cls=JSONEncoder, ensure_ascii=False)
    elif isinstance(value, UUID):
        value = str(value)
    return neutralise_formula(value) if isinstance(value, str) else value
