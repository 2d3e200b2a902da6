"""Automatic recommendations: those that are certain enough, and those already offered."""

from django.conf import settings
from django.db.models import QuerySet

from pricing.recommendation.core.constants import SURE_ENOUGH
from pricing.recommendation.models import Recommendation, RecommendationState, StandingRecommendation
from pricing.recommendation.selectors.standing import standing_recommendations, without_open_change

OPEN, REFUSED = RecommendationState.OPEN, RecommendationState.REFUSED


def sure_recommendations() -> QuerySet[StandingRecommendation]:
    """The recommended changes that are sure enough to be offered.

    They gain with a probability of at least SURE_ENOUGH by an elasticity whose grade the shop allows, no other change of the
    product is open, and no price experiment holds its price. Policies keep a price from being recommended to change while it
    cools down.
    """
    found = standing_recommendations(moved=True).filter(
        probability_of_gain__gte=SURE_ENOUGH,
        profit_change__gt=0,
        quality__in=settings.RECOMMENDATION_GRADES,
        product__price_hold__isnull=True,
    )
    return without_open_change(found)


def recommendations() -> QuerySet[Recommendation]:
    """All that were offered, in any state, each with its product."""
    return Recommendation.objects.select_related("product")


def open_codes() -> list[str]:
    """Products with an open recommendation, by code."""
    found = Recommendation.objects.filter(state=OPEN).order_by("product_id")
    return list(found.values_list("product_id", flat=True))
