"""Import a file of products."""

from elastix.imports.command import ImportCommand
from pricing.sales.core.files import ImportKind


class Command(ImportCommand):
    help = "Import products (code, name, category, cost, current_price, stock_level, target_stock); known ones are updated."
    kind = ImportKind.PRODUCTS
