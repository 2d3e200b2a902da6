"""Simulations in a real browser: made, copied, compared, deleted; and the report on paper."""

import re
from typing import Any

import pytest

from tests.e2e.desk import WIDTHS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def make(desk: Any, name: str, code: str) -> None:
    desk.go(f"/desk/simulations/new?code={code}")
    desk.page.fill("#name", name)
    desk.page.fill("#first", "-20")
    desk.page.fill("#last", "20")
    desk.page.get_by_role("button", name="Save").click()
    desk.page.wait_for_url(f"{desk.shop}/desk/simulations")


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_two_are_made_one_is_copied_and_all_are_compared(at: Any, width: int) -> None:
    desk = at(width)
    page = desk.page
    first, second = f"Dearer {width}", f"Other {width}"
    make(desk, first, "P001")
    make(desk, second, "P002")
    page.get_by_role("button", name=f"Copy {first}", exact=True).click()
    page.wait_for_url(re.compile(r"simulations/[0-9a-f-]{36}$"))
    assert page.input_value("#name") == f"{first} (copy)"
    desk.go("/desk/simulations")
    for name in (first, second, f"{first} (copy)"):
        page.get_by_role("checkbox", name=f"Compare {name}", exact=True).check()
    page.get_by_role("button", name="Compare the ticked").click()
    page.wait_for_url("**/compare?id=*")
    assert page.locator("main table").first.locator("tbody tr").count() == 3
    assert page.locator("[data-figure] canvas").count() == 2
    for box in page.locator("[data-figure]").all():
        box.scroll_into_view_if_needed()
        box.hover()
    desk.look("comparison")
    page.fill("#change", "5")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**change=5**")
    assert page.get_by_text("All at +5.0 %.").is_visible()
    page.go_back()
    page.wait_for_url(re.compile(r"compare\?id=(?!.*change)"))
    assert desk.complaints == []


def test_one_is_deleted_after_a_question(at: Any) -> None:
    desk = at(1440)
    make(desk, "For the bin", "P003")
    desk.page.get_by_role("link", name="Change For the bin").click()
    desk.page.get_by_role("button", name="Delete").click()
    dialog = desk.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Delete").click()
    desk.page.wait_for_url("**/desk/simulations")
    assert desk.page.get_by_text("The simulation is deleted.").is_visible()
    assert desk.page.get_by_role("link", name="For the bin", exact=True).count() == 0
    assert desk.complaints == []


def test_a_mistake_is_said_beside_its_field(at: Any) -> None:
    desk = at(390)
    desk.go("/desk/simulations/new?code=NOWHERE")
    desk.page.fill("#name", "Wrong")
    desk.page.get_by_role("button", name="Save").click()
    assert desk.page.get_by_text("There is no product").is_visible()
    assert desk.page.input_value("#name") == "Wrong"


def test_viewers_compare_but_do_not_write(at: Any) -> None:
    make(at(1440), "To be seen", "P001")
    desk = at(1440, user="vera")
    desk.go("/desk/simulations")
    assert desk.page.get_by_role("link", name="New simulation").count() == 0
    desk.page.get_by_role("link", name="To be seen", exact=True).first.click()
    desk.page.wait_for_url("**/compare?id=*")
    assert desk.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_is_two_pages_of_paper(at: Any, scheme: str) -> None:
    desk = at(1440, color_scheme=scheme)
    desk.go("/desk/report")
    paper = desk.page.pdf(prefer_css_page_size=True)
    (desk.pictures / f"report-{scheme}.pdf").write_bytes(paper)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 2
    desk.page.emulate_media(media="print")
    assert desk.page.locator("body > header").is_hidden()
    background = desk.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(255, 255, 255)"
    assert desk.complaints == []
