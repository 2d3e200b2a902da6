"""Costs by day: every change of a cost is remembered, past ones can be recorded, and past profits are made at them."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.dataset.versions import data_version
from pricing.changes.selectors.outcomes import outcomes_of
from pricing.recommendation.selectors.totals import totals_by_day
from pricing.sales.models import Product, ProductCost
from pricing.sales.selectors.costs import cost_histories, cost_on
from pricing.sales.services.costs import cost_record, shop_day
from pricing.sales.services.products import product_create, product_update, products_upsert
from tests.api_cases import problem_of, refused_fields
from tests.factories import PriceChangeFactory, ProductFactory, SalesHistoryFactory
from tests.integration.pricing.queries import queries_of_call
from tests.shops import Commits

pytestmark = pytest.mark.django_db


def day(number: int) -> dt.date:
    """A day of the past: 0 is today."""
    return shop_day(timezone.now()) - dt.timedelta(days=number)


def rows(code: str = "CUP") -> list[tuple[dt.date, Decimal | None, str]]:
    found = ProductCost.objects.filter(product_id=code).order_by("valid_from")
    return list(found.values_list("valid_from", "cost", "source"))


def known_since(days: int, **fields: Any) -> Product:
    """A cup that the shop has known for so many days."""
    product = ProductFactory(code="CUP", current_price=Decimal(4), **fields)
    Product.objects.filter(pk="CUP").update(created_at=timezone.now() - dt.timedelta(days=days))
    return product


# --- every change is remembered ---------------------------------------------------------------------------


def test_a_new_product_has_its_cost_from_its_first_day() -> None:
    product_create(code="CUP", by="ann", cost=Decimal("1.50"))
    assert rows() == [(day(0), Decimal("1.50"), "manual")]
    assert ProductCost.objects.get().recorded_by == "ann"


def test_a_first_change_keeps_the_cost_before_it() -> None:
    known_since(40, cost=Decimal("1.50"))
    product_update("CUP", by="ann", cost=Decimal(2))
    assert rows() == [(day(40), Decimal("1.50"), "before"), (day(0), Decimal(2), "manual")]


def test_several_changes_of_a_day_leave_the_last() -> None:
    product_create(code="CUP", by="ann", cost=Decimal(1))
    for cost in (2, 3):
        product_update("CUP", by="ann", cost=Decimal(cost))
    assert rows() == [(day(0), Decimal(3), "manual")]


def test_other_changes_leave_nothing() -> None:
    known_since(40, cost=Decimal("1.50"))
    product_update("CUP", by="ann", name="A cup", cost=Decimal("1.5000"))
    products_upsert([{"code": "CUP", "cost": Decimal("1.5"), "category": "Cups"}], by="ann")
    assert rows() == []


def test_a_cost_that_is_taken_away_is_not_known_from_then_on() -> None:
    known_since(40, cost=Decimal("1.50"))
    product_update("CUP", by="ann", cost=None)
    assert rows() == [(day(40), Decimal("1.50"), "before"), (day(0), None, "manual")]


def test_a_file_of_products_leaves_the_costs_that_it_changes() -> None:
    known_since(40, cost=Decimal("1.50"))
    ProductFactory(code="MUG", cost=Decimal(3))
    file = [{"code": code, "cost": Decimal(3)} for code in ("CUP", "MUG", "NEW")]
    products_upsert(file, by="ben")
    assert rows() == [(day(40), Decimal("1.50"), "before"), (day(0), Decimal(3), "file")]
    assert rows("MUG") == []
    assert rows("NEW") == [(day(0), Decimal(3), "file")]


def test_the_queries_of_a_file_do_not_grow_with_its_products() -> None:
    def file_of(letter: str, count: int) -> list[dict[str, Any]]:
        return [{"code": f"{letter}{number}", "cost": Decimal(number + 1)} for number in range(count)]

    products_upsert(file_of("C", 1), by="ben")
    few, many = file_of("A", 2), file_of("B", 60)
    assert queries_of_call(lambda: products_upsert(few, by="ben")) == queries_of_call(
        lambda: products_upsert(many, by="ben")
    )
    assert ProductCost.objects.count() == 63


# --- a file with a history of costs -----------------------------------------------------------------------


def bring(client: APIClient, text: str, commits: Commits) -> dict[str, Any]:
    """Import a file of products; return what became of it."""
    with commits():
        answer = client.post(
            "/api/products/import", {"file": SimpleUploadedFile("costs.csv", text.encode())}, "multipart"
        )
    assert answer.status_code == 202, answer.content
    found: dict[str, Any] = client.get(f"/transactions/imports/{answer.json()['id']}").json()
    return found


def rejects(client: APIClient, batch: dict[str, Any]) -> list[list[str]]:
    answer = client.get(f"/transactions/imports/{batch['id']}/rejects.csv")
    text = b"".join(answer.streaming_content).decode()
    return [line.split(",")[:2] for line in text.strip().splitlines()[1:]]


def test_a_file_brings_in_past_costs_and_the_newest_is_the_products(
    analyst_client: APIClient, commits: Commits
) -> None:
    known_since(400, cost=Decimal(5))
    text = f"code,cost,cost_valid_from\nCUP,2.00,{day(300)}\nCUP,2.50,{day(100)}\nNEW,1.20,{day(9)}\nNEW,1.10,{day(50)}\n"
    batch = bring(analyst_client, text, commits)
    assert (batch["accepted"], batch["rejected"]) == (4, 0)
    # What CUP costs today was known before, of today alone.
    assert rows() == [
        (day(300), Decimal(2), "file"),
        (day(100), Decimal("2.50"), "file"),
        (day(0), Decimal(5), "before"),
    ]
    assert rows("NEW") == [(day(50), Decimal("1.10"), "file"), (day(9), Decimal("1.20"), "file")]
    assert dict(Product.objects.values_list("code", "cost")) == {"CUP": Decimal(5), "NEW": Decimal("1.20")}
    assert ProductCost.objects.get(product="NEW", valid_from=day(9)).recorded_by == "analyst"


def test_a_cost_of_today_replaces_the_present_one(analyst_client: APIClient, commits: Commits) -> None:
    known_since(400, cost=Decimal(5))
    bring(analyst_client, f"code,cost,cost_valid_from\nCUP,6.00,{day(0)}\nCUP,5.50,{day(30)}\n", commits)
    assert rows() == [(day(30), Decimal("5.50"), "file"), (day(0), Decimal(6), "file")]
    assert Product.objects.get().cost == Decimal(6)


def test_a_row_without_a_day_is_a_cost_from_today_on(analyst_client: APIClient, commits: Commits) -> None:
    known_since(400, cost=Decimal(5))
    text = f"code,name,cost,cost_valid_from\nCUP,Cup,2.00,{day(300)}\nCUP,Mug,7.00,\n"
    bring(analyst_client, text, commits)
    assert [(since, cost) for since, cost, _ in rows()] == [
        (day(400), Decimal(5)),
        (day(300), Decimal(2)),
        (day(0), Decimal(7)),
    ]
    product = Product.objects.get()
    assert (product.name, product.cost) == ("Mug", Decimal(7))


def test_the_same_file_twice_leaves_the_same_costs(analyst_client: APIClient, commits: Commits) -> None:
    known_since(400, cost=Decimal(5))
    text = f"code,cost,cost_valid_from\nCUP,2.00,{day(300)}\nCUP,2.10,{day(300)}\n"
    bring(analyst_client, text, commits)
    once = rows()
    assert once == [(day(300), Decimal("2.10"), "file"), (day(0), Decimal(5), "before")]
    bring(analyst_client, text + f"CUP,2.10,{day(300)}\n", commits)
    assert rows() == once


def test_days_to_come_and_days_without_a_cost_are_rejected(
    analyst_client: APIClient, commits: Commits
) -> None:
    known_since(400, cost=Decimal(5))
    text = (
        f"code,cost,cost_valid_from\nCUP,2.00,{day(-1)}\nCUP,,{day(30)}\nCUP,2.00,soon\nCUP,3.00,{day(20)}\n"
    )
    batch = bring(analyst_client, text, commits)
    assert (batch["accepted"], batch["rejected"]) == (1, 3)
    assert rejects(analyst_client, batch) == [
        ["2", "in_the_future"], ["3", "value_missing"], ["4", "not_a_date"],
    ]  # fmt: skip
    assert [(since, cost) for since, cost, _ in rows()] == [(day(20), Decimal(3)), (day(0), Decimal(5))]


# --- costs of past days -----------------------------------------------------------------------------------


def test_the_cost_of_a_past_day_does_not_change_todays() -> None:
    known_since(40, cost=Decimal(2))
    cost_record("CUP", valid_from=day(30), cost=Decimal(1), by="ann")
    assert Product.objects.get(pk="CUP").cost == 2
    assert rows() == [(day(30), Decimal(1), "history"), (day(0), Decimal(2), "before")]


def test_the_newest_day_is_the_products_cost() -> None:
    known_since(40, cost=Decimal(2))
    cost_record("CUP", valid_from=day(30), cost=Decimal(1), by="ann")
    cost_record("CUP", valid_from=day(0), cost=Decimal(3), by="ann")
    assert Product.objects.get(pk="CUP").cost == 3
    cost_record("CUP", valid_from=day(10), cost=Decimal("1.5"), by="ann")
    assert Product.objects.get(pk="CUP").cost == 3
    assert [cost for _, cost, _ in rows()] == [1, Decimal("1.5"), 3]


def test_the_cost_of_a_day_is_that_of_the_row_before_it(django_assert_num_queries: Any) -> None:
    ProductFactory(code="CUP", cost=Decimal(9))
    for number, cost in ((20, 1), (10, 2)):
        ProductCost.objects.create(product_id="CUP", valid_from=day(number), cost=cost)
    with django_assert_num_queries(1):
        history = cost_histories(["CUP", "MUG"])
    assert list(history) == ["CUP"]
    assert [cost_on(day(number), history["CUP"], Decimal(9)) for number in (30, 20, 11, 10, 0)] == [
        1,
        1,
        1,
        2,
        2,
    ]
    assert cost_on(day(5), [], Decimal(9)) == 9
    assert cost_on(day(5), [(day(8), None)], Decimal(9)) == 9


# --- profits ----------------------------------------------------------------------------------------------


def test_the_shops_profits_are_made_at_the_cost_of_the_day() -> None:
    ProductFactory(code="CUP", current_price=Decimal(4), cost=Decimal(3))
    for number in (30, 15, 5):
        SalesHistoryFactory(product_id="CUP", date=day(number), quantity=10, price=Decimal(4))
    days = [day(number) for number in (30, 15, 5)]

    def profits() -> list[Decimal | None]:
        found = totals_by_day([(day(40), day(0))])
        return [found[each].profit for each in days]

    assert profits() == [10, 10, 10]
    cost_record("CUP", valid_from=day(20), cost=Decimal(1), by="ann")
    cost_record("CUP", valid_from=day(10), cost=Decimal(2), by="ann")
    assert profits() == [30, 30, 20]
    # What it costs from today on changes none of them.
    product_update("CUP", by="ann", cost=Decimal("3.5"))
    assert profits() == [30, 30, 20]


def test_a_change_without_an_expectation_is_judged_by_the_cost_of_its_day() -> None:
    known_since(90, cost=Decimal(3))
    for number in range(60):
        SalesHistoryFactory(product_id="CUP", date=day(number), quantity=10, price=Decimal(4))
    moment = timezone.now() - dt.timedelta(days=40)
    change = PriceChangeFactory(
        product_id="CUP", old_price=Decimal(4), new_price=Decimal("4.40"), status="applied", changed_at=moment
    )
    change.expected = None

    def profit() -> float:
        (found,) = outcomes_of([change], data_version())
        window = found.longest
        assert window.realised is not None
        return window.realised.profit

    assert profit() == pytest.approx(28 * 10 * (4 - 3))
    cost_record("CUP", valid_from=day(50), cost=Decimal(1), by="ann")
    cost_record("CUP", valid_from=day(35), cost=Decimal(2), by="ann")
    assert profit() == pytest.approx(28 * 10 * (4 - 1))


# --- API --------------------------------------------------------------------------------------------------

PATH = "/api/products/CUP/costs"


def test_costs_are_recorded_and_listed_newest_first(
    analyst_client: APIClient, viewer_client: APIClient
) -> None:
    known_since(40, cost=Decimal(2))
    answer = analyst_client.post(PATH, {"valid_from": str(day(30)), "cost": "1.2345"})
    assert answer.status_code == 201
    made = answer.json()
    assert (made["valid_from"], made["cost"], made["source"], made["recorded_by"]) == (
        str(day(30)), 1.2345, "history", "analyst",
    )  # fmt: skip
    listed = viewer_client.get("/api/products/cup/costs").json()
    assert [(row["valid_from"], row["cost"]) for row in listed["items"]] == [
        (str(day(0)), 2.0),
        (str(day(30)), 1.2345),
    ]
    # Twice is once.
    assert analyst_client.post(PATH, {"valid_from": str(day(30)), "cost": 1}).status_code == 201
    assert [cost for _, cost, _ in rows()] == [1, 2]


@pytest.mark.parametrize(
    ("asked", "costs"),
    [
        ({}, [3, 2, 1]),
        ({"source": "history"}, [2, 1]),
        ({"start_date": str(day(20))}, [3, 2]),
        ({"end_date": str(day(21))}, [1]),
    ],
)
def test_costs_are_filtered_by_source_and_day(
    viewer_client: APIClient, asked: dict[str, str], costs: list[int]
) -> None:
    known_since(40, cost=Decimal(3))
    for cost, back in ((1, 30), (2, 20)):
        cost_record("CUP", by="ann", valid_from=day(back), cost=Decimal(cost))
    assert [row["cost"] for row in viewer_client.get(PATH, asked).json()["items"]] == costs


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"source": "guess"}, "source"),
        ({"start_date": "soon"}, "start_date"),
        ({"start_date": "2025-02-01", "end_date": "2025-01-01"}, "end_date"),
    ],
)
def test_invalid_filters_of_costs_are_named(
    viewer_client: APIClient, asked: dict[str, str], field: str
) -> None:
    known_since(40, cost=Decimal(3))
    answer = viewer_client.get(PATH, asked)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field


def test_patch_of_a_product_leaves_its_cost(analyst_client: APIClient) -> None:
    known_since(40, cost=Decimal(2))
    assert analyst_client.patch("/api/products/CUP", {"cost": 3}).status_code == 200
    assert [(cost, source) for _, cost, source in rows()] == [(2, "before"), (3, "manual")]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"valid_from": None}, "valid_from"),
        ({"valid_from": "soon"}, "valid_from"),
        ({"valid_from": "2999-01-01"}, "valid_from"),
        ({"cost": None}, "cost"),
        ({"cost": -1}, "cost"),
        ({"cost": "NaN"}, "cost"),
        ({"cost": 1e9}, "cost"),
    ],
)
def test_costs_that_cannot_be_are_refused_by_name(
    fields: dict[str, Any], field: str, analyst_client: APIClient
) -> None:
    known_since(40, cost=Decimal(2))
    answer = analyst_client.post(PATH, {"valid_from": str(day(3)), "cost": 1} | fields)
    assert refused_fields(answer) == {field}
    assert rows() == []


def test_what_is_left_out_is_named(analyst_client: APIClient) -> None:
    known_since(40)
    assert refused_fields(analyst_client.post(PATH, {})) == {"valid_from", "cost"}


def test_who_may_not_and_what_there_is_not(
    viewer_client: APIClient, analyst_client: APIClient, anonymous: APIClient
) -> None:
    body = {"valid_from": str(day(3)), "cost": 1}
    problem_of(analyst_client.post(PATH, body), 404)
    problem_of(viewer_client.get(PATH), 404)
    known_since(40)
    problem_of(viewer_client.post(PATH, body), 403)
    problem_of(anonymous.post(PATH, body), 401)
    problem_of(anonymous.get(PATH), 401)
    assert rows() == []


# --- admin ------------------------------------------------------------------------------------------------


def test_an_analyst_adds_costs_in_the_admin_and_puts_them_right(client: Client, analyst: User) -> None:
    known_since(40, cost=Decimal(2))
    client.force_login(analyst)
    for cost in ("1.00", "1.10"):
        answer = client.post(
            "/admin/pricing/productcost/add/", {"product": "CUP", "valid_from": str(day(30)), "cost": cost}
        )
        assert answer.status_code == 302, [
            line for line in answer.content.decode().split("\n") if "error" in line.lower()
        ][-6:]
    assert [cost for _, cost, _ in rows()] == [Decimal("1.10"), 2]
    refused = client.post(
        "/admin/pricing/productcost/add/", {"product": "CUP", "valid_from": "2999-01-01", "cost": "1"}
    )
    assert "A cost can be recorded up to today" in refused.content.decode()
    row = ProductCost.objects.latest("valid_from")
    assert client.post(f"/admin/pricing/productcost/{row.pk}/delete/", {"post": "yes"}).status_code == 403
