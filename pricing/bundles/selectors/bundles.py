"""Bundles: price and expected result of selling several products as one, and proposed bundles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any, Final, NamedTuple

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from elastix.errors import Conflict, FieldError, Invalid
from elastix.fields import QuantityField
from elastix.shop import shop_currency
from pricing.bundles.core.bundles import Bundle, bundle
from pricing.bundles.core.constants import FEWEST_TOGETHER
from pricing.bundles.models import CrossPriceModel, ProductPair, Relationship
from pricing.bundles.selectors.baskets import FewBaskets, few_baskets
from pricing.bundles.selectors.pairs import known_pairs
from pricing.recommendation.core.limits import LOWEST_COST_MULTIPLE
from pricing.recommendation.selectors.policies import tax_factors
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.models import Product
from pricing.sales.models.products import Kind

SUMMED_COST: Final = "summed_cost_plus_2"

COST_UNKNOWN: Final = "COST_UNKNOWN"
NO_SAVING: Final = "NO_SAVING"
NEAR_COST: Final = "NEAR_COST"
ALPHA_LIMITED: Final = "ALPHA_LIMITED"
SUBSTITUTES: Final = "SUBSTITUTES"
NEVER_TOGETHER: Final = "NEVER_TOGETHER"
NO_RECENT_SALES: Final = "NO_RECENT_SALES"

ASSUMPTION: Final = {
    "days": MONTH_DAYS,
    "text": "1.3 bundles for each unit of the product that sells least, of 30 days. incremental_revenue takes off half of "
    "what the products bring today; incremental_revenue_cautious takes off what the buyers of the product that sells least "
    "pay for all of them today. No sale of this shop shows that buyers would take to the bundle.",
}


class Constraint(NamedTuple):
    """The lowest price; `bound` is None where a cost is not known."""

    rule: str
    bound: Decimal | None
    checked: bool
    binding: bool
    cost_unknown_for: list[str]


class PairEvidence(NamedTuple):
    """Joint purchases and cross-price elasticity of two products of a bundle; None where not computed yet."""

    product_x: str
    product_y: str
    baskets_together: int
    baskets_x: int
    baskets_y: int
    confidence: float
    support: float | None
    lift: float | None
    cross_elasticity: float | None
    relationship: str | None


class Evidence(NamedTuple):
    baskets_with_all: int
    pairs: list[PairEvidence]


@dataclass(frozen=True, slots=True)
class BundleOffer:
    """A bundle of products (with `monthly_sales`), its price and what speaks for it; `profit` per bundle is None where
    a cost is not known.
    """

    bundle: Bundle
    products: list[Any]
    profit: Decimal | None
    constraints: list[Constraint]
    evidence: Evidence
    warnings: list[str]
    demand_assumption: Mapping[str, Any]


class Suggestion(NamedTuple):
    """Two products that are bought together, and the price of both as one."""

    pair: ProductPair
    bundle: Bundle

    @property
    def products(self) -> list[str]:
        return [self.pair.product_x_id, self.pair.product_y_id]

    @property
    def names(self) -> list[str]:
        return [self.pair.product_x.name, self.pair.product_y.name]

    @property
    def confidence_back(self) -> float:
        return self.pair.support * self.pair.lift / self.pair.confidence


def bundle_offer(
    codes: Sequence[str], discount: Decimal | None, expected_saving: Decimal | None
) -> BundleOffer:
    """Price a bundle of products.

    Raises
    ------
    Invalid : one of them is a service.
    Conflict : one of them has no price.
    """
    products = _priced(codes)
    prices, sold = zip(*((each.current_price, each.monthly_sales) for each in products), strict=True)
    factors = tax_factors(products)
    costs = with_tax(products, factors)
    offer = bundle(
        prices, costs, sold, discount=discount, expected_saving=expected_saving, currency=shop_currency()
    )
    summed = sum((cost for cost in costs if cost is not None), Decimal(0))
    # One price for goods that are taxed apart: each bears tax by its share of the summed prices.
    net = sum((price / factors[each.code] for each, price in zip(products, prices, strict=True)), Decimal(0))
    net_offer = offer.price * net / offer.individual_total
    unknown = [product.code for product in products if product.cost is None]
    checked = offer.lowest_price is not None
    pairs, baskets = known_pairs(codes), few_baskets(codes)
    together = baskets.with_all(*codes)
    warnings = {
        COST_UNKNOWN: bool(unknown),
        NO_SAVING: offer.savings <= 0,
        NEAR_COST: not unknown and offer.price < Decimal(str(LOWEST_COST_MULTIPLE)) * summed,
        ALPHA_LIMITED: offer.optimal_alpha not in (None, offer.alpha),
        SUBSTITUTES: any(pair.relationship == Relationship.SUBSTITUTES for pair in pairs.values()),
        NEVER_TOGETHER: together == 0,
        NO_RECENT_SALES: offer.units == 0,
    }
    return BundleOffer(
        bundle=offer,
        products=products,
        profit=None if unknown else net_offer - sum((each.cost for each in products), Decimal(0)),
        constraints=[Constraint(SUMMED_COST, offer.lowest_price, checked, offer.is_floored, unknown)],
        demand_assumption=ASSUMPTION,
        evidence=Evidence(together, _evidence(codes, baskets, pairs)),
        warnings=[name for name, holds in warnings.items() if holds],
    )


def bundle_suggestions(*, category: str | None, product: str | None, limit: int) -> list[Suggestion]:
    """Pairs that are bought together, those first that are so most often beyond what chance would give.

    Substitutes are left out, and pairs that costs leave no saving.
    """
    found: list[Suggestion] = []
    factors: dict[str, Decimal] = {}
    for pair in _suggested(category, product).iterator(chunk_size=500):
        both = [pair.product_x, pair.product_y]
        factors |= tax_factors([each for each in both if each.code not in factors])
        prices = [each.current_price or Decimal(0) for each in both]
        offer = bundle(prices, with_tax(both, factors), [0, 0], currency=shop_currency())
        if offer.savings > 0:
            found.append(Suggestion(pair, offer))
        if len(found) == limit:
            break
    return found


def with_tax(products: Sequence[Any], factors: Mapping[str, Decimal]) -> list[Decimal | None]:
    """Costs of products with the tax that their prices include: what prices can be compared with; None where unknown."""
    return [None if each.cost is None else each.cost * factors[each.code] for each in products]


def counted_baskets() -> int:
    """Invoices with merchandise, as counted with the pairs; 0 before."""
    return CrossPriceModel.objects.values_list("baskets", flat=True).first() or 0


def _priced(codes: Sequence[str]) -> list[Any]:
    month = Greatest(
        Coalesce("summary__monthly_sales", 0, output_field=QuantityField()), 0, output_field=QuantityField()
    )
    products = Product.objects.annotate(monthly_sales=month).in_bulk(codes)
    for place, code in enumerate(codes):
        if products[code].kind == Kind.SERVICE:
            raise Invalid(FieldError(f"products[{place}]", f"{code} is a service code: it is never priced."))
        if products[code].current_price is None:
            raise Conflict(f"{code} has no price yet. Set one, or load sales.")
    return [products[code] for code in codes]


def _evidence(
    codes: Sequence[str], baskets: FewBaskets, pairs: Mapping[tuple[str, str], ProductPair]
) -> list[PairEvidence]:
    total = counted_baskets()
    rows = []
    for x, y in combinations(codes, 2):
        counts, pair = baskets.of_pair(x, y, total), pairs.get((x, y))
        way = counts.association()
        rows.append(
            PairEvidence(
                x,
                y,
                *counts[:3],
                confidence=float(way.confidence),
                support=float(way.support) if total else None,
                lift=float(way.lift) if total else None,
                cross_elasticity=pair.cross_elasticity if pair else None,
                relationship=pair.relationship if pair else None,
            )
        )
    return rows


def _suggested(category: str | None, product: str | None) -> QuerySet[ProductPair]:
    found = ProductPair.objects.filter(
        lift__gt=1,
        baskets_together__gte=FEWEST_TOGETHER,
        product_x__is_active=True,
        product_y__is_active=True,
        product_x__current_price__isnull=False,
        product_y__current_price__isnull=False,
    ).exclude(relationship=Relationship.SUBSTITUTES)
    once = Q(product_x__lt=F("product_y")) if product is None else Q(product_x=product)
    found = found.filter(once)
    if category is not None:
        found = found.filter(Q(product_x__category=category) | Q(product_y__category=category))
    beyond_chance = F("baskets_together") * (1 - 1 / F("lift"))
    return (
        found.annotate(beyond_chance=beyond_chance)
        .select_related("product_x", "product_y")
        .order_by("-beyond_chance", "product_x_id", "product_y_id")
    )
