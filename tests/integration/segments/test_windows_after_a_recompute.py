"""What a full run publishes about segments, and what a window of all days estimates on the spot, are the same."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from elastix.jobs.recompute import request_recompute
from pricing.sales.models import SalesHistory
from pricing.sales.services.transactions import transactions_create
from segments.core.rfm import SEGMENTS

FIRST_DAY, DAYS = dt.date(2011, 1, 3), 100
PRODUCTS, CUSTOMERS = 5, 6
ALL_DAYS = {"start_date": str(FIRST_DAY), "end_date": str(FIRST_DAY + dt.timedelta(days=DAYS - 1))}


def lines() -> Iterator[dict[str, Any]]:
    """Five products at changing prices; each customer comes more rarely, and stopped earlier, than the one before."""
    random = np.random.default_rng(5)
    for product, day, customer in np.ndindex(PRODUCTS, DAYS, CUSTOMERS):
        if day >= DAYS - 12 * customer or random.random() > 0.8 / (1 + customer / 2):
            continue
        price = Decimal("7.95") if (day // 14 + product) % 2 else Decimal("9.95")
        yield {
            "invoice_no": f"{day:03}{customer}",
            "product_id": f"P{product}",
            "description": f"Product {product}",
            "quantity": 1 + int(random.poisson(2.0 * (float(price) / 9.95) ** -2)),
            "invoice_date": dt.datetime.combine(FIRST_DAY, dt.time(9), dt.UTC) + dt.timedelta(days=day),
            "unit_price": price,
            "customer_id": f"1234{customer}",
            "country": "United Kingdom",
        }


@pytest.mark.django_db(transaction=True)
def test_a_window_of_all_days_repeats_what_the_last_full_run_published(viewer_client: APIClient) -> None:
    transactions_create(list(lines()))
    request_recompute(full=True)

    def rows(path: str, parameters: dict[str, str]) -> Any:
        answer = viewer_client.get(path, parameters)
        assert answer.status_code == 200, answer.content
        return answer.json()

    published = rows("/elasticity/segments", {})["results"]
    bought = [row["segment"] for row in published if row["product_count"]]
    assert len(bought) > 1
    assert rows("/elasticity/segments", ALL_DAYS)["results"] == published
    for segment in bought:
        one = {"segment": segment}
        assert rows("/elasticity/segments", {**one, **ALL_DAYS}) == rows("/elasticity/segments", one)
    for path in ("/dashboard/kpis", "/dashboard/segments", "/dashboard/trends"):
        assert rows(path, ALL_DAYS) == rows(path, {})
    items = rows("/stock-items", {})
    assert items["total"] == PRODUCTS
    assert rows("/stock-items", ALL_DAYS) == items
    assert {item["segment"] for item in items["items"]} <= set(SEGMENTS)
    assert rows("/stock-items/P1", ALL_DAYS) == rows("/stock-items/P1", {})


@pytest.mark.django_db(transaction=True)
def test_a_mean_of_whole_prices_is_no_whole_price(viewer_client: APIClient) -> None:
    bought = {
        "invoice_no": "536365",
        "product_id": "MUG",
        "description": "Mug",
        "invoice_date": dt.datetime(2011, 1, 3, 9, tzinfo=dt.UTC),
        "customer_id": "12346",
        "country": "United Kingdom",
    }
    transactions_create(
        [
            bought | {"quantity": quantity, "unit_price": Decimal(price)}
            for quantity, price in ((1, 8), (2, 9))
        ]
    )
    request_recompute(full=True)
    for dates in ({}, {"start_date": "2011-01-03"}):
        assert viewer_client.get("/stock-items/MUG", dates).json()["avgPrice"] == 8.67
    assert SalesHistory.objects.get().price == Decimal("8.6667")
