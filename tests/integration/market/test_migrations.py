"""What the migrations make of rows that were there before."""

from importlib import import_module

import pytest
from django.apps import apps

from market.models import Competitor
from tests.integration.market.factories import observe

pytestmark = pytest.mark.usefixtures("shop")


def test_whoever_had_a_price_becomes_a_competitor() -> None:
    for name in ("Market", "MARKET", "Corner shop"):
        for days_ago in (1, 2):
            observe(name, "4.00", days_ago)
    import_module("market.migrations.0002_competitors").known_competitors(apps, None)
    assert list(Competitor.objects.values_list("name", "quality")) == [("Corner shop", 1), ("MARKET", 1)]
