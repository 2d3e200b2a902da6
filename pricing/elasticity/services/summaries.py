"""Sums over all sales of each product, and the price the sales show."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from elastix.dataset.versions import catalogue_changed
from elastix.fields import as_quantity
from elastix.jobs.recompute import RecomputePlan
from elastix.shop import shop_currency
from elastix.sql import batches, fetch, number_for_driver, placeholders, update_rows
from pricing.elasticity.services.estimates import Elasticities
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.core.grouping import group_sums
from pricing.sales.core.list_prices import charged_now
from pricing.sales.core.periods import LONGEST_PERIOD, spread
from pricing.sales.models import Product, ProductSummary, SalesHistory
from pricing.sales.models.products import Kind, PriceSource
from pricing.sales.selectors.daily import epoch_days, newest_sale_day
from pricing.sales.services.rollup import as_date

_WRITTEN = {
    "total_quantity": "numeric",
    "total_revenue": "numeric",
    "avg_price": "numeric",
    "charged_price": "numeric",
    "purchase_frequency": "integer",
    "sold_days": "integer",
    "r_squared": "double precision",
    "first_sold": "date",
    "last_sold": "date",
}


@dataclass(frozen=True, slots=True)
class Summaries:
    rows: list[ProductSummary]
    newest_prices: dict[str, Decimal]


def compute(plan: RecomputePlan, estimated: Elasticities) -> Summaries:
    """Sum the roll-up of the stale products (all in a full run)."""
    days, r_squared = estimated.days, estimated.r_squared
    daily = days.daily
    prices = charged_now(daily.product, daily.day, daily.list_price, daily.promotion, len(days.codes))
    known = zip(days.codes, prices.tolist(), strict=True)
    newest = {code: Decimal(str(price)) for code, price in known if price == price}
    rows: list[ProductSummary] = []
    if plan.full:
        rows = _summaries("", [], r_squared)
    else:
        for chunk in batches(plan.products or []):
            rows += _summaries(f"AND product_id IN ({placeholders(len(chunk))})", chunk, r_squared)
    for row in rows:
        row.charged_price = newest.get(row.product_id)
    return Summaries(rows, newest)


def _summaries(scope: str, codes: Sequence[str], r_squared: dict[str, float]) -> list[ProductSummary]:
    sums = fetch(
        "SELECT product_id, SUM(quantity - returned_quantity), ROUND(SUM(revenue - returned_revenue), 4), "
        "ROUND(1.0 * SUM(revenue) / NULLIF(SUM(quantity), 0), 4), SUM(CASE WHEN quantity > 0 THEN 1 ELSE 0 END), "
        "MIN(CASE WHEN quantity > 0 THEN date END), MAX(CASE WHEN quantity > 0 THEN date END) "
        f"FROM pricing_saleshistory WHERE TRUE {scope} GROUP BY product_id ORDER BY product_id",
        codes,
    )
    invoices = dict(
        fetch(f"SELECT product_id, invoices FROM pricing_productsummary WHERE TRUE {scope}", codes)
    )
    return [
        ProductSummary(
            product_id=code,
            total_quantity=as_quantity(quantity),
            total_revenue=_decimal(revenue),
            avg_price=None if price is None else _decimal(price),
            purchase_frequency=invoices.get(code, 0),
            sold_days=days,
            r_squared=r_squared.get(code, 0.0),
            first_sold=first and as_date(first),
            last_sold=last and as_date(last),
        )
        for code, quantity, revenue, price, days, first, last in sums
    ]


def _decimal(value: Any) -> Decimal:
    """A sum or rounded price to 4 decimals; SQLite answers in floating point."""
    return Decimal(str(value)).quantize(Decimal("0.0001")) if isinstance(value, float) else Decimal(value)


def publish(plan: RecomputePlan, summaries: Summaries) -> None:
    """Write the sums, the month's units of every product, and prices that follow the sales."""
    known = set(ProductSummary.objects.values_list("product_id", flat=True))
    ProductSummary.objects.bulk_create(
        [row for row in summaries.rows if row.product_id not in known], batch_size=1000
    )
    changed = [
        (*(_for_driver(getattr(row, name)) for name in _WRITTEN), row.product_id)
        for row in summaries.rows
        if row.product_id in known
    ]
    update_rows("pricing_productsummary", "product_id", _WRITTEN, changed, key_type="varchar")
    _write_months()
    _follow_prices(summaries.newest_prices)


def _for_driver(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return number_for_driver(value) if isinstance(value, Decimal) else value


def _write_months() -> None:
    """Units of the 30 days before the as-of date; it moves with the newest sale, for all products at once."""
    newest = newest_sale_day()
    if newest is None:
        ProductSummary.objects.exclude(monthly_sales=0).update(monthly_sales=0)
        return
    since = newest - dt.timedelta(days=MONTH_DAYS - 1)
    summed = "SELECT product_id, SUM(quantity) FROM pricing_saleshistory WHERE date >= %s GROUP BY product_id"
    units = {code: as_quantity(sold) for code, sold in fetch(summed, [since.isoformat()])}
    units |= _months_of_totals(since, newest)
    stored = ProductSummary.objects.values_list("product_id", "monthly_sales")
    changed = [
        (_for_driver(units.get(code, 0)), code) for code, month in stored if month != units.get(code, 0)
    ]
    update_rows(
        "pricing_productsummary", "product_id", {"monthly_sales": "numeric"}, changed, key_type="varchar"
    )


def _months_of_totals(first: dt.date, last: dt.date) -> dict[str, int]:
    """Units from the first to the last day, both inclusive, of products whose lines are totals of weeks or months."""
    # Without totals, as in most shops, the days need not be read.
    if not ProductSummary.objects.filter(line_days__gt=1).exists():
        return {}
    reach = dt.timedelta(days=LONGEST_PERIOD)
    mark = ("product__summary__line_days", "product__summary__dated_last")
    rows = SalesHistory.objects.filter(
        product__summary__line_days__gt=1, date__gte=first - reach, date__lte=last + reach
    ).values_list("product_id", "date", "quantity", *mark)
    codes, dates, quantity, days, dated_last = zip(*rows, strict=True) if rows else [()] * 5
    dated = np.array([epoch_days(date) for date in dates], np.int64)
    row, day, share = spread(dated, np.array(days, np.int64), np.array(dated_last, np.bool_))
    inside = (day >= epoch_days(first)) & (day <= epoch_days(last))
    units = group_sums(row[inside], np.array(quantity, np.float64)[row[inside]] * share[inside], len(codes))
    found: dict[str, float] = {}
    for code, part in zip(codes, units.tolist(), strict=True):
        found[code] = found.get(code, 0.0) + part
    return {code: round(total) for code, total in found.items()}


def _follow_prices(newest: dict[str, Decimal]) -> None:
    """Let current_price follow the newest list price until somebody has set it by hand or by the ledger."""
    following = Product.objects.filter(price_source=PriceSource.DATA, kind=Kind.MERCHANDISE)
    changed, currency = [], shop_currency()
    for code, current in following.values_list("code", "current_price"):
        price = newest.get(code)
        if price is None:
            continue
        # A line's price has four decimals, a price to ask for only those of the currency.
        price = min(max(currency.price(price), currency.unit), currency.highest)
        if price != current:
            changed.append((number_for_driver(price), code))
    update_rows("pricing_product", "code", {"current_price": "numeric"}, changed, key_type="varchar")
    if changed:
        catalogue_changed()
