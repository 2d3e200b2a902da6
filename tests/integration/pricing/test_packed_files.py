"""Files that come packed, through all three ways in."""

import gzip
import io
import zipfile

import pytest

from elastix.imports.models import ImportStatus
from tests.integration.pricing.test_sales_files import Load, lines, load, on

__all__ = ["load"]
pytestmark = pytest.mark.django_db

SALES = b"Invoice,SKU,Qty,Date,Price\n1,A1,2,2024-03-13,10\n"


def archive(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, content in files.items():
            writer.writestr(f"{name}.csv", content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [("sales.csv.zip", archive(sales=SALES)), ("sales.csv.gz", gzip.compress(SALES))],
    ids=["zip", "gzip"],
)
def test_a_packed_file_is_read(name: str, content: bytes, load: Load) -> None:
    batch = load(content, name=name)
    assert (batch.status, batch.report["compressed"]) == (ImportStatus.PUBLISHED, True), batch.error
    assert lines() == on("2024-03-13", 2)


def test_an_archive_of_several_files_is_refused_with_their_names(load: Load) -> None:
    batch = load(archive(march=SALES, april=SALES), name="sales.zip")
    assert batch.status == ImportStatus.FAILED
    assert batch.error == (
        'The ZIP archive holds 2 files ("march.csv", "april.csv"): load them one by one, or an archive of one.'
    )
