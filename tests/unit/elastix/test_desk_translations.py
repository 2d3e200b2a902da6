"""Every text of the desk has its German, and what is compiled is what is written."""

import gettext
import re
from pathlib import Path

import pytest

from elastix.glossary import terms
from elastix.glossary.words import LABELS

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "elastix" / "locale" / "de" / "LC_MESSAGES"
with (FOLDER / "django.mo").open("rb") as file:
    GERMAN = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
TEMPLATES = sorted(ROOT.glob("*/templates/desk/*.html"))


def known(text: str) -> bool:
    return text in GERMAN or (text, 0) in GERMAN


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_text_of_a_template_is_translated(path: Path) -> None:
    source = path.read_text()
    # Django looks for its own texts with each percent sign doubled, in templates only.
    texts = [text.replace("%", "%%") for text in re.findall(r'{% translate "([^"]+)"', source)]
    for block in re.findall(r"{% blocktranslate[^%]*%}(.*?){% (?:plural|endblocktranslate)", source):
        texts.append(re.sub(r"{{ (\w+) }}", r"%(\1)s", block.replace("%", "%%")))
    assert [text for text in texts if not known(text)] == []


def test_every_label_and_description_is_translated() -> None:
    texts = [
        str(text)
        for text in (*LABELS.values(), *(text for term in terms() for text in (term.label, term.sentence)))
    ]
    assert [text for text in texts if not known(text)] == []


def test_what_is_compiled_is_what_is_written() -> None:
    written = (FOLDER / "django.po").read_text()
    entries = re.findall(
        r'^msgid "(.+)"\n(?:msgid_plural .*\n)?msgstr(?:\[0\])? "(.*)"$', written, re.MULTILINE
    )
    assert len(entries) > 200
    for text, german in entries:
        plain, said = text.replace('\\"', '"'), german.replace('\\"', '"')
        assert said in (GERMAN.get(plain), GERMAN.get((plain, 0))), text
