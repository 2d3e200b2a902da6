"""While a file is being imported, people go on reading and writing: nobody meets an error of ours."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.e2e.installation import Installation, write_sales
from tests.e2e.load import import_under_load

LINES = 30_000
CLIENTS = 20


@pytest.mark.slow
def test_twenty_clients_read_and_write_while_a_file_is_imported(tmp_path: Path) -> None:
    sales = write_sales(tmp_path / "sales.csv", LINES)
    with Installation(tmp_path / "shop", server_url(), LOG_LEVEL="WARNING") as installation:
        found = import_under_load(installation, sales, clients=CLIENTS)
        log = installation.log("server.log")
    assert found.status == "published"
    assert found.unexpected == {}
    assert found.answers["GET 200"] > CLIENTS
    assert found.answers["POST 201"] > CLIENTS
    # Every line that was answered with 201 is in the sums, beside the file's.
    assert found.stored_lines == found.accepted + found.answers["POST 201"]
    assert found.posted_units_in_the_sums == found.answers["POST 201"]
    assert "Traceback" not in log


def server_url() -> str:
    """The PostgreSQL server that the tests use, if they use one."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] != "django.db.backends.postgresql":
        return ""
    address = f"{database['HOST'] or '127.0.0.1'}:{database['PORT'] or 5432}"
    return f"postgres://{database['USER']}:{database['PASSWORD']}@{address}/postgres"
