"""A browser, and a demonstration shop with people in every role, for the tests of pages."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.big_shop import fill
from tests.e2e.desk import PASSWORD, Desk
from tests.e2e.installation import Installation

PEOPLE = f"""
from django.contrib.auth.models import Group, User
User.objects.create_user("vera").groups.add(Group.objects.get(name="viewer"))
for user in User.objects.all():
    user.set_password("{PASSWORD}")
    user.save()
"""


# The calendar of a shop whose sales ended long ago stands still, as in the demonstration: its rules would rest for ever.
STILL = {"DATA_STALE_AFTER_DAYS": "100000"}


@pytest.fixture(scope="package", autouse=True)
def without_extra() -> Iterator[None]:
    """Have servers and workers run as requirements.txt installs them: learning would take the processor from the tests.

    Not for longer than this package: other tests start processes of their own.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent / "without_extra"))
        yield


@pytest.fixture(scope="session")
def installations() -> dict[str, Installation]:
    """The shops that tests share, by address."""
    return {}


@pytest.fixture(scope="session")
def demo_shop(
    tmp_path_factory: pytest.TempPathFactory, installations: dict[str, Installation]
) -> Iterator[str]:
    """The address of a served demonstration shop. Its tests share it: what one changes, others find changed."""
    with Installation(tmp_path_factory.mktemp("demo_shop"), SHOP_NAME="Corner shop", **STILL) as installation:
        installation.manage("demo", "--no-serve")
        installation.shell(f"{PEOPLE}\nprint('null')")
        with installation.server() as address:
            installations[address] = installation
            yield address


@pytest.fixture(scope="session")
def big_shop(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    installations: dict[str, Installation],
) -> Iterator[str]:
    """The address of a shop with the sales of `--sales-file`."""
    with Installation(tmp_path_factory.mktemp("big_shop"), SHOP_NAME="Gift shop", **STILL) as installation:
        fill(installation, Path(request.config.getoption("--sales-file")))
        with installation.server() as address:
            installations[address] = installation
            yield address


@pytest.fixture(scope="module")
def shop(demo_shop: str) -> str:
    """Where a module's pages are; a module with a shop of its own replaces this."""
    return demo_shop


@pytest.fixture(scope="module")
def chrome(chromium: str) -> Iterator[Any]:
    """Of the module: its event loop must not stay for the tests of others."""
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


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = os.environ.get("SCREENSHOTS")
    return Path(kept) if kept else tmp_path_factory.mktemp("pictures")


@pytest.fixture
def at(chrome: Any, shop: str, pictures: Path) -> Iterator[Any]:
    """Sit down at the desk of the module's `shop`; `user` is maria (analyst), noor (manager) or vera (viewer)."""
    desks: list[Desk] = []

    def sit_down(width: int, **context: Any) -> Desk:
        desks.append(Desk(chrome, shop, width, pictures, **context))
        return desks[-1]

    yield sit_down
    for desk in desks:
        desk.context.close()
