"""Optimising the prices of many products as a job, and proposing what came of it in the ledger."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from elastix.api.errors import Conflict
from elastix.api.versions import lock_version
from elastix.fields import uuid7
from elastix.jobs.dispatch import dispatch_on_commit
from elastix.jobs.models import OPEN_STATES, Job
from elastix.jobs.running import JobRun
from elastix.sql import insert_rows, number_for_driver
from pricing.models import BulkOptimization, BulkRow, Product
from pricing.models.ledger import PriceChangeSource
from pricing.selectors.bulk import KIND, find_optimization, result_of
from pricing.selectors.optimising import COLUMNS, Outcome, optimise_each
from pricing.selectors.optimising_together import optimise_together
from pricing.selectors.policies import Overrides
from pricing.services import ledger

KEPT: Final = timedelta(days=30)
COMPUTING_SHARE: Final = 0.9
_WORDS: Final = ("strategy", "demand_model")


def bulk_request(
    products: Sequence[str], overrides: Overrides, *, joint: bool = False, user: Any = None
) -> Job:
    """Queue the optimization of these products' prices and return its job.

    Parameters
    ----------
    products : codes of merchandise.
    overrides : what was asked for in place of the policies.
    joint : choose the prices together, with the products' cross effects, instead of each for itself.
    """
    asked = {name: str(value) for name, value in asdict(overrides).items() if value is not None}
    with transaction.atomic():
        job = Job.objects.create(
            kind=KIND,
            parameters={"products": list(products), "overrides": asked, "joint": joint},
            requested_by=user if getattr(user, "pk", None) else None,
        )
        dispatch_on_commit(job.pk)
    return job


def bulk_optimize(run: JobRun) -> dict[str, Any]:
    """Job handler: recommend prices for the products and keep them. Begun again, it replaces what it kept before."""
    asked: dict[str, Any] = {
        name: value if name in _WORDS else Decimal(value)
        for name, value in run.parameters["overrides"].items()
    }
    overrides, codes, together = Overrides(**asked), run.parameters["products"], None
    if run.parameters["joint"]:
        found, together = optimise_together(codes, overrides)
    else:
        found = optimise_each(codes, overrides, lambda done: run.progress(COMPUTING_SHARE * done))
    with run.committing():
        _keep(run.job_id, found.rows)
    return result_of(run.job_id, found, together)


def _keep(job_id: int, rows: Sequence[Outcome]) -> None:
    BulkOptimization.objects.filter(pk=job_id).delete()
    BulkOptimization.objects.create(pk=job_id, computed_at=timezone.now())
    # A product that was deleted meanwhile has no row.
    there = set(Product.objects.values_list("code", flat=True))
    kept = (row for row in rows if row.product_id in there)
    insert_rows("pricing_bulkrow", ("optimization_id", *COLUMNS), _values(job_id, kept))


def _values(job_id: int, rows: Iterator[Outcome]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        values = (getattr(row, name) for name in COLUMNS)
        yield (
            job_id,
            *(number_for_driver(value) if isinstance(value, Decimal) else value for value in values),
        )


@transaction.atomic
def bulk_propose(job_id: int, *, by: str, reason: str = "") -> tuple[BulkOptimization, bool]:
    """Propose all changed prices of an optimization as one batch; what cannot be proposed any more is left out.

    Returns
    -------
    The optimization, and whether this call proposed it: a second one finds the first one's batch.

    Raises
    ------
    Http404, Conflict : as `find_optimization`; also Conflict where no price is left to propose.
    """
    lock_version()
    found = find_optimization(job_id)
    if found.batch is not None:
        return found, False
    rows = list(found.rows.filter(changes=True).order_by("product_id"))
    if not rows:
        raise Conflict(f"Job {job_id} recommends to change no price, so there is nothing to propose.")
    wanted, left_out = _still_as_found(rows)
    batch, source = uuid7(), PriceChangeSource.RECOMMENDATION
    reason = reason or f"Recommended by bulk optimization {job_id}."
    while wanted:
        try:
            ledger.propose(wanted, by=by, reason=reason, source=source, batch=batch)
            break
        except ledger.ProposalRefused as error:
            refused = {each.key for each in error.refusals}
            left_out += [_left_out(each.product_id, each.code, each.reason) for each in error.refusals]
            wanted = [each for key, each in enumerate(wanted) if key not in refused]
    left_out.sort(key=lambda each: each["product_id"])
    if not wanted:
        conflict = Conflict(
            f"None of the {len(left_out)} changes of job {job_id} can be proposed any more. Optimize anew."
        )
        conflict.errors = [
            {"field": each["product_id"], "code": each["code"], "message": each["reason"]}
            for each in left_out[: ledger.MOST_NAMED]
        ]
        raise conflict
    found.batch, found.proposed, found.left_out = batch, len(wanted), left_out
    found.proposed_at, found.proposed_by = timezone.now(), by
    found.save()
    return found, True


def _still_as_found(rows: Sequence[BulkRow]) -> tuple[list[ledger.Wanted], list[dict[str, str]]]:
    """The prices to propose, and the products whose price has moved since it was looked at."""
    prices = dict(Product.objects.values_list("code", "current_price"))
    wanted, moved = [], []
    for row in rows:
        now, price = prices[row.product_id], row.recommended_price
        if now == row.current_price and price is not None:
            wanted.append(ledger.Wanted(row.product_id, price))
        else:
            text = f"the price was {row.current_price} when it was looked at and is {now} now"
            moved.append(_left_out(row.product_id, "price_moved", text))
    return wanted, moved


def _left_out(code: str, word: str, reason: str) -> dict[str, str]:
    return {"product_id": code, "code": word, "reason": f"{reason[0].upper()}{reason[1:]}."}


def bulk_purge() -> int:
    """Delete the jobs of optimizations that ended 30 days ago, with all they found; return how many."""
    old = Job.objects.filter(kind=KIND, finished_at__lt=timezone.now() - KEPT).exclude(state__in=OPEN_STATES)
    jobs = list(old.order_by("pk").values_list("pk", flat=True))
    for job_id in jobs:
        Job.objects.filter(pk=job_id).delete()
    return len(jobs)
