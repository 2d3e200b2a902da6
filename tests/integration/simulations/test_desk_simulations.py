"""The desk's pages of simulations and the report."""

import json
import re
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from pricing.recommendation.models import StandingRecommendation
from pricing.recommendation.services.categories import categories_refresh_if_outdated
from pricing.sales.models import Product
from simulations.models import Simulation
from tests.factories import (
    PriceChangeFactory,
    PricedProductFactory,
    ProductFactory,
    SalesHistoryFactory,
    SimulationFactory,
)
from tests.integration.segments import shop as segments

pytestmark = pytest.mark.django_db
SIMULATIONS, NEW, COMPARE = "/desk/simulations", "/desk/simulations/new", "/desk/simulations/compare"


@pytest.fixture
def viewing(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


@pytest.fixture
def writing(analyst: User) -> Client:
    client = Client()
    client.force_login(analyst)
    return client


def page_of(browser: Client, path: str, query: Any = None, status: int = 200) -> str:
    answer = browser.get(path, query or {})
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def data_of(page: str, identifier: str) -> Any:
    found = re.search(rf'<script id="{identifier}" type="application/json">(.*?)</script>', page)
    assert found
    return json.loads(found[1])


def said(**other: Any) -> dict[str, Any]:
    body = {
        "name": "Spring",
        "stock_code": "p1",
        "first": "-10",
        "last": "20",
        "step": "5",
        "description": "",
    }
    return body | {"key": str(uuid.uuid4())} | other


# --- saving --------------------------------------------------------------------------------------------


def test_a_simulation_is_saved_once_however_often_its_form_is_sent(writing: Client, analyst: User) -> None:
    ProductFactory(code="P1")
    body = said()
    for _ in range(2):
        assert writing.post(NEW, body).status_code == 302
    saved = Simulation.objects.get()
    assert (saved.name, saved.product_id, saved.created_by) == ("Spring", "P1", analyst)
    assert saved.price_range == [-10, 20, 5]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("stock_code", "NOWHERE", "There is no product &#x27;NOWHERE&#x27;."),
        ("stock_code", "POST", "There is no product &#x27;POST&#x27;."),
        ("name", "", "This field is required"),
        ("last", "-20", "The range ends before it begins"),
        ("step", "0", "The step must be above 0"),
        ("step", "0.001", "more than 500 steps"),
        ("first", "-100", "greater than or equal to -99"),
        ("first", "nan", "Enter a number"),
        ("step", "x", "Enter a number"),
    ],
)
def test_what_cannot_be_saved_is_said_and_kept_in_the_form(
    field: str, value: str, message: str, writing: Client
) -> None:
    ProductFactory(code="P1")
    ProductFactory(code="POST", kind="service")
    answer = writing.post(NEW, said(**{field: value}))
    assert answer.status_code == 400
    page = answer.content.decode()
    assert message in page
    assert f'name="{field}" value="{value}"' in page
    assert not Simulation.objects.exists()


def test_a_draft_has_no_product(writing: Client) -> None:
    assert writing.post(NEW, said(stock_code="")).status_code == 302
    assert Simulation.objects.get().product is None


def test_a_new_one_may_begin_with_a_product(writing: Client) -> None:
    assert 'name="stock_code" value="P1"' in page_of(writing, NEW, {"code": "P1"})


def test_a_simulation_is_changed(writing: Client) -> None:
    ProductFactory(code="P1")
    saved = SimulationFactory(name="Old")
    assert 'value="Old"' in page_of(writing, f"{SIMULATIONS}/{saved.pk}")
    assert writing.post(f"{SIMULATIONS}/{saved.pk}", said(name="Newer")).status_code == 302
    saved.refresh_from_db()
    assert (saved.name, saved.product_id) == ("Newer", "P1")
    assert writing.post(f"{SIMULATIONS}/{saved.pk}", said(stock_code="NOWHERE")).status_code == 400


def test_a_copy_is_made_once_for_each_look_at_the_list(writing: Client, analyst: User) -> None:
    saved = SimulationFactory(name="Spring", description="why", product=ProductFactory(code="P1"))
    body = {"action": "duplicate", "id": str(saved.pk), "key": str(uuid.uuid4())}
    for _ in range(2):
        assert writing.post(SIMULATIONS, body).status_code == 302
    copy = Simulation.objects.exclude(pk=saved.pk).get()
    assert (copy.name, copy.description, copy.product_id) == ("Spring (copy)", "why", "P1")
    assert (copy.price_range, copy.created_by) == (saved.price_range, analyst)
    writing.post(SIMULATIONS, body | {"key": str(uuid.uuid4())})
    assert Simulation.objects.count() == 3


def test_deleting_twice_is_harmless(writing: Client) -> None:
    saved, other = SimulationFactory(), SimulationFactory()
    for _ in range(2):
        assert writing.post(SIMULATIONS, {"action": "delete", "id": str(saved.pk)}).status_code == 302
    assert Simulation.objects.get() == other


@pytest.mark.parametrize("body", [{}, {"action": "delete", "id": "x"}, {"action": "explode"}])
def test_a_nonsense_action_changes_nothing(body: dict[str, str], writing: Client) -> None:
    SimulationFactory()
    assert writing.post(SIMULATIONS, body).status_code == 302
    assert Simulation.objects.count() == 1


def test_a_copy_of_nothing_is_not_found(writing: Client) -> None:
    assert writing.post(SIMULATIONS, {"action": "duplicate", "id": str(uuid.uuid4())}).status_code == 404


def test_viewers_look_and_change_nothing(viewing: Client) -> None:
    saved = SimulationFactory(name="Spring")
    page = page_of(viewing, SIMULATIONS)
    assert "Spring" in page
    assert "New simulation" not in page
    assert '<form method="post" action="/desk/simulations"' not in page
    for path, body in (
        (NEW, said()),
        (f"{SIMULATIONS}/{saved.pk}", said()),
        (SIMULATIONS, {"action": "delete", "id": str(saved.pk)}),
    ):
        assert viewing.post(path, body).status_code == 403
    assert Simulation.objects.get().name == "Spring"


@pytest.mark.parametrize("path", [SIMULATIONS, NEW, COMPARE, "/desk/report"])
def test_whoever_is_not_logged_in_is_sent_to_the_login(path: str, client: Client) -> None:
    assert client.get(path)["Location"].startswith("/desk/login")


# --- comparing -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("shop")
def test_the_comparison_names_period_and_price_and_has_the_figures_of_the_api(
    viewing: Client, viewer_client: APIClient
) -> None:
    PricedProductFactory(code="P1")
    saved = [SimulationFactory(product_id="P1", name="One"), SimulationFactory(name="Draft", product=None)]
    ids = [str(each.pk) for each in saved]
    page = page_of(viewing, COMPARE, {"id": ids})
    answer = viewer_client.get("/simulations/comparison", {"id": ids}).json()
    item = answer["items"][0]
    assert "of 30 days, 1 May 2025 to 30 May 2025, starting from today's price" in page
    assert f"£12.99 → <strong>£{item['projection']['projected']['price']:.2f}</strong>" in page
    assert "A draft: it has no product yet." in page
    curve = data_of(page, "curve-data")
    assert [line["name"] for line in curve["series"]] == ["1 One"]
    assert curve["series"][0]["points"] == [
        [change, point["profit_change"]]
        for change, point in zip(item["changes"], item["projection"]["points"], strict=True)
    ]
    assert len(data_of(page, "segment-data")["series"][0]["values"]) == 6
    assert page.count("data-figure=") == page.count("<details><summary>Figures")


@pytest.mark.usefixtures("shop")
def test_without_costs_the_curves_are_of_revenue(viewing: Client) -> None:
    PricedProductFactory(code="P1", cost=None)
    PricedProductFactory(code="P2")
    ids = [str(SimulationFactory(product_id=code).pk) for code in ("P1", "P2")]
    page = page_of(viewing, COMPARE, {"id": ids})
    assert data_of(page, "curve-data")["names"]["y"] == "Change of revenue"
    assert "needs costs" in page


@pytest.mark.usefixtures("shop")
def test_all_can_be_compared_at_one_change(viewing: Client) -> None:
    PricedProductFactory(code="P1")
    ids = [str(SimulationFactory(product_id="P1").pk)]
    page = page_of(viewing, COMPARE, {"id": ids, "change": "7,5"})
    assert "All at +7.5 %." in page
    assert "£13.96" in page


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ({}, 400, "Tick the simulations"),
        ({"id": ["a", "b", "c", "d", "e"]}, 400, "At most 4"),
        ({"id": ["x"]}, 400, "This is no simulation."),
        ({"id": ["00000000-0000-4000-8000-000000000000"]}, 404, "There is no simulation"),
        ({"id": ["00000000-0000-4000-8000-000000000000"], "change": "-100"}, 400, "-99 to 1000 percent"),
        ({"id": ["00000000-0000-4000-8000-000000000000"], "change": "nan"}, 400, "-99 to 1000 percent"),
    ],
)
def test_what_cannot_be_compared_is_said(query: Any, status: int, says: str, viewing: Client) -> None:
    assert says in page_of(viewing, COMPARE, query, status)


@pytest.mark.usefixtures("shop")
def test_four_simulations_take_at_most_forty_queries(
    viewing: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(4):
        PricedProductFactory(code=f"P{number}")
    ids = [str(SimulationFactory(product_id=f"P{number}").pk) for number in range(4)]
    with django_assert_max_num_queries(40):
        page_of(viewing, COMPARE, {"id": ids})


@pytest.mark.parametrize("count", [1, 30])
def test_the_list_asks_a_fixed_number_of_times(
    count: int, viewing: Client, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        SimulationFactory(product=ProductFactory())
    with django_assert_num_queries(7):
        page_of(viewing, SIMULATIONS)


# --- the report ----------------------------------------------------------------------------------------


def test_without_figures_the_report_leads_to_the_data(viewing: Client) -> None:
    assert "There are no figures yet" in page_of(viewing, "/desk/report")


@pytest.mark.usefixtures("shop")
def test_the_report_has_the_moves_that_gain_most(viewing: Client) -> None:
    for number, cost in enumerate(("8.50", "10.50", "9.50")):
        PricedProductFactory(
            code=f"P{number}", name=f"Latte {number}", cost=Decimal(cost), estimate__std_error=0.05
        )
    assert "Recommendations are being worked out." in page_of(viewing, "/desk/report")
    categories_refresh_if_outdated()
    moved = StandingRecommendation.objects.filter(changes=True)
    gains = dict(moved.values_list("product_id", "profit_change"))
    assert gains["P1"] > gains["P2"] > gains["P0"] > 0
    page = page_of(viewing, "/desk/report")
    assert page.index("Latte 1") < page.index("Latte 2") < page.index("Latte 0")
    assert f"+£{gains['P1']:,.0f}" in page
    assert f"{len(gains)} prices should change" in page


def test_the_report_has_what_paid_and_what_the_words_mean(viewing: Client, shop: ImportBatch) -> None:
    cup = Product.objects.get(code="CUP")
    PriceChangeFactory(product=cup, is_applied=True, new_price=Decimal("4.49"))
    page = page_of(viewing, "/desk/report")
    assert "Of the 1 newest price changes" in page
    assert "£4.49" in page
    for word in ("Elasticity", "80 % interval", "Grade D", "Paid"):
        assert f"<dt>{word}</dt>" in page
    assert page.count('class="report-page"') == 2


def test_the_report_has_the_shares_of_all_revenue_and_what_has_no_customer_number(viewing: Client) -> None:
    segments.publish()
    cup = ProductFactory(code="CUP")
    SalesHistoryFactory(product=cup, date=segments.day(10), quantity=100, price=Decimal(10))
    for name, revenue in (("Champion", "500"), ("Lost", "80")):
        segments.summary(name, customer_count=2)
        segments.daily_revenue(name, 10, revenue)
    page = page_of(viewing, "/desk/report")
    # 500, 80 and the rest of 1,000: with a customer number alone Champions would have 86 %.
    for row in (
        ("Champions", "£500", "50 %"),
        ("Lost", "£80", "8 %"),
        ("Without a customer number", "£420", "42 %"),
    ):
        name, amount, share = row
        assert re.search(
            rf'{name}</th><td class="desk-number">[^<]+</td><td class="desk-number">{amount}</td>'
            rf'<td class="desk-number">{share}</td>',
            page,
        )
    segments.daily_revenue("LoyalCustomers", 10, "420")
    assert "Without a customer number" not in page_of(viewing, "/desk/report")


def test_the_report_asks_at_most_forty_queries(
    viewing: Client, shop: ImportBatch, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(40):
        page_of(viewing, "/desk/report")


def test_a_product_that_is_not_there_is_missing_in_german_and_in_one_word(writing: Client) -> None:
    page = writing.post(NEW, said(stock_code="chai"), headers={"accept-language": "de"}).content.decode()
    assert "Es gibt kein Produkt &#x27;CHAI&#x27;." in page
