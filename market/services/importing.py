"""Importing competitors' prices: all good rows of a file or none; the same file again changes nothing."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from elastix.currency import TWO_DECIMALS, Currency
from elastix.imports.core import Field, FileSchema, Table, UnreadableFile, column_names
from elastix.imports.core.fields import currency_in, normalise_name, says_with_tax
from elastix.imports.ingest import UpsertImport, ingest, ingest_failed
from elastix.imports.models import ImportBatch
from elastix.shop import shop_currency
from elastix.sql import batches
from market.core.offers import (
    can_be_bought,
    is_address,
    is_new,
    seller_name,
    unknown_values,
    warned_of_offers,
)
from market.models.competitors import LONGEST_NAME, LONGEST_SOURCE
from market.services.competitors import ObservedPrice, prices_upsert
from pricing.recommendation.selectors.competition import FRESH_DAYS, counted_from, fresh_from, is_our_name
from pricing.sales.core.files import (
    charge_sale_prices,
    list_price_field,
    sale_price_field,
    without_sale_prices,
)
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.core.whole_file import chosen_currency, currency_code, in_other_currency, other_currency
from pricing.sales.models import Product
from pricing.sales.selectors.daily import epoch_days

LONGEST_ADDRESS: Final = 2_000
_NOTES: Final = {
    "sale": "Prices of which the lower sale price beside them is read: {}.",
    "cut": "Addresses of more than 100 characters, cut after that: {}.",
}


def _schema(currency: Currency) -> FileSchema:
    return FileSchema(
        (
            Field(
                "product_code",
                ("code", "stock_code", *column_names("product_code")),
                kind="code",
                required=True,
                convert=normalise_code,
            ),
            Field(
                "competitor_name", column_names("competitor"), required=True, max_length=LONGEST_ADDRESS
            ),
            list_price_field(
                "price",
                ("competitor price", *without_sale_prices("unit_price")),
                currency,
                required=True,
                instead="sale_price",
            ),
            sale_price_field(currency),
            Field("recorded_at", column_names("seen_at"), kind="datetime", required=True),
            Field("recorded_time", column_names("time")),
            Field("currency", column_names("currency"), max_length=10, empty="", inspected=True),
            Field("availability", column_names("availability"), max_length=100, empty="", inspected=True, first=True),
            Field("condition", column_names("condition"), max_length=100, empty="", inspected=True),
            Field("source", column_names("address"), max_length=LONGEST_ADDRESS, empty="", first=True),
        ),
        fallback={"competitor_name": "source"},
        time={"recorded_at": "recorded_time"},
        across="competitor_name",
    )  # fmt: skip


SCHEMA = _schema(TWO_DECIMALS)
"""Its names and options are the same in every currency."""


KIND = "competitor_prices"


class CompetitorPricesImport(UpsertImport):
    """Competitors' prices; a competitor's price of a product at a moment that is known already is corrected."""

    kind = KIND
    schema = SCHEMA

    def __init__(self, batch: ImportBatch, token: int) -> None:
        super().__init__(batch, token)
        self.currency = ""
        self.names_are_addresses = False
        self.states: dict[str, dict[str, bool]] = {}
        self.counts = Counter[str]()

    @classmethod
    def file_schema(cls) -> FileSchema:
        return _schema(shop_currency())

    def begin(self, table: Table) -> list[str]:
        mapping, notes = table.report.mapping, list[str]()
        states: dict[str, Callable[[str], bool | None]] = {
            "availability": partial(can_be_bought, is_status=_is_status(mapping)),
            "condition": is_new,
        }
        for name, says in states.items():
            if name not in mapping or "other_offers" in (self.batch.options.get("accept") or ()):
                continue
            texts = table.distinct(name)
            self.states[name] = {text: found for text in texts if (found := says(text)) is not None}
            notes += [note] if (note := unknown_values(mapping[name], texts, self.states[name])) else []
        priced = [mapping[name] for name in ("price", "sale_price") if name in mapping]
        notes += self._currency(table, {code for name in priced if (code := currency_in(name))})
        with_tax = says_with_tax(priced[0])
        if with_tax is not None and with_tax != settings.PRICES_INCLUDE_TAX:
            notes.append(
                f"{priced[0]} says that its prices are {'with' if with_tax else 'without'} tax, the shop's are"
                f" {'without' if with_tax else 'with'} it (PRICES_INCLUDE_TAX): they are read as they stand."
            )
        self.names_are_addresses = mapping["competitor_name"] == mapping.get("source")
        if self.names_are_addresses:
            notes.append(
                f"The file names no competitors: they are called by the hosts in {mapping['source']}."
            )
        if warned := warned_of_offers(set(table.report.ignored_columns) - table.passed_over):
            notes.append(
                f"Not read, although it may change what prices mean: {', '.join(warned)}. Prices are those of one product as"
                " it is sold, without delivery."
            )
        return notes

    def _currency(self, table: Table, in_names: set[str]) -> list[str]:
        """Decide which rows count by their currency; return notes.

        Raises
        ------
        UnreadableFile : the prices are in several currencies, or in another than the shop's, and nobody chose it.
        """
        named, beside = table.distinct("currency"), table.currencies | in_names
        wanted = str(self.batch.options.get("currency") or "").upper()
        self.currency = chosen_currency(named, beside, wanted)
        foreign = "" if self.currency else other_currency(named, beside, settings.SHOP_CURRENCY)
        foreign = foreign or (wanted if wanted not in ("", settings.SHOP_CURRENCY) else "")
        if foreign and currency_code(wanted) != foreign:
            raise UnreadableFile(
                f"Prices are in {foreign}, the shop's currency is {settings.SHOP_CURRENCY}: convert them, or have them read as"
                f" they stand (option currency; on the command line --currency {foreign})."
            )
        if foreign:
            return [
                f"Prices are in {foreign}, the shop's currency is {settings.SHOP_CURRENCY}: they are not converted."
            ]
        return []

    def check(self, columns: dict[str, list[Any]]) -> Iterator[tuple[int, str, str]]:
        self.counts["sale"] += charge_sale_prices(columns["price"], columns["sale_price"])
        for row, text in enumerate(columns["source"]):
            if type(text) is str and is_address(text) and len(text) > LONGEST_SOURCE:
                columns["source"][row] = text[:LONGEST_SOURCE]
                self.counts["cut"] += 1
        for row, name in enumerate(columns["competitor_name"]):
            if type(name) is str and self.names_are_addresses and not is_address(name):
                yield row, "value_missing", f"{name!r} is no address on the web: the competitor is not known."
            elif type(name) is str:
                columns["competitor_name"][row] = seller_name(name)
        yield from self._other_offers(columns)
        yield from check_rows(columns)

    def _other_offers(self, columns: dict[str, list[Any]]) -> Iterator[tuple[int, str, str]]:
        for name, states in self.states.items():
            reason = "not_available" if name == "availability" else "not_new"
            for row, text in enumerate(columns[name]):
                if states.get(text) is False:
                    yield row, reason, f"{name} is {text!r}: nobody can buy the product new at that price."
        yield from in_other_currency(columns["currency"], self.currency)

    def row(self, values: dict[str, Any]) -> ObservedPrice:
        names = ("competitor_name", "recorded_at", "price", "source")
        return ObservedPrice(product_id=values["product_code"], **{name: values[name] for name in names})

    def settle(self) -> list[str]:
        notes = [text.format(f"{self.counts[key]:,}") for key, text in _NOTES.items() if self.counts[key]]
        seen: dict[tuple[Any, ...], Any] = {}
        repeated = 0
        for each in self.rows:
            key = (each.product_id, each.competitor_name.casefold(), each.recorded_at)
            repeated += seen.get(key, each.price) != each.price
            seen[key] = each.price
        if repeated:
            notes.append(
                f"Rows of a competitor, product and time that stand there already with another price: {repeated:,}."
                " Of each the last one counts."
            )
        if self.rows and max(each.recorded_at for each in self.rows) < fresh_from(FRESH_DAYS, counted_from()):
            notes.append(
                f"All prices were seen more than {FRESH_DAYS} days before the newest sale: they are shown, and not used unless a"
                " policy says so."
            )
        return notes

    def upsert(self) -> tuple[int, int]:
        return prices_upsert(self.rows)


def _is_status(mapping: Mapping[str, str]) -> bool:
    """Whether the column of availabilities is called a status."""
    return "status" in normalise_name(mapping.get("availability", ""))


def check_rows(columns: Mapping[str, Sequence[Any]]) -> Iterator[tuple[int, str, str]]:
    """What makes a row impossible although each of its values is fine. Rejected values are of another type."""
    tomorrow = epoch_days(timezone.now().date()) + 1
    codes = {code for code in columns["product_code"] if type(code) is str}
    known: set[str] = set()
    for chunk in batches(sorted(codes)):
        known.update(Product.objects.filter(code__in=chunk).values_list("code", flat=True))
    names = ("product_code", "recorded_at", "competitor_name", "price", "source")
    for row, values in enumerate(zip(*(columns[name] for name in names), strict=True)):
        code, moment, seller, price, source = values
        if type(code) is str and code not in known:
            yield row, "unknown_product", f"There is no product {code}; create or import it first."
        elif type(moment) is tuple and moment[1] > tomorrow:
            yield row, "in_the_future", f"The date {moment[0]:%Y-%m-%d} lies in the future."
        elif type(seller) is str and is_our_name(seller):
            yield row, "own_shop", f"{seller} is this shop itself, no competitor (OWN_SELLER_NAMES)."
        elif type(seller) is str and len(seller) > LONGEST_NAME:
            yield (
                row,
                "too_long",
                f"The competitor's name has {len(seller)} characters; expected at most {LONGEST_NAME}.",
            )
        elif type(source) is str and len(source) > LONGEST_SOURCE:
            yield (
                row,
                "too_long",
                f"The source has {len(source)} characters; expected at most {LONGEST_SOURCE}.",
            )
        elif price is None:
            yield row, "value_missing", "The price is blank; expected a number such as 2.55."


import_competitor_prices = partial(ingest, CompetitorPricesImport)
import_failed = partial(ingest_failed, CompetitorPricesImport)
