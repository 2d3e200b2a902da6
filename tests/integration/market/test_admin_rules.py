"""Repricing rules, their runs and the kill switch in the admin."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from elastix.imports.models import ImportBatch
from market.models import KillSwitch, RepricingResult, RepricingRule, RepricingRun
from pricing.sales.models import PriceChange
from tests.integration.admin_pages import errors_of, page, run_action, said, signed_in
from tests.integration.market.rules import PATIENT, rule, with_costs
from tests.shops import Commits

pytestmark = pytest.mark.django_db
FILLED = {
    "name": "Cheaper", "enabled": "on", "priority": "10", "canary_percent": "100", "scope": "shop",
    "action": "factor", "percent": "-10", "every_hours": "1", "hours": "8,11-13",
}  # fmt: skip


def form(**changes: Any) -> dict[str, Any]:
    return FILLED | changes


@pytest.fixture
def _open(shop: ImportBatch) -> Any:
    with_costs()
    with PATIENT:
        yield


def test_a_manager_writes_changes_and_deletes_a_rule(shop: ImportBatch, manager: User) -> None:
    browser = signed_in(manager)
    added = browser.post(page(RepricingRule, "add"), form(scope="products", products=["CUP", "MUG"]))
    assert added.status_code == 302, errors_of(added)
    made = RepricingRule.objects.get()
    assert (made.hours, made.created_by, made.auto_apply_approved_by) == ("8,11,12,13", "manager", "")
    assert sorted(made.products.values_list("code", flat=True)) == ["CUP", "MUG"]
    changed = browser.post(page(RepricingRule, "change", made.pk), form(may_apply="on", hours=""))
    assert changed.status_code == 302, errors_of(changed)
    made.refresh_from_db()
    assert (made.may_apply, made.auto_apply_approved_by, made.hours, made.products.count()) == (
        True,
        "manager",
        "",
        0,
    )
    browser.post(page(RepricingRule, "delete", made.pk), {"post": "yes"})
    assert not RepricingRule.objects.exists()
    assert LogEntry.objects.count() == 3


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": ""}, "required"),
        ({"percent": ""}, "by how many percent"),
        ({"hours": "8;9"}, "no number or range"),
        ({"stock_days_above": "30", "stock_days_below": "3"}, "make this the higher one"),
        ({"scope": "products"}, "names them"),
        ({"scope": "category", "category": "Nothing"}, "No product has the category"),
        ({"action": "match"}, "which of the competitors"),
        ({"min_price": "5", "max_price": "4"}, "must not be above"),
        ({"canary_percent": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_does_not_go_together_is_refused(
    changes: dict[str, str], complaint: str, shop: ImportBatch, manager: User
) -> None:
    answer = signed_in(manager).post(page(RepricingRule, "add"), form(**changes))
    assert complaint in errors_of(answer)
    assert not RepricingRule.objects.exists()


@pytest.mark.usefixtures("_open")
def test_rules_are_tried_out_and_run_from_the_list(manager: User, commits: Commits) -> None:
    made, off = rule(codes=["CUP"]), rule(name="off", enabled=False, codes=["MUG"])
    browser = signed_in(manager)
    with commits():
        assert "runs the rule" in said(run_action(browser, "try_out", made))
    assert RepricingResult.objects.get().outcome == "would_change"
    with commits():
        answer = said(run_action(browser, "run_now", made, off))
    assert "is off" in answer
    assert PriceChange.objects.get().product_id == "CUP"
    for model in (RepricingRun, RepricingResult):
        assert browser.get(page(model)).status_code == 200
        newest = model.objects.latest("pk")
        assert browser.get(page(model, "change", newest.pk)).status_code == 200
        assert browser.post(page(model, "change", newest.pk), {"slot": "x"}).status_code == 403


@pytest.mark.usefixtures("_open")
def test_a_run_says_what_came_of_it_and_leads_to_its_results(manager: User, commits: Commits) -> None:
    made = rule(codes=["CUP", "MUG"], max_change_percent=5)
    browser = signed_in(manager)
    for action in ("try_out", "run_now"):
        with commits():
            run_action(browser, action, made)
    _, ran = RepricingRun.objects.order_by("pk")
    listed = browser.get(page(RepricingRun)).content.decode()
    assert "2 would change" in listed and "2 proposed" in listed and made.name in listed
    address = f"{page(RepricingResult)}?run__exact={ran.pk}"
    assert address in browser.get(page(RepricingRun, "change", ran.pk)).content.decode()
    results = browser.get(address)
    assert [row.run_id for row in results.context["cl"].result_list] == [ran.pk, ran.pk]
    assert ">max_decrease<" in results.content.decode()


@pytest.mark.usefixtures("_open")
def test_results_can_be_exported(manager: User, commits: Commits) -> None:
    made = rule(codes=["CUP"])
    with commits():
        run_action(signed_in(manager), "run_now", made)
    answer = run_action(signed_in(manager), "export_csv", RepricingResult.objects.get())
    assert "CUP,Ten percent off,proposed" in b"".join(answer.streaming_content).decode()


def test_analysts_and_viewers_only_look(analyst: User, viewer: User) -> None:
    made = rule(codes=())
    for user in (analyst, viewer):
        browser = signed_in(user)
        assert browser.get(page(RepricingRule, "change", made.pk)).status_code == 200
        for name, arguments in (("add", []), ("change", [made.pk]), ("delete", [made.pk])):
            assert browser.post(page(RepricingRule, name, *arguments), form()).status_code == 403
        run_action(browser, "run_now", made)
        assert browser.post(page(KillSwitch, "add"), {"on": "on"}).status_code == 403
    assert not RepricingRun.objects.exists()
    assert not KillSwitch.objects.exists()


def test_there_is_one_switch_and_it_stays(manager: User, admin_user: User) -> None:
    browser = signed_in(manager)
    assert browser.post(page(KillSwitch, "add"), {"on": "on", "reason": "stop"}).status_code == 302
    switch = KillSwitch.objects.get()
    assert (switch.on, switch.reason, switch.set_by) == (True, "stop", "manager")
    assert browser.get(page(KillSwitch, "add")).status_code == 403
    browser.post(page(KillSwitch, "change", switch.pk), {"reason": ""})
    assert not KillSwitch.objects.get().on
    assert signed_in(admin_user).post(page(KillSwitch, "delete", 1), {"post": "yes"}).status_code == 403
