"""The desk's pages of customers: segments in a period, moves, the list, and one customer."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from elastix.desk.search import Hit
from segments.models import CustomerModel, CustomerSegment
from tests.integration.elastix.test_desk_exports import as_csv
from tests.integration.segments import shop
from tests.integration.segments.test_moves import run, three_runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def page_of(browser: Client, path: str = "/desk/customers", status: int = 200, **query: str) -> str:
    answer = browser.get(path, query)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def data_of(page: str, identifier: str) -> Any:
    found = re.search(rf'<script id="{identifier}" type="application/json">(.*?)</script>', page)
    assert found
    return json.loads(found[1])


def listed(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="/desk/customers/([^"]+)"', page)


def segments() -> None:
    shop.publish()
    shop.summary("Champion", customer_count=3, revenue=900, mean_recency=2, max_recency=5, elasticity=-1.5)
    shop.summary("Lost", customer_count=1, revenue=100, mean_recency=9, max_recency=10)
    for number, champion, lost in ((1, "300", "100"), (8, "600", "0")):
        shop.daily_revenue("Champion", number, champion)
        shop.daily_revenue("Lost", number, lost)


def test_without_figures_the_page_leads_to_the_data(browser: Client) -> None:
    page = page_of(browser)
    assert "There are no customers yet" in page
    assert 'href="/desk/data"' in page


def test_the_treemap_has_the_shares_of_the_revenue(browser: Client, viewer_client: APIClient) -> None:
    segments()
    page = page_of(browser)
    sizes = {row["segment"]: row for row in viewer_client.get("/dashboard/segments").json()["items"]}
    assert data_of(page, "treemap-data")["parts"] == [
        {"name": "Champions", "value": sizes["Champion"]["value"], "share": 90.0},
        {"name": "Lost", "value": sizes["Lost"]["value"], "share": 10.0},
    ]
    assert "£900" in page
    assert "75.0 %" in page  # 3 of 4 customers
    assert '<th scope="col" class="desk-number text-wrap">Of revenue with a customer number</th>' in page


def test_a_period_limits_the_revenue(browser: Client) -> None:
    segments()
    page = page_of(browser, **{"from": "2011-01-05", "to": "2011-01-10"})
    assert [part["value"] for part in data_of(page, "treemap-data")["parts"]] == [600.0]
    chart = data_of(page, "revenue-data")
    assert chart["x"][0] == "5 Jan 2011"
    assert chart["series"][0] == {"name": "Champions", "values": [0, 0, 0, 600.0, 0, 0]}


def test_a_long_period_is_drawn_by_weeks(browser: Client) -> None:
    segments()
    page = page_of(browser, **{"from": "2010-07-01", "to": "2011-01-10"})
    chart = data_of(page, "revenue-data")
    assert len(chart["x"]) == 28
    assert sum(chart["series"][0]["values"]) == 900
    assert "Revenue by segment and 7 days" in page


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"from": "2011-01-09", "to": "2011-01-02"}, "The period ends before it begins"),
        ({"from": "1900-01-01"}, "more than 3,660 days"),
    ],
)
def test_a_period_that_is_none_is_said_to_be_so(query: dict[str, str], says: str, browser: Client) -> None:
    segments()
    page = page_of(browser, **query)
    assert says in page
    assert sum(data_of(page, "revenue-data")["series"][0]["values"]) == 900


@pytest.mark.parametrize("day", ["yesterday", "2011-02-30", "\x00", "9" * 50])
def test_a_day_that_is_none_counts_as_not_said(day: str, browser: Client) -> None:
    segments()
    page_of(browser, **{"from": day, "to": day, "before": day, "after": day, "page": day, "sort": day})


def test_every_gauge_has_a_sentence(browser: Client, viewer_client: APIClient) -> None:
    segments()
    page = page_of(browser)
    kpis = viewer_client.get("/dashboard/kpis").json()
    assert page.count("<meter") == 18
    assert (
        f'value="{kpis["Champion"]["priceSensitivity"]}" aria-label="Response to prices, Champions"' in page
    )
    assert page.count('<p class="small text-body-secondary">How ') == 3


def test_the_matrix_of_moves_is_that_of_the_api(browser: Client, viewer_client: APIClient) -> None:
    three_runs()
    page = page_of(browser, before="2011-01-01", after="2011-01-09")
    answer = viewer_client.get(
        "/segments/moves", {"start_date": "2011-01-01", "end_date": "2011-01-09"}
    ).json()
    assert f"{answer['moved']} of {answer['total']} customers moved" in page
    rows = re.findall(
        r'<th scope="row" class="fw-normal">(\w[\w ]*)</th>((?:<td class="desk-number[^>]*>[^<]*</td>)+)',
        page,
    )
    champions = dict(rows)["Champions"]
    assert re.findall(r">([^<]+)</td>", champions) == ["1", "·", "·", "·", "·", "1", "·", "2"]


def test_with_one_run_there_are_no_moves_yet(browser: Client) -> None:
    segments()
    run(1, ("anna", "", "Champion"))
    assert "Moves are known once there are figures of two different days." in page_of(browser)


def four_customers() -> None:
    segments()
    shop.customer("12346", "Champion", 9, "310.5", (5, 4, 3))
    shop.customer("12347", "Lost", 1, "20")
    shop.customer("12348", "Champion", 5, "400")
    shop.customer("A/B", "", 5, "-12.5", (0, 0, 0))
    CustomerSegment.objects.filter(pk="12347").update(country="France")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["12348", "12346", "12347", "A/B"]),
        ({"sort": "monetary"}, ["A/B", "12347", "12346", "12348"]),
        ({"sort": "customer_id"}, ["12346", "12347", "12348", "A/B"]),
        ({"sort": "segment"}, ["12346", "12348", "12347", "A/B"]),
        ({"sort": "-last_purchase"}, ["12346", "12348", "A/B", "12347"]),
        ({"sort": "nonsense"}, ["12348", "12346", "12347", "A/B"]),
        ({"segment": "Champion"}, ["12348", "12346"]),
        ({"segment": "VIP"}, ["12348", "12346", "12347", "A/B"]),
        ({"country": "France"}, ["12347"]),
        ({"q": "234"}, ["12348", "12346", "12347"]),
        ({"q": "nobody"}, []),
    ],
)
def test_customers_are_found_and_sorted_as_the_address_says(
    query: dict[str, str], expected: list[str], browser: Client
) -> None:
    four_customers()
    assert listed(page_of(browser, **query)) == expected


def test_the_file_has_what_the_list_shows(browser: Client) -> None:
    four_customers()
    page = page_of(browser, segment="Champion", sort="-last_purchase")
    address = re.search(r'href="([^"]+file=csv)"', page)
    assert address
    heading, *rows = as_csv(browser.get("/desk/customers" + address[1].replace("&amp;", "&")))
    assert heading == ["Customer", "Segment", "Country", "Spent", "Invoices", "Last purchase"]
    assert [row[:2] for row in rows] == [["12346", "Champions"], ["12348", "Champions"]]


def test_the_search_leads_to_the_customer_or_to_the_list_of_those_whose_number_has_the_text(
    browser: Client,
) -> None:
    four_customers()
    assert 'href="/desk/customers/12346"' in page_of(browser, "/desk/search", q="12346")
    assert Hit("12346", "", ("no such page", "customers"), "12346").address == "/desk/customers?q=12346"
    assert listed(page_of(browser, q="12346")) == ["12346"]


def test_the_list_keeps_the_period_and_the_period_the_list(browser: Client) -> None:
    four_customers()
    page = page_of(browser, **{"from": "2011-01-05", "segment": "Champion", "surprise": "x"})
    assert '<input type="hidden" name="from" value="2011-01-05">' in page
    assert '<input type="hidden" name="segment" value="Champion">' in page
    assert 'name="surprise"' not in page


def test_a_customer_has_sums_scores_products_and_segments(browser: Client) -> None:
    four_customers()
    shop.product("CUP", "A cup")
    shop.invoice("CUP", 3, "1", 2, customer_id="12346")
    run(1, ("12346", "", "Lost"))
    run(5, ("12346", "Lost", "Champion"))
    page = page_of(browser, "/desk/customers/12346")
    assert "<strong>Champions.</strong>" in page
    assert "<dt>Spent</dt><dd>£310.50</dd>" in page
    assert "(2 days ago)" in page
    assert "<dt>Money</dt><dd>3 of 5</dd>" in page
    assert re.search(r'href="/desk/products/CUP">A cup</a>.*?>2</td>.*?>£20.00</td>', page)
    assert page.index("5 Jan 2011") < page.index("1 Jan 2011")


def test_a_customer_may_have_a_slash_and_may_have_brought_nothing(browser: Client) -> None:
    four_customers()
    page = page_of(browser, "/desk/customers/A%2FB")
    assert "In no segment" in page
    assert "of 5" not in page


def test_nobody_has_this_number(browser: Client) -> None:
    shop.publish()
    assert "There is no customer" in page_of(browser, "/desk/customers/nobody", 404)


def test_names_are_shown_as_text(browser: Client) -> None:
    four_customers()
    shop.customer("<script>alert(1)</script>", "Lost", 5, "1")
    assert "<script>alert" not in page_of(browser)


@pytest.mark.parametrize("count", [1, 40])
def test_the_pages_ask_a_fixed_number_of_times(
    count: int, browser: Client, django_assert_num_queries: Any
) -> None:
    segments()
    for number in range(count):
        shop.customer(f"C{number}", "Lost", 1, "1")
        shop.product(f"P{number}", "Mug")
        shop.invoice(f"P{number}", 3, str(number), customer_id="C0")
        run(number % 10 + 1, (f"C{number}", "", "Lost")) if number < 10 else None
    with django_assert_num_queries(16 if count == 1 else 19):
        page_of(browser)
    with django_assert_num_queries(10):
        page_of(browser, "/desk/customers/C0")


def test_what_customers_are_expected_to_do_has_sentences_of_its_own(browser: Client) -> None:
    segments()
    CustomerModel.objects.create(state="NOT_CONVERGED", as_of=shop.AS_OF)
    page = page_of(browser)
    assert "The purchases do not decide between very different models" in page
    assert "no price is recommended" not in page
