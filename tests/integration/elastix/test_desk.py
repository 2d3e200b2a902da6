"""The frame of the desk: who gets in, in which language, under which policy."""

import datetime as dt
import re
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client, override_settings
from django.urls import reverse

from elastix.dataset.models import DataVersion
from tests.test_docs import routes

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted(path for path in ROOT.glob("*/templates/desk/*.html"))
DESK = [
    route for route, _ in routes(__import__("elastix.urls").urls.urlpatterns) if route.startswith("/desk/")
]
# They say nothing of the shop and keep nothing but a cookie.
OPEN = ("/desk/login", "/desk/logout", "/desk/language", "/desk/theme")
# Asks for a sum over more products than an address can name.
READ_BY_POST = ("/desk/opportunities/chosen",)
OWN = ("/desk/password",)  # everybody changes their own
BATCH = "00000000-0000-4000-8000-000000000001"
# All addresses that are no page's: whatever is sent there, nothing is there.
NOWHERE = "/desk/{rest}"
NAMED = {"code": "CUP", **dict.fromkeys(("import_id", "batch", "simulation_id"), BATCH)}


def filled(route: str) -> str:
    """An address with something in its place for everything it names."""
    return re.sub(r"{(\w+)}", lambda name: NAMED.get(name[1], "1"), route)


@pytest.fixture
def browser(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


# --- who gets in ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", [route for route in DESK if route not in OPEN])
def test_every_page_asks_for_a_login_and_comes_back(client: Client, route: str) -> None:
    for method in ("get", "post"):
        answer = getattr(client, method)(filled(route))
        assert (answer.status_code, answer["Location"]) == (302, f"/desk/login?next={filled(route)}")


@pytest.mark.parametrize("route", [route for route in DESK if route not in OPEN])
def test_somebody_without_a_role_reads_why(client: Client, route: str) -> None:
    client.force_login(User.objects.create_user("stranger"))
    answer = client.get(filled(route))
    assert answer.status_code == 403
    assert "Your role does not allow this." in answer.content.decode()


@pytest.mark.parametrize(
    "route", [route for route in DESK if route not in (*OPEN, *READ_BY_POST, *OWN, NOWHERE)]
)
def test_a_viewer_may_send_nothing(browser: Client, route: str) -> None:
    assert browser.post(filled(route)).status_code in (403, 405)
    assert browser.delete(filled(route)).status_code == 405


def test_a_form_without_the_page_s_token_is_refused(analyst: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(analyst)
    assert client.post("/desk/data").status_code == 403


# --- whoever was signed out meanwhile --------------------------------------------------------------------

PART = {"HX-Request": "true"}
SHOP = "http://testserver"
NOT_SAVED = "You had been signed out: what you sent was not saved."


@pytest.mark.parametrize(
    ("current", "back"),
    [
        (f"{SHOP}/desk/products/CUP?tab=sales", "%2Fdesk%2Fproducts%2FCUP%3Ftab%3Dsales"),
        ("https://example.com/desk/products", "%2Fdesk%2F"),
        (f"{SHOP}/admin/", "%2Fdesk%2F"),
        (f"{SHOP}/desk/login?next=/desk/data", "%2Fdesk%2F"),
        ("", "%2Fdesk%2F"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_part_of_a_page_sends_the_whole_page_to_the_login(
    client: Client, method: str, current: str, back: str
) -> None:
    answer = getattr(client, method)("/desk/opportunities/chosen", headers=PART | {"HX-Current-URL": current})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, f"/desk/login?next={back}")
    assert "Location" not in answer
    assert not answer.content


def test_a_form_of_somebody_signed_out_leads_back_and_is_said_not_to_be_saved(
    client: Client, analyst: User
) -> None:
    analyst.set_password("correct horse battery")
    analyst.save()
    sent = client.post(
        "/desk/products/CUP", {"price": "4"}, headers={"referer": f"{SHOP}/desk/products?q=cup"}
    )
    assert sent["Location"] == "/desk/login?next=/desk/products%3Fq%3Dcup"
    said = {"username": "analyst", "password": "correct horse battery", "next": "/desk/products?q=cup"}
    entered = client.post("/desk/login", said)
    assert entered["Location"] == "/desk/products?q=cup"
    assert NOT_SAVED in client.get(entered["Location"]).content.decode()
    assert NOT_SAVED not in client.get(entered["Location"]).content.decode()


def test_a_page_that_was_only_opened_says_nothing_of_a_form(client: Client, viewer: User) -> None:
    client.get("/desk/products")
    client.force_login(viewer)
    assert NOT_SAVED not in client.get("/desk/products").content.decode()


def test_a_form_without_any_cookie_has_a_page_that_leads_to_the_login() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/desk/data", headers={"referer": f"{SHOP}/desk/data?sort=day"})
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "What you sent was not saved" in page
    assert 'href="/desk/login?next=%2Fdesk%2Fdata%3Fsort%3Dday"' in page
    assert (
        "style=" not in page
        and "<style" not in page
        and "default-src 'self'" in answer["Content-Security-Policy"]
    )
    assert "no-store" in answer["Cache-Control"]
    german = client.post("/desk/data", headers={"accept-language": "de"})
    assert "Was Sie gesendet haben, wurde nicht gespeichert" in german.content.decode()
    part = client.post("/desk/data", headers=PART | {"HX-Current-URL": f"{SHOP}/desk/data"})
    assert (part.status_code, part["HX-Redirect"]) == (200, "/desk/login?next=%2Fdesk%2Fdata")


def test_elsewhere_a_form_without_its_token_is_refused_as_always(manager: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert "CSRF verification failed" in client.post("/admin/login/").content.decode()
    client.force_login(manager)
    refused = client.post("/api/price/changes", {}, content_type="application/json")
    assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json")


def test_somebody_logs_in_and_out(client: Client, viewer: User) -> None:
    viewer.set_password("correct horse battery")
    viewer.save()
    refused = client.post("/desk/login", {"username": "viewer", "password": "wrong"})
    assert "Please enter a correct username and password" in refused.content.decode()
    entered = client.post(
        "/desk/login?next=/desk/products", {"username": "viewer", "password": "correct horse battery", "next": "/desk/products"}
    )  # fmt: skip
    assert entered["Location"] == "/desk/products"
    assert client.get("/desk/login")["Location"] == "/desk/"
    assert client.post("/desk/logout")["Location"] == "/desk/login"
    assert client.get("/desk/").status_code == 302


def test_somebody_changes_their_password_and_is_signed_out_elsewhere(client: Client, viewer: User) -> None:
    viewer.set_password("old-words-7319")
    viewer.save()
    elsewhere = Client()
    for each in (client, elsewhere):
        assert each.login(username=viewer.username, password="old-words-7319")
    asked = {"old_password": "wrong", "new_password1": "new-words-2841", "new_password2": "new-words-2841"}
    answer = client.post("/desk/password", asked)
    assert answer.status_code == 400
    assert "Your old password was entered incorrectly" in answer.content.decode()
    asked["old_password"] = "old-words-7319"
    answer = client.post("/desk/password", asked | {"new_password2": "other-words-2841"})
    assert "The two password fields" in answer.content.decode()
    answer = client.post("/desk/password", asked | {"new_password1": "1234", "new_password2": "1234"})
    assert "This password is too short" in answer.content.decode()
    answer = client.post("/desk/password", asked, follow=True)
    assert "Your password is changed." in answer.content.decode()
    assert client.get("/desk/").status_code == 200
    assert elsewhere.get("/desk/").status_code == 302
    assert not Client().login(username=viewer.username, password="old-words-7319")
    assert Client().login(username=viewer.username, password="new-words-2841")


def test_a_login_leads_nowhere_else(client: Client, viewer: User) -> None:
    viewer.set_password("correct horse battery")
    viewer.save()
    said = {"username": "viewer", "password": "correct horse battery", "next": "https://example.com/"}
    assert client.post("/desk/login", said)["Location"] == "/desk/"


def test_what_is_not_there_is_a_page(browser: Client) -> None:
    for address in ("/desk/products/NOBODY", f"/desk/data/{BATCH}"):
        answer = browser.get(address)
        assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert "There is nothing here" in answer.content.decode()


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "data/abc",
        "changes/batch/xyz",
        "changes/",
        "alerts/9999999999999999999999/seen",
        "a/b/c.php",
    ],
)
def test_an_address_below_the_desk_that_is_no_page_s_is_the_desk_s_own_page(
    browser: Client, address: str, debug: bool
) -> None:
    with override_settings(DEBUG=debug):
        for answer in (browser.get(f"/desk/{address}"), browser.post(f"/desk/{address}")):
            page = answer.content.decode()
            assert answer.status_code == 404
            assert "There is nothing here" in page
            assert 'href="/desk/products"' in page and "To the overview" in page
    outside = browser.get(f"/desks/{address}")
    assert (outside.status_code, outside["Content-Type"]) == (404, "application/problem+json")


def test_what_is_missing_is_said_in_german(browser: Client) -> None:
    german = {"accept-language": "de"}
    page = browser.get("/desk/products/NOPE", headers=german).content.decode()
    assert "Es gibt kein Produkt &#x27;NOPE&#x27;." in page
    page = browser.get("/desk/changes/7", headers=german).content.decode()
    assert "Es gibt keine Preisänderung 7." in page


# --- what stands above every page -----------------------------------------------------------------------


def test_the_frame_says_whose_shop_it_is_and_how_old_the_figures_are(browser: Client) -> None:
    today = dt.datetime.now(dt.UTC).date()
    DataVersion.objects.create(pk=1, sales_version=1, published_version=1, time_zone="UTC", as_of=today)
    with override_settings(SHOP_NAME="Corner shop"):
        page = " ".join(browser.get("/desk/").content.decode().split())
    yesterday = today - dt.timedelta(days=1)
    assert f"Figures to {yesterday.day} {yesterday:%b %Y}, 1 day old" in page
    assert "Corner shop" in page
    assert "viewer" in page


def test_the_frame_leads_only_to_pages_that_exist(browser: Client) -> None:
    page = browser.get("/desk/").content.decode()
    links = set(re.findall(r'<a [^>]*href="(/[^"]*)"', page))
    assert {"/desk/", "/desk/products", "/desk/data", "/admin/", "/docs"} <= links
    for link in links:
        assert browser.get(link).status_code == 200, link


def test_the_page_one_is_on_is_marked(browser: Client) -> None:
    page = browser.get("/desk/products").content.decode()
    assert page.count('aria-current="page"') == 2  # above and, on a phone, below
    assert '<a href="/desk/products" aria-current="page">' in page


def test_answers_are_not_kept_by_anybody(browser: Client) -> None:
    answer = browser.get("/desk/")
    assert "no-store" in answer["Cache-Control"]
    assert {"Cookie", "Accept-Language"} <= set(answer["Vary"].split(", "))


def test_the_desk_speaks_the_language_that_the_browser_asks_for(client: Client, viewer: User) -> None:
    german = {"accept-language": "de-AT,de;q=0.9,en;q=0.5"}
    assert "Passwort" in client.get("/desk/login", headers=german).content.decode()
    client.force_login(viewer)
    answer = client.get("/desk/", headers=german)
    page = answer.content.decode()
    assert (answer["Content-Language"], '<html lang="de"' in page, "Übersicht" in page) == ("de", True, True)
    other = client.get("/desk/", headers={"accept-language": "fr"})
    assert (other["Content-Language"], "Overview" in other.content.decode()) == ("en", True)


def test_the_api_speaks_english_whatever_the_browser_asks_for(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    problem = client.get("/stock-items?limit=x", headers={"accept-language": "de"}).json()
    assert problem["errors"][0]["message"] == "A valid integer is required."


# --- the policy ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/desk/", "/desk/login", "/desk/products/NOBODY"])
def test_pages_have_the_strict_policy_without_exceptions(browser: Client, address: str) -> None:
    policy = browser.get(address)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    for exception in ("unsafe", "nonce-", "script-src", "style-src", "http:", "https:"):
        assert exception not in policy


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_have_no_styles_and_no_scripts_in_line(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle\s*=|<style|\shx-on|\son[a-z]+\s*=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_name_only_static_files_that_exist(path: Path) -> None:
    for name in re.findall(r'{% static "([^"]+)" %}', path.read_text()):
        assert finders.find(name), name


def test_there_are_templates_to_look_through() -> None:
    assert {path.name for path in TEMPLATES} >= {"base.html", "overview.html", "import.html", "product.html"}


def test_the_frame_turns_off_what_the_policy_forbids(browser: Client) -> None:
    page = browser.get(reverse("overview")).content.decode()
    assert '"allowEval": false' in page
    assert '"includeIndicatorStyles": false' in page
