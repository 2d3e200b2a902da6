"""The lists of the admin: each takes the same number of queries however long it is."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model

from elastix.alerts.models import Alert
from elastix.imports.models import ImportBatch, ImportReject
from elastix.jobs.models import Job, JobState
from market.models import Competitor, CompetitorPrice, RepricingRule
from pricing.bundles.models import ProductPair
from pricing.connections.models import OrderPull, PulledOrder, PushedPrice
from pricing.elasticity.models import ElasticityEstimate, ExperimentalEvidence
from pricing.recommendation.models import Override, PricePolicy, PriceRelation, Recommendation
from pricing.sales.models import (
    PriceChange,
    PriceHold,
    Product,
    ProductCost,
    ProductSummary,
    SalesHistory,
    StaleCustomer,
    StaleProduct,
    Transaction,
)
from segments.models import (
    CustomerForecast,
    CustomerSegment,
    ProductSegment,
    SegmentDailyRevenue,
    SegmentElasticity,
    SegmentMove,
    SegmentRun,
    SegmentSales,
)
from simulations.models import PriceExperiment, Simulation
from tests.factories import (
    AlertFactory,
    CompetitorFactory,
    CompetitorPriceFactory,
    CustomerSegmentFactory,
    ElasticityEstimateFactory,
    ExperimentFactory,
    ImportBatchFactory,
    JobFactory,
    PriceChangeFactory,
    PricedProductFactory,
    PricePolicyFactory,
    ProductFactory,
    ProductPairFactory,
    ProductSummaryFactory,
    RepricingRuleFactory,
    SalesHistoryFactory,
    SimulationFactory,
    TransactionFactory,
    UserFactory,
)
from tests.integration.admin_pages import page, queries_of, signed_in

OUR_APPS = ("elastix", "pricing", "segments", "market", "simulations")
DAY = dt.date(2025, 3, 1)
NOON = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)


def analyst() -> User:
    return UserFactory(role="analyst")


def imported_line(number: int) -> None:
    line = TransactionFactory(product_id=f"P{number}", country=f"Country {number}")
    Transaction.rows.filter(pk=line.pk).update(batch=ImportBatchFactory())


def overridden(number: int) -> None:
    """One by another change, one that was left."""
    Override.objects.create(change=PriceChangeFactory(), recommended_price=11)
    left = Recommendation.objects.create(
        product=ProductFactory(), current_price=10, recommended_price=11, profit_change=5, gain_low=1, gain_high=9,
        probability_of_gain=0.9, offered_at=NOON, state="expired", stands=False,
    )  # fmt: skip
    Override.objects.create(recommendation=left, recommended_price=11)


def rejected_row(number: int) -> None:
    batch = ImportBatch.objects.first() or ImportBatchFactory()
    ImportReject.objects.create(batch=batch, line=number + 1, reason="no_price", message="There is no price.")


# Of each model, what makes row number n with everything that the list shows of other tables; and the queries.
LISTS: dict[type[Model], tuple[Callable[[int], Any], int]] = {
    Alert: (lambda n: AlertFactory(), 10),
    ImportBatch: (
        lambda n: ImportBatchFactory(job=JobFactory(state=JobState.SUCCEEDED), created_by=analyst()),
        8,
    ),
    ImportReject: (rejected_row, 7),
    Job: (lambda n: JobFactory(kind="clean_shard", requested_by=analyst()), 9),
    Product: (lambda n: PricedProductFactory(category=f"Category {n}"), 8),
    ProductCost: (
        lambda n: ProductCost.objects.create(product=ProductFactory(), valid_from=DAY, cost=n, recorded_by="ann"), 6,
    ),
    ProductSummary: (lambda n: ProductSummaryFactory(), 6),
    SalesHistory: (lambda n: SalesHistoryFactory(), 7),
    Transaction: (imported_line, 8),
    StaleProduct: (lambda n: StaleProduct.objects.create(product=ProductFactory(), version=1), 6),
    StaleCustomer: (lambda n: StaleCustomer.objects.create(customer_id=str(n), version=1), 6),
    ElasticityEstimate: (lambda n: ElasticityEstimateFactory(quality="B", flags=["CHANNEL_MIX"]), 6),
    ExperimentalEvidence: (
        lambda n: ExperimentalEvidence.objects.create(
            source=f"test {n}", product=ProductFactory(), elasticity=-1.5, std_error=0.3, first_day=DAY, last_day=DAY
        ),
        6,
    ),
    PricePolicy: (lambda n: PricePolicyFactory(product=ProductFactory()), 6),
    PriceRelation: (lambda n: PriceRelation.objects.create(name=str(n), kind="line"), 7),
    Recommendation: (
        lambda n: Recommendation.objects.create(
            product=ProductFactory(), current_price=10, recommended_price=11, profit_change=5, gain_low=1, gain_high=9,
            probability_of_gain=0.9, offered_at=NOON,
        ),
        8,
    ),
    PriceChange: (lambda n: PriceChangeFactory(), 8),
    PriceHold: (
        lambda n: PriceHold.objects.create(product=ProductFactory(), holder=f"experiment {n}", reason="is tested"), 6,
    ),
    Override: (overridden, 6),
    ProductPair: (lambda n: ProductPairFactory(), 6),
    OrderPull: (
        lambda n: OrderPull.objects.create(
            platform="shopify", until=NOON, more=False, batch=ImportBatchFactory(), counts={"orders": 3}
        ),
        6,
    ),
    PulledOrder: (lambda n: PulledOrder.objects.create(platform="shopify", order_id=str(n), invoice_no=str(n)), 6),
    PushedPrice: (
        lambda n: PushedPrice.objects.create(
            platform="shopify", product=ProductFactory(), price=4, decided_at=NOON, state="pushed"
        ),
        6,
    ),
    Competitor: (lambda n: CompetitorFactory(), 6),
    CompetitorPrice: (lambda n: CompetitorPriceFactory(product=ProductFactory(current_price=Decimal(4))), 11),
    RepricingRule: (lambda n: RepricingRuleFactory(products=[ProductFactory()]), 6),
    Simulation: (lambda n: SimulationFactory(product=ProductFactory(), created_by=analyst()), 8),
    PriceExperiment: (lambda n: ExperimentFactory(), 8),
    CustomerSegment: (lambda n: CustomerSegmentFactory(), 6),
    CustomerForecast: (
        lambda n: CustomerForecast.objects.create(
            customer_id=str(n), first_purchase=DAY, last_purchase=DAY, purchase_days=1, repeat_revenue=0
        ),
        6,
    ),
    SegmentRun: (
        lambda n: SegmentRun.objects.create(as_of=DAY - dt.timedelta(days=n), published_at=NOON),
        6,
    ),
    SegmentMove: (
        lambda n: SegmentMove.objects.create(
            run=SegmentRun.objects.create(as_of=DAY - dt.timedelta(days=n), published_at=NOON), customer_id="12346",
            segment="Lost",
        ),
        6,
    ),
    ProductSegment: (
        lambda n: ProductSegment.objects.create(product=ProductFactory(), segment="Champion", lines=3),
        6,
    ),
    SegmentSales: (
        lambda n: SegmentSales.objects.create(product=ProductFactory(), segment="Champion", date=DAY, quantity=1),
        7,
    ),
    SegmentDailyRevenue: (
        lambda n: SegmentDailyRevenue.objects.create(
            segment="Lost", date=DAY - dt.timedelta(days=n), revenue=Decimal(5)
        ),
        7,
    ),
    SegmentElasticity: (
        lambda n: SegmentElasticity.objects.create(
            product=ProductFactory(), segment="AtRisk", elasticity=-1.234, std_error=0.2, ci_low=-1.6, ci_high=-0.9,
            weight=0.3, sample_size=5, units=10.0, quality="C",
        ),
        7,
    ),
}  # fmt: skip

# One row, or as many as there are schedules or segments.
SHORT = {
    "ApiToken", "BoostedModel", "CrossPriceModel", "CustomerModel", "DataVersion", "ElasticityModel", "ForecastModel",
    "KillSwitch", "LearnedModel", "ScheduleRun",
    "SegmentSummary",
}  # fmt: skip
# Rows that only a computation makes: tested where that is.
COMPUTED = {
    "AlertDelivery", "AuditEntry", "BoostedForecast", "BulkOptimization", "BulkRow", "CategoryOpinion", "CategorySummary",
    "DemandForecast",
    "RepricingPause", "RepricingResult", "RepricingRun",
}  # fmt: skip


def test_every_list_of_the_admin_is_counted() -> None:
    ours = {model.__name__ for model in admin.site._registry if model._meta.app_label in OUR_APPS}
    assert ours == {model.__name__ for model in LISTS} | SHORT | COMPUTED


@pytest.mark.django_db
@pytest.mark.parametrize("model", LISTS)
def test_a_list_takes_the_same_queries_however_long_it_is(model: type[Model], viewer: User) -> None:
    make, queries = LISTS[model]
    browser = signed_in(viewer)
    for numbers in (range(2), range(2, 22)):
        for number in numbers:
            make(number)
        assert queries_of(browser, page(model)) == queries
