"""Sending alerts out: by e-mail, and to a webhook whose receiver can tell that it was us."""

import hashlib
import hmac
import json
import logging
import urllib.request
from datetime import timedelta
from http.client import HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from elastix.alerts.models import Alert, AlertChannel, AlertDelivery

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10
MOST_AT_ONCE = 50
# After the first attempt; when the last has failed, the alert is left to those who look at the list.
WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=3),
    timedelta(hours=12),
)


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
        row.update(error=f"{type(error).__name__}: {error}"[:500])
        return False
    row.update(delivered_at=timezone.now(), next_attempt_at=None, error="")
    return True


def _send_mail(alert: Alert) -> None:
    figures = "\n".join(f"{name}: {value}" for name, value in alert.data.items())
    send_mail(
        subject=f"[elastix] {alert}",
        message=f"{alert.message}\n\n{figures}\n\nRaised {alert.raised_at:%Y-%m-%d %H:%M} UTC.",
        from_email=None,
        recipient_list=settings.ALERT_EMAILS,
    )


def _send_webhook(alert: Alert) -> None:
    body = json.dumps(
        {
            "id": alert.pk,
            "kind": alert.kind,
            "subject": alert.subject,
            "message": alert.message,
            "data": alert.data,
            "raised_at": alert.raised_at.isoformat(),
        }
    ).encode()
    timestamp = str(int(timezone.now().timestamp()))
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked when the settings are read
        settings.ALERT_WEBHOOK_URL,
        data=body,
        headers={
            "Content-Type": "application/json",
            "X-Elastix-Timestamp": timestamp,
            "X-Elastix-Signature": f"sha256={signature(settings.ALERT_WEBHOOK_SECRET, timestamp, body)}",
        },
    )
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT_SECONDS) as answer:
        if not 200 <= answer.status < 300:
            raise OSError(f"the receiver answered {answer.status}")


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 in hex over the timestamp, a full stop and the body, as the receiver computes it, too."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A receiver that sends us elsewhere is an error: what is signed for one is not for another."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> Any:
        raise HTTPError(req.full_url, code, f"the receiver redirects to {newurl}", headers, fp)


_SENDERS = {AlertChannel.EMAIL.value: _send_mail, AlertChannel.WEBHOOK.value: _send_webhook}
