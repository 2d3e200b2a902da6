"""The desk's rules: a sentence to fill in, tried, proposing, applying; and the switch that stops all."""

import csv
import io
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from elastix.jobs.runner import jobs_run_in
from market.models import KillSwitch, RepricingRule, RepricingRun
from pricing.sales.models import PriceChange, Product
from tests.integration.market.rules import PATIENT, prices, rule, run, with_costs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]
SENTENCE = {
    "action": "save",
    "name": "Too much in stock",
    "condition": "unchanged_days",
    "value": "1",
    "category": "",
    "direction": "lower",
    "percent": "10",
    "at_most": "12",
}


@pytest.fixture
def browser(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


@pytest.fixture
def onlooker(viewer: User) -> Client:
    client = Client()
    client.force_login(viewer)
    return client


def html(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def act(client: Client, of: RepricingRule, capture: Any, **said: str) -> Any:
    """Press a button of a rule's page, and let a worker do what it asked for."""
    with PATIENT, jobs_run_in("inline"), capture(execute=True):
        return client.post(f"/desk/rules/{of.pk}", said)


def test_the_sentence_becomes_a_draft_that_is_off(browser: Client) -> None:
    answer = browser.post("/desk/rules/new", SENTENCE)
    made = RepricingRule.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/desk/rules/{made.pk}")
    assert (made.enabled, made.may_apply, made.keep_endings) == (False, False, True)
    assert (made.unchanged_days, made.stock_days_above, made.scope) == (1, None, "shop")
    assert (made.action, str(made.percent), str(made.max_change_percent)) == ("factor", "-10.00", "12.00")
    page = html(browser, f"/desk/rules/{made.pk}")
    said = "When the price has not changed for 1 day in the whole shop: lower by 10 %, at most 12 % at once"
    assert f"{said}, price endings kept." in page
    assert "Saved as a draft: it is off." in page
    assert not PriceChange.objects.filter(source="rule").exists()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Second", "First", "Third"]),
        ("?sort=name", ["First", "Second", "Third"]),
        ("?sort=-name", ["Third", "Second", "First"]),
        ("?sort=-priority", ["Third", "First", "Second"]),
        ("?sort=-state", ["Second", "First", "Third"]),
        ("?sort=moon", ["Second", "First", "Third"]),
        ("?state=off", ["First", "Third"]),
        ("?state=on&q=SEC", ["Second"]),
        ("?q=nothing", []),
    ],
)
def test_rules_are_listed_as_they_are_tried_or_as_the_address_says(
    browser: Client, query: str, expected: list[str]
) -> None:
    for name, priority, enabled in (("First", 20, False), ("Second", 10, True), ("Third", 30, False)):
        rule(name=name, priority=priority, enabled=enabled)
    page = html(browser, f"/desk/rules{query}")
    assert re.findall(r'<th scope="row"><span><a href="/desk/rules/\d+">(\w+)</a>', page) == expected
    assert ("No rule is like this." in page) == (not expected)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"name": ""}, "This field is required."),
        ({"value": "x"}, "Enter a number."),
        ({"value": "0"}, "Say a number from 1 to 3650, not 0."),
        ({"value": "1.5"}, "Say a number from 1 to 3650, not 0."),
        ({"percent": "91"}, "less than or equal to 90"),
        ({"percent": "-5"}, "greater than or equal to 0.01"),
        ({"category": "Nothing"}, "Nothing is not one of the available choices."),
        ({"condition": "moon"}, "moon is not one of the available choices."),
        ({"at_most": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_in_the_sentence_is_said_beside_it(
    browser: Client, said: dict[str, str], expected: str
) -> None:
    answer = browser.post("/desk/rules/new", SENTENCE | said)
    assert answer.status_code == 400
    assert expected in answer.content.decode()
    assert not RepricingRule.objects.exists()


def test_a_name_that_is_taken_is_refused(browser: Client) -> None:
    rule(name="Too much in stock")
    answer = browser.post("/desk/rules/new", SENTENCE)
    assert answer.status_code == 400
    assert "already exists" in answer.content.decode()
    assert RepricingRule.objects.count() == 1


def test_trying_shows_names_prices_and_what_holds_back_and_changes_nothing(
    browser: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with_costs()
    Product.objects.filter(pk="MUG").update(cost=6)
    before = prices()
    draft = rule(codes=["CUP", "MUG"], enabled=False)
    answer = act(browser, draft, django_capture_on_commit_callbacks, action="try")
    tried = RepricingRun.objects.get()
    assert (tried.dry_run, answer["Location"]) == (True, f"/desk/rules/{draft.pk}?run={tried.pk}")
    page = html(browser, answer["Location"])
    assert "What it would do" in page
    # CUP becomes 3.60; MUG would be 6.08, which its floor of 1.1 times the cost of 6.00 forbids.
    assert 'class="desk-number">£4.00 → £3.60</td>' in page
    assert "£6.75 → £6.60" in page
    assert "floor above the cost" in page
    assert Product.objects.get(pk="CUP").name in page
    assert prices() == before
    assert not PriceChange.objects.filter(source="rule").exists()


def test_what_a_run_did_is_a_file_and_each_limit_opens_its_sentence(
    browser: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with_costs()
    Product.objects.filter(pk="MUG").update(cost=6)
    draft = rule(codes=["CUP", "MUG"], enabled=False)
    act(browser, draft, django_capture_on_commit_callbacks, action="try")
    page = html(browser, f"/desk/rules/{draft.pk}")
    assert re.search(r'popovertarget="(\S+)">floor above the cost</button><span popover id="\1"', page)
    answer = browser.get(f"/desk/rules/{draft.pk}?file=csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    name = Product.objects.get(pk="CUP").name
    assert rows[1][:5] == ["CUP", name, "4", "3.60", "3.60"]
    assert (rows[2][0], rows[2][-1]) == ("MUG", "floor above the cost")


@pytest.mark.parametrize(("days", "said"), [(1, "for 1 day in"), (2, "for 2 days in")])
def test_one_day_is_no_days(browser: Client, days: int, said: str) -> None:
    assert said in html(browser, f"/desk/rules/{rule(unchanged_days=days).pk}")


def test_proposing_turns_it_on_and_leaves_the_decision_to_people(
    browser: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with_costs()
    before = prices()
    draft = rule(codes=["CUP"], enabled=False)
    act(browser, draft, django_capture_on_commit_callbacks, action="propose")
    draft.refresh_from_db()
    assert (draft.enabled, draft.may_apply) == (True, False)
    assert [(each.status, str(each.new_price)) for each in PriceChange.objects.filter(source="rule")] == [
        ("proposed", "3.60")
    ]
    assert prices() == before
    # A second press finds it proposed already.
    act(browser, draft, django_capture_on_commit_callbacks, action="propose")
    assert PriceChange.objects.filter(source="rule").count() == 1


def test_applying_starts_with_a_tenth_in_the_name_of_who_pressed(
    browser: Client, django_capture_on_commit_callbacks: Any
) -> None:
    with_costs()
    of = rule()
    act(browser, of, django_capture_on_commit_callbacks, action="apply", share="10")
    of.refresh_from_db()
    assert (of.may_apply, of.canary_percent, of.auto_apply_approved_by) == (True, 10, "manager")
    act(browser, of, django_capture_on_commit_callbacks, action="apply", share="100")
    of.refresh_from_db()
    assert of.canary_percent == 100
    assert prices()["CUP"] == "3.60"
    act(browser, of, django_capture_on_commit_callbacks, action="off")
    of.refresh_from_db()
    assert (of.enabled, of.may_apply) == (False, False)
    assert prices()["CUP"] == "3.60"


def test_old_sales_stop_a_run_and_the_page_says_so(
    browser: Client, django_capture_on_commit_callbacks: Any
) -> None:
    of = rule()
    with jobs_run_in("inline"), django_capture_on_commit_callbacks(execute=True):
        answer = browser.post(f"/desk/rules/{of.pk}", {"action": "propose"})
    assert "load the sales since then" in html(browser, answer["Location"])


def test_a_run_under_way_is_asked_for_again(browser: Client, onlooker: Client) -> None:
    of = rule(codes=["CUP"], enabled=False)
    with jobs_run_in("caller"):
        answer = browser.post(f"/desk/rules/{of.pk}", {"action": "try"})
    waiting = RepricingRun.objects.get()
    assert f'hx-get="/desk/rules/{of.pk}/runs/{waiting.pk}"' in html(onlooker, answer["Location"])
    assert "The rule is being tried." in html(onlooker, f"/desk/rules/{of.pk}/runs/{waiting.pk}")
    done = run(of, dry_run=True)
    assert onlooker.get(f"/desk/rules/{of.pk}/runs/{done.pk}")["HX-Refresh"] == "true"


def test_the_switch_stops_all_rules_with_one_click_and_a_reason(browser: Client, onlooker: Client) -> None:
    assert "Stop all rules" in html(browser, "/desk/rules")
    assert "Stop all rules" not in html(onlooker, "/desk/rules")
    assert browser.post("/desk/rules/switch", {"on": "true", "reason": " "}, follow=True).status_code == 200
    assert not KillSwitch.objects.filter(on=True).exists()
    page = browser.post("/desk/rules/switch", {"on": "true", "reason": "Prices look odd"}, follow=True)
    assert "All rules are stopped." in page.content.decode()
    switch = KillSwitch.objects.get()
    assert (switch.on, switch.reason, switch.set_by) == (True, "Prices look odd", "manager")
    assert "Prices look odd" in html(onlooker, f"/desk/rules/{rule().pk}")
    browser.post("/desk/rules/switch", {"on": "false"})
    assert not KillSwitch.objects.get().on


def test_only_managers_write(onlooker: Client, analyst: User) -> None:
    of = rule()
    analyst_browser = Client()
    analyst_browser.force_login(analyst)
    for client in (onlooker, analyst_browser):
        for path, said in (
            ("/desk/rules/new", SENTENCE),
            ("/desk/rules/switch", {"on": "true", "reason": "x"}),
            *((f"/desk/rules/{of.pk}", {"action": action}) for action in ("try", "propose", "apply", "off", "delete", "save")),
        ):  # fmt: skip
            assert client.post(path, said).status_code == 403, path
        assert "Try it" not in html(client, f"/desk/rules/{of.pk}")
    assert RepricingRule.objects.count() == 1
    assert not RepricingRun.objects.exists() and not KillSwitch.objects.exists()


def test_what_is_no_step_does_nothing_and_unknown_rules_are_not_found(browser: Client) -> None:
    of = rule(enabled=False)
    page = browser.post(f"/desk/rules/{of.pk}", {"action": "explode"}, follow=True).content.decode()
    assert "Nothing was done" in page
    assert browser.get("/desk/rules/999999").status_code == 404
    assert browser.get(f"/desk/rules/{of.pk}?run=999999").status_code == 404
    assert browser.get(f"/desk/rules/{of.pk}?run=x&outcome=y&page=z").status_code == 200
    assert browser.post("/desk/rules/999999", {"action": "try"}).status_code == 404
    browser.post(f"/desk/rules/{of.pk}", {"action": "delete"})
    assert not RepricingRule.objects.exists()


def test_a_rule_that_says_more_than_the_sentence_is_shown_and_not_overwritten(browser: Client) -> None:
    of = rule(codes=["CUP"], hours="8,9", unchanged_days=2)
    page = html(browser, f"/desk/rules/{of.pk}")
    assert (
        "When the price has not changed for 2 days and at hours 8,9 for chosen products: lower by 10 %."
        in page
    )
    assert "Change the sentence" not in page
    assert browser.post(f"/desk/rules/{of.pk}", SENTENCE).status_code == 400
    of.refresh_from_db()
    assert (of.name, of.hours) == ("Ten percent off", "8,9")


def seen_revision(client: Client, of: RepricingRule) -> str:
    """What the page says of the state that it shows."""
    return html(client, f"/desk/rules/{of.pk}").partition('name="revision" value="')[2].partition('"')[0]


@pytest.mark.parametrize(
    "said",
    [SENTENCE, {"action": "propose"}, {"action": "apply", "share": "10"}, {"action": "delete"}],
    ids=["save", "propose", "apply", "delete"],
)
def test_a_rule_that_another_has_changed_is_not_written_over(
    browser: Client, django_capture_on_commit_callbacks: Any, said: dict[str, str]
) -> None:
    with_costs()
    made = rule(enabled=False, unchanged_days=1, name="Ours")
    seen = seen_revision(browser, made)
    assert len(seen) == 20
    RepricingRule.objects.filter(pk=made.pk).update(max_change_percent="3.00")
    answer = act(browser, made, django_capture_on_commit_callbacks, revision=seen, **said)
    made.refresh_from_db()
    assert (made.name, made.enabled, str(made.max_change_percent)) == ("Ours", False, "3.00")
    page = answer.content.decode() if answer.status_code == 400 else html(browser, f"/desk/rules/{made.pk}")
    assert "It was changed by somebody else since you read it" in page
    assert not RepricingRun.objects.exists()
    # Having seen it as it is now, one may.
    act(browser, made, django_capture_on_commit_callbacks, revision=seen_revision(browser, made), **said)
    assert not RepricingRule.objects.filter(name="Ours", enabled=False).exists()


def test_a_rule_is_turned_off_whatever_another_has_changed(browser: Client) -> None:
    made = rule(enabled=True, unchanged_days=1)
    browser.post(f"/desk/rules/{made.pk}", {"action": "off", "revision": "of long ago"})
    made.refresh_from_db()
    assert made.enabled is False


def test_the_pages_ask_a_fixed_number_of_queries(browser: Client, django_assert_max_num_queries: Any) -> None:
    with_costs()
    of = rule()
    for number in range(5):
        rule(name=f"Another {number}", priority=200)
    with PATIENT:
        run(of, dry_run=True)
    with django_assert_max_num_queries(10):
        html(browser, "/desk/rules")
    with django_assert_max_num_queries(30):
        html(browser, f"/desk/rules/{of.pk}")
