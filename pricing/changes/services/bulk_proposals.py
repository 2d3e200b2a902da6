"""Proposing the prices that a bulk optimization recommends."""

from django.db import transaction
from django.utils import timezone

from elastix.dataset.versions import lock_version
from elastix.errors import Conflict
from elastix.fields import uuid7
from pricing.changes.services.price_changes import propose_valid
from pricing.changes.services.validation import MOST_NAMED, PriceProposal, RuleViolation
from pricing.recommendation.models import BulkOptimization
from pricing.recommendation.selectors.bulk import find_optimization
from pricing.sales.models import Product
from pricing.sales.models.price_changes import PriceChangeSource


@transaction.atomic
def bulk_propose(job_id: int, *, by: str, reason: str = "") -> tuple[BulkOptimization, bool]:
    """Propose all changed prices of an optimization as one batch; what cannot be proposed any more is left out.

    Returns
    -------
    The optimization, and whether this call proposed it: a second one finds the first one's batch.

    Raises
    ------
    NotFound, Conflict : as `find_optimization`; also Conflict where no price is left to propose.
    """
    lock_version()
    found = find_optimization(job_id)
    if found.batch is not None:
        return found, False
    rows = list(found.rows.filter(changes=True).order_by("product_id"))
    if not rows:
        raise Conflict(f"Job {job_id} recommends to change no price, so there is nothing to propose.")
    prices = dict(Product.objects.values_list("code", "current_price"))
    proposals, violations = [], []
    for row in rows:
        now, price = prices[row.product_id], row.recommended_price
        if now == row.current_price and price is not None:
            proposals.append(PriceProposal(row.product_id, price))
        else:
            text = f"the price was {row.current_price} when it was looked at and is {now} now"
            violations.append(RuleViolation(row.pk, row.product_id, "price_moved", text))
    reason = reason or f"Recommended by bulk optimization {job_id}."
    batch, source = uuid7(), PriceChangeSource.RECOMMENDATION
    changes, invalid = propose_valid(proposals, by=by, reason=reason, source=source, batch=batch)
    violations = sorted([*violations, *invalid], key=lambda each: each.product_id)
    if not changes:
        conflict = Conflict(
            f"None of the {len(violations)} changes of job {job_id} can be proposed any more. Optimize again."
        )
        conflict.errors = [
            {"field": each.product_id, "code": each.code, "message": each.sentence}
            for each in violations[:MOST_NAMED]
        ]
        raise conflict
    found.batch, found.proposed, found.proposed_at, found.proposed_by = (
        batch,
        len(changes),
        timezone.now(),
        by,
    )
    found.left_out = [
        {"product_id": each.product_id, "code": each.code, "reason": each.sentence} for each in violations
    ]
    found.save()
    return found, True
