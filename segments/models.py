"""Customers by how recently, how often and for how much they buy, and what each group buys."""

from decimal import Decimal

from django.db import models

from elastix.fields import QuantityField, SortedCharField, choice_check, length_check
from pricing.elasticity.core.estimates import POOLED
from pricing.sales.core.arrays import Z_95
from pricing.sales.core.files import LONGEST_ID
from pricing.sales.models import Product


class Segment(models.TextChoices):
    CHAMPION = "Champion"
    LOYAL_CUSTOMERS = "LoyalCustomers"
    POTENTIAL_LOYALISTS = "PotentialLoyalists"
    AT_RISK = "AtRisk"
    HIBERNATING = "Hibernating"
    LOST = "Lost"


class CustomerSegment(models.Model):
    """A customer's purchases in sum, and the segment they put the customer in.

    Sums cover merchandise with a customer id, net of cancellations; `segment` is empty where they do not exceed 0.
    """

    customer_id = SortedCharField(primary_key=True, max_length=LONGEST_ID)
    last_purchase = models.DateField()
    frequency = models.IntegerField(help_text="Different invoices with a purchase.")
    monetary = models.DecimalField(max_digits=24, decimal_places=4)
    r_score = models.SmallIntegerField(default=0)
    f_score = models.SmallIntegerField(default=0)
    m_score = models.SmallIntegerField(default=0)
    segment = models.CharField(max_length=18, choices=Segment, blank=True)

    class Meta:
        ordering = ("customer_id",)
        indexes = [models.Index(fields=("segment", "customer_id"), name="segments_customer_segment")]
        constraints = [length_check("customer_id", LONGEST_ID, "segments_customersegment")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.segment or 'none'}"


class SegmentSales(models.Model):
    """Sales of one product to one segment on one day. Computed from transactions, whose products are checked."""

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="segment_sales", db_index=False, db_constraint=False
    )
    segment = models.CharField(max_length=18, choices=Segment)
    date = models.DateField()
    quantity = QuantityField(default=0, help_text="Units, net of cancellations and returns.")
    revenue = models.DecimalField(max_digits=24, decimal_places=4, default=Decimal(0))
    lines = models.IntegerField(default=0)
    units = models.FloatField(default=0.0, help_text="Units that count as demand.")
    unit_lines = models.IntegerField(default=0, help_text="Lines that count as demand.")

    class Meta:
        ordering = ("product", "segment", "date")
        verbose_name_plural = "segment sales"
        constraints = [
            models.UniqueConstraint(fields=("product", "segment", "date"), name="segments_segmentsales_once"),
            choice_check("segment", Segment, "segments_segmentsales"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.segment} {self.date}: {self.quantity}"


class SegmentDailyRevenue(models.Model):
    """Revenue of one segment on one day."""

    segment = models.CharField(max_length=18, choices=Segment)
    date = models.DateField()
    revenue = models.DecimalField(max_digits=24, decimal_places=4)

    class Meta:
        ordering = ("date", "segment")
        verbose_name_plural = "segment daily revenue"
        constraints = [
            models.UniqueConstraint(fields=("date", "segment"), name="segments_dailyrevenue_once"),
            choice_check("segment", Segment, "segments_dailyrevenue"),
        ]

    def __str__(self) -> str:
        return f"{self.segment} {self.date}: {self.revenue}"


class SegmentElasticity(models.Model):
    """The price elasticity of one segment's demand for a product, shrunk to the product's own elasticity."""

    method = POOLED

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="segment_elasticities", db_index=False
    )
    segment = models.CharField(max_length=18, choices=Segment)
    elasticity = models.FloatField()
    std_error = models.FloatField()
    ci_low = models.FloatField()
    ci_high = models.FloatField()
    weight = models.FloatField(help_text="Weight of the segment's own sales, 0 to 1.")
    shared_error = models.FloatField(
        default=0.0, help_text="The part of std_error that all products of a category share."
    )
    sample_size = models.IntegerField(help_text="Days with sales.")
    units = models.FloatField(help_text="Units that count as demand.")
    quality = models.CharField(max_length=1)
    flags = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("product", "segment")
        verbose_name_plural = "segment elasticities"
        indexes = [models.Index(fields=("segment", "product"), name="segments_elasticity_segment")]
        constraints = [
            models.UniqueConstraint(fields=("product", "segment"), name="segments_elasticity_once"),
            choice_check("segment", Segment, "segments_segmentelasticity"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.segment}: {self.elasticity:.2f}"

    @property
    def stock_code(self) -> str:
        return str(self.product_id)


class SegmentSummary(models.Model):
    """One segment in figures: its customers, its revenue, its elasticity."""

    NO_ELASTICITY = "NO_ELASTICITY"

    segment = models.CharField(primary_key=True, max_length=18, choices=Segment)
    customer_count = models.IntegerField(default=0)
    product_count = models.IntegerField(default=0)
    revenue = models.DecimalField(max_digits=24, decimal_places=4, default=Decimal(0))
    score = models.FloatField(default=0.0, help_text="Mean RFM score, 1 to 5.")
    mean_recency = models.FloatField(default=0.0)
    max_recency = models.IntegerField(default=0)
    elasticity = models.FloatField(null=True, blank=True, help_text="Unit-weighted mean over its products.")
    std_error = models.FloatField(null=True, blank=True)
    sample_size = models.IntegerField(default=0)

    class Meta:
        ordering = ("segment",)
        verbose_name_plural = "segment summaries"

    def __str__(self) -> str:
        return f"{self.segment}: {self.customer_count}"

    @property
    def known_elasticity(self) -> float:
        """The elasticity, or 0 where it is not known, which `flags` say."""
        return self.elasticity or 0.0

    @property
    def flags(self) -> list[str]:
        return [self.NO_ELASTICITY] if self.elasticity is None else []

    @property
    def ci_low(self) -> float | None:
        return self._bound(-Z_95)

    @property
    def ci_high(self) -> float | None:
        return self._bound(Z_95)

    def _bound(self, errors: float) -> float | None:
        if self.elasticity is None or self.std_error is None:
            return None
        return self.elasticity + errors * self.std_error


class ProductSegment(models.Model):
    """The segment that bought most lines of a product."""

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, primary_key=True, related_name="main_segment"
    )
    segment = models.CharField(max_length=18, choices=Segment, db_index=True)
    lines = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.product_id}: {self.segment}"
