"""Backups of a shop with partitions, and of the same shop before it had them: each comes back over the other."""

from pathlib import Path

import pytest

from tests.e2e.installation import Installation, write_sales
from tests.e2e.test_backup_and_restore import COUNTS, server_of

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]

PARTITIONS = """
import json
from pricing.sales.selectors.partitions import is_partitioned, partitions_of_months
print(json.dumps([is_partitioned(), len(partitions_of_months())]))
"""


def test_plain_and_partitioned_copies_come_back_over_each_other(tmp_path: Path) -> None:
    with Installation(tmp_path / "shop", server_of("postgresql")) as shop:
        shop.manage("import_transactions", str(write_sales(tmp_path / "sales.csv", 3_000)))
        counts = shop.shell(COUNTS)
        plain, parted = tmp_path / "plain.backup", tmp_path / "parted.backup"
        shop.manage("backup", str(plain))
        shop.manage("partition_transactions")
        shop.manage("backup", str(parted))

        for copy, found in ((parted, True), (plain, False), (parted, True)):
            shop.manage("restore", "--yes", str(copy))
            is_partitioned, months = shop.shell(PARTITIONS)
            assert (is_partitioned, months > 9) == (found, found), copy.name
            assert shop.shell(COUNTS) == counts
            assert "wrong" not in shop.manage("verify")
        # What is imported afterwards finds the months' partitions.
        more = write_sales(tmp_path / "more.csv", 500, seed=2, products=5)
        assert "accepted" in shop.manage("import_transactions", str(more))
        assert "wrong" not in shop.manage("verify")
