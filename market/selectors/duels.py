"""A dry run of a repricing rule against a competitor who reacts. Nothing here changes a price."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from elastix.errors import Conflict
from market.core.duels import NEVER, CalmRule, Duels, Outcome, Reaction, Rival, duel
from market.models import RepricingRule
from market.models.rules import RuleAction
from market.selectors.signals import product_signals
from pricing.recommendation.core.limits import price_limits
from pricing.recommendation.selectors.pricing_inputs import price_group, strategy_of

RIVALS_FLOOR = 0.7
"""Share of its first price that the competitor does not go below unless another floor is given: an assumption."""

RIVALS_STEP_PERCENT = 1.0
MOST_RUNS = 1000
WEEK_OF_HOURS = 168


class DuelStep(NamedTuple):
    """Both prices after a run of the rule; run 0 is the beginning."""

    run: int
    price: float
    competitor_price: float


@dataclass(frozen=True, slots=True)
class RuleDuel:
    """What became of a rule and a competitor who reacts.

    Attributes
    ----------
    floor : the lowest price that the limits allow in the long run.
    paused_at : the run before which the rule would be paused; None where it is not.
    floor_known : False where neither a cost nor a lowest price is known: then the rule changes nothing.
    """

    product_id: str
    outcome: Outcome
    floor: float
    floor_known: bool
    lowest_price: float
    highest_price: float
    paused_at: int | None
    steps: list[DuelStep]


def rule_duel(
    rule: RepricingRule,
    code: str,
    *,
    reaction: Reaction = "undercut",
    step_percent: float = RIVALS_STEP_PERCENT,
    competitor_price: Decimal | None = None,
    competitor_floor: Decimal | None = None,
    gives_up: bool = False,
    every: int = 1,
    runs: int = WEEK_OF_HOURS,
    pauses: bool = True,
) -> RuleDuel:
    """Let a rule and a competitor of one product react to each other.

    Parameters
    ----------
    step_percent : how far the competitor goes below us where it undercuts.
    competitor_price : at the beginning; their lowest that is known, else our price, if not given.
    competitor_floor : it goes no lower; 70 % of its first price if not given.
    gives_up : at its floor it goes back to its first price.
    every : it reacts after this many runs.
    pauses : stop where the price goes round in circles, as in earnest.

    Raises
    ------
    Conflict : the rule does not follow competitors' prices, or the product has no price to start from.
    """
    if rule.action not in (RuleAction.MATCH, RuleAction.UNDERCUT):
        raise Conflict(
            f"The rule {rule.name!r} does not follow competitors' prices: there is nobody to react to."
        )
    seen = product_signals([code]).get(code)
    if seen is None:
        raise Conflict(f"The product {code!r} has no price that a rule could change.")
    facts = seen.facts
    group = price_group(strategy_of(facts.policy), [facts])
    known = facts.competitors.lowest if facts.competitors else seen.price
    first = float(competitor_price or known)
    rival = Rival(
        price=np.array([first]),
        floor=np.array([RIVALS_FLOOR * first if competitor_floor is None else float(competitor_floor)]),
        step=np.array([step_percent / 100]),
        gives_up=np.array([gives_up]),
        reaction=reaction,
        every=every,
    )
    base = np.array([float(seen.base)])
    found = duel(calm_rule(rule, pauses=pauses), rival, group.inputs, group.constraints, base, runs=runs)
    floor_known = bool(price_limits(group.inputs, group.constraints).floor_known[0])
    return _first_of(found, code, floor_known=floor_known)


def _first_of(found: Duels, code: str, *, floor_known: bool) -> RuleDuel:
    """The duel of the first product among those that the core let react to each other."""
    ours, theirs = found.ours[:, 0], found.theirs[:, 0]
    paused_at = int(found.paused_at[0])
    return RuleDuel(
        product_id=code,
        outcome=found.outcomes[0],
        floor=float(found.floor[0]),
        floor_known=floor_known,
        lowest_price=float(ours.min()),
        highest_price=float(ours.max()),
        paused_at=None if paused_at == NEVER else paused_at,
        steps=[
            DuelStep(run, *prices)
            for run, prices in enumerate(zip(ours.tolist(), theirs.tolist(), strict=True))
        ],
    )


def calm_rule(rule: RepricingRule, *, pauses: bool) -> CalmRule:
    """What of a rule counts in a duel: its hours of rest as runs of its own schedule."""

    def fraction(percent: Any) -> float:
        return math.nan if percent is None else float(percent) / 100

    return CalmRule(
        rule.price_action,
        dead_band=fraction(rule.dead_band_percent),
        hold_runs=math.ceil((rule.hold_hours or 0) / rule.every_hours),
        max_change=fraction(rule.max_change_percent),
        pauses=pauses,
    )
