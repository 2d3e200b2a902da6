"""What an experiment has found so far, from the sales that are known."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray
from pricing.sales.core.calendar import DAYS_A_WEEK
from pricing.sales.models import Product
from pricing.sales.selectors.daily import newest_sale_day
from simulations.experiments.core.analysis import (
    Effects,
    GroupSales,
    effects,
    group_effects,
    is_complete,
    looks,
)
from simulations.experiments.core.checks import TOLERANCE, looks_sold_out, sample_ratio, strayed
from simulations.experiments.core.estimates import Effect
from simulations.experiments.core.schedule import Schedule
from simulations.experiments.core.sequences import NEW, NONE, OLD, OPEN, UNKNOWN, always_valid, decide
from simulations.experiments.models import ExperimentProduct, PriceExperiment
from simulations.experiments.selectors.experiments import last_day, schedule_of, shop_day
from simulations.experiments.selectors.sales import DailyMoney, by_group, daily_money

DECISIONS: Final = {
    NEW: "The new price is better: {money} is higher by {low} to {high} a week. Keep it.",
    OLD: "The old price is better: with the new one {money} changes by {low} to {high} a week. Roll back.",
    NONE: "No difference in {money} was found: it lies between {low} and {high} a week. Keep the usual price, unless another "
    "reason speaks for the new one.",
    OPEN: "Not decided yet: the effect on {money} lies between {low} and {high} a week. Let the experiment run.",
    UNKNOWN: "Too few sales to say anything yet.",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """An effect with its 95 % interval of this moment and the one that stays valid however often one looks."""

    estimate: float | None
    low: float | None
    high: float | None
    always_low: float | None
    always_high: float | None
    p_value: float | None

    @classmethod
    def of(cls, effect: Effect, planned_error: float, percent: bool = False) -> "Measured":
        def number(value: Any) -> float | None:
            value = 100 * float(np.expm1(value)) if percent else float(value)
            return value if np.isfinite(value) else None

        values = [effect.estimate, *effect.interval(), *always_valid(effect, planned_error)]
        p = float(effect.p_value)
        return cls(*(number(each) for each in values), p if np.isfinite(p) else None)  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True)
class MeasuredEffects:
    """Effects of the new price on some products together; profit is None where it is not what is judged by."""

    units_percent: Measured
    units: Measured
    revenue: Measured
    profit: Measured | None


@dataclass(frozen=True, slots=True)
class Look:
    """The effect on units in percent after so many weeks, as `Measured` has it."""

    weeks: int
    estimate: float | None
    low: float | None
    high: float | None
    always_low: float | None
    always_high: float | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class GroupElasticity:
    """The elasticity of the products of one group by itself."""

    products: list[str]
    elasticity: float | None
    elasticity_error: float | None


@dataclass(frozen=True, slots=True)
class WeeksRun:
    """Weeks of groups at the old and at the new price: planned, run as drawn, and whether chance explains the difference."""

    planned: list[int]
    ran: list[int]
    p_value: float
    is_mismatch: bool


@dataclass(frozen=True, slots=True)
class Deviation:
    """Days on which a product was charged at another price than the drawn one."""

    product_id: str
    days: int


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """What an experiment found, from sales up to a day (ISO 8601).

    Attributes
    ----------
    tested, neighbours, total : effects on the tested products, on their neighbours (None without any) and on both together.
    decision_low, decision_high : the always-valid interval that the verdict rests on, currency a week.
    groups : elasticities by group, where the design identifies them.
    looks : the effect week by week.
    """

    to: str
    weeks: int
    is_complete: bool
    tested: MeasuredEffects
    neighbours: MeasuredEffects | None
    total: MeasuredEffects
    verdict: str
    decision_low: float | None
    decision_high: float | None
    decision: str
    elasticity: float | None
    elasticity_error: float | None
    groups: list[GroupElasticity]
    looks: list[Look]
    sample_ratio: WeeksRun
    deviations: list[Deviation]
    tolerance_percent: float
    sold_out: list[str]


def experiment_result(experiment: PriceExperiment) -> ExperimentResult | None:
    """Estimate what an experiment found; None before a day of it is known."""
    products = list(experiment.products.order_by("group", "product_id"))
    newest, planned_end = newest_sale_day(), last_day(experiment)
    if not products or newest is None or planned_end is None or experiment.starts_on is None:
        return None
    last = min(newest, planned_end)
    if experiment.ended_at is not None:
        last = min(last, shop_day(experiment.ended_at) - dt.timedelta(days=1))
    if last < experiment.starts_on:
        return None
    schedule = schedule_of(experiment, products)
    read = _read(experiment, products, last)
    tested, neighbours = _sales(experiment, products, read)
    now, beside = effects(tested, schedule), effects(neighbours, schedule)
    total = effects(tested + neighbours, schedule)
    days = (last - experiment.starts_on).days + 1
    verdict = decide(
        _money(total, experiment), experiment.planned_money_error, is_last=is_complete(schedule, days)
    )
    has_neighbours = bool(experiment.neighbours)
    wrong, counted = _days_at_another_price(schedule, products, read)
    return ExperimentResult(
        to=last.isoformat(),
        weeks=now.weeks,
        is_complete=is_complete(schedule, days),
        tested=_measured(now, experiment),
        neighbours=_measured(beside, experiment) if has_neighbours else None,
        total=_measured(total, experiment),
        verdict=verdict.verdict,
        decision_low=_finite(verdict.low),
        decision_high=_finite(verdict.high),
        decision=_words(verdict.verdict, experiment.money, verdict.low, verdict.high),
        elasticity=_finite(float(now.log_units.estimate) / experiment.contrast),
        elasticity_error=_finite(float(now.log_units.spread) / abs(experiment.contrast)),
        groups=_groups(products, tested, schedule),
        looks=_looks(tested, schedule, experiment.planned_error),
        sample_ratio=_weeks_run(schedule, products, read.since.codes, wrong, counted),
        deviations=_deviations(read.since.codes, wrong),
        tolerance_percent=100 * TOLERANCE,
        sold_out=_sold_out(read, _stock(experiment, read.since.codes)),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """Daily sales of tested products and neighbours: of the weeks before the start, and since."""

    before: DailyMoney
    since: DailyMoney
    beside_before: DailyMoney
    beside_since: DailyMoney


def _read(experiment: PriceExperiment, products: Sequence[ExperimentProduct], last: dt.date) -> _Read:
    start = experiment.starts_on or last
    earlier = start - dt.timedelta(days=DAYS_A_WEEK * experiment.past_weeks)
    yesterday = start - dt.timedelta(days=1)
    codes, beside = sorted(each.product_id for each in products), sorted(experiment.neighbours)
    return _Read(
        daily_money(codes, earlier, yesterday),
        daily_money(codes, start, last),
        daily_money(beside, earlier, yesterday),
        daily_money(beside, start, last),
    )


def _sales(
    experiment: PriceExperiment, products: Sequence[ExperimentProduct], read: _Read
) -> tuple[GroupSales, GroupSales]:
    """Sums by group of the tested products, and of the neighbours that answer to each group."""
    group = {each.product_id: each.group for each in products}
    groups = 1 + max(group.values())
    costs = {each.product_id: (each.cost, each.tax_factor) for each in products}
    rows = Product.objects.filter(code__in=experiment.neighbours).values_list("code", "cost")
    # The tax of neighbours is that of the products beside them.
    tax = {each.group: each.tax_factor for each in products}
    beside = {code: (cost, tax[experiment.neighbours[code]]) for code, cost in rows}
    size = by_group(read.before.revenue, [group[code] for code in read.before.codes], groups).sum(axis=1)
    size = size / experiment.past_weeks

    def sums(
        before: DailyMoney, since: DailyMoney, of: Mapping[str, int], known: Mapping[str, Any]
    ) -> GroupSales:
        numbers = [of[code] for code in before.codes]
        cost = np.array(
            [np.nan if known[code][0] is None else float(known[code][0]) for code in before.codes]
        )
        factor = np.array([float(known[code][1]) for code in before.codes])
        daily = [by_group(values, numbers, groups) for values in _columns(since, cost, factor)]
        earlier = [by_group(values, numbers, groups).sum(axis=1) for values in _columns(before, cost, factor)]
        return GroupSales(
            daily[0], daily[1], daily[2], earlier[0], earlier[1], earlier[2], experiment.past_weeks, size
        )

    return (
        sums(read.before, read.since, group, costs),
        sums(read.beside_before, read.beside_since, experiment.neighbours, beside),
    )


def _columns(sales: DailyMoney, cost: FloatArray, factor: FloatArray) -> list[FloatArray]:
    return [sales.units, sales.revenue, sales.profit(cost, factor)]


def _groups(
    products: Sequence[ExperimentProduct], tested: GroupSales, schedule: Schedule
) -> list[GroupElasticity]:
    """The elasticity of each group by itself, where the design identifies it."""
    found = group_effects(tested, schedule)
    if found is None:
        return []
    rows = []
    for number in range(len(found.estimate)):
        members = [each for each in products if each.group == number]
        contrast = np.mean([np.log(float(each.new_price) / float(each.old_price)) for each in members])
        elasticity = _finite(float(found.estimate[number] / contrast))
        error = _finite(float(found.spread[number] / abs(contrast)))
        codes = [each.product_id for each in members]
        rows.append(GroupElasticity(codes, elasticity, error))
    return rows


def _money(found: Effects, experiment: PriceExperiment) -> Effect:
    return found.profit if experiment.money == "profit" else found.revenue


def _measured(found: Effects, experiment: PriceExperiment) -> MeasuredEffects:
    planned = experiment.planned_error
    of_units, of_revenue = planned * experiment.units_a_week, planned * experiment.revenue_a_week
    profit = Measured.of(found.profit, experiment.planned_money_error)
    return MeasuredEffects(
        units_percent=Measured.of(found.log_units, planned, percent=True),
        units=Measured.of(found.units, of_units),
        revenue=Measured.of(found.revenue, of_revenue),
        profit=profit if experiment.money == "profit" else None,
    )


def _looks(tested: GroupSales, schedule: Schedule, planned_error: float) -> list[Look]:
    found = []
    for each in looks(tested, schedule):
        at = Measured.of(each.log_units, planned_error, percent=True)
        found.append(
            Look(each.weeks, at.estimate, at.low, at.high, at.always_low, at.always_high, at.p_value)
        )
    return found


def _words(verdict: str, money: str, low: float, high: float) -> str:
    return DECISIONS[verdict].format(money=money, low=f"{low:+,.2f}", high=f"{high:+,.2f}")


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


# --- whether it ran as drawn ------------------------------------------------------------------------------


def _days_at_another_price(
    schedule: Schedule, products: Sequence[ExperimentProduct], read: _Read
) -> tuple[BoolArray, BoolArray]:
    """Whether each product was charged at another price than the drawn one on each counted day, and which days count."""
    by_code = {each.product_id: each for each in products}
    days = read.since.units.shape[1]
    counted = schedule.counted(days)
    drawn = np.array([_prices_drawn(schedule, by_code[code], days) for code in read.since.codes])
    return strayed(read.since.price, drawn)[:, : counted.size] & counted, counted


def _weeks_run(
    schedule: Schedule,
    products: Sequence[ExperimentProduct],
    codes: Sequence[str],
    wrong: BoolArray,
    counted: BoolArray,
) -> WeeksRun:
    by_code = {each.product_id: each for each in products}
    ratio = sample_ratio(*_ran(schedule, by_code, codes, wrong, counted))
    return WeeksRun(list(ratio.planned), list(ratio.ran), ratio.p_value, ratio.is_mismatch)


def _deviations(codes: Sequence[str], wrong: BoolArray) -> list[Deviation]:
    days = dict(zip(codes, wrong.sum(axis=1).tolist(), strict=True))
    return [Deviation(code, number) for code, number in sorted(days.items()) if number]


def _stock(experiment: PriceExperiment, codes: Sequence[str]) -> dict[str, float]:
    """The stock of the products of which one is recorded; after the end it says nothing of the experiment."""
    if experiment.ended_at is not None:
        return {}
    known = Product.objects.filter(code__in=codes, stock_level__isnull=False)
    return {code: float(stock or 0) for code, stock in known.values_list("code", "stock_level")}


def _sold_out(read: _Read, stock: Mapping[str, float]) -> list[str]:
    sold, before = read.since.units > 0, (read.before.units > 0).mean(axis=1)
    return [
        code
        for code, each, usual in zip(read.since.codes, sold, before, strict=True)
        if looks_sold_out(each, float(usual), stock.get(code))
    ]


def _prices_drawn(schedule: Schedule, product: ExperimentProduct, days: int) -> FloatArray:
    week = np.minimum(np.arange(days) // DAYS_A_WEEK, schedule.weeks - 1)
    is_new = schedule.treated[product.group, week]
    return np.where(is_new, float(product.new_price), float(product.old_price))


def _ran(
    schedule: Schedule,
    by_code: Mapping[str, ExperimentProduct],
    codes: Sequence[str],
    wrong: BoolArray,
    counted: BoolArray,
) -> tuple[BoolArray, BoolArray]:
    """Of each group and known week: whether it was to have the new price, and whether it ran as drawn: less than a tenth of
    its days were paused, or charged at another price."""
    weeks = counted.size // DAYS_A_WEEK
    if not weeks:
        nothing = np.zeros(0, np.bool_)
        return nothing, nothing
    groups = len(schedule.treated)
    numbers = [by_code[code].group for code in codes]
    strays = by_group(wrong.astype(float), numbers, groups).reshape(groups, weeks, DAYS_A_WEEK).sum(axis=2)
    size = np.bincount(numbers, minlength=groups)[:, None] * DAYS_A_WEEK
    lost = ~counted.reshape(weeks, DAYS_A_WEEK).any(axis=1)
    ran = (strays < 0.1 * size) & ~lost
    return schedule.treated[:, :weeks].ravel(), ran.ravel()
