"""Market, rules, bundles and alerts in a real browser, on the demonstration shop."""

import re
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# A run waits for the jobs that a server does first when it starts: minutes on a busy machine.
PATIENCE = 300_000


def test_a_rule_from_the_sentence_to_a_tenth_of_the_products(at: Any) -> None:
    desk = at(1440, user="noor")
    page = desk.page
    desk.go("/desk/rules")
    assert "Too much in stock" in page.inner_text("main")
    page.click("text=New rule")
    page.fill("#id_name", "Old tea goes")
    page.select_option("#id_condition", "stock_days_above")
    page.fill("#id_value", "30")
    page.select_option("#id_category", "Tea")
    page.fill("#id_percent", "10")
    page.fill("#id_at_most", "10")
    page.click("text=Save as a draft")
    page.wait_for_selector("text=Saved as a draft: it is off.")
    address = page.url
    page.click("button:has-text('Try it')")
    page.wait_for_selector("text=What it would do", timeout=PATIENCE)
    tried = page.inner_text("main")
    names = page.locator("tbody tr th").count()
    assert names > 0 and f"{names} would change" in tried
    assert "profit in 30 days" in tried
    # Price endings are kept.
    new_prices = re.findall(r"→ £(\d+\.\d\d)", tried)
    assert new_prices and all(price.endswith(("49", "99")) for price in new_prices)
    desk.look("rule-tried")
    page.click("button:has-text('Let it propose')")
    page.wait_for_selector("text=What it did", timeout=PATIENCE)
    did = page.inner_text("main")
    # The demonstration has an open change of one of them; a product has one at a time.
    assert f"{names - 1} proposed, 1 held back" in did, did
    assert "another change is open" in did
    page.click("button[data-opens=apply-some]")
    page.click("dialog[open] button[value='10']")
    page.wait_for_selector("text=changes prices of 10 %")
    page.wait_for_selector("text=What it did", timeout=PATIENCE)
    page.click("button:has-text('Turn off')")
    page.wait_for_selector("text=The rule is off.")
    assert page.url.startswith(address)
    assert desk.complaints == []


def test_the_emergency_stop_is_one_click_and_a_reason(at: Any) -> None:
    desk = at(390, user="noor")
    page = desk.page
    desk.go("/desk/rules")
    page.fill("#switch-reason", "Prices look odd")
    page.click("text=Stop all rules")
    page.wait_for_selector("text=Prices look odd")
    viewer = at(390, user="vera")
    viewer.go("/desk/rules/1")
    text = viewer.page.inner_text("main")
    assert "All rules are stopped." in text and "Try it" not in text
    page.click("text=Let rules run again")
    page.wait_for_selector("text=Rules may change prices again.")
    assert desk.complaints == viewer.complaints == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_price_relation_is_laid_down_seen_at_its_product_and_deleted(at: Any, width: int) -> None:
    desk = at(width, user="noor")
    page = desk.page
    desk.go("/desk/rules")
    page.click("main a:has-text('Price relations')")
    page.click("text=New relation")
    page.fill("#id_name", f"Two teas {width}")
    page.select_option("#id_kind", "steps")
    page.fill("#id_gap_percent", "5")
    page.fill("#id_members", "P001\nP002")
    page.click("main button:has-text('Save')")
    page.wait_for_selector("text=Recommendations and rules keep to it from now on.")
    desk.look(f"relation-{width}")
    assert desk.obstacles() == []
    page.click("main tbody a >> nth=0")
    page.click(f"text=Two teas {width}")
    page.click("button[data-opens=delete]")
    page.click("dialog[open] button[value=delete]")
    page.wait_for_selector("text=The relation is deleted.")
    assert desk.obstacles() == []
    assert desk.complaints == []


def test_the_market_is_filtered_by_the_address_and_back_works(at: Any) -> None:
    desk = at(1440)
    page = desk.page
    desk.go("/desk/market")
    everything = page.inner_text("[role=status]")
    page.select_option("#position", "Above Average")
    page.select_option("#category", "Tea")
    page.click("text=Show")
    page.wait_for_url("**position=Above**")
    rows = page.locator("tbody tr")
    assert 0 < rows.count() <= 30
    assert all("above the market" in text for text in rows.all_inner_texts())
    page.go_back()
    page.wait_for_url("**/desk/market")
    assert page.inner_text("[role=status]") == everything
    assert desk.complaints == []


def test_a_pair_that_is_bought_together_is_priced_as_a_bundle(at: Any) -> None:
    desk = at(1440)
    page = desk.page
    desk.go("/desk/products")
    page.click("text=Bundles and categories")
    page.locator("section[aria-labelledby=together] tbody th a").first.click()
    page.wait_for_selector("text=Buyers save")
    assert "15.0 %" in page.inner_text("section[aria-labelledby=offer]")
    assert desk.complaints == []


def test_an_alert_is_seen_and_stands_on(at: Any) -> None:
    desk = at(390)
    page = desk.page
    desk.go("/desk/alerts?state=new")
    before = page.locator("main li.list-group-item").count()
    assert before > 0
    page.locator("button:has-text('Seen')").first.click()
    page.wait_for_selector("text=Noted as seen:")
    assert page.locator("main li.list-group-item").count() == before - 1
    desk.go("/desk/alerts")
    assert "seen by maria" in page.inner_text("main")
    assert desk.complaints == []
