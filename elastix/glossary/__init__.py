"""One table of the fixed words that the API, the admin and the pages show: a label and a sentence each, by kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from elastix.glossary import changes, estimates, files, prices, shop
from elastix.glossary.table import Words
from elastix.glossary.words import LABELS

# Where a word belongs to several kinds, the first one speaks for it.
KINDS: Final = MappingProxyType(
    {
        "grade": estimates.GRADE_TERMS,
        "evidence": estimates.EVIDENCE_TERMS,
        "flag": estimates.FLAG_TERMS,
        "limit": prices.LIMIT_TERMS,
        "reason": prices.REASON_TERMS,
        "warning": prices.WARNING_TERMS,
        "risk": prices.RISK_TERMS,
        "change status": changes.CHANGE_STATUS_TERMS,
        "recommendation state": changes.OFFER_TERMS,
        "prior price": changes.PRIOR_PRICE_TERMS,
        "outcome": changes.OUTCOME_TERMS,
        "repricing outcome": changes.REPRICING_OUTCOME_TERMS,
        "experiment": changes.EXPERIMENT_TERMS,
        "obstacle": changes.OBSTACLE_TERMS,
        "segment": shop.SEGMENT_TERMS,
        "customer forecast": shop.CUSTOMER_FORECAST_TERMS,
        "relationship": shop.RELATIONSHIP_TERMS,
        "alert": shop.ALERT_TERMS,
        "import status": files.IMPORT_STATUS_TERMS,
        "job state": files.JOB_STATE_TERMS,
        "push state": files.PUSH_STATE_TERMS,
        "refused row": files.REFUSED_ROW_TERMS,
        "exclusion": estimates.EXCLUSION_TERMS,
        "method": estimates.METHOD_TERMS,
        "forecast method": shop.FORECAST_METHOD_TERMS,
    }
)


@dataclass(frozen=True, slots=True)
class Term:
    """A fixed word, what people call it, and one sentence on what it means; in the language that is active."""

    kind: str
    word: str
    label: str
    sentence: str


def terms(kind: str = "", word: str = "") -> Iterator[Term]:
    """Yield the terms in the order of their kinds; only those of a kind or of a word, where one is given."""
    for name, words in KINDS.items():
        if kind in ("", name):
            for each, (label, sentence) in words.items():
                if word in ("", each):
                    yield Term(name, each, str(label), str(sentence))


def label_of(word: str) -> str:
    """What people call a fixed word of the API; the word itself where nothing else is known.

    Of a warning that says more ("LARGE_CHANGE: ...") the word before the colon counts.
    """
    found = _entry(word)
    return str(LABELS.get(word) or (found[0] if found else word))


def sentence_of(word: str, kind: str = "") -> str:
    """The sentence that explains a fixed word, of a kind where several have it; empty where it has none."""
    found = KINDS[kind].get(word) if kind else _entry(word)
    return str(found[1]) if found else ""


def _entry(word: str) -> tuple[object, object] | None:
    words: Words
    code = str(word).partition(":")[0] if str(word)[:1].isupper() else str(word)
    for words in KINDS.values():
        if code in words:
            return words[code]
    return None
