"""ZIP archives: one table in one is read; anything else is refused with what to do."""

import io
import struct
import zipfile

import pytest

from elastix.imports.core import Options, UnreadableFile, archives
from elastix.imports.core.preview import preview
from pricing.sales.core.files import TRANSACTIONS
from tests.unit.elastix.imports_helpers import HEADER, ROW, csv_text, gzipped, read, table, workbook

TEXT = csv_text([ROW, ROW])


def zipped(files: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these files, by name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        zipped({"sales.csv": TEXT}),
        zipped({"sales.csv": TEXT}, zipfile.ZIP_STORED),
        zipped({"exports/sales.csv": TEXT}),
        zipped({"sales.xlsx": workbook([list(HEADER), list(ROW), list(ROW)])}),
        zipped({"sales.csv.gz": gzipped(TEXT.encode())}),
        zipped({"sales.csv": TEXT, ".DS_Store": b"x", "__MACOSX/._sales.csv": b"x"}),
    ],
    ids=["deflated", "stored", "in a folder", "a workbook", "gzipped", "beside a system's files"],
)
def test_the_one_table_in_an_archive_is_read(content):
    assert len(read(content).line_numbers) == 2


def test_what_was_read_is_noted():
    report = table(zipped({"sales.csv": TEXT})).report
    assert report.compressed
    assert 'The file "sales.csv" in the archive was read.' in report.notes
    assert not table(TEXT).report.compressed


def test_a_preview_looks_into_an_archive():
    seen = preview(io.BytesIO(zipped({"sales.csv": TEXT})), {"": TRANSACTIONS}, Options())[""]
    assert seen.names == HEADER


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (zipped({"a.csv": TEXT, "b.csv": TEXT}), r'holds 2 files \("a.csv", "b.csv"\): load them one by one'),
        (zipped({f"m{n}.csv": TEXT for n in range(1, 9)}), 'holds 8 files .*"m5.csv" and 3 more'),
        (zipped({"exports/": b""}), "holds no file"),
        (zipped({"inner.zip": zipped({"a.csv": TEXT})}), "holds another archive: unpack it"),
        (zipped({"a.pdf": b"%PDF-1.7"}), "a PDF document"),
        (zipped({"a.csv": TEXT}, zipfile.ZIP_BZIP2), "packed in an unusual way: unpack it"),
        (zipped({"a.csv": TEXT})[:-30], "damaged or cut off"),
        (b"PK\x03\x04" + b"\x00" * 100, "damaged or cut off"),
    ],
)
def test_other_archives_are_refused_with_what_to_do(content, message):
    with pytest.raises(UnreadableFile, match=message):
        table(content)


def test_an_archive_with_a_password_is_refused():
    content = bytearray(zipped({"a.csv": TEXT}))
    entry = content.index(b"PK\x01\x02")
    struct.pack_into("<H", content, entry + 8, 1)
    with pytest.raises(UnreadableFile, match="protected by a password"):
        table(bytes(content))


def test_damaged_contents_are_seen():
    content = bytearray(zipped({"a.csv": TEXT}, zipfile.ZIP_STORED))
    content[60] ^= 1
    with pytest.raises(UnreadableFile, match="damaged"):
        table(bytes(content))


@pytest.mark.parametrize("claimed", [None, 10])
def test_a_bomb_is_given_up_at_the_limit_whatever_size_it_claims(claimed, monkeypatch):
    content = bytearray(zipped({"a.csv": "a" * 50_000_000}))
    assert len(content) < 100_000
    if claimed:
        struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, claimed)
    spool = io.BytesIO()
    monkeypatch.setattr(archives.tempfile, "TemporaryFile", lambda: spool)
    with pytest.raises(UnreadableFile, match="more than 1,000,000 bytes when unpacked"):
        table(bytes(content), max_bytes=1_000_000)
    assert len(spool.getvalue()) <= 1_000_000


def test_names_in_an_archive_lead_nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../escaped.csv", TEXT)
    assert len(read(packed.getvalue()).line_numbers) == 2
    assert list(tmp_path.rglob("*")) == [] and not (tmp_path / "../../escaped.csv").exists()
