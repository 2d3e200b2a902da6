from django.db import models

from elastix.fields import QuantityField
from pricing.sales.models.products import Product


class ProductSummary(models.Model):
    """Sums over all sales of a product, for lists and simulations."""

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, primary_key=True, related_name="summary"
    )
    total_quantity = QuantityField(default=0, help_text="Units sold, net of cancellations and returns.")
    total_revenue = models.DecimalField(max_digits=24, decimal_places=4, default=0)
    avg_price = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    invoices = models.IntegerField(
        default=0,
        editable=False,
        help_text="Different invoices found by the last cleaning; published as the next.",
    )
    charged_price = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="List price that the newest sales show, promotions and dips of late apart.",
    )
    purchase_frequency = models.IntegerField(default=0, help_text="Different invoices.")
    sold_days = models.IntegerField(default=0)
    monthly_sales = QuantityField(default=0, help_text="Units in the 30 days before the as-of date.")
    r_squared = models.FloatField(default=0.0, help_text="Of the log-log regression; 0 where it has none.")
    data_flags = models.JSONField(default=list, blank=True, help_text="What the lines themselves warn of.")
    line_days = models.SmallIntegerField(
        default=0, editable=False, help_text="Days that a line sums up: 1, 7 or 30; 0 for purchases."
    )
    dated_last = models.BooleanField(
        default=False, editable=False, help_text="Whether a total's date is its period's last day."
    )
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
