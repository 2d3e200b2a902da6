"""Pulling orders: through the import, twice, after edits, refunds, cancellations and failures."""

import datetime as dt
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from elastix.alerts.models import Alert
from elastix.dataset.versions import data_version
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.jobs.models import Job, JobState
from pricing.connections.models import OrderPull, PulledOrder
from pricing.connections.services.pulling import pull_if_due
from pricing.sales.models import Product, Transaction
from pricing.sales.selectors.channels import channel_prices
from pricing.sales.services.products import product_create
from tests.jobs import scheduled
from tests.stand_ins import (
    KEY,
    SECRET,
    TOKEN,
    ShopifyStandIn,
    WooStandIn,
    gid,
    running,
    shopify_line,
    shopify_order,
    shopify_variant,
    woo_error,
    woo_line,
    woo_order,
    woo_product,
    woo_refund,
)

# Commands run the jobs that their transactions queue, so these have to commit.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def woo(settings: Any) -> Iterator[WooStandIn]:
    with running(WooStandIn()) as stand_in:
        settings.WOOCOMMERCE_URL = stand_in.url
        settings.WOOCOMMERCE_KEY, settings.WOOCOMMERCE_SECRET = KEY, SECRET
        yield stand_in  # type: ignore[misc]


@pytest.fixture
def shopify(settings: Any) -> Iterator[ShopifyStandIn]:
    with running(ShopifyStandIn()) as stand_in:
        settings.SHOPIFY_URL, settings.SHOPIFY_TOKEN = stand_in.url, TOKEN
        yield stand_in  # type: ignore[misc]


@pytest.fixture
def pull(db: None) -> Callable[..., str]:
    """Run the command; return what it says."""

    def run(*arguments: str) -> str:
        out = io.StringIO()
        call_command("pull_orders", *arguments, stdout=out)
        return out.getvalue()

    return run


def transactions() -> list[tuple[str, str, int, str]]:
    """Invoice, code, units and price of each transaction."""
    rows = Transaction.objects.order_by("invoice_no", "invoice_date", "product_id", "quantity")
    return [(row.invoice_no, row.product_id, row.quantity, f"{row.unit_price:.2f}") for row in rows]


def later(order: dict[str, Any], **changes: Any) -> None:
    """Change an order an hour after it was placed."""
    moment = dt.datetime.fromisoformat(order["date_modified_gmt"]) + dt.timedelta(hours=1)
    order |= {"date_modified_gmt": f"{moment:%Y-%m-%dT%H:%M:%S}"} | changes


def test_orders_become_sales_lines(woo: WooStandIn, pull: Any) -> None:
    woo.orders = [
        woo_order(1, woo_line("cup", 2, "8.00"), woo_line("MUG", 1, "6.50")),
        woo_order(2, woo_line("CUP", 1, "4.00"), status="cancelled"),
        woo_order(3, woo_line("CUP", 1, "4.50"), currency="EUR"),
    ]
    said = pull()
    assert transactions() == [("1", "CUP", 2, "4.00"), ("1", "MUG", 1, "6.50")]
    line = Transaction.objects.get(product="CUP")
    assert (line.customer_id, line.country, line.channel) == ("7", "GB", "checkout")
    assert line.description == "Cup of the shop"
    assert "created_via" in woo.asked("GET", "/orders")[-1]["_fields"].split(",")
    assert line.invoice_date == dt.datetime(2025, 3, 1, 12, 1, tzinfo=dt.UTC)
    assert line.batch is not None and line.batch.kind == "transactions"
    counts = OrderPull.objects.get().counts
    assert counts["orders_left_out_cancelled"] == counts["orders_left_out_other_currency"] == 1
    assert "orders left out other currency 1" in said


def test_the_same_orders_are_brought_once(woo: WooStandIn, pull: Any) -> None:
    # The second line of the same kind is a second article, not the first again.
    woo.orders = [woo_order(1, woo_line("CUP", 2, "8.00"), woo_line("CUP", 2, "8.00"))]
    pull()
    seen = PulledOrder.objects.get().pulled_at
    later(woo.orders[0], status="processing")
    pull("--since", "2025-01-01")
    assert transactions() == [("1", "CUP", 2, "4.00")] * 2
    assert ImportBatch.objects.count() == 1
    assert PulledOrder.objects.get().pulled_at == seen


def test_a_later_pull_asks_only_for_what_changed_since(woo: WooStandIn, pull: Any) -> None:
    woo.orders = [woo_order(1, woo_line("CUP", 2, "8.00"))]
    pull()
    first = OrderPull.objects.get()
    assert first.since is None and timezone.now() - first.until < dt.timedelta(minutes=1)
    pull()
    assert OrderPull.objects.first().since == first.until - dt.timedelta(minutes=5)  # type: ignore[union-attr]


def test_a_refund_that_comes_later_is_added_and_nothing_else(woo: WooStandIn, pull: Any) -> None:
    woo.orders = [woo_order(1, woo_line("CUP", 3, "12.00"))]
    pull()
    woo.refunds = {"1": [woo_refund(9, "2025-03-04T08:00:00", woo_line("CUP", -1, "-4.00"))]}
    later(woo.orders[0], refunds=[{"id": 9, "total": "-4.00"}])
    pull("--since", "2025-01-01")
    assert transactions() == [("1", "CUP", 3, "4.00"), ("1", "CUP", -1, "4.00")]
    assert OrderPull.objects.first().counts["lines_taken_out"] == 0  # type: ignore[union-attr]


def test_an_edited_order_replaces_only_the_lines_that_were_edited(woo: WooStandIn, pull: Any) -> None:
    woo.orders = [
        woo_order(1, woo_line("CUP", 3, "12.00"), woo_line("MUG", 1, "6.50")),
        woo_order(2, woo_line("CUP", 3, "12.00")),
    ]
    pull()
    kept = Transaction.objects.get(product="MUG").pk
    later(woo.orders[0], line_items=[woo_line("CUP", 2, "8.00"), woo_line("MUG", 1, "6.50")])
    pull("--since", "2025-01-01")
    assert transactions() == [("1", "CUP", 2, "4.00"), ("1", "MUG", 1, "6.50"), ("2", "CUP", 3, "4.00")]
    assert Transaction.objects.get(product="MUG").pk == kept


def test_an_order_that_is_cancelled_later_leaves_no_transaction(woo: WooStandIn, pull: Any) -> None:
    woo.orders = [woo_order(1, woo_line("CUP", 3, "12.00")), woo_order(2, woo_line("CUP", 1, "4.00"))]
    pull()
    later(woo.orders[0], status="cancelled")
    pull("--since", "2025-01-01")
    assert transactions() == [("2", "CUP", 1, "4.00")]
    assert list(Product.objects.get(code="CUP").sales_history.values_list("quantity", flat=True)) == [1]


def test_an_order_that_cannot_be_read_keeps_what_it_brought_and_raises_an_alert(
    woo: WooStandIn, pull: Any
) -> None:
    woo.orders = [woo_order(1, woo_line("CUP", 3, "12.00")), woo_order(2, woo_line("MUG", 1, "6.50"))]
    pull()
    good = woo.orders[0]["line_items"]
    later(woo.orders[0], line_items="none")
    said = pull("--since", "2025-01-01")
    assert transactions() == [("1", "CUP", 3, "4.00"), ("2", "MUG", 1, "6.50")]
    assert "not read: Order 1: line_items should be a list" in said
    alert = Alert.objects.get(kind="connection")
    assert "Orders that could not be read: 1. Order 1" in alert.message
    later(woo.orders[0], line_items=good)
    pull("--since", "2025-01-01")
    alert.refresh_from_db()
    assert alert.cleared_at is not None


def test_a_shop_that_sells_in_another_currency_alone_is_reported(woo: WooStandIn, pull: Any) -> None:
    woo.orders = [woo_order(number, woo_line("CUP", 1, "4.00"), currency="EUR") for number in (1, 2)]
    pull()
    assert transactions() == []
    message = "All orders are in another currency than GBP: is SHOP_CURRENCY right?"
    assert Alert.objects.get(kind="connection").message == message


def test_a_corrected_line_stays_corrected(woo: WooStandIn, pull: Any, analyst_client: Any) -> None:
    woo.orders = [woo_order(1, woo_line("CUP", 30, "120.00"), woo_line("MUG", 1, "6.50"))]
    pull()
    line = Transaction.objects.get(product="CUP")
    assert analyst_client.put(f"/transactions/{line.pk}", {"quantity": 3}).status_code == 200
    later(woo.orders[0], line_items=[woo_line("CUP", 30, "120.00"), woo_line("MUG", 2, "13.00")])
    pull("--since", "2025-01-01")
    assert transactions() == [("1", "CUP", 3, "4.00"), ("1", "MUG", 2, "6.50")]


def test_stock_levels_follow_the_platform_and_names_stay_ours(woo: WooStandIn, pull: Any) -> None:
    product_create(code="CUP", by="anna", name="Our cup", category="Ours", stock_level=1)
    woo.products = [
        woo_product(1, "cup", "4.00", stock=17),
        woo_product(2, "MUG", "6.50", stock=-2),
        woo_product(3, "BOWL", "9.00"),
        woo_product(4, "PLATE", "9.00", stock=1),
        woo_product(5, "PLATE", "9.00", stock=2),
        woo_product(6, "Tel\u200bler", "9.00", stock=2),
    ]
    pull()
    rows = Product.objects.order_by("code").values_list(
        "code", "name", "category", "stock_level", "current_price"
    )
    assert list(rows) == [
        ("BOWL", "Bowl", "Mugs", None, None),
        ("CUP", "Our cup", "Ours", 17, None),
        ("MUG", "Mug", "Mugs", -2, None),
    ]
    catalogue = data_version().catalogue_version
    assert "products created 0, stock levels changed 0" in pull()
    assert data_version().catalogue_version == catalogue


def test_nothing_is_written_where_the_platform_fails_half_way(woo: WooStandIn, pull: Any) -> None:
    woo.orders = [woo_order(number, woo_line("CUP", 1, "4.00")) for number in range(1, 151)]
    woo.faults = [None, None, woo_error(400, "x", "broken")]
    with pytest.raises(CommandError, match="WooCommerce refuses a request to orders"):
        pull()
    assert transactions() == [] and not OrderPull.objects.exists() and not PulledOrder.objects.exists()
    assert "refuses a request" in Alert.objects.get(kind="connection").message
    pull()
    assert len(transactions()) == 150
    assert Alert.objects.get(kind="connection").cleared_at is not None


def test_a_portion_at_a_time_until_there_is_no_more(
    woo: WooStandIn, pull: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pricing.connections.adapters.woocommerce.PAGES_A_PORTION", 1)
    woo.orders = [woo_order(number, woo_line("CUP", 1, "4.00")) for number in range(1, 151)]
    pull()
    assert len(transactions()) == 150
    assert OrderPull.objects.filter(more=True).exists()
    assert OrderPull.objects.first().more is False  # type: ignore[union-attr]


def test_lines_whose_import_failed_are_imported_again(woo: WooStandIn, pull: Any) -> None:
    woo.orders = [woo_order(1, woo_line("CUP", 3, "12.00"))]
    pull()
    failed = ImportBatch.objects.get()
    Transaction.rows.all().delete()
    ImportBatch.objects.update(status=ImportStatus.FAILED)
    with pytest.raises(CommandError, match="being imported still"):
        pull()
    assert transactions() == [("1", "CUP", 3, "4.00")]
    assert OrderPull.objects.get().batch_id != failed.pk  # type: ignore[attr-defined]
    pull()
    assert transactions() == [("1", "CUP", 3, "4.00")]


def test_no_pull_while_the_last_is_being_imported(woo: WooStandIn, pull: Any) -> None:
    woo.orders = [woo_order(1, woo_line("CUP", 3, "12.00"))]
    pull()
    ImportBatch.objects.update(status=ImportStatus.READING)
    with pytest.raises(CommandError, match="being imported still"):
        pull()


def test_withdrawn_orders_come_back_when_they_are_pulled_anew(
    woo: WooStandIn, pull: Any, analyst_client: Any
) -> None:
    woo.orders = [woo_order(1, woo_line("CUP", 3, "12.00"))]
    pull()
    analyst_client.delete(f"/transactions/imports/{ImportBatch.objects.get().pk}")
    pull("--since", "2025-01-01")
    assert transactions() == []
    pull("--anew")
    assert transactions() == [("1", "CUP", 3, "4.00")]


def test_orders_and_stock_of_shopify(shopify: ShopifyStandIn, pull: Any) -> None:
    refund = {"id": gid("Refund", 5), "createdAt": "2025-03-04T08:00:00Z"}
    shopify.orders = [
        shopify_order(1, shopify_line(1, "CUP", 3, "4.00", "3.00", now=2), refunds=[refund]),
        shopify_order(2, shopify_line(2, "CUP", 3, "4.00"), test=True),
    ]
    shopify.refunds = {refund["id"]: [{"quantity": 1, "lineItem": {"id": gid("LineItem", 1)}}]}  # type: ignore[list-item]
    shopify.products = [shopify_variant(1, "CUP", "4.00", stock=17)]
    pull("--platform", "shopify")
    assert set(Transaction.objects.values_list("channel", flat=True)) == {"web"}
    assert "sourceName" in shopify.asked("POST", "/graphql.json")[0]["query"]
    assert transactions() == [("#1", "CUP", 3, "3.00"), ("#1", "CUP", -1, "3.00")]
    assert Product.objects.get(code="CUP").stock_level == 17
    pull()
    assert len(transactions()) == 2


def test_the_channels_of_orders_have_prices_of_their_own(woo: WooStandIn, pull: Any) -> None:
    days = [f"{dt.date(2025, 1, 6) + dt.timedelta(days=day)}T12:00:00" for day in range(60)]
    woo.orders = [
        woo_order(
            number, woo_line("CUP", 1 + till, "10.00" if till else "4.00"), date_created_gmt=day,
            created_via="pos-rest-api" if till else "checkout",
        )
        for till in (0, 1)
        for number, day in enumerate(days, start=1 + 60 * till)
    ]  # fmt: skip
    while "more" in pull() and OrderPull.objects.first().more:  # type: ignore[union-attr]
        pass
    call_command("recompute", stdout=io.StringIO())
    found = [(each.channel, float(each.price), each.is_main) for each in channel_prices("CUP")]
    assert found == [("checkout", 4.0, False), ("pos-rest-api", 5.0, True)]


def test_the_schedule_pulls_what_is_configured_and_due(woo: WooStandIn, settings: Any) -> None:
    woo.orders = [woo_order(1, woo_line("CUP", 3, "12.00"))]
    (job,) = scheduled()["pull orders"]()
    assert transactions() == [("1", "CUP", 3, "4.00")]
    assert job.parameters == {"platform": "woocommerce"}
    assert pull_if_due() == []
    settings.PULL_ORDERS_EVERY = dt.timedelta(0)
    assert len(pull_if_due()) == 1


def test_without_a_platform_the_schedule_does_nothing_and_the_command_says_so(pull: Any) -> None:
    assert pull_if_due() == []
    with pytest.raises(CommandError, match="No such platform is configured"):
        pull()


def test_a_failed_pull_rests_before_the_schedule_tries_again(woo: WooStandIn) -> None:
    woo.faults = [woo_error(401, "x", "no")]
    (job,) = pull_if_due()
    job.refresh_from_db()
    assert job.state == JobState.FAILED and KEY not in job.error and SECRET not in job.error
    assert pull_if_due() == []
    Job.objects.update(finished_at=timezone.now() - dt.timedelta(minutes=31))
    assert len(pull_if_due()) == 1


@pytest.mark.parametrize("since", ["yesterday", "2025-02-30"])
def test_a_moment_that_is_none_is_refused(since: str, woo: WooStandIn, pull: Any) -> None:
    with pytest.raises(CommandError, match="expected a day such as"):
        pull("--since", since)


def test_prices_that_are_many_do_not_lose_their_decimals(woo: WooStandIn, pull: Any) -> None:
    woo.orders = [woo_order(1, woo_line("CUP", 1, "1234.00"), woo_line("MUG", 3, "10.00"))]
    pull()
    prices = Transaction.objects.order_by("product_id").values_list("unit_price", flat=True)
    assert list(prices) == [Decimal("1234.0000"), Decimal("3.3333")]
