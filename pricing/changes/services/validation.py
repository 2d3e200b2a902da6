"""What the ledger of prices refuses: prices that may not be proposed, and steps that a change cannot take."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from elastix.errors import Conflict
from pricing.recommendation.core.limits import BrokenRule, broken_rule
from pricing.recommendation.selectors.policies import EffectivePolicy
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.products import Kind

MOST_NAMED = 20


class PriceProposal(NamedTuple):
    """A price that somebody wants; where it has no reason or moment of its own, those of the proposal count."""

    product_id: str
    price: Decimal
    reason: str = ""
    scheduled_for: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class RuleViolation:
    """Why a change cannot be made.

    Attributes
    ----------
    key : place of the wanted price in the proposal, or number of the change.
    code : the rule, in one word: unknown_product, not_for_sale, same_price, repeated, cost, minimum_margin,
        min_price, max_price, price_moved, not_newest, or the change's status.
    """

    key: int
    product_id: str
    code: str
    reason: str


class ProposalRefused(Exception):
    """Prices that may not be proposed; nothing was."""

    def __init__(self, refusals: Sequence[RuleViolation]) -> None:
        self.refusals = refusals
        super().__init__("; ".join(f"{each.product_id}: {each.reason}" for each in refusals[:MOST_NAMED]))


class StepRefused(Conflict):
    """Changes that cannot take the next step; none did."""

    def __init__(self, done: str, refusals: Sequence[RuleViolation]) -> None:
        self.refusals = refusals
        named = "; ".join(
            f"change {each.key} ({each.product_id}): {each.reason}" for each in refusals[:MOST_NAMED]
        )
        more = f"; and {len(refusals) - MOST_NAMED} more" if len(refusals) > MOST_NAMED else ""
        super().__init__(f"Nothing was {done}. {named[0].upper()}{named[1:]}{more}.")
        self.errors = [
            {"field": str(each.key), "code": each.code, "message": f"{each.product_id}: {each.reason}"}
            for each in refusals
        ]


def refused_proposals(
    wanted: Sequence[PriceProposal], products: Mapping[str, Product], policies: Mapping[str, EffectivePolicy]
) -> Iterable[RuleViolation]:
    """Yield why prices may not be proposed, in the order of the proposal."""
    seen: set[str] = set()
    for place, each in enumerate(wanted):
        code, product = each.product_id, products.get(each.product_id)
        if product is None:
            yield RuleViolation(place, code, "unknown_product", f"there is no product {code}")
        elif code in seen:
            yield RuleViolation(place, code, "repeated", f"{code} occurs twice")
        elif not _is_for_sale(product):
            yield RuleViolation(place, code, "not_for_sale", f"{code} is a service or was deactivated")
        elif each.price == product.current_price:
            yield RuleViolation(place, code, "same_price", f"{each.price} is the present price of {code}")
        elif broken := _broken_rule(each.price, product, policies[code]):
            yield RuleViolation(place, code, broken.rule, broken.reason)
        seen.add(code)


def validate_change(
    line: PriceChange, products: Mapping[str, Product], policies: Mapping[str, EffectivePolicy]
) -> RuleViolation | None:
    """What keeps a change from being approved or applied now."""
    product = products[line.product_id]
    if product.current_price != line.old_price:
        was, now = shown(line.old_price), shown(product.current_price)
        return refusal_of(
            line, "price_moved", f"the price was {was} when this was proposed and is {now} now; propose anew"
        )
    if not _is_for_sale(product):
        return refusal_of(line, "not_for_sale", "the product is a service or was deactivated")
    broken = _broken_rule(line.new_price, product, policies[line.product_id])
    return refusal_of(line, broken.rule, broken.reason) if broken else None


def refusal_of(line: PriceChange, code: str, reason: str) -> RuleViolation:
    return RuleViolation(line.pk, line.product_id, code, reason)


def _is_for_sale(product: Product) -> bool:
    return product.is_active and product.kind == Kind.MERCHANDISE


def _broken_rule(price: Decimal, product: Product, policy: EffectivePolicy) -> BrokenRule | None:
    return broken_rule(price, cost=product.cost, **policy.settings)


def shown(price: Decimal | None) -> str:
    return "not known" if price is None else str(price)
