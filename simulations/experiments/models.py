"""Price experiments: what is tested on which products, how it was drawn, and what came of it."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from elastix.fields import PriceField, choice_check, length_check, price_check, range_check
from pricing.sales.models import Product
from simulations.experiments.core import designs

LOWEST_PERCENT, HIGHEST_PERCENT = -50.0, 50.0
FEWEST_WEEKS, MOST_WEEKS = 2, 52
MOST_WASHOUT_DAYS = 5
FEWEST_PAST_WEEKS, MOST_PAST_WEEKS = 8, 104


class Design(models.TextChoices):
    SWITCHBACK = designs.SWITCHBACK, "switchback: every group has both prices in turn, week by week"
    CLUSTERS = designs.CLUSTERS, "clusters: one group of each pair has the new price"


class ExperimentStatus(models.TextChoices):
    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


class KeptPrices(models.TextChoices):
    """Which prices stand when an experiment is over: the usual ones, or one of the two."""

    USUAL = "usual"
    OLD = "old_price"
    NEW = "new_price"


class PriceExperiment(models.Model):
    """A randomised test of two prices. Percents are changes of the products' usual prices.

    The draw follows from design, groups and seed (`core.designs`) and is not stored. `planned_error` and
    `planned_money_error` are those of the log effect on units and of the effect on money a week at the planned end; the
    always-valid intervals are tuned to them, so they are never changed after the start.
    """

    name = models.CharField(max_length=255)
    design = models.CharField(max_length=10, choices=Design)
    status = models.CharField(max_length=7, choices=ExperimentStatus, default=ExperimentStatus.DRAFT)
    old_percent = models.FloatField(
        default=0.0, validators=[MinValueValidator(LOWEST_PERCENT), MaxValueValidator(HIGHEST_PERCENT)]
    )
    new_percent = models.FloatField(
        validators=[MinValueValidator(LOWEST_PERCENT), MaxValueValidator(HIGHEST_PERCENT)]
    )
    weeks = models.PositiveSmallIntegerField()
    washout_days = models.PositiveSmallIntegerField(
        default=2, help_text="First days after a price was changed, which are not counted."
    )
    past_weeks = models.PositiveSmallIntegerField(default=26)
    seed = models.CharField(max_length=64)
    money = models.CharField(max_length=7, help_text="What is decided on: profit, or revenue without costs.")
    contrast = models.FloatField(help_text="Mean log of the new price over the old one, weighed by units.")
    expected_elasticity = models.FloatField()
    planned_power = models.FloatField()
    planned_error = models.FloatField()
    planned_money_error = models.FloatField()
    units_a_week = models.FloatField(help_text="Of the tested products before it.")
    revenue_a_week = models.FloatField()
    neighbours = models.JSONField(
        default=dict, help_text="Products beside the tested ones, by code: their group."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.CharField(max_length=150, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    started_by = models.CharField(max_length=150, blank=True)
    pauses = models.JSONField(default=list, help_text="First and last day of each pause; open: null.")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)
    kept = models.CharField(max_length=9, choices=KeptPrices, blank=True, default="")
    problems = models.JSONField(default=list, help_text="Prices that could not be set, and why.")
    result = models.JSONField(null=True, blank=True)
    result_to = models.DateField(null=True, blank=True, help_text="Last day with sales that the result has.")
    elasticity = models.FloatField(null=True, blank=True, help_text="Measured.")
    elasticity_error = models.FloatField(null=True, blank=True)
    evidence = models.JSONField(
        default=list, help_text="Elasticities of products or of a category that estimates may take up."
    )

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            choice_check("design", Design, "simulations_experiment"),
            choice_check("status", ExperimentStatus, "simulations_experiment"),
            choice_check("kept", KeptPrices, "simulations_experiment", blank=True),
            range_check("old_percent", LOWEST_PERCENT, HIGHEST_PERCENT, "simulations_experiment"),
            range_check("new_percent", LOWEST_PERCENT, HIGHEST_PERCENT, "simulations_experiment"),
            range_check("weeks", FEWEST_WEEKS, MOST_WEEKS, "simulations_experiment"),
            range_check("washout_days", 0, MOST_WASHOUT_DAYS, "simulations_experiment"),
            length_check("name", 255, "simulations_experiment"),
            length_check("seed", 64, "simulations_experiment"),
            models.CheckConstraint(
                condition=~Q(old_percent=F("new_percent")), name="simulations_experiment_two_prices"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(starts_on__isnull=False),
                name="simulations_experiment_started_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"

    @property
    def holder(self) -> str:
        """The name under which it holds prices, and proposes them: no user can be called this."""
        return f"experiment {self.pk}"


class ExperimentProduct(models.Model):
    """A product of an experiment with its prices as planned, which policies may have narrowed.

    Cost and tax are kept as they were, so that profit is counted alike at both prices.
    """

    experiment = models.ForeignKey(PriceExperiment, on_delete=models.CASCADE, related_name="products")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="tested_in")
    group = models.PositiveSmallIntegerField(help_text="Of a cluster design, 2 k and 2 k + 1 are pair k.")
    usual_price = PriceField()
    old_price = PriceField()
    new_price = PriceField()
    cost = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    tax_factor = models.DecimalField(max_digits=8, decimal_places=4, default=1)

    class Meta:
        ordering = ("experiment", "group", "product")
        constraints = [
            models.UniqueConstraint(
                fields=("experiment", "product"), name="simulations_experiment_product_once"
            ),
            price_check("usual_price", "simulations_experimentproduct"),
            price_check("old_price", "simulations_experimentproduct"),
            price_check("new_price", "simulations_experimentproduct"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} in experiment {self.experiment_id}"
