"""Tabular files: how they are written, which column is which field, and which rows are rejected and why."""

from elastix.imports.core.fields import Field, FileSchema, UnreadableFile, column_names
from elastix.imports.core.formats import text_encoding
from elastix.imports.core.options import Options, Report
from elastix.imports.core.reader import Chunk, Table, open_table
from elastix.imports.core.records import Reject, write_rejects
from elastix.imports.core.values import REASONS, neutralise_formula

__all__ = [
    "REASONS",
    "Chunk",
    "Field",
    "FileSchema",
    "Options",
    "Reject",
    "Report",
    "Table",
    "UnreadableFile",
    "column_names",
    "neutralise_formula",
    "open_table",
    "text_encoding",
    "write_rejects",
]
