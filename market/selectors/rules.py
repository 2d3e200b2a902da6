"""Reads of repricing rules and their runs."""

from collections.abc import Iterable

from django.db.models import QuerySet

from elastix.errors import found
from market.models import RepricingPause, RepricingResult, RepricingRule, RepricingRun


def find_rule(rule_id: int, *, lock: bool = False) -> RepricingRule:
    """Return a rule; `lock` keeps other writers off it until the transaction ends.

    Raises
    ------
    NotFound : there is none.
    """
    rules = RepricingRule.objects.select_for_update() if lock else RepricingRule.objects.all()
    return found(rules.filter(pk=rule_id).first(), f"repricing rule {rule_id}")


def find_run(rule: RepricingRule, run_id: int) -> RepricingRun:
    """Return a run of a rule.

    Raises
    ------
    NotFound : the rule had no part in such a run.
    """
    run = RepricingRun.objects.filter(pk=run_id, rules=rule).first()
    return found(run, f"run {run_id} of repricing rule {rule.pk}")


def run_results(rule_id: int, run_id: int) -> QuerySet[RepricingResult]:
    """Return what a run did about each product for which a rule asked for another price, by product."""
    return RepricingResult.objects.filter(run_id=run_id, rule_id=rule_id).order_by("product_id", "id")


def open_pauses(rules: Iterable[RepricingRule]) -> set[tuple[int, str]]:
    """The rules and products, by number and code, that are paused now."""
    standing = RepricingPause.objects.filter(rule__in=[rule.pk for rule in rules], resumed_at__isnull=True)
    return set(standing.order_by().values_list("rule_id", "product_id"))
