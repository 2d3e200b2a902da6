"""Which demand curve a shop's sales speak for: what is read off residuals, and what is made of it."""

import numpy as np
import pytest

from pricing.elasticity.core.demand import demand, shape_weights
from pricing.elasticity.core.pooled import Hyperparameters, fit_pooled
from pricing.elasticity.core.pooled.curvature import Curvature
from pricing.recommendation.core.inputs import PricingInputs
from pricing.recommendation.core.optimum import profit_optimum
from pricing.recommendation.core.uncertainty import ErrorFactor, draw_changes
from pricing.sales.core.daily import DailySales

PRODUCTS, DAYS = 60, 364


def shop(bent: float) -> DailySales:
    """60 products at two prices in turns of four weeks, 40 purchases a day at E = -2 to both sides of 10.00.

    `bent` is the share of linear demand in the mean.
    """
    rng = np.random.default_rng(7)
    product = np.repeat(np.arange(PRODUCTS), DAYS)
    day = np.tile(19_723 + np.arange(DAYS), PRODUCTS)
    turn = (day + 5 * product) // 28
    log_price = rng.choice([-0.25, -0.1, 0.0, 0.1, 0.25], (PRODUCTS, 800))[product, turn - turn.min()]
    mean = demand(np.exp(log_price), 1.0, 40.0, -2.0, "average", bent)
    lines = rng.poisson(mean)
    price = 10 * np.exp(log_price)
    return DailySales(
        product=product,
        day=day,
        lines=lines.astype(np.int64),
        units=lines.astype(np.float64),
        list_price=price,
        promotion=np.zeros(day.size, np.bool_),
    )


def fitted(bent: float) -> Hyperparameters:
    daily = shop(bent)
    return fit_pooled(daily, np.zeros(PRODUCTS, np.int64), np.unique(daily.day))


@pytest.mark.parametrize(("bent", "low", "high"), [(0.0, 0.02, 0.2), (0.5, 0.3, 0.75), (1.0, 0.8, 0.98)])
def test_sales_tell_a_line_from_constant_elasticity(bent, low, high):
    assert low <= fitted(bent).linear_share <= high


def test_what_the_sales_do_not_say_is_taken_as_even():
    assert Curvature(3.0, np.inf).linear_share == pytest.approx(0.5)
    # Precision 1 / (.49 + .01) = 2 against 4 of the prior: (2 x .2 + 4 x .5) / 6.
    assert Curvature(0.2, 0.7).linear_share == pytest.approx(0.4)
    # Nothing rules a curve out.
    assert Curvature(-4.0, 0.01).linear_share == 0.02
    assert Curvature(9.0, 0.01).linear_share == 0.98


def test_a_shop_of_few_products_says_nothing_of_the_curve():
    daily = shop(0.0)
    few = daily.rows(daily.product < 5)
    hyper = fit_pooled(few, np.zeros(PRODUCTS, np.int64), np.unique(few.day))
    assert hyper.linear_share == pytest.approx(0.5)


def test_what_was_stored_before_there_was_a_share_is_even():
    stored = fitted(0.0).to_dict()
    del stored["linear_share"]
    assert Hyperparameters.from_dict(stored).linear_share == 0.5


def test_demand_by_hand():
    # 20 % dearer at E = -2: linear 1 - .4 = .6, constant 1.2^-2 = .6944; a quarter and three quarters of them.
    assert demand(12.0, 10.0, 100.0, -2.0, "average", 0.25) == pytest.approx(15 + 0.75 * 69.4444, abs=1e-3)
    assert demand(12.0, 10.0, 100.0, -2.0, "linear", 0.25) == pytest.approx(60)
    assert shape_weights("average", 0.25) == {"linear": 0.25, "constant_elasticity": 0.75}


def test_the_best_price_lies_between_those_of_the_curves():
    # Linear: (6 + 10 x 1.5) / 2 = 10.50; constant: 6 x 2 / 1 = 12.00.
    best = [float(profit_optimum(10.0, 6.0, -2.0, "average", linear_share=share)) for share in (1, 0.5, 0)]
    assert best[0] == pytest.approx(10.50, abs=0.01)
    assert best[2] == pytest.approx(12.00, abs=0.01)
    assert best[0] < best[1] < best[2]


@pytest.mark.parametrize(("share", "drawn"), [(0.0, "constant_elasticity"), (1.0, "linear")])
def test_draws_hold_each_curve_for_its_share(share, drawn):
    errors = ErrorFactor(["A"], ["B"], np.zeros(1))

    def profit(model, linear_share):
        inputs = PricingInputs.of(
            price=10.0, cost=6.0, quantity=100, elasticity=-2.0, std_error=0.4, linear_share=linear_share
        )
        return draw_changes(inputs, np.array([11.0]), errors, model).profit

    assert profit("average", share) == pytest.approx(profit(drawn, 0.5))
    mixed = profit("average", 0.25)[0]
    assert mixed[:250] == pytest.approx(profit("linear", 0.5)[0, :250])
    assert mixed[250:] == pytest.approx(profit("constant_elasticity", 0.5)[0, 250:])


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_beyond_0_to_1_is_refused(share):
    with pytest.raises(ValueError, match="probability"):
        PricingInputs.of(price=1.0, elasticity=-1.0, linear_share=share)
