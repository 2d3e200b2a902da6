"""Alerts raised by a run of the repricing rules: floors, caps, missing costs, competitors below cost, surges."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from elastix.alerts.services import Finding, alerts_report
from elastix.api.fields import money, rounded
from market.models import RepricingResult, RepricingRule, RepricingRun
from market.selectors.rules import open_pauses
from market.selectors.signals import ProductSignals
from market.services.evaluating import RUN_CAP
from pricing.recommendation.core.limits import CAPS

SURGE: Final = 2.0
"""Demand of the last week as a multiple of the usual, from which an alert is raised."""

MOST_PRODUCTS: Final = 100
MOST_NAMED: Final = 5

# Kind of alert on a rule, which results raise it, and how it is worded.
HELD: Final[tuple[tuple[str, Callable[[RepricingResult], bool], str], ...]] = (
    ("floor_reached", lambda each: any(rule not in CAPS for rule in each.binding), "a floor holds {} up"),
    (
        "cap_reached",
        lambda each: each.reason == RUN_CAP or any(rule in CAPS for rule in each.binding),
        "a cap holds the price of {} back",
    ),
    (
        "no_cost",
        lambda each: each.reason == "no_floor",
        "no cost and no lowest price is known of {}, so the price is left alone",
    ),
)


def report_run(
    record: RepricingRun,
    results: Sequence[RepricingResult],
    signals: dict[str, ProductSignals],
    failing: Iterable[RepricingRule],
) -> None:
    """Raise, renew and clear the alerts on the rules of a run and on the products it looked at."""
    rules = list(record.rules.all())
    subjects = [rule.signature for rule in rules]
    for kind, applies, wording in HELD:
        findings = []
        for rule in rules:
            codes = [each.product_id for each in results if each.rule_id == rule.pk and applies(each)]
            if codes:
                what = wording.format(_named(codes))
                data = {"rule": rule.pk, "products": codes[:MOST_PRODUCTS]}
                findings.append(Finding(rule.signature, f"Rule {rule.name!r}: {what}.", data))
        alerts_report(kind, findings, among=subjects)
    report_pauses(rules)
    unapproved = [
        Finding(
            rule.signature,
            f"The rule {rule.name!r} only proposes: {rule.auto_apply_approved_by}, who approved its changes, may not"
            " decide on prices any more. Another manager has to save it.",
            {"rule": rule.pk},
        )
        for rule in failing
    ]
    alerts_report("rule_failing", unapproved, among=subjects)
    alerts_report("competitor_below_cost", _worst(map(_below_cost, signals.values())), among=signals.keys())
    alerts_report("demand_surge", _worst(map(_surge, signals.values())), among=signals.keys())


def report_pauses(rules: Sequence[RepricingRule]) -> None:
    """Raise an alert on each rule that has paused products, and clear it from the others."""
    paused: dict[int, list[str]] = {}
    for rule_id, code in sorted(open_pauses(rules)):
        paused.setdefault(rule_id, []).append(code)
    findings = []
    for rule in rules:
        if codes := paused.get(rule.pk):
            message = (
                f"Rule {rule.name!r} is paused for {_named(codes)}: the price went round in circles with a competitor's."
                " Look at both prices, then resume it."
            )
            findings.append(
                Finding(rule.signature, message, {"rule": rule.pk, "products": codes[:MOST_PRODUCTS]})
            )
    alerts_report("price_oscillates", findings, among=[rule.signature for rule in rules])


def _named(codes: Sequence[str]) -> str:
    named, more = ", ".join(codes[:MOST_NAMED]), len(codes) - MOST_NAMED
    return f"{named} and {more:,} others" if more > 0 else named


def report_failure(record: RepricingRun, error: str) -> None:
    """Raise an alert on each rule of a run that could not be run."""
    rules = list(record.rules.all())
    findings = [
        Finding(rule.signature, f"The rule {rule.name!r} could not be run: {error}", {"run": record.pk})
        for rule in rules
    ]
    alerts_report("rule_failing", findings, among=[rule.signature for rule in rules])


def clear_alerts(rule: RepricingRule) -> None:
    """Clear the alerts on a rule that does not run any more."""
    for kind in (*(kind for kind, _, _ in HELD), "rule_failing", "price_oscillates"):
        alerts_report(kind, (), among=[rule.signature])


def _below_cost(product: ProductSignals) -> tuple[float, Finding] | None:
    facts = product.facts
    if facts.cost is None or facts.competitors is None:
        return None
    # Their prices include the tax that ours do.
    lowest, cost = facts.competitors.lowest, facts.cost * facts.policy.tax_factor
    if lowest >= cost:
        return None
    taxed = " with tax" if facts.policy.included_tax else ""
    message = (
        f"A competitor sells {facts.code} at {lowest}, below our cost of {cost:f}{taxed}: ask the supplier, or look"
        " elsewhere for the profit."
    )
    return float(lowest / cost), Finding(
        facts.code, message, {"lowest": money(lowest), "cost": rounded(cost, 4)}
    )


def _surge(product: ProductSignals) -> tuple[float, Finding] | None:
    demand, code = product.demand, product.facts.code
    if demand.is_thin or demand.recent < SURGE * demand.usual:
        return None
    ratio = demand.recent / demand.usual
    message = (
        f"{code} sold {demand.recent:,.0f} units in the last 7 days of the data, {ratio:.1f} times the usual"
        f" {demand.usual:,.0f}: will the stock last?"
    )
    return -ratio, Finding(
        code, message, {"units": demand.recent, "usual": demand.usual, "ratio": round(ratio, 2)}
    )


def _worst(found: Iterable[tuple[float, Finding] | None]) -> list[Finding]:
    """The findings with the lowest numbers, so that a bad day does not send a thousand e-mails."""
    ranked = sorted(filter(None, found), key=lambda each: (each[0], each[1].subject))
    return [finding for _, finding in ranked[:MOST_PRODUCTS]]
