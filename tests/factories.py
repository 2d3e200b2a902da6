"""Rows for tests: each factory makes a valid one, and a test names only what it is about.

Sales lines are written through their service, as the model allows nothing else; what a service would refuse
(an old price change, a failed job) is written directly.
"""

import datetime as dt
from decimal import Decimal
from typing import Any, TypeVar

import factory
import numpy as np
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.utils import timezone
from factory.django import DjangoModelFactory

from elastix.alerts.models import Alert
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.jobs.models import Job
from elastix.tokens.models import ApiToken
from market.models import Competitor, CompetitorPrice, RepricingRule
from market.services.rules import rule_create
from pricing.bundles.models import ProductPair
from pricing.elasticity.models import ElasticityEstimate
from pricing.forecasting.core.batch import ShopModel
from pricing.forecasting.core.lines import Priors
from pricing.forecasting.core.panel import profile_of_days
from pricing.forecasting.core.stored import shop_profile
from pricing.forecasting.models import DemandForecast, ForecastModel
from pricing.forecasting.selectors.base_demand import stored_shop_model
from pricing.recommendation.models import PricePolicy, PriceRelation, StandingRecommendation
from pricing.sales.core.calendar import MONTH_DAYS
from pricing.sales.core.files import ImportKind
from pricing.sales.models import PriceChange, Product, ProductSummary, SalesHistory, Transaction
from pricing.sales.models.price_changes import PriceChangeStatus
from pricing.sales.selectors.daily import epoch_days
from pricing.sales.services.transactions import transactions_create
from segments.models import CustomerSegment
from simulations.models import ExperimentProduct, PriceExperiment, Simulation
from tests.shops import AS_OF, DAYS, FIRST_DAY, LAST_DAY

Row = TypeVar("Row", bound=Model)
TODAY = dt.datetime.combine(AS_OF, dt.time(), dt.UTC)

# --- people -------------------------------------------------------------------------------------------


class UserFactory(DjangoModelFactory[User]):
    """A user in the group of a role, who may open the admin; the one of that name where the test has it already."""

    class Meta:
        model = User

    role = "viewer"
    username = factory.SelfAttribute("role")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    is_staff = True

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, role: str, **fields: Any) -> User:
        user = model_class.objects.filter(username=fields["username"]).first()
        user = user or model_class.objects.create_user(**fields)
        user.groups.add(Group.objects.get(name=role))
        return user


class ApiTokenFactory(DjangoModelFactory[ApiToken]):
    """A token of the viewer's program."""

    class Meta:
        model = ApiToken

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda number: f"Token {number}")
    digest = factory.Sequence(lambda number: f"{number:064x}")


# --- products and sales -------------------------------------------------------------------------------


class ProductFactory(DjangoModelFactory[Product]):
    class Meta:
        model = Product

    code = factory.Sequence(lambda number: f"PRODUCT {number}")
    name = factory.LazyAttribute(lambda product: product.code.title())


class OfProductFactory(DjangoModelFactory[Row]):
    """Base of what belongs to a product: a new one, or the one that is given, as a row or by its code."""

    class Meta:
        abstract = True

    product = factory.SubFactory(ProductFactory)

    @classmethod
    def _adjust_kwargs(cls, **fields: Any) -> dict[str, Any]:
        if isinstance(fields["product"], str):
            fields["product_id"] = fields.pop("product")
        return fields


class ProductSummaryFactory(OfProductFactory[ProductSummary]):
    class Meta:
        model = ProductSummary


class ElasticityEstimateFactory(OfProductFactory[ElasticityEstimate]):
    class Meta:
        model = ElasticityEstimate

    method = "pooled"
    elasticity = -1.2
    std_error = 0.3


def average_days_of_month() -> float:
    """How many average days of the shop's week the 30 days after its newest sale are."""
    model = stored_shop_model()
    return (
        30.0 if model is None else profile_of_days(shop_profile(model), epoch_days(AS_OF), MONTH_DAYS).sum()
    )


class ForecastModelFactory(DjangoModelFactory[ForecastModel]):
    """A shop that sells as much on every day as on any other, up to the sample shop's newest sale."""

    class Meta:
        model = ForecastModel

    pk = 1
    shop = factory.LazyFunction(
        lambda: ShopModel(
            first_day=epoch_days(FIRST_DAY),
            shop_units=np.ones(DAYS),
            categories=[],
            priors=[Priors(np.ones(1), np.ones(1))],
            error_quantiles=np.array([[-0.5, 0.5]]),
            seasons=[np.ones((1, 12))],
        ).as_json()
    )
    sales_version = 1
    fitted_at = TODAY


class DemandForecastFactory(OfProductFactory[DemandForecast]):
    """What is expected of a product: `month` units in the 30 days after the sample shop's newest sale, at its price."""

    class Meta:
        model = DemandForecast

    class Params:
        month = 1200.0

    method = "lines"
    recent_frequency = factory.LazyAttribute(lambda row: row.month / average_days_of_month())
    purchase_frequency = factory.SelfAttribute("recent_frequency")
    usual_frequency = factory.SelfAttribute("recent_frequency")
    exposure = 14.0
    usual_exposure = 70.0
    units_per_purchase = 1.0
    base_price = factory.LazyAttribute(lambda row: row.product.current_price)
    through = AS_OF
    first_sold = FIRST_DAY
    last_sold = LAST_DAY
    sold_days = 120
    is_new = False
    error_low = -0.5
    error_high = 0.5
    origins = 0
    accuracy = factory.LazyFunction(dict)


class PricedProductFactory(ProductFactory):
    """A product at 12.99 that costs 8.50 and sells 1,200 units in 30 days, at a certain elasticity of -1.2.

    `estimate=None` leaves the elasticity out; `estimate__std_error=0.1`, `summary__monthly_sales=0` (what it sold) and
    `forecast__month=0` (what it is expected to sell) change it.
    """

    class Meta:
        skip_postgeneration_save = True

    category = "Drinks"
    current_price = Decimal("12.99")
    cost = Decimal("8.5")
    price_source = "manual"
    summary = factory.RelatedFactory(ProductSummaryFactory, "product", monthly_sales=1200)
    forecast = factory.RelatedFactory(DemandForecastFactory, "product")
    estimate = factory.RelatedFactory(ElasticityEstimateFactory, "product", quality="A", weight=0.8)


class SalesHistoryFactory(OfProductFactory[SalesHistory]):
    """A day of the roll-up: 10 units at 2.50."""

    class Meta:
        model = SalesHistory

    date = factory.Sequence(lambda number: dt.date(2025, 1, 1) + dt.timedelta(days=number % 365))
    quantity = 10
    price = Decimal("2.50")
    list_price = factory.SelfAttribute("price")
    revenue = factory.LazyAttribute(lambda day: day.quantity * Decimal(day.price))


class TransactionFactory(factory.Factory[Transaction]):
    """A sales line of ten cups, summed into the roll-up."""

    class Meta:
        model = Transaction

    invoice_no = factory.Sequence(lambda number: f"{1000 + number}")
    product_id = "CUP"
    description = "Cup"
    quantity = 10
    invoice_date = dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)
    unit_price = Decimal("2.50")
    customer_id = "17850"
    country = "France"

    @classmethod
    def _create(cls, model_class: type[Transaction], *args: Any, **fields: Any) -> Transaction:
        (line,) = transactions_create([fields])
        return line


class ProductPairFactory(DjangoModelFactory[ProductPair]):
    """What a pair of substitutes was found to be."""

    class Meta:
        model = ProductPair

    product_x = factory.SubFactory(ProductFactory)
    product_y = factory.SubFactory(ProductFactory)
    cross_elasticity = 0.714
    std_error = 0.1
    ci_low = factory.LazyAttribute(lambda pair: pair.cross_elasticity - 2 * pair.std_error)
    ci_high = factory.LazyAttribute(lambda pair: pair.cross_elasticity + 2 * pair.std_error)
    relationship = "substitutes"
    baskets_together = 3
    support = 0.1
    confidence = 0.1
    lift = 1.5
    version = 1


class CustomerSegmentFactory(DjangoModelFactory[CustomerSegment]):
    class Meta:
        model = CustomerSegment

    customer_id = factory.Sequence(lambda number: f"{17000 + number}")
    last_purchase = dt.date(2025, 3, 1)
    frequency = 1
    monetary = Decimal("5.00")
    segment = "Champion"


# --- decisions on prices ------------------------------------------------------------------------------


class PricePolicyFactory(OfProductFactory[PricePolicy]):
    """The shop's policy; `product` or `category` makes it one of theirs."""

    class Meta:
        model = PricePolicy

    product = None


class PriceRelationFactory(DjangoModelFactory[PriceRelation]):
    """Products at one price, of which a test adds the members it needs."""

    class Meta:
        model = PriceRelation

    name = factory.Sequence(lambda number: f"Relation {number}")
    kind = "line"


class StandingRecommendationFactory(OfProductFactory[StandingRecommendation]):
    """A recommendation to ask 4.49 instead of 4.00."""

    class Meta:
        model = StandingRecommendation

    product = factory.SubFactory(ProductFactory, current_price=Decimal("4.00"))
    current_price = Decimal("4.00")
    recommended_price = Decimal("4.49")
    confidence = 0.8
    risk_level = "low"
    cost_assumed = False
    changes = True
    computed_at = TODAY


class PriceChangeFactory(OfProductFactory[PriceChange]):
    """A proposal to raise 4.00 to 4.49; with `applied` one that was applied then."""

    class Meta:
        model = PriceChange

    class Params:
        is_applied = factory.Trait(
            status=PriceChangeStatus.APPLIED, changed_at=factory.LazyFunction(timezone.now)
        )

    product = factory.SubFactory(ProductFactory, current_price=Decimal("4.00"))
    old_price = Decimal("4.00")
    new_price = Decimal("4.49")
    proposed_by = "somebody"


class SimulationFactory(OfProductFactory[Simulation]):
    class Meta:
        model = Simulation

    product = None
    name = factory.Sequence(lambda number: f"Simulation {number}")


class ExperimentFactory(DjangoModelFactory[PriceExperiment]):
    """A draft of a switchback over 12 weeks, 10 % cheaper every other week."""

    class Meta:
        model = PriceExperiment

    name = factory.Sequence(lambda number: f"Experiment {number}")
    design = "switchback"
    new_percent = -10.0
    weeks = 12
    seed = "seed"
    money = "profit"
    contrast = -0.10536
    expected_elasticity = -2.0
    planned_power = 0.8
    planned_error = 0.05
    planned_money_error = 20.0
    units_a_week = 100.0
    revenue_a_week = 1000.0


class ExperimentProductFactory(OfProductFactory[ExperimentProduct]):
    """A product of an experiment, at 10.00 and at 9.00."""

    class Meta:
        model = ExperimentProduct

    experiment = factory.SubFactory(ExperimentFactory)
    group = 0
    usual_price = old_price = Decimal("10.00")
    new_price = Decimal("9.00")


# --- the market ---------------------------------------------------------------------------------------


class CompetitorFactory(DjangoModelFactory[Competitor]):
    class Meta:
        model = Competitor

    name = factory.Sequence(lambda number: f"Competitor {number}")


class CompetitorPriceFactory(OfProductFactory[CompetitorPrice]):
    """A price seen `days_ago` before the day after the sample shop's newest sale."""

    class Meta:
        model = CompetitorPrice

    class Params:
        days_ago = 1

    competitor_name = factory.Sequence(lambda number: f"Competitor {number}")
    price = Decimal("3.99")
    recorded_at = factory.LazyAttribute(lambda price: TODAY - dt.timedelta(days=price.days_ago))


class RepricingRuleFactory(factory.Factory[RepricingRule]):
    """A rule that makes the shop's prices 10 % lower, or those of `products`; it proposes only."""

    class Meta:
        model = RepricingRule

    name = factory.Sequence(lambda number: f"Rule {number}")
    action = "factor"
    percent = Decimal(-10)
    products = ()
    scope = factory.LazyAttribute(lambda rule: "products" if rule.products else "shop")
    user = factory.SubFactory(UserFactory, role="manager")

    @classmethod
    def _create(
        cls, model_class: type[RepricingRule], *args: Any, user: User, **fields: Any
    ) -> RepricingRule:
        return rule_create(fields | {"products": list(fields["products"])}, user=user)


# --- background work ----------------------------------------------------------------------------------


class JobFactory(DjangoModelFactory[Job]):
    class Meta:
        model = Job

    kind = "recompute"


class ImportBatchFactory(DjangoModelFactory[ImportBatch]):
    """A published import of ten sales lines."""

    class Meta:
        model = ImportBatch

    kind = ImportKind.TRANSACTIONS
    status = ImportStatus.PUBLISHED
    file_name = factory.Sequence(lambda number: f"sales-{number}.csv")
    sha256 = factory.Sequence(lambda number: f"{number:064x}")
    rows = 10
    accepted = 10


class AlertFactory(DjangoModelFactory[Alert]):
    """A product without a cost, not acknowledged yet."""

    class Meta:
        model = Alert

    kind = "no_cost"
    subject = factory.Sequence(lambda number: f"PRODUCT {number}")
    message = factory.LazyAttribute(lambda alert: f"{alert.subject} has no cost.")
    raised_at = factory.LazyFunction(timezone.now)
    seen_at = factory.SelfAttribute("raised_at")
