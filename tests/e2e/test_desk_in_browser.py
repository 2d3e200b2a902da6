"""A pricing manager works in a real browser: from a file to a recommended price, on a desk and on a phone."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.installation import Installation, write_sales

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "correct horse battery"
PEOPLE = f"""
from django.contrib.auth.models import Group, User
user = User.objects.create_user("maria", password="{PASSWORD}", is_staff=True)
user.groups.add(Group.objects.get(name="analyst"))
"""
WIDTHS = {"desk": 1440, "phone": 390}
COSTS = "code,name,category,cost\n" + "".join(
    f"P{number:03},Product {number},Things,1.50\n" for number in range(40)
)
# What the browser would refuse under our policy is told on the page, too.
LISTEN = """document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("installation"), SHOP_NAME="Corner shop") as installation:
        installation.shell(f"{PEOPLE}\nprint('null')")
        yield installation


@pytest.fixture(scope="module")
def shop(installation: Installation) -> Iterator[str]:
    with installation.server() as address:
        yield address


@pytest.fixture(scope="module")
def chrome(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    # Playwright's event loop runs in this thread, which Django takes for an asynchronous view.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


class Desk:
    """Somebody at the desk, logged in, with a window of some width; what the browser complained about is kept."""

    def __init__(self, chrome: Any, shop: str, width: int, pictures: Path, **context: Any) -> None:
        self.shop, self.pictures, self.width = shop, pictures, width
        self.context = chrome.new_context(viewport={"width": width, "height": 900}, **context)
        self.context.add_init_script(LISTEN)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self._foreign(request.url))
        self.page.on("response", lambda answer: self._failed(answer.status, answer.url))
        self.page.goto(f"{shop}/")
        self.page.fill("#id_username", "maria")
        self.page.fill("#id_password", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{shop}/desk/")

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def _foreign(self, url: str) -> None:
        if not url.startswith((self.shop, "data:")):
            self.complaints.append(f"outside: {url}")

    def _failed(self, status: int, url: str) -> None:
        if status >= 400:
            self.complaints.append(f"{status} {url}")

    def go(self, path: str) -> None:
        self.page.goto(f"{self.shop}{path}", wait_until="networkidle")

    def look(self, name: str) -> None:
        """Keep a picture; nothing may be wider than the window."""
        self.page.screenshot(path=self.pictures / f"{name}-{self.width}.png", full_page=True)
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= self.width, f"{name} is {wide} wide in a window of {self.width}"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = os.environ.get("SCREENSHOTS")
    return Path(kept) if kept else tmp_path_factory.mktemp("pictures")


@pytest.fixture
def at(chrome: Any, shop: str, pictures: Path) -> Iterator[Any]:
    desks: list[Desk] = []

    def sit_down(width: int, **context: Any) -> Desk:
        desks.append(Desk(chrome, shop, width, pictures, **context))
        return desks[-1]

    yield sit_down
    for desk in desks:
        desk.context.close()


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_every_page_is_drawn_without_a_complaint(at: Any, width: int, scheme: str) -> None:
    desk = at(width, color_scheme=scheme)
    assert desk.page.evaluate("document.documentElement.dataset.bsTheme") == scheme
    pages = {
        "overview": "/desk/",
        "products": "/desk/products",
        "product": "/desk/products/P001",
        "data": "/desk/data",
    }
    for name, path in pages.items():
        desk.go(path)
        desk.look(f"{name}-{scheme}")
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
    for _ in range(5):
        desk.page.keyboard.press("Tab")
        reached.append(desk.page.evaluate("document.activeElement.innerText.trim()"))
    assert reached == ["Skip to the content", "Corner shop", "Overview", "Products", "Data"]


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
