"""One stock item in full: its sales and all that is known about its answer to price."""

import datetime as dt
from typing import Any

from django.db.models import F, Q, Sum

from elastix.api.fields import money, rounded
from elastix.errors import NotFound
from pricing.elasticity.core.estimates import DEFAULT, FEW_DAYS, POOLED, UNGRADED, Estimate
from pricing.elasticity.models import ElasticityEstimate
from pricing.elasticity.selectors.fitted_model import estimates_by, fitted_model, log_log_fit
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.models import Product, ProductSummary, SalesHistory
from pricing.sales.models.products import Kind
from pricing.sales.selectors.daily import ShopDays, Window, shop_days
from segments.selectors.figures import cents, within
from segments.selectors.stock_items import NOTHING, default_elasticity


def stock_item(code: str, *, start_date: dt.date | None, end_date: dt.date | None) -> dict[str, Any]:
    """Return a product's sales and elasticity, over all sales or in a window.

    Raises
    ------
    NotFound
        If the code is none, is no product's, or a service's.
    """
    product = _merchandise(code)
    if start_date is None and end_date is None:
        sales = _all_sales(product)
        estimate: ElasticityEstimate | Estimate | None = ElasticityEstimate.objects.filter(
            product=product, method=POOLED
        ).first()
        r_squared = _summary(product).r_squared
    else:
        sales = _sales_of_window(product, within(start_date, end_date))
        days, window = shop_days([product.code]), Window(start_date, end_date)
        estimate = estimates_by(POOLED, days, fitted_model(), window).get(product.code)
        r_squared = _r_squared(days, window)
    return {
        "id": product.code,
        "itemName": product.name,
        "rSquared": rounded(r_squared, 4),
        **sales,
        **_elasticity(estimate),
    }


def _merchandise(code: str) -> Product:
    unknown = NotFound(f"There is no stock item {code[:60]!r}.")
    try:
        normalised = normalise_code(code)
    except ValueError:
        raise unknown from None
    product = Product.objects.select_related("summary").filter(code=normalised, kind=Kind.MERCHANDISE).first()
    if product is None:
        raise unknown
    return product


def _summary(product: Product) -> ProductSummary:
    return getattr(product, "summary", None) or ProductSummary(product=product, total_revenue=NOTHING)


def _all_sales(product: Product) -> dict[str, Any]:
    summary = _summary(product)
    return {
        "avgPrice": money(summary.avg_price),
        "totalQuantity": summary.total_quantity,
        "totalRevenue": cents(summary.total_revenue),
    }


def _sales_of_window(product: Product, window: Q) -> dict[str, Any]:
    sums = SalesHistory.objects.filter(window, product=product).aggregate(
        sold=Sum("quantity", default=0),
        turnover=Sum("revenue", default=NOTHING),
        net_quantity=Sum(F("quantity") - F("returned_quantity"), default=0),
        net_revenue=Sum(F("revenue") - F("returned_revenue"), default=NOTHING),
    )
    return {
        "avgPrice": cents(sums["turnover"] / sums["sold"]) if sums["sold"] else None,
        "totalQuantity": sums["net_quantity"],
        "totalRevenue": cents(sums["net_revenue"]),
    }


def _r_squared(days: ShopDays, window: Window) -> float:
    fit = log_log_fit(days, window)
    return float(fit.r_squared[0]) if fit.usable[0] else 0.0


def _elasticity(estimate: Any) -> dict[str, Any]:
    if estimate is None:
        default = default_elasticity()
        return {
            "elasticity": default,
            "sampleSize": 0,
            "method": None if default is None else DEFAULT,
            "quality": UNGRADED,
            "flags": [FEW_DAYS],
            "ciLow": None,
            "ciHigh": None,
        }
    return {
        "elasticity": rounded(estimate.elasticity, 4),
        "sampleSize": estimate.sample_size,
        "method": estimate.method,
        "quality": estimate.quality,
        "flags": list(estimate.flags),
        "ciLow": rounded(estimate.ci_low, 4),
        "ciHigh": rounded(estimate.ci_high, 4),
    }
