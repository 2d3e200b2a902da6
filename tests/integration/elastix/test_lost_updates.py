"""Two people edit the same thing: the second is warned, and the first one's work is not undone."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from rest_framework.test import APIClient

from elastix.revisions import revision_of
from market.models import Competitor, CompetitorPrice, RepricingRule
from pricing.models import PricePolicy, Product, Transaction
from simulations.models import Simulation
from tests.conftest import user_with_role
from tests.factories import (
    CompetitorFactory,
    CompetitorPriceFactory,
    PricePolicyFactory,
    ProductFactory,
    RepricingRuleFactory,
    SimulationFactory,
    TransactionFactory,
)
from tests.integration.admin_pages import errors_of, page, signed_in

pytestmark = pytest.mark.django_db

# By table: its address, and what two people change.
EDITED: dict[Any, tuple[str, Any, dict[str, Any], dict[str, Any]]] = {
    Product: ("/api/products", ProductFactory, {"name": "First"}, {"cost": 2.5}),
    PricePolicy: ("/api/price/policies", PricePolicyFactory, {"max_change": 0.1}, {"max_price": 50.0}),
    RepricingRule: ("/api/price/rules", RepricingRuleFactory, {"name": "First"}, {"priority": 7}),
    CompetitorPrice: ("/api/market/prices", CompetitorPriceFactory, {"price": 4.2}, {"source": "seen"}),
    Transaction: ("/transactions", TransactionFactory, {"country": "Spain"}, {"description": "Second"}),
    Simulation: ("/simulations", SimulationFactory, {"name": "First"}, {"description": "Second"}),
}
PUT_ONLY = (Transaction, Simulation)


@pytest.fixture(params=EDITED, ids=lambda model: model.__name__)
def resource(request: pytest.FixtureRequest) -> Any:
    return request.param


def opened(client: APIClient, url: str) -> str:
    """Return the ETag with which a GET answers."""
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    return str(answer["ETag"])


def test_the_second_of_two_edits_is_refused_and_the_first_stays(
    resource: Any, manager_client: APIClient
) -> None:
    path, factory, first, second = EDITED[resource]
    row = factory()
    url = f"{path}/{row.pk}"
    edit = manager_client.put if resource in PUT_ONLY else manager_client.patch
    seen_by_both = opened(manager_client, url)
    done = edit(url, first, headers={"If-Match": seen_by_both})
    assert done.status_code == 200, done.content
    after_first = revision_of(resource, row.pk)

    refused = edit(url, second, headers={"If-Match": seen_by_both})
    assert (refused.status_code, refused["Content-Type"]) == (409, "application/problem+json")
    assert "somebody else" in refused.json()["detail"]
    assert revision_of(resource, row.pk) == after_first
    assert manager_client.delete(url, headers={"If-Match": seen_by_both}).status_code == 409
    assert resource._base_manager.filter(pk=row.pk).exists()

    # Who has seen the first edit, by its answer or by a new GET, may go on.
    assert edit(url, second, headers={"If-Match": done["ETag"]}).status_code == 200
    assert edit(url, first, headers={"If-Match": opened(manager_client, url)}).status_code == 200


def test_an_edit_without_if_match_is_as_before(resource: Any, manager_client: APIClient) -> None:
    path, factory, first, _ = EDITED[resource]
    url = f"{path}/{factory().pk}"
    edit = manager_client.put if resource in PUT_ONLY else manager_client.patch
    assert edit(url, first).status_code == 200


def test_of_a_competitor_the_quality_is_edited(manager_client: APIClient) -> None:
    url = f"/api/market/qualities/{CompetitorFactory().pk}"
    seen = opened(manager_client, url)
    assert manager_client.patch(url, {"quality": 1.5}, headers={"If-Match": seen}).status_code == 200
    assert manager_client.patch(url, {"quality": 0.5}, headers={"If-Match": seen}).status_code == 409
    assert Competitor.objects.get().quality == Decimal("1.5")


def test_any_state_that_exists_matches_a_star(manager_client: APIClient) -> None:
    url = f"/api/products/{ProductFactory().pk}"
    assert manager_client.patch(url, {"name": "Any"}, headers={"If-Match": "*"}).status_code == 200
    missing = manager_client.patch("/api/products/NONE", {"name": "Any"}, headers={"If-Match": "*"})
    assert missing.status_code == 404


@pytest.mark.parametrize("tag", ["", "no quotes", '"'])
def test_a_header_that_is_no_etag_is_refused(tag: str, manager_client: APIClient) -> None:
    url = f"/api/products/{ProductFactory(name='Cup').pk}"
    answer = manager_client.patch(url, {"name": "Any"}, headers={"If-Match": tag})
    assert [error["field"] for error in answer.json()["errors"]] == ["If-Match"]
    assert Product.objects.get().name == "Cup"


def test_a_weak_etag_matches_nothing(manager_client: APIClient) -> None:
    url = f"/api/products/{ProductFactory().pk}"
    weak = f"W/{opened(manager_client, url)}"
    assert manager_client.patch(url, {"name": "Any"}, headers={"If-Match": weak}).status_code == 409


def test_what_has_no_states_refuses_the_header(admin_client: APIClient) -> None:
    TransactionFactory()
    answer = admin_client.delete("/transactions?confirm=true", headers={"If-Match": '"x"'})
    assert answer.status_code == 400
    assert Transaction.objects.count() == 1


def test_a_recompute_between_is_no_edit(manager_client: APIClient) -> None:
    line = TransactionFactory()
    url = f"/transactions/{line.pk}"
    seen = opened(manager_client, url)
    Transaction.rows.filter(pk=line.pk).update(units=99.0, exclusion=3)
    assert manager_client.put(url, {"country": "France"}, headers={"If-Match": seen}).status_code == 200


def test_the_products_of_a_rule_belong_to_its_state(manager_client: APIClient) -> None:
    cup, bowl = ProductFactory(code="CUP"), ProductFactory(code="BOWL")
    rule = RepricingRuleFactory(scope="products", products=[cup])
    url = f"/api/price/rules/{rule.pk}"
    seen = opened(manager_client, url)
    rule.products.set([bowl])
    assert manager_client.patch(url, {"priority": 7}, headers={"If-Match": seen}).status_code == 409


# --- the admin --------------------------------------------------------------------------------------


def filled_in(browser: Any, url: str, **changes: Any) -> dict[str, Any]:
    """The form of a page as a browser would send it, with some fields changed."""
    context = browser.get(url).context
    form = context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    # Split into a date and a time, as its two inputs are.
    fields = {name: value for name, value in values.items() if value is not None}
    return {**fields, "revision": context["revision"], **changes}


@pytest.mark.parametrize(
    ("model", "factory", "first", "second"),
    [
        (Product, ProductFactory, {"name": "First"}, {"cost": "2.50"}),
        (PricePolicy, PricePolicyFactory, {"max_change": "0.1"}, {"max_price": "50"}),
        (Simulation, SimulationFactory, {"name": "First"}, {"description": "Second"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_of_two_people_with_one_form_the_second_is_warned_and_may_decide(
    model: Any, factory: Any, first: dict[str, Any], second: dict[str, Any], manager: User
) -> None:
    browser = signed_in(manager)
    row = factory()
    url = page(model, "change", row.pk)
    both = filled_in(browser, url), filled_in(browser, url)
    assert browser.post(url, both[0] | first).status_code == 302
    after_first = revision_of(model, row.pk)

    refused = browser.post(url, both[1] | second)
    assert refused.status_code == 409
    assert "Somebody else has changed this" in errors_of(refused)
    # What they would overwrite is named, with what is saved, and their own input is still in the form.
    (label,) = (refused.context["adminform"].form.fields[name].label for name in first)
    assert f"{label}: {next(iter(first.values()))}" in errors_of(refused)
    ((name, value),) = second.items()
    assert refused.context["adminform"].form[name].value() == value
    assert revision_of(model, row.pk) == after_first

    again = both[1] | second | {"revision": refused.context["revision"]}
    assert browser.post(url, again).status_code == 302
    row.refresh_from_db()
    assert str(getattr(row, name)).startswith(value)


def test_every_form_of_a_row_carries_its_state(manager: User) -> None:
    rows = (ProductFactory(), PricePolicyFactory(), RepricingRuleFactory(), CompetitorPriceFactory())
    browser = signed_in(manager)
    for row in (*rows, SimulationFactory(), CompetitorFactory()):
        shown = browser.get(page(type(row), "change", row.pk)).content.decode()
        assert f'name="revision" value="{revision_of(type(row), row.pk)}"' in shown
    assert 'name="revision"' not in browser.get(page(PricePolicy, "add")).content.decode()


def test_of_two_people_who_edit_a_user_or_a_group_the_second_is_warned(admin_user: User) -> None:
    browser = signed_in(admin_user)
    user, group = user_with_role("viewer", username="shared"), Group.objects.create(name="pickers")
    edits: tuple[tuple[Any, dict[str, Any], dict[str, Any]], ...] = (
        (user, {"first_name": "First"}, {"last_name": "Second"}),
        (group, {"name": "packers"}, {"name": "senders"}),
    )
    for row, first, second in edits:
        url = page(type(row), "change", row.pk)
        both = filled_in(browser, url), filled_in(browser, url)
        assert browser.post(url, both[0] | first).status_code == 302
        refused = browser.post(url, both[1] | second)
        assert refused.status_code == 409
        ((name, value),) = first.items()
        assert f"{name.replace('_', ' ').capitalize()}: {value}" in errors_of(refused)
        row.refresh_from_db()
        assert getattr(row, name) == value
        again = both[1] | second | {"revision": refused.context["revision"]}
        assert browser.post(url, again).status_code == 302


def test_of_a_user_the_groups_count_and_logging_in_is_not_undone(admin_user: User) -> None:
    browser = signed_in(admin_user)
    user = user_with_role("viewer", username="shared")
    url = page(User, "change", user.pk)
    seen = filled_in(browser, url)
    assert "last_login" not in seen and "date_joined" not in seen
    user.groups.add(Group.objects.create(name="pickers"))
    assert browser.post(url, seen | {"first_name": "Second"}).status_code == 409
