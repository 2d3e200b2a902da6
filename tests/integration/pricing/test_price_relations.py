"""Price relations as limits of recommendations, proposals and prices set by hand."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from pricing.changes.services import price_changes
from pricing.changes.services.validation import InvalidProposal, InvalidTransition
from pricing.recommendation.models import PriceRelation
from pricing.recommendation.selectors.joint_optimization import optimize_jointly
from pricing.recommendation.selectors.policies import Overrides
from pricing.recommendation.selectors.recommendations import recommend_many
from pricing.recommendation.selectors.relations import at_present_prices, relation_bounds, relation_limits
from pricing.recommendation.services.relations import Member, relation_create
from pricing.sales.models import PriceChange, Product
from tests.api_cases import ApiCases
from tests.factories import PricedProductFactory, PriceRelationFactory, ProductFactory
from tests.integration.admin_pages import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _products() -> None:
    """CUP and MUG cost 8.50; at 12.99 and 14.99."""
    PricedProductFactory(code="CUP")
    PricedProductFactory(code="MUG", current_price=Decimal("14.99"))


IMPOSSIBLE = (
    *(({"name": name}, "name") for name in ("", " ", "x" * 101, None)),
    *(({"kind": kind}, "kind") for kind in ("", "cousins", None)),
    *(({"gap_percent": gap}, "gap_percent") for gap in (-1, 90.01, 1.234, "NaN", None)),
    *(({"members": rows}, "members") for rows in ([], "CUP", [{}], [{"product_id": "NOBODY"}], [{"product_id": "CUP"}] * 2)),
)  # fmt: skip
LINE = {
    "name": "Line",
    "kind": "line",
    "members": [{"product_id": "CUP", "size": None}, {"product_id": "MUG", "size": None}],
}


class TestPriceRelations(ApiCases):
    path = "/api/price/relations"
    factory = PriceRelationFactory
    writer = "manager"
    list_queries = 3
    body = LINE
    required = ("name", "kind", "members")
    invalid = IMPOSSIBLE
    twice, twice_field = 400, "name"
    put_body = LINE
    change = {"kind": "steps", "gap_percent": 5, "members": LINE["members"]}
    invalid_changes = IMPOSSIBLE


def related(kind: str = "steps", gap: str = "10", sizes: tuple[Any, Any] = (None, None)) -> PriceRelation:
    members = [Member("CUP", sizes[0]), Member("MUG", sizes[1])]
    return relation_create({"name": "Mugs", "kind": kind, "gap_percent": Decimal(gap)}, members=members)


def propose(**prices: str) -> list[PriceChange]:
    return price_changes.propose([(code, Decimal(price)) for code, price in prices.items()], by="anna")


def limits_of(code: str) -> dict[str, tuple[str, bool]]:
    found = recommend_many([code])[0].price.limits
    return {each.rule: (str(each.bound), each.binding) for each in found if each.rule.startswith("relation")}


def test_recommendations_keep_to_their_half_of_the_room() -> None:
    assert limits_of("CUP") == {}
    related()
    # sqrt(14.99 x 1.1 x 12.99) = 14.635: MUG not below, CUP not above that over 1.1.
    assert limits_of("MUG") == {"relation_floor": ("14.64", False)}
    assert limits_of("CUP") == {"relation_ceiling": ("13.30", True)}
    cup, mug = recommend_many(["CUP", "MUG"])
    assert mug.price.recommended_price >= Decimal("1.1") * cup.price.recommended_price  # type: ignore[operator]
    assert "beside the prices of related products it may be at most 13.30" in cup.rationale


def test_a_proposal_that_breaks_a_relation_is_refused() -> None:
    related()
    with pytest.raises(InvalidProposal) as refused:
        propose(CUP="13.63")
    assert [each.code for each in refused.value.violations] == ["relation_ceiling"]
    assert "13.62" in refused.value.violations[0].reason
    assert propose(CUP="13.62")
    # The open change counts.
    with pytest.raises(InvalidProposal) as refused:
        propose(MUG="14.98")
    assert refused.value.violations[0].code == "relation_floor"


def test_a_relation_made_meanwhile_stops_approval_and_application() -> None:
    (change,) = propose(CUP="13.99")
    relation = related()
    with pytest.raises(InvalidTransition, match=r"(?i)related products"):
        price_changes.approve([change.pk], by="bob")
    relation.delete()
    price_changes.approve([change.pk], by="bob")
    related()
    with pytest.raises(InvalidTransition) as refused:
        price_changes.apply([change.pk], by="bob")
    assert [each.code for each in refused.value.violations] == ["relation_ceiling"]


def test_prices_of_a_line_are_applied_together_or_one_after_the_other_but_not_half() -> None:
    related("line", "0")
    cup, mug = propose(CUP="13.99", MUG="13.99")
    price_changes.approve([cup.pk, mug.pk], by="bob")
    # MUG's change waits: the line will be whole.
    price_changes.apply([cup.pk], by="bob")
    price_changes.reject([mug.pk], by="bob")
    (again,) = propose(MUG="13.99")
    price_changes.approve([again.pk], by="bob")
    price_changes.apply([again.pk], by="bob")


def test_half_of_a_line_is_not_applied_after_the_other_was_rejected() -> None:
    related("line", "0")
    cup, mug = propose(CUP="13.99", MUG="13.99")
    price_changes.approve([cup.pk], by="bob")
    price_changes.reject([mug.pk], by="bob")
    # MUG stays at 14.99.
    with pytest.raises(InvalidTransition) as refused:
        price_changes.apply([cup.pk], by="bob")
    assert [each.code for each in refused.value.violations] == ["relation_floor"]


def test_a_line_changes_its_price_together() -> None:
    PriceRelation.objects.all().delete()
    related("line", "0")
    with pytest.raises(InvalidProposal):
        propose(CUP="13.99")
    assert len(propose(CUP="13.99", MUG="13.99")) == 2


def test_a_line_is_recommended_no_price_of_one_of_it_alone() -> None:
    related("line", "0")
    cup, mug = recommend_many(["CUP", "MUG"])
    assert (cup.price.moved, cup.price.reason) == (mug.price.moved, mug.price.reason) == (False, "RELATION")
    assert limits_of("CUP") == {"relation_floor": ("12.99", False), "relation_ceiling": ("12.99", True)}
    assert limits_of("MUG") == {"relation_floor": ("14.99", False), "relation_ceiling": ("14.99", True)}
    together, _added = optimize_jointly(["CUP", "MUG"], Overrides())
    assert [(each.changes, each.reason) for each in together.rows] == [(False, "RELATION")] * 2


def test_a_manager_who_sets_a_price_by_hand_has_to_say_why(
    manager_client: APIClient, analyst_client: APIClient
) -> None:
    related("sizes", "0", (Decimal(1), Decimal(2)))
    answer = analyst_client.patch("/api/products/CUP", {"current_price": 7.49, "cost": 3})
    assert answer.status_code == 403
    assert "beside related products" in answer.json()["detail"]
    assert manager_client.patch("/api/products/CUP", {"current_price": 7.49, "cost": 3}).status_code == 400
    with_reason = {"current_price": 7.49, "cost": 3, "reason": "Clearance"}
    assert manager_client.patch("/api/products/CUP", with_reason).status_code == 200


def test_a_manager_lays_relations_down_in_the_admin(manager: User) -> None:
    form = {
        "name": "Packs", "kind": "sizes", "gap_percent": "0", "members-TOTAL_FORMS": "2", "members-INITIAL_FORMS": "0",
        "members-0-position": "1", "members-0-product": "CUP", "members-0-size": "1",
        "members-1-position": "2", "members-1-product": "MUG",
    }  # fmt: skip
    browser = signed_in(manager)
    answer = browser.post("/admin/pricing/pricerelation/add/", form)
    assert "Each product needs a size" in answer.content.decode()
    assert (
        browser.post("/admin/pricing/pricerelation/add/", form | {"members-1-size": "2"}).status_code == 302
    )
    assert [each.product_id for each in PriceRelation.objects.get().members.all()] == ["CUP", "MUG"]


@pytest.mark.parametrize(
    ("kind", "gap", "sizes", "bounds"),
    [
        # CUP 12.99, MUG 14.99, TUB 20; without MUG the relation is between CUP and TUB.
        ("line", 0, (None, None, None), {"CUP": ("20.00", "20.00"), "TUB": ("12.99", "12.99")}),
        ("sizes", 0, (1, 2, 4), {"CUP": ("5.00", None), "TUB": (None, "51.96")}),
        ("steps", 10, (None, None, None), {"CUP": (None, "18.18"), "TUB": ("14.29", None)}),
        ("own_label", 10, (None, None, None), {"CUP": (None, "18.00"), "TUB": ("14.44", None)}),
    ],
)  # fmt: skip
def test_a_deactivated_product_binds_nobody(
    kind: str, gap: int, sizes: Any, bounds: dict[str, tuple[str | None, str | None]]
) -> None:
    PricedProductFactory(code="TUB", current_price=Decimal("20.00"))
    members = [Member(*row) for row in zip(("CUP", "MUG", "TUB"), sizes, strict=True)]
    relation = relation_create({"name": "All", "kind": kind, "gap_percent": Decimal(gap)}, members=members)
    Product.objects.filter(code="MUG").update(is_active=False)
    (shown,) = at_present_prices([relation])
    assert {
        code: tuple(None if each is None else str(each) for each in of) for code, of in shown.bounds.items()
    } == bounds
    assert "MUG" not in shown.broken
    assert set(relation_limits(["CUP", "MUG", "TUB"])) == {"CUP", "TUB"}
    # Whoever prices it again is bound.
    assert "MUG" in relation_bounds({"MUG": Decimal("14.99")})


def test_an_open_change_of_a_deactivated_product_binds_nobody() -> None:
    related()
    propose(MUG="15.99")
    Product.objects.filter(code="MUG").update(is_active=False)
    assert relation_bounds({"CUP": Decimal("14.99")}) == {}


def test_without_its_own_label_a_relation_of_brands_binds_nobody(analyst_client: APIClient) -> None:
    PricedProductFactory(code="TUB")
    ProductFactory(code="OWN", current_price=Decimal("5.00"))
    ProductFactory(code="JAR", current_price=Decimal("9.00"))

    def of(*codes: str, name: str, kind: str = "own_label") -> PriceRelation:
        return relation_create({"name": name, "kind": kind}, members=[Member(code) for code in codes])

    deleted, kept, line = (
        of("OWN", "CUP", "JAR", name="A"),
        of("CUP", "OWN", name="B"),
        of("OWN", "CUP", name="C", kind="line"),
    )
    Product.objects.filter(code="OWN").update(is_active=False)
    assert at_present_prices([deleted])[0].bounds == {}
    assert analyst_client.delete("/api/products/OWN").json()["deleted"] is True
    assert list(PriceRelation.objects.values_list("pk", flat=True)) == [kept.pk, line.pk]
    assert relation_limits(["CUP", "JAR"]) == {}


def test_a_list_by_product(viewer_client: APIClient) -> None:
    relation = related()
    found = viewer_client.get("/api/price/relations?product_id=cup").json()
    assert [each["id"] for each in found["items"]] == [relation.pk]
    assert [each["product_id"] for each in found["items"][0]["members"]] == ["CUP", "MUG"]
    assert viewer_client.get("/api/price/relations?product_id=none").json()["total"] == 0
