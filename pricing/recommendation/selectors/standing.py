"""The prices recommended for all products as they stand: ranked, filtered, and why the others are left alone."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    FloatField,
    Min,
    OrderBy,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from elastix.dataset.models import DataVersion
from pricing.elasticity.models import Method
from pricing.recommendation.models import (
    CategorySummary,
    PricePolicy,
    PriceRelation,
    Recommendation,
    RecommendationState,
    StandingRecommendation,
)
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.models import PriceChange, PriceHold, Product
from pricing.sales.models.price_changes import PriceChangeStatus
from pricing.sales.models.products import Kind
from pricing.sales.selectors.products import merchandise

RAISE: Final = "raise"
LOWER: Final = "lower"
HELD: Final = "held"
OPEN: Final = (PriceChangeStatus.PROPOSED, PriceChangeStatus.APPROVED)
# Of the wing above, reached by its relation to products.
SegmentElasticity: Any = Product._meta.get_field("segment_elasticities").related_model
SEGMENTS: Final = tuple(value for value, _ in SegmentElasticity._meta.get_field("segment").choices)

ORDERINGS: Final = {
    "product": "product_id",
    "gain": "profit_change",
    "change": "change_percent",
    "chance": "probability_of_gain",
    "elasticity": "elasticity",
    "grade": "quality",
    "evidence": "evidence",
    "competitor": "competitor_price",
    "stock": "stock_days",
}
MONEY: Final = FloatField()


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """How many products keep their price for one reason, in one word."""

    reason: str
    count: int


def standing_recommendations(moved: bool | None = None) -> QuerySet[StandingRecommendation]:
    """What is recommended for each product for sale whose price is still the one it was looked at.

    Each with its `product` and, beside the columns: `change_percent`; `ci_low` and `ci_high`, the 95 % interval of the
    elasticity, and `evidence`, what it rests on ("" without one); `stock_days`, how long the stock lasts at the present price;
    `open_change`, the number of the change that is proposed or approved already; `offer`, the state of the recommendation of
    its product that stands: open, refused (and remembered) or None.

    Parameters
    ----------
    moved : only the recommended changes, or only what is left alone; None: both.
    """
    price, recommended = Cast("current_price", MONEY), Cast("recommended_price", MONEY)
    found = StandingRecommendation.objects.filter(
        Q(product__current_price=F("current_price"))
        | Q(product__current_price__isnull=True, current_price__isnull=True),
        product__is_active=True,
        product__kind=Kind.MERCHANDISE,
    )
    if moved is not None:
        found = found.filter(changes=moved)
    waiting = PriceChange.objects.filter(product_id=OuterRef("product_id"), status__in=OPEN)
    offers = Recommendation.objects.filter(product_id=OuterRef("product_id"), stands=True)
    return (
        found.select_related("product")
        .alias(
            estimate=FilteredRelation(
                "product__elasticities", condition=Q(product__elasticities__method=Method.POOLED)
            )
        )
        .annotate(
            change_percent=100 * (recommended - price) / price,
            ci_low=F("estimate__ci_low"),
            ci_high=F("estimate__ci_high"),
            evidence=Coalesce(F("estimate__evidence"), Value("")),
            stock_days=Case(
                When(
                    quantity_now__gt=0,
                    then=MONTH_DAYS * Cast("product__stock_level", MONEY) / F("quantity_now"),
                )
            ),
            open_change=Subquery(waiting.order_by("-pk").values("pk")[:1]),
            offer=Subquery(offers.values("state")[:1]),
        )
    )


def bought_most_by(found: QuerySet[StandingRecommendation], segment: str) -> QuerySet[StandingRecommendation]:
    """Those of the products of which a segment of customers buys more units than any other one."""
    of_product = SegmentElasticity.objects.filter(product_id=OuterRef("product_id")).order_by(
        "-units", "segment"
    )
    return found.annotate(main_segment=Subquery(of_product.values("segment")[:1])).filter(
        main_segment=segment
    )


def filtered_standing(
    found: QuerySet[StandingRecommendation], asked: Mapping[str, str]
) -> QuerySet[StandingRecommendation]:
    """Keep what is asked for: category, grade, change (raise or lower), risk, segment, reason, offer; "" is any."""
    columns = {
        "category": "product__category",
        "grade": "quality",
        "risk": "risk_level",
        "reason": "reason",
        "offer": "offer",
    }
    given = {columns[name]: value for name, value in asked.items() if name in columns and value}
    found = found.filter(**given)
    if change := asked.get("change"):
        above = Q(recommended_price__gt=F("current_price"))
        found = found.filter(above if change == RAISE else ~above)
    return bought_most_by(found, asked["segment"]) if asked.get("segment") else found


def ordered_standing(
    found: QuerySet[StandingRecommendation], ordering: str
) -> QuerySet[StandingRecommendation]:
    """Sort by a key of `ORDERINGS`, with "-" in front for descending; what is not known comes last."""
    column, falling = F(ORDERINGS[ordering.removeprefix("-")]), ordering.startswith("-")
    return found.order_by(OrderBy(column, descending=falling, nulls_last=True), "product_id")


def without_open_change(found: QuerySet[StandingRecommendation]) -> QuerySet[StandingRecommendation]:
    """Those that can be proposed: no other change of the product is open."""
    waiting = PriceChange.objects.filter(product_id=OuterRef("product_id"), status__in=OPEN)
    return found.filter(~Exists(waiting))


def not_refused(found: QuerySet[StandingRecommendation]) -> QuerySet[StandingRecommendation]:
    """Those that nobody has refused, or whose advice has changed materially since."""
    return found.filter(Q(offer__isnull=True) | Q(offer=RecommendationState.OPEN))


def not_held(found: QuerySet[StandingRecommendation]) -> QuerySet[StandingRecommendation]:
    """Those whose price nobody holds, as a price experiment does."""
    return found.filter(product__price_hold__isnull=True)


def left_alone(category: str = "") -> list[LeftAlone]:
    """Why products keep their price, each counted once: those that are held, then the most frequent reason first."""
    found = filtered_standing(standing_recommendations(), {"category": category})
    held = found.filter(product__price_hold__isnull=False).count()
    rows = not_held(found.filter(changes=False)).order_by()
    counts = rows.values_list("reason").annotate(count=Count("product_id"))
    reasons = [
        LeftAlone(reason, count) for reason, count in sorted(counts, key=lambda each: (-each[1], each[0]))
    ]
    return [LeftAlone(HELD, held), *reasons] if held else reasons


def of_reason(found: Any, reason: str) -> Any:
    """Those of the standing recommendations that keep their price for a reason: `HELD`, or else the recommendation's own.

    All that keep it where no reason is given. Each says whether it `is_held`.
    """
    found = found.annotate(is_held=Exists(PriceHold.objects.filter(product_id=OuterRef("product_id"))))
    if reason == HELD:
        return found.filter(is_held=True)
    if not reason:
        return found.filter(Q(changes=False) | Q(is_held=True))
    return found.filter(changes=False, is_held=False, reason=reason)


def computed_to() -> tuple[Any, Any]:
    """When the recommendations were computed, and the first day that is not in their figures; None before the first."""
    found = StandingRecommendation.objects.aggregate(at=Min("computed_at"), as_of=Min("as_of"))
    return found["at"], found["as_of"]


def standing_is_behind(version: DataVersion, older_than: dt.datetime | None = None) -> bool:
    """Whether what prices rest on has changed since they were recommended, or that was long ago: figures, products, costs,
    policies, price relations. They are recommended again within a minute (`categories_refresh_if_outdated`).
    """
    with_prices = CategorySummary.objects.annotate(standing=Exists(StandingRecommendation.objects.all()))
    oldest = with_prices.order_by("computed_at", "pk").first()
    if oldest is None:
        return merchandise().exists()
    of = (oldest.published_version, oldest.catalogue_version)
    return (
        not oldest.standing
        or of != (version.published_version, version.catalogue_version)
        or (older_than is not None and oldest.computed_at <= older_than)
        or any(
            rules.objects.filter(updated_at__gt=oldest.computed_at).exists()
            for rules in (PricePolicy, PriceRelation)
        )
    )
