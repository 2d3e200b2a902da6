"""Customers in a real browser: from the segments to one customer and back."""

from typing import Any

import pytest

from tests.e2e.desk import WIDTHS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_from_a_segment_to_a_customer_and_back(at: Any, width: int) -> None:
    desk = at(width, user="vera")
    desk.go("/desk/customers")
    page = desk.page
    assert page.locator("[data-figure] canvas").count() == 2
    page.get_by_role("link", name="Champions", exact=True).first.click()
    page.wait_for_url("**segment=Champion**")
    row = page.locator("#list ~ table tbody tr").first
    assert "Champions" in row.inner_text()
    number = row.get_by_role("link").inner_text()
    row.get_by_role("link").click()
    page.wait_for_url(f"**/desk/customers/{number}")
    assert number in page.locator("h1").inner_text()
    assert page.locator("#bought ~ table tbody tr").count() >= 1
    assert page.locator("#history ~ table tbody tr").count() >= 1
    desk.look("customer")
    page.go_back()
    page.wait_for_url("**segment=Champion**")
    assert desk.complaints == []


def test_a_period_is_chosen_and_stays_while_one_filters(at: Any) -> None:
    desk = at(1440)
    desk.go("/desk/customers")
    page = desk.page
    page.get_by_role("link", name="28 days").click()
    page.wait_for_url("**from=**")
    first = page.input_value("#from")
    page.select_option("#segment", "Lost")
    page.locator("form[role=search] button").click()
    page.wait_for_url("**segment=Lost**")
    assert page.input_value("#from") == first
    segments = set(page.locator("#list ~ table tbody td[data-label=Segment]").all_inner_texts())
    assert segments == {"Lost"}
    assert desk.complaints == []


def test_the_moves_add_up_to_the_customers(at: Any) -> None:
    desk = at(1440)
    desk.go("/desk/customers")
    page = desk.page
    page.select_option("#before", index=0)
    page.get_by_role("button", name="Show").nth(1).click()
    page.wait_for_url("**before=**")
    cells = page.locator(".desk-matrix tbody td:last-child").all_inner_texts()
    total = sum(int(text.replace(",", "")) for text in cells)
    assert f"of {total:,} customers moved" in page.locator("#moves ~ p").first.inner_text()
    assert desk.complaints == []


def test_hovering_over_the_figures_breaks_no_policy(at: Any) -> None:
    desk = at(1440)
    desk.go("/desk/customers")
    for box in desk.page.locator("[data-figure]").all():
        box.scroll_into_view_if_needed()
        box.hover()
        desk.page.wait_for_timeout(200)
    assert desk.complaints == []


def test_the_list_comes_as_a_file(at: Any) -> None:
    desk = at(1440)
    desk.go("/desk/customers?segment=Lost")
    with desk.page.expect_download() as coming:
        desk.page.get_by_role("link", name="CSV", exact=True).click()
    rows = coming.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert rows[0].startswith("Customer,")
    assert len(rows) > 1
    assert all(",Lost," in row for row in rows[1:])
