"""The desk's page of a rule's duel: what the API answers, in words, as a chart and as a table."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from elastix.imports.models import ImportBatch
from market.models import RepricingRule
from pricing.sales.models import Product
from tests.integration.market.factories import observe
from tests.integration.market.rules import PATIENT, prices, rule, with_costs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_open")]
WAR = "&runs=400&step_percent=3&gives_up=true&competitor_floor=3"


@pytest.fixture
def _open(shop: ImportBatch) -> Any:
    """CUP costs 2.00 and is sold at 4.00; a competitor asks 4.00."""
    with_costs()
    observe("Corner", "4.00", 1)
    with PATIENT:
        yield


@pytest.fixture
def onlooker(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def undercutting(**fields: Any) -> RepricingRule:
    known = {"action": "undercut", "reference": "lowest", "percent": Decimal(5), "codes": ["CUP", "MUG"]}
    return rule(**known | fields)


def html(client: Client, of: RepricingRule, query: str = "", **headers: str) -> str:
    answer = client.get(f"/desk/rules/{of.pk}/duel{query}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_rule_leads_to_a_form_that_knows_a_watched_product(onlooker: Client) -> None:
    of = undercutting()
    assert f'href="/desk/rules/{of.pk}/duel"' in onlooker.get(f"/desk/rules/{of.pk}").content.decode()
    page = html(onlooker, of)
    assert 'name="product" value="CUP"' in page
    assert '<option value="MUG">' not in page
    assert "data-chart" not in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("&reaction=stay", "Both prices settle after run 1: ours at £3.80, the competitor&#x27;s at £4.00."),
        (WAR, "The prices go round in circles: before run "),
        (f"{WAR}&pauses=false", "The prices go round in circles: ours between £"),
        ("&runs=2&step_percent=1", "After 2 runs the prices still move: ours is £3."),
        ("&reaction=match&competitor_price=9&competitor_floor=9", "the competitor&#x27;s at £9.00"),
    ],
    ids=["settles", "paused", "cycles", "moves", "out of reach"],
)
def test_what_became_of_the_prices_is_said(onlooker: Client, query: str, said: str) -> None:
    assert said in html(onlooker, undercutting(), f"?product=cup{query}")
    assert prices()["CUP"] == "4.00"


def test_the_path_is_a_chart_and_a_table_of_the_runs_that_moved(onlooker: Client) -> None:
    page = html(onlooker, undercutting(), "?product=CUP&reaction=stay&runs=10")
    found = re.search(r'<div hidden id="duel-data">(.*?)</div>', page)
    assert found
    chart = json.loads(found[1].replace("&quot;", '"').replace("&#x27;", "'"))
    assert (chart["kind"], chart["axis"]) == ("lines", "Run")
    assert [line["points"][:2] for line in chart["lines"]] == [[[0, 4.0], [1, 3.8]], [[0, 4.0], [1, 4.0]]]
    rows = re.findall(r"<tr><th scope=\"row\".*?</tr>", page)
    assert [re.sub(r"<[^>]+>", " ", row).split() for row in rows] == [
        ["at", "the", "beginning", "£4.00", "£4.00"],
        ["1", "£3.80", "£4.00"],
    ]
    assert "Ours lies between £3.80 and £4.00; the limits allow no less than £2.20." in page


def test_without_a_floor_nothing_moves_and_the_page_says_why(onlooker: Client) -> None:
    Product.objects.filter(pk="CUP").update(cost=None)
    page = html(onlooker, undercutting(), "?product=CUP&reaction=stay")
    assert "Neither price moves: ours stays at £4.00" in page
    assert "Neither a cost nor a lowest price is known" in page


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?product=NONE", "There is no product"),
        ("?product=CUP&step_percent=51", "less than or equal to 50"),
        ("?product=CUP&runs=1", "greater than or equal to 2"),
        ("?product=CUP&reaction=guess", "is not a valid choice"),
        ("?product=CUP&competitor_price=x", "A valid number is required"),
        ("?runs=5", "This field is required"),
    ],
)
def test_what_cannot_be_played_is_refused_in_words(onlooker: Client, query: str, said: str) -> None:
    page = html(onlooker, undercutting(), query)
    assert said in page
    assert "data-chart" not in page


def test_a_product_without_a_price_has_no_duel(onlooker: Client) -> None:
    Product.objects.filter(pk="MUG").update(current_price=None)
    assert "has no price that a rule could change" in html(onlooker, undercutting(), "?product=MUG")


def test_a_rule_that_follows_nobody_has_none(onlooker: Client) -> None:
    of = rule(codes=["CUP"])
    assert "duel" not in onlooker.get(f"/desk/rules/{of.pk}").content.decode()
    assert "there is nobody to react to" in html(onlooker, of, "?product=CUP")
    assert onlooker.get("/desk/rules/999999/duel").status_code == 404


def test_it_is_read_only_and_for_those_who_have_logged_in(onlooker: Client) -> None:
    path = f"/desk/rules/{undercutting().pk}/duel"
    assert onlooker.post(path).status_code == 405
    assert Client().get(path).status_code == 302


def test_it_is_said_in_german(onlooker: Client) -> None:
    page = html(onlooker, undercutting(), "?product=CUP&reaction=stay", accept_language="de")
    assert "Beide Preise kommen nach Lauf 1 zur Ruhe: unserer bei 3,80" in page
    assert "70 % des ersten (angenommen)" in page


def test_the_page_asks_a_fixed_number_of_queries(
    onlooker: Client, django_assert_max_num_queries: Any
) -> None:
    of = undercutting()
    with django_assert_max_num_queries(24):
        html(onlooker, of, f"?product=CUP{WAR}")
