"""What the system makes of the transactions, as plain values that two databases or two moments can be compared by."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Model

from pricing.elasticity.models import ElasticityEstimate
from pricing.forecasting.models import DemandForecast
from pricing.sales.models import ProductSummary, SalesHistory, Transaction
from segments.models import (
    CustomerForecast,
    CustomerSegment,
    ProductSegment,
    SegmentDailyRevenue,
    SegmentElasticity,
    SegmentSales,
    SegmentSummary,
)

# Every table that can be thrown away and made again, and what names a row of it.
DERIVED: dict[type[Model], tuple[str, ...]] = {
    SalesHistory: ("product_id", "date"),
    ProductSummary: ("product_id",),
    ElasticityEstimate: ("product_id", "method"),
    DemandForecast: ("product_id",),
    CustomerSegment: ("customer_id",),
    CustomerForecast: ("customer_id",),
    SegmentSales: ("product_id", "segment", "date"),
    SegmentDailyRevenue: ("segment", "date"),
    ProductSegment: ("product_id",),
    SegmentElasticity: ("product_id", "segment"),
    SegmentSummary: ("segment",),
}
CLEAN_VIEW = ("voided", "units", "exclusion")
TOLERANCE = 1e-9

Rows = dict[tuple[str, ...], dict[str, Any]]


def derived_rows() -> dict[str, Rows]:
    """Return every derived table by name, its rows by natural key, without the numbers the database gave them."""
    return {model.__name__: _rows(model, key) for model, key in DERIVED.items()}


def clean_view() -> Rows:
    """Return what is stored beside each transaction, by its id."""
    return {
        (str(pk),): dict(zip(CLEAN_VIEW, values, strict=True))
        for pk, *values in Transaction.objects.values_list("pk", *CLEAN_VIEW)
    }


def book_lines() -> list[str]:
    """Return the transactions with their clean view but without their ids, in an order of their own."""
    names = [field.attname for field in Transaction._meta.fields if field.attname not in ("id", "batch_id")]
    return sorted(repr(line) for line in Transaction.objects.values_list(*names))


def _rows(model: type[Model], key: tuple[str, ...]) -> Rows:
    names = [field.attname for field in model._meta.fields if field.attname != "id"]
    return {tuple(str(row[name]) for name in key): row for row in model._default_manager.values(*names)}


def differences(first: Mapping[str, Rows], second: Mapping[str, Rows]) -> list[str]:
    """Say how two states differ: floats by more than a relative 1e-9, everything else (money, counts, words) at all."""
    return [text for table in first for text in row_differences(table, first[table], second[table])]


def row_differences(table: str, first: Rows, second: Rows) -> Iterator[str]:
    for key in sorted({*first, *second}):
        if key not in first or key not in second:
            yield f"{table} {key}: only in the {'second' if key in second else 'first'}"
            continue
        for name, value in first[key].items():
            if not _equal(value, second[key][name]):
                yield f"{table} {key} {name}: {value!r} and {second[key][name]!r}"


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, float) and isinstance(second, float):
        return math.isclose(first, second, rel_tol=TOLERANCE, abs_tol=1e-12)
    return bool(first == second)
