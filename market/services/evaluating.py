"""Prices that repricing rules ask for now: gather, let the core choose and constrain, decide product by product."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from django.utils import timezone

from market.core.calming import in_dead_band, lasting_floor
from market.core.repricing import NO_RULE, RuleCase, choose, in_canary, kept_ending
from market.models import RepricingResult, RepricingRule
from market.models.rules import RepricingOutcome, RuleAction, RuleScope
from market.selectors.rules import open_pauses
from market.selectors.signals import ProductSignals, as_arrays, product_signals, shop_moment
from pricing.recommendation.core.constrained import ConstrainedPrices, constrain_price
from pricing.recommendation.core.limits import DayRange, price_limits
from pricing.recommendation.selectors.pricing_inputs import price_group, strategy_of
from pricing.sales.core.arrays import BoolArray, FloatArray
from pricing.sales.selectors.products import merchandise

HELD_BY_GUARDRAIL: Final = "guardrail"
COOLING: Final = "cooling"
RUN_CAP: Final = "run_cap"
NO_ENDING: Final = "no_ending"
DEAD_BAND: Final = "dead_band"
MIN_HOLD: Final = "min_hold"
PAUSED: Final = "paused"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What all rules ask for.

    Attributes
    ----------
    decisions : of the products for which a rule asks for another price, by the rules' order, then code: results that
        are not saved; where one has a `reason` the price stays, else it is to become `new_price`.
    unchanged : by rule, the products for which it fired and asks for the present price.
    outside_canary : by rule, how many products of its scope are outside the share it is tried on.
    skipped : by rule, the products whose change of cost it should pass on and cannot, as unsaved results that say why.
    signals : everything that was looked at, by code.
    """

    decisions: list[RepricingResult] = field(default_factory=list)
    unchanged: dict[int, set[str]] = field(default_factory=dict)
    outside_canary: dict[int, int] = field(default_factory=dict)
    skipped: dict[int, list[RepricingResult]] = field(default_factory=dict)
    signals: dict[str, ProductSignals] = field(default_factory=dict)


def rules_in_order(also: Collection[int] = ()) -> list[RepricingRule]:
    """The enabled rules, and those given by number, in the order in which they are tried."""
    rules = RepricingRule.objects.prefetch_related("products").order_by("priority", "id")
    return [rule for rule in rules if rule.enabled or rule.pk in also]


def evaluate(rules: Sequence[RepricingRule]) -> Evaluation:
    """Find out what rules ask for in their scopes; the same number of queries for any number of rules and products.

    Parameters
    ----------
    rules : in the order in which they are tried, with their products.
    """
    scopes = _scopes(rules)
    passes_costs_on = any(rule.action == RuleAction.PASS_THROUGH for rule in rules)
    found = product_signals(set().union(*scopes.values()), costs=passes_costs_on)
    rows = list(found.values())
    if not rows:
        return Evaluation()
    now = timezone.now()
    covered = {
        rule.pk: {code for code in scopes[rule.pk] if in_canary(rule.pk, code, rule.canary_percent)}
        for rule in rules
    }
    cases = [_case(rule, [code in covered[rule.pk] for code in found]) for rule in rules]
    set_by = np.array([(each.ruled and each.ruled.rule_id) or NO_RULE for each in rows], np.int64)
    group = price_group(strategy_of(rows[0].facts.policy), [row.facts for row in rows])
    limits = price_limits(group.inputs, group.constraints)
    floor = lasting_floor(limits) / limits.currency.per_one
    signals, moment = as_arrays(rows, now, floor), shop_moment(now)
    choice = choose(cases, signals, set_by, moment)
    skipped = {
        rule.pk: _skipped(rule, rows, case.applies(signals, moment) & choice.is_left_to(position))
        for position, (rule, case) in enumerate(zip(rules, cases, strict=True))
        if rule.action == RuleAction.PASS_THROUGH
    }
    chosen = np.flatnonzero(choice.winner != NO_RULE)
    winners = [rules[position] for position in choice.winner[chosen]]
    rows = [rows[index] for index in chosen]
    inputs = group.inputs.take(chosen)

    def cap(name: str) -> FloatArray:
        values = (getattr(rule, name) for rule in winners)
        return np.array([np.nan if value is None else float(value) / 100 for value in values], np.float64)

    day = DayRange(np.array([float(each.day_start) for each in rows]), cap("max_day_percent"))
    constraints = group.constraints.take(chosen).limit_change(cap("max_change_percent"))
    constrained = constrain_price(choice.price[chosen], inputs, constraints, day)
    lowest = constrained.limits.low / constrained.limits.currency.per_one
    paused = open_pauses(rules)
    evaluation = Evaluation(
        outside_canary={pk: len(scope) - len(covered[pk]) for pk, scope in scopes.items()},
        skipped=skipped,
        signals=found,
    )
    for place, (rule, row) in enumerate(zip(winners, rows, strict=True)):
        if constrained.wanted[place] == constrained.now[place]:
            evaluation.unchanged.setdefault(rule.pk, set()).add(row.facts.code)
        else:
            decision = _decision(rule, row, constrained, place, bool(inputs.cooling[place]))
            if (rule.pk, row.facts.code) in paused:
                decision.reason = PAUSED
            decision.reason = decision.reason or _calm_reason(rule, row, decision, float(lowest[place]), now)
            evaluation.decisions.append(decision)
    order = {rule.pk: position for position, rule in enumerate(rules)}
    evaluation.decisions.sort(key=lambda each: (order[each.rule_id or 0], each.product_id))
    return evaluation


def _case(rule: RepricingRule, covers: list[bool]) -> RuleCase:
    """A rule for the core, with the products that it covers."""
    covered = np.array(covers, np.bool_)
    return RuleCase(rule.pk, rule.conditions, rule.price_action, covered, rule.revert_when_inactive)


def _scopes(rules: Sequence[RepricingRule]) -> dict[int, set[str]]:
    """The codes of the merchandise that each rule is about, by the rule's number."""
    categories = dict(merchandise().order_by().values_list("code", "category"))
    scopes: dict[int, set[str]] = {}
    for rule in rules:
        if rule.scope == RuleScope.PRODUCTS:
            scopes[rule.pk] = {product.code for product in rule.products.all()} & categories.keys()
        else:
            whole = rule.scope == RuleScope.SHOP
            scopes[rule.pk] = {code for code, each in categories.items() if whole or each == rule.category}
    return scopes


def _calm_reason(
    rule: RepricingRule, row: ProductSignals, decision: RepricingResult, lowest: float, now: dt.datetime
) -> str:
    """Why a price that could be changed is left alone to keep it calm; empty where it is not."""
    changed = row.facts.base.last_changed
    if rule.hold_hours and changed and now < changed + dt.timedelta(hours=rule.hold_hours):
        return MIN_HOLD
    if rule.dead_band_percent is None:
        return ""
    band = float(rule.dead_band_percent) / 100
    return (
        DEAD_BAND if in_dead_band(float(decision.old_price), float(decision.new_price), band, lowest) else ""
    )


def _decision(
    rule: RepricingRule, row: ProductSignals, constrained: ConstrainedPrices, place: int, cooling: bool
) -> RepricingResult:
    columns = (constrained.now, constrained.wanted, constrained.price)
    units = [int(column[place]) for column in columns]
    reason = constrained.reason(place).lower()
    currency = constrained.limits.currency
    # A price that goes back to what it was before rules is one that people have set.
    if rule.keep_endings and currency.of_units(units[1]) != row.base:
        endings = strategy_of(row.facts.policy).price_endings
        ended = kept_ending(units[0], units[2], endings, 10**currency.ending_digits)
        if ended == units[0] != units[2]:
            reason = reason or NO_ENDING
        units[2] = ended
    now, wanted, price = map(currency.of_units, units)
    if not reason and cooling:
        reason = COOLING
    elif not reason and price == now:
        reason = HELD_BY_GUARDRAIL
    prices = {"base_price": row.base, "old_price": now, "wanted_price": wanted, "new_price": price}
    binding = list(constrained.bound_by(place))
    return RepricingResult(
        rule=rule,
        product_id=row.facts.code,
        reason=reason,
        binding=binding,
        cost_then=row.cost_then,
        cost_now=row.facts.cost if rule.action == RuleAction.PASS_THROUGH else None,
        **prices,
    )


def _skipped(rule: RepricingRule, rows: Sequence[ProductSignals], fires: BoolArray) -> list[RepricingResult]:
    """The products for which a rule that passes costs on would fire, were the change of their cost known."""
    return [
        RepricingResult(
            rule=rule,
            product_id=row.facts.code,
            outcome=RepricingOutcome.HELD_BACK,
            reason=row.cost_unknown,
            cost_now=row.facts.cost,
            base_price=row.base,
            **dict.fromkeys(("old_price", "wanted_price", "new_price"), row.price),
        )
        for row, each in zip(rows, fires, strict=True)
        if each and row.cost_unknown
    ]
