"""Which operations of a migration keep a shop waiting: those that hold a lock on a large table while they read or rewrite it."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db.migrations import operations as made
from django.db.migrations.operations.base import Operation

# The tables that have millions of rows in a large shop.
LARGE = {
    "pricing": ("transaction", "stagedtransaction", "supersededline", "saleshistory", "demandforecast", "productpair"),
    "segments": ("segmentsales", "customersegment"),
    "elastix": ("importreject", "uploadchunk", "auditentry"),
    "market": ("competitorprice", "repricingresult"),
}  # fmt: skip


def locking(app: str, operations: Sequence[Operation], *, atomic: bool = True) -> Iterator[str]:
    """Yield what is wrong with the operations of a migration, each with what to do instead."""
    for operation in operations:
        if isinstance(operation, made.SeparateDatabaseAndState):
            yield from locking(app, operation.database_operations, atomic=atomic)
            continue
        if isinstance(operation, made.RunPython | made.RunSQL):
            if atomic:
                yield (
                    f"{type(operation).__name__} in one transaction: what it changes is locked until the end. Set atomic = False "
                    "and change large tables in batches."
                )
            continue
        reason = _reason(operation) if _is_large(app, operation) else ""
        if reason:
            yield f"{operation.describe()}: {reason}"


def _is_large(app: str, operation: Operation) -> bool:
    name = getattr(operation, "model_name", None) or getattr(operation, "name", "")
    return str(name).lower() in LARGE.get(app, ())


def _reason(operation: Any) -> str:
    if isinstance(operation, made.AddIndex) and not isinstance(operation, AddIndexConcurrently):
        return "nobody can write while it is built; use AddIndexWithoutLock."
    if isinstance(operation, made.AddConstraint) and not isinstance(operation, AddConstraintNotValid):
        return (
            "nobody can write while every row is checked; use AddConstraintNotValid, then ValidateConstraint."
        )
    if isinstance(operation, made.AlterField):
        return "a new type rewrites the table; add a column, fill it in batches, and drop the old one in a later release."
    if isinstance(operation, made.AddField):
        field = operation.field
        if getattr(field, "many_to_many", False) or (
            field.null and not field.unique and not _is_indexed(field)
        ):
            return ""
        if _is_indexed(field) or field.unique:
            return "its index is built while nobody can write; add the column first, then the index concurrently."
        if not field.has_db_default():
            return (
                "servers of the former release cannot insert without it; give it a db_default or null=True."
            )
    return ""


def _is_indexed(field: Any) -> bool:
    return bool(field.db_index or (field.is_relation and getattr(field, "db_constraint", False)))
