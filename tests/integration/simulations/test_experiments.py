"""Price experiments from the plan to the decision: prices through the ledger, holds, the clock, results, refusals."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db.models import F
from rest_framework.test import APIClient

from elastix.alerts.models import Alert
from elastix.errors import Conflict, Invalid
from elastix.imports.models import ImportBatch
from pricing.changes.services import price_changes
from pricing.changes.services.validation import InvalidProposal, InvalidTransition, OpenChanges
from pricing.elasticity.models import ElasticityEstimate, ExperimentalEvidence
from pricing.sales.models import PriceChange, PriceHold, Product, SalesHistory
from pricing.sales.services.products import product_update, products_upsert
from simulations.experiments.models import PriceExperiment
from simulations.experiments.selectors.candidates import test_candidates as candidates
from simulations.experiments.selectors.plans import Wish, experiment_plan
from simulations.experiments.services import evidence
from simulations.experiments.services.evidence import record_findings
from simulations.experiments.services.experiments import (
    experiment_create,
    experiment_pause,
    experiment_roll_back,
    experiment_start,
    experiment_stop,
)
from simulations.experiments.services.running import experiments_advance
from tests.api_cases import Body, CreateCases, DeleteCases, DetailCases, ListCases
from tests.factories import (
    ExperimentFactory,
    PriceChangeFactory,
    PricedProductFactory,
    PricePolicyFactory,
    ProductPairFactory,
)
from tests.integration.simulations.experiment_shop import (
    BODY,
    CODES,
    MONDAY,
    WISH,
    at,
    open_shop,
    plan_bowls,
    prices,
    run_days,
)
from tests.shops import Commits

pytestmark = pytest.mark.django_db
USUAL_PRICES = dict.fromkeys(CODES, "10.00")
Rng = np.random.Generator


@pytest.fixture
def bowls(monkeypatch: pytest.MonkeyPatch) -> Rng:
    at(MONDAY, monkeypatch)
    return open_shop()


def drawn(experiment: PriceExperiment) -> dict[str, str]:
    """What the prices of the first week have to be, by the published rule of the draw."""
    from hashlib import sha256

    odd = [sha256(f"bowls/group {g} pair 0".encode()).digest()[0] & 1 for g in range(4)]
    return {code: "9.00" if each else "10.00" for code, each in zip(CODES, odd, strict=True)}


# --- plans --------------------------------------------------------------------------------------------


def test_a_plan_has_both_prices_groups_and_what_it_could_find(bowls: Rng) -> None:
    plan = experiment_plan(WISH)
    assert [(each.product_id, each.group) for each in plan.products] == [(code, 0) for code in CODES]
    assert {(each.old_price, each.new_price) for each in plan.products} == {
        (Decimal("10.00"), Decimal("9.00"))
    }
    assert plan.contrast == pytest.approx(np.log(0.9))
    assert plan.money == "profit"
    # 4 products, 40 a day, of which 5 days of a week count: phi 1, 12 weeks.
    assert plan.units_a_week == pytest.approx(4 * 40 * 7, rel=0.02)
    assert plan.formula_error == pytest.approx(1 / np.sqrt(4 * 40 * 5 * 12) / abs(np.log(0.9) / 2), rel=0.1)
    assert plan.power.elasticity_error == pytest.approx(plan.formula_error, rel=0.4)
    assert plan.power.power > 0.9
    assert plan.shortest == 12


def test_products_without_a_difference_and_unknown_ones_are_left_out_with_the_reason(bowls: Rng) -> None:
    PricePolicyFactory(product=Product.objects.get(code="B"), min_price=Decimal("10.00"))
    plan = experiment_plan(Wish("switchback", (*CODES, "NONE"), 0.0, -10.0, 12))
    assert [each.product_id for each in plan.products] == ["A", "C", "D"]
    assert [(each.product_id, each.reason) for each in plan.left_out] == [
        ("B", "no_difference"),
        ("NONE", "unknown_product"),
    ]


def test_prices_are_those_that_the_policy_allows(bowls: Rng) -> None:
    PricePolicyFactory(product=Product.objects.get(code="B"), min_price=Decimal("9.50"))
    plan = experiment_plan(WISH)
    assert {each.product_id: str(each.new_price) for each in plan.products}["B"] == "9.50"


def test_substitutes_are_in_one_group_and_what_is_not_tested_is_their_neighbour(bowls: Rng) -> None:
    PricedProductFactory(code="CUP", cost=Decimal("1"))
    for one, other, kind in (
        ("A", "B", "substitutes"),
        ("C", "D", "independent"),
        ("CUP", "C", "substitutes"),
    ):
        ProductPairFactory(product_x_id=one, product_y_id=other, cross_elasticity=0.5, relationship=kind)
        ProductPairFactory(product_x_id=other, product_y_id=one, cross_elasticity=0.5, relationship=kind)
    plan = experiment_plan(WISH)
    groups = {each.product_id: each.group for each in plan.products}
    assert groups["A"] == groups["B"] != groups["C"] != groups["D"]
    assert plan.neighbours == {"CUP": groups["C"]}


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (Wish("switchback", CODES, 0.0, -10.0, 10), "12 weeks at least"),
        (Wish("clusters", CODES, 0.0, -10.0, 12), "12 groups of products are needed; these products make 1"),
        (Wish("switchback", ("NONE",), 0.0, -10.0, 12), "None of these products can be tested"),
    ],
)
def test_what_cannot_be_found_out_is_refused_in_words(bowls: Rng, wish: Wish, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        experiment_plan(wish)


def test_clusters_are_paired_by_past_sales_and_one_left_over_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes = tuple(f"P{number:02}" for number in range(13))
    at(MONDAY, monkeypatch)
    open_shop(codes, category="")
    plan = experiment_plan(Wish("clusters", codes, 0.0, -10.0, 8, past_weeks=12))
    assert plan.groups == 12
    assert [each.reason for each in plan.left_out] == ["no_pair"]
    assert sorted(each.group for each in plan.products) == list(range(12))


def test_tests_are_ranked_by_what_they_are_worth(bowls: Rng) -> None:
    ElasticityEstimate.objects.update(elasticity=-2.5, std_error=1.2)
    PricedProductFactory(code="SURE", category="Cups", estimate__std_error=0.01)
    found = candidates(weeks=12, percent=10.0)
    for each in found:
        assert each.error_after**-2 == pytest.approx(each.elasticity_error**-2 + each.test_error**-2)
        assert each.error_after < each.elasticity_error
    assert found[0].kind == "category"
    assert found[0].key == "Bowls"
    assert found[0].products == 4
    assert found[0].net == pytest.approx(found[0].gain - found[0].cost)
    assert [each.net for each in found] == sorted((each.net for each in found), reverse=True)
    assert "SURE" not in {each.key for each in found}  # it sold nothing


# --- prices through the ledger ------------------------------------------------------------------------


def test_a_start_sets_the_prices_drawn_for_the_day_through_the_ledger(bowls: Rng, manager: User) -> None:
    experiment = plan_bowls()
    assert prices() == USUAL_PRICES
    experiment = experiment_start(experiment.pk, by="manager")
    expected = dict.fromkeys(CODES, drawn(experiment)["A"])  # one group
    assert prices() == expected
    changed = PriceChange.objects.filter(source="experiment")
    assert {each.decided_by for each in changed} <= {"manager"}
    assert {each.proposed_by for each in changed} <= {f"experiment {experiment.pk}"}
    assert sorted(PriceHold.objects.values_list("product_id", flat=True)) == list(CODES)


def test_the_clock_turns_the_prices_each_week_and_ends_the_experiment(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_start(plan_bowls().pk, by="manager")
    seen = []
    for week in range(12):
        at(MONDAY + dt.timedelta(days=7 * week), monkeypatch)
        experiments_advance()
        seen.append(prices()["A"])
    assert all({seen[k], seen[k + 1]} == {"9.00", "10.00"} for k in range(0, 12, 2))
    at(MONDAY + dt.timedelta(days=84), monkeypatch)
    experiments_advance()
    experiment.refresh_from_db()
    assert (experiment.status, experiment.kept) == ("ended", "")
    assert prices() == USUAL_PRICES
    assert not PriceHold.objects.exists()
    assert "choose which prices to keep" in Alert.objects.get(kind="price_experiment").message
    experiments_advance()
    assert prices() == USUAL_PRICES
    experiment_stop(experiment.pk, by="manager", keep="new_price")
    assert prices() == dict.fromkeys(CODES, "9.00")
    assert not Alert.objects.filter(kind="price_experiment", cleared_at=None).exists()


def test_nobody_else_changes_a_price_that_is_held(bowls: Rng, manager: User) -> None:
    experiment_start(plan_bowls().pk, by="manager")
    now = prices()["A"]
    waiting = PriceChangeFactory(product_id="A", old_price=Decimal(now), new_price=Decimal("11.00"))
    with pytest.raises(InvalidProposal, match="price experiment 'Bowls'"):
        price_changes.propose([("A", Decimal("11.00"))], by="analyst")
    with pytest.raises(InvalidTransition, match="price experiment 'Bowls'"):
        price_changes.approve([waiting.pk], by="manager")
    with pytest.raises(Conflict, match="stays as it is"):
        product_update("A", by="analyst", current_price=Decimal("11.00"))
    products_upsert([{"code": "A", "current_price": Decimal("11.00"), "name": "Bowl"}], by="analyst")
    assert prices()["A"] == now
    assert Product.objects.get(code="A").name == "Bowl"
    price_changes.reject([waiting.pk], by="manager")
    product_update("A", by="analyst", name="Large bowl")


@pytest.mark.parametrize("seed", ["bowls", "clay"])
def test_an_experiment_of_which_any_product_has_an_open_change_is_not_started(
    bowls: Rng, manager: User, seed: str
) -> None:
    """Whether its price changes on the first day (one of the two seeds) or only later."""
    experiment = experiment_create(WISH, name="Bowls", by="analyst", seed=seed)
    changes = price_changes.propose([("B", Decimal("11.00")), ("D", Decimal("12.00"))], by="analyst")
    price_changes.approve([changes[1].pk], by="manager")
    with pytest.raises(OpenChanges, match=r"Nothing was started\. Change .* awaits a decision") as refused:
        experiment_start(experiment.pk, by="manager")
    assert [(each["field"], each["code"]) for each in refused.value.errors or []] == [
        ("B", "open_change"),
        ("D", "open_change"),
    ]
    assert prices() == USUAL_PRICES
    assert not PriceHold.objects.exists()
    for change in changes:
        price_changes.reject([change.pk], by="manager")
    assert experiment_start(experiment.pk, by="manager").status == "running"


def test_a_paused_experiment_goes_on_once_open_changes_from_before_it_are_rejected(
    bowls: Rng, manager: User
) -> None:
    experiment = experiment_start(plan_bowls().pk, by="manager")
    experiment_pause(experiment.pk, by="manager")
    waiting = [PriceChangeFactory(product_id=code, old_price=Decimal("10.00")) for code in ("A", "B")]
    with pytest.raises(OpenChanges) as refused:
        experiment_start(experiment.pk, by="manager")
    assert [each["field"] for each in refused.value.errors or []] == ["A", "B"]
    price_changes.reject([each.pk for each in waiting], by="manager")
    assert experiment_start(experiment.pk, by="manager").status == "running"


def test_two_experiments_cannot_test_one_product_at_a_time(bowls: Rng, manager: User) -> None:
    first, second = plan_bowls(), plan_bowls(products=("A",))
    experiment_start(first.pk, by="manager")
    with pytest.raises(Conflict, match=r"held already|have moved"):
        experiment_start(second.pk, by="manager")
    second.refresh_from_db()
    assert second.status == "draft"


def test_an_experiment_whose_prices_have_moved_since_it_was_planned_is_not_started(bowls: Rng) -> None:
    experiment = plan_bowls()
    product_update("B", by="analyst", current_price=Decimal("11.00"))
    with pytest.raises(Conflict, match="The prices of B have moved since"):
        experiment_start(experiment.pk, by="manager")
    assert not PriceHold.objects.exists()


def test_a_price_that_is_not_allowed_any_more_starts_nothing(bowls: Rng) -> None:
    experiment = plan_bowls(old_percent=-10.0, new_percent=-5.0)
    Product.objects.filter(code="C").update(cost=Decimal("9.80"))
    with pytest.raises(Conflict, match=r"Nothing was started\. C: "):
        experiment_start(experiment.pk, by="manager")
    assert prices() == USUAL_PRICES
    assert not PriceHold.objects.exists()
    experiment.refresh_from_db()
    assert experiment.status == "draft"


def test_a_pause_puts_usual_prices_back_and_going_on_sets_those_of_the_day(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_start(plan_bowls(old_percent=-10.0, new_percent=10.0).pk, by="manager")
    assert prices()["A"] in ("9.00", "11.00")
    experiment_pause(experiment.pk, by="manager")
    assert prices() == USUAL_PRICES
    assert PriceHold.objects.count() == 4
    with pytest.raises(Conflict, match="is paused"):
        experiment_pause(experiment.pk, by="manager")
    at(MONDAY + dt.timedelta(days=3), monkeypatch)
    experiments_advance()
    assert prices() == USUAL_PRICES
    experiment = experiment_start(experiment.pk, by="manager")
    assert experiment.pauses == [["2025-06-02", "2025-06-05"]]
    assert experiment.starts_on == MONDAY
    assert prices()["A"] in ("9.00", "11.00")


def test_a_paused_experiment_ends_after_its_last_day_and_says_so_once(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_start(plan_bowls().pk, by="manager")
    experiment_pause(experiment.pk, by="manager")
    User.objects.filter(username="manager").update(is_active=False)  # would alarm if it ran
    at(MONDAY + dt.timedelta(days=83), monkeypatch)
    assert experiments_advance() == 0
    assert PriceHold.objects.count() == len(CODES)
    assert not Alert.objects.exists()
    at(MONDAY + dt.timedelta(days=84), monkeypatch)
    for _ in range(2):
        experiments_advance()
        experiment.refresh_from_db()
        assert (experiment.status, experiment.kept) == ("ended", "")
        assert experiment.pauses == [["2025-06-02", "2025-08-25"]]
        assert prices() == USUAL_PRICES
        assert not PriceHold.objects.exists()
        assert "choose which prices to keep" in Alert.objects.get().message


def test_a_rollback_puts_all_prices_back_and_twice_is_refused(bowls: Rng, manager: User) -> None:
    experiment = experiment_start(plan_bowls(old_percent=-10.0, new_percent=10.0).pk, by="manager")
    experiment = experiment_roll_back(experiment.pk, by="manager")
    assert (experiment.status, experiment.kept, experiment.problems) == ("ended", "usual", [])
    assert prices() == USUAL_PRICES
    assert not PriceHold.objects.exists()
    with pytest.raises(Conflict, match="are back already"):
        experiment_roll_back(experiment.pk, by="manager")


def test_the_new_prices_can_be_kept_and_rolled_back_later_but_not_what_somebody_changed_since(
    bowls: Rng, manager: User
) -> None:
    experiment = experiment_start(plan_bowls().pk, by="manager")
    experiment_stop(experiment.pk, by="manager", keep="new_price")
    assert prices() == dict.fromkeys(CODES, "9.00")
    with pytest.raises(Conflict, match="has ended, with the new prices"):
        experiment_stop(experiment.pk, by="manager")
    product_update("D", by="analyst", current_price=Decimal("8.00"))
    experiment = experiment_roll_back(experiment.pk, by="manager")
    assert prices() == USUAL_PRICES | {"D": "8.00"}
    assert [(each["product_id"], each["code"]) for each in experiment.problems] == [("D", "price_moved")]


def test_a_draft_can_be_neither_paused_nor_rolled_back(bowls: Rng) -> None:
    experiment = plan_bowls()
    for step in (experiment_pause, experiment_stop, experiment_roll_back):
        with pytest.raises(Conflict, match="has not been started"):
            step(experiment.pk, by="manager")


def test_a_price_that_cannot_be_set_on_its_day_is_a_problem_and_an_alert(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_start(plan_bowls().pk, by="manager")
    Product.objects.filter(code="C").update(cost=Decimal("9.50"))
    for week in (1, 2):
        at(MONDAY + dt.timedelta(days=7 * week), monkeypatch)
        experiments_advance()
        experiment.refresh_from_db()
        if experiment.problems:
            break
    assert [each["product_id"] for each in experiment.problems] == ["C"]
    assert {prices()[code] for code in "ABD"} == {"9.00"}
    assert prices()["C"] == "10.00"
    assert "C:" in Alert.objects.get(kind="price_experiment", cleared_at=None).message


def test_prices_are_not_turned_in_the_name_of_somebody_who_may_not_decide_any_more(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment_start(plan_bowls().pk, by="manager")
    before = prices()
    User.objects.filter(username="manager").update(is_active=False)
    for week in (1, 2, 3):
        at(MONDAY + dt.timedelta(days=7 * week), monkeypatch)
        experiments_advance()
        assert prices() == before
    assert "may not decide" in Alert.objects.get(kind="price_experiment").message


# --- results ------------------------------------------------------------------------------------------


def test_a_whole_experiment_finds_the_elasticity_and_says_so(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_start(plan_bowls().pk, by="manager")
    run_days(bowls, 0, 83, monkeypatch)
    experiments_advance()
    experiment.refresh_from_db()
    result = experiment.result
    assert result is not None
    assert (result["weeks"], result["is_complete"]) == (12, True)
    assert experiment.elasticity == pytest.approx(-2.0, abs=3 * (experiment.elasticity_error or 0))
    assert 0 < (experiment.elasticity_error or 0) < 0.3
    # 40 a day and product: 4 * 7 * 40 * (.9^-2 * 3 - 4) more profit a week.
    expected = 4 * 7 * 40 * (0.9**-2 * 3 - 4)
    profit = result["tested"]["profit"]
    assert profit["low"] < expected < profit["high"]
    assert result["verdict"] == "old_price"
    assert result["decision"].startswith("The old price is better")
    assert result["deviations"] == []
    assert result["sold_out"] == []
    assert result["sample_ratio"]["ran"] == [6, 6]
    assert [each["weeks"] for each in result["looks"]] == [4, 6, 8, 10, 12]
    assert experiment.evidence == [
        {
            "source": f"experiment {experiment.pk}",
            "product_id": None,
            "category": "Bowls",
            "elasticity": experiment.elasticity,
            "std_error": experiment.elasticity_error,
            "first_day": "2025-06-02",
            "last_day": "2025-08-24",
        }
    ]


def test_an_experiment_on_single_products_tells_the_elasticity_of_each(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    Product.objects.update(category="")
    experiment = experiment_start(plan_bowls().pk, by="manager")
    run_days(bowls, 0, 83, monkeypatch)
    experiments_advance()
    experiment.refresh_from_db()
    assert [each["product_id"] for each in experiment.evidence] == list(CODES)
    for each in experiment.evidence:
        assert abs(each["elasticity"] + 2.0) < 4 * each["std_error"] < 4


def test_what_an_ended_experiment_found_is_recorded_and_saying_it_twice_changes_nothing(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    Product.objects.update(category="")
    experiment = experiment_start(plan_bowls().pk, by="manager")
    run_days(bowls, 0, 83, monkeypatch)
    assert not ExperimentalEvidence.objects.exists()
    experiments_advance()
    experiment.refresh_from_db()
    recorded = list(ExperimentalEvidence.objects.order_by("source").values())
    assert [(each["source"], each["product_id"]) for each in recorded] == [
        (f"experiment {experiment.pk}: {code}", code) for code in CODES
    ]
    assert [each["elasticity"] for each in recorded] == [each["elasticity"] for each in experiment.evidence]
    PriceExperiment.objects.update(result_to=None)
    monkeypatch.setattr(evidence, "record_evidence", None)  # the same again is not even tried
    experiments_advance()
    assert list(ExperimentalEvidence.objects.order_by("source").values()) == recorded


def test_the_estimate_of_a_product_is_experimental_after_an_experiment_and_what_it_was_once_that_is_withdrawn(
    shop: ImportBatch, commits: Commits, viewer_client: APIClient
) -> None:
    def shown() -> tuple[str, float]:
        body = viewer_client.get("/api/analytics/elasticity/CUP").json()
        return body["evidence"], body["elasticity"]

    numbers = ("contrast", "expected_elasticity", "planned_power", "planned_error")
    sizes = ("planned_money_error", "units_a_week", "revenue_a_week", "new_percent")
    experiment = PriceExperiment.objects.create(
        name="Cups", design="switchback", weeks=12, seed="cups", **dict.fromkeys(numbers + sizes, 1.0)
    )
    row = {"product_id": "CUP", "category": "", "elasticity": -0.5, "std_error": 0.1}
    days = {"first_day": "2025-03-01", "last_day": "2025-03-28"}
    before = shown()
    assert before[0] != "experimental"
    experiment.evidence = [row | days | {"source": f"{experiment.holder}: CUP"}]
    with commits():
        record_findings(experiment)
    assert shown()[0] == "experimental"
    assert abs(shown()[1] + 0.5) < abs(before[1] + 0.5)
    experiment.evidence = []
    for _ in range(2):
        with commits():
            record_findings(experiment)
        assert shown() == before


def test_an_experiment_judged_invalid_takes_its_findings_back(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_start(plan_bowls(weeks=16).pk, by="manager")
    run_days(bowls, 0, 111, monkeypatch)
    experiments_advance()
    assert ExperimentalEvidence.objects.get().source == f"experiment {experiment.pk}"
    ExperimentalEvidence.objects.create(
        source=f"experiment {experiment.pk}0",
        category="Bowls",
        elasticity=-1.0,
        std_error=0.5,
        first_day=MONDAY,
        last_day=MONDAY,
    )
    # It turns out that the lower price was never charged: all weeks that were to have it are lost.
    SalesHistory.objects.filter(date__gte=MONDAY, price=Decimal("9.00")).update(price=Decimal("9.50"))
    for row in SalesHistory.objects.filter(date__gte=MONDAY, price=Decimal("9.50")):
        SalesHistory.objects.filter(pk=row.pk).update(revenue=row.quantity * row.price)
    for _ in range(2):
        PriceExperiment.objects.update(result_to=None)
        experiments_advance()
        experiment.refresh_from_db()
        assert experiment.result is not None
        assert experiment.result["sample_ratio"]["is_mismatch"]
        assert experiment.evidence == []
        assert [each.source for each in ExperimentalEvidence.objects.all()] == [
            f"experiment {experiment.pk}0"
        ]


def test_one_stopped_early_says_what_it_found_without_new_sales(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_start(plan_bowls().pk, by="manager")
    run_days(bowls, 0, 55, monkeypatch)
    experiments_advance()
    assert not ExperimentalEvidence.objects.exists()
    experiment_stop(experiment.pk, by="manager")
    experiments_advance()
    assert ExperimentalEvidence.objects.get().last_day == MONDAY + dt.timedelta(days=55)


def test_three_pairs_of_weeks_of_one_group_tell_no_error_and_so_nothing(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_start(plan_bowls().pk, by="manager")
    run_days(bowls, 0, 41, monkeypatch)
    experiment_stop(experiment.pk, by="manager")
    experiments_advance()
    experiment.refresh_from_db()
    assert experiment.elasticity is not None
    assert experiment.elasticity_error is None
    assert not ExperimentalEvidence.objects.exists()


def test_what_is_known_so_far_is_a_look_that_decides_nothing_too_early(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_start(plan_bowls().pk, by="manager")
    run_days(bowls, 0, 27, monkeypatch, elasticity=-1 / 0.9)
    experiments_advance()
    experiment.refresh_from_db()
    assert experiment.result is not None
    assert (experiment.result["weeks"], experiment.result["is_complete"]) == (4, False)
    assert experiment.result["verdict"] == "not_decided"
    assert experiment.evidence == []


def test_a_price_that_was_not_the_drawn_one_and_a_product_that_ran_out_are_named(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_start(plan_bowls().pk, by="manager")
    run_days(bowls, 0, 27, monkeypatch)
    days = [MONDAY + dt.timedelta(days=number) for number in range(9, 19)]
    SalesHistory.objects.filter(product="B", date__in=days).delete()
    for row in SalesHistory.objects.filter(product="C", date=MONDAY + dt.timedelta(days=10)):
        SalesHistory.objects.filter(pk=row.pk).update(price=Decimal("7"), revenue=7 * row.quantity)
    PriceExperiment.objects.update(result_to=None)
    experiments_advance()
    experiment.refresh_from_db()
    assert experiment.result is not None
    assert experiment.result["sold_out"] == ["B"]
    assert experiment.result["deviations"] == [{"product_id": "C", "days": 1}]


def test_a_running_experiment_that_does_not_run_as_drawn_alarms_once_and_anew_when_more_is_wrong(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def standing() -> list[str]:
        return list(Alert.objects.filter(cleared_at=None).values_list("message", flat=True))

    def look_again() -> None:
        PriceExperiment.objects.update(result_to=None)
        experiments_advance()

    experiment = experiment_start(plan_bowls().pk, by="manager")
    run_days(bowls, 0, 13, monkeypatch)
    look_again()
    assert not Alert.objects.exists()
    Product.objects.filter(code="A").update(stock_level=5)
    Product.objects.filter(code="B").update(stock_level=0)
    for _ in range(2):
        look_again()
        assert standing() == ["Price experiment Bowls does not run as drawn. Probably sold out: B."]
    assert Alert.objects.count() == 1
    # The lower price was never charged: its week is lost, and so each product strays.
    SalesHistory.objects.filter(date__gte=MONDAY, price=Decimal("9.00")).update(
        revenue=Decimal("7") * F("quantity")
    )
    for _ in range(2):
        look_again()
        assert standing() == [
            "Price experiment Bowls does not run as drawn. Sold at another price than the drawn one: A, B, C, D. "
            "Probably sold out: B."
        ]
    assert Alert.objects.count() == 2
    Product.objects.filter(code="B").update(stock_level=40)
    look_again()
    assert standing() == [
        "Price experiment Bowls does not run as drawn. Sold at another price than the drawn one: A, B, C, D."
    ]
    assert Alert.objects.count() == 2
    experiment_stop(experiment.pk, by="manager")
    assert standing() == []
    look_again()
    assert standing() == []


def test_stock_that_is_recorded_after_the_end_says_nothing_of_the_experiment(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = experiment_start(plan_bowls().pk, by="manager")
    run_days(bowls, 0, 27, monkeypatch)
    experiment_stop(experiment.pk, by="manager")
    Product.objects.update(stock_level=0)
    experiments_advance()
    experiment.refresh_from_db()
    assert (experiment.result or {})["sold_out"] == []


def test_weeks_that_were_lost_at_one_price_alone_alarm(
    bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment_start(plan_bowls(weeks=16).pk, by="manager")
    run_days(bowls, 0, 104, monkeypatch)
    SalesHistory.objects.filter(date__gte=MONDAY, price=Decimal("9.00")).update(
        revenue=Decimal("7") * F("quantity")
    )
    PriceExperiment.objects.update(result_to=None)
    experiments_advance()
    assert "More weeks were lost at one price than at the other" in Alert.objects.get(cleared_at=None).message


def test_weeks_with_a_pause_do_not_count(bowls: Rng, manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = experiment_start(plan_bowls().pk, by="manager")
    run_days(bowls, 0, 30, monkeypatch)
    experiment_pause(experiment.pk, by="manager")
    run_days(bowls, 31, 33, monkeypatch)
    experiment_start(experiment.pk, by="manager")
    run_days(bowls, 34, 69, monkeypatch)
    experiments_advance()
    experiment.refresh_from_db()
    assert experiment.result is not None
    assert experiment.result["weeks"] == 8  # of 10 known, weeks 5 and 6 have the pause


def test_clusters_are_compared_with_their_own_past(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = tuple(f"P{number:02}" for number in range(12))
    at(MONDAY, monkeypatch)
    rng = open_shop(codes, category="")
    experiment = plan_bowls(design="clusters", products=codes, weeks=6, past_weeks=12)
    experiment = experiment_start(experiment.pk, by="manager")
    assert sorted(prices().values()) == ["10.00"] * 6 + ["9.00"] * 6
    before = prices()
    run_days(rng, 0, 41, monkeypatch, codes)
    assert prices() == before
    experiments_advance()
    experiment.refresh_from_db()
    assert experiment.result is not None
    assert experiment.result["is_complete"]
    assert experiment.elasticity == pytest.approx(-2.0, abs=4 * (experiment.elasticity_error or 0))
    assert (experiment.elasticity_error or 0) < 0.5


# --- API ----------------------------------------------------------------------------------------------


def test_an_experiment_is_planned_saved_started_and_read(
    bowls: Rng, analyst_client: APIClient, manager_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan_body = {name: value for name, value in BODY.items() if name not in ("name", "seed")}
    plan = analyst_client.post("/api/experiments/plan", plan_body, format="json").json()
    assert plan["money"] == "profit"
    assert plan["products"][0]["new_price"] == 9.0
    assert {each["weeks"] for each in plan["durations"]} == {12, 16, 20, 26}
    made = analyst_client.post("/api/experiments", BODY, format="json")
    assert made.status_code == 201
    number = made.json()["id"]
    assert made.json()["status"] == "draft"
    assert analyst_client.get(f"/api/experiments/{number}/results").status_code == 409
    started = manager_client.post(f"/api/experiments/{number}/start")
    assert (started.status_code, started.json()["status"]) == (200, "running")
    assert manager_client.post(f"/api/experiments/{number}/start").status_code == 409
    run_days(bowls, 0, 27, monkeypatch)
    experiments_advance()
    result = analyst_client.get(f"/api/experiments/{number}/results").json()
    assert result["weeks"] == 4
    assert result["tested"]["units_percent"]["low"] < result["tested"]["units_percent"]["high"]
    stopped = manager_client.post(f"/api/experiments/{number}/stop", {"keep": "old_price"}, format="json")
    assert (stopped.json()["status"], stopped.json()["kept"]) == ("ended", "old_price")
    assert analyst_client.delete(f"/api/experiments/{number}").status_code == 409


class TestExperiments(ListCases, DetailCases, DeleteCases):
    path = "/api/experiments"
    factory = ExperimentFactory
    list_queries = 2


class TestPlannedExperiments(CreateCases):
    path = "/api/experiments"
    factory = ExperimentFactory
    body = BODY
    created = {"status": "draft", "product_count": 4}
    required = ("name", "design", "new_percent")
    invalid = (
        *(({"design": design}, "design") for design in ("persons", "channels")),
        *(({"new_percent": percent}, "new_percent") for percent in (0, 80)),
        *(({"weeks": weeks}, "weeks") for weeks in (53, 8)),
        ({"category": "Nothing"}, "category"),
        ({"products": ["A"]}, ""),
        ({"name": ""}, "name"),
        ({"washout_days": 6}, "washout_days"),
    )
    twice = 201

    @pytest.fixture(autouse=True)
    def _shop(self, bowls: Rng) -> None:
        """Whatever is planned needs the shop."""

    def row_of(self, answer: Any) -> Body:
        """An answer has the products of the category in place of it."""
        return super().row_of(answer) | {"category": "Bowls"}


def test_the_list_filters_by_product_status_and_design(bowls: Rng, viewer_client: APIClient) -> None:
    def ask(query: str = "") -> Any:
        return viewer_client.get(f"/api/experiments{query}").json()

    first = plan_bowls()
    plan_bowls(products=("A",))
    assert [each["id"] for each in ask("?product=B")["items"]] == [first.pk]
    assert ask("?product=B")["items"][0]["product_count"] == 4
    assert ask("?status=running")["total"] == 0
    assert ask("?design=clusters")["total"] == 0


def test_an_experiment_that_is_not_there_is_neither_started_nor_judged(manager_client: APIClient) -> None:
    for step in ("start", "pause", "stop", "rollback"):
        assert manager_client.post(f"/api/experiments/1/{step}", {}, format="json").status_code == 404
    assert manager_client.get("/api/experiments/1/results").status_code == 404


def test_plans_and_candidates_say_whether_the_elasticity_is_a_guess(
    bowls: Rng, analyst_client: APIClient
) -> None:
    body = {name: value for name, value in BODY.items() if name not in ("name", "seed")}

    def asked(**more: Any) -> tuple[float, float, str]:
        plan = analyst_client.post("/api/experiments/plan", body | more, format="json").json()
        return plan["elasticity"], plan["elasticity_error"], plan["elasticity_source"]

    def sources() -> set[str]:
        items = analyst_client.get("/api/experiments/candidates").json()["items"]
        return {each["elasticity_source"] for each in items}

    assert asked() == (-2.0, 0.6, "products")
    assert asked(elasticity=-3) == (-3.0, 0.6, "given")
    assert sources() == {"products"}
    ElasticityEstimate.objects.all().delete()
    assert asked() == (-1.8, 1.0, "default")
    assert sources() == {"default"}


def test_the_document_of_the_api_says_which_figures_of_a_plan_are_guesses(viewer_client: APIClient) -> None:
    schemas = viewer_client.get("/openapi.json").json()["components"]["schemas"]
    names = ("gain", "cost", "net", "elasticity_source")
    for found in (schemas["Value"], schemas["ExperimentCandidate"]):
        told = [found["properties"][name]["description"] for name in names if name in found["properties"]]
        assert len(told) >= 3
        assert all("guess" in each for each in told)


def test_candidates_are_limited(bowls: Rng, viewer_client: APIClient) -> None:
    ElasticityEstimate.objects.update(elasticity=-2.5, std_error=1.2)
    found = viewer_client.get("/api/experiments/candidates?limit=2").json()["items"]
    assert len(found) == 2
    assert found[0]["key"] == "Bowls"
    assert viewer_client.get("/api/experiments/candidates?percent=0").status_code == 400


def test_without_known_costs_there_is_no_candidate(
    bowls: np.random.Generator, viewer_client: APIClient
) -> None:
    Product.objects.update(cost=None)
    assert viewer_client.get("/api/experiments/candidates").json()["items"] == []
