"""Migrations that add an index without a lock work on an ordinary table and on one with partitions."""

from collections.abc import Iterator

import pytest
from django.db import connection, models
from django.db.migrations.state import ModelState, ProjectState

from elastix.migration_operations import AddIndexWithoutLock
from elastix.sql import execute, fetch

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


class Operation(AddIndexWithoutLock):
    """On a table of the test's own."""

    def __init__(self) -> None:
        super().__init__("parcel", models.Index(fields=["country"], name="parcel_country"))


def state() -> ProjectState:
    found = ProjectState()
    fields = [("id", models.IntegerField(primary_key=True)), ("country", models.CharField(max_length=9))]
    found.add_model(ModelState("elastix", "Parcel", fields, options={"db_table": "parcel"}))
    return found


@pytest.fixture(params=["plain", "partitions"])
def table(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "plain":
        execute("CREATE TABLE parcel (id int, country varchar(9))")
    else:
        execute("CREATE TABLE parcel (id int, country varchar(9)) PARTITION BY RANGE (id)")
        execute("CREATE TABLE parcel_few PARTITION OF parcel FOR VALUES FROM (0) TO (9)")
        execute("CREATE TABLE parcel_many PARTITION OF parcel DEFAULT")
    yield request.param
    execute("DROP TABLE parcel")


def migrate(*, forwards: bool = True) -> None:
    before, after = state(), state()
    operation = Operation()
    operation.state_forwards("elastix", after)
    with connection.schema_editor(atomic=False) as editor:
        if forwards:
            operation.database_forwards("elastix", editor, before, after)
        else:
            operation.database_backwards("elastix", editor, after, before)


def is_valid() -> list[bool]:
    return [
        valid
        for (valid,) in fetch(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('parcel_country')"
        )
    ]


def indexed_tables() -> list[str]:
    sql = "SELECT tablename FROM pg_indexes WHERE tablename LIKE 'parcel%%' ORDER BY 1"
    return [name for (name,) in fetch(sql, [])]


def test_the_index_is_made_and_taken_back(table: str) -> None:
    everywhere = ["parcel"] if table == "plain" else ["parcel", "parcel_few", "parcel_many"]
    migrate()
    assert is_valid() == [True]
    assert indexed_tables() == everywhere
    migrate(forwards=False)
    assert indexed_tables() == []


def test_what_an_interrupted_attempt_left_is_made_again() -> None:
    execute("CREATE TABLE parcel (id int, country varchar(9)) PARTITION BY RANGE (id)")
    execute("CREATE TABLE parcel_many PARTITION OF parcel DEFAULT")
    try:
        execute("CREATE INDEX parcel_country ON ONLY parcel (country)")
        assert is_valid() == [False]
        migrate()
        assert is_valid() == [True]
    finally:
        execute("DROP TABLE parcel")
