"""What an experiment would be: products in groups, their two prices, and what it could find."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
from django.db.models import Q

from elastix.errors import FieldError, Invalid
from elastix.shop import shop_currency
from pricing.bundles.models import ProductPair, Relationship
from pricing.recommendation.core.constrained import constrain_price
from pricing.recommendation.selectors.pricing_inputs import PriceFacts, pricing_inputs
from pricing.sales.core.arrays import FloatArray
from pricing.sales.core.calendar import DAYS_A_WEEK
from pricing.sales.selectors.daily import newest_sale_day
from pricing.sales.selectors.products import merchandise
from simulations.experiments.core.designs import (
    CLUSTERS,
    FEWEST_PAIRS,
    SWITCHBACK,
    build_clusters,
    match_pairs,
    price_contrast,
)
from simulations.experiments.core.planning import (
    DURATIONS,
    Past,
    Power,
    dispersion,
    formula_error,
    plan,
    shortest,
)
from simulations.experiments.core.value import TestValue, value_of_test
from simulations.experiments.selectors.sales import by_group, daily_money

MOST_PRODUCTS: Final = 500
READ_WEEKS: Final = 104
USUAL_ELASTICITY, USUAL_ERROR = -1.8, 1.0
"""Where nothing is known of any product: a guess, and how wide it is."""
OF_PRODUCTS, GIVEN, DEFAULT = ELASTICITY_SOURCES = ("products", "given", "default")

NO_DIFFERENCE: Final = "no_difference"
NO_PAIR: Final = "no_pair"
PROFIT, REVENUE = "profit", "revenue"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for; percents are changes of the usual prices, `elasticity` None: what is known of the products."""

    design: str
    products: tuple[str, ...]
    old_percent: float
    new_percent: float
    weeks: int
    washout_days: int = 2
    past_weeks: int = 26
    elasticity: float | None = None


@dataclass(frozen=True, slots=True)
class PlannedProduct:
    product_id: str
    group: int
    usual_price: Decimal
    old_price: Decimal
    new_price: Decimal
    cost: Decimal | None
    tax_factor: Decimal


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A product that cannot be tested, and why in one word."""

    product_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """What an experiment would be and could find; see `Power` for the figures of each duration.

    Attributes
    ----------
    elasticity_source : whether the elasticity is that of the products, was given with the wish, or is the usual one: a guess.
    power : of the weeks asked for; `durations` of others, `shortest` the first that finds the expected effect in 80 %.
    formula_error : of the elasticity, by counts alone.
    cut : pairs of substitutes that are in different groups.
    money : what is decided on: profit, or revenue where not all costs are known.
    """

    wish: Wish
    products: list[PlannedProduct]
    left_out: list[LeftOut]
    groups: int
    cut: list[tuple[str, str]]
    neighbours: dict[str, int]
    elasticity: float
    elasticity_error: float
    elasticity_source: str
    contrast: float
    money: str
    units_a_week: float
    revenue_a_week: float
    dispersion: float
    formula_error: float
    power: Power
    durations: list[Power]
    value: TestValue

    @property
    def shortest(self) -> int | None:
        return shortest(self.durations)


def experiment_plan(wish: Wish, *, durations: bool = True) -> ExperimentPlan:
    """Plan an experiment.

    Raises
    ------
    Invalid : no product can be tested, or weeks, groups or sales are too few.
    """
    facts, prices, left_out = _prices(wish)
    codes = sorted(prices)
    if not codes:
        raise Invalid(
            FieldError("products", "None of these products can be tested: no two prices are allowed.")
        )
    last = newest_sale_day()
    if last is None:
        raise Invalid(FieldError("products", "There are no sales to plan with."))
    members, cut = _groups(wish, {code: facts[code].category for code in codes})
    past = _past(codes, members, facts, last, wish)
    members, past, odd = _in_pairs(wish, members, past)
    left_out += [LeftOut(code, NO_PAIR) for code in odd]
    codes = [code for group in members for code in group]
    planned = [
        PlannedProduct(
            code,
            number,
            facts[code].price or Decimal(0),
            *prices[code],
            facts[code].cost,
            facts[code].policy.tax_factor,
        )
        for number, group in enumerate(members)
        for code in group
    ]
    return _with_figures(wish, planned, left_out, members, cut, facts, past, durations)


def _with_figures(
    wish: Wish,
    planned: list[PlannedProduct],
    left_out: list[LeftOut],
    members: list[list[str]],
    cut: list[tuple[str, str]],
    facts: Mapping[str, PriceFacts],
    past: Past,
    durations: bool,
) -> ExperimentPlan:
    counted = DAYS_A_WEEK / (DAYS_A_WEEK - _washout(wish))
    weight = np.array([float(facts[each.product_id].base.quantity or 0) + 1e-6 for each in planned])
    contrasts = price_contrast(
        [float(each.old_price) for each in planned], [float(each.new_price) for each in planned]
    )
    contrast = float(weight @ contrasts / weight.sum())
    elasticity, error, source = expected_elasticity([facts[each.product_id] for each in planned], weight)
    if wish.elasticity is not None:
        elasticity, source = wish.elasticity, GIVEN
    phi, units = dispersion(past.units), float(past.units.mean(axis=1).sum())
    has_costs = all(each.cost is not None for each in planned)

    def of(weeks: int) -> Power:
        return plan(
            wish.design, past, weeks=weeks, effect=elasticity * contrast, contrast=contrast, past_weeks=wish.past_weeks
        )  # fmt: skip

    try:
        power = of(wish.weeks)
    except ValueError as missing:
        raise Invalid(FieldError("weeks", str(missing))) from missing
    revenue = float(past.revenue.mean(axis=1).sum()) * counted
    return ExperimentPlan(
        wish=wish,
        products=planned,
        left_out=left_out,
        groups=len(members),
        cut=cut,
        neighbours=_neighbours(members, with_cost=has_costs),
        elasticity=elasticity,
        elasticity_error=error,
        elasticity_source=source,
        contrast=contrast,
        money=PROFIT if has_costs else REVENUE,
        units_a_week=units * counted,
        revenue_a_week=revenue,
        dispersion=phi,
        formula_error=formula_error(max(units * wish.weeks, 1e-9), phi, contrast),
        power=power,
        durations=_durations(of, wish) if durations else [],
        value=value_of_test(
            revenue=revenue,
            margin=float(past.money.sum() / past.revenue.sum()) if past.revenue.sum() > 0 else 0.0,
            elasticity=elasticity,
            elasticity_error=error,
            test_error=power.elasticity_error,
            contrast=_mean_steps(planned, weight),
            test_weeks=wish.weeks,
        ),
    )


def _mean_steps(planned: list[PlannedProduct], weight: FloatArray) -> tuple[float, float]:
    """How far the old and the new price lie from the usual one, in logarithms: the weighted means over the products."""
    old, new = (
        [float(np.log(float(getattr(each, name)) / float(each.usual_price))) for each in planned]
        for name in ("old_price", "new_price")
    )
    return float(np.average(old, weights=weight)), float(np.average(new, weights=weight))


def _durations(of: Any, wish: Wish) -> list[Power]:
    found = []
    for weeks in DURATIONS:
        try:
            found.append(of(weeks))
        except ValueError:  # too short for the design, or longer than the past allows
            continue
    return found


def expected_elasticity(facts: Sequence[PriceFacts], weight: FloatArray) -> tuple[float, float, str]:
    """The elasticity that the products are believed to have together, how uncertain that is, and whether it is a guess.

    Products of a category err alike, so the error is the mean of theirs and does not fall with their number.
    """
    known = [index for index, each in enumerate(facts) if each.elasticity is not None]
    if not known:
        return USUAL_ELASTICITY, USUAL_ERROR, DEFAULT
    of = weight[known]
    mean = float(np.average([float(facts[index].elasticity or 0) for index in known], weights=of))
    errors = [facts[index].std_error for index in known]
    error = float(np.average([USUAL_ERROR if each is None else each for each in errors], weights=of))
    return mean, error, OF_PRODUCTS


def _prices(
    wish: Wish,
) -> tuple[dict[str, PriceFacts], dict[str, tuple[Decimal, Decimal]], list[LeftOut]]:
    """Both prices of each product within the limits of its policy; products without a difference are left out."""
    groups, without = pricing_inputs(wish.products)
    left_out = [LeftOut(each.code, each.obstacle.lower()) for each in without]
    known = {each.code for each in without}
    facts, prices = {}, {}
    currency = shop_currency()
    for group in groups:
        columns = []
        for percent in (wish.old_percent, wish.new_percent):
            wanted = group.inputs.price * (1 + percent / 100)
            columns.append(constrain_price(wanted, group.inputs, group.constraints).price)
        for each, old, new in zip(group.facts, *columns, strict=True):
            known.add(each.code)
            if old == new:
                left_out.append(LeftOut(each.code, NO_DIFFERENCE))
            else:
                facts[each.code] = each
                prices[each.code] = currency.of_units(int(old)), currency.of_units(int(new))
    left_out += [LeftOut(code, "unknown_product") for code in wish.products if code not in known]
    return facts, prices, sorted(left_out, key=lambda each: each.product_id)


def _groups(wish: Wish, categories: Mapping[str, str]) -> tuple[list[list[str]], list[tuple[str, str]]]:
    pairs = ProductPair.objects.filter(product_x__in=categories).values_list(
        "product_x_id", "product_y_id", "relationship", "cross_elasticity"
    )
    rows = list(pairs)
    substitutes = [(x, y, abs(cross)) for x, y, kind, cross in rows if kind == Relationship.SUBSTITUTES]
    return build_clusters(categories, substitutes, {x for x, *_ in rows})


def _washout(wish: Wish) -> int:
    return wish.washout_days if wish.design == SWITCHBACK else 0


def _past(
    codes: Sequence[str],
    members: Sequence[Sequence[str]],
    facts: Mapping[str, PriceFacts],
    last: dt.date,
    wish: Wish,
) -> Past:
    """Whole weeks up to the newest sale, without the days that a wash-out would leave out."""
    first = last - dt.timedelta(days=DAYS_A_WEEK * READ_WEEKS - 1)
    daily = daily_money(codes, first, last)
    number = {code: index for index, group in enumerate(members) for code in group}
    cost = np.array([np.nan if facts[code].cost is None else float(facts[code].cost or 0) for code in codes])
    tax = np.array([float(facts[code].policy.tax_factor) for code in codes])
    begun = np.flatnonzero(daily.units.any(axis=0))
    start = int(begun[0]) // DAYS_A_WEEK if begun.size else READ_WEEKS

    def weekly(values: FloatArray) -> FloatArray:
        grouped = by_group(values, [number[code] for code in codes], len(members))
        return np.asarray(
            grouped.reshape(len(members), -1, DAYS_A_WEEK)[..., _washout(wish) :].sum(axis=2)[:, start:]
        )

    has_costs = not np.isnan(cost).any()
    money = daily.profit(cost, tax) if has_costs else daily.revenue / tax[:, None]
    return Past(weekly(daily.units), weekly(daily.revenue), weekly(money))


def _in_pairs(wish: Wish, members: list[list[str]], past: Past) -> tuple[list[list[str]], Past, list[str]]:
    """Put groups that sold alike beside each other, for designs in pairs; return also the products of one left over."""
    if wish.design != CLUSTERS:
        return members, past, []
    if len(members) < 2 * FEWEST_PAIRS:
        text = f"{2 * FEWEST_PAIRS} groups of products are needed; these products make {len(members)}."
        raise Invalid(FieldError("products", text))
    order = match_pairs(past.units[:, -wish.past_weeks :].sum(axis=1)).ravel()
    odd = [code for index in set(range(len(members))) - set(order.tolist()) for code in members[index]]
    chosen = replace(past, units=past.units[order], revenue=past.revenue[order], money=past.money[order])
    return [members[index] for index in order], chosen, odd


def _neighbours(members: Sequence[Collection[str]], *, with_cost: bool) -> dict[str, int]:
    """Products that are not tested but replace or complement tested ones, and the group they answer to most.

    Where profit is counted only those whose cost is known.
    """
    group = {code: number for number, each in enumerate(members) for code in each}
    pairs = ProductPair.objects.filter(
        ~Q(relationship=Relationship.INDEPENDENT), product_y__in=group, product_x__is_active=True
    ).exclude(product_x__in=group)
    if with_cost:
        pairs = pairs.filter(product_x__cost__isnull=False)
    found: dict[str, tuple[float, int]] = {}
    for x, y, cross in pairs.values_list("product_x_id", "product_y_id", "cross_elasticity"):
        found[x] = max(found.get(x, (0.0, 0)), (abs(cross), group[y]))
    return {code: number for code, (_, number) in sorted(found.items())}


def products_of_category(category: str) -> tuple[str, ...]:
    """Codes of a category's products that have a price, those that sell most first.

    Raises
    ------
    Invalid : there are none.
    """
    rows = merchandise().filter(category=category, is_active=True, current_price__isnull=False)
    found = tuple(
        rows.order_by("-summary__monthly_sales", "code").values_list("code", flat=True)[:MOST_PRODUCTS]
    )
    if not found:
        raise Invalid(FieldError("category", f"No product of the category {category!r} has a price."))
    return found


def wish_of(asked: Mapping[str, Any]) -> Wish:
    """What is asked for, from checked values: `products` (codes) or `category`, and the other fields of a wish.

    A switchback has whole pairs of weeks: an odd last one is left out.

    Raises
    ------
    Invalid : no product of the category has a price.
    """
    codes = asked.get("products")
    products = tuple(dict.fromkeys(codes)) if codes else products_of_category(asked["category"])
    is_parallel = asked["design"] == CLUSTERS
    return Wish(
        design=asked["design"],
        products=products,
        old_percent=asked["old_percent"],
        new_percent=asked["new_percent"],
        weeks=asked["weeks"] if is_parallel else asked["weeks"] // 2 * 2,
        washout_days=asked["washout_days"],
        past_weeks=asked["past_weeks"],
        elasticity=asked["elasticity"],
    )
