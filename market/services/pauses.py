"""Pause a repricing rule for products whose prices oscillate, and resume it."""

import datetime as dt
from collections.abc import Collection, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Max, Q
from django.utils import timezone

from elastix.dataset.versions import lock_version
from market.core.calming import PASSES, REMEMBERED_DAYS
from market.models import RepricingPause, RepricingResult, RepricingRule
from market.models.rules import RepricingOutcome
from market.selectors.rules import find_rule
from market.services.evaluating import PAUSED
from market.services.repricing_alerts import report_pauses


def hold_circling(chunk: Sequence[RepricingResult], rule: RepricingRule, *, record: bool) -> None:
    """Hold back what a rule would move through a level once too often; the caller holds the version row's lock.

    Parameters
    ----------
    record : pause these products for the rule; not in a dry run.
    """
    if not rule.follows_competitors:
        return
    wanted = {each.product_id: each for each in chunk if not each.reason}
    passes = _passes(wanted, rule)
    circling = [each for code, each in wanted.items() if passes.get(code, 0) >= PASSES - 1]
    for each in circling:
        each.reason = PAUSED
    if record:
        RepricingPause.objects.bulk_create(
            RepricingPause(
                rule=rule,
                product_id=each.product_id,
                old_price=each.old_price,
                new_price=each.new_price,
                passes=passes[each.product_id],
            )
            for each in circling
        )


def _passes(wanted: dict[str, RepricingResult], rule: RepricingRule) -> dict[str, int]:
    """How often the rule has moved each product through the middle of what it wants now, in that direction."""
    if not wanted:
        return {}
    since = timezone.now() - dt.timedelta(days=REMEMBERED_DAYS)
    pauses = RepricingPause.objects.filter(rule=rule, product_id__in=wanted, resumed_at__gte=since)
    resumed = dict(pauses.order_by().values_list("product_id").annotate(Max("resumed_at")))
    condition = Q()
    for code, each in wanted.items():
        level = (each.old_price + each.new_price) / Decimal(2)
        falls = each.new_price < each.old_price
        passed = (
            Q(old_price__gt=level, new_price__lt=level)
            if falls
            else Q(old_price__lt=level, new_price__gt=level)
        )
        # A run that was made up its mind on before the resumption counts no more.
        condition |= Q(product_id=code, run__created_at__gte=resumed.get(code, since)) & passed
    applied = RepricingResult.objects.filter(condition, rule=rule, outcome=RepricingOutcome.APPLIED)
    return dict(applied.order_by().values_list("product_id").annotate(Count("pk")))


@transaction.atomic
def pauses_resume(rule_id: int, *, by: str, codes: Collection[str] = ()) -> int:
    """Let a rule change the prices of paused products again; return of how many.

    Parameters
    ----------
    codes : of these products; of all that are paused if none is given.

    Raises
    ------
    NotFound : there is no such rule.
    """
    lock_version()
    rule = find_rule(rule_id)
    standing = RepricingPause.objects.filter(rule=rule, resumed_at__isnull=True)
    if codes:
        standing = standing.filter(product_id__in=codes)
    resumed = standing.update(resumed_at=timezone.now(), resumed_by=by)
    report_pauses([rule])
    return resumed
