from django.apps import apps
from django.db import models
from django.db.models import Q

from elastix.fields import SortedCharField, choice_check, length_check


def alert_kinds() -> dict[str, str]:
    """Return the kinds of alerts with their labels, as the apps' configurations name them."""
    return {
        kind: label
        for config in apps.get_app_configs()
        for kind, label in getattr(config, "alert_kinds", {}).items()
    }


def standing_warnings() -> list[str]:
    """Labels of the kinds of alerts that stand and that an app wants /health to report."""
    reported = [kind for config in apps.get_app_configs() for kind in getattr(config, "health_warnings", ())]
    standing = Alert.objects.filter(kind__in=reported, cleared_at__isnull=True)
    labels = alert_kinds()
    return [labels[kind] for kind in standing.order_by("kind").values_list("kind", flat=True).distinct()]


class Alert(models.Model):
    """A state of things that somebody should know of.

    It stands from `raised_at` until its cause has gone (`cleared_at`). While it stands, finding the cause again
    only brings it up to date; whoever has acknowledged it gets no second message.
    """

    kind = models.CharField(max_length=40)
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
            length_check("kind", 40, "elastix_alert"),
            length_check("subject", 100, "elastix_alert"),
            length_check("message", 500, "elastix_alert"),
        ]

    def __str__(self) -> str:
        label = alert_kinds().get(self.kind, self.kind)
        return f"{self.subject}: {label}" if self.subject else label


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
