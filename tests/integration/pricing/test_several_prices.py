"""Two stores with prices of their own, from the file to estimate, flag, grade and warning: named in the transactions or not."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from elastix.jobs.recompute import request_recompute
from pricing.sales.models import ChannelDay, SalesHistory, Transaction
from pricing.sales.services.transactions import transaction_delete, transactions_create
from segments.models import SegmentElasticity
from tests.shops import HEADER, Commits, bring_in, csv_bytes, line

pytestmark = pytest.mark.django_db

FIRST = dt.date(2024, 1, 1)


def shop_of(stores: list[list[float]], *, named: bool = False) -> bytes:
    """Eight products for 300 days; each store charges its prices in turn, ten weeks each, and sells 8 p^-2 lines a day."""
    rows = []
    for product in range(8):
        for day in range(300):
            for store, prices in enumerate(stores):
                price = prices[(day // 70 + product + store) % len(prices)]
                for number in range(round(8 * (price / 10) ** -2 / len(stores))):
                    invoice = f"{store}-{day}-{product}-{number}"
                    sold = line(
                        invoice, f"P{product}", "Thing", 1, FIRST + dt.timedelta(day), f"{price:.2f}",
                        customer=f"{1000 + (13 * day + 7 * number + 100 * store) % 300}",
                    )  # fmt: skip
                    rows.append((*sold, f"Store {store}") if named else sold)
    return csv_bytes(rows, (*HEADER, "Store") if named else HEADER)


@pytest.mark.parametrize("stores", [[[10.0, 12.0, 9.0]], [[10.0, 12.0, 9.0], [11.0, 13.0, 9.5]]])
def test_grades_are_capped_where_stores_charge_different_prices(
    stores: list[list[float]], commits: Commits, viewer_client: APIClient
) -> None:
    batch = bring_in(commits, shop_of(stores))
    assert batch.status == "published", batch.error
    rows = viewer_client.get("/elasticity?limit=20").json()["results"]
    flags_by_segment = SegmentElasticity.objects.values_list("flags", flat=True)
    assert len(flags_by_segment) > 8
    flagged = [row for row in rows if "SEVERAL_PRICES" in row["flags"]]
    if len(stores) == 1:
        assert not any("SEVERAL_PRICES" in flags for flags in flags_by_segment)
        assert flagged == []
        assert {row["quality"] for row in rows} <= {"A", "B"}
        return
    assert len(flagged) == 8
    assert {row["quality"] for row in rows} <= {"C", "D"}
    assert set(SegmentElasticity.objects.values_list("quality", flat=True)) <= {"C", "D"}
    assert all(
        "SEVERAL_PRICES" in flags for flags in SegmentElasticity.objects.values_list("flags", flat=True)
    )
    asked = viewer_client.get("/api/analytics/elasticity/P1").json()
    assert asked["evidence"] != "price_change"
    assert any("at the same time" in warning for warning in asked["warnings"])
    window = viewer_client.get("/elasticity?start_date=2024-02-01&stock_codes=P1").json()["results"][0]
    assert "SEVERAL_PRICES" in window["flags"]
    assert window["quality"] in "CD"


TWO = [[10.0, 12.0, 9.0], [11.0, 13.0, 9.5]]


def stored() -> list[Any]:
    return list(
        ChannelDay.objects.order_by("product", "channel", "date").values_list(
            "product", "channel", "date", "units", "lines", "list_price", "promotion_applied"
        )
    )


def test_stores_that_the_transactions_name_are_distinguished(
    commits: Commits, viewer_client: APIClient
) -> None:
    batch = bring_in(commits, shop_of(TWO, named=True))
    assert batch.status == "published", batch.error
    rows = viewer_client.get("/elasticity?limit=20").json()["results"]
    assert len(rows) == 8
    for row in rows:
        assert "SEVERAL_PRICES" not in row["flags"]
        assert row["quality"] in "AB"
        assert abs(row["elasticity"] + 2) < 0.25
        assert row["ci_low"] < -2 < row["ci_high"]
    asked = viewer_client.get("/api/analytics/elasticity/P1").json()
    assert not any("at the same time" in warning for warning in asked["warnings"])
    # Estimates that do not tell the stores apart are flagged as before.
    assert all(
        "SEVERAL_PRICES" in flags for flags in SegmentElasticity.objects.values_list("flags", flat=True)
    )
    query = {"country": "United Kingdom", "stock_codes": "P1"}
    (abroad,) = viewer_client.get("/elasticity", query).json()["results"]
    assert "SEVERAL_PRICES" in abroad["flags"]
    (window,) = viewer_client.get("/elasticity?start_date=2024-02-01&stock_codes=P1").json()["results"]
    assert "SEVERAL_PRICES" not in window["flags"]


def test_the_price_of_a_product_is_that_of_the_store_that_sells_most(
    commits: Commits, viewer_client: APIClient, client: Client, viewer: User
) -> None:
    bring_in(commits, shop_of(TWO, named=True))
    # Product 0 on its last 30 days: store 0 charges 10, then 12 on 20 of them, and sells 4 and 3 a day; store 1 13 and
    # 9.50, and 2 and 4 a day; a price so much lower counts from its 21st day on. In the whole year store 0 sells 12 in
    # three days, store 1 9.
    body = viewer_client.get("/api/products/P0").json()
    assert body["current_price"] == 12.0
    assert body["channel_prices"] == [
        {"channel": "Store 0", "price": 12.0, "units": 100, "last_sold": "2024-10-26", "is_main": True},
        {"channel": "Store 1", "price": 13.0, "units": 100, "last_sold": "2024-10-26", "is_main": False},
    ]
    client.force_login(viewer)
    page = " ".join(client.get("/desk/products/P0?tab=history").content.decode().split())
    for words in ("Store 0 <span", "Store 1</th>", "£13.00</td>"):
        assert words in page
    assert set(SalesHistory.objects.filter(product="P0").values_list("list_price", flat=True)) == {10, 12, 9}
    # A thousand units of the other store make it the main one.
    many = [{"invoice_no": f"N{number}", "product_id": "P0", "quantity": 20, "unit_price": Decimal("9.50"),
             "invoice_date": dt.datetime(2024, 10, 26, 12, tzinfo=dt.UTC), "channel": "Store 1"}
            for number in range(50)]  # fmt: skip
    with commits():
        transactions_create(many)
        request_recompute()
    assert viewer_client.get("/api/products/P0").json()["current_price"] == 13.0
    assert [row["is_main"] for row in viewer_client.get("/api/products/P0").json()["channel_prices"]] == [
        False,
        True,
    ]


def test_a_refresh_and_a_rebuild_tell_the_same_days(commits: Commits) -> None:
    bring_in(commits, shop_of(TWO, named=True))
    first = stored()
    assert len(first) == 8 * 2 * 300
    line = Transaction.objects.filter(product="P0", channel="Store 0").latest("invoice_date", "id")
    with commits():
        transaction_delete(line.pk)
        request_recompute()
    refreshed = stored()
    assert refreshed != first
    with commits():
        request_recompute(full=True)
    assert stored() == refreshed


def test_stores_of_one_price_are_not_distinguished(commits: Commits, viewer_client: APIClient) -> None:
    rows = [(*line(f"{store}-{day}", "P0", "Thing", 1, FIRST + dt.timedelta(day), f"{10 + day // 70}.00"), store)
            for day in range(300) for store in ("North", "South")]  # fmt: skip
    bring_in(commits, csv_bytes(rows, (*HEADER, "Store")))
    assert Transaction.objects.filter(channel="North").count() == 300
    assert not ChannelDay.objects.exists()
    body = viewer_client.get("/api/products/P0").json()
    assert (body["current_price"], body["channel_prices"]) == (14.0, [])


def test_without_lines_nothing_of_the_series_is_left(commits: Commits, analyst_client: APIClient) -> None:
    batch = bring_in(commits, shop_of(TWO, named=True))
    assert ChannelDay.objects.exists()
    with commits():
        assert analyst_client.delete(f"/transactions/imports/{batch.pk}").status_code == 202
    with commits():
        request_recompute(full=True)
    assert not ChannelDay.objects.exists()
