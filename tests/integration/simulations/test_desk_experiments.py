"""The pages of price experiments: a plan in the address, a draft, its steps, what it found."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from pricing.elasticity.models import ElasticityEstimate
from pricing.sales.models import Product
from simulations.experiments.models import PriceExperiment
from simulations.experiments.selectors.candidates import Candidate
from simulations.experiments.services.experiments import experiment_start
from simulations.experiments.services.running import experiments_advance
from tests.factories import PriceChangeFactory
from tests.integration.pricing.queries import queries_of_call
from tests.integration.simulations.experiment_shop import MONDAY, at, open_shop, plan_bowls, prices, run_days

pytestmark = pytest.mark.django_db
PLAN = "/desk/experiments?category=Bowls&design=switchback&old_percent=0&new_percent=-10&weeks=12"


@pytest.fixture
def bowls(monkeypatch: pytest.MonkeyPatch) -> np.random.Generator:
    at(MONDAY, monkeypatch)
    return open_shop()


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.content.decode()[-2000:]
    return " ".join(answer.content.decode().split())


def test_the_first_page_ranks_tests_by_their_worth_and_leads_to_a_plan(
    bowls: np.random.Generator, viewer: User
) -> None:
    page = text_of(logged_in(viewer), "/desk/experiments")
    # It takes a moment: the page asks for it once it is there, and has a link where nothing asks by itself.
    assert 'hx-get="?worth=1" hx-trigger="load"' in page
    assert '<a href="?worth=1">' in page
    assert "Worth most" not in page
    page = text_of(logged_in(viewer), "/desk/experiments?worth=1")
    assert "Worth most" in page
    assert 'href="?category=Bowls"' in page
    # The link names the products alone: the rest is as the form begins.
    assert "In 12 weeks the effect" in text_of(logged_in(viewer), "/desk/experiments?category=Bowls")


def test_where_nothing_is_known_of_the_products_the_elasticity_is_said_to_be_a_guess(
    bowls: np.random.Generator, viewer: User
) -> None:
    browser = logged_in(viewer)
    worth, words = "/desk/experiments?worth=1", "the elasticity is a guess, too"
    assert words not in text_of(browser, PLAN)
    assert "elasticity guessed" not in text_of(browser, worth)
    ElasticityEstimate.objects.all().delete()
    cache.clear()
    page = text_of(browser, PLAN)
    assert "(elasticity -1.80)" in page
    assert words in page
    assert "elasticity guessed" in text_of(browser, worth)


@pytest.mark.parametrize(("cost", "pays"), [(40.0, False), (39.0, True)])
def test_where_no_test_pays_for_itself_that_is_said(
    cost: float, pays: bool, bowls: np.random.Generator, viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Candidate(
        "category", "Bowls", "", 4, 50.0, 500.0, -2.0, 0.4, "products", 0.3, gain=40.0, cost=cost
    )
    monkeypatch.setattr("simulations.experiments.pages.test_candidates", lambda **_: [found])
    page = text_of(logged_in(viewer), "/desk/experiments?worth=1")
    assert ("No test pays for itself" in page) is not pays


def test_a_plan_is_in_the_address_and_says_what_it_would_find(
    bowls: np.random.Generator, viewer: User, analyst: User
) -> None:
    page = text_of(logged_in(viewer), PLAN)
    assert "In 12 weeks the effect that is expected (elasticity -2.00) would be found" in page
    assert "Products: 4 · groups drawn: 1 · left out: 0" in page
    assert "These are guesses from the elasticity and its error" in page
    assert "Save as a draft" not in page
    assert "Save as a draft" in text_of(logged_in(analyst), PLAN)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("&weeks=8", "A switchback needs 12 weeks at least."),
        ("&weeks=x", "Weeks: Enter a whole number."),
        ("&design=clusters", "12 groups of products are needed"),
        ("&design=persons", "persons is not one of the available choices"),
        ("&products=A", "Give either products or a category."),
    ],
)
def test_what_cannot_be_planned_is_said_in_words(
    bowls: np.random.Generator, viewer: User, change: str, words: str
) -> None:
    name = change[1:].split("=")[0]
    base = "&".join(each for each in PLAN.split("&") if not each.startswith(f"{name}="))
    assert words in text_of(logged_in(viewer), base + change, 400)


def test_a_draft_is_saved_started_and_rolled_back_by_those_who_may(
    bowls: np.random.Generator, viewer: User, analyst: User, manager: User
) -> None:
    body = {
        "category": "Bowls", "design": "switchback", "old_percent": "-10", "new_percent": "10", "weeks": "12",
        "name": "Bowls",
    }  # fmt: skip
    assert logged_in(viewer).post("/desk/experiments", body).status_code == 403
    logged_in(analyst).post("/desk/experiments", body | {"new_percent": "-10"})
    assert not PriceExperiment.objects.exists()
    made = logged_in(analyst).post("/desk/experiments", body)
    path = made["Location"]
    page = text_of(logged_in(analyst), path)
    assert "A manager starts and ends experiments." in page
    assert logged_in(analyst).post(path, {"step": "start"}).status_code == 403
    assert prices()["A"] == "10.00"
    boss = logged_in(manager)
    boss.post(path, {"step": "start"})
    assert prices()["A"] in ("9.00", "11.00")
    assert "Roll back all prices" in text_of(boss, path)
    boss.post(path, {"step": "fly"})
    assert "There is no such step." in text_of(boss, path)
    boss.post(path, {"step": "rollback"})
    assert prices()["A"] == "10.00"
    boss.post(path, {"step": "rollback"})
    assert "are back already" in text_of(boss, path)


def test_a_start_that_is_refused_says_so_in_the_language_of_the_reader(
    bowls: np.random.Generator, manager: User
) -> None:
    path = f"/desk/experiments/{plan_bowls().pk}"
    number = PriceChangeFactory(product_id="A", old_price=Decimal("10.00"), new_price=Decimal("11.00")).pk
    answer = logged_in(manager).post(path, {"step": "start"}, follow=True, headers={"accept-language": "de"})
    words = (
        f"Es wurde nichts begonnen. Änderung {number} von A, 10,00 auf 11,00, wartet auf eine Entscheidung"
    )
    assert words in answer.content.decode()


def test_what_it_found_is_said_in_words_with_a_chart_within_the_budget_of_queries(
    bowls: np.random.Generator, viewer: User, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_start(plan_bowls().pk, by="manager")
    run_days(bowls, 0, 83, monkeypatch)
    at(MONDAY + dt.timedelta(days=84), monkeypatch)
    experiments_advance()
    browser = logged_in(viewer)
    page = text_of(browser, f"/desk/experiments/{experiment.pk}")
    assert "The old price is better" in page
    assert 'data-chart="looks"' in page
    assert "No product was sold at another price." in page
    assert "6 of 6 weeks of groups at the old price" in page
    assert queries_of_call(lambda: browser.get(f"/desk/experiments/{experiment.pk}")) <= 12
    assert queries_of_call(lambda: browser.get("/desk/experiments")) <= 40
    assert queries_of_call(lambda: browser.get(PLAN)) <= 40
    assert text_of(browser, "/desk/experiments/99999", 404)


def test_what_is_worth_most_is_kept_until_something_changes_that_it_rests_on(
    bowls: np.random.Generator, viewer: User
) -> None:
    browser = logged_in(viewer)

    def table() -> str:
        page = text_of(browser, "/desk/experiments?worth=1")
        return page[page.index('<div id="worth">') : page.index(">Experiments</h2>")]

    first = table()
    assert queries_of_call(lambda: browser.get("/desk/experiments?worth=1")) < 16
    assert table() == first
    Product.objects.filter(code="A").update(cost=Decimal("9"))
    assert table() != first
