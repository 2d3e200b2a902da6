"""Orders of WooCommerce and Shopify as sales lines, and what changes when an order is edited."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from pricing.connections.core import shopify, woocommerce
from pricing.connections.core.orders import Order, OrderLine, csv_row, difference
from tests.stand_ins import gid, shopify_line, shopify_order, woo_line, woo_order, woo_refund

NOON = dt.datetime(2025, 3, 1, 12, 1, tzinfo=dt.UTC)


def figures(order: Order) -> list[tuple[str, int, str, int]]:
    """Code, units, unit price and day of the month of each line."""
    return [(line.code, int(line.quantity), str(line.unit_price), line.moment.day) for line in order.lines]


def from_woo(raw: dict[str, Any], *refunds: Any) -> Order:
    return woocommerce.order_of(raw, refunds, "GBP")


def from_shopify(raw: dict[str, Any], **refunded: Any) -> Order:
    returned = {gid("Refund", int(number[1:])): rows for number, rows in refunded.items()}
    return shopify.order_of(raw, raw["lineItems"], returned, "GBP")


# --- WooCommerce --------------------------------------------------------------------------------------


def test_a_line_is_priced_after_discounts_and_without_tax_where_prices_have_none() -> None:
    order = from_woo(woo_order(1, woo_line("CUP", 3, "10.00", "2.00", subtotal="12.00")))
    assert order.lines == (OrderLine("CUP", "Cup of the shop", Decimal(3), NOON, Decimal("3.3333")),)
    assert (order.invoice_no, order.customer_id, order.country, order.left_out) == ("1", "7", "GB", "")


def test_a_line_is_priced_with_tax_where_the_shops_prices_include_it() -> None:
    order = from_woo(woo_order(1, woo_line("CUP", 2, "10.00", "2.00"), prices_include_tax=True))
    assert figures(order) == [("CUP", 2, "6.0000", 1)]


def test_a_guest_has_no_customer_number_and_the_goods_country_counts() -> None:
    order = from_woo(woo_order(1, customer_id=0, shipping={"country": "FR"}) | {"number": "A-17"})
    assert (order.customer_id, order.country, order.invoice_no) == ("", "FR", "A-17")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "cancelled"}, "cancelled"),
        ({"status": "failed"}, "cancelled"),
        ({"status": "trash"}, "cancelled"),
        ({"status": "pending"}, "not_paid"),
        ({"status": "on-hold"}, "not_paid"),
        ({"status": "checkout-draft"}, "not_paid"),
        ({"status": "quote-requested", "date_paid_gmt": None}, "not_paid"),
        ({"currency": "EUR"}, "other_currency"),
        ({"line_items": {"a": 1}}, "unreadable"),
        ({"date_created_gmt": "yesterday"}, "unreadable"),
        ({"status": ["completed"]}, "unreadable"),
        ({"number": "9" * 65}, "unreadable"),
        ({"line_items": [woo_line("CUP", "1e-29", "1000000000000")]}, "unreadable"),  # type: ignore[arg-type]
    ],
)
def test_orders_that_are_left_out_say_why(fields: dict[str, Any], reason: str) -> None:
    order = from_woo(woo_order(1, woo_line("CUP", 1, "4.00")) | fields)
    assert (order.left_out, order.lines) == (reason, ())
    assert bool(order.message) == (reason == "unreadable")


@pytest.mark.parametrize("status", ["processing", "completed", "shipped-by-an-extension"])
def test_paid_orders_are_sales(status: str) -> None:
    assert figures(from_woo(woo_order(1, woo_line("CUP", 1, "4.00"), status=status))) == [
        ("CUP", 1, "4.0000", 1)
    ]


@pytest.mark.parametrize(
    ("created_via", "channel"),
    # The checkouts of forms and of blocks are the same web shop.
    [("checkout", "checkout"), ("store-api", "checkout"), ("pos-rest-api", "pos-rest-api"), ("admin", "admin"),
     ("", ""), ("x" * 120, "x" * 100)],
)  # fmt: skip
def test_an_order_has_the_channel_it_was_placed_by(created_via: str, channel: str) -> None:
    assert from_woo(woo_order(1, woo_line("CUP", 1, "4.00"), created_via=created_via)).channel == channel


@pytest.mark.parametrize(
    ("source", "channel"), [("web", "web"), ("pos", "pos"), (None, ""), ("580111", "580111")]
)
def test_an_order_of_shopify_has_the_name_of_its_source(source: str | None, channel: str) -> None:
    assert (
        from_shopify(shopify_order(1, shopify_line(1, "CUP", 1, "4.00"), sourceName=source)).channel
        == channel
    )


def test_what_came_back_is_a_line_below_0_on_its_own_day_and_money_alone_is_none() -> None:
    back = woo_refund(9, "2025-03-04T08:00:00", woo_line("CUP", -1, "-4.00"))
    money = woo_refund(10, "2025-03-05T08:00:00", woo_line("CUP", 0, "-1.00"))
    unsigned = woo_refund(11, "2025-03-06T08:00:00", woo_line("CUP", 1, "-3.00"))
    order = from_woo(woo_order(1, woo_line("CUP", 3, "12.00")), back, money, unsigned)
    assert figures(order) == [("CUP", 3, "4.0000", 1), ("CUP", -1, "4.0000", 4), ("CUP", -1, "3.0000", 6)]
    assert order.lines_left_out == {"no_quantity": 1}


def test_an_order_refunded_as_a_whole_gives_back_what_its_refunds_do_not_name() -> None:
    back = woo_refund(9, "2025-03-04T08:00:00", woo_line("CUP", -1, "-4.00"))
    rest = woo_refund(10, "2025-03-06T08:00:00")
    lines = (woo_line("CUP", 3, "12.00"), woo_line("MUG", 1, "6.00"))
    order = from_woo(woo_order(1, *lines, status="refunded"), back, rest)
    assert figures(order) == [
        ("CUP", 3, "4.0000", 1), ("MUG", 1, "6.0000", 1),
        ("CUP", -1, "4.0000", 4), ("CUP", -2, "4.0000", 6), ("MUG", -1, "6.0000", 6),
    ]  # fmt: skip


def test_a_line_below_0_stays_below_0_for_the_import_to_refuse() -> None:
    assert figures(from_woo(woo_order(1, woo_line("CUP", 1, "-4.00")))) == [("CUP", 1, "-4.0000", 1)]


def test_a_product_without_a_sku_is_known_by_its_id_and_a_deleted_one_is_counted() -> None:
    lines = (
        woo_line("", 1, "4.00"),
        woo_line("", 1, "5.00", variation_id=22),
        woo_line("", 1, "6.00", product_id=0),
    )
    order = from_woo(woo_order(1, *lines))
    assert [line.code for line in order.lines] == ["WC-11", "WC-22"]
    assert order.lines_left_out == {"no_code": 1}


# --- Shopify ------------------------------------------------------------------------------------------


def test_allocated_discounts_are_taken_off() -> None:
    order = from_shopify(shopify_order(1, shopify_line(1, "CUP", 3, "4.00", "1.00", "1.00")))
    assert figures(order) == [("CUP", 3, "3.3333", 1)]
    assert (order.invoice_no, order.customer_id, order.country) == ("#1", "7", "FR")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"test": True}, "test"),
        ({"cancelledAt": "2025-03-02T00:00:00Z"}, "cancelled"),
        ({"displayFinancialStatus": "PENDING"}, "not_paid"),
        ({"displayFinancialStatus": "VOIDED"}, "not_paid"),
        ({"displayFinancialStatus": None}, "not_paid"),
        ({"presentmentCurrencyCode": "EUR"}, "other_currency"),
        ({"currencyCode": "USD", "presentmentCurrencyCode": "USD"}, "other_currency"),
        ({"createdAt": 17}, "unreadable"),
        ({"displayFinancialStatus": {}}, "unreadable"),
    ],
)
def test_orders_of_shopify_that_are_left_out_say_why(fields: dict[str, Any], reason: str) -> None:
    order = from_shopify(shopify_order(1, shopify_line(1, "CUP", 1, "4.00")) | fields)
    assert (order.left_out, order.lines) == (reason, ())


def test_refunded_units_were_sold_and_came_back_and_units_edited_away_were_never_sold() -> None:
    refund = {"id": gid("Refund", 5), "createdAt": "2025-03-04T08:00:00Z"}
    # Of 5 units one was refunded and one was taken off by an edit: 3 are left.
    raw = shopify_order(1, shopify_line(1, "CUP", 5, "4.00", "5.00", now=3), refunds=[refund])
    order = from_shopify(raw, r5=[{"quantity": 1, "lineItem": {"id": gid("LineItem", 1)}}])
    assert figures(order) == [("CUP", 4, "3.0000", 1), ("CUP", -1, "3.0000", 4)]


def test_a_line_that_an_edit_took_away_is_none() -> None:
    assert from_shopify(shopify_order(1, shopify_line(1, "CUP", 2, "4.00", now=0))).lines == ()


def test_a_variant_without_a_sku_is_known_by_its_id_and_a_custom_line_is_counted() -> None:
    custom = shopify_line(3, "", 1, "9.00") | {"variant": None}
    order = from_shopify(shopify_order(1, shopify_line(2, "", 1, "4.00"), custom))
    assert [line.code for line in order.lines] == ["SHOPIFY-102"]
    assert order.lines_left_out == {"no_code": 1}


# --- edits --------------------------------------------------------------------------------------------


def line(code: str, quantity: int, price: str = "4", description: str = "") -> OrderLine:
    return OrderLine(code, description, Decimal(quantity), NOON, Decimal(price))


def test_the_difference_counts_lines_that_are_alike() -> None:
    before = [line("CUP", 1), line("CUP", 1), line("MUG", 2)]
    now = [line("CUP", 1), line("MUG", 3), line("BOWL", 1)]
    assert difference(before, now) == ([line("MUG", 3), line("BOWL", 1)], [line("CUP", 1), line("MUG", 2)])


def test_another_description_is_no_other_line_and_numbers_count_by_value() -> None:
    assert difference([line("CUP", 1, "4.0000")], [line("CUP", 1, "4", "Cup, new name")]) == ([], [])


def test_a_line_survives_being_kept() -> None:
    kept = OrderLine("CUP", "Cup", Decimal("1.5"), NOON, Decimal("3.3333"))
    assert OrderLine.from_json(kept.as_json()) == kept


def test_the_file_has_prices_no_reader_can_take_for_thousands_and_moments_with_their_zone() -> None:
    order = Order("1", "A-1", "7", "GB", "pos")
    assert csv_row(order, line("CUP", 100, "1234")) == (
        "A-1", "CUP", "", "100", "2025-03-01T12:01:00+00:00", "1234.0000", "7", "GB", "pos",
    )  # fmt: skip
