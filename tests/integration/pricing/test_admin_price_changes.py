"""Price changes in the admin: looked through, decided on by managers, edited by nobody."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from elastix.fields import uuid7
from pricing.changes.services import price_changes
from pricing.sales.models import PriceChange, Product
from pricing.sales.services.products import product_create, product_update
from tests.integration.admin_pages import errors_of, page, run_action, said, signed_in

pytestmark = pytest.mark.django_db

ACTIONS = ("approve", "apply", "reject", "roll_back")


@pytest.fixture
def products(db: None) -> None:
    for code in ("CUP", "MUG"):
        product_create(code=code, by="somebody", name=code.title(), current_price=Decimal("4.00"))


@pytest.fixture
def changes(products: None) -> list[PriceChange]:
    return price_changes.propose(
        [("CUP", Decimal("4.49")), ("MUG", Decimal("4.99"))], by="analyst", reason="Spring", batch=uuid7()
    )


@pytest.fixture
def browser(manager: User) -> Client:
    return signed_in(manager)


def take(browser: Client, action: str, *chosen: PriceChange, **more: Any) -> Any:
    """Press Go and confirm, as the page that asks would send it."""
    asked = run_action(browser, action, *chosen)
    assert asked.status_code == 200
    return run_action(browser, action, *chosen, post="yes", count=len(chosen), **more)


def statuses() -> list[str]:
    found = PriceChange.objects.exclude(source="manual").order_by("product_id")
    return list(found.values_list("status", flat=True))


def prices() -> list[str]:
    return [str(price) for price in Product.objects.order_by("code").values_list("current_price", flat=True)]


def test_a_manager_applies_prices_and_rolls_them_back(changes: list[PriceChange], browser: Client) -> None:
    assert "2 prices approved." in said(take(browser, "approve", *changes))
    assert "2 prices in effect." in said(take(browser, "apply", *changes))
    assert prices() == ["4.49", "4.99"]
    asked = run_action(browser, "roll_back", *changes).content.decode()
    assert "CUP Cup: 4.00 &rarr; 4.49 (Applied), 4.49 now" in asked
    assert prices() == ["4.49", "4.99"]
    answer = take(browser, "roll_back", *changes, note=" Sales\x00fell ")
    assert "2 prices undone." in said(answer)
    assert prices() == ["4.00", "4.00"]
    assert set(PriceChange.objects.filter(batch=changes[0].batch).values_list("note", "rolled_back_by")) == {
        ("Sales fell", "manager")
    }


def test_a_batch_of_more_prices_than_a_form_has_fields_is_undone_by_its_number(
    browser: Client, db: None
) -> None:
    codes = [f"P{number:04}" for number in range(1_195)]
    Product.objects.bulk_create(
        Product(code=code, name=code, current_price=Decimal("4.00")) for code in codes
    )
    batch = uuid7()
    price_changes.propose([(code, Decimal("4.50")) for code in codes], by="analyst", batch=batch)
    price_changes.approve(batch, by="somebody else")
    price_changes.apply(batch, by="somebody else")
    url = f"{page(PriceChange)}?batch__exact={batch}"
    first = PriceChange.objects.filter(batch=batch).latest("pk").pk
    across = {"action": "roll_back", "_selected_action": [first], "select_across": "1"}
    asked = browser.post(url, across).content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', asked))
    assert asked.count('name="_selected_action"') == 1
    assert fields["batch"] == str(batch)
    assert "and 1145 more" in asked
    assert "type 1195 to confirm" in said(browser.post(url, fields | {"note": "Too dear"}))
    assert set(prices()) == {"4.50"}
    answer = browser.post(url, fields | {"note": "Too dear", "typed": "1195"})
    assert answer.status_code == 302
    assert "1,195 prices undone." in said(answer)
    assert set(prices()) == {"4.00"}


def test_a_selection_over_the_whole_list_is_refused_once_the_list_is_another(
    changes: list[PriceChange], browser: Client
) -> None:
    product_create(code="JUG", by="somebody", name="Jug", current_price=Decimal("4.00"))
    price_changes.propose([("JUG", Decimal("5.00"))], by="analyst")
    url = f"{page(PriceChange)}?status=proposed"
    across = {"action": "reject", "_selected_action": [changes[0].pk], "select_across": "1"}
    asked = browser.post(url, across).content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', asked))
    assert (fields["select_across"], fields["count"]) == ("1", "3")
    price_changes.reject([changes[1].pk], by="somebody else")
    assert "have changed since they were confirmed" in said(browser.post(url, fields | {"note": ""}))
    assert statuses() == ["proposed", "proposed", "rejected"]
    fields["count"] = "2"
    assert "2 prices rejected." in said(browser.post(url, fields | {"note": ""}))


@pytest.mark.parametrize("action", ["approve", "apply"])
def test_prices_are_decided_on_after_the_same_confirmation_as_on_the_desk(
    action: str, changes: list[PriceChange], browser: Client
) -> None:
    if action == "apply":
        take(browser, "approve", *changes)
    before = statuses()
    Product.objects.update(cost=Decimal("5.00"))
    asked = re.sub(
        r"\s+", " ", re.sub(r"<[^>]+>", " ", run_action(browser, action, *changes).content.decode())
    )
    assert "Changes +12.3 % to +24.8 %" in asked, asked
    assert "Expected profit in 30 days" in asked
    assert "Below cost 2" in asked
    assert statuses() == before
    # Without the number that was confirmed nothing is done, nor with another.
    for count in ({}, {"count": 3}):
        refusal = said(run_action(browser, action, *changes, post="yes", **count))
        assert "have changed since they were confirmed" in refusal
    assert statuses() == before


def test_more_than_fifty_prices_are_confirmed_in_the_admin_by_their_number(browser: Client, db: None) -> None:
    codes = [f"P{number:03}" for number in range(51)]
    Product.objects.bulk_create(
        Product(code=code, name=code, current_price=Decimal("4.00")) for code in codes
    )
    made = price_changes.propose([(code, Decimal("4.50")) for code in codes], by="analyst")
    asked = run_action(browser, "approve", *made).content.decode()
    assert "Type 51 to confirm" in asked
    assert asked.count('name="_selected_action"') == 51
    assert "type 51 to confirm" in said(take(browser, "approve", *made))
    assert set(statuses()) == {"proposed"}
    assert "51 prices approved." in said(take(browser, "approve", *made, typed="51"))


def test_a_lower_price_that_is_no_reduction_is_said_before_it_is_decided_on(
    products: None, browser: Client
) -> None:
    product_update("CUP", by="somebody", current_price=Decimal("3.00"))
    product_update("CUP", by="somebody", current_price=Decimal("5.00"))
    made = price_changes.propose([("CUP", Decimal("4.50"))], by="analyst")
    asked = run_action(browser, "approve", *made).content.decode()
    assert "1 lower price may not be announced as a reduction" in asked


def test_rejecting_asks_first_and_keeps_the_reason(changes: list[PriceChange], browser: Client) -> None:
    assert "will not be made" in run_action(browser, "reject", changes[0]).content.decode()
    assert statuses() == ["proposed", "proposed"]
    take(browser, "reject", changes[0], note="x" * 300)
    assert statuses() == ["rejected", "proposed"]
    assert PriceChange.objects.get(pk=changes[0].pk).note == "x" * 255


@pytest.mark.parametrize("action", ["apply", "roll_back"])
def test_a_step_out_of_order_is_refused_with_a_message(
    action: str, changes: list[PriceChange], browser: Client
) -> None:
    refusal = said(take(browser, action, *changes))
    assert f"change {changes[1].pk} (MUG): it is proposed" in refusal
    assert statuses() == ["proposed", "proposed"]


def test_one_stale_change_keeps_the_whole_selection_waiting_and_is_named(
    changes: list[PriceChange], browser: Client
) -> None:
    product_update("MUG", by="somebody", current_price=Decimal("5.00"))
    asked = run_action(browser, "approve", *changes).content.decode()
    assert "The price of 1 of them has moved since" in asked
    refusal = said(take(browser, "approve", *changes))
    assert f"hange {changes[1].pk} (MUG)" in refusal
    assert "CUP" not in refusal
    assert statuses() == ["proposed", "proposed"]


def test_nobody_approves_their_own_proposal(changes: list[PriceChange], browser: Client) -> None:
    PriceChange.objects.filter(pk=changes[0].pk).update(proposed_by="manager")
    assert "somebody else has to approve it" in said(take(browser, "approve", *changes))
    assert statuses() == ["proposed", "proposed"]


@pytest.mark.parametrize("action", ACTIONS)
def test_analysts_and_viewers_decide_on_nothing(
    action: str, changes: list[PriceChange], analyst: User, viewer: User
) -> None:
    for user in (analyst, viewer):
        looking = signed_in(user)
        assert f'value="{action}"' not in looking.get(page(PriceChange)).content.decode()
        run_action(looking, action, *changes, post="yes")
    assert statuses() == ["proposed", "proposed"]


def test_nobody_edits_or_deletes_changes(changes: list[PriceChange], admin_user: User) -> None:
    looking = signed_in(admin_user)
    assert looking.get(page(PriceChange, "change", changes[0].pk)).status_code == 200
    assert looking.post(page(PriceChange, "change", changes[0].pk), {"new_price": "9"}).status_code == 403
    assert looking.post(page(PriceChange, "delete", changes[0].pk), {"post": "yes"}).status_code == 403


@pytest.fixture
def add_page() -> str:
    return page(PriceChange, "add")


def asking(**given: Any) -> dict[str, Any]:
    empty = {"reason": "", "scheduled_for_0": "", "scheduled_for_1": ""}
    return {"product": "CUP", "new_price": "4.49", **empty, **given}


def test_an_analyst_proposes_a_price_and_a_manager_decides_on_it(
    products: None, add_page: str, analyst: User, browser: Client
) -> None:
    proposing = signed_in(analyst)
    assert proposing.get(add_page).status_code == 200
    answer = proposing.post(add_page, asking(new_price="4.79", reason=" Milk\x01is dearer "))
    assert "was added successfully" in said(answer)
    made = PriceChange.objects.latest("id")
    assert (made.product_id, made.old_price, made.new_price) == ("CUP", Decimal("4.00"), Decimal("4.79"))
    assert (made.status, made.proposed_by, made.reason) == ("proposed", "analyst", "Milk is dearer")
    assert prices() == ["4.00", "4.00"]
    assert "1 price approved." in said(take(browser, "approve", made))


def test_a_manager_does_not_approve_what_they_proposed_in_the_admin(
    products: None, add_page: str, browser: Client
) -> None:
    browser.post(add_page, asking())
    made = PriceChange.objects.latest("id")
    assert made.proposed_by == "manager"
    assert "somebody else has to approve it" in said(take(browser, "approve", made))


def test_a_proposal_in_the_admin_can_name_the_moment_to_apply_it(
    products: None, add_page: str, browser: Client
) -> None:
    moment = (timezone.now() + timedelta(days=3)).replace(microsecond=0)
    day, hour = moment.date().isoformat(), moment.time().isoformat()
    browser.post(add_page, asking(scheduled_for_0=day, scheduled_for_1=hour))
    assert PriceChange.objects.latest("id").scheduled_for == moment


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"new_price": "1.99"}, "Not proposed: 1.99 is below the cost of 2.00."),
        ({"new_price": "4.00"}, "Not proposed: 4.00 is the present price of CUP."),
        ({"new_price": "0"}, "greater than or equal to 0.01"),
        ({"product": "NOTHING"}, "Select a valid choice"),
        ({"scheduled_for_0": "2020-01-01", "scheduled_for_1": "00:00"}, "The moment has passed already."),
        ({"scheduled_for_0": "2999-01-01", "scheduled_for_1": "00:00"}, "more than a year away"),
    ],
)
def test_what_may_not_be_proposed_comes_back_with_the_reason(
    given: dict[str, str], reason: str, products: None, add_page: str, browser: Client
) -> None:
    Product.objects.filter(code="CUP").update(cost=Decimal("2.00"))
    before = PriceChange.objects.count()
    assert reason in errors_of(browser.post(add_page, asking(**given)))
    assert PriceChange.objects.count() == before


def test_a_second_open_change_of_a_product_is_refused_in_the_admin(
    changes: list[PriceChange], add_page: str, browser: Client
) -> None:
    refusal = errors_of(browser.post(add_page, asking()))
    assert f"Change {changes[0].pk} of CUP, 4.00 to 4.49, awaits a decision" in refusal
    assert statuses() == ["proposed", "proposed"]


def test_viewers_propose_nothing(changes: list[PriceChange], add_page: str, viewer: User) -> None:
    looking = signed_in(viewer)
    assert looking.get(add_page).status_code == 403
    assert looking.post(add_page, asking()).status_code == 403
    assert add_page not in looking.get(page(PriceChange)).content.decode()


def test_what_was_expected_is_said_in_words(changes: list[PriceChange], viewer: User) -> None:
    looking = signed_in(viewer)
    url = page(PriceChange, "change", changes[0].pk)
    assert "of cases" not in looking.get(url).content.decode()
    PriceChange.objects.filter(pk=changes[0].pk).update(
        expected={
            "current": {"price": 4, "quantity": 1200, "revenue": 4800, "profit": None},
            "projected": {"price": 4.49, "quantity": 1000.5, "revenue": 4492.25, "profit": None},
            "interval": {
                "level": 0.8,
                "quantity": [990, 1011],
                "revenue": [4445, 4539],
                "profit": [None, None],
            },
        }
    )
    assert (
        "quantity 1,200.00 \u2192 1,000.50 (990.00 to 1,011.00); revenue 4,800.00 \u2192 4,492.25 (4,445.00 to 4,539.00)."
        " The intervals hold in 80 % of cases." in looking.get(url).content.decode()
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [("q=spring", 2), ("q=mug", 2), ("q=nothing", 0), ("status=proposed", 2), ("source=manual", 2)],
)
def test_changes_are_searched_and_filtered(
    query: str, found: int, changes: list[PriceChange], viewer: User
) -> None:
    assert signed_in(viewer).get(f"{page(PriceChange)}?{query}").context["cl"].result_count == found


def test_a_change_leads_to_the_whole_of_its_batch(changes: list[PriceChange], viewer: User) -> None:
    looking = signed_in(viewer)
    url = f"{page(PriceChange)}?batch__exact={changes[0].batch}"
    assert url in looking.get(page(PriceChange)).content.decode()
    assert looking.get(url).context["cl"].result_count == 2


def test_changes_can_be_exported(changes: list[PriceChange], viewer: User) -> None:
    answer: Any = run_action(signed_in(viewer), "export_csv", *changes)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "CUP,4.00,4.49,proposed,proposal" in text
