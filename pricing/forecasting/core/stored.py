"""What is forecast from the rows that a recompute stored: arithmetic on a few numbers, for any horizon."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from pricing.elasticity.core.constants import FREQUENCY_ALPHA, OVERDUE_INTERVALS, QUANTITY_ALPHA
from pricing.forecasting.core.batch import DefaultForecasts, ShopModel
from pricing.forecasting.core.components import Components
from pricing.forecasting.core.lines import INACTIVE_DAYS, after_inactivity, blended_frequency
from pricing.forecasting.core.panel import DemandPanel, expected_profile, open_share, profile_of_days
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

TREND_DAYS: Final = 91
"""Days that the trend of a method chosen by errors over 28 days is carried on."""


@dataclass(frozen=True, slots=True)
class StoredForecasts:
    """P rows as they are stored; arrays (P,).

    Attributes
    ----------
    frequency : purchases on a day of profile 1.
    recent, exposure, usual, usual_exposure : the frequency of late and in the long run, as in `PurchaseRates`.
    quantity : units per purchase.
    interval : days between sold days where they are regular, else 0.
    is_new : all days count alike, old ones do not count less.
    through, last_sold : the day after the last one looked at, and the last one with a sale.
    components : what another method than the default forecasts from, as it is stored, or None.
    """

    frequency: FloatArray
    recent: FloatArray
    exposure: FloatArray
    usual: FloatArray
    usual_exposure: FloatArray
    quantity: FloatArray
    interval: FloatArray
    is_new: BoolArray
    through: IntArray
    last_sold: IntArray
    components: Sequence[dict[str, Any] | None]

    @classmethod
    def of(cls, panel: DemandPanel, found: DefaultForecasts) -> Self:
        """The rows of a panel's products, as a recompute stores them."""
        rates = found.rates
        return cls(
            rates.frequency, rates.recent, rates.exposure, rates.usual, rates.usual_exposure, rates.quantity,
            rates.interval, rates.new, found.through, panel.first_day + panel.stop - 1,
            [found.components.get(row) for row in range(panel.start.size)],
        )  # fmt: skip


def shop_profile(model: ShopModel) -> FloatArray:
    """(7,) what coming weekdays sell, which the model's forecasts are made with."""
    return expected_profile(_shop_alone(model))


def expected_days(model: ShopModel, stored: StoredForecasts, as_of: int, days: int) -> FloatArray:
    """(P, days) units expected on each day from the as-of day on: by the row's components where they hold, else the default.

    Parameters
    ----------
    as_of : a day up to which nothing was sold after `through`.
    """
    level = expected_units(model, stored, as_of)
    found = level[:, None] * profile_of_days(shop_profile(model), as_of, days)
    for row, components in enumerate(stored.components):
        if components is not None and holds(components, as_of):
            found[row] = Components.from_json(components).units(as_of, days, TREND_DAYS)[0]
    return np.asarray(found)


def holds(components: dict[str, Any] | None, as_of: int) -> bool:
    """Whether a row is forecast from its components, not yet too old, on a day."""
    return components is not None and as_of <= components["until"]


def is_due(interval: FloatArray, last_sold: IntArray, as_of: int) -> BoolArray:
    """(P,) sold at regular intervals, and the next sale is not overdue."""
    return np.asarray((interval > 0) & (as_of - last_sold - 1 <= OVERDUE_INTERVALS * interval))


def expected_units(model: ShopModel, stored: StoredForecasts, as_of: int) -> FloatArray:
    """Units (P,) that the default expects on a day of profile 1, as of a day up to which nothing was sold after `through`.

    Every open day without a sale lowers the frequency, but where sales come at regular intervals and the next is not overdue.
    After 91 such days nothing is expected.
    """
    shop = _shop_alone(model)
    profile, share = expected_profile(shop), open_share(shop)
    rate = np.zeros(stored.quantity.shape)
    for last in np.unique(stored.through).tolist():
        at = stored.through == last
        # A weekday on which the shop is hardly ever open ages nothing.
        unsold, opened = (
            profile_of_days(each, last, max(as_of - last, 0)) for each in (profile, share * (profile > 0))
        )
        found = []
        for frequency, exposure, alpha in (
            (stored.recent, stored.exposure, FREQUENCY_ALPHA),
            (stored.usual, stored.usual_exposure, QUANTITY_ALPHA),
        ):
            decay = np.where(stored.is_new[at], 0.0, alpha)
            found.append(after_inactivity(frequency[at], exposure[at], decay, unsold, opened))
        (late, exposed), (always, _) = found
        rate[at] = blended_frequency(late, exposed, always, model.priors[0].own_purchases)
    rate[as_of - stored.last_sold > INACTIVE_DAYS] = 0.0
    return stored.quantity * np.where(
        is_due(stored.interval, stored.last_sold, as_of), stored.frequency, rate
    )


def _shop_alone(model: ShopModel) -> DemandPanel:
    empty = np.zeros((0, model.shop_units.size))
    return DemandPanel(model.first_day, empty, empty, model.shop_units)
