"""Merchandise with its sales, its main segment and its elasticity."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from django.db.models import Count, F, FilteredRelation, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from elastix.errors import NotFound
from elastix.fields import QuantityField
from elastix.shop import shop_currency
from pricing.elasticity.core.demand import revenue_potential_percent
from pricing.elasticity.core.estimates import FEW_DAYS, POOLED, Estimate
from pricing.elasticity.models import ElasticityEstimate
from pricing.elasticity.selectors.estimates import elasticities_on_the_spot, rule_of_thumb
from pricing.elasticity.selectors.fitted_model import estimates_by, fitted_model, log_log_fit
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.models import Product, SalesHistory, Transaction
from pricing.sales.models.products import Kind
from pricing.sales.selectors.daily import Window, shop_days
from pricing.sales.selectors.products import merchandise, products_matching
from segments.core.rfm import SEGMENTS
from segments.models import SegmentSales, SegmentSummary
from segments.selectors.sums import NOTHING, PagedRows, exact, within

UNKNOWN = "Unknown"
SORTS = ("quantity_asc", "quantity_desc", "revenue_asc", "revenue_desc")
NO_ELASTICITY, NO_PRICE = SegmentSummary.NO_ELASTICITY, "NO_PRICE"
NO_ESTIMATE = Estimate(0, None, 0.0, 0, flags=[FEW_DAYS, NO_ELASTICITY])  # type: ignore[arg-type]


class StockItem(NamedTuple):
    """A product as the list shows it. What is not known is 0 in the end, with a flag that says so.

    The revenue potential is computed from the present `price`.
    """

    code: str
    name: str
    price: Decimal | None
    elasticity: float | None
    invoices: int
    quantity: int | Decimal
    revenue: Decimal
    segment: str | None
    revenue_potential: float = 0.0
    flags: Sequence[str] = ()


class _Sold(NamedTuple):
    """Units and money of one product in a window, net of cancellations and returns."""

    code: str
    quantity: int | Decimal
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class StockItemDetail:
    """One product in full: its sales and all that is known about its elasticity."""

    product: Product
    estimate: ElasticityEstimate | Estimate
    r_squared: float = 0.0
    avg_price: Decimal | None = None
    quantity: int | Decimal = 0
    revenue: Decimal = NOTHING


# --- the list ---------------------------------------------------------------------------------------------


def stock_items(
    *,
    query: str | None,
    sort_by: str,
    segment_filter: str | None,
    start_date: dt.date | None,
    end_date: dt.date | None,
) -> PagedRows:
    """Return the merchandise on sale that the filters leave, as `StockItem`s.

    Without dates all merchandise is listed, from the cached tables. In a window only what was sold in it,
    with the sales, the main segment and the elasticity of the window.
    """
    products = products_matching(merchandise(), query) if query else merchandise()
    column, _, direction = sort_by.partition("_")
    falling = direction == "desc"
    if start_date or end_date:
        window = within(start_date, end_date)
        sold = _sold(window, products)
        if segment_filter:
            segments = _main_segments(window)
            sold = [row for row in sold if segments.get(row.code, UNKNOWN) == segment_filter]
        # Sorted here, so that exact sums decide on every database.
        sign = -1 if falling else 1
        sold.sort(key=lambda row: (sign * getattr(row, column), row.code))
        return PagedRows(lambda: len(sold), lambda page: _items_of_window(sold[page], start_date, end_date))
    if segment_filter:
        segment = None if segment_filter == UNKNOWN else segment_filter
        products = products.filter(main_segment__segment=segment)
    known = products.annotate(
        pooled=FilteredRelation("elasticities", condition=Q(elasticities__method=POOLED)),
        quantity=Coalesce("summary__total_quantity", 0, output_field=QuantityField()),
        revenue=Coalesce("summary__total_revenue", NOTHING),
        invoices=Coalesce("summary__purchase_frequency", 0),
        price=Coalesce("current_price", "summary__avg_price"),
        elasticity=F("pooled__elasticity"),
        segment=F("main_segment__segment"),
    ).order_by(f"-{column}" if falling else column, "code")
    rows = known.values_list(*StockItem._fields[:8])
    return PagedRows(products.count, lambda page: _items([StockItem(*values) for values in rows[page]]))


def _sold(window: Q, products: QuerySet[Product]) -> list[_Sold]:
    """What was sold of some products in a window."""
    sums = (
        SalesHistory.objects.filter(window, product__in=products)
        .order_by()
        .values("product_id")
        .annotate(
            sold=Sum("quantity"),
            net_quantity=Sum(F("quantity") - F("returned_quantity"), output_field=QuantityField()),
            net_revenue=Sum(F("revenue") - F("returned_revenue")),
        )
        .filter(sold__gt=0)
    )
    rows = sums.values_list("product_id", "net_quantity", "net_revenue")
    return [_Sold(code, quantity, exact(revenue)) for code, quantity, revenue in rows]


def _items_of_window(
    rows: Sequence[_Sold], start_date: dt.date | None, end_date: dt.date | None
) -> list[StockItem]:
    if not rows:
        return []
    codes, window = [row.code for row in rows], within(start_date, end_date)
    segments = _main_segments(window, codes)
    purchases = Transaction.objects.filter(window, product__in=codes, is_return=False).order_by()
    invoices = dict(purchases.values_list("product_id").annotate(Count("invoice_no", distinct=True)))
    estimates = elasticities_on_the_spot(codes, start_date, end_date)
    found = Product.objects.filter(code__in=codes).annotate(
        price=Coalesce("current_price", "summary__avg_price")
    )
    products = {code: (name, price) for code, name, price in found.values_list("code", "name", "price")}
    return _items(
        [
            StockItem(
                code,
                *products[code],
                estimates[code].elasticity if code in estimates else None,
                invoices.get(code, 0),
                quantity,
                revenue,
                segments.get(code),
            )
            for code, quantity, revenue in rows
        ]
    )


def _main_segments(window: Q, codes: Iterable[str] | None = None) -> dict[str, str]:
    """The segment with most lines of each product in a window; of equal ones the first in their order."""
    sales = SegmentSales.objects.filter(window)
    if codes is not None:
        sales = sales.filter(product__in=codes)
    best: dict[str, tuple[int, int]] = {}
    for code, segment, lines in sales.order_by().values_list("product_id", "segment").annotate(Sum("lines")):
        place = (lines, -SEGMENTS.index(segment))
        best[code] = max(best.get(code, place), place)
    return {code: SEGMENTS[-place] for code, (_, place) in best.items()}


def _items(rows: Sequence[StockItem]) -> list[StockItem]:
    """Work out each product's revenue potential; name what is missing for it."""
    thumb = rule_of_thumb() if any(row.elasticity is None for row in rows) else None
    default = None if thumb is None else thumb.elasticity
    elasticities = [default if row.elasticity is None else row.elasticity for row in rows]
    priced = [bool(row.price and row.price > 0) for row in rows]
    prices = [float(row.price or 0) if known else np.nan for row, known in zip(rows, priced, strict=True)]
    potentials = revenue_potential_percent(
        np.array(elasticities, np.float64), np.array(prices, np.float64), shop_currency()
    )
    return [
        row._replace(
            elasticity=elasticity or 0.0,
            revenue=exact(row.revenue),
            segment=row.segment or UNKNOWN,
            revenue_potential=potential,
            flags=[*([NO_ELASTICITY] if elasticity is None else []), *([] if has_price else [NO_PRICE])],
        )
        for row, elasticity, potential, has_price in zip(
            rows, elasticities, np.nan_to_num(potentials).tolist(), priced, strict=True
        )
    ]


# --- one item ---------------------------------------------------------------------------------------------


def stock_item(code: str, *, start_date: dt.date | None, end_date: dt.date | None) -> StockItemDetail:
    """Return a product's sales and elasticity, over all sales or in a window.

    Raises
    ------
    NotFound : the code is none, is no product's, or a service's.
    """
    try:
        known = Product.objects.select_related("summary").filter(kind=Kind.MERCHANDISE)
        product = known.get(code=normalise_code(code))
    except (ValueError, Product.DoesNotExist):
        raise NotFound(f"There is no stock item {code[:60]!r}.") from None
    if start_date or end_date:
        days, window = shop_days([product.code]), Window(start_date, end_date)
        found = estimates_by(POOLED, days, fitted_model(), window).get(product.code)
        fit = log_log_fit(days, window)
        sums = SalesHistory.objects.filter(within(start_date, end_date), product=product).aggregate(
            sold=Sum("quantity", default=0),
            turnover=Sum("revenue", default=NOTHING),
            quantity=Sum(F("quantity") - F("returned_quantity"), default=0, output_field=QuantityField()),
            revenue=Sum(F("revenue") - F("returned_revenue"), default=NOTHING),
        )
        return StockItemDetail(
            product,
            found or rule_of_thumb() or NO_ESTIMATE,
            r_squared=float(fit.r_squared[0]) if fit.usable[0] else 0.0,
            avg_price=exact(sums["turnover"] / sums["sold"]) if sums["sold"] else None,
            quantity=sums["quantity"],
            revenue=exact(sums["revenue"]),
        )
    stored = ElasticityEstimate.objects.filter(product=product, method=POOLED).first()
    estimate = stored or rule_of_thumb() or NO_ESTIMATE
    summary = getattr(product, "summary", None)
    if summary is None:
        return StockItemDetail(product, estimate)
    revenue = exact(summary.total_revenue)
    return StockItemDetail(
        product, estimate, summary.r_squared, summary.avg_price, summary.total_quantity, revenue
    )
