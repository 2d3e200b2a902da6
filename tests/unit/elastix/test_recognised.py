"""Sentences that are stored in English are said in the language of whoever reads them."""

import pytest
from django.utils import translation

from elastix.desk.tags import said
from elastix.texts import text
from pricing.changes.services.validation import InvalidTransition, RuleViolation

ALERT = "P259 sold 1,236 units in the last 7 days of the data, 2.2 times the usual 16: will the stock last?"


@pytest.mark.parametrize(
    ("english", "german"),
    [
        (
            ALERT,
            "P259 wurde in den letzten 7 Tagen der Daten 1.236-mal verkauft, das 2,2-Fache der üblichen 16:"
            " Reicht der Bestand?",
        ),
        (
            "Rule 'Slow': a cap holds the price of P1, P2 and 3 others back.",
            "Regel „Slow“: eine Obergrenze hält den Preis von P1, P2 und 3 weitere zurück.",
        ),
        (
            "Price experiment Cups does not run as drawn. Probably sold out: P1, P2 and 3 others.",
            "Preisversuch Cups läuft nicht so, wie er ausgelost wurde. Wahrscheinlich ausverkauft: P1, P2 und 3 weitere.",
        ),
        ("experiment 3: checks", "Versuch 3: Prüfungen"),
        (
            "No sales on 2025-12-25, 2025-12-26, though the shop usually sells on these weekdays: was a file left out?",
            "Keine Verkäufe am 25. Dez 2025, 26. Dez 2025, obwohl der Shop an diesen Wochentagen sonst verkauft:"
            " Wurde eine Datei vergessen?",
        ),
        (
            'The ZIP archive holds 2 files ("a.csv", "b.csv"): load them one by one, or an archive of one.',
            'Das ZIP-Archiv enthält 2 Dateien ("a.csv", "b.csv"): Laden Sie sie einzeln, oder ein Archiv mit einer.',
        ),
        (
            "Rows whose status says that a part was given back, not how much: 1,234. They count as whole sales; export the"
            " refunds as rows of their own.",
            "Zeilen, deren Status sagt, dass ein Teil zurückging, aber nicht wie viel: 1.234. Sie zählen als ganze Verkäufe;"
            " exportieren Sie die Erstattungen als eigene Zeilen.",
        ),
        # Two sentences, one of which is not known.
        ("There is no product 22423. Somebody said so.", "Es gibt kein Produkt 22423. Somebody said so."),
    ],
)
def test_what_is_stored_is_recognised_with_its_values(english: str, german: str) -> None:
    with translation.override("de"):
        assert said(english) == german
    with translation.override("en"):
        assert said(english) == english.replace("2025-12-25, 2025-12-26", "25 Dec 2025, 26 Dec 2025")


def test_days_within_a_sentence_are_written_as_the_page_writes_days() -> None:
    with translation.override("en"):
        assert said("Not sold since 2025-02-08.") == "Not sold since 8 Feb 2025."
        for no_day in ("2025-13-45", "A-2025-02-08", "2025-02-08-1", "2025-02-08T10:00", "12025-02-08"):
            assert said(f"The line {no_day}.") == f"The line {no_day}."


def test_a_refusal_is_said_with_its_reasons() -> None:
    moved = "the price was 4.00 when this was proposed and is 5.00 now; propose it again"
    refusal = InvalidTransition(
        "approved", [RuleViolation(3, "CUP", "price_moved", moved), RuleViolation(5, "MUG", "x", "so it is")]
    )
    assert str(refusal) == f"Nothing was approved. Change 3 (CUP): {moved}; change 5 (MUG): so it is."
    with translation.override("de"):
        assert said(refusal.detail) == (
            "Nichts wurde genehmigt. Änderung 3 (CUP): der Preis war 4,00, als das vorgeschlagen wurde, und ist jetzt"
            " 5,00; schlagen Sie neu vor; Änderung 5 (MUG): so it is."
        )


def test_a_name_is_nothing_that_is_recognised() -> None:
    with translation.override("de"):
        for name in ("Home and Kitchen", "P001", "12.5 %", "Lemon (500 ml)", ""):
            assert said(name) == name
        assert said(text("{code}", code="Mugs and 2 more")) == "Mugs and 2 more"
