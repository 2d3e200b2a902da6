"""The triggers that write the audit log, rebuilt from the models after every migration.

A trigger sees every write, whichever way it takes: a form, a service, a bulk update, SQL by hand. What it cannot see is who
writes; the database is given that just before a statement that names an audited table.
"""

import re
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from django.apps import AppConfig, apps
from django.db import connection, models

from elastix.audit.actor import present_actor
from elastix.sql import is_postgresql

LOG = "elastix_auditentry"
# Timestamps that change with every write and are no change of content.
LEFT_OUT = frozenset({"last_login", "last_used_at", "created_at", "updated_at"})
SECRET = frozenset({"password", "digest"})
REFUSAL = "the audit log is append-only"


class Audited(NamedTuple):
    """What is kept of a table.

    Attributes
    ----------
    columns
        Name and SQL of a value, of the row `{row}`; None: all columns.
    added_if
        SQL that says whether a new row is worth an entry.
    """

    columns: dict[str, str] | None = None
    added_if: str = "TRUE"


_actor = threading.local()


def audited_tables() -> dict[str, tuple[type[models.Model], Audited]]:
    """Table -> model and what is kept of it, as the apps say in `audited` of their AppConfig."""
    found: dict[str, tuple[type[models.Model], Audited]] = {}
    for config in apps.get_app_configs():
        for name, what in getattr(config, "audited", {}).items():
            model = apps.get_model(name)
            found[model._meta.db_table] = model, what
            for relation in model._meta.many_to_many:
                through = relation.remote_field.through
                found[through._meta.db_table] = through, Audited()
    return found


@cache
def _names_audited() -> Callable[[str], Any]:
    return re.compile("|".join(map(re.escape, audited_tables()))).search


def tell_actor(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Execute wrapper: say who writes, before a statement that may write to an audited table."""
    writes = not sql.startswith(("SELECT", "CREATE", "ALTER", "DROP"))
    if writes and not context["connection"].needs_rollback and _names_audited()(sql):
        actor = present_actor()
        if context["connection"].vendor == "postgresql":
            # By the driver's own cursor: it is no query of the application.
            with context["connection"].wrap_database_errors:
                context["connection"].connection.execute(
                    "SELECT set_config('elastix.username', %s, false), set_config('elastix.source', %s, false), "
                    "set_config('elastix.request_id', %s, false)",
                    actor,
                )
        else:
            _actor.actor = actor
    return execute(sql, params, many, context)


def prepare_connection(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Signal handler of connection_created."""
    if tell_actor not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, tell_actor)
    if connection.vendor == "sqlite":
        connection.connection.create_function(
            "elastix_told", 1, lambda index: getattr(_actor, "actor", ("", "", ""))[index]
        )


def keep_triggers(app_config: AppConfig, **kwargs: Any) -> None:
    """Signal handler of post_migrate: once all apps are migrated, make the triggers."""
    if app_config is list(apps.get_app_configs())[-1]:
        make_triggers()


def drop_triggers_before_migrating(app_config: AppConfig, **kwargs: Any) -> None:
    """Signal handler of pre_migrate: columns that a trigger names could not be dropped."""
    if app_config is next(iter(apps.get_app_configs())):
        drop_triggers()


def make_triggers() -> None:
    drop_triggers()
    existing = set(connection.introspection.table_names())
    if LOG not in existing:
        return
    statements = [
        statement
        for table, (model, what) in audited_tables().items()
        if table in existing
        for statement in _statements(table, model, what)
    ]
    with connection.cursor() as cursor:
        for statement in [*statements, *_immutability_triggers()]:
            cursor.execute(statement)


def drop_triggers() -> None:
    with connection.cursor() as cursor:
        if is_postgresql():
            cursor.execute(
                "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'audit\\_%' AND NOT tgisinternal"
            )
            for name, table in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name} ON {table}")
        else:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit\\_%' ESCAPE '\\'"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {name}")


def _immutability_triggers() -> Iterator[str]:
    """What keeps the log from being changed."""
    for event in ("UPDATE", "DELETE"):
        name = f"audit_refuse_{event.lower()}"
        if is_postgresql():
            yield (
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
            )
            yield f"CREATE TRIGGER {name} BEFORE {event} ON {LOG} FOR EACH ROW EXECUTE FUNCTION {name}()"
        else:
            yield f"CREATE TRIGGER {name} BEFORE {event} ON {LOG} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"


def _statements(table: str, model: type[models.Model], what: Audited) -> Iterator[str]:
    key = model._meta.pk.column
    for event, action in (("INSERT", "add"), ("UPDATE", "change"), ("DELETE", "delete")):
        before = "NULL" if event == "INSERT" else _values(model, what, "OLD", event)
        after = "NULL" if event == "DELETE" else _values(model, what, "NEW", event)
        row = "OLD" if event == "DELETE" else "NEW"
        if event == "INSERT":
            condition = what.added_if.format(row="NEW")
        elif event == "DELETE":
            condition = "TRUE"
        else:
            differs = "IS DISTINCT FROM" if is_postgresql() else "IS NOT"
            pairs = [
                (sql.format(row="OLD"), sql.format(row="NEW")) for sql in _expressions(model, what).values()
            ]
            condition = " OR ".join(f"({old}) {differs} ({new})" for old, new in pairs)
        if is_postgresql():
            actor_columns = ", ".join(
                f"COALESCE(current_setting('elastix.{name}', true), '')"
                for name in ("username", "source", "request_id")
            )
            now = "clock_timestamp()"
        else:
            actor_columns = "elastix_told(0), elastix_told(1), elastix_told(2)"
            now = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
        insert = (
            f'INSERT INTO {LOG} (at, "table", "row", action, before, after, username, source, request_id) '
            f"VALUES ({now}, '{table}', CAST({row}.{key} AS text), '{action}', {before}, {after}, {actor_columns})"
        )
        name = f"audit_{table}_{action}"[:63]
        if is_postgresql():
            yield (
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$audit$ BEGIN {insert}; RETURN NULL; END $audit$"
            )
            yield (
                f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW WHEN ({condition}) "
                f"EXECUTE FUNCTION {name}()"
            )
        else:
            yield f"CREATE TRIGGER {name} AFTER {event} ON {table} WHEN {condition} BEGIN {insert}; END"


def _expressions(model: type[models.Model], what: Audited) -> dict[str, str]:
    """Column -> SQL of its value in the row `{row}`."""
    if what.columns is not None:
        return what.columns
    columns = [field.column for field in model._meta.concrete_fields if field.name not in LEFT_OUT]
    return {str(column): f'{{row}}."{column}"' for column in columns}


def _values(model: type[models.Model], what: Audited, row: str, event: str) -> str:
    """SQL of a JSON object with the audited values of a row."""
    fields: dict[Any, Any] = {field.column: field for field in model._meta.concrete_fields}
    parts = []
    for name, sql in _expressions(model, what).items():
        field, value = fields.get(name), sql.format(row=row)
        if name in SECRET:
            # Only whether it was changed may be recorded.
            value = "'kept secret'"
            if (row, event) == ("NEW", "UPDATE"):
                old, new = sql.format(row="OLD"), sql.format(row="NEW")
                value = f"CASE WHEN {old} = {new} THEN 'kept secret' ELSE 'changed' END"
        elif not is_postgresql() and isinstance(field, models.BooleanField):
            value = f"json(CASE {value} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END)"
        elif not is_postgresql() and isinstance(field, models.JSONField):
            value = f"json({value})"
        parts += [f"'{name}'", value]
    return f"{'jsonb_build_object' if is_postgresql() else 'json_object'}({', '.join(parts)})"
