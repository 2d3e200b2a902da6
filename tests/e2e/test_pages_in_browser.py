"""Every page of the desk in a real browser: nothing it complains about, nothing too wide, nobody kept out.

On the demonstration shop, and with `--sales-file online_retail.csv.gz` also on a shop with the sales of this file, which takes
some minutes. Each test is one walk through all of `tests/e2e/pages.py`.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.desk import WIDTHS
from tests.e2e.pages import pages_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# What the README shows, as it is seen without scrolling.
README = {"overview": "/desk/", "opportunities": "/desk/opportunities", "product": "/desk/products/P001"}
MOST_BYTES = 250_000
LOOKS = [("en", "light"), ("de", "dark")]


@pytest.fixture(scope="module", params=["demonstration", "sales_file"])
def shop(request: pytest.FixtureRequest) -> str:
    """Each shop's address; that of the file only where one is given."""
    if request.param == "demonstration":
        return str(request.getfixturevalue("demo_shop"))
    if not request.config.getoption("--sales-file"):
        pytest.skip("no --sales-file")
    return str(request.getfixturevalue("big_shop"))


@pytest.fixture(scope="module")
def pages(request: pytest.FixtureRequest, shop: str) -> dict[str, str]:
    """Its pages' addresses by name."""
    return pages_of(request.getfixturevalue("installations")[shop])


@pytest.mark.parametrize("look", LOOKS, ids="-".join)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_every_page_is_drawn_without_a_complaint_and_keeps_nobody_out(
    at: Any, pages: dict[str, str], width: int, look: tuple[str, str]
) -> None:
    language, scheme = look
    desk = at(width, color_scheme=scheme, locale=language)
    complaints = {}
    for name, path in pages.items():
        desk.go(path)
        assert desk.page.evaluate("document.documentElement.lang") == language
        desk.look(f"{name}-{language}-{scheme}")
        if found := [*desk.complaints, *desk.obstacles()]:
            complaints[name] = found
        desk.complaints.clear()
    assert complaints == {}


@pytest.mark.parametrize("name", README)
def test_the_pictures_of_the_readme_are_small(
    at: Any, shop: str, demo_shop: str, pictures: Path, name: str
) -> None:
    if shop != demo_shop:
        pytest.skip("the README shows the demonstration")
    desk = at(WIDTHS["desk"], color_scheme="light", locale="en", device_scale_factor=1)
    desk.go(README[name])
    desk.page.wait_for_timeout(1_500)  # charts draw themselves slowly
    picture = pictures / f"readme-{name}.png"
    desk.page.screenshot(path=picture)
    assert 10_000 < picture.stat().st_size < MOST_BYTES
    assert desk.complaints == []


def test_the_check_finds_what_keeps_people_out(at: Any) -> None:
    desk = at(WIDTHS["desk"])
    desk.go("/desk/data")
    desk.page.evaluate("document.querySelector('label[for=file]').remove()")
    desk.page.evaluate("document.querySelector('#file').removeAttribute('title')")
    assert any("critical label" in found for found in desk.obstacles())
