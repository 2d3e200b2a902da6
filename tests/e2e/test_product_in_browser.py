"""The page of a product in a real browser: sliders, tabs and a proposal, on a desk and on a phone."""

import re
from typing import Any

import pytest

from tests.e2e.desk import WIDTHS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TABS = ("Competitors", "Price history and outcomes", "Who buys it", "Bought together", "Diagnostics", "Sales")


def facts(desk: Any) -> str:
    return str(desk.page.inner_text("#what-if dl"))


# The address says what the slider does, and nothing is asked for any more.
ANSWERED = """(name) => new URL(location).searchParams.get(name) === document.getElementById(`slide-${name}`).value
    && !document.querySelector(".htmx-request")"""


NOTHING_ASKED = "() => !document.querySelector('.htmx-request, #tab [hx-trigger=load]')"


def move(desk: Any, slider: str, key: str, times: int) -> None:
    """Move a slider by the keyboard, and wait until what comes of it is there."""
    desk.page.focus(f"#slide-{slider}")
    for _ in range(times):
        desk.page.keyboard.press(key)
    desk.page.wait_for_function(ANSWERED, arg=slider)
    desk.page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_a_slider_changes_figures_curve_and_address(at: Any, width: int) -> None:
    desk = at(width)
    desk.go("/desk/products/P002")
    desk.page.wait_for_selector("[data-chart=curve-data] canvas")
    move(desk, "price", "ArrowRight", 3)
    marks = desk.page.evaluate("JSON.parse(document.getElementById('curve-data').textContent).marks")
    tried = float(desk.page.input_value("#slide-price"))
    assert {"name": "tried", "x": tried} in marks
    assert f"price={tried:.2f}" in desk.page.url
    assert f"{tried:.2f}" in desk.page.inner_text("#shown-price")
    move(desk, "demand_factor", "ArrowRight", 4)
    assert desk.page.inner_text("#shown-demand_factor") == "120 %"
    kept = facts(desk)
    desk.page.reload(wait_until="networkidle")
    assert facts(desk) == kept
    assert desk.page.input_value("#slide-demand_factor") == "1.2"
    desk.look("what-if")
    desk.page.click("text=Back to the recommended price")
    assert "price=" not in desk.page.url
    assert desk.complaints == []


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_a_sentence_opens_at_its_word(at: Any, width: int) -> None:
    desk = at(width)
    desk.go("/desk/products/P002")
    word = desk.page.locator(".desk-term > button").first
    word.click()
    at_word, box = (
        word.bounding_box(),
        desk.page.locator(".desk-term > [popover]:popover-open").bounding_box(),
    )
    between = (box["y"] - (at_word["y"] + at_word["height"]), at_word["y"] - (box["y"] + box["height"]))
    assert 0 <= max(between) < 20  # right below the word, or above it
    assert box["x"] <= at_word["x"] + at_word["width"] and box["x"] + box["width"] >= at_word["x"]
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert desk.complaints == []


def test_tabs_are_in_the_address_and_back_leads_to_the_one_before(at: Any) -> None:
    desk = at(WIDTHS["desk"])
    desk.go("/desk/products/P002")
    move(desk, "demand_factor", "ArrowRight", 4)
    for name in TABS:
        desk.page.click(f"#tab nav >> text={name}")
        desk.page.wait_for_selector(f"#tab a[aria-current] >> text={name}")
        desk.page.wait_for_function(NOTHING_ASKED)
        desk.look(f"tab-{name.split()[0].lower()}")
        for chart in desk.page.locator("#tab [data-chart]").all():
            assert chart.locator("canvas").count() == 1
    assert desk.page.url.endswith("tab=sales")
    assert "demand_factor=1.2" in desk.page.url  # what is tried goes along
    desk.page.go_back(wait_until="networkidle")
    desk.page.wait_for_selector("#tab a[aria-current] >> text=Diagnostics")
    assert desk.page.url.endswith("tab=diagnostics")
    assert desk.page.locator("[data-chart=curve-data] canvas").count() == 1
    move(desk, "demand_factor", "ArrowRight", 1)
    assert "tab=diagnostics" in desk.page.url
    assert desk.complaints == []


@pytest.mark.parametrize("late", ["worked=1", "tab=sales"])
def test_diagnostics_take_no_other_tab_s_place_whichever_answer_is_late(at: Any, late: str) -> None:
    desk = at(WIDTHS["desk"])
    desk.go("/desk/products/P005")
    held: list[Any] = []
    desk.page.route(f"**/*{late}*", lambda route: held.append(route))
    desk.page.click("#tab nav >> text=Diagnostics")
    desk.page.wait_for_selector("#tab #diagnostics")
    desk.page.click("#tab nav >> text=Sales")
    other = "#tab a[aria-current] >> text=Sales" if late == "worked=1" else "#diagnostics dl"
    desk.page.wait_for_selector(other)
    (route,) = held
    route.continue_()
    desk.page.wait_for_function(NOTHING_ASKED)
    assert desk.page.inner_text("#tab a[aria-current]") == "Sales"
    assert desk.page.locator("#diagnostics").count() == 0
    assert desk.page.url.endswith("tab=sales")
    assert desk.complaints == []


@pytest.mark.parametrize("name", TABS)
def test_tabs_fit_on_a_phone(at: Any, name: str) -> None:
    desk = at(WIDTHS["phone"])
    desk.go("/desk/products/P003")
    desk.page.click(f"#tab nav >> text={name}")
    desk.page.wait_for_selector(f"#tab a[aria-current] >> text={name}")
    desk.page.wait_for_load_state("networkidle")
    desk.look(f"tab-{name.split()[0].lower()}")
    assert desk.complaints == []


def test_a_price_that_was_tried_is_proposed_and_the_page_shows_it(at: Any) -> None:
    desk = at(WIDTHS["desk"])
    desk.go("/desk/products/P007")
    move(desk, "price", "ArrowRight", 5)
    tried = f"{float(desk.page.input_value('#slide-price')):.2f}"
    desk.page.click("#what-if button[data-opens]")
    assert float(desk.page.input_value("#propose-tried-price")) == float(tried)
    desk.page.fill("#propose-tried-reason", "Tried on the page")
    desk.look("propose")
    desk.page.click("dialog[open] button[value=propose]")
    desk.page.wait_for_selector("text=There is an open proposal")
    shown = desk.page.inner_text("main")
    assert re.search(rf"There is an open proposal: .*{tried}, proposed, by maria", shown)
    assert "Tried on the page" in shown
    assert desk.page.locator("button[data-opens]").count() == 0
    assert desk.complaints == []


def test_a_viewer_tries_prices_and_proposes_none(at: Any) -> None:
    desk = at(WIDTHS["desk"], user="vera")
    desk.go("/desk/products/P004")
    move(desk, "response_factor", "ArrowRight", 2)
    assert desk.page.locator("button[data-opens]").count() == 0
    assert desk.complaints == []


def test_the_charts_follow_the_colours_of_the_system_and_tell_figures(at: Any) -> None:
    desk = at(WIDTHS["desk"], color_scheme="dark", locale="de")
    desk.go("/desk/products/P002?tab=history")
    for chart in desk.page.locator("[data-chart]").all():
        chart.hover(position={"x": 250, "y": 150})
    desk.look("product-history-de-dark")
    desk.page.emulate_media(color_scheme="light")
    desk.go("/desk/")
    desk.page.hover("[data-chart=revenue-data]", position={"x": 250, "y": 150})
    desk.look("overview-de-light")
    assert desk.complaints == []
