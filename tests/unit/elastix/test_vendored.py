"""The files of others are those that VENDORED.md names."""

import hashlib
import re
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[3] / "elastix" / "static" / "elastix" / "vendor"
ROWS = re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (VENDOR / "VENDORED.md").read_text(), re.M)


def test_every_vendored_file_has_the_sum_that_is_written_down() -> None:
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*.min.*")}
    assert found == dict(ROWS)


def test_every_vendored_file_has_its_licence_beside_it() -> None:
    named = re.findall(r"licenses/[\w.-]+", (VENDOR / "VENDORED.md").read_text())
    assert sorted(named) == sorted(f"licenses/{path.name}" for path in (VENDOR / "licenses").iterdir())
