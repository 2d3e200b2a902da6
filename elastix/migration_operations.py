"""Operations of migrations."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.backends.utils import names_digest
from django.db.migrations.operations import AddIndex, SeparateDatabaseAndState


class RebuildTables(SeparateDatabaseAndState):
    """Change many columns at once: on SQLite, which copies a whole table for each of them, every table is copied once.

    Parameters
    ----------
    models : names of the models that the operations change.
    operations : what changes; elsewhere they run one by one.
    """

    def __init__(self, models: Sequence[str], operations: Sequence[Any]) -> None:
        super().__init__(database_operations=operations, state_operations=operations)
        self.models, self.operations = models, operations

    def deconstruct(self) -> Any:
        return type(self).__qualname__, [self.models, self.operations], {}

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "sqlite":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        for name in self.models:
            schema_editor._remake_table(to_state.apps.get_model(app_label, name))

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "sqlite":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        for name in self.models:
            schema_editor._remake_table(to_state.apps.get_model(app_label, name))

    def describe(self) -> str:
        return f"Change columns of {', '.join(self.models)}"


class AddIndexWithoutLock(AddIndexConcurrently):
    """Add an index while others write: on PostgreSQL concurrently, in a migration that is not atomic.

    A table with partitions gets it partition by partition, each concurrently.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
        elif partitions := _partitions(schema_editor, app_label, from_state, self.model_name):
            self._ensure_not_in_transaction(schema_editor)
            _index_partitions(
                schema_editor, to_state.apps.get_model(app_label, self.model_name), self.index, partitions
            )
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        # An index of partitions cannot be dropped concurrently.
        if schema_editor.connection.vendor != "postgresql" or _partitions(
            schema_editor, app_label, from_state, self.model_name
        ):
            AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)
        else:
            super().database_backwards(app_label, schema_editor, from_state, to_state)


def _partitions(schema_editor: Any, app_label: str, state: Any, model_name: str) -> list[str]:
    """Return the partitions of a model's table, none if it is an ordinary one."""
    table = state.apps.get_model(app_label, model_name)._meta.db_table
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(%s) ORDER BY 1",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


def _index_partitions(schema_editor: Any, model: Any, index: Any, partitions: Sequence[str]) -> None:
    """Make an index of the whole that is valid once each partition has brought its own."""

    def statement(table: str, name: str, *, concurrently: bool) -> str:
        made = index.create_sql(model, schema_editor, concurrently=concurrently)
        made.parts |= {"table": table, "name": schema_editor.quote_name(name)}
        return str(made)

    # What an attempt that was interrupted has left.
    schema_editor.execute(f"DROP INDEX IF EXISTS {schema_editor.quote_name(index.name)}")
    whole = f"ONLY {schema_editor.quote_name(model._meta.db_table)}"
    schema_editor.execute(statement(whole, index.name, concurrently=False))
    for partition in partitions:
        name = f"{partition}_{names_digest(index.name, length=8)}"
        schema_editor.execute(f"DROP INDEX IF EXISTS {schema_editor.quote_name(name)}")
        schema_editor.execute(statement(partition, name, concurrently=True))
        schema_editor.execute(
            f"ALTER INDEX {schema_editor.quote_name(index.name)} ATTACH PARTITION {schema_editor.quote_name(name)}"
        )
