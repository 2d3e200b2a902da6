"""What the user should know of a sales file before its rows are read: what its columns say of prices, and what it lacks."""

from collections.abc import Collection, Iterator

from django.conf import settings

from elastix.imports.core import Table
from elastix.imports.core.fields import says_with_tax
from pricing.sales.core.whole_file import other_currency, warned_of

TAXES = frozenset({"tax_amount", "tax_rate"})


def notes_of_columns(
    table: Table, *, priced: str, currencies: Collection[str], is_gross: bool, wanted: str
) -> Iterator[str]:
    """Notes about the columns of a sales file.

    Parameters
    ----------
    priced : the name of the column of prices or totals, "" if there is none.
    currencies : those that stand beside prices or in the column's name.
    is_gross : whether the column has totals before discounts.
    wanted : the currency that the user chose, "" if none.
    """
    fields = frozenset(table.report.mapping)
    foreign = other_currency(table.distinct("currency"), currencies, settings.SHOP_CURRENCY)
    if foreign and not wanted:
        yield f"Prices are in {foreign}, the shop's currency is {settings.SHOP_CURRENCY}: they are not converted."
    with_tax = says_with_tax(priced) if priced and not is_gross else None
    if with_tax is not None and with_tax != settings.PRICES_INCLUDE_TAX and not fields & TAXES:
        yield (
            f"{priced} says that its prices are {'with' if with_tax else 'without'} tax, the shop's are"
            f" {'without' if with_tax else 'with'} it (PRICES_INCLUDE_TAX): they are read as they stand."
        )
    if warned := warned_of(set(table.report.ignored_columns) - table.passed_over):
        yield f"Not read, although it may change what prices or lines mean: {', '.join(warned)}. Map what matters."
    if "quantity" not in fields:
        yield "The file has no column of quantities: each row counts as one item. Map one if it has (option mapping)."
    if "invoice_no" not in fields:
        yield "The file has no invoice numbers: lines of one product and day count as one invoice."
    if table.report.mapping.get("stock_code") == table.report.mapping.get("description", ""):
        yield "The file has no product codes: the names of products are their codes."
