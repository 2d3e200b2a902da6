"""What the last recompute found out, in the admin."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.utils import timezone

from pricing.elasticity.models import ElasticityEstimate, ElasticityModel
from pricing.sales.models import Product, ProductSummary, StaleCustomer, StaleProduct
from tests.factories import ElasticityEstimateFactory, ProductFactory, ProductSummaryFactory
from tests.integration.admin_pages import page, queries_of, signed_in

pytestmark = pytest.mark.django_db


def estimate(product: Product) -> None:
    ElasticityEstimateFactory(
        product=product,
        method="pooled",
        elasticity=-1.234,
        ci_low=-1.6,
        ci_high=-0.9,
        weight=0.62,
        quality="A",
        flags=["BULK_CAPPED", "CHANNEL_MIX"],
    )


def summary(product: Product) -> None:
    ProductSummaryFactory(product=product, total_quantity=12)


def stale_product(product: Product) -> None:
    StaleProduct.objects.create(product=product, version=1)


def stale_customer(product: Product) -> None:
    StaleCustomer.objects.create(customer_id=product.pk, version=1)


@pytest.mark.parametrize(
    ("model", "make", "queries"),
    [
        (ElasticityEstimate, estimate, 6),
        (ProductSummary, summary, 6),
        (StaleProduct, stale_product, 6),
        (StaleCustomer, stale_customer, 6),
    ],
)
def test_the_lists_take_the_same_few_queries_however_long_they_are(
    model: type[Model], make: Callable[[Product], None], queries: int, viewer: User
) -> None:
    browser = signed_in(viewer)
    for count in (2, 20):
        for number in range(count):
            make(ProductFactory(code=f"{count}-{number}"))
        assert queries_of(browser, page(model)) == queries


def test_an_estimate_is_shown_as_people_say_it(viewer: User) -> None:
    estimate(ProductFactory(code="CUP"))
    text = signed_in(viewer).get(page(ElasticityEstimate), {"q": "cup"}).content.decode()
    for shown in ("-1.23", "-1.60 to -0.90", "62 %", "BULK_CAPPED, CHANNEL_MIX"):
        assert shown in text


def test_an_estimate_without_an_interval_says_so(viewer: User) -> None:
    product = ProductFactory(code="CUP")
    ElasticityEstimateFactory(product=product, method="point", elasticity=-1.0)
    text = signed_in(viewer).get(page(ElasticityEstimate)).content.decode()
    assert '<td class="field-interval">-</td>' in text
    assert '<td class="field-weight_percent">-</td>' in text


def test_the_model_is_shown_without_its_hyperparameters(viewer: User) -> None:
    ElasticityModel.objects.create(
        pk=1, hyperparameters={"tau": 0.123456}, sales_version=7, fitted_at=timezone.now()
    )
    browser = signed_in(viewer)
    assert "model of sales version 7" in browser.get(page(ElasticityModel)).content.decode()
    assert "0.123456" not in browser.get(page(ElasticityModel, "change", 1)).content.decode()
