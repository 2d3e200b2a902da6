"""Prices set by hand: in a form, through the API or by a file of products. They take effect at once, and so pass the
checks of a proposal: one below cost or outside a hard limit is a manager's to set, with a reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from elastix.api.permissions import Role, role_of
from elastix.dataset.versions import lock_version
from elastix.errors import FieldError, Invalid
from elastix.imports.ingest import ingest, ingest_failed
from elastix.sql import batches
from pricing.recommendation.core.relations import NO_BOUNDS
from pricing.recommendation.selectors.policies import broken_limit, policy_finder
from pricing.recommendation.selectors.relations import relation_bounds
from pricing.recommendation.services.overrides import remember_overrides
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeSource
from pricing.sales.services import products as catalogue
from pricing.sales.services.product_files import ProductsImport


@dataclass(frozen=True, slots=True)
class Setter:
    """Who sets a price by hand, why, and whether they may cross a hard limit (managers)."""

    name: str
    may_cross: bool
    reason: str = ""

    def check(self, product: Product) -> None:
        """Refuse the price of a product that is not saved yet, if it crosses a hard limit.

        Raises
        ------
        PermissionDenied : the limit is a manager's to cross.
        Invalid : the manager gives no reason.
        """
        if refusal := refused_price(product, policy_finder([product.code]), self):
            if self.may_cross:
                raise Invalid(FieldError("reason", refusal, "reason_needed"))
            raise PermissionDenied(refusal)


def refused_price(product: Product, policy_of: Any, setter: Setter) -> str:
    """Why a product may not get the price it has now, as a sentence; "" where it may."""
    price = product.current_price
    if price is None:
        return ""
    relations = relation_bounds({product.code: price}).get(product.code, NO_BOUNDS)
    broken = broken_limit(price, product, policy_of(product), relations)
    if broken is None or (setter.may_cross and setter.reason):
        return ""
    remedy = "say why" if setter.may_cross else "a manager may set it, and has to say why"
    return f"{product.code}: {broken.reason}; {remedy}."


@transaction.atomic
def product_create(setter: Setter, *, code: str, **fields: Any) -> Product:
    """Create a product.

    Raises
    ------
    Conflict, PermissionDenied, Invalid : as the catalogue's `product_create`, and as `Setter.check`.
    """
    return catalogue.product_create(
        code=code, by=setter.name, reason=setter.reason, check=setter.check, **fields
    )


@transaction.atomic
def product_update(setter: Setter, code: str, **changes: Any) -> Product:
    """Change the given fields of a product.

    Raises
    ------
    NotFound, PermissionDenied, Invalid : as the catalogue's `product_update`, and as `Setter.check`.
    """
    newest = _newest_change()
    product = catalogue.product_update(
        code, by=setter.name, reason=setter.reason, check=setter.check, **changes
    )
    _remember_since(newest)
    return product


class CheckedProductsImport(ProductsImport):
    """Products, of which those rows are refused whose new price nobody may set, or not whoever brought the file."""

    def check(self, columns: dict[str, list[Any]]) -> Iterator[tuple[int, str, str]]:
        yield from super().check(columns)
        priced = {
            row: code
            for row, (code, price) in enumerate(zip(columns["code"], columns["current_price"], strict=True))
            if isinstance(code, str) and isinstance(price, Decimal)
        }
        if not priced:
            return
        known: dict[str, Product] = {}
        for chunk in batches(sorted(set(priced.values()))):
            known |= Product.objects.in_bulk(chunk)
        policy_of, user = policy_finder(), self.batch.created_by
        may_cross = user is not None and role_of(user) >= Role.MANAGER
        for row, code in priced.items():
            before = known.get(code)
            if before is not None and before.current_price == columns["current_price"][row]:
                continue
            product = Product(
                code=code,
                current_price=columns["current_price"][row],
                cost=_given(columns["cost"][row], before and before.cost),
                category=_given(columns["category"][row], before.category if before else ""),
            )
            setter = Setter("", may_cross, _given(columns["reason"][row], ""))
            if refusal := refused_price(product, policy_of, setter):
                yield row, "price_not_allowed", refusal

    def upsert(self) -> tuple[int, int]:
        newest = _newest_change()
        written = super().upsert()
        _remember_since(newest)
        return written


def _given(cell: Any, otherwise: Any) -> Any:
    """What a readable cell says; what is blank stays as it is, and an unreadable one refuses the row anyhow."""
    return cell if isinstance(cell, str | Decimal) and cell != "" else otherwise


def _newest_change() -> int:
    """The number of the newest price change; under the lock, all later ones are of this transaction."""
    lock_version()
    return PriceChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _remember_since(newest: int) -> None:
    by_hand = PriceChange.objects.filter(pk__gt=newest, source=PriceChangeSource.MANUAL)
    remember_overrides(list(by_hand.order_by("pk")))


import_products = partial(ingest, CheckedProductsImport)
import_failed = partial(ingest_failed, CheckedProductsImport)
