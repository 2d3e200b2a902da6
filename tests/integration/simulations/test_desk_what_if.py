"""What if, proposals and tabs on the page of a product: the answers of the API, and who may do what."""

import datetime as dt
import html
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from elastix.dataset.models import DataVersion
from elastix.imports.models import ImportBatch
from pricing.recommendation.core.limits import CEILINGS, FLOORS
from pricing.sales.models import PriceChange, Product
from simulations.pages.tabs import TABS
from tests.conftest import user_with_role
from tests.factories import (
    CompetitorPriceFactory,
    ForecastModelFactory,
    PriceChangeFactory,
    PricedProductFactory,
    PricePolicyFactory,
    ProductFactory,
)
from tests.shops import AS_OF

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


@pytest.fixture
def analyst_at(client: Client, analyst: User) -> Client:
    client.force_login(analyst)
    return client


def page_of(browser: Client, path: str, part: str = "", status: int = 200) -> str:
    headers = {"HX-Request": "true", "HX-Target": part} if part else {}
    answer = browser.get(f"/desk/products/{path}", headers=headers)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def data_of(page: str, identifier: str) -> Any:
    found = re.search(rf'<div hidden id="{identifier}">(.*?)</div>', page)
    assert found
    return json.loads(html.unescape(found[1]))


@pytest.fixture
def sold(db: None) -> None:
    """The day up to which sales are known: without it nothing is expected of any price."""
    DataVersion.objects.create(pk=1, sales_version=1, published_version=1, time_zone="UTC", as_of=AS_OF)
    ForecastModelFactory()


# --- what if -------------------------------------------------------------------------------------------

ASKED = "price=13.99&cost=8.00&demand_factor=1.5&response_factor=2"


def test_a_move_of_the_sliders_answers_as_the_api_does(
    browser: Client, viewer_client: APIClient, sold: None
) -> None:
    PricedProductFactory(code="P001")
    page = page_of(browser, f"P001?{ASKED}", "what-if")
    body = {"product_id": "P001", "new_price": 13.99, "cost": 8, "demand_factor": 1.5, "response_factor": 2}
    answer = viewer_client.post("/api/price/simulate", body, "json").json()
    units, profit = answer["projected"]["quantity"], answer["projected"]["profit"]
    low, high = answer["interval"]["profit"]
    assert units > 100
    assert f"<dd>{units:,.0f} <span" in page
    assert f"<dd>£{profit:,.0f} <span" in page
    assert f"(£{low:,.0f} to £{high:,.0f})" in page
    curve = viewer_client.get(f"/api/analytics/demand-curve/P001?{ASKED.partition('&')[2]}").json()
    drawn = data_of(page, "curve-data")
    assert drawn["x"] == [point["price"] for point in curve["curve_points"]]
    assert drawn["second"] == [point["profit"] for point in curve["curve_points"]]
    assert {"name": "tried", "x": 13.99} in drawn["marks"]


def test_demand_and_response_move_the_curve_and_not_the_recommendation(browser: Client, sold: None) -> None:
    PricedProductFactory(code="P001", estimate__std_error=0.05)
    today, tried = (page_of(browser, path) for path in ("P001", "P001?demand_factor=2&response_factor=2"))
    recommended = [re.search(r'<p class="fs-3 mb-1">(£[\d.]+)', page) for page in (today, tried)]
    assert all(recommended)
    assert recommended[0][1] == recommended[1][1]  # type: ignore[index]
    before, after = (data_of(page, "curve-data") for page in (today, tried))
    middle = before["x"].index(12.99)
    assert after["y"][middle] == pytest.approx(2 * before["y"][middle], rel=0.01)
    assert after["y"][-1] / after["y"][middle] < before["y"][-1] / before["y"][middle]


def test_a_move_answers_with_the_part_alone_and_the_values_of_the_sliders(browser: Client) -> None:
    PricedProductFactory(code="P001")
    page = page_of(browser, f"P001?{ASKED}", "what-if")
    assert page.startswith('<div id="what-if">')
    assert "<html" not in page
    assert 'hx-swap-oob="true">£13.99</output>' in page
    assert 'hx-swap-oob="true">150 %</output>' in page
    # The tabs lead on with what is tried.
    assert re.search(r'<nav id="tabs"[^>]* hx-swap-oob="true">.*price=13\.99.*tab=sales', page)


def test_the_address_keeps_the_sliders(browser: Client) -> None:
    PricedProductFactory(code="P001")
    page = page_of(browser, f"P001?{ASKED}")
    for name, value in (("price", "13.99"), ("cost", "8.00"), ("demand_factor", "1.5")):
        assert re.search(rf'name="{name}" min="[\d.]+" max="[\d.]+" step="[\d.]+" value="{value}0*"', page)
    assert 'hx-replace-url="true"' in page


@pytest.mark.parametrize(
    "nonsense", ["price=-1", "price=many", "response_factor=9", "demand_factor=nan", "cost=x", "price=%00"]
)
def test_what_cannot_be_tried_counts_as_not_said(browser: Client, nonsense: str) -> None:
    PricedProductFactory(code="P001")
    as_it_is, asked = (page_of(browser, path, "what-if") for path in ("P001", f"P001?{nonsense}"))
    assert re.findall(r"<dd>.*?</dd>", asked) == re.findall(r"<dd>.*?</dd>", as_it_is)
    assert data_of(asked, "curve-data") == data_of(as_it_is, "curve-data")
    assert re.findall("<output.*?</output>", asked) == re.findall("<output.*?</output>", as_it_is)


def test_without_a_cost_one_can_be_tried(browser: Client) -> None:
    PricedProductFactory(code="P001", cost=None)
    page = page_of(browser, "P001")
    assert "Cost to try" in page
    assert data_of(page, "curve-data")["second"] == []
    part = page_of(browser, "P001?cost=5", "what-if")
    assert data_of(part, "curve-data")["second"] != []
    assert "shown-cost" not in part  # the page has no slider that could show it


def test_without_a_price_there_is_nothing_to_try(browser: Client) -> None:
    ProductFactory(code="NEW")
    assert "Without a price there is no curve." in page_of(browser, "NEW?price=3", "what-if")


def test_an_assumed_cost_is_marked_wherever_it_counts(browser: Client) -> None:
    PricedProductFactory(code="P001", cost=None)
    PricePolicyFactory(assumed_cost_ratio=Decimal("0.6"))
    page = page_of(browser, "P001")
    # 60 % of 12.99 is 7.794: a margin of 40 %.
    assert "<dt>Cost</dt><dd>£7.79 <span" in page
    assert "<dt>Margin</dt><dd>40.0 % <span" in page
    # Margin, what is to be noted, gain of what is recommended, and profit of what is tried.
    assert page.count("cost assumed") == 4
    assert "The cost is assumed" in page


def test_the_scenarios_are_those_of_the_api(browser: Client, viewer_client: APIClient, sold: None) -> None:
    PricedProductFactory(code="P001", estimate__std_error=0.05)
    page = page_of(browser, "P001")
    answer = viewer_client.post("/api/price/scenarios", {"product_id": "P001"}, "json").json()["scenarios"]
    prices = [float(each) for each in re.findall(r"<strong>[\w ]+</strong> <span>£([\d.]+)", page)]
    assert prices == [each["price"] for each in answer]
    assert [name in page for name in ("Careful step", "Bold step", "As today")] == [True] * 3


def test_the_track_ends_where_the_limits_do(browser: Client, viewer_client: APIClient) -> None:
    PricedProductFactory(code="P001", estimate__std_error=0.05)
    PricePolicyFactory(min_price=Decimal("12.50"), max_price=Decimal("14.00"))
    page = page_of(browser, "P001")
    answer = viewer_client.get("/api/price/recommend/P001").json()["constraints"]
    low = max(each["bound"] for each in answer if each["rule"] in FLOORS)
    high = min(each["bound"] for each in answer if each["rule"] in CEILINGS)
    assert (low, high) == (12.5, 14.0)
    assert f">lowest £{low:.2f}</text>" in page
    assert f">highest £{high:.2f}</text>" in page
    assert ">today £12.99</text>" in page
    assert " style=" not in page


def test_the_curve_marks_what_competitors_ask(browser: Client, sold: None) -> None:
    product = PricedProductFactory(code="P001")
    CompetitorPriceFactory(product=product, price=Decimal("12.00"))
    assert {"name": "competitors", "x": 12.0} in data_of(page_of(browser, "P001"), "curve-data")["marks"]


def test_of_a_borrowed_elasticity_the_band_counts(browser: Client) -> None:
    PricedProductFactory(code="P001", estimate__quality="D")
    PricedProductFactory(code="P002", estimate__quality="A")
    assert data_of(page_of(browser, "P001"), "curve-data")["doubtful"] is True
    assert "Borrowed from its category" in page_of(browser, "P001")
    assert data_of(page_of(browser, "P002"), "curve-data")["doubtful"] is False


def test_the_stock_says_how_many_days_it_lasts(browser: Client, viewer_client: APIClient) -> None:
    PricedProductFactory(code="P001", stock_level=100)
    assert "<dt>Stock lasts</dt><dd>2 days</dd>" in page_of(browser, "P001")  # at 1,200 in 30 days
    assert viewer_client.get("/api/products/P001").json()["stock_days"] == 2
    ForecastModelFactory()
    DataVersion.objects.update_or_create(pk=1, defaults={"as_of": AS_OF})
    PricedProductFactory(code="SLOWER", stock_level=100, forecast__month=300)
    assert "<dt>Stock lasts</dt><dd>10 days</dd>" in page_of(browser, "SLOWER")  # sold 1,200, expected 300
    ProductFactory(code="NEW", stock_level=5)
    assert "<dt>Stock lasts</dt><dd>nothing sells</dd>" in page_of(browser, "NEW")


# --- proposals -----------------------------------------------------------------------------------------


def propose(browser: Client, **said: str) -> Any:
    return browser.post("/desk/products/P001", said)


def test_an_analyst_proposes_a_price_and_the_page_shows_it(analyst_at: Client) -> None:
    PricedProductFactory(code="P001")
    assert "Propose" in page_of(analyst_at, "P001")
    answer = propose(analyst_at, price="13.49", reason="A try")
    assert answer.status_code == 302
    change = PriceChange.objects.get()
    assert (change.new_price, change.proposed_by, change.source) == (Decimal("13.49"), "analyst", "proposal")
    page = page_of(analyst_at, "P001")
    assert "There is an open proposal: £13.49, proposed, by analyst" in page
    assert "data-opens" not in page


def test_the_recommended_price_is_proposed_as_recommended(
    analyst_at: Client, viewer_client: APIClient
) -> None:
    PricedProductFactory(code="P001", estimate__std_error=0.05)
    price = viewer_client.get("/api/price/recommend/P001").json()["recommended_price"]
    propose(analyst_at, price=str(price))
    assert PriceChange.objects.get().source == "recommendation"


def test_a_second_proposal_is_refused_in_words(analyst_at: Client) -> None:
    PricedProductFactory(code="P001")
    propose(analyst_at, price="13.49")
    answer = propose(analyst_at, price="13.99")
    assert answer.status_code == 409
    first = PriceChange.objects.get()
    sentence = f"Change {first.pk} of P001, 12.99 to 13.49, awaits a decision: apply or reject it first."
    assert f"Nothing was proposed. {sentence}" in answer.content.decode()


def test_a_second_proposal_is_refused_in_the_language_of_the_user(analyst_at: Client) -> None:
    change = PriceChangeFactory(
        product=PricedProductFactory(code="P001"),
        status="approved",
        old_price=Decimal("12.99"),
        new_price=Decimal("13.49"),
    )
    answer = analyst_at.post("/desk/products/P001", {"price": "13.99"}, headers={"Accept-Language": "de"})
    assert answer.status_code == 409
    sentence = f"Änderung {change.pk} von P001, 12,99 auf 13,49, ist genehmigt und wartet"
    assert f"Es wurde nichts vorgeschlagen. {sentence}" in answer.content.decode()
    assert PriceChange.objects.count() == 1


def test_a_change_that_is_decided_on_is_no_open_proposal(analyst_at: Client) -> None:
    product = PricedProductFactory(code="P001")
    PriceChangeFactory(product=product, is_applied=True, old_price=Decimal(12), new_price=Decimal("12.99"))
    assert propose(analyst_at, price="13.49").status_code == 302


@pytest.mark.parametrize("price", ["", "x", "0", "-3", "12.99", "8.00"])
def test_a_price_that_may_not_be_proposed_is_refused_in_words(analyst_at: Client, price: str) -> None:
    PricedProductFactory(code="P001")  # at 12.99, cost 8.50
    answer = propose(analyst_at, price=price)
    assert answer.status_code == 400
    assert "alert-danger" in answer.content.decode()
    assert not PriceChange.objects.exists()


def test_viewers_propose_nothing(browser: Client) -> None:
    PricedProductFactory(code="P001")
    assert "data-opens" not in page_of(browser, f"P001?{ASKED}")
    assert propose(browser, price="13.49").status_code == 403
    assert not PriceChange.objects.exists()


def test_who_is_not_logged_in_is_sent_to_the_login(client: Client) -> None:
    PricedProductFactory(code="P001")
    assert propose(client, price="13.49")["Location"].startswith("/desk/login")
    assert not PriceChange.objects.exists()


def test_an_unknown_product_takes_no_proposal(client: Client) -> None:
    client.force_login(user_with_role("analyst"))
    assert client.post("/desk/products/NONE", {"price": "1"}).status_code == 404


# --- tabs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_is_shown_alone_and_in_its_page(
    browser: Client, shop: ImportBatch, tab: str, django_assert_max_num_queries: Any
) -> None:
    Product.objects.filter(code="CUP").update(cost=Decimal("1.50"), category="Drinks")
    part = page_of(browser, f"CUP?tab={tab}", "tab")
    assert part.startswith('<div id="tab">')
    assert "<html" not in part
    with django_assert_max_num_queries(40):
        page = page_of(browser, f"CUP?tab={tab}")
    heading = re.search(r'aria-current="true">([^<]+)</a>', page)
    assert heading
    assert heading[1] == str(TABS[tab][0])
    assert part.count("data-chart=") == part.count("<summary>Figures of the ")


def test_a_tab_there_is_not_is_the_first(browser: Client) -> None:
    PricedProductFactory(code="P001")
    assert 'aria-current="true">Forecast</a>' in page_of(browser, "P001?tab=nothing")


def test_competitors_are_those_of_the_market(browser: Client, viewer_client: APIClient, sold: None) -> None:
    product = PricedProductFactory(code="P001")
    CompetitorPriceFactory(product=product, competitor_name="Corner", price=Decimal("11.99"))
    answer = viewer_client.get("/api/market/competitors/P001").json()
    page = page_of(browser, "P001?tab=competitors", "tab")
    assert answer["recommendation"].replace("'", "&#x27;") in page
    assert '<th scope="row">Corner</th>' in page
    assert "£11.99" in page
    assert "yes, it counts" in page
    assert [line["name"] for line in data_of(page, "market-data")["lines"]] == ["Corner"]


SEGMENTS = {
    "Champion": "Champions", "LoyalCustomers": "Loyal customers", "PotentialLoyalists": "Potential loyalists",
    "AtRisk": "At risk", "Hibernating": "Hibernating", "Lost": "Lost",
}  # fmt: skip


def test_who_buys_it_is_shown_by_segment(
    browser: Client, viewer_client: APIClient, shop: ImportBatch
) -> None:
    answer = viewer_client.get("/segments/buyers/CUP").json()["segments"]
    page = page_of(browser, "CUP?tab=buyers", "tab")
    assert answer
    for each in answer:
        assert f'<th scope="row">{SEGMENTS[each["segment"]]}</th>' in page
    assert sum(each["share_percent"] for each in answer) == pytest.approx(100, abs=0.3)


def test_without_customers_nobody_is_said_to_buy_it(browser: Client) -> None:
    PricedProductFactory(code="P001")
    assert "it is not known who buys it" in page_of(browser, "P001?tab=buyers", "tab")


def test_diagnostics_of_too_little_say_why(browser: Client) -> None:
    PricedProductFactory(code="P001")
    # They load what takes a second: the page asks for them once it is there.
    later = page_of(browser, "P001?tab=diagnostics", "tab")
    assert 'hx-get="?tab=diagnostics&amp;worked=1" hx-trigger="load"' in later
    assert "no regression to look at" not in later
    assert "no regression to look at" in page_of(browser, "P001?tab=diagnostics&worked=1", "tab")
    # Other tabs do not carry it along.
    assert "worked=1" not in page_of(browser, "P001?tab=sales&worked=1", "tab")


def test_sales_are_paged(browser: Client, shop: ImportBatch) -> None:
    first, second = (page_of(browser, f"CUP?tab=sales&page={number}", "tab") for number in (1, 2))
    assert "Page 1 of " in first
    assert 'rel="prev"' in second
    assert first.count("<tr>") == 51


def test_prices_paid_are_drawn_by_day(browser: Client, shop: ImportBatch) -> None:
    page = page_of(browser, "CUP?tab=history", "tab")
    points = data_of(page, "price-data")["lines"][0]["points"]
    assert points == sorted(points)
    assert dt.date.fromisoformat(points[0][0]) < dt.date.fromisoformat(points[-1][0])


# --- German --------------------------------------------------------------------------------------------


def test_reasons_and_warnings_are_german_on_a_german_page_and_english_in_the_api(
    browser: Client, viewer_client: APIClient, sold: None
) -> None:
    PricedProductFactory(code="P001", estimate__std_error=0.05)
    PricePolicyFactory(max_price=Decimal("14.00"))
    answer = browser.get("/desk/products/P001", headers={"Accept-Language": "de"})
    page = " ".join(answer.content.decode().split())
    assert "Die Nachfrage ist elastisch" in page
    assert "ist der beste erlaubte Preis" in page
    assert "<td>der Shop</td>" in page
    assert "Demand is elastic" not in page
    answer = viewer_client.get("/api/price/recommend/P001", headers={"Accept-Language": "de"}).json()
    assert answer["rationale"].startswith("Demand is elastic: buyers leave when the price rises, about 1.2 %")
    assert "the shop" in {each["source"] for each in answer["constraints"]}
