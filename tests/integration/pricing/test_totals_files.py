"""Product-week and product-month files from the file to the forecast: a total is no busy day."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from elastix.dataset.models import DataVersion
from pricing.forecasting.selectors.base_demand import BaseDemand, base_demands
from pricing.sales.models import Product, ProductSummary
from tests.factories import PriceChangeFactory
from tests.shops import Commits, bring_in, csv_bytes, line
from tests.totals_files import ELASTICITY, PRODUCTS, TotalsFile, months, totals_file, weeks

pytestmark = pytest.mark.django_db

SUNDAY = 6
Written = Callable[[dt.date, dt.date], str]
WEEKS: dict[str, Written] = {
    "monday": lambda first, last: str(first),
    "sunday": lambda first, last: f"{last:%d.%m.%Y}",
    "iso": lambda first, last: f"{first:%G-W%V}",
}
MONTHS: dict[str, Written] = {
    "first": lambda first, last: str(first),
    "last": lambda first, last: str(last),
    "number": lambda first, last: f"{first:%Y-%m}",
    "name": lambda first, last: f"{first:%b %Y}",
}


def weekly(written: str, **more: Any) -> TotalsFile:
    return totals_file(weeks(104), WEEKS[written], seed=11, **more)


def monthly(written: str, **more: Any) -> TotalsFile:
    header = ("Month", "SKU", "Units sold", "Avg price")
    return totals_file(months(42), MONTHS[written], seed=12, header=header, shortest=45, longest=150, **more)


def check(commits: Commits, client: APIClient, file: TotalsFile, granularity: str) -> None:
    """Bring in the file and compare what the API answers with the truth."""
    batch = bring_in(commits, file.content, "totals.csv")
    assert batch.status == "published", (batch.error, batch.report)
    assert batch.report["granularity"] == granularity
    assert DataVersion.objects.get().as_of == file.as_of
    elasticities = client.get("/elasticity?limit=50").json()["results"]
    inside = [row["ci_low"] <= ELASTICITY <= row["ci_high"] for row in elasticities]
    assert len(inside) == PRODUCTS
    assert sum(inside) >= PRODUCTS - 1, elasticities
    check_forecasts(client, file)


def base_demand(code: str) -> BaseDemand:
    return base_demands({code: None}, DataVersion.objects.get())[code]


def check_forecasts(client: APIClient, file: TotalsFile) -> None:
    for code, rate in file.rate.items():
        answer = client.get(f"/api/forecast/demand/{code}?periods=30&price={file.price[code]}").json()
        assert answer["total"] == pytest.approx(30 * rate, rel=0.15), (code, answer)
        days = [day["quantity"] for day in answer["forecast"]]
        assert max(days) < 1.5 * min(days), days
        assert any(text.startswith("TOTALS: sales are known by the") for text in answer["warnings"])
        history = [day["quantity"] for day in answer["history"]]
        assert min(history) > 0
        assert max(history) < 4 * min(history), history
        base = base_demand(code)
        assert base.price is not None
        at_base = 30 * rate * (base.price / file.price[code]) ** ELASTICITY
        assert base.quantity == pytest.approx(at_base, rel=0.15), code
        summary = ProductSummary.objects.get(product_id=code)
        assert float(summary.monthly_sales) == pytest.approx(30 * rate, rel=0.15), code


@pytest.mark.parametrize("written", WEEKS)
def test_weeks(commits: Commits, viewer_client: APIClient, written: str) -> None:
    check(commits, viewer_client, weekly(written), "week")


@pytest.mark.parametrize("written", MONTHS)
def test_months(commits: Commits, viewer_client: APIClient, written: str) -> None:
    check(commits, viewer_client, monthly(written), "month")


@pytest.mark.parametrize("file", [weekly("sunday", constant=True), monthly("first", constant=True)])
def test_no_advice_where_no_price_ever_changed(
    commits: Commits, viewer_client: APIClient, file: TotalsFile
) -> None:
    bring_in(commits, file.content, "totals.csv")
    for code, price in file.price.items():
        Product.objects.filter(pk=code).update(cost=round(price / 2, 2))
        answer = viewer_client.get(f"/api/price/recommend/{code}").json()
        assert answer["recommended_price"] == answer["current_price"] == pytest.approx(price, abs=0.01)


@pytest.mark.parametrize("file", [weekly("monday"), weekly("sunday"), monthly("first"), monthly("last")])
def test_a_price_change_is_judged_by_the_days_after_it(
    commits: Commits, viewer_client: APIClient, file: TotalsFile
) -> None:
    bring_in(commits, file.content, "totals.csv")
    applied = dt.datetime.combine(file.changed, dt.time(12), dt.UTC)
    realised = 0.0
    for code, old in file.old_price.items():
        change = PriceChangeFactory(
            product=code, old_price=old, new_price=file.price[code], status="applied", changed_at=applied
        )
        month = viewer_client.get(f"/api/price/changes/{change.pk}/outcome").json()["windows"][1]
        assert (month["status"], month["days_counted"]) == ("complete", 28)
        assert month["realised"]["quantity"] == pytest.approx(28 * file.rate[code], rel=0.25), code
        realised += month["realised"]["quantity"]
    assert realised == pytest.approx(28 * sum(file.rate.values()), rel=0.1)


def lines_of(days: int, end: dt.date) -> bytes:
    """Six units in three lines of L1 and L2 on every day but Sundays, up to the day before `end`."""
    rows = [
        line(f"{back}-{code}-{each}", code, "Bought by the line", 2, end - dt.timedelta(days=back), "4.00")
        for back in range(days, 0, -1)
        for code in ("L1", "L2")
        for each in range(3)
        if (end - dt.timedelta(days=back)).weekday() < SUNDAY
    ]
    return csv_bytes(rows)


@pytest.mark.parametrize("written", ["monday", "sunday"])
def test_lines_beside_totals(commits: Commits, viewer_client: APIClient, written: str) -> None:
    file = weekly(written)
    totals = bring_in(commits, file.content, "totals.csv")
    lines = bring_in(commits, lines_of(200, file.as_of), "lines.csv")
    assert (totals.report["granularity"], lines.report["granularity"]) == ("week", "lines")
    marks = dict(ProductSummary.objects.values_list("product_id", "line_days"))
    assert marks == {"L1": 0, "L2": 0} | dict.fromkeys(file.rate, 7)
    for code, rate in file.rate.items():
        total = viewer_client.get(f"/api/forecast/demand/{code}?periods=28&price={file.price[code]}").json()[
            "total"
        ]
        assert total == pytest.approx(28 * rate, rel=0.15), code
    days = viewer_client.get("/api/forecast/demand/L1?periods=28").json()["forecast"]
    assert sum(day["quantity"] for day in days) == pytest.approx(24 * 6, rel=0.05)
    closed = [day["quantity"] for day in days if dt.date.fromisoformat(day["date"]).weekday() == SUNDAY]
    assert closed == [0.0] * 4
    elasticities = viewer_client.get("/elasticity?limit=50").json()["results"]
    inside = [
        row["ci_low"] <= ELASTICITY <= row["ci_high"]
        for row in elasticities
        if row["stock_code"] in file.rate
    ]
    assert len(inside) == PRODUCTS
    assert sum(inside) >= PRODUCTS - 1


def test_totals_of_days_are_of_their_day(commits: Commits, viewer_client: APIClient) -> None:
    """The columns of a file of daily totals; two rows are too few to tell that they are totals."""
    batch = bring_in(
        commits, b"date,sku,units_sold,avg_price\n2025-03-13,A1,30,10.00\n2025-03-14,A1,28,10.50\n"
    )
    assert batch.status == "published"
    summary = ProductSummary.objects.get(product_id="A1")
    assert (summary.line_days, summary.sold_days, summary.monthly_sales) == (0, 2, 58)
    assert str(DataVersion.objects.get().as_of) == "2025-03-15"
