"""Reads of repricing rules and their runs."""

from django.db.models import QuerySet

from elastix.errors import NotFound
from market.models import RepricingResult, RepricingRule, RepricingRun


def find_rule(rule_id: int, *, lock: bool = False) -> RepricingRule:
    """Return a rule; `lock` keeps other writers off it until the transaction ends.

    Raises
    ------
    NotFound : there is none.
    """
    rules = RepricingRule.objects.select_for_update() if lock else RepricingRule.objects.all()
    rule = rules.filter(pk=rule_id).first()
    if rule is None:
        raise NotFound(f"There is no repricing rule {rule_id}.")
    return rule


def find_run(rule: RepricingRule, run_id: int) -> RepricingRun:
    """Return a run of a rule.

    Raises
    ------
    NotFound : the rule had no part in such a run.
    """
    run = RepricingRun.objects.filter(pk=run_id, rules=rule).first()
    if run is None:
        raise NotFound(f"There is no run {run_id} of repricing rule {rule.pk}.")
    return run


def run_results(rule_id: int, run_id: int) -> QuerySet[RepricingResult]:
    """Return what a run did about each product for which a rule asked for another price, by product."""
    return RepricingResult.objects.filter(run_id=run_id, rule_id=rule_id).order_by("product_id", "id")
