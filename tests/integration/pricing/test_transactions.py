"""/transactions: sales lines one by one, and the roll-up that follows them in the same transaction."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from elastix.dataset.models import DataVersion
from elastix.imports.models import ImportBatch, ImportStatus
from pricing.sales.models import PriceChange, Product, SalesHistory, Transaction
from pricing.sales.models.products import Kind
from pricing.sales.models.transactions import BypassError
from pricing.sales.services import rollup as rollup_service
from pricing.sales.services.manual_history import manual_day_create
from pricing.sales.services.transactions import transactions_create, transactions_remove
from tests.api_cases import UUID_OF_NOTHING, ApiCases
from tests.factories import TransactionFactory
from tests.integration.pricing.factories import SALE, cancellation, rollup, sale, stale
from tests.shops import Commits, bring_in, csv_bytes, lines_of_shop

pytestmark = pytest.mark.django_db

DAY_1, DAY_2 = ("CUP", "2025-03-01"), ("CUP", "2025-03-02")
KEYS = ["id", "invoice_no", "stock_code", "description", "quantity", "invoice_date", "unit_price",
        "customer_id", "country", "channel"]  # fmt: skip


IMPOSSIBLE = tuple(
    ({field: value}, field)
    for field, values in {
        "invoice_no": ("", None, "x" * 65, "a\x00", "a\nb", "\ud800", [], True),
        "stock_code": ("", "  ", None, "a\u200bb", "x" * 51, "\x00", "a\tb", {}),
        "description": ("x" * 256, "a\x00b", "\udfff", None, []),
        "quantity": (0, 0.0005, 1_000_000, -1_000_000, 1.2345, "ten", "", None, True, 10**30, "NaN"),
        "invoice_date": (
            "", "soon", None, "2025-02-30", "1969-12-31T00:00:00Z", 5, "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00", "2099-01-01", "2025-03-01T25:00",
        ),
        "unit_price": (
            -0.01, "NaN", "Infinity", "-Infinity", "1e400", 100_000_000, "0.00001", "", None, "2,50", True,
            "1e-999999", "1e999999",
        ),
        "customer_id": ("x" * 65, "a\x00", [], True),
        "country": ("x" * 61, "\x00", None, {}),
        "channel": ("x" * 101, "\x00", None, {}),
    }.items()
    for value in values
)  # fmt: skip


class TestTransactions(ApiCases):
    path = "/transactions"
    factory = TransactionFactory
    missing = (UUID_OF_NOTHING,)
    list_queries = 3  # the version, the count (kept until sales change), the rows
    past_the_end = {"page": 1_000_000}
    pages_out_of_range = ({"page": 0}, {"page": "one"}, {"page_size": 0}, {"page_size": 1001})
    body = SALE
    required = ("invoice_no", "stock_code", "quantity", "invoice_date", "unit_price")
    invalid = IMPOSSIBLE
    twice = 201
    change = {"quantity": 4}
    update_methods = ("put",)
    invalid_changes = IMPOSSIBLE


@pytest.fixture
def post(analyst_client: APIClient) -> Iterator[Any]:
    def create(**changes: Any) -> dict[str, Any]:
        answer = analyst_client.post("/transactions", sale(**changes))
        assert answer.status_code == 201, answer.content
        made: dict[str, Any] = answer.json()
        return made

    yield create


# --- POST ----------------------------------------------------------------------------------------------


def test_a_new_line_is_answered_as_it_is_kept(post: Any, viewer_client: APIClient) -> None:
    made = post()
    assert list(made) == KEYS
    assert made | {"id": ""} == SALE | {"id": ""}
    assert viewer_client.get(f"/transactions/{made['id']}").json() == made


def test_the_roll_up_and_the_marks_change_with_it(post: Any) -> None:
    post()
    assert rollup() == {DAY_1: (10, Decimal(25), 0, Decimal(0))}
    assert stale() == (["CUP"], ["17850"])
    post(quantity=2, unit_price=4, customer_id=None)
    assert rollup() == {DAY_1: (12, Decimal(33), 0, Decimal(0))}
    assert SalesHistory.objects.get().price == Decimal("2.75")
    version = DataVersion.objects.get()
    assert (version.sales_version, version.published_version) == (2, 0)


def test_the_same_line_twice_is_two_lines(post: Any) -> None:
    assert post()["id"] != post()["id"]
    assert rollup()[DAY_1][0] == 20


def test_nothing_is_kept_when_the_roll_up_fails(
    analyst_client: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(rollup_service, "_sum_days", broken)
    analyst_client.raise_request_exception = False
    assert analyst_client.post("/transactions", SALE).status_code == 500
    assert not Transaction.objects.exists()
    assert not Product.objects.exists()
    assert not DataVersion.objects.filter(sales_version__gt=0).exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"stock_code": " cup-1 a.b "}, {"stock_code": "CUP-1 A.B"}),
        ({"invoice_no": 536365}, {"invoice_no": "536365"}),
        ({"customer_id": 17850}, {"customer_id": "17850"}),
        ({"customer_id": "17850.0"}, {"customer_id": "17850"}),
        ({"customer_id": ""}, {"customer_id": None}),
        ({"customer_id": "  "}, {"customer_id": None}),
        ({"customer_id": None}, {"customer_id": None}),
        ({"unit_price": "2.5000"}, {"unit_price": 2.5}),
        ({"unit_price": 0}, {"unit_price": 0}),
        ({"unit_price": 0.0001}, {"unit_price": 0.0001}),
        ({"quantity": 999_999, "unit_price": 99_999_999.9999}, {"unit_price": 99_999_999.9999}),
        ({"quantity": -999_999}, {"quantity": -999_999}),
        ({"invoice_date": "2025-03-01T12:00:00+02:00"}, {"invoice_date": "2025-03-01T10:00:00Z"}),
        ({"invoice_date": "2025-03-01"}, {"invoice_date": "2025-03-01T00:00:00Z"}),
        ({"description": "Café \U0001f600"}, {"description": "Café \U0001f600"}),
        ({"description": "=1+1"}, {"description": "=1+1"}),
        ({"colour": "red"}, {}),
    ],
)
def test_values_are_kept_in_their_normal_form(given: Any, kept: dict[str, Any], post: Any) -> None:
    made = post(**given)
    assert made | kept == made
    assert "colour" not in made


def test_the_rest_need_not_be_there(analyst_client: APIClient) -> None:
    body = {
        name: SALE[name] for name in ("invoice_no", "stock_code", "quantity", "invoice_date", "unit_price")
    }
    made = analyst_client.post("/transactions", body).json()
    assert (made["description"], made["customer_id"], made["country"]) == ("", None, "")


def test_only_service_codes_may_have_negative_prices(post: Any) -> None:
    post(stock_code="M", description="Manual", unit_price=-3)
    assert Product.objects.get().kind == Kind.SERVICE


def test_an_unknown_code_makes_the_product(post: Any) -> None:
    post(stock_code="new", description="New thing")
    post(stock_code="bare", description="")
    post(stock_code="post", description="Postage")
    assert list(Product.objects.values_list("code", "name", "kind")) == [
        ("BARE", "BARE", "merchandise"),
        ("NEW", "New thing", "merchandise"),
        ("POST", "Postage", "service"),
    ]


@override_settings(SHOP_TIME_ZONE=ZoneInfo("Australia/Sydney"))
def test_days_are_the_shop_s(post: Any) -> None:
    post(invoice_date="2025-03-01T20:00:00Z")
    assert set(rollup()) == {("CUP", "2025-03-02")}


# --- cancellations ---------------------------------------------------------------------------------------


def test_a_cancellation_voids_the_sale_it_mirrors(post: Any) -> None:
    post()
    post(**cancellation())
    nothing = (0, Decimal(0), 0, Decimal(0))
    assert rollup() == {DAY_1: nothing, DAY_2: nothing}
    assert set(Transaction.objects.values_list("voided", flat=True)) == {True}


def test_the_order_in_which_the_two_arrive_does_not_matter(post: Any) -> None:
    post(**cancellation())
    assert rollup() == {DAY_2: (0, Decimal(0), 10, Decimal(25))}
    post()
    assert {figures[0] for figures in rollup().values()} == {0}
    assert {figures[2] for figures in rollup().values()} == {0}


@pytest.mark.parametrize(
    "other",
    [
        {"customer_id": "17851"},
        {"quantity": -9},
        {"stock_code": "MUG"},
        {"invoice_date": "2025-04-01T12:01:00Z"},
        {"invoice_date": "2025-02-27T12:00:00Z"},
    ],
)
def test_what_mirrors_no_sale_is_a_return_on_its_own_day(other: dict[str, Any], post: Any) -> None:
    post()
    line = cancellation(**other)
    post(**line)
    day = (line["stock_code"], line["invoice_date"][:10])
    assert rollup()[DAY_1][0] == 10
    assert rollup()[day] == (0, Decimal(0), -line["quantity"], Decimal("-2.5") * line["quantity"])


def test_deleting_the_cancellation_restores_the_sale(post: Any, analyst_client: APIClient) -> None:
    post()
    before = rollup()
    undo = post(**cancellation())
    assert analyst_client.delete(f"/transactions/{undo['id']}").status_code == 204
    assert rollup() == before
    assert not Transaction.objects.filter(voided=True).exists()


def test_deleting_the_sale_leaves_a_return(post: Any, analyst_client: APIClient) -> None:
    made = post()
    post(**cancellation())
    analyst_client.delete(f"/transactions/{made['id']}")
    assert rollup() == {DAY_2: (0, Decimal(0), 10, Decimal(25))}


def test_an_edited_cancellation_no_longer_voids(post: Any, analyst_client: APIClient) -> None:
    post()
    undo = post(**cancellation())
    assert analyst_client.put(f"/transactions/{undo['id']}", {"quantity": -4}).status_code == 200
    assert rollup() == {DAY_1: (10, Decimal(25), 0, Decimal(0)), DAY_2: (0, Decimal(0), 4, Decimal(10))}


# --- PUT, DELETE -------------------------------------------------------------------------------------------


def test_put_changes_what_is_given(post: Any, analyst_client: APIClient) -> None:
    made = post()
    path = f"/transactions/{made['id']}"
    for _ in range(2):
        answer = analyst_client.put(path, {"quantity": 4})
        assert answer.json() == made | {"quantity": 4}
        assert rollup() == {DAY_1: (4, Decimal(10), 0, Decimal(0))}
    assert analyst_client.put(path, {}).json() == made | {"quantity": 4}


def test_put_can_move_a_line_to_another_product_day_and_customer(
    post: Any, analyst_client: APIClient
) -> None:
    post(quantity=1)
    made = post()
    change = {"stock_code": "mug", "invoice_date": "2025-03-05T08:00:00Z", "customer_id": "17851"}
    assert analyst_client.put(f"/transactions/{made['id']}", change).json()["stock_code"] == "MUG"
    assert rollup() == {
        DAY_1: (1, Decimal("2.5"), 0, Decimal(0)),
        ("MUG", "2025-03-05"): (10, Decimal(25), 0, Decimal(0)),
    }
    assert stale() == (["CUP", "MUG"], ["17850", "17851"])


def test_a_day_without_lines_leaves_the_roll_up(post: Any, analyst_client: APIClient) -> None:
    made = post()
    analyst_client.put(f"/transactions/{made['id']}", {"invoice_date": "2025-03-02T12:00:00Z"})
    assert set(rollup()) == {DAY_2}


def test_a_negative_price_cannot_move_to_merchandise(post: Any, analyst_client: APIClient) -> None:
    service = post(stock_code="M", unit_price=-3)
    answer = analyst_client.put(f"/transactions/{service['id']}", {"stock_code": "CUP"})
    assert [error["field"] for error in answer.json()["errors"]] == ["unit_price"]


def test_the_id_cannot_be_changed(post: Any, analyst_client: APIClient) -> None:
    made = post()
    assert analyst_client.put(f"/transactions/{made['id']}", {"id": str(uuid4())}).json() == made


def test_delete_takes_the_line_out_once(post: Any, analyst_client: APIClient) -> None:
    kept, gone = post(quantity=3), post()
    answer = analyst_client.delete(f"/transactions/{gone['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert rollup() == {DAY_1: (3, Decimal("7.5"), 0, Decimal(0))}
    assert analyst_client.delete(f"/transactions/{gone['id']}").status_code == 404
    assert analyst_client.delete(f"/transactions/{kept['id']}").status_code == 204
    assert rollup() == {}


def test_sales_cannot_be_written_around_the_services(post: Any) -> None:
    post()
    line = Transaction.objects.get()
    for write in (
        line.save, line.delete, Transaction.objects.all().delete,
        lambda: Transaction.objects.update(quantity=1), lambda: Transaction.objects.bulk_create([line]),
        lambda: Transaction.objects.bulk_update([line], ["quantity"]),
    ):  # fmt: skip
        with pytest.raises(BypassError, match=r"pricing\.sales\.services\.transactions"):
            write()


# --- DELETE everything -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["", "?confirm=", "?confirm=false", "?confirm=0", "?confirm=maybe", "?Confirm=true"]
)
def test_without_confirmation_nothing_is_deleted(
    query: str, shop: ImportBatch, admin_client: APIClient
) -> None:
    assert admin_client.delete(f"/transactions{query}").status_code == 400
    assert Transaction.objects.count() == shop.accepted


def test_confirmed_everything_goes_but_products_and_ledger(
    shop: ImportBatch, admin_client: APIClient, commits: Commits
) -> None:
    admin_client.patch("/api/products/CUP", {"current_price": 5})
    products = Product.objects.count()
    answer = admin_client.delete("/transactions?confirm=true")
    assert answer.json() == {"deleted": 353, "message": "353 transactions were deleted."}
    assert (Transaction.objects.count(), rollup()) == (0, {})
    assert (Product.objects.count(), PriceChange.objects.count()) == (products, 1)
    assert admin_client.delete("/transactions?confirm=true").json()["deleted"] == 0


def test_days_that_were_entered_by_hand_stay_when_all_transactions_go(
    post: Any, admin_client: APIClient
) -> None:
    post()
    manual_day_create({"product_id": "CUP", "date": dt.date(2025, 2, 1), "quantity": 5, "price": Decimal(3)})
    admin_client.delete("/transactions?confirm=true")
    assert list(SalesHistory.objects.values_list("date", "quantity")) == [(dt.date(2025, 2, 1), 5)]


def test_after_that_the_same_file_can_come_in_again(
    shop: ImportBatch, admin_client: APIClient, commits: Commits
) -> None:
    admin_client.delete("/transactions?confirm=true")
    shop.refresh_from_db()
    assert shop.status == ImportStatus.WITHDRAWN
    again = bring_in(commits, csv_bytes(lines_of_shop()))
    assert (again.status, Transaction.objects.count()) == (ImportStatus.PUBLISHED, again.accepted)


# --- GET ---------------------------------------------------------------------------------------------------


def test_the_newest_come_first_page_by_page(shop: ImportBatch, viewer_client: APIClient) -> None:
    first = viewer_client.get("/transactions").json()
    assert (first["total"], first["page"], first["page_size"], first["pages"]) == (353, 1, 50, 8)
    assert list(first["items"][0]) == KEYS
    seen = [
        line
        for page in range(1, 9)
        for line in viewer_client.get("/transactions", {"page": page}).json()["items"]
    ]
    order = [(line["invoice_date"], line["id"]) for line in seen]
    assert order == sorted(order, reverse=True)
    assert len({line["id"] for line in seen}) == 353


def test_a_page_past_the_end_is_empty(shop: ImportBatch, viewer_client: APIClient) -> None:
    body = viewer_client.get("/transactions", {"page": 1_000_000, "page_size": 1000}).json()
    assert (body["items"], body["total"], body["pages"]) == ([], 353, 1)


def test_an_empty_shop_has_no_pages(viewer_client: APIClient) -> None:
    body = viewer_client.get("/transactions").json()
    assert body == {"items": [], "total": 0, "page": 1, "page_size": 50, "pages": 0}


def test_filters_leave_what_they_name(shop: ImportBatch, viewer_client: APIClient) -> None:
    def lines(**query: Any) -> Any:
        return viewer_client.get("/transactions", {"page_size": 1000} | query).json()["items"]

    assert {line["stock_code"] for line in lines(stock_code="plate 1.5")} == {"PLATE 1.5"}
    assert {line["country"] for line in lines(country="France")} == {"France"}
    assert [line["invoice_no"] for line in lines(customer_id="17999")] == ["C2003", "2002"]
    assert lines(stock_code="NOBODY") == []
    days = {line["invoice_date"][:10] for line in lines(start_date="2025-02-01", end_date="2025-02-03")}
    assert days == {"2025-02-01", "2025-02-02", "2025-02-03"}
    both = lines(startDate="2025-02-01", endDate="2025-02-03", stock_code="CUP", country="", customer_id="")
    assert {(line["stock_code"], line["invoice_date"] < "2025-02-04") for line in both} == {("CUP", True)}


@pytest.mark.parametrize(
    "query",
    [{"limit": 5}, {"stock_code": "a\u200bb"},
     {"country": "\x00"}, {"start_date": "2025-02-02", "end_date": "2025-02-01"}, {"page": "9" * 400},
     {"customer_id": "x" * 65}, {"confirm": "true"}],
)  # fmt: skip
def test_other_questions_are_refused(query: dict[str, Any], viewer_client: APIClient) -> None:
    assert viewer_client.get("/transactions", query).status_code == 400


@pytest.mark.parametrize("query", [{}, {"page_size": 5}, {"stock_code": "CUP"}])
def test_a_page_costs_two_queries_once_its_lines_are_counted(
    query: dict[str, Any], shop: ImportBatch, counted: APIClient, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        assert counted.get("/transactions", query).status_code == 200
    with django_assert_num_queries(2):
        assert counted.get("/transactions", query).status_code == 200


def test_lines_are_removed_by_what_they_are_as_often_as_they_are_named(db: None) -> None:
    noon = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)
    row = {
        "invoice_no": "1",
        "product_id": "CUP",
        "quantity": 2,
        "invoice_date": noon,
        "unit_price": Decimal(4),
    }
    transactions_create([row, row, row, row | {"invoice_no": "2"}, row | {"unit_price": Decimal("4.01")}])
    corrected = row | {"quantity": 3}
    assert transactions_remove([row, row, corrected]) == 2
    left = Transaction.objects.order_by("invoice_no", "unit_price").values_list("invoice_no", "unit_price")
    assert list(left) == [("1", Decimal("4.0000")), ("1", Decimal("4.0100")), ("2", Decimal("4.0000"))]
    assert SalesHistory.objects.get(product="CUP").quantity == 6
    assert transactions_remove([row | {"invoice_no": "2"}]) == 1
