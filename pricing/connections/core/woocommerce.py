"""WooCommerce's answers (REST API, version 3) as orders and listings, and prices as it takes them.

Prices of lines are on the same footing as prices of products: WooCommerce has a line's total without tax, and its
tax apart; where the shop's prices include tax (`prices_include_tax` of the order) it is added.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from pricing.connections.core.answers import (
    BadAnswer,
    identifier,
    list_of,
    moment,
    number,
    number_id,
    object_of,
    optional_number,
    text,
)
from pricing.connections.core.orders import (
    CANCELLED,
    NO_CODE,
    OTHER_CURRENCY,
    UNPAID,
    UNREADABLE,
    Order,
    OrderLine,
    unit_price,
)
from pricing.connections.core.prices import Listing, PriceToSet, plain
from pricing.sales.core.files import LONGEST_CHANNEL

MOST_LINES: Final = 5_000
SOLD: Final = ("processing", "completed", "refunded")
UNDONE: Final = ("cancelled", "failed", "trash")
WAITING: Final = ("pending", "on-hold", "checkout-draft", "auto-draft")
CHECKOUT: Final = "checkout"
CHECKOUTS: Final = (CHECKOUT, "store-api")
PRICED_TYPES: Final = ("grouped", "external")
"""Types of products that have no price of their own, or are sold elsewhere."""


def code_of(sku: str, product_id: str, variation_id: str = "0") -> str:
    """Return our code of a product: its SKU, or a code made of its id; "" of a product that was deleted."""
    if sku:
        return sku
    last = variation_id if variation_id not in ("", "0") else product_id
    return f"WC-{last}" if last not in ("", "0") else ""


def channel_of(created_via: str) -> str:
    """Return the sales channel of an order: the web shop's two checkouts, of forms and of blocks, are one."""
    return (CHECKOUT if created_via in CHECKOUTS else created_via)[:LONGEST_CHANNEL]


def order_id(raw: Any) -> str:
    return number_id(object_of(raw, "An order"), "An order")


def needs_refunds(raw: Mapping[str, Any], currency: str) -> bool:
    """Whether an order's refunds have to be asked for: the order itself names only their totals."""
    try:
        return bool(raw.get("refunds")) and not left_out_of(raw, currency)
    except BadAnswer:
        return False


def order_of(raw: Mapping[str, Any], refunds: Sequence[Any], currency: str) -> Order:
    """Read an order and its refunds.

    Parameters
    ----------
    currency : the shop's; an order in another is left out.
    """
    found_id = order_id(raw)
    try:
        return _order(raw, refunds, currency, found_id)
    except BadAnswer as error:
        return Order(found_id, left_out=UNREADABLE, message=str(error))


def _order(raw: Mapping[str, Any], refunds: Sequence[Any], currency: str, found_id: str) -> Order:
    what = f"Order {found_id}"
    if left_out := left_out_of(raw, currency):
        return Order(found_id, left_out=left_out)
    with_tax = raw.get("prices_include_tax") is True
    ordered = moment(raw, "date_created_gmt", what)
    skipped: Counter[str] = Counter()
    lines: list[OrderLine] = []
    for each in list_of(raw.get("line_items"), f"{what}: line_items", MOST_LINES):
        if line := _line(each, what, ordered, with_tax, skipped):
            lines.append(line)
    for refund in refunds:
        lines += _refunded(object_of(refund, f"{what}: a refund"), what, with_tax, skipped)
    if text(raw, "status", what) == "refunded":
        lines += _rest(lines, raw, refunds, what)
    address = [raw.get(name) for name in ("shipping", "billing")]
    countries = [text(each, "country", what) for each in address if isinstance(each, dict)]
    customer = text(raw, "customer_id", what)
    return Order(
        found_id,
        identifier(raw, "number", what) if raw.get("number") else found_id,
        "" if customer == "0" else customer,
        next(filter(None, countries), ""),
        channel_of(text(raw, "created_via", what)),
        tuple(lines),
        lines_left_out=skipped,
    )


def left_out_of(raw: Mapping[str, Any], currency: str) -> str:
    """Return why an order brings no transactions, "" if it does."""
    what = f"Order {order_id(raw)}"
    status = text(raw, "status", what)
    if status in UNDONE:
        return CANCELLED
    # Of a status that an extension has added only the payment says whether something was sold.
    if status in WAITING or (status not in SOLD and not raw.get("date_paid_gmt")):
        return UNPAID
    return OTHER_CURRENCY if text(raw, "currency", what) != currency else ""


def _line(raw: Any, what: str, when: Any, with_tax: bool, skipped: Counter[str]) -> OrderLine | None:
    row = object_of(raw, f"{what}: a line")
    names = ("sku", "product_id", "variation_id")
    code = code_of(*(text(row, name, what) for name in names))
    quantity = number(row, "quantity", what)
    if not code or not quantity:
        skipped[NO_CODE if not code else "no_quantity"] += 1
        return None
    amount = number(row, "total", what)
    if with_tax:
        amount += number(row, "total_tax", what)
    name = text(row, "name", what)[:255]
    return OrderLine(code, name, quantity, when, unit_price(amount, quantity, what))


def _refunded(refund: Mapping[str, Any], what: str, with_tax: bool, skipped: Counter[str]) -> list[OrderLine]:
    """What came back with a refund; money that was paid back without goods is no line."""
    when = moment(refund, "date_created_gmt", what)
    found = []
    for each in list_of(refund.get("line_items"), f"{what}: line_items of a refund", MOST_LINES):
        line = _line(each, what, when, with_tax, skipped)
        if line is not None:
            found.append(line._replace(quantity=-abs(line.quantity), unit_price=abs(line.unit_price)))
    return found


def _rest(
    lines: Sequence[OrderLine], raw: Mapping[str, Any], refunds: Sequence[Any], what: str
) -> list[OrderLine]:
    """What an order that was refunded as a whole has left after its itemised refunds; WooCommerce does not itemise."""
    returned: dict[str, Decimal] = {}
    for line in lines:
        if line.quantity < 0:
            returned[line.code] = returned.get(line.code, Decimal(0)) - line.quantity
    dates = [moment(each, "date_created_gmt", what) for each in refunds]
    when = max(dates, default=moment(raw, "date_modified_gmt", what))
    rest = []
    for line in lines:
        if line.quantity > 0:
            back = min(returned.get(line.code, Decimal(0)), line.quantity)
            returned[line.code] = returned.get(line.code, Decimal(0)) - back
            if left := line.quantity - back:
                rest.append(line._replace(quantity=-left, moment=when))
    return rest


def listing_of(raw: Any, parent: Mapping[str, Any] | None = None) -> Listing:
    """Read a product, or a variation of the product `parent`."""
    row = object_of(raw, "A product")
    found_id = number_id(row, "A product")
    what = f"Product {found_id}"
    source = row if parent is None else parent
    categories = list_of(source.get("categories", []), f"{what}: categories", 1_000)
    names = [text(object_of(each, what), "name", what) for each in categories]
    stock = optional_number(row, "stock_quantity", what)
    parent_id = "" if parent is None else number_id(parent, what)
    title = text(source, "name", what)
    variety = text(row, "name", what) if parent is not None else ""
    return Listing(
        (parent_id, found_id),
        # A variation without a SKU of its own answers with that of its product, here and in orders alike.
        code_of(text(row, "sku", what), found_id),
        (f"{title} - {variety}" if variety and variety != title else title)[:255],
        (names[0] if names else "")[:100],
        optional_number(row, "price", what),
        None if stock is None or row.get("manage_stock") is False else int(stock),
        optional_number(row, "regular_price", what) if text(row, "sale_price", what) else None,
    )


def price_fields(wanted: PriceToSet) -> dict[str, Any]:
    """Return a product's fields as the batch update takes them; an empty text takes a sale price or its date away."""
    price, regular = wanted.wanted.price, wanted.wanted.regular
    begins = f"{wanted.wanted.decided_at:%Y-%m-%dT%H:%M:%S}" if regular else ""
    return {
        "id": int(wanted.reference[1]),
        "regular_price": plain(regular or price),
        "sale_price": plain(price) if regular else "",
        "date_on_sale_from_gmt": begins,
        "date_on_sale_to_gmt": "",
    }


def batch_errors(answer: Any, what: str) -> dict[str, str]:
    """Return why products of a batch were refused, by id; those that were taken are not in it."""
    found = {}
    for each in list_of(object_of(answer, what).get("update"), f"{what}: update", 100):
        row = object_of(each, what)
        if isinstance(row.get("error"), dict):
            found[text(row, "id", what)] = text(row["error"], "message", what)[:200] or "refused"
    return found
