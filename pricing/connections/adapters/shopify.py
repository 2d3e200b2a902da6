"""Shopify, by its GraphQL Admin API."""

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from pricing.connections.adapters.http import ATTEMPTS, LONGEST_WAIT, Pause, Server
from pricing.connections.core import shopify
from pricing.connections.core.answers import (
    BadAnswer,
    identifier,
    list_of,
    moment,
    object_of,
    optional_number,
)
from pricing.connections.core.orders import Order, Portion
from pricing.connections.core.prices import Listing, PriceToSet, Reference

ORDERS_A_PORTION: Final = 1_000
ORDERS_A_PAGE: Final = 10
VARIANTS_A_PAGE: Final = 100
MOST_PAGES: Final = 10_000
# Points a second that the slowest plan is given back, where an answer does not say.
SLOWEST_RATE: Final = Decimal(50)
MOST_VARIANTS: Final = 100


class Shopify:
    """A shop on Shopify."""

    label = "Shopify"

    def __init__(
        self, url: str, token: str, version: str, currency: str, *, pause: Pause = time.sleep
    ) -> None:
        base = f"{url.rstrip('/')}/admin/api/{version}/"
        headers = {"X-Shopify-Access-Token": token}
        self.server = Server(self.label, base, headers=headers, secrets=(token,), pause=pause)
        self.currency = currency

    def __enter__(self) -> "Shopify":
        return self

    def __exit__(self, *_: Any) -> None:
        self.server.close()

    def pull(self, since: dt.datetime | None, now: dt.datetime) -> Portion:
        """Return the orders that were changed from a moment on, the longest unchanged first, 1,000 at the most."""
        with self.server.reading():
            asked = f"updated_at:>='{since:%Y-%m-%dT%H:%M:%SZ}'" if since else ""
            found: dict[str, Order] = {}
            until = since or now
            rows = self._pages(shopify.ORDERS, {"query": asked}, ("orders",), ORDERS_A_PAGE)
            count = 0
            for raw in islice(rows, ORDERS_A_PORTION):
                count += 1
                order = self._order(object_of(raw, "An order"))
                found[order.id] = order
                until = moment(raw, "updatedAt", f"Order {order.id}")
            more = next(rows, None) is not None
            if more and since and until <= since:
                self.server.fail(
                    f"has more than {ORDERS_A_PORTION:,} orders that were changed in one moment, {since}"
                )
            # Of the moment itself there may be more to come, so it is asked for again.
            return Portion(list(found.values()), until if more or count else now, more)

    def listings(self) -> Iterator[Listing]:
        """Yield every variant."""
        with self.server.reading():
            for raw in self._pages(shopify.VARIANTS, {}, ("productVariants",), VARIANTS_A_PAGE):
                yield shopify.listing_of(raw)

    def set_prices(self, prices: Sequence[PriceToSet]) -> dict[str, str]:
        """Set prices, product by product; return why some were refused, by the variant's id."""
        with self.server.reading():
            groups: dict[str, list[PriceToSet]] = {}
            for price in prices:
                groups.setdefault(price.reference[0], []).append(price)
            refused: dict[str, str] = {}
            for product, all_of_it in groups.items():
                for start in range(0, len(all_of_it), MOST_VARIANTS):
                    group = all_of_it[start : start + MOST_VARIANTS]
                    variants = [shopify.price_fields(price) for price in group]
                    answer = self._ask(shopify.SET_PRICES, {"product": product, "variants": variants})
                    refused |= shopify.user_errors(answer, group)
            return refused

    def read_prices(self, references: Sequence[Reference]) -> dict[Reference, Decimal | None]:
        """Return what is charged for variants now; of one that is gone there is nothing."""
        with self.server.reading():
            found: dict[Reference, Decimal | None] = {}
            for start in range(0, len(references), MOST_VARIANTS):
                group = {reference[1]: reference for reference in references[start : start + MOST_VARIANTS]}
                answer = self._ask(shopify.PRICES, {"ids": list(group)})
                for raw in list_of(answer.get("nodes"), "nodes", MOST_VARIANTS):
                    if isinstance(raw, dict) and raw.get("id") in group:
                        found[group[raw["id"]]] = optional_number(raw, "price", "A variant")
            return found

    def _order(self, raw: Any) -> Order:
        """Read an order; its further lines and its refunds are asked for only where they are needed."""
        lines: list[Any] = []
        refunded: dict[str, list[Any]] = {}
        if shopify.is_sold(raw, self.currency):
            lines, cursor = shopify.nodes_of(raw, ("lineItems",), shopify.MOST_LINES)
            if cursor:
                given = {"id": shopify.order_id(raw), "after": cursor}
                lines += self._pages(shopify.LINES, given, ("order", "lineItems"), 50)
            for refund in shopify.refunds_of(raw):
                found_id = identifier(refund, "id", "A refund")
                path = ("refund", "refundLineItems")
                refunded[found_id] = list(self._pages(shopify.REFUND, {"id": found_id}, path, 100))
        return shopify.order_of(raw, lines, refunded, self.currency)

    def _pages(
        self, query: str, variables: Mapping[str, Any], path: Sequence[str], first: int
    ) -> Iterator[Any]:
        """Yield the nodes of all pages; pages get shorter where Shopify finds them too costly."""
        given = {"first": first, "after": None} | dict(variables)
        for _ in range(MOST_PAGES):
            answer = self._ask(query, given)
            nodes, cursor = shopify.nodes_of(answer, path, first)
            yield from nodes
            if cursor is None:
                return
            given["after"] = cursor
        self.server.fail(f"has more than {MOST_PAGES:,} pages of {path[-1]}")

    def _ask(self, query: str, variables: dict[str, Any]) -> Mapping[str, Any]:
        """Send a query and return its data; waits for as long as Shopify's budget of points needs."""
        throttled = 0
        while True:
            body = {"query": query, "variables": variables}
            answer = object_of(self.server.ask("POST", "graphql.json", body=body).data, "An answer")
            errors = answer.get("errors")
            codes = _codes(errors)
            if not errors:
                self._wait(answer)
                return object_of(answer.get("data"), "data")
            if "THROTTLED" in codes and throttled < ATTEMPTS:
                throttled += 1
                self._wait(answer, at_least=1.0)
            elif "MAX_COST_EXCEEDED" in codes and variables.get("first", 1) > 1:
                variables["first"] //= 2
            elif "ACCESS_DENIED" in codes:
                self.server.fail(f"does not let our token do this: {_messages(errors)}")
            else:
                self.server.fail(f"refuses a query: {_messages(errors)}")

    def _wait(self, answer: Mapping[str, Any], at_least: float = 0.0) -> None:
        """Pause until the budget holds what the last query was reckoned to cost."""
        try:
            cost = object_of(object_of(answer.get("extensions"), "").get("cost"), "")
            status = object_of(cost.get("throttleStatus"), "")
            wanted = optional_number(cost, "requestedQueryCost", "") or Decimal(0)
            there = optional_number(status, "currentlyAvailable", "") or Decimal(0)
            rate = optional_number(status, "restoreRate", "") or SLOWEST_RATE
        except BadAnswer:
            wanted, there, rate = Decimal(0), Decimal(0), SLOWEST_RATE
        missing = float(max(wanted - there, Decimal(0)) / max(rate, Decimal(1)))
        if seconds := max(missing, at_least):
            self.server.pause(min(seconds, LONGEST_WAIT))


def _codes(errors: Any) -> set[str]:
    rows = errors if isinstance(errors, list) else []
    extensions = [row.get("extensions") for row in rows if isinstance(row, dict)]
    return {str(each.get("code")) for each in extensions if isinstance(each, dict)}


def _messages(errors: Any) -> str:
    """The platform's own words, in one short line."""
    rows = errors if isinstance(errors, list) else [errors]
    said = [row.get("message") if isinstance(row, dict) else row for row in rows]
    return " ".join("; ".join(str(each) for each in said).split())[:300].removesuffix(".")
