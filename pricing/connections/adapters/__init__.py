"""The platforms that this installation is connected to, by its settings."""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Protocol, Self

from django.conf import settings

from pricing.connections.core.orders import Portion
from pricing.connections.core.prices import Listing, PriceToSet, Reference

WOOCOMMERCE, SHOPIFY = "woocommerce", "shopify"


class Platform(Protocol):
    """What every adapter does. Each method raises PlatformError where the platform cannot be asked or refuses."""

    label: str

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: Any) -> None: ...

    def pull(self, since: dt.datetime | None, now: dt.datetime) -> Portion:
        """Return orders that were changed from a moment on (None: all)."""
        ...

    def listings(self) -> Iterator[Listing]:
        """Yield everything that has a price."""
        ...

    def set_prices(self, prices: Sequence[PriceToSet]) -> dict[str, str]:
        """Set prices; return why some were refused, by their own id. Setting a price twice is harmless."""
        ...

    def read_prices(self, references: Sequence[Reference]) -> dict[Reference, Decimal | None]:
        """Return what is charged now."""
        ...


def configured() -> list[str]:
    """Return the names of the platforms that the settings give access to."""
    known = ((WOOCOMMERCE, settings.WOOCOMMERCE_URL), (SHOPIFY, settings.SHOPIFY_URL))
    return [name for name, url in known if url]


def open_platform(name: str) -> Platform:
    """Return the adapter of a platform, to be used as a context manager.

    Raises
    ------
    LookupError : the settings do not give access to it.
    """
    # The HTTP client takes long to load; only what asks a platform needs it.
    if name not in configured():
        raise LookupError(f"No access to {name} is configured.")
    if name == WOOCOMMERCE:
        from pricing.connections.adapters.woocommerce import WooCommerce

        keys = settings.WOOCOMMERCE_KEY, settings.WOOCOMMERCE_SECRET
        return WooCommerce(settings.WOOCOMMERCE_URL, *keys, settings.SHOP_CURRENCY.upper())
    from pricing.connections.adapters.shopify import Shopify

    access = settings.SHOPIFY_URL, settings.SHOPIFY_TOKEN, settings.SHOPIFY_API_VERSION
    return Shopify(*access, settings.SHOP_CURRENCY.upper())
