"""The sheets of an XLSX workbook, read by python-calamine in a process of its own."""

import io
import pickle
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import BinaryIO, Final, cast

from elastix.imports.core import sheet_process
from elastix.imports.core.archives import inflated, package_members
from elastix.imports.core.fields import UnreadableFile
from elastix.imports.core.sheet_process import MOST_CELLS
from elastix.imports.core.sheets import Sheet
from elastix.imports.core.values import shown

_PLACE: Final = struct.Struct("<Q")
_WIDE_REFERENCE: Final = re.compile(rb"""r=["']([A-Z]{2,3})[0-9]""")
_REFERENCE: Final = re.compile(rb"""r=["'][A-Z]{1,3}([0-9]{1,7})""")
_LONGEST_REFERENCE: Final = 16
# Of addresses, not only of what is filled: a process takes a good part of the first for itself. A sheet of sales takes 10 to
# 20 times its packed size.
LEAST_MEMORY: Final = 280 << 20
MEMORY_PER_BYTE: Final = 40


@dataclass(frozen=True, slots=True)
class OpenWorkbook:
    """What a workbook holds.

    Attributes
    ----------
    sheets : those that were read, none of them empty: the wanted one, or all visible ones.
    names : of all visible sheets, and of the wanted one.
    hidden : the names of the hidden ones.
    """

    sheets: tuple[Sheet, ...]
    names: tuple[str, ...]
    hidden: tuple[str, ...]


def open_workbook(source: BinaryIO, wanted: str | None, max_bytes: int) -> OpenWorkbook:
    """Read the wanted sheet of a workbook, or all its visible ones, into a temporary file.

    Raises
    ------
    UnreadableFile : not a workbook, damaged, protected by a password, too large when unpacked, no such sheet,
        or nothing in it.
    """
    _check_package(source, max_bytes)
    spool = _read_apart(source, wanted)
    spool.seek(-_PLACE.size, io.SEEK_END)
    spool.seek(*_PLACE.unpack(spool.read()))
    visible, hidden, too_large, read = pickle.load(spool)  # noqa: S301 - our own process wrote it
    if too_large:
        raise UnreadableFile(
            f"The sheets have more than {MOST_CELLS:,} cells together: name the one to be read (option sheet)."
        )
    if wanted is not None and wanted not in visible + hidden:
        listed = ", ".join(map(shown, visible))
        raise UnreadableFile(f"The workbook has no sheet {shown(wanted)}: its sheets are {listed}.")
    if not read:
        others = f" ({', '.join(map(shown, hidden))} hidden)" if hidden else ""
        raise UnreadableFile(f"The workbook is empty: export it again, or name another sheet{others}.")
    sheets = tuple(Sheet(spool, *each) for each in read)
    names = (*visible, *(sheet.name for sheet in sheets if sheet.name in hidden))
    return OpenWorkbook(sheets, names, tuple(name for name in hidden if name != wanted))


def _read_apart(handle: BinaryIO, wanted: str | None) -> BinaryIO:
    """Let a process of its own read the sheets; what it says is in the file returned."""
    spool = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - it lives as long as the records
    handle.seek(0)
    with tempfile.TemporaryFile() as workbook:
        shutil.copyfileobj(handle, workbook)
        memory = memory_for(workbook.tell())
        command = [
            sys.executable,
            "-I",
            sheet_process.__file__,
            str(memory),
            *([] if wanted is None else [wanted]),
        ]
        workbook.seek(0)
        done = subprocess.run(  # noqa: S603 - our own interpreter and script
            command, stdin=workbook, stdout=spool, stderr=subprocess.DEVNULL, check=False
        )
    if done.returncode:
        spool.close()
        raise UnreadableFile(
            "The workbook is damaged, or far larger than its file: open it in Excel, delete stray cells right of and below the "
            "table, and save it again as .xlsx."
        )
    return spool


def memory_for(packed: int) -> int:
    """Bytes that reading a workbook of that many packed bytes may take: what honest ones need, and little for a bomb."""
    return min(LEAST_MEMORY + MEMORY_PER_BYTE * packed, sheet_process.MOST_MEMORY)


def _check_package(handle: BinaryIO, max_bytes: int) -> None:
    """Refuse packages that are no workbooks, and those that would unpack to more than the memory is worth."""
    members = package_members(handle, "workbook")
    names = {member.filename for member in members}
    if any(member.flag_bits & 1 for member in members):
        raise UnreadableFile("The file is protected by a password: save it without one.")
    if "xl/workbook.bin" in names:
        raise UnreadableFile("The workbook is in Excel's binary format: save it as .xlsx.")
    if {"content.xml", "mimetype"} <= names:
        raise UnreadableFile("The file is an OpenDocument sheet (.ods): save it as .xlsx or .csv.")
    if "xl/workbook.xml" not in names:
        raise UnreadableFile(
            "The file is a ZIP archive, not an Excel workbook: unpack it and load the table inside."
        )
    size = 0
    for member in members:
        for block in inflated(handle, member, "workbook"):
            size += len(block)
            if size > max_bytes:
                raise UnreadableFile(
                    f"The workbook holds more than {max_bytes:,} bytes when unpacked:"
                    " split it, or raise the limit."
                )
    for member in members:
        if member.filename.startswith("xl/worksheets/"):
            _check_extent(handle, member)


def _check_extent(handle: BinaryIO, member: zipfile.ZipInfo) -> None:
    """Refuse a sheet with a stray cell far away. One that ends at column Z can have no more than 27 million cells."""
    wide = {letters for block in _overlapping(handle, member) for letters in _WIDE_REFERENCE.findall(block)}
    if not wide:
        return
    # The longest, and of these the last in the alphabet, read as a number of 26 digits.
    last = max(wide, key=lambda letters: (len(letters), letters))
    columns = reduce(lambda number, letter: number * 26 + letter - ord("A") + 1, last, 0)
    rows = max(int(row) for block in _overlapping(handle, member) for row in _REFERENCE.findall(block))
    if rows * columns > MOST_CELLS:
        raise UnreadableFile(
            f"The sheet reaches over {rows:,} rows and {columns:,} columns: delete the stray cells at its end."
        )


def _overlapping(handle: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    kept = b""
    for block in inflated(handle, member, "workbook"):
        yield kept + block
        kept = block[-_LONGEST_REFERENCE:]
