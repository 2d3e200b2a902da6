"""The desk's alerts: by state and kind, seen by somebody, over when their cause has gone."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from elastix.alerts.models import Alert
from elastix.alerts.services import Finding, alert_acknowledge, alerts_report

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, analyst: User) -> Client:
    client.force_login(analyst)
    return client


@pytest.fixture
def raised(db: None) -> dict[str, Alert]:
    """A surge that stands, another that somebody saw, and stale data that are over."""
    alerts_report(
        "demand_surge", [Finding("CUP", "CUP sold twice the usual."), Finding("MUG", "MUG sold out.")]
    )
    alerts_report("data_stale", [Finding("", "The newest sale is old.")])
    alerts_report("data_stale", [])
    found = {alert.subject: alert for alert in Alert.objects.all()}
    alert_acknowledge(found["MUG"].pk, by="otto")
    return found


def messages_of(browser: Client, query: str = "") -> list[str]:
    answer = browser.get(f"/desk/alerts{query}")
    assert answer.status_code == 200
    return sorted(re.findall(r'<p class="mb-1">(.*?)</p>', answer.content.decode()))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["CUP sold twice the usual.", "MUG sold out."]),
        ("?state=new", ["CUP sold twice the usual."]),
        ("?state=cleared", ["The newest sale is old."]),
        ("?state=all", ["CUP sold twice the usual.", "MUG sold out.", "The newest sale is old."]),
        ("?state=all&kind=data_stale", ["The newest sale is old."]),
        ("?kind=data_stale", []),
        ("?state=moon&kind=moon&page=moon", ["CUP sold twice the usual.", "MUG sold out."]),
    ],
)
def test_the_address_says_what_is_shown(
    browser: Client, raised: Any, query: str, expected: list[str]
) -> None:
    assert messages_of(browser, query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "?state=all&sort=subject",
            ["The newest sale is old.", "CUP sold twice the usual.", "MUG sold out."],
        ),
        (
            "?state=all&sort=-subject",
            ["MUG sold out.", "CUP sold twice the usual.", "The newest sale is old."],
        ),
        ("?state=all&sort=kind", ["The newest sale is old.", "MUG sold out.", "CUP sold twice the usual."]),
        ("?state=all&sort=moon", ["The newest sale is old.", "MUG sold out.", "CUP sold twice the usual."]),
        ("?state=all&sort=since", ["MUG sold out.", "CUP sold twice the usual.", "The newest sale is old."]),
        ("?q=cup", ["CUP sold twice the usual."]),
        ("?q=SOLD&sort=subject", ["CUP sold twice the usual.", "MUG sold out."]),
        ("?q=tea", []),
    ],
)
def test_the_list_sorts_and_is_searched(
    browser: Client, raised: Any, query: str, expected: list[str]
) -> None:
    answer = browser.get(f"/desk/alerts{query}")
    assert re.findall(r'<p class="mb-1">(.*?)</p>', answer.content.decode()) == expected


def test_whoever_has_seen_one_says_so_and_the_first_stays_noted(browser: Client, raised: Any) -> None:
    path = f"/desk/alerts/{raised['CUP'].pk}/seen"
    answer = browser.post(path, {"back": "/desk/alerts?state=new"})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/alerts?state=new")
    alert = Alert.objects.get(pk=raised["CUP"].pk)
    assert (alert.acknowledged_by, alert.cleared_at) == ("analyst", None)
    assert messages_of(browser, "?state=new") == []
    browser.post(f"/desk/alerts/{raised['MUG'].pk}/seen")
    assert Alert.objects.get(pk=raised["MUG"].pk).acknowledged_by == "otto"


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)", ""]
)
def test_it_leads_nowhere_else(browser: Client, raised: Any, back: str) -> None:
    answer = browser.post(f"/desk/alerts/{raised['CUP'].pk}/seen", {"back": back})
    assert answer["Location"] == "/desk/alerts"


def test_viewers_look_and_do_not_touch(viewer: User, raised: Any) -> None:
    client = Client()
    client.force_login(viewer)
    assert "Seen: CUP" not in client.get("/desk/alerts").content.decode()
    assert client.post(f"/desk/alerts/{raised['CUP'].pk}/seen").status_code == 403
    assert Alert.objects.get(pk=raised["CUP"].pk).acknowledged_at is None


def test_unknown_alerts_are_not_found_and_strangers_are_asked_who_they_are(browser: Client) -> None:
    assert browser.post("/desk/alerts/999/seen").status_code == 404
    assert Client().get("/desk/alerts")["Location"].startswith("/desk/login")


def test_the_page_asks_a_fixed_number_of_queries(
    browser: Client, raised: Any, django_assert_max_num_queries: Any
) -> None:
    alerts_report("no_cost", [Finding(f"P{number}", "No cost.") for number in range(60)])
    with django_assert_max_num_queries(8):
        assert len(messages_of(browser)) == 50


def test_the_kind_of_an_alert_is_named_in_the_reader_s_language(
    browser: Client, raised: dict[str, Alert]
) -> None:
    page = browser.get("/desk/alerts", headers={"accept-language": "de"}).content.decode()
    assert "die Nachfrage springt an</strong>" in page
    assert '<option value="demand_surge">die Nachfrage springt an</option>' in page
