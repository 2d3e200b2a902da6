"""Relations between prices, as bounds on each of them."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pricing.recommendation.core.relations import Pair, bounds_of, pairs_of, shared_bounds

PRICES = {"A": Decimal(10), "B": Decimal(12), "C": Decimal(20)}


def bounds(kind: str, *sizes: int, gap: str = "0") -> dict[str, tuple[float | None, float | None]]:
    members = [
        (code, Decimal(size) if size else None) for code, size in zip("ABC", sizes or (0, 0, 0), strict=True)
    ]
    found = bounds_of(pairs_of(kind, members, Decimal(gap)), PRICES)
    return {
        code: tuple(None if each is None else round(float(each), 4) for each in found[code]) for code in "ABC"
    }  # type: ignore[misc]


def test_a_line_has_one_price() -> None:
    assert bounds("line") == {"A": (12, 12), "B": (20, 10), "C": (12, 12)}


def test_the_price_of_a_unit_falls_with_the_size() -> None:
    # 10 for 1, 12 for 2, 20 for 4: B may cost 10 to 20, since 4 cost 20.
    assert bounds("sizes", 1, 2, 4) == {"A": (6, None), "B": (10, 20), "C": (None, 24)}
    # The order of the members does not matter.
    assert bounds("sizes", 4, 2, 1) == {"A": (None, 24), "B": (5, 40), "C": (6, None)}


def test_steps_keep_their_gap() -> None:
    assert bounds("steps", gap="0.25") == {"A": (None, 9.6), "B": (12.5, 16), "C": (15, None)}


def test_an_own_label_stays_below_every_brand() -> None:
    assert bounds("own_label", gap="0.2") == {"A": (None, 9.6), "B": (12.5, None), "C": (12.5, None)}


def test_unknown_prices_bound_nothing() -> None:
    pairs = [Pair("A", "X", Decimal(2)), Pair("X", "B", Decimal(1))]
    assert bounds_of(pairs, PRICES) == {"X": (Decimal(12), Decimal(5))}
    assert shared_bounds(pairs, PRICES) == {}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(over=st.integers(1, 10_000), under=st.integers(1, 10_000), ratio=st.integers(1, 400))
def test_prices_chosen_in_the_shared_room_keep_the_relation(over: int, under: int, ratio: int) -> None:
    pair = Pair("A", "B", Decimal(ratio) / 100)
    found = shared_bounds([pair], {"A": Decimal(over) / 100, "B": Decimal(under) / 100})
    floor, ceiling = found["A"].floor, found["B"].ceiling
    assert floor is not None and ceiling is not None
    assert float(floor) == pytest.approx(float(pair.ratio * ceiling))


def test_the_shared_room_ends_at_the_geometric_mean() -> None:
    # One costs at least twice the other: 18 and twice 4 meet at sqrt(18 x 8) = 12, half of which is the other's.
    found = shared_bounds([Pair("A", "B", Decimal(2))], {"A": Decimal(18), "B": Decimal(4)})
    assert found == {"A": (Decimal(12), None), "B": (None, Decimal(6))}


def test_prices_of_a_line_stay_where_they_are_also_where_they_differ() -> None:
    members = [(code, None) for code in "ABC"]
    found = shared_bounds(pairs_of("line", members, Decimal(0)), PRICES)
    assert found == {code: (price, price) for code, price in PRICES.items()}
    # A ratio of 1 one way only is no line.
    assert shared_bounds([Pair("B", "A", Decimal(1))], PRICES)["A"] == (None, Decimal(120).sqrt())


def test_of_several_relations_the_tightest_holds() -> None:
    pairs = [Pair("C", "A", Decimal("1.5")), Pair("C", "B", Decimal(1)), Pair("C", "A", Decimal("1.1"))]
    found = bounds_of(pairs, PRICES)
    # 1.5 x 10 against 12 and 11; 20 / 1.5 against 20 / 1.1.
    assert found["C"] == (Decimal(15), None)
    assert found["A"] == (None, Decimal(20) / Decimal("1.5"))
    assert shared_bounds(pairs, {"A": Decimal(10)}) == {}
