"""Shopify's answers (GraphQL Admin API) as orders and listings, and prices as it takes them.

All amounts are read in the shop's own money (`shopMoney`). An order that was paid in another currency is left out
all the same: its prices were set in that currency, and converted they are prices nobody was asked.
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
    object_of,
    optional_number,
    text,
    whole_number,
)
from pricing.connections.core.orders import (
    CANCELLED,
    NO_CODE,
    OTHER_CURRENCY,
    TEST,
    UNPAID,
    UNREADABLE,
    Order,
    OrderLine,
    unit_price,
)
from pricing.connections.core.prices import Listing, PriceToSet, plain
from pricing.sales.core.files import LONGEST_CHANNEL

MOST_LINES: Final = 5_000
SOLD: Final = ("PAID", "PARTIALLY_PAID", "PARTIALLY_REFUNDED", "REFUNDED", "AUTHORIZED")

_LINE: Final = """
  id sku name quantity currentQuantity variant { id }
  originalUnitPriceSet { shopMoney { amount currencyCode } }
  discountAllocations { allocatedAmountSet { shopMoney { amount } } }
"""
ORDERS: Final = (
    """query Orders($first: Int!, $after: String, $query: String!) {
 orders(first: $first, after: $after, sortKey: UPDATED_AT, query: $query) {
  nodes {
   id name createdAt updatedAt cancelledAt test displayFinancialStatus currencyCode presentmentCurrencyCode sourceName
   customer { id } shippingAddress { countryCodeV2 } billingAddress { countryCodeV2 }
   refunds(first: 50) { id createdAt }
   lineItems(first: 20) { nodes {"""
    + _LINE
    + """} pageInfo { hasNextPage endCursor } }
  }
  pageInfo { hasNextPage endCursor }
 }
}"""
)
LINES: Final = (
    """query Lines($id: ID!, $first: Int!, $after: String) {
 order(id: $id) { lineItems(first: $first, after: $after) { nodes {"""
    + _LINE
    + """} pageInfo { hasNextPage endCursor } } }
}"""
)
REFUND: Final = """query Refund($id: ID!, $first: Int!, $after: String) {
 refund(id: $id) { refundLineItems(first: $first, after: $after) {
  nodes { quantity lineItem { id } } pageInfo { hasNextPage endCursor } } }
}"""
VARIANTS: Final = """query Variants($first: Int!, $after: String) {
 productVariants(first: $first, after: $after) {
  nodes { id sku title price compareAtPrice inventoryQuantity inventoryItem { tracked } product { id title productType } }
  pageInfo { hasNextPage endCursor }
 }
}"""
PRICES: Final = """query Prices($ids: [ID!]!) { nodes(ids: $ids) { ... on ProductVariant { id price } } }"""
SET_PRICES: Final = """mutation SetPrices($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
 productVariantsBulkUpdate(productId: $product, variants: $variants, allowPartialUpdates: true) {
  productVariants { id price compareAtPrice } userErrors { field message }
 }
}"""


def nodes_of(answer: Mapping[str, Any], path: Sequence[str], most: int) -> tuple[list[Any], str | None]:
    """Return the nodes of a connection and the cursor of its next page, None after the last one."""
    what = ".".join(path)
    connection: Any = answer
    for name in path:
        connection = object_of(connection, what).get(name)
    connection = object_of(connection, what)
    page = object_of(connection.get("pageInfo"), f"{what}.pageInfo")
    cursor = text(page, "endCursor", what) if page.get("hasNextPage") is True else None
    if cursor == "":
        raise BadAnswer(f"{what}.pageInfo says that there is more but not where.")
    return list_of(connection.get("nodes"), f"{what}.nodes", most), cursor


def number_of(gid: str) -> str:
    """Return the number at the end of a global id."""
    return gid.rpartition("/")[2]


def order_id(raw: Any) -> str:
    return identifier(object_of(raw, "An order"), "id", "An order")


def refunds_of(raw: Mapping[str, Any]) -> list[Any]:
    """Return an order's refunds, whose lines have to be asked for one by one."""
    return list_of(raw.get("refunds"), f"Order {order_id(raw)}: refunds", 50)


def order_of(
    raw: Mapping[str, Any], lines: Sequence[Any], refunded: Mapping[str, Sequence[Any]], currency: str
) -> Order:
    """Read an order.

    Parameters
    ----------
    lines : all its line items.
    refunded : by refund id, its refund line items.
    currency : the shop's.
    """
    found_id = order_id(raw)
    try:
        return _order(raw, lines, refunded, currency, found_id)
    except BadAnswer as error:
        return Order(found_id, left_out=UNREADABLE, message=str(error))


def _order(
    raw: Mapping[str, Any],
    lines: Sequence[Any],
    refunded: Mapping[str, Sequence[Any]],
    currency: str,
    found_id: str,
) -> Order:
    name = identifier(raw, "name", f"Order {found_id}") if raw.get("name") else number_of(found_id)
    what = f"Order {name}"
    if left_out := left_out_of(raw, currency):
        return Order(found_id, left_out=left_out)
    returns = list(_returns(raw, refunded, what))
    back: Counter[str] = Counter()
    for line_id, units, _ in returns:
        back[line_id] += units
    ordered, skipped = moment(raw, "createdAt", what), Counter[str]()
    sold: dict[str, OrderLine] = {}
    found: list[OrderLine] = []
    for each in lines:
        row = object_of(each, f"{what}: a line")
        line_id = identifier(row, "id", what)
        line = _line(row, what, ordered, skipped)
        if line is None:
            continue
        sold[line_id] = line
        # What an edit of the order took away was never sold; what was refunded was.
        units = whole_number(row, "currentQuantity", what) + back[line_id]
        if units > 0:
            found.append(line._replace(quantity=Decimal(units)))
    for line_id, units, when in returns:
        if line_id in sold and units:
            found.append(sold[line_id]._replace(quantity=Decimal(-units), moment=when))
    addresses = [raw.get(name) for name in ("shippingAddress", "billingAddress")]
    countries = [text(each, "countryCodeV2", what) for each in addresses if isinstance(each, dict)]
    customer = raw.get("customer")
    customer_id = number_of(text(customer, "id", what)) if isinstance(customer, dict) else ""
    return Order(
        found_id,
        name,
        customer_id,
        next(filter(None, countries), ""),
        text(raw, "sourceName", what)[:LONGEST_CHANNEL],
        tuple(found),
        lines_left_out=skipped,
    )


def is_sold(raw: Mapping[str, Any], currency: str) -> bool:
    """Whether an order's further lines and its refunds have to be asked for."""
    try:
        return not left_out_of(raw, currency)
    except BadAnswer:
        return False


def left_out_of(raw: Mapping[str, Any], currency: str) -> str:
    """Return why an order brings no transactions, "" if it does."""
    what = f"Order {order_id(raw)}"
    if raw.get("test") is True:
        return TEST
    if raw.get("cancelledAt"):
        return CANCELLED
    if text(raw, "displayFinancialStatus", what) not in SOLD:
        return UNPAID
    paid_in = {text(raw, name, what) for name in ("currencyCode", "presentmentCurrencyCode")} - {""}
    return "" if paid_in == {currency} else OTHER_CURRENCY


def _returns(raw: Mapping[str, Any], refunded: Mapping[str, Sequence[Any]], what: str) -> Any:
    for refund in refunds_of(raw):
        row = object_of(refund, f"{what}: a refund")
        when = moment(row, "createdAt", what)
        for each in refunded.get(identifier(row, "id", what), ()):
            part = object_of(each, f"{what}: a line of a refund")
            line = object_of(part.get("lineItem"), f"{what}: the line of a refund")
            yield identifier(line, "id", what), whole_number(part, "quantity", what), when


def _money(row: Mapping[str, Any], name: str, what: str) -> Decimal:
    bag = object_of(row.get(name), f"{what}: {name}")
    return number(object_of(bag.get("shopMoney"), f"{what}: {name}.shopMoney"), "amount", what)


def _line(row: Mapping[str, Any], what: str, when: Any, skipped: Counter[str]) -> OrderLine | None:
    """A line with its units as they were ordered, at the price after all discounts."""
    quantity = Decimal(whole_number(row, "quantity", what))
    variant = row.get("variant")
    code = text(row, "sku", what)
    if not code and isinstance(variant, dict):
        code = f"SHOPIFY-{number_of(identifier(variant, 'id', what))}"
    if not code or quantity <= 0:
        skipped[NO_CODE if not code else "no_quantity"] += 1
        return None
    allocations = list_of(row.get("discountAllocations", []), f"{what}: discountAllocations", 100)
    discount = sum(
        (_money(object_of(each, what), "allocatedAmountSet", what) for each in allocations), Decimal(0)
    )
    # Discounts are allocated to all units ordered, those that were refunded or removed since included.
    amount = _money(row, "originalUnitPriceSet", what) * quantity - discount
    return OrderLine(code, text(row, "name", what)[:255], quantity, when, unit_price(amount, quantity, what))


def listing_of(raw: Any) -> Listing:
    """Read a variant with its product."""
    row = object_of(raw, "A variant")
    found_id = identifier(row, "id", "A variant")
    what = f"Variant {number_of(found_id)}"
    product = object_of(row.get("product"), f"{what}: product")
    title, variety = text(product, "title", what), text(row, "title", what)
    item = row.get("inventoryItem")
    tracked = isinstance(item, dict) and item.get("tracked") is True
    stock = optional_number(row, "inventoryQuantity", what)
    return Listing(
        (identifier(product, "id", what), found_id),
        text(row, "sku", what) or f"SHOPIFY-{number_of(found_id)}",
        (title if variety in ("", "Default Title") else f"{title} - {variety}")[:255],
        text(product, "productType", what)[:100],
        optional_number(row, "price", what),
        int(stock) if tracked and stock is not None else None,
        optional_number(row, "compareAtPrice", what),
    )


def price_fields(wanted: PriceToSet) -> dict[str, Any]:
    """Return a variant as the bulk update takes it; the price it is compared with is shown crossed out."""
    regular = wanted.wanted.regular
    return {
        "id": wanted.reference[1],
        "price": plain(wanted.wanted.price),
        "compareAtPrice": plain(regular) if regular else None,
    }


def user_errors(answer: Mapping[str, Any], sent: Sequence[PriceToSet]) -> dict[str, str]:
    """Return why variants were refused, by id. An error names its variant by its place in what was sent, or none."""
    what = "productVariantsBulkUpdate"
    update = object_of(answer.get(what), what)
    found: dict[str, str] = {}
    for each in list_of(update.get("userErrors"), f"{what}.userErrors", 1_000):
        row = object_of(each, what)
        message = text(row, "message", what)[:200] or "refused"
        field = row.get("field")
        path = [str(part) for part in field] if isinstance(field, list) else []
        places = [int(part) for part in path if part.isascii() and part.isdigit() and len(part) < 5]
        named = [sent[place] for place in places if place < len(sent)] or list(sent)
        found |= {price.reference[1]: message for price in named}
    return found
