"""Import a file of competitors' prices."""

from elastix.imports.command import ImportCommand
from elastix.imports.models import ImportKind


class Command(ImportCommand):
    help = "Import competitors' prices (product_code, competitor_name, price, recorded_at, source); known ones are corrected."
    kind = ImportKind.COMPETITOR_PRICES
