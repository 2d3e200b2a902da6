"""From an opportunity to a price in effect and back, in a real browser on the demonstration shop."""

from typing import Any

import pytest

from tests.e2e.desk import WIDTHS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_prices_are_chosen_proposed_approved_applied_and_undone(at: Any, width: int) -> None:
    maria = at(width)
    maria.go("/desk/opportunities")
    ticks = maria.page.locator("input[name=product]")
    chosen = [ticks.nth(row).get_attribute("value") for row in range(3)]
    for row in range(3):
        ticks.nth(row).check()
    maria.page.get_by_text("3 chosen").wait_for()
    foot = maria.page.locator("#chosen").inner_text()
    assert "profit +" in foot
    assert "revenue" in foot
    maria.look("opportunities-chosen")
    assert maria.page.locator("[data-proposes]").inner_text() == "Propose 3"
    maria.page.fill("#reason", f"The best three, {width}")
    maria.page.click("[data-proposes]")
    maria.page.wait_for_url("**/desk/changes/batch/**")
    assert maria.page.get_by_text("3 prices proposed.").is_visible()
    assert maria.page.get_by_text("Managers decide on changes").is_visible()
    batch = maria.page.url.removeprefix(maria.shop)

    # What waits for a decision is proposed no second time.
    maria.go("/desk/opportunities")
    for code in chosen:
        assert maria.page.locator(f'input[name=product][value="{code}"]').count() == 0
    assert maria.page.get_by_text("proposed already").count() >= 3

    noor = at(width, user="noor")
    noor.go("/desk/changes")
    noor.look("changes-to-decide")
    noor.page.get_by_role("link", name=f"The best three, {width}").click()
    noor.look("batch")
    for step in ("Approve", "Apply"):
        noor.page.get_by_role("button", name=f"{step}: 3 ticked").click()
        dialog = noor.page.locator("dialog[open]")
        dialog.get_by_text(f"{step}: 3 prices").wait_for()
        assert "Below cost" in dialog.inner_text()
        noor.look(f"confirm-{step.lower()}")
        dialog.get_by_role("button", name=step, exact=True).click()
        noor.page.wait_for_load_state("networkidle")
    assert noor.page.get_by_text("3 prices in effect", exact=True).is_visible()
    assert noor.page.get_by_text("No sales since: load newer ones").first.is_visible()
    noor.look("batch-in-effect")

    noor.page.get_by_role("button", name="Undo", exact=True).click()
    dialog = noor.page.locator("dialog[open]")
    dialog.get_by_text("Undo: 3 prices").wait_for()
    dialog.get_by_label("Why").fill("A trial")
    dialog.get_by_role("button", name="Undo", exact=True).click()
    noor.page.get_by_text("3 prices undone.").wait_for()
    assert noor.page.url.split("?")[0].endswith(batch)

    # The prices are those before, so that they can be chosen again once they are looked at again.
    assert (maria.complaints, noor.complaints) == ([], [])


def test_a_dialog_is_left_by_the_keyboard_and_nothing_is_done(at: Any) -> None:
    maria = at(1440)
    maria.go("/desk/opportunities?sort=product")
    maria.page.locator("input[name=product]").last.check()
    maria.page.get_by_text("1 chosen").wait_for()
    maria.page.click("[data-proposes]")
    maria.page.wait_for_url("**/desk/changes/batch/**")
    address = maria.page.url.removeprefix(maria.shop)

    noor = at(1440, user="noor")
    noor.go(address)
    noor.page.get_by_role("button", name="Reject: 1 ticked").focus()
    noor.page.keyboard.press("Enter")
    noor.page.locator("dialog[open]").get_by_text("Reject: 1 price").wait_for()
    noor.page.keyboard.press("Escape")
    assert noor.page.locator("dialog[open]").count() == 0
    noor.go(address)
    assert noor.page.get_by_role("button", name="Approve: 1 ticked").is_visible()
    assert noor.complaints == []


def test_what_is_filtered_sorted_and_paged_is_in_the_address_and_back_works(at: Any) -> None:
    desk = at(1440, user="vera")
    desk.go("/desk/opportunities")
    assert desk.page.locator("input[name=product]").count() == 0
    desk.page.select_option("#change", "raise")
    desk.page.get_by_role("button", name="Show").click()
    desk.page.wait_for_url("**change=raise**")
    percents = desk.page.locator("tbody td:has-text('%')").all_inner_texts()
    assert percents
    desk.page.get_by_role("link", name="Chance of a gain").click()
    desk.page.wait_for_url("**sort=-chance**")
    desk.page.go_back()
    desk.page.wait_for_url("**change=raise**")
    assert "sort=-chance" not in desk.page.url
    assert desk.page.locator("#change").input_value() == "raise"
    assert desk.complaints == []


def test_ticks_stay_while_somebody_leafs_through_the_pages(at: Any) -> None:
    desk = at(1440)
    desk.go("/desk/opportunities?sort=product")
    assert desk.page.get_by_role("link", name="Next").count(), (
        "the shop has too few opportunities for two pages"
    )
    desk.page.locator("input[name=product]").first.check()
    desk.page.get_by_text("1 chosen").wait_for()
    desk.page.get_by_role("link", name="Next").click()
    desk.page.wait_for_url("**page=2**")
    desk.page.get_by_text("1 chosen").wait_for()
    assert desk.page.locator("input[name=product]:checked").count() == 0
    desk.page.locator("input[type=checkbox][name=product]").last.check()
    desk.page.get_by_text("2 chosen").wait_for()
    assert desk.page.locator("[data-proposes]").inner_text() == "Propose 2"
    desk.page.get_by_role("link", name="Previous").click()
    desk.page.get_by_text("2 chosen").wait_for()
    assert desk.page.locator("input[type=checkbox][name=product]:checked").count() == 1
    # What is asked for otherwise begins again.
    desk.go("/desk/opportunities?change=raise")
    assert desk.page.get_by_text("Nothing chosen yet.").is_visible()
    assert desk.complaints == []
