"""Our price among the competitors': worked numbers, limits of the names, and what is always so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.core.positioning import MarketPosition, advise, market_position

prices = st.integers(1, 100_000).map(lambda cents: cents / 100)
markets = st.lists(prices, min_size=1, max_size=8)
LATTE = (13.49, 12.49, 14.99)


def test_the_seed_s_market_by_its_own_formulas() -> None:
    found = market_position(12.99, LATTE)
    assert found.position_index == pytest.approx(0.20)
    assert (found.market_min, found.market_max) == (12.49, 14.99)
    assert found.market_avg == pytest.approx(13.6567, abs=1e-4)
    assert found.price_gap_percent == pytest.approx(-4.88, abs=0.01)
    assert (found.position, found.competitive_position) == ("Below Average", "Price Leader")


@pytest.mark.parametrize(
    ("price", "position"),
    [
        (97.99, "Below Average"),
        (98.00, "Average"),
        (100.00, "Average"),
        (102.00, "Average"),
        (102.01, "Above Average"),
    ],
)
def test_average_is_within_two_percent_of_the_mean(price: float, position: str) -> None:
    assert market_position(price, [90, 110]).position == position


@pytest.mark.parametrize(
    ("price", "position"),
    [
        (20.99, "Price Leader"),
        (21.00, "Mid-Market"),
        (28.50, "Mid-Market"),
        (28.51, "Premium Position"),
    ],
)
def test_the_competitive_position_has_the_seed_s_limits(price: float, position: str) -> None:
    assert market_position(price, [20, 25, 30]).competitive_position == position


def test_where_all_ask_the_same_the_index_is_the_middle() -> None:
    assert market_position(7.0, [5.0, 5.0]).position_index == 0.5


def test_outside_the_market_the_index_leaves_0_to_1() -> None:
    assert market_position(5.0, [10.0, 20.0]).position_index == -0.5
    assert market_position(25.0, [10.0, 20.0]).position_index == 1.5


def test_without_prices_there_is_no_position() -> None:
    nowhere = market_position(1.0, [])
    assert nowhere == MarketPosition()
    with pytest.raises(ValueError, match="no competitors' prices"):
        advise(nowhere, 1.0, None)


def test_without_a_price_of_ours_the_market_is_known_all_the_same() -> None:
    assert market_position(None, [10.0, 20.0]) == MarketPosition(
        market_min=10.0, market_max=20.0, market_avg=15.0
    )


@given(prices, prices, markets)
def test_a_higher_price_never_stands_lower(price: float, more: float, market: list[float]) -> None:
    low, high = market_position(price, market), market_position(price + more, market)
    assert high.position_index >= low.position_index
    assert high.price_gap_percent > low.price_gap_percent
    names = ("Below Average", "Average", "Above Average")
    assert names.index(high.position) >= names.index(low.position)


@given(prices, markets, st.sampled_from([0.25, 2.0, 16.0]))
def test_another_currency_changes_no_place(price: float, market: list[float], rate: float) -> None:
    here, there = (
        market_position(price, market),
        market_position(price * rate, [rate * each for each in market]),
    )
    assert (here.position, here.competitive_position) == (there.position, there.competitive_position)
    assert here.position_index == pytest.approx(there.position_index)


@pytest.mark.parametrize(
    ("price", "cost", "code", "words"),
    [
        (12.99, 8.50, "ROOM_TO_RAISE", "4.9 % below the competitors' mean of 13.66"),
        (13.70, None, "IN_LINE", "in line"),
        (16.00, 8.50, "ABOVE_MARKET", "17.2 % above"),
        (16.00, 13.00, "ABOVE_MARKET", "lowest price is below our cost"),
        (16.00, 13.66, "MARKET_BELOW_COST", "below our cost of 13.66"),
        (12.99, 14.00, "MARKET_BELOW_COST", "do not follow"),
    ],
)
def test_the_advice_says_what_the_place_suggests(
    price: float, cost: float | None, code: str, words: str
) -> None:
    advice = advise(market_position(price, LATTE), price, cost)
    assert advice.code == code
    assert words in advice.sentence
    assert advice.sentence.endswith(".")
