"""Pushing prices: those that the ledger has put in force, read back and kept product by product."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from elastix.alerts.services import Finding, alerts_report
from elastix.jobs.kinds import JobFailed
from elastix.jobs.models import Job
from elastix.jobs.runner import JobRun, dispatch_on_commit
from elastix.sql import batches
from pricing.connections.adapters import Platform, configured, open_platform
from pricing.connections.core.answers import PlatformError
from pricing.connections.core.prices import PriceToSet, WantedPrice, by_code
from pricing.connections.models import PlatformName, PushedPrice, PushState
from pricing.connections.selectors.price_changes import due_prices
from pricing.connections.selectors.state import may_ask
from pricing.connections.services.alerts import DRIFT, drift_subject, report_connection

KIND: Final = "push_prices"
PRICES_AT_ONCE: Final = 100
WAITS: Final = tuple(dt.timedelta(minutes=minutes) for minutes in (5, 30, 180, 720))

COUNTS: Final = ("set", "in_place", "failed")
NOT_LISTED: Final = "There is no product of this code."
NOT_UNIQUE: Final = "Several products have this code."


@dataclass(frozen=True, slots=True)
class PushPlan:
    """What a push would do.

    Attributes
    ----------
    to_set : prices to be set, each with what is charged now.
    in_place : prices that are charged already.
    impossible : prices that cannot be set, and why.
    """

    to_set: list[tuple[PriceToSet, Decimal | None]] = field(default_factory=list)
    in_place: list[WantedPrice] = field(default_factory=list)
    impossible: list[tuple[WantedPrice, str]] = field(default_factory=list)


def push_if_due() -> list[Job]:
    """Request a push to each configured platform that lacks prices, where PUSH_PRICES is on."""
    if not settings.PUSH_PRICES:
        return []
    waiting = (name for name in configured() if may_ask(KIND, name))
    return [push_request(name) for name in waiting if next(due_prices(name), None) is not None]


def push_request(platform: str) -> Job:
    """Queue a push of what the ledger has put in force to a platform."""
    with transaction.atomic():
        job = Job.objects.create(kind=KIND, parameters={"platform": platform})
        dispatch_on_commit(job.pk)
    return job


def push_plan(platform: Platform, name: str) -> PushPlan:
    """Compare the prices that a platform should have with those it has; changes nothing.

    Raises
    ------
    PlatformError : the platform cannot be asked.
    """
    wanted, plan = list(due_prices(name)), PushPlan()
    if not wanted:
        return plan
    listings, twice = by_code(platform.listings())
    for price in wanted:
        listing = listings.get(price.code)
        if listing is None:
            plan.impossible.append((price, NOT_UNIQUE if price.code in twice else NOT_LISTED))
        elif (listing.price, listing.regular) == (price.price, price.regular):
            plan.in_place.append(price)
        else:
            plan.to_set.append((PriceToSet(listing.reference, price), listing.price))
    return plan


def push_prices(run: JobRun) -> dict[str, Any]:
    """Job handler: set prices by the hundred, read each hundred back, and keep what came of it before the next.

    What was set is kept however the rest ends; the rest is due again. Setting a price twice is harmless.
    """
    name = run.parameters["platform"]
    result = dict.fromkeys(COUNTS, 0)
    try:
        with open_platform(name) as platform:
            plan = push_plan(platform, name)
            _keep(run, name, plan.in_place, {}, {price.code: price.price for price in plan.in_place})
            reasons = {price.code: reason for price, reason in plan.impossible}
            _keep(run, name, [price for price, _ in plan.impossible], reasons, {})
            result |= {"in_place": len(plan.in_place), "failed": len(reasons)}
            for done, part in enumerate(batches(plan.to_set, PRICES_AT_ONCE)):
                failed = _push(run, platform, name, [price for price, _ in part])
                result["failed"] += failed
                result["set"] += len(part) - failed
                run.progress(min(1.0, (done + 1) * PRICES_AT_ONCE / len(plan.to_set)))
    except (PlatformError, LookupError) as error:
        report_connection(name, KIND, str(error))
        raise JobFailed(str(error)) from error
    report_connection(name, KIND, "")
    return {"platform": name} | result


def _push(run: JobRun, platform: Platform, name: str, prices: Sequence[PriceToSet]) -> int:
    """Set prices and read them back; return how many are not in place."""
    refused = platform.set_prices(prices)
    charged = platform.read_prices([price.reference for price in prices])
    errors, found = {}, {}
    for reference, wanted in prices:
        found[wanted.code] = charged.get(reference)
        if reference[1] in refused:
            errors[wanted.code] = f"Refused: {refused[reference[1]]}"
        elif found[wanted.code] != wanted.price:
            errors[wanted.code] = f"It was set and is {found[wanted.code]} when read back."
    _keep(run, name, [price.wanted for price in prices], errors, found)
    return len(errors)


def _keep(
    run: JobRun,
    name: str,
    wanted: Sequence[WantedPrice],
    errors: Mapping[str, str],
    found: Mapping[str, Decimal | None],
) -> None:
    """Keep what came of prices, with an alert for each that is not in place."""
    now = timezone.now()
    for part in batches(wanted, PRICES_AT_ONCE):
        with run.fenced_transaction():
            known = PushedPrice.objects.filter(platform=name, product_id__in=[price.code for price in part])
            rows = {row.product_id: row for row in known}
            for price in part:
                row = rows.get(price.code) or PushedPrice(platform=name, product_id=price.code)
                error = errors.get(price.code, "")
                before = row.attempts if row.decided_at == price.decided_at else 0
                row.price, row.decided_at, row.sale_until = price.price, price.decided_at, price.sale_until
                row.state, row.error = PushState.FAILED if error else PushState.PUSHED, error[:255]
                row.attempts = before + 1
                row.next_attempt_at = now + WAITS[min(before, len(WAITS) - 1)] if error else None
                if price.code in found:
                    row.found, row.read_at = found[price.code], now
                row.pushed_at = row.pushed_at if error else now
                row.save()
            subjects = [drift_subject(name, price.code) for price in part]
            alerts_report(DRIFT, _findings(name, part, errors), among=subjects)


def _findings(name: str, wanted: Iterable[WantedPrice], errors: Mapping[str, str]) -> Iterator[Finding]:
    for price in wanted:
        if error := errors.get(price.code):
            where = PlatformName(name).label
            message = f"The price {price.price} of {price.code} is not set at {where}. {error}"
            yield Finding(drift_subject(name, price.code), message, {"ours": str(price.price)})
