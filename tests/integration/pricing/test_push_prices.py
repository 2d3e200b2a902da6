"""Pushing prices: what the ledger has put in force, once, read back; drift, rollbacks, sales, partial failures."""

import datetime as dt
import io
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from elastix.alerts.models import Alert
from elastix.jobs.models import Job, JobState
from pricing.changes.services import price_changes
from pricing.connections.models import PushedPrice
from pricing.connections.services.pushing import push_if_due
from pricing.sales.models import PriceChange, Product
from pricing.sales.services.products import product_create, product_update
from tests.jobs import scheduled
from tests.stand_ins import (
    KEY,
    SECRET,
    TOKEN,
    ShopifyStandIn,
    WooStandIn,
    gid,
    running,
    shopify_variant,
    woo_error,
    woo_product,
)

# Commands run the jobs that their transactions queue, so these have to commit.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def woo(settings: Any) -> Iterator[WooStandIn]:
    with running(WooStandIn()) as stand_in:
        settings.WOOCOMMERCE_URL = stand_in.url
        settings.WOOCOMMERCE_KEY, settings.WOOCOMMERCE_SECRET = KEY, SECRET
        stand_in.products = [woo_product(1, "CUP", "4.00"), woo_product(2, "MUG", "6.00")]
        yield stand_in  # type: ignore[misc]


@pytest.fixture
def push(db: None) -> Callable[..., str]:
    """Run the command; return what it says."""

    def run(*arguments: str) -> str:
        out = io.StringIO()
        call_command("push_prices", *arguments, stdout=out)
        return out.getvalue()

    return run


@pytest.fixture(autouse=True)
def products(db: None) -> None:
    """A cup and a mug whose prices follow the sales: no change of the ledger."""
    for code, price in (("CUP", "4.00"), ("MUG", "6.00")):
        product_create(code=code, by="import")
        Product.objects.filter(code=code).update(current_price=Decimal(price))


def apply(code: str, price: str) -> PriceChange:
    """Take a price through the ledger, with everybody it needs."""
    (change,) = price_changes.propose([(code, Decimal(price))], by="anna")
    price_changes.approve([change.pk], by="bert")
    price_changes.apply([change.pk], by="bert")
    return change


def charged(stand_in: Any) -> dict[str, str]:
    return {row["sku"]: row["price"] for row in stand_in.products}


def written(stand_in: WooStandIn) -> list[Any]:
    return [each for body in stand_in.asked("POST", "/batch") for each in body["update"]]


def test_only_what_the_ledger_applied_is_pushed_and_read_back(woo: WooStandIn, push: Any) -> None:
    apply("CUP", "4.50")
    price_changes.propose([("MUG", Decimal("6.50"))], by="anna")
    assert "set 1, in place 0, failed 0" in push()
    assert charged(woo) == {"CUP": "4.50", "MUG": "6.00"}
    pushed = PushedPrice.objects.get()
    assert (pushed.product_id, pushed.price, pushed.found, pushed.state) == (
        "CUP", Decimal("4.50"), Decimal("4.50"), "pushed",
    )  # fmt: skip
    assert [query["include"] for query in woo.asked("GET", "/products") if "include" in query] == ["1"]


def test_nothing_is_pushed_twice(woo: WooStandIn, push: Any) -> None:
    apply("CUP", "4.50")
    push()
    asked = len(woo.requests)
    assert "set 0, in place 0, failed 0" in push()
    assert len(woo.requests) == asked


def test_a_price_set_by_hand_is_a_line_of_the_ledger(woo: WooStandIn, push: Any) -> None:
    product_update("CUP", by="anna", current_price=Decimal("4.20"))
    push()
    assert charged(woo)["CUP"] == "4.20"


def test_a_price_that_is_charged_already_is_not_written(woo: WooStandIn, push: Any) -> None:
    apply("CUP", "4.50")
    woo.products[0] |= {"price": "4.50", "regular_price": "4.50"}
    assert "set 0, in place 1" in push()
    assert written(woo) == []
    assert PushedPrice.objects.get().state == "pushed"


def test_a_rollback_is_pushed_like_any_change(woo: WooStandIn, push: Any) -> None:
    change = apply("CUP", "4.50")
    push()
    price_changes.roll_back([change.pk], by="bert")
    push()
    assert charged(woo)["CUP"] == "4.00"
    assert PushedPrice.objects.get().price == Decimal("4.00")


def test_a_first_price_that_is_rolled_back_leaves_nothing_to_push(woo: WooStandIn, push: Any) -> None:
    Product.objects.filter(code="CUP").update(current_price=None)
    change = apply("CUP", "4.50")
    push()
    price_changes.roll_back([change.pk], by="bert")
    Product.objects.filter(code="CUP").update(current_price=Decimal("4.40"))  # as the sales say
    push()
    assert charged(woo)["CUP"] == "4.50"


def test_the_newest_of_several_changes_counts(woo: WooStandIn, push: Any) -> None:
    apply("CUP", "4.50")
    apply("CUP", "4.70")
    push()
    assert [each["regular_price"] for each in written(woo)] == ["4.70"]


def test_a_dry_run_says_what_would_be_set_and_changes_nothing(woo: WooStandIn, push: Any) -> None:
    apply("CUP", "4.50")
    product_create(code="BOWL", by="anna", current_price=Decimal(9))
    said = push("--dry-run")
    assert "CUP: 4.00 -> 4.50" in said
    assert "BOWL: 9.00 cannot be set. There is no product of this code." in said
    assert "would set 1; in place already 0; cannot be set 1." in said
    assert written(woo) == [] and not PushedPrice.objects.exists()


def test_what_was_set_is_kept_and_the_rest_tried_again(
    woo: WooStandIn, push: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pricing.connections.services.pushing.PRICES_AT_ONCE", 1)
    monkeypatch.setattr("pricing.connections.adapters.http.FIRST_WAIT", 0)
    apply("CUP", "4.50")
    apply("MUG", "6.50")
    # The listing, the first batch and its reading back go well; the second batch does not.
    woo.faults = [None, None, None, *[woo_error(500, "x", "broken")] * 5]
    with pytest.raises(CommandError, match="gave no answer in 5 attempts"):
        push()
    assert {row.product_id: row.state for row in PushedPrice.objects.all()} == {"CUP": "pushed"}
    assert Alert.objects.get(kind="connection").cleared_at is None
    woo.requests.clear()
    assert "set 1" in push()
    assert [each["id"] for each in written(woo)] == [2]
    assert charged(woo) == {"CUP": "4.50", "MUG": "6.50"}
    assert Alert.objects.get(kind="connection").cleared_at is not None


def test_a_price_that_the_platform_refuses_is_reported_and_tried_again_later(
    woo: WooStandIn, push: Any
) -> None:
    apply("CUP", "4.50")
    product_create(code="BOWL", by="anna", current_price=Decimal(9))
    with pytest.raises(CommandError, match="Some prices could not be set"):
        push()
    bowl = PushedPrice.objects.get(product="BOWL")
    assert (bowl.state, bowl.attempts, bowl.error) == ("failed", 1, "There is no product of this code.")
    assert dt.timedelta(minutes=4) < bowl.next_attempt_at - timezone.now() <= dt.timedelta(minutes=5)  # type: ignore[operator]
    alert = Alert.objects.get(kind="price_drift")
    assert alert.subject == "BOWL at WooCommerce"
    assert alert.message == (
        "The price 9.00 of BOWL is not set at WooCommerce. There is no product of this code."
    )
    assert "failed 0" in push()  # not due yet
    PushedPrice.objects.update(next_attempt_at=timezone.now())
    woo.products.append(woo_product(3, "BOWL", "8.00"))
    push()
    assert charged(woo)["BOWL"] == "9.00"
    alert.refresh_from_db()
    assert alert.cleared_at is not None


def test_a_code_that_two_products_have_is_left_alone(woo: WooStandIn, push: Any) -> None:
    apply("CUP", "4.50")
    woo.products.append(woo_product(3, "cup", "3.00"))
    with pytest.raises(CommandError):
        push()
    assert PushedPrice.objects.get().error == "Several products have this code."
    assert written(woo) == []


def test_a_price_that_reads_back_otherwise_is_not_taken_for_set(
    woo: WooStandIn, push: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply("CUP", "4.50")
    update = woo._update

    def rounding(rows: Any, fields: Any) -> Any:
        row = update(rows, fields)
        row["price"] = "4.99"  # as an extension might
        return row

    monkeypatch.setattr(woo, "_update", rounding)
    with pytest.raises(CommandError):
        push()
    pushed = PushedPrice.objects.get()
    assert (pushed.state, pushed.found) == ("failed", Decimal("4.99"))
    assert "It was set and is 4.99 when read back" in Alert.objects.get(kind="price_drift").message


def test_a_price_changed_on_the_platform_raises_an_alert_and_is_not_overwritten(
    woo: WooStandIn, push: Any
) -> None:
    apply("CUP", "4.50")
    push()
    woo.products[0] |= {"price": "3.00", "regular_price": "3.00"}
    call_command("pull_orders", stdout=io.StringIO())
    pushed = PushedPrice.objects.get()
    assert (pushed.state, pushed.found) == ("drifted", Decimal("3.00"))
    alert = Alert.objects.get(kind="price_drift")
    assert alert.message == "WooCommerce charges 3.00 for CUP; the price pushed there is 4.50."
    assert alert.data == {"platform": "woocommerce", "ours": "4.50", "theirs": "3.00"}
    push()
    assert charged(woo)["CUP"] == "3.00"
    woo.products[0] |= {"price": "4.50", "regular_price": "4.50"}
    call_command("pull_orders", stdout=io.StringIO())
    alert.refresh_from_db()
    assert alert.cleared_at is not None and PushedPrice.objects.get().state == "pushed"


def test_a_price_pushed_while_a_pull_reads_has_not_drifted(woo: WooStandIn, push: Any) -> None:
    apply("CUP", "4.50")
    push()
    PushedPrice.objects.update(pushed_at=timezone.now() + dt.timedelta(minutes=1))
    woo.products[0] |= {"price": "4.00"}  # what the pull has read before
    call_command("pull_orders", stdout=io.StringIO())
    assert not Alert.objects.filter(kind="price_drift").exists()


def test_a_new_decision_overwrites_a_drifted_price(woo: WooStandIn, push: Any) -> None:
    apply("CUP", "4.50")
    push()
    woo.products[0] |= {"price": "3.00", "regular_price": "3.00"}
    call_command("pull_orders", stdout=io.StringIO())
    apply("CUP", "4.60")
    push()
    assert charged(woo)["CUP"] == "4.60"
    assert Alert.objects.get(kind="price_drift").cleared_at is not None


def test_a_price_ends_a_sale_that_runs_on_the_platform(woo: WooStandIn, push: Any) -> None:
    woo.products[0] |= {"sale_price": "3.00", "price": "3.00", "date_on_sale_to_gmt": "2026-01-01T00:00:00"}
    apply("CUP", "4.50")
    push()
    row = woo.products[0]
    assert (row["price"], row["sale_price"], row["date_on_sale_to_gmt"]) == ("4.50", "", "")


def test_a_cut_is_a_sale_for_some_days_and_then_the_regular_price(
    woo: WooStandIn, push: Any, settings: Any
) -> None:
    settings.SALE_DAYS = 14
    change = apply("CUP", "3.50")
    apply("MUG", "6.50")
    push()
    cup, mug = woo.products
    assert (cup["regular_price"], cup["sale_price"], cup["price"]) == ("4.00", "3.50", "3.50")
    change.refresh_from_db()
    assert cup["date_on_sale_from_gmt"] == f"{change.changed_at:%Y-%m-%dT%H:%M:%S}"
    assert (mug["regular_price"], mug["sale_price"]) == ("6.50", "")
    assert "set 0" in push()
    # Two weeks later.
    PriceChange.objects.filter(pk=change.pk).update(changed_at=timezone.now() - dt.timedelta(days=15))
    PushedPrice.objects.filter(product="CUP").update(sale_until=timezone.now() - dt.timedelta(days=1))
    push()
    assert (cup["regular_price"], cup["sale_price"], cup["date_on_sale_from_gmt"]) == ("3.50", "", "")
    assert "set 0, in place 0" in push()


def test_prices_of_shopify(settings: Any, push: Any) -> None:
    with running(ShopifyStandIn()) as shopify:
        settings.SHOPIFY_URL, settings.SHOPIFY_TOKEN, settings.SALE_DAYS = shopify.url, TOKEN, 7
        shopify.products = [shopify_variant(1, "CUP", "4.00"), shopify_variant(2, "MUG", "6.00")]
        shopify.refused = {gid("ProductVariant", 2): "No."}  # type: ignore[attr-defined]
        apply("CUP", "3.50")
        apply("MUG", "6.50")
        with pytest.raises(CommandError):
            push("--platform", "shopify")
        assert [(row["price"], row["compareAtPrice"]) for row in shopify.products] == [
            ("3.50", "4.00"), ("6.00", None),
        ]  # fmt: skip
    assert PushedPrice.objects.get(product="MUG").error == "Refused: No."


def test_each_of_two_platforms_gets_the_price(woo: WooStandIn, settings: Any, push: Any) -> None:
    apply("CUP", "4.50")
    push()
    with running(ShopifyStandIn()) as shopify:
        settings.SHOPIFY_URL, settings.SHOPIFY_TOKEN = shopify.url, TOKEN
        shopify.products = [shopify_variant(1, "CUP", "4.00")]
        written_before = len(written(woo))
        said = push()
        assert said.splitlines()[1:] == [
            "  set 0, in place 0, failed 0.",
            "Shopify:",
            "  set 1, in place 0, failed 0.",
        ]
        assert shopify.products[0]["price"] == "4.50"
        assert len(written(woo)) == written_before


def test_the_schedule_pushes_only_when_it_is_asked_to(woo: WooStandIn, settings: Any) -> None:
    apply("CUP", "4.50")
    assert push_if_due() == []
    settings.PUSH_PRICES = True
    (job,) = scheduled()["push prices"]()
    job.refresh_from_db()
    assert (job.state, job.result["set"], job.parameters) == ("succeeded", 1, {"platform": "woocommerce"})
    assert charged(woo)["CUP"] == "4.50"
    assert push_if_due() == []


def test_a_failed_push_rests_and_names_no_key(woo: WooStandIn, settings: Any) -> None:
    settings.PUSH_PRICES, settings.WOOCOMMERCE_SECRET = True, "cs_wrong"
    apply("CUP", "4.50")
    (job,) = push_if_due()
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "cs_wrong" not in f"{job.error}{job.parameters}{job.result}"
    assert push_if_due() == []
    Job.objects.update(finished_at=timezone.now() - dt.timedelta(minutes=31))
    assert len(push_if_due()) == 1
