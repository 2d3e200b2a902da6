"""Orders as sales lines: the transactions that an order brings, and what changes in them when it was edited."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from pricing.connections.core.answers import BadAnswer

LineKey = tuple[str, Decimal, dt.datetime, Decimal]

PRICE_STEP: Final = Decimal("0.0001")

CANCELLED: Final = "cancelled"
UNPAID: Final = "not_paid"
TEST: Final = "test"
OTHER_CURRENCY: Final = "other_currency"
UNREADABLE: Final = "unreadable"
NO_CODE: Final = "no_code"
UNKNOWN_LINES: Final = (OTHER_CURRENCY, UNREADABLE)
"""Why an order is left out although it may well have sold something: what it brought before stays."""

COLUMNS: Final = (
    "invoice_no", "stock_code", "description", "quantity", "invoice_date", "unit_price", "customer_id", "country",
    "channel",
)  # fmt: skip


class OrderLine(NamedTuple):
    """A line of an order.

    Attributes
    ----------
    quantity : units; below 0 what came back.
    moment : when it was ordered, or came back, in UTC.
    unit_price : what one unit was paid after all discounts, to four decimals, with tax where the shop's prices have it.
    """

    code: str
    description: str
    quantity: Decimal
    moment: dt.datetime
    unit_price: Decimal

    @property
    def key(self) -> LineKey:
        """What makes it the same line again; its description may be corrected meanwhile."""
        return self.code, self.quantity, self.moment, self.unit_price

    def as_json(self) -> list[str]:
        return [
            self.code, self.description, str(self.quantity), self.moment.isoformat(), str(self.unit_price)
        ]  # fmt: skip

    @classmethod
    def from_json(cls, row: Sequence[str]) -> "OrderLine":
        code, description, quantity, moment, price = row
        return cls(code, description, Decimal(quantity), dt.datetime.fromisoformat(moment), Decimal(price))


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a platform.

    Attributes
    ----------
    id, invoice_no : what the platform and what people call it.
    channel : where it was placed, as the platform names it: web, pos, checkout, admin, the name of an app.
    lines : what was sold and what came back; none of an order that is left out.
    left_out : why the order brings no transactions, in one word; "" where it does.
    lines_left_out : how many of its lines bring none, by reason.
    message : what cannot be read in it.
    """

    id: str
    invoice_no: str = ""
    customer_id: str = ""
    country: str = ""
    channel: str = ""
    lines: tuple[OrderLine, ...] = ()
    left_out: str = ""
    lines_left_out: Counter[str] = field(default_factory=Counter)
    message: str = ""


@dataclass(frozen=True, slots=True)
class Portion:
    """Orders that were changed within a stretch of time.

    Attributes
    ----------
    until : all orders changed before this moment have been seen.
    more : whether there are later ones to be asked for.
    """

    orders: list[Order]
    until: dt.datetime
    more: bool


def unit_price(amount: Decimal, quantity: Decimal, what: str) -> Decimal:
    """Return the price of one unit of a line, to four decimals; halves go to even.

    Raises
    ------
    BadAnswer : it is no price at all.
    """
    try:
        return (amount / quantity).quantize(PRICE_STEP)
    except InvalidOperation as error:
        raise BadAnswer(f"{what}: {amount} for {quantity} units is no price.") from error


def difference(
    before: Iterable[OrderLine], now: Iterable[OrderLine]
) -> tuple[list[OrderLine], list[OrderLine]]:
    """Return the lines that came to an order and those that went; two alike within an order are two."""
    before, now = list(before), list(now)
    added = Counter(line.key for line in now) - Counter(line.key for line in before)
    removed = Counter(line.key for line in before) - Counter(line.key for line in now)
    return list(_take(now, added)), list(_take(before, removed))


def _take(lines: Iterable[OrderLine], wanted: Counter[LineKey]) -> Iterator[OrderLine]:
    for line in lines:
        if wanted[line.key] > 0:
            wanted[line.key] -= 1
            yield line


def csv_row(order: Order, line: OrderLine) -> tuple[str, ...]:
    """Return a line as the import of sales reads it: a moment with its offset, a price with four decimals."""
    return (
        order.invoice_no, line.code, line.description, f"{line.quantity.normalize():f}", line.moment.isoformat(),
        f"{line.unit_price:.4f}", order.customer_id, order.country, order.channel,
    )  # fmt: skip
