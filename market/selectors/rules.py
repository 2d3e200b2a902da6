"""Reads of repricing rules and their runs."""

from collections.abc import Iterable
from typing import Any, Final

from elastix.api.fields import money, rounded
from elastix.errors import NotFound
from market.models import KillSwitch, RepricingResult, RepricingRule, RepricingRun
from market.models.rules import LIMITS

IDS: Final = 2**63
"""What a column of row numbers can hold."""

NUMBERS: Final = tuple(LIMITS)
LISTS: Final = ("hours", "weekdays", "run_hours")
PLAIN: Final = (
    *("name", "scope", "category", "priority", "unchanged_days", "action", "returns", "max_run_changes"),
    *("every_hours", "enabled", "dry_run", "may_apply", "may_apply_by", "may_apply_at", "canary_percent"),
    *("created_by", "created_at", "updated_at"),
)


def find_rule(rule_id: int) -> RepricingRule:
    """Return a rule.

    Raises
    ------
    NotFound : there is none.
    """
    rule = RepricingRule.objects.filter(pk=rule_id).first() if rule_id < IDS else None
    if rule is None:
        raise NotFound(f"There is no repricing rule {rule_id}.")
    return rule


def rules_page(*, enabled: bool | None, action: str | None, limit: int, offset: int) -> dict[str, Any]:
    """Rules in the order in which they are tried: `{total, items}`."""
    found = RepricingRule.objects.order_by("priority", "id")
    if enabled is not None:
        found = found.filter(enabled=enabled)
    if action is not None:
        found = found.filter(action=action)
    page = found.prefetch_related("products")[offset : offset + limit]
    return {"total": found.count(), "items": [rule_row(rule) for rule in page]}


def rule_row(rule: RepricingRule) -> dict[str, Any]:
    """A rule as the API shows it."""
    return {
        "id": rule.pk,
        **{name: getattr(rule, name) for name in PLAIN},
        **{name: rounded(getattr(rule, name), 2) for name in NUMBERS},
        **{name: _numbers(getattr(rule, name)) for name in LISTS},
        "reference": rule.reference or None,
        "products": sorted(product.code for product in rule.products.all()),
    }


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


def runs_page(rule: RepricingRule, *, limit: int, offset: int) -> dict[str, Any]:
    """Runs of a rule, the newest first: `{total, items}`."""
    found = RepricingRun.objects.filter(rules=rule).order_by("-id")
    return {"total": found.count(), "items": run_rows(found[offset : offset + limit], rule)}


def run_rows(runs: Iterable[RepricingRun], rule: RepricingRule) -> list[dict[str, Any]]:
    """Runs as the API shows them, with what came of one rule."""
    return [
        {
            "id": run.pk,
            "slot": run.slot,
            "batch": str(run.batch),
            "job": run.job_id,
            "dry_run": run.dry_run,
            "requested_by": run.requested_by,
            "created_at": run.created_at,
            "finished_at": run.finished_at,
            "stopped": run.stopped,
            "counts": run.counts.get(str(rule.pk)),
        }
        for run in runs
    ]


def run_results(
    rule: RepricingRule, run_id: int, *, outcome: str | None, limit: int, offset: int
) -> dict[str, Any]:
    """What a run did about each product that a rule wanted another price for, by product.

    Raises
    ------
    NotFound : the rule had no part in such a run.
    """
    run = RepricingRun.objects.filter(pk=run_id, rules=rule).first() if run_id < IDS else None
    if run is None:
        raise NotFound(f"There is no run {run_id} of repricing rule {rule.pk}.")
    found = RepricingResult.objects.filter(run=run, rule=rule).order_by("product_id", "id")
    if outcome is not None:
        found = found.filter(outcome=outcome)
    page = found[offset : offset + limit]
    return {
        "run": run_rows([run], rule)[0],
        "total": found.count(),
        "items": [_result_row(each) for each in page],
    }


def _result_row(result: RepricingResult) -> dict[str, Any]:
    return {
        "product_id": result.product_id,
        "outcome": result.outcome,
        "reason": result.reason,
        "base_price": money(result.base_price),
        "old_price": money(result.old_price),
        "wanted_price": money(result.wanted_price),
        "new_price": money(result.new_price),
        "binding": result.binding,
        "change": result.change_id,
    }


def switch_row(switch: KillSwitch) -> dict[str, Any]:
    """The kill switch as the API shows it."""
    return {"on": switch.on, "reason": switch.reason, "set_by": switch.set_by, "set_at": switch.set_at}
