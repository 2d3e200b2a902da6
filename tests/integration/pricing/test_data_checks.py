"""The daily check of the data, on the sample shop."""

import datetime as dt

import pytest
from django.test import override_settings
from django.utils import timezone

from elastix.alerts.models import Alert
from elastix.dataset.models import DataVersion
from elastix.imports.models import ImportBatch
from pricing.sales.models import Product, Transaction
from pricing.sales.services.data_checks import check_data
from pricing.sales.services.transactions import transaction_delete
from tests.jobs import scheduled
from tests.shops import LAST_DAY, MERCHANDISE

pytestmark = pytest.mark.django_db
PATIENT = override_settings(DATA_STALE_AFTER=dt.timedelta(days=100_000))


def standing() -> dict[tuple[str, str], str]:
    alerts = Alert.objects.filter(cleared_at=None)
    return {(alert.kind, alert.subject): alert.message for alert in alerts}


def test_an_empty_shop_raises_no_alert() -> None:
    assert check_data() == 0
    assert standing() == {}


def test_old_sales_and_unknown_costs_are_reported_once(shop: ImportBatch) -> None:
    assert check_data() == 2
    assert check_data() == 0
    found = standing()
    assert found["data_stale", ""].startswith(f"The newest sale is of {LAST_DAY}, ")
    assert found["no_cost", ""].startswith(f"{len(MERCHANDISE)} of {len(MERCHANDISE)} products sold")


@PATIENT
def test_alerts_of_fixed_problems_are_cleared(shop: ImportBatch) -> None:
    check_data()
    assert list(standing()) == [("no_cost", "")]
    Product.objects.update(cost=1)
    check_data()
    assert standing() == {}


@PATIENT
def test_a_day_without_sales_is_named(shop: ImportBatch) -> None:
    missing = LAST_DAY - dt.timedelta(days=5)
    for pk in list(Transaction.objects.filter(date=missing).values_list("pk", flat=True)):
        transaction_delete(pk)
    check_data()
    assert str(missing) in standing()["data_quality", "missing days"]


@PATIENT
def test_figures_that_lag_behind_for_a_day_are_reported(shop: ImportBatch) -> None:
    Product.objects.update(cost=1)
    version = DataVersion.objects.get()
    DataVersion.objects.update(sales_version=version.sales_version + 1)
    check_data()
    assert standing() == {}
    DataVersion.objects.update(published_at=timezone.now() - dt.timedelta(hours=25))
    check_data()
    assert list(standing()) == [("data_stale", "figures")]


def test_it_is_on_the_schedule() -> None:
    assert scheduled()["check the data"] is check_data
