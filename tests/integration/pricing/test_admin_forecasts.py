"""The forecasts in the admin: to be looked at."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from pricing.forecasting.models import DemandForecast, ForecastModel
from tests.factories import ProductFactory
from tests.integration.admin_pages import page, queries_of, signed_in

pytestmark = pytest.mark.django_db

MEASURES = {"wape": 0.34, "bias": 0.1, "mase": 0.9, "pinball": 1.5}


def forecast(code: str, wape: float | None = 0.34) -> None:
    DemandForecast.objects.create(
        product=ProductFactory(code=code),
        method="lines",
        purchase_frequency=1.5,
        exposure=14,
        units_per_purchase=2.5,
        through=dt.date(2025, 5, 1),
        first_sold=dt.date(2025, 1, 1),
        last_sold=dt.date(2025, 4, 30),
        sold_days=60,
        is_new=False,
        error_low=-0.5,
        error_high=0.8,
        origins=3,
        accuracy=MEASURES | {"wape": wape, "seasonal_naive": MEASURES | {"wape": 0.47}},
    )


def test_the_list_takes_the_same_few_queries_however_long_it_is(viewer: User) -> None:
    browser = signed_in(viewer)
    for count in (2, 20):
        for number in range(count):
            forecast(f"{count}-{number}")
        assert queries_of(browser, page(DemandForecast)) == 6


def test_a_forecast_is_shown_with_its_error_and_that_of_the_last_week(viewer: User) -> None:
    forecast("CUP")
    text = signed_in(viewer).get(page(DemandForecast), {"q": "cup"}).content.decode()
    for shown in ("3.75", "34 %", "47 %"):
        assert shown in text


def test_a_forecast_without_a_past_shows_no_error(viewer: User) -> None:
    forecast("CUP", wape=None)
    text = signed_in(viewer).get(page(DemandForecast)).content.decode()
    assert '<td class="field-error_of_a_month">-</td>' in text


def test_nobody_edits_a_forecast(admin_user: User) -> None:
    forecast("CUP")
    browser = signed_in(admin_user)
    assert browser.post(page(DemandForecast, "change", "CUP"), {"purchase_frequency": 9}).status_code == 403
    assert browser.get(page(DemandForecast, "add")).status_code == 403
    assert DemandForecast.objects.get().purchase_frequency == 1.5


def test_what_the_shop_taught_is_shown_without_its_sales(viewer: User) -> None:
    ForecastModel.objects.create(
        pk=1, shop={"shop_units": [123456.5]}, sales_version=7, fitted_at=timezone.now()
    )
    browser = signed_in(viewer)
    assert "forecasts of sales version 7" in browser.get(page(ForecastModel)).content.decode()
    assert "123456.5" not in browser.get(page(ForecastModel, "change", 1)).content.decode()
