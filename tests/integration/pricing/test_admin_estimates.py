"""What the last recompute found out, in the admin."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from pricing.elasticity.models import ElasticityEstimate, ElasticityModel
from pricing.sales.models import Product
from tests.factories import ElasticityEstimateFactory, ProductFactory
from tests.integration.admin_pages import page, signed_in

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
        evidence="price_change",
        flags=["BULK_CAPPED", "CHANNEL_MIX"],
    )


def test_an_estimate_is_shown_as_people_say_it(viewer: User) -> None:
    estimate(ProductFactory(code="CUP"))
    text = signed_in(viewer).get(page(ElasticityEstimate), {"q": "cup"}).content.decode()
    for shown in ("-1.23", "-1.60 to -0.90", "62 %", "price_change", ">BULK_CAPPED<", ">CHANNEL_MIX<"):
        assert shown in text


def test_an_estimate_without_an_interval_says_so(viewer: User) -> None:
    product = ProductFactory(code="CUP")
    ElasticityEstimateFactory(product=product, method="point", elasticity=-1.0)
    text = signed_in(viewer).get(page(ElasticityEstimate), {"method": "point"}).content.decode()
    assert '<td class="field-interval">-</td>' in text
    assert '<td class="field-weight_percent">-</td>' in text


def test_the_model_is_shown_without_its_hyperparameters(viewer: User) -> None:
    ElasticityModel.objects.create(
        pk=1, hyperparameters={"tau": 0.123456}, sales_version=7, fitted_at=timezone.now()
    )
    browser = signed_in(viewer)
    assert "model of sales version 7" in browser.get(page(ElasticityModel)).content.decode()
    assert "0.123456" not in browser.get(page(ElasticityModel, "change", 1)).content.decode()
