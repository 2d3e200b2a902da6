"""What runs in the background: the kinds of jobs, and what is done on a schedule. Both tables name functions by path.

Celery beat and the clock of a serving process read the same table of schedules; a job is run by whoever claims it.
"""

import datetime as dt
from dataclasses import dataclass

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Something done once in every period, or once a day from a time of the shop's day on.

    `run` is the path of a function without arguments that is short, or asks for a job. A schedule that has never
    run is due now.
    """

    name: str
    when: dt.timedelta | dt.time
    run: str


SCHEDULES = (
    Schedule("send alerts", MINUTE, "elastix.alerts.delivery.deliver_due"),
    Schedule("apply due prices", MINUTE, "pricing.changes.services.price_changes.apply_due"),
    Schedule(
        "categories", MINUTE, "pricing.recommendation.services.categories.categories_refresh_if_outdated"
    ),
    # After what it sums up.
    Schedule("figures of the desk", MINUTE, "pricing.changes.services.figures.figures_keep"),
    Schedule("pull orders", MINUTE, "pricing.connections.services.pulling.pull_if_due"),
    Schedule("push prices", 5 * MINUTE, "pricing.connections.services.pushing.push_if_due"),
    # Checked more often than once an hour: a clock that drifts past an hour's end would leave that hour out.
    Schedule("reprice", 5 * MINUTE, "market.services.repricing.reprice_if_due"),
    Schedule("price experiments", 5 * MINUTE, "simulations.experiments.services.running.experiments_advance"),
    Schedule("product pairs", 5 * MINUTE, "pricing.bundles.services.pairs_request_if_outdated"),
    Schedule(
        "boosted forecasts", 5 * MINUTE, "pricing.forecasting.services.boosting.boosting_request_if_outdated"
    ),
    Schedule(
        "second opinions", 5 * MINUTE, "pricing.elasticity.services.learned.opinions_request_if_outdated"
    ),
    Schedule("refresh what is stale", MINUTE, "elastix.jobs.recompute.request_refresh_if_due"),
    Schedule("recompute everything", dt.time(2, 30), "elastix.jobs.recompute.request_full_recompute_if_due"),
    # After the recompute of the night.
    Schedule(
        "recommendations", dt.time(5), "pricing.recommendation.services.nightly.recommendations_nightly"
    ),
    Schedule("check the data", DAY, "pricing.sales.services.data_checks.check_data"),
    Schedule("stage of imports", 5 * MINUTE, "pricing.sales.services.imports.stage_sweep"),
    Schedule("partitions of the transactions", DAY, "pricing.sales.services.partitions.partitions_keep"),
    Schedule("old uploads", dt.time(4), "elastix.imports.services.uploads_purge"),
    Schedule("old bulk optimizations", DAY, "pricing.recommendation.services.bulk.bulk_purge"),
    Schedule("old repricing results", DAY, "market.services.repricing.runs_purge"),
)

# By kind: who does the work, and what follows its success or its final failure (elastix.jobs.kinds.JobKind).
JOBS: dict[str, dict[str, str]] = {
    "import_transactions": {
        "handler": "pricing.sales.services.imports.import_transactions",
        "on_failure": "pricing.sales.services.imports.import_failed",
    },
    "revert_transactions": {"handler": "pricing.sales.services.imports.revert_transactions"},
    # The name that jobs of `revert_transactions` had in earlier versions: rows of it may still be waiting.
    "withdraw_transactions": {"handler": "pricing.sales.services.imports.revert_transactions"},
    "import_products": {
        "handler": "pricing.recommendation.services.manual_prices.import_products",
        "on_failure": "pricing.recommendation.services.manual_prices.import_failed",
    },
    "import_competitor_prices": {
        "handler": "market.services.importing.import_competitor_prices",
        "on_failure": "market.services.importing.import_failed",
    },
    "recompute": {
        "handler": "elastix.pipeline.recompute",
        "on_success": "elastix.jobs.recompute.request_what_came_meanwhile",
        "on_failure": "elastix.jobs.recompute.request_what_came_meanwhile",
    },
    "clean_shard": {"handler": "pricing.sales.services.cleaning.clean_shard"},
    "bulk_optimize": {"handler": "pricing.recommendation.services.bulk.bulk_optimize"},
    "product_pairs": {"handler": "pricing.bundles.services.compute_pairs"},
    "boosted_forecasts": {"handler": "pricing.forecasting.services.boosting.compute_boosted"},
    "second_opinions": {"handler": "pricing.elasticity.services.learned.learn_opinions"},
    "pull_orders": {"handler": "pricing.connections.services.pulling.pull_orders"},
    "push_prices": {"handler": "pricing.connections.services.pushing.push_prices"},
    "reprice": {
        "handler": "market.services.repricing.reprice",
        "on_failure": "market.services.repricing.run_failed",
    },
}
