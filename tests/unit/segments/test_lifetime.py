"""BG/NBD and Gamma-Gamma: published estimates, known truths, and customers who are shaped otherwise."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from pricing.sales.core.arrays import FloatArray
from segments.core.lifetime import BasketModel, Histories, PurchaseModel, fit_baskets, fit_purchases, hold_out

CDNOW = Path(__file__).resolve().parents[2] / "data" / "cdnow.csv.gz"


def cdnow() -> FloatArray:
    """Frequency, recency, age (weeks), mean basket and later purchases of each customer, a row each."""
    with gzip.open(CDNOW) as file:
        return np.loadtxt(file, delimiter=",", skiprows=1).T


def simulated(
    seed: int, customers: int, *, weeks: float, later: float, regular: bool = False, leaves: bool = True
) -> tuple[Histories, FloatArray]:
    """Customers followed purchase by purchase; regular ones wait gamma times of shape 8, not exponential ones."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(customers):
        rate, leaving = rng.gamma(0.6) / 5.0, rng.beta(0.8, 2.5) if leaves else 0.0
        start = rng.uniform(0, weeks / 3)
        now, times = start, []
        while now < weeks + later:
            now += rng.gamma(8.0) / 8.0 / rate if regular else rng.exponential(1 / rate)
            if now < weeks + later:
                times.append(now)
            if rng.random() < leaving:
                break
        known = [each for each in times if each < weeks]
        rows.append((len(known), known[-1] - start if known else 0, weeks - start, len(times) - len(known)))
    x, recency, age, after = np.array(rows, np.float64).T
    return Histories(x, recency, age), after


def test_cdnow_purchases_are_as_published() -> None:
    """Fader, Hardie & Lee 2005, table 2 and the worked customer of their spreadsheet note."""
    x, recency, age, _, _ = cdnow()
    model = fit_purchases(Histories(x, recency, age))
    assert model.converged
    assert [round(each, 3) for each in (model.r, model.alpha, model.a, model.b)] == [
        0.243,
        4.414,
        0.793,
        2.426,
    ]
    assert round(model.log_likelihood, 1) == -9582.4
    one = Histories(np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert model.expected_purchases(one, 39.0) == pytest.approx([1.226], abs=5e-4)


def test_cdnow_baskets_are_as_published() -> None:
    """Fader & Hardie 2013: 6.25, 3.74, 15.44. The means here are rounded to cents."""
    x, _, _, mean, _ = cdnow()
    model = fit_baskets(x[x > 0], mean[x > 0])
    assert (x > 0).sum() == 946
    assert model.converged
    assert (model.p, model.q, model.gamma) == pytest.approx((6.25, 3.74, 15.44), abs=0.01)


def test_cdnow_is_foreseen_better_than_by_averages() -> None:
    x, recency, age, _, later = cdnow()
    found = hold_out(Histories(x, recency, age), later, 39.0)
    assert found is not None
    assert found.beats_averages
    assert found.actual == 1882
    assert found.expected == pytest.approx(1882, rel=0.15)


def test_known_parameters_are_found_again() -> None:
    past, later = simulated(20_001, 4000, weeks=78, later=26)
    model = fit_purchases(past)
    assert model.converged
    # Standard errors at 4,000 customers are about 3 % of r and alpha and 10 % of a and b.
    assert model.r == pytest.approx(0.6, rel=0.1)
    assert model.alpha == pytest.approx(5.0, rel=0.15)
    assert model.a / (model.a + model.b) == pytest.approx(0.8 / 3.3, rel=0.1)
    assert model.expected_purchases(past, 26).sum() == pytest.approx(later.sum(), rel=0.1)


def test_known_baskets_are_found_again() -> None:
    rng = np.random.default_rng(20_002)
    count = 1.0 + rng.poisson(2.0, 5000)
    scale = rng.gamma(4.0, size=5000) / 20.0
    mean = rng.gamma(6.0 * count) / count / scale
    model = fit_baskets(count, mean)
    assert model.converged
    assert (model.p, model.q, model.gamma) == pytest.approx((6.0, 4.0, 20.0), rel=0.15)
    assert model.expected_basket(count, mean).mean() == pytest.approx(6.0 * 20.0 / 3.0, rel=0.05)


@pytest.mark.parametrize("regular", [True, False])
def test_purchases_of_other_shapes_stay_calibrated_in_sum(regular: bool) -> None:
    """Buyers by the calendar, and buyers who never leave, are not of the model's shape."""
    past, later = simulated(20_003, 2000, weeks=78, later=13, regular=regular, leaves=regular)
    expected = fit_purchases(past).expected_purchases(past, 13.0).sum()
    assert expected == pytest.approx(later.sum(), rel=0.15)


def test_a_season_is_not_foreseen() -> None:
    """A quarter in which a third of the purchases come is expected to be as any other: the test on the past shows it."""
    past, later = simulated(20_004, 2000, weeks=78, later=13)
    few = np.random.default_rng(20_007).binomial(later.astype(int), 1 / 3).astype(float)
    found = hold_out(past, few, 13.0)
    assert found is not None
    assert found.expected > 2 * found.actual


def test_who_bought_once_has_not_left_and_long_silence_says_more_of_frequent_buyers() -> None:
    model = PurchaseModel(0.243, 4.414, 0.793, 2.426, 0.0, True)
    past = Histories(np.array([0.0, 2.0, 20.0]), np.array([0.0, 20.0, 20.0]), np.full(3, 60.0))
    alive = model.alive(past)
    assert alive[0] == 1
    assert alive[1] > alive[2]
    assert alive[2] < 0.01
    assert np.isinf(model.time_to_next(past)[2])


def test_the_wait_is_the_time_by_which_half_have_come() -> None:
    model = PurchaseModel(0.6, 5.0, 0.8, 2.5, 0.0, True)
    past = Histories(np.array([5.0]), np.array([50.0]), np.array([52.0]))
    wait = model.time_to_next(past)
    rng = np.random.default_rng(20_005)
    rates = rng.gamma(5.6, size=200_000) / 57.0
    came = rng.random(200_000) < model.alive(past)
    assert np.mean(came & (rng.exponential(1 / rates) < wait)) == pytest.approx(0.5, abs=0.005)


def test_expectations_equal_a_simulation_of_the_customer() -> None:
    model = PurchaseModel(0.6, 5.0, 1.0, 2.5, 0.0, True)
    past = Histories(np.array([3.0]), np.array([30.0]), np.array([40.0]))
    rng = np.random.default_rng(20_006)
    size = 100_000
    rate, leaving = rng.gamma(3.6, size=size) / 45.0, rng.beta(1.0, 5.5, size)
    clock, bought, here = np.zeros(size), np.zeros(size), np.ones(size, bool)
    while here.any():
        clock = clock + rng.exponential(1 / rate)
        here &= clock < 52
        bought += here
        here &= rng.random(size) >= leaving
    assert model.expected_if_alive(past, 52.0)[0] == pytest.approx(bought.mean(), rel=0.01)


def test_baskets_of_strangers_are_everybodys() -> None:
    model = BasketModel(6.25, 3.74, 15.44, 0.0, True)
    assert model.expected_basket(np.zeros(1), np.zeros(1)) == pytest.approx([6.25 * 15.44 / 2.74])


@pytest.mark.parametrize(
    "past",
    [
        ([1.0], [5.0], [4.0]),
        ([1.0], [0.0], [4.0]),
        ([0.0], [1.0], [4.0]),
        ([0.0], [0.0], [4.0]),
        ([1.0], [np.nan], [4.0]),
        ([-1.0], [1.0], [4.0]),
        ([1.0, -1.0], [1.0, 0.0], [4.0, 4.0]),
        ([1.0, 0.0], [1.0, 0.0], [4.0, np.inf]),
    ],
)
def test_histories_that_are_none_are_refused(past: tuple[list[float], ...]) -> None:
    with pytest.raises(ValueError, match=r"frequency|recency|nobody"):
        fit_purchases(Histories(*map(np.array, past)))


def test_baskets_that_are_none_are_refused() -> None:
    for baskets, mean in ((1.0, 0.0), (0.0, 5.0), (1.0, np.inf)):
        with pytest.raises(ValueError, match="above 0"):
            fit_baskets(np.array([baskets]), np.array([mean]))


def test_the_plain_averages_of_a_hold_out_are_rates_carried_on() -> None:
    past, _ = simulated(4, 400, weeks=40, later=20)
    everybody = past.frequency.sum() / past.age.sum()
    found = hold_out(past, np.full(400, 20 * everybody), 20.0)
    assert found is not None
    assert (found.customers, found.mean_error) == (400, pytest.approx(0, abs=1e-12))
    # One purchase more than everybody's rate for each is wrong by one.
    one_more = hold_out(past, np.full(400, 20 * everybody + 1), 20.0)
    assert one_more is not None and one_more.mean_error == pytest.approx(1)
    # A past of less than the 20 weeks to foresee counts as 20.
    own = hold_out(past, np.where(past.age > 20, 20 * past.frequency / past.age, past.frequency), 20.0)
    assert own is not None and own.own_error == pytest.approx(0, abs=1e-12)


def test_likelihoods_are_densities_in_the_unit_that_was_given() -> None:
    past, _ = simulated(4, 400, weeks=40, later=0)
    weeks, days = (
        fit_purchases(Histories(past.frequency, unit * past.recency, unit * past.age)) for unit in (1, 7)
    )
    assert weeks.log_likelihood - days.log_likelihood == pytest.approx(past.frequency.sum() * np.log(7))
    assert days.alpha == pytest.approx(7 * weeks.alpha)
    mean = np.random.default_rng(3).gamma(3.0, 5.0, 300)
    pounds, pence = (fit_baskets(np.full(300, 4.0), unit * mean) for unit in (1, 100))
    assert pounds.log_likelihood - pence.log_likelihood == pytest.approx(300 * np.log(100))
    assert pence.gamma == pytest.approx(100 * pounds.gamma)
