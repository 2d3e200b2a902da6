"""Proposing recommended prices as they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from elastix.dataset.versions import lock_version
from elastix.errors import Conflict
from elastix.fields import uuid7
from elastix.sql import batches
from elastix.texts import joined
from pricing.changes.services.price_changes import propose_valid
from pricing.changes.services.validation import MOST_NAMED, NOTHING_PROPOSED, PriceProposal, RuleViolation
from pricing.recommendation.selectors.standing import standing_recommendations
from pricing.recommendation.services.offers import recommendations_proposed
from pricing.sales.models import PriceChange
from pricing.sales.models.price_changes import PriceChangeSource

RECOMMENDED = "Recommended"


@dataclass(frozen=True, slots=True)
class ProposedBatch:
    """What was proposed as one batch, and what was left out and why."""

    batch: UUID
    changes: list[PriceChange]
    left_out: list[RuleViolation]


@transaction.atomic
def propose_recommended(codes: Sequence[str], *, by: str, reason: str = "") -> ProposedBatch:
    """Propose the recommended prices of these products as one batch; what cannot be proposed is left out.

    Raises
    ------
    Conflict : none of them can be proposed: none is recommended any more, or each has an open change.
    """
    lock_version()
    recommended: dict[str, Decimal | None] = {}
    for chunk in batches(sorted(set(codes))):
        found = standing_recommendations(moved=True).filter(product_id__in=chunk)
        recommended |= {each.product_id: each.recommended_price for each in found}
    left_out = [
        RuleViolation(key, code, "not_recommended", f"no other price of {code} is recommended any more")
        for key, code in enumerate(sorted(set(codes) - set(recommended)))
    ]
    proposals = [
        PriceProposal(code, price) for code, price in sorted(recommended.items()) if price is not None
    ]
    batch = uuid7()
    changes, violations = propose_valid(
        proposals,
        by=by,
        reason=reason or RECOMMENDED,
        source=PriceChangeSource.RECOMMENDATION,
        batch=batch,
    )
    left_out += violations
    if not changes:
        conflict = Conflict(joined([NOTHING_PROPOSED, *(each.sentence for each in left_out[:MOST_NAMED])]))
        conflict.errors = [
            {"field": each.product_id, "code": each.code, "message": each.sentence} for each in left_out
        ]
        raise conflict
    recommendations_proposed(changes)
    return ProposedBatch(batch, changes, left_out)
