"""/desk/rules/{rule}/duel: a dry run against a competitor who reacts, what the API's /api/price/rules/{rule}/duel answers."""

from itertools import pairwise
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from elastix.desk.shell import page
from elastix.desk.tags import money, number, said
from elastix.errors import Conflict, NotFound
from market.models import RepricingRule
from market.models.rules import RuleScope
from market.selectors.duels import (
    MOST_RUNS,
    RIVALS_STEP_PERCENT,
    WEEK_OF_HOURS,
    RuleDuel,
    rule_duel,
)
from market.selectors.rules import find_rule
from market.serializers import DuelQuery
from pricing.sales.models import Product
from pricing.sales.selectors.products import find_product

FIELDS: Final = (
    *("product", "reaction", "step_percent", "competitor_price", "competitor_floor", "gives_up"),
    *("every", "runs", "pauses"),
)
REACTIONS: Final = (
    ("undercut", gettext_lazy("goes below us")),
    ("match", gettext_lazy("asks for the same")),
    ("stay", gettext_lazy("stays where it is")),
)
MOST_SUGGESTED: Final = 50


@page()
def duel(request: HttpRequest, rule_id: int) -> HttpResponse:
    """The form, and once it was sent both prices run by run, or why there are none."""
    rule = find_rule(rule_id)
    given = {name: request.GET[name] for name in FIELDS if request.GET.get(name)}
    watched = _watched(rule)
    form = {
        "product": watched[0][0] if watched else "",
        "step_percent": RIVALS_STEP_PERCENT,
        "every": 1,
        "runs": WEEK_OF_HOURS,
    }
    context = {
        "page": "rules", "rule": rule, "form": form | given, "reactions": REACTIONS, "watched": watched,
        "most_runs": MOST_RUNS,
    }  # fmt: skip
    return render(
        request, "desk/rule_duel.html", context | (_played(rule, given) if given and rule.reference else {})
    )


def _watched(rule: RepricingRule) -> list[tuple[str, str]]:
    """Products of the rule with competitors, to choose from: code and name."""
    products = Product.objects.filter(is_active=True, competitor_prices__isnull=False)
    if rule.scope == RuleScope.CATEGORY:
        products = products.filter(category=rule.category)
    elif rule.scope == RuleScope.PRODUCTS:
        products = products.filter(repricing_rules=rule)
    return list(products.order_by("code").values_list("code", "name").distinct()[:MOST_SUGGESTED])


def _played(rule: RepricingRule, given: dict[str, str]) -> dict[str, Any]:
    asked = DuelQuery(data=given)
    if not asked.is_valid():
        return {"refusals": [str(each) for errors in asked.errors.values() for each in errors]}
    values = dict(asked.validated_data)
    try:
        product = find_product(values.pop("product"))
        found = rule_duel(rule, product.code, **values)
    except (Conflict, NotFound) as error:
        return {"refusals": [said(error.detail)]}
    moves = [step for before, step in pairwise(found.steps) if step[1:] != before[1:]]
    return {
        "duel": found,
        "product": product,
        "sentence": _sentence(found, moves[-1].run if moves else 0),
        "path": [found.steps[0], *moves],
        "chart": _chart(found),
    }


def _sentence(found: RuleDuel, last_move: int) -> str:
    """What became of both prices, for people."""
    last = found.steps[-1]
    values = {
        "run": number(last_move),
        "runs": number(last.run),
        "ours": money(last.price),
        "theirs": money(last.competitor_price),
        "low": money(found.lowest_price),
        "high": money(found.highest_price),
    }
    if found.outcome == "settles" and last_move == 0:
        text = _("Neither price moves: ours stays at %(ours)s, the competitor's at %(theirs)s.")
    elif found.outcome == "settles":
        text = _("Both prices settle after run %(run)s: ours at %(ours)s, the competitor's at %(theirs)s.")
    elif found.outcome == "paused":
        values["run"] = number(found.paused_at)
        text = _(
            "The prices go round in circles: before run %(run)s the rule is paused, and our price stays at %(ours)s."
        )
    elif found.outcome == "cycles":
        text = _("The prices go round in circles: ours between %(low)s and %(high)s.")
    else:
        text = _("After %(runs)s runs the prices still move: ours is %(ours)s, the competitor's %(theirs)s.")
    return text % values  # fmt: skip


def _chart(found: RuleDuel) -> dict[str, Any]:
    """Both prices by run, each holding until the next."""
    return {
        "kind": "lines",
        "axis": _("Run"),
        "lines": [
            {"name": _("Our price"), "points": [[step.run, step.price] for step in found.steps]},
            {"name": _("Competitor's price"), "points": [[step.run, step.competitor_price] for step in found.steps]},
        ],
    }  # fmt: skip
