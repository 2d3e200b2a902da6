"""Record recommendations that were not taken."""

from collections.abc import Sequence
from typing import Final

from elastix.dataset.versions import data_version
from elastix.sql import batches
from pricing.recommendation.models import Override, StandingRecommendation
from pricing.recommendation.selectors.expected import expected_effects
from pricing.recommendation.services.offers import recommendations_rejected
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeSource, PriceChangeStatus

OF_PEOPLE: Final = (PriceChangeSource.MANUAL, PriceChangeSource.PROPOSAL)


def remember_overrides(changes: Sequence[PriceChange]) -> list[Override]:
    """Keep which recommendation each of these changes goes against, if any; in the transaction of their step.

    A change of a person that came into force goes against the standing recommendation to change the price to something
    else; a rejection against the recommendation that was proposed. Rules override nothing.

    Parameters
    ----------
    changes : just applied or rejected.
    """
    rejected = [
        each
        for each in changes
        if each.status == PriceChangeStatus.REJECTED and each.source == PriceChangeSource.RECOMMENDATION
    ]
    applied = [
        each
        for each in changes
        if each.status == PriceChangeStatus.APPLIED
        and each.source in OF_PEOPLE
        and each.old_price is not None
    ]
    recommendations_rejected(rejected)
    standing: dict[str, StandingRecommendation] = {}
    for chunk in batches(sorted({each.product_id for each in applied})):
        found = StandingRecommendation.objects.filter(product_id__in=chunk, changes=True)
        standing |= {each.product_id: each for each in found}
    now: dict[str, object] = {}
    for chunk in batches(sorted({each.product_id for each in rejected})):
        now |= dict(Product.objects.filter(code__in=chunk).values_list("code", "current_price"))
    overrides = [
        Override(change=each, recommended_price=each.new_price, made_by=each.decided_by, reason=each.note)
        for each in rejected
        # The price has moved meanwhile: the recommendation no longer applied.
        if now.get(each.product_id) == each.old_price
    ]
    for each in applied:
        advice = standing.get(each.product_id)
        if advice is None or advice.recommended_price is None or advice.current_price != each.old_price:
            continue
        if advice.recommended_price != each.new_price:
            who = each.proposed_by or each.applied_by
            overrides.append(
                Override(
                    change=each, recommended_price=advice.recommended_price, made_by=who, reason=each.reason
                )
            )
    _expect(overrides)
    return Override.objects.bulk_create(overrides, batch_size=200)


def _expect(overrides: Sequence[Override]) -> None:
    """Keep with each what was expected of the recommended price."""
    if not overrides:
        return
    as_of = data_version().as_of
    asked = [(each.product.pk, each.old_price, each.recommended_price) for each in overrides]
    for each, record in zip(overrides, expected_effects(asked), strict=True):
        if record is not None:
            each.expected = record | {"as_of": as_of and as_of.isoformat()}
