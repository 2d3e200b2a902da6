"""What a run of the repricing rules tells people: prices held by floors and caps, missing costs, rivals, surges."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from elastix.alerts.services import Finding, alerts_report
from elastix.api.fields import money, rounded
from market.models import RepricingResult, RepricingRule, RepricingRun
from market.selectors.signals import ProductSignals
from market.services.evaluating import RUN_CAP
from pricing.recommendation.core.limits import CAPS

SURGE: Final = 2.0
"""Demand of the last week as a multiple of the usual, from which people are told."""

MOST_PRODUCTS: Final = 100
MOST_NAMED: Final = 5
OF_RULES: Final = ("floor_reached", "cap_reached", "no_cost", "rule_failing")


def report_run(
    record: RepricingRun,
    results: Sequence[RepricingResult],
    signals: dict[str, ProductSignals],
    failing: Iterable[RepricingRule],
) -> None:
    """Raise, renew and clear the alerts on the rules of a run and on the products it looked at."""
    rules = list(record.rules.all())
    subjects = [rule.signature for rule in rules]
    for kind, meets, says in (
        ("floor_reached", _at_floor, "a floor holds {} up"),
        ("cap_reached", _at_cap, "a cap holds the price of {} back"),
        (
            "no_cost",
            _without_floor,
            "no cost and no lowest price is known of {}, so the price is left alone",
        ),
    ):
        held = {
            rule: [result.product_id for result in results if result.rule_id == rule.pk and meets(result)]
            for rule in rules
        }
        findings = [_of_rule(rule, says, codes) for rule, codes in held.items() if codes]
        alerts_report(kind, findings, among=subjects)
    alerts_report("rule_failing", [_without_say(rule) for rule in failing], among=subjects)
    products = list(signals.values())
    alerts_report("competitor_below_cost", _below_cost(products), among=signals.keys())
    alerts_report("demand_surge", _surges(products), among=signals.keys())


def report_failure(record: RepricingRun, error: str) -> None:
    """Say of each rule of a run that it could not be run."""
    rules = list(record.rules.all())
    findings = [
        Finding(rule.signature, f"The rule {rule.name!r} could not be run: {error}", {"run": record.pk})
        for rule in rules
    ]
    alerts_report("rule_failing", findings, among=[rule.signature for rule in rules])


def clear_alerts(rule: RepricingRule) -> None:
    """Clear what stands about a rule that does not run any more."""
    for kind in OF_RULES:
        alerts_report(kind, (), among=[rule.signature])


def _at_floor(result: RepricingResult) -> bool:
    return any(rule not in CAPS for rule in result.binding)


def _at_cap(result: RepricingResult) -> bool:
    return result.reason == RUN_CAP or any(rule in CAPS for rule in result.binding)


def _without_floor(result: RepricingResult) -> bool:
    return result.reason == "no_floor"


def _of_rule(rule: RepricingRule, says: str, codes: Sequence[str]) -> Finding:
    message = f"Rule {rule.name!r}: {says.format(_named(codes))}."
    return Finding(rule.signature, message, {"rule": rule.pk, "products": list(codes[:MOST_PRODUCTS])})


def _named(codes: Sequence[str]) -> str:
    named = ", ".join(codes[:MOST_NAMED])
    return named if len(codes) <= MOST_NAMED else f"{named} and {len(codes) - MOST_NAMED:,} others"


def _without_say(rule: RepricingRule) -> Finding:
    message = (
        f"The rule {rule.name!r} only proposes: {rule.auto_apply_approved_by}, by whose say it changed prices, may not decide on"
        " prices any more. Another manager has to save it."
    )
    return Finding(rule.signature, message, {"rule": rule.pk})


def _below_cost(products: Collection[ProductSignals]) -> list[Finding]:
    found: list[tuple[float, Finding]] = []
    for each in products:
        facts = each.facts
        if facts.cost is None or facts.competitors is None or facts.competitors.lowest >= facts.cost:
            continue
        lowest, cost = facts.competitors.lowest, facts.cost
        message = (
            f"A competitor sells {facts.code} at {lowest}, below our cost of {cost:f}: ask the supplier, or look"
            " elsewhere for the profit."
        )
        data: dict[str, Any] = {"lowest": money(lowest), "cost": rounded(cost, 4)}
        found.append((float(lowest / cost), Finding(facts.code, message, data)))
    return _first(found)


def _surges(products: Collection[ProductSignals]) -> list[Finding]:
    found: list[tuple[float, Finding]] = []
    for each in products:
        demand, code = each.demand, each.facts.code
        if demand.is_thin or demand.recent < SURGE * demand.usual:
            continue
        ratio = demand.recent / demand.usual
        message = (
            f"{code} sold {demand.recent:,.0f} units in the last 7 days of the data, {ratio:.1f} times the usual"
            f" {demand.usual:,.0f}: will the stock last?"
        )
        data = {"units": demand.recent, "usual": demand.usual, "ratio": round(ratio, 2)}
        found.append((-ratio, Finding(code, message, data)))
    return _first(found)


def _first(found: list[tuple[float, Finding]]) -> list[Finding]:
    """The worst of them, so that a bad day does not send a thousand e-mails."""
    found.sort(key=lambda each: (each[0], each[1].subject))
    return [finding for _, finding in found[:MOST_PRODUCTS]]
