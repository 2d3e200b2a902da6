"""Importing competitors' prices: all good rows of a file or none; the same file again changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from django.utils import timezone

from elastix.currency import TWO_DECIMALS, Currency
from elastix.imports.core import Field, FileSchema, column_names
from elastix.imports.ingest import UpsertImport, ingest, ingest_failed
from elastix.shop import shop_currency
from elastix.sql import batches
from market.services.competitors import ObservedPrice, prices_upsert
from pricing.recommendation.selectors.competition import is_our_name
from pricing.sales.core.files import list_price_field
from pricing.sales.core.service_codes import normalise_code
from pricing.sales.models import Product
from pricing.sales.selectors.daily import epoch_days


def check_rows(columns: Mapping[str, Sequence[Any]]) -> Iterator[tuple[int, str, str]]:
    """What makes a row impossible although each of its values is fine. Rejected values are of another type."""
    tomorrow = epoch_days(timezone.now().date()) + 1
    codes = {code for code in columns["product_code"] if type(code) is str}
    known: set[str] = set()
    for chunk in batches(sorted(codes)):
        known.update(Product.objects.filter(code__in=chunk).values_list("code", flat=True))
    names = ("product_code", "recorded_at", "competitor_name")
    for row, (code, moment, seller) in enumerate(zip(*(columns[name] for name in names), strict=True)):
        if type(code) is str and code not in known:
            yield row, "unknown_product", f"There is no product {code}; create or import it first."
        elif type(moment) is tuple and moment[1] > tomorrow:
            yield row, "in_the_future", f"The date {moment[0]:%Y-%m-%d} lies in the future."
        elif type(seller) is str and is_our_name(seller):
            yield row, "own_shop", f"{seller} is this shop itself, no competitor (OWN_SELLER_NAMES)."


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
            Field("competitor_name", column_names("competitor"), required=True, max_length=255),
            list_price_field(
                "price", ("competitor price", *column_names("unit_price")), currency, required=True
            ),
            Field(
                "recorded_at", ("recorded", "seen at", *column_names("date")), kind="datetime", required=True
            ),
            Field("source", ("url",), max_length=100, empty=""),
        )
    )


SCHEMA = _schema(TWO_DECIMALS)
"""Its names and options are the same in every currency."""


KIND = "competitor_prices"


class CompetitorPricesImport(UpsertImport):
    """Competitors' prices; a competitor's price of a product at a moment that is known already is corrected."""

    kind = KIND
    schema = SCHEMA

    @classmethod
    def file_schema(cls) -> FileSchema:
        return _schema(shop_currency())

    def check(self, columns: dict[str, list[Any]]) -> Iterator[tuple[int, str, str]]:
        return check_rows(columns)

    def row(self, values: dict[str, Any]) -> ObservedPrice:
        del values["recorded_at_day"]
        return ObservedPrice(product_id=values.pop("product_code"), **values)

    def upsert(self) -> tuple[int, int]:
        return prices_upsert(self.rows)


import_competitor_prices = partial(ingest, CompetitorPricesImport)
import_failed = partial(ingest_failed, CompetitorPricesImport)
