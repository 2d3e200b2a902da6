"""The order exports of well-known programs, in their documented columns, read without a mapping."""

from typing import Any

import pytest

from elastix.imports.models import ImportStatus
from tests.integration.pricing.test_sales_files import Load, by_api, by_command, lines, load, on  # noqa: F401

pytestmark = pytest.mark.django_db


EXPORTS: dict[str, tuple[str, list[tuple[Any, ...]], int]] = {
    "WooCommerce": (
        "woocommerce_orders.csv",
        [
            *on("2025-03-13 10:15", 2, price="12.5", code="MUG-B"),
            *on("2025-03-13 10:15", 1, price="34.8", code="TEA-1"),
            *on("2025-03-14 11:30", 1, price="12.5", code="MUG-B"),
        ],
        1,
    ),
    # The price is that of all units; the discount of 5.00 makes 10.00 each.
    "Amazon": (
        "amazon_orders.txt",
        [
            *on("2025-03-13 10:15", 2, price="10", code="MUG-B"),
            *on("2025-03-14 11:30", 1, price="34.8", code="TEA-1"),
        ],
        1,
    ),
    "Lightspeed": (
        "lightspeed_sales.csv",
        [
            *on("2025-03-13 10:15", 2, price="10", code="210000000001"),
            *on("2025-03-13 11:40", 1, price="34.8", code="210000000002"),
            *on("2025-03-14 09:10", -1, price="12.5", code="210000000001"),
        ],
        0,
    ),
    "UCI": (
        "uci_lines.csv",
        [
            *on("2010-12-13 08:26", 6, price="2.55", code="85123A"),
            *on("2010-12-13 09:41", -1, price="27.5", code="D"),
        ],
        0,
    ),
    # Line totals have their discount off already.
    "Kaggle": (
        "superstore_orders.csv",
        [
            *on("2025-03-13", 2, price="130.98", code="FUR-BO-1"),
            *on("2025-03-14", 3, price="243.98", code="FUR-CH-1"),
        ],
        0,
    ),
}


@pytest.mark.parametrize("load", [by_command, by_api], indirect=True)
@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_read_without_help(name: str, load: Load) -> None:  # noqa: F811
    file, expected, left_out = EXPORTS[name]
    batch = load(file)
    assert (batch.status, batch.error) == (ImportStatus.PUBLISHED, "")
    assert lines() == expected
    assert batch.reasons == ({"not_a_sale": left_out} if left_out else {})


@pytest.mark.parametrize("load", [by_command, by_api], indirect=True)
def test_shopify_orders_are_read_without_help(load: Load) -> None:  # noqa: F811
    batch = load("shopify_orders.csv")
    assert "recognised as Shopify orders" in " ".join(batch.report["notes"])
    assert lines() == [
        *on("2025-03-01 07:50", 2, price="12.5", code="MUG-B"),
        *on("2025-03-01 07:50", 1, price="34.8", code="TEA-1"),
        *on("2025-03-02 08:59", 1, price="12.5", code="MUG-B"),
    ]
    assert batch.reasons == {"not_a_sale": 1}
