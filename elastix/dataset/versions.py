"""The data version, and the lock that serializes writers of sales, products and cached tables."""

import time

from django.conf import settings
from django.core.cache import caches
from django.db import transaction

from elastix.dataset.models import DataVersion
from elastix.errors import Busy

# Every answer asks for it, most of them several times: written out, it takes a third of what a query set takes.
_READ = f"SELECT * FROM {DataVersion._meta.db_table} WHERE id = 1"


def data_version() -> DataVersion:
    """Return the state of the sales and of the cached tables."""
    for version in DataVersion.objects.raw(_READ):
        return version
    return DataVersion(pk=1, time_zone=str(settings.SHOP_TIME_ZONE))


def lock_version() -> DataVersion:
    """Lock the version row until the transaction ends, making it on first use.

    Every writer of sales, products or cached tables takes this lock before any other row's, so that writers
    form one queue and no two can wait for each other.
    """
    DataVersion.objects.get_or_create(pk=1, defaults={"time_zone": str(settings.SHOP_TIME_ZONE)})
    return DataVersion.objects.select_for_update().get(pk=1)


def catalogue_changed() -> None:
    """Make answers that show product names, categories or kinds new ones."""
    version = lock_version()
    version.catalogue_version += 1
    version.save(update_fields=["catalogue_version"])


def database_replaced() -> None:
    """After another database was put in the place of this one: nothing that is kept of the former counts any more.

    The versions go on from where the copy was taken, and will name other states than those of the same numbers that were
    given out since. Every tag of an answer has the catalogue's version, which from now on is one that no edit has reached.
    """
    with transaction.atomic():
        version = lock_version()
        version.catalogue_version = max(version.catalogue_version + 1, int(time.time()))
        version.save(update_fields=["catalogue_version"])
    for each in caches.all(initialized_only=False):
        each.clear()


def current_version() -> DataVersion:
    """Return the data version, for answers that show days.

    Raises
    ------
    ZoneChanged : the days were cut in another zone than the shop's present one.
    """
    version = data_version()
    if zone_changed(version):
        raise ZoneChanged()
    return version


def zone_changed(version: DataVersion) -> bool:
    """Tell whether stored days were cut in another zone than the shop's present one."""
    return version.sales_version > 0 and version.time_zone != str(settings.SHOP_TIME_ZONE)


class ZoneChanged(Busy):
    default_detail = "SHOP_TIME_ZONE has changed since the days of the sales were cut. Run `manage.py recompute --full` first."
    default_code = "time_zone_changed"
