"""How a shop's sales are written down: lines of invoices, or totals of them."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tests.dgp import Bools, Floats, Ints
from tests.simulated_shops.demand import WEB_SHARE, Expected
from tests.simulated_shops.prices import Rows
from tests.simulated_shops.spec import ShopSpec

MINUTES_A_DAY = 1440
QUANTITY_SHAPE = 0.8  # of the gamma by which lines differ in size
BREAK = 12


@dataclass(frozen=True, slots=True)
class Records:
    """Columns of the n lines; `quantity` is fractional where a shop sells by weight."""

    product: Ints
    day: Ints
    minute: Ints
    quantity: NDArray[np.number]
    price: Floats
    customer: Ints
    invoice: Ints
    store: Ints
    coupon: Bools

    def take(self, rows: NDArray[np.generic]) -> "Records":
        return Records(*(getattr(self, field.name)[rows] for field in fields(self)))

    def plus(self, other: "Records") -> "Records":
        names = [field.name for field in fields(self)]
        return Records(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names))

    def in_order_of_time(self) -> "Records":
        return self.take(np.argsort(self.minute, kind="stable"))


def write_lines(
    rng: Generator, spec: ShopSpec, rows: Rows, list_price: Floats, expected: Expected, counts: Ints
) -> Records:
    """Write a line for each of the (R, D) counted purchases: by whom, how much, at which price."""
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    row, t = cell // spec.days, cell % spec.days
    n, product = cell.size, rows.product[row]
    contract = rows.account[row] >= 0
    web = ~contract & (rng.random(n) < WEB_SHARE)
    customer = np.where(contract, rows.account[row], _known_customers(rng, spec, n))
    customer = np.where(web, -1, customer)
    quantity = _quantities(rng, expected.quantity.ravel()[cell], by_weight=spec.disturbances.fractional_units)
    coupon = rng.random(n) < expected.coupon_share.ravel()[cell]
    price = list_price.ravel()[cell] * np.where(coupon, np.exp(expected.coupon.ravel()[cell]), 1.0)
    if spec.disturbances.web_markup:
        price = price * np.where(web, rng.uniform(1.15, 1.6, spec.products)[product], 1.0)
    if spec.disturbances.quantity_breaks:
        rebate = rng.uniform(0.08, 0.15, spec.products)[product]
        price = price * np.where((quantity >= BREAK) & ~contract, 1 - rebate, 1.0)
    invoice = _number_invoices(product, t, customer)
    day = spec.first_day + t
    minute = day * MINUTES_A_DAY + rng.integers(9 * 60, 19 * 60, n)[invoice]
    price = np.maximum(np.round(price, 2), 0.01)
    return Records(product, day, minute, quantity, price, customer, invoice, rows.store[row], coupon)


def _known_customers(rng: Generator, spec: ShopSpec, n: int) -> Ints:
    """Customers by activity, which is log-normal: some come every week."""
    upto = np.cumsum(rng.lognormal(0, 1, spec.customers))
    found: Ints = np.searchsorted(upto, rng.random(n) * upto[-1], side="right")
    return np.minimum(found, spec.customers - 1)


def _quantities(rng: Generator, mean: Floats, *, by_weight: bool) -> NDArray[np.number]:
    if by_weight:
        return np.maximum(np.round(mean * rng.gamma(3, 1 / 3, mean.size), 3), 0.01)
    return 1 + rng.poisson((mean - 1) * rng.gamma(QUANTITY_SHAPE, 1 / QUANTITY_SHAPE, mean.size))


def _number_invoices(product: Ints, t: Ints, customer: Ints) -> Ints:
    """One invoice per customer and day; without an id, or for the same product again, one for the line."""
    order = np.lexsort((product, customer, t))
    t, customer, product = t[order], customer[order], product[order]
    new = np.ones(order.size, np.bool_)
    same_visit = (np.diff(t) == 0) & (np.diff(customer) == 0)
    new[1:] = ~same_visit | (customer[1:] < 0) | (np.diff(product) == 0)
    # A product bought again opens an invoice that the products sorted behind it join: harmless, it is the same visit.
    invoice = np.empty(order.size, np.int64)
    invoice[order] = np.cumsum(new) - 1
    return invoice


def mess_up(rng: Generator, records: Records, spec: ShopSpec) -> Records:
    """Add returns (3 %, two thirds mirror a sale), repeated lines (1 %), bulk orders and mistyped prices (.2 %)."""
    n = records.product.size
    bulk, mistyped, twice, back = rng.random((4, n)) < np.array([[0.002], [0.002], [0.01], [0.03]])
    quantity = np.where(bulk, rng.integers(100, 1000, n), records.quantity)
    slip = np.where(mistyped, rng.choice([10.0, 0.1, 100.0], n), 1.0)
    sales = Records(
        **{field.name: getattr(records, field.name) for field in fields(records)}
        | {"quantity": quantity, "price": np.maximum(np.round(records.price * slip, 2), 0.01)}
    )
    returned = sales.take(np.flatnonzero(back))
    m = returned.product.size
    later = returned.day + rng.integers(1, 21, m)
    mirrored = rng.random(m) < 2 / 3
    returns = Records(
        **{field.name: getattr(returned, field.name) for field in fields(returned)}
        | {
            "day": later,
            "minute": later * MINUTES_A_DAY + rng.integers(9 * 60, 19 * 60, m),
            "quantity": -np.where(mirrored, returned.quantity, np.minimum(returned.quantity, 1)),
            "customer": np.where(mirrored, returned.customer, -1),
            "invoice": sales.invoice.max(initial=-1) + 1 + np.arange(m),
        }
    )
    returns = returns.take(np.flatnonzero(later < spec.first_day + spec.days))
    return sales.plus(returns).plus(sales.take(np.flatnonzero(twice)))


def totals(records: Records, first_day: int, days: int) -> Records:
    """Sum the records into one row per product and period of so many days, dated on its last day.

    The price is the mean paid per unit, to the cent. Periods in which no more came in than went out have no row.
    """
    period = (records.day - first_day) // days
    periods = int(period.max(initial=0)) + 1
    key = records.product * periods + period
    units = np.bincount(key, records.quantity.astype(np.float64))
    money = np.bincount(key, records.quantity * records.price)
    cells = np.flatnonzero((units > 1e-9) & (money > 0))
    day = first_day + (cells % periods + 1) * days - 1
    whole = np.issubdtype(records.quantity.dtype, np.integer)
    n = cells.size
    return Records(
        product=cells // periods,
        day=day,
        minute=day * MINUTES_A_DAY + 20 * 60,
        quantity=np.round(units[cells]).astype(np.int64) if whole else np.round(units[cells], 3),
        price=np.maximum(np.round(money[cells] / units[cells], 2), 0.01),
        customer=np.full(n, -1),
        invoice=np.arange(n),
        store=np.zeros(n, np.int64),
        coupon=np.zeros(n, np.bool_),
    ).in_order_of_time()


def misread(rng: Generator, records: Records, sd: float) -> Records:
    """Totals as a scanner's supplier delivers them: units and, a tenth as much, prices with errors."""
    units = np.maximum(np.round(records.quantity * np.exp(rng.normal(0, sd, records.product.size))), 1)
    price = np.round(records.price * np.exp(rng.normal(0, sd / 10, records.product.size)), 2)
    return Records(
        **{field.name: getattr(records, field.name) for field in fields(records)}
        | {"quantity": units.astype(np.int64), "price": np.maximum(price, 0.01)}
    )
