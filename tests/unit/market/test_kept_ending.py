"""Which price a rule takes when prices keep their endings."""

import pytest

from market.core.repricing import kept_ending

NINES = (49, 99)


@pytest.mark.parametrize(
    ("now", "decided", "expected"),
    [
        (1649, 1485, 1499),  # lowered: the first ending on the way back up
        (1649, 1499, 1499),
        (1649, 1450, 1499),
        (1649, 1449, 1449),
        (1049, 1200, 1199),  # raised: the first one on the way back down
        (1049, 1099, 1099),
        (349, 314, 349),  # none on the way but the present one
        (350, 349, 349),
        (300, 340, 300),
        (499, 499, 499),
    ],
)
def test_the_nearest_ending_on_the_way_or_the_present_price(now: int, decided: int, expected: int) -> None:
    assert kept_ending(now, decided, NINES, 100) == expected


def test_without_endings_every_price_may_be() -> None:
    assert kept_ending(1649, 1485, (), 100) == 1485


def test_a_currency_without_cents_ends_in_its_own_digits() -> None:
    # Yen that end in 80: 1,580 to 1,400 stops at 1,480.
    assert kept_ending(1580, 1400, (80,), 100) == 1480
