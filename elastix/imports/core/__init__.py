"""Tabular files: how they are spelt, which column is which field, and which rows are refused and why."""

from elastix.imports.core.errors import UnreadableFile
from elastix.imports.core.fields import Field, FileSchema
from elastix.imports.core.options import Options, Report
from elastix.imports.core.reader import Chunk, Table, open_table
from elastix.imports.core.records import Reject
from elastix.imports.core.rejects import write_rejects
from elastix.imports.core.schemas import PRODUCTS, TRANSACTIONS
from elastix.imports.core.values import REASONS, neutralise_formula

__all__ = [
    "PRODUCTS",
    "REASONS",
    "TRANSACTIONS",
    "Chunk",
    "Field",
    "FileSchema",
    "Options",
    "Reject",
    "Report",
    "Table",
    "UnreadableFile",
    "neutralise_formula",
    "open_table",
    "write_rejects",
]
