"""Platforms that are busy, broken or hostile: what is tried again, what is refused, and what no message repeats."""

import datetime as dt
import logging
from typing import Any

import pytest

from pricing.connections.adapters import http
from pricing.connections.adapters.shopify import Shopify
from pricing.connections.adapters.woocommerce import WooCommerce
from pricing.connections.core.answers import PlatformError
from tests.stand_ins import (
    KEY,
    SECRET,
    StandIn,
    WooStandIn,
    woo_error,
    woo_product,
)

NOW = dt.datetime(2025, 4, 1, tzinfo=dt.UTC)
MARCH = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)


def test_it_waits_as_long_as_it_is_asked_to(
    woo: WooStandIn, to_woo: WooCommerce, pauses: list[float]
) -> None:
    woo.faults = [(429, {"Retry-After": "7"}, {}), (503, {}, b"<html>busy"), (500, {}, {})]
    assert list(to_woo.listings()) == []
    assert pauses == [7.0, 2.0, 4.0]


def test_a_date_to_wait_for_is_understood_and_no_wait_is_endless(
    woo: WooStandIn, to_woo: WooCommerce, pauses: list[float]
) -> None:
    woo.faults = [
        (429, {"Retry-After": "Wed, 01 Jan 2020 00:00:00 GMT"}, {}),
        (429, {"Retry-After": "99999999999"}, {}),
        (429, {"Retry-After": "soon"}, {}),
    ]
    list(to_woo.listings())
    assert pauses == [0.0, 120.0, 4.0]


def test_it_gives_up_after_five_attempts(woo: WooStandIn, to_woo: WooCommerce, pauses: list[float]) -> None:
    woo.faults = [woo_error(500, "internal", "broken")] * 9
    with pytest.raises(PlatformError, match=r"WooCommerce gave no answer in 5 attempts \(HTTP 500\)"):
        list(to_woo.listings())
    assert (len(woo.requests), len(pauses)) == (5, 4)


def test_nobody_there_is_a_clear_message(pauses: list[float]) -> None:
    with (
        WooCommerce("http://127.0.0.1:1", KEY, SECRET, "GBP", pause=pauses.append) as platform,
        pytest.raises(PlatformError, match="ConnectError"),
    ):
        list(platform.listings())


def test_a_wrong_key_is_not_tried_again_and_stands_in_no_message_and_no_log(
    woo: WooStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        WooCommerce(woo.url, "ck_wrong_key", "cs_wrong_secret", "GBP") as platform,
        pytest.raises(PlatformError, match="refuses our credentials") as raised,
    ):
        list(platform.listings())
    assert len(woo.requests) == 1
    shown = f"{raised.value} {caplog.text} {platform!r} {platform.server!r}"
    assert "wrong_key" not in shown and "wrong_secret" not in shown


@pytest.mark.parametrize("status", [400, 404])
def test_an_error_that_repeats_what_we_sent_is_reported_without_it(
    status: int, woo: WooStandIn, to_woo: WooCommerce
) -> None:
    woo.faults = [woo_error(status, "x", f"Bad key {KEY} and {SECRET}")]
    with pytest.raises(PlatformError, match=r"Bad key \*\*\* and \*\*\*"):
        list(to_woo.listings())


def test_a_redirect_is_not_followed_with_our_key(woo: WooStandIn, to_woo: WooCommerce) -> None:
    woo.faults = [(301, {"Location": "http://127.0.0.1:1/elsewhere"}, {})]
    with pytest.raises(PlatformError, match="redirect"):
        list(to_woo.listings())
    assert len(woo.requests) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"<html>Maintenance</html>", "not JSON"),
        (b"[NaN]", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ({"code": "x"}, "A page of products should be a list"),
        ([7], "A product should be an object and is 7"),
        ([{"id": []}], "id should be a text"),
        ([{"id": 1, "price": {"a": 1}}], "Product 1: price should be a number"),
        ([{"id": 1, "price": "1e999999"}], "Product 1: price should be a number"),
        ([{"id": 1, "price": "4", "categories": "none"}], "categories should be a list"),
        ([{"id": 1}] * 101, "has 101 items where at most 100 can be"),
    ],
)
def test_an_answer_that_is_none_is_refused(
    answer: Any, said: str, woo: WooStandIn, to_woo: WooCommerce
) -> None:
    woo.faults = [(200, {}, answer)]
    with pytest.raises(PlatformError, match=said):
        list(to_woo.listings())


def test_an_answer_that_is_too_large_is_not_read_to_its_end(
    woo: WooStandIn, to_woo: WooCommerce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 2**20)
    woo.faults = [(200, {}, b"[" + b" " * 2**21 + b"]")]
    with pytest.raises(PlatformError, match="more than 1 MB"):
        list(to_woo.listings())


def test_pages_without_end_are_refused(
    woo: WooStandIn, to_woo: WooCommerce, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pricing.connections.adapters.woocommerce.MOST_PAGES", 3)
    woo.faults = [(200, {"X-WP-TotalPages": "999999"}, [])] * 3
    with pytest.raises(PlatformError, match="more than 3 pages of products"):
        list(to_woo.listings())


def test_a_number_of_orders_beyond_belief_is_refused(woo: WooStandIn, to_woo: WooCommerce) -> None:
    woo.faults = [(200, {"X-WP-Total": "999999999"}, [])] * 60
    with pytest.raises(PlatformError, match="more than 10,000 pages of orders"):
        to_woo.pull(MARCH, NOW)


def test_the_link_to_the_next_page_is_followed_where_their_number_is_not_given(
    woo: WooStandIn, to_woo: WooCommerce
) -> None:
    following = {"Link": '<http://x/?page=2>; rel="next"'}
    woo.faults = [
        (200, following, [woo_product(1, "CUP", "4.00")]),
        (200, {}, [woo_product(2, "MUG", "5.00")]),
    ]
    assert [each.code for each in to_woo.listings()] == ["CUP", "MUG"]


@pytest.mark.parametrize(
    "answer", [[], {"data": None}, {"data": {"productVariants": {"nodes": []}}}, {"errors": "no"}]
)
def test_a_graphql_answer_that_is_none_is_refused(answer: Any, shopify: StandIn, to_shopify: Shopify) -> None:
    shopify.faults = [(200, {}, answer)]
    with pytest.raises(PlatformError, match=r"cannot be read|refuses a query: no"):
        list(to_shopify.listings())
