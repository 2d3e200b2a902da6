"""Import a file of competitors' prices."""

from elastix.imports.command import ImportCommand
from market.services.importing import CompetitorPricesImport


class Command(ImportCommand):
    help = "Import competitors' prices (product_code, competitor_name, price, recorded_at, source); known ones are corrected."
    kind = CompetitorPricesImport.kind
