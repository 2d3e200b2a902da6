"""ZIP archives: the one table in an archive is read as if it had come by itself, whatever size its directory claims."""

import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, Final, cast

from elastix.imports.core.fields import UnreadableFile
from elastix.imports.core.formats import BLOCK, ZIP
from elastix.imports.core.values import shown

_LOCAL_HEADER: Final = struct.Struct("<26xHH")
# What packages of other programs hold: those are no archives of files.
_OF_PACKAGES: Final = frozenset(
    {"[Content_Types].xml", "mimetype", "content.xml", "xl/workbook.xml", "xl/workbook.bin"}
)
# What systems put beside the files.
_BESIDE: Final = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})
_KNOWN_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SHOWN: Final = 5


def unzipped(source: BinaryIO, max_bytes: int) -> tuple[BinaryIO, str]:
    """The one file in a ZIP archive and its name; any other source as it is, with the name "".

    It is unpacked into a temporary file without a name, so that names in the archive lead nowhere.

    Raises
    ------
    UnreadableFile : the archive holds several files or none, another archive, more than `max_bytes`, or is damaged or
        protected by a password.
    """
    source.seek(0)
    if source.read(len(ZIP)) != ZIP:
        return source, ""
    members = package_members(source, "archive")
    if {member.filename for member in members} & _OF_PACKAGES:
        return source, ""
    files = [
        each for each in members if not each.is_dir() and not {*PurePosixPath(each.filename).parts} & _BESIDE
    ]
    if not files:
        raise UnreadableFile("The ZIP archive holds no file: pack the table, or load it as it is.")
    if len(files) > 1:
        names = ", ".join(shown(each.filename) for each in files[:_SHOWN])
        more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
        raise UnreadableFile(
            f"The ZIP archive holds {len(files)} files ({names}{more}): load them one by one, or an archive of one."
        )
    return _unpacked(source, files[0], max_bytes), files[0].filename


def _unpacked(source: BinaryIO, member: zipfile.ZipInfo, max_bytes: int) -> BinaryIO:
    if member.flag_bits & 1:
        raise UnreadableFile("The ZIP archive is protected by a password: pack it without one.")
    if member.compress_type not in _KNOWN_METHODS:
        raise UnreadableFile(
            "The ZIP archive is packed in an unusual way: unpack it and load the table inside."
        )
    file = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - it lives as long as the records
    size = checksum = 0
    for block in inflated(source, member, "archive"):
        size += len(block)
        if size > max_bytes:
            raise UnreadableFile(
                f"The file holds more than {max_bytes:,} bytes when unpacked: split it, or raise the limit."
            )
        checksum = zlib.crc32(block, checksum)
        file.write(block)
    if checksum != member.CRC:
        raise UnreadableFile("The archive is damaged or cut off: save or upload it again.")
    file.seek(0)
    if (
        file.read(len(ZIP)) == ZIP
        and not {each.filename for each in package_members(file, "archive")} & _OF_PACKAGES
    ):
        raise UnreadableFile("The ZIP archive holds another archive: unpack it and load the table inside.")
    return file


def package_members(source: BinaryIO, what: str) -> list[zipfile.ZipInfo]:
    """What a ZIP package holds.

    Raises
    ------
    UnreadableFile : it is damaged; `what` names it.
    """
    try:
        with zipfile.ZipFile(source) as package:
            return package.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise UnreadableFile(f"The {what} is damaged or cut off: save or upload it again.") from error


def inflated(source: BinaryIO, member: zipfile.ZipInfo, what: str) -> Iterator[bytes]:
    """Unpack a member in blocks, whatever size its directory entry claims.

    Raises
    ------
    UnreadableFile : it is damaged; `what` names the package.
    """
    # A damaged directory may say that the member begins before the file does.
    source.seek(max(member.header_offset, 0))
    header = source.read(30)
    if member.header_offset < 0 or len(header) < 30:
        raise UnreadableFile(f"The {what} is damaged or cut off: save or upload it again.")
    source.seek(sum(_LOCAL_HEADER.unpack(header)), 1)
    left = member.compress_size
    inflater = zlib.decompressobj(-zlib.MAX_WBITS) if member.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0 and (packed := source.read(min(BLOCK, left))):
        left -= len(packed)
        if inflater is None:
            yield packed
            continue
        while packed:
            try:
                yield inflater.decompress(packed, 16 * BLOCK)
            except zlib.error as error:
                raise UnreadableFile(f"The {what} is damaged: save or upload it again.") from error
            packed = inflater.unconsumed_tail
