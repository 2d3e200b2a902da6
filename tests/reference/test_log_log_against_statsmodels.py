"""The vectorised log-log regression equals statsmodels' OLS to a relative 1e-9."""

import numpy as np
import pytest

from pricing.elasticity.core.log_log import fit_log_log

RELATIVE = 1e-9


def shop(seed, products=120):
    """Products from a handful to hundreds of sold days, prices that hardly move or by half."""
    rng = np.random.default_rng(seed)
    days = rng.integers(5, 350, products)
    product = np.repeat(np.arange(products), days)
    base = rng.lognormal(1, 1, products)
    spread = rng.choice([0.0, 0.001, 0.05, 0.5], products)
    price = np.round(base[product] * np.exp(spread[product] * rng.normal(size=product.size)), 4)
    elasticity = rng.normal(-1.5, 1, products)
    noise = rng.lognormal(0, 0.8, product.size)
    quantity = np.ceil(10 * (price / base[product]) ** elasticity[product] * noise)
    return product, price, quantity


def ordinary_least_squares(price, quantity):
    """Coefficient, standard error, interval, R^2, t, p and intercept of ln Q on ln P by statsmodels."""
    import statsmodels.api as sm

    fit = sm.OLS(np.log(quantity), sm.add_constant(np.log(price), has_constant="add")).fit()
    low, high = fit.conf_int()[1]
    return np.array(
        [fit.params[1], fit.bse[1], low, high, fit.rsquared, fit.tvalues[1], fit.pvalues[1], fit.params[0]]
    )


@pytest.mark.parametrize("seed", [11, 12])
def test_every_product_that_qualifies_equals_statsmodels(seed):
    product, price, quantity = shop(seed)
    fit = fit_log_log(product, price, quantity, 120)
    names = ("elasticity", "std_error", "ci_low", "ci_high", "r_squared", "t_value", "p_value", "intercept")
    ours = np.column_stack([getattr(fit, name) for name in names])
    qualified = [
        index
        for index in range(120)
        if (product == index).sum() >= 30 and np.unique(price[product == index]).size >= 2
    ]
    assert np.flatnonzero(fit.usable).tolist() == qualified
    assert len(qualified) > 60
    theirs = np.array(
        [ordinary_least_squares(price[product == i], quantity[product == i]) for i in qualified]
    )
    np.testing.assert_allclose(ours[qualified], theirs, rtol=RELATIVE, atol=0)
