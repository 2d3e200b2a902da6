"""What stands around every page, in a real browser: the search by keyboard, the bell, language and theme, the bar of a phone."""

from itertools import pairwise
from typing import Any

import pytest

from tests.e2e.desk import WIDTHS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_product_is_found_and_opened_by_the_keyboard_alone(at: Any) -> None:
    desk = at(WIDTHS["desk"])
    desk.page.keyboard.press("/")
    assert desk.page.evaluate("document.activeElement.id") == "desk-q"
    desk.page.keyboard.type("p00")
    desk.page.wait_for_selector("#desk-hits a >> nth=2")
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("ArrowDown")
    desk.page.keyboard.press("ArrowUp")
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/desk/products/P001")
    assert desk.complaints == []


def test_escape_closes_what_was_found_and_a_slash_is_a_letter_while_one_writes(at: Any) -> None:
    desk = at(WIDTHS["desk"])
    desk.go("/desk/products")
    desk.page.focus("#q")
    desk.page.keyboard.type("a/b")
    assert desk.page.input_value("#q") == "a/b"
    desk.page.fill("#desk-q", "")
    desk.page.focus("#desk-q")
    desk.page.keyboard.type("p00")
    desk.page.wait_for_selector("#desk-hits a")
    desk.page.keyboard.press("Escape")
    assert desk.page.locator("#desk-hits a").count() == 0
    assert desk.page.evaluate("document.activeElement.id") == "desk-q"


def test_enter_leads_to_a_page_of_what_was_found_whose_address_says_it(at: Any) -> None:
    desk = at(WIDTHS["phone"])
    desk.page.fill("#desk-q", "nothing is called so")
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_url("**/desk/search?q=nothing+is+called+so")
    assert "Nothing is found." in desk.page.inner_text("main")
    desk.page.go_back()
    assert desk.page.url.endswith("/desk/")
    assert desk.complaints == []


def test_the_language_is_kept_over_pages_and_against_the_browser_s(at: Any) -> None:
    desk = at(WIDTHS["desk"], locale="en")
    desk.go("/desk/products?q=p00")
    desk.page.click("summary:has-text('maria')")
    desk.page.click("button[value=de]")
    desk.page.wait_for_selector("html[lang=de]")
    assert desk.page.url.endswith("/desk/products?q=p00")
    desk.go("/desk/data")
    assert desk.page.evaluate("document.documentElement.lang") == "de"
    desk.page.click("summary:has-text('maria')")
    assert desk.page.get_attribute("button[value=de]", "aria-pressed") == "true"
    desk.page.click("button[value=en]")
    desk.page.wait_for_selector("html[lang=en]")
    assert desk.complaints == []


def test_the_theme_is_kept_over_pages_and_against_the_system_s(at: Any) -> None:
    desk = at(WIDTHS["desk"], color_scheme="light")
    theme = "document.documentElement.dataset.bsTheme"
    assert desk.page.evaluate(theme) == "light"
    for chosen, shown in (("dark", "dark"), ("light", "light"), ("system", "light")):
        desk.page.click("summary:has-text('maria')")
        desk.page.click(f"button[value={chosen}]")
        desk.page.wait_for_selector(f"html[data-theme={chosen}]")
        desk.go("/desk/products")
        assert desk.page.evaluate(theme) == shown
    assert desk.complaints == []


def test_the_gear_shows_what_the_role_may_see(at: Any) -> None:
    for user, shown in (
        ("maria", ["Price policies", "API tokens", "Admin", "API documentation"]),
        ("vera", ["API documentation"]),
    ):
        desk = at(WIDTHS["desk"], user=user)
        desk.page.click("summary[aria-label='Set up']")
        assert desk.page.locator("details[open] a").all_inner_texts() == shown


def test_a_menu_opens_and_closes_by_the_keyboard_and_by_a_click_elsewhere(at: Any) -> None:
    desk = at(WIDTHS["desk"])
    gear = desk.page.locator("summary[aria-label='Set up']")
    gear.focus()
    desk.page.keyboard.press("Enter")
    assert desk.page.locator("details[open]").count() == 1
    desk.page.keyboard.press("Escape")
    assert desk.page.locator("details[open]").count() == 0
    assert gear.evaluate("it => it === document.activeElement")
    gear.click()
    desk.page.click("h1, main")
    assert desk.page.locator("details.desk-menu[open]").count() == 0


def test_a_phone_has_at_most_five_places_below_and_all_pages_within_two_taps(at: Any) -> None:
    desk, phone = at(WIDTHS["desk"]), at(WIDTHS["phone"])
    pages = set(desk.page.locator(".desk-top a").all_inner_texts())
    places = phone.page.locator(".desk-bottom > ul > li")
    assert 3 <= places.count() <= 5
    shown = set(phone.page.locator(".desk-bottom > ul > li > a").all_inner_texts())
    if phone.page.locator(".desk-bottom summary").count():
        phone.page.click(".desk-bottom summary")
        shown |= set(phone.page.locator(".desk-bottom details a").all_inner_texts())
        phone.look("more")
    assert shown == pages


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [WIDTHS["phone"], 360])
def test_the_places_below_stand_on_one_line_within_the_window(at: Any, width: int, language: str) -> None:
    phone = at(width, locale=language)
    boxes = [each.bounding_box() for each in phone.page.locator(".desk-bottom > ul > li").all()]
    assert len(boxes) == 5
    assert all(box["height"] < 48 for box in boxes)
    assert boxes[0]["x"] >= 0
    assert all(box["x"] + box["width"] <= after["x"] + 1 for box, after in pairwise(boxes))
    assert boxes[-1]["x"] + boxes[-1]["width"] <= width


def test_the_bell_says_how_many_alerts_are_open_and_leads_to_them(at: Any) -> None:
    desk = at(WIDTHS["desk"], user="noor")
    bell = desk.page.locator(".desk-tools > a")
    said = bell.get_attribute("aria-label")
    assert said.split(" ", 1)[1] in ("open alert", "open alerts")
    bell.click()
    desk.page.wait_for_load_state("networkidle")
    assert "alert" in desk.page.inner_text("h1").lower()
    assert desk.complaints == []
