"""What the market charges."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models

from elastix.fields import length_check, range_check
from pricing.models import Product


class CompetitorPrice(models.Model):
    """What a competitor asked for a product at some time."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="competitor_prices")
    competitor_name = models.CharField(max_length=255)
    price = models.DecimalField(
        max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal("0.01"))]
    )
    recorded_at = models.DateTimeField()
    source = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ("product", "competitor_name", "-recorded_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=("product", "competitor_name", "recorded_at"), name="market_competitorprice_once"
            ),
            range_check("price", Decimal("0.01"), Decimal("99999999.99"), "market_competitorprice"),
            length_check("competitor_name", 255, "market_competitorprice"),
            length_check("source", 100, "market_competitorprice"),
        ]

    def __str__(self) -> str:
        return f"{self.competitor_name}: {self.product_id} at {self.price}"
