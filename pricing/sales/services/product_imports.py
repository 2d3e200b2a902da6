"""Importing products: existing ones are updated, new ones created, all good rows or none."""

from functools import partial
from typing import Any

from elastix.imports.ingest import UpsertImport, ingest, ingest_failed
from pricing.sales.core.files import PRODUCTS, ImportKind
from pricing.sales.services.products import products_upsert

SCHEMA = PRODUCTS


class ProductsImport(UpsertImport):
    """Products; what a row leaves blank stays as it is."""

    kind = ImportKind.PRODUCTS
    schema = SCHEMA

    def row(self, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value not in (None, "")}

    def upsert(self) -> tuple[int, int]:
        return products_upsert(self.rows, by=str(self.batch.created_by or "import"))


import_products = partial(ingest, ProductsImport)
import_failed = partial(ingest_failed, ProductsImport)
