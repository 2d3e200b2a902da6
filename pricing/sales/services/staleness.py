"""The sales side of a recompute: find stale products, assign days again after a change of time zone, mark as published."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from elastix.dataset.versions import lock_version
from elastix.jobs.recompute import RecomputePlan
from elastix.sql import batches, execute, fetch, is_postgresql, update_rows
from pricing.sales.models import StaleCustomer, StaleProduct
from pricing.sales.selectors.daily import newest_sale_day
from pricing.sales.services import cleaning, rollup
from pricing.sales.services.transactions import shop_day


def stale_products(version: int) -> set[str]:
    """Codes of the products whose sales changed up to a sales version and are not published yet."""
    return set(StaleProduct.objects.filter(version__lte=version).values_list("product_id", flat=True))


def mark_published(plan: RecomputePlan, stale: list[str]) -> None:
    """Record which version the cached tables show from now on; nothing that it covers is stale any more."""
    for chunk in batches(stale):
        cleaning.forget_sales(chunk)
    StaleProduct.objects.filter(version__lte=plan.version).delete()
    StaleCustomer.objects.filter(version__lte=plan.version).delete()
    ((first,),) = fetch("SELECT MIN(date) FROM pricing_saleshistory WHERE quantity > 0")
    countries = fetch("SELECT DISTINCT country FROM pricing_transaction WHERE country <> ''")
    last = newest_sale_day()
    version = lock_version()
    version.published_version = plan.version
    version.published_at = timezone.now()
    version.first_day = rollup.as_date(first) if first else None
    version.as_of = last + dt.timedelta(days=1) if last else None
    version.countries = sorted(country for (country,) in countries)
    if plan.full:
        version.last_full_at = version.published_at
    version.save()


def cut_days_anew() -> None:
    """Cut every transaction's day in the shop's present zone and sum the roll-up from them."""
    with transaction.atomic():
        version = lock_version()
        lines = fetch("SELECT id, invoice_date, date FROM pricing_transaction")
        days = {moment: shop_day(_aware(moment)) for moment in {moment for _, moment, _ in lines}}
        rows = [
            (days[moment] if is_postgresql() else days[moment].isoformat(), key)
            for key, moment, day in lines
            if rollup.as_date(day) != days[moment]
        ]
        update_rows("pricing_transaction", "id", {"date": "date"}, rows, key_type="uuid")
        execute("DELETE FROM pricing_saleshistory WHERE source = 'transactions'")
        version.time_zone = str(settings.SHOP_TIME_ZONE)
        version.save(update_fields=["time_zone"])
        rollup.rebuild_rollup()


def _aware(moment: Any) -> dt.datetime:
    if isinstance(moment, str):
        moment = dt.datetime.fromisoformat(moment)
    assert isinstance(moment, dt.datetime)  # noqa: S101  (for the type checker)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
