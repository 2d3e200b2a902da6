"""Lists within pages: sorted by their headings, and files in the order of the page."""

import datetime as dt
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from pricing.recommendation.models import CategorySummary
from segments.models import SegmentSales
from tests.factories import (
    CustomerSegmentFactory,
    ExperimentFactory,
    ExperimentProductFactory,
    ProductFactory,
    ProductPairFactory,
    TransactionFactory,
)
from tests.integration.elastix.test_desk_exports import as_csv

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


def column(browser: Client, path: str, place: int = 0) -> list[str]:
    """A column of the file that a list is."""
    return [row[place] for row in as_csv(browser.get(path))[1:]]


def test_sales_of_a_product_are_sorted_and_a_file(browser: Client) -> None:
    for invoice, quantity, day in (("1", 3, 1), ("2", 9, 2), ("3", 6, 3)):
        moment = dt.datetime(2025, 3, day, 12, tzinfo=dt.UTC)
        TransactionFactory(invoice_no=invoice, quantity=quantity, invoice_date=moment)
    path = "/desk/products/CUP?tab=sales"
    assert column(browser, f"{path}&file=csv", 1) == ["3", "2", "1"]
    assert column(browser, f"{path}&sort=-units&file=csv", 2) == ["9", "6", "3"]
    page = browser.get(f"{path}&sort=-units").content.decode()
    assert (
        'aria-sort="descending" class="desk-number"><a class="text-body text-decoration-none" href="?tab=sales&amp;sort=units"'
        in page
    )
    assert "file=csv" in page


def test_who_buys_a_product_is_sorted_and_a_file(browser: Client) -> None:
    cup = ProductFactory(code="CUP")
    for segment, quantity, revenue in (("Champion", 2, 80), ("AtRisk", 3, 20)):
        SegmentSales.objects.create(
            product=cup,
            segment=segment,
            date=dt.date(2025, 3, 1),
            quantity=quantity,
            revenue=Decimal(revenue),
        )
    path = "/desk/products/CUP?tab=buyers"
    assert column(browser, f"{path}&file=csv") == ["Champions", "At risk"]
    assert column(browser, f"{path}&sort=-units&file=csv") == ["At risk", "Champions"]
    assert column(browser, f"{path}&sort=share&file=csv", 3) == ["20.0", "80.0"]
    assert "sort=-units" in browser.get(path).content.decode()


def test_what_a_customer_buys_is_sorted_and_a_file(browser: Client) -> None:
    for code, quantity, price in (("CUP", 2, "9.00"), ("MUG", 5, "1.00")):
        TransactionFactory(
            product_id=code, description=code.title(), quantity=quantity, unit_price=Decimal(price)
        )
    CustomerSegmentFactory(customer_id="17850")
    path = "/desk/customers/17850"
    assert column(browser, f"{path}?file=csv") == ["CUP", "MUG"]
    assert column(browser, f"{path}?sort=-units&file=csv") == ["MUG", "CUP"]
    page = browser.get(f"{path}?sort=-units").content.decode()
    assert page.index("Mug</a>") < page.index("Cup</a>")
    assert "file=csv" in page


def test_products_of_an_experiment_are_sorted_and_a_file(browser: Client) -> None:
    experiment = ExperimentFactory()
    for code, group, price in (("CUP", 0, "2.00"), ("MUG", 1, "3.00"), ("JUG", 1, "1.00")):
        product = ProductFactory(code=code, name=code.title())
        ExperimentProductFactory(
            experiment=experiment, product=product, group=group, new_price=Decimal(price)
        )
    path = f"/desk/experiments/{experiment.pk}"
    assert column(browser, f"{path}?file=csv") == ["CUP", "JUG", "MUG"]
    assert column(browser, f"{path}?sort=-new&file=csv") == ["MUG", "CUP", "JUG"]
    page = browser.get(f"{path}?sort=product").content.decode()
    assert page.index("Cup</a>") < page.index("Jug</a>") < page.index("Mug</a>")
    assert "file=csv" in page


def test_bundles_are_sorted_as_the_page_asks(browser: Client) -> None:
    codes = ("CUP", "MUG", "JUG")
    cup, mug, jug = (ProductFactory(code=code, name=code.title(), current_price=Decimal(4)) for code in codes)
    for first, second, together, lift in ((cup, mug, 20, 3.0), (cup, jug, 30, 2.0)):
        for x, y in ((first, second), (second, first)):
            ProductPairFactory(
                product_x=x, product_y=y, relationship="independent", baskets_together=together, lift=lift
            )
    path = "/desk/bundles?file=csv"
    assert sorted(column(browser, path, 4)) == ["20", "30"]
    assert column(browser, f"{path}&sort=baskets", 4) == ["20", "30"]
    assert column(browser, f"{path}&sort=-baskets", 4) == ["30", "20"]
    assert column(browser, f"{path}&sort=-lift", 4) == ["20", "30"]
    assert 'aria-sort="ascending"' in browser.get("/desk/bundles?sort=baskets").content.decode()
    together = "/desk/products/CUP?tab=together&file=csv"
    assert column(browser, f"{together}&sort=baskets") == ["MUG", "JUG"]
    assert column(browser, f"{together}&sort=-baskets") == ["JUG", "MUG"]


def test_categories_are_sorted_what_is_not_known_last(browser: Client) -> None:
    for name, revenue, margin in (("Cups", 100, 0.25), ("Mugs", 300, None), ("Jugs", 200, 0.5)):
        CategorySummary.objects.create(
            category=name, products=2, revenue=revenue, margin=margin, elasticity=-2.0, to_change=1, revenue_change=1,
            profit_change=5, profit_change_low=1, profit_change_high=9, published_version=1, catalogue_version=1,
            computed_at=timezone.now(),
        )  # fmt: skip
    path = "/desk/bundles?of=categories&file=csv"
    assert column(browser, path) == ["Mugs", "Jugs", "Cups"]
    assert column(browser, f"{path}&sort=margin") == ["Cups", "Jugs", "Mugs"]
    assert column(browser, f"{path}&sort=-margin") == ["Jugs", "Cups", "Mugs"]
    page = browser.get("/desk/bundles?sort=category").content.decode()
    assert page.index("Cups</a>") < page.index("Jugs</a>") < page.index("Mugs</a>")
