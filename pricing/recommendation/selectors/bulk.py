"""Choosing products for a bulk optimization, and reading what one recommended."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any, Final

from elastix.api.fields import known, money, rounded
from elastix.errors import Conflict, FieldError, Invalid, NotFound
from elastix.jobs.models import Job, JobState
from elastix.shop import shop_currency
from elastix.sql import batches
from pricing.elasticity.models import Method
from pricing.recommendation.models import BulkOptimization, BulkRow
from pricing.recommendation.selectors.bulk_optimization import COLUMNS, BulkRecommendation, Sums, Total
from pricing.recommendation.selectors.expected import LEVEL
from pricing.recommendation.selectors.joint_optimization import MOST_TOGETHER, Added
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.models import Product
from pricing.sales.models.products import Kind
from pricing.sales.selectors.products import merchandise, products_matching

KIND: Final = "bulk_optimize"
MOST_ITEMS: Final = 1_000
MOST_NAMED: Final = 20
ROWS_AT_ONCE: Final = 2_000

# --- which products --------------------------------------------------------------------------------


def chosen_products(asked: Mapping[str, Any]) -> list[str]:
    """Return the codes of the products that a request names by product_ids, category or filter.

    Raises
    ------
    Invalid : some cannot be priced, none fits, or more than can be chosen together.
    """
    if "product_ids" in asked:
        found = named_products(asked["product_ids"])
    else:
        selector = "filter" if "filter" in asked else "category"
        given = asked["filter"] if selector == "filter" else {"category": asked["category"]}
        found = filtered_products(**given)
        if not found:
            raise Invalid(FieldError(selector, "No product that is for sale fits this.", "nothing_selected"))
    if asked["joint"] and len(found) > MOST_TOGETHER:
        raise Invalid(
            FieldError(
                "",
                f"At most {MOST_TOGETHER} prices can be chosen together; this chooses {len(found)}."
                " Choose fewer products, or leave out joint.",
                "too_many",
            )
        )
    return found


def named_products(codes: Collection[str]) -> list[str]:
    """Return the codes, sorted and each once, if all of them are merchandise that is for sale.

    Raises
    ------
    Invalid : naming those that are unknown, services or deactivated.
    """
    wanted = sorted(set(codes))
    for_sale: dict[str, bool] = {}
    for chunk in batches(wanted):
        found = Product.objects.filter(code__in=chunk).values_list("code", "kind", "is_active")
        for_sale |= {code: active and kind == Kind.MERCHANDISE for code, kind, active in found}
    refused = (
        ("There is no product", "unknown", [code for code in wanted if code not in for_sale]),
        (
            "Services and deactivated products are never priced:",
            "not_for_sale",
            [code for code in wanted if not for_sale.get(code, True)],
        ),
    )
    errors = []
    for message, code, products in refused:
        more = f" and {len(products) - MOST_NAMED} more" if len(products) > MOST_NAMED else ""
        if products:
            text = f"{message} {', '.join(products[:MOST_NAMED])}{more}."
            errors.append(FieldError("product_ids", text, code))
    if errors:
        raise Invalid(*errors)
    return wanted


def filtered_products(
    *,
    search: str | None = None,
    category: str | None = None,
    min_price: Decimal | None = None,
    max_price: Decimal | None = None,
    grades: Collection[str] | None = None,
    has_stock: bool | None = None,
) -> list[str]:
    """Return the codes of active merchandise to which all of this applies, sorted.

    Parameters
    ----------
    category : "" means products without one.
    grades : of the published elasticity.
    has_stock : stock above 0, or none; products whose stock is not known are neither.
    """
    asked = {"category": category, "current_price__gte": min_price, "current_price__lte": max_price}
    found = merchandise().filter(**{name: value for name, value in asked.items() if value is not None})
    if search is not None:
        found = products_matching(found, search)
    if grades is not None:
        found = found.filter(elasticities__method=Method.POOLED, elasticities__quality__in=grades)
    if has_stock is not None:
        found = found.filter(stock_level__gt=0) if has_stock else found.filter(stock_level__lte=0)
    return list(found.order_by("code").values_list("code", flat=True))


# --- what was recommended --------------------------------------------------------------------------


def result_of(job_id: int, found: BulkRecommendation, together: Added | None) -> dict[str, Any]:
    """The result of a job: totals, the products that gain most, and where the rest and the next step are."""
    first = sorted(found.rows, key=_gain_first)[:MOST_ITEMS]
    return {
        **_totals(found.sums),
        "together": together and asdict(together),
        "items": [_item(row) for row in first],
        "items_left_out": len(found.rows) - len(first),
        "result_csv": f"/api/jobs/{job_id}/result.csv",
        "propose": f"/api/jobs/{job_id}/propose",
    }


def _gain_first(row: BulkRow) -> tuple[bool, bool, float, str]:
    unknown = row.profit_change is None
    return not row.changes, unknown, -(row.profit_change or 0.0), row.product_id


def _totals(sums: Sums) -> dict[str, Any]:
    gain = float((sums.profit.drawn > 0).mean()) if sums.to_change else None
    return {
        "products": sums.products,
        "to_change": sums.to_change,
        "kept": sums.products - sums.to_change,
        "kept_because": dict(sorted(sums.kept_because.items())),
        "totals": {
            "days": MONTH_DAYS,
            "level": LEVEL,
            "revenue": _total(sums.revenue),
            "profit": _total(sums.profit),
            "probability_of_gain": rounded(gain, 4),
            "without_price": sums.without_price,
            "without_cost": sums.without_cost,
        },
    }


def _total(total: Total) -> dict[str, float | None]:
    low, high = total.interval()
    values = {
        "current": total.now,
        "expected": total.expected,
        "low": total.now + low,
        "high": total.now + high,
        "change": total.expected - total.now,
        "change_low": low,
        "change_high": high,
    }
    return {name: known(value, shop_currency().decimals) for name, value in values.items()}


def _item(row: BulkRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in COLUMNS} | {
        "current_price": money(row.current_price),
        "recommended_price": money(row.recommended_price),
        "change_percent": change_percent(row.current_price, row.recommended_price),
        "quality": row.quality or None,
        "limits": row.limits.split(),
        "warnings": row.warnings.split(),
    }


def change_percent(now: Decimal | None, then: Decimal | None) -> float | None:
    """The change from one price to another in percent of the first, one decimal."""
    return None if now is None or then is None else rounded(100 * (then - now) / now, 1)


def find_optimization(job_id: int) -> BulkOptimization:
    """Return what a bulk optimization recommended.

    Raises
    ------
    NotFound : there is no such job, or it is of another kind.
    Conflict : it is not finished, or has failed.
    """
    job = Job.objects.filter(pk=job_id).defer("parameters", "result").first()
    if job is None:
        raise NotFound(f"There is no job {job_id}; what a bulk optimization found is kept for 30 days.")
    if job.kind != KIND:
        raise NotFound(f"Job {job_id} is no bulk optimization.")
    if job.state == JobState.FAILED:
        raise Conflict(f"Job {job_id} has failed: {job.error} Start another one.")
    found = BulkOptimization.objects.filter(pk=job_id).first() if job.state == JobState.SUCCEEDED else None
    if found is None:
        raise Conflict(f"Job {job_id} is not finished yet. Ask /api/jobs/{job_id} how far it is.")
    return found


CSV_HEADER: Final = ("product_id", "name", "category", "change_percent", *COLUMNS[1:], "currency")


def csv_rows(optimization: BulkOptimization) -> Iterator[tuple[Any, ...]]:
    """Yield what stands under CSV_HEADER, by product."""
    currency = shop_currency().code
    rows = BulkRow.objects.filter(optimization=optimization).order_by("product_id")
    columns = rows.values_list("product_id", "product__name", "product__category", *COLUMNS[1:])
    for code, name, category, now, then, *rest in columns.iterator(chunk_size=ROWS_AT_ONCE):
        yield (code, name, category, change_percent(now, then), now, then, *rest, currency)
