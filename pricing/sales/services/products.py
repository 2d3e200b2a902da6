"""Write products. A price set by hand is recorded as a price change; every edit raises the catalogue version."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from elastix.dataset.versions import catalogue_changed, lock_version
from elastix.errors import Conflict
from elastix.sql import batches
from pricing.sales.core.sales_rows import without_zeros
from pricing.sales.core.service_codes import DEFAULT, is_service_code, suggest_service_codes
from pricing.sales.core.till_words import is_charge
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.costs import CostSource
from pricing.sales.models.price_changes import PriceChangeSource, PriceChangeStatus
from pricing.sales.models.products import Kind, PriceSource
from pricing.sales.selectors.daily import day_of_epoch
from pricing.sales.selectors.holds import held_prices
from pricing.sales.services import rollup
from pricing.sales.services.costs import costs_record, costs_remember

PriceCheck = Callable[[Product], None]
"""Called with a product whose price was set by hand, before it is saved; it raises what speaks against the price."""

SET_BY_HAND = "Set by hand"
EDITABLE = ("name", "category", "current_price", "cost", "stock_level", "target_stock", "kind", "is_active")
GROUPING = ("kind", "category")


def charges_among(
    names: Mapping[str, str], lines: Mapping[str, int], negative: Mapping[str, int]
) -> tuple[list[str], list[str]]:
    """The codes, of those that are no products yet, that are charges, taxes or discounts, not merchandise.

    Parameters
    ----------
    names : by code.
    lines, negative : how many rows of a file each code has, and how many of these have a negative price.

    Returns
    -------
    Those whose whole name says so, and those of which it is probable.
    """
    patterns = tuple(settings.SERVICE_CODE_PATTERNS) or DEFAULT
    codes = sorted(names)
    texts = [names[code] or code for code in codes]
    counts = ([table.get(code, 0) for code in codes] for table in (lines, negative))
    found = [each.code for each in suggest_service_codes(codes, texts, *counts, patterns=patterns)]
    sure = {code for code in codes if is_charge(names[code] or code) and not is_service_code(code, patterns)}
    known: set[str] = set()
    for chunk in batches(sorted({*found, *sure})):
        known.update(Product.objects.filter(code__in=chunk).values_list("code", flat=True))
    return sorted(sure - known), [code for code in found if code not in known | sure]


def kind_of(code: str) -> str:
    """Return merchandise or service, by the shop's list of service code patterns."""
    patterns = tuple(settings.SERVICE_CODE_PATTERNS) or DEFAULT
    return Kind.SERVICE if is_service_code(code, patterns) else Kind.MERCHANDISE


def products_ensure(names: Mapping[str, str], services: Collection[str] = ()) -> None:
    """Create the products that are not there yet; `names` maps normalised code to a name (or "").

    Those of `services` are created as services, the others as their codes say.
    """
    codes = sorted(names)
    known: set[str] = set()
    for chunk in batches(codes):
        known.update(Product.objects.filter(code__in=chunk).values_list("code", flat=True))
    missing = [
        Product(code=code, name=names[code] or code, kind=Kind.SERVICE if code in services else kind_of(code))
        for code in codes
        if code not in known
    ]
    if missing:
        Product.objects.bulk_create(missing, batch_size=1000, ignore_conflicts=True)
        catalogue_changed()


@transaction.atomic
def product_create(
    *, code: str, by: str, reason: str = "", check: PriceCheck | None = None, **fields: Any
) -> Product:
    """Create a product; its price, if given, is its first price change, with the reason.

    Raises
    ------
    Conflict : there is a product of this code.
    """
    lock_version()
    if Product.objects.filter(code=code).exists():
        raise Conflict(
            f"There is a product {code} already. To change it, send PATCH to /api/products/{quote(code, safe='')}."
        )
    product = Product(code=code, name=code, kind=kind_of(code))
    _edit(product, fields)
    if check and product.current_price is not None:
        check(product)
    product.save(force_insert=True)
    costs_remember([product], {}, by=by, source=CostSource.MANUAL)
    PriceChange.objects.bulk_create(_price_changes([product], {}, by, {code: reason}))
    catalogue_changed()
    return product


@transaction.atomic
def product_update(
    code: str, *, by: str, reason: str = "", check: PriceCheck | None = None, **changes: Any
) -> Product:
    """Change the given fields of a product; a changed price becomes manual and is recorded as a price change.

    Raises
    ------
    NotFound : there is no such product.
    Conflict : it is another price, and that is held.
    """
    product = rollup.locked_row(Product.objects.filter(code=code), f"There is no product {code}.")
    if changes.get("current_price", product.current_price) != product.current_price:
        for reason in held_prices([code]).values():
            raise Conflict(f"The price of {code} stays as it is: {reason}.")
    old_prices, regrouped = {code: product.current_price}, not _same_group(product, changes)
    old_costs = {code: product.cost}
    _edit(product, changes)
    if check and product.current_price not in (None, old_prices[code]):
        check(product)
    product.save()
    costs_remember([product], old_costs, by=by, source=CostSource.MANUAL)
    PriceChange.objects.bulk_create(_price_changes([product], old_prices, by, {code: reason}))
    if regrouped:
        rollup.touch_product(code)
    catalogue_changed()
    return product


@transaction.atomic
def product_delete(code: str) -> bool:
    """Delete a product without history, with the price relations whose own label it is; deactivate one with history.

    Return whether it was deleted.

    Raises
    ------
    NotFound : there is no such product.
    """
    product = rollup.locked_row(Product.objects.filter(code=code), f"There is no product {code}.")
    histories = (product.transactions, product.sales_history, product.price_changes)
    has_history = any(history.exists() for history in histories)
    if has_history:
        product.is_active = False
        product.save(update_fields=["is_active", "updated_at"])
    else:
        for member in product.price_relations.select_related("relation"):
            if member.is_own_label:  # without it a brand would count as the own label
                member.relation.delete()
        product.delete()
    catalogue_changed()
    return not has_history


@transaction.atomic
def products_upsert(rows: Iterable[Mapping[str, Any]], *, by: str) -> tuple[int, int]:
    """Create or update many products, all or nothing; return how many were created and updated.

    Each row has `code`, any of the editable fields and the `reason` of its price; fields that are absent or None stay as
    they are. Of several rows with one code the last one counts. A price that is held stays, too. A cost with
    `cost_valid_from_day` is recorded from that day on, of any number of rows; the newest is the product's.
    """
    lock_version()
    dated, rows = _dated_costs(rows)
    reasons = {row["code"]: row.get("reason") or "" for row in rows}
    wanted = {
        row["code"]: {name: row[name] for name in EDITABLE if row.get(name) is not None} for row in rows
    }
    known: dict[str, Product] = {}
    for chunk in batches(sorted(wanted)):
        known |= Product.objects.in_bulk(chunk)
    for code in held_prices(known):
        wanted[code].pop("current_price", None)
    old_prices = {code: product.current_price for code, product in known.items()}
    old_costs = {code: product.cost for code, product in known.items()}
    products, regrouped = [], []
    for code, fields in wanted.items():
        product = known.get(code) or Product(code=code, name=code, kind=kind_of(code))
        if code in known and not _same_group(product, fields):
            regrouped.append(code)
        _edit(product, fields)
        products.append(product)
    created = [product for product in products if product.code not in known]
    Product.objects.bulk_create(created, batch_size=500)
    Product.objects.bulk_update(
        [product for product in products if product.code in known],
        [*EDITABLE, "price_source", "updated_at"],
        batch_size=200,
    )
    PriceChange.objects.bulk_create(_price_changes(products, old_prices, by, reasons), batch_size=500)
    costs_remember(products, old_costs, by=by, source=CostSource.FILE)
    if dated:
        costs_record({each.code: each for each in products}, dated, by=by, source=CostSource.FILE)
    for code in regrouped:
        rollup.touch_product(code)
    catalogue_changed()
    return len(created), len(known)


def _dated_costs(
    rows: Iterable[Mapping[str, Any]],
) -> tuple[dict[tuple[str, dt.date], Decimal], list[Mapping[str, Any]]]:
    """The costs of rows that say from which day on, and the rows without these."""
    dated: dict[tuple[str, dt.date], Decimal] = {}
    others = []
    for row in rows:
        if (day := row.get("cost_valid_from_day")) is not None:
            dated[row["code"], day_of_epoch(day)] = row["cost"]
            row = {name: value for name, value in row.items() if name != "cost"}
        others.append(row)
    return dated, others


def codes_without_zeros(accepted: Iterable[str]) -> dict[str, str]:
    """Codes that are none, by the code of the catalogue that they would be if a spreadsheet had taken its zeros off.

    None are looked for where such codes are `accepted` as those of other products.
    """
    if "look_alike_code" in accepted:
        return {}
    zeros = without_zeros(Product.objects.filter(code__startswith="0").values_list("code", flat=True))
    for chunk in batches(sorted(zeros)):
        for code in Product.objects.filter(code__in=chunk).values_list("code", flat=True):
            del zeros[code]
    return zeros


def _same_group(product: Product, fields: Mapping[str, Any]) -> bool:
    """Tell whether kind and category stay, on which the estimates of other products and of customers depend."""
    return all(fields.get(name, getattr(product, name)) == getattr(product, name) for name in GROUPING)


def _edit(product: Product, fields: Mapping[str, Any]) -> None:
    """Set and validate fields; a price that is set becomes manual, without one it follows the data again."""
    old_price = product.current_price
    for name in EDITABLE:
        if name in fields:
            setattr(product, name, fields[name])
    # The database checks its own constraints; asking it for each of them first would cost a query apiece.
    product.full_clean(validate_unique=False, validate_constraints=False)
    if product.current_price != old_price:
        product.price_source = PriceSource.MANUAL if product.current_price is not None else PriceSource.DATA
    product.updated_at = timezone.now()


def _price_changes(
    products: Iterable[Product], old_prices: Mapping[str, Decimal | None], by: str, reasons: Mapping[str, str]
) -> list[PriceChange]:
    """The changes of prices that were set by hand and differ from the old ones (None or absent: there was none)."""
    return [
        PriceChange(
            product=product,
            old_price=old_prices.get(product.code),
            new_price=product.current_price,
            changed_at=timezone.now(),
            reason=reasons.get(product.code) or SET_BY_HAND,
            applied_by=by,
            status=PriceChangeStatus.APPLIED,
            source=PriceChangeSource.MANUAL,
        )
        for product in products
        if product.current_price not in (None, old_prices.get(product.code))
    ]
