"""Cached tables: what the last published recompute found out."""

from django.db import models

from elastix.fields import choice_check
from pricing.models.catalogue import Product


class Method(models.TextChoices):
    POOLED = "pooled"
    LOG_LOG = "log_log"
    POINT = "point"
    ARC = "arc_elasticity"


class Grade(models.TextChoices):
    A = "A"
    B = "B"
    C = "C"
    D = "D"


class ElasticityModel(models.Model):
    """What the last full fit learned about all products together. One row.

    Between full runs a product's estimate is refreshed against these: category means, spreads, dispersion,
    serial correlation, season and calendar.
    """

    hyperparameters = models.JSONField()
    sales_version = models.BigIntegerField()
    fitted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="pricing_elasticitymodel_single")
        ]

    def __str__(self) -> str:
        return f"model of sales version {self.sales_version}"


class ElasticityEstimate(models.Model):
    """How demand for a product answers to its price, by one method, and how sure that is."""

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="elasticities", db_index=False
    )
    method = models.CharField(max_length=14, choices=Method)
    elasticity = models.FloatField()
    std_error = models.FloatField(null=True, blank=True)
    ci_low = models.FloatField(null=True, blank=True)
    ci_high = models.FloatField(null=True, blank=True)
    quality = models.CharField(max_length=1, choices=Grade, default=Grade.D)
    confidence = models.FloatField(null=True, blank=True)
    flags = models.JSONField(default=list, blank=True)
    sample_size = models.IntegerField(default=0, help_text="Days with sales that the estimate rests on.")
    own_elasticity = models.FloatField(null=True, blank=True, help_text="From the product's own sales alone.")
    own_std_error = models.FloatField(null=True, blank=True)
    weight = models.FloatField(null=True, blank=True, help_text="Weight of the product's own sales, 0 to 1.")
    prior_mean = models.FloatField(null=True, blank=True, help_text="What its category says.")
    list_prices = models.IntegerField(default=0, help_text="Different list prices that were charged.")
    intercept = models.FloatField(null=True, blank=True)
    t_value = models.FloatField(null=True, blank=True)
    p_value = models.FloatField(null=True, blank=True)

    class Meta:
        ordering = ("product", "method")
        constraints = [
            models.UniqueConstraint(fields=("product", "method"), name="pricing_elasticityestimate_once"),
            choice_check("method", Method, "pricing_elasticityestimate"),
            choice_check("quality", Grade, "pricing_elasticityestimate"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.method}: {self.elasticity:.2f} ({self.quality})"


class ProductSummary(models.Model):
    """Sums over all sales of a product, for lists and simulations."""

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, primary_key=True, related_name="summary"
    )
    total_quantity = models.BigIntegerField(
        default=0, help_text="Units sold, net of cancellations and returns."
    )
    total_revenue = models.DecimalField(max_digits=24, decimal_places=4, default=0)
    avg_price = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    invoices = models.IntegerField(
        default=0,
        editable=False,
        help_text="Different invoices found by the last cleaning; published as the next.",
    )
    purchase_frequency = models.IntegerField(default=0, help_text="Different invoices.")
    sold_days = models.IntegerField(default=0)
    monthly_sales = models.BigIntegerField(default=0, help_text="Units in the 30 days before the as-of date.")
    r_squared = models.FloatField(default=0.0, help_text="Of the log-log regression; 0 where it has none.")
    data_flags = models.JSONField(default=list, blank=True, help_text="What the lines themselves warn of.")
    first_sold = models.DateField(null=True, blank=True)
    last_sold = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "product summaries"
        indexes = [
            models.Index(fields=("-total_quantity", "product"), name="pricing_summary_quantity"),
            models.Index(fields=("-total_revenue", "product"), name="pricing_summary_revenue"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.total_quantity}"
