"""Products of every kind through the whole of it: imported, computed, forecast by the API and for recommendations."""

import dataclasses
import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from elastix.dataset.models import DataVersion
from elastix.jobs.recompute import request_recompute
from pricing.forecasting.models import DemandForecast
from pricing.forecasting.selectors.base_demand import base_demands
from pricing.forecasting.services import forecasts
from tests.shops import Commits, bring_in, csv_bytes, line

pytestmark = pytest.mark.django_db

PATH = "/api/forecast/demand"
FIRST = dt.date(2022, 10, 17)
DAYS = 500
AS_OF = FIRST + dt.timedelta(days=DAYS)  # 2024-02-29


def sales() -> list[tuple[str, ...]]:
    """STEADY sells 4 a day, DECEMBER 20 a day in December alone, INTERMIT 30 every 30 days, SATURDAY 10 on Saturdays; HUGE 2 a
    day, and 60,000 at once four days ago. STEADY sells every day, so that the shop is never closed."""
    chance = random.Random(3)
    lines = []

    def sell(code: str, day: dt.date, orders: int, units: int = 1) -> None:
        for _ in range(orders):
            lines.append(line(f"N{len(lines)}", code, code.title(), units, day, "5.00"))

    for number in range(DAYS):
        day = FIRST + dt.timedelta(days=number)
        sell("STEADY", day, chance.randint(3, 5))
        sell("HUGE", day, chance.randint(1, 3))
        if day.month == 12:
            sell("DECEMBER", day, chance.randint(15, 25))
        if number % 30 == 0:
            sell("INTERMIT", day, 1, 30)
        if day.weekday() == 5:
            sell("SATURDAY", day, chance.randint(8, 12))
    sell("HUGE", AS_OF - dt.timedelta(days=4), 1, 60_000)
    return lines


@pytest.fixture
def zoo(django_capture_on_commit_callbacks: Any) -> DataVersion:
    def commits() -> Any:
        return django_capture_on_commit_callbacks(execute=True)

    batch = bring_in(commits, csv_bytes(sales()))
    assert not batch.error
    return DataVersion.objects.get()


def test_each_is_forecast_as_anybody_would_expect_and_the_same_everywhere(
    zoo: DataVersion, viewer_client: APIClient
) -> None:
    # Units of 30 days and of a year, the method, and a word of the reason.
    expected = {
        "STEADY": (120, 1460, "lines", "default"),
        "HUGE": (60, 730, "lines", "default"),
        "DECEMBER": (0, 620, "yearly", "season of its own"),
        "INTERMIT": (30, 365, "intervals", "every 30 days"),
        "SATURDAY": (43, 521, "weekly", "better by far"),
    }
    base = base_demands(dict.fromkeys(expected, Decimal("5.00")), zoo)
    for code, (month, year, method, word) in expected.items():
        near, far = (viewer_client.get(f"{PATH}/{code}", {"periods": days}).json() for days in (30, 365))
        assert (near["method"], near["as_of"]) == (method, AS_OF.isoformat())
        assert word in near["reason"]
        # The huge order counts as the largest usual one.
        assert near["total"] == pytest.approx(month, rel=0.2, abs=1.0), code
        assert far["total"] == pytest.approx(year, rel=0.2), code
        assert base[code].quantity == pytest.approx(near["total"], abs=0.01)
        assert base[code].price == pytest.approx(5.0)
    december = viewer_client.get(f"{PATH}/DECEMBER", {"periods": 365}).json()["forecast"]
    assert sum(day["quantity"] for day in december if day["date"][5:7] != "12") < 15


def test_a_method_that_is_asked_for_is_answered_and_the_reason_says_so(
    zoo: DataVersion, viewer_client: APIClient
) -> None:
    plain = viewer_client.get(f"{PATH}/DECEMBER", {"method": "lines", "periods": 365}).json()
    assert (plain["method"], plain["reason"]) == ("lines", "It was asked for.")
    assert plain["total"] != pytest.approx(620, rel=0.25)
    best = viewer_client.get(f"{PATH}/STEADY", {"method": "auto"}).json()
    assert best["reason"] == "Of all methods it would have forecast this product's past best."


def test_a_later_sale_of_another_product_leaves_a_choice_standing(
    zoo: DataVersion,
    viewer_client: APIClient,
    analyst_client: APIClient,
    django_capture_on_commit_callbacks: Commits,
) -> None:
    before = viewer_client.get(f"{PATH}/INTERMIT", {"periods": 365}).json()["total"]
    with django_capture_on_commit_callbacks(execute=True):
        sold = {"invoice_no": "9001", "stock_code": "STEADY", "quantity": 4, "unit_price": 5,
                "invoice_date": f"{AS_OF + dt.timedelta(days=9)}T12:00:00Z"}  # fmt: skip
        assert analyst_client.post("/transactions", sold, format="json").status_code == 201
        request_recompute()
    answers = {
        code: viewer_client.get(f"{PATH}/{code}", {"periods": 365}).json()
        for code in ("INTERMIT", "DECEMBER")
    }
    assert answers["INTERMIT"]["as_of"] == (AS_OF + dt.timedelta(days=10)).isoformat()
    assert answers["INTERMIT"]["total"] == pytest.approx(before, rel=1e-3)
    assert answers["DECEMBER"]["total"] == pytest.approx(620, rel=0.15)


def test_a_choice_that_is_too_old_or_a_purchase_that_is_overdue_falls_back_to_the_default(
    zoo: DataVersion, viewer_client: APIClient
) -> None:
    # INTERMIT sold last 20 days before; overdue after 60.
    DataVersion.objects.update(as_of=AS_OF + dt.timedelta(days=45))
    overdue = viewer_client.get(f"{PATH}/INTERMIT", {"periods": 365}).json()
    assert overdue["method"] == "lines"
    assert overdue["total"] < 200
    saturday = viewer_client.get(f"{PATH}/SATURDAY").json()
    assert (saturday["method"], "default" in saturday["reason"]) == ("lines", True)
    DataVersion.objects.update(as_of=AS_OF + dt.timedelta(days=92))
    december = viewer_client.get(f"{PATH}/DECEMBER").json()
    assert (december["method"], december["total"]) == ("inactive", 0.0)
    assert "three months" in december["reason"]


def test_the_row_keeps_what_was_chosen(zoo: DataVersion) -> None:
    rows = {row.pk: row for row in DemandForecast.objects.all()}
    assert {code for code, row in rows.items() if row.components} == {"DECEMBER", "SATURDAY"}
    assert rows["INTERMIT"].interval == pytest.approx(30)
    assert rows["STEADY"].interval == 0
    assert rows["DECEMBER"].components["origins"] == 3
    assert rows["DECEMBER"].components["share"] < 0.05


def test_the_name_of_a_method_is_stored_whole(
    monkeypatch: pytest.MonkeyPatch, shop: None, django_capture_on_commit_callbacks: Any
) -> None:
    fit = forecasts.fit_default

    def taken_over(*arguments: Any) -> Any:
        found = fit(*arguments)
        named = {0: {"method": "weekday_ses", "level": 1.0}}
        return dataclasses.replace(found, components=named)

    monkeypatch.setattr(forecasts, "fit_default", taken_over)
    with django_capture_on_commit_callbacks(execute=True):
        request_recompute(full=True)
    assert "weekday_ses" in DemandForecast.objects.values_list("method", flat=True)
