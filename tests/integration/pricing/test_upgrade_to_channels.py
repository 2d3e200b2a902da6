"""Transactions of the release before channels come through the upgrade with their lines as they were."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from elastix.audit.triggers import drop_triggers

BEFORE, AFTER = "0016_periods_of_totals", "0017_channels_and_experiments"


def migrated(name: str) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate([("pricing", name)])
    return MigrationExecutor(connection).loader.project_state([("pricing", name)]).apps


@pytest.mark.django_db(transaction=True)
def test_lines_and_estimates_stay_and_have_no_channel() -> None:
    # As `migrate` does: the type of a column that a trigger names could not be changed.
    drop_triggers()
    executor = MigrationExecutor(connection)
    leaves = [key for key in executor.loader.graph.leaf_nodes() if key[0] != "pricing"]
    newest = executor.loader.graph.leaf_nodes("pricing")
    try:
        old = migrated(BEFORE)
        product = old.get_model("pricing", "Product").objects.create(
            code="CUP", name="Cup", kind="merchandise"
        )
        line = old.get_model("pricing", "Transaction")
        moment = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)
        rows = [
            line(id=uuid.uuid4(), invoice_no=f"{number}", product=product, quantity=Decimal("2.5"),
                 invoice_date=moment, unit_price=Decimal("4.0000"), date=moment.date(), is_return=False, units=2.5)
            for number in range(3)
        ]  # fmt: skip
        line.objects.bulk_create(rows)
        old.get_model("pricing", "ElasticityEstimate").objects.create(
            product=product, method="pooled", elasticity=-2.0, quality="A", evidence="price_change"
        )
        new = migrated(AFTER)
        found = new.get_model("pricing", "Transaction").objects.order_by("invoice_no")
        assert list(found.values_list("invoice_no", "quantity", "unit_price", "channel")) == [
            (f"{number}", Decimal("2.5"), Decimal("4.0000"), "") for number in range(3)
        ]
        estimates = new.get_model("pricing", "ElasticityEstimate").objects
        assert estimates.get().evidence == "price_change"
        estimates.update(evidence="experimental")
    finally:
        MigrationExecutor(connection).migrate([*leaves, *newest])
