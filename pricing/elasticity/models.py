"""Cached tables of elasticity estimates, written by a recompute."""

from django.db import models

from elastix.fields import SortedCharField, choice_check, length_check, range_check
from pricing.elasticity.core.constants import LARGEST_EXPERIMENT_ERROR, LEAST_EXPERIMENT_ERROR, STEEPEST
from pricing.sales.models.products import Product


class Method(models.TextChoices):
    POOLED = "pooled"
    LOG_LOG = "log_log"
    POINT = "point"
    ARC = "arc_elasticity"
    DML = "dml", "double machine learning"
    ML = "ml", "boosted demand model"


class Grade(models.TextChoices):
    A = "A"
    B = "B"
    C = "C"
    D = "D"


class EvidenceClass(models.TextChoices):
    """What an elasticity rests on, from the best on; see docs/methods/elasticity.md."""

    EXPERIMENTAL = "experimental"
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


class ExperimentalEvidence(models.Model):
    """What a price experiment found: an elasticity of a product, or the mean one of a category.

    Estimates take it in beside the sales, weighed by its precision, in every later recompute until it is reverted.
    """

    source = SortedCharField(
        max_length=200, unique=True, help_text="Which experiment it is; recording it again replaces it."
    )
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, null=True, blank=True, related_name="experiments"
    )
    category = SortedCharField(max_length=100, blank=True, default="", help_text="Instead of a product.")
    elasticity = models.FloatField()
    std_error = models.FloatField(help_text="Standard error of the elasticity.")
    first_day = models.DateField()
    last_day = models.DateField()
    recorded_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("source",)
        verbose_name_plural = "experimental evidence"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(product__isnull=False, category="")
                | models.Q(product__isnull=True, category__gt=""),
                name="pricing_experimentalevidence_product_or_category",
            ),
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")),
                name="pricing_experimentalevidence_days",
            ),
            length_check("source", 200, "pricing_experimentalevidence"),
            length_check("category", 100, "pricing_experimentalevidence"),
            range_check("elasticity", -STEEPEST, STEEPEST, "pricing_experimentalevidence"),
            range_check(
                "std_error",
                LEAST_EXPERIMENT_ERROR,
                LARGEST_EXPERIMENT_ERROR,
                "pricing_experimentalevidence",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id or self.category}: {self.elasticity:.2f} ({self.source})"


class LearnedModel(models.Model):
    """What was learned last by a method that gives second opinions on elasticities. One row for each of `dml` and `ml`.

    The opinions on products are estimates by that method, those on categories `CategoryOpinion`; there are none of a
    model that is not offered. `contradicted` are the products whose pooled estimate it contradicts.
    """

    method = models.CharField(max_length=3, unique=True, choices=[(Method.DML, "dml"), (Method.ML, "ml")])
    version = models.CharField(max_length=10, help_text="Of the way to learn: another one learns otherwise.")
    offered = models.BooleanField()
    reason = models.CharField(max_length=300, blank=True, default="", help_text="Why it is not offered.")
    features = models.JSONField(default=list, blank=True, help_text="What it knows of a product's week.")
    metrics = models.JSONField(default=dict, blank=True)
    contradicted = models.JSONField(default=list, blank=True)
    products = models.IntegerField(default=0, help_text="Products that have an opinion of their own.")
    cells = models.IntegerField(default=0, help_text="Weeks of products that it was learned from.")
    sales_version = models.BigIntegerField()
    fitted_at = models.DateTimeField(
        help_text="When the pooled estimates were fitted that it is compared with."
    )
    learned_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("method",)
        constraints = [length_check("reason", 300, "pricing_learnedmodel")]

    def __str__(self) -> str:
        return f"{self.method} {self.version} of sales version {self.sales_version}"


class CategoryOpinion(models.Model):
    """The mean elasticity of a category's products, by a learned model."""

    model = models.ForeignKey(LearnedModel, on_delete=models.CASCADE, related_name="categories")
    category = SortedCharField(max_length=100)
    elasticity = models.FloatField()
    std_error = models.FloatField()
    ci_low = models.FloatField()
    ci_high = models.FloatField()
    products = models.IntegerField(help_text="Products that it rests on.")

    class Meta:
        ordering = ("category", "model")
        constraints = [
            models.UniqueConstraint(fields=("model", "category"), name="pricing_categoryopinion_once")
        ]

    def __str__(self) -> str:
        return f"{self.category}: {self.elasticity:.2f}"
