"""What repricing rules want now: gather, let the core choose and constrain, say it product by product."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from market.core.repricing import NO_RULE, RuleCase, Signals, choose, in_canary
from market.models import RepricingRule
from market.models.rules import RuleScope
from market.selectors.signals import ProductSignals, as_arrays, product_signals, shop_moment
from pricing.recommendation.core.limits import (
    ConstrainedPrices,
    DayRange,
    cents_to_money,
    constrain_price,
)
from pricing.recommendation.selectors.pricing_inputs import PriceGroup, price_group, strategy_of
from pricing.sales.selectors.products import merchandise

HELD_BY_GUARDRAIL: Final = "guardrail"
COOLING: Final = "cooling"
RUN_CAP: Final = "run_cap"

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Decision:
    """A price that a rule wants for a product, and what became of it.

    Attributes
    ----------
    reason : why the price stays, in one word; empty if it is to become `price`.
    binding : the guardrails and caps that kept it from the wanted price.
    """

    rule: RepricingRule
    code: str
    base: Decimal
    now: Decimal
    wanted: Decimal
    price: Decimal
    binding: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What all rules want.

    Attributes
    ----------
    decisions : of the products for which a rule wants another price, by the rules' order, then code.
    unchanged : by rule, the products for which it fired and wants the price that is there.
    outside_canary : by rule, how many products of its scope are outside the share it is tried on.
    signals : everything that was looked at, by code.
    """

    decisions: list[Decision]
    unchanged: dict[int, set[str]]
    outside_canary: dict[int, int]
    signals: dict[str, ProductSignals]


def rules_in_order(also: Collection[int] = ()) -> list[RepricingRule]:
    """The enabled rules, and those asked for by number, in the order in which they are tried."""
    rules = RepricingRule.objects.prefetch_related("products").order_by("priority", "id")
    return [rule for rule in rules if rule.enabled or rule.pk in also]


def evaluate(rules: Sequence[RepricingRule]) -> Evaluation:
    """Find out what rules want for the products in their scopes; the same number of queries for any number of these.

    Parameters
    ----------
    rules : in the order in which they are tried, with their products.
    """
    scopes = _scopes(rules)
    found = product_signals(set().union(*scopes.values()))
    rows = list(found.values())
    if not rows:
        return Evaluation([], {}, {}, found)
    now = timezone.now()
    signals = as_arrays(rows, now)
    cases, outside = _cases(rules, scopes, list(found))
    set_by = np.array([(each.ruled and each.ruled.rule_id) or NO_RULE for each in rows], np.int64)
    choice = choose(cases, signals, set_by, shop_moment(now))
    chosen = np.flatnonzero(choice.winner != NO_RULE)
    winners = [rules[position] for position in choice.winner[chosen]]
    group = price_group(strategy_of(rows[0].facts.policy), [rows[index].facts for index in chosen])
    constrained = _constrain(
        choice.wanted[chosen], signals, group, winners, [rows[index] for index in chosen]
    )
    changing = constrained.wanted != constrained.now
    unchanged: dict[int, set[str]] = {}
    for place in np.flatnonzero(~changing).tolist():
        unchanged.setdefault(winners[place].pk, set()).add(rows[int(chosen[place])].facts.code)
    decisions = [
        _decision(
            winners[place], rows[int(chosen[place])], constrained, place, bool(group.inputs.cooling[place])
        )
        for place in np.flatnonzero(changing).tolist()
    ]
    order = {rule.pk: position for position, rule in enumerate(rules)}
    decisions.sort(key=lambda each: (order[each.rule.pk], each.code))
    return Evaluation(decisions, unchanged, outside, found)


def _scopes(rules: Iterable[RepricingRule]) -> dict[int, set[str]]:
    """The products on sale that each rule is for."""
    category = dict(merchandise().order_by().values_list("code", "category"))
    return {
        rule.pk: {product.code for product in rule.products.all() if product.code in category}
        if rule.scope == RuleScope.PRODUCTS
        else {
            code
            for code, theirs in category.items()
            if rule.scope == RuleScope.SHOP or theirs == rule.category
        }
        for rule in rules
    }


def _cases(
    rules: Sequence[RepricingRule], scopes: dict[int, set[str]], codes: Sequence[str]
) -> tuple[list[RuleCase], dict[int, int]]:
    cases, outside = [], {}
    for rule in rules:
        scope = scopes[rule.pk]
        covered = {code for code in scope if in_canary(rule.pk, code, rule.canary_percent)}
        outside[rule.pk] = len(scope) - len(covered)
        covers = np.array([code in covered for code in codes], np.bool_)
        cases.append(RuleCase(rule.pk, rule.conditions, rule.price_action, covers, rule.revert_when_inactive))
    return cases, outside


def _constrain(
    wanted: NDArray[np.float64],
    signals: Signals,
    group: PriceGroup,
    winners: Sequence[RepricingRule],
    rows: Sequence[ProductSignals],
) -> ConstrainedPrices:
    def cap(name: str) -> NDArray[np.float64]:
        values = (getattr(rule, name) for rule in winners)
        return np.array([np.nan if value is None else float(value) / 100 for value in values], np.float64)

    day = DayRange(np.array([float(each.day_start) for each in rows]), cap("max_day_percent"))
    constraints = group.constraints.limit_change(cap("max_change_percent"))
    return constrain_price(wanted, group.inputs, constraints, day)


def _decision(
    rule: RepricingRule, row: ProductSignals, constrained: ConstrainedPrices, place: int, cooling: bool
) -> Decision:
    price = cents_to_money(int(constrained.price[place]))
    now = cents_to_money(int(constrained.now[place]))
    reason = constrained.reason(place).lower()
    if not reason and cooling:
        reason, price = COOLING, now
    elif not reason and price == now:
        reason = HELD_BY_GUARDRAIL
    return Decision(
        rule=rule,
        code=row.facts.code,
        base=row.base,
        now=now,
        wanted=cents_to_money(int(constrained.wanted[place])),
        price=price,
        binding=tuple(constrained.bound_by(place)),
        reason=reason,
    )
