"""Invoices of the generated shop: who bought what, when and at which price, and returns."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.grouping import distinct_pairs
from simulations.generator.catalogue import CATEGORIES, ICED_LATTE, Catalogue
from simulations.generator.customers import (
    APPETITE,
    ELASTICITY_SHIFT,
    FIRST_CUSTOMER_NUMBER,
    LINE_QUANTITIES,
    NO_CUSTOMER,
    QUANTITY_SHARE,
    Visits,
)

MINUTES_A_DAY: Final = 24 * 60
OPENING_MINUTE, CLOSING_MINUTE = 8 * 60, 18 * 60 + 30
FIRST_INVOICE_NUMBER: Final = 500001

DAILY_DEMAND_SHAPE: Final = 8.0
ICED_LATTE_MONTHLY_UNITS: Final = 1200
ICED_LATTE_DAILY_NOISE: Final = 0.06
DAYS_A_MONTH: Final = 30

BREAK_QUANTITIES: Final = np.array([6, 12, 24])
BREAK_PRICE: Final = np.array([1.0, 0.95, 0.90, 0.85])

RETURN_SHARE: Final = 0.025
RETURN_WITHIN_DAYS: Final = 21


@dataclass(frozen=True, slots=True)
class SalesLines:
    """Transaction lines sorted by invoice, arrays of shape (n,).

    ``product`` indexes the products; ``minute`` counts shop-clock minutes since 1970-01-01 00:00;
    ``quantity`` is negative on cancellations; ``unit_price`` is what was paid, in whole cents; ``customer``
    is a customer number or -1; ``invoice`` a number that rises with time, written with a leading C where
    ``cancellation`` is set; ``country`` indexes the shop's country names.
    """

    product: IntArray
    minute: IntArray
    quantity: IntArray
    unit_price: FloatArray
    customer: IntArray
    invoice: IntArray
    cancellation: BoolArray
    country: IntArray


@dataclass(frozen=True, slots=True)
class Draws:
    """Units that visits take of products, before they are gathered into invoice lines; arrays of shape (n,)."""

    product: IntArray
    visit: IntArray
    quantity: IntArray


def draw_products(
    rng: np.random.Generator, catalogue: Catalogue, demand: FloatArray, log_price: FloatArray, visits: Visits
) -> Draws:
    """Draw what every visit takes, so that the expected units of each product and day are as demanded.

    Customer types differ in how they answer to price and in how many they take; the number of draws is
    corrected for both, which keeps a product's own elasticity exactly the catalogue's.

    Parameters
    ----------
    demand
        (P, D) relative demand in units, 1 on an average day at the base price.
    log_price
        (P, D) log of effective price over base price.
    """
    pull = (
        visits.total
        * APPETITE[catalogue.category][:, None, :]
        * np.exp(log_price[..., None] * ELASTICITY_SHIFT)
    )
    units = (QUANTITY_SHARE @ LINE_QUANTITIES)[catalogue.category]
    pulled = pull.sum(axis=2)
    someone = pulled > 0
    per_draw = np.divide(
        (pull * units[:, None, :]).sum(axis=2), pulled, out=np.ones_like(pulled), where=someone
    )
    usual = (per_draw * someone).sum(axis=1) / np.maximum(someone.sum(axis=1), 1)
    rate = catalogue.line_rate[:, None] * demand * (usual[:, None] / per_draw) * someone
    counts = rng.poisson(rate * rng.gamma(DAILY_DEMAND_SHAPE, 1 / DAILY_DEMAND_SHAPE, rate.shape))
    counts[ICED_LATTE] = _steady_counts(rng, demand[ICED_LATTE] * someone[ICED_LATTE])
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    product, day = np.divmod(cell, counts.shape[1])
    behaviour = _pick(rng, pull[product, day])
    start, span = visits.offset[day, behaviour], visits.total[day, behaviour]
    reach = np.cumsum(visits.weight)
    visit = np.searchsorted(reach, start + span * rng.random(start.size), side="right")
    quantity = LINE_QUANTITIES[_pick(rng, QUANTITY_SHARE[catalogue.category[product], behaviour])]
    return Draws(product, np.minimum(visit, reach.size - 1), quantity)


def sale_lines(
    rng: np.random.Generator,
    draws: Draws,
    visits: Visits,
    catalogue: Catalogue,
    effective_price: FloatArray,
    first_day: int,
) -> tuple[SalesLines, IntArray]:
    """Gather the draws into invoice lines, one per visit and product, and price them with quantity breaks.

    Returns the lines, whose invoice is the index of the visit, and (n,) the day counted from the first.
    """
    visit, product, line = distinct_pairs(draws.visit, draws.product)
    quantity = np.bincount(line, weights=draws.quantity, minlength=visit.size).astype(np.int64)
    buyer = _nobody_left_out(rng, visits.customer, visit, visits.customers.behaviour.size)
    clock = OPENING_MINUTE + (CLOSING_MINUTE - OPENING_MINUTE) * rng.beta(1.7, 2.0, buyer.size)
    day = visits.day[visit]
    packed = ~_prepared(catalogue)[product]
    discount = BREAK_PRICE[np.searchsorted(BREAK_QUANTITIES, quantity, side="right") * packed]
    known = buyer[visit] != NO_CUSTOMER
    lines = SalesLines(
        product=product,
        minute=(first_day + day) * MINUTES_A_DAY + clock.astype(np.int64)[visit],
        quantity=quantity,
        unit_price=np.round(effective_price[product, day] * discount, 2),
        customer=np.where(known, FIRST_CUSTOMER_NUMBER + buyer[visit], NO_CUSTOMER),
        invoice=visit,
        cancellation=np.zeros(visit.size, bool),
        country=np.where(known, visits.customers.country[buyer[visit]], 0),
    )
    return lines, day


def with_returns(
    rng: np.random.Generator, sales: SalesLines, day: IntArray, catalogue: Catalogue, open_day: BoolArray
) -> SalesLines:
    """Add the cancellations of some packed goods and number all invoices in the order of time.

    A cancellation mirrors one sale line of a customer with a card, on an open day at most three weeks later.
    """
    rate = RETURN_SHARE * rng.gamma(1.0, 1.0, catalogue.base_price.size)
    may = (sales.customer != NO_CUSTOMER) & ~_prepared(catalogue)[sales.product]
    row = np.flatnonzero(may & (rng.random(may.size) < np.minimum(rate, 0.2)[sales.product]))
    back = day[row] + rng.integers(1, RETURN_WITHIN_DAYS + 1, row.size)
    row, back = row[back < open_day.size], back[back < open_day.size]
    row, back = row[open_day[back]], back[open_day[back]]
    clock = rng.integers(OPENING_MINUTE, CLOSING_MINUTE, row.size)
    origin = np.concatenate((np.arange(day.size), row))
    shift = sales.minute[row] // MINUTES_A_DAY - day[row]
    minute = np.concatenate((sales.minute, (shift + back) * MINUTES_A_DAY + clock))
    visits = int(sales.invoice.max(initial=0)) + 1
    slip = np.concatenate((sales.invoice, visits + np.arange(row.size)))
    order = np.lexsort((sales.product[origin], slip, minute))
    origin, minute, slip = origin[order], minute[order], slip[order]
    is_return = slip >= visits
    new_slip = np.concatenate(([0], np.cumsum(np.diff(slip) != 0)))
    return SalesLines(
        product=sales.product[origin],
        minute=minute,
        quantity=np.where(is_return, -1, 1) * sales.quantity[origin],
        unit_price=sales.unit_price[origin],
        customer=sales.customer[origin],
        invoice=FIRST_INVOICE_NUMBER + new_slip,
        cancellation=is_return,
        country=sales.country[origin],
    )


def _steady_counts(rng: np.random.Generator, demand: FloatArray) -> IntArray:
    """(D,) units a day of a product whose buyers come every day: fewer surprises than a Poisson count.

    The level is set so that the 30 days to the last sale add up to the monthly sales asked for, to a unit.
    """
    expected = demand * rng.lognormal(0.0, ICED_LATTE_DAILY_NOISE, demand.size)
    last = np.flatnonzero(expected)[-1] if expected.any() else 0
    month = slice(max(last - DAYS_A_MONTH + 1, 0), last + 1)
    days = month.stop - month.start
    target = ICED_LATTE_MONTHLY_UNITS * days / DAYS_A_MONTH
    expected *= target / max(expected[month].sum(), 1e-12)
    reached = np.floor(np.cumsum(expected) + rng.random())
    return np.diff(reached, prepend=0.0).astype(np.int64)


def _pick(rng: np.random.Generator, weights: FloatArray) -> IntArray:
    """(n,) one column of (n, k) weights for each row, with chances in proportion."""
    reach = np.cumsum(weights, axis=1)
    drawn = reach[:, -1] * rng.random(weights.shape[0])
    picked: IntArray = (drawn[:, None] >= reach).sum(axis=1)
    return picked


def _nobody_left_out(
    rng: np.random.Generator, customer: IntArray, visit: IntArray, customers: int
) -> IntArray:
    """(visits,) customer of each visit; customers who never bought get the card of one walk-in sale each."""
    bought = np.unique(visit)
    missing = np.setdiff1d(np.arange(customers), customer[bought])
    walk_ins = bought[customer[bought] == NO_CUSTOMER]
    found = rng.choice(walk_ins, min(missing.size, walk_ins.size), replace=False)
    buyer = customer.copy()
    buyer[found] = missing[: found.size]
    return buyer


def _prepared(catalogue: Catalogue) -> BoolArray:
    return np.array([category.prepared for category in CATEGORIES])[catalogue.category]
