"""Compute each customer's expected purchases and the revenue at risk."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from django.db.models import Sum

from elastix.alerts.services import Finding, alerts_report
from elastix.jobs.recompute import RecomputePlan
from elastix.sql import execute, insert_rows
from pricing.recommendation.selectors.policies import tax_factors
from pricing.sales.core.arrays import FloatArray
from pricing.sales.core.calendar import DAYS_A_WEEK
from pricing.sales.models import ProductSummary
from pricing.sales.selectors.daily import day_of_epoch, epoch_days
from segments.core.lifetime import (
    BasketModel,
    Histories,
    HoldOut,
    PurchaseModel,
    fit_baskets,
    fit_purchases,
    hold_out,
)
from segments.models import CustomerForecast, CustomerModel, ForecastState
from segments.services.customers import Customers

FEWEST_REPEATS: Final = 100
"""Customers who bought again, below which four parameters cannot be estimated."""
HORIZON_DAYS, YEAR_DAYS, LONGEST_WAIT_DAYS = 90, 365, 3650
AT_RISK_PURCHASE_DAYS: Final = 4
AT_RISK_ALIVE: Final = 0.5
KNOWN_COSTS: Final = 0.5
SUBJECT: Final = "customers"
NOT_SETTLED: Final = (
    "The model of customers' purchases did not converge: nothing is expected of any customer."
)
TABLE: Final = "segments_customerforecast"
COLUMNS: Final = (
    *("customer_id", "first_purchase", "last_purchase", "purchase_days", "repeat_revenue"),
    *("alive", "expected_purchases", "next_purchase", "value", "profit", "value_at_stake", "at_risk"),
)


class Visits(NamedTuple):
    """One customer's days with a purchase: the first and the last, how many, and the money spent after the first."""

    first_day: int
    last_day: int
    days: int
    repeat_revenue: float


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """The model, and the visits of all customers that it is asked about, as of a day; None: without any sales."""

    as_of: dt.date | None
    model: CustomerModel | None
    visits: dict[str, Visits]


def compute(plan: RecomputePlan, customers: Customers) -> Lifetimes:
    """Bring the visits up to date; in a full run, fit the models to them and test them on the held-out last days."""
    visits = {code: _visits(spent) for code, spent in customers.spent.items() if spent}
    if not plan.full:
        gone = {*customers.gone, *customers.spent}
        visits = {code: each for code, each in _stored().items() if code not in gone} | visits
    model = CustomerModel.objects.first()
    if customers.as_of is not None and (plan.full or model is None):
        model = _fitted(customers, visits, epoch_days(customers.as_of))
    return Lifetimes(customers.as_of, model, visits)


def _visits(spent: Mapping[int, float]) -> Visits:
    first = min(spent)
    return Visits(first, max(spent), len(spent), sum(spent.values()) - spent[first])


def _stored() -> dict[str, Visits]:
    names = ("first_purchase", "last_purchase", "purchase_days", "repeat_revenue")
    return {
        code: Visits(epoch_days(first), epoch_days(last), days, revenue)
        for code, first, last, days, revenue in CustomerForecast.objects.values_list("customer_id", *names)
    }


def histories(visits: list[Visits], now: int) -> Histories:
    """The visits before a day since 1970-01-01 as the models take them, in weeks."""
    first, last, days, _ = np.array(visits, np.float64).reshape(-1, 4).T
    return Histories(
        days - 1, (last - first) / DAYS_A_WEEK, np.maximum(now - first, last - first) / DAYS_A_WEEK
    )


# --- the models ------------------------------------------------------------------------------------------


def _fitted(customers: Customers, visits: Mapping[str, Visits], now: int) -> CustomerModel:
    each = list(visits.values())
    repeats = sum(visit.days > 1 for visit in each)
    model = CustomerModel(
        state=ForecastState.TOO_FEW_CUSTOMERS,
        as_of=day_of_epoch(now),
        customers=len(each),
        repeat_customers=repeats,
    )
    if repeats < FEWEST_REPEATS:
        return model
    bought = fit_purchases(histories(each, now))
    model.r, model.alpha, model.a, model.b = bought.r, bought.alpha, bought.a, bought.b
    model.log_likelihood = bought.log_likelihood
    paid = fit_baskets(*baskets([visit for visit in each if visit.days > 1]))
    # Where q is not above 1 the mean basket of all customers is infinite.
    if paid.converged and paid.q > 1:
        model.p, model.q, model.gamma = paid.p, paid.q, paid.gamma
    model.hold_out_days = min(HORIZON_DAYS, (now - min(visit.first_day for visit in each)) // 3)
    tested = _hold_out(customers, now - model.hold_out_days, model.hold_out_days)
    if tested is not None:
        model.expected_purchases, model.actual_purchases = tested.expected, tested.actual
        model.error, model.average_error = tested.error, min(tested.own_error, tested.mean_error)
    if not bought.converged or tested is None:
        model.state = ForecastState.NOT_CONVERGED
    else:
        model.state = ForecastState.OFFERED if tested.beats_averages else ForecastState.NOT_BETTER
    return model


def _hold_out(customers: Customers, then: int, days: int) -> HoldOut | None:
    """Foresee the last days from those before them; None where there is too little to choose a model."""
    past, later = [], []
    for spent in customers.spent.values():
        before = {day: money for day, money in spent.items() if day < then}
        if before:
            past.append(_visits(before))
            later.append(len(spent) - len(before))
    if not any(visit.days > 1 for visit in past):
        return None
    return hold_out(histories(past, then), np.array(later, np.float64), days / DAYS_A_WEEK)


def baskets(visits: list[Visits]) -> tuple[FloatArray, FloatArray]:
    """Number and mean value of each customer's baskets after the first; 0 and 0 without any."""
    _, _, days, revenue = np.array(visits, np.float64).reshape(-1, 4).T
    return days - 1, revenue / np.maximum(days - 1, 1)


# --- what is expected ------------------------------------------------------------------------------------


def publish(found: Lifetimes) -> None:
    """Write the model and what it expects of each customer; after the products' sums, which say the margin."""
    if found.model is None or found.as_of is None:
        CustomerModel.objects.all().delete()
        CustomerForecast.objects.all().delete()
        alerts_report("fit_not_converged", [], among=[SUBJECT])
        return
    found.model.margin = margin()
    CustomerModel.objects.all().delete()
    found.model.save(force_insert=True)
    settled = found.model.state != ForecastState.NOT_CONVERGED
    alerts_report("fit_not_converged", [] if settled else [Finding(SUBJECT, NOT_SETTLED)], among=[SUBJECT])
    execute(f"DELETE FROM {TABLE}")
    insert_rows(TABLE, COLUMNS, _rows(found, found.model, epoch_days(found.as_of)))


def margin() -> float | None:
    """Profit in a unit of revenue over the products with a cost; None where they bring less than half of the revenue."""
    sold = ProductSummary.objects.filter(total_revenue__gt=0)
    costed = list(sold.filter(product__cost__isnull=False).select_related("product"))
    revenue = float(sum(each.total_revenue for each in costed))
    if not costed or revenue < KNOWN_COSTS * float(sold.aggregate(all=Sum("total_revenue"))["all"]):
        return None
    factors = tax_factors([each.product for each in costed])
    profit = sum(
        each.total_revenue / factors[each.product_id] - each.total_quantity * (each.product.cost or 0)
        for each in costed
    )
    return float(profit) / revenue


def _rows(found: Lifetimes, model: CustomerModel, now: int) -> Iterator[tuple[Any, ...]]:
    codes = list(found.visits)
    each = list(found.visits.values())
    dates: dict[int, str] = {}

    def date(day: int) -> str:
        if day not in dates:
            dates[day] = day_of_epoch(day).isoformat()
        return dates[day]

    nothing: list[Any] = [None] * len(codes)
    alive, wanted, wait, value, stake = nothing, nothing, nothing, nothing, nothing
    if model.state == ForecastState.OFFERED and codes:
        past = histories(each, now)
        buys = PurchaseModel(model.r, model.alpha, model.a, model.b, model.log_likelihood, True)  # type: ignore[arg-type]
        chance = buys.alive(past)
        alive = chance.tolist()
        wanted = (chance * buys.expected_if_alive(past, HORIZON_DAYS / DAYS_A_WEEK)).tolist()
        wait = np.ceil(buys.time_to_next(past) * DAYS_A_WEEK).tolist()
        if model.q is not None:
            pays = BasketModel(model.p, model.q, model.gamma, 0.0, True)  # type: ignore[arg-type]
            year = buys.expected_if_alive(past, YEAR_DAYS / DAYS_A_WEEK) * pays.expected_basket(
                *baskets(each)
            )
            value, stake = (chance * year).tolist(), ((1 - chance) * year).tolist()
    for code, visit, living, count, days, money, lost in zip(
        codes, each, alive, wanted, wait, value, stake, strict=True
    ):
        yield (
            code,
            date(visit.first_day),
            date(visit.last_day),
            visit.days,
            visit.repeat_revenue,
            living,
            count,
            date(now + int(days)) if days is not None and days <= LONGEST_WAIT_DAYS else None,
            money,
            None if money is None or model.margin is None else money * model.margin,
            lost,
            living is not None and visit.days >= AT_RISK_PURCHASE_DAYS and living < AT_RISK_ALIVE,
        )
