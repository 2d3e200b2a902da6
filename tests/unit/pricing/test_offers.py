"""Whether advice is new, or what somebody has already decided on."""

from decimal import Decimal

import pytest

from pricing.recommendation.core.offers import Advice, differs_materially


def advice(now: str = "10", price: str = "11", gain: float = 5.0, grade: str = "B") -> Advice:
    return Advice(Decimal(now), Decimal(price), gain, grade)


@pytest.mark.parametrize(
    ("before", "now", "differs"),
    [
        (advice(), advice(), False),
        # Another present price.
        (advice(), advice(now="10.01"), True),
        # The opposite direction, or none, by less than 0.30.
        (advice(price="10.10"), advice(price="9.95"), True),
        (advice(price="10.10"), advice(price="10.00"), True),
        (advice(price="10.00"), advice(price="10.10"), True),
        (advice(price="9.90"), advice(price="9.95"), False),
        # 3 % of the present price apart, to either side.
        (advice(), advice(price="11.30"), True),
        (advice(), advice(price="11.29"), False),
        (advice(), advice(price="10.70"), True),
        (advice(), advice(price="10.71"), False),
        (advice(price="9.00"), advice(price="9.29"), False),
        # Twice the gain; twice nothing, or twice a loss, is no more.
        (advice(), advice(gain=10.0), True),
        (advice(), advice(gain=9.99), False),
        (advice(gain=0.5), advice(gain=1.0), True),
        (advice(gain=0.0), advice(gain=0.0), False),
        (advice(gain=-1.0), advice(gain=-2.0), False),
        # A better grade, and a worse one.
        (advice(), advice(grade="A"), True),
        (advice(), advice(grade="C"), False),
        # Without an elasticity there is no grade, which is not the best one.
        (advice(grade="D"), advice(grade=""), False),
        (advice(grade=""), advice(grade="D"), True),
    ],
)
def test_advice_is_new_where_it_differs_materially(before: Advice, now: Advice, differs: bool) -> None:
    assert differs_materially(before, now) is differs
