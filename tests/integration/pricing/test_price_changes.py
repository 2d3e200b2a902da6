"""Price changes through the API: proposed, decided on, applied, rolled back; alone and in batches."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.dataset.versions import data_version
from elastix.fields import uuid7
from elastix.imports.models import ImportBatch
from elastix.jobs.models import ScheduleRun
from elastix.jobs.scheduler import run_due
from pricing.changes.services import price_changes
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.products import Kind, PriceSource
from pricing.sales.services.products import product_create, product_update
from tests.api_cases import Body, CreateCases, DetailCases, ListCases
from tests.conftest import client_of, user_with_role
from tests.factories import PriceChangeFactory, PricePolicyFactory, ProductFactory

pytestmark = pytest.mark.django_db

PATH = "/api/price/changes"
NOBODY = "00000000-0000-7000-8000-000000000000"
STEPS = ("approve", "reject", "apply", "rollback")


@pytest.fixture
def cup() -> Product:
    return product_create(
        code="CUP", by="somebody", name="Cup", current_price=Decimal("4.00"), cost=Decimal("2.00")
    )


@pytest.fixture
def mug() -> Product:
    return product_create(code="MUG", by="somebody", name="Mug", current_price=Decimal("6.00"))


@pytest.fixture
def proposed(cup: Product) -> int:
    return price_changes.propose([("CUP", Decimal("4.49"))], by="analyst", reason="Costs rose")[0].pk


@pytest.fixture
def approved(proposed: int) -> int:
    price_changes.approve([proposed], by="somebody else")
    return proposed


@pytest.fixture
def applied(approved: int) -> int:
    price_changes.apply([approved], by="somebody else")
    return approved


@pytest.fixture
def batch(cup: Product, mug: Product) -> Any:
    number = uuid7()
    price_changes.propose([("MUG", Decimal("6.60")), ("CUP", Decimal("4.40"))], by="analyst", batch=number)
    return number


def prices() -> dict[str, str]:
    return {code: str(price) for code, price in Product.objects.values_list("code", "current_price")}


def statuses(**chosen: Any) -> list[str]:
    found = PriceChange.objects.exclude(source="manual").filter(**chosen)
    return list(found.order_by("product_id", "pk").values_list("status", flat=True))


# --- proposing ------------------------------------------------------------------------------------------


def test_an_analyst_proposes_a_price_which_changes_nothing_yet(
    cup: Product, analyst_client: APIClient
) -> None:
    answer = analyst_client.post(PATH, {"product_id": " cup ", "new_price": 4.49, "reason": "Costs rose"})
    assert answer.status_code == 201
    body = answer.json()
    (item,) = body["items"]
    assert (body["batch"], body["total"]) == (None, 1)
    shown = {
        "product_id": "CUP",
        "name": "Cup",
        "old_price": 4.0,
        "new_price": 4.49,
        "change_percent": 12.3,
        "current_price": 4.0,
        "status": "proposed",
        "is_stale": False,
        "source": "proposal",
        "batch": None,
        "reason": "Costs rose",
        "proposed_by": "analyst",
        "decided_by": "",
        "scheduled_for": None,
        "changed_at": None,
        "expected": None,
    }
    assert item | shown == item
    assert analyst_client.get(f"{PATH}/{item['id']}").json() == item
    assert prices() == {"CUP": "4.00"}


def test_several_prices_form_a_batch(cup: Product, mug: Product, analyst_client: APIClient) -> None:
    later = (timezone.now() + dt.timedelta(days=3)).replace(microsecond=0)
    changes = [
        {"product_id": "MUG", "new_price": "6.60"},
        {"product_id": "CUP", "new_price": "4.40", "reason": "Its own", "scheduled_for": later.isoformat()},
    ]
    body = analyst_client.post(PATH, {"changes": changes, "reason": "Spring"}).json()
    assert body["total"] == 2
    assert [item["product_id"] for item in body["items"]] == ["MUG", "CUP"]
    assert [item["reason"] for item in body["items"]] == ["Spring", "Its own"]
    assert {item["batch"] for item in body["items"]} == {body["batch"]}
    found = PriceChange.objects.filter(batch=body["batch"])
    assert dict(found.values_list("product_id", "scheduled_for")) == {"MUG": None, "CUP": later}


@pytest.mark.parametrize("step", [None, price_changes.approve], ids=["proposed", "approved"])
def test_a_product_with_an_open_change_gets_no_second(
    step: Any, proposed: int, mug: Product, analyst_client: APIClient
) -> None:
    if step:
        step([proposed], by="somebody else")
    both = [{"product_id": "MUG", "new_price": 7}, {"product_id": "CUP", "new_price": 5}]
    answer = analyst_client.post(PATH, {"changes": both})
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    body = answer.json()
    waits = "is approved and waits" if step else "awaits a decision"
    reason = f"Change {proposed} of CUP, 4.00 to 4.49, {waits}: apply or reject it first."
    assert body["detail"] == f"Nothing was proposed. {reason}"
    assert body["errors"] == [{"field": "CUP", "code": "open_change", "message": reason}]
    assert PriceChange.objects.filter(product_id="MUG").exclude(source="manual").count() == 0
    price_changes.reject([proposed], by="somebody else")
    assert analyst_client.post(PATH, {"changes": both}).status_code == 201


def test_beside_other_faults_an_open_change_is_one_of_the_reasons(
    proposed: int, analyst_client: APIClient
) -> None:
    both = [{"product_id": "CUP", "new_price": 5}, {"product_id": "GONE", "new_price": 5}]
    answer = analyst_client.post(PATH, {"changes": both})
    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["errors"]] == ["open_change", "unknown_product"]


def test_a_first_price_can_be_proposed_and_taken_back(manager_client: APIClient) -> None:
    product_create(code="NEW", by="somebody", name="New")
    change = manager_client.post(PATH, {"product_id": "NEW", "new_price": 3}).json()["items"][0]
    assert (change["old_price"], change["change_percent"]) == (None, None)
    price_changes.approve([change["id"]], by="somebody else")
    price_changes.apply([change["id"]], by="manager")
    assert prices() == {"NEW": "3.00"}
    price_changes.roll_back([change["id"]], by="manager")
    product = Product.objects.get()
    assert (product.current_price, product.price_source) == (None, PriceSource.DATA)


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "new_price", "invalid"),
        ({"product_id": "CUP", "new_price": 5, "changes": [{"product_id": "CUP", "new_price": 5}]}, "", "both"),
        ({"product_id": "CUP", "new_price": 5, "reason": "x" * 256}, "reason", "max_length"),
        ({"product_id": "CUP", "new_price": 5, "scheduled_for": "2001-01-01T00:00"}, "scheduled_for", "in_the_past"),
        ({"product_id": "CUP", "new_price": 5, "scheduled_for": "9999-12-31T23:59"}, "scheduled_for", "out_of_range"),
        ({"product_id": "CUP", "new_price": 5, "scheduled_for": "tomorrow"}, "scheduled_for", "invalid"),
        ({"changes": []}, "changes", None),
        ({"changes": "CUP"}, "changes", None),
        ({"changes": [{"product_id": "CUP"}]}, "changes[0].new_price", "required"),
        (
            {"changes": [{"product_id": "CUP", "new_price": 5}, {"product_id": "GONE", "new_price": 5}]},
            "changes[1].product_id",
            "unknown_product",
        ),
        (
            {"changes": [{"product_id": "CUP", "new_price": 5}, {"product_id": "cup", "new_price": 6}]},
            "changes[1].product_id",
            "repeated",
        ),
        ({"product_id": "CUP", "new_price": 4}, "new_price", "same_price"),
        ({"product_id": "CUP", "new_price": 1.99}, "new_price", "cost"),
    ],
)  # fmt: skip
def test_a_proposal_that_makes_no_sense_is_refused_whole(
    body: dict[str, Any], field: str, code: str | None, cup: Product, analyst_client: APIClient
) -> None:
    answer = analyst_client.post(PATH, body)
    assert answer.status_code == 400
    errors = {
        error["field"].split(".")[0] if field == "changes" else error["field"]: error
        for error in answer.json()["errors"]
    }
    assert field in errors
    assert code is None or errors[field]["code"] == code
    assert statuses() == []


def test_a_price_for_a_product_that_is_not_there_is_not_found(analyst_client: APIClient) -> None:
    answer = analyst_client.post(PATH, {"product_id": "GONE", "new_price": 5})
    assert (answer.status_code, "GONE" in answer.json()["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("policy", "price", "rule"),
    [
        ({"min_price": "4.20"}, "4.10", "min_price"),
        ({"max_price": "4.20"}, "4.21", "max_price"),
        ({"minimum_margin": "0.40"}, "3.33", "minimum_margin"),
    ],
)
def test_the_policys_hard_limits_are_law_for_people_too(
    policy: dict[str, str], price: str, rule: str, cup: Product, manager_client: APIClient
) -> None:
    PricePolicyFactory(**policy)
    answer = manager_client.post(PATH, {"product_id": "CUP", "new_price": price})
    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["errors"]] == [rule]
    assert statuses() == []


@pytest.mark.parametrize("fields", [{"kind": Kind.SERVICE}, {"is_active": False}])
def test_only_what_is_for_sale_gets_a_price(
    fields: dict[str, Any], cup: Product, analyst_client: APIClient
) -> None:
    Product.objects.update(**fields)
    answer = analyst_client.post(PATH, {"product_id": "CUP", "new_price": 5})
    assert answer.json()["errors"][0]["code"] == "not_for_sale"


def test_a_product_occurs_in_a_batch_once(batch: Any) -> None:
    price_changes.reject(batch, by="manager")
    with pytest.raises(IntegrityError), transaction.atomic():
        price_changes.propose([("CUP", Decimal("5.00"))], by="analyst", batch=batch)


# --- who may ----------------------------------------------------------------------------------------------


@override_settings(OPEN_API=True, OPEN_API_ROLE="manager")
def test_an_anonymous_user_may_propose_and_never_decide(
    cup: Product, batch: Any, anonymous: APIClient
) -> None:
    local = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost"}
    product_create(code="JUG", by="somebody", name="Jug", current_price=Decimal("4.00"))
    made = anonymous.post(PATH, {"product_id": "JUG", "new_price": 5}, **local).json()["items"][0]
    assert made["proposed_by"] == "anonymous"
    for step in STEPS:
        assert anonymous.post(f"{PATH}/{made['id']}/{step}", **local).status_code == 403
        assert anonymous.post(f"{PATH}/batch/{batch}/{step}", **local).status_code == 403
    assert statuses() == ["proposed"] * 3


def test_nobody_approves_their_own_proposal(cup: Product, manager_client: APIClient) -> None:
    own = manager_client.post(PATH, {"product_id": "CUP", "new_price": 5}).json()["items"][0]["id"]
    answer = manager_client.post(f"{PATH}/{own}/approve")
    assert answer.status_code == 403
    assert f"change {own} (CUP)" in answer.json()["detail"]
    assert statuses() == ["proposed"]
    other = client_of(user_with_role("manager", username="other", email="other@example.com"))
    assert other.post(f"{PATH}/{own}/approve").json()["decided_by"] == "other"


def test_one_own_proposal_in_a_batch_keeps_the_whole_batch_waiting(
    batch: Any, manager_client: APIClient
) -> None:
    PriceChange.objects.filter(product_id="MUG").update(proposed_by="manager")
    answer = manager_client.post(f"{PATH}/batch/{batch}/approve")
    assert (answer.status_code, "(MUG)" in answer.json()["detail"]) == (403, True)
    assert statuses() == ["proposed", "proposed"]


def test_the_policy_may_let_people_approve_their_own(cup: Product, manager_client: APIClient) -> None:
    PricePolicyFactory(product=cup, self_approval=True)
    own = manager_client.post(PATH, {"product_id": "CUP", "new_price": 5}).json()["items"][0]["id"]
    assert manager_client.post(f"{PATH}/{own}/approve").json()["status"] == "approved"


# --- deciding, applying, rolling back ---------------------------------------------------------------------


def test_a_price_is_applied_and_rolled_back(proposed: int, manager_client: APIClient) -> None:
    before = data_version().catalogue_version
    body = manager_client.post(f"{PATH}/{proposed}/approve").json()
    assert (body["status"], body["decided_by"], prices()) == ("approved", "manager", {"CUP": "4.00"})
    body = manager_client.post(f"{PATH}/{proposed}/apply").json()
    assert (body["status"], body["applied_by"], body["current_price"]) == ("applied", "manager", 4.49)
    product = Product.objects.get()
    assert (product.current_price, product.price_source) == (Decimal("4.49"), PriceSource.LEDGER)
    assert data_version().catalogue_version > before
    body = manager_client.post(f"{PATH}/{proposed}/rollback", {"note": "Too dear"}).json()
    assert (body["status"], body["rolled_back_by"], body["note"]) == ("rolled_back", "manager", "Too dear")
    product.refresh_from_db()
    assert (product.current_price, product.price_source) == (Decimal("4.00"), PriceSource.LEDGER)


def test_a_proposal_is_rejected_with_its_reason(proposed: int, manager_client: APIClient) -> None:
    body = manager_client.post(f"{PATH}/{proposed}/reject", {"note": "Not now"}).json()
    assert (body["status"], body["decided_by"], body["note"]) == ("rejected", "manager", "Not now")
    assert manager_client.post(f"{PATH}/{proposed}/approve").status_code == 409


def test_an_approved_change_can_be_called_off_before_it_is_applied(
    approved: int, manager_client: APIClient
) -> None:
    assert manager_client.post(f"{PATH}/{approved}/reject").json()["status"] == "rejected"
    assert manager_client.post(f"{PATH}/{approved}/apply").status_code == 409
    assert prices() == {"CUP": "4.00"}


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        ("proposed", ("apply", "rollback")),
        ("approved", ("approve", "rollback")),
        ("applied", ("approve", "reject", "apply")),
    ],
)
def test_steps_out_of_order_or_taken_twice_are_refused_and_change_nothing(
    state: str, refused: tuple[str, ...], request: pytest.FixtureRequest, manager_client: APIClient
) -> None:
    said = {
        "proposed": "proposed, not approved yet",
        "approved": "approved already, but not applied yet",
        "applied": "applied already; a rollback takes it back",
    }
    change = request.getfixturevalue(state)
    before = PriceChange.objects.filter(pk=change).values().get(), prices()
    for step in refused:
        answer = manager_client.post(f"{PATH}/{change}/{step}")
        assert answer.status_code == 409
        assert answer["Content-Type"] == "application/problem+json"
        assert f"hange {change} (CUP): it is {said[state]}." in answer.json()["detail"]
        assert [error["code"] for error in answer.json()["errors"]] == [state]
    assert (PriceChange.objects.filter(pk=change).values().get(), prices()) == before


def test_rolled_back_twice_is_refused_the_second_time(applied: int, manager_client: APIClient) -> None:
    assert manager_client.post(f"{PATH}/{applied}/rollback").status_code == 200
    again = manager_client.post(f"{PATH}/{applied}/rollback")
    assert again.status_code == 409
    assert again.json()["detail"].endswith("it is rolled back already; propose it again.")
    assert prices() == {"CUP": "4.00"}


@pytest.mark.parametrize(("state", "step"), [("proposed", "approve"), ("approved", "apply")])
def test_a_change_whose_price_has_moved_meanwhile_is_refused(
    state: str, step: str, request: pytest.FixtureRequest, manager_client: APIClient
) -> None:
    change = request.getfixturevalue(state)
    product_update("CUP", by="somebody", current_price=Decimal("4.20"))
    answer = manager_client.post(f"{PATH}/{change}/{step}")
    assert answer.status_code == 409
    assert "the price was 4.00 when this was proposed and is 4.20 now" in answer.json()["detail"]
    assert (statuses(), prices()) == ([state], {"CUP": "4.20"})
    assert manager_client.get(f"{PATH}/{change}").json()["is_stale"] is True


@pytest.mark.parametrize(("state", "step"), [("proposed", "approve"), ("approved", "apply")])
def test_a_limit_that_was_drawn_meanwhile_holds(
    state: str, step: str, request: pytest.FixtureRequest, manager_client: APIClient
) -> None:
    change = request.getfixturevalue(state)
    PricePolicyFactory(max_price=Decimal("4.25"))
    answer = manager_client.post(f"{PATH}/{change}/{step}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "max_price")
    Product.objects.update(is_active=False)
    answer = manager_client.post(f"{PATH}/{change}/{step}")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "not_for_sale")


def test_a_price_that_was_changed_again_is_not_rolled_back(applied: int, manager_client: APIClient) -> None:
    product_update("CUP", by="somebody", current_price=Decimal("5.00"))
    answer = manager_client.post(f"{PATH}/{applied}/rollback")
    assert answer.status_code == 409
    assert "the price is 5.00 now, not 4.49" in answer.json()["detail"]
    product_update("CUP", by="somebody", current_price=Decimal("4.49"))
    answer = manager_client.post(f"{PATH}/{applied}/rollback")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "not_newest")
    assert prices() == {"CUP": "4.49"}


def test_a_price_set_by_hand_can_be_rolled_back(cup: Product, manager_client: APIClient) -> None:
    product_update("CUP", by="somebody", current_price=Decimal("9.00"))
    newest = PriceChange.objects.latest("pk")
    assert manager_client.post(f"{PATH}/{newest.pk}/rollback").status_code == 200
    assert prices() == {"CUP": "4.00"}


def test_what_is_expected_is_kept_at_approval_and_never_recomputed(
    shop: ImportBatch, manager_client: APIClient
) -> None:
    price = Product.objects.get(code="CUP").current_price
    change = price_changes.propose([("CUP", price + Decimal("0.20"))], by="analyst")[0].pk
    expected = manager_client.post(f"{PATH}/{change}/approve").json()["expected"]
    assert expected["as_of"] == data_version().as_of.isoformat()
    assert expected["current"]["price"] == float(price)
    assert expected["projected"]["price"] == float(price) + 0.2
    low, high = expected["interval"]["quantity"]
    assert low <= expected["projected"]["quantity"] <= high
    Product.objects.filter(code="CUP").update(cost=Decimal("1.00"))
    assert manager_client.post(f"{PATH}/{change}/apply").json()["expected"] == expected


# --- batches ----------------------------------------------------------------------------------------------


def test_a_batch_is_applied_and_rolled_back_as_one(batch: Any, manager_client: APIClient) -> None:
    body = manager_client.post(f"{PATH}/batch/{batch}/approve").json()
    assert (body["batch"], body["total"]) == (str(batch), 2)
    assert [item["status"] for item in body["items"]] == ["approved", "approved"]
    manager_client.post(f"{PATH}/batch/{batch}/apply")
    assert prices() == {"CUP": "4.40", "MUG": "6.60"}
    body = manager_client.post(f"{PATH}/batch/{batch}/rollback", {"note": "Sales fell"}).json()
    assert {(item["status"], item["note"]) for item in body["items"]} == {("rolled_back", "Sales fell")}
    assert prices() == {"CUP": "4.00", "MUG": "6.00"}


@pytest.mark.parametrize(
    ("ready", "step"), [([], "approve"), (["approve"], "apply"), (["approve", "apply"], "rollback")]
)
def test_a_batch_with_one_stale_change_is_refused_whole_and_names_it(
    ready: list[str], step: str, batch: Any, manager_client: APIClient
) -> None:
    for each in ready:
        manager_client.post(f"{PATH}/batch/{batch}/{each}")
    product_update("MUG", by="somebody", current_price=Decimal("7.00"))
    before = statuses(), prices()
    answer = manager_client.post(f"{PATH}/batch/{batch}/{step}")
    assert answer.status_code == 409
    stale = PriceChange.objects.get(product_id="MUG", batch=batch)
    assert answer.json()["errors"] == [
        {"field": str(stale.pk), "code": "price_moved", "message": answer.json()["errors"][0]["message"]}
    ]
    assert f"hange {stale.pk} (MUG)" in answer.json()["detail"]
    assert "CUP" not in answer.json()["detail"]
    assert (statuses(), prices()) == before


@pytest.mark.parametrize("step", STEPS)
def test_a_step_taken_twice_with_a_batch_is_refused(step: str, batch: Any, manager_client: APIClient) -> None:
    for each in {"apply": ["approve"], "rollback": ["approve", "apply"]}.get(step, []):
        manager_client.post(f"{PATH}/batch/{batch}/{each}")
    assert manager_client.post(f"{PATH}/batch/{batch}/{step}").status_code == 200
    before = statuses(), prices()
    assert manager_client.post(f"{PATH}/batch/{batch}/{step}").status_code == 409
    assert (statuses(), prices()) == before


def test_what_was_decided_singly_stays_out_of_the_batchs_next_step(
    batch: Any, manager_client: APIClient
) -> None:
    mug = PriceChange.objects.get(product_id="MUG", batch=batch)
    price_changes.reject([mug.pk], by="manager")
    assert manager_client.post(f"{PATH}/batch/{batch}/approve").status_code == 200
    assert statuses() == ["approved", "rejected"]


@pytest.mark.parametrize("step", STEPS)
def test_what_is_not_there_is_not_found(step: str, manager_client: APIClient) -> None:
    for path in (f"{PATH}/1", f"{PATH}/{2**63}"):
        assert manager_client.post(f"{path}/{step}").status_code == 404
    assert manager_client.post(f"{PATH}/batch/{NOBODY}/{step}").status_code == 404


def test_a_note_or_schedule_out_of_its_limits_is_refused(proposed: int, manager_client: APIClient) -> None:
    assert manager_client.post(f"{PATH}/{proposed}/reject", {"note": "x" * 256}).status_code == 400
    answer = manager_client.post(f"{PATH}/{proposed}/approve", {"scheduled_for": "2001-01-01T00:00"})
    assert answer.status_code == 400
    assert manager_client.post(f"{PATH}/{proposed}/approve?step=1").status_code == 400
    assert statuses() == ["proposed"]


# --- the schedule -----------------------------------------------------------------------------------------


def make_due(*changes: int) -> None:
    PriceChange.objects.filter(pk__in=changes).update(scheduled_for=timezone.now() - dt.timedelta(minutes=1))


def test_an_approved_change_is_applied_when_its_moment_comes(
    proposed: int, manager_client: APIClient
) -> None:
    later = (timezone.now() + dt.timedelta(hours=1)).isoformat()
    body = manager_client.post(f"{PATH}/{proposed}/approve", {"scheduled_for": later}).json()
    assert body["scheduled_for"] is not None
    assert (price_changes.apply_due(), prices()) == (0, {"CUP": "4.00"})
    make_due(proposed)
    assert (price_changes.apply_due(), prices()) == (1, {"CUP": "4.49"})
    change = PriceChange.objects.get(pk=proposed)
    assert (change.status, change.applied_by) == ("applied", "the schedule")
    assert price_changes.apply_due() == 0


def test_the_scheduler_applies_what_is_due(approved: int) -> None:
    run_due()
    make_due(approved)
    ScheduleRun.objects.update(last_run_at=timezone.now() - dt.timedelta(minutes=2))
    assert "apply due prices" in run_due()
    assert prices() == {"CUP": "4.49"}


@pytest.mark.parametrize("step", ["propose", "reject"])
def test_what_is_not_approved_is_never_applied_by_the_schedule(step: str, proposed: int) -> None:
    if step == "reject":
        price_changes.reject([proposed], by="manager")
    make_due(proposed)
    assert (price_changes.apply_due(), prices()) == (0, {"CUP": "4.00"})


def test_a_due_change_whose_price_has_moved_is_left_to_people_with_a_note(
    approved: int, mug: Product, manager_client: APIClient
) -> None:
    other = price_changes.propose([("MUG", Decimal("6.60"))], by="analyst")[0].pk
    price_changes.approve([other], by="manager")
    product_update("CUP", by="somebody", current_price=Decimal("4.20"))
    make_due(approved, other)
    assert (price_changes.apply_due(), prices()) == (1, {"CUP": "4.20", "MUG": "6.60"})
    body = manager_client.get(f"{PATH}/{approved}").json()
    assert (body["status"], body["is_stale"]) == ("approved", True)
    assert body["note"] == (
        "Not applied when it was due: the price was 4.00 when this was proposed and is 4.20 now; propose it again."
    )
    product_update("CUP", by="somebody", current_price=Decimal("4.00"))
    assert price_changes.apply_due() == 0
    assert manager_client.post(f"{PATH}/{approved}/apply").json()["note"] == ""


def test_of_two_due_changes_of_a_product_the_first_is_applied(proposed: int) -> None:
    # As it may stand in a ledger from before a second one was refused.
    prices_before = {"old_price": Decimal("4.00"), "new_price": Decimal("4.99")}
    second = PriceChange.objects.create(product_id="CUP", proposed_by="analyst", **prices_before).pk
    price_changes.approve([proposed, second], by="manager")
    make_due(proposed, second)
    PriceChange.objects.filter(pk=proposed).update(scheduled_for=timezone.now() - dt.timedelta(hours=1))
    assert (price_changes.apply_due(), prices()) == (1, {"CUP": "4.49"})
    assert statuses() == ["applied", "approved"]


# --- reading ----------------------------------------------------------------------------------------------


class TestPriceChanges(ListCases, DetailCases, CreateCases):
    path = PATH
    factory = PriceChangeFactory
    list_queries = 2
    body = {"product_id": "CUP", "new_price": 4.49, "reason": "Costs rose"}
    required = ("product_id", "new_price")
    invalid = (
        *(({"new_price": price}, "new_price") for price in (0, -1, "NaN", "Infinity", "1e9", 1.234, "", None, [], True)),
        *(({"product_id": code}, "product_id") for code in ("", None, "a\u200bb", "x" * 51)),
        ({"reason": "a\x00"}, "reason"),
    )  # fmt: skip
    twice_field = "CUP"

    def prepare(self) -> None:
        ProductFactory(code="CUP", current_price=Decimal("4.00"))

    def row_of(self, answer: Any) -> Body:
        found: Body = answer.json()["items"][0]
        return found


@pytest.fixture
def several_changes(applied: int, batch: Any) -> int:
    """Two changes by hand (the products' first prices), a batch of two proposals, a change that was applied."""
    PriceChange.objects.filter(pk=applied).update(created_at=dt.datetime(2025, 3, 1, 23, 30, tzinfo=dt.UTC))
    return applied


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 5),
        ("product=cup", 3),
        ("product=GONE", 0),
        ("status=applied", 3),
        ("status=proposed", 2),
        ("source=manual", 2),
        ("source=", 5),
        ("start_date=2025-03-02", 4),
        ("endDate=2025-03-01", 1),
        ("start_date=0001-01-01&end_date=9999-12-31", 5),
    ],
)
def test_changes_are_filtered(
    query: str, expected: int, several_changes: int, viewer_client: APIClient
) -> None:
    body = viewer_client.get(f"{PATH}?{query}").json()
    assert len(body["items"]) == expected
    assert body["total"] == expected


def test_a_batch_is_found_by_its_number(batch: Any, viewer_client: APIClient) -> None:
    body = viewer_client.get(f"{PATH}?batch={batch}&ordering=product_id").json()
    assert [item["product_id"] for item in body["items"]] == ["CUP", "MUG"]


@pytest.mark.parametrize(
    ("ordering", "key"),
    [
        ("created_at", lambda item: item["created_at"]),
        ("product_id", lambda item: item["product_id"]),
        ("new_price", lambda item: item["new_price"]),
        ("changed_at", lambda item: (item["changed_at"] is None, item["changed_at"] or "")),
    ],
)
def test_changes_are_ordered(
    ordering: str, key: Callable[[Any], Any], several_changes: int, viewer_client: APIClient
) -> None:
    items = viewer_client.get(f"{PATH}?ordering={ordering}").json()["items"]
    assert items == sorted(items, key=lambda item: (key(item), item["id"]))
    newest = viewer_client.get(PATH).json()["items"]
    assert newest == sorted(newest, key=lambda item: (item["created_at"], item["id"]), reverse=True)


@pytest.mark.parametrize(
    "query",
    ["status=open", "batch=1", "source=me", "ordering=id", 
     "start_date=2025-02-30", "start_date=2025-02-02&end_date=2025-02-01", "product=a%E2%80%8Bb"],
)  # fmt: skip
def test_a_query_out_of_its_limits_is_refused(query: str, viewer_client: APIClient) -> None:
    assert viewer_client.get(f"{PATH}?{query}").status_code == 400


def test_deciding_on_a_batch_takes_as_many_queries_for_many_as_for_few(
    manager: User, django_assert_max_num_queries: Any
) -> None:
    codes = [f"P{number:03}" for number in range(60)]
    Product.objects.bulk_create(
        Product(code=code, name=code, current_price=Decimal("4.00")) for code in codes
    )
    number = uuid7()
    with django_assert_max_num_queries(14):
        price_changes.propose([(code, Decimal("5.00")) for code in codes], by="analyst", batch=number)
    with django_assert_max_num_queries(25):
        price_changes.approve(number, by="manager")
    with django_assert_max_num_queries(20):
        price_changes.apply(number, by="manager")
    with django_assert_max_num_queries(20):
        price_changes.roll_back(number, by="manager")
    assert set(prices().values()) == {"4.00"}
