"""The prior price that an announced reduction has to name: Directive 98/6/EC, article 6a ("Omnibus").

The lowest price of the 30 days before the reduction that is in force. A reduction that is made larger step by step,
without a rise between, keeps the prior price of its first step (article 6a, paragraph 5). Where a deeper promotion
ends and the price returns to that of a reduction that was in force before, the earlier reduction is taken to have run
on: prices do not say which promotion they belong to.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

PRIOR_DAYS: Final = 30
"""Days before a reduction whose lowest price is its prior price: the law's."""

REDUCTION_DAYS: Final = 90
"""Days after which a lowered price counts as the regular one, no longer announced as a reduction. Judgement: no law names any."""

REGULAR, REDUCED, NO_DISCOUNT, UNKNOWN = PRIOR_STATES = ("regular", "reduced", "no_discount", "unknown")


@dataclass(frozen=True, slots=True)
class PriceStep:
    """A price that came into force on a day of the shop."""

    day: dt.date
    price: Decimal


@dataclass(frozen=True, slots=True)
class PriorPrice:
    """The prior price of a price, and the reduction that may be announced.

    Attributes
    ----------
    state : regular; reduced; no_discount (it was lowered, but not below the lowest price of the 30 days before: it may not be
        announced as a reduction); unknown (no price before it is known).
    price : in force; None where unknown.
    prior_price : to be named with it; None where it was not lowered.
    since : the day of the first step of the reduction.
    known_days : how many of the 30 days before have a known price: fewer of a new arrival.
    progressive : it was lowered further since, and names the prior price of the first step.
    resumed : a deeper reduction ended within it.
    """

    state: str
    price: Decimal | None = None
    prior_price: Decimal | None = None
    since: dt.date | None = None
    known_days: int = 0
    progressive: bool = False
    resumed: bool = False

    @property
    def discount_percent(self) -> Decimal | None:
        """What may be announced, in percent of the prior price; None where nothing may be."""
        if self.state != REDUCED or not self.prior_price or self.price is None:
            return None
        return 100 * (self.prior_price - self.price) / self.prior_price

    @property
    def new_arrival(self) -> bool:
        """It was on sale, as far as is known, for less than the 30 days; those are what its prior price rests on."""
        return self.since is not None and self.known_days < PRIOR_DAYS


def prior_price(steps: Sequence[PriceStep], today: dt.date) -> PriorPrice:
    """Find the prior price of the price in force.

    Parameters
    ----------
    steps : all known prices, in the order in which they came into force.
    """
    if not steps:
        return PriorPrice(UNKNOWN)
    # Levels of nested reductions by the index of their first step, the regular price first.
    levels, resumed = [0], False
    for index, step in enumerate(steps):
        top = steps[levels[-1]].price
        if step.price < top:
            levels.append(index)
            resumed = False if len(levels) == 2 else resumed
        elif step.price > top:
            while levels and steps[levels[-1]].price < step.price:
                levels.pop()
            resumed = bool(levels) and steps[levels[-1]].price == step.price
            if not resumed:
                levels = [index]
    now = steps[-1].price
    first = steps[levels[1]] if len(levels) > 1 else None
    if first is None or (today - first.day).days >= REDUCTION_DAYS:
        return PriorPrice(UNKNOWN if len(steps) == 1 else REGULAR, now)
    before = steps[: levels[1]]
    begin = first.day - dt.timedelta(days=PRIOR_DAYS)
    # A price was in force until the next one came, also when that was on the first of the days.
    within = [
        step.price
        for step, later in zip(before, [*before[1:], first], strict=True)
        if later.day > begin or later is first
    ]
    lowest = min(within)
    return PriorPrice(
        state=REDUCED if now < lowest else NO_DISCOUNT,
        price=now,
        prior_price=lowest,
        since=first.day,
        known_days=min(PRIOR_DAYS, (first.day - steps[0].day).days),
        progressive=len(levels) > 2,
        resumed=resumed,
    )
