"""Products for which a repricing rule is paused because their prices oscillated."""

from django.db import models
from django.db.models import Q

from elastix.fields import PriceField
from market.models.rules import RepricingRule
from pricing.sales.models import Product


class RepricingPause(models.Model):
    """A product whose price a rule was about to move through the same level, in the same direction, once too often.

    It stands until a manager resumes it. Passes from before that do not count again.
    """

    rule = models.ForeignKey(RepricingRule, on_delete=models.CASCADE, related_name="pauses")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    old_price = PriceField(help_text="The price at which it was paused.")
    new_price = PriceField(help_text="The price that the rule asked for.")
    passes = models.PositiveSmallIntegerField(
        help_text="How often the rule had moved the price through the middle of these in that direction."
    )
    paused_at = models.DateTimeField(auto_now_add=True)
    resumed_at = models.DateTimeField(null=True, blank=True, editable=False)
    resumed_by = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=("rule", "product"),
                condition=Q(resumed_at__isnull=True),
                name="market_repricingpause_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.old_price} -> {self.new_price}"
