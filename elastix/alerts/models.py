from django.db import models
from django.db.models import Q

from elastix.fields import SortedCharField, choice_check, length_check


class AlertKind(models.TextChoices):
    FLOOR_REACHED = "floor_reached", "a floor holds a price up"
    CAP_REACHED = "cap_reached", "a cap holds a price change down"
    NO_COST = "no_cost", "a product has no cost"
    COMPETITOR_BELOW_COST = "competitor_below_cost", "a competitor sells below our cost"
    DEMAND_SURGE = "demand_surge", "demand surges"
    RULE_FAILING = "rule_failing", "a repricing rule fails"
    CHANGE_NOT_APPLIED = "change_not_applied", "a scheduled price change was not applied"
    DATA_STALE = "data_stale", "the sales are old"
    DATA_QUALITY = "data_quality", "the sales look wrong"


class Alert(models.Model):
    """A state of things that somebody should know of.

    It stands from `raised_at` until its cause has gone (`cleared_at`). While it stands, finding the cause again
    only brings it up to date; who has acknowledged it is not told again.
    """

    kind = models.CharField(max_length=21, choices=AlertKind)
    subject = SortedCharField(
        max_length=100, blank=True, help_text="The product, rule or other thing concerned; empty: the shop."
    )
    message = models.CharField(max_length=500)
    data = models.JSONField(default=dict, blank=True)
    raised_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When its cause was last found.")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=150, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-raised_at", "-id")
        indexes = [models.Index(fields=("-raised_at", "-id"), name="elastix_alert_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=("kind", "subject"),
                condition=Q(cleared_at__isnull=True),
                name="elastix_alert_one_standing",
            ),
            choice_check("kind", AlertKind, "elastix_alert"),
            length_check("subject", 100, "elastix_alert"),
            length_check("message", 500, "elastix_alert"),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.get_kind_display()}" if self.subject else self.get_kind_display()


class AlertChannel(models.TextChoices):
    EMAIL = "email", "e-mail"
    WEBHOOK = "webhook", "webhook"


class AlertDelivery(models.Model):
    """An alert on its way to the people or the system that should hear of it."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=7, choices=AlertChannel)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(
        null=True, blank=True, help_text="Empty: it has arrived, or was given up."
    )
    delivered_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name_plural = "alert deliveries"
        ordering = ("-id",)
        indexes = [
            models.Index(
                fields=("next_attempt_at",),
                name="elastix_alertdelivery_due",
                condition=Q(next_attempt_at__isnull=False),
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=("alert", "channel"), name="elastix_alertdelivery_once"),
            choice_check("channel", AlertChannel, "elastix_alertdelivery"),
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} by {self.channel}"
