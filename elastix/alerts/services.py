"""Raising, clearing and acknowledging alerts."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from elastix.alerts.models import Alert, AlertChannel, AlertDelivery
from elastix.dataset.versions import lock_version
from elastix.errors import found
from elastix.sql import batches

LONGEST_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has found: one sentence about one subject ("" is the shop), and the figures behind it."""

    subject: str
    message: str
    data: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def alerts_report(kind: str, findings: Iterable[Finding], *, among: Collection[str] | None = None) -> int:
    """Make the standing alerts of a kind say what was found; return how many are new.

    Parameters
    ----------
    findings
        One per subject at most; those that stand already are brought up to date without a new message.
    among
        The subjects that were looked at: alerts of others are left standing. None: all were.
    """
    lock_version()
    now = timezone.now()
    current = {finding.subject: finding for finding in findings}
    standing = {alert.subject: alert for alert in Alert.objects.filter(kind=kind, cleared_at__isnull=True)}
    new: list[Alert] = []
    for subject, finding in sorted(current.items()):
        alert = standing.get(subject) or Alert(kind=kind, subject=subject, raised_at=now)
        alert.message, alert.data, alert.seen_at = finding.message[:LONGEST_MESSAGE], finding.data, now
        if alert.pk is None:
            new.append(alert)
    Alert.objects.bulk_update(
        [alert for subject, alert in standing.items() if subject in current],
        ["message", "data", "seen_at"],
        batch_size=200,
    )
    gone = [
        alert.pk
        for subject, alert in standing.items()
        if subject not in current and (among is None or subject in among)
    ]
    for chunk in batches(gone, 500):
        Alert.objects.filter(pk__in=chunk).update(cleared_at=now)
    Alert.objects.bulk_create(new, batch_size=500)
    ways = ((AlertChannel.EMAIL, settings.ALERT_EMAILS), (AlertChannel.WEBHOOK, settings.ALERT_WEBHOOK_URL))
    channels = [channel for channel, target in ways if target]
    deliveries = [
        AlertDelivery(alert=alert, channel=way, next_attempt_at=now) for alert in new for way in channels
    ]
    AlertDelivery.objects.bulk_create(deliveries, batch_size=500)
    return len(new)


@transaction.atomic
def alert_acknowledge(alert_id: int, *, by: str) -> Alert:
    """Note who has seen an alert; the first one stays recorded.

    Raises
    ------
    NotFound : there is no such alert.
    """
    alert = found(Alert.objects.select_for_update().filter(pk=alert_id).first(), f"alert {alert_id}")
    if alert.acknowledged_at is None:
        alert.acknowledged_at, alert.acknowledged_by = timezone.now(), by
        alert.save(update_fields=["acknowledged_at", "acknowledged_by"])
    return alert
