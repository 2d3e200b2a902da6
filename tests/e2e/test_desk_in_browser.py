"""A pricing manager works in a real browser: from a file to a recommended price, on a desk and on a phone."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.desk import PASSWORD, WIDTHS
from tests.e2e.installation import Installation, write_sales

# What the element that the keyboard has reached is called.
CALLED = """(() => {
    const at = document.activeElement;
    return at.ariaLabel || at.innerText.trim() || at.placeholder;
})()"""
pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = f"""
from django.contrib.auth.models import Group, User
user = User.objects.create_user("maria", password="{PASSWORD}", is_staff=True)
user.groups.add(Group.objects.get(name="analyst"))
"""
COSTS = "code,name,category,cost\n" + "".join(
    f"P{number:03},Product {number},Things,1.50\n" for number in range(40)
)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("installation"), SHOP_NAME="Corner shop") as installation:
        installation.shell(f"{PEOPLE}\nprint('null')")
        yield installation


@pytest.fixture(scope="module")
def shop(installation: Installation) -> Iterator[str]:
    with installation.server() as address:
        yield address


def test_from_a_file_to_a_recommended_price(at: Any, tmp_path: Path) -> None:
    """The first of these tests: those after it look at the shop that it fills."""
    desk = at(WIDTHS["desk"])
    desk.look("empty")
    desk.page.click("text=Load your sales")
    sales = write_sales(tmp_path / "sales.csv", 20_000)
    with sales.open("a") as file:
        file.write("999,P001,Product 1,many,2020-01-01 10:00,1.00,,United Kingdom\n")
    (tmp_path / "costs.csv").write_text(COSTS)
    for name, kind in ((sales.name, "sales"), ("costs.csv", "products and costs")):
        desk.go("/desk/data")
        desk.page.set_input_files("#file", tmp_path / name)
        desk.page.click("text=Check it")
        desk.page.wait_for_selector("text=Would be accepted", timeout=60_000)
        assert kind in desk.page.locator("main").inner_text()
        desk.look(f"check-{name.removesuffix('.csv')}")
        desk.page.click("button[value=import]")
        desk.page.wait_for_selector("text=/Ready: \\d+ products/", timeout=120_000)
        desk.look(f"ready-{name.removesuffix('.csv')}")
    assert re.search(r"Ready: 40 products, \d+ with grade A or B", desk.page.inner_text("main"))
    desk.page.click("text=To the products")
    desk.page.fill("#q", "product 1")
    desk.page.click("text=Show")
    desk.page.locator("tbody a").first.click()
    desk.page.wait_for_selector("[data-chart] canvas")
    assert "Recommended price" in desk.page.inner_text("main")
    assert desk.complaints == []


def test_a_chart_tells_its_figures_under_the_pointer(at: Any) -> None:
    desk = at(WIDTHS["desk"])
    desk.go("/desk/products/P001")
    for chart in desk.page.locator("[data-chart]").all():
        chart.hover(position={"x": 200, "y": 150})
        chart.hover(position={"x": 300, "y": 160})
    desk.look("tooltip")
    assert desk.complaints == []


def test_a_menu_below_leads_on_a_phone_and_one_above_on_a_desk(at: Any) -> None:
    for width, shown, hidden in ((390, ".desk-bottom", ".desk-top"), (1440, ".desk-top", ".desk-bottom")):
        desk = at(width)
        assert desk.page.locator(shown).is_visible()
        assert desk.page.locator(hidden).is_hidden()
        desk.page.locator(f"{shown} >> text=Products").click()
        desk.page.wait_for_url("**/desk/products")


def test_back_leads_to_what_was_filtered(at: Any) -> None:
    desk = at(WIDTHS["desk"])
    desk.go("/desk/products")
    desk.page.fill("#q", "product 2")
    desk.page.click("text=Show")
    desk.page.locator("tbody a").first.click()
    desk.page.wait_for_selector("text=Recommended price")
    desk.page.go_back()
    assert desk.page.input_value("#q") == "product 2"


def test_the_keyboard_reaches_everything_in_order(at: Any) -> None:
    desk = at(WIDTHS["desk"])
    reached = []
    for _ in range(15):
        desk.page.keyboard.press("Tab")
        reached.append(desk.page.evaluate(CALLED))
    assert reached[:3] == ["Skip to the content", "Corner shop", "Code, name or customer"]
    assert reached[3].split(" ", 1)[1] in ("open alert", "open alerts")
    assert reached[4:6] == ["Set up", "Menu of maria"]
    assert reached[6:] == [
        "Overview", "Opportunities", "Products", "Customers", "Simulations", "Market", "Rules", "Changes", "Data",
    ]  # fmt: skip


def test_a_dialog_asks_before_an_import_is_reverted(at: Any) -> None:
    desk = at(WIDTHS["phone"])
    desk.go("/desk/data")
    desk.page.click("text=sales.csv")
    desk.page.click("text=Revert this import")
    assert desk.page.locator("dialog").is_visible()
    desk.look("revert")
    desk.page.keyboard.press("Escape")
    assert desk.page.locator("dialog").is_hidden()
    assert desk.complaints == []
