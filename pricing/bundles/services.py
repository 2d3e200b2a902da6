"""Compute all product pairs after every full recompute."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from django.db import transaction

from elastix.alerts.services import Finding, alerts_report
from elastix.dataset.versions import catalogue_changed, data_version, lock_version
from elastix.jobs.models import OPEN_STATES, Job
from elastix.jobs.runner import JobRun, dispatch_on_commit
from elastix.sql import execute, insert_rows
from pricing.bundles.core.baskets import Baskets, Candidates, association, bought_together, candidate_pairs
from pricing.bundles.core.constants import FEWEST_SOLD_DAYS
from pricing.bundles.core.cross_price import fit_cross
from pricing.bundles.core.cross_prior import CrossElasticities
from pricing.bundles.models import CrossPriceModel, ProductPair
from pricing.bundles.selectors.baskets import shop_baskets
from pricing.elasticity.models import ElasticityModel
from pricing.elasticity.selectors.fitted_model import fitted_model
from pricing.sales.models import Product
from pricing.sales.selectors.daily import merchandise_codes, shop_days

KIND: Final = "product_pairs"
ALERT_SUBJECT: Final = "product pairs"

_COLUMNS = (
    "product_x_id", "product_y_id", "cross_elasticity", "std_error", "ci_low", "ci_high", "relationship",
    "baskets_together", "support", "confidence", "lift", "version",
)  # fmt: skip


def pairs_request_if_outdated() -> Job | None:
    """Request a computation of the pairs where there has been a full recompute since the last; None where not.

    The pairs rest on what a full recompute fits, so that they need no more than one computation after each.
    """
    fitted, used = (
        model.objects.values_list("fitted_at", flat=True).first()
        for model in (ElasticityModel, CrossPriceModel)
    )
    with transaction.atomic():
        lock_version()
        if fitted == used or Job.objects.filter(kind=KIND, state__in=OPEN_STATES).exists():
            return None
        job = Job.objects.create(kind=KIND)
        dispatch_on_commit(job.pk)
        return job


def compute_pairs(run: JobRun) -> dict[str, Any]:
    """Job handler: count baskets, choose pairs, estimate them and publish all of it at once."""
    # Read first: should a full recompute come between, the pairs count as outdated and are computed again.
    fitted_at = ElasticityModel.objects.values_list("fitted_at", flat=True).first()
    model, version = fitted_model(), data_version().published_version
    if model is None or fitted_at is None:
        # The last full recompute found no sales to learn from.
        with run.fenced_transaction():
            ProductPair.objects.all().delete()
            CrossPriceModel.objects.all().delete()
            catalogue_changed()
        return {"pairs": 0, "version": version}
    codes = merchandise_codes()
    days, category = shop_days(codes, everything=True).daily, model.category_codes(codes)
    run.progress(0.2)
    baskets = shop_baskets(codes)
    sold_days = np.bincount(days.product[days.units > 0], minlength=len(codes))
    known = dict(Product.objects.filter(current_price__isnull=False).values_list("code", "current_price"))
    price = np.array([known.get(code, np.nan) for code in codes], np.float64)
    pairs = candidate_pairs(bought_together(baskets), category, price, sold_days >= FEWEST_SOLD_DAYS)
    run.progress(0.4)
    prior, found = fit_cross(days, category, model.hyper, pairs)
    run.progress(0.9)
    with run.fenced_transaction():
        execute("DELETE FROM pricing_productpair")
        # Where a product was deleted meanwhile the database refuses its pairs, and the job is tried again.
        insert_rows("pricing_productpair", _COLUMNS, _rows(codes, pairs, found, baskets, version))
        values = {"prior": prior.to_dict(), "baskets": baskets.total, "sales_version": version}
        CrossPriceModel.objects.update_or_create(pk=1, defaults={**values, "fitted_at": fitted_at})
        catalogue_changed()
        text = f"The fit of the cross elasticities did not settle in {prior.iterations} rounds."
        findings = [] if prior.converged else [Finding(ALERT_SUBJECT, text)]
        alerts_report("fit_not_converged", findings, among=[ALERT_SUBJECT])
    return {"pairs": int(pairs.first.size), "version": version}


def _rows(
    codes: Sequence[str], pairs: Candidates, found: CrossElasticities, baskets: Baskets, version: int
) -> Iterator[tuple[Any, ...]]:
    """Yield each pair twice: first to the price of second, and the other way round."""
    both, each = baskets.with_both(pairs.first, pairs.second), baskets.of_product
    estimates = (found.elasticity, found.std_error, found.ci_low, found.ci_high, found.relationship)
    for side, (x, y) in enumerate(((pairs.first, pairs.second), (pairs.second, pairs.first))):
        way = association(both, each[x], each[y], baskets.total)
        columns = (x, y, *(column[:, side] for column in estimates), both, *way)
        for first, second, *row in zip(*(column.tolist() for column in columns), strict=True):
            yield (codes[first], codes[second], *row, version)
