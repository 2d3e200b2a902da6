"""Import a file of sales lines."""

from elastix.imports.command import ImportCommand
from pricing.sales.core.files import ImportKind


class Command(ImportCommand):
    help = "Import sales lines from a CSV, TSV or XLSX file, then bring elasticities and segments up to date."
    kind = ImportKind.TRANSACTIONS
