"""Decide whether a recommendation is new or equals one that was offered before."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

OTHER_PRICE: Final = Decimal("0.03")
"""Fraction of the present price that two recommended prices must be apart to be different ones. Judgement."""

MUCH_MORE: Final = 2.0
"""Times the gain that was expected from which a refused recommendation is offered again. Judgement."""

NO_GRADE: Final = "E"
"""Worse than the worst."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommended change of one price.

    Attributes
    ----------
    gain : expected change of profit in 30 days, in currency.
    grade : of the elasticity, A to D; empty without one.
    """

    current_price: Decimal
    recommended_price: Decimal
    gain: float
    grade: str


def differs_materially(before: Advice, now: Advice) -> bool:
    """Whether advice is so different that who decided on the one has not decided on the other.

    It is where the present price has moved, the direction is the opposite one, the recommended price is 3 % of the present
    price away, the expected gain has doubled, or the grade is better.
    """
    if before.current_price != now.current_price:
        return True
    first, second = (each.recommended_price - each.current_price for each in (before, now))
    return (
        (first > 0) != (second > 0)
        or abs(second - first) >= OTHER_PRICE * now.current_price
        or now.gain >= MUCH_MORE * before.gain > 0
        or (now.grade or NO_GRADE) < (before.grade or NO_GRADE)
    )
