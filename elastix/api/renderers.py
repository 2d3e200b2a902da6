"""Answers as files: rows of cells as CSV."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.renderers import BaseRenderer

from elastix.imports.core.values import neutralise_formula
from elastix.sql import batches

ROWS_A_PIECE = 500


class CsvRenderer(BaseRenderer):
    """Offers CSV beside JSON, as `format=csv` or by its media type. The view answers such a request by `csv_file`."""

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


def csv_pieces(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield rows as text, many at a time; what a spreadsheet would take for a formula is put behind an apostrophe."""
    for chunk in batches(rows, ROWS_A_PIECE):
        text = io.StringIO()
        csv.writer(text).writerows([cell(value) for value in row] for row in chunk)
        yield text.getvalue()


def cell(value: Any) -> Any:
    """A value as a spreadsheet takes it: no formulas in texts."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return neutralise_formula(value) if isinstance(value, str) else value
