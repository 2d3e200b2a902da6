"""Answers about elasticities: from the cached tables, or on the spot where a request limits the sales."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef

from elastix.api.fields import money, rounded
from elastix.dataset.models import DataVersion
from elastix.errors import NotFound
from pricing.elasticity.core.estimates import (
    ARC,
    DEFAULT,
    FEW_DAYS,
    NO_PRICE_VARIATION,
    POINT,
    POOLED,
    UNGRADED,
    Estimate,
)
from pricing.elasticity.core.log_log import MIN_SOLD_DAYS
from pricing.elasticity.core.points import DEFAULT_ELASTICITY, classify
from pricing.elasticity.models import ElasticityEstimate
from pricing.elasticity.selectors.fitted_model import estimates_by, fitted_model, log_log_fit
from pricing.sales.models import Product, SalesHistory, Transaction
from pricing.sales.models.products import Kind
from pricing.sales.selectors.daily import ShopDays, Window, in_country, shop_days, sold_in

PLACES = 4


def elasticity_page(
    version: DataVersion,
    *,
    stock_codes: Sequence[str],
    start_date: dt.date | None,
    end_date: dt.date | None,
    country: str | None,
    method: str,
    limit: int,
    offset: int,
) -> dict[str, Any]:
    """Elasticities of merchandise in the order of the codes."""
    window = Window(start_date, end_date, country)
    if window == Window():
        results, total = _cached_page(method, stock_codes, limit, offset)
    else:
        results, total = _windowed_page(method, stock_codes, window, limit, offset)
    return {
        "results": results,
        "meta": {
            "start_date": start_date or version.first_day,
            "end_date": end_date or (version.as_of and version.as_of - dt.timedelta(days=1)),
            "total_products": total,
            "returned_products": len(results),
            "limit": limit,
            "offset": offset,
            "available_countries": version.countries,
        },
    }


def _cached_page(
    method: str, stock_codes: Sequence[str], limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    if method == DEFAULT:
        return _default_page(stock_codes, limit, offset)
    found = ElasticityEstimate.objects.filter(
        method=method, product__kind=Kind.MERCHANDISE, product__is_active=True
    )
    if stock_codes:
        found = found.filter(product_id__in=stock_codes)
    # Tuples: making model instances of three tables would take most of the time of a page.
    page = found.order_by("product_id").values_list(*_CACHED_COLUMNS)[offset : offset + limit]
    return [_cached_row(*values) for values in page], found.count()


_CACHED_COLUMNS = (
    "product_id",
    "product__name",
    "elasticity",
    "sample_size",
    "product__summary__avg_price",
    "product__summary__total_quantity",
    "product__summary__r_squared",
    "std_error",
    "ci_low",
    "ci_high",
    "quality",
    "method",
    "flags",
)


def _cached_row(
    code: str,
    name: str,
    elasticity: float,
    sample_size: int,
    avg_price: Decimal | None,
    quantity: int | None,
    r_squared: float | None,
    *rest: Any,
) -> dict[str, Any]:
    std_error, ci_low, ci_high, quality, method, flags = rest
    return {
        "stock_code": code,
        "description": name,
        "elasticity": rounded(elasticity, PLACES),
        "sample_size": sample_size,
        "avg_price": money(avg_price),
        "total_quantity": quantity or 0,
        "r_squared": rounded(r_squared or 0.0, PLACES),
        "std_error": rounded(std_error, PLACES),
        "ci_low": rounded(ci_low, PLACES),
        "ci_high": rounded(ci_high, PLACES),
        "quality": quality,
        "method": method,
        "flags": flags,
    }


def _default_page(stock_codes: Sequence[str], limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
    """The rule of thumb, for a shop in which nothing could be estimated."""
    if ElasticityEstimate.objects.filter(method=POOLED).exists():
        return [], 0
    found = Product.objects.filter(kind=Kind.MERCHANDISE, is_active=True).select_related("summary")
    if stock_codes:
        found = found.filter(code__in=stock_codes)
    page = found.order_by("code")[offset : offset + limit]
    return [_row(product, _rule_of_thumb(), _sums_of(product)) for product in page], found.count()


def _rule_of_thumb() -> Estimate:
    return Estimate(product=0, method=DEFAULT, elasticity=DEFAULT_ELASTICITY, sample_size=0, flags=[FEW_DAYS])


def _sums_of(product: Product) -> dict[str, Any]:
    summary = getattr(product, "summary", None)
    return {
        "avg_price": money(summary.avg_price) if summary else None,
        "total_quantity": summary.total_quantity if summary else 0,
        "r_squared": rounded(summary.r_squared, PLACES) if summary else 0.0,
    }


def _row(product: Product, estimate: Estimate | ElasticityEstimate, sums: dict[str, Any]) -> dict[str, Any]:
    return {
        "stock_code": product.code,
        "description": product.name,
        "elasticity": rounded(estimate.elasticity, PLACES),
        "sample_size": estimate.sample_size,
        **sums,
        "std_error": rounded(estimate.std_error, PLACES),
        "ci_low": rounded(estimate.ci_low, PLACES),
        "ci_high": rounded(estimate.ci_high, PLACES),
        "quality": estimate.quality,
        "method": estimate.method,
        "flags": estimate.flags,
    }


def _windowed_page(
    method: str, stock_codes: Sequence[str], window: Window, limit: int, offset: int
) -> tuple[list[dict[str, Any]], int]:
    """Estimates from the sales of the window, for the products of one page."""
    codes, total = _sold_codes(stock_codes, window, limit, offset)
    days = shop_days(sorted(codes))
    if window.country:
        days = in_country(days, window.country)
    found = estimates_by(method, days, fitted_model() if method == POOLED else None, window)
    sums = _window_sums(days, window)
    products = Product.objects.in_bulk(codes)
    return [_row(products[code], found[code], sums[code]) for code in codes if code in found], total


def _sold_codes(stock_codes: Sequence[str], window: Window, limit: int, offset: int) -> tuple[list[str], int]:
    """The page of merchandise codes that sold anything in the window, and how many there are."""
    if window.country:
        sold: Any = Transaction.objects.filter(country=window.country, is_return=False, voided=False)
    else:
        sold = SalesHistory.objects.filter(quantity__gt=0)
    if window.start:
        sold = sold.filter(date__gte=window.start)
    if window.end:
        sold = sold.filter(date__lte=window.end)
    found = Product.objects.filter(
        Exists(sold.filter(product=OuterRef("pk"))), kind=Kind.MERCHANDISE, is_active=True
    )
    if stock_codes:
        found = found.filter(code__in=stock_codes)
    codes = list(found.order_by("code").values_list("code", flat=True))
    return codes[offset : offset + limit], len(codes)


def _window_sums(days: ShopDays, window: Window) -> dict[str, dict[str, Any]]:
    sold = sold_in(days, window)
    fit = log_log_fit(days, window)
    quantity = [0.0] * len(days.codes)
    revenue = [0.0] * len(days.codes)
    for product, units, price in zip(
        days.daily.product[sold].tolist(),
        days.quantity[sold].tolist(),
        days.price[sold].tolist(),
        strict=True,
    ):
        quantity[product] += units
        revenue[product] += units * price
    return {
        code: {
            "avg_price": money(revenue[index] / quantity[index]) if quantity[index] else None,
            "total_quantity": int(quantity[index]),
            "r_squared": rounded(float(fit.r_squared[index]), PLACES) if fit.usable[index] else 0.0,
        }
        for index, code in enumerate(days.codes)
    }


def elasticities_on_the_spot(
    codes: Sequence[str], start: dt.date | None, end: dt.date | None, country: str | None = None
) -> dict[str, Estimate]:
    """Pooled estimates of some products from the sales of a window; those without sales in it are absent."""
    window = Window(start, end, country)
    days = shop_days(sorted(codes))
    return estimates_by(POOLED, in_country(days, country) if country else days, fitted_model(), window)


def elasticity_of_product(version: DataVersion, code: str, *, method: str | None) -> dict[str, Any]:
    """One product's elasticity by the method asked for, else by the best there is.

    Raises
    ------
    NotFound : a service is not priced, or the method has no answer for the product.
    """
    product = Product.objects.select_related("summary").get(code=code)
    if product.kind != Kind.MERCHANDISE:
        raise NotFound(f"{code} is a service code: it has no elasticity.")
    cached = {row.method: row for row in ElasticityEstimate.objects.filter(product_id=code)}
    estimate = _chosen(code, cached, method)
    return _analysis(version, product, estimate, cached)


def _chosen(
    code: str, cached: dict[str, ElasticityEstimate], method: str | None
) -> ElasticityEstimate | Estimate:
    wanted = [method] if method else _preference(code, cached)
    for name in wanted:
        if name in cached:
            return cached[name]
        if name == DEFAULT and not ElasticityEstimate.objects.filter(method=POOLED).exists():
            return _rule_of_thumb()
    asked = f"by the method {method!r}" if method else "yet: it has no sales with a price"
    raise NotFound(f"{code} has no elasticity {asked}.")


def _preference(code: str, cached: dict[str, ElasticityEstimate]) -> list[str]:
    """Pooled wherever there are transactions; two points for a product whose history was entered by hand."""
    two_points = [name for name in (ARC, POINT) if name in cached]
    if two_points and cached.get(POOLED) and not Transaction.objects.filter(product_id=code).exists():
        return [_two_point_method(cached), POOLED, DEFAULT]
    return [POOLED, *two_points, DEFAULT]


def _two_point_method(cached: dict[str, ElasticityEstimate]) -> str:
    """Arc or point, as the size of the last price change asks for (arc where only it has a value)."""
    if POINT not in cached:
        return ARC
    e_point, e_arc = cached[POINT].elasticity, cached[ARC].elasticity
    return ARC if abs(e_point - e_arc) > 0.1 * abs(e_point) else POINT


def _analysis(
    version: DataVersion,
    product: Product,
    estimate: ElasticityEstimate | Estimate,
    cached: dict[str, ElasticityEstimate],
) -> dict[str, Any]:
    summary = getattr(product, "summary", None)
    return {
        "product_id": product.code,
        "elasticity": rounded(estimate.elasticity, PLACES),
        "classification": classify(estimate.elasticity),
        "confidence": rounded(estimate.confidence, 2),
        "data_points": estimate.sample_size,
        "calculation_method": estimate.method,
        "last_updated": version.published_at,
        "std_error": rounded(estimate.std_error, PLACES),
        "ci_low": rounded(estimate.ci_low, PLACES),
        "ci_high": rounded(estimate.ci_high, PLACES),
        "r_squared": rounded(summary.r_squared, PLACES) if summary else 0.0,
        "quality": estimate.quality,
        "flags": estimate.flags,
        "own_elasticity": rounded(estimate.own_elasticity, PLACES),
        "own_std_error": rounded(estimate.own_std_error, PLACES),
        "weight": rounded(estimate.weight, PLACES),
        "prior_mean": rounded(estimate.prior_mean, PLACES),
        "list_prices": estimate.list_prices,
        "warnings": _warnings(estimate),
    }


def _warnings(estimate: ElasticityEstimate | Estimate) -> list[str]:
    warnings = []
    if estimate.sample_size < MIN_SOLD_DAYS:
        warnings.append(
            f"Only {estimate.sample_size} days with sales; a product's own regression needs {MIN_SOLD_DAYS} or more."
        )
    if estimate.quality == UNGRADED and estimate.method == POOLED:
        warnings.append("The product's own sales say little: this is mostly what its category says.")
    if NO_PRICE_VARIATION in estimate.flags:
        warnings.append(
            "The price never changed, so the product's own sales cannot show how demand answers to it."
        )
    return warnings
