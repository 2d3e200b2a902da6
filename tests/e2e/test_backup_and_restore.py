"""The drill: a backup while the shop works, a disaster, the restore, and everything is as it was."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.e2e.installation import Installation, write_sales

pytestmark = [pytest.mark.slow]

COUNTS = """
import json
from pricing.models import Product, Transaction
from django.contrib.auth.models import User
print(json.dumps([Product.objects.count(), Transaction.rows.count(), User.objects.count()]))
"""
DISASTER = """
from django.contrib.auth.models import User
from pricing.sales.models import SalesHistory
User.objects.create_user("intruder")
SalesHistory.objects.all().delete()
print("null")
"""


BOTH = [
    pytest.param("sqlite", marks=pytest.mark.own_sqlite),
    pytest.param("postgresql", marks=pytest.mark.postgresql),
]


def server_of(kind: str) -> str:
    """The address of the server that the tests have, "" for SQLite."""
    if kind != "postgresql":
        return ""
    database = settings.DATABASES["default"]
    password = f":{database['PASSWORD']}" if database["PASSWORD"] else ""
    return f"postgres://{database['USER']}{password}@{database['HOST']}:{database['PORT'] or 5432}/postgres"


@pytest.fixture(scope="module", params=BOTH)
def installation(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    server = server_of(request.param)
    with Installation(tmp_path_factory.mktemp("shop"), server) as installation:
        installation.manage(
            "import_transactions", str(write_sales(installation.directory / "sales.csv", 3_000))
        )
        yield installation


def test_what_a_disaster_took_comes_back(installation: Installation, tmp_path: Path) -> None:
    before = installation.shell(COUNTS)
    copy = tmp_path / "monday.backup"
    assert "MB. Put it back" in installation.manage("backup", str(copy))
    installation.shell(DISASTER)
    with pytest.raises(AssertionError, match="values are wrong"):
        installation.manage("verify")

    installation.manage("restore", "--yes", str(copy))
    assert installation.shell(COUNTS) == before
    assert "wrong" not in installation.manage("verify")


def test_a_backup_never_replaces_a_file(installation: Installation, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("do not lose me")
    with pytest.raises(AssertionError, match="is there already"):
        installation.manage("backup", str(precious))
    assert precious.read_text() == "do not lose me"


@pytest.mark.parametrize("content", [b"", b"no backup", b"SQLite format 3\0" + bytes(4000)])
def test_a_file_that_is_no_backup_changes_nothing(
    installation: Installation, tmp_path: Path, content: bytes
) -> None:
    before = installation.shell(COUNTS)
    wrong = tmp_path / "wrong"
    wrong.write_bytes(content)
    with pytest.raises(AssertionError, match="CommandError"):
        installation.manage("restore", "--yes", str(wrong))
    assert installation.shell(COUNTS) == before


def test_without_a_yes_nothing_is_restored(installation: Installation, tmp_path: Path) -> None:
    copy = tmp_path / "monday.backup"
    installation.manage("backup", str(copy))
    with pytest.raises(AssertionError):
        installation.manage("restore", str(copy))
