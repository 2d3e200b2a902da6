"""/api/price/policies: aims and limits of prices, of the shop, of categories, of products."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from rest_framework.test import APIClient

from pricing.recommendation.models import PricePolicy
from pricing.recommendation.selectors.policies import Overrides, effective_policies
from pricing.sales.models import Product
from tests.api_cases import ApiCases
from tests.factories import PricePolicyFactory, ProductFactory
from tests.integration.pricing.queries import queries_of_call

pytestmark = pytest.mark.django_db

PATH = "/api/price/policies"


@pytest.fixture(autouse=True)
def _products(db: None) -> None:
    for code, category in (("CUP", "Cups"), ("MUG", "Cups"), ("BOWL", "Bowls")):
        ProductFactory(code=code, category=category)


IMPOSSIBLE = (
    *(({"target_margin": value}, "target_margin") for value in (-0.1, 1, "NaN", 0.12345, [], True)),
    *(({"min_price": value}, "min_price") for value in (0, -1, 1e9, "Infinity", 0.001)),
    *(({"endings": value}, "endings") for value in ("5", "49,", "100", "ANY", "٤٩", "49\x00", [])),
    *(({"competitor_days": value}, "competitor_days") for value in (0, 366, 1.5)),
    ({"strategy": "greed"}, "strategy"),
    ({"demand_model": "cubic"}, "demand_model"),
    ({"max_change": 1.01}, "max_change"),
    ({"markup": 101}, "markup"),
    ({"competitor_ceiling": 0}, "competitor_ceiling"),
    ({"cooldown_days": 366}, "cooldown_days"),
    ({"assumed_cost_ratio": 0}, "assumed_cost_ratio"),
    ({"self_approval": "perhaps"}, "self_approval"),
    ({"min_price": 5, "max_price": 4}, ""),
    ({"competitor_floor": 1.2, "competitor_ceiling": 1.1}, ""),
    ({"product_id": "NOBODY"}, "product_id"),
    ({"category": "Nothing"}, "category"),
)


class TestPolicies(ApiCases):
    path = PATH
    factory = PricePolicyFactory
    writer = "manager"
    list_queries = 2
    body = {"category": "Bowls", "max_change": 0.1, "endings": "00,50"}
    created = {"scope": "category Bowls", "product_id": None, "strategy": None, "min_price": None}
    invalid = (*IMPOSSIBLE, ({"product_id": "CUP"}, "category"))
    change = {"max_change": 0.2}
    invalid_changes = IMPOSSIBLE

    def make(self) -> PricePolicy:
        return PricePolicyFactory(product=ProductFactory())


def policy(**fields: Any) -> PricePolicy:
    return PricePolicyFactory(**fields)


def of(*codes: str) -> list[Any]:
    found = effective_policies(Product.objects.filter(code__in=codes))
    return [found[code] for code in codes]


# --- which policy decides -------------------------------------------------------------------------------------


def test_without_any_policy_everything_is_built_in() -> None:
    (cup,) = of("CUP")
    assert (cup.strategy, cup.demand_model, cup.max_change) == ("profit", "average", Decimal("0.15"))
    assert (cup.price_endings, cup.competitor_days, cup.cooldown_days) == ((49, 99), 7, 0)
    assert cup.self_approval is False
    assert {
        getattr(cup, name)
        for name in (
            "target_margin",
            "minimum_margin",
            "markup",
            "min_price",
            "max_price",
            "assumed_cost_ratio",
        )
    } == {None}
    assert cup.source("max_change") == "built in"


def test_of_each_setting_the_most_specific_policy_that_states_it_decides() -> None:
    policy(strategy="revenue", max_change="0.10", endings="any", self_approval=True, cooldown_days=30)
    policy(category="Cups", max_change="0.20", min_price="2.00", cooldown_days=0)
    policy(product_id="CUP", min_price="3.00", self_approval=False)
    cup, mug, bowl = of("CUP", "MUG", "BOWL")
    assert (cup.strategy, cup.max_change, cup.min_price) == ("revenue", Decimal("0.2"), Decimal("3"))
    assert (cup.price_endings, cup.self_approval, cup.cooldown_days) == ((), False, 0)
    assert [cup.source(name) for name in ("strategy", "max_change", "min_price", "markup")] == [
        "the shop",
        "category Cups",
        "product CUP",
        "built in",
    ]
    assert (mug.min_price, mug.self_approval, mug.cooldown_days) == (Decimal("2"), True, 0)
    assert (bowl.min_price, bowl.max_change, bowl.cooldown_days) == (None, Decimal("0.1"), 30)


def test_policies_of_any_number_of_products_are_one_query() -> None:
    policy(max_change="0.10")
    products = list(Product.objects.all())
    assert queries_of_call(lambda: effective_policies(products[:1])) == 1
    many = [Product(code=f"X{number}", category="Cups") for number in range(1_500)]
    assert queries_of_call(lambda: effective_policies(products + many)) == 1


def test_a_request_narrows_the_limits_of_a_policy_and_never_widens_them() -> None:
    policy(max_change="0.10", min_price="3.00", max_price="9.00", target_margin="0.30", strategy="profit")
    (cup,) = of("CUP")
    wider = Overrides(
        max_change=Decimal("0.5"), min_price=Decimal(1), max_price=Decimal(20), target_margin=Decimal("0.1")
    )
    assert wider.narrow(cup) == cup
    narrower = Overrides(
        max_change=Decimal("0.05"), min_price=Decimal(4), max_price=Decimal(8), target_margin=Decimal("0.4")
    ).narrow(cup)
    assert (narrower.max_change, narrower.min_price) == (Decimal("0.05"), Decimal(4))
    assert (narrower.max_price, narrower.target_margin) == (Decimal(8), Decimal("0.4"))
    assert {narrower.source(name) for name in ("max_change", "min_price", "max_price")} == {"request"}
    aim = Overrides(strategy="revenue", demand_model="constant_elasticity").narrow(cup)
    assert (aim.strategy, aim.demand_model) == ("revenue", "constant_elasticity")


def test_the_largest_change_that_nobody_decided_on_gives_way_to_a_request() -> None:
    (cup,) = of("CUP")
    assert Overrides(max_change=Decimal("0.5")).narrow(cup).max_change == Decimal("0.5")


# --- the addresses --------------------------------------------------------------------------------------------


def test_put_replaces_a_policy_and_patch_changes_what_is_given(manager_client: APIClient) -> None:
    made = manager_client.post(PATH, {"product_id": "cup", "max_change": 0.1, "endings": "00,50"})
    assert made.status_code == 201
    body = made.json()
    assert (body["product_id"], body["scope"], body["max_change"]) == ("CUP", "product CUP", 0.1)
    assert (body["endings"], body["strategy"], body["min_price"]) == ("00,50", None, None)
    one = f"{PATH}/{body['id']}"
    assert manager_client.get(one).json() == body
    changed = manager_client.patch(one, {"min_price": 2, "endings": None, "colour": "red"}).json()
    assert (changed["min_price"], changed["endings"], changed["max_change"]) == (2.0, None, 0.1)
    replaced = manager_client.put(one, {"category": "Cups", "strategy": "markup", "markup": 0.5}).json()
    assert (replaced["scope"], replaced["product_id"], replaced["markup"]) == ("category Cups", None, 0.5)
    assert (replaced["min_price"], replaced["max_change"]) == (None, None)


def test_what_was_changed_through_the_api_stands_in_the_history(manager_client: APIClient) -> None:
    made = manager_client.post(PATH, {"max_change": 0.1}).json()
    for _ in range(2):
        manager_client.patch(f"{PATH}/{made['id']}", {"max_change": 0.2})
    manager_client.delete(f"{PATH}/{made['id']}")
    entries = LogEntry.objects.order_by("id").values_list("user__username", "object_repr", "change_message")
    assert list(entries) == [
        ("manager", "the shop", "Added."),
        ("manager", "the shop", "Changed max_change."),
        ("manager", "the shop", "Deleted."),
    ]


@pytest.mark.parametrize("scope", [{}, {"category": "Cups"}, {"product_id": "CUP"}])
def test_a_second_policy_for_the_same_is_a_conflict(scope: dict[str, str], manager_client: APIClient) -> None:
    assert manager_client.post(PATH, scope).status_code == 201
    again = manager_client.post(PATH, scope | {"max_change": 0.1})
    assert again.status_code == 409
    assert "already" in again.json()["detail"]
    other = manager_client.post(PATH, {"product_id": "BOWL"}).json()
    moved = manager_client.put(f"{PATH}/{other['id']}", scope)
    assert moved.status_code == 409
    assert PricePolicy.objects.count() == 2


def test_the_list_goes_from_the_shop_to_single_products(viewer_client: APIClient) -> None:
    for fields in ({"product_id": "CUP"}, {"category": "Cups"}, {}, {"category": "Bowls"}):
        policy(**fields)
    body = viewer_client.get(PATH).json()
    assert [each["scope"] for each in body["items"]] == [
        "the shop",
        "category Bowls",
        "category Cups",
        "product CUP",
    ]
    assert body["total"] == 4
    page = viewer_client.get(PATH, {"limit": 1, "offset": 1}).json()
    assert ([each["scope"] for each in page["items"]], page["total"]) == (["category Bowls"], 4)
    assert viewer_client.get(PATH, {"category": "Cups"}).json()["total"] == 1
    assert viewer_client.get(PATH, {"product_id": "cup"}).json()["items"][0]["scope"] == "product CUP"
    assert viewer_client.get(PATH, {"product_id": "MUG"}).json() == {"items": [], "total": 0}


def test_what_holds_for_a_product_is_shown_with_where_it_comes_from(viewer_client: APIClient) -> None:
    policy(max_change="0.10")
    policy(category="Cups", endings="any")
    settings = viewer_client.get(f"{PATH}/effective/cup").json()["settings"]
    assert settings["max_change"] == {"value": 0.1, "source": "the shop"}
    assert settings["endings"] == {"value": "any", "source": "category Cups"}
    assert settings["strategy"] == {"value": "profit", "source": "built in"}
