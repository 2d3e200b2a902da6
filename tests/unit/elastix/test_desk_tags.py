"""Numbers and money on pages, in the reader's language and the shop's currency."""

from decimal import Decimal
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory, override_settings
from django.utils import translation
from django.utils.html import escape

from elastix.desk.tags import UNKNOWN, chance, label, money, number, percent, signed, warned, who, with_query


@pytest.mark.parametrize(
    ("value", "places", "english", "german"),
    [
        (1234567, 0, "1,234,567", "1.234.567"),
        (Decimal("0.125"), 2, "0.13", "0,13"),
        (12.25, 1, "12.3", "12,3"),
        (-0.04, 1, "0.0", "0,0"),
        (None, 0, UNKNOWN, UNKNOWN),
        (float("nan"), 2, UNKNOWN, UNKNOWN),
    ],
)
def test_numbers(value: Any, places: int, english: str, german: str) -> None:
    for language, expected in (("en", english), ("de", german)):
        with translation.override(language):
            assert number(value, places) == expected


@pytest.mark.parametrize(
    ("currency", "language", "expected"),
    [
        ("GBP", "en", "-£1,234.50"),
        ("EUR", "de", "-1.234,50\N{NO-BREAK SPACE}€"),
        ("JPY", "en", "-JPY\N{NO-BREAK SPACE}1,235"),
        ("CHF", "en", "-CHF\N{NO-BREAK SPACE}1,234.50"),
        ("CHF", "de", "-1.234,50\N{NO-BREAK SPACE}CHF"),
    ],
)
def test_money(currency: str, language: str, expected: str) -> None:
    with override_settings(SHOP_CURRENCY=currency), translation.override(language):
        assert money(Decimal("-1234.5")) == expected


def test_what_is_not_known_has_no_currency_and_no_sign() -> None:
    assert (money(None), percent(None), signed(money(None))) == (UNKNOWN, UNKNOWN, UNKNOWN)


def test_a_gain_has_its_sign_and_a_loss_keeps_it() -> None:
    with translation.override("en"):
        assert (signed(percent(3.21)), signed(percent(-3.21))) == ("+3.2 %", "-3.2 %")


def test_an_unknown_word_stands_for_itself() -> None:
    assert (label("rolled_back"), label("SOMETHING_NEW")) == ("undone", "SOMETHING_NEW")


def test_a_link_keeps_what_the_address_says_and_changes_what_it_is_asked_to() -> None:
    context: Any = {
        "request": RequestFactory().get("/desk/products", {"q": "a&b", "page": "3", "sort": "name"})
    }
    assert with_query(context, page=4) == "?q=a%26b&sort=name&page=4"
    assert with_query(context, page="", q="", sort="") == "/desk/products"


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.704, "70 %"), (0.9999, "> 99 %"), (1.0, "> 99 %"), (0.004, "< 1 %"), (None, UNKNOWN)],
)
def test_nothing_that_is_estimated_is_certain(probability: float | None, text: str) -> None:
    with translation.override("en"):
        assert chance(probability) == text


@pytest.mark.parametrize(
    ("warning", "shown"),
    [
        ("NEW_PRICE: Today's price is new.", "Today's price is new."),
        ("NEW_PRICE: the present price has 0 of 28 days.", "The present price has 0 of 28 days."),
        ("Few sales: A or B.", "Few sales: A or B."),
        ("FEW_DAYS", "FEW_DAYS"),
    ],
)
def test_a_warning_is_shown_without_its_word_for_programs(warning: str, shown: str) -> None:
    assert warned(warning) == shown
    page = render_to_string("desk/product_forecast.html", {"forecast": {"warnings": [warning]}})
    assert f">{escape(shown)}</p>" in page


def test_what_acts_by_itself_is_named_in_the_reader_s_language_and_people_as_they_are() -> None:
    with translation.override("de"):
        assert (who("the schedule"), who("Data"), who("")) == ("der Zeitplan", "Data", UNKNOWN)
        assert who("rule 12") == "Regel 12"
