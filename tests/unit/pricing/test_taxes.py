"""Prices that include tax: what is compared with a cost is what is left without it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.recommendation.core.impact import project_impact
from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs, PricingStrategy
from pricing.recommendation.core.joint import joint_prices, joint_profit
from pricing.recommendation.core.limits import price_limits
from pricing.recommendation.core.recommendation import recommend
from pricing.recommendation.core.uncertainty import ErrorFactor, draw_changes


def taxed(rate: float = 20.0, **more) -> PricingInputs:
    """12.00 with 20 % tax is 10.00 without; the cost is 6.00."""
    known = {"price": 12.0, "cost": 6.0, "elasticity": -2.0, "std_error": 0.1, "quantity": 100.0}
    return PricingInputs.of(**known | more, tax_rate=rate)


def test_the_profit_of_a_unit_is_net() -> None:
    now = project_impact(taxed(), 12.0).current
    # 100 x 12.00 are charged; of each 10.00 stays, which is 4.00 more than it costs.
    assert (now.revenue[0], now.profit[0]) == pytest.approx((1200, 400))
    assert taxed().net_cost[0] == pytest.approx(6)


def test_the_best_price_is_the_monopoly_markup_on_the_net_price() -> None:
    strategy = PricingStrategy("profit", "constant_elasticity", price_endings=())
    found = recommend(taxed(std_error=0), PriceConstraints.of(1, max_change=1), strategy).of_product(0)
    # At -2 the best net price is twice the cost, 12.00: 14.40 with tax. Without tax it would be 12.00.
    assert str(found.lerner_price) == "14.40" and str(found.unconstrained_price) == "14.40"
    assert str(found.recommended_price) == "14.40"
    assert found.cost == pytest.approx(6)


def test_floors_are_compared_with_the_net_price() -> None:
    limits = price_limits(taxed(), PriceConstraints.of(1, max_change=1, minimum_margin=0.4))
    bounds = {each.rule: str(each.bound) for each in limits.of_product(0)}
    # 1.1 x 6.00 net; a margin of 40 % is 10.00 net; 5 x 6.00 net.
    assert (bounds["cost_floor"], bounds["minimum_margin"], bounds["price_ceiling"]) == (
        "7.92",
        "12.00",
        "36.00",
    )


def test_an_assumed_cost_is_a_share_of_the_net_price() -> None:
    inputs = taxed(cost=None, assumed_cost_ratio=0.6)
    assert inputs.net_cost[0] == pytest.approx(6)


def test_profits_of_goods_taxed_apart_add_up_net() -> None:
    inputs = taxed(rate=[20.0, 0.0], price=[12.0, 10.0], cost=[6.0, 6.0], elasticity=[-2.0, -2.0])
    nothing = np.zeros((2, 2))
    assert joint_profit(inputs, inputs.price, nothing) == pytest.approx(400 + 400)
    prices = joint_prices(inputs, np.array([6.0, 5.0]), np.array([24.0, 20.0]), nothing)
    # Linear demand: (cost + price at which it ends) / 2 = (6 + 15) / 2 net.
    assert prices == pytest.approx([12.60, 10.50])


def test_draws_of_profit_are_net() -> None:
    names = ErrorFactor(names=["A"], shared_with=["a"], shared_sd=np.array([0.0]))
    with_tax, without = taxed(), taxed(0.0, price=10.0)
    gross = draw_changes(with_tax, np.array([13.2]), names).profit
    assert gross == pytest.approx(draw_changes(without, np.array([11.0]), names).profit)


@given(
    st.floats(0, 50), st.floats(1, 1000), st.floats(0.1, 1.1), st.floats(-4, -0.1), st.floats(0.8, 1.2),
    st.sampled_from(["linear", "constant_elasticity", "average"]),
)  # fmt: skip
def test_a_shop_with_tax_earns_what_the_same_shop_without_it_earns(
    rate, net, share, e, change, model
) -> None:
    cost, factor = round(share * net, 2), 1 + rate / 100
    known = {"cost": cost, "elasticity": e, "std_error": 0.2, "quantity": 50.0}
    gross = PricingInputs.of(price=net * factor, tax_rate=rate, **known)
    other = PricingInputs.of(price=net, **known)
    one = project_impact(gross, net * factor * change, model)
    two = project_impact(other, net * change, model)
    # The cost with tax is kept to four decimals.
    assert one.projected.profit == pytest.approx(two.projected.profit, rel=1e-6, abs=0.01)
    assert one.probability_of_gain == pytest.approx(two.probability_of_gain, abs=2e-3)
