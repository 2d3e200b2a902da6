"""/api/feeds: who may fetch them, what is in them, and that they are sent piece by piece."""

import base64
import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from pricing.recommendation.models import PricePolicy
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.products import Kind
from tests.conftest import token_of
from tests.factories import PriceChangeFactory, ProductFactory

pytestmark = pytest.mark.django_db

FEEDS = ("/api/feeds/prices.csv", "/api/feeds/google.tsv", "/api/feeds/google.xml")
APPLIED = dt.datetime(2025, 3, 1, 8, 30, tzinfo=dt.UTC)


def content(answer: Any) -> str:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content).decode()


def rows(client: APIClient, feed: str) -> list[dict[str, str]]:
    text, tab = content(client.get(feed)), "\t" if "tsv" in feed else ","
    return list(csv.DictReader(io.StringIO(text), delimiter=tab))


def product(code: str, price: str | None = "4.00", **fields: Any) -> Product:
    return ProductFactory(code=code, current_price=price and Decimal(price), **fields)


def applied(code: str, old: str, new: str, moment: dt.datetime = APPLIED, **fields: Any) -> PriceChange:
    Product.objects.filter(code=code).update(current_price=Decimal(new), price_source="ledger")
    return PriceChangeFactory(
        product=code,
        old_price=Decimal(old),
        new_price=Decimal(new),
        changed_at=moment,
        status="applied",
        **fields,
    )


def test_the_google_feed_has_active_merchandise_with_a_price(viewer_client: APIClient, settings: Any) -> None:
    settings.SHOP_CURRENCY = "EUR"
    product("CUP", cost=Decimal("2.10"), category="Mugs")
    product("MUG", "6.00", cost=Decimal("2.00"), category="Mugs")
    product("BOWL", "9.00")
    product("POST", kind=Kind.SERVICE)
    product("OLD", is_active=False)
    product("NEW", None)
    PricePolicy.objects.create(category="Mugs", minimum_margin=Decimal("0.4"))
    PricePolicy.objects.create(product_id="MUG", min_price=Decimal("5.00"))
    assert rows(viewer_client, "/api/feeds/google.tsv") == [
        row("BOWL", "9.00 EUR"),
        row("CUP", "4.00 EUR", cost="2.10 EUR", floor="3.50 EUR"),
        row("MUG", "6.00 EUR", cost="2.00 EUR", floor="5.00 EUR"),
    ]


def row(
    code: str, price: str, sale: str = "", dates: str = "", cost: str = "", floor: str = ""
) -> dict[str, str]:
    return {
        "id": code, "price": price, "sale_price": sale, "sale_price_effective_date": dates,
        "cost_of_goods_sold": cost, "auto_pricing_min_price": floor,
    }  # fmt: skip


def test_a_cut_of_the_ledger_is_a_sale_for_as_long_as_the_setting_says(
    viewer_client: APIClient, settings: Any
) -> None:
    settings.SALE_DAYS = 14
    now = timezone.now()
    lately = now - dt.timedelta(days=13)
    for code in ("CUP", "MUG", "BOWL", "DISH"):
        product(code)
    applied("CUP", "5.00", "4.00", lately)
    applied("MUG", "3.00", "4.00", lately)
    applied("BOWL", "5.00", "4.00", now - dt.timedelta(days=15))
    applied("DISH", "5.00", "3.00", lately)
    Product.objects.filter(code="DISH").update(current_price=Decimal(4))  # and something else since
    end = lately + dt.timedelta(days=14)
    dates = f"{lately:%Y-%m-%dT%H:%MZ}/{end:%Y-%m-%dT%H:%MZ}"
    found = {each["id"]: each for each in rows(viewer_client, "/api/feeds/google.tsv")}
    assert found["CUP"] == row("CUP", "5.00 GBP", "4.00 GBP", dates)
    assert [found[code]["sale_price"] for code in ("MUG", "BOWL", "DISH")] == ["", "", ""]
    settings.SALE_DAYS = 0
    assert rows(viewer_client, "/api/feeds/google.tsv")[1] == row("CUP", "4.00 GBP")


def test_the_xml_has_the_same(viewer_client: APIClient, settings: Any) -> None:
    settings.SHOP_NAME = "Cups & more"
    product("CUP", cost=Decimal("2.10"))
    document = ElementTree.fromstring(content(viewer_client.get("/api/feeds/google.xml")))  # noqa: S314
    assert document.findtext("channel/title") == "Cups & more"
    names = {each.tag.rpartition("}")[2]: each.text for each in document.findall("channel/item/*")}
    assert names == {
        "id": "CUP", "price": "4.00 GBP", "cost_of_goods_sold": "2.10 GBP", "auto_pricing_min_price": "2.31 GBP",
    }  # fmt: skip


def test_the_plain_file_has_the_prices_that_the_ledger_put_in_force(viewer_client: APIClient) -> None:
    for code in ("CUP", "MUG", "BOWL", "DISH"):
        product(code)
    applied("CUP", "5.00", "4.00")
    PriceChangeFactory(product="MUG", old_price=Decimal(4), new_price=Decimal(5), status="proposed")
    back = applied("BOWL", "4.00", "6.00")
    PriceChange.objects.filter(pk=back.pk).update(
        status="rolled_back", rolled_back_at=APPLIED + dt.timedelta(days=2)
    )
    Product.objects.filter(code="BOWL").update(current_price=Decimal(4))
    assert rows(viewer_client, "/api/feeds/prices.csv") == [
        plain("BOWL", "4.00", "2025-03-03T08:30:00+00:00"), plain("CUP", "4.00", "2025-03-01T08:30:00+00:00")
    ]  # fmt: skip
    since = "/api/feeds/prices.csv?since=" + quote("2025-03-02T00:00:00Z")
    assert [each["code"] for each in rows(viewer_client, since)] == ["BOWL"]


def plain(code: str, price: str, moment: str) -> dict[str, str]:
    return {
        "code": code, "price": price, "currency": "GBP", "regular_price": "", "sale_from": "", "sale_until": "",
        "decided_at": moment,
    }  # fmt: skip


@pytest.mark.parametrize("given", ["yesterday", "2025-02-30", "\x00"])
def test_a_moment_that_is_none_is_refused(given: str, viewer_client: APIClient) -> None:
    answer = viewer_client.get("/api/feeds/prices.csv", {"since": given})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "since")


@pytest.mark.parametrize("feed", FEEDS)
def test_a_feed_takes_the_same_queries_however_long_it_is(feed: str, counted: APIClient) -> None:
    for number in range(3):
        product(f"P{number}", category=f"C{number}")
        applied(f"P{number}", "5.00", "4.00")
    with CaptureQueriesContext(
        connection,
    ) as few:
        content(counted.get(feed))
    for number in range(3, 40):
        product(f"P{number}", category=f"C{number}")
        applied(f"P{number}", "5.00", "4.00")
        PricePolicy.objects.create(product_id=f"P{number}", min_price=Decimal(1))
    with CaptureQueriesContext(connection) as many:
        content(counted.get(feed))
    assert len(few) == len(many) == 2


@pytest.mark.parametrize("feed", FEEDS)
def test_no_cache_between_may_keep_a_feed(feed: str, viewer_client: APIClient) -> None:
    answer = viewer_client.get(feed)
    assert answer.streaming and answer["Cache-Control"] == "private, no-store"


def basic(name: str, password: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Basic " + base64.b64encode(f"{name}:{password}".encode()).decode())
    return client


def test_a_token_can_be_sent_as_the_password(viewer: User) -> None:
    token = token_of(viewer)
    assert basic("viewer", token).get(FEEDS[1]).status_code == 200
    assert basic("viewer", token).get("/api/alerts").status_code == 401


def test_neither_the_password_nor_another_users_token_does(viewer: User, analyst: User) -> None:
    viewer.set_password("a-long-password-indeed")
    viewer.save()
    token = token_of(analyst)
    for name, password in (
        ("viewer", "a-long-password-indeed"), ("viewer", token), ("viewer", ""), ("", token), ("nobody", token)
    ):  # fmt: skip
        assert basic(name, password).get(FEEDS[1]).status_code == 401, (name, password)
    analyst.is_active = False
    analyst.save()
    assert basic("analyst", token).get(FEEDS[1]).status_code == 401
