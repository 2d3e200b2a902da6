"""POST /api/price/bundle and GET /api/analytics/bundles."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from pricing.bundles.models import ProductPair
from pricing.sales.models import Product
from tests.api_cases import QuestionCases, problem_of
from tests.factories import ProductFactory
from tests.integration.pricing.basket_shop import baskets_by_hand, compute_pairs, import_basket_shop
from tests.shops import Commits

pytestmark = pytest.mark.django_db

BUNDLE = "/api/price/bundle"
SUGGESTIONS = "/api/analytics/bundles"


@pytest.fixture
def basket_shop(commits: Commits) -> None:
    import_basket_shop(commits)
    compute_pairs(commits)
    for code, price in (("TEA", "10.00"), ("SCONE", "8.00")):
        Product.objects.filter(code=code).update(current_price=Decimal(price))


def offer(client: APIClient, *products: str, **more: Any) -> Any:
    return client.post(BUNDLE, {"products": list(products), **more}, format="json")


# --- a bundle ------------------------------------------------------------------------------------


def test_a_bundle_is_priced_and_its_evidence_shown(basket_shop: None, viewer_client: APIClient) -> None:
    answer = offer(viewer_client, "tea", "SCONE")
    body = answer.json()
    assert answer.status_code == 200
    assert {name: body[name] for name in ("individual_total", "bundle_price", "savings", "savings_percent")} == {
        "individual_total": 18.0,
        "bundle_price": 15.3,
        "savings": 2.7,
        "savings_percent": 15.0,
    }  # fmt: skip
    sold = {part["id"]: part["monthly_sales"] for part in body["products"]}
    least = min(sold.values())
    assert least > 0
    assert body["projected_bundles_sold"] == 13 * least // 10
    today = 10 * sold["TEA"] + 8 * sold["SCONE"]
    assert body["incremental_revenue"] == pytest.approx(15.3 * 1.3 * least - today / 2, abs=0.006)
    assert body["incremental_revenue_cautious"] == pytest.approx(15.3 * 1.3 * least - 18 * least, abs=0.006)
    assert body["profit_per_bundle"] == 12.3
    assert body["demand_assumption"]["days"] == 30
    each, both, total = baskets_by_hand()
    (evidence,) = body["evidence"]["pairs"]
    assert body["evidence"]["baskets_with_all"] == evidence["baskets_together"] == both[("SCONE", "TEA")]
    assert (evidence["baskets_x"], evidence["baskets_y"]) == (each["TEA"], each["SCONE"])
    assert evidence["confidence"] == pytest.approx(both[("SCONE", "TEA")] / each["TEA"], abs=5e-5)
    assert evidence["support"] == pytest.approx(both[("SCONE", "TEA")] / total, abs=5e-7)
    pair = ProductPair.objects.get(product_x="TEA", product_y="SCONE")
    assert evidence["relationship"] == pair.relationship
    assert body["constraints"] == [
        {"rule": "summed_cost_plus_2", "bound": 5.0, "checked": True, "binding": False, "cost_unknown_for": []}
    ]  # fmt: skip
    assert body["warnings"] == []


def test_the_lowest_price_binds_and_the_saving_is_the_actual_one(
    basket_shop: None, viewer_client: APIClient
) -> None:
    Product.objects.filter(code="TEA").update(cost=Decimal("9.00"))
    Product.objects.filter(code="SCONE").update(cost=Decimal("6.00"))
    body = offer(viewer_client, "TEA", "SCONE").json()
    assert (body["bundle_price"], body["savings"], body["savings_percent"]) == (17.0, 1.0, 5.6)
    (constraint,) = body["constraints"]
    assert (constraint["bound"], constraint["binding"]) == (17.0, True)


def test_costs_that_leave_no_saving_are_warned_of(basket_shop: None, viewer_client: APIClient) -> None:
    Product.objects.filter(code__in=["TEA", "SCONE"]).update(cost=Decimal("60.00"))
    body = offer(viewer_client, "TEA", "SCONE").json()
    assert (body["bundle_price"], body["savings"]) == (122.0, -104.0)
    assert body["warnings"] == ["NO_SAVING", "NEAR_COST"]


def test_with_a_cost_unknown_the_constraint_says_that_it_is_not_checked(
    basket_shop: None, viewer_client: APIClient
) -> None:
    body = offer(viewer_client, "TEA", "LAMP").json()
    (constraint,) = body["constraints"]
    assert (constraint["checked"], constraint["bound"], constraint["cost_unknown_for"]) == (
        False,
        None,
        ["LAMP"],
    )
    assert body["profit_per_bundle"] is None
    assert "COST_UNKNOWN" in body["warnings"]


def test_an_expected_saving_sets_the_discount(basket_shop: None, viewer_client: APIClient) -> None:
    body = offer(viewer_client, "TEA", "SCONE", expected_saving=2.16).json()
    assert (body["optimal_alpha"], body["alpha"], body["bundle_price"]) == (0.88, 0.88, 15.84)
    body = offer(viewer_client, "TEA", "SCONE", expected_saving=9).json()
    assert (body["optimal_alpha"], body["alpha"], body["bundle_price"]) == (0.5, 0.8, 14.4)
    assert body["warnings"] == ["ALPHA_LIMITED"]


def test_a_discount_can_be_asked_for(basket_shop: None, viewer_client: APIClient) -> None:
    assert offer(viewer_client, "TEA", "SCONE", discount=0.2).json()["bundle_price"] == 14.4


def test_substitutes_and_what_was_never_bought_together_are_warned_of(
    basket_shop: None, viewer_client: APIClient
) -> None:
    body = offer(viewer_client, "JAM", "HONEY").json()
    assert body["warnings"] == ["SUBSTITUTES", "NEVER_TOGETHER"]


def test_six_products_make_fifteen_pairs(basket_shop: None, viewer_client: APIClient) -> None:
    body = offer(viewer_client, "TEA", "SCONE", "JAM", "HONEY", "SOAP", "LAMP").json()
    assert len(body["evidence"]["pairs"]) == 15
    assert body["evidence"]["baskets_with_all"] == 0


def test_before_pairs_are_computed_the_baskets_are_evidence_all_the_same(
    commits: Commits, viewer_client: APIClient
) -> None:
    import_basket_shop(commits)
    (pair,) = offer(viewer_client, "TEA", "SCONE").json()["evidence"]["pairs"]
    assert pair["baskets_together"] > 100
    assert (pair["support"], pair["lift"], pair["relationship"]) == (None, None, None)


def test_products_that_never_sold_are_bundled_and_bring_nothing(
    basket_shop: None, viewer_client: APIClient
) -> None:
    ProductFactory(code="NEW", current_price=Decimal(5), cost=Decimal(1))
    body = offer(viewer_client, "TEA", "NEW").json()
    assert (body["projected_bundles_sold"], body["incremental_revenue_cautious"]) == (0, 0.0)
    assert body["warnings"] == ["NEVER_TOGETHER", "NO_RECENT_SALES"]


class TestBundle(QuestionCases):
    path = BUNDLE
    body = {"products": ["TEA", "SCONE"]}
    queries = 8
    invalid = (
        *(
            ({"products": codes}, "products")
            for codes in (["TEA", "tea"], ["TEA"], [*"ABCDEFG"], "TEA", ["TEA", None], ["TEA", "POST"], None)
        ),
        *(({"discount": discount}, "discount") for discount in (0.05, 0.25, "NaN", 15)),
        ({"expected_saving": -1}, "expected_saving"),
        ({"expected_saving": 1, "discount": 0.15}, "expected_saving"),
    )
    missing = ({"products": ["TEA", "NOPE"]},)

    @pytest.fixture(autouse=True)
    def _shop(self, basket_shop: None) -> None: ...


def test_products_without_a_price_cannot_be_bundled(basket_shop: None, viewer_client: APIClient) -> None:
    ProductFactory(code="NOPRICE", name="No price")
    problem_of(offer(viewer_client, "TEA", "NOPRICE"), 409)


def test_unknown_keys_are_ignored_and_a_null_means_not_given(
    basket_shop: None, viewer_client: APIClient
) -> None:
    answer = offer(viewer_client, "TEA", "SCONE", discount=None, expected_saving=None, colour="red")
    assert answer.json()["bundle_price"] == 15.3


# --- suggestions ---------------------------------------------------------------------------------


def test_what_is_bought_together_is_suggested(basket_shop: None, viewer_client: APIClient) -> None:
    body = viewer_client.get(SUGGESTIONS).json()
    each, both, total = baskets_by_hand()
    (bundle,) = body["bundles"]
    shared = both[("SCONE", "TEA")]
    assert (bundle["products"], bundle["names"]) == (["SCONE", "TEA"], ["Scone", "Tea"])
    assert bundle["baskets_together"] == shared
    assert bundle["confidence"] == pytest.approx(shared / each["SCONE"], abs=5e-5)
    assert bundle["confidence_back"] == pytest.approx(shared / each["TEA"], abs=5e-5)
    assert bundle["bundle_price"] == 15.3
    assert body["baskets"] == total
    assert body["last_updated"]


def pair(x: str, y: str, together: int, lift: float, relationship: str = "independent") -> None:
    for one, other in ((x, y), (y, x)):
        ProductPair.objects.update_or_create(
            product_x_id=one,
            product_y_id=other,
            defaults={
                "cross_elasticity": 0.1, "std_error": 0.1, "ci_low": -0.1, "ci_high": 0.3, "lift": lift,
                "relationship": relationship, "baskets_together": together, "support": together / 2000,
                "confidence": 0.5, "version": 1,
            },
        )  # fmt: skip


@pytest.fixture
def many_pairs(basket_shop: None) -> None:
    ProductPair.objects.all().delete()
    pair("TEA", "SCONE", 300, 3.0)  # 200 beyond chance
    pair("TEA", "JAM", 400, 1.25)  # 80
    pair("HONEY", "TEA", 100, 5.0)  # 80
    pair("HONEY", "JAM", 500, 9.0, "substitutes")
    pair("LAMP", "JAM", 500, 0.9)
    pair("LAMP", "TEA", 4, 50.0)
    pair("SOAP", "TEA", 90, 50.0)
    Product.objects.filter(code="SOAP").update(cost=Decimal("90"))


def suggested(client: APIClient, **query: Any) -> list[list[str]]:
    return [bundle["products"] for bundle in client.get(SUGGESTIONS, query).json()["bundles"]]


def test_the_order_is_that_of_baskets_beyond_chance(many_pairs: None, viewer_client: APIClient) -> None:
    # No substitutes, nothing below chance or seen four times only, and nothing that costs leave no saving.
    assert suggested(viewer_client) == [["SCONE", "TEA"], ["HONEY", "TEA"], ["JAM", "TEA"]]


def test_suggestions_can_be_limited(many_pairs: None, viewer_client: APIClient) -> None:
    assert suggested(viewer_client, limit=2) == [["SCONE", "TEA"], ["HONEY", "TEA"]]
    assert suggested(viewer_client, category="Spreads") == [["HONEY", "TEA"], ["JAM", "TEA"]]
    assert suggested(viewer_client, category="Nothing") == []
    assert suggested(viewer_client, product="jam") == [["JAM", "TEA"]]
    assert suggested(viewer_client, product="tea", category="Bakery") == [["TEA", "SCONE"]]


def test_inactive_products_and_those_without_a_price_are_not_suggested(
    many_pairs: None, viewer_client: APIClient
) -> None:
    Product.objects.filter(code="SCONE").update(is_active=False)
    Product.objects.filter(code="HONEY").update(current_price=None)
    assert suggested(viewer_client) == [["JAM", "TEA"]]


@pytest.mark.parametrize(
    ("query", "status"),
    [({"product": "NOPE"}, 404), ({"limit": 0}, 400), ({"limit": 1001}, 400), ({"colour": "red"}, 400)],
)
def test_suggestions_that_cannot_be_made_are_refused(
    query: dict[str, Any], status: int, basket_shop: None, viewer_client: APIClient
) -> None:
    assert viewer_client.get(SUGGESTIONS, query).status_code == status


def test_suggestions_take_the_same_few_queries_however_many_there_are(
    many_pairs: None, counted: APIClient, django_assert_num_queries: Any
) -> None:
    for limit in (1, 50):
        with django_assert_num_queries(4):
            assert counted.get(SUGGESTIONS, {"limit": limit}).status_code == 200


def test_before_pairs_are_computed_there_are_no_suggestions(
    commits: Commits, viewer_client: APIClient
) -> None:
    body = viewer_client.get(SUGGESTIONS).json()
    assert (body["bundles"], body["baskets"]) == ([], 0)
