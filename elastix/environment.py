"""Values of the environment that need more than a type: each is read, or refused with the reason."""

import math
import re
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured

from elastix.currency import UnknownCurrency, find_currency


def currency_code(text: str) -> str:
    """Return the code of a currency that is known."""
    try:
        find_currency(text)
    except UnknownCurrency as error:
        raise ImproperlyConfigured(str(error)) from error
    return text


def tax_rate(name: str, text: str) -> Decimal:
    """Return a rate in percent of the net price, 0 to 100."""
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal(-1)
    if not 0 <= rate <= 100:
        raise ImproperlyConfigured(f"{name} is not a percentage from 0 to 100: {text!r}")
    return rate


def time_zone(name: str, text: str) -> ZoneInfo:
    """Return a time zone by its name."""
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ImproperlyConfigured(f"{name} is not a time zone such as Europe/London: {text!r}") from error


def cut_points(name: str, text: str) -> tuple[float, float] | None:
    """Return two rising numbers at which a scale of customers is cut; None where nothing is set."""
    if not text.strip():
        return None
    try:
        low, high = (float(each) for each in text.split(","))
        if not 0 <= low < high < math.inf:
            raise ValueError
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not two rising numbers such as 30,90: {text!r}") from error
    return low, high


def throttle_rate(name: str, text: str) -> str:
    """Return a rate such as 10/min; empty where there is no limit."""
    if not re.fullmatch(r"([1-9]\d*/(s|sec|m|min|h|hour|d|day))?", text):
        raise ImproperlyConfigured(f"{name} is no rate such as 10/min: {text!r}")
    return text
