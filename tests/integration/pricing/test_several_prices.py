"""Two stores whose books do not name them: from the file to flag, grade and warning."""

import datetime as dt

import pytest
from rest_framework.test import APIClient

from segments.models import SegmentElasticity
from tests.shops import Commits, bring_in, csv_bytes, line

pytestmark = pytest.mark.django_db

FIRST = dt.date(2024, 1, 1)


def shop_of(stores: list[list[float]]) -> bytes:
    """Eight products for 300 days; each store charges its prices in turn, ten weeks each, and sells 8 p^-2 lines a day."""
    rows = []
    for product in range(8):
        for day in range(300):
            for store, prices in enumerate(stores):
                price = prices[(day // 70 + product + store) % len(prices)]
                for number in range(round(8 * (price / 10) ** -2 / len(stores))):
                    invoice = f"{store}-{day}-{product}-{number}"
                    rows.append(
                        line(invoice, f"P{product}", "Thing", 1, FIRST + dt.timedelta(day), f"{price:.2f}",
                             customer=f"{1000 + (13 * day + 7 * number + 100 * store) % 300}")
                    )  # fmt: skip
    return csv_bytes(rows)


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
