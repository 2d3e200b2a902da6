"""Numbers of answers are rounded to so many places, halves away from zero."""

import json
from decimal import Decimal

import pytest

from elastix.api.fields import money, rounded


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (0.125, 2, "0.13"),
        (-0.125, 2, "-0.13"),
        (Decimal("2.345"), 2, "2.35"),
        (12.5, 0, "13.0"),
        (-0.004, 2, "0.0"),
        (-0.0, 2, "0.0"),
        (Decimal("-0.001"), 1, "0.0"),
        (None, 2, "null"),
    ],
)
def test_nothing_is_shown_as_minus_zero(value, places, shown):
    assert json.dumps(rounded(value, places)) == shown


def test_money_has_cents():
    assert money(14657.735) == 14657.74
