"""From the rows of a sales file to sales lines: what columns beside quantity and price do to them.

The columns of a chunk are changed in place. Rejected cells among the values are of another type than good ones.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, TypeGuard

from pricing.sales.core.discounts import Discounts
from pricing.sales.core.files import MAX_PRICE
from pricing.sales.core.line_totals import LineTotals, OrderTotals
from pricing.sales.core.sale_words import Meaning, is_total
from pricing.sales.core.till_words import is_payment
from pricing.sales.core.whole_file import MARKS, in_other_currency

Columns = dict[str, list[Any]]
Problem = tuple[int, str, str]

CENT: Final = Decimal("0.0001")
# Of an order that exports write over several rows only the first has these.
OF_THE_ORDER: Final = ("status", "paid", "currency", "country", "customer_id", "channel")
SAYING: Final = ("line_type", "status", *MARKS)

NOTES: Final[dict[str, str]] = {
    "negative_price": "Rows with a negative price, read as returns: {}.",
    "free": "Rows with a price of 0, kept as given away, not as demand: {}.",
    "both_negative": "Rows with a negative quantity and a negative price, read as one return each: {}.",
    "from_total": "Unit prices computed from line totals, to 4 decimals: {}.",
    "discounted": "Prices from which the discount in a column of its own was taken off: {}.",
    "refund": "Rows read as returns because their type says so: {}.",
    "taken_back": "Rows from whose quantity the returned units were taken off: {}.",
    "part": "Rows whose status says that a part was given back, not how much: {}. They count as whole sales; export the refunds"
    " as rows of their own.",
}


@dataclass
class SalesRows:
    """The reading of one file's rows.

    Attributes
    ----------
    fields : the fields that have a column.
    asked : the fields that the user or a known layout named columns for.
    meanings : what each different value means of the columns of statuses, types and marks, by field.
    currency : the only currency whose rows count; "" where the file names none or just one.
    discounts : what they are.
    is_before_discount : whether line totals are those before discounts.
    known_zeros : codes of the catalogue that begin with zeros, by what is left without these, which is no code itself.
    orders : of a file with line totals alone, whether they are those of orders.
    totals : of a file with unit prices and line totals, whether they fit; None where it has not both.
    tomorrow : the first day that is not allowed, in days since 1970-01-01.
    is_service : tells whether a code stands for a service.
    keeps_payments : whether rows that are called as payments are products all the same.
    sales_by_sign : rows that a type calls sales, by whether their quantity is positive.
    below_zero : rows with a negative price by product.
    counts : rows by what was done to them, keys of NOTES.
    """

    fields: frozenset[str]
    asked: frozenset[str] = frozenset()
    meanings: Mapping[str, Mapping[str, Meaning]] = field(default_factory=dict)
    currency: str = ""
    discounts: Discounts = field(default_factory=Discounts)
    is_before_discount: bool = False
    known_zeros: Mapping[str, str] = field(default_factory=dict)
    totals: LineTotals | None = None
    orders: OrderTotals = field(default_factory=OrderTotals)
    tomorrow: int = 2**31
    is_service: Any = None
    keeps_payments: bool = False
    sales_by_sign: Counter[bool] = field(default_factory=Counter)
    below_zero: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    _above: dict[str, Any] = field(default_factory=dict)

    def check(self, columns: Columns) -> Iterator[Problem]:
        """Turn the rows into sales lines in place; yield those that are none, and why."""
        if "invoice_no" in self.fields and self.fields & {"status", "currency", "channel"}:
            self._fill_down(columns)
        if self.fields & {*SAYING}:
            yield from self._read_meanings(columns)
        if self.currency:
            yield from in_other_currency(columns["currency"], self.currency)
        if (
            "invoice_no" in self.fields
            and not self.fields & {"unit_price"}
            and "line_total" not in self.asked
        ):
            self.orders.add(columns)
        gross = list(columns["unit_price"]) if self.totals else []
        if self.fields & {"line_total", "discount", "discount_percent", "tax_amount", "tax_rate"}:
            yield from self._net_prices(columns)
        if self.totals:
            self.totals.keep_unfit(columns, gross)
        payments = [] if self.keeps_payments else list(self._payments(columns))
        yield from payments
        yield from self._check_values(columns, {row for row, *_ in payments})
        yield from self._leave_out_totals(columns)
        if "returned_quantity" in self.fields:
            yield from self._take_back(columns)
        if "invoice_no" not in self.fields:
            columns["invoice_no"] = [
                made_up_invoice(moment[0], code, customer) if type(moment) is tuple else ""
                for moment, code, customer in zip(
                    columns["invoice_date"], columns["stock_code"], columns["customer_id"], strict=True
                )
            ]

    def _fill_down(self, columns: Columns) -> None:
        names = [name for name in OF_THE_ORDER if name in self.fields]
        marks = [name for name in MARKS if name in self.fields and name not in names]
        for row, invoice in enumerate(columns["invoice_no"]):
            same = invoice == self._above.get("invoice_no")
            # A row without a status of its own has the marks of its order, too: Shopify's "Cancelled at".
            is_part = same and "status" in self.fields and columns["status"][row] == ""
            for name in [*names, *marks] if is_part else names:
                if same and columns[name][row] in ("", None):
                    columns[name][row] = self._above.get(name)
            self._above = {name: columns[name][row] for name in (*names, *marks)} | {"invoice_no": invoice}

    def _read_meanings(self, columns: Columns) -> Iterator[Problem]:
        quantities = columns["quantity"]
        for name in SAYING:
            meanings = self.meanings.get(name)
            if not meanings:
                continue
            for row, text in enumerate(columns[name]):
                says = meanings.get(text) if type(text) is str else None
                sold = _is_number(quantities[row]) and quantities[row] > 0
                if name == "line_type" and says is Meaning.SALE and _is_number(quantities[row]):
                    self.sales_by_sign[sold] += 1
                if says is Meaning.VOID or (says is Meaning.UNDONE and sold):
                    yield row, "not_a_sale", f"{name} is {text!r}: the line is no sale."
                elif says is Meaning.REFUND and sold:
                    quantities[row] = -quantities[row]
                    self.counts["refund"] += 1
                elif says is Meaning.CHARGE and sold and self._is_product_sold(columns, row):
                    yield row, "not_a_sale", f"{name} is {text!r}: the line is no sale of the product."
                elif says is Meaning.PART and sold:
                    self.counts["part"] += 1

    def _take_back(self, columns: Columns) -> Iterator[Problem]:
        quantities = columns["quantity"]
        for row, back in enumerate(columns["returned_quantity"]):
            sold = quantities[row]
            if not (_is_number(back) and _is_number(sold)) or not back or sold <= 0:
                continue
            if abs(back) > sold:
                yield row, "out_of_range", f"More was returned ({abs(back):f}) than sold ({sold:f})."
            elif abs(back) == sold:
                yield row, "not_a_sale", "All of it was returned: the line is no sale."
            else:
                quantities[row] = sold - abs(back)
                self.counts["taken_back"] += 1

    def _is_product_sold(self, columns: Columns, row: int) -> bool:
        amount = columns["unit_price" if "unit_price" in self.fields else "line_total"][row]
        code = columns["stock_code"][row]
        return not (_is_number(amount) and amount < 0) and not (type(code) is str and self.is_service(code))

    def _payments(self, columns: Columns) -> Iterator[Problem]:
        names = [
            text or code for text, code in zip(columns["description"], columns["stock_code"], strict=True)
        ]
        different = {name for name in names if type(name) is str}
        said = {name: is_payment(name) for name in different}
        if not any(found is not False for found in said.values()):
            return
        rows = list(
            zip(names, columns["invoice_no"], columns["unit_price"], columns["quantity"], strict=True)
        )
        paid = {invoice for name, invoice, _, _ in rows if said.get(name) and invoice}
        for row, (name, invoice, price, quantity) in enumerate(rows):
            negative = _is_number(price) and _is_number(quantity) and price * quantity < 0
            found = said.get(name, False)
            if found or (found is None and (negative or invoice in paid)):
                yield (
                    row,
                    "payment_row",
                    f"{name!r} is a payment or change, no line of a sale; accept payment_row if it is a product.",
                )

    def _leave_out_totals(self, columns: Columns) -> Iterator[Problem]:
        for name in ("stock_code", "invoice_no"):
            totals = {each for each in set(columns[name]) if is_total(each)}
            if totals:
                for row, text in enumerate(columns[name]):
                    if text in totals:
                        yield row, "total_row", f"{text!r} sums up other rows: it is no line of a sale."

    def _net_prices(self, columns: Columns) -> Iterator[Problem]:
        prices = columns["unit_price"]
        from_total = "unit_price" not in self.fields
        # A total of the line has its discount off already, unless somebody says otherwise.
        off = not from_total or self.is_before_discount or bool({"discount", "discount_percent"} & self.asked)
        for row, quantity in enumerate(columns["quantity"]):
            total, price = columns["line_total"][row], prices[row]
            if from_total and total is None:
                yield row, "value_missing", "The line total is blank; expected a number such as 2.55."
            base = total if from_total else price
            if not (_is_number(quantity) and _is_number(base)) or not quantity:
                continue
            exact = base / quantity if from_total else base
            if off:
                exact = self._discounted(exact, quantity, columns, row)
            tax, rate = columns["tax_amount"][row], columns["tax_rate"][row]
            if _is_number(tax):
                exact += abs(tax) / abs(quantity) * (1 if exact >= 0 else -1)
            elif _is_number(rate):
                exact *= 1 + rate / 100
            if exact * base * (quantity if from_total else 1) < 0:
                yield row, "discount_too_large", "The discount is larger than the price."
                continue
            if abs(exact) > MAX_PRICE:
                yield (
                    row,
                    "out_of_range",
                    f"The unit price would be {exact:.2f}; expected at most {MAX_PRICE:f}.",
                )
                continue
            prices[row] = exact.quantize(CENT, ROUND_HALF_UP)
            self.counts["discounted"] += off and exact != (base / quantity if from_total else base)
            self.counts["from_total"] += from_total

    def _discounted(self, price: Decimal, quantity: Decimal, columns: Columns, row: int) -> Decimal:
        if percents := self.discounts.percents:
            percent = columns[percents][row]
            if not _is_number(percent):
                return price
            return price * (1 - abs(percent) * (1 if self.discounts.are_shares else Decimal("0.01")))
        amount = columns["discount"][row]
        if not _is_number(amount):
            return price
        off = abs(amount) if self.discounts.of_units else abs(amount) / abs(quantity)
        return price - off * (1 if price >= 0 else -1)

    def _check_values(self, columns: Columns, refused: Collection[int]) -> Iterator[Problem]:
        prices, quantities = columns["unit_price"], columns["quantity"]
        cells = zip(prices, columns["stock_code"], columns["invoice_date"], strict=True)
        for row, (price, code, moment) in enumerate(cells):
            if row in refused:
                continue
            if type(moment) is tuple and moment[1] > self.tomorrow:
                yield row, "in_the_future", f"The date {moment[0]:%Y-%m-%d} lies in the future."
            elif type(price) is Decimal and price < 0 and type(code) is str and not self.is_service(code):
                if _is_number(quantities[row]):
                    self.counts["both_negative" if quantities[row] < 0 else "negative_price"] += 1
                    prices[row], quantities[row] = -price, -abs(quantities[row])
                    self.below_zero[code] += 1
            elif price == 0 and type(price) is Decimal and _is_number(quantities[row]):
                self.counts["free"] += quantities[row] > 0
            elif self.known_zeros and type(code) is str and code in self.known_zeros:
                yield row, "look_alike_code", look_alike(code, self.known_zeros[code])

    def notes(self) -> list[str]:
        """What was done to rows, in sentences."""
        return [text.format(f"{self.counts[key]:,}") for key, text in NOTES.items() if self.counts[key]]


def _is_number(value: Any) -> TypeGuard[Decimal]:
    return isinstance(value, Decimal | int) and not isinstance(value, bool)


def look_alike(code: str, like: str) -> str:
    """The sentence about a code that has probably lost its zeros."""
    return (
        f"There is no product {code}, but {like}: a spreadsheet has probably taken the zeros off. Export the column"
        " as text, or accept look_alike_code if it is another product."
    )


def without_zeros(codes: Collection[str]) -> dict[str, str]:
    """The codes of digits that begin with zeros, by what is left without these."""
    return {code.lstrip("0"): code for code in codes if code.isdigit() and code[0] == "0" and code.strip("0")}


def made_up_invoice(moment: dt.datetime, code: Any, customer: Any) -> str:
    """A number for a line of a file without invoices: the visit of a customer, else the product's day.

    It follows from the line alone, so that the same line in another file has the same.
    """
    if customer:
        return f"{moment:%Y%m%d%H%M}-{customer}"[:64]
    return f"{moment:%Y%m%d}-{code}"[:64]


def of_a_day(invoice: str, code: str) -> bool:
    """Whether an invoice was made up of a product's day: nobody knows which of its lines were one purchase."""
    return invoice[8:9] == "-" and invoice[9:] == code[:55]
