"""Runs of the repricing rules: requested once an hour or by a manager, and each change made once.

A run is one job and one batch of price changes. What it did about a product is written in the transaction that did it,
and a run has at most one row for a product: a worker that takes over a killed run goes on after the last row.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from elastix.api.permissions import Role, role_of
from elastix.dataset.versions import lock_version
from elastix.errors import Conflict
from elastix.fields import uuid7
from elastix.jobs.models import OPEN_STATES, Job
from elastix.jobs.runner import JobRun, dispatch_on_commit
from elastix.sql import batches
from market.models import RepricingResult, RepricingRule, RepricingRun
from market.models.rules import RepricingOutcome
from market.selectors.rules import find_rule
from market.selectors.signals import shop_moment, stale_data
from market.services import repricing_alerts
from market.services.evaluating import RUN_CAP, Evaluation, evaluate, rules_in_order
from market.services.kill_switch import kill_switch
from market.services.pauses import hold_circling
from pricing.changes.services import price_changes
from pricing.changes.services.validation import HELD, PriceProposal
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeSource, PriceChangeStatus
from pricing.sales.selectors.holds import held_prices

KIND: Final = "reprice"
CHANGES_A_TRANSACTION: Final = 100
RESULTS_KEPT: Final = dt.timedelta(days=30)

PRICE_MOVED: Final = "price_moved"
RULE_CHANGED: Final = "rule_changed"
CHANGE_APPROVED: Final = "change_approved"
ALREADY_PROPOSED: Final = "already_proposed"
REPLACED: Final = "Replaced by a newer proposal of a rule."

CHANGING: Final = (RepricingOutcome.APPLIED, RepricingOutcome.PROPOSED, RepricingOutcome.WOULD_CHANGE)


class Stopped(Exception):
    """The run may not go on; the message says why."""


# --- requesting runs -------------------------------------------------------------------------------------


def reprice_if_due() -> RepricingRun | None:
    """Request this hour's run, if it has not been requested and a rule is due.

    A rule is due at its hours, when its last scheduled run began long enough ago.
    """
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    slot = f"hour {hour:%Y-%m-%dT%H}Z"
    if RepricingRun.objects.filter(slot=slot).exists():
        return None
    local = str(shop_moment(hour).hour)
    scheduled = RepricingRun.objects.filter(slot__startswith="hour ").values_list("rules")
    last = dict(scheduled.annotate(last=Max("created_at")).values_list("rules", "last"))
    due = []
    for rule in rules_in_order():
        began, rest = last.get(rule.pk), dt.timedelta(hours=rule.every_hours - 1)
        rested = began is None or began < hour - rest
        if rested and (not rule.run_hours or local in rule.run_hours.split(",")):
            due.append(rule)
    return _request(slot, due, dry_run=False, by=None) if due else None


def rule_run_request(rule_id: int, *, dry_run: bool, by: Any) -> Job:
    """Request a run of one rule now; while one of the same kind is under way, return its job.

    Rules before it still keep their products from it.

    Raises
    ------
    NotFound : there is no such rule.
    Conflict : the rule is off, and this is no dry run.
    """
    with transaction.atomic():
        lock_version()
        rule = find_rule(rule_id)
        if not rule.enabled and not dry_run:
            raise Conflict(f"The rule {rule.name!r} is off: turn it on, or ask for a dry run.")
        open_run = RepricingRun.objects.filter(
            rules=rule, dry_run=dry_run, slot__startswith=f"{rule.signature} ", job__state__in=OPEN_STATES
        )
        run = open_run.first() or _request(f"{rule.signature} {uuid7()}", [rule], dry_run=dry_run, by=by)
        return Job.objects.get(pk=run.job_id or 0)


@transaction.atomic
def _request(slot: str, rules: Sequence[RepricingRule], *, dry_run: bool, by: Any) -> RepricingRun:
    lock_version()
    run, is_new = RepricingRun.objects.get_or_create(
        slot=slot,
        defaults={
            "batch": uuid7(),
            "dry_run": dry_run,
            "requested_by": (by.get_username() or "anonymous") if by else "",
        },
    )
    if is_new:
        run.rules.set(rules)
        asked_by = by if getattr(by, "pk", None) else None
        run.job = Job.objects.create(kind=KIND, parameters={"run": run.pk}, requested_by=asked_by)
        run.save(update_fields=["job"])
        dispatch_on_commit(run.job.pk)
    return run


def runs_purge() -> int:
    """Delete results older than a month that changed nothing; return how many."""
    old = RepricingResult.objects.filter(
        change__isnull=True, run__created_at__lt=timezone.now() - RESULTS_KEPT
    )
    return old.delete()[0]


# --- running -----------------------------------------------------------------------------------------------


def reprice(run: JobRun) -> dict[str, Any]:
    """Job handler: evaluate the run's rules, and apply, propose or only record what they ask for."""
    record = RepricingRun.objects.get(pk=run.parameters["run"])
    if record.finished_at is None:
        own = set(record.rules.values_list("pk", flat=True))
        evaluation, stopped = Evaluation(), ""
        try:
            _stop_if_switched_off(record)
            # A dry run may look at old sales: it changes no price by them.
            if not record.dry_run and (reason := stale_data()):
                raise Stopped(reason)
            # Rules whose turn it is not still keep their products from those after them.
            evaluation = evaluate(rules_in_order(also=own))
            _carry_out(run, record, [each for each in evaluation.decisions if each.rule_id in own])
            if record.dry_run:
                _list_skipped(run, record, evaluation)
        except Stopped as reason:
            stopped = str(reason)
        _finish(run, record, own, evaluation, stopped)
    return {"run": record.pk, "dry_run": record.dry_run, "stopped": record.stopped, "rules": record.counts}


def run_failed(parameters: dict[str, Any], error: str) -> None:
    """Failure hook: record in the run, and as an alert, that its rules could not be run."""
    record = RepricingRun.objects.filter(pk=parameters["run"]).first()
    if record is None:
        return
    record.stopped, record.finished_at = f"It failed: {error}"[:255], timezone.now()
    record.save(update_fields=["stopped", "finished_at"])
    # Alerts take the version row's lock, which goes before the job's that is held here.
    transaction.on_commit(lambda: repricing_alerts.report_failure(record, error))


def _stop_if_switched_off(record: RepricingRun) -> None:
    switch = kill_switch()
    if switch.on and not record.dry_run:
        raise Stopped(f"The kill switch is on: {switch.reason}"[:255].rstrip(": "))


def _carry_out(run: JobRun, record: RepricingRun, decisions: Sequence[RepricingResult]) -> None:
    done = set(record.results.values_list("product_id", flat=True))
    waiting = [each for each in decisions if each.product_id not in done]
    # What is more than a rule may change in a run is held back; earlier attempts of this run count.
    made = record.results.filter(outcome__in=CHANGING).order_by()
    changed = Counter(dict(made.values_list("rule_id").annotate(Count("id"))))
    for each in waiting:
        most = each.rule.max_run_changes  # type: ignore[union-attr]
        if not each.reason and most is not None and changed[each.rule_id] >= most:
            each.reason = RUN_CAP
        changed[each.rule_id] += not each.reason
    finished = 0
    for _, of_rule in groupby(waiting, key=lambda each: each.rule_id):
        for chunk in batches(of_rule, CHANGES_A_TRANSACTION):
            with run.fenced_transaction():
                # Under the lock that the switch is turned under: a change made after that is stopped.
                _stop_if_switched_off(record)
                _carry_out_chunk(record, chunk)
            finished += len(chunk)
            run.progress(finished / len(waiting))


def _carry_out_chunk(record: RepricingRun, chunk: Sequence[RepricingResult]) -> None:
    """Do and write what one rule decided on some products; the caller holds the version row's lock."""
    evaluated: Any = chunk[0].rule
    rule = RepricingRule.objects.filter(pk=evaluated.pk).first()
    outcome = RepricingOutcome.WOULD_CHANGE
    changes: dict[str, PriceChange] = {}
    if rule is None or rule.updated_at != evaluated.updated_at:
        for each in chunk:
            each.reason = RULE_CHANGED
    else:
        products = Product.objects.filter(code__in=[each.product_id for each in chunk]).order_by()
        now = dict(products.values_list("code", "current_price"))
        held = held_prices(now)
        for each in chunk:
            if each.product_id in held:
                each.reason = each.reason or HELD
            if now.get(each.product_id) != each.old_price:
                each.reason = each.reason or PRICE_MOVED
        in_earnest = not record.dry_run and not rule.dry_run
        hold_circling(chunk, rule, record=in_earnest)
        if in_earnest:
            applies = rule.may_apply and can_approve(rule.auto_apply_approved_by)
            outcome = RepricingOutcome.APPLIED if applies else RepricingOutcome.PROPOSED
            _hold_decided(chunk, rule, applies=applies)
            changes = _propose(chunk, rule, record)
            if applies and changes:
                numbers = [change.pk for change in changes.values()]
                price_changes.approve(numbers, by=rule.auto_apply_approved_by)
                price_changes.apply(numbers, by=rule.signature)
    for each in chunk:
        each.run, each.rule, each.change = record, rule, changes.get(each.product_id)
        each.outcome = RepricingOutcome.HELD_BACK if each.reason else outcome
        each.new_price = each.old_price if each.reason else each.new_price
    RepricingResult.objects.bulk_create(chunk, batch_size=200)


def _list_skipped(run: JobRun, record: RepricingRun, evaluation: Evaluation) -> None:
    """Write down what a dry run skipped and why; other runs count it."""
    with run.fenced_transaction():
        for rule in record.rules.all():
            skipped = evaluation.skipped.get(rule.pk, [])
            for each in skipped:
                each.run = record
            # A run that was taken over has written them already.
            RepricingResult.objects.bulk_create(skipped, batch_size=200, ignore_conflicts=True)


def _propose(
    chunk: Sequence[RepricingResult], rule: RepricingRule, record: RepricingRun
) -> dict[str, PriceChange]:
    """Propose what is not held back, hold back what may not be proposed; return the changes by code."""
    changes, violations = price_changes.propose_valid(
        [PriceProposal(each.product_id, each.new_price) for each in chunk if not each.reason],
        by=rule.signature,
        reason=f"Rule {rule.pk}: {rule.name}",
        source=PriceChangeSource.RULE,
        batch=record.batch,
    )
    broken = {violation.product_id: violation.code for violation in violations}
    for each in chunk:
        each.reason = broken.get(each.product_id, each.reason)
    return {change.product_id: change for change in changes}


def can_approve(username: str) -> bool:
    """Whether a user may still decide on prices."""
    user = get_user_model().objects.filter(username=username, is_active=True).first()
    return user is not None and role_of(user) >= Role.MANAGER


def _hold_decided(chunk: Sequence[RepricingResult], rule: RepricingRule, *, applies: bool) -> None:
    """Hold back what a person has approved or a rule has proposed already; reject older proposals of rules."""
    wanted = {each.product_id: each for each in chunk if not each.reason}
    states = (PriceChangeStatus.PROPOSED, PriceChangeStatus.APPROVED)
    open_changes = PriceChange.objects.filter(product_id__in=wanted, status__in=states).order_by("pk")
    proposed = []
    for change in open_changes:
        each = wanted[change.product_id]
        if change.status == PriceChangeStatus.APPROVED:
            each.reason = CHANGE_APPROVED
        elif change.source == PriceChangeSource.RULE:
            proposed.append(change)
            if (change.old_price, change.new_price) == (each.old_price, each.new_price) and not applies:
                each.reason = each.reason or ALREADY_PROPOSED
    outdated = [change.pk for change in proposed if not wanted[change.product_id].reason]
    if outdated:
        price_changes.reject(outdated, by=rule.signature, note=REPLACED)


def _finish(run: JobRun, record: RepricingRun, own: set[int], evaluation: Evaluation, stopped: str) -> None:
    """Count the outcomes rule by rule, and raise the alerts."""
    with run.fenced_transaction():
        results = list(record.results.order_by("product_id"))
        # A run that was taken over finds the prices that it has set itself unchanged.
        done = {result.product_id for result in results}
        skipped = {(pk, each.product_id) for pk in own for each in evaluation.skipped.get(pk, ())}
        outcomes = Counter(
            (result.rule_id, result.outcome)
            for result in results
            if (result.rule_id, result.product_id) not in skipped
        )
        record.counts = {
            str(pk): {str(outcome): outcomes[pk, outcome] for outcome in RepricingOutcome.values}
            | {
                "unchanged": len(evaluation.unchanged.get(pk, set()) - done),
                "skipped": len(evaluation.skipped.get(pk, ())),
                "outside_canary": evaluation.outside_canary.get(pk, 0),
            }
            for pk in sorted(own)
        }
        record.stopped, record.finished_at = stopped[:255], timezone.now()
        record.save(update_fields=["counts", "stopped", "finished_at"])
        if not stopped and not record.dry_run:
            failing = [
                rule
                for rule in record.rules.all()
                if rule.may_apply and not rule.dry_run and not can_approve(rule.auto_apply_approved_by)
            ]
            repricing_alerts.report_run(record, results, evaluation.signals, failing)
