"""The desk's market: products in rows, competitors in columns; what is too old is marked and not used."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from elastix.dataset.models import DataVersion
from elastix.desk.tags import UNKNOWN
from tests.factories import CompetitorPriceFactory, ProductFactory
from tests.integration.elastix.test_desk_exports import as_csv
from tests.shops import AS_OF

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def observed(code: str, name: str, price: str, days_ago: float = 1) -> None:
    CompetitorPriceFactory(product=code, competitor_name=name, price=price, days_ago=days_ago)


@pytest.fixture
def competition(db: None) -> None:
    """CUP: 10.00 among 8.00 and 12.00. MUG: 6.00 above 5.00. TEA: 3.00, theirs too old. LONE: nobody else sells it."""
    DataVersion.objects.create(pk=1, time_zone="UTC", as_of=AS_OF)
    for code, category, price in (
        ("CUP", "Cups", "10.00"), ("MUG", "Cups", "6.00"), ("TEA", "Drinks", "3.00"), ("LONE", "Drinks", "1.00"),
    ):  # fmt: skip
        ProductFactory(code=code, name=f"The {code}", category=category, current_price=Decimal(price))
    observed("CUP", "Arno", "8.00")
    observed("CUP", "Arno", "7.00", days_ago=3)
    observed("CUP", "Berta", "12.00", days_ago=2)
    observed("MUG", "Arno", "5.00")
    observed("TEA", "Berta", "4.00", days_ago=30)


def page(browser: Client, query: str = "") -> str:
    answer = browser.get(f"/desk/market{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def codes(browser: Client, query: str = "") -> list[str]:
    return re.findall(r'<th scope="row".*?href="/desk/products/(\w+)"', page(browser, query))


def cells(text: str, code: str) -> dict[str, str]:
    """What the row of a product says, by the heading of the column."""
    row = text[text.index(f'href="/desk/products/{code}"') :]
    found = re.findall(r'<td data-label="(.*?)".*?>(.*?)</td>', row[: row.index("</tr>")], re.DOTALL)
    return {name: " ".join(re.sub("<.*?>", "", each).split()) for name, each in found}


def test_our_price_theirs_gap_index_and_position(browser: Client, competition: None) -> None:
    text = page(browser)
    cup = cells(text, "CUP")
    # The mean of 8.00 and 12.00 is 10.00, and half-way between them is 10.00.
    assert cup["Our price"] == cup["Their mean"] == "£10.00"
    assert (cup["Gap"], cup["Index"], cup["Position"]) == ("+0.0 %", "0.50", "at the market, in the middle")
    assert cup["Arno"].startswith("£8.00") and cup["Berta"].startswith("£12.00")
    mug = cells(text, "MUG")
    assert (mug["Their mean"], mug["Gap"]) == ("£5.00", "+20.0 %")
    assert mug["Position"].startswith("above the market")
    assert mug["Berta"] == UNKNOWN


def test_prices_that_are_too_old_are_crossed_out_and_not_used(browser: Client, competition: None) -> None:
    text = page(browser)
    tea = cells(text, "TEA")
    assert tea["Their mean"] == tea["Gap"] == tea["Position"] == UNKNOWN
    row = text[text.index('href="/desk/products/TEA"') :]
    assert "<s>£4.00</s>" in row[: row.index("</tr>")]
    assert "too old" in row[: row.index("</tr>")]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["CUP", "MUG", "TEA"]),
        ("?q=mug", ["MUG"]),
        ("?category=Cups", ["CUP", "MUG"]),
        ("?competitor=Berta", ["CUP", "TEA"]),
        ("?competitor=Nobody", []),
        ("?age=fresh", ["CUP", "MUG"]),
        ("?age=stale", ["TEA"]),
        ("?age=none", ["LONE"]),
        ("?position=Above+Average", ["MUG"]),
        ("?position=Average", ["CUP"]),
        ("?position=Below+Average", []),
        ("?position=moon&age=moon&page=moon&q=%00", ["CUP", "MUG", "TEA"]),
    ],
)
def test_the_address_says_what_is_shown(
    browser: Client, competition: None, query: str, expected: list[str]
) -> None:
    assert codes(browser, query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # Prices 10, 6, 3; means 10, 5 and none that is used; gaps 0 and +20 %; index .5 twice: one price stands in the middle.
        ("?sort=price", ["TEA", "MUG", "CUP"]),
        ("?sort=-price", ["CUP", "MUG", "TEA"]),
        ("?sort=mean", ["MUG", "CUP", "TEA"]),
        ("?sort=-mean", ["CUP", "MUG", "TEA"]),
        ("?sort=-gap", ["MUG", "CUP", "TEA"]),
        ("?sort=gap", ["CUP", "MUG", "TEA"]),
        ("?sort=-index", ["CUP", "MUG", "TEA"]),
        ("?sort=-product", ["TEA", "MUG", "CUP"]),
        ("?sort=moon", ["CUP", "MUG", "TEA"]),
        ("?sort=-price&category=Cups&position=Above+Average", ["MUG"]),
    ],
)
def test_the_headings_sort_and_what_is_not_known_comes_last(
    browser: Client, competition: None, query: str, expected: list[str]
) -> None:
    assert codes(browser, query) == expected


def test_the_index_sorts_by_the_place_among_their_prices(browser: Client, competition: None) -> None:
    observed("MUG", "Berta", "7.00")  # 6.00 between 5.00 and 7.00: .5
    observed("MUG", "Carl", "6.50")  # still .5
    ProductFactory(code="PEN", current_price=Decimal("9.00"))
    observed("PEN", "Arno", "8.00")
    observed("PEN", "Berta", "12.00")  # 9.00: a quarter of the way
    assert codes(browser, "?sort=index")[0] == "PEN"
    assert codes(browser, "?sort=-index")[-2:] == ["PEN", "TEA"]


def test_the_heading_says_how_it_is_sorted_and_turns_it_round(browser: Client, competition: None) -> None:
    text = page(browser, "?sort=-gap&category=Cups")
    turned = re.search(r'aria-sort="descending" class="desk-number"><a [^>]*href="([^"]*)"', text)
    assert turned and "sort=gap" in turned[1] and "category=Cups" in turned[1]
    assert text.count('aria-sort="none"') == 4


def test_a_heading_sorts_within_a_position(browser: Client, competition: None) -> None:
    ProductFactory(code="FAR", current_price=Decimal("9.00"))
    observed("FAR", "Arno", "5.00")
    assert codes(browser, "?position=Above+Average&sort=price") == ["MUG", "FAR"]
    assert "the largest gap first" not in page(browser, "?position=Above+Average&sort=price")


def test_the_largest_gap_comes_first(browser: Client, competition: None) -> None:
    ProductFactory(code="FAR", current_price=Decimal("9.00"))
    observed("FAR", "Arno", "5.00")
    assert codes(browser, "?position=Above+Average") == ["FAR", "MUG"]


def test_an_empty_market_says_how_to_fill_it(browser: Client, analyst: User) -> None:
    assert "No competitor&#x27;s price is known yet." in page(browser).replace("'", "&#x27;")
    assert "Load competitors" not in page(browser)
    browser.force_login(analyst)
    assert 'href="/desk/data"' in page(browser)


def test_the_page_asks_a_fixed_number_of_queries(
    browser: Client, competition: None, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        ProductFactory(code=f"P{number:02}", current_price=Decimal(2))
        observed(f"P{number:02}", "Arno", "3.00")
    with django_assert_max_num_queries(14):
        assert len(codes(browser)) == 50
    with django_assert_max_num_queries(18):
        assert len(codes(browser, "?position=Below+Average")) == 50


def test_the_list_is_a_file_with_a_column_for_each_competitor(browser: Client, competition: None) -> None:
    heading, *rows = as_csv(browser.get("/desk/market?category=Cups&file=csv"))
    assert heading[2:5] == ["Our price", "Their mean", "Gap in %"]
    assert heading[-2:] == ["Arno", "Berta"]
    assert [(row[0], row[2], row[-2], row[-1]) for row in rows] == [
        ("CUP", "10", "8", "12"),
        ("MUG", "6", "5", ""),
    ]
    heading, *rows = as_csv(browser.get("/desk/market?competitor=Berta&file=csv"))
    assert (heading[-1], [row[0] for row in rows]) == ("Berta", ["CUP", "TEA"])
    assert 'href="?competitor=Berta&amp;file=xlsx"' in page(browser, "?competitor=Berta")
