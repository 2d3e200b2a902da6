"""The current recommendation for every product, and recommendations that were not taken."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q

from elastix.fields import PriceField, choice_check, length_check
from pricing.recommendation.models.bulk import RecommendationFields, RiskLevel
from pricing.recommendation.models.offers import Recommendation, RecommendationState
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeStatus


class StandingRecommendation(RecommendationFields):
    """Cached: the price recommended for a product that is for sale, by the policies.

    All rows are written together with the summaries of the categories. Where the product's price is not
    `current_price` any more, the row is out of date.
    """

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, primary_key=True, related_name="recommendation"
    )
    competitor_price = models.FloatField(null=True, blank=True, help_text="Median of the fresh ones.")
    as_of = models.DateField(null=True, blank=True, help_text="The first day that is not in the figures.")
    computed_at = models.DateTimeField()

    class Meta:
        ordering = ("product",)
        indexes = [models.Index(fields=("changes", "-profit_change"), name="pricing_standing_gain")]
        constraints = [choice_check("risk_level", RiskLevel, "pricing_standingrecommendation")]

    @property
    def revenue_change(self) -> float | None:
        """Expected in 30 days; None where nothing is."""
        return None if self.revenue is None or self.revenue_now is None else self.revenue - self.revenue_now


class Override(models.Model):
    """A recommendation that was not taken: another price came into force, its proposal was rejected, it was refused, or it was
    left until it ended.

    `change` is what was done instead: the change to another price, or the rejected one. Of one that was refused or left
    before anybody proposed it there is only the `recommendation`. `expected` is what was expected of the recommended price
    on that day, as a price change keeps it; null where nothing could be.
    """

    change = models.OneToOneField(
        PriceChange, on_delete=models.CASCADE, null=True, blank=True, related_name="override"
    )
    recommendation = models.OneToOneField(
        Recommendation, on_delete=models.CASCADE, null=True, blank=True, related_name="override"
    )
    recommended_price = PriceField()
    made_by = models.CharField(max_length=150, blank=True)
    reason = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expected = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        constraints = [
            length_check("reason", 255, "pricing_override"),
            models.CheckConstraint(
                condition=Q(change__isnull=False, recommendation__isnull=True)
                | Q(change__isnull=True, recommendation__isnull=False),
                name="pricing_override_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product.pk}: {self.chosen_price} in place of {self.recommended_price}"

    @property
    def product(self) -> Product:
        """The product whose price was recommended to change."""
        of: Any = self.change or self.recommendation
        found: Product = of.product
        return found

    @property
    def rejected(self) -> bool:
        """The recommendation was rejected, refused or left, so that the price stayed."""
        return self.change is None or self.change.status == PriceChangeStatus.REJECTED

    @property
    def left(self) -> str:
        """How it ended where nobody decided on it: superseded by newer figures, or expired; else empty."""
        state: str = self.recommendation.state if self.recommendation else RecommendationState.REFUSED
        return "" if state == RecommendationState.REFUSED else state

    @property
    def old_price(self) -> Decimal | None:
        """The price that was recommended to change."""
        of: Any = self.change
        price: Decimal | None = self.recommendation.current_price if self.recommendation else of.old_price
        return price

    @property
    def chosen_price(self) -> Decimal | None:
        """The price that was charged instead."""
        if self.change is None or self.rejected:
            return self.old_price
        price: Decimal | None = self.change.new_price
        return price
