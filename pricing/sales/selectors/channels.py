"""Prices by channel: the series that estimates read, and what is charged where now."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from elastix.fields import as_quantity
from elastix.shop import shop_currency
from elastix.sql import as_integer, day_numbers, day_of
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.core.channels import PriceSeries, main_series
from pricing.sales.core.daily import DailySales
from pricing.sales.core.grouping import distinct_pairs
from pricing.sales.core.list_prices import charged_now
from pricing.sales.models import ChannelDay
from pricing.sales.selectors.daily import day_of_epoch, product_numbers, rows_of_products

_FIELDS = (
    f"product_id, channel, {day_of('date')}, units, lines, CAST(list_price AS double precision), "
    f"{as_integer('promotion_applied')}"
)


def price_series_of(codes: Sequence[str]) -> PriceSeries | None:
    """The series of some products, given in ascending order, whose numbers are positions in `codes`; None without any."""
    if not ChannelDay.objects.exists():
        return None
    found, _ = _series(codes)
    return found if found.product.size else None


def _series(codes: Sequence[str]) -> tuple[PriceSeries, list[str]]:
    """The series, and the names of the channels that they number."""
    rows = rows_of_products(f"SELECT {_FIELDS} FROM pricing_channelday WHERE product_id IN ({{}})", codes)
    columns = list(zip(*rows, strict=True)) or [()] * 7
    product, day = product_numbers(codes, columns[0]), np.array(day_numbers(columns[2]), np.int64)
    channels = sorted(set(columns[1]))
    place = {name: index for index, name in enumerate(channels)}
    channel = np.array([place[name] for name in columns[1]], np.int64)
    product, channel, of = distinct_pairs(product, channel)
    order = np.lexsort((day, of))
    units, lines, price, promotion = (np.array(column, np.float64)[order] for column in columns[3:])
    daily = DailySales(of[order], day[order], units, price, promotion > 0, lines.astype(np.int64))
    return PriceSeries(product, channel, main_series(product, daily), daily), channels


@dataclass(frozen=True, slots=True)
class ChannelPrice:
    """What one channel charges for a product.

    Attributes
    ----------
    channel : its name; "" for the lines without one.
    price : the price that is charged there at its newest sale, None where its lines show none.
    units : sold there in the 30 days up to the product's newest sale, as estimation counts them.
    last_sold : the newest day with a sale there.
    is_main : whether it sells most of the product, so that its price is the product's own.
    """

    channel: str
    price: Decimal | None
    units: int | Decimal
    last_sold: dt.date | None
    is_main: bool


def channel_prices(code: str) -> list[ChannelPrice]:
    """The prices of a product by channel, in the order of their names; empty where all channels charge the same."""
    series, channels = _series([code])
    daily = series.daily
    if not daily.day.size:
        return []
    count = series.product.size
    prices = charged_now(daily.product, daily.day, daily.list_price, daily.promotion, count)
    sold = daily.units > 0
    recent = sold & (daily.day > daily.day[sold].max(initial=0) - MONTH_DAYS)
    units = np.bincount(daily.product[recent], daily.units[recent], count)
    last = np.full(count, -1)
    np.maximum.at(last, daily.product[sold], daily.day[sold])
    currency = shop_currency()
    return [
        ChannelPrice(
            channel=channels[series.channel[row]],
            price=None if np.isnan(prices[row]) else currency.price(Decimal(str(prices[row]))),
            units=as_quantity(float(units[row])),
            last_sold=None if last[row] < 0 else day_of_epoch(int(last[row])),
            is_main=bool(series.main[row]),
        )
        for row in range(count)
    ]
