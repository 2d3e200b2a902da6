"""Sentences of services: English as they are, and their parts for other languages."""

import datetime as dt
import gettext
import pickle
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils import translation

from elastix.desk.tags import policy_source, said
from elastix.texts import joined, text
from pricing.changes.services import validation
from pricing.forecasting.selectors import forecasts, outlooks, reasons
from pricing.recommendation.core import limits, rationale
from pricing.recommendation.selectors import pricing_inputs, recommendations

GERMAN = gettext.GNUTranslations(
    (Path(__file__).resolve().parents[3] / "elastix/locale/de/LC_MESSAGES/django.mo").open("rb")
)
STAYS = text(rationale.STAYS, price=Decimal("12.50"))


def test_a_text_is_its_english() -> None:
    assert STAYS == "The price stays at 12.50."
    assert joined(["One.", "", STAYS]) == "One. The price stays at 12.50."
    assert joined([]) == ""
    assert pickle.loads(pickle.dumps(STAYS)).parts == STAYS.parts  # noqa: S301 - our own


def test_a_text_is_said_in_the_language_of_the_reader() -> None:
    with translation.override("de"):
        assert said(STAYS) == "Der Preis bleibt bei 12,50."
        assert said(joined([STAYS, "Profit is expected to fall."])) == (
            "Der Preis bleibt bei 12,50. Der Gewinn wird voraussichtlich fallen."
        )
    with translation.override("en"):
        assert said(STAYS) == "The price stays at 12.50."


def test_texts_in_texts_and_days_are_said_too() -> None:
    nested = text(rationale.NOT_ALLOWED, rules=text(limits.MESSAGES["min_price"], bound=Decimal("1250.00")))
    with translation.override("de"):
        assert said(nested) == "Das ist nicht erlaubt: der Mindestpreis ist 1.250,00."
        assert said(text(outlooks.NOT_SOLD_SINCE, day=dt.date(2025, 5, 1))).startswith(
            "INACTIVE: Seit dem 1. Mai 2025"
        )


def test_what_has_no_translation_stays_as_it_is() -> None:
    with translation.override("de"):
        assert said("Something {new} with 5 %.") == "Something {new} with 5 %."
        assert said("") == ""
        assert said(text("{a} {b}", a="x", b=1)) == "x 1"


@pytest.mark.parametrize(
    ("source", "german"),
    [
        ("built in", "eingebaut"),
        ("the shop", "der Shop"),
        ("category Drinks", "Kategorie Drinks"),
        ("product P 1", "Produkt P 1"),
        ("", ""),
    ],
)
def test_sources_of_limits_are_said(source: str, german: str) -> None:
    with translation.override("de"):
        assert policy_source(source) == german


def sentences() -> list[str]:
    """Every sentence of recommendations and forecasts: constants in capitals, and those of the tables."""
    constants = [
        value
        for module in (rationale, reasons, forecasts, outlooks, recommendations, validation)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and " " in value
    ]
    tables = (
        *(rationale.AIMS, rationale.EVIDENCE, rationale.OBSTACLES, rationale.WARNINGS, limits.MESSAGES),
        *(pricing_inputs.WITHOUT_PRICE, reasons._OF_THE_ROW),
    )
    return [*constants, *(sentence for table in tables for sentence in table.values())]


def test_every_sentence_has_its_german_with_the_same_names() -> None:
    found = sentences()
    assert len(found) > 60
    untranslated = [each for each in found if GERMAN.gettext(each) == each]
    assert untranslated == []
    names = [
        each
        for each in found
        if {part.split("}")[0] for part in each.split("{")[1:]}
        != {part.split("}")[0] for part in GERMAN.gettext(each).split("{")[1:]}
    ]
    assert names == []
