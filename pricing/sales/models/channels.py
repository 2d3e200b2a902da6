"""Prices that differ by channel: stores, web shops, marketplaces, arms of a price test."""

from django.db import models

from elastix.fields import SortedCharField, length_check
from pricing.sales.core.files import LONGEST_CHANNEL
from pricing.sales.models.products import Product


class ChannelDay(models.Model):
    """Sales of one product through one channel on one day, as estimation sees them, rebuilt by a recompute.

    Only products whose channels carry different prices have rows, and of their channels those that sell enough to show
    a price. The sums of all channels are in the sales history, whose list price is that of the main channel.
    """

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="channel_days", db_index=False
    )
    channel = SortedCharField(max_length=LONGEST_CHANNEL, blank=True)
    date = models.DateField()
    units = models.FloatField(help_text="Units that count as demand.")
    lines = models.IntegerField(help_text="Lines that count as demand.")
    list_price = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    promotion_applied = models.BooleanField(default=False)

    class Meta:
        ordering = ("product", "channel", "date")
        constraints = [
            models.UniqueConstraint(fields=("product", "channel", "date"), name="pricing_channelday_once"),
            length_check("channel", LONGEST_CHANNEL, "pricing_channelday"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id} {self.channel} {self.date}"
