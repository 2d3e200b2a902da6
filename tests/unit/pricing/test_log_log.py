import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.elasticity.core.log_log import fit_log_log

COLUMNS = ("elasticity", "intercept", "std_error", "t_value", "p_value", "ci_low", "ci_high", "r_squared")


def one_product(price, quantity, **options):
    price = np.asarray(price, np.float64)
    return fit_log_log(np.zeros(price.size, np.int64), price, np.asarray(quantity, np.float64), 1, **options)


def noisy_demand(seed, days=60, elasticity=-1.5, products=1):
    rng = np.random.default_rng(seed)
    product = np.repeat(np.arange(products), days)
    price = np.round(rng.uniform(2, 8, product.size), 2)
    quantity = np.ceil(200 * price**elasticity * rng.lognormal(0, 0.4, product.size))
    return product, price, quantity


def test_exact_constant_elasticity_is_recovered():
    price = np.tile([2.0, 4.0, 8.0], 10)
    fit = one_product(price, 64 * price**-2)
    assert fit.elasticity[0] == pytest.approx(-2, rel=1e-12)
    assert np.exp(fit.intercept[0]) == pytest.approx(64, rel=1e-12)
    assert fit.r_squared[0] == pytest.approx(1, rel=1e-12)
    assert fit.r_squared[0] <= 1
    assert fit.p_value[0] < 1e-100


def test_a_fit_by_hand():
    fit = one_product(np.exp([0.0, 1.0, 2.0]), np.exp([3.0, 1.0, 2.0]), min_sold_days=3)
    # x = 0, 1, 2 and y = 3, 1, 2: b1 = -1/2, residuals .5, -1, .5, so s^2 = 1.5 and se = sqrt(1.5 / 2).
    assert fit.elasticity[0] == pytest.approx(-0.5, rel=1e-4)
    assert fit.intercept[0] == pytest.approx(2.5, rel=1e-4)
    assert fit.std_error[0] == pytest.approx(np.sqrt(0.75), rel=1e-4)
    assert fit.r_squared[0] == pytest.approx(0.25, rel=1e-4)
    # One degree of freedom: the quantile is tan(.95 pi / 2), the p-value 1 - 2 atan(|t|) / pi.
    assert fit.ci_high[0] == pytest.approx(-0.5 + np.tan(0.475 * np.pi) * np.sqrt(0.75), rel=1e-4)
    assert fit.p_value[0] == pytest.approx(1 - 2 * np.arctan(0.5 / np.sqrt(0.75)) / np.pi, rel=1e-4)


def test_thirty_sold_days_are_enough_and_twenty_nine_are_not():
    price = np.tile([2.0, 4.0], 15)
    quantity = np.arange(1.0, 31.0)
    assert one_product(price, quantity).usable.tolist() == [True]
    short = one_product(price[:29], quantity[:29])
    assert short.usable.tolist() == [False]
    assert short.n.tolist() == [29]
    assert all(np.isnan(getattr(short, column)).all() for column in COLUMNS)


def test_days_without_sales_or_price_do_not_count():
    price = np.concatenate([np.tile([2.0, 4.0], 15), [3.0, 3.0, 0.0, np.nan, -1.0, 0.00001]])
    quantity = np.concatenate([np.arange(1.0, 31.0), [0.0, -5.0, 2.0, 2.0, 2.0, 2.0]])
    with_them, without = one_product(price, quantity), one_product(price[:30], quantity[:30])
    assert with_them.n.tolist() == [30]
    assert with_them.elasticity[0] == without.elasticity[0]


def test_prices_equal_to_four_decimals_are_one_price():
    quantity = np.arange(1.0, 31.0)
    same = one_product(np.tile([2.50001, 2.50004], 15), quantity)
    assert (same.usable[0], same.price_varies[0]) == (False, False)
    apart = one_product(np.tile([2.5000, 2.5001], 15), quantity)
    assert (apart.usable[0], apart.price_varies[0]) == (True, True)


def test_a_varying_price_is_reported_even_when_the_days_are_few():
    few = one_product([2.0, 3.0], [5.0, 6.0])
    assert (few.usable[0], few.price_varies[0]) == (False, True)


@pytest.mark.parametrize("units", [1.0, 3.0, 7.0, 12345.0])
def test_constant_units_mean_no_slope_and_nothing_explained(units):
    fit = one_product(np.tile([1.13, 2.71, 3.3], 11), np.full(33, units))
    assert (fit.elasticity[0], fit.std_error[0], fit.t_value[0]) == (0, 0, 0)
    assert (fit.ci_low[0], fit.ci_high[0], fit.r_squared[0], fit.p_value[0]) == (0, 0, 0, 1)
    assert fit.intercept[0] == pytest.approx(np.log(units))


def test_a_price_that_hardly_moves_keeps_its_digits():
    rng = np.random.default_rng(3)
    cents = rng.integers(0, 3, 90)
    units = rng.integers(1, 9, 90)
    fit = one_product(9999.0 + cents / 10_000, units)
    # ln(9999 + c / 10^4) is linear in c to twelve digits here, so this is the slope on c rescaled.
    slope = np.polyfit(cents, np.log(units), 1)[0] * 9999.0 * 10_000
    assert fit.elasticity[0] == pytest.approx(slope, rel=1e-6)


def test_a_slope_of_almost_nothing_keeps_its_r_squared():
    price = np.tile([1.0, 1.0, 2.0, 2.0], 20)
    quantity = np.tile([100.0, 10.0, 100.0, 10.0], 20)
    quantity[2] += 1e-6
    fit = one_product(price, quantity)
    # To first order the slope is (1e-8 / 40) / ln 2, and sxx = 20 ln(2)^2, syy = 20 ln(10)^2.
    slope = 1e-8 / 40 / np.log(2)
    assert fit.elasticity[0] == pytest.approx(slope, rel=1e-5, abs=0)
    explained = slope * np.log(2) / np.log(10)
    assert fit.r_squared[0] == pytest.approx(explained**2, rel=1e-5, abs=0)


def test_each_product_is_fitted_alone():
    product, price, quantity = noisy_demand(5, products=4)
    product = product * 2 + 1
    together = fit_log_log(product, price, quantity, 9)
    assert together.usable.tolist() == [False, True] * 4 + [False]
    for index in (1, 3, 5, 7):
        alone = one_product(price[product == index], quantity[product == index])
        for column in COLUMNS:
            assert getattr(together, column)[index] == pytest.approx(getattr(alone, column)[0], rel=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_the_order_of_days_does_not_matter(seed):
    product, price, quantity = noisy_demand(seed, products=3)
    mixed = np.random.default_rng(seed).permutation(product.size)
    expected = fit_log_log(product, price, quantity, 3)
    shuffled = fit_log_log(product[mixed], price[mixed], quantity[mixed], 3)
    for column in COLUMNS:
        np.testing.assert_allclose(getattr(shuffled, column), getattr(expected, column), rtol=1e-9)


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 10, 100]), st.sampled_from([3, 12, 1000]))
def test_currency_and_pack_size_change_only_the_intercept(seed, currency, pack):
    product, price, quantity = noisy_demand(seed)
    expected = fit_log_log(product, price, quantity, 1)
    scaled = fit_log_log(product, price * currency, quantity * pack, 1)
    for column in set(COLUMNS) - {"intercept"}:
        np.testing.assert_allclose(getattr(scaled, column), getattr(expected, column), rtol=1e-7)


def test_a_higher_confidence_level_widens_the_interval_and_nothing_else():
    product, price, quantity = noisy_demand(8)
    usual, wide = (fit_log_log(product, price, quantity, 1, level=level) for level in (0.95, 0.99))
    assert wide.ci_low[0] < usual.ci_low[0] < usual.elasticity[0] < usual.ci_high[0] < wide.ci_high[0]
    assert wide.std_error[0] == usual.std_error[0]


def test_no_sales_at_all_are_no_error():
    fit = one_product([], [])
    assert (fit.usable[0], fit.n[0]) == (False, 0)


def test_impossible_options_are_refused():
    with pytest.raises(ValueError, match="at least 3 sold days"):
        one_product([1.0], [1.0], min_sold_days=2)
    with pytest.raises(ValueError, match="between 0 and 1"):
        one_product([1.0], [1.0], level=1.0)
