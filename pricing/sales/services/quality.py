"""The data-quality report of each import: lines excluded from estimation, and codes that look like services."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.conf import settings

from elastix.imports.models import ImportBatch, ImportStatus
from elastix.sql import fetch, is_postgresql
from pricing.sales.core.files import ImportKind
from pricing.sales.core.lines import EXCLUSION_REASONS, NONE
from pricing.sales.core.service_codes import DEFAULT, suggest_service_codes
from pricing.sales.models import Product

NEGATIVE_PRICE = "negative_price"


def compute() -> list[ImportBatch]:
    """Report on the published imports that have no report yet; their lines are clean by now."""
    batches = ImportBatch.objects.filter(kind=ImportKind.TRANSACTIONS, status=ImportStatus.PUBLISHED)
    return [_reported(batch) for batch in batches.filter(quality={}, accepted__gt=0)]


def publish(reports: list[ImportBatch]) -> None:
    ImportBatch.objects.bulk_update(reports, ["quality"])


def _reported(batch: ImportBatch) -> ImportBatch:
    rows = fetch(
        "SELECT product_id, exclusion, COUNT(*), SUM(CASE WHEN customer_id IS NULL THEN 1 ELSE 0 END), "
        "MIN(date), MAX(date) FROM pricing_transaction WHERE batch_id = %s GROUP BY product_id, exclusion",
        [batch.pk if is_postgresql() else batch.pk.hex],
    )
    excluded: Counter[int] = Counter()
    lines: Counter[str] = Counter()
    for code, exclusion, count, *_ in rows:
        excluded[exclusion] += count
        lines[code] += count
    batch.quality = {
        "excluded_from_estimation": {
            name: excluded[code] for code, name in EXCLUSION_REASONS.items() if code != NONE
        },
        "products": len(lines),
        "lines_without_customer": int(sum(row[3] for row in rows)),
        "first_day": min((str(row[4]) for row in rows), default=None),
        "last_day": max((str(row[5]) for row in rows), default=None),
        "suggested_service_codes": _suggestions(batch, lines),
    }
    return batch


def _suggestions(batch: ImportBatch, lines: Mapping[str, int]) -> list[dict[str, Any]]:
    """Codes that are probably fees or adjustments although no pattern matches, from accepted and rejected lines."""
    negative = _rejected_negative(batch)
    codes = sorted({*lines, *negative})
    names = dict(Product.objects.values_list("code", "name"))
    found = suggest_service_codes(
        codes,
        [names.get(code, "") for code in codes],
        [lines.get(code, 0) + negative.get(code, 0) for code in codes],
        [negative.get(code, 0) for code in codes],
        patterns=tuple(settings.SERVICE_CODE_PATTERNS) or DEFAULT,
    )
    return [asdict(each) for each in found]


def _rejected_negative(batch: ImportBatch) -> dict[str, int]:
    """Number of lines of each code that were rejected for a negative price."""
    columns = batch.report.get("columns", [])
    column = batch.report.get("mapping", {}).get("stock_code")
    if column not in columns:
        return {}
    place = columns.index(column)
    rows = batch.rejects.filter(reason=NEGATIVE_PRICE).values_list("content", flat=True)
    codes = (row[place].strip().upper() for row in rows.iterator(chunk_size=2000) if place < len(row))
    return Counter(code for code in codes if code)
