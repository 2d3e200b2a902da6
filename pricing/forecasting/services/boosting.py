"""The boosted forecasts: computed for all products after every full recompute, where scikit-learn is installed."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from django.db import transaction

from elastix.dataset.versions import catalogue_changed, lock_version
from elastix.jobs.kinds import JobFailed
from elastix.jobs.models import OPEN_STATES, Job
from elastix.jobs.runner import JobRun, dispatch_on_commit
from elastix.sql import execute, insert_rows
from pricing.forecasting.core.backtest import beside_naive
from pricing.forecasting.core.batch import ShopModel
from pricing.forecasting.core.boosting import (
    BoostedForecasts,
    ShopMeasures,
    fit_boosted,
    is_installed,
    refusal,
    series_of,
)
from pricing.forecasting.core.features import price_panel
from pricing.forecasting.models import BoostedModel, ForecastModel
from pricing.forecasting.selectors.boosting import NOT_INSTALLED
from pricing.forecasting.services.forecasts import categories_of, shop_panel
from pricing.sales.selectors.daily import day_of_epoch, merchandise_codes, shop_days, spread_totals

KIND: Final = "boosted_forecasts"

_TABLE = "pricing_boostedforecast"
_COLUMNS = ("product_id", "ratio", "origins", "accuracy")


def boosting_request_if_outdated() -> Job | None:
    """Ask for the boosted forecasts where there has been a full recompute since and scikit-learn is installed."""
    if not is_installed():
        return None
    with transaction.atomic():
        lock_version()
        fitted, used = (
            model.objects.values_list("fitted_at", flat=True).first()
            for model in (ForecastModel, BoostedModel)
        )
        if fitted == used or Job.objects.filter(kind=KIND, state__in=OPEN_STATES).exists():
            return None
        job = Job.objects.create(kind=KIND)
        dispatch_on_commit(job.pk)
        return job


def compute_boosted(run: JobRun) -> dict[str, Any]:
    """Job handler: learn from all products' past, forecast each of them, publish all of it at once.

    A shop that is too small has none published, and the result says why.
    """
    if not is_installed():
        raise JobFailed(NOT_INSTALLED)
    # Read first: should a full recompute come between, what is made here counts as outdated and is computed again.
    fitted = ForecastModel.objects.first()
    if fitted is None:
        _publish(run, None, {}, [])
        return {"products": 0}
    model = ShopModel.from_json(fitted.shop)
    days = shop_days(merchandise_codes(), everything=True)
    codes, daily = days.codes, spread_totals(days)
    run.progress(0.1)
    panel = shop_panel(codes, daily, model.first_day, model.as_of, model.shop_units)
    if (why := refusal(series_of(panel), panel.days)) is not None:
        _publish(run, fitted, {}, [])
        return {"products": 0, "reason": why}
    prices = price_panel(
        daily.product, daily.day, daily.list_price, daily.promotion,
        products=len(codes), first_day=model.first_day, end=model.as_of,
    )  # fmt: skip
    found = fit_boosted(panel, prices, model.category_codes(categories_of(codes)))
    run.progress(0.9)
    compared = {"boosted": _rounded(found.shop_boosted), "default": _rounded(found.shop_default)}
    sold = np.flatnonzero(panel.stop > 0).tolist()
    _publish(run, fitted, compared, _rows(codes, found, sold))
    return {"products": len(sold), **compared}


def _publish(run: JobRun, fitted: ForecastModel | None, compared: dict[str, Any], rows: Any) -> None:
    """Replace all rows; without a fit that they could rest on, take everything away."""
    with run.fenced_transaction():
        execute(f"DELETE FROM {_TABLE}")
        # Where a product was deleted meanwhile the database refuses its row, and the job is tried again.
        insert_rows(_TABLE, _COLUMNS, rows)
        BoostedModel.objects.all().delete()
        if fitted is not None:
            BoostedModel.objects.create(
                pk=1,
                shop=compared,
                as_of=day_of_epoch(ShopModel.from_json(fitted.shop).as_of),
                sales_version=fitted.sales_version,
                fitted_at=fitted.fitted_at,
            )
        catalogue_changed()


def _rows(codes: list[str], found: BoostedForecasts, products: list[int]) -> Iterator[tuple[Any, ...]]:
    for row in products:
        accuracy = beside_naive(found.measured, found.naive, row)
        yield codes[row], float(found.ratio[row]), int(found.origins[row]), json.dumps(accuracy)


def _rounded(measured: ShopMeasures) -> dict[str, Any]:
    def known(value: float) -> float | None:
        return round(value, 6) if np.isfinite(value) else None

    return {
        name: [*map(known, value)] if isinstance(value, tuple) else known(value)
        for name, value in asdict(measured).items()
    }
