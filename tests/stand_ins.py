"""Stand-ins for WooCommerce and Shopify: real HTTP servers on this machine, built from the platforms' public documentation.

They check what they are asked as the platforms would (credentials, page sizes, limits of a batch, the shape of a query)
and answer as documented: pages with their headers, cursors, costs, errors. Faults can be put before the next answers.
"""

import base64
import datetime as dt
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY, SECRET, TOKEN = "ck_standin_key", "cs_standin_secret", "shpat_standin_token"

Answer = tuple[int, dict[str, str], Any]


@dataclass
class StandIn:
    """A server with its rows.

    Attributes
    ----------
    url : its address.
    faults : answers given in place of the next ones; None lets one request through.
    requests : method, path and parameters (or the GraphQL body) of every request.
    """

    url: str = ""
    faults: list[Answer | None] = field(default_factory=list)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    refunds: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    products: list[dict[str, Any]] = field(default_factory=list)
    variations: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: Any) -> Answer:
        raise NotImplementedError

    def asked(self, method: str, ending: str) -> list[Any]:
        """The parameters or bodies of the requests to an address."""
        return [given for each, path, given in self.requests if each == method and path.endswith(ending)]


@contextmanager
def running(stand_in: StandIn) -> Iterator[StandIn]:
    class Handler(BaseHTTPRequestHandler):
        def serve(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            stand_in.requests.append((self.command, parts.path, body if body is not None else query))
            fault = stand_in.faults.pop(0) if stand_in.faults else None
            found = fault or stand_in.answer(self.command, parts.path, query, self.headers, body)
            status, headers, data = found
            content = data if isinstance(data, bytes) else json.dumps(data).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json; charset=UTF-8"} | headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = serve  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()


# --- WooCommerce --------------------------------------------------------------------------------------


@dataclass
class WooStandIn(StandIn):
    """https://woocommerce.github.io/woocommerce-rest-api-docs/ : orders, refunds, products, variations, batches."""

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: Any) -> Answer:
        expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if headers.get("Authorization") != expected:
            return woo_error(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        match = re.fullmatch(r"/wp-json/wc/v3/(\w+)(?:/(\d+)/(\w+))?(?:/(batch))?", path)
        if match is None:
            return woo_error(404, "rest_no_route", "No route was found matching the URL and request method.")
        collection, number, part, batch = match.groups()
        rows = self._rows(collection, number, part)
        if batch or part == "batch":
            return self._batch(rows, body)
        if method != "GET":
            return woo_error(404, "rest_no_route", "No route was found matching the URL and request method.")
        return self._page(path, rows, query)

    def _rows(self, collection: str, number: str | None, part: str | None) -> list[dict[str, Any]]:
        if collection == "orders":
            return self.refunds.get(number or "", []) if part == "refunds" else self.orders
        return self.variations.get(int(number), []) if number and part == "variations" else self.products

    def _page(self, path: str, rows: list[dict[str, Any]], query: dict[str, str]) -> Answer:
        size, page = int(query.get("per_page", "10")), int(query.get("page", "1"))
        if not 1 <= size <= 100:
            return woo_error(400, "rest_invalid_param", "Invalid parameter(s): per_page")
        assert query.get("dates_are_gmt", "true") == "true"
        for name, keeps in (("modified_after", dt.datetime.__gt__), ("modified_before", dt.datetime.__lt__)):
            if name in query:
                limit = dt.datetime.fromisoformat(query[name])
                rows = [
                    row for row in rows if keeps(dt.datetime.fromisoformat(row["date_modified_gmt"]), limit)
                ]
        if "include" in query:
            rows = [row for row in rows if str(row["id"]) in query["include"].split(",")]
        rows = sorted(rows, key=lambda row: row["id"], reverse=query.get("order") == "desc")
        pages = -(-len(rows) // size)
        headers = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)}
        if page < pages:
            headers["Link"] = f'<{self.url}{path}?page={page + 1}>; rel="next"'
        return 200, headers, rows[(page - 1) * size : page * size]

    def _batch(self, rows: list[dict[str, Any]], body: Any) -> Answer:
        if sum(len(each) for each in body.values()) > 100:
            text = "Unable to accept more than 100 items for this request."
            return woo_error(413, "woocommerce_rest_request_entity_too_large", text)
        return 200, {}, {"update": [self._update(rows, each) for each in body["update"]]}

    def _update(self, rows: list[dict[str, Any]], fields: dict[str, Any]) -> dict[str, Any]:
        row = next((row for row in rows if row["id"] == fields["id"]), None)
        if row is None:
            error = {
                "code": "woocommerce_rest_product_invalid_id",
                "message": "Invalid ID.",
                "data": {"status": 400},
            }
            return {"id": fields["id"], "error": error}
        row |= {name: value for name, value in fields.items() if isinstance(value, str)}
        row["price"] = row["sale_price"] or row["regular_price"]
        return row


def woo_error(status: int, code: str, message: str) -> Answer:
    return status, {}, {"code": code, "message": message, "data": {"status": status}}


def woo_line(sku: str, quantity: int, total: str, tax: str = "0.00", **fields: Any) -> dict[str, Any]:
    return {
        "id": 1, "name": f"{sku.title()} of the shop", "product_id": 11, "variation_id": 0, "quantity": quantity,
        "sku": sku, "total": total, "total_tax": tax,
    } | fields  # fmt: skip


def woo_order(number: int, *lines: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """An order of 1 March 2025, noon, at the minute of its number."""
    moment = f"{dt.datetime(2025, 3, 1, 12) + dt.timedelta(minutes=number):%Y-%m-%dT%H:%M:%S}"
    return {
        "id": number, "number": str(number), "status": "completed", "currency": "GBP", "prices_include_tax": False,
        "created_via": "checkout", "customer_id": 7, "date_created_gmt": moment,
        "date_modified_gmt": moment, "date_paid_gmt": moment,
        "billing": {"country": "GB"}, "shipping": {"country": ""}, "line_items": list(lines), "refunds": [],
    } | fields  # fmt: skip


def woo_refund(number: int, moment: str, *lines: dict[str, Any]) -> dict[str, Any]:
    return {"id": number, "date_created_gmt": moment, "amount": "1.00", "line_items": list(lines)}


def woo_product(number: int, sku: str, price: str, stock: int | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "id": number, "name": sku.title(), "type": "simple", "status": "publish", "sku": sku, "price": price,
        "regular_price": price, "sale_price": "", "date_on_sale_from_gmt": None, "date_on_sale_to_gmt": None,
        "manage_stock": stock is not None, "stock_quantity": stock, "categories": [{"id": 9, "name": "Mugs"}],
    } | fields  # fmt: skip


# --- Shopify ------------------------------------------------------------------------------------------


@dataclass
class ShopifyStandIn(StandIn):
    """https://shopify.dev/docs/api/admin-graphql : orders, refunds, variants, productVariantsBulkUpdate, query costs.

    It reads the operation's name and variables, not the query's own text, whose fields the fixtures have all of.

    Attributes
    ----------
    most_orders : a page of more orders costs more than a query may.
    available : points left, part of every answer.
    """

    most_orders: int = 250
    available: int = 1000
    refused: dict[str, str] = field(default_factory=dict)

    def answer(self, method: str, path: str, query: dict[str, str], headers: Any, body: Any) -> Answer:
        if headers.get("X-Shopify-Access-Token") != TOKEN:
            return (
                401,
                {},
                {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"},
            )
        if not re.fullmatch(r"/admin/api/\d{4}-\d{2}/graphql\.json", path):
            return 404, {}, {"errors": "Not Found"}
        name = re.match(r"\s*(?:query|mutation) (\w+)", body["query"])
        assert name, body["query"]
        operation: Callable[..., Any] = getattr(self, f"_{name[1].lower()}")
        given = body["variables"]
        declared = set(re.findall(r"\$(\w+):", body["query"]))
        assert declared == set(given), "a variable that the query does not declare is an error"
        if name[1] == "Orders" and given["first"] > self.most_orders:
            error = {"message": "Query cost is 1502, which exceeds the single query max cost limit (1000).",
                     "extensions": {"code": "MAX_COST_EXCEEDED", "cost": 1502, "maxCost": 1000}}  # fmt: skip
            return 200, {}, {"errors": [error]}
        return 200, {}, {"data": operation(**given)} | cost(self.available)

    def _orders(self, first: int, after: str | None, query: str) -> Any:
        match = re.fullmatch(r"updated_at:>='([^']+)'", query)
        since = dt.datetime.fromisoformat(match[1]) if match else dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        rows = [row for row in self.orders if dt.datetime.fromisoformat(row["updatedAt"]) >= since]
        rows.sort(key=lambda row: (row["updatedAt"], row["id"]))
        shown = [row | {"lineItems": connection(row["lineItems"], 20, None)} for row in rows]
        return {"orders": connection(shown, first, after)}

    def _lines(self, id: str, first: int, after: str) -> Any:
        order = next(row for row in self.orders if row["id"] == id)
        return {"order": {"lineItems": connection(order["lineItems"], first, after)}}

    def _refund(self, id: str, first: int, after: str | None) -> Any:
        return {"refund": {"refundLineItems": connection(self.refunds[id], first, after)}}

    def _variants(self, first: int, after: str | None) -> Any:
        return {"productVariants": connection(self.products, first, after)}

    def _prices(self, ids: list[str]) -> Any:
        known = {row["id"]: row for row in self.products}
        return {"nodes": [known.get(each) for each in ids]}

    def _setprices(self, product: str, variants: list[dict[str, Any]]) -> Any:
        known = {row["id"]: row for row in self.products if row["product"]["id"] == product}
        errors = []
        for place, each in enumerate(variants):
            if message := self.refused.get(each["id"]):
                errors.append({"field": ["variants", str(place), "price"], "message": message})
            else:
                known[each["id"]] |= {"price": each["price"], "compareAtPrice": each["compareAtPrice"]}
        return {"productVariantsBulkUpdate": {"productVariants": list(known.values()), "userErrors": errors}}


def cost(available: int, requested: int = 100) -> dict[str, Any]:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 100.0}
    cost = {"requestedQueryCost": requested, "actualQueryCost": requested, "throttleStatus": status}
    return {"extensions": {"cost": cost}}


def throttled(available: int, requested: int) -> Answer:
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
    return 200, {}, {"errors": [error]} | cost(available, requested)


def connection(rows: list[Any], first: int, after: str | None) -> dict[str, Any]:
    """A page of rows; a cursor is the place of the last row that was given."""
    start = int(after) + 1 if after is not None else 0
    shown = rows[start : start + first]
    more = start + first < len(rows)
    return {
        "nodes": shown,
        "pageInfo": {"hasNextPage": more, "endCursor": str(start + len(shown) - 1) if shown else None},
    }


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


def money(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "GBP"}}


def shopify_line(
    number: int, sku: str, quantity: int, price: str, *discounts: str, now: int | None = None
) -> Any:
    return {
        "id": gid("LineItem", number), "sku": sku, "name": f"{sku.title()} of the shop", "quantity": quantity,
        "currentQuantity": quantity if now is None else now, "variant": {"id": gid("ProductVariant", 100 + number)},
        "originalUnitPriceSet": money(price),
        "discountAllocations": [{"allocatedAmountSet": money(each)} for each in discounts],
    }  # fmt: skip


def shopify_order(number: int, *lines: Any, **fields: Any) -> dict[str, Any]:
    """An order of 1 March 2025, noon, at the minute of its number."""
    moment = f"{dt.datetime(2025, 3, 1, 12) + dt.timedelta(minutes=number):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "id": gid("Order", number), "name": f"#{number}", "createdAt": moment, "updatedAt": moment,
        "cancelledAt": None, "test": False, "displayFinancialStatus": "PAID", "currencyCode": "GBP",
        "presentmentCurrencyCode": "GBP", "sourceName": "web", "customer": {"id": gid("Customer", 7)},
        "shippingAddress": {"countryCodeV2": "FR"}, "billingAddress": {"countryCodeV2": "GB"}, "refunds": [],
        "lineItems": list(lines),
    } | fields  # fmt: skip


def shopify_variant(
    number: int, sku: str, price: str, stock: int | None = None, product: int = 1
) -> dict[str, Any]:
    return {
        "id": gid("ProductVariant", number), "sku": sku, "title": "Default Title", "price": price,
        "compareAtPrice": None, "inventoryQuantity": 0 if stock is None else stock,
        "inventoryItem": {"tracked": stock is not None},
        "product": {"id": gid("Product", product), "title": sku.title(), "productType": "Mugs"},
    }  # fmt: skip
