"""The overview: figures of 28 days against those before, what is missing, changes that paid, alerts."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client, override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.dataset.models import DataVersion
from pricing.changes.services.figures import figures_keep
from pricing.pages.overview import spark_points
from pricing.recommendation.models import PricePolicy, StandingRecommendation
from pricing.recommendation.services.categories import categories_refresh_if_outdated
from pricing.recommendation.services.offers import recommendations_refuse
from pricing.sales.models import Product, SalesHistory
from pricing.sales.services.products import product_update
from tests.conftest import user_with_role
from tests.factories import AlertFactory, PriceChangeFactory, PricePolicyFactory, ProductFactory
from tests.integration.pricing.factories import products_to_price

pytestmark = pytest.mark.django_db
AS_OF = dt.date(2025, 5, 1)


@pytest.fixture
def browser(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def page_of(browser: Client) -> str:
    answer = browser.get("/desk/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.fixture
def small_shop(db: None) -> None:
    """A cup at cost 2 and a mug without a cost; postage besides. Sold on the first and last days of both windows."""
    first_day = AS_OF - dt.timedelta(days=57)
    DataVersion.objects.create(
        pk=1, sales_version=1, published_version=1, time_zone="UTC", as_of=AS_OF, first_day=first_day
    )
    ProductFactory(code="CUP", cost=Decimal(2), category="Drinks", current_price=Decimal(4))
    ProductFactory(code="MUG", current_price=Decimal(6))
    ProductFactory(code="POST", kind="service", cost=Decimal(1))
    days_ago_units_and_revenue = (
        ("CUP", 1, 10, 40),
        ("CUP", 28, 5, 20),
        ("MUG", 2, 10, 60),
        ("CUP", 29, 20, 80),
        ("CUP", 56, 5, 20),
        ("CUP", 57, 1000, 4000),
        ("POST", 1, 1000, 9000),
    )
    for code, ago, units, revenue in days_ago_units_and_revenue:
        day = AS_OF - dt.timedelta(days=ago)
        SalesHistory.objects.create(product_id=code, date=day, quantity=units, revenue=Decimal(revenue))
    SalesHistory.objects.filter(product_id="CUP", date=AS_OF - dt.timedelta(days=1)).update(
        returned_quantity=5, returned_revenue=Decimal(20)
    )


def test_an_empty_shop_is_shown_how_to_begin(client: Client, browser: Client, analyst: User) -> None:
    assert "Load your sales" not in page_of(browser)  # a viewer may not
    client.force_login(analyst)
    page = page_of(client)
    assert "Load your sales" in page
    assert "manage.py demo" in page
    assert "No sales yet" in page
    assert "Newest price changes" not in page


@override_settings(SHOP_CURRENCY="GBP")
def test_the_tiles_compare_28_days_with_the_28_before(browser: Client, small_shop: None) -> None:
    page = page_of(browser)
    # Net of returns, without postage: 40 - 20 + 20 + 60 = 100 against 100; (10 - 5 + 5) cups at a profit of 2.
    assert 'Revenue</span> <strong>£100</strong> <span class="small">+0.0 %' in page
    assert 'Profit</span> <strong>£20</strong> <span class="small">-60.0 %' in page
    assert 'Margin</span> <strong>50.0 %</strong> <span class="small">+0.0 points' in page
    assert 'Units</span> <strong>20</strong> <span class="small">-20.0 %' in page
    assert "40 % of the revenue" in page


@override_settings(PRICES_INCLUDE_TAX=True)
def test_profit_is_net_of_the_tax_that_prices_include(browser: Client, small_shop: None) -> None:
    PricePolicyFactory(tax_rate=Decimal(25))
    page = page_of(browser)
    # Cups brought 40 with tax, 32 without it, and cost 20.
    assert "Revenue</span> <strong>£100</strong>" in page
    assert "Profit</span> <strong>£12</strong>" in page
    assert "Margin</span> <strong>37.5 %</strong>" in page


def test_profit_without_any_cost_needs_costs_and_is_never_0(browser: Client, small_shop: None) -> None:
    Product.objects.update(cost=None)
    page = page_of(browser)
    for name in ("Profit", "Margin"):
        assert f'{name}</span> <span class="mt-2">needs costs</span>' in page
    assert "£0" not in page.split('id="revenue"')[0]  # below are days without sales


def test_the_strip_counts_what_is_set_up_and_goes_when_all_is(browser: Client, small_shop: None) -> None:
    page = page_of(browser)
    assert "Costs</strong> 1 of 2" in page
    assert "Categories</strong> 1 of 2" in page
    assert "Price policy</strong> none yet" in page
    assert "Second user</strong> to approve what another proposes" in page
    Product.objects.filter(code="MUG").update(cost=Decimal(3), category="Drinks")
    PricePolicyFactory()
    assert "To set up" in page_of(browser)
    User.objects.create_user("noor")
    assert "To set up" not in page_of(browser)


def test_only_those_who_may_load_files_are_asked_to(client: Client, analyst: User, small_shop: None) -> None:
    client.force_login(analyst)
    assert "Upload costs" in page_of(client)
    client.logout()
    viewer = User.objects.create_user("reader")
    viewer.groups.add(_group("viewer"))
    client.force_login(viewer)
    assert "Upload costs" not in page_of(client)


def _group(name: str) -> Any:
    from django.contrib.auth.models import Group

    return Group.objects.get(name=name)


def test_a_change_says_how_far_it_is(browser: Client, small_shop: None) -> None:
    cup = Product.objects.get(code="CUP")
    moment = dt.datetime(2025, 4, 25, 8, tzinfo=dt.UTC)
    PriceChangeFactory(product=cup, is_applied=True, changed_at=moment, applied_by="maria")
    page = page_of(browser)
    assert "£4.00 → £4.49" in page
    assert "(+12.3 %)" in page
    assert "maria" in page
    assert "Too early: 5 of 28 days" in page


def test_a_change_after_the_newest_sales_asks_for_newer_ones(browser: Client, small_shop: None) -> None:
    PriceChangeFactory(product=Product.objects.get(code="CUP"), is_applied=True, changed_at=timezone.now())
    assert "No sales since: load newer ones" in page_of(browser)


def test_only_standing_alerts_are_shown_and_counted(browser: Client, small_shop: None) -> None:
    for number in range(7):
        AlertFactory(subject=f"S{number}", message=f"Something {number}.")
    AlertFactory(subject="GONE", message="It was so.", cleared_at=timezone.now())
    page = page_of(browser)
    assert 'text-bg-warning">7</span>' in page
    assert page.count("Something") == 5
    assert "It was so." not in page


def test_what_people_wrote_is_shown_as_text(browser: Client, small_shop: None) -> None:
    AlertFactory(subject="<b>", message="<script>alert(1)</script>")
    page = page_of(browser)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_page_asks_a_fixed_number_of_queries(
    browser: Client, small_shop: None, django_assert_num_queries: Any
) -> None:
    cup = Product.objects.get(code="CUP")
    for day in (1, 9, 17):
        moment = dt.datetime(2025, 4, day, 8, tzinfo=dt.UTC)
        PriceChangeFactory(product=cup, is_applied=True, changed_at=moment)
    with django_assert_num_queries(27):
        browser.get("/desk/")


# --- last year, worth, costs that are assumed -----------------------------------------------------------


def test_the_tiles_compare_with_the_same_weekdays_of_last_year(browser: Client, small_shop: None) -> None:
    day = AS_OF - dt.timedelta(days=1 + 364)
    SalesHistory.objects.create(product_id="CUP", date=day, quantity=10, revenue=Decimal(50))
    DataVersion.objects.update(first_day=AS_OF - dt.timedelta(days=28 + 364))
    page = page_of(browser)
    # 100 now against 50; 20 cups and mugs against 10; a profit of 20 against 50 - 10 * 2.
    assert "+100.0 % on last year" in page
    assert "-33.3 % on last year" in page
    # A day of last year's 28 is missing: the others would pass for all.
    DataVersion.objects.update(first_day=AS_OF - dt.timedelta(days=27 + 364))
    assert "on last year" not in page_of(browser)


@pytest.mark.parametrize(
    ("ago", "said"), [(56, "+0.0 %"), (55, "nothing to compare with")], ids=["whole", "a day short"]
)
def test_the_days_before_are_compared_with_if_the_data_have_all_of_them(
    browser: Client, small_shop: None, ago: int, said: str
) -> None:
    DataVersion.objects.update(first_day=AS_OF - dt.timedelta(days=ago))
    assert f'Revenue</span> <strong>£100</strong> <span class="small">{said}' in page_of(browser)


def test_without_a_last_year_nothing_is_compared_with_it(browser: Client, small_shop: None) -> None:
    assert "on last year" not in page_of(browser)


def test_the_api_tells_the_same_figures(viewer_client: APIClient, small_shop: None) -> None:
    body = viewer_client.get("/api/overview").json()
    figures = body["figures"]
    assert (figures["first_day"], figures["last_day"], figures["days"]) == ("2025-04-03", "2025-04-30", 28)
    assert (figures["revenue"]["now"], figures["revenue"]["before"]) == (100.0, 100.0)
    assert (figures["profit"]["now"], figures["profit"]["before"]) == (20.0, 50.0)
    assert (figures["margin_percent"]["now"], figures["units"]["now"]) == (50.0, 20)
    assert (figures["revenue"]["last_year"], figures["profit"]["last_year"]) == (None, None)
    assert (figures["covered_percent"], figures["assumed_percent"]) == (40.0, 0.0)
    assert figures["revenue"]["series"][0] == 20.0  # 28 days ago
    assert figures["revenue"]["series"][-2:] == [60.0, 20.0]
    assert sum(each["revenue"] for each in figures["sold"]) == 200.0
    assert figures["expected"] == []  # nothing is computed yet
    assert body["setup"]["products"] == 2
    assert body["worth"] is None


def test_an_empty_shop_has_no_figures(viewer_client: APIClient) -> None:
    body = viewer_client.get("/api/overview").json()
    assert body["figures"] is None
    assert body["setup"]["has_sales"] is False


def test_a_manager_assumes_costs_and_they_are_marked(client: Client, manager: User, small_shop: None) -> None:
    client.force_login(manager)
    assert "Assume 60 %" in page_of(client)
    for _ in range(2):  # twice is as once
        assert client.post("/desk/", {"action": "assume"}).status_code == 302
    assert PricePolicy.objects.get().assumed_cost_ratio == Decimal("0.6")
    page = page_of(client)
    # The cups as before; 10 mugs at 6 with a cost of 3.60: 20 + 24.
    assert "<strong>£44</strong>" in page
    assert page.count("cost assumed") == 2  # profit and margin
    assert "For 60 % of the revenue the cost is assumed, not known." in page
    assert "Costs</strong> 1 of 2" in page
    assert "1 assumed" in page
    assert "Assume 60 %" not in page
    assert Product.objects.get(code="MUG").cost is None
    client.post("/desk/", {"action": "forget"})
    assert "<strong>£20</strong>" in page_of(client)


def test_assuming_keeps_what_the_policy_of_the_shop_says(
    client: Client, manager: User, small_shop: None
) -> None:
    PricePolicyFactory(max_change=Decimal("0.1"))
    client.force_login(manager)
    client.post("/desk/", {"action": "assume"})
    policy = PricePolicy.objects.get()
    assert (policy.max_change, policy.assumed_cost_ratio) == (Decimal("0.1"), Decimal("0.6"))


def test_a_cost_that_is_loaded_takes_the_place_of_the_assumed(
    client: Client, manager: User, small_shop: None
) -> None:
    client.force_login(manager)
    client.post("/desk/", {"action": "assume"})
    Product.objects.filter(code="MUG").update(cost=Decimal(3))
    page = page_of(client)
    assert "<strong>£50</strong>" in page
    assert "cost assumed" not in page


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_only_managers_assume_costs(client: Client, small_shop: None, role: str) -> None:
    client.force_login(user_with_role(role))
    assert "Assume 60 %" not in page_of(client)
    assert client.post("/desk/", {"action": "assume"}).status_code == 403
    assert not PricePolicy.objects.exists()


def test_a_form_that_says_nothing_known_is_refused(client: Client, manager: User, small_shop: None) -> None:
    client.force_login(manager)
    assert client.post("/desk/", {"action": "x"}).status_code == 400


@override_settings(PRICES_INCLUDE_TAX=True)
def test_narrower_policies_decide_on_tax_and_assumed_costs(
    viewer_client: APIClient, small_shop: None
) -> None:
    PricePolicyFactory(tax_rate=Decimal(25), assumed_cost_ratio=Decimal("0.5"))
    PricePolicyFactory(category="Drinks", tax_rate=Decimal(100))
    PricePolicyFactory(product=Product.objects.get(code="MUG"), assumed_cost_ratio=Decimal("0.25"))
    PricePolicyFactory(
        product=Product.objects.get(code="CUP"), max_change=Decimal("0.1")
    )  # taxed as its category
    profit = viewer_client.get("/api/overview").json()["figures"]["profit"]["now"]
    # Cups: 40 / 2 - 20 = 0. Mugs: 60 / 1.25 - 10 * 0.25 * 6 / 1.25 = 48 - 12.
    assert profit == 36.0


def test_what_recommendations_are_worth_is_the_same_on_every_page(browser: Client, small_shop: None) -> None:
    products_to_price()
    categories_refresh_if_outdated()
    moved = list(StandingRecommendation.objects.filter(changes=True))
    gain = f"£{sum(row.profit_change or 0 for row in moved):,.0f}"
    found = re.search(r"Worth (\S+) a month \((\S+) to (\S+)\): (\d+) prices", page_of(browser))
    assert found
    worth, low, high, count = found.groups()
    assert (worth, int(count)) == (gain, len(moved))
    listed = " ".join(browser.get("/desk/opportunities").content.decode().split())
    assert f"worth {worth} a month ({low} to {high})" in listed
    foot = browser.get("/desk/opportunities/chosen?all=1").content.decode()
    assert f"<strong>+{worth}</strong> ({low} to {high})" in foot


def test_what_recommendations_are_worth_follows_a_price_that_was_set(
    browser: Client, small_shop: None
) -> None:
    products_to_price()
    categories_refresh_if_outdated()
    assert "): 2 prices" in page_of(browser)
    product_update("CUT", by="anna", current_price=Decimal("11.00"))
    assert "): 1 price" in page_of(browser)


def test_it_says_how_many_recommendations_are_sure_enough_to_act_on(
    browser: Client, small_shop: None
) -> None:
    products_to_price()
    categories_refresh_if_outdated()
    # Both are offered, and nothing has to be said.
    assert "): 2 prices" in page_of(browser)
    assert "sure enough" not in page_of(browser)
    recommendations_refuse(["CUT"], by="anna", reason="A competitor closes down.")
    said = "1 of them is sure enough to act on; the others are not, are proposed already or were refused."
    assert said in page_of(browser)


def worth_and_tiles(browser: Client) -> str:
    page = page_of(browser)
    return page[page.index("Worth ") : page.index('aria-labelledby="revenue"')]


def test_figures_are_summed_up_before_somebody_asks(
    browser: Client, small_shop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    products_to_price()
    categories_refresh_if_outdated()
    first = worth_and_tiles(browser)
    cache.clear()
    figures_keep()

    def summed_up(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("somebody had to wait for it")

    monkeypatch.setattr("pricing.recommendation.selectors.overview.totals_by_day", summed_up)
    monkeypatch.setattr("pricing.recommendation.selectors.standing_totals.standing_totals", summed_up)
    monkeypatch.setattr("pricing.changes.selectors.outcomes.calibration", summed_up)
    assert worth_and_tiles(browser) == first
    assert browser.get("/desk/changes?tab=applied").status_code == 200
    figures_keep()  # what is at hand is not made again


def test_no_figures_are_summed_up_of_an_empty_shop(db: None) -> None:
    figures_keep()


def test_figures_follow_what_they_rest_on(browser: Client, small_shop: None) -> None:
    assert "<strong>£20</strong>" in page_of(browser)
    Product.objects.filter(code="CUP").update(cost=Decimal(1))
    assert "<strong>£30</strong>" in page_of(browser)


def test_sales_that_came_since_count_with_the_next_publish(
    viewer_client: APIClient, small_shop: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def revenue() -> Any:
        return viewer_client.get("/api/overview").json()["figures"]["revenue"]["now"]

    assert revenue() == 100.0
    SalesHistory.objects.filter(product_id="MUG").update(revenue=Decimal(61))
    DataVersion.objects.update(sales_version=2)
    with monkeypatch.context() as patch:
        patch.setattr("pricing.recommendation.selectors.overview.totals_by_day", lambda _: {})
        assert revenue() == 100.0  # kept, not summed up again
    DataVersion.objects.update(published_version=2)
    assert revenue() == 101.0
    SalesHistory.objects.filter(product_id="MUG").update(revenue=Decimal(62))
    DataVersion.objects.update(sales_version=3, as_of=AS_OF + dt.timedelta(days=1))
    assert revenue() == 82.0  # another day, without the cup of 28 days ago


def test_days_are_drawn_as_a_line() -> None:
    assert spark_points([Decimal(0), None, Decimal(4)]) == "0.0,24.0 100.0,0.0"
    assert spark_points([Decimal(-4), Decimal(0)]) == "0.0,24.0 100.0,0.0"
    assert spark_points([Decimal(1)]) == ""
