"""Automatic recommendations: offer them, keep them current, record those that were refused."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from elastix.dataset.versions import data_version, lock_version
from elastix.errors import Conflict
from elastix.sql import batches
from pricing.recommendation.core.offers import Advice, differs_materially
from pricing.recommendation.models import Override, Recommendation, RecommendationState
from pricing.recommendation.selectors.expected import expected_effects
from pricing.recommendation.selectors.offers import sure_recommendations
from pricing.recommendation.selectors.standing import filtered_standing, standing_recommendations
from pricing.sales.models import PriceChange

LONG_ENOUGH: Final = dt.timedelta(days=1)
"""For somebody to decide on a recommendation: one that ended sooner is not followed up."""

OPEN, PROPOSED, REFUSED, SUPERSEDED, EXPIRED = RecommendationState
FIGURES: Final = (
    "current_price", "recommended_price", "profit_change", "gain_low", "gain_high", "probability_of_gain",
    "quality", "evidence", "limits", "warnings",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RefusedRecommendations:
    """What was refused, and the codes of products of which there was nothing to refuse."""

    refused: list[Recommendation]
    left_out: list[str]


@transaction.atomic
def recommendations_update() -> None:
    """Bring what is offered in line with the standing recommendations.

    An open recommendation takes over their figures; it is superseded where the advice differs materially, and expires
    where it is not sure enough any more, or another change of the product is open. What nobody decided on, though there
    was time to, is followed up like what was refused. One that was refused is remembered until the advice differs
    materially, sure or not: the desk shows what is unsure, too.
    """
    lock_version()
    now = timezone.now()
    sure: dict[str, Any] = {row.product_id: row for row in sure_recommendations()}
    changed: list[Recommendation] = []
    ended: list[Recommendation] = []
    new = dict(sure)
    against_refused = filtered_standing(standing_recommendations(moved=True), {"offer": REFUSED})
    of_refused: dict[str, Any] = {row.product_id: row for row in against_refused}
    for kept in Recommendation.objects.filter(stands=True).select_related("product"):
        row = (of_refused if kept.state == REFUSED else sure).get(kept.product_id)
        same = row is not None and not differs_materially(kept.advice, _advice(row))
        if same:
            new.pop(kept.product_id, None)
        if kept.state == REFUSED:
            if row is not None and not same:
                kept.stands = False
                changed.append(kept)
        elif same:
            changed += [kept] if _take(kept, row) else []
        else:
            kept.state, kept.stands = EXPIRED if row is None else SUPERSEDED, False
            kept.decided_at = now
            changed.append(kept)
            ended.append(kept)
    Recommendation.objects.bulk_update(changed, [*FIGURES, "state", "stands", "decided_at"], batch_size=100)
    Recommendation.objects.bulk_create([_offer(row, now) for row in new.values()], batch_size=500)
    _follow_up([each for each in ended if _was_left(each, now)])


@transaction.atomic
def recommendations_refuse(codes: Sequence[str], *, by: str, reason: str) -> RefusedRecommendations:
    """Refuse the recommended changes of these products, offered or not; they are not offered again as they are.

    What each was expected to bring is kept with it, so that the overrides can tell what refusing it earned or cost.

    Raises
    ------
    Conflict : there is nothing to refuse: none is recommended any more, or each is refused or proposed already.
    """
    lock_version()
    now = timezone.now()
    found: dict[str, Any] = {}
    standing: dict[str, Recommendation] = {}
    for chunk in batches(sorted(set(codes))):
        advice: Any = standing_recommendations(moved=True).filter(product_id__in=chunk)
        found |= {row.product_id: row for row in advice if row.open_change is None}
        kept = Recommendation.objects.filter(product_id__in=chunk, stands=True)
        standing |= {each.product_id: each for each in kept}
    refused = []
    for code, row in sorted(found.items()):
        each = standing.get(code) or _offer(row, now)
        if each.state != REFUSED:
            _take(each, row)
            each.state, each.decided_at, each.decided_by, each.reason = REFUSED, now, by, reason
            refused.append(each)
    if not refused:
        raise Conflict("Nothing was refused: no change of these prices is recommended, or it is decided on.")
    offered = [each for each in refused if each.pk is not None]
    decided = [*FIGURES, "state", "decided_at", "decided_by", "reason"]
    Recommendation.objects.bulk_update(offered, decided, batch_size=100)
    Recommendation.objects.bulk_create([each for each in refused if each.pk is None], batch_size=500)
    _follow_up(refused)
    return RefusedRecommendations(refused, sorted(set(codes) - {each.product_id for each in refused}))


def recommendations_proposed(changes: Iterable[PriceChange]) -> None:
    """Note at the open recommendations of their products that these changes propose them; in their transaction."""
    proposed = {each.product_id: each for each in changes}
    taken: list[Recommendation] = []
    for chunk in batches(sorted(proposed)):
        taken += Recommendation.objects.filter(product_id__in=chunk, state=OPEN)
    for each in taken:
        change = proposed[each.product_id]
        each.state, each.stands, each.change = PROPOSED, False, change
        each.decided_at, each.decided_by = change.created_at, change.proposed_by
    columns = ["state", "stands", "change", "decided_at", "decided_by"]
    Recommendation.objects.bulk_update(taken, columns, batch_size=100)


def recommendations_rejected(changes: Iterable[PriceChange]) -> None:
    """Remember that recommendations were refused whose proposals are rejected; in the transaction of that step."""
    rejected: dict[int | None, PriceChange] = {each.pk: each for each in changes}
    for chunk in batches(sorted(each.pk for each in rejected.values())):
        for each in Recommendation.objects.filter(change__in=chunk, state=PROPOSED):
            change = rejected[each.change_id]
            # Refused before and proposed all the same: that refusal is what is remembered.
            each.stands = not Recommendation.objects.filter(product_id=each.product_id, stands=True).exists()
            each.state, each.reason = REFUSED, change.note
            each.decided_at, each.decided_by = change.decided_at, change.decided_by
            each.save()


def _advice(row: Any) -> Advice:
    return Advice(row.current_price, row.recommended_price, row.profit_change or 0.0, row.quality)


def _offer(row: Any, now: dt.datetime) -> Recommendation:
    offer = Recommendation(product_id=row.product_id, offered_at=now)
    _take(offer, row)
    return offer


def _take(offer: Recommendation, row: Any) -> bool:
    """Take over the figures of a standing recommendation; return whether any is another one."""
    before = [getattr(offer, name) for name in FIGURES]
    for name in FIGURES:
        value = getattr(row, name)
        setattr(offer, name, 0.0 if value is None else value)
    return before != [getattr(offer, name) for name in FIGURES]


def _was_left(ended: Recommendation, now: dt.datetime) -> bool:
    """Whether nobody took a recommendation that ended, though it stood for long enough: its price is still the one of then."""
    return now - ended.offered_at >= LONG_ENOUGH and ended.product.current_price == ended.current_price


def _follow_up(refused: Sequence[Recommendation]) -> None:
    """Keep what is expected of recommendations that were not taken, beside the changes that were not."""
    if not refused:
        return
    as_of = data_version().as_of
    records = expected_effects(
        [(each.product_id, each.current_price, each.recommended_price) for each in refused]
    )
    Override.objects.bulk_create(
        [
            Override(
                recommendation=each,
                recommended_price=each.recommended_price,
                made_by=each.decided_by,
                reason=each.reason,
                expected=None if record is None else record | {"as_of": as_of and as_of.isoformat()},
            )
            for each, record in zip(refused, records, strict=True)
        ],
        batch_size=200,
    )
