"""What a price change must satisfy: rules for proposals, and for the transitions from one status to the next."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.utils import timezone

from elastix.errors import Conflict, FieldError, Invalid
from elastix.texts import Text, joined, text
from pricing.recommendation.core.relations import NO_BOUNDS, Bounds
from pricing.recommendation.selectors.policies import EffectivePolicy, broken_limit
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.price_changes import PriceChangeStatus
from pricing.sales.models.products import Kind

MOST_NAMED = 20
MOST_DAYS_AHEAD = 366
OPEN_CHANGE = "open_change"
HELD = "held"
STILL_PROPOSED: Final = (
    "Change {number} of {code}, {before} to {after}, awaits a decision: apply or reject it first."
)
STILL_APPROVED: Final = (
    "Change {number} of {code}, {before} to {after}, is approved and waits: apply or reject it first."
)
NOTHING_PROPOSED: Final = "Nothing was proposed."
NOTHING_DONE: Final = {
    done: f"Nothing was {done}." for done in ("approved", "rejected", "applied", "rolled back")
}
FIRST_STOPS: Final = "Change {number} ({code}): {reason}"
CHANGE_STOPS: Final = "change {number} ({code}): {reason}"
AND_MORE: Final = "and {more} more"
PRODUCT_RULES = ("unknown_product", "repeated", "not_for_sale", HELD, OPEN_CHANGE)


class PriceProposal(NamedTuple):
    """A price to propose; an empty reason is that of the whole proposal."""

    product_id: str
    price: Decimal
    reason: str = ""
    scheduled_for: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class RuleViolation:
    """Why a change cannot be made.

    Attributes
    ----------
    key : index of the price in the proposal, or number of the change.
    code : the rule, in one word: unknown_product, not_for_sale, held, same_price, repeated, open_change,
        cost, minimum_margin, min_price, max_price, relation_floor, relation_ceiling, price_moved,
        not_newest, or the change's status.
    reason : a clause without a capital and a full stop.
    said : the same as a sentence that pages can translate, where there is one.
    """

    key: int
    product_id: str
    code: str
    reason: str
    said: Text | None = None

    @classmethod
    def of(cls, change: PriceChange, code: str, reason: str) -> "RuleViolation":
        return cls(change.pk, change.product_id, code, reason)

    @property
    def sentence(self) -> str:
        return self.said or f"{self.reason[0].upper()}{self.reason[1:]}."


class InvalidProposal(Invalid):
    """Prices that may not be proposed; nothing was."""

    def __init__(self, violations: Sequence[RuleViolation], *, batch: bool) -> None:
        self.violations = violations
        errors = []
        for each in violations:
            field = "product_id" if each.code in PRODUCT_RULES else "new_price"
            errors.append(
                FieldError(f"changes[{each.key}].{field}" if batch else field, each.sentence, each.code)
            )
        super().__init__(*errors)


class OpenChanges(Conflict):
    """Prices of products for which another change awaits a decision or its application; `nothing` was done."""

    default_code = OPEN_CHANGE

    def __init__(self, violations: Sequence[RuleViolation], nothing: str = NOTHING_PROPOSED) -> None:
        self.violations = violations
        named = [each.sentence for each in violations[:MOST_NAMED]]
        more = [f"And {len(violations) - MOST_NAMED} more."] if len(violations) > MOST_NAMED else []
        super().__init__(joined([nothing, *named, *more]))
        self.errors = [
            {"field": each.product_id, "code": each.code, "message": each.sentence} for each in violations
        ]


class InvalidTransition(Conflict):
    """Changes that cannot take a transition; none did."""

    def __init__(self, done: str, violations: Sequence[RuleViolation]) -> None:
        self.violations = violations
        named = [
            text(
                CHANGE_STOPS if index else FIRST_STOPS,
                number=each.key,
                code=each.product_id,
                reason=each.reason,
            )
            for index, each in enumerate(violations[:MOST_NAMED])
        ]
        others = len(violations) - MOST_NAMED
        more = [text(AND_MORE, more=others)] if others > 0 else []
        super().__init__(joined([NOTHING_DONE[done], joined([joined([*named, *more], "; "), "."], "")]))
        self.errors = [
            {"field": str(each.key), "code": each.code, "message": f"{each.product_id}: {each.reason}"}
            for each in violations
        ]


def validate_schedule(moment: dt.datetime) -> None:
    """Check the moment at which a change is to be applied.

    Raises
    ------
    ValidationError : it lies in the past, or more than a year ahead.
    """
    now = timezone.now()
    if moment < now:
        raise ValidationError("The moment has passed already.", code="in_the_past")
    if moment > now + dt.timedelta(days=MOST_DAYS_AHEAD):
        raise ValidationError("The moment is more than a year away.", code="out_of_range")


def validate_proposals(
    proposals: Sequence[PriceProposal],
    products: Mapping[str, Product],
    policies: Mapping[str, EffectivePolicy],
    open_changes: Mapping[str, PriceChange],
    held: Mapping[str, str],
    relations: Mapping[str, Bounds],
) -> Iterator[RuleViolation]:
    """Yield why prices may not be proposed, in the order of the proposals.

    Parameters
    ----------
    open_changes : by product, the change that is proposed or approved already: there is never a second one.
    held : by product, of whom its price is held and why.
    relations : by product, what its relations to other prices allow.
    """
    seen: set[str] = set()
    for key, (code, price, *_) in enumerate(proposals):
        product = products.get(code)
        if product is None:
            yield RuleViolation(key, code, "unknown_product", f"there is no product {code}")
        elif code in seen:
            yield RuleViolation(key, code, "repeated", f"{code} occurs twice")
        elif not _is_for_sale(product):
            yield RuleViolation(key, code, "not_for_sale", f"{code} is a service or was deactivated")
        elif code in held:
            yield RuleViolation(key, code, HELD, held[code])
        elif price == product.current_price:
            yield RuleViolation(key, code, "same_price", f"{price} is the present price of {code}")
        elif code in open_changes:
            yield still_open(key, open_changes[code])
        elif broken := broken_limit(price, product, policies[code], relations.get(code, NO_BOUNDS)):
            yield RuleViolation(key, code, broken.rule, broken.reason)
        seen.add(code)


def validate_change(
    change: PriceChange,
    products: Mapping[str, Product],
    policies: Mapping[str, EffectivePolicy],
    held: Mapping[str, str],
    relations: Mapping[str, Bounds],
) -> RuleViolation | None:
    """Return what keeps a change from being approved or applied now, or None; the parameters are those of
    `validate_proposals`."""
    product = products[change.product_id]
    if change.product_id in held:
        return RuleViolation.of(change, HELD, held[change.product_id])
    if product.current_price != change.old_price:
        was, now = price_text(change.old_price), price_text(product.current_price)
        reason = f"the price was {was} when this was proposed and is {now} now; propose it again"
        return RuleViolation.of(change, "price_moved", reason)
    if not _is_for_sale(product):
        return RuleViolation.of(change, "not_for_sale", "the product is a service or was deactivated")
    bounds = relations.get(change.product_id, NO_BOUNDS)
    broken = broken_limit(change.new_price, product, policies[change.product_id], bounds)
    return RuleViolation.of(change, broken.rule, broken.reason) if broken else None


def price_text(price: Decimal | None) -> str:
    return "not known" if price is None else str(price)


def still_open(key: int, change: PriceChange) -> RuleViolation:
    """The open change of a product in the way of the price at an index of the proposal."""
    sentence = STILL_PROPOSED if change.status == PriceChangeStatus.PROPOSED else STILL_APPROVED
    before = price_text(change.old_price) if change.old_price is None else change.old_price
    said = text(sentence, number=change.pk, code=change.product_id, before=before, after=change.new_price)
    clause = f"{said[0].lower()}{said[1:].removesuffix('.')}"
    return RuleViolation(key, change.product_id, OPEN_CHANGE, clause, said)


def _is_for_sale(product: Product) -> bool:
    return product.is_active and product.kind == Kind.MERCHANDISE
