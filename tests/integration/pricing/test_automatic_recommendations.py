"""/api/recommendations and the nightly run: what is offered, decided on, remembered and reported."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.alerts.models import Alert
from elastix.errors import Conflict
from pricing.changes.services import price_changes
from pricing.elasticity.models import ElasticityEstimate
from pricing.recommendation.models import Override, PricePolicy, Recommendation, StandingRecommendation
from pricing.recommendation.services.categories import categories_refresh_if_outdated
from pricing.recommendation.services.nightly import recommendations_nightly
from pricing.recommendation.services.offers import recommendations_refuse, recommendations_update
from pricing.sales.models import PriceChange, Product
from pricing.sales.services.holds import prices_hold, prices_release
from pricing.sales.services.products import product_update
from tests.api_cases import ListCases
from tests.factories import PricedProductFactory
from tests.integration.pricing.factories import products_to_price

pytestmark = pytest.mark.django_db

PATH = "/api/recommendations"
OFFERED = {"CUT", "P001"}


class TestList(ListCases):
    path, rows_key = PATH, "items"
    list_queries = 2

    @staticmethod
    def factory(**fields: Any) -> Any:
        product = PricedProductFactory()
        return Recommendation.objects.create(
            product=product, current_price="10.00", recommended_price="11.00", profit_change=5.0, gain_low=1.0,
            gain_high=9.0, probability_of_gain=0.9, quality="A", offered_at="2026-01-01T00:00:00Z", **fields,
        )  # fmt: skip


@pytest.fixture
def shop(db: None) -> None:
    products_to_price()
    categories_refresh_if_outdated()


def states() -> dict[str, str]:
    """Of each product, the state of its newest recommendation."""
    return dict(Recommendation.objects.order_by("pk").values_list("product_id", "state"))


def advise(code: str, **figures: Any) -> None:
    StandingRecommendation.objects.filter(pk=code).update(**figures)
    recommendations_update()


# --- what is offered -------------------------------------------------------------------------------------


def test_sure_gains_are_offered_with_the_figures_of_the_standing_recommendations(
    shop: None, viewer_client: APIClient
) -> None:
    rows = viewer_client.get(PATH).json()["items"]
    standing = {
        row["product_id"]: row
        for row in viewer_client.get("/api/price/recommendations", {"changes": "true"}).json()["items"]
    }
    assert {row["product_id"] for row in rows} == OFFERED
    assert [row["profit_change"] for row in rows] == sorted(
        (row["profit_change"] for row in rows), reverse=True
    )
    for row in rows:
        same = standing[row["product_id"]]
        for name in (
            "recommended_price",
            "evidence",
            "profit_change",
            "gain_low",
            "gain_high",
            "probability_of_gain",
        ):
            assert row[name] == same[name]
        assert (row["state"], same["offer"]) == ("open", "open")


@pytest.mark.parametrize(
    "figures",
    [{"probability_of_gain": 0.69}, {"quality": "D"}, {"profit_change": -1.0}, {"profit_change": None}],
)
def test_what_is_not_sure_enough_expires(shop: None, figures: dict[str, Any]) -> None:
    advise("CUT", **figures)
    assert states() == {"CUT": "expired", "P001": "open"}


def test_a_grade_that_the_shop_allows_is_offered(shop: None, settings: Any) -> None:
    advise("CUT", quality="D")
    settings.RECOMMENDATION_GRADES = ["D"]
    recommendations_update()
    assert states() == {"CUT": "open", "P001": "expired"}


def test_a_price_that_an_experiment_holds_is_not_offered_until_it_is_released(shop: None) -> None:
    prices_hold(["CUT"], holder="experiment 1", reason="A test runs.")
    recommendations_update()
    assert states()["CUT"] == "expired"
    prices_release("experiment 1")
    recommendations_update()
    assert states()["CUT"] == "open"


def test_a_price_that_cools_down_is_not_offered(shop: None) -> None:
    PricePolicy.objects.create(cooldown_days=30)
    product_update("CUT", by="anna", current_price=Decimal("11.50"))
    recommendations_nightly()
    assert states() == {"CUT": "expired", "P001": "open"}


def test_an_open_change_of_another_kind_expires_the_offer(shop: None) -> None:
    price_changes.propose([("CUT", Decimal("11.00"))], by="anna")
    recommendations_update()
    assert states()["CUT"] == "expired"


def test_an_open_offer_follows_small_changes_and_is_superseded_by_large_ones(shop: None) -> None:
    now = StandingRecommendation.objects.get(pk="P001")
    assert now.recommended_price is not None
    advise("P001", recommended_price=now.recommended_price + Decimal("0.10"), profit_change=7.5)
    kept = Recommendation.objects.get(product_id="P001")
    assert (kept.state, kept.recommended_price, kept.profit_change) == (
        "open", now.recommended_price + Decimal("0.10"), 7.5,
    )  # fmt: skip
    advise("P001", recommended_price=now.recommended_price + Decimal("1.00"))
    of_it = Recommendation.objects.filter(product_id="P001").order_by("pk")
    assert [each.state for each in of_it] == ["superseded", "open"]


@pytest.mark.parametrize(("days", "followed"), [(2, 1), (0, 0)])
def test_what_nobody_decided_on_in_time_is_followed_up(
    shop: None, days: int, followed: int, client: Client, manager: User
) -> None:
    Recommendation.objects.update(offered_at=timezone.now() - dt.timedelta(days=days))
    advise("CUT", probability_of_gain=0.5)
    assert states()["CUT"] == "expired"
    found = list(Override.objects.filter(recommendation__product="CUT"))
    assert len(found) == followed
    if not followed:
        return
    (made,) = found
    assert (made.left, made.rejected, made.chosen_price) == ("expired", True, made.old_price)
    assert made.expected is not None
    client.force_login(manager)
    (row,) = client.get("/api/price/overrides").json()["items"]
    assert (row["left"], row["made_by"], row["change"]) == ("expired", "", None)
    page = client.get("/desk/changes?tab=not-taken").content.decode()
    assert "nobody" in page
    assert ">expired<" in page
    # Once is enough.
    recommendations_update()
    assert Override.objects.filter(recommendation__product="CUT").count() == 1


def test_a_recommendation_whose_price_was_changed_was_not_left(shop: None) -> None:
    Recommendation.objects.update(offered_at=timezone.now() - dt.timedelta(days=2))
    Product.objects.filter(pk="CUT").update(current_price=Decimal("11.00"))
    recommendations_update()
    assert states()["CUT"] == "expired"
    assert not Override.objects.exists()


@pytest.mark.parametrize(
    ("query", "expected"),
    [({"state": "open"}, OFFERED), ({"state": "refused"}, set()), ({"product": "cut"}, {"CUT"}),
     ({"category": "Cups"}, {"CUT"}), ({"grade": "D"}, set()), ({"evidence": "experimental"}, {"CUT"})],
)  # fmt: skip
def test_filters_narrow_the_list(
    shop: None, query: dict[str, str], expected: set[str], viewer_client: APIClient
) -> None:
    ElasticityEstimate.objects.filter(product_id="CUT").update(evidence="experimental")
    recommendations_update()
    assert {row["product_id"] for row in viewer_client.get(PATH, query).json()["items"]} == expected


# --- decisions -------------------------------------------------------------------------------------------


def test_proposing_all_takes_every_open_one(shop: None, analyst_client: APIClient) -> None:
    answer = analyst_client.post(f"{PATH}/propose", {"reason": "Monday"})
    assert answer.status_code == 201
    assert set(PriceChange.objects.values_list("product_id", flat=True)) == OFFERED
    assert states() == dict.fromkeys(OFFERED, "proposed")
    for row in analyst_client.get(PATH).json()["items"]:
        assert (row["decided_by"], row["change"]) == (
            "analyst", PriceChange.objects.get(product_id=row["product_id"]).pk,
        )  # fmt: skip
    again = analyst_client.post(f"{PATH}/propose", {})
    assert again.status_code == 409
    assert PriceChange.objects.count() == 2


def test_proposing_by_the_other_address_is_the_same(shop: None, analyst_client: APIClient) -> None:
    analyst_client.post("/api/price/recommendations/propose", {"product_ids": ["CUT"]})
    assert states() == {"CUT": "proposed", "P001": "open"}


def test_a_refusal_is_remembered_with_its_reason_until_the_advice_changes(
    shop: None, analyst_client: APIClient
) -> None:
    body = {"product_ids": ["CUT"], "reason": "A brand price"}
    answer = analyst_client.post(f"{PATH}/refuse", body)
    assert answer.status_code == 200
    assert [row["reason"] for row in answer.json()["refused"]] == ["A brand price"]
    recommendations_nightly()
    assert states() == {"CUT": "refused", "P001": "open"}
    assert analyst_client.post(f"{PATH}/refuse", body).status_code == 409
    gain = StandingRecommendation.objects.get(pk="CUT").profit_change
    assert gain is not None
    advise("CUT", profit_change=1.9 * gain)
    assert states()["CUT"] == "refused"
    advise("CUT", profit_change=2.1 * gain)
    assert states()["CUT"] == "open"
    assert Recommendation.objects.filter(product_id="CUT", stands=True).count() == 1


@pytest.mark.parametrize("unsure", [{"quality": "D"}, {"probability_of_gain": 0.5}, {"profit_change": None}])
def test_a_refusal_of_unsure_advice_ends_too_once_the_advice_changes(
    shop: None, unsure: dict[str, Any], client: Client, analyst: User
) -> None:
    advise("CUT", **unsure)
    recommendations_refuse(["CUT"], by="anna", reason="A brand price")
    client.force_login(analyst)
    recommendations_update()
    assert "/desk/products/CUT" not in client.get("/desk/opportunities").content.decode()
    price = StandingRecommendation.objects.get(pk="CUT").recommended_price
    assert price is not None
    advise("CUT", recommended_price=price - 1)
    # It is shown and can be refused again, but is as little offered by itself as before.
    assert "/desk/products/CUT" in client.get("/desk/opportunities").content.decode()
    assert not Recommendation.objects.filter(product_id="CUT", stands=True).exists()
    recommendations_refuse(["CUT"], by="anna", reason="Still one")
    advise("CUT", changes=False)
    assert Recommendation.objects.get(product_id="CUT", stands=True).reason == "Still one"


def test_a_refusal_needs_a_reason(shop: None, analyst_client: APIClient) -> None:
    answer = analyst_client.post(f"{PATH}/refuse", {"product_ids": ["CUT"]})
    assert answer.status_code == 400
    assert states()["CUT"] == "open"


def test_what_is_proposed_already_is_rejected_and_not_refused(shop: None, analyst_client: APIClient) -> None:
    analyst_client.post(f"{PATH}/propose", {"product_ids": ["CUT"]})
    with pytest.raises(Conflict):
        recommendations_refuse(["CUT"], by="max", reason="No")


def test_a_rejected_proposal_is_a_refusal(shop: None, analyst_client: APIClient) -> None:
    analyst_client.post(f"{PATH}/propose", {"product_ids": ["CUT"]})
    price_changes.reject([PriceChange.objects.get().pk], by="max", note="Too cheap")
    recommendations_update()
    kept = Recommendation.objects.get(product_id="CUT")
    assert (kept.state, kept.stands, kept.reason, kept.decided_by) == ("refused", True, "Too cheap", "max")


def test_what_a_refused_recommendation_was_expected_to_bring_is_followed_up(
    shop: None, analyst_client: APIClient
) -> None:
    analyst_client.post(f"{PATH}/refuse", {"product_ids": ["CUT"], "reason": "A brand price"})
    (row,) = analyst_client.get("/api/price/overrides", {"product": "CUT"}).json()["items"]
    kept = Recommendation.objects.get(product_id="CUT")
    assert (row["change"], row["recommendation"], row["rejected"]) == (None, kept.pk, True)
    assert (row["recommended_price"], row["chosen_price"]) == (
        float(kept.recommended_price), float(kept.current_price),
    )  # fmt: skip
    assert (row["made_by"], row["reason"], row["left"]) == ("analyst", "A brand price", "")
    expected = Override.objects.get().expected
    assert expected is not None
    gain = expected["projected"]["profit"] - expected["current"]["profit"]
    assert gain == pytest.approx(kept.profit_change, abs=0.02)


# --- telling ---------------------------------------------------------------------------------------------


def test_the_digest_names_new_recommendations_once(shop: None, settings: Any) -> None:
    settings.RECOMMENDATION_EMAILS = ["anna@shop.test"]
    recommendations_nightly()
    recommendations_nightly()
    (message,) = mail.outbox
    assert message.to == ["anna@shop.test"]
    assert "2 new recommendations" in message.subject
    kept = Recommendation.objects.get(product_id="CUT")
    assert f"{kept.current_price} -> {kept.recommended_price}" in message.body
    assert f"{kept.profit_change:+,.2f}" in message.body


def test_a_digest_that_cannot_be_sent_is_sent_the_next_night(
    shop: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RECOMMENDATION_EMAILS = ["anna@shop.test"]

    def refuse(**message: Any) -> None:
        raise OSError("the server is down")

    with monkeypatch.context() as broken:
        broken.setattr("pricing.recommendation.services.nightly.send_mail", refuse)
        assert recommendations_nightly() == 2
    assert mail.outbox == []
    recommendations_nightly()
    assert len(mail.outbox) == 1


def test_nobody_gets_mail_where_nobody_is_named_but_the_desk_knows(shop: None) -> None:
    recommendations_nightly()
    assert mail.outbox == []
    alert = Alert.objects.get(kind="recommendations", cleared_at=None)
    assert alert.message.startswith("2 prices should change and await a decision")
    recommendations_refuse(["CUT", "P001"], by="anna", reason="No")
    recommendations_nightly()
    assert not Alert.objects.filter(kind="recommendations", cleared_at=None).exists()


def test_a_shop_without_products_has_nothing_to_offer(db: None) -> None:
    assert recommendations_nightly() == 0


# --- the desk --------------------------------------------------------------------------------------------


def test_the_desk_refuses_with_a_reason_and_shows_what_is_refused(
    shop: None, client: Client, analyst: User
) -> None:
    client.force_login(analyst)
    path = "/desk/opportunities"
    client.post(path, {"product": ["CUT"], "step": "refuse"})
    assert states()["CUT"] == "open"
    client.post(path, {"product": ["CUT"], "step": "refuse", "reason": "A brand price"})
    assert states() == {"CUT": "refused", "P001": "open"}
    assert "/desk/products/CUT" not in client.get(path).content.decode()
    refused = client.get(path, {"tab": "refused"}).content.decode()
    assert "/desk/products/CUT" in refused
    assert "A brand price" in refused
    assert "stayed at" in client.get("/desk/changes", {"tab": "not-taken"}).content.decode()
