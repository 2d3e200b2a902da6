"""Price changes: every price that was proposed, decided on and applied, by whom and why."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from elastix.fields import PriceField, choice_check, length_check, price_check
from pricing.sales.models.products import Product


class PriceChangeStatus(models.TextChoices):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    APPLIED = "applied"
    ROLLED_BACK = "rolled_back"


class PriceChangeSource(models.TextChoices):
    MANUAL = "manual", "set by hand"
    PROPOSAL = "proposal", "proposed by a person"
    RECOMMENDATION = "recommendation", "recommended"
    RULE = "rule", "repricing rule"
    EXPERIMENT = "experiment", "price experiment"


class PriceChange(models.Model):
    """A change of a product's price, proposed or applied.

    `old_price` is the product's price when the change was proposed: when it has moved since, the change can no
    longer be applied. `expected` is what was expected of the change when it was approved, or applied if nobody had
    to approve it; it is never recomputed. Names of users are kept as text, to outlive their accounts.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="price_changes")
    old_price = PriceField(null=True, blank=True)
    new_price = PriceField()
    status = models.CharField(max_length=11, choices=PriceChangeStatus, default=PriceChangeStatus.PROPOSED)
    source = models.CharField(max_length=14, choices=PriceChangeSource, default=PriceChangeSource.PROPOSAL)
    batch = models.UUIDField(null=True, blank=True, db_index=True)
    reason = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    proposed_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True, help_text="When it was approved or rejected.")
    decided_by = models.CharField(max_length=150, blank=True)
    scheduled_for = models.DateTimeField(
        null=True, blank=True, help_text="When to apply it, once approved; empty: when somebody does."
    )
    changed_at = models.DateTimeField(null=True, blank=True, help_text="When the new price was applied.")
    applied_by = models.CharField(max_length=150, blank=True)
    rolled_back_at = models.DateTimeField(null=True, blank=True)
    rolled_back_by = models.CharField(max_length=150, blank=True)
    note = models.CharField(
        max_length=255, blank=True, help_text="Why it was rejected, rolled back or not applied."
    )
    expected = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=("product", "-changed_at"), name="pricing_pricechange_product"),
            models.Index(fields=("status", "-created_at", "-id"), name="pricing_pricechange_status"),
            models.Index(fields=("-created_at", "-id"), name="pricing_pricechange_newest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=("batch", "product"), name="pricing_pricechange_once_a_batch"),
            price_check("new_price", "pricing_pricechange"),
            price_check("old_price", "pricing_pricechange"),
            choice_check("status", PriceChangeStatus, "pricing_pricechange"),
            choice_check("source", PriceChangeSource, "pricing_pricechange"),
            length_check("reason", 255, "pricing_pricechange"),
            length_check("note", 255, "pricing_pricechange"),
            models.CheckConstraint(
                condition=~Q(status__in=("applied", "rolled_back")) | Q(changed_at__isnull=False),
                name="pricing_pricechange_applied_when",
            ),
            models.CheckConstraint(
                condition=~Q(status="rolled_back") | Q(rolled_back_at__isnull=False),
                name="pricing_pricechange_rolled_back_when",
            ),
            models.CheckConstraint(
                condition=Q(old_price__isnull=True) | ~Q(old_price=F("new_price")),
                name="pricing_pricechange_changes",
                violation_error_message="The new price is the present one.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.old_price} -> {self.new_price} ({self.status})"

    @property
    def change_percent(self) -> Decimal | None:
        """The change in percent of the old price; None for a first price."""
        return 100 * (self.new_price - self.old_price) / self.old_price if self.old_price else None

    @property
    def is_stale(self) -> bool:
        """It is undecided or waits to be applied, but its product's price has moved meanwhile."""
        waits = self.status in (PriceChangeStatus.PROPOSED, PriceChangeStatus.APPROVED)
        return waits and self.product.current_price != self.old_price


class PriceHold(models.Model):
    """A product whose price only its holder may change, while a price experiment runs on it.

    Everybody else's changes of the price, by hand, by a proposal or by a rule, are refused with the reason.
    """

    product = models.OneToOneField(
        Product, on_delete=models.CASCADE, primary_key=True, related_name="price_hold"
    )
    holder = models.CharField(max_length=40, db_index=True, help_text="Who may change it: experiment 3.")
    reason = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("product",)
        constraints = [length_check("reason", 255, "pricing_pricehold")]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.reason}"
