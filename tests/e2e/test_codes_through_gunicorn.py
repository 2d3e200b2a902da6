"""Products with slashes, signs and letters of any script in their codes, through a real web server."""

import csv
import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.e2e.installation import Installation
from tests.e2e.test_import_under_load import server_url

CODES = ("A/12-B", "KÄSE-1", "CRÈME BRÛLÉE", "咖啡", "50% OFF TEE", "A+B?X=1#3", "A%2FB", "A//B", "A/")
PATHS = (
    "/stock-items/{}", "/api/products/{}", "/api/analytics/elasticity/{}", "/api/analytics/elasticity/{}/diagnostics",
    "/api/forecast/demand/{}", "/api/price/policies/effective/{}", "/api/price/recommend/{}", "/api/price/dynamic/{}",
    "/api/market/competitors/{}", "/api/analytics/demand-curve/{}", "/api/analytics/profit-impact/{}?new_price=4.20",
    "/api/insights/{}",
)  # fmt: skip


def sales(path: Path) -> Path:
    """Eighty days of sales of every code, at three prices."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID")
        )
        for number in range(80):
            price, units = (("4.00", 8), ("4.40", 6), ("5.00", 4))[number // 10 % 3]
            day = f"2025-{1 + number // 28:02}-{1 + number % 28:02} 12:00"
            for code in CODES:
                writer.writerow(
                    (1000 + number, code, "Thing", units + number % 3, day, price, 17000 + number % 5)
                )
    return path


@pytest.mark.slow
def test_every_address_of_every_product_is_reached(tmp_path: Path) -> None:
    with Installation(tmp_path / "shop", server_url(), OPEN_API="true", LOG_LEVEL="WARNING") as installation:
        installation.manage("import_transactions", str(sales(tmp_path / "sales.csv")))
        with installation.server() as address:
            connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)

            def get(path: str) -> tuple[int, Any]:
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())

            listed = get("/api/products/list")[1]["products"]
            found = {}
            for code in CODES:
                for path in PATHS:
                    status, body = get(path.format(quote(code, safe="")))
                    found[code, path] = status, body.get("id", body.get("product_id", body.get("code")))
            status, _ = get("/api/products/A/12-B")
    assert [row["id"] for row in listed] == sorted(CODES)
    assert {key: each for key, each in found.items() if each != (200, key[0])} == {}
    assert status == 200  # a slash that is not encoded is understood, too
