"""The shop as its settings describe it. Read at every use: nothing may keep the currency from import time."""

from django.conf import settings

from elastix.currency import Currency, find_currency


def shop_currency() -> Currency:
    """The currency that all amounts are in."""
    return find_currency(settings.SHOP_CURRENCY)


def shop_name() -> str:
    """What the shop calls itself."""
    return str(settings.SHOP_NAME)
