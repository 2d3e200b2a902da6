"""What this app brings to the base: its jobs and its steps of a recompute."""

from datetime import timedelta

from elastix.imports.ingest import register_import
from elastix.jobs.registry import RecomputeStep, register_job, register_step
from elastix.jobs.schedules import register_schedule
from pricing import recomputing
from pricing.bundles import services as pairs
from pricing.changes.services import price_changes as ledger
from pricing.elasticity.services import estimates as estimating
from pricing.elasticity.services import summaries as summarising
from pricing.forecasting.services import boosting
from pricing.forecasting.services import forecasts as forecasting
from pricing.recommendation.selectors.bulk import KIND as BULK_OPTIMIZE
from pricing.recommendation.services import bulk, categories
from pricing.sales.services import cleaning, data_checks, quality
from pricing.sales.services.imports import TransactionsImport, revert_transactions
from pricing.sales.services.product_imports import ProductsImport


def register() -> None:
    register_import(TransactionsImport)
    register_job("withdraw_transactions", revert_transactions)
    register_import(ProductsImport)
    register_job(
        "recompute",
        recomputing.recompute,
        on_success=recomputing.recompute_again,
        on_failure=lambda parameters, error: recomputing.recompute_again(parameters),
    )
    register_job("clean_shard", cleaning.clean_shard)
    register_job(BULK_OPTIMIZE, bulk.bulk_optimize)
    register_job(pairs.KIND, pairs.compute_pairs)
    register_job(boosting.KIND, boosting.compute_boosted)
    register_schedule("apply due prices", timedelta(seconds=60), ledger.apply_due)
    register_step(RecomputeStep("elasticities", 10, estimating.compute, estimating.publish))
    register_step(RecomputeStep("summaries", 20, summarising.compute, summarising.publish))
    register_step(RecomputeStep("forecasts", 22, forecasting.compute, forecasting.publish))
    register_step(RecomputeStep("quality", 25, quality.compute, quality.publish))
    register_schedule("product pairs", timedelta(minutes=5), pairs.pairs_request_if_outdated)
    register_schedule("boosted forecasts", timedelta(minutes=5), boosting.boosting_request_if_outdated)
    register_schedule("categories", timedelta(minutes=1), categories.categories_refresh_if_outdated)
    register_schedule("old bulk optimizations", timedelta(days=1), bulk.bulk_purge)
    register_schedule("check the data", timedelta(days=1), data_checks.check_data)
