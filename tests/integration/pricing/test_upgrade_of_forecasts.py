"""Forecasts of an earlier release stay forecasts after the upgrade, until the next full recompute."""

import datetime as dt
from importlib import import_module

import pytest
from django.apps import apps

from pricing.forecasting.models import DemandForecast
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db


def test_the_known_frequency_stands_for_both_of_them() -> None:
    day = dt.date(2024, 3, 1)
    row = DemandForecast.objects.create(
        product=ProductFactory(), method="lines", purchase_frequency=2.5, exposure=14.0, units_per_purchase=3.0,
        through=day, first_sold=day, last_sold=day, sold_days=40, is_new=False, error_low=-0.5, error_high=0.5,
        origins=6, accuracy={},
    )  # fmt: skip
    import_module("pricing.migrations.0009_base_demand").spread_the_known_frequency(apps, None)
    row.refresh_from_db()
    assert (row.recent_frequency, row.usual_frequency, row.usual_exposure) == (2.5, 2.5, 14.0)
