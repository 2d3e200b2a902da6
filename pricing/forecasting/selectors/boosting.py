"""Boosted forecasts of a product, or the reason why there is none."""

import datetime as dt
from typing import Final

from elastix.errors import FieldError, Invalid
from pricing.forecasting.core.backtest import HORIZON
from pricing.forecasting.core.batch import ShopModel
from pricing.forecasting.core.boosting import is_installed, refusal
from pricing.forecasting.core.lines import INACTIVE_DAYS
from pricing.forecasting.models import BoostedForecast, BoostedModel, DemandForecast
from pricing.sales.selectors.daily import day_of_epoch

NOT_INSTALLED: Final = (
    "The boosted forecast needs scikit-learn, which is not installed here. "
    "Install requirements-extra.txt and restart: it is then computed within minutes."
)
NOT_YET: Final = "The boosted forecast has not been computed yet: that takes minutes after a full recompute. Try again later."


def usable_boosted(code: str, as_of: dt.date) -> tuple[BoostedForecast, BoostedModel] | None:
    """A product's boosted forecast and the computation that it is from; None where there is none for the day. Two queries."""
    computed = BoostedModel.objects.first()
    if computed is None or not computed.shop or as_of >= computed.as_of + dt.timedelta(days=HORIZON):
        return None
    row = BoostedForecast.objects.filter(product_id=code).first()
    return None if row is None else (row, computed)


def boosted_row(code: str, model: ShopModel, as_of: dt.date) -> tuple[BoostedForecast, BoostedModel]:
    """A product's boosted forecast and the computation that it is from.

    Raises
    ------
    Invalid : there is none that could be used; says why, and what to do.
    """
    computed = BoostedModel.objects.first()
    row = BoostedForecast.objects.filter(product_id=code).first()
    if computed is None or not computed.shop:
        newest = day_of_epoch(model.as_of)
        since = newest - dt.timedelta(days=INACTIVE_DAYS)
        series = DemandForecast.objects.filter(last_sold__gte=since).count()
        too_small = refusal(series, model.as_of - model.first_day)
        why = too_small or (NOT_YET if is_installed() else NOT_INSTALLED)
    elif as_of >= computed.as_of + dt.timedelta(days=HORIZON):
        why = f"The boosted forecast was computed for the {HORIZON} days from {computed.as_of}, which are over. "
        why += "Run `manage.py recompute --full`." if is_installed() else NOT_INSTALLED
    elif row is None:
        why = f"{code} had no sales when the boosted forecasts were computed. Ask for another method."
    else:
        return row, computed
    raise Invalid(FieldError("method", why))
