"""The shop's settings: name, currency. Read them at every use, never at import."""

from django.conf import settings

from elastix.currency import Currency, find_currency


def shop_currency() -> Currency:
    """The currency that all amounts are in."""
    return find_currency(settings.SHOP_CURRENCY)


def shop_name() -> str:
    """What the shop calls itself."""
    return str(settings.SHOP_NAME)
