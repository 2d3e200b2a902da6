"""A price experiment in a real browser, in a shop of its own: planned, saved, started, paused, ended, rolled back."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.desk import PASSWORD, WIDTHS, Desk
from tests.e2e.installation import Installation, write_sales

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = f"""
from django.contrib.auth.models import Group, User
for name, role in (("maria", "analyst"), ("noor", "manager")):
    User.objects.create_user(name, password="{PASSWORD}").groups.add(Group.objects.get(name=role))
"""
COSTS = "code,category,cost\n" + "".join(
    f"P{number:03},Category {number % 10},0.50\n" for number in range(40)
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("experiments")
    with Installation(directory, SHOP_NAME="Corner shop") as installation:
        (directory / "costs.csv").write_text(COSTS)
        installation.manage("import_transactions", str(write_sales(directory / "sales.csv", 20_000)))
        installation.manage("import_products", str(directory / "costs.csv"))
        installation.shell(f"{PEOPLE}\nprint('null')")
        with installation.server() as address:
            yield address


def prices(desk: Desk, codes: list[str]) -> list[float]:
    read = desk.page.request.get
    return [float(read(f"{desk.shop}/api/products/{code}").json()["current_price"]) for code in codes]


def columns(desk: Desk, *names: str) -> list[list[float]]:
    """Prices of the experiment's products as its page has them."""
    return [
        [float(text.strip("£")) for text in desk.page.locator(f"[data-label='{name}']").all_inner_texts()]
        for name in names
    ]


def test_which_tests_are_worth_most_comes_after_the_page(at: Any) -> None:
    maria = at(WIDTHS["desk"])
    maria.go("/desk/simulations")
    maria.page.locator("main").get_by_role("link", name="Price experiments").click()
    maria.page.wait_for_url("**/desk/experiments")
    maria.page.get_by_role("heading", name="Worth most").wait_for()
    maria.look("experiments")
    maria.page.locator("#worth tbody a").first.click()
    maria.page.get_by_role("heading", name="What it would find").wait_for()
    assert maria.complaints == []


# Each in categories of its own, which nobody else tests meanwhile.
@pytest.mark.parametrize(("width", "category"), [(390, "Category 3"), (1440, "Category 7")], ids=WIDTHS)
def test_a_manager_starts_what_an_analyst_planned_pauses_it_ends_it_and_rolls_it_back(
    at: Any, width: int, category: str
) -> None:
    maria = at(width)
    maria.go("/desk/experiments")
    maria.page.select_option("#category", category)
    maria.page.get_by_role("button", name="Plan it").click()
    maria.page.get_by_role("heading", name="What it would find").wait_for()
    maria.look("experiment-plan")
    maria.page.fill("#name", f"Trial {width}")
    maria.page.get_by_role("button", name="Save as a draft").click()
    maria.page.wait_for_url("**/desk/experiments/*")
    assert maria.page.get_by_text("A manager starts and ends experiments.").is_visible()
    address = maria.page.url.removeprefix(maria.shop)

    noor = at(width, user="noor")
    page = noor.page
    noor.go(address)
    codes = [link.get_attribute("href").rsplit("/", 1)[-1] for link in page.locator("tbody th a").all()]
    assert len(codes) == 4
    usual, new = columns(noor, "Usual", "New price")
    assert prices(noor, codes) == usual
    page.get_by_role("button", name="Start: set and hold the prices").click()
    page.get_by_role("button", name="Pause: usual prices for a while").wait_for()
    noor.look("experiment")
    assert noor.obstacles() == []
    assert page.get_by_text("No day of it is known yet").is_visible()
    page.get_by_role("button", name="Pause: usual prices for a while").click()
    page.get_by_role("button", name="Go on").wait_for()
    assert prices(noor, codes) == usual
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Pause: usual prices for a while").wait_for()

    # While it runs nobody else changes its prices; afterwards the new ones are kept, and given up at last.
    maria.go(f"/desk/products/{codes[0]}")
    assert f"Trial {width}" in maria.page.locator(".alert-warning").first.inner_text()
    assert maria.page.locator("[data-opens=propose]").count() == 0
    assert maria.complaints == []
    noor.go(address)
    page.select_option("#keep", "new_price")
    page.locator("form:has(#keep) button").click()
    page.get_by_text("In force now:").wait_for()
    assert prices(noor, codes) == new
    page.get_by_role("button", name="Roll back all prices").click()
    page.get_by_role("button", name="Roll back all prices").wait_for(state="detached")
    assert prices(noor, codes) == usual
    assert noor.complaints == []
