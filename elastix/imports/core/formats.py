"""What kind of file was given: how it is packed, and how its text is encoded."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from elastix.imports.core.encoding_guess import SEVERAL_BYTES, Evidence
from elastix.imports.core.fields import UnreadableFile

BLOCK: Final = 1 << 15
LONGEST_LINE: Final = 1_000_000
MAX_BYTES: Final = 1 << 30

_GZIP: Final = b"\x1f\x8b"
ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_FOREIGN: Final[dict[bytes, str]] = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a database",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"PK\x05\x06": "an empty ZIP archive",
}
_WEB_PAGES: Final = (b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"<style")
_OTHER_TEXTS: Final[dict[bytes, str]] = {
    b"<?xml": "XML",
    b'[{"': "JSON",
    b'{"': "JSON",
    b"[\n{": "JSON",
    b"{\n": "JSON",
}
# The longest first: the mark of UTF-16 begins that of UTF-32.
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What is no text becomes lone surrogates, where the codec can do that: then only its row is rejected.
_ERRORS: Final[dict[str, str]] = {
    **dict.fromkeys(("utf-8", *SEVERAL_BYTES), "surrogateescape"),
    **dict.fromkeys(("utf-16", "utf-16-le", "utf-16-be"), "surrogatepass"),
}
_SAMPLE: Final = 4096
_BINARY_CONTROLS: Final = bytes({*range(1, 9), *range(14, 26), *range(28, 32), 127})


@dataclass(frozen=True, slots=True)
class TextFormat:
    """How the bytes of a text file become text.

    Attributes
    ----------
    compressed : whether they are packed with gzip.
    encoding, errors : as Python's codecs know them. Under "surrogateescape" a byte that is no UTF-8 becomes a
        lone surrogate, so that only its row is rejected.
    doubtful_words : words read in an encoding that was guessed, where another could be right.
    """

    compressed: bool
    encoding: str
    errors: str
    doubtful_words: tuple[str, ...] = ()


@contextmanager
def unpacked(source: BinaryIO, compressed: bool) -> Iterator[BinaryIO]:
    """Read the source from its beginning, through gzip if it is compressed.

    Raises
    ------
    UnreadableFile : if the compressed data are damaged or cut off.
    """
    source.seek(0)
    if not compressed:
        yield source
        return
    try:
        with gzip.GzipFile(fileobj=source, mode="rb") as stream:
            yield cast(BinaryIO, stream)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFile("The compressed file is damaged or cut off: pack or upload it again.") from error


def is_workbook(source: BinaryIO) -> bool:
    """Tell whether the file is a package such as XLSX; anything else that is known not to be text is refused.

    Raises
    ------
    UnreadableFile : with what the file is instead, and what to do.
    """
    source.seek(0)
    head = source.read(64)
    if not head:
        raise UnreadableFile("The file is empty: export it again.")
    if head.startswith(_OLE):
        kept = b""
        while block := source.read(BLOCK):
            if _ENCRYPTED in kept + block:
                raise UnreadableFile("The workbook is protected by a password: save it without one.")
            kept = block[-len(_ENCRYPTED) :]
        raise UnreadableFile("The file is in an old Excel or other Office format: save it as .xlsx or .csv.")
    _refuse_foreign(head)
    return head.startswith(ZIP)


def _refuse_foreign(head: bytes) -> None:
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise UnreadableFile(f"The file is {what}, not a table: export the data as .csv or .xlsx.")
    written = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if written.startswith(_WEB_PAGES):
        raise UnreadableFile(
            "The file is a web page (HTML), whatever its name says: open it in a spreadsheet program and save it as .xlsx."
        )
    for beginning, what in _OTHER_TEXTS.items():
        if written.replace(b" ", b"").startswith(beginning):
            raise UnreadableFile(f"The file is {what}, not a table: export the data as .csv or .xlsx.")


def text_format(source: BinaryIO, encoding: str | None, max_bytes: int) -> TextFormat:
    """Find out how a text file is packed and encoded, by reading the whole of it once.

    A byte order mark decides; else UTF-16 shows by its zero bytes, UTF-8 by being valid. A file that is UTF-8
    but for a few bytes stays UTF-8. Anything else is guessed by its words.

    Parameters
    ----------
    encoding : the encoding, if the user named one.
    max_bytes : the largest size of the text, unpacked.

    Raises
    ------
    UnreadableFile : binary data, a larger file, damaged compression, or text not in the named encoding.
    """
    source.seek(0)
    compressed = source.read(2) == _GZIP
    with unpacked(source, compressed) as stream:
        head = stream.read(BLOCK)
        if not head:
            raise UnreadableFile("The file is empty: export it again.")
        if compressed:
            if head.startswith((_GZIP, ZIP, _OLE)):
                raise UnreadableFile(
                    "The compressed file holds another archive or a workbook: unpack it first."
                )
            _refuse_foreign(head)
        name = text_encoding(encoding) if encoding else _marked(head)
        if name is None:
            _refuse_binary(head)
            evidence = Evidence()
            for block in _limited(head, stream, max_bytes):
                evidence.add(block)
            guess = evidence.guess()
            return TextFormat(
                compressed, guess.encoding, _ERRORS.get(guess.encoding, "strict"), guess.doubtful_words
            )
        if encoding is None and name.startswith("utf-16"):
            _refuse_binary(head.replace(b"\x00", b""))
        errors = _ERRORS.get(name, "strict")
        _verify(_limited(head, stream, max_bytes), name, errors)
        return TextFormat(compressed, name, errors)


def text_encoding(encoding: str) -> str:
    """Return the name under which Python's codecs know a text encoding.

    Raises
    ------
    UnreadableFile : there is none of that name, or it is no encoding of texts.
    """
    try:
        name = codecs.lookup(encoding).name
        b"a".decode(encoding, "ignore")
        codecs.getincrementaldecoder(encoding)
    except (LookupError, UnicodeError, ValueError) as error:
        raise UnreadableFile(
            f"There is no text encoding {encoding!r}: name one such as utf-8 or cp1252."
        ) from error
    return "utf-8" if name == "utf-8-sig" else name


def _marked(head: bytes) -> str | None:
    """The encoding that a byte order mark or the zero bytes of UTF-16 give away."""
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name
    sample = head[: _SAMPLE & ~1]
    pairs = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) > 0.3 * pairs and min(even, odd) < 0.05 * pairs:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _limited(head: bytes, stream: BinaryIO, max_bytes: int) -> Iterator[bytes]:
    block, size = head, 0
    while block:
        size += len(block)
        if size > max_bytes:
            raise UnreadableFile(
                f"The file holds more than {max_bytes:,} bytes when unpacked: split it, or raise the limit."
            )
        yield block
        block = stream.read(BLOCK)


def _refuse_binary(head: bytes) -> None:
    controls = len(head) - len(head.translate(None, _BINARY_CONTROLS))
    if controls > 0.05 * len(head):
        raise UnreadableFile("The file is binary, not a table: export the data as .csv or .xlsx.")


def _verify(blocks: Iterator[bytes], encoding: str, errors: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    read = 0
    try:
        for block in blocks:
            decoder.decode(block)
            read += len(block)
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise UnreadableFile(
            f"The file is not in the encoding {encoding} (see near byte {read:,}), or it is cut off:"
            " name another encoding, or export it again."
        ) from error


def text_blocks(source: BinaryIO, layout: TextFormat) -> Iterator[str]:
    """Read a text file in blocks of whole lines, without byte order mark, every line break turned into LF.

    Raises
    ------
    UnreadableFile : if a line is longer than a million characters.
    """
    decode = codecs.getincrementaldecoder(layout.encoding)(layout.errors)
    decoder = io.IncrementalNewlineDecoder(decode, translate=True)
    rest, begun = "", False
    with unpacked(source, layout.compressed) as stream:
        while data := stream.read(BLOCK):
            text = rest + decoder.decode(data)
            if not begun:
                text, begun = text.removeprefix("\ufeff"), True
            cut = text.rfind("\n") + 1
            if cut:
                yield text[:cut]
            rest = text[cut:]
            if len(rest) > LONGEST_LINE:
                raise UnreadableFile(
                    f"A line has more than {LONGEST_LINE:,} characters: this is no table of rows."
                )
        rest += decoder.decode(b"", final=True)
        if rest:
            yield rest
