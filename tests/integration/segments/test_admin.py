"""Customers' segments in the admin: computed, to be looked at."""

import datetime as dt

import pytest
from django.contrib.auth.models import User

from elastix.dataset.versions import lock_version
from pricing.sales.models import Product
from segments.models import (
    SegmentElasticity,
    SegmentSales,
    SegmentSummary,
)
from tests.factories import ProductFactory
from tests.integration.admin_pages import page, signed_in

pytestmark = pytest.mark.django_db

DAY = dt.date(2025, 3, 1)


def elasticity(product: Product, number: int) -> None:
    SegmentElasticity.objects.create(
        product=product,
        segment="AtRisk",
        elasticity=-1.234,
        std_error=0.2,
        ci_low=-1.6,
        ci_high=-0.9,
        weight=0.3,
        sample_size=40,
        units=80.0,
        quality="C",
    )


def test_a_segments_elasticity_is_shown_as_people_say_it(viewer: User) -> None:
    elasticity(ProductFactory(code="CUP"), 0)
    text = signed_in(viewer).get(page(SegmentElasticity), {"q": "cup", "segment": "AtRisk"}).content.decode()
    for shown in ("-1.23", "-1.60 to -0.90", "30 %"):
        assert shown in text


def test_sales_of_segments_are_found_by_whole_code_and_by_the_last_days(viewer: User) -> None:
    for number, code in enumerate(("CUP", "CUPS")):
        product = ProductFactory(code=code)
        day = DAY - dt.timedelta(days=10 * number)
        SegmentSales.objects.create(product=product, segment="Champion", date=day, quantity=1)
    version = lock_version()
    version.as_of = DAY + dt.timedelta(days=1)
    version.save()
    browser = signed_in(viewer)

    def found(**query: str) -> list[str]:
        return [row.product_id for row in browser.get(page(SegmentSales), query).context["cl"].result_list]

    assert found(q="CUP") == ["CUP"]
    assert found(period="7") == ["CUP"]
    assert found(period="30") == ["CUP", "CUPS"]


def test_the_segments_are_listed_with_their_figures(viewer: User) -> None:
    SegmentSummary.objects.create(segment="Champion", customer_count=4321)
    assert "4,321" in signed_in(viewer).get(page(SegmentSummary)).content.decode()
