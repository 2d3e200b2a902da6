"""Why a product is forecast as it is, in a sentence."""

from typing import Any, Final

from elastix.texts import text
from pricing.elasticity.core.constants import OVERDUE_INTERVALS
from pricing.forecasting.models import DemandForecast, ForecastMethod

INACTIVE: Final = "inactive"
ASKED_FOR: Final = "It was asked for."
BEST_OF_ALL: Final = "Of all methods it would have forecast this product's past best."
WON: Final = (
    "The boosted forecast: over the shop's newest {days} days it erred less than the default each of three times, "
    "by {percent} in all."
)
REGULAR: Final = (
    "It sells every {days} days or so, so the days since the last sale say nothing until they are {times} times as "
    "many."
)
SEASON_OF_CATEGORY: Final = (
    "The yearly season of its category, which would have forecast the category's past better; of this product's past, {times}, "
    "it leaves {percent} of the squared error that there is without a season."
)
OWN_SEASON: Final = (
    "A yearly season of its own: forecasting its past, {times}, with it leaves {percent} of the squared error that there is "
    "without one."
)
BETTER: Final = (
    "It would have forecast this product's past, {times}, better by far than the default: error, bias and loss of the limits "
    "together were {percent} of the default's."
)

_OF_THE_ROW: Final = {
    ForecastMethod.LINES: "The default: nothing in the product's past speaks clearly for another method.",
    ForecastMethod.MEAN: "The product is new, so all its days count alike.",
    ForecastMethod.CATEGORY: "The product sold on few days, so its category's frequency stands beside its own.",
    INACTIVE: "It has not sold for three months.",
}


def reason_of(method: str, row: DemandForecast, components: dict[str, Any] | None) -> str:
    """Say why the published forecast is by this method.

    Parameters
    ----------
    components : what is stored of another method than the default, if that forecasts.
    """
    if components is not None:
        return _of_components(method, components)
    if method == ForecastMethod.INTERVALS:
        return text(REGULAR, days=f"{row.interval:.3g}", times=f"{OVERDUE_INTERVALS:g}")
    return _OF_THE_ROW[ForecastMethod.LINES if method not in _OF_THE_ROW else method]


def _of_components(method: str, components: dict[str, Any]) -> str:
    percent, origins = f"{100 * components['share']:.0f} %", components["origins"]
    times = text("{origins} time 28 days" if origins == 1 else "{origins} times 28 days", origins=origins)
    if method == ForecastMethod.YEARLY and components["of_category"]:
        return text(SEASON_OF_CATEGORY, times=times, percent=percent)
    if method == ForecastMethod.YEARLY:
        return text(OWN_SEASON, times=times, percent=percent)
    return text(BETTER, times=times, percent=percent)
