"""Recommendations that were not taken: which, by whom, why, and what that earned or cost."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from pricing.changes.services import price_changes
from pricing.recommendation.models import Override, StandingRecommendation
from pricing.recommendation.services.categories import categories_refresh_if_outdated
from pricing.sales.models import PriceChange
from pricing.sales.models.price_changes import PriceChangeSource
from tests.api_cases import ListCases
from tests.factories import PriceChangeFactory
from tests.integration.pricing.factories import products_to_price
from tests.integration.pricing.test_outcomes import EXPECTED, change, import_shop, noon

pytestmark = pytest.mark.django_db

PATH = "/api/price/overrides"


@pytest.fixture
def advice(db: None) -> Decimal:
    """What is recommended for P001, which costs 12.99."""
    products_to_price()
    categories_refresh_if_outdated()
    price = StandingRecommendation.objects.get(pk="P001").recommended_price
    assert price is not None
    return price


def kept() -> list[tuple[Any, ...]]:
    return [
        (each.change.product_id, each.recommended_price, each.chosen_price, each.made_by, each.reason)
        for each in Override.objects.select_related("change").order_by("pk")
    ]


def test_a_price_set_by_hand_against_the_advice_is_remembered(
    advice: Decimal, analyst_client: APIClient
) -> None:
    answer = analyst_client.patch("/api/products/P001", {"current_price": "12.49", "reason": "Rival fell"})
    assert answer.status_code == 200
    assert kept() == [("P001", advice, Decimal("12.49"), "analyst", "Rival fell")]
    expected = Override.objects.get().expected
    assert expected is not None
    assert expected["projected"]["price"] == float(advice)
    assert expected["current"]["price"] == 12.99


def test_the_recommended_price_set_by_hand_is_no_override(advice: Decimal, analyst_client: APIClient) -> None:
    assert analyst_client.patch("/api/products/P001", {"current_price": str(advice)}).status_code == 200
    assert kept() == []


def test_where_no_change_was_recommended_nothing_was_overridden(
    advice: Decimal, analyst_client: APIClient
) -> None:
    assert analyst_client.patch("/api/products/RIGHT", {"current_price": "12.49"}).status_code == 200
    assert analyst_client.patch("/api/products/NOPRICE", {"current_price": "12.49"}).status_code == 200
    assert kept() == []


def test_a_proposal_of_another_price_counts_once_it_is_in_effect(advice: Decimal) -> None:
    (made,) = price_changes.propose([("P001", Decimal("12.59"))], by="anna", reason="A round one")
    price_changes.approve([made.pk], by="max")
    assert kept() == []
    price_changes.apply([made.pk], by="max")
    assert kept() == [("P001", advice, Decimal("12.59"), "anna", "A round one")]


def test_a_rejected_recommendation_is_remembered_with_its_note(advice: Decimal) -> None:
    (made,) = price_changes.propose([("P001", advice)], by="anna", source=PriceChangeSource.RECOMMENDATION)
    price_changes.reject([made.pk], by="max", note="Too steep")
    assert kept() == [("P001", advice, Decimal("12.99"), "max", "Too steep")]


def test_a_rule_and_a_recommendation_that_is_taken_override_nothing(advice: Decimal) -> None:
    for price, source in ((advice, "recommendation"), (Decimal("12.00"), "rule")):
        (made,) = price_changes.propose([("P001", price)], by="anna", source=source)
        price_changes.approve([made.pk], by="max")
        price_changes.apply([made.pk], by="max")
        price_changes.roll_back([made.pk], by="max")
    assert kept() == []


def test_a_rejection_of_what_has_moved_meanwhile_is_no_override(
    advice: Decimal, analyst_client: APIClient
) -> None:
    (made,) = price_changes.propose([("P001", advice)], by="anna", source=PriceChangeSource.RECOMMENDATION)
    analyst_client.patch("/api/products/P001", {"current_price": str(advice)})
    price_changes.reject([made.pk], by="max")
    assert kept() == []


# --- what it earned or cost -------------------------------------------------------------------------------


def override(of: PriceChange, recommended: str, **fields: Any) -> Override:
    made = Override.objects.create(
        change=of, recommended_price=Decimal(recommended), made_by="max", reason="Too steep",
        **({"expected": EXPECTED} | fields),
    )  # fmt: skip
    Override.objects.filter(pk=made.pk).update(created_at=noon(0))
    return made


class TestOverrides(ListCases):
    path = PATH
    list_queries = 6

    def make(self) -> Override:
        return override(PriceChangeFactory(is_applied=True), "4.99")

    def make_for_list(self) -> Override:
        made = self.make()
        self.listed(self.reading())  # the shop's days are cached from then on
        return made


def test_another_price_is_compared_with_what_was_expected_of_the_recommended_one(
    viewer_client: APIClient,
) -> None:
    import_shop(40)
    made = override(change(), "13")
    (item,) = viewer_client.get(PATH).json()["items"]
    # In 28 days: 96 / 30 units a day at 13 and a season of 1.1 would be 98.56 units and 887.04 of profit; 84 were sold
    # at 12, which is 672.
    assert item["difference"] == -215.04
    low, high = item["interval"]
    assert low < -215.04 < high < 0
    shown = {
        "id": made.pk, "product_id": "CUP", "old_price": 10.0, "recommended_price": 13.0, "chosen_price": 12.0,
        "rejected": False, "made_by": "max", "reason": "Too steep", "days_counted": 28, "figure": "profit",
        "verdict": "cost",
    }  # fmt: skip
    assert item | shown == item


def test_a_rejected_recommendation_is_compared_with_what_sold_at_the_old_price(
    viewer_client: APIClient,
) -> None:
    import_shop(40)
    prices = {"old_price": Decimal(10), "new_price": Decimal(12)}
    override(PriceChangeFactory(product="CUP", status="rejected", **prices), "12")
    (item,) = viewer_client.get(PATH).json()["items"]
    assert (item["rejected"], item["chosen_price"], item["days_counted"]) == (True, 10.0, 28)
    # The shop sold 104 units a day before and 113 after: 716.80 in an ordinary season are 778.83 in this one.
    assert item["difference"] == -106.83


def test_before_any_sale_there_is_no_verdict(viewer_client: APIClient) -> None:
    import_shop(0)
    override(change(), "13")
    (item,) = viewer_client.get(PATH).json()["items"]
    assert (item["days_counted"], item["difference"], item["interval"], item["verdict"]) == (
        0,
        None,
        None,
        None,
    )


def test_without_an_expectation_there_is_nothing_to_compare_with(viewer_client: APIClient) -> None:
    import_shop(40)
    override(change(), "13", expected=None)
    (item,) = viewer_client.get(PATH).json()["items"]
    assert (item["difference"], item["verdict"]) == (None, None)


def test_overrides_are_filtered_by_product_and_person(viewer_client: APIClient) -> None:
    import_shop(40)
    override(change(), "13")
    for query, found in (("product=cup", 1), ("product=REST", 0), ("made_by=max", 1), ("made_by=anna", 0)):
        assert viewer_client.get(f"{PATH}?{query}").json()["total"] == found
