"""Lists of the desk as files: what is filtered, in the order and under the headings of the page.

A page offers them by two lines: in the view, before it renders,

    if asked := export(request, "products", COLUMNS, found):
        return asked

and `{% include "desk/export.html" %}` in the template. `COLUMNS` are pairs of a heading and what stands under it: a key
or attribute of a row, or a function of it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from elastix.api.renderers import csv_file, xlsx_file

Column = tuple[Any, str | Callable[[Any], Any]]
# Excel takes a file without this mark for the machine's own code page.
BYTE_ORDER_MARK = "\ufeff"


def export(
    request: HttpRequest, name: str, columns: Sequence[Column], rows: Iterable[Any]
) -> HttpResponseBase | None:
    """The rows as the file that the address asks for (`file=csv` or `file=xlsx`); None where it asks for the page.

    Parameters
    ----------
    name
        Of the file, without its ending.
    columns
        Heading and key, attribute or function of a row.
    rows
        All that the filters leave: mappings or objects. They are read at once.
    """
    asked = request.GET.get("file")
    if request.method == "POST" or asked not in ("csv", "xlsx"):
        return None
    # In the language of the page: what is sent later no longer knows it.
    header = [str(heading) for heading, _ in columns]
    cells = [[_value(row, source) for _, source in columns] for row in rows]
    if asked == "csv":
        return csv_file(f"{name}.csv", header, cells, mark=BYTE_ORDER_MARK)
    return xlsx_file(name, header, cells)


def _value(row: Any, source: str | Callable[[Any], Any]) -> Any:
    read = source if callable(source) else itemgetter(source) if isinstance(row, dict) else attrgetter(source)
    found = read(row)
    if isinstance(found, float) and math.isfinite(found):
        return _rounded(found)
    # Whole units without the decimals of their column; texts of translations are texts.
    if isinstance(found, Decimal) and found == found.to_integral_value():
        return int(found)
    return found if found is None or isinstance(found, bool | int | float | Decimal | str) else _text(found)


def _rounded(value: float) -> float:
    """A computed figure with the decimals that people read: two, or four below 1, such as a probability."""
    return round(value, 2 if abs(value) >= 1 else 4)


def _text(value: Any) -> Any:
    return value.isoformat(sep=" ", timespec="minutes") if hasattr(value, "hour") else str(value)
