"""Bundles: what several products would cost and bring as one, and which products ask to be bundled."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations
from typing import Any, Final

from django.db.models import F, Q, QuerySet

from elastix.api.fields import money, rounded
from elastix.errors import Conflict, FieldError, Invalid
from pricing.bundles.core.baskets import FEWEST_TOGETHER
from pricing.bundles.core.bundles import HIGHEST_ALPHA, LOWEST_ALPHA, Bundle, bundle
from pricing.bundles.models import CrossPriceModel, ProductPair, Relationship
from pricing.bundles.selectors.baskets import FewBaskets, few_baskets
from pricing.bundles.selectors.pairs import known_pairs, pair_counts
from pricing.recommendation.core.limits import LOWEST_COST_MULTIPLE
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

ASSUMPTION: Final = (
    "1.3 bundles for each unit of the product that sells least, of 30 days. incremental_revenue takes off half of what "
    "the products bring today; incremental_revenue_cautious takes off what the buyers of the product that sells least "
    "pay for all of them today. No sale of this shop shows that buyers would take to the bundle."
)


def bundle_offer(
    codes: Sequence[str], discount: Decimal | None, expected_saving: Decimal | None
) -> dict[str, Any]:
    """Price a bundle of products, as POST /api/price/bundle answers it.

    Raises
    ------
    Invalid : one of them is a service.
    Conflict : one of them has no price.
    """
    products = _priced(codes)
    sold = [_monthly_sales(product) for product in products]
    prices = [product.current_price or Decimal(0) for product in products]
    costs = [product.cost for product in products]
    offer = bundle(prices, costs, sold, discount=discount, expected_saving=expected_saving)
    pairs = known_pairs(codes)
    baskets = few_baskets(codes)
    return {
        "products": [
            {
                "id": product.code,
                "name": product.name,
                "price": money(product.current_price),
                "cost": rounded(product.cost, 4),
                "monthly_sales": units,
            }
            for product, units in zip(products, sold, strict=True)
        ],
        **_figures(offer),
        "alpha": rounded(offer.alpha, 4),
        "optimal_alpha": rounded(offer.optimal_alpha, 4),
        "profit_per_bundle": None if None in costs else money(offer.price - _summed(costs)),
        "projected_bundles_sold": offer.whole_units,
        "incremental_revenue": money(offer.incremental_revenue),
        "incremental_revenue_cautious": money(offer.cautious_revenue),
        "demand_assumption": {"days": MONTH_DAYS, "text": ASSUMPTION},
        "constraints": [
            {
                "rule": SUMMED_COST,
                "bound": money(offer.lowest_price),
                "checked": offer.lowest_price is not None,
                "binding": offer.is_floored,
                "cost_unknown_for": [product.code for product in products if product.cost is None],
            }
        ],
        "evidence": _evidence(codes, baskets, pairs),
        "warnings": _warnings(offer, costs, baskets.with_all(*codes), pairs),
    }


def bundle_suggestions(*, category: str | None, product: str | None, limit: int) -> dict[str, Any]:
    """Pairs that are bought together, those first that are so most often beyond what chance would give.

    Substitutes are left out, and pairs that costs leave no saving.
    """
    found: list[dict[str, Any]] = []
    for pair in _suggested(category, product).iterator(chunk_size=500):
        row = _suggestion(pair)
        if row["savings"] > 0:
            found.append(row)
        if len(found) == limit:
            break
    baskets = CrossPriceModel.objects.values_list("baskets", flat=True).first()
    return {"bundles": found, "baskets": baskets or 0}


# --- a bundle ------------------------------------------------------------------------------------


def _priced(codes: Sequence[str]) -> list[Product]:
    products = Product.objects.select_related("summary").in_bulk(codes)
    for place, code in enumerate(codes):
        if products[code].kind == Kind.SERVICE:
            raise Invalid(FieldError(f"products[{place}]", f"{code} is a service code: it is never priced."))
        if products[code].current_price is None:
            raise Conflict(f"{code} has no price yet. Set one, or load sales.")
    return [products[code] for code in codes]


def _monthly_sales(product: Product) -> int:
    summary = getattr(product, "summary", None)
    return max(summary.monthly_sales, 0) if summary else 0


def _figures(offer: Bundle) -> dict[str, Any]:
    return {
        "individual_total": money(offer.individual_total),
        "bundle_price": money(offer.price),
        "savings": money(offer.savings),
        "savings_percent": rounded(offer.savings_percent, 1),
    }


def _summed(costs: Sequence[Decimal | None]) -> Decimal:
    return sum((cost for cost in costs if cost is not None), Decimal(0))


def _evidence(
    codes: Sequence[str], baskets: FewBaskets, pairs: dict[tuple[str, str], ProductPair]
) -> dict[str, Any]:
    total = CrossPriceModel.objects.values_list("baskets", flat=True).first()
    rows = []
    for x, y in combinations(codes, 2):
        counts = pair_counts(baskets, x, y, total or 0)
        share = counts.association()
        pair = pairs.get((x, y))
        rows.append(
            {
                "product_x": x,
                "product_y": y,
                "baskets_together": counts.both,
                "baskets_x": counts.x,
                "baskets_y": counts.y,
                "confidence": rounded(share["confidence"], 4),
                # Both need the number of all baskets, which is counted with the pairs.
                "support": rounded(share["support"], 6) if total else None,
                "lift": rounded(share["lift"], 2) if total else None,
                "cross_elasticity": rounded(pair.cross_elasticity, 4) if pair else None,
                "relationship": pair.relationship if pair else None,
            }
        )
    return {"baskets_with_all": baskets.with_all(*codes), "pairs": rows}


def _warnings(
    offer: Bundle,
    costs: Sequence[Decimal | None],
    together: int,
    pairs: dict[tuple[str, str], ProductPair],
) -> list[str]:
    limited = offer.optimal_alpha is not None and not LOWEST_ALPHA <= offer.optimal_alpha <= HIGHEST_ALPHA
    near = None not in costs and offer.price < Decimal(str(LOWEST_COST_MULTIPLE)) * _summed(costs)
    found = {
        COST_UNKNOWN: None in costs,
        NO_SAVING: offer.savings <= 0,
        NEAR_COST: near,
        ALPHA_LIMITED: limited,
        SUBSTITUTES: any(pair.relationship == Relationship.SUBSTITUTES for pair in pairs.values()),
        NEVER_TOGETHER: together == 0,
        NO_RECENT_SALES: offer.units == 0,
    }
    return [name for name, holds in found.items() if holds]


# --- suggestions ---------------------------------------------------------------------------------


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


def _suggestion(pair: ProductPair) -> dict[str, Any]:
    both = (pair.product_x, pair.product_y)
    prices = [each.current_price or Decimal(0) for each in both]
    return {
        "products": [each.code for each in both],
        "names": [each.name for each in both],
        "baskets_together": pair.baskets_together,
        "support": rounded(pair.support, 6),
        "confidence": rounded(pair.confidence, 4),
        "confidence_back": rounded(pair.support * pair.lift / pair.confidence, 4),
        "lift": rounded(pair.lift, 2),
        "cross_elasticity": rounded(pair.cross_elasticity, 4),
        "relationship": pair.relationship,
        **_figures(bundle(prices, [each.cost for each in both], [0, 0])),
    }
