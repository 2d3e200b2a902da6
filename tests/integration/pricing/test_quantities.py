"""Weighed goods: quantities with three decimals, from the file to every answer; whole ones stay whole numbers."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from rest_framework.test import APIClient

from elastix.fields import as_quantity
from pricing.sales.models import Product, ProductSummary, SalesHistory, Transaction
from tests.integration.admin_pages import errors_of, page, signed_in
from tests.integration.pricing.factories import cancellation, rollup, sale
from tests.shops import Commits, bring_in, csv_bytes, line

pytestmark = pytest.mark.django_db

KILOS = Path(__file__).parents[2] / "data" / "files" / "qty_kg.csv"
DAY = ("CUP", "2025-03-01")


def post(client: APIClient, **changes: Any) -> Any:
    return client.post("/transactions", sale(**changes), "json")


def weighed_lines() -> list[tuple[str, ...]]:
    """Half a year of apples by weight, dearer in turn, to two customers."""
    lines = []
    for number in range(180):
        price, kilos = (("2.00", "1.250"), ("2.50", "0.905"), ("3.00", "0.7"))[number // 14 % 3]
        day = dt.date(2025, 1, 1) + dt.timedelta(days=number)
        row = list(
            line(f"{1000 + number}", "APPLE", "Apples", 1, day, price, customer=f"{17000 + number % 2}")
        )
        lines.append((*row[:3], kilos, *row[4:]))
    return lines


# --- in -----------------------------------------------------------------------------------------------------


def test_a_file_of_weighed_goods_is_read_whole(commits: Commits, analyst_client: APIClient) -> None:
    batch = bring_in(commits, KILOS.read_bytes())
    assert (batch.status, batch.accepted, batch.rejected) == ("published", 4, 0)
    rows = analyst_client.get("/transactions").json()["items"]
    assert sorted(row["quantity"] for row in rows) == [0.5, 1, 1.25, 2]
    assert {type(row["quantity"]) for row in rows if row["quantity"] in (1, 2)} == {int}
    product = analyst_client.get("/api/products/APPLE").json()
    assert product["monthly_sales"] == 4.75
    assert [day["quantity"] for day in product["sales_history"]] == [1.25, 0.5, 3]
    listed = analyst_client.get("/api/products/list").json()["products"]
    assert [row["monthly_sales"] for row in listed] == [4.75]


@pytest.mark.parametrize(
    ("quantity", "stored"), [(0.35, "0.35"), ("1.250", "1.25"), (-0.005, "-0.005"), (7, "7"), (5.0, "5")]
)
def test_quantities_are_exact_to_three_decimals(
    quantity: Any, stored: str, analyst_client: APIClient
) -> None:
    made = post(analyst_client, quantity=quantity)
    assert made.status_code == 201, made.content
    kept = Transaction.objects.get().quantity
    assert (str(kept), type(kept)) == (stored, int if "." not in stored else Decimal)
    assert f'"quantity":{stored},' in made.content.decode()
    assert f'"quantity":{stored},' in analyst_client.get("/transactions").content.decode()


@pytest.mark.parametrize("quantity", [0.0005, 1.2345, "1,5", 0, 0.0])
def test_more_decimals_and_nothing_are_refused(quantity: Any, analyst_client: APIClient) -> None:
    assert post(analyst_client, quantity=quantity).status_code == 400
    assert not Transaction.objects.exists()


def test_a_quantity_is_changed_to_a_fraction_and_back(analyst_client: APIClient) -> None:
    url = f"/transactions/{post(analyst_client).json()['id']}"
    assert analyst_client.put(url, {"quantity": 2.125}, "json").json()["quantity"] == 2.125
    assert rollup()[DAY][:2] == (Decimal("2.125"), Decimal("5.3125"))
    assert '"quantity":3,' in analyst_client.put(url, {"quantity": 3}, "json").content.decode()
    assert rollup()[DAY][:2] == (3, Decimal("7.5"))


def test_stock_is_weighed_too(commits: Commits, analyst_client: APIClient) -> None:
    rows = [("APPLE", "Apples", "12.5", "20.125"), ("CUP", "Cup", "5", "")]
    content = csv_bytes(rows, header=("code", "name", "stock_level", "target_stock"))
    batch = bring_in(commits, content, "products.csv", kind="products")
    assert (batch.accepted, batch.rejected) == (2, 0), batch.error
    apple = analyst_client.get("/api/products/APPLE").json()
    assert (apple["stock_level"], apple["target_stock"]) == (12.5, 20.125)
    assert '"stock_level":5,"target_stock":null' in analyst_client.get("/api/products/CUP").content.decode()
    changed = analyst_client.patch("/api/products/APPLE", {"stock_level": 0.75}, "json")
    assert changed.json()["stock_level"] == 0.75
    assert Product.objects.get(pk="APPLE").stock_level == Decimal("0.75")


# --- sums ---------------------------------------------------------------------------------------------------


def test_sums_of_fractions_are_exact(analyst_client: APIClient) -> None:
    body = {"transactions": [sale(invoice_no=str(number), quantity=0.1) for number in range(30)]}
    assert analyst_client.post("/transactions/batch", body, "json").status_code == 201
    assert rollup()[DAY][:2] == (3, Decimal("7.5"))
    assert type(SalesHistory.objects.get().quantity) is int
    with connection.cursor() as cursor:
        # Not only as it is read: 30 times 0.1 is not 3 in floating point.
        cursor.execute("SELECT COUNT(*) FROM pricing_saleshistory WHERE quantity = 3")
        assert cursor.fetchone() == (1,)


def test_a_cancellation_undoes_a_weighed_sale_of_the_same_weight(analyst_client: APIClient) -> None:
    for body in (sale(quantity=0.35), sale(invoice_no="1003", quantity=0.7), cancellation(quantity=-0.35)):
        assert analyst_client.post("/transactions", body, "json").status_code == 201
    assert rollup()[DAY][0] == Decimal("0.7")
    assert Transaction.objects.filter(voided=True).count() == 2
    analyst_client.post("/transactions", cancellation(invoice_no="C1004", quantity=-0.2), "json")
    assert rollup()["CUP", "2025-03-02"][2] == Decimal("0.2")


def test_every_answer_has_the_fractions(commits: Commits, analyst_client: APIClient) -> None:
    batch = bring_in(commits, csv_bytes(weighed_lines()))
    assert batch.rejected == 0, batch.error
    total = float(sum(Decimal(row[3]) for row in weighed_lines()))

    # The clean view, which a recompute writes, has the same fractions.
    assert set(SalesHistory.objects.values_list("units", flat=True)) == {1.25, 0.905, 0.7}
    assert set(Transaction.objects.values_list("units", flat=True)) == {1.25, 0.905, 0.7}

    def get(path: str, **query: Any) -> Any:
        answer = analyst_client.get(path, query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    assert ProductSummary.objects.get().total_quantity == Decimal(str(total))
    (row,) = get("/stock-items")["items"]
    assert row["totalQuantity"] == total
    window = {"start_date": "2025-01-01", "end_date": "2025-01-03"}
    assert get("/stock-items", **window)["items"][0]["totalQuantity"] == 3.75
    assert get("/stock-items/APPLE", **window)["totalQuantity"] == 3.75
    (row,) = get("/elasticity")["results"]
    assert (row["total_quantity"], row["elasticity"] < -0.5) == (total, True)
    assert get("/elasticity", country="United Kingdom")["results"][0]["total_quantity"] == total
    projected = analyst_client.post(
        "/simulate", {"stock_code": "APPLE", "price_change_percent": 5}, "json"
    ).json()
    assert projected["current_quantity"] == total
    assert 0 < projected["projected_quantity"] < total
    assert projected["projected_quantity"] == round(projected["projected_quantity"], 3)
    body = {"name": "Dearer", "stockItemRef": "APPLE"}
    made = analyst_client.post("/simulations", body, "json").json()
    metrics = get(f"/simulations/{made['simulationId']}/metrics", price_change_percent=0)
    bought = sum(each["quantity"] for name, each in metrics.items() if name != "last_updated")
    assert bought == pytest.approx(total, abs=0.003)
    for path in ("forecast/demand", "price/recommend", "price/dynamic", "insights", "analytics/demand-curve"):
        get(f"/api/{path}/APPLE")


# --- people -------------------------------------------------------------------------------------------------


def test_the_admin_shows_and_takes_fractions_and_whole_numbers_as_they_are(
    analyst_client: APIClient, analyst: User
) -> None:
    post(analyst_client, quantity=1.25)
    post(analyst_client, invoice_no="1002", quantity=4)
    shown = signed_in(analyst).get(page(Transaction)).content.decode()
    assert '<td class="field-quantity">1.25</td>' in shown
    assert '<td class="field-quantity">4</td>' in shown
    values = {
        "product": "CUP", "date": "2025-02-01", "quantity": "1.5", "price": "2.00", "cost": "", "list_price": "",
    }  # fmt: skip
    response = signed_in(analyst).post(page(SalesHistory, "add"), values)
    assert response.status_code == 302, errors_of(response)
    day = SalesHistory.objects.get(date="2025-02-01")
    assert (day.quantity, day.revenue, day.units) == (Decimal("1.5"), 3, 1.5)


# --- ids ----------------------------------------------------------------------------------------------------

LONGEST = "e481f51c-bdc5-4678-bb1c-" + "0" * 40


def test_a_file_of_uuids_is_read_whole(commits: Commits, analyst_client: APIClient) -> None:
    batch = bring_in(commits, (KILOS.parent / "ids_uuid.csv").read_bytes())
    assert (batch.status, batch.accepted, batch.rejected) == ("published", 2, 0)
    customer = "customer-0001@example.org"
    (row,) = analyst_client.get("/transactions", {"customer_id": customer}).json()["items"]
    assert row["invoice_no"] == "e481f51c-bdc5-4678-bb1c-000000000001"
    found = analyst_client.get("/segments/customers").json()
    assert [each["customer_id"] for each in found["items"]] == [customer, "customer-0002@example.org"]


def test_ids_have_up_to_64_characters(analyst_client: APIClient, commits: Commits) -> None:
    assert len(LONGEST) == 64
    assert post(analyst_client, invoice_no=LONGEST, customer_id=LONGEST).status_code == 201
    for name in ("invoice_no", "customer_id"):
        assert post(analyst_client, **{name: LONGEST + "0"}).status_code == 400
    row = ("0", "CUP", "Cup", "1", "2025-03-14", "4.00", "17850", "France")
    batch = bring_in(commits, csv_bytes([(LONGEST, *row[1:6], LONGEST, "France"), (LONGEST + "0", *row[1:])]))
    assert (batch.accepted, batch.rejected) == (1, 1)
    assert Transaction.objects.filter(customer_id=LONGEST, invoice_no=LONGEST).count() == 2


@pytest.mark.parametrize("column", ["invoice_no", "customer_id"])
def test_the_database_keeps_longer_ids_out(column: str, analyst_client: APIClient) -> None:
    post(analyst_client)
    statement = f"UPDATE pricing_transaction SET {column} = %s"
    with (
        pytest.raises(Exception, match=r"length|too long"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, [LONGEST + "0"])


# --- the number itself --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [(5, "5"), (5.0, "5"), (Decimal("5.000"), "5"), (Decimal("1.250"), "1.25"), (0.1 + 0.2, "0.3"), (-0.0, "0"),
     (Decimal("-2.500"), "-2.5"), (999_999_999_999.125, "999999999999.125"), (Decimal("1E+3"), "1000")],
)  # fmt: skip
def test_whole_units_are_whole_numbers(value: Any, expected: str) -> None:
    assert str(as_quantity(value)) == expected
