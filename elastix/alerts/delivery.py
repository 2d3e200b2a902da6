"""Send alerts by e-mail and to a webhook, signed so that its receiver can check the sender."""

import hashlib
import hmac
import json
import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from elastix.alerts.models import Alert, AlertChannel, AlertDelivery
from elastix.alerts.webhook import WebhookError, post
from elastix.shop import shop_currency, shop_name

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 50
# After the first attempt; when the last has failed, the alert is left to those who look at the list.
WAITS = tuple(timedelta(minutes=wait) for wait in (1, 5, 30, 180, 720))


def deliver_due() -> int:
    """Try the deliveries that are due; return how many arrived.

    A delivery's next attempt is noted before it is tried: a process that dies in between makes it arrive late or
    twice (the webhook's receiver knows an alert by its id), never not at all.
    """
    due = AlertDelivery.objects.filter(next_attempt_at__lte=timezone.now()).select_related("alert")
    return sum(_deliver(each) for each in due.order_by("next_attempt_at", "pk")[:MOST_AT_ONCE])


def _deliver(delivery: AlertDelivery) -> bool:
    tried = delivery.attempts
    again = timezone.now() + WAITS[tried] if tried < len(WAITS) else None
    mine = AlertDelivery.objects.filter(pk=delivery.pk, next_attempt_at=delivery.next_attempt_at)
    if not mine.update(attempts=tried + 1, next_attempt_at=again):
        return False  # another process has it
    row = AlertDelivery.objects.filter(pk=delivery.pk)
    try:
        _SENDERS[delivery.channel](delivery.alert)
    except Exception as error:
        logger.warning("alert %s could not be sent by %s: %s", delivery.alert_id, delivery.channel, error)
        said = str(error) if isinstance(error, WebhookError) else f"{type(error).__name__}: {error}"
        row.update(error=said[:500])
        return False
    row.update(delivered_at=timezone.now(), next_attempt_at=None, error="")
    return True


def _send_mail(alert: Alert) -> None:
    figures = "\n".join(f"{name}: {value}" for name, value in alert.data.items())
    send_mail(
        subject=f"[elastix, {shop_name()}] {alert}",
        message=f"{alert.message}\n\n{figures}\n\nRaised {alert.raised_at:%Y-%m-%d %H:%M} UTC at {shop_name()}; "
        f"amounts are in {shop_currency().code}.",
        from_email=None,
        recipient_list=settings.ALERT_EMAILS,
    )


def _send_webhook(alert: Alert) -> None:
    names = ("id", "kind", "subject", "message", "data")
    event = {name: getattr(alert, name) for name in names} | {
        "raised_at": alert.raised_at.isoformat(),
        "shop": shop_name(),
        "currency": shop_currency().code,
    }
    body = json.dumps(event).encode()
    timestamp = str(int(timezone.now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "X-Elastix-Timestamp": timestamp,
        "X-Elastix-Signature": f"sha256={signature(settings.ALERT_WEBHOOK_SECRET, timestamp, body)}",
    }
    # A redirect is an error like any other: what is signed for one receiver is not for another.
    post(settings.ALERT_WEBHOOK_URL, body, headers)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 in hex over the timestamp, a full stop and the body, as the receiver computes it, too."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


_SENDERS = {AlertChannel.EMAIL.value: _send_mail, AlertChannel.WEBHOOK.value: _send_webhook}
