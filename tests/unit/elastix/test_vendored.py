"""The files of others are those that VENDORED.md names."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
VENDORS = [ROOT / "elastix" / "static" / "elastix" / "vendor", ROOT / "tests" / "e2e" / "vendor"]

pytestmark = pytest.mark.parametrize("vendor", VENDORS, ids=("served", "tests"))


def test_every_vendored_file_has_the_sum_that_is_written_down(vendor: Path) -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (vendor / "VENDORED.md").read_text(), re.M
    )
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in vendor.glob("*.min.*")}
    assert found
    assert found == dict(rows)


def test_every_vendored_file_has_its_licence_beside_it(vendor: Path) -> None:
    named = re.findall(r"licenses/[\w.-]+", (vendor / "VENDORED.md").read_text())
    assert sorted(named) == sorted(f"licenses/{path.name}" for path in (vendor / "licenses").iterdir())
