"""Alerts about connections: failures, and prices on the platform that differ from ours."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from elastix.alerts.services import Finding, alerts_report
from elastix.jobs.runner import JobRun
from pricing.connections.models import PlatformName, PushedPrice, PushState

CONNECTION: Final = "connection"
DRIFT: Final = "price_drift"


def report_connection(name: str, kind: str, message: str) -> None:
    """Raise the alert that a connection does not work, or clear it where the message is empty."""
    subject = f"{PlatformName(name).label}: {kind.replace('_', ' ')}"
    findings = [Finding(subject, message)] if message else []
    alerts_report(CONNECTION, findings, among=[subject])


def drift_subject(name: str, code: str) -> str:
    """What an alert about a price is about."""
    return f"{code} at {PlatformName(name).label}"


def check_drift(run: JobRun, name: str, prices: Mapping[str, Decimal | None], read_at: dt.datetime) -> int:
    """Compare what a platform charges with what was pushed there; return how many prices are not ours.

    Somebody changed them there, or an extension did. They are left as they are, with an alert: the ledger decides
    again, or somebody puts the price back.

    Parameters
    ----------
    prices : by code what the platform charges; products it does not list are left alone.
    read_at : when asking for them began; prices that were pushed since are left alone, too.
    """
    settled = PushedPrice.objects.filter(platform=name, pushed_at__lt=read_at).exclude(state=PushState.FAILED)
    label = PlatformName(name).label
    looked_at, findings, changed = [], [], []
    for row in settled.order_by("product_id"):
        if row.product_id not in prices:
            continue
        subject = drift_subject(name, row.product_id)
        looked_at.append(subject)
        row.found, row.read_at = prices[row.product_id], read_at
        row.state = PushState.PUSHED if row.found == row.price else PushState.DRIFTED
        if row.state == PushState.DRIFTED:
            charged = "no price" if row.found is None else f"{row.found:f}"
            message = (
                f"{label} charges {charged} for {row.product_id}; the price pushed there is {row.price}."
            )
            figures = {"platform": name, "ours": str(row.price), "theirs": charged}
            findings.append(Finding(subject, message, figures))
        changed.append(row)
    with run.fenced_transaction():
        PushedPrice.objects.bulk_update(changed, ["found", "read_at", "state"], batch_size=200)
        alerts_report(DRIFT, findings, among=looked_at)
    return len(findings)
