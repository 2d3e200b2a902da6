"""Second opinions on elasticities: learned after every full recompute, where scikit-learn is installed."""

import json
from typing import Any, Final

import numpy as np
from django.db import transaction

from elastix.dataset.versions import catalogue_changed, lock_version
from elastix.jobs.kinds import JobFailed
from elastix.jobs.models import OPEN_STATES, Job
from elastix.jobs.recompute import request_recompute
from elastix.jobs.runner import JobRun, dispatch_on_commit
from elastix.sql import execute, insert_rows
from pricing.elasticity.core.constants import FEWEST_CELLS, FREQUENCY_HYPERPRIORS
from pricing.elasticity.core.estimates import UNGRADED
from pricing.elasticity.core.learned.demand import FEATURES, beats_the_baseline, fit_demand
from pricing.elasticity.core.learned.dml import fit_dml
from pricing.elasticity.core.learned.features import NAMES, Weeks, weeks_of
from pricing.elasticity.core.learned.opinions import (
    DML,
    ML,
    VERSION,
    Opinions,
    disagreements,
    is_installed,
)
from pricing.elasticity.core.pooled.evidence import EXPERIMENTAL
from pricing.elasticity.core.pooled.panel import Panel, build_panel
from pricing.elasticity.models import (
    CategoryOpinion,
    ElasticityEstimate,
    ElasticityModel,
    LearnedModel,
    Method,
)
from pricing.elasticity.selectors.fitted_model import FittedModel, fitted_model
from pricing.elasticity.selectors.learned import LEARNED, NOT_INSTALLED, contradicted_products
from pricing.sales.core.arrays import Z_95, FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK
from pricing.sales.selectors.channels import price_series_of
from pricing.sales.selectors.daily import ShopDays, merchandise_codes, shop_days

KIND: Final = "second_opinions"
TOO_SMALL: Final = "There are too few sales to learn from: {cells:,} weeks of products with a known price, {fewest:,} are needed."
WORSE: Final = (
    "In the last {weeks:.0f} weeks, which it had not seen, the boosted demand model (ml) predicted sales worse than the pooled "
    "elasticities did (deviance {model:.3f} against {baseline:.3f})."
)
TOO_SHORT: Final = (
    "The history is too short to hold the last 13 weeks back and see whether the model predicts them."
)


def opinions_request_if_outdated() -> Job | None:
    """Ask for second opinions where there has been a full recompute since the last ones and scikit-learn is installed."""
    if not is_installed():
        return None
    with transaction.atomic():
        lock_version()
        fitted = ElasticityModel.objects.values_list("fitted_at", flat=True).first()
        used = set(LearnedModel.objects.values_list("fitted_at", "version"))
        if used == ({(fitted, VERSION)} if fitted else set()):
            return None
        if Job.objects.filter(kind=KIND, state__in=OPEN_STATES).exists():
            return None
        job = Job.objects.create(kind=KIND)
        dispatch_on_commit(job.pk)
        return job


def learn_opinions(run: JobRun) -> dict[str, Any]:
    """Job handler: learn both models from all sales, publish what is offered, have flags brought up to date.

    A shop that is too small, and a model that does not beat the baseline, have nothing published but the reason.
    """
    if not is_installed():
        raise JobFailed(NOT_INSTALLED)
    # Read first: should a full recompute come between, what is made here counts as outdated and is learned again.
    stored = ElasticityModel.objects.defer("hyperparameters").first()
    model = fitted_model()
    if stored is None or model is None:
        with run.fenced_transaction():
            _forget()
        return {"products": 0}
    codes = merchandise_codes()
    days = shop_days(codes, everything=True)
    category = model.category_codes(codes)
    weeks = _weeks(days, model, category)
    run.progress(0.1)
    pooled = _pooled(codes)
    found = _learn(run, weeks, model, pooled)
    before = contradicted_products()
    with run.fenced_transaction():
        _forget()
        for method, (opinions, reason) in found.items():
            _keep(method, opinions, reason, codes, category, model.categories, pooled, weeks, stored)
        catalogue_changed()
        changed = before ^ contradicted_products()
        if changed:
            # Grades are made in one place: the recompute, which reads who is contradicted.
            request_recompute(products=sorted(changed))
    return {
        method: {"offered": not reason, "reason": reason, **(opinions.metrics if opinions else {})}
        for method, (opinions, reason) in found.items()
    }


def _weeks(days: ShopDays, model: FittedModel, category: IntArray) -> Weeks:
    """The weeks of all products that have one price at a time and are not sold in totals of longer periods."""
    hyper = model.hyper
    panel: Panel = build_panel(
        days.daily, category.size, hyper.calendar, (hyper.price_response, hyper.promotion_response)
    )
    allowed = panel.period <= DAYS_A_WEEK
    series = price_series_of(days.codes)
    if series is not None:
        allowed[np.unique(series.product)] = False
    return weeks_of(panel, category, allowed)


def _pooled(codes: list[str]) -> dict[str, FloatArray]:
    """Pooled elasticities and the errors behind their intervals (P,), nan for none and for those that rest on an experiment."""
    number = {code: index for index, code in enumerate(codes)}
    elasticity, error = np.full(len(codes), np.nan), np.full(len(codes), np.nan)
    rows = ElasticityEstimate.objects.filter(method=Method.POOLED).exclude(evidence=EXPERIMENTAL)
    for code, value, low, high in rows.values_list("product_id", "elasticity", "ci_low", "ci_high"):
        if code in number and low is not None and high is not None:
            elasticity[number[code]], error[number[code]] = value, (high - low) / (2 * Z_95)
    return {"elasticity": elasticity, "std_error": error}


def _learn(
    run: JobRun, weeks: Weeks, model: FittedModel, pooled: dict[str, FloatArray]
) -> dict[str, tuple[Opinions | None, str]]:
    """By method: its opinions, and why they are not offered, "" where they are."""
    if weeks.units.size < FEWEST_CELLS:
        why = TOO_SMALL.format(cells=weeks.units.size, fewest=FEWEST_CELLS)
        return dict.fromkeys(LEARNED, (None, why))
    promotion = model.hyper.promotion_response
    learned = fit_dml(weeks, FREQUENCY_HYPERPRIORS["price"].mean, promotion)
    run.progress(0.7)
    demand = fit_demand(weeks, learned.guess, learned.spread, promotion, pooled["elasticity"])
    run.progress(0.95)
    figures = demand.metrics
    reason = ""
    if not figures:
        reason = TOO_SHORT
    elif not beats_the_baseline(figures):
        reason = WORSE.format(
            weeks=figures["weeks held out"],
            model=figures["deviance of the model"],
            baseline=figures["deviance of the pooled model"],
        )
    return {DML: (learned.opinions, ""), ML: (demand, reason)}


def _forget() -> None:
    LearnedModel.objects.all().delete()
    execute("DELETE FROM pricing_elasticityestimate WHERE method IN (%s, %s)", LEARNED)


def _keep(
    method: str,
    opinions: Opinions | None,
    reason: str,
    codes: list[str],
    category: IntArray,
    categories: list[str],
    pooled: dict[str, FloatArray],
    weeks: Weeks,
    stored: ElasticityModel,
) -> None:
    """Write one method's model and, where it is offered, its opinions."""
    offered = opinions is not None and not reason
    apart: list[str] = []
    products = np.zeros(0, np.int64)
    published = ElasticityEstimate.objects.filter(method=Method.POOLED)
    list_prices = dict(published.values_list("product_id", "list_prices"))
    if opinions is not None and offered:
        products = np.flatnonzero(np.isfinite(opinions.elasticity))
        marks = disagreements(opinions, pooled["elasticity"], pooled["std_error"], category)
        apart = [codes[index] for index in np.flatnonzero(marks).tolist()]
    kept = LearnedModel.objects.create(
        method=method,
        version=VERSION,
        offered=offered,
        reason=reason,
        features=list(NAMES if method == DML else FEATURES),
        metrics={name: round(value, 6) for name, value in (opinions.metrics if opinions else {}).items()},
        contradicted=apart,
        products=products.size,
        cells=weeks.units.size,
        sales_version=stored.sales_version,
        fitted_at=stored.fitted_at,
    )
    if opinions is None or not offered:
        return
    # Where a product was deleted meanwhile the database refuses its row, and the job is tried again.
    insert_rows(
        "pricing_elasticityestimate",
        ("product_id", "method", "elasticity", "std_error", "ci_low", "ci_high", "quality", "evidence", "flags",
         "sample_size", "list_prices"),
        (
            (codes[index], method, *_interval(opinions.elasticity[index], opinions.std_error[index]), UNGRADED, "",
             json.dumps([]), int(opinions.weeks[index]), list_prices.get(codes[index], 0))
            for index in products.tolist()
        ),
    )  # fmt: skip
    CategoryOpinion.objects.bulk_create(
        CategoryOpinion(
            model=kept,
            category=categories[code],
            products=int(opinions.category_products[code]),
            **dict(
                zip(
                    ("elasticity", "std_error", "ci_low", "ci_high"),
                    _interval(opinions.category[code], opinions.category_error[code]),
                    strict=True,
                )
            ),
        )
        for code in np.flatnonzero(np.isfinite(opinions.category)).tolist()
    )


def _interval(elasticity: float, error: float) -> tuple[float, float, float, float]:
    value, half = float(elasticity), Z_95 * float(error)
    return value, float(error), value - half, value + half
