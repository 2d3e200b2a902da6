"""Regression diagnostics of one product, against hand computation and the textbooks' formulas."""

import numpy as np
import pytest

from pricing.elasticity.core.diagnostics import FEW_PRICES, Diagnostics, NotEstimable, diagnose
from pricing.elasticity.core.log_log import fit_log_log

FIRST_DAY = 20_089  # 2025-01-01
LN2 = np.log(2.0)
# Twelve days, prices 1 and 2. Log units are ln 8 - ln P, and half of the days sell twice, half of them half as much:
# every residual is +-ln 2, so that all figures can be worked out on paper.
PRICES = np.tile([1.0, 1.0, 2.0, 2.0], 3)
UNITS = np.tile([16.0, 4.0, 8.0, 2.0], 3)


def by_hand() -> Diagnostics:
    return diagnose(FIRST_DAY + np.arange(12), PRICES, UNITS)


def shop(
    seed: int = 1, days: int = 150, elasticity: float = -1.6
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days, prices and units of a product that sells every day at one of five prices."""
    rng = np.random.default_rng(seed)
    price = rng.choice([2.0, 2.2, 2.5, 2.8, 3.2], days)
    quantity = np.ceil(60 * (price / 2.5) ** elasticity * rng.lognormal(0, 0.4, days))
    return FIRST_DAY + np.arange(days), price, quantity


def topic(found: Diagnostics, name: str) -> tuple[bool, str]:
    (finding,) = [each for each in found.findings if each.topic == name]
    return finding.caution, finding.text


# --- on paper ----------------------------------------------------------------------------------------


def test_the_line_is_the_one_on_paper() -> None:
    found = by_hand()
    assert found.elasticity == pytest.approx(-1.0, abs=1e-12)
    assert found.intercept == pytest.approx(np.log(8.0), abs=1e-12)
    # Explained 3 ln2^2 of 15 ln2^2; 12 days, 10 degrees of freedom.
    assert found.r_squared == pytest.approx(0.2)
    assert found.adjusted_r_squared == pytest.approx(1 - 0.8 * 11 / 10)
    assert (found.sold_days, found.prices, found.hac_lags) == (12, 2, 2)


def test_classical_and_hc3_errors_are_those_on_paper() -> None:
    classical, hc3, hac = by_hand().standard_errors
    assert (classical.kind, hc3.kind, hac.kind) == ("classical", "HC3", "HAC")
    # s^2 = 1.2 ln2^2, sum of squares of ln P = 3 ln2^2, leverage 1/6 everywhere.
    assert classical.std_error == pytest.approx(np.sqrt(0.4))
    assert hc3.std_error == pytest.approx(np.sqrt(0.48))
    assert classical.t_value == pytest.approx(-1 / np.sqrt(0.4))
    # The 97.5 % quantile of Student's t with 10 degrees of freedom is 2.2281 in every table.
    assert classical.ci_low == pytest.approx(-1 - 2.2281 * np.sqrt(0.4), abs=1e-4)
    assert classical.ci_high == pytest.approx(-1 + 2.2281 * np.sqrt(0.4), abs=1e-4)
    assert classical.p_value == pytest.approx(0.1450, abs=1e-4)


def test_newey_west_and_durbin_watson_are_those_on_paper() -> None:
    found = by_hand()
    # Residuals alternate in sign: e_t - e_(t-1) is +-2 ln 2 eleven times, over twelve squares of ln 2.
    assert found.durbin_watson == pytest.approx(11 * 4 / 12)
    # Scores x e in units of ln2^2 / 2 are -1 1 1 -1 ...: lag 1 sums to -1, lag 2 to -10; Bartlett weights 2/3 and 1/3.
    meat = 12 + 2 * (2 / 3 * -1 + 1 / 3 * -10)
    variance = meat / 4 / 9 * 12 / 10
    assert found.standard_errors[2].std_error == pytest.approx(np.sqrt(variance))
    caution, text = topic(found, "durbin_watson")
    assert caution
    assert "take turns" in text


def test_two_prices_leave_nothing_to_test_the_shape_with() -> None:
    found = by_hand()
    assert tuple(found.reset) == (None, None)
    assert found.flags == ["FEW_DAYS", FEW_PRICES]
    assert "With 2 prices" in topic(found, "reset")[1]


def test_the_poisson_regression_through_two_means_is_exact() -> None:
    # 10 units a day at 1, 5 at 2.
    poisson = by_hand().poisson
    assert poisson.elasticity == pytest.approx(-1.0, abs=1e-8)
    assert poisson.converged
    assert poisson.iterations >= 1
    # Sandwich: sum of squared residuals over squared total of each price.
    spread = 6 * 36 / 60**2 + 6 * 9 / 30**2
    assert poisson.std_error == pytest.approx(np.sqrt(spread) / LN2, rel=1e-6)
    assert poisson.dispersion == pytest.approx((6 * 36 / 10 + 6 * 9 / 5) / 10)


def test_points_have_what_the_line_expects_and_what_is_left() -> None:
    points = by_hand().points
    assert [point.day for point in points] == list(range(FIRST_DAY, FIRST_DAY + 12))
    assert [point.residual for point in points] == pytest.approx(list(np.tile([LN2, -LN2], 6)))
    assert points[2].fitted == pytest.approx(np.log(4.0))
    assert (points[2].price, points[2].quantity) == (2.0, 8.0)


# --- textbook formulas ---------------------------------------------------------------------------------


def test_breusch_pagan_is_n_times_the_r_squared_of_the_squared_residuals() -> None:
    day, price, quantity = shop()
    found = diagnose(day, price, quantity)
    squares = np.array([point.residual for point in found.points]) ** 2
    correlation = np.corrcoef(squares, np.log(price))[0, 1]
    assert found.breusch_pagan.statistic == pytest.approx(150 * correlation**2)


def test_reset_is_the_f_test_of_squares_and_cubes_of_the_fit() -> None:
    day, price, quantity = shop()
    found = diagnose(day, price, quantity)
    x, y = np.log(price), np.log(quantity)
    fitted = np.array([point.fitted for point in found.points])
    wide = np.column_stack((np.ones(150), x, fitted**2, fitted**3))
    left = y - wide @ np.linalg.lstsq(wide, y, rcond=None)[0]
    narrow = sum(point.residual**2 for point in found.points)
    assert found.reset.statistic == pytest.approx((narrow - left @ left) / 2 / (left @ left / 146), rel=1e-6)


def test_cooks_distance_and_the_elasticity_without_a_day_are_those_of_a_second_regression() -> None:
    day, price, quantity = shop()
    quantity[70] *= 40
    found = diagnose(day, price, quantity)
    top = found.influential[0]
    assert (top.day, top.price, top.quantity) == (FIRST_DAY + 70, price[70], quantity[70])
    others = np.arange(150) != 70
    again = np.polyfit(np.log(price[others]), np.log(quantity[others]), 1)
    assert top.elasticity_without == pytest.approx(again[0])
    moved = np.array([found.elasticity, found.intercept]) - again
    design = np.column_stack((np.log(price), np.ones(150)))
    scale = 2 * sum(point.residual**2 for point in found.points) / 148
    assert top.cooks_distance == pytest.approx(moved @ design.T @ design @ moved / scale)
    distances = [each.cooks_distance for each in found.influential]
    assert distances == sorted(distances, reverse=True)
    assert len(distances) == 5


def test_the_coefficients_are_those_of_the_method_log_log() -> None:
    day, price, quantity = shop(4)
    quantity[::9] = 0.0
    price[5] = np.nan
    found = diagnose(day, price, quantity)
    fit = fit_log_log(np.zeros(150, np.int64), price, quantity, 1)
    classical = found.standard_errors[0]
    ours = (found.elasticity, found.intercept, found.r_squared, *classical[1:])
    names = ("elasticity", "intercept", "r_squared", "std_error", "t_value", "p_value", "ci_low", "ci_high")
    np.testing.assert_allclose(ours, [getattr(fit, name)[0] for name in names], rtol=1e-9)
    assert found.sold_days == int(fit.n[0]) == len(found.points)
    assert found.flags == []


# --- what must not change anything ---------------------------------------------------------------------


@pytest.mark.parametrize("times", [10.0, 0.5])
def test_another_currency_changes_the_intercept_only(times: float) -> None:
    day, price, quantity = shop(2)
    one, other = diagnose(day, price, quantity), diagnose(day, price * times, quantity)
    assert other.elasticity == pytest.approx(one.elasticity)
    assert other.intercept == pytest.approx(one.intercept - one.elasticity * np.log(times))
    assert other.durbin_watson == pytest.approx(one.durbin_watson)
    assert other.poisson.elasticity == pytest.approx(one.poisson.elasticity)
    for name in ("breusch_pagan", "reset"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-5)
    for a, b in zip(one.standard_errors, other.standard_errors, strict=True):
        assert b[1:] == pytest.approx(a[1:])
    assert [each.day for each in other.influential] == [each.day for each in one.influential]


def test_packs_instead_of_pieces_change_the_intercept_only() -> None:
    day, price, quantity = shop(2)
    one, other = diagnose(day, price, quantity), diagnose(day, price, 6 * quantity)
    assert other.elasticity == pytest.approx(one.elasticity)
    assert other.intercept == pytest.approx(one.intercept + np.log(6))
    assert other.poisson.std_error == pytest.approx(one.poisson.std_error)


# --- what it finds ---------------------------------------------------------------------------------------


def test_a_well_behaved_product_gives_no_cause_for_care() -> None:
    found = diagnose(*shop(3))
    assert [finding.topic for finding in found.findings if finding.caution] == []
    assert len({finding.topic for finding in found.findings}) == len(found.findings) == 8
    assert "fewer units" in topic(found, "elasticity")[1]


def test_days_that_hang_together_are_found() -> None:
    day, price, _ = shop(5)
    rng = np.random.default_rng(5)
    noise = np.zeros(150)
    for t in range(1, 150):
        noise[t] = 0.8 * noise[t - 1] + rng.normal(0, 0.3)
    found = diagnose(day, price, np.exp(4 - 1.6 * np.log(price) + noise))
    assert found.durbin_watson is not None
    assert found.durbin_watson < 1
    assert topic(found, "durbin_watson")[0]


def test_uneven_scatter_is_found() -> None:
    day, price, _ = shop(6, 300)
    noise = np.random.default_rng(6).normal(0, 1, 300) * (price / 3) ** 4
    found = diagnose(day, price, np.exp(4 - 1.6 * np.log(price) + noise))
    assert found.breusch_pagan.p_value is not None
    assert found.breusch_pagan.p_value < 0.001
    assert topic(found, "breusch_pagan")[0]


def test_a_bent_demand_curve_is_found() -> None:
    day, price, _ = shop(7, 300)
    noise = np.random.default_rng(7).normal(0, 0.05, 300)
    found = diagnose(day, price, np.exp(4 - 8 * np.log(price) ** 3 + noise))
    assert found.reset.p_value is not None
    assert found.reset.p_value < 0.001
    assert topic(found, "reset")[0]


def test_a_bulk_order_is_named_with_its_day() -> None:
    day, price, quantity = shop(8)
    quantity[np.argmax(price)] *= 500
    caution, text = topic(diagnose(day, price, quantity), "influential_days")
    assert caution
    assert "2025-" in text
    assert "bulk order" in text


def test_one_day_that_decides_everything_is_said_to() -> None:
    price = np.full(40, 2.0)
    price[17] = 2.4
    quantity = np.random.default_rng(9).integers(5, 20, 40).astype(np.float64)
    found = diagnose(FIRST_DAY + np.arange(40), price, quantity)
    top = found.influential[0]
    assert (top.day, top.elasticity_without) == (FIRST_DAY + 17, None)
    assert [error.std_error is None for error in found.standard_errors] == [False, True, True]
    assert "without that day there is no elasticity" in topic(found, "influential_days")[1]
    assert topic(found, "standard_errors")[0]


def test_sales_that_never_differ_answer_to_nothing() -> None:
    found = diagnose(FIRST_DAY + np.arange(40), np.tile([2.0, 2.5, 3.0, 3.5], 10), np.full(40, 7.0))
    assert found.elasticity == pytest.approx(0.0, abs=1e-12)
    assert (found.r_squared, found.adjusted_r_squared, found.durbin_watson) == (0.0, 0.0, None)
    assert tuple(found.breusch_pagan) == tuple(found.reset) == (None, None)
    assert len(found.findings) == 8


def test_sales_exactly_on_a_line_leave_nothing_to_test() -> None:
    price = np.tile([1.0, 2.0, 4.0, 8.0], 10)
    found = diagnose(FIRST_DAY + np.arange(40), price, 64.0 / price)
    assert found.elasticity == pytest.approx(-1.0)
    assert found.r_squared == pytest.approx(1.0)
    assert (found.durbin_watson, found.breusch_pagan.p_value, found.reset.p_value) == (None, None, None)


def test_three_prices_are_tested_with_the_square_alone() -> None:
    day, _, quantity = shop(10)
    price = np.tile([2.0, 2.5, 3.0], 50)
    found = diagnose(day, price, quantity)
    assert found.reset.p_value is not None
    assert FEW_PRICES not in found.flags


@pytest.mark.parametrize(
    ("days", "price", "missing"),
    [(9, [2.0, 3.0], "9 days"), (40, [2.0, 2.0], "never changed"), (40, [2.0, 2.00004], "never changed")],
)
def test_where_there_is_no_regression_it_says_what_is_missing(
    days: int, price: list[float], missing: str
) -> None:
    with pytest.raises(NotEstimable, match=missing):
        diagnose(FIRST_DAY + np.arange(days), np.resize(price, days), np.full(days, 5.0))


def test_huge_numbers_are_no_error() -> None:
    day, price, quantity = shop(11)
    found = diagnose(day, price * 1e6, quantity * 1e12)
    assert found.elasticity == pytest.approx(diagnose(day, price, quantity).elasticity)
