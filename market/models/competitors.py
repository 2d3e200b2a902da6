"""Competitors and their prices of our products."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from elastix.fields import PriceField, SortedCharField, length_check, price_check, range_check
from pricing.sales.models import Product

LONGEST_NAME = 255
LONGEST_SOURCE = 100
LOWEST_QUALITY, HIGHEST_QUALITY = Decimal("0.01"), Decimal("100")


class Competitor(models.Model):
    """A shop that sells what we sell, and what its offer is worth beside ours at the same price.

    It is there from its first price on, known by its name; prices of a name that has no row here are of quality 1.
    """

    name = SortedCharField(max_length=LONGEST_NAME, unique=True)
    quality = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=Decimal(1),
        validators=[MinValueValidator(LOWEST_QUALITY), MaxValueValidator(HIGHEST_QUALITY)],
        help_text="Ours is 1; 1.2: at the same price a fifth more attractive, for service, delivery, brand.",
    )

    class Meta:
        ordering = ("name",)
        constraints = [
            length_check("name", LONGEST_NAME, "market_competitor"),
            range_check("quality", LOWEST_QUALITY, HIGHEST_QUALITY, "market_competitor"),
        ]

    def __str__(self) -> str:
        return str(self.name)


class CompetitorPrice(models.Model):
    """A competitor's price of a product at some time."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="competitor_prices")
    competitor_name = SortedCharField(max_length=LONGEST_NAME)
    price = PriceField()
    recorded_at = models.DateTimeField()
    source = models.CharField(max_length=LONGEST_SOURCE, blank=True)

    class Meta:
        ordering = ("product", "competitor_name", "-recorded_at", "-id")
        indexes = [
            models.Index(fields=("-recorded_at", "-id"), name="market_price_newest"),
            models.Index(fields=("competitor_name", "-recorded_at", "-id"), name="market_price_competitor"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=("product", "competitor_name", "recorded_at"), name="market_competitorprice_once"
            ),
            price_check("price", "market_competitorprice"),
            length_check("competitor_name", LONGEST_NAME, "market_competitorprice"),
            length_check("source", LONGEST_SOURCE, "market_competitorprice"),
        ]

    def __str__(self) -> str:
        return f"{self.competitor_name}: {self.product_id} at {self.price}"
