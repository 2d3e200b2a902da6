"""An import into a full disk, with SQLite: it fails and says why, leaves nothing behind, and can be repeated."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.installation import PROJECT, Installation
from tests.faults.oracle import Oracle

pytestmark = [pytest.mark.own_sqlite, pytest.mark.mount, pytest.mark.slow]

ROWS = 20_000  # about 6 MB of the database
ADVICE = "The disk is full, so nothing of this was kept. Make room, then repeat it."


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", mounted], check=True)
    yield mounted
    subprocess.run(["umount", "--lazy", mounted], check=True)


def managed(shop: Installation, *said: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROJECT / "manage.py"), *said]
    return subprocess.run(command, cwd=PROJECT, env=shop.environment, capture_output=True, text=True)


def imported(shop: Installation, file: Path) -> subprocess.CompletedProcess[str]:
    return managed(shop, "import_transactions", str(file))


def counted(shop: Installation) -> dict[str, int]:
    """How many rows there are of what an import writes."""
    tables = ("pricing_transaction", "pricing_stagedtransaction", "elastix_importreject")
    with sqlite3.connect(shop.directory / "shop.sqlite3") as connection:
        return {table: connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables}


@pytest.mark.parametrize(
    ("room", "jobs"),
    [(900_000, []), (2_500_000, [("failed", ADVICE)])],
    ids=["while the file is stored", "while its rows are read"],
)
def test_an_import_into_a_full_disk_leaves_nothing_and_can_be_repeated(
    room: int, jobs: list[tuple[str, str]], disk: Path, tmp_path: Path
) -> None:
    oracle = Oracle()
    first, second = oracle.file(tmp_path, 500), oracle.file(tmp_path, ROWS)
    with Installation(disk / "shop") as shop:
        done = imported(shop, first)
        assert done.returncode == 0, done.stderr
        before = counted(shop)
        filler = disk / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(disk).free - room))

        failed = imported(shop, second)
        assert failed.returncode == 1
        assert failed.stderr.rstrip().endswith(f"CommandError: {ADVICE}")
        assert counted(shop) == before
        with sqlite3.connect(shop.directory / "shop.sqlite3") as connection:
            rows = connection.execute("SELECT state, error FROM elastix_job WHERE state <> 'succeeded'")
            assert rows.fetchall() == jobs

        filler.unlink()
        again = imported(shop, second)
        assert again.returncode == 0, again.stderr
        lines, rejects = sum(oracle.lines.values()), sum(oracle.rejects.values())
        assert list(counted(shop).values()) == [lines, 0, rejects]
        assert ": right" in shop.manage("verify")


def test_a_disk_without_a_byte_of_room_is_named_before_anything_is_begun(disk: Path, tmp_path: Path) -> None:
    oracle = Oracle()
    first, second = oracle.file(tmp_path, 50), oracle.file(tmp_path, 50)
    with Installation(disk / "shop") as shop:
        assert imported(shop, first).returncode == 0
        before = counted(shop)
        filler = disk / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(disk).free))
        assert shutil.disk_usage(disk).free == 0

        # SQLite cannot make the files beside its database, and speaks of an I/O error.
        failed = imported(shop, second)
        assert (failed.returncode, failed.stderr.strip()) == (1, f"CommandError: {ADVICE}")

        filler.unlink()
        assert counted(shop) == before
        assert imported(shop, second).returncode == 0


@pytest.mark.parametrize(
    ("command", "room"), [("recompute --full", 200_000), ("backup", 200_000), ("backup", 0)]
)
def test_every_command_says_it_in_a_sentence(command: str, room: int, disk: Path, tmp_path: Path) -> None:
    oracle = Oracle()
    with Installation(disk / "shop") as shop:
        assert imported(shop, oracle.file(tmp_path, 2_000)).returncode == 0
        before, copy = counted(shop), disk / "copy"
        filler = disk / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(disk).free - room))

        failed = managed(shop, *command.split(), *([str(copy)] if command == "backup" else []))
        assert (failed.returncode, failed.stderr.strip().splitlines()[-1]) == (1, f"CommandError: {ADVICE}")
        assert "Traceback" not in failed.stderr
        assert not list(disk.glob("copy*"))

        filler.unlink()
        assert counted(shop) == before
        assert ": right" in shop.manage("verify")
