"""Guessing the encoding of a text without a mark: UTF-8 if it can be, else by its words.

Languages in Latin letters are distinguished by their alphabets: in a table of sales the telling words are few and
short, and charset-normalizer, which relies on the frequency of letters, takes French and Spanish names in Windows-1252
for Windows-1250 more often than not (docs/decisions/0016). Texts in other scripts are left to it.
"""

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from string import ascii_letters
from typing import Final

MOST_WORDS: Final = 1_000
MOST_SAMPLE_BYTES: Final = 1 << 16
LONGEST_WORD: Final = 60
FITS: Final = 0.5
# Windows-1252 is left for an encoding that fits better by that many words in total.
WORDS_BETTER: Final = 2.0
# What of a word fits letters that no single language has together.
MIXED_LANGUAGES: Final = -0.3

_WEST: Final = (
    "äöüß",  # German
    "àâçéèêëîïôœùûü",  # French
    "áéíñóúü",  # Spanish
    "àáâãçéêíóôõú",  # Portuguese
    "àèéìíòóù",  # Italian
    "àçèéíïòóúü·",  # Catalan
    "éëïöüèáóê",  # Dutch
    "åäöæøé",  # Danish, Finnish, Norwegian, Swedish
    "áéíóúýþðæö",  # Icelandic
)
_CENTRE: Final = (
    "ąćęłńóśźż",  # Polish
    "áčďéěíňóřšťúůýž",  # Czech
    "áäčďéíĺľňóôŕšťúýž",  # Slovak
    "áéíóöőúüű",  # Hungarian
    "áâăîşţ",  # Romanian
    "čćđšž",  # Croatian, Slovene
)
_TURKISH: Final = ("çğ\u0131İöşüâ",)  # with the i that has no dot
_BALTIC: Final = ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž")
_LATIN: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("cp1252", "mac_roman", "cp850"), _WEST),
    **dict.fromkeys(("cp1250", "iso8859_2", "cp852", "mac_latin2"), _CENTRE),
    **dict.fromkeys(("cp1254", "cp857", "mac_turkish"), _TURKISH),
    "cp1257": _BALTIC,
}
SEVERAL_BYTES: Final = ("cp932", "euc_jp", "gb18030", "big5", "cp949", "euc_kr")
_OTHER_SCRIPTS: Final = (
    *("cp1251", "koi8_u", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic", "cp1253", "iso8859_7"),
    *("cp1255", "cp1256", "cp874", *SEVERAL_BYTES),
)
_SIGNS: Final = frozenset(
    "\u2019\u2018\u201c\u201d\u201e\u2013\u2014…®©™°£€¥½¼¾²³«»§¿¡ªº\xd7·•\xb4\xa0"  # quotation marks, dashes, times
)
_INSIDE_WORDS: Final = frozenset("\u2019\u2013·\xa0")  # apostrophe, dash
_RUN: Final = re.compile(rb"[\x80-\xff]+")
_ASCII: Final = bytes(range(128))
_HIGH: Final = bytes(range(128, 256))
_LETTERS: Final = _HIGH + ascii_letters.encode()
_C1: Final = frozenset(range(0x80, 0xA0))
_UNDEFINED_IN_CP1252: Final = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding, and for the user some words read in it, where another could be right."""

    encoding: str
    doubtful_words: tuple[str, ...] = ()


@dataclass(slots=True)
class Evidence:
    """What a text shows of its encoding: of the whole of it, in bounded memory.

    Attributes
    ----------
    sound, broken : letters beyond ASCII if it is UTF-8, and bytes that then are none.
    high : all bytes beyond ASCII.
    words : distinct words with such bytes, about 1,000 at most.
    sample : whole lines, of the first blocks with such bytes, 64 KiB or somewhat more.
    """

    sound: int = 0
    broken: int = 0
    high: set[int] = field(default_factory=set)
    words: dict[bytes, None] = field(default_factory=dict)
    sample: bytearray = field(default_factory=bytearray)
    _seen: set[bytes] = field(default_factory=set)
    _rest: bytes = b""

    def add(self, block: bytes) -> None:
        """Read the next piece of the text, of any size."""
        if block.isascii() and not self._rest:
            return
        block = self._rest + block
        # What ends the block may be half a letter.
        whole = block.rstrip(_HIGH) or block
        self._rest = block[len(whole) :]
        self.high.update(whole.translate(None, _ASCII))
        runs = Counter(_RUN.findall(whole))
        self._count(runs)
        if not self.broken:
            return
        # Another name with the same letters says little more.
        if len(self.words) < MOST_WORDS and not (
            len(self.sample) >= MOST_SAMPLE_BYTES and self._seen.issuperset(runs)
        ):
            self._seen = self._seen.union(runs) if len(self._seen) < MOST_WORDS else set(runs)
            self._keep_words(whole)
        if len(self.sample) < MOST_SAMPLE_BYTES:
            self.sample += whole[: whole.rfind(b"\n") + 1] or whole

    def _keep_words(self, block: bytes) -> None:
        for run in _RUN.finditer(block):
            before = block[max(run.start() - LONGEST_WORD, 0) : run.start()]
            after = block[run.end() : run.end() + LONGEST_WORD]
            word = (
                before[len(before.rstrip(_LETTERS)) :]
                + run[0]
                + after[: -len(after.lstrip(_LETTERS)) or None]
            )
            if 1 < len(word) <= LONGEST_WORD:
                self.words[word] = None

    def _count(self, runs: Mapping[bytes, int]) -> None:
        for run, times in runs.items():
            text = run.decode("utf-8", "surrogateescape")
            escaped = sum("\udc80" <= character <= "\udcff" for character in text)
            self.broken += escaped * times
            self.sound += (len(text) - escaped) * times

    def guess(self) -> Guess:
        """The likeliest encoding, once all pieces were read.

        UTF-8 if more letters are sound than broken; else Windows-1252 (Latin-1 where that makes no difference)
        unless another fits better.
        """
        self.add(b"\n")
        if self.broken <= self.sound:
            return Guess("utf-8")
        is_cp1252 = self.high & _C1 and not self.high & _UNDEFINED_IN_CP1252
        western = "cp1252" if is_cp1252 else "latin-1"
        fits = {name: self._fit(name, alphabets) for name, alphabets in _LATIN.items()}
        usual, _ = fits["cp1252"]
        best = max(fits, key=lambda name: fits[name][0])
        fit, words = fits[best]
        if fit < FITS and len(self.words) > 1 and (name := self._other_script()):
            best = name
        elif (fit - usual) * words < WORDS_BETTER:
            return Guess(western, self._examples(western) if fit > usual else ())
        if best == "cp1252":
            return Guess(western)
        name = codecs.lookup(best).name
        return Guess(name, self._examples(name))

    def _fit(self, encoding: str, alphabets: Iterable[str]) -> tuple[float, int]:
        """How well the words fit the best of the alphabets, from -1 to 1 on average, and how many of them tell."""
        if not _decodes(bytes(self.high), encoding):
            return -1.0, len(self.words)
        texts = [word.decode(encoding) for word in self.words]
        scored = [_average(texts, frozenset(alphabet)) for alphabet in alphabets]
        if encoding in ("cp1252", "mac_roman", "cp850"):
            mixed, words = _average(texts, frozenset("".join(alphabets)))
            scored.append((mixed + MIXED_LANGUAGES, words))
        return max(scored)

    def _other_script(self) -> str | None:
        from charset_normalizer import from_bytes

        every = bytes(self.high)
        possible = [name for name in _OTHER_SCRIPTS if name in SEVERAL_BYTES or _decodes(every, name)]
        found = from_bytes(bytes(self.sample), cp_isolation=possible).best() if possible else None
        return found.encoding if found else None

    def _examples(self, encoding: str) -> tuple[str, ...]:
        words = (word.decode(encoding, "replace") for word in self.words)
        return tuple(islice((word for word in words if "\ufffd" not in word), 3))


def _decodes(every: bytes, encoding: str) -> bool:
    """Whether an encoding of a byte a letter has all those bytes."""
    try:
        every.decode(encoding)
    except UnicodeError:
        return False
    return True


def _average(texts: Iterable[str], alphabet: frozenset[str]) -> tuple[float, int]:
    scores = [score for text in texts if (score := _score(text, alphabet)) is not None]
    return (sum(scores) / len(scores), len(scores)) if scores else (0.0, 0)


def _score(word: str, alphabet: frozenset[str]) -> float | None:
    """How well the letters beyond ASCII fit an alphabet, from -1 to 1; None if there are none.

    Against it speak other letters, signs inside a word, capitals after small letters, and words of no other letters.
    """
    fit = letters = 0
    for before, character, after in zip(f" {word}", word, f"{word[1:]} ", strict=False):
        fit -= before.islower() and character.isupper()
        if character in _SIGNS:
            if before.isalpha() and after.isalpha():
                letters += 1
                fit += 1 if character in _INSIDE_WORDS else -1
        elif not character.isascii():
            letters += 1
            fit += 1 if alphabet.intersection((character, character.lower())) else -1
    if not letters:
        return None
    return -1.0 if letters > 2 and not re.search("[A-Za-z]", word) else max(-1.0, fit / letters)
