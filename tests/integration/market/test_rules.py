"""/api/price/rules: written by managers, read by all; and what a rule may not be."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from elastix.fields import uuid7
from elastix.imports.models import ImportBatch
from market.models import RepricingResult, RepricingRule, RepricingRun
from market.services.rules import rule_create
from pricing.sales.models import PriceChange
from tests.api_cases import ApiCases, ListCases
from tests.conftest import client_of, user_with_role
from tests.factories import ProductFactory, RepricingRuleFactory
from tests.integration.market.rules import PATIENT, prices, rule, run, with_costs
from tests.integration.pricing.test_products import Commits

PATH = "/api/price/rules"
CHEAPER = {"name": "Cheaper", "action": "factor", "percent": -10}
FULL = {
    "name": "Evenings",
    "scope": "products",
    "products": ["cup", "MUG"],
    "priority": 5,
    "stock_days_below": 30,
    "stock_days_above": 0.5,
    "surge_above": 1.25,
    "hours": [20, 18, 19],
    "weekdays": [6, 7],
    "competitor_move_percent": -2.5,
    "unchanged_days": 2,
    "action": "undercut",
    "percent": None,
    "amount": 0.05,
    "reference": "lowest",
    "min_price": 2,
    "max_price": 9.99,
    "returns": True,
    "max_change_percent": 5,
    "max_day_percent": 10,
    "keep_endings": True,
    "max_run_changes": 50,
    "every_hours": 2,
    "run_hours": [17],
    "enabled": False,
    "dry_run": True,
    "may_apply": True,
    "canary_percent": 10,
}


@pytest.fixture
def _products(db: None, request: pytest.FixtureRequest) -> None:
    """Two products; those of the sample shop where the test opens that."""
    if "shop" in request.fixturenames:
        return
    for code in ("CUP", "MUG"):
        ProductFactory(code=code, category="Drinking", current_price=4, cost=2)


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_products")]


IMPOSSIBLE = (
    ({"name": ""}, "name"),
    ({"name": None}, "name"),
    ({"action": "guess"}, "action"),
    ({"scope": "category"}, "category"),
    ({"scope": "category", "category": "Nothing"}, "category"),
    ({"category": "Drinking"}, "category"),
    ({"scope": "products"}, "products"),
    ({"products": ["CUP"]}, "products"),
    ({"scope": "products", "products": ["NOBODY"]}, "products"),
    ({"percent": None}, "percent"),
    ({"percent": 0}, "percent"),
    ({"percent": -91}, "percent"),
    ({"percent": "NaN"}, "percent"),
    ({"amount": 1}, "amount"),
    ({"reference": "lowest"}, "reference"),
    ({"action": "dynamic"}, "percent"),
    ({"action": "undercut", "reference": "lowest", "percent": None}, "percent"),
    ({"action": "undercut", "reference": "lowest", "percent": 5, "amount": 1}, "percent"),
    ({"min_price": 5, "max_price": 4}, ""),
    ({"stock_days_below": 5, "stock_days_above": 5}, "stock_days_below"),
    ({"stock_days_below": 5.55}, "stock_days_below"),
    ({"stock_days_below": 0}, "stock_days_below"),
    ({"competitor_move_percent": 0}, "competitor_move_percent"),
    ({"hours": [24]}, "hours"),
    ({"hours": "8-12"}, "hours"),
    ({"weekdays": [0]}, "weekdays"),
    ({"priority": 0}, "priority"),
    ({"canary_percent": 0}, "canary_percent"),
    ({"canary_percent": 101}, "canary_percent"),
    ({"every_hours": 169}, "every_hours"),
    ({"max_run_changes": 10**30}, "max_run_changes"),
    ({"max_change_percent": 101}, "max_change_percent"),
    ({"may_apply": "perhaps"}, "may_apply"),
    ({"action": "match", "percent": None}, "reference"),
    ({"action": "match", "reference": "lowest"}, "percent"),
    ({"action": "bounds", "percent": None}, "min_price"),
    ({"action": "undercut", "reference": "lowest"}, "percent"),
)


class TestRules(ApiCases):
    path = PATH
    factory = RepricingRuleFactory
    writer = "manager"
    list_queries = 3
    body = CHEAPER
    created = {"scope": "shop", "may_apply": False, "may_apply_by": "", "may_apply_at": None, "enabled": True}
    required = ("name", "action")
    invalid = IMPOSSIBLE
    twice, twice_field = 400, "name"
    put_body = CHEAPER
    change = {"percent": -5}
    invalid_changes = IMPOSSIBLE

    def make_for_list(self) -> RepricingRule:
        return RepricingRuleFactory(products=ProductFactory.create_batch(2))


def made(client: APIClient, **fields: Any) -> dict[str, Any]:
    answer = client.post(PATH, CHEAPER | fields, format="json")
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_a_rule_comes_back_as_it_was_written(manager_client: APIClient, viewer_client: APIClient) -> None:
    row = made(manager_client, **FULL)
    assert viewer_client.get(f"{PATH}/{row['id']}").json() == row
    expected = FULL | {"products": ["CUP", "MUG"], "hours": [18, 19, 20]}
    assert {name: row[name] for name in FULL} == expected
    assert (row["may_apply_by"], row["created_by"]) == ("manager", "manager")


def test_a_new_rule_is_for_the_shop_and_only_proposes(manager_client: APIClient) -> None:
    row = made(manager_client)
    assert (row["scope"], row["may_apply"], row["may_apply_by"], row["may_apply_at"]) == (
        "shop",
        False,
        "",
        None,
    )
    assert (row["every_hours"], row["canary_percent"], row["enabled"], row["reference"]) == (
        1,
        100,
        True,
        None,
    )


def test_the_list_is_in_the_order_in_which_rules_are_tried(
    manager_client: APIClient, viewer_client: APIClient
) -> None:
    for number, priority in enumerate((100, 5, 100)):
        made(manager_client, name=f"rule {number}", priority=priority, enabled=number != 2)
    found = viewer_client.get(PATH).json()
    assert (found["total"], [each["name"] for each in found["items"]]) == (3, ["rule 1", "rule 0", "rule 2"])
    assert viewer_client.get(f"{PATH}?enabled=true&limit=1&offset=1").json()["items"][0]["name"] == "rule 0"
    assert viewer_client.get(f"{PATH}?action=match").json() == {"total": 0, "items": []}
    assert viewer_client.get(f"{PATH}?offset=99").json() == {"total": 3, "items": []}


def test_patch_changes_what_is_given_and_put_the_rest_too(manager_client: APIClient) -> None:
    row = made(manager_client, **FULL)
    patched = manager_client.patch(f"{PATH}/{row['id']}", {"priority": 7, "hours": []}, format="json").json()
    assert {name for name in row if row[name] != patched[name]} == {
        "priority",
        "hours",
        "updated_at",
        "may_apply_at",
    }
    replaced = manager_client.put(f"{PATH}/{row['id']}", CHEAPER, format="json").json()
    fresh = made(manager_client, name="another")
    same = set(fresh) - {"id", "name", "created_at", "updated_at"}
    assert {name: replaced[name] for name in same} == {name: fresh[name] for name in same}


def test_whoever_saves_a_rule_that_applies_answers_for_it(manager_client: APIClient) -> None:
    row = made(manager_client, may_apply=True)
    other = client_of(user_with_role("admin", username="bob"))
    assert other.patch(f"{PATH}/{row['id']}", {"percent": -5}, format="json").json()["may_apply_by"] == "bob"
    off = other.patch(f"{PATH}/{row['id']}", {"may_apply": False}, format="json").json()
    assert (off["may_apply_by"], off["may_apply_at"]) == ("", None)


def test_nobody_without_a_name_can_let_a_rule_apply() -> None:
    with pytest.raises(ValidationError, match="logged in"):
        rule_create(CHEAPER | {"percent": Decimal(-10), "may_apply": True}, user=AnonymousUser())
    assert not RepricingRule.objects.exists()


def test_every_change_is_in_the_history(manager_client: APIClient) -> None:
    row = made(manager_client)
    manager_client.patch(f"{PATH}/{row['id']}", {"priority": 7}, format="json")
    manager_client.delete(f"{PATH}/{row['id']}")
    assert list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True)) == [
        "Added.",
        "Changed priority.",
        "Deleted.",
    ]


def test_deleting_keeps_what_it_did(manager_client: APIClient, shop: ImportBatch) -> None:
    with_costs()
    with PATIENT:
        record = run(rule(codes=["CUP"], may_apply=True))
    path = f"{PATH}/{record.rules.get().pk}"
    assert manager_client.delete(path).status_code == 204
    assert manager_client.delete(path).status_code == 404
    assert record.results.get().rule is None
    assert (PriceChange.objects.get().status, prices()["CUP"]) == ("applied", "3.60")


def test_the_database_itself_requires_who_decided() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        RepricingRule.objects.create(name="x", action="factor", percent=Decimal(5), may_apply=True)


class TestRuns(ListCases):
    list_queries = 3

    @pytest.fixture(autouse=True)
    def _rule(self, db: None) -> None:
        self.rule = RepricingRuleFactory()
        self.path = f"{PATH}/{self.rule.pk}/runs"

    def make(self) -> RepricingRun:
        made = RepricingRun.objects.create(slot=str(batch := uuid7()), batch=batch)
        made.rules.add(self.rule)
        return made


class TestResultsOfARun(TestRuns):
    """What a run did about each product."""

    id_key, pk_name = "product_id", "product_id"
    list_queries = 4

    @pytest.fixture(autouse=True)
    def _run(self, _rule: None) -> None:
        self.run = super().make()
        self.path += f"/{self.run.pk}"

    def make(self) -> RepricingResult:
        return RepricingResult.objects.create(
            run=self.run, rule=self.rule, product=ProductFactory(), outcome="proposed",
            base_price=4, old_price=4, wanted_price=3, new_price=3,
        )  # fmt: skip


@pytest.mark.parametrize("rule_id", [1, 2**63, 10**30])
def test_runs_of_a_rule_that_is_not_there(manager_client: APIClient, rule_id: int) -> None:
    path = f"{PATH}/{rule_id}"
    assert manager_client.post(f"{path}/run").status_code == 404
    assert manager_client.get(f"{path}/runs").status_code == 404
    assert manager_client.get(f"{path}/runs/1").status_code == 404


# --- running ------------------------------------------------------------------------------------------


def test_a_run_is_accepted_done_and_reported(
    manager_client: APIClient, viewer_client: APIClient, shop: ImportBatch, commits: Commits
) -> None:
    with_costs()
    path = (
        f"{PATH}/{made(manager_client, scope='products', products=['CUP', 'BOWL'], max_run_changes=1)['id']}"
    )
    with PATIENT, commits():
        accepted = manager_client.post(f"{path}/run")
    assert accepted.status_code == 202
    job = viewer_client.get(f"/api/jobs/{accepted.json()['id']}").json()
    assert (job["status"], job["result"]["stopped"]) == ("succeeded", "")
    (done,) = viewer_client.get(f"{path}/runs").json()["items"]
    assert done["counts"] == {
        "applied": 0, "proposed": 1, "would_change": 0, "held_back": 1, "unchanged": 0, "skipped": 0, "outside_canary": 0,
    }  # fmt: skip
    assert (done["requested_by"], done["dry_run"]) == ("manager", False)
    results = viewer_client.get(f"{path}/runs/{done['id']}").json()
    assert results["run"] == done
    bowl, cup = results["items"]
    change = PriceChange.objects.get()
    assert bowl == {
        "product_id": "BOWL", "outcome": "proposed", "reason": "", "base_price": 7.25, "old_price": 7.25,
        "wanted_price": 6.52, "new_price": 6.52, "cost_then": None, "cost_now": None, "binding": [], "change": change.pk,
    }  # fmt: skip
    assert (cup["outcome"], cup["reason"], cup["new_price"]) == ("held_back", "run_cap", 4.0)
    held = viewer_client.get(f"{path}/runs/{done['id']}?outcome=held_back&limit=1").json()
    assert (held["total"], held["items"]) == (1, [cup])
    batch = viewer_client.get(f"/api/price/changes?batch={done['batch']}").json()
    assert [each["id"] for each in batch["items"]] == [change.pk]


def test_a_dry_run_of_a_rule_that_is_off_and_no_other(
    manager_client: APIClient, shop: ImportBatch, commits: Commits
) -> None:
    with_costs()
    path = f"{PATH}/{made(manager_client, enabled=False)['id']}"
    assert manager_client.post(f"{path}/run").status_code == 409
    with PATIENT, commits():
        assert manager_client.post(f"{path}/run?dry_run=true").status_code == 202
    (done,) = manager_client.get(f"{path}/runs").json()["items"]
    assert (done["dry_run"], done["counts"]["would_change"]) == (True, 5)
    assert not PriceChange.objects.exists()


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        ("dry_run=true", [True]),
        ("dry_run=false", [False]),
        ("finished=true", [True]),
        ("finished=false", [False]),
        ("dry_run=true&finished=false", []),
    ],
)
def test_the_runs_of_a_rule_are_filtered(
    query: str, runs: list[bool], manager_client: APIClient, shop: ImportBatch, commits: Commits
) -> None:
    path = f"{PATH}/{made(manager_client)['id']}"
    with PATIENT, commits():
        manager_client.post(f"{path}/run?dry_run=true")
    with PATIENT:
        manager_client.post(f"{path}/run")  # waits
    answer = manager_client.get(f"{path}/runs?{query}").json()
    assert [each["dry_run"] for each in answer["items"]] == runs
    assert answer["total"] == len(runs)


def test_what_a_run_is_asked_with_is_checked(manager_client: APIClient) -> None:
    path = f"{PATH}/{made(manager_client)['id']}"
    assert manager_client.post(f"{path}/run?dry_run=perhaps").status_code == 400
    assert manager_client.post(f"{path}/run?dry=true").status_code == 400
    for query in ("dry_run=perhaps", "finished=perhaps", "enabled=true"):
        assert manager_client.get(f"{path}/runs?{query}").status_code == 400
    assert manager_client.get(f"{path}/runs/1?outcome=maybe").status_code == 400


# --- the kill switch ----------------------------------------------------------------------------------

SWITCH = "/api/price/kill-switch"


def test_a_manager_turns_the_switch_and_everybody_sees_it(
    manager_client: APIClient, viewer_client: APIClient
) -> None:
    assert viewer_client.get(SWITCH).json() == {"on": False, "reason": "", "set_by": "", "set_at": None}
    on = manager_client.put(SWITCH, {"on": True, "reason": "wrong costs"}, format="json")
    assert on.status_code == 200
    seen = viewer_client.get(SWITCH).json()
    assert seen == on.json()
    assert (seen["on"], seen["reason"], seen["set_by"]) == (True, "wrong costs", "manager")
    manager_client.put(SWITCH, {"on": False}, format="json")
    assert (viewer_client.get(SWITCH).json()["on"], viewer_client.get(SWITCH).json()["reason"]) == (False, "")


@pytest.mark.parametrize(
    "body", [{}, {"on": None}, {"on": "perhaps"}, {"on": True, "reason": "x" * 256}, [True]]
)
def test_the_switch_takes_nothing_else(manager_client: APIClient, body: Any) -> None:
    assert manager_client.put(SWITCH, body, format="json").status_code == 400
    assert manager_client.get(SWITCH).json()["on"] is False
