"""Give the demonstration shop a history: price changes, rules and experiments, by the services its users would use."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.crypto import salted_hmac

from elastix.api.fields import known
from elastix.dataset.versions import data_version
from elastix.fields import uuid7
from elastix.jobs.recompute import RecomputePlan
from elastix.jobs.runner import jobs_run_in
from elastix.shop import shop_currency
from market.models import RepricingRule
from market.models.rules import RuleAction, RuleScope
from market.services.repricing import rule_run_request
from market.services.rules import rule_create
from pricing.changes.services import price_changes
from pricing.changes.services.validation import PriceProposal
from pricing.elasticity.services import estimates, summaries
from pricing.forecasting.services import forecasts
from pricing.recommendation.selectors.recommendations import ProductRecommendation, recommend_many
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.models import PriceChange
from pricing.sales.models.price_changes import PriceChangeSource
from pricing.sales.selectors.daily import day_of_epoch
from pricing.sales.selectors.products import merchandise
from pricing.sales.services import staleness
from pricing.sales.services.cleaning import clean_products
from simulations.experiments.core.designs import SWITCHBACK
from simulations.experiments.models import PriceExperiment
from simulations.experiments.selectors.plans import wish_of
from simulations.experiments.services.experiments import experiment_create
from simulations.generator.catalogue import ICED_LATTE
from simulations.generator.sales import MINUTES_A_DAY
from simulations.generator.shop import GeneratedShop
from simulations.generator.steps import PriceStep, price_steps
from simulations.models import Simulation
from simulations.services.simulations import simulation_create

ANALYST, MANAGER = "maria", "noor"
PEOPLE: Final = ((ANALYST, "analyst"), (MANAGER, "manager"))
"""Name and role of those who may log in."""

REVIEW_DAYS: Final = (105, 60)
"""Days before the end of the sales between which the reviewed prices changed: more than 28 are left to measure by."""
REVIEWED: Final = 30
LARGEST_STEP: Final = 0.35

RAISED = "Costs went up: raise the price."
LOWERED = "Sells slowly: lower the price."
PROPOSED: Final = 8
RECOMMENDED = "Recommended for January."
TOO_MUCH_AT_ONCE = "Too much at once: half of it first."
WRONG_SHELF = "The shelf label still said the old price."
RULE_NAME = "Too much in stock"
RULE_CATEGORY = "Home and Kitchen"
SIMULATED: Final = (
    ("Iced Latte: up to 15 % more", [0, 15, 1]),
    ("Iced Latte: 20 % either way", [-20, 20, 5]),
)
"""Name and range of price changes (from, to, step, in percent) of the saved simulations."""
TESTED = "Mugs and Glass"
EXPERIMENT_NAME = "Mugs and glasses, 10 % cheaper"


# --- people ----------------------------------------------------------------------------------------------


def demo_logins() -> list[tuple[str, str, str]]:
    """Make the demonstration's users where they are missing; return name, role and password of each.

    The passwords follow from the installation's secret key, so that they stay the same from start to start.
    """
    with transaction.atomic():
        return [(name, role, _login(name, role)) for name, role in PEOPLE]


def _login(name: str, role: str) -> str:
    password = salted_hmac("elastix.demo", name, algorithm="sha256").hexdigest()[:12]
    user, _ = get_user_model().objects.get_or_create(username=name, defaults={"is_staff": True})
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    user.groups.set([Group.objects.get(name=role)])
    return password


# --- what has happened -----------------------------------------------------------------------------------


def review_day(shop: GeneratedShop) -> int:
    """The day, counted from 1970-01-01, on which the prices were reviewed: what was decided then is measured by now."""
    return shop.last_day - REVIEW_DAYS[0]


def review_prices(shop: GeneratedShop) -> list[PriceChange]:
    """Put the shop's own changes of prices after the review through the ledger, expected by what was known on that day.

    To be called when the sales before the day are in, and those after it are not: those were made at the new prices.
    """
    today = review_day(shop)
    steps = [each for each in price_steps(shop, today, shop.last_day - REVIEW_DAYS[1]) if _may_be(each)]
    codes = shop.products.code
    known = set(merchandise().values_list("code", flat=True))
    worth = _worth(shop, [each for each in steps if codes[each.product] in known])
    steps = sorted(worth, key=lambda step: (-worth[step], step.product))[:REVIEWED]
    _compute([codes[each.product] for each in steps])
    changes = []
    for reason, ups in ((RAISED, True), (LOWERED, False)):
        of_kind = [each for each in steps if (each.after > each.before) == ups]
        changes += _in_the_past(shop, of_kind, reason)
    return changes


def _may_be(step: PriceStep) -> bool:
    # The documentation shows the Iced Latte at its generated price.
    return step.product != ICED_LATTE and abs(step.after / step.before - 1) <= LARGEST_STEP


def _worth(shop: GeneratedShop, steps: Sequence[PriceStep]) -> dict[PriceStep, float]:
    """How much each change moves the product's profit in truth, against chance: what few units say is never clear."""
    lines, today = shop.lines, review_day(shop)
    month = (lines.minute >= (today - MONTH_DAYS) * MINUTES_A_DAY) & (lines.minute < today * MINUTES_A_DAY)
    sold = np.bincount(lines.product[month], lines.quantity[month], len(shop.products.code))
    worth = {}
    for step in steps:
        cost = shop.products.cost[step.product]
        units = max(float(sold[step.product]), 1.0)
        after = units * (step.after / step.before) ** shop.products.true_elasticity[step.product]
        was, will_be = units * (step.before - cost), after * (step.after - cost)
        worth[step] = abs(will_be - was) / float(np.hypot(was / units**0.5, will_be / after**0.5))
    return worth


def _compute(codes: Sequence[str]) -> None:
    """Elasticities and forecasts of some products, from the sales that there are by now."""
    clean_products(codes)
    plan = RecomputePlan(data_version().sales_version, None)
    with transaction.atomic():
        found = estimates.compute(plan)
        estimates.publish(plan, found)
        summaries.publish(plan, summaries.compute(plan, found))
        forecasts.publish(plan, forecasts.compute(plan, found))
        staleness.mark_published(plan, [])


def _in_the_past(shop: GeneratedShop, steps: Sequence[PriceStep], reason: str) -> list[PriceChange]:
    """Propose, approve and apply as one batch, each price on its own day."""
    if not steps:
        return []
    days = {shop.products.code[each.product]: each.day for each in steps}
    proposals = [
        PriceProposal(code, _price(each.after), scheduled_for=_at(each.day, 6))
        for code, each in zip(days, steps, strict=True)
    ]
    batch, today = uuid7(), review_day(shop)
    with transaction.atomic():
        changes, _ = price_changes.propose_valid(proposals, by=ANALYST, reason=reason, batch=batch)
        numbers = [change.pk for change in changes]
        price_changes.approve(numbers, by=MANAGER)
        changes = price_changes.apply(numbers, by=price_changes.THE_SCHEDULE)
        for change in changes:
            _date(
                change,
                created_at=_at(today - 1, 16),
                decided_at=_at(today, 9),
                changed_at=_at(days[change.product_id], 6),
            )
    return changes


def _price(price: float) -> Decimal:
    return shop_currency().price(Decimal(f"{price:.2f}"))


def _at(day: int, hour: int) -> dt.datetime:
    return dt.datetime.combine(day_of_epoch(day), dt.time(hour), settings.SHOP_TIME_ZONE)


def _date(change: PriceChange, **moments: dt.datetime) -> None:
    """Write when something was done: the services take it to be now."""
    PriceChange.objects.filter(pk=change.pk).update(**moments)


# --- what is under way -----------------------------------------------------------------------------------


def start_work(shop: GeneratedShop) -> None:
    """Leave to the shop's people what they have begun: proposals, prices that wait, one undone, a rule with runs,
    simulations and a planned experiment."""
    with transaction.atomic():
        _last_evening(shop)
        _simulations(shop)
        _experiment()
    with sales_count_as_new(), jobs_run_in("inline"):
        rule = _rule()
        if rule is not None:
            manager = get_user_model().objects.get(username=MANAGER)
            rule_run_request(rule.pk, dry_run=True, by=manager)
            rule_run_request(rule.pk, dry_run=False, by=manager)


@contextmanager
def sales_count_as_new() -> Iterator[None]:
    """Let rules run although the sales ended long ago: the shop's calendar stands still."""
    before = settings.DATA_STALE_AFTER
    settings.DATA_STALE_AFTER = dt.timedelta.max
    try:
        yield
    finally:
        settings.DATA_STALE_AFTER = before


def _last_evening(shop: GeneratedShop) -> None:
    """Propose the best recommendations; one of those before is rejected, two wait for their day, one was undone."""
    codes = list(merchandise().order_by().exclude(category=RULE_CATEGORY).values_list("code", flat=True))
    changed = set(PriceChange.objects.values_list("product_id", flat=True))
    best = sorted(
        (each for each in recommend_many(codes) if _is_worth_it(each) and each.facts.code not in changed),
        key=lambda each: (-_gain(each), each.facts.code),
    )[: PROPOSED + 4]
    # The best one is left to whoever looks around.
    rejected, undone, waiting, proposed = best[1:2], best[2:3], best[3:5], best[5:]
    evening = _at(shop.last_day, 19)
    _propose(proposed, evening, uuid7())
    for change in _propose(rejected, evening):
        price_changes.reject([change.pk], by=MANAGER, note=TOO_MUCH_AT_ONCE)
        _date(change, decided_at=evening + dt.timedelta(hours=1))
    for change in _propose(waiting, evening, uuid7()):
        price_changes.approve([change.pk], by=MANAGER)
        _date(change, decided_at=evening + dt.timedelta(hours=1))
    for change in _propose(undone, evening - dt.timedelta(days=1)):
        price_changes.approve([change.pk], by=MANAGER)
        price_changes.apply([change.pk], by=MANAGER)
        price_changes.roll_back([change.pk], by=MANAGER, note=WRONG_SHELF)
        moments = ("decided_at", "changed_at", "rolled_back_at")
        _date(change, **{name: evening + dt.timedelta(hours=hour) for hour, name in enumerate(moments)})


def _is_worth_it(found: ProductRecommendation) -> bool:
    changes = found.price.recommended_price != found.price.current_price
    return changes and _gain(found) > 0 and found.quality in ("A", "B")


def _gain(found: ProductRecommendation) -> float:
    gain = known(float(found.expected.impact.change.profit), 2) if found.expected else None
    return gain or 0.0


def _propose(
    found: Sequence[ProductRecommendation], moment: dt.datetime, batch: Any = None
) -> list[PriceChange]:
    proposals = [
        PriceProposal(each.facts.code, price)
        for each in found
        if (price := each.price.recommended_price) is not None
    ]
    changes = price_changes.propose(
        proposals, by=ANALYST, reason=RECOMMENDED, source=PriceChangeSource.RECOMMENDATION, batch=batch
    )
    for change in changes:
        _date(change, created_at=moment)
    return changes


def _simulations(shop: GeneratedShop) -> list[Simulation]:
    """Two to compare, of the product that the documentation shows."""
    code, analyst = shop.products.code[ICED_LATTE], get_user_model().objects.get(username=ANALYST)
    return [
        simulation_create({"name": name, "stock_code": code, "price_range": steps}, user=analyst)
        for name, steps in SIMULATED
    ]


def _experiment() -> PriceExperiment | None:
    """A draft of a test of one category; None in a shop without it."""
    if not merchandise().filter(category=TESTED, current_price__isnull=False).exists():
        return None
    wish = wish_of(
        {
            "category": TESTED, "design": SWITCHBACK, "old_percent": 0.0, "new_percent": -10.0, "weeks": 12,
            "washout_days": 2, "past_weeks": 26, "elasticity": None,
        }
    )  # fmt: skip
    return experiment_create(wish, name=EXPERIMENT_NAME, by=ANALYST)


def _rule() -> RepricingRule | None:
    """A rule that proposes to lower what lies too long, looked at every day."""
    if not merchandise().filter(category=RULE_CATEGORY).exists():
        return None
    fields = {
        "name": RULE_NAME,
        "scope": RuleScope.CATEGORY,
        "category": RULE_CATEGORY,
        "stock_days_above": Decimal(45),
        "action": RuleAction.FACTOR,
        "percent": Decimal(-10),
        "max_change_percent": Decimal(10),
        "keep_endings": True,
        "every_hours": 24,
    }
    return rule_create(fields, user=get_user_model().objects.get(username=MANAGER))
