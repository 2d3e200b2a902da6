"""The state of each connection: orders pulled and prices pushed, so that each is transferred once."""

from decimal import Decimal

from django.db import models

from elastix.fields import choice_check, length_check, range_check
from pricing.sales.models.products import Product


class PlatformName(models.TextChoices):
    WOOCOMMERCE = "woocommerce", "WooCommerce"
    SHOPIFY = "shopify", "Shopify"


class OrderPull(models.Model):
    """One portion of orders that was pulled; the newest of a platform says where the next begins.

    Its lines are in `batch`, an import like any other; None where it brought none.
    """

    platform = models.CharField(max_length=11, choices=PlatformName)
    since = models.DateTimeField(null=True, blank=True, help_text="Orders changed from then on; empty: all.")
    until = models.DateTimeField(help_text="All orders changed before were seen.")
    more = models.BooleanField(help_text="There were later ones, which the next pull brings.")
    batch = models.ForeignKey(
        "elastix.ImportBatch", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    counts = models.JSONField(default=dict, blank=True, help_text="Orders and lines by what became of them.")
    messages = models.JSONField(default=list, blank=True, help_text="What could not be read.")
    pulled_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        constraints = [choice_check("platform", PlatformName, "pricing_orderpull")]

    def __str__(self) -> str:
        return f"{self.get_platform_display()} until {self.until:%Y-%m-%d %H:%M} UTC"


class PulledOrder(models.Model):
    """An order as its transactions have it: when it comes again, only what differs is written.

    `lines` are those the platform gave last, each [code, description, quantity, moment, unit price].
    """

    platform = models.CharField(max_length=11, choices=PlatformName)
    order_id = models.CharField(max_length=64)
    invoice_no = models.CharField(max_length=64)
    lines = models.JSONField(default=list)
    pulled_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=("platform", "order_id"), name="pricing_pulledorder_once"),
            choice_check("platform", PlatformName, "pricing_pulledorder"),
            length_check("order_id", 64, "pricing_pulledorder"),
            length_check("invoice_no", 64, "pricing_pulledorder"),
        ]

    def __str__(self) -> str:
        return f"{self.get_platform_display()} {self.invoice_no}"


class PushState(models.TextChoices):
    PUSHED = "pushed"  # read back, and it was ours
    FAILED = "failed"  # not set; tried again
    DRIFTED = "drifted"  # it was ours, and is another now


class PushedPrice(models.Model):
    """The newest price of a product that was to be set on a platform, and what came of it.

    `decided_at` is the moment of the ledger's change that it belongs to: a later change, or a rollback, makes the
    product's price due again. So does the end of the time for which a cut is shown as a sale (`sale_until`).
    """

    platform = models.CharField(max_length=11, choices=PlatformName)
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="pushed_prices")
    price = models.DecimalField(max_digits=10, decimal_places=2)
    decided_at = models.DateTimeField()
    sale_until = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=7, choices=PushState)
    found = models.DecimalField(
        max_digits=20,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="What the platform charged when last read.",
    )
    read_at = models.DateTimeField(null=True, blank=True)
    pushed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ("platform", "product")
        constraints = [
            models.UniqueConstraint(fields=("platform", "product"), name="pricing_pushedprice_once"),
            choice_check("platform", PlatformName, "pricing_pushedprice"),
            choice_check("state", PushState, "pricing_pushedprice"),
            range_check("price", Decimal("0.01"), Decimal("99999999.99"), "pricing_pushedprice"),
            length_check("error", 255, "pricing_pushedprice"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} at {self.get_platform_display()}: {self.price} ({self.state})"
