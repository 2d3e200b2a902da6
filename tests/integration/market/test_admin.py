"""Competitors' prices in the admin: written by hand."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from elastix.dataset.models import DataVersion
from market.models import Competitor, CompetitorPrice
from pricing.sales.models import Product
from tests.factories import CompetitorFactory, CompetitorPriceFactory, ProductFactory
from tests.integration.admin_pages import errors_of, page, run_action, signed_in

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def cup() -> Product:
    return ProductFactory(code="CUP", current_price=Decimal("4.00"))


def form(**changes: str) -> dict[str, str]:
    filled = {"product": "CUP", "competitor_name": "Corner shop", "price": "3.90", "source": "window"}
    return filled | {"recorded_at_0": "2025-03-01", "recorded_at_1": "12:00:00"} | changes


def seen(product: Product, name: str = "Corner shop") -> CompetitorPrice:
    return CompetitorPriceFactory(
        product=product, competitor_name=name, price=Decimal("3.90"), recorded_at=NOON
    )


def test_an_analyst_writes_changes_and_deletes_a_competitors_price(cup: Product, analyst: User) -> None:
    browser = signed_in(analyst)
    browser.post(page(CompetitorPrice, "add"), form())
    price = CompetitorPrice.objects.get()
    assert (price.product, price.price, price.recorded_at) == (cup, Decimal("3.90"), NOON)
    browser.post(page(CompetitorPrice, "change", price.pk), form(price="3.80"))
    price.refresh_from_db()
    assert price.price == Decimal("3.80")
    browser.post(page(CompetitorPrice, "delete", price.pk), {"post": "yes"})
    assert not CompetitorPrice.objects.exists()


def test_several_are_deleted_together(cup: Product, analyst: User) -> None:
    prices = [seen(cup), seen(cup, "Market")]
    run_action(signed_in(analyst), "delete_selected", *prices, post="yes")
    assert not CompetitorPrice.objects.exists()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"price": "0"}, "greater than or equal to 0.01"),
        ({"price": "1.234"}, "2 decimal places"),
        ({"competitor_name": " "}, "required"),
        ({"product": "NONE"}, "valid choice"),
        ({"recorded_at_0": ""}, "required"),
    ],
)
def test_a_price_out_of_its_limits_is_refused(
    changes: dict[str, str], complaint: str, cup: Product, analyst: User
) -> None:
    assert complaint in errors_of(signed_in(analyst).post(page(CompetitorPrice, "add"), form(**changes)))
    assert not CompetitorPrice.objects.exists()


def test_the_same_sight_twice_is_refused(cup: Product, analyst: User) -> None:
    browser = signed_in(analyst)
    browser.post(page(CompetitorPrice, "add"), form())
    assert "already exists" in errors_of(browser.post(page(CompetitorPrice, "add"), form(price="3.80")))
    assert CompetitorPrice.objects.get().price == Decimal("3.90")


def test_a_viewer_writes_nothing(cup: Product, viewer: User) -> None:
    price = seen(cup)
    browser = signed_in(viewer)
    assert browser.get(page(CompetitorPrice, "change", price.pk)).status_code == 200
    for name, arguments in (("add", []), ("change", [price.pk]), ("delete", [price.pk])):
        response: Any = browser.post(page(CompetitorPrice, name, *arguments), form(price="1.00"))
        assert response.status_code == 403
    assert CompetitorPrice.objects.get().price == Decimal("3.90")


def test_the_list_sets_our_price_beside_theirs(viewer: User) -> None:
    seen(ProductFactory(current_price=Decimal("4.56")))
    assert "4.56" in signed_in(viewer).get(page(CompetitorPrice)).content.decode()


def test_the_list_says_what_is_thought_of_each_price(cup: Product, viewer: User) -> None:
    DataVersion.objects.create(pk=1, time_zone="UTC", as_of=dt.date(2025, 3, 3))
    for name, price, day in (("A", "4.00", 1), ("B", "4.10", 2), ("C", "41.00", 2), ("D", "4.20", 2)):
        CompetitorPriceFactory(
            product=cup, competitor_name=name, price=Decimal(price), recorded_at=NOON.replace(day=day)
        )
    CompetitorPriceFactory(
        product=cup, competitor_name="E", price=Decimal("4.00"), recorded_at=NOON.replace(month=1)
    )
    browser = signed_in(viewer)
    assert names_shown(browser) == {"A", "B", "C", "D", "E"}
    assert names_shown(browser, state="fresh") == {"A", "B", "C", "D"}
    assert names_shown(browser, state="old") == {"E"}
    assert names_shown(browser, state="implausible") == {"C"}
    CompetitorPrice.objects.filter(competitor_name="C").delete()
    assert names_shown(browser, state="implausible") == set()


def names_shown(browser: Any, **query: str) -> set[str]:
    response = browser.get(page(CompetitorPrice), query)
    assert response.status_code == 200
    return {price.competitor_name for price in response.context["cl"].result_list}


def test_the_list_is_exported_as_the_import_reads_it(cup: Product, viewer: User) -> None:
    response = run_action(signed_in(viewer), "export_csv", seen(cup))
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == [
        "product_id,competitor_name,price,recorded_at,source",
        "CUP,Corner shop,3.90,2025-03-01T12:00:00+00:00,",
    ]


def test_an_analyst_judges_a_competitor_s_quality(analyst: User, viewer: User) -> None:
    competitor = CompetitorFactory(name="Corner shop")
    url = page(Competitor, "change", competitor.pk)
    assert signed_in(viewer).post(url, {"quality": "2"}).status_code == 403
    assert "greater than or equal" in errors_of(signed_in(analyst).post(url, {"quality": "0"}))
    signed_in(analyst).post(url, {"quality": "1.25", "name": "Other"})
    competitor.refresh_from_db()
    assert (competitor.name, competitor.quality) == ("Corner shop", Decimal("1.25"))
    assert signed_in(analyst).get(page(Competitor, "add")).status_code == 403
    assert (
        signed_in(analyst).post(page(Competitor, "delete", competitor.pk), {"post": "yes"}).status_code == 403
    )


def test_a_change_that_would_make_two_of_one_is_refused(cup: Product, analyst: User) -> None:
    seen(cup)
    other = seen(cup, "Market")
    browser = signed_in(analyst)
    complaint = errors_of(browser.post(page(CompetitorPrice, "change", other.pk), form()))
    assert "already exists" in complaint
