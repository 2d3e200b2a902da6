"""The facts to confirm before price changes are approved, applied or rolled back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pricing.changes.core.prior_price import NO_DISCOUNT
from pricing.changes.selectors.batches import count_below_cost, crossed_of, totals_of
from pricing.changes.selectors.price_changes import OPEN
from pricing.changes.selectors.prior_prices import prior_prices_of_changes
from pricing.recommendation.selectors.price_totals import PriceTotals
from pricing.sales.models import PriceChange


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What changes amount to, and what speaks against them.

    Attributes
    ----------
    totals : count, range, expected profit and how many are below cost.
    moved : how many cannot be made, since the price has moved.
    no_discounts : how many are to a lower price that may not be announced as a reduction.
    beyond : how many lie outside the limits of recommendations.
    """

    totals: PriceTotals = field(default_factory=PriceTotals)
    moved: int = 0
    no_discounts: int = 0
    beyond: int = 0


def confirmation_of(changes: Sequence[PriceChange], totals: PriceTotals | None = None) -> Confirmation:
    """What is to be confirmed of changes, each with its product.

    Parameters
    ----------
    totals : of these changes, where they are known already.
    """
    waiting = [each for each in changes if each.status in OPEN]
    priors = prior_prices_of_changes(waiting)
    return Confirmation(
        totals or totals_of(changes),
        sum(each.is_stale for each in changes),
        sum(each.state == NO_DISCOUNT for each in priors.values()),
        len(crossed_of(waiting)),
    )


@dataclass(frozen=True, slots=True)
class Undoing:
    """What undoing changes does: the prices go back from those that the changes made to those before.

    Attributes
    ----------
    only : the change, where it is a single one.
    lowest_percent, highest_percent : how far prices move back; None where no price before is known.
    unpriced : how many have no price before, and follow the sales again.
    below_cost : how many prices before are below the cost of today.
    """

    only: PriceChange | None
    lowest_percent: Decimal | None
    highest_percent: Decimal | None
    unpriced: int
    below_cost: int


def undoing_of(changes: Sequence[PriceChange]) -> Undoing:
    """What is to be confirmed before changes, each with its product, are undone."""
    known = [(each, each.old_price) for each in changes if each.old_price is not None]
    percents = [100 * (old - each.new_price) / each.new_price for each, old in known]
    return Undoing(
        changes[0] if len(changes) == 1 else None,
        min(percents, default=None),
        max(percents, default=None),
        len(changes) - len(known),
        count_below_cost([(each.product, old) for each, old in known]),
    )
