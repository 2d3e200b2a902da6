"""Importing products: what a row leaves blank stays as it is."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.conf import settings

from elastix.imports.core import FileSchema, Table
from elastix.imports.core.fields import currency_in, says_with_tax
from elastix.imports.ingest import UpsertImport
from elastix.imports.models import ImportBatch
from elastix.shop import shop_currency
from elastix.sql import batches
from pricing.sales.core.files import PRODUCTS, ImportKind, charge_sale_prices, products_schema
from pricing.sales.core.sale_words import is_total
from pricing.sales.core.sales_rows import look_alike
from pricing.sales.core.whole_file import (
    MOST_NAMED,
    chosen_currency,
    foreign_costs,
    in_other_currency,
    warned_of,
)
from pricing.sales.models import Product
from pricing.sales.selectors.daily import day_of_epoch
from pricing.sales.services.costs import day_refused
from pricing.sales.services.products import codes_without_zeros, products_upsert

Problem = tuple[int, str, str]

_MONEY: Final = ("cost", "current_price", "sale_price")
_NOT_OF_PRODUCTS: Final = ("currency", "sale_price")
_NOTES: Final = {
    "sale": "Prices of which the lower sale price beside them is read: {}.",
    "free": "Rows with a cost of 0, which is taken as not known: {}. If products cost nothing, accept zero_cost.",
}


class ProductsImport(UpsertImport):
    """Products; what a row leaves blank stays as it is."""

    kind = ImportKind.PRODUCTS
    schema = PRODUCTS

    def __init__(self, batch: ImportBatch, token: int) -> None:
        super().__init__(batch, token)
        self.known_zeros: Mapping[str, str] = {}
        self.currency = ""
        self.accept = frozenset(batch.options.get("accept") or ())
        self.counts = Counter[str]()

    @classmethod
    def file_schema(cls) -> FileSchema:
        return products_schema(shop_currency())

    def begin(self, table: Table) -> list[str]:
        self.known_zeros = codes_without_zeros(self.accept)
        labels = table.report.mapping
        wanted = str(self.batch.options.get("currency") or "").upper()
        named = table.distinct("currency")
        for name in _MONEY:
            self.currency = chosen_currency(named, table.currencies_of.get(name, ()), wanted)
        beside = {currency_in(labels[name]) for name in _MONEY if name in labels} - {""}
        written = {self.currency} if self.currency else beside | table.currencies | named
        notes = [note] if (note := foreign_costs(written, settings.SHOP_CURRENCY)) else []
        if "cost" in labels and says_with_tax(labels["cost"]):
            notes.append(
                f"{labels['cost']} says that costs are with tax: they are read as they stand, and should be without."
            )
        price = labels.get("current_price", labels.get("sale_price", ""))
        if (with_tax := says_with_tax(price)) is not None and with_tax != settings.PRICES_INCLUDE_TAX:
            notes.append(
                f"{price} says that its prices are {'with' if with_tax else 'without'} tax, the shop's are"
                f" {'without' if with_tax else 'with'} it (PRICES_INCLUDE_TAX): they are read as they stand."
            )
        if warned := warned_of(set(table.report.ignored_columns) - table.passed_over, of_costs=True):
            notes.append(
                f"Not read, although it may change what costs or prices mean: {', '.join(warned)}."
                " Costs and prices are those of one unit."
            )
        return notes

    def check(self, columns: dict[str, list[Any]]) -> Iterator[Problem]:
        for row, code in enumerate(columns["code"]):
            if is_total(code):
                yield row, "total_row", f"{code!r} sums up other rows: it is no product."
            elif type(code) is str and code in self.known_zeros:
                yield row, "look_alike_code", look_alike(code, self.known_zeros[code])
        yield from in_other_currency(columns["currency"], self.currency)
        self.counts["sale"] += charge_sale_prices(columns["current_price"], columns["sale_price"])
        yield from self._check_costs(columns)

    def _check_costs(self, columns: dict[str, list[Any]]) -> Iterator[Problem]:
        for row, (cost, since) in enumerate(zip(columns["cost"], columns["cost_valid_from"], strict=True)):
            # A moment and its day; nothing and None where the cell is blank.
            if type(since) is not tuple or since[1] is None:
                if cost == 0 and "zero_cost" not in self.accept:
                    columns["cost"][row] = None
                    self.counts["free"] += 1
            elif cost is None:
                yield (
                    row,
                    "value_missing",
                    "The cost is blank although the row says from which day on it holds.",
                )
            elif refusal := day_refused(day_of_epoch(since[1])):
                yield row, "in_the_future", refusal

    def settle(self) -> list[str]:
        notes = [text.format(f"{self.counts[key]:,}") for key, text in _NOTES.items() if self.counts[key]]
        seen: dict[str, dict[str, Any]] = {}
        differing: dict[str, None] = {}
        for row in self.rows:
            if "cost_valid_from_day" not in row and seen.setdefault(row["code"], row) != row:
                differing[row["code"]] = None
        if differing:
            notes.append(
                f"Products in several rows that differ: {_counted([*differing])}. Of each the"
                " last row counts: add up stocks of several places, and leave one price and cost of each."
            )
        if above := self._costs_above_prices():
            notes.append(
                f"Costs above the price of their product: {_counted(above)}. Look whether the column, the unit or the decimal"
                " mark is another."
            )
        return [*notes, *self._of_new_products()]

    def _of_new_products(self) -> Iterator[str]:
        """Say which products would be created: a code with a slip of the pen is a new product, too."""
        if not self.rows:
            return
        codes = list(dict.fromkeys(row["code"] for row in self.rows))
        known = set[str]()
        for chunk in batches(codes):
            known |= set(Product.objects.filter(code__in=chunk).values_list("code", flat=True))
        new = [code for code in codes if code not in known]
        if self.batch.dry_run:
            text = f"Would be created: {_counted(new)}. The other rows would update what is there."
        else:
            text = f"Created: {_counted(new)}. The other rows updated what was there."
        yield f"{text} A mistyped code becomes a product of its own: look at these." if new else text

    def _costs_above_prices(self) -> list[str]:
        """The products whose cost in the file is above their price there, or the present one."""
        costs = {row["code"]: row for row in self.rows if "cost" in row and "cost_valid_from_day" not in row}
        prices: dict[str, Any] = {}
        for chunk in batches([code for code, row in costs.items() if "current_price" not in row]):
            prices.update(Product.objects.filter(code__in=chunk).values_list("code", "current_price"))
        found = []
        for code, row in costs.items():
            price = row.get("current_price", prices.get(code))
            if price is not None and row["cost"] > price:
                found.append(code)
        return found

    def row(self, values: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value
            for name, value in values.items()
            if value not in (None, "") and name not in _NOT_OF_PRODUCTS
        }

    def upsert(self) -> tuple[int, int]:
        return products_upsert(self.rows, by=str(self.batch.created_by or "import"))


def _counted(codes: Sequence[str]) -> str:
    """How many products, and the codes of the first."""
    return f"{len(codes):,} ({', '.join(codes[:MOST_NAMED])})" if codes else "0"
