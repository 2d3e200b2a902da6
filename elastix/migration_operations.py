"""Operations of migrations."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
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
    """Add an index while others write: on PostgreSQL concurrently, in a migration that is not atomic."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        else:
            AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
        else:
            AddIndex.database_backwards(self, app_label, schema_editor, from_state, to_state)
