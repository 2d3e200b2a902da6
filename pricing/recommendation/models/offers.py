"""Automatic recommendations and their states."""

from django.db import models
from django.db.models import Q

from elastix.fields import PriceField, choice_check, length_check
from pricing.recommendation.core.offers import Advice
from pricing.sales.models import PriceChange, Product


class RecommendationState(models.TextChoices):
    OPEN = "open"
    PROPOSED = "proposed"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class Recommendation(models.Model):
    """A standing recommendation that was sure enough to be offered, from then until somebody decided on it.

    While it is open its figures are those of the standing recommendation, which rewrites them. Once it is proposed,
    refused, superseded by different advice or expired they stay as they were. A refused one stands until the advice
    differs materially: so long the product is not offered again.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="offers", db_index=False)
    current_price = PriceField()
    recommended_price = PriceField()
    profit_change = models.FloatField(help_text="Expected in 30 days.")
    gain_low = models.FloatField(help_text="10 % limit of the change of profit.")
    gain_high = models.FloatField(help_text="90 % limit.")
    probability_of_gain = models.FloatField()
    quality = models.CharField(max_length=1, blank=True)
    evidence = models.CharField(max_length=20, blank=True, help_text="What the elasticity rests on.")
    limits = models.TextField(blank=True, help_text="Guardrails that shaped the price.")
    warnings = models.TextField(blank=True, help_text="What to mind, an assumed cost for instance.")
    state = models.CharField(max_length=10, choices=RecommendationState, default=RecommendationState.OPEN)
    stands = models.BooleanField(default=True, help_text="It is open, or refused and remembered.")
    offered_at = models.DateTimeField()
    notified_at = models.DateTimeField(
        db_column="told_at", null=True, blank=True, help_text="When a digest named it."
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    reason = models.CharField(max_length=255, blank=True, help_text="Why it was refused.")
    change = models.OneToOneField(
        PriceChange, on_delete=models.SET_NULL, null=True, blank=True, related_name="recommendation"
    )

    class Meta:
        ordering = ("-profit_change", "id")
        indexes = [
            models.Index(fields=("state", "-profit_change"), name="pricing_recommendation_gain"),
            models.Index(fields=("product", "-offered_at"), name="pricing_recommendation_product"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=("product",), condition=Q(stands=True), name="pricing_recommendation_one_stands"
            ),
            models.CheckConstraint(
                condition=Q(stands=False) | Q(state__in=("open", "refused")),
                name="pricing_recommendation_stands",
            ),
            choice_check("state", RecommendationState, "pricing_recommendation"),
            length_check("reason", 255, "pricing_recommendation"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.current_price} -> {self.recommended_price} ({self.state})"

    @property
    def advice(self) -> Advice:
        """What is compared with later advice."""
        return Advice(self.current_price, self.recommended_price, self.profit_change, self.quality)

    @property
    def change_percent(self) -> float:
        """The change in percent of the present price."""
        return float(100 * (self.recommended_price - self.current_price) / self.current_price)
