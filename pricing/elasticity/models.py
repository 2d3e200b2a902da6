"""Cached tables: what the last published recompute found out."""

from django.db import models

from elastix.fields import choice_check
from pricing.sales.models.products import Product


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


class EvidenceClass(models.TextChoices):
    """What an elasticity rests on, from the best on; see docs/methods/elasticity.md."""

    PRICE_CHANGE = "price_change"
    OBSERVATIONAL = "observational"
    BORROWED = "borrowed"


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
    evidence = models.CharField(
        max_length=13,
        choices=EvidenceClass,
        blank=True,
        default="",
        help_text="What it rests on; empty where the method does not say.",
    )
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
            choice_check("evidence", EvidenceClass, "pricing_elasticityestimate", blank=True),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.method}: {self.elasticity:.2f} ({self.quality})"
