"""The ledger of prices: propose -> approve or reject -> apply -> roll back, one change or a batch at a time.

Each step is one transaction and all or nothing: where one change cannot take it, none does, and the refusal names
the changes that stood in the way.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from elastix.dataset.versions import catalogue_changed, data_version, lock_version
from elastix.sql import batches, number_for_driver, update_rows
from pricing.changes.services.validation import (
    MOST_NAMED,
    PriceProposal,
    ProposalRefused,
    RuleViolation,
    StepRefused,
    refusal_of,
    refused_proposals,
    shown,
    validate_change,
)
from pricing.recommendation.selectors.expected import expected_effects
from pricing.recommendation.selectors.policies import EffectivePolicy, effective_policies
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeSource, PriceChangeStatus
from pricing.sales.models.products import PriceSource

__all__ = [
    "MOST_NAMED",
    "Chosen",
    "PriceProposal",
    "ProposalRefused",
    "RuleViolation",
    "StepRefused",
    "apply",
    "apply_due",
    "approve",
    "propose",
    "reject",
    "roll_back",
]

# No user can be called this: names have no spaces.
THE_SCHEDULE = "the schedule"
_STANDING: dict[str, str] = {
    PriceChangeStatus.PROPOSED: "it is proposed, not approved yet",
    PriceChangeStatus.APPROVED: "it is approved already, but not applied yet",
    PriceChangeStatus.REJECTED: "it is rejected; propose anew",
    PriceChangeStatus.APPLIED: "it is applied already; a rollback takes it back",
    PriceChangeStatus.ROLLED_BACK: "it is rolled back already; propose anew",
}
"""Why a change cannot take a step that is not its next one, and what it can take."""
CODES_A_STATEMENT = 5_000
DUE_AT_ONCE = 1_000

Chosen = Sequence[int] | UUID
"""Numbers of changes, each of which must be able to take the step; or a batch: those of its changes that await it."""


# --- the steps -------------------------------------------------------------------------------------


@transaction.atomic
def propose(
    changes: Iterable[PriceProposal | tuple[str, Decimal]],
    *,
    by: str,
    reason: str = "",
    source: str = PriceChangeSource.PROPOSAL,
    batch: UUID | None = None,
    scheduled_for: dt.datetime | None = None,
) -> list[PriceChange]:
    """Propose new prices, all or none; return the changes in the order given.

    Parameters
    ----------
    changes : product code and new price, to the cent.
    batch : what to decide on them together by; each product may occur in it once.
    scheduled_for : when to apply them, once approved; None: when somebody does.

    Raises
    ------
    ProposalRefused
        If a product is unknown, a service or deactivated, the price is the present one, or it crosses a hard limit:
        the cost, or the policy's minimum margin, minimum or maximum price.
    """
    wanted = [PriceProposal(*change) for change in changes]
    lock_version()
    products = _lock_products(each.product_id for each in wanted)
    policies = effective_policies(products.values())
    refusals = list(refused_proposals(wanted, products, policies))
    if refusals:
        raise ProposalRefused(refusals)
    return PriceChange.objects.bulk_create(
        [
            PriceChange(
                product=products[each.product_id],
                old_price=products[each.product_id].current_price,
                new_price=each.price,
                source=source,
                batch=batch,
                reason=each.reason or reason,
                proposed_by=by,
                scheduled_for=each.scheduled_for or scheduled_for,
            )
            for each in wanted
        ],
        batch_size=500,
    )


@transaction.atomic
def approve(chosen: Chosen, *, by: str, scheduled_for: dt.datetime | None = None) -> list[PriceChange]:
    """Approve proposals, and keep what is expected of each.

    Parameters
    ----------
    scheduled_for : when to apply them, in place of what was proposed.

    Raises
    ------
    PermissionDenied : somebody approves what they proposed themselves, and the policy does not let them.
    StepRefused : a change is not proposed any more, its product's price has moved, or it crosses a hard limit now.
    """
    lines = _take(chosen, "approved", PriceChangeStatus.PROPOSED)
    products, policies = _products_of(lines)
    own = [line for line in lines if line.proposed_by == by and not policies[line.product_id].self_approval]
    if own:
        named = ", ".join(f"{line.pk} ({line.product_id})" for line in own[:MOST_NAMED])
        more = f" and {len(own) - MOST_NAMED} more" if len(own) > MOST_NAMED else ""
        changes, them = ("change", "it") if len(own) == 1 else ("changes", "them")
        raise PermissionDenied(
            f"Nothing was approved. You proposed {changes} {named}{more} yourself: somebody else has to approve {them}."
        )
    _refuse("approved", lines, lambda line: validate_change(line, products, policies))
    _keep_expectations(lines)
    decided = {"status": PriceChangeStatus.APPROVED, "decided_at": timezone.now(), "decided_by": by}
    _mark(lines, **decided, **({"scheduled_for": scheduled_for} if scheduled_for else {}))
    return lines


@transaction.atomic
def reject(chosen: Chosen, *, by: str, note: str = "") -> list[PriceChange]:
    """Reject proposals, or call off what was approved and is not applied yet.

    Raises
    ------
    StepRefused : a change is applied or decided against already.
    """
    lines = _take(chosen, "rejected", PriceChangeStatus.PROPOSED, PriceChangeStatus.APPROVED)
    _mark(lines, status=PriceChangeStatus.REJECTED, decided_at=timezone.now(), decided_by=by, note=note)
    return lines


@transaction.atomic
def apply(chosen: Chosen, *, by: str) -> list[PriceChange]:
    """Make approved prices the products' prices now, whenever they were scheduled for.

    Raises
    ------
    StepRefused : a change is not approved, its product's price has moved, or it crosses a hard limit now.
    """
    lines = _take(chosen, "applied", PriceChangeStatus.APPROVED)
    products, policies = _products_of(lines)

    def try_on(line: PriceChange) -> RuleViolation | None:
        obstacle = validate_change(line, products, policies)
        if obstacle is None:
            products[line.product_id].current_price = line.new_price
        return obstacle

    _refuse("applied", lines, try_on)
    _activate(lines, by)
    return lines


@transaction.atomic
def roll_back(chosen: Chosen, *, by: str, note: str = "") -> list[PriceChange]:
    """Give products back the prices they had before these changes.

    Raises
    ------
    StepRefused : a change is not applied, or the product's price is not what this change made it any more.
    """
    lines = _take(chosen, "rolled back", PriceChangeStatus.APPLIED)
    products = _lock_products(line.product_id for line in lines)
    newest = _newest_applied(products)

    def not_in_force(line: PriceChange) -> RuleViolation | None:
        now = products[line.product_id].current_price
        if now != line.new_price:
            return refusal_of(
                line,
                "price_moved",
                f"the price is {shown(now)} now, not {line.new_price}; roll back what changed it",
            )
        if newest[line.product_id] != line.pk:
            return refusal_of(
                line, "not_newest", "a later change of the price is in force; roll that back first"
            )
        return None

    _refuse("rolled back", lines, not_in_force)
    _write_prices({line.product_id: line.old_price for line in lines})
    _mark(
        lines,
        status=PriceChangeStatus.ROLLED_BACK,
        rolled_back_at=timezone.now(),
        rolled_back_by=by,
        note=note,
    )
    return lines


def apply_due() -> int:
    """Apply the approved changes whose moment has come; return how many.

    Here each change stands for itself: one that cannot be applied any more stays approved with a note that says why,
    and is left to people from then on.
    """
    applied = 0
    # A look without a lock first: mostly nothing is due.
    while _due().exists():
        applied += _apply_some_due()
    return applied


# --- how -------------------------------------------------------------------------------------------


def _due() -> Any:
    return PriceChange.objects.filter(
        status=PriceChangeStatus.APPROVED, scheduled_for__lte=timezone.now(), note=""
    )


@transaction.atomic
def _apply_some_due() -> int:
    lock_version()
    lines = list(_due().select_for_update().order_by("product_id", "scheduled_for", "pk")[:DUE_AT_ONCE])
    products, policies = _products_of(lines)
    possible = []
    for line in lines:
        obstacle = validate_change(line, products, policies)
        if obstacle is None:
            products[line.product_id].current_price = line.new_price
            possible.append(line)
        else:
            _mark([line], note=f"Not applied when it was due: {obstacle.reason}."[:255])
    if possible:
        _activate(possible, THE_SCHEDULE)
    return len(possible)


def _refuse(
    done: str, lines: Iterable[PriceChange], obstacle_of: Callable[[PriceChange], RuleViolation | None]
) -> None:
    refusals = [refusal for line in lines if (refusal := obstacle_of(line))]
    if refusals:
        raise StepRefused(done, refusals)


def _take(chosen: Chosen, done: str, *states: PriceChangeStatus) -> list[PriceChange]:
    """Lock the chosen changes, by product and number, if all of them are in one of the states."""
    lock_version()
    found = PriceChange.objects.select_for_update().order_by("product_id", "pk")
    if isinstance(chosen, UUID):
        lines = list(found.filter(batch=chosen))
        waiting = [line for line in lines if line.status in states]
        # Whoever decided on single changes of a batch meant it.
        lines = waiting or lines
    else:
        lines = [line for chunk in batches(sorted(set(chosen)), 5000) for line in found.filter(pk__in=chunk)]
        lines.sort(key=lambda line: (line.product_id, line.pk))
    _refuse(
        done,
        lines,
        lambda line: None if line.status in states else refusal_of(line, line.status, _STANDING[line.status]),
    )
    return lines


def _lock_products(codes: Iterable[str]) -> dict[str, Product]:
    products: dict[str, Product] = {}
    for chunk in batches(sorted(set(codes)), CODES_A_STATEMENT):
        locked = Product.objects.select_for_update().filter(code__in=chunk).order_by("code")
        products |= {product.code: product for product in locked}
    return products


def _products_of(lines: Sequence[PriceChange]) -> tuple[dict[str, Product], dict[str, EffectivePolicy]]:
    products = _lock_products(line.product_id for line in lines)
    return products, effective_policies(products.values())


def _newest_applied(codes: Iterable[str]) -> dict[str, int]:
    """The change of each product that is in force: the one applied last and not rolled back."""
    newest: dict[str, int] = {}
    for chunk in batches(codes, CODES_A_STATEMENT):
        applied = PriceChange.objects.filter(product_id__in=chunk, status=PriceChangeStatus.APPLIED)
        newest |= dict(applied.order_by("changed_at", "pk").values_list("product_id", "pk"))
    return newest


def _keep_expectations(lines: Sequence[PriceChange]) -> None:
    """Keep with each change what is expected of it, and the date that its sales were counted to."""
    as_of = data_version().as_of
    records = expected_effects([(line.product_id, line.old_price, line.new_price) for line in lines])
    foreseen = []
    for line, record in zip(lines, records, strict=True):
        if record is not None:
            line.expected = record | {"as_of": as_of and as_of.isoformat()}
            foreseen.append(line)
    PriceChange.objects.bulk_update(foreseen, ["expected"], batch_size=200)


def _activate(lines: Sequence[PriceChange], by: str) -> None:
    _write_prices({line.product_id: line.new_price for line in lines})
    _mark(lines, status=PriceChangeStatus.APPLIED, changed_at=timezone.now(), applied_by=by, note="")


def _write_prices(prices: dict[str, Decimal | None]) -> None:
    """Set current prices. Where no price was known before, it follows the sales again."""
    rows = [
        (None if price is None else number_for_driver(price), code) for code, price in sorted(prices.items())
    ]
    update_rows("pricing_product", "code", {"current_price": "numeric"}, rows, key_type="varchar")
    for source, known in ((PriceSource.LEDGER, True), (PriceSource.DATA, False)):
        codes = sorted(code for code, price in prices.items() if (price is not None) == known)
        for chunk in batches(codes, CODES_A_STATEMENT):
            Product.objects.filter(code__in=chunk).update(price_source=source, updated_at=timezone.now())
    catalogue_changed()


def _mark(lines: Sequence[PriceChange], **values: Any) -> None:
    """Write the same values into all of these changes."""
    for chunk in batches(lines, 5000):
        PriceChange.objects.filter(pk__in=[line.pk for line in chunk]).update(**values)
    for line in lines:
        for name, value in values.items():
            setattr(line, name, value)
