"""The life of a price change, one change or a batch at a time.

    step        from                 to            by whom                       kept besides when and by whom
    propose                          proposed      analysts, rules, bulk runs    price before, reason, moment to apply it
    approve     proposed             approved      managers but the proposer     what is expected of it
    reject      proposed, approved   rejected      managers                      note
    apply       approved             applied       managers, the schedule        (sets the product's price)
    roll back   applied              rolled back   managers                      note (sets the price before)

While a price is held (by a price experiment), every step but rejecting is refused to all but the `holder`.
Proposers may approve their own changes where the policy says so. Each step is one transaction and all or nothing:
where one change cannot take it, none does, and the error names the changes that prevent it.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from elastix.dataset.versions import catalogue_changed, data_version, lock_version
from elastix.sql import batches, number_for_driver, update_rows
from pricing.changes.selectors.price_changes import open_changes_of
from pricing.changes.services.validation import (
    HELD,
    MOST_NAMED,
    OPEN_CHANGE,
    InvalidProposal,
    InvalidTransition,
    OpenChanges,
    PriceProposal,
    RuleViolation,
    price_text,
    validate_change,
    validate_proposals,
)
from pricing.recommendation.selectors.expected import expected_effects
from pricing.recommendation.selectors.policies import EffectivePolicy, effective_policies
from pricing.recommendation.selectors.relations import relation_bounds
from pricing.recommendation.services.overrides import remember_overrides
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeSource, PriceChangeStatus
from pricing.sales.models.products import PriceSource
from pricing.sales.selectors.holds import held_prices

DUE_AT_ONCE: Final = 1_000
# No user can be called this: names have no spaces.
THE_SCHEDULE: Final = "the schedule"

PROPOSED, APPROVED, REJECTED, APPLIED, ROLLED_BACK = PriceChangeStatus

Selection = Sequence[int] | UUID
"""Numbers of changes, each of which must be able to take the step; or a batch: those of its changes that await it."""


class Transition(NamedTuple):
    """A step: its participle, the statuses before and after, and the columns that keep when and by whom."""

    done: str
    sources: tuple[PriceChangeStatus, ...]
    target: PriceChangeStatus
    moment: str
    person: str


APPROVE = Transition("approved", (PROPOSED,), APPROVED, "decided_at", "decided_by")
REJECT = Transition("rejected", (PROPOSED, APPROVED), REJECTED, "decided_at", "decided_by")
APPLY = Transition("applied", (APPROVED,), APPLIED, "changed_at", "applied_by")
ROLL_BACK = Transition("rolled back", (APPLIED,), ROLLED_BACK, "rolled_back_at", "rolled_back_by")

NEXT_STEP: dict[str, str] = {
    PROPOSED: "it is proposed, not approved yet",
    APPROVED: "it is approved already, but not applied yet",
    REJECTED: "it is rejected; propose it again",
    APPLIED: "it is applied already; a rollback takes it back",
    ROLLED_BACK: "it is rolled back already; propose it again",
}
"""Why a change cannot take a step that is not its next one, and what it can take."""


# --- the steps -------------------------------------------------------------------------------------


@transaction.atomic
def propose(
    proposals: Iterable[PriceProposal | tuple[str, Decimal]],
    *,
    by: str,
    reason: str = "",
    source: str = PriceChangeSource.PROPOSAL,
    batch: UUID | None = None,
    holder: str = "",
) -> list[PriceChange]:
    """Propose new prices, all or none; return the changes in the order given.

    Parameters
    ----------
    proposals : product code and new price, to the cent.
    batch : what to decide on them together by; each product may occur in it once.
    holder : whose held prices may be changed.

    Raises
    ------
    InvalidProposal
        If a product is unknown, a service or deactivated, its price is held by somebody else, the price is the present one,
        or it crosses a hard limit: the cost, or the policy's minimum margin, minimum or maximum price.
    OpenChanges
        If nothing but that is wrong: another change of a product is proposed or approved and not applied yet.
    """
    changes, violations = propose_valid(
        proposals, by=by, reason=reason, source=source, batch=batch, holder=holder
    )
    if violations and all(each.code == OPEN_CHANGE for each in violations):
        raise OpenChanges(violations)
    if violations:
        raise InvalidProposal(violations, batch=batch is not None)
    return changes


@transaction.atomic(savepoint=False)
def propose_valid(
    proposals: Iterable[PriceProposal | tuple[str, Decimal]],
    *,
    by: str,
    reason: str = "",
    source: str = PriceChangeSource.PROPOSAL,
    batch: UUID | None = None,
    holder: str = "",
) -> tuple[list[PriceChange], list[RuleViolation]]:
    """Propose those of the new prices that may be proposed; return the changes, and why the others are left out."""
    wanted = [PriceProposal(*each) for each in proposals]
    lock_version()
    products, policies = _lock_products(each.product_id for each in wanted)
    held = held_prices(products, holder=holder)
    relations = relation_bounds({each.product_id: each.price for each in wanted})
    found = validate_proposals(wanted, products, policies, open_changes_of(products), held, relations)
    violations = list(found)
    invalid = {each.key for each in violations}
    changes = [
        PriceChange(
            product=products[each.product_id],
            old_price=products[each.product_id].current_price,
            new_price=each.price,
            source=source,
            batch=batch,
            reason=each.reason or reason,
            proposed_by=by,
            scheduled_for=each.scheduled_for,
        )
        for key, each in enumerate(wanted)
        if key not in invalid
    ]
    return PriceChange.objects.bulk_create(changes, batch_size=500), violations


@transaction.atomic
def approve(
    selection: Selection, *, by: str, scheduled_for: dt.datetime | None = None, holder: str = ""
) -> list[PriceChange]:
    """Approve proposals, and keep what is expected of each.

    Parameters
    ----------
    scheduled_for : when to apply them, in place of what was proposed.

    Raises
    ------
    PermissionDenied : somebody approves what they proposed themselves, and the policy does not let them.
    InvalidTransition : a change is not proposed any more, its product's price has moved, or it crosses a hard limit now.
    """
    changes = _lock_changes(selection, APPROVE)
    products, policies = _lock_products(change.product_id for change in changes)
    own = [each for each in changes if each.proposed_by == by and not policies[each.product_id].self_approval]
    if own:
        named = ", ".join(f"{each.pk} ({each.product_id})" for each in own[:MOST_NAMED])
        more = f" and {len(own) - MOST_NAMED} more" if len(own) > MOST_NAMED else ""
        noun, them = ("change", "it") if len(own) == 1 else ("changes", "them")
        raise PermissionDenied(
            f"Nothing was approved. You proposed {noun} {named}{more} yourself: somebody else has to approve {them}."
        )
    held, relations = held_prices(products, holder=holder), relation_bounds(_new_prices(changes))
    _check(APPROVE, (validate_change(each, products, policies, held, relations) for each in changes))
    _keep_expectations(changes)
    schedule = {"scheduled_for": scheduled_for} if scheduled_for else {}
    return _record(APPROVE, changes, by, **schedule)


@transaction.atomic
def reject(selection: Selection, *, by: str, note: str = "") -> list[PriceChange]:
    """Reject proposals, or call off what was approved and is not applied yet.

    Raises
    ------
    InvalidTransition : a change is applied or decided against already.
    """
    rejected = _record(REJECT, _lock_changes(selection, REJECT), by, note=note)
    remember_overrides(rejected)
    return rejected


@transaction.atomic
def apply(selection: Selection, *, by: str, holder: str = "") -> list[PriceChange]:
    """Make approved prices the products' prices now, whenever they were scheduled for.

    Raises
    ------
    InvalidTransition : a change is not approved, its product's price has moved, or it crosses a hard limit now.
    """
    changes = _lock_changes(selection, APPLY)
    _check(APPLY, _try_on(changes, holder)[1])
    return _activate(changes, by)


@transaction.atomic
def roll_back(selection: Selection, *, by: str, note: str = "") -> list[PriceChange]:
    """Give products back the prices they had before these changes.

    Raises
    ------
    InvalidTransition : a change is not applied, or the product's price is not what this change made it any more.
    """
    changes = _lock_changes(selection, ROLL_BACK)
    products, _ = _lock_products(change.product_id for change in changes)
    newest, held = _newest_applied(products), held_prices(products)
    _check(ROLL_BACK, (_not_in_force(change, products, newest, held) for change in changes))
    _write_prices({change.product_id: change.old_price for change in changes})
    return _record(ROLL_BACK, changes, by, note=note)


def apply_due() -> int:
    """Apply the approved changes whose moment has come; return how many.

    Here each change is applied on its own: one that cannot be applied any more stays approved with a note that says why,
    and is left to people from then on.
    """
    applied = 0
    # A look without a lock first: mostly nothing is due.
    while _due().exists():
        with transaction.atomic():
            lock_version()
            due = _due().select_for_update().order_by("product_id", "scheduled_for", "pk")
            changes = {change.pk: change for change in due[:DUE_AT_ONCE]}
            valid, violations = _try_on(list(changes.values()))
            for each in violations:
                _update([changes[each.key]], note=f"Not applied when it was due: {each.reason}."[:255])
            if valid:
                _activate(valid, THE_SCHEDULE)
            applied += len(valid)
    return applied


# --- reading and checking, under the lock ------------------------------------------------------------


def _due() -> QuerySet[PriceChange]:
    return PriceChange.objects.filter(status=APPROVED, scheduled_for__lte=timezone.now(), note="")


def _lock_changes(selection: Selection, transition: Transition) -> list[PriceChange]:
    """Lock the selected changes, by product and number, if all of them can take the step by their status."""
    lock_version()
    found = PriceChange.objects.select_for_update().order_by("product_id", "pk")
    if isinstance(selection, UUID):
        changes = list(found.filter(batch=selection))
        # Whoever decided on single changes of a batch meant it.
        changes = [change for change in changes if change.status in transition.sources] or changes
    else:
        changes = list(_in_chunks(found, "pk", selection))
        changes.sort(key=lambda change: (change.product_id, change.pk))
    others = [change for change in changes if change.status not in transition.sources]
    _check(transition, (RuleViolation.of(each, each.status, NEXT_STEP[each.status]) for each in others))
    return changes


def _lock_products(codes: Iterable[str]) -> tuple[dict[str, Product], dict[str, EffectivePolicy]]:
    """Lock products in the order of their codes; return them and their policies."""
    locked = _in_chunks(Product.objects.select_for_update().order_by("code"), "code", codes)
    products = {product.code: product for product in locked}
    return products, effective_policies(products.values())


def _try_on(
    changes: Sequence[PriceChange], holder: str = ""
) -> tuple[list[PriceChange], list[RuleViolation]]:
    """Those of the changes that can be applied one after the other, and why the others cannot."""
    products, policies = _lock_products(change.product_id for change in changes)
    held, relations = held_prices(products, holder=holder), relation_bounds(_new_prices(changes))
    valid, violations = [], []
    for change in changes:
        violation = validate_change(change, products, policies, held, relations)
        if violation is None:
            products[change.product_id].current_price = change.new_price
            valid.append(change)
        else:
            violations.append(violation)
    return valid, violations


def _not_in_force(
    change: PriceChange, products: dict[str, Product], newest: dict[str, int], held: dict[str, str]
) -> RuleViolation | None:
    if change.product_id in held:
        return RuleViolation.of(change, HELD, held[change.product_id])
    now = products[change.product_id].current_price
    if now != change.new_price:
        reason = f"the price is {price_text(now)} now, not {change.new_price}; roll back what changed it"
        return RuleViolation.of(change, "price_moved", reason)
    if newest[change.product_id] != change.pk:
        reason = "a later change of the price is in force; roll that back first"
        return RuleViolation.of(change, "not_newest", reason)
    return None


def _check(transition: Transition, found: Iterable[RuleViolation | None]) -> None:
    violations = [each for each in found if each is not None]
    if violations:
        raise InvalidTransition(transition.done, violations)


def _newest_applied(codes: Iterable[str]) -> dict[str, int]:
    """The change of each product that is in force: the one applied last and not rolled back."""
    applied = PriceChange.objects.filter(status=APPLIED).order_by("changed_at", "pk")
    return dict(_in_chunks(applied.values_list("product_id", "pk"), "product_id", codes))


def _in_chunks(rows: QuerySet[Any, Any], column: str, values: Iterable[Any]) -> Iterator[Any]:
    """The rows with any of the values in a column, in as many statements as their number needs."""
    for chunk in batches(sorted(set(values))):
        yield from rows.filter(**{f"{column}__in": chunk})


# --- writing -----------------------------------------------------------------------------------------


def _keep_expectations(changes: Sequence[PriceChange]) -> None:
    """Keep with each change what is expected of it, and the date that its sales were counted to."""
    as_of = data_version().as_of
    records = expected_effects([(each.product_id, each.old_price, each.new_price) for each in changes])
    foreseen = []
    for change, record in zip(changes, records, strict=True):
        if record is not None:
            change.expected = record | {"as_of": as_of and as_of.isoformat()}
            foreseen.append(change)
    PriceChange.objects.bulk_update(foreseen, ["expected"], batch_size=200)


def _activate(changes: Sequence[PriceChange], by: str) -> list[PriceChange]:
    _write_prices(_new_prices(changes))
    applied = _record(APPLY, changes, by, note="")
    remember_overrides(applied)
    return applied


def _new_prices(changes: Iterable[PriceChange]) -> dict[str, Decimal]:
    return {change.product_id: change.new_price for change in changes}


def _write_prices(prices: Mapping[str, Decimal | None]) -> None:
    """Set current prices. Where no price was known before, it follows the sales again."""
    rows = [
        (None if price is None else number_for_driver(price), code) for code, price in sorted(prices.items())
    ]
    update_rows("pricing_product", "code", {"current_price": "numeric"}, rows, key_type="varchar")
    for source, known in ((PriceSource.LEDGER, True), (PriceSource.DATA, False)):
        codes = sorted(code for code, price in prices.items() if (price is not None) == known)
        for chunk in batches(codes):
            Product.objects.filter(code__in=chunk).update(price_source=source, updated_at=timezone.now())
    catalogue_changed()


def _record(
    transition: Transition, changes: Sequence[PriceChange], by: str, **more: Any
) -> list[PriceChange]:
    """Write the new status, when it was reached and by whom."""
    values = {"status": transition.target, transition.moment: timezone.now(), transition.person: by}
    return _update(changes, **values, **more)


def _update(changes: Sequence[PriceChange], **values: Any) -> list[PriceChange]:
    """Write the same values into all of these changes."""
    for chunk in batches(changes):
        PriceChange.objects.filter(pk__in=[change.pk for change in chunk]).update(**values)
    for change in changes:
        for name, value in values.items():
            setattr(change, name, value)
    return list(changes)
