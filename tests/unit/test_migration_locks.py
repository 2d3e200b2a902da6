"""Migrations after the first release do not keep a large shop waiting."""

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from tests.migration_locks import LARGE, locking

# What came before was made when no shop had data.
FIRST_LINTED = {"elastix": 11, "pricing": 24, "segments": 5, "simulations": 4, "market": 7}


def test_no_migration_of_ours_locks_a_large_table() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    found = [
        f"{app}.{name}: {problem}"
        for (app, name), migration in sorted(loader.disk_migrations.items())
        if app in FIRST_LINTED and int(name[:4]) >= FIRST_LINTED[app]
        for problem in locking(app, migration.operations, atomic=migration.atomic)
    ]
    assert found == []


def test_the_large_tables_are_tables_of_ours() -> None:
    loader = MigrationLoader(None, ignore_no_migrations=True)
    state = loader.project_state(loader.graph.leaf_nodes())
    named = {(app, model) for app, models_of_app in LARGE.items() for model in models_of_app}
    assert named - set(state.models) == set()


INDEX = models.Index(fields=["country"], name="new_index")
CHECK = models.CheckConstraint(condition=models.Q(quantity__gt=0), name="new_check")
PRODUCT = models.ForeignKey("pricing.Product", models.CASCADE)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddIndex("transaction", INDEX),
        migrations.AddConstraint("transaction", CHECK),
        migrations.AlterField("Transaction", "country", models.TextField()),
        migrations.AddField("transaction", "till", models.CharField(max_length=9, default="")),
        migrations.AddField("transaction", "till", models.CharField(max_length=9, null=True, db_index=True)),
        migrations.AddField("transaction", "till", models.CharField(max_length=9, null=True, unique=True)),
        migrations.AddField("transaction", "other", PRODUCT),
        migrations.RunPython(migrations.RunPython.noop),
        migrations.RunSQL("UPDATE pricing_transaction SET country = ''"),
        migrations.SeparateDatabaseAndState([migrations.AddIndex("transaction", INDEX)]),
    ],
    ids=lambda operation: operation.describe()[:40],
)
def test_what_locks_is_found(operation: Operation) -> None:
    assert len(list(locking("pricing", [operation]))) == 1


@pytest.mark.parametrize(
    "operation",
    [
        AddIndexConcurrently("transaction", INDEX),
        migrations.AddIndex("pricepolicy", INDEX),
        migrations.AddField("transaction", "till", models.CharField(max_length=9, null=True)),
        migrations.AddField("transaction", "till", models.CharField(max_length=9, default="", db_default="")),
        migrations.RemoveField("transaction", "country"),
    ],
    ids=lambda operation: operation.describe()[:40],
)
def test_what_does_not_lock_is_left_alone(operation: Operation) -> None:
    assert list(locking("pricing", [operation])) == []


def test_a_migration_outside_a_transaction_may_change_data() -> None:
    assert list(locking("pricing", [migrations.RunPython(migrations.RunPython.noop)], atomic=False)) == []
