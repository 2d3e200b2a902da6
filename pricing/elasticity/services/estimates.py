"""The elasticity stage of a recompute: fit what is shared (full runs), estimate what is stale, publish."""

import json
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from django.utils import timezone

from elastix.alerts.services import Finding, alerts_report
from elastix.jobs.recompute import RecomputePlan
from elastix.sql import batches, execute, insert_rows, placeholders
from pricing.elasticity.core.estimates import Estimate, log_log_estimates, pooled_estimates
from pricing.elasticity.core.pooled import Posterior, fit_pooled, refresh
from pricing.elasticity.models import ElasticityModel, Method
from pricing.elasticity.selectors.experiments import experiments_of
from pricing.elasticity.selectors.fitted_model import (
    FittedModel,
    data_flags,
    fit_converged,
    fitted_model,
    log_log_fit,
    sold_at_several_prices,
    two_points,
)
from pricing.elasticity.selectors.learned import contradicted
from pricing.sales.models import Product
from pricing.sales.selectors.channels import price_series_of
from pricing.sales.selectors.daily import ShopDays, merchandise_codes, open_days, shop_days

NOT_SETTLED = (
    "The last full fit of the elasticities had not converged when its rounds were over. Estimates may still move: "
    "treat grades with care, and look for products with extreme prices or quantities in the data."
)
_COLUMNS = [field.name for field in fields(Estimate) if field.name != "product"]


@dataclass(frozen=True, slots=True)
class Elasticities:
    """What the step found: the model, all products' rows, the pooled posterior behind them, R^2 by product."""

    model: FittedModel | None
    fitted: bool
    days: ShopDays
    posterior: Posterior | None
    rows: list[tuple[str, Estimate]]
    r_squared: dict[str, float]


def compute(plan: RecomputePlan) -> Elasticities:
    """Estimate all merchandise (full) or the stale products, by every method."""
    everything = merchandise_codes()
    codes = everything if plan.full else sorted(set(plan.products or []) & set(everything))
    days = shop_days(codes, everything=plan.full)
    model = _fit(days) if plan.full else fitted_model()
    posterior = None
    rows: list[Estimate] = []
    if model is not None and days.daily.product.size:
        flags = data_flags(codes)
        several = sold_at_several_prices(flags)
        posterior = refresh(
            days.daily,
            model.category_codes(codes),
            model.hyper,
            several_prices=several,
            experiments=experiments_of(codes),
            series=price_series_of(codes),
        )
        rows += pooled_estimates(posterior, flags, contradicted(codes))
    log_log = log_log_fit(days)
    rows += [*log_log_estimates(log_log), *two_points(days)]
    usable = np.flatnonzero(log_log.usable).tolist()
    r_squared = {codes[product]: float(log_log.r_squared[product]) for product in usable}
    named = [(codes[row.product], row) for row in rows]
    return Elasticities(model, plan.full, days, posterior, named, r_squared)


def _fit(days: ShopDays) -> FittedModel | None:
    """Fit what all products share; None while no product has sales with a list price."""
    usable = (days.daily.units > 0) & np.isfinite(days.daily.list_price)
    if not usable.any():
        return None
    names = dict(Product.objects.values_list("code", "category"))
    categories = sorted({names[code] for code in days.codes})
    number = {name: code for code, name in enumerate(categories)}
    category = np.array([number[names[code]] if names[code] else -1 for code in days.codes], np.int64)
    found = experiments_of(days.codes)
    several = sold_at_several_prices(data_flags(days.codes))
    hyper = fit_pooled(days.daily, category, open_days(), found, price_series_of(days.codes), several)
    return FittedModel(hyper, categories)


def publish(plan: RecomputePlan, found: Elasticities) -> None:
    """Replace the products' rows and, after a full run, the model. Learned opinions stay until they are learned again."""
    ours = "method NOT IN (%s, %s)"
    learned = [Method.DML.value, Method.ML.value]
    if plan.full:
        execute(f"DELETE FROM pricing_elasticityestimate WHERE {ours}", learned)
        keep_model(plan, found.model)
    for chunk in batches([] if plan.full else plan.products or []):
        execute(
            f"DELETE FROM pricing_elasticityestimate WHERE {ours} AND product_id IN ({placeholders(len(chunk))})",
            [*learned, *chunk],
        )
    insert_rows(
        "pricing_elasticityestimate",
        ["product_id", *_COLUMNS],
        (_values(code, row) for code, row in found.rows),
    )


def _values(code: str, row: Estimate) -> list[Any]:
    values = [getattr(row, name) for name in _COLUMNS]
    values[_COLUMNS.index("flags")] = json.dumps(row.flags)
    return [code, *values]


def keep_model(plan: RecomputePlan, model: FittedModel | None) -> None:
    """Store the model of a full run, in place of the one before; an alert stands while its fit has not converged."""
    if model is None:
        ElasticityModel.objects.all().delete()
        return
    ElasticityModel.objects.update_or_create(
        pk=1,
        defaults={
            "hyperparameters": model.as_json(),
            "sales_version": plan.version,
            "fitted_at": timezone.now(),
        },
    )
    alerts_report(
        "fit_not_converged", [Finding("", NOT_SETTLED)] if fit_converged() is False else [], among=[""]
    )
