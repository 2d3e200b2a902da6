"""What reads for long sees one state of the database, and keeps nobody from writing."""

from pathlib import Path

import pytest

from tests.e2e.installation import Installation
from tests.e2e.test_backup_and_restore import BOTH, server_of

pytestmark = [pytest.mark.slow]

READ_WHILE_ANOTHER_WRITES = """
import json
from threading import Thread
from django.contrib.auth.models import Group
from django.db import connection
from elastix.sql import one_state

def write():
    Group.objects.create(name="newcomers")
    connection.close()

before = Group.objects.count()
with one_state():
    seen = [Group.objects.count()]
    other = Thread(target=write)
    other.start()
    other.join()
    seen.append(Group.objects.count())
print(json.dumps([number - before for number in (*seen, Group.objects.count())]))
"""
WRITE_INSIDE = """
from django.contrib.auth.models import Group
from elastix.sql import one_state
try:
    with one_state():
        Group.objects.create(name="intruders")
except Exception:
    pass
print(Group.objects.filter(name="intruders").count())
"""


@pytest.mark.parametrize("kind", BOTH)
def test_others_write_and_are_not_seen(kind: str, tmp_path: Path) -> None:
    with Installation(tmp_path / "shop", server_of(kind)) as shop:
        assert shop.shell(READ_WHILE_ANOTHER_WRITES) == [0, 0, 1]
        # Nothing that is written within stays.
        assert shop.shell(WRITE_INSIDE) == 0
