"""Elasticities: from the cached tables, or on the spot where a request limits the sales."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from elastix.dataset.models import DataVersion
from elastix.errors import Conflict, FieldError, Invalid, NotFound
from elastix.fields import QuantityField
from elastix.shop import shop_currency
from pricing.elasticity.core.diagnostics import Diagnostics, NotEstimable, diagnose
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
from pricing.elasticity.core.pooled.evidence import BORROWED
from pricing.elasticity.core.pooled.grades import (
    METHODS_DISAGREE,
    MIXED_PRICES,
    NOT_CONVERGED,
    PRICES_FOLLOW_PEAKS,
    PRICES_FOLLOW_SALES,
    RESPONSE_FADES,
    SELLS_OUT,
)
from pricing.elasticity.models import ElasticityEstimate, Grade, Method
from pricing.elasticity.selectors.fitted_model import estimates_by, fitted_model, log_log_fit
from pricing.elasticity.selectors.learned import LEARNED, SecondOpinion, second_opinions, why_not
from pricing.sales.core.grouping import group_sums
from pricing.sales.core.price_mix import SEVERAL_PRICES
from pricing.sales.models import Product, SalesHistory, Transaction
from pricing.sales.models.products import Kind
from pricing.sales.selectors.costs import recorded_costs
from pricing.sales.selectors.daily import ShopDays, Window, in_country, net_quantities, shop_days, sold_in
from pricing.sales.selectors.products import merchandise

RULE_OF_THUMB = Estimate(
    product=0,
    method=DEFAULT,
    elasticity=DEFAULT_ELASTICITY,
    sample_size=0,
    evidence=BORROWED,
    flags=[FEW_DAYS],
)


def rule_of_thumb() -> Estimate | None:
    """What stands in for an estimate in a shop that has none at all; None in any other."""
    return None if ElasticityEstimate.objects.filter(method=POOLED).exists() else RULE_OF_THUMB


# --- lists ---------------------------------------------------------------------------------------


def elasticity_rows(
    *,
    stock_codes: Sequence[str],
    start_date: dt.date | None,
    end_date: dt.date | None,
    country: str | None,
    method: str,
) -> Any:
    """Elasticities of merchandise in the order of the codes.

    Returns
    -------
    A queryset, or what can be counted and sliced like one: mappings of what is known of each product.

    Raises
    ------
    Invalid : a learned method that has no answers, or is asked about a part of the sales.
    """
    window = Window(start_date, end_date, country)
    if method in LEARNED:
        why = why_not(method)
        if why is None and window != Window():
            why = f"The method {method!r} learns from all sales: leave out dates and country."
        if why is not None:
            raise Invalid(FieldError("method", why))
    if window != Window():
        return WindowedEstimates(method, stock_codes, window)
    if method == DEFAULT:
        return _default_rows(stock_codes)
    found = ElasticityEstimate.objects.filter(
        method=method, product__kind=Kind.MERCHANDISE, product__is_active=True
    )
    if stock_codes:
        found = found.filter(product_id__in=stock_codes)
    # Mappings: making model instances of three tables would take most of the time of a page.
    return found.order_by("product_id").values(
        "elasticity", "sample_size", "std_error", "ci_low", "ci_high", "quality", "method", "flags",
        stock_code=F("product_id"),
        description=F("product__name"),
        **_sums("product__summary__"),
    )  # fmt: skip


def _sums(prefix: str) -> dict[str, Any]:
    return {
        "avg_price": F(f"{prefix}avg_price"),
        "total_quantity": Coalesce(F(f"{prefix}total_quantity"), 0, output_field=QuantityField()),
        "r_squared": Coalesce(F(f"{prefix}r_squared"), 0.0),
    }


def _default_rows(stock_codes: Sequence[str]) -> "Mapped":
    """The rule of thumb, for a shop in which nothing could be estimated."""
    found = Product.objects.filter(kind=Kind.MERCHANDISE, is_active=True)
    if rule_of_thumb() is None:
        found = found.none()
    if stock_codes:
        found = found.filter(code__in=stock_codes)
    rows = found.order_by("code").values(stock_code=F("code"), description=F("name"), **_sums("summary__"))
    return Mapped(rows, asdict(RULE_OF_THUMB))


@dataclass(frozen=True, slots=True)
class Mapped:
    """Rows of a queryset, each with the same values added."""

    rows: QuerySet[Any, Any]
    added: Mapping[str, Any]

    def count(self) -> int:
        return self.rows.count()

    def __getitem__(self, page: slice) -> list[dict[str, Any]]:
        return [{**self.added, **row} for row in self.rows[page]]


class WindowedEstimates:
    """Merchandise that sold anything in a window; a slice of it is estimated from the sales of that window.

    A product that the method has no estimate for is counted, and absent from the slice.
    """

    def __init__(self, method: str, stock_codes: Sequence[str], window: Window) -> None:
        self.method, self.window = method, window
        self.codes = _sold_codes(stock_codes, window)

    def count(self) -> int:
        return len(self.codes)

    def __getitem__(self, page: slice) -> list[dict[str, Any]]:
        codes, window = self.codes[page], self.window
        days = shop_days(codes)
        if window.country:
            days = in_country(days, window.country)
        found = estimates_by(self.method, days, fitted_model() if self.method == POOLED else None, window)
        sums = _window_sums(days, window)
        names = dict(Product.objects.filter(code__in=codes).values_list("code", "name"))
        return [
            {"stock_code": code, "description": names[code], **asdict(found[code]), **sums[code]}
            for code in codes
            if code in found and code in names
        ]


def _sold_codes(stock_codes: Sequence[str], window: Window) -> list[str]:
    """Codes of the merchandise that sold anything in the window, ascending."""
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
    return list(found.order_by("code").values_list("code", flat=True))


def _window_sums(days: ShopDays, window: Window) -> dict[str, dict[str, Any]]:
    sold = sold_in(days, window)
    product, units = days.daily.product[sold], days.quantity[sold]
    quantity = group_sums(product, units, len(days.codes)).tolist()
    net = net_quantities(days.codes, window)
    revenue = group_sums(product, units * days.price[sold], len(days.codes)).tolist()
    fit = log_log_fit(days, window)
    return {
        code: {
            "avg_price": revenue[index] / quantity[index] if quantity[index] else None,
            "total_quantity": net.get(code, 0),
            "r_squared": float(fit.r_squared[index]) if fit.usable[index] else 0.0,
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


# --- one product ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProductElasticity:
    """One product's elasticity, and how far it may be trusted."""

    product_id: str
    estimate: ElasticityEstimate | Estimate
    classification: str
    r_squared: float
    warnings: list[str]
    second_opinions: list[SecondOpinion]
    last_updated: dt.datetime | None


def elasticity_of_product(version: DataVersion, code: str, *, method: str | None) -> ProductElasticity:
    """One product's elasticity by the method asked for, else by the best there is.

    Raises
    ------
    NotFound : a service is not priced, or the method has no answer for the product.
    """
    product = _merchandise(Product.objects.select_related("summary").get(code=code))
    cached = {row.method: row for row in ElasticityEstimate.objects.filter(product_id=code)}
    estimate = _chosen(code, cached, method)
    summary = getattr(product, "summary", None)
    return ProductElasticity(
        product_id=code,
        estimate=estimate,
        classification=classify(estimate.elasticity),
        r_squared=summary.r_squared if summary else 0.0,
        warnings=_warnings(estimate),
        second_opinions=second_opinions(code, product.category, cached.values()),
        last_updated=version.published_at,
    )


def _merchandise(product: Product) -> Product:
    if product.kind != Kind.MERCHANDISE:
        raise NotFound(f"{product.code} is a service code: it has no elasticity.")
    return product


def _chosen(
    code: str, cached: dict[str, ElasticityEstimate], method: str | None
) -> ElasticityEstimate | Estimate:
    for name in [method] if method else _preference(code, cached):
        if name in cached:
            return cached[name]
        if name == DEFAULT and (found := RULE_OF_THUMB if method else rule_of_thumb()):
            return found
    if method in LEARNED and (why := why_not(method, code)):
        raise NotFound(f"{code} has no elasticity by the method {method!r}. {why}")
    asked = f"by the method {method!r}" if method else "yet: it has no sales with a price"
    raise NotFound(f"{code} has no elasticity {asked}.")


def _preference(code: str, cached: dict[str, ElasticityEstimate]) -> list[str]:
    """Pooled wherever there are transactions; two points for a product whose history was entered by hand."""
    two_points = [name for name in (ARC, POINT) if name in cached]
    if not (two_points and cached.get(POOLED)) or Transaction.objects.filter(product_id=code).exists():
        return [POOLED, *two_points, DEFAULT]
    # Arc or point, as the size of the last price change asks for; arc where only it has a value.
    if POINT in cached:
        point, arc = cached[POINT].elasticity, cached[ARC].elasticity
        return [ARC if abs(point - arc) > 0.1 * abs(point) else POINT]
    return [ARC]


def _warnings(estimate: ElasticityEstimate | Estimate) -> list[str]:
    if estimate.method == DEFAULT:
        return ["A rule of thumb for any product, whatever this one's sales say."]
    if estimate.method in LEARNED:
        return [
            "A second opinion on the pooled estimate, which prices are recommended by: data_points are weeks on sale."
        ]
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
    if NOT_CONVERGED in estimate.flags:
        warnings.append("The fit did not settle on a value: do not act on this elasticity.")
    if PRICES_FOLLOW_SALES in estimate.flags:
        warnings.append(
            "In this shop prices seem to be set by what was sold before: the elasticity is biased, and only a test of "
            "prices tells by how much."
        )
    if MIXED_PRICES in estimate.flags:
        warnings.append(
            "The totals stand at mean prices that move with who bought: sales lines would tell more."
        )
    if SEVERAL_PRICES in estimate.flags:
        warnings.append(
            "Buyers paid different prices at the same time (stores, contracts): who bought moves with the price, and the "
            "elasticity is too weak as a rule."
        )
    if SELLS_OUT in estimate.flags:
        warnings.append(
            "Stock seems to end where prices are low: more was wanted than was sold, and the elasticity is too weak as a rule."
        )
    if RESPONSE_FADES in estimate.flags:
        warnings.append(
            "In this shop price changes do most in their first week, as where competitors follow them: the elasticity is "
            "that of the weeks after, and too weak for a price that nobody follows."
        )
    if PRICES_FOLLOW_PEAKS in estimate.flags:
        warnings.append(
            "In this category prices move with peaks of sales that come back every year: what looks like an answer to the price "
            "may be the time of year, and only a test of prices tells."
        )
    if METHODS_DISAGREE in estimate.flags:
        warnings.append(
            "A second opinion (second_opinions) contradicts this elasticity, of the product or of its whole category: something "
            "moves sales with the price, and only a test of prices tells which is right."
        )
    return warnings


def diagnostics_of_product(code: str) -> Diagnostics:
    """Regression diagnostics of one product, on the rows of the method `log_log`.

    Raises
    ------
    NotFound : a service is not priced.
    Conflict : too few days with sales, or one price only: there is no regression to diagnose.
    """
    _merchandise(Product.objects.get(code=code))
    days = shop_days([code])
    sold = sold_in(days, Window())
    day = days.daily.day[sold]
    try:
        return diagnose(
            day, days.price[sold], days.quantity[sold], shop_currency(), recorded_costs(code, day)
        )
    except NotEstimable as error:
        raise Conflict(f"{code} has no regression to look at: {error}") from error


def grade_counts() -> dict[str, int]:
    """The active merchandise by the grade of its pooled elasticity; all four grades are named. One query."""
    graded = merchandise().filter(elasticities__method=Method.POOLED).values(grade=F("elasticities__quality"))
    found = dict(graded.annotate(products=Count("pk")).values_list("grade", "products"))
    return {grade: found.get(grade, 0) for grade in Grade.values}
