"""WooCommerce, by its REST API, version 3."""

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from pricing.connections.adapters.http import Pause, Server
from pricing.connections.core import woocommerce
from pricing.connections.core.answers import list_of, number_id, object_of, text
from pricing.connections.core.orders import Order, Portion
from pricing.connections.core.prices import Listing, PriceToSet, Reference
from pricing.connections.core.woocommerce import (
    PRICED_TYPES,
    batch_errors,
    listing_of,
    order_of,
    price_fields,
)

PAGE: Final = 100
BATCH: Final = 100
PAGES_A_PORTION: Final = 50
MOST_PAGES: Final = 10_000
FIRST_DAY: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
SHORTEST: Final = dt.timedelta(minutes=1)
# What the answer is read for; the rest of an order, addresses and all, need not travel.
ORDER_FIELDS: Final = (
    "id,number,status,created_via,currency,prices_include_tax,customer_id,date_created_gmt,date_modified_gmt,date_paid_gmt,"
    "line_items,refunds,shipping.country,billing.country"
)


class WooCommerce:
    """A shop that runs WooCommerce."""

    label = "WooCommerce"

    def __init__(self, url: str, key: str, secret: str, currency: str, *, pause: Pause = time.sleep) -> None:
        base = f"{url.rstrip('/')}/wp-json/wc/v3/"
        self.server = Server(self.label, base, auth=(key, secret), secrets=(key, secret), pause=pause)
        self.currency = currency

    def __enter__(self) -> "WooCommerce":
        return self

    def __exit__(self, *_: Any) -> None:
        self.server.close()

    def pull(self, since: dt.datetime | None, now: dt.datetime) -> Portion:
        """Return the orders that were changed from a moment on, those of a stretch of time that has few enough pages.

        Pages are asked for from the last to the first: where an order leaves the stretch meanwhile, because it is
        changed again, those behind it move to earlier pages and are still met.
        """
        with self.server.reading():
            begin = max(since or FIRST_DAY, FIRST_DAY)
            end = now
            while (pages := self._pages(begin, end)) > PAGES_A_PORTION and end - begin > SHORTEST:
                end = begin + (end - begin) / 2
            if pages > MOST_PAGES:
                self.server.fail(
                    f"has more than {MOST_PAGES:,} pages of orders that were changed in one minute"
                )
            found: dict[str, Order] = {}
            for page in [*range(pages, 1, -1), 1] if pages else []:
                rows = self._page("orders", _stretch(begin, end) | {"page": page, "_fields": ORDER_FIELDS})
                for raw in rows:
                    order = self._order(raw)
                    found.setdefault(order.id, order)
            return Portion(list(found.values()), end, more=end < now)

    def listings(self) -> Iterator[Listing]:
        """Yield every product that has a price, variations instead of their products."""
        with self.server.reading():
            for raw in self._all("products", {"status": "any", "orderby": "id", "order": "asc"}):
                product = object_of(raw, "A product")
                kind = text(product, "type", "A product")
                if kind in PRICED_TYPES:
                    continue
                if kind != "variable":
                    yield listing_of(product)
                    continue
                path = f"products/{number_id(product, 'A product')}/variations"
                for variation in self._all(path, {"orderby": "id", "order": "asc"}):
                    yield listing_of(variation, product)

    def set_prices(self, prices: Sequence[PriceToSet]) -> dict[str, str]:
        """Set prices; return why some were refused, by the product's id."""
        with self.server.reading():
            refused: dict[str, str] = {}
            for path, group in _batches(prices):
                body = {"update": [price_fields(price) for price in group]}
                answer = self.server.ask("POST", f"{path}/batch", body=body).data
                refused |= batch_errors(answer, "The answer to a batch")
            return refused

    def read_prices(self, references: Sequence[Reference]) -> dict[Reference, Decimal | None]:
        """Return what is charged for products now; of one that is gone there is nothing."""
        with self.server.reading():
            found: dict[Reference, Decimal | None] = {}
            asked = [PriceToSet(reference, None) for reference in references]  # type: ignore[arg-type]
            for path, group in _batches(asked):
                ids = ",".join(price.reference[1] for price in group)
                parent = {"id": group[0].reference[0]} if group[0].reference[0] else None
                for raw in self._page(path, {"include": ids, "status": "any"}):
                    listing = listing_of(raw, parent)
                    found[listing.reference] = listing.price
            return found

    def _order(self, raw: Any) -> Order:
        found_id = woocommerce.order_id(raw)
        refunds: list[Any] = []
        if woocommerce.needs_refunds(raw, self.currency):
            refunds = list(self._all(f"orders/{found_id}/refunds", {}))
        return order_of(raw, refunds, self.currency)

    def _pages(self, begin: dt.datetime, end: dt.datetime) -> int:
        """How many pages of orders a stretch of time has."""
        answer = self.server.ask(
            "GET", "orders", params=_stretch(begin, end) | {"per_page": 1, "_fields": "id"}
        )
        total = _number(answer.headers.get("X-WP-Total"))
        if total is None:
            self.server.fail(
                "does not say how many orders there are (header X-WP-Total): is a cache in between?"
            )
        return -(-total // PAGE)

    def _page(self, path: str, params: Mapping[str, Any]) -> list[Any]:
        answer = self.server.ask("GET", path, params={"per_page": PAGE} | dict(params)).data
        return list_of(answer, f"A page of {path}", PAGE)

    def _all(self, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
        """Yield the rows of all pages, by the number of pages, or by the link to the next where the number is not given."""
        for page in range(1, MOST_PAGES + 1):
            given = {"per_page": PAGE, "page": page} | dict(params)
            answer = self.server.ask("GET", path, params=given)
            yield from list_of(answer.data, f"A page of {path}", PAGE)
            last = _number(answer.headers.get("X-WP-TotalPages"))
            if page >= last if last is not None else 'rel="next"' not in answer.headers.get("Link", ""):
                return
        self.server.fail(f"has more than {MOST_PAGES:,} pages of {path}")


def _stretch(begin: dt.datetime, end: dt.datetime) -> dict[str, Any]:
    """Parameters for the orders changed between two moments, by id so that the order of pages stays."""
    # Both ends are exclusive and in whole seconds.
    after = f"{begin - dt.timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}"
    before = f"{end + dt.timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}"
    span = {"modified_after": after, "modified_before": before, "dates_are_gmt": "true"}
    return span | {"orderby": "id", "order": "asc", "status": "any"}


def _batches(prices: Sequence[PriceToSet]) -> Iterator[tuple[str, list[PriceToSet]]]:
    """Yield the collection that products belong to, with at most 100 of them."""
    groups: dict[str, list[PriceToSet]] = {}
    for price in prices:
        groups.setdefault(price.reference[0], []).append(price)
    for parent, group in groups.items():
        path = f"products/{parent}/variations" if parent else "products"
        for start in range(0, len(group), BATCH):
            yield path, group[start : start + BATCH]


def _number(value: str | None) -> int | None:
    return int(value[:9]) if value and value.isascii() and value.isdigit() else None
