"""Proposing in the ledger what a bulk optimization recommends."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from elastix.dataset.versions import lock_version
from elastix.errors import Conflict
from elastix.fields import uuid7
from pricing.changes.services import price_changes as ledger
from pricing.recommendation.models import BulkOptimization, BulkRow
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
    wanted, left_out = _still_as_found(rows)
    batch, source = uuid7(), PriceChangeSource.RECOMMENDATION
    reason = reason or f"Recommended by bulk optimization {job_id}."
    while wanted:
        try:
            ledger.propose(wanted, by=by, reason=reason, source=source, batch=batch)
            break
        except ledger.ProposalRefused as error:
            refused = {each.key for each in error.refusals}
            left_out += [_left_out(each.product_id, each.code, each.reason) for each in error.refusals]
            wanted = [each for key, each in enumerate(wanted) if key not in refused]
    left_out.sort(key=lambda each: each["product_id"])
    if not wanted:
        conflict = Conflict(
            f"None of the {len(left_out)} changes of job {job_id} can be proposed any more. Optimize anew."
        )
        conflict.errors = [
            {"field": each["product_id"], "code": each["code"], "message": each["reason"]}
            for each in left_out[: ledger.MOST_NAMED]
        ]
        raise conflict
    found.batch, found.proposed, found.left_out = batch, len(wanted), left_out
    found.proposed_at, found.proposed_by = timezone.now(), by
    found.save()
    return found, True


def _still_as_found(rows: Sequence[BulkRow]) -> tuple[list[ledger.PriceProposal], list[dict[str, str]]]:
    """The prices to propose, and the products whose price has moved since it was looked at."""
    prices = dict(Product.objects.values_list("code", "current_price"))
    wanted, moved = [], []
    for row in rows:
        now, price = prices[row.product_id], row.recommended_price
        if now == row.current_price and price is not None:
            wanted.append(ledger.PriceProposal(row.product_id, price))
        else:
            text = f"the price was {row.current_price} when it was looked at and is {now} now"
            moved.append(_left_out(row.product_id, "price_moved", text))
    return wanted, moved


def _left_out(code: str, word: str, reason: str) -> dict[str, str]:
    return {"product_id": code, "code": word, "reason": f"{reason[0].upper()}{reason[1:]}."}
