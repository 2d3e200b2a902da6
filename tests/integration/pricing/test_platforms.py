"""The adapters of WooCommerce and Shopify against stand-ins: pages, portions, batches, query costs."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from pricing.connections.adapters.shopify import Shopify
from pricing.connections.adapters.woocommerce import WooCommerce
from pricing.connections.core.answers import PlatformError
from pricing.connections.core.prices import PriceToSet, WantedPrice
from tests.stand_ins import (
    ShopifyStandIn,
    WooStandIn,
    gid,
    shopify_line,
    shopify_order,
    shopify_variant,
    throttled,
    woo_line,
    woo_order,
    woo_product,
    woo_refund,
)

NOW = dt.datetime(2025, 4, 1, tzinfo=dt.UTC)
MARCH = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)


def wanted(parent: str, number: str, price: str, regular: str | None = None) -> PriceToSet:
    moment = dt.datetime(2025, 3, 5, 10, 30, tzinfo=dt.UTC)
    before = Decimal(regular) if regular else None
    return PriceToSet((parent, number), WantedPrice("CUP", Decimal(price), moment, before))


# --- WooCommerce --------------------------------------------------------------------------------------


def test_all_pages_of_orders_are_read(woo: WooStandIn, to_woo: WooCommerce) -> None:
    woo.orders = [woo_order(number, woo_line("CUP", 1, "4.00")) for number in range(1, 251)]
    portion = to_woo.pull(MARCH, NOW)
    assert {order.id for order in portion.orders} == {str(number) for number in range(1, 251)}
    assert (portion.until, portion.more) == (NOW, False)


def test_orders_that_leave_the_stretch_meanwhile_hide_no_others(
    woo: WooStandIn, to_woo: WooCommerce, monkeypatch: pytest.MonkeyPatch
) -> None:
    woo.orders = [woo_order(number, woo_line("CUP", 1, "4.00")) for number in range(1, 251)]
    page = woo._page

    def changing(path: str, rows: Any, query: Any) -> Any:
        answer = page(path, rows, query)
        if (
            query["per_page"] == "100"
        ):  # once the first page was read, an order of the earliest one is changed
            woo.orders[0] |= {"date_modified_gmt": "2025-04-02T00:00:00"}
        return answer

    monkeypatch.setattr(woo, "_page", changing)
    seen = {order.id for order in to_woo.pull(MARCH, NOW).orders}
    assert seen >= {str(number) for number in range(2, 251)}


def test_a_long_time_is_pulled_in_portions_that_miss_nothing(
    woo: WooStandIn, to_woo: WooCommerce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pricing.connections.adapters.woocommerce.PAGES_A_PORTION", 1)
    woo.orders = [woo_order(number, woo_line("CUP", 1, "4.00")) for number in range(1, 301)]
    seen: set[str] = set()
    since: Any = None
    for _ in range(60):
        portion = to_woo.pull(since, NOW)
        assert len(portion.orders) <= 100
        seen |= {order.id for order in portion.orders}
        since = portion.until
        if not portion.more:
            break
    assert seen == {str(number) for number in range(1, 301)}
    assert since == NOW


def test_only_orders_changed_since_are_asked_for(woo: WooStandIn, to_woo: WooCommerce) -> None:
    woo.orders = [woo_order(1), woo_order(2), woo_order(3)]
    since = dt.datetime(2025, 3, 1, 12, 2, tzinfo=dt.UTC)
    assert {order.id for order in to_woo.pull(since, NOW).orders} == {"2", "3"}


def test_refunds_are_asked_for_where_there_are_any(woo: WooStandIn, to_woo: WooCommerce) -> None:
    woo.orders = [
        woo_order(1, woo_line("CUP", 3, "12.00"), refunds=[{"id": 9, "total": "-4.00"}]),
        woo_order(2),
    ]
    woo.refunds = {"1": [woo_refund(9, "2025-03-04T08:00:00", woo_line("CUP", -1, "-4.00"))]}
    first, _ = sorted(to_woo.pull(MARCH, NOW).orders, key=lambda order: order.id)
    assert [(line.quantity, line.unit_price) for line in first.lines] == [(3, 4), (-1, 4)]
    assert len(woo.asked("GET", "/refunds")) == 1


def test_variations_take_the_place_of_their_product(woo: WooStandIn, to_woo: WooCommerce) -> None:
    woo.products = [
        woo_product(1, "CUP", "4.00", stock=5),
        woo_product(2, "TEE", "9.00", type="variable"),
        woo_product(3, "SET", "", type="grouped"),
    ]
    woo.variations = {
        2: [woo_product(21, "TEE-S", "9.00", stock=3), woo_product(22, "", "9.50", name="Large")]
    }
    found = list(to_woo.listings())
    assert [(each.reference, each.code, each.price, each.stock) for each in found] == [
        (("", "1"), "CUP", Decimal("4.00"), 5),
        (("2", "21"), "TEE-S", Decimal("9.00"), 3),
        (("2", "22"), "WC-22", Decimal("9.50"), None),
    ]
    assert found[2].name == "Tee - Large"


def test_prices_go_in_batches_of_a_hundred_with_their_sale_and_its_date(
    woo: WooStandIn, to_woo: WooCommerce
) -> None:
    woo.products = [woo_product(number, f"P{number}", "4.00") for number in range(1, 131)]
    prices = [wanted("", str(number), "3.50", "4.00" if number == 1 else None) for number in range(1, 131)]
    assert to_woo.set_prices(prices) == {}
    assert [len(body["update"]) for body in woo.asked("POST", "/products/batch")] == [100, 30]
    shown = [woo.products[0], woo.products[1]]
    names = ("regular_price", "sale_price", "date_on_sale_from_gmt", "date_on_sale_to_gmt", "price")
    assert [tuple(row[name] for name in names) for row in shown] == [
        ("4.00", "3.50", "2025-03-05T10:30:00", "", "3.50"),
        ("3.50", "", "", "", "3.50"),
    ]
    read = to_woo.read_prices([price.reference for price in prices])
    assert set(read.values()) == {Decimal("3.50")} and len(read) == 130


def test_prices_of_variations_go_to_their_product(woo: WooStandIn, to_woo: WooCommerce) -> None:
    woo.variations = {2: [woo_product(21, "TEE-S", "9.00")]}
    assert to_woo.set_prices([wanted("2", "21", "8.00")]) == {}
    assert to_woo.read_prices([("2", "21")]) == {("2", "21"): Decimal("8.00")}


def test_a_product_that_is_refused_is_named_and_the_others_are_set(
    woo: WooStandIn, to_woo: WooCommerce
) -> None:
    woo.products = [woo_product(1, "CUP", "4.00")]
    assert to_woo.set_prices([wanted("", "1", "3.50"), wanted("", "999", "3.50")]) == {"999": "Invalid ID."}
    assert woo.products[0]["price"] == "3.50"


# --- Shopify ------------------------------------------------------------------------------------------


def test_all_pages_of_orders_and_of_their_lines_are_read(
    shopify: ShopifyStandIn, to_shopify: Shopify
) -> None:
    many = [shopify_line(number, f"P{number}", 1, "4.00") for number in range(1, 81)]
    shopify.orders = [shopify_order(1, *many), *(shopify_order(number) for number in range(2, 26))]
    portion = to_shopify.pull(MARCH, NOW)
    assert len(portion.orders) == 25
    assert [line.code for line in portion.orders[0].lines] == [f"P{number}" for number in range(1, 81)]
    assert portion.until == dt.datetime(2025, 3, 1, 12, 25, tzinfo=dt.UTC)


def test_a_portion_ends_and_says_that_there_is_more(
    shopify: ShopifyStandIn, to_shopify: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pricing.connections.adapters.shopify.ORDERS_A_PORTION", 10)
    shopify.orders = [shopify_order(number) for number in range(1, 26)]
    first = to_shopify.pull(None, NOW)
    second = to_shopify.pull(first.until, NOW)
    third = to_shopify.pull(second.until, NOW)
    assert [each.more for each in (first, second, third)] == [True, True, False]
    seen = {order.id for each in (first, second, third) for order in each.orders}
    assert len(seen) == 25


def test_more_orders_changed_in_one_moment_than_a_portion_holds_are_refused_and_not_asked_for_ever(
    shopify: ShopifyStandIn, to_shopify: Shopify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pricing.connections.adapters.shopify.ORDERS_A_PORTION", 10)
    moment = "2025-03-01T12:00:00Z"
    shopify.orders = [shopify_order(number, updatedAt=moment) for number in range(1, 26)]
    with pytest.raises(PlatformError, match="changed in one moment"):
        to_shopify.pull(dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC), NOW)


def test_pages_get_shorter_where_a_query_costs_too_much(shopify: ShopifyStandIn, to_shopify: Shopify) -> None:
    shopify.most_orders = 3
    shopify.orders = [shopify_order(number) for number in range(1, 12)]
    assert len(to_shopify.pull(MARCH, NOW).orders) == 11
    sizes = [body["variables"]["first"] for body in shopify.asked("POST", "graphql.json")]
    assert sizes == [10, 5, 2, 2, 2, 2, 2, 2]


def test_the_lines_of_refunds_are_asked_for(shopify: ShopifyStandIn, to_shopify: Shopify) -> None:
    refund = {"id": gid("Refund", 5), "createdAt": "2025-03-04T08:00:00Z"}
    shopify.orders = [shopify_order(1, shopify_line(1, "CUP", 3, "4.00", now=2), refunds=[refund])]
    shopify.refunds = {refund["id"]: [{"quantity": 1, "lineItem": {"id": gid("LineItem", 1)}}]}  # type: ignore[list-item]
    (order,) = to_shopify.pull(MARCH, NOW).orders
    assert [(int(line.quantity), line.moment.day) for line in order.lines] == [(3, 1), (-1, 4)]


def test_it_waits_until_the_budget_holds_the_next_query(
    shopify: ShopifyStandIn, to_shopify: Shopify, pauses: list[float]
) -> None:
    shopify.available = 40  # of the 100 that a query costs; 100 a second come back
    assert list(to_shopify.listings()) == []
    assert pauses == [0.6]


def test_it_asks_again_after_it_was_throttled(
    shopify: ShopifyStandIn, to_shopify: Shopify, pauses: list[float]
) -> None:
    shopify.products = [shopify_variant(1, "CUP", "4.00", stock=5)]
    shopify.faults = [throttled(100, 500), throttled(400, 500)]
    (found,) = to_shopify.listings()
    assert (found.code, found.price, found.stock, found.category) == ("CUP", Decimal("4.00"), 5, "Mugs")
    assert pauses == [4.0, 1.0]


def test_throttling_without_end_is_given_up(shopify: ShopifyStandIn, to_shopify: Shopify) -> None:
    shopify.faults = [throttled(0, 500)] * 20
    with pytest.raises(PlatformError, match="Throttled"):
        list(to_shopify.listings())


def test_prices_are_set_by_product_and_what_is_refused_is_named(
    shopify: ShopifyStandIn, to_shopify: Shopify
) -> None:
    shopify.products = [
        shopify_variant(1, "CUP", "4.00"), shopify_variant(2, "MUG", "5.00"), shopify_variant(3, "BOWL", "6.00", product=2)
    ]  # fmt: skip
    shopify.refused = {gid("ProductVariant", 2): "Price must be lower"}
    prices = [
        wanted(gid("Product", 1), gid("ProductVariant", 1), "3.50", "4.00"),
        wanted(gid("Product", 1), gid("ProductVariant", 2), "3.50"),
        wanted(gid("Product", 2), gid("ProductVariant", 3), "3.50"),
    ]
    assert to_shopify.set_prices(prices) == {gid("ProductVariant", 2): "Price must be lower"}
    assert [(row["price"], row["compareAtPrice"]) for row in shopify.products] == [
        ("3.50", "4.00"), ("5.00", None), ("3.50", None),
    ]  # fmt: skip
    found = to_shopify.read_prices([price.reference for price in prices])
    assert list(found.values()) == [Decimal("3.50"), Decimal("5.00"), Decimal("3.50")]


def test_a_scope_that_the_token_lacks_is_said(shopify: ShopifyStandIn, to_shopify: Shopify) -> None:
    error = {"message": "Access denied for orders field.", "extensions": {"code": "ACCESS_DENIED"}}
    shopify.faults = [(200, {}, {"errors": [error], "data": None})]
    with pytest.raises(PlatformError, match="does not let our token do this: Access denied for orders field"):
        to_shopify.pull(None, NOW)
