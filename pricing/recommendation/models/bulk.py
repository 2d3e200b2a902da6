"""Results of bulk optimizations, and the possible gain of each category."""

from django.db import models

from elastix.fields import PriceField, SortedCharField, choice_check, length_check, range_check
from elastix.jobs.models import Job
from pricing.sales.models.products import Product


class RiskLevel(models.TextChoices):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class BulkOptimization(models.Model):
    """What one job recommended for many products, until it is deleted with the job 30 days later.

    `batch` names the changes in the ledger once it has been proposed, which happens once; `left_out` says of which
    prices, by then, something stood in the way.
    """

    job = models.OneToOneField(
        Job, on_delete=models.CASCADE, primary_key=True, related_name="bulk_optimization"
    )
    computed_at = models.DateTimeField()
    batch = models.UUIDField(null=True, blank=True, unique=True)
    proposed = models.IntegerField(default=0, help_text="Prices in that batch.")
    proposed_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.CharField(max_length=150, blank=True)
    left_out = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("-job",)

    def __str__(self) -> str:
        return f"bulk optimization {self.pk}"


class RecommendationFields(models.Model):
    """The price recommended for one product, why, and what it would do; amounts are those of 30 days."""

    current_price = PriceField(null=True, blank=True)
    recommended_price = PriceField(null=True, blank=True)
    changes = models.BooleanField(help_text="The recommended price is another one than the present.")
    reason = models.CharField(max_length=30, help_text="Why this price, in one word.")
    confidence = models.FloatField()
    risk_level = models.CharField(max_length=6, choices=RiskLevel)
    elasticity = models.FloatField(null=True, blank=True)
    quality = models.CharField(max_length=1, blank=True)
    cost = models.FloatField(null=True, blank=True)
    cost_assumed = models.BooleanField()
    limits = models.TextField(blank=True, help_text="Guardrails that shaped the price.")
    warnings = models.TextField(blank=True)
    quantity_now = models.FloatField(null=True, blank=True)
    quantity = models.FloatField(null=True, blank=True)
    revenue_now = models.FloatField(null=True, blank=True)
    revenue = models.FloatField(null=True, blank=True)
    profit_now = models.FloatField(null=True, blank=True)
    profit = models.FloatField(null=True, blank=True)
    profit_low = models.FloatField(null=True, blank=True, help_text="10 % limit.")
    profit_high = models.FloatField(null=True, blank=True, help_text="90 % limit.")
    profit_change = models.FloatField(null=True, blank=True)
    gain_low = models.FloatField(null=True, blank=True, help_text="10 % limit of the change of profit.")
    gain_high = models.FloatField(null=True, blank=True, help_text="90 % limit of it.")
    probability_of_gain = models.FloatField(null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.product_id}: {self.current_price} -> {self.recommended_price} ({self.reason})"  # type: ignore[attr-defined]


class BulkRow(RecommendationFields):
    """The price recommended for one product of a bulk optimization."""

    optimization = models.ForeignKey(
        BulkOptimization, on_delete=models.CASCADE, related_name="rows", db_index=False
    )
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")

    class Meta:
        ordering = ("optimization", "product")
        constraints = [
            models.UniqueConstraint(fields=("optimization", "product"), name="pricing_bulkrow_once"),
            choice_check("risk_level", RiskLevel, "pricing_bulkrow"),
        ]


class CategorySummary(models.Model):
    """Cached: a category's 30 days to the as-of date, and what acting on all its recommendations would add."""

    category = SortedCharField(max_length=100, blank=True, unique=True)
    products = models.IntegerField(help_text="Active merchandise.")
    revenue = models.DecimalField(max_digits=24, decimal_places=4)
    margin = models.FloatField(null=True, blank=True, help_text="Fraction of the revenue with a known cost.")
    cost_known = models.FloatField(null=True, blank=True, help_text="Share of the revenue with a known cost.")
    elasticity = models.FloatField(
        null=True, blank=True, help_text="Mean of the published, weighted by revenue."
    )
    to_change = models.IntegerField(help_text="Products whose price is recommended to change.")
    revenue_change = models.FloatField()
    profit_change = models.FloatField()
    profit_change_low = models.FloatField(help_text="10 % limit.")
    profit_change_high = models.FloatField(help_text="90 % limit.")
    published_version = models.BigIntegerField()
    catalogue_version = models.BigIntegerField()
    computed_at = models.DateTimeField()

    class Meta:
        ordering = ("category",)
        verbose_name_plural = "category summaries"
        constraints = [
            length_check("category", 100, "pricing_categorysummary"),
            range_check("products", 1, None, "pricing_categorysummary"),
        ]

    def __str__(self) -> str:
        return self.category or "Uncategorised"

    @property
    def margin_percent(self) -> float | None:
        """Margin of the revenue with a known cost, in percent."""
        return None if self.margin is None else 100 * self.margin

    @property
    def cost_known_percent(self) -> float | None:
        """Share of the revenue with a known cost, in percent."""
        return None if self.cost_known is None else 100 * self.cost_known
