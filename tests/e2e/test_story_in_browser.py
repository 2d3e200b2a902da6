"""The whole story in one shop of its own: from a file of sales to prices in effect, back again, and whether they paid.

With `--sales-file online_retail.csv.gz` the sales are those of this file, in the layout of UCI's Online Retail; it takes
some minutes.
"""

import base64
import csv
import datetime as dt
import gzip
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.desk import PASSWORD, WIDTHS, Desk
from tests.e2e.installation import Installation, wait_until, write_sales

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MOST_CLICKS = 12
MOST_MINUTES = 15
CHOSEN = 20
# Kept back from the first file, to be loaded once prices were in effect: a whole outcome takes 28.
DAYS_LATER = 35
PEOPLE = f"""
from django.contrib.auth.models import Group, User
for name, role in (("maria", "analyst"), ("noor", "manager")):
    user = User.objects.create_user(name, password="{PASSWORD}", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
"""
# Nobody can wait for four weeks: the changes are taken to have been in effect from the day that the first sales end.
LONG_AGO = """
import datetime as dt, sys
from pricing.sales.models import PriceChange
then = dt.datetime.fromisoformat(sys.argv[1]).replace(tzinfo=dt.timezone.utc)
print(PriceChange.objects.filter(batch=sys.argv[2]).update(changed_at=then))
"""
COUNT_CLICKS = """addEventListener("click", (event) => {
    if (event.isTrusted) { sessionStorage.clicks = Number(sessionStorage.clicks || 0) + 1; }
}, true);"""
DROP = """([name, packed]) => {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name, { type: "text/csv" }));
    for (const kind of ["dragenter", "dragover", "drop"]) {
        const event = new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true });
        document.querySelector("[data-drop]").dispatchEvent(event);
    }
}"""
Line = dict[str, str]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("story"), SHOP_NAME="Gift shop") as installation:
        installation.shell(f"{PEOPLE}\nprint('null')")
        yield installation


@pytest.fixture(scope="module")
def shop(installation: Installation) -> Iterator[str]:
    with installation.server() as address:
        yield address


@pytest.fixture(scope="module")
def lines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Line]:
    """Sales in the layout of UCI's Online Retail: a few thousand simulated lines, or those of `--sales-file`."""
    if given := request.config.getoption("--sales-file"):
        packed = Path(given).read_bytes()
        text = (gzip.decompress(packed) if given.endswith(".gz") else packed).decode("latin-1")
        return list(csv.DictReader(text.splitlines()))
    path = write_sales(tmp_path_factory.mktemp("sales") / "sales.csv", 40_000, products=120)
    with path.open() as file:
        found = list(csv.DictReader(file))
    for line in found:
        moment = dt.datetime.fromisoformat(line["InvoiceDate"])
        line["InvoiceDate"] = f"{moment.month}/{moment.day}/{moment.year} {moment:%H:%M}"
    return found


def day_of(line: Line) -> dt.date:
    month, day, year = map(int, line["InvoiceDate"].split(" ")[0].split("/"))
    return dt.date(year, month, day)


def write(path: Path, lines: Iterable[Line]) -> Path:
    rows = list(lines)
    with path.open("w", newline="", encoding="latin-1") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def costs_of(lines: Iterable[Line]) -> list[Line]:
    """A cost for every product: from 45 to 70 percent of the middle one of its prices."""
    prices = defaultdict(list)
    for line in lines:
        if float(line["UnitPrice"]) > 0:
            prices[line["StockCode"]].append(float(line["UnitPrice"]))
    share = {code: 0.45 + 0.05 * (place % 6) for place, code in enumerate(sorted(prices))}
    return [
        {"code": code, "cost": f"{share[code] * statistics.median(paid):.2f}"}
        for code, paid in prices.items()
    ]


def drop(desk: Desk, path: Path) -> None:
    """Let a file fall on the page, as a mouse would."""
    desk.page.evaluate(DROP, [path.name, base64.b64encode(path.read_bytes()).decode()])


def load(desk: Desk, path: Path, kind: str, picture: str) -> str:
    """Drop a file on the page of data, read its check, import it; return what the page says once the figures are there."""
    page = desk.page
    page.wait_for_url("**/desk/data")
    drop(desk, path)
    page.get_by_text("Would be accepted").wait_for(timeout=300_000)
    checked = page.inner_text("main")
    assert kind in checked
    assert re.search(r"Refused\s+0\b", checked)
    desk.look(f"story-{picture}-check")
    page.get_by_role("button", name=re.compile(r"Import [\d,]+ rows")).click()
    ready = page.get_by_text(re.compile(r"Ready: [\d,]+ products, [\d,]+ with grade A or B"))
    ready.wait_for(timeout=600_000)
    desk.look(f"story-{picture}-ready")
    return str(ready.inner_text())


def confirm(desk: Desk, step: str, note: str = "") -> None:
    dialog = desk.page.locator("dialog[open]")
    dialog.get_by_text(f"{step}: {CHOSEN} prices").wait_for()
    asked = dialog.inner_text()
    below_cost = r"go back to those before" if step == "Undo" else r"Below cost\s+\d"
    assert re.search(below_cost, asked)
    if note:
        dialog.get_by_label("Why").fill(note)
    desk.look(f"story-{step.lower()}")
    dialog.get_by_role("button", name=step, exact=True).click()


def test_from_a_file_to_prices_in_effect_and_back_and_whether_they_paid(
    at: Any, installation: Installation, lines: list[Line], tmp_path: Path
) -> None:
    days = sorted({day_of(line) for line in lines})
    turn = days[-1] - dt.timedelta(days=DAYS_LATER)
    sales = write(tmp_path / "sales.csv", (line for line in lines if day_of(line) < turn))
    newer = write(tmp_path / "newer.csv", (line for line in lines if day_of(line) >= turn))
    costs = write(tmp_path / "costs.csv", costs_of(lines))

    # From the first page to a recommended price, every click counted.
    maria = at(WIDTHS["desk"])
    page = maria.page
    maria.context.add_init_script(COUNT_CLICKS)
    begun = time.monotonic()
    maria.go("/desk/")
    page.get_by_role("link", name="Load your sales").click()
    load(maria, sales, "sales", "sales")
    page.locator(".desk-top").get_by_role("link", name="Data").click()
    load(maria, costs, "products and costs", "costs")
    page.locator(".desk-top").get_by_role("link", name="Opportunities").click()
    wait_until(lambda: has_opportunities(page), "recommendations are worked out in the background")
    recommended = page.locator("tbody tr").first.locator("[data-label=Price] strong").inner_text()
    page.locator("tbody th a").first.click()
    page.get_by_role("heading", name="Recommended price").wait_for()
    assert recommended in page.locator("section[aria-labelledby=recommended]").inner_text()
    maria.look("story-product")
    clicks = int(page.evaluate("sessionStorage.clicks"))
    assert 5 <= clicks <= MOST_CLICKS, f"{clicks} clicks to a recommended price"
    minutes = (time.monotonic() - begun) / 60
    assert minutes <= MOST_MINUTES, f"{minutes:.1f} minutes to a recommended price"

    # Twenty are chosen and proposed.
    page.go_back()
    ticks = page.locator("input[name=product]")
    for row in range(CHOSEN):
        ticks.nth(row).check()
    page.get_by_text(f"{CHOSEN} chosen").wait_for()
    page.get_by_role("button", name=f"Propose {CHOSEN}").click()
    page.wait_for_url("**/desk/changes/batch/**")
    page.get_by_text(f"{CHOSEN} prices proposed.").wait_for()
    batch = page.url.removeprefix(maria.shop).split("?")[0]
    assert page.get_by_role("button", name="Approve").count() == 0

    # Somebody else decides.
    noor = at(WIDTHS["desk"], user="noor")
    noor.go(batch)
    noor.look("story-batch")
    for step in ("Approve", "Apply"):
        noor.page.get_by_role("button", name=f"{step}: {CHOSEN} ticked").click()
        confirm(noor, step)
        said = {"Approve": f"{CHOSEN} prices approved.", "Apply": f"{CHOSEN} prices in effect."}[step]
        noor.page.get_by_text(said).wait_for()
    code = noor.page.locator("tbody th a").first.get_attribute("href").rsplit("/", 1)[-1]
    changed = noor.page.locator("tbody tr").first.locator("[data-label=Price]").inner_text()
    old, new = re.findall(r"\d+\.\d\d", changed)
    assert price_of(noor, code) == float(new)
    noor.page.get_by_role("button", name="Undo", exact=True).click()
    confirm(noor, "Undo", note="A trial")
    noor.page.get_by_text(f"{CHOSEN} prices undone.").wait_for()
    assert price_of(noor, code) == float(old)
    assert "No sales since: load newer ones" in noor.page.inner_text("tbody")

    # Four weeks later: whether it paid.
    assert installation.shell(LONG_AGO, turn.isoformat(), batch.rsplit("/", 1)[-1]) == CHOSEN
    maria.go("/desk/data")
    load(maria, newer, "sales", "newer")
    maria.go(f"{batch}?state=undone")
    found = page.locator("[data-label='Did it pay?']").all_inner_texts()
    assert len(found) == CHOSEN
    assert all(re.search(r"profit in 28 days$", each) for each in found), found
    maria.look("story-outcome")
    maria.go("/desk/")
    maria.look("story-overview")
    assert (maria.complaints, noor.complaints) == ([], [])


def has_opportunities(page: Any) -> bool:
    page.reload()
    return bool(page.locator("input[name=product]").count())


def price_of(desk: Desk, code: str) -> float:
    return float(desk.page.request.get(f"{desk.shop}/api/products/{code}").json()["current_price"])
