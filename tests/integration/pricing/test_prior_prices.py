"""/api/price/prior-prices: prior prices from the ledger and the sales, and warnings before a reduction is approved."""

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from pricing.changes.services import price_changes
from pricing.sales.models import PriceChange, Product, SalesHistory
from pricing.sales.models.price_changes import PriceChangeStatus
from tests.api_cases import ListCases
from tests.factories import PricedProductFactory, StandingRecommendationFactory

pytestmark = pytest.mark.django_db

PATH = "/api/price/prior-prices"


def charged(code: str, *steps: tuple[int, int]) -> None:
    """Make a product whose ledger has these prices: so many days ago, price."""
    product = PricedProductFactory(code=code, current_price=Decimal(steps[-1][1]), cost=Decimal(10))
    before = None
    for days, price in steps:
        PriceChange.objects.create(
            product=product, old_price=before, new_price=Decimal(price), status=PriceChangeStatus.APPLIED,
            changed_at=timezone.now() - dt.timedelta(days=days),
        )  # fmt: skip
        before = Decimal(price)


class TestPriorPrices(ListCases):
    path = PATH
    id_key = "product_id"
    list_queries = 5

    def make(self) -> Product:
        code = f"P{Product.objects.count()}"
        charged(code, (200, 100), (10, 90))
        return Product.objects.get(pk=code)


class TestProposedPriorPrices(ListCases):
    path = f"{PATH}/proposed"
    id_key = "change"
    list_queries = 5

    def make(self) -> PriceChange:
        code = f"P{Product.objects.count()}"
        charged(code, (200, 100))
        return price_changes.propose([(code, Decimal(90))], by="anna")[0]


def row(client: APIClient, code: str, path: str = PATH) -> Any:
    (found,) = client.get(path, {"product": code}).json()["items"]
    return found


def test_raised_only_to_be_lowered_is_no_discount(viewer_client: APIClient) -> None:
    charged("CUP", (200, 80), (10, 100), (0, 90))
    found = row(viewer_client, "CUP")
    assert (found["state"], found["price"], found["prior_price"], found["discount_percent"]) == (
        "no_discount", 90.0, 80.0, None,
    )  # fmt: skip


def test_a_progressive_reduction_keeps_the_prior_price_of_its_first_step(viewer_client: APIClient) -> None:
    charged("CUP", (200, 100), (40, 90), (2, 80))
    found = row(viewer_client, "CUP")
    assert (found["state"], found["prior_price"], found["discount_percent"], found["progressive"]) == (
        "reduced", 100.0, 20.0, True,
    )  # fmt: skip


def test_a_new_arrival_says_for_how_many_days_prices_are_known(viewer_client: APIClient) -> None:
    charged("CUP", (12, 100), (2, 90))
    found = row(viewer_client, "CUP")
    assert (found["state"], found["prior_price"], found["known_days"], found["new_arrival"]) == (
        "reduced", 100.0, 10, True,
    )  # fmt: skip


def test_overlapping_promotions_keep_that_of_the_one_that_runs_on(viewer_client: APIClient) -> None:
    charged("CUP", (200, 100), (10, 90), (7, 85), (4, 90))
    found = row(viewer_client, "CUP")
    assert (found["state"], found["prior_price"], found["resumed"]) == ("reduced", 100.0, True)


def test_a_rollback_ends_a_reduction(viewer_client: APIClient) -> None:
    charged("CUP", (200, 100), (10, 90))
    change = PriceChange.objects.get(new_price=90)
    change.status, change.rolled_back_at = (
        PriceChangeStatus.ROLLED_BACK,
        timezone.now() - dt.timedelta(days=3),
    )
    change.save()
    Product.objects.filter(code="CUP").update(current_price=100)
    assert row(viewer_client, "CUP")["state"] == "regular"


def test_before_the_ledger_the_list_prices_of_the_sales_count(viewer_client: APIClient) -> None:
    product = PricedProductFactory(code="CUP", current_price=Decimal(90))
    today = timezone.now().date()
    for days, price in ((60, 100), (20, 85), (15, 100)):
        SalesHistory.objects.create(
            product=product, date=today - dt.timedelta(days=days), list_price=Decimal(price)
        )
    PriceChange.objects.create(
        product=product, old_price=100, new_price=90, status=PriceChangeStatus.APPLIED,
        changed_at=timezone.now() - dt.timedelta(days=1),
    )  # fmt: skip
    found = row(viewer_client, "CUP")
    assert (found["state"], found["prior_price"]) == ("no_discount", 85.0)


def recommended(code: str, price: int) -> None:
    product = Product.objects.get(pk=code)
    StandingRecommendationFactory(
        product=product, current_price=product.current_price, recommended_price=Decimal(price)
    )


def test_recommended_reductions_say_what_may_be_announced_of_them(viewer_client: APIClient) -> None:
    charged("CUP", (200, 100))
    charged("MUG", (200, 80), (10, 100))
    charged("TUB", (200, 100))
    for code, price in (("CUP", 90), ("MUG", 90), ("TUB", 110)):
        recommended(code, price)
    path, asked = "/api/price/recommendations", ("prior_state", "prior_price", "discount_percent")
    found = {
        row["product_id"]: tuple(row[each] for each in asked)
        for row in viewer_client.get(path).json()["items"]
    }
    assert found == {
        "CUP": ("reduced", 100.0, 10.0),
        "MUG": ("no_discount", 80.0, None),
        "TUB": (None, None, None),
    }
    file: Any = viewer_client.get(path, {"format": "csv", "ordering": "product"})
    rows = list(csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode())))
    assert [row["prior_price"] for row in rows] == ["100.0", "80.0", ""]


def test_the_page_of_a_product_says_it_of_its_recommended_price(client: Client, viewer: User) -> None:
    client.force_login(viewer)
    PricedProductFactory(code="CUT", cost=Decimal(5), estimate__elasticity=-4.0)
    assert "it has to name £12.99, the lowest price of the 30 days before: 11.5 % less." in text_of(
        client, "CUT"
    )
    raised = PriceChange.objects.create(
        product_id="CUT", old_price=Decimal(11), new_price=Decimal("12.99"), status=PriceChangeStatus.APPLIED,
        changed_at=timezone.now() - dt.timedelta(days=5),
    )  # fmt: skip
    assert "It may not be announced as a discount: the product cost £11.00" in text_of(client, "CUT")
    raised.delete()
    PricedProductFactory(code="UP")
    assert "discount" not in text_of(client, "UP")


def text_of(client: Client, code: str) -> str:
    return " ".join(client.get(f"/desk/products/{code}").content.decode().split())


def test_only_lowered_prices(viewer_client: APIClient) -> None:
    charged("CUP", (200, 100), (10, 90))
    charged("MUG", (200, 100), (10, 110))
    for cut, expected in (("true", ["CUP"]), ("false", ["MUG"])):
        items = viewer_client.get(PATH, {"cut": cut}).json()["items"]
        assert [each["product_id"] for each in items] == expected


def test_a_proposal_is_reported_before_it_is_approved(
    viewer_client: APIClient, client: Client, manager: Any
) -> None:
    charged("CUP", (200, 80), (10, 100))
    charged("MUG", (200, 100))
    charged("JUG", (200, 100))
    made = price_changes.propose(
        [("CUP", Decimal(90)), ("MUG", Decimal(90)), ("JUG", Decimal(110))], by="anna"
    )
    rows = viewer_client.get(f"{PATH}/proposed").json()["items"]
    assert [(each["change"], each["state"], each["prior_price"]) for each in rows] == [
        (made[0].pk, "no_discount", 80.0), (made[1].pk, "reduced", 100.0),
    ]  # fmt: skip
    client.force_login(manager)
    assert "no discount: " in client.get(f"/desk/changes/{made[0].pk}").content.decode()
    assert "prior price " in client.get(f"/desk/changes/{made[1].pk}").content.decode()


def test_the_product_s_page_shows_what_has_to_be_printed(client: Client, viewer: Any) -> None:
    charged("CUP", (200, 100), (10, 90))
    client.force_login(viewer)
    page = client.get("/desk/products/CUP", {"tab": "history"}).content.decode()
    assert "below the lowest price of the 30 days before" in page


def test_a_feed_shows_the_prior_price_beside_a_sale_and_no_sale_that_is_none(
    viewer_client: APIClient, settings: Any
) -> None:
    settings.SALE_DAYS = 30
    charged("CUP", (200, 80), (10, 100), (1, 90))
    charged("JUG", (200, 100), (20, 95), (10, 100), (1, 90))
    answer: Any = viewer_client.get("/api/feeds/google.tsv")
    text = b"".join(answer.streaming_content).decode()
    rows = {line.split("\t")[0]: line.split("\t")[1:3] for line in text.splitlines()}
    assert [cell.split()[0] for cell in rows["CUP"] if cell] == ["90.00"]
    assert [cell.split()[0] for cell in rows["JUG"]] == ["95.00", "90.00"]
