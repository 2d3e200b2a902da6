"""What an experiment has found so far, from the sales that are known."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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


def experiment_result(experiment: PriceExperiment) -> dict[str, Any] | None:
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
    return {
        "to": last.isoformat(),
        "weeks": now.weeks,
        "is_complete": is_complete(schedule, days),
        "tested": _block(now, experiment),
        "neighbours": _block(beside, experiment) if has_neighbours else None,
        "total": _block(total, experiment),
        "verdict": verdict.verdict,
        "decision_low": _finite(verdict.low),
        "decision_high": _finite(verdict.high),
        "decision": _words(verdict.verdict, experiment.money, verdict.low, verdict.high),
        "elasticity": _finite(float(now.log_units.estimate) / experiment.contrast),
        "elasticity_error": _finite(float(now.log_units.spread) / abs(experiment.contrast)),
        "groups": _groups(products, tested, schedule),
        "looks": [
            {"weeks": each.weeks}
            | asdict(Measured.of(each.log_units, experiment.planned_error, percent=True))
            for each in looks(tested, schedule)
        ],
    } | _checks(schedule, products, read)


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
) -> list[dict[str, Any]]:
    """The elasticity of each group by itself, where the design tells it."""
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
        rows.append({"products": codes, "elasticity": elasticity, "elasticity_error": error})
    return rows


def _money(found: Effects, experiment: PriceExperiment) -> Effect:
    return found.profit if experiment.money == "profit" else found.revenue


def _block(found: Effects, experiment: PriceExperiment) -> dict[str, Any]:
    planned = experiment.planned_error
    of_units, of_revenue = planned * experiment.units_a_week, planned * experiment.revenue_a_week
    profit = Measured.of(found.profit, experiment.planned_money_error)
    return {
        "units_percent": asdict(Measured.of(found.log_units, planned, percent=True)),
        "units": asdict(Measured.of(found.units, of_units)),
        "revenue": asdict(Measured.of(found.revenue, of_revenue)),
        "profit": asdict(profit) if experiment.money == "profit" else None,
    }


def _words(verdict: str, money: str, low: float, high: float) -> str:
    return DECISIONS[verdict].format(money=money, low=f"{low:+,.2f}", high=f"{high:+,.2f}")


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _checks(schedule: Schedule, products: Sequence[ExperimentProduct], read: _Read) -> dict[str, Any]:
    """Whether it ran as drawn: shares of weeks, prices paid, and products that look sold out."""
    by_code = {each.product_id: each for each in products}
    sales = read.since
    days = sales.units.shape[1]
    counted = schedule.counted(days)
    wanted = np.array([_prices_drawn(schedule, by_code[code], days) for code in sales.codes])
    wrong = strayed(sales.price, wanted)[:, : counted.size] & counted
    deviations = {code: int(each.sum()) for code, each in zip(sales.codes, wrong, strict=True) if each.any()}
    sold, before = sales.units > 0, (read.before.units > 0).mean(axis=1)
    out = [
        code
        for code, each, usual in zip(sales.codes, sold, before, strict=True)
        if looks_sold_out(each, float(usual))
    ]
    ratio = sample_ratio(*_ran(schedule, by_code, sales.codes, wrong, counted))
    return {
        "sample_ratio": {
            "planned": list(ratio.planned),
            "ran": list(ratio.ran),
            "p_value": ratio.p_value,
            "is_mismatch": ratio.is_mismatch,
        },
        "deviations": [{"product_id": code, "days": days} for code, days in sorted(deviations.items())],
        "tolerance_percent": 100 * TOLERANCE,
        "sold_out": out,
    }


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
