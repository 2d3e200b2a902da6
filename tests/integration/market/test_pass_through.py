"""The rule that passes changes of the cost on: once, in money per unit, within the limits, from the cost of the price's day."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client, override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from market.models import RepricingResult, RepricingRule, RepricingRun
from market.services.kill_switch import kill_switch_set
from market.services.rules import rule_update
from pricing.changes.services import price_changes
from pricing.recommendation.models import PricePolicy
from pricing.sales.models import PriceChange, Product, ProductCost
from pricing.sales.services.holds import prices_hold
from pricing.sales.services.products import product_update
from tests.factories import PricePolicyFactory
from tests.integration.market.rules import PATIENT, a_manager, outcomes, prices, rule, run
from tests.integration.pricing.queries import queries_of_call

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_open")]
NOW = timezone.now()


@pytest.fixture
def _open(shop: ImportBatch) -> Iterator[None]:
    """A cup at 4.20 since a month; it cost 2.00 then and costs 2.30 now."""
    PricePolicyFactory(max_change=Decimal(1))
    priced("CUP", "4.20", days=30)
    costs("CUP", (60, "2.00"), (3, "2.30"))
    with PATIENT:
        yield


def priced(code: str, price: str, *, days: int) -> None:
    """Somebody sets a price, so many days ago."""
    product_update(code, by="anna", current_price=Decimal(price))
    newest = PriceChange.objects.filter(product=code).order_by("-pk")[:1]
    PriceChange.objects.filter(pk__in=newest.values("pk")).update(changed_at=NOW - dt.timedelta(days=days))


def costs(code: str, *spells: tuple[int, str]) -> None:
    """A product cost so much from so many days ago on."""
    for days, cost in spells:
        since = timezone.localdate(NOW) - dt.timedelta(days=days)
        ProductCost.objects.create(product_id=code, valid_from=since, cost=Decimal(cost))
    Product.objects.filter(code=code).update(cost=Decimal(spells[-1][1]))


def passing(**fields: Any) -> RepricingRule:
    chosen = {"name": "Costs", "action": "pass_through", "percent": None, "codes": ["CUP"], "may_apply": True}
    return rule(**chosen | fields)


def counts(of: RepricingRun) -> dict[str, int]:
    return {name: count for name, count in of.counts[str(of.rules.get().pk)].items() if count}


# --- what is passed on --------------------------------------------------------------------------------


def test_a_change_of_the_cost_is_passed_on_once() -> None:
    whole = passing()
    made = run(whole)
    assert outcomes(made) == {"CUP": "applied -> 4.50"}
    result = made.results.get()
    assert (result.cost_then, result.cost_now) == (Decimal("2.0000"), Decimal("2.3000"))
    again = run(whole)
    assert (outcomes(again), counts(again), prices()["CUP"]) == ({}, {}, "4.50")


@pytest.mark.parametrize(("percent", "price"), [("50", "4.35"), ("150", "4.65"), ("0.01", None)])
def test_a_share_of_it_is_passed_on(percent: str, price: str | None) -> None:
    made = run(passing(percent=Decimal(percent)))
    assert outcomes(made) == ({"CUP": f"applied -> {price}"} if price else {})


def test_a_cost_that_falls_makes_it_cheaper() -> None:
    costs("CUP", (1, "1.75"))
    assert outcomes(run(passing())) == {"CUP": "applied -> 3.95"}


def test_the_next_change_is_counted_from_the_last_one_that_was_passed_on() -> None:
    whole = passing()
    run(whole)
    # On the day of the price itself: what the rule knew counts, not the day.
    costs("CUP", (0, "2.40"))
    assert outcomes(run(whole)) == {"CUP": "applied -> 4.60"}
    assert RepricingResult.objects.latest("pk").cost_then == Decimal("2.3000")


def test_many_small_changes_add_up() -> None:
    whole = passing()
    run(whole)
    for cost in ("2.3020", "2.3040"):
        Product.objects.filter(code="CUP").update(cost=Decimal(cost))
        assert outcomes(run(whole)) == {}
    Product.objects.filter(code="CUP").update(cost=Decimal("2.3060"))
    assert outcomes(run(whole)) == {"CUP": "applied -> 4.51"}


def test_after_somebody_sets_the_price_only_later_changes_count() -> None:
    priced("CUP", "4.40", days=2)
    whole = passing()
    assert outcomes(run(whole)) == {}
    costs("CUP", (1, "2.35"))
    assert outcomes(run(whole)) == {"CUP": "applied -> 4.45"}


def test_a_change_that_was_taken_back_is_not_made_again() -> None:
    whole = passing()
    run(whole)
    price_changes.roll_back([PriceChange.objects.get(source="rule").pk], by="manager")
    assert outcomes(run(whole)) == {}
    # Of that day, the cost counts as known to who took it back.
    Product.objects.filter(code="CUP").update(cost=Decimal("2.50"))
    assert outcomes(run(whole)) == {"CUP": "applied -> 4.40"}


def test_a_proposal_that_waits_is_passed_on_when_it_is_approved() -> None:
    proposing = passing(may_apply=False)
    assert outcomes(run(proposing)) == {"CUP": "proposed -> 4.50"}
    assert outcomes(run(proposing)) == {"CUP": "held_back already_proposed -> 4.20"}
    number = PriceChange.objects.get(source="rule").pk
    price_changes.approve([number], by="manager")
    price_changes.apply([number], by="manager")
    assert outcomes(run(proposing)) == {}


def test_prices_with_tax_pass_the_change_on_with_tax() -> None:
    with override_settings(PRICES_INCLUDE_TAX=True):
        PricePolicy.objects.update(tax_rate=Decimal(20))
        assert outcomes(run(passing())) == {"CUP": "applied -> 4.56"}


# --- limits, and other rules --------------------------------------------------------------------------


def test_what_a_limit_leaves_over_is_passed_on_later() -> None:
    policy = PricePolicyFactory(product="CUP", max_price=Decimal("4.30"))
    whole = passing()
    made = run(whole)
    assert (outcomes(made), made.results.get().wanted_price) == ({"CUP": "applied -> 4.30"}, Decimal("4.50"))
    assert outcomes(run(whole)) == {"CUP": "held_back guardrail -> 4.30"}
    policy.delete()
    assert outcomes(run(whole)) == {"CUP": "applied -> 4.50"}
    assert outcomes(run(whole)) == {}


def test_endings_are_reached_by_several_changes() -> None:
    PricePolicyFactory(product="CUP", endings="49,99")
    whole = passing(keep_endings=True)
    assert outcomes(run(whole)) == {"CUP": "applied -> 4.49"}
    costs("CUP", (1, "2.70"))
    assert outcomes(run(whole)) == {"CUP": "held_back no_ending -> 4.49"}
    costs("CUP", (0, "2.80"))
    assert outcomes(run(whole)) == {"CUP": "applied -> 4.99"}


@pytest.mark.parametrize(
    ("fields", "held"),
    [
        ({"dead_band_percent": Decimal(8)}, "dead_band"),
        ({"hold_hours": 720, "days": 29}, "min_hold"),
        ({"cooldown_days": 60}, "cooling"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_it_is_held_back_like_any_rule(fields: dict[str, Any], held: str) -> None:
    if "cooldown_days" in fields:
        PricePolicyFactory(product="CUP", **fields)
        fields = {}
    if "days" in fields:
        priced("CUP", "4.10", days=fields.pop("days"))
        price = "4.10"
    else:
        price = "4.20"
    assert outcomes(run(passing(**fields))) == {"CUP": f"held_back {held} -> {price}"}


def test_an_experiment_and_the_kill_switch_stop_it() -> None:
    whole = passing()
    prices_hold(["CUP"], holder="experiment 1", reason="an experiment tests its price")
    assert outcomes(run(whole)) == {"CUP": "held_back held -> 4.20"}
    kill_switch_set(on=True, reason="wrong costs", by="manager")
    assert run(whole).stopped.startswith("The kill switch is on")


def test_other_rules_work_on_the_price_with_the_cost_passed_on() -> None:
    tenth_off = rule(name="off", codes=["CUP"], priority=1, may_apply=True, enabled=False)
    passes = passing()
    run(passes)
    rule_update(tenth_off.pk, {"enabled": True}, user=a_manager())
    assert outcomes(run(tenth_off)) == {"CUP": "applied -> 4.05"}
    assert outcomes(run(tenth_off)) == {}
    # It decides before, so a new change of the cost waits until it is off, and is not lost.
    costs("CUP", (0, "2.40"))
    assert outcomes(run(passes)) == {}
    rule_update(tenth_off.pk, {"enabled": False}, user=a_manager())
    assert outcomes(run(passes)) == {"CUP": "applied -> 4.15"}
    rule_update(tenth_off.pk, {"enabled": True}, user=a_manager())
    assert outcomes(run(tenth_off)) == {"CUP": "applied -> 4.14"}


def test_a_cost_that_did_not_change_leaves_the_product_to_the_next_rule() -> None:
    passes = passing(priority=1)
    run(passes)
    assert outcomes(run(rule(name="off", codes=["CUP"], priority=2))) == {"CUP": "proposed -> 4.05"}


# --- what is skipped ----------------------------------------------------------------------------------


def test_what_is_not_known_is_skipped_and_said() -> None:
    priced("MUG", "6.80", days=30)  # no cost
    priced("BOWL", "7.30", days=30)  # a cost that nobody has dated
    Product.objects.filter(code="BOWL").update(cost=Decimal("0.50"))
    Product.objects.filter(code="PLATE 1.5").update(current_price=Decimal("11.11"))  # nobody says since when
    costs("PLATE 1.5", (60, "5.00"), (3, "5.50"))
    Product.objects.filter(code="SPOON").update(current_price=Decimal("1.11"))
    costs("SPOON", (60, "0.50"), (3, "0.50"))  # nor here, but its cost has never changed
    every = passing(codes=[])
    tried = run(every, dry_run=True)
    assert {each.product_id: (each.outcome, each.reason) for each in tried.results.all()} == {
        "BOWL": ("held_back", "no_dated_cost"),
        "CUP": ("would_change", ""),
        "MUG": ("held_back", "no_dated_cost"),
        "PLATE 1.5": ("held_back", "no_price_date"),
    }
    assert counts(tried) == {"would_change": 1, "skipped": 3}
    # In earnest they are counted.
    made = run(every)
    assert (outcomes(made), counts(made)) == ({"CUP": "applied -> 4.50"}, {"applied": 1, "skipped": 3})


@pytest.mark.parametrize(
    ("changed_on", "expected"),
    [("2025-03-15", {}), ("2025-04-01", {}), ("2025-04-20", {"CUP": "applied -> 4.30"})],
    ids=["at the price before", "on the first day", "since"],
)
def test_a_price_of_the_sales_holds_since_it_was_first_sold_at(
    changed_on: str, expected: dict[str, str]
) -> None:
    # The cup was sold at 4.50 in March and at 4.00 since the first sale of April.
    PriceChange.objects.all().delete()
    Product.objects.filter(code="CUP").update(current_price=Decimal("4.00"), price_source="data")
    ProductCost.objects.all().delete()
    for since, cost in (("2025-01-01", "2.00"), (changed_on, "2.30")):
        ProductCost.objects.create(product_id="CUP", valid_from=since, cost=Decimal(cost))
    assert outcomes(run(passing())) == expected


def test_a_cost_that_was_not_known_then_is_skipped() -> None:
    ProductCost.objects.filter(cost=Decimal("2.00")).update(cost=None)
    assert counts(run(passing())) == {"skipped": 1}


def test_what_an_earlier_rule_decides_is_not_counted_as_skipped() -> None:
    ProductCost.objects.all().delete()
    rule(name="off", codes=["CUP"], priority=1)
    assert counts(run(passing())) == {}


# --- what a rule may be -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"percent": Decimal(0)}, "percent"),
        ({"percent": Decimal(-10)}, "percent"),
        ({"percent": Decimal("150.01")}, "percent"),
        ({"amount": Decimal(1)}, "amount"),
        ({"reference": "lowest"}, "reference"),
        ({"revert_when_inactive": True}, "action"),
    ],
)
def test_what_does_not_go_together_is_refused(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        passing(**wrong)
    assert field in refused.value.message_dict


def test_a_rule_costs_queries_for_costs_only_where_it_passes_them_on() -> None:
    plain, every = rule(codes=["CUP"], enabled=False), passing(codes=[], name="all", enabled=False)
    few = queries_of_call(lambda: run(plain, dry_run=True))
    more = queries_of_call(lambda: run(every, dry_run=True))
    # The newest rollbacks and the costs; and one row is written for each of the products, or skipped.
    assert more - few <= 4


# --- the API and the desk -----------------------------------------------------------------------------


def test_the_api_makes_one_and_shows_both_costs(manager_client: APIClient, viewer_client: APIClient) -> None:
    path = "/api/price/rules"
    body = {
        "name": "Costs",
        "action": "pass_through",
        "percent": 60,
        "scope": "products",
        "products": ["CUP"],
    }
    made = manager_client.post(path, body, format="json").json()
    assert (made["action"], made["percent"]) == ("pass_through", 60.0)
    assert viewer_client.get(f"{path}?action=pass_through").json()["total"] == 1
    tried = run(RepricingRule.objects.get(), dry_run=True)
    found = viewer_client.get(f"{path}/{made['id']}/runs/{tried.pk}").json()
    assert found["run"]["counts"]["skipped"] == 0
    assert found["items"] == [
        {
            "product_id": "CUP", "outcome": "would_change", "reason": "", "base_price": 4.2, "old_price": 4.2,
            "wanted_price": 4.38, "new_price": 4.38, "cost_then": 2.0, "cost_now": 2.3, "binding": [], "change": None,
        }
    ]  # fmt: skip
    wrong = manager_client.post(path, body | {"name": "x", "returns": True, "percent": 151}, format="json")
    assert wrong.status_code == 400
    assert {each["field"] for each in wrong.json()["errors"]} == {"percent", "action"}


SAID = {
    "action": "save", "name": "Costs", "condition": "cost_changed", "value": "", "category": "", "direction": "pass_on",
    "percent": "100", "at_most": "20",
}  # fmt: skip


@pytest.fixture
def browser(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


def test_the_desk_says_it_as_a_sentence_and_shows_why(browser: Client) -> None:
    assert browser.post("/desk/rules/new", SAID).status_code == 302
    made = RepricingRule.objects.get()
    assert (made.action, made.percent, made.enabled) == ("pass_through", Decimal(100), False)
    priced("MUG", "6.80", days=30)
    tried = run(made, dry_run=True)
    page = browser.get(f"/desk/rules/{made.pk}?run={tried.pk}").content.decode()
    assert (
        "When the cost has changed in the whole shop: pass 100 % of the change on, at most 20 % at once"
        in page
    )
    assert "A unit cost £2.00 when the price was set, and costs £2.30 now: the rule asks for £4.50." in page
    assert "no cost recorded, now or for the day of its price" in page
    assert '<option value="pass_on" selected>' in page
    file = browser.get(f"/desk/rules/{made.pk}?run={tried.pk}&file=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
    cup = next(row for row in rows if row["Code"] == "CUP")
    assert (cup["Cost when the price was set"], cup["Cost now"]) == ("2", "2.3000")
    with override_settings(PRICES_INCLUDE_TAX=True):
        taxed = browser.get(f"/desk/rules/{made.pk}?run={tried.pk}").content.decode()
    assert "A unit cost £2.00 without tax when the price was set" in taxed


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"direction": "lower", "percent": "10"}, "Pass on what the cost has changed by"),
        ({"condition": "unchanged_days", "value": "1"}, "Pass on what the cost has changed by"),
        ({"value": "5"}, "Leave this empty"),
        ({"percent": "151"}, "less than or equal to 150"),
        ({"condition": "unchanged_days", "value": "1", "direction": "raise", "percent": "91"}, "less than or equal to 90"),
        ({"condition": "unchanged_days", "direction": "raise", "percent": "10"}, "This field is required"),
    ],
)  # fmt: skip
def test_a_sentence_that_makes_no_sense_is_refused(browser: Client, wrong: dict[str, str], said: str) -> None:
    answer = browser.post("/desk/rules/new", SAID | wrong)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not RepricingRule.objects.exists()
