"""The data-quality report of each import: lines excluded from estimation, codes that look like services, guests."""

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
# A customer with this share of the invoices, and this many times those of the next one, is probably nobody in particular.
LARGE_SHARE = 0.1
TIMES_THE_NEXT = 5
FEWEST_INVOICES = 30


def compute() -> list[ImportBatch]:
    """Report on the published imports that have no report yet; their lines are clean by now."""
    batches = ImportBatch.objects.filter(kind=ImportKind.TRANSACTIONS, status=ImportStatus.PUBLISHED)
    return [_reported(batch) for batch in batches.filter(quality={}, accepted__gt=0)]


def publish(reports: list[ImportBatch], prices_follow_sales: dict[str, Any] | None) -> None:
    """Write the reports, each with the shop's alarm that its prices follow its sales, if it stands."""
    for batch in reports:
        batch.quality["prices_follow_sales"] = prices_follow_sales
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
        "suggested_guest_customers": _guests(batch),
    }
    return batch


def _guests(batch: ImportBatch) -> list[dict[str, Any]]:
    """The customer who has far more invoices than any other, if there is one: probably what guests are booked on."""
    invoices = fetch(
        "SELECT customer_id, COUNT(DISTINCT invoice_no) FROM pricing_transaction "
        "WHERE batch_id = %s AND customer_id IS NOT NULL GROUP BY customer_id",
        [batch.pk if is_postgresql() else batch.pk.hex],
    )
    (most, customer), *others = sorted(((count, code) for code, count in invoices), reverse=True) or [(0, "")]
    share = most / max(sum(count for _, count in invoices), 1)
    if most < FEWEST_INVOICES or share < LARGE_SHARE or (others and most < TIMES_THE_NEXT * others[0][0]):
        return []
    excluded = customer.casefold() in settings.SEGMENT_EXCLUDED_CUSTOMERS
    what = (
        "Set aside: in no segment."
        if excluded
        else "If guests are booked on it, name it in SEGMENT_EXCLUDED_CUSTOMERS: as one customer it ranks above all."
    )
    return [
        {
            "customer_id": customer,
            "invoices": most,
            "share_percent": round(100 * share, 1),
            "set_aside": excluded,
            "note": what,
        }
    ]


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
