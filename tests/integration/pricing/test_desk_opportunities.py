"""/desk/opportunities: what to change and what is left alone, chosen and proposed."""

import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from pricing.changes.services.price_changes import propose
from pricing.elasticity.models import ElasticityEstimate
from pricing.recommendation.models import StandingRecommendation
from pricing.recommendation.services.categories import categories_refresh_if_outdated
from pricing.sales.models import PriceChange, Product
from pricing.sales.services.holds import prices_hold
from pricing.sales.services.products import product_update
from tests.factories import PricedProductFactory, ProductFactory
from tests.integration.admin_pages import queries_of, said
from tests.integration.elastix.test_desk_exports import as_csv
from tests.integration.pricing.factories import products_to_price

pytestmark = pytest.mark.django_db

PATH = "/desk/opportunities"


@pytest.fixture
def standing(db: None) -> None:
    products_to_price()
    categories_refresh_if_outdated()


@pytest.fixture
def browser(client: Client, analyst: User) -> Client:
    client.force_login(analyst)
    return client


def shown(browser: Client, path: str = PATH) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<title>.*?</title>|<[^>]+>", " ", answer.content.decode())))


def codes(browser: Client, query: str = "") -> list[str]:
    return re.findall(
        r'<th scope="row".*?href="/desk/products/(\w+)"', browser.get(f"{PATH}{query}").content.decode()
    )


def test_the_page_asks_for_a_login(client: Client) -> None:
    assert client.get(PATH)["Location"].startswith("/desk/login")
    assert client.get(f"{PATH}/chosen")["Location"].startswith("/desk/login")


def test_rows_say_what_to_change_and_why(standing: None, browser: Client) -> None:
    text = shown(browser)
    row = StandingRecommendation.objects.get(pk="CUT")
    assert codes(browser) == ["CUT", "P001"]
    assert f"12.99 → £{row.recommended_price}" in text.replace("£12.99", "12.99")
    assert f"+£{row.profit_change:,.0f}" in text
    assert "2 prices recommended to change" in text


def test_a_cost_that_came_since_is_being_computed_and_no_reason_is_told_without_it(browser: Client) -> None:
    ProductFactory(code="CUP", current_price=Decimal(4))
    categories_refresh_if_outdated()
    assert "No price is recommended to change" in shown(browser)
    assert "being computed again" not in shown(browser)
    product_update("CUP", by="anna", cost=Decimal(2))
    assert "the recommendations are being computed again" in shown(browser)
    assert "No price is recommended to change" not in shown(browser)
    assert "Left alone" in shown(browser, f"{PATH}?tab=left")
    categories_refresh_if_outdated()
    assert "being computed again" not in shown(browser)


def test_segments_have_the_names_that_other_pages_call_them_by(standing: None, browser: Client) -> None:
    page = browser.get(PATH).content.decode()
    assert '<option value="AtRisk">At risk</option>' in page
    page = browser.get(PATH, headers={"accept-language": "de"}).content.decode()
    assert '<option value="Champion">Beste Kunden</option>' in page


def test_filters_and_sorting_are_in_the_address(standing: None, browser: Client) -> None:
    assert codes(browser, "?change=raise") == ["P001"]
    assert codes(browser, "?change=sideways&risk=none&grade=Z&segment=Kings&sort=luck&page=99") == [
        "CUT",
        "P001",
    ]
    assert codes(browser, "?sort=-change") == ["P001", "CUT"]
    assert codes(browser, "?category=Nothing") == []
    assert "No recommended change is like this." in shown(browser, f"{PATH}?category=Nothing")


def test_the_list_is_a_file_under_its_filters(standing: None, browser: Client) -> None:
    row = StandingRecommendation.objects.get(pk="P001")
    heading, only = as_csv(browser.get(f"{PATH}?change=raise&page=9&file=csv"))
    said_of = dict(zip(heading, only, strict=True))
    assert said_of["Code"] == "P001"
    assert Decimal(said_of["Price"]) == row.current_price
    assert Decimal(said_of["Recommended price"]) == row.recommended_price
    assert float(said_of["Profit in 30 days"]) == pytest.approx(row.profit_change)
    assert [each[0] for each in as_csv(browser.get(f"{PATH}?sort=-change&file=csv"))[1:]] == ["P001", "CUT"]
    assert 'href="?change=raise&amp;file=csv"' in browser.get(f"{PATH}?change=raise").content.decode()


def test_what_an_elasticity_rests_on_is_a_column_of_the_list_and_its_file(
    standing: None, browser: Client
) -> None:
    ElasticityEstimate.objects.filter(product="CUT").update(evidence="borrowed")
    ElasticityEstimate.objects.filter(product="P001").update(evidence="price_change")
    text = shown(browser)
    assert "Rests on" in text and "similar products" in text and "own price changes" in text
    assert codes(browser, "?sort=evidence") == ["CUT", "P001"]
    assert codes(browser, "?sort=-evidence") == ["P001", "CUT"]
    heading, *rows = as_csv(browser.get(f"{PATH}?sort=evidence&file=csv"))
    assert [row[heading.index("Rests on")] for row in rows] == ["similar products", "own price changes"]


def test_what_is_left_alone_is_a_file_with_the_reason(standing: None, browser: Client) -> None:
    query = "?tab=left&reason=UNCERTAIN_GAIN"
    heading, only = as_csv(browser.get(f"{PATH}{query}&file=csv"))
    assert (heading[0], heading[-1]) == ("Code", "Why")
    assert (only[0], only[-1]) == ("UNSURE", "The gain is not sure enough")
    assert (
        f'href="{query.replace("&", "&amp;")}&amp;file=xlsx"'
        in browser.get(f"{PATH}{query}").content.decode()
    )
    left = StandingRecommendation.objects.filter(changes=False).count()
    assert len(as_csv(browser.get(f"{PATH}?tab=left&file=csv"))) == 1 + left > 2


def test_what_is_left_alone_sorts_by_its_headings(standing: None, browser: Client) -> None:
    for number, price in enumerate((3, 1, 2)):
        product = StandingRecommendation.objects.get(product="UNSURE")
        product.pk, product.product_id, product.current_price = None, f"LEFT{number}", Decimal(price)
        ProductFactory(code=f"LEFT{number}", name=f"Left {number}", current_price=Decimal(price))
        product.save(force_insert=True)
    query = "?tab=left&reason=UNCERTAIN_GAIN"
    found = codes(browser, query)
    assert found[:3] == ["LEFT0", "LEFT1", "LEFT2"] and found[-1] == "UNSURE"
    assert [code for code in codes(browser, f"{query}&sort=price") if code != "UNSURE"] == [
        "LEFT1",
        "LEFT2",
        "LEFT0",
    ]
    assert [code for code in codes(browser, f"{query}&sort=-price") if code != "UNSURE"] == [
        "LEFT0",
        "LEFT2",
        "LEFT1",
    ]
    assert codes(browser, f"{query}&sort=moon") == found


def test_what_is_chosen_is_summed_up_in_the_foot(standing: None, browser: Client) -> None:
    gain = sum(row.profit_change or 0 for row in StandingRecommendation.objects.filter(changes=True))
    for query in ("?product=CUT&product=P001&product=RIGHT", "?all=1"):
        foot = shown(browser, f"{PATH}/chosen{query}")
        assert "2 chosen" in foot
        assert f"+£{gain:,.0f}" in foot
    assert "Nothing chosen yet." in shown(browser, f"{PATH}/chosen")
    assert "Nothing chosen yet." in shown(browser, f"{PATH}/chosen?product=GONE&product={'x' * 200}")


def test_what_is_left_alone_is_counted_by_reason_with_what_would_change_it(
    standing: None, browser: Client
) -> None:
    text = shown(browser, f"{PATH}?tab=left")
    assert "Nothing says what is too cheap 1" in text
    assert "A cost, or a minimum price in the policy." in text
    assert "The gain is not sure enough 1" in text
    assert codes(browser, "?tab=left&reason=UNCERTAIN_GAIN") == ["UNSURE"]
    assert codes(browser, "?tab=left&reason=NONSENSE") == []


def test_each_product_is_counted_once_to_change_or_left_alone(standing: None, browser: Client) -> None:
    def counted() -> tuple[int, dict[str, int], int]:
        """To change, left alone by reason, and the lines of the file of those left alone."""
        to_change = re.search(r"(\d+) prices? recommended to change", shown(browser))
        left = browser.get(f"{PATH}?tab=left").content.decode()
        reasons = re.findall(r'reason=(\w+)">.*?desk-number">(\d+)<', left, re.DOTALL)
        lines = len(as_csv(browser.get(f"{PATH}?tab=left&file=csv"))) - 1
        return int(to_change[1]) if to_change else 0, {name: int(count) for name, count in reasons}, lines

    everything = StandingRecommendation.objects.count()
    to_change, reasons, lines = counted()
    assert (to_change, lines, "held" in reasons) == (2, everything - 2, False)
    assert sum(reasons.values()) == lines
    assert "proposed already" not in shown(browser)
    # One that would be changed, and one that is left alone anyway.
    prices_hold(
        ["P001", "RIGHT"], holder="experiment 3", reason="the price experiment 'Cups' (3) tests its price"
    )
    propose([("CUT", Decimal("11.99"))], by="max")
    to_change, held, lines = counted()
    assert (to_change, lines, held["held"]) == (1, everything - 1, 2)
    assert sum(held.values()) == lines
    assert {name: count for name, count in held.items() if name != "held"} == {
        name: count for name, count in reasons.items() if name != "NO_BETTER_PRICE"
    }
    text = shown(browser)
    assert "1 price recommended to change, 1 of them proposed already" in text
    assert "The end of the experiment, or a manager who pauses it." in shown(browser, f"{PATH}?tab=left")
    assert codes(browser, "?tab=left&reason=held") == ["P001", "RIGHT"]
    why = {row[0]: row[-1] for row in as_csv(browser.get(f"{PATH}?tab=left&file=csv"))[1:]}
    assert why["P001"] == why["RIGHT"] == "The price is held"


def test_a_gain_that_rests_on_an_assumed_cost_says_so(standing: None, browser: Client) -> None:
    assert "cost assumed" not in shown(browser)
    StandingRecommendation.objects.filter(pk="CUT").update(cost_assumed=True)
    assert shown(browser).count("cost assumed") == 1


def test_chosen_prices_are_proposed_and_the_products_get_no_second(standing: None, browser: Client) -> None:
    answer = browser.post(PATH, {"product": ["CUT", "RIGHT"], "reason": " The\x00 best "})
    made = PriceChange.objects.get()
    assert (made.product_id, made.source, made.proposed_by) == ("CUT", "recommendation", "analyst")
    assert answer["Location"] == f"/desk/changes/batch/{made.batch}"
    assert "1 price proposed." in said(answer)
    assert "Left out: 1." in said(answer)
    page = browser.get(PATH).content.decode()
    assert 'value="CUT"' not in page
    assert f'href="/desk/changes/{made.pk}"' in page
    again = browser.post(PATH, {"product": ["CUT"]})
    assert again["Location"].startswith(PATH)
    assert f"Change {made.pk} of CUT" in said(again)
    assert PriceChange.objects.count() == 1


def test_all_that_is_found_is_proposed_at_once(standing: None, browser: Client) -> None:
    browser.post(f"{PATH}?all=1&change=raise")
    assert list(PriceChange.objects.values_list("product_id", flat=True)) == ["P001"]
    browser.post(f"{PATH}?all=1")
    assert sorted(PriceChange.objects.values_list("product_id", flat=True)) == ["CUT", "P001"]
    assert "Choose at least one price first." in said(browser.post(f"{PATH}?all=1"))


def test_whoever_alone_may_approve_prices_reads_that_a_second_person_is_needed(
    standing: None, browser: Client
) -> None:
    assert "A second person who may approve prices is needed" in said(
        browser.post(PATH, {"product": ["CUT"]})
    )
    User.objects.create_user("maria").groups.add(Group.objects.get(name="manager"))
    again = said(browser.post(PATH, {"product": ["P001"]}))  # the first answer's message stands before
    assert (again.count("1 price proposed."), again.count("A second person")) == (2, 1)


def test_viewers_look_and_do_not_choose(standing: None, client: Client, viewer: User) -> None:
    client.force_login(viewer)
    page = client.get(PATH).content.decode()
    assert 'name="product"' not in page
    assert "data-proposes" not in page
    assert client.post(PATH, {"product": ["CUT"]}).status_code == 403
    assert not PriceChange.objects.exists()


def test_where_nothing_is_to_be_changed_the_page_says_why_and_how_to_test(
    standing: None, browser: Client
) -> None:
    Product.objects.filter(pk__in=("CUT", "P001")).update(is_active=False)
    text = shown(browser)
    assert "No price is recommended to change." in text
    assert "What would change it:" in text
    assert "How to test prices" in text


def test_before_the_first_look_it_says_so(browser: Client) -> None:
    assert "Without sales there is nothing to recommend" in shown(browser)
    products_to_price()
    assert "Recommendations are being worked out." in shown(browser)


def test_a_price_that_has_moved_is_not_offered(standing: None, browser: Client) -> None:
    product_update("CUT", by="anna", current_price=Decimal("11.00"))
    assert codes(browser) == ["P001"]
    assert "no other price of CUT is recommended any more" in said(
        browser.post(PATH, {"product": ["CUT"]})
    ).lower().replace("cut", "CUT")


def test_it_takes_a_few_queries_however_many_rows(standing: None, browser: Client) -> None:
    # Four more the first time, for what all are worth together.
    before = queries_of(browser, PATH)
    assert queries_of(browser, PATH) == before - 4
    for number in range(12):
        PricedProductFactory(code=f"MORE{number}")
    StandingRecommendation.objects.all().delete()
    assert categories_refresh_if_outdated()
    assert queries_of(browser, PATH) == before <= 20


def test_the_drawing_of_the_elasticity_needs_no_style(standing: None, client: Client, analyst: User) -> None:
    client.force_login(analyst)
    for language in ("en", "de"):
        answer: Any = client.get(PATH, HTTP_ACCEPT_LANGUAGE=language)
        page = answer.content.decode()
        assert "style=" not in page
        # From -6 to 0 over 96: -1.2 lies at 76.8, written with a point in every language.
        assert 'cx="76.8"' in page
