"""Stand-ins for the platforms, and the adapters that ask them."""

from collections.abc import Iterator

import pytest

from pricing.connections.adapters.shopify import Shopify
from pricing.connections.adapters.woocommerce import WooCommerce
from tests.stand_ins import KEY, SECRET, TOKEN, ShopifyStandIn, WooStandIn, running


@pytest.fixture
def woo() -> Iterator[WooStandIn]:
    with running(WooStandIn()) as stand_in:
        yield stand_in  # type: ignore[misc]


@pytest.fixture
def shopify() -> Iterator[ShopifyStandIn]:
    with running(ShopifyStandIn()) as stand_in:
        yield stand_in  # type: ignore[misc]


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def to_woo(woo: WooStandIn, pauses: list[float]) -> Iterator[WooCommerce]:
    with WooCommerce(woo.url, KEY, SECRET, "GBP", pause=pauses.append) as platform:
        yield platform


@pytest.fixture
def to_shopify(shopify: ShopifyStandIn, pauses: list[float]) -> Iterator[Shopify]:
    with Shopify(shopify.url, TOKEN, "2026-10", "GBP", pause=pauses.append) as platform:
        yield platform
