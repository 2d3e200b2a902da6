"""What a real browser lets pages do: read the API from listed origins, and show our own pages under our policy."""

import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SALES = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    "536365,CUP,Cup,6,2010-12-01 08:26,2.55,17850,United Kingdom\n"
    "536366,MUG,Mug,2,2010-12-02 08:26,3.10,17851,France\n"
)
FETCH = """async ([address, options]) => {
    try {
        const answer = await fetch(address, options);
        return {status: answer.status, etag: answer.headers.get("ETag"), body: await answer.json()};
    } catch (error) {
        return {refused: String(error)};
    }
}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def other_origins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Two little web servers with an empty page each: of the first origin we know, of the second we do not."""
    directory = tmp_path_factory.mktemp("pages")
    (directory / "index.html").write_text("<!doctype html><title>A page of another origin</title>")
    handler = partial(_Quiet, directory=str(directory))
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tuple(f"http://127.0.0.1:{server.server_address[1]}" for server in servers)  # type: ignore[misc]
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, other_origins: tuple[str, str]) -> Iterator[str]:
    """The address of a served shop with a few sales that answers clients on this machine."""
    directory = tmp_path_factory.mktemp("installation")
    with Installation(directory, OPEN_API="true", CORS_ORIGINS=other_origins[0]) as installation:
        (directory / "sales.csv").write_text(SALES)
        installation.manage("import_transactions", str(directory / "sales.csv"))
        with installation.server() as address:
            yield address


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    # Playwright's event loop runs in this thread, which Django takes for an asynchronous view.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
    ]
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield chrome
        chrome.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


class Visit:
    """A page in a browser of its own, and what the browser complained about."""

    def __init__(self, browser: Any) -> None:
        self.page = browser.new_page()
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def to(self, address: str) -> Any:
        self.page.on("request", lambda request: self._foreign(address, request.url))
        response = self.page.goto(address, wait_until="networkidle")
        self._keep_screenshot(address)
        return response

    def _foreign(self, address: str, url: str) -> None:
        own = "/".join(address.split("/")[:3])
        if not url.startswith((own, "data:")):
            self.foreign.append(url)

    def _keep_screenshot(self, address: str) -> None:
        if directory := os.environ.get("SCREENSHOTS"):
            name = address.split("/", 3)[3].strip("/").replace("/", "-").replace("?", "-") or "home"
            self.page.screenshot(path=Path(directory) / f"{name}.png", full_page=True)

    def fetch(self, address: str, **options: Any) -> Any:
        return self.page.evaluate(FETCH, [address, options])


@pytest.fixture
def visit(browser: Any) -> Iterator[Visit]:
    visit = Visit(browser)
    yield visit
    visit.page.close()


# --- pages of other origins ------------------------------------------------------------------------

WITH_BODY = {"method": "POST", "headers": {"Content-Type": "application/json"}}


def test_a_page_of_a_listed_origin_reads_the_api(
    visit: Visit, shop: str, other_origins: tuple[str, str]
) -> None:
    visit.to(f"{other_origins[0]}/index.html")
    kpis = visit.fetch(f"{shop}/dashboard/kpis")
    assert kpis["status"] == 200
    assert list(kpis["body"])[:2] == ["Champion", "LoyalCustomers"]
    assert kpis["etag"].startswith('W/"')
    items = visit.fetch(f"{shop}/stock-items?limit=1000")
    assert {item["id"] for item in items["body"]["items"]} == {"CUP", "MUG"}


def test_a_page_of_a_listed_origin_reads_errors_too(
    visit: Visit, shop: str, other_origins: tuple[str, str]
) -> None:
    visit.to(f"{other_origins[0]}/index.html")
    for path, status in (
        ("/stock-items?limit=0", 400),
        ("/stock-items/NONE", 404),
        ("/no/such/address", 404),
    ):
        found = visit.fetch(f"{shop}{path}")
        assert (found.get("status"), found.get("body", {}).get("status")) == (status, status), (path, found)


def test_a_page_of_a_listed_origin_writes_after_asking_first(
    visit: Visit, shop: str, other_origins: tuple[str, str]
) -> None:
    visit.to(f"{other_origins[0]}/index.html")
    found = visit.fetch(f"{shop}/transactions", **WITH_BODY, body="{}")
    assert found["status"] == 400
    assert {error["field"] for error in found["body"]["errors"]} >= {"invoice_no", "stock_code", "quantity"}


@pytest.mark.parametrize("path", ["/dashboard/kpis", "/stock-items"])
def test_a_page_of_an_origin_that_is_not_listed_cannot_read(
    visit: Visit, shop: str, other_origins: tuple[str, str], path: str
) -> None:
    visit.to(f"{other_origins[1]}/index.html")
    found = visit.fetch(f"{shop}{path}")
    assert "Failed to fetch" in found["refused"]
    assert any("CORS policy" in complaint for complaint in visit.complaints)


def test_a_page_of_an_origin_that_is_not_listed_cannot_write(
    visit: Visit, shop: str, other_origins: tuple[str, str]
) -> None:
    visit.to(f"{other_origins[1]}/index.html")
    line = '{"invoice_no": "1", "stock_code": "EVIL", "quantity": 1, "unit_price": 1, "invoice_date": "2010-12-01T10:00:00Z"}'
    assert "refused" in visit.fetch(f"{shop}/transactions", **WITH_BODY, body=line)
    # A form's content type needs no question beforehand: the browser sends it, so the server must refuse.
    form = {
        "method": "POST",
        "mode": "no-cors",
        "headers": {"Content-Type": "application/x-www-form-urlencoded"},
    }
    body = "invoice_no=1&stock_code=EVIL&quantity=1&unit_price=1&invoice_date=2010-12-01T10:00:00Z"
    visit.fetch(f"{shop}/transactions", **form, body=body)
    visit.to(f"{shop}/health")
    assert visit.fetch(f"{shop}/transactions?stock_code=EVIL")["body"]["total"] == 0


# --- our own pages ---------------------------------------------------------------------------------


def test_the_documentation_draws_every_endpoint_and_tries_one_out(visit: Visit, shop: str) -> None:
    assert visit.to(f"{shop}/docs").status == 200
    visit.page.wait_for_selector(".opblock")
    wanted = visit.page.locator(".opblock-summary-path", has_text="/dashboard/kpis").first
    paths: set[str] = set()
    # A long document is drawn as far as it is looked at.
    for _ in range(200):
        paths.update(visit.page.locator(".opblock-summary-path").all_inner_texts())
        if wanted.count():
            break
        visit.page.mouse.wheel(0, 500)
        visit.page.wait_for_timeout(50)
    assert len(paths) >= 20
    wanted.click()
    visit.page.locator("button.try-out__btn").first.click()
    visit.page.locator("button.execute").first.click()
    visit.page.wait_for_selector(".live-responses-table .response-col_status")
    assert "200" in visit.page.locator(".live-responses-table .response-col_status").last.inner_text()
    assert (visit.complaints, visit.foreign) == ([], [])


@pytest.mark.parametrize("path", ["/elasticity", "/admin/login/", "/"])
def test_a_page_loads_without_a_complaint_of_the_browser(visit: Visit, shop: str, path: str) -> None:
    assert visit.to(f"{shop}{path}").status == 200
    assert (visit.complaints, visit.foreign) == ([], [])


def test_the_browsable_api_shows_the_answer_as_a_page(visit: Visit, shop: str) -> None:
    visit.to(f"{shop}/elasticity?limit=1")
    assert "total_products" in visit.page.locator("pre").inner_text()
    assert visit.page.locator("header").is_visible()


def test_somebody_logs_in_to_the_admin_and_sees_the_shop(visit: Visit, shop: str) -> None:
    visit.to(f"{shop}/admin/login/")
    visit.page.fill("#id_username", "nobody")
    visit.page.fill("#id_password", "wrong")
    visit.page.click("input[type=submit]")
    assert "Please enter the correct username and password" in visit.page.locator(".errornote").inner_text()
    assert visit.complaints == []
