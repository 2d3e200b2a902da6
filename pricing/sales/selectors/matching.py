"""Finding products by a piece of their code or name, the same on every database."""

import json
import unicodedata

from django.db.models import F, Q, QuerySet
from django.db.models.expressions import Combinable, RawSQL
from django.db.models.functions import Collate, Lower

from elastix.sql import is_postgresql
from pricing.sales.models import Product


def products_matching(products: QuerySet[Product], text: str) -> QuerySet[Product]:
    """Return the products whose code or name contains a text, in upper or lower case.

    SQLite folds the case of ASCII letters alone, PostgreSQL that of others as its locale says. So the
    database looks for texts of ASCII characters, folding those; other texts are looked for here, folded as
    Unicode has it.
    """
    if text.isascii():
        return products.alias(folded_name=Lower(_by_code_point("name"))).filter(
            Q(code__contains=text.upper()) | Q(folded_name__contains=text.lower())
        )
    wanted = _folded(text)
    names = products.values_list("code", "name")
    return products.filter(code__in=_one_of([code for code, name in names if wanted in _folded(name)]))


def _by_code_point(column: str) -> Combinable:
    return Collate(column, "C") if is_postgresql() else F(column)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _one_of(codes: list[str]) -> RawSQL:
    """The codes as rows of one parameter: databases limit the number of parameters, not their length."""
    rows = "jsonb_array_elements_text(%s::jsonb) AS given(value)" if is_postgresql() else "json_each(%s)"
    return RawSQL(f"SELECT value FROM {rows}", [json.dumps(codes)])  # noqa: S611
