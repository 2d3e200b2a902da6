"""Unit costs of products, by the day from which they hold."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from elastix.fields import choice_check, length_check, range_check
from pricing.sales.models.products import MAX_PRICE, Product


class CostSource(models.TextChoices):
    MANUAL = "manual", "set by hand"
    FILE = "file", "product file"
    HISTORY = "history", "recorded for a past day"
    BEFORE = "before", "as it was when recording began"


class ProductCost(models.Model):
    """The cost of a product from a day on, until the next row's.

    Every change of `Product.cost` leaves one, so that the profit of past sales is made at the cost of their day. A cost
    that was taken away leaves one without an amount. Before the first row its cost stands in; without a row, the present one.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="costs", db_index=False)
    valid_from = models.DateField(help_text="First day that a unit cost this much.")
    cost = models.DecimalField(
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(MAX_PRICE)],
        help_text="Per unit, without tax; empty where it became unknown.",
    )
    source = models.CharField(max_length=7, choices=CostSource, default=CostSource.HISTORY)
    recorded_by = models.CharField(max_length=150, blank=True)
    recorded_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("product", "-valid_from")
        constraints = [
            models.UniqueConstraint(fields=("product", "valid_from"), name="pricing_productcost_once_a_day"),
            range_check("cost", Decimal(0), MAX_PRICE, "pricing_productcost"),
            choice_check("source", CostSource, "pricing_productcost"),
            length_check("recorded_by", 150, "pricing_productcost"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} from {self.valid_from}: {'unknown' if self.cost is None else self.cost}"
