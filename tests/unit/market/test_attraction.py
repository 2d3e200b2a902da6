"""Market shares: what is always so, and that the price sensitivity is the one that our elasticity shows."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from market.core.attraction import market_shares, own_elasticity, price_sensitivity

prices = st.floats(0.5, 200)
sellers = st.lists(st.tuples(prices, st.floats(0.1, 10)), min_size=2, max_size=8)
betas = st.floats(0, 20)
elasticities = st.floats(-6, -0.05)


def split(market: list) -> tuple[np.ndarray, np.ndarray]:
    price, quality = zip(*market, strict=True)
    return np.array(price), np.array(quality)


def test_the_shares_are_the_seed_s_formula() -> None:
    shares = market_shares([10, 20], [1, 2], beta=2, gamma=3)
    ours, theirs = 10**-2, 20**-2 * 2**3
    assert shares == pytest.approx([ours / (ours + theirs), theirs / (ours + theirs)])


@given(sellers, betas, st.floats(0, 5))
def test_shares_are_fractions_that_sum_to_1(market: list, beta: float, gamma: float) -> None:
    shares = market_shares(*split(market), beta, gamma)
    assert shares.sum() == pytest.approx(1)
    assert ((shares >= 0) & (shares <= 1)).all()


@given(sellers, betas, st.floats(1.001, 5))
def test_a_higher_own_price_never_raises_the_own_share(market: list, beta: float, times: float) -> None:
    price, quality = split(market)
    before = market_shares(price, quality, beta)
    price[0] *= times
    after = market_shares(price, quality, beta)
    assert after[0] <= before[0] + 1e-12
    assert (after[1:] >= before[1:] - 1e-12).all()


@given(sellers, betas, st.floats(1.001, 5))
def test_more_quality_never_lowers_the_share(market: list, beta: float, times: float) -> None:
    price, quality = split(market)
    before = market_shares(price, quality, beta)[0]
    quality[0] *= times
    assert market_shares(price, quality, beta)[0] >= before - 1e-12


@given(sellers, betas, st.floats(0.1, 10))
def test_only_the_relation_of_prices_counts(market: list, beta: float, rate: float) -> None:
    price, quality = split(market)
    assert market_shares(rate * price, quality, beta) == pytest.approx(
        market_shares(price, quality, beta), abs=1e-9
    )


@given(sellers, betas, st.floats(0, 5))
def test_nobody_pays_attention_to_a_price_without_sensitivity(
    market: list, beta: float, gamma: float
) -> None:
    price, quality = split(market)
    shares = market_shares(price, quality, 0.0, gamma)
    assert shares == pytest.approx(quality**gamma / (quality**gamma).sum())


@given(sellers, st.floats(0.05, 8))
def test_the_elasticity_is_the_slope_of_the_own_share(market: list, beta: float) -> None:
    price, quality = split(market)
    share = market_shares(price, quality, beta)[0]
    assume(1e-6 < share < 1 - 1e-6)
    step = 1e-5
    up, down = price.copy(), price.copy()
    up[0] *= np.exp(step)
    down[0] *= np.exp(-step)
    slope = np.log(market_shares(up, quality, beta)[0] / market_shares(down, quality, beta)[0]) / (2 * step)
    assert own_elasticity(beta, share) == pytest.approx(slope, rel=1e-3, abs=1e-6)


@given(sellers, elasticities)
def test_the_solved_sensitivity_gives_the_elasticity_back(market: list, elasticity: float) -> None:
    price, quality = split(market)
    found = price_sensitivity(elasticity, price, quality)
    in_model = own_elasticity(found.beta, market_shares(price, quality, found.beta)[0])
    assert found.beta >= 0
    if found.exact:
        assert in_model == pytest.approx(elasticity, rel=1e-6)
    else:
        assert in_model > elasticity


def test_among_equals_the_sensitivity_is_known_in_closed_form() -> None:
    # Four sellers alike have a quarter each, whatever beta: E = -beta 3/4.
    found = price_sensitivity(-1.5, [10] * 4, [1] * 4)
    assert found.exact
    assert found.beta == pytest.approx(2.0)


@given(sellers, elasticities)
def test_the_dearest_of_equals_always_finds_an_exact_answer(market: list, elasticity: float) -> None:
    price, _ = split(market)
    price[0] = price.max()
    assert price_sensitivity(elasticity, price, np.ones_like(price)).exact


def test_far_below_all_others_no_sensitivity_explains_a_large_elasticity() -> None:
    found = price_sensitivity(-3.0, [1.0, 10.0], [1, 1])
    assert not found.exact
    betas = np.arange(0, 50, 0.01)
    reached = [own_elasticity(beta, market_shares([1.0, 10.0], [1, 1], beta)[0]) for beta in betas]
    assert found.beta == pytest.approx(betas[np.argmin(reached)], abs=0.03)


@pytest.mark.parametrize("elasticity", [0.0, 0.5, float("nan")])
def test_an_elasticity_that_is_not_negative_has_no_sensitivity(elasticity: float) -> None:
    with pytest.raises(ValueError, match="below 0"):
        price_sensitivity(elasticity, [1, 2], [1, 1])


def test_a_single_seller_has_no_sensitivity() -> None:
    with pytest.raises(ValueError, match="second seller"):
        price_sensitivity(-1, [1], [1])
