"""Pages of /transactions at any depth: those that offsets alone would give, and found without passing what they skip."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

import factory
import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from pricing.sales.models import Transaction
from pricing.sales.selectors import newest_lines
from pricing.sales.services.manual_history import manual_day_create
from pricing.sales.services.transactions import transactions_create
from tests.factories import TransactionFactory

pytestmark = pytest.mark.django_db

FIRST = dt.datetime(2025, 3, 1, 22, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _few_lines_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest_lines, "FEWEST_SKIPPED", 1)


def book(moments: Iterable[dt.datetime]) -> list[str]:
    """Add a line at each moment, every third one in Spain; return the ids of all lines as the list must show them."""
    transactions_create(
        [
            factory.build(
                dict,
                FACTORY_CLASS=TransactionFactory,
                invoice_date=moment,
                country="France" if number % 3 else "Spain",
            )
            for number, moment in enumerate(moments)
        ]
    )
    return [
        str(key) for key in Transaction.objects.order_by("-invoice_date", "-id").values_list("pk", flat=True)
    ]


@pytest.fixture
def lines(db: None) -> list[str]:
    """Forty lines of six days, two at each moment, and a day without lines that was entered by hand."""
    found = book(FIRST + dt.timedelta(hours=6 * (number // 2)) for number in range(40))
    manual_day_create({"product_id": "CUP", "date": dt.date(2024, 1, 1), "quantity": 3, "price": 2})
    return found


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [line["id"] for line in answer.json()["items"]]


@pytest.mark.parametrize("size", [1, 3, 7, 50])
def test_pages_at_every_depth_show_every_line_once(
    lines: list[str], viewer_client: APIClient, size: int
) -> None:
    found: list[str] = []
    for page in range(1, 40 // size + 3):
        found += ids(viewer_client.get("/transactions", {"page": page, "page_size": size}))
    assert found == lines
    assert ids(viewer_client.get("/transactions", {"page": 40 // size + 2, "page_size": size})) == []


@pytest.mark.parametrize(
    ("first", "last"),
    [("2025-03-03", None), (None, "2025-03-05"), ("2025-03-03", "2025-03-05"), ("2025-03-04", "2025-03-04"),
     ("2026-01-01", "2026-02-01"), ("0001-01-01", "9999-12-31")],
)  # fmt: skip
def test_pages_of_days_hold_the_lines_of_these_days_alone(
    lines: list[str], viewer_client: APIClient, first: str | None, last: str | None
) -> None:
    days = {name: day for name, day in (("start_date", first), ("end_date", last)) if day}
    wanted = [
        str(line.pk)
        for line in Transaction.objects.order_by("-invoice_date", "-id")
        if (first or "0") <= line.date.isoformat() <= (last or "9")
    ]
    found = []
    for page in range(1, 20):
        answer = viewer_client.get("/transactions", {"page": page, "page_size": 3, **days})
        assert answer.json()["total"] == len(wanted)
        found += ids(answer)
    assert found == wanted


def test_days_are_those_of_the_zone_that_they_were_cut_in(db: None, viewer_client: APIClient) -> None:
    with override_settings(SHOP_TIME_ZONE=ZoneInfo("Asia/Tokyo")):
        wanted = book(FIRST + dt.timedelta(hours=4 * number) for number in range(20))
    found: list[str] = []
    for page in range(1, 11):
        found += ids(viewer_client.get("/transactions", {"page": page, "page_size": 2}))
    assert found == wanted


@pytest.mark.parametrize("filters", [{}, {"country": "Spain"}, {"start_date": "2025-03-02"}])
def test_a_count_is_kept_until_sales_change(
    lines: list[str], viewer_client: APIClient, filters: dict[str, str]
) -> None:
    def asked() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            answer = viewer_client.get("/transactions", filters)
        counting = [query["sql"] for query in queries if "COUNT(" in query["sql"]]
        return answer.json()["total"], len(counting)

    total, counted = asked()
    assert counted == 1
    assert asked() == (total, 0)
    TransactionFactory(country="Spain", invoice_date=FIRST + dt.timedelta(days=30))
    assert asked() == (total + 1, 1)


def test_a_deep_page_skips_lines_of_one_day_only(lines: list[str], viewer_client: APIClient) -> None:
    with CaptureQueriesContext(connection) as queries:
        viewer_client.get("/transactions", {"page": 15, "page_size": 2})
    (page,) = [query["sql"] for query in queries if "LIMIT 2" in query["sql"]]
    assert int(page.partition("OFFSET ")[2] or 0) < 8
