"""The overview: figures of 28 days against those before, what is missing, changes that paid, alerts."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.utils import timezone

from elastix.dataset.models import DataVersion
from pricing.sales.models import Product, SalesHistory
from tests.factories import AlertFactory, PriceChangeFactory, PricePolicyFactory, ProductFactory

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
    DataVersion.objects.create(pk=1, sales_version=1, published_version=1, time_zone="UTC", as_of=AS_OF)
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


def test_an_empty_shop_is_told_how_to_begin(client: Client, browser: Client, analyst: User) -> None:
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
    assert "£0" not in page


def test_the_strip_counts_what_is_set_up_and_goes_when_all_is(browser: Client, small_shop: None) -> None:
    page = page_of(browser)
    assert "Costs</strong> 1 of 2" in page
    assert "Categories</strong> 1 of 2" in page
    assert "Price policy</strong> none yet" in page
    Product.objects.filter(code="MUG").update(cost=Decimal(3), category="Drinks")
    PricePolicyFactory()
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
    with django_assert_num_queries(17):
        browser.get("/desk/")
