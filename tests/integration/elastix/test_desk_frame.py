"""The tools of the frame: search, bell, gear, language and theme; what they keep and whom they show what."""

import html
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from elastix.desk import shell
from elastix.desk.search import Hit
from pricing.sales.models import ProductSummary
from segments.models import CustomerSegment
from tests.factories import AlertFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


@pytest.fixture
def shop(db: None) -> None:
    for code, name, units in (("TEA", "Green tea", 5), ("POT", "Teapot", 90), ("TEA-2", "Black", 70)):
        product = ProductFactory(code=code, name=name, current_price=Decimal("3.50"))
        ProductSummary.objects.create(product=product, monthly_sales=units)
    ProductFactory(code="TEA-OLD", name="Old tea", is_active=False)
    CustomerSegment.objects.create(
        customer_id="17850",
        last_purchase="2025-03-01",
        frequency=3,
        monetary=Decimal(120),
        segment="Champion",
    )


def hits(browser: Client, text: str, **headers: Any) -> list[str]:
    answer = browser.get("/desk/search", {"q": text}, **headers)
    assert answer.status_code == 200
    found = re.findall(r'class="desk-hit" href="([^"]+)">([^<]+?) <', answer.content.decode())
    return [html.unescape(title) for _, title in found]


# --- the search ------------------------------------------------------------------------------------------


def test_codes_that_begin_with_the_text_come_first_then_what_sells_most(browser: Client, shop: None) -> None:
    assert hits(browser, "tea") == ["Green tea", "Black", "Teapot"]


def test_a_customer_is_found_by_the_beginning_of_the_number(browser: Client, shop: None) -> None:
    assert hits(browser, "178") == ["17850"]
    assert hits(browser, "850") == []


@pytest.mark.parametrize(
    "text", ["", "  ", "zzz", "%", "_", "\x00", "<script>alert(1)</script>", "x" * 5_000]
)
def test_a_text_that_nothing_has_finds_nothing(browser: Client, shop: None, text: str) -> None:
    assert hits(browser, text) == []
    assert b"<script>alert" not in browser.get("/desk/search", {"q": text}).content


def test_while_somebody_types_only_a_part_of_a_page_comes_with_few_hits(browser: Client) -> None:
    for number in range(9):
        ProductFactory(code=f"CUP{number}")
    answer = browser.get("/desk/search?q=cup", headers={"HX-Request": "true"})
    assert b"<html" not in answer.content
    assert answer.content.count(b'desk-hit"') == 6
    assert len(hits(browser, "cup")) == 9


def test_the_search_asks_a_fixed_number_of_queries(
    browser: Client, shop: None, django_assert_num_queries: Any
) -> None:
    for number in range(60):
        ProductFactory(code=f"P{number:02}", name="tea")
    with django_assert_num_queries(6):
        browser.get("/desk/search?q=tea", headers={"HX-Request": "true"})


def test_a_hit_leads_to_its_own_page_else_to_a_list_else_nowhere() -> None:
    assert Hit("Tea", "", ("product", "products"), "TEA 1").address == "/desk/products/TEA%201"
    assert Hit("Tea", "", ("no such page", "products"), "TEA 1").address == "/desk/products?q=TEA+1"
    assert Hit("Tea", "", ("no such page",), "TEA").address == ""


# --- the bell ----------------------------------------------------------------------------------------------


def bell(browser: Client) -> tuple[str, str]:
    page = browser.get("/desk/products").content.decode()
    return re.findall(
        r'<(a href="[^"]*"|span role="img") class="btn[^>]* aria-label="(\d+ open alerts?)"', page
    )[0]


def test_the_bell_counts_alerts_that_stand_and_nobody_acknowledged(browser: Client) -> None:
    assert bell(browser)[1] == "0 open alerts"
    AlertFactory()
    assert bell(browser)[1] == "1 open alert"
    AlertFactory(cleared_at=timezone.now())
    AlertFactory(acknowledged_at=timezone.now(), acknowledged_by="noor")
    AlertFactory()
    assert bell(browser)[1] == "2 open alerts"


def test_the_bell_leads_to_the_page_of_alerts(browser: Client) -> None:
    AlertFactory()
    assert bell(browser)[0] == 'a href="/desk/alerts"'
    assert browser.get("/desk/alerts").status_code == 200


def test_without_a_page_of_alerts_the_bell_leads_to_the_admin_those_who_may_enter_it(
    browser: Client, viewer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell, "address_of", lambda name, *args: "")
    assert bell(browser)[0] == 'a href="/admin/elastix/alert/"'
    User.objects.filter(pk=viewer.pk).update(is_staff=False)
    assert bell(browser)[0] == 'span role="img"'


# --- the gear ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "shown"),
    [
        ("viewer", {"/admin/pricing/pricepolicy/", "/admin/elastix/apitoken/", "/admin/", "/docs"}),
        ("manager", {"/admin/pricing/pricepolicy/", "/admin/elastix/apitoken/", "/admin/", "/docs"}),
        (
            "admin_user",
            {
                "/admin/pricing/pricepolicy/",
                "/admin/auth/user/",
                "/admin/elastix/apitoken/",
                "/admin/",
                "/docs",
            },
        ),
    ],
)
def test_the_gear_shows_what_the_role_may_open(
    request: Any, client: Client, role: str, shown: set[str]
) -> None:
    client.force_login(request.getfixturevalue(role))
    page = client.get("/desk/products").content.decode()
    assert set(re.findall(r'href="(/admin/[^"]*|/docs)"', page)) - {"/admin/elastix/alert/"} == shown
    for address in shown:
        assert client.get(address).status_code == 200


def test_who_may_not_enter_the_admin_is_not_led_there(browser: Client, viewer: User) -> None:
    User.objects.filter(pk=viewer.pk).update(is_staff=False)
    assert "/admin/" not in browser.get("/desk/").content.decode()


# --- language and theme ------------------------------------------------------------------------------------


def test_a_chosen_language_is_kept_against_the_browser_s(browser: Client) -> None:
    answer = browser.post("/desk/language", {"language": "de", "next": "/desk/products?q=x"})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/products?q=x")
    page = browser.get("/desk/products", headers={"accept-language": "en"})
    assert page["Content-Language"] == "de"
    browser.post("/desk/language", {"language": "tlh"})
    assert browser.get("/desk/products")["Content-Language"] == "de"
    browser.post("/desk/language", {"language": "en"})
    assert browser.get("/desk/products", headers={"accept-language": "de"})["Content-Language"] == "en"


def test_a_chosen_theme_is_kept_and_another_word_is_not(browser: Client) -> None:
    assert 'data-theme="system">' in browser.get("/desk/").content.decode()
    answer = browser.post("/desk/theme", {"theme": "dark", "next": "/desk/data"})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/data")
    for _ in range(2):
        browser.post("/desk/theme", {"theme": '"><script>'})
        assert 'data-theme="dark" data-bs-theme="dark">' in browser.get("/desk/").content.decode()
    browser.cookies["theme"] = "purple"
    assert 'data-theme="system">' in browser.get("/desk/").content.decode()


@pytest.mark.parametrize("address", ["/desk/theme", "/desk/language"])
def test_a_choice_leads_to_no_other_server(browser: Client, address: str) -> None:
    for other in ("https://example.com/", "//example.com/", "javascript:alert(1)"):
        answer = browser.post(address, {"theme": "dark", "language": "de", "next": other})
        assert (answer.status_code, answer["Location"].startswith("/desk") or answer["Location"] == "/") == (
            302,
            True,
        )


def test_a_theme_is_not_changed_by_a_link(browser: Client) -> None:
    assert browser.get("/desk/theme?theme=dark").status_code == 405
    assert "theme" not in browser.cookies


def test_a_search_without_a_hit_says_so_once(browser: Client) -> None:
    page = browser.get("/desk/search", {"q": "moon"}).content.decode()
    assert page.count("Nothing is found.") == 1
    assert (
        "visually-hidden" not in page[page.index("Nothing is found.") - 60 : page.index("Nothing is found.")]
    )
