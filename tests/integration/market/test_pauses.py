"""Rules that are kept calm: dead band, minimum hold, the pause of what goes round in circles, and duels."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.alerts.models import Alert
from elastix.fields import uuid7
from elastix.imports.models import ImportBatch
from market.models import RepricingPause, RepricingResult, RepricingRule, RepricingRun
from market.services.pauses import pauses_resume
from market.services.rules import rule_update
from pricing.recommendation.models import PricePolicy
from pricing.sales.models import PriceChange
from pricing.sales.services.products import product_update
from tests.api_cases import ListCases
from tests.factories import ProductFactory, RepricingRuleFactory
from tests.integration.admin_pages import signed_in
from tests.integration.market.factories import observe
from tests.integration.market.rules import PATIENT, a_manager, outcomes, prices, rule, run, with_costs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_open")]
UNDERCUT = {"action": "undercut", "reference": "lowest", "percent": Decimal(5)}
TWICE = (("4.00", "3.70"), ("3.70", "4.05"), ("4.05", "3.70"))


@pytest.fixture
def _open(shop: ImportBatch) -> Any:
    """CUP costs 2.00 and is sold at 4.00; a competitor asks 4.00."""
    with_costs()
    observe("Corner", "4.00", 1)
    with PATIENT:
        yield


def undercutting(**fields: Any) -> RepricingRule:
    return rule(codes=["CUP"], may_apply=True, **UNDERCUT | fields)


def moved(of: RepricingRule, *moves: tuple[str, str], days_ago: float = 1, outcome: str = "applied") -> None:
    """Let the rule have moved CUP's price before."""
    made = [RepricingRun.objects.create(slot=str(batch := uuid7()), batch=batch) for _ in moves]
    earlier = timezone.now() - dt.timedelta(days=days_ago)
    RepricingRun.objects.filter(pk__in=[each.pk for each in made]).update(created_at=earlier)
    RepricingResult.objects.bulk_create(
        RepricingResult(
            run=each, rule=of, product_id="CUP", outcome=outcome, base_price=4, old_price=old, wanted_price=new, new_price=new
        )
        for each, (old, new) in zip(made, moves, strict=True)
    )  # fmt: skip


# --- the pause ----------------------------------------------------------------------------------------


def test_the_third_pass_through_a_level_pauses_the_rule_for_the_product() -> None:
    of = undercutting()
    moved(of, *TWICE)
    assert outcomes(run(of)) == {"CUP": "held_back paused -> 4.00"}
    assert prices()["CUP"] == "4.00"
    pause = RepricingPause.objects.get()
    assert (pause.rule, pause.product_id, pause.passes) == (of, "CUP", 2)
    assert (str(pause.old_price), str(pause.new_price)) == ("4.00", "3.80")
    alert = Alert.objects.get(kind="price_oscillates", cleared_at__isnull=True)
    assert alert.subject == of.signature
    assert "CUP" in alert.message
    # It stays so, and one pause is enough.
    assert outcomes(run(of)) == {"CUP": "held_back paused -> 4.00"}
    assert RepricingPause.objects.count() == 1


@pytest.mark.parametrize(
    ("moves", "given"),
    [
        (TWICE[:2], {}),
        ((("3.70", "4.05"),) * 3, {}),
        ((("3.70", "3.50"),) * 3, {}),
        (TWICE, {"days_ago": 91}),
        (TWICE, {"outcome": "proposed"}),
    ],
    ids=["one pass", "the other direction", "another level", "long ago", "only proposed"],
)
def test_what_is_no_circle_is_changed(moves: Any, given: Any) -> None:
    of = undercutting()
    moved(of, *moves, **given)
    assert outcomes(run(of)) == {"CUP": "applied -> 3.80"}
    assert not RepricingPause.objects.exists()


def test_passes_of_another_rule_or_product_do_not_count() -> None:
    other = rule(name="Other", codes=["CUP"], priority=900, **UNDERCUT)
    moved(other, *TWICE)
    of = undercutting()
    moved(of, *TWICE)
    RepricingResult.objects.filter(rule=of).update(product="MUG")
    assert outcomes(run(of)) == {"CUP": "applied -> 3.80"}


def test_a_rule_that_looks_at_no_competitor_is_never_paused() -> None:
    of = rule(codes=["CUP"], may_apply=True, percent=Decimal(-5))
    moved(of, *TWICE)
    assert outcomes(run(of)) == {"CUP": "applied -> 3.80"}


def test_a_dry_run_says_so_and_pauses_nothing() -> None:
    of = undercutting()
    moved(of, *TWICE)
    assert outcomes(run(of, dry_run=True)) == {"CUP": "held_back paused -> 4.00"}
    assert not RepricingPause.objects.exists()
    assert not Alert.objects.filter(kind="price_oscillates").exists()


def test_once_resumed_earlier_passes_count_no_more() -> None:
    of = undercutting()
    moved(of, *TWICE)
    run(of)
    assert pauses_resume(of.pk, by="manager", codes=["MUG"]) == 0
    assert pauses_resume(of.pk, by="manager") == 1
    assert not Alert.objects.filter(kind="price_oscillates", cleared_at__isnull=True).exists()
    assert outcomes(run(of)) == {"CUP": "applied -> 3.80"}
    assert pauses_resume(of.pk, by="manager") == 0
    assert RepricingPause.objects.get().resumed_by == "manager"


def test_the_alert_goes_with_the_rule_and_the_pause_stays() -> None:
    of = undercutting()
    moved(of, *TWICE)
    run(of)
    rule_update(of.pk, {"enabled": False}, user=a_manager())
    assert not Alert.objects.filter(kind="price_oscillates", cleared_at__isnull=True).exists()
    assert RepricingPause.objects.filter(resumed_at__isnull=True).exists()


# --- dead band, hold, climbing --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("band", "outcome"), [("5.01", "held_back dead_band -> 4.00"), ("5", "applied -> 3.80")]
)
def test_changes_within_the_dead_band_are_not_made(band: str, outcome: str) -> None:
    assert outcomes(run(undercutting(dead_band_percent=Decimal(band)))) == {"CUP": outcome}


def test_the_dead_band_keeps_no_price_below_its_floor() -> None:
    PricePolicy.objects.create(product_id="CUP", min_price=Decimal("4.02"))
    observe("Corner", "4.25", 0.5)
    assert outcomes(run(undercutting(dead_band_percent=Decimal(5)))) == {"CUP": "applied -> 4.03"}


@pytest.mark.parametrize(("hours", "outcome"), [(5, "held_back min_hold"), (4, "applied")])
def test_a_price_stays_for_its_hours_whoever_changed_it(hours: int, outcome: str) -> None:
    product_update("CUP", by="anna", current_price=Decimal("4.10"))
    PriceChange.objects.update(changed_at=timezone.now() - dt.timedelta(hours=4, minutes=30))
    assert outcomes(run(undercutting(hold_hours=hours)))["CUP"].startswith(outcome)


@pytest.mark.parametrize(
    ("theirs", "climbs", "price"),
    [("2.60", True, "3.40"), ("2.20", True, "4.27"), ("2.20", False, "3.40")],
    ids=["all in reach", "too cheap", "does not climb"],
)
def test_a_rule_that_climbs_leaves_alone_who_is_too_cheap(theirs: str, climbs: bool, price: str) -> None:
    # 2.20 is 1.1 times the cost: nobody goes below it. The largest change leads to 3.40.
    observe("Corner", theirs, 0.1)
    observe("Dear", "4.50", 1)
    assert outcomes(run(undercutting(climbs=climbs))) == {"CUP": f"applied -> {price}"}


def test_only_who_follows_the_lowest_price_climbs(manager_client: APIClient) -> None:
    for wrong in ({"action": "match", "reference": "mean"}, {"action": "factor", "percent": 5}):
        answer = manager_client.post("/api/price/rules", {"name": "x", "climbs": True} | wrong)
        assert answer.status_code == 400
        assert [each["field"] for each in answer.json()["errors"]] == ["climbs"]


# --- the API, the admin, the desk -----------------------------------------------------------------------


class TestPauses(ListCases):
    id_key, pk_name = "product_id", "product_id"
    list_queries = 3

    @pytest.fixture(autouse=True)
    def _rule(self, _open: None) -> None:
        self.rule = RepricingRuleFactory()
        self.path = f"/api/price/rules/{self.rule.pk}/pauses"

    def make(self) -> RepricingPause:
        return RepricingPause.objects.create(
            rule=self.rule, product=ProductFactory(), old_price=4, new_price=Decimal("3.8"), passes=2
        )


def test_pauses_are_listed_and_resumed(viewer_client: APIClient, manager_client: APIClient) -> None:
    of = undercutting()
    moved(of, *TWICE)
    run(of)
    path = f"/api/price/rules/{of.pk}"
    found = viewer_client.get(f"{path}/pauses").json()
    assert found["total"] == 1
    assert found["items"][0]["product_id"] == "CUP"
    assert viewer_client.get(f"{path}/pauses?product=mug").json()["total"] == 0
    assert viewer_client.get(f"{path}/pauses?resumed=true").json()["total"] == 0
    assert manager_client.post(f"{path}/resume", {"products": ["cup"]}).json() == {"resumed": 1}
    assert viewer_client.get(f"{path}/pauses?resumed=true").json()["items"][0]["resumed_by"] == "manager"


def test_a_duel_shows_both_prices(viewer_client: APIClient) -> None:
    of = undercutting()
    path = f"/api/price/rules/{of.pk}/duel?product=cup"
    war = viewer_client.get(f"{path}&runs=400&step_percent=3&gives_up=true&competitor_floor=3").json()
    assert war["outcome"] == "paused"
    assert war["steps"][0] == {"run": 0, "price": 4.0, "competitor_price": 4.0}
    assert war["steps"][1]["price"] == 3.8
    assert len(war["steps"]) == 401
    assert war["lowest_price"] >= war["floor"] == 2.2
    calm = viewer_client.get(f"{path}&reaction=stay").json()
    assert (calm["outcome"], calm["paused_at"]) == ("settles", None)
    endless = viewer_client.get(
        f"{path}&runs=400&step_percent=3&gives_up=true&competitor_floor=3&pauses=false"
    )
    assert endless.json()["outcome"] == "cycles"
    assert prices()["CUP"] == "4.00"


def test_who_follows_nobody_has_no_duel(viewer_client: APIClient) -> None:
    of = rule(codes=["CUP"])
    assert viewer_client.get(f"/api/price/rules/{of.pk}/duel?product=CUP").status_code == 409
    assert viewer_client.get(f"/api/price/rules/{of.pk}/duel?product=NONE").status_code == 404


def test_the_desk_shows_the_pause_and_resumes(manager: User, viewer: User) -> None:
    of = undercutting()
    moved(of, *TWICE)
    run(of)
    assert "paused for 1 product" in signed_in(viewer).get("/desk/rules").content.decode()
    assert 'value="resume"' not in signed_in(viewer).get(f"/desk/rules/{of.pk}").content.decode()
    browser = signed_in(manager)
    assert 'value="resume"' in browser.get(f"/desk/rules/{of.pk}").content.decode()
    browser.post(f"/desk/rules/{of.pk}", {"action": "resume"})
    assert RepricingPause.objects.get().resumed_by == manager.username
    assert "paused for" not in browser.get("/desk/rules").content.decode()


def test_the_admin_resumes_for_those_who_may_change_rules(manager: User, analyst: User) -> None:
    of = undercutting()
    moved(of, *TWICE)
    run(of)
    chosen = {"action": "resume", "_selected_action": [RepricingPause.objects.get().pk]}
    signed_in(analyst).post("/admin/market/repricingpause/", chosen)
    assert RepricingPause.objects.filter(resumed_at__isnull=True).count() == 1
    signed_in(manager).post("/admin/market/repricingpause/", chosen)
    assert not RepricingPause.objects.filter(resumed_at__isnull=True).exists()
