"""Customer segments by recency, frequency and monetary value, and the sales of each segment."""

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
    country = SortedCharField(max_length=60, blank=True, help_text="Of the last purchase.")

    class Meta:
        ordering = ("customer_id",)
        indexes = [
            models.Index(fields=("segment", "customer_id"), name="segments_customer_segment"),
            models.Index(fields=("-monetary", "customer_id"), name="segments_customer_monetary"),
        ]
        constraints = [length_check("customer_id", LONGEST_ID, "segments_customersegment")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.segment or 'none'}"


class SegmentRun(models.Model):
    """A day for which all customers' segments are known: those of a publish, or worked out later from the sales before it.

    A publish with the same as-of date, or an earlier one, takes the place of the runs from that date on.
    """

    as_of = models.DateField(primary_key=True)
    published_at = models.DateTimeField()
    worked_out_later = models.BooleanField(
        default=False, help_text="From the sales before the day, by the first publish after it."
    )

    class Meta:
        ordering = ("as_of",)

    def __str__(self) -> str:
        return str(self.as_of)


class SegmentMove(models.Model):
    """A customer's change of segment at a run; of all other customers a run keeps no row.

    An empty segment: not a customer yet, or one whose cancellations outweigh the purchases.
    """

    run = models.ForeignKey(SegmentRun, on_delete=models.CASCADE, related_name="moves", db_index=False)
    customer_id = SortedCharField(max_length=LONGEST_ID)
    segment_before = models.CharField(max_length=18, choices=Segment, blank=True)
    segment = models.CharField(max_length=18, choices=Segment, blank=True)

    class Meta:
        ordering = ("run", "customer_id")
        indexes = [models.Index(fields=("customer_id", "run"), name="segments_move_customer")]
        constraints = [
            models.UniqueConstraint(fields=("run", "customer_id"), name="segments_move_once"),
            length_check("customer_id", LONGEST_ID, "segments_segmentmove"),
            models.CheckConstraint(
                condition=~models.Q(segment=models.F("segment_before")), name="segments_move_moves"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.customer_id}: {self.segment_before} -> {self.segment}"


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
        default=0.0,
        help_text="The part of the error behind the interval that all products of a category share.",
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


class ForecastState(models.TextChoices):
    OFFERED = "OFFERED"
    TOO_FEW_CUSTOMERS = "TOO_FEW_CUSTOMERS"
    NOT_CONVERGED = "NOT_CONVERGED"
    NOT_BETTER = "NOT_BETTER"


class CustomerModel(models.Model):
    """The newest model of when customers buy again (BG/NBD, in weeks) and for how much (Gamma-Gamma): one row.

    Fitted by each full run. What it expects is offered only where it foresaw the last weeks better than plain averages.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    state = models.CharField(max_length=20, choices=ForecastState)
    as_of = models.DateField(help_text="The parameters are those of the purchases before this day.")
    customers = models.IntegerField(default=0)
    repeat_customers = models.IntegerField(default=0, help_text="With purchases on two days or more.")
    r = models.FloatField(null=True, blank=True)
    alpha = models.FloatField(null=True, blank=True)
    a = models.FloatField(null=True, blank=True)
    b = models.FloatField(null=True, blank=True)
    log_likelihood = models.FloatField(null=True, blank=True)
    p = models.FloatField(null=True, blank=True)
    q = models.FloatField(null=True, blank=True)
    gamma = models.FloatField(null=True, blank=True)
    hold_out_days = models.IntegerField(
        default=0, help_text="The days at the end that were foreseen as a test."
    )
    expected_purchases = models.FloatField(null=True, blank=True, help_text="In these days, by the model.")
    actual_purchases = models.FloatField(null=True, blank=True)
    error = models.FloatField(null=True, blank=True, help_text="Root mean square error by customer.")
    average_error = models.FloatField(null=True, blank=True, help_text="That of the better plain average.")
    margin = models.FloatField(
        null=True, blank=True, help_text="Profit in a unit of revenue, where costs cover half of the revenue."
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="segments_customermodel_one")]

    def __str__(self) -> str:
        return f"{self.as_of}: {self.state}"


class CustomerForecast(models.Model):
    """What one customer is expected to do. All of it is a guess; empty where the model is not offered."""

    customer_id = SortedCharField(primary_key=True, max_length=LONGEST_ID)
    first_purchase = models.DateField()
    last_purchase = models.DateField(help_text="The last that was not cancelled.")
    purchase_days = models.IntegerField(help_text="Days with a purchase that was not cancelled.")
    repeat_revenue = models.FloatField(help_text="Spent on these days after the first.")
    alive = models.FloatField(null=True, blank=True, help_text="Probability that the customer has not left.")
    expected_purchases = models.FloatField(null=True, blank=True, help_text="In the next 90 days.")
    next_purchase = models.DateField(
        null=True,
        blank=True,
        help_text="Bought again by then with probability one half; empty: more likely never.",
    )
    value = models.FloatField(null=True, blank=True, help_text="Expected revenue of the next 365 days.")
    profit = models.FloatField(
        null=True, blank=True, help_text="The same at the shop's margin, where enough costs are known."
    )
    value_at_stake = models.FloatField(
        null=True,
        blank=True,
        help_text="Revenue of the next 365 days that is lost if the customer has left, by its chance.",
    )
    at_risk = models.BooleanField(default=False, help_text="Bought often, and has more likely left than not.")

    class Meta:
        ordering = ("customer_id",)
        indexes = [
            models.Index(
                fields=("-value_at_stake", "customer_id"),
                name="segments_forecast_at_risk",
                condition=models.Q(at_risk=True),
            )
        ]
        constraints = [length_check("customer_id", LONGEST_ID, "segments_customerforecast")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.expected_purchases}"
