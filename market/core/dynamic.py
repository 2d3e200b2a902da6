"""Dynamic price: a factor each for stock, demand and time, 1 when idle, and their product."""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from pricing.sales.core.arrays import BoolArray, FloatArray

URGENCY: Final = 0.3
SURGE_SENSITIVITY: Final = 0.5
PEAK_MULTIPLIER: Final = 0.15
PEAK_HOURS: Final = (11, 12, 13, 18, 19, 20)
INVENTORY_RANGE: Final = (0.5, 2.0)
SURGE_CAP: Final = 2.0


@dataclass(frozen=True, slots=True)
class DynamicSettings:
    """How strongly a price answers.

    Attributes
    ----------
    urgency : exponent of the stock's share of its target (gamma, usually 0.2 to 0.5).
    surge_sensitivity : rise of the price, as a fraction, per 100 % of demand above the usual (mu).
    peak_multiplier : rise in the peak hours, as a fraction.
    peak_hours : hours of the day, 0 to 23.
    weekday_multiplier : change on the peak weekdays, as a fraction; 0: none.
    peak_weekdays : 1 (Monday) to 7.
    """

    urgency: float = URGENCY
    surge_sensitivity: float = SURGE_SENSITIVITY
    peak_multiplier: float = PEAK_MULTIPLIER
    peak_hours: tuple[int, ...] = PEAK_HOURS
    weekday_multiplier: float = 0.0
    peak_weekdays: tuple[int, ...] = ()


BUILT_IN: Final = DynamicSettings()


@dataclass(frozen=True, slots=True)
class Factors:
    """What the price is multiplied by, arrays (P,); a factor is 1 where it is idle or what it needs is unknown.

    Attributes
    ----------
    inventory, surge, peak_hour, weekday : the factors.
    inventory_capped, surge_capped : whether a factor would have gone further than it may.
    """

    inventory: FloatArray
    surge: FloatArray
    peak_hour: FloatArray
    weekday: FloatArray
    inventory_capped: BoolArray
    surge_capped: BoolArray

    @property
    def combined(self) -> FloatArray:
        """Their product (P,)."""
        return self.inventory * self.surge * self.peak_hour * self.weekday

    def of(self, product: int) -> "Factors":
        """Those of one product."""
        return Factors(*(getattr(self, each.name)[product] for each in fields(self)))


def dynamic_factors(
    *,
    stock: ArrayLike,
    target: ArrayLike,
    demand: ArrayLike,
    usual: ArrayLike,
    hour: int,
    weekday: int,
    settings: DynamicSettings = BUILT_IN,
) -> Factors:
    """Return the factors of P products at one moment.

    Parameters
    ----------
    stock, target : (P,) units in stock, and their target; idle unless both are above 0.
    demand, usual : (P,) units sold lately and usually in a period as long; idle unless demand is above the usual.
    hour : of the shop's day, 0 to 23.
    weekday : of the shop's week, 1 (Monday) to 7.

    Notes
    -----
    inventory = (stock / target)^-urgency, within 0.5 to 2; surge = 1 + sensitivity (demand / usual - 1), at most 2;
    peak hour = 1 + multiplier. Bounds of the inventory factor are ours.
    """
    in_stock, aim, sold, expected = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(each, np.float64)) for each in (stock, target, demand, usual))
    )
    stocked = (in_stock > 0) & (aim > 0)
    surging = (expected > 0) & (sold > expected)
    # Infinity is beyond the caps, too.
    with np.errstate(over="ignore", divide="ignore"):
        ratio = np.divide(in_stock, aim, out=np.ones(in_stock.shape), where=stocked)
        inventory = ratio**-settings.urgency
        excess = np.minimum(np.divide(sold, expected, out=np.ones(sold.shape), where=surging) - 1, 1e9)
        surge = 1 + settings.surge_sensitivity * excess
    low, high = INVENTORY_RANGE
    in_peak = settings.peak_multiplier if hour in settings.peak_hours else 0.0
    on_peak_day = settings.weekday_multiplier if weekday in settings.peak_weekdays else 0.0
    return Factors(
        inventory=np.clip(inventory, low, high),
        surge=np.minimum(surge, SURGE_CAP),
        peak_hour=np.full(in_stock.shape, 1 + in_peak),
        weekday=np.full(in_stock.shape, 1 + on_peak_day),
        inventory_capped=(inventory < low) | (inventory > high),
        surge_capped=surge > SURGE_CAP,
    )
