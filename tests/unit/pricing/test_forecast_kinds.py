"""Forecasts of products of every kind, beside what anybody would expect who looks at their sales."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pricing.forecasting.core.batch import DefaultForecasts, ShopModel, fit_default, fit_shop_model
from pricing.forecasting.core.components import Components, components, month_of, part_of_year
from pricing.forecasting.core.intervals import regular_intervals
from pricing.forecasting.core.lines import Priors, purchase_rates
from pricing.forecasting.core.panel import DemandPanel, weekday_profile
from pricing.forecasting.core.season import seasonal_components
from pricing.forecasting.core.stored import StoredForecasts, expected_days

Floats = NDArray[np.float64]

FIRST_DAY = 19_282  # 2022-10-17, a Monday
DAYS = 500  # up to 2024-02-28
DAY = np.arange(FIRST_DAY, FIRST_DAY + DAYS)
DECEMBER = month_of(DAY) == 11
AGE = np.arange(DAYS)


def poisson(mean: Any, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).poisson(np.broadcast_to(mean, DAYS)).astype(float)


def on_days(days: Any, units: float) -> Floats:
    found = np.zeros(DAYS)
    found[days] = units
    return found


def sizes(units: Floats, per_line: float) -> tuple[Floats, Floats]:
    return units, units / per_line


STEADY = poisson(5.0)
# Units and lines of each kind; units expected in the 30 days from 2024-02-29 on, and in the 365; how far off they may be; method.
KINDS: dict[str, tuple[tuple[Floats, Floats], float, float, float, str]] = {
    "steady": (sizes(STEADY, 1), 150, 1825, 0.07, ""),
    "steady, six a line": (sizes(6 * STEADY, 6), 900, 10_950, 0.07, ""),
    "in December alone, twice": (sizes(poisson(np.where(DECEMBER, 20.0, 0.0)), 1), 0, 620, 0.25, "yearly"),
    "thirty units every 30 days": (sizes(on_days(AGE[480::-30], 30.0), 30), 30, 365, 0.1, "intervals"),
    "four units every 10 days": (sizes(on_days(AGE[::-10], 4.0), 4), 12, 146, 0.1, "intervals"),
    "thirty units every 100 days": (sizes(on_days(AGE[400::-100], 30.0), 30), 9, 110, 0.2, "intervals"),
    "on Saturdays alone": (sizes(np.where(AGE % 7 == 5, poisson(10.0), 0.0), 1), 42, 521, 0.12, "weekly"),
    "fallen to nothing": (sizes(poisson(10 * np.exp(-AGE / 100)), 1), 2, 24, 1.0, "any"),
    "stopped 400 days ago": (sizes(np.where(AGE < 100, 2.0, 0.0), 2), 0, 0, 0.0, ""),
    "new, ten days old": (sizes(np.where(AGE >= 490, 4.0, 0.0), 1), 120, 1460, 0.15, ""),
    "doubled in the last 60 days": (sizes(poisson(np.where(AGE < 440, 5.0, 10.0)), 1), 300, 3650, 0.1, ""),
    "a growing line": (sizes(poisson(2 + 8 * AGE / DAYS), 1), 305, 4500, 0.25, "any"),
}


@pytest.fixture(scope="module")
def shop() -> tuple[DemandPanel, ShopModel, DefaultForecasts]:
    units, lines = (np.stack([kind[0][place] for kind in KINDS.values()]) for place in (0, 1))
    panel = DemandPanel(FIRST_DAY, units, lines, np.full(DAYS, 200.0))
    nobody = np.full(len(KINDS), -1)
    model = fit_shop_model(panel, nobody, [])
    return panel, model, fit_default(panel, nobody, model)


@pytest.mark.parametrize("kind", KINDS)
def test_a_product_is_forecast_what_anybody_would_expect(kind: str, shop: Any) -> None:
    panel, model, found = shop
    _, month, year, tolerance, method = KINDS[kind]
    row = list(KINDS).index(kind)
    days = expected_days(model, StoredForecasts.of(panel, found), panel.end, 365)[row]
    assert days[:30].sum() == pytest.approx(month, rel=tolerance, abs=2.0)
    assert days.sum() == pytest.approx(year, rel=tolerance, abs=20.0 if month else 5.0)
    chosen = found.components.get(row, {}).get("method", "intervals" if found.rates.interval[row] else "")
    assert method in ("any", chosen)


def test_december_s_units_are_in_december_and_saturday_s_on_saturdays(shop: Any) -> None:
    panel, model, found = shop
    days = expected_days(model, StoredForecasts.of(panel, found), panel.end, 365)
    ahead = np.arange(panel.end, panel.end + 365)
    december = days[list(KINDS).index("in December alone, twice")]
    assert december[month_of(ahead) == 11].sum() == pytest.approx(620, rel=0.25)
    assert december[month_of(ahead) != 11].sum() < 10
    saturdays = days[list(KINDS).index("on Saturdays alone")]
    assert saturdays[(ahead - FIRST_DAY) % 7 == 5].sum() == pytest.approx(saturdays.sum())


# --- regular intervals --------------------------------------------------------------------------------


def alone(units: Floats, lines: Floats) -> tuple[DemandPanel, ShopModel, StoredForecasts]:
    """One product beside a steady one, in a shop that is open every day."""
    many, of_lines = np.stack([units, STEADY[: units.size] + 1]), np.stack([lines, STEADY[: units.size] + 1])
    panel = DemandPanel(FIRST_DAY, many, of_lines, np.full(units.size, 200.0))
    nobody = np.full(2, -1)
    model = fit_shop_model(panel, nobody, [])
    # As in a shop where fashions change: the frequency of late says it all.
    model.priors[:] = [replace(each, own_purchases=0.0) for each in model.priors]
    return panel, model, StoredForecasts.of(panel, fit_default(panel, nobody, model))


@pytest.mark.parametrize("since", [0, 7, 15, 29, 45])
def test_a_monthly_purchase_is_expected_every_month_whatever_day_it_is(since: int) -> None:
    panel, model, stored = alone(*sizes(on_days(AGE[499 - since :: -30], 30.0), 30))
    assert expected_days(model, stored, panel.end, 365)[0].sum() == pytest.approx(365, rel=0.1)


def test_a_monthly_purchase_that_has_not_come_for_two_months_and_a_half_is_no_longer_expected() -> None:
    panel, model, stored = alone(*sizes(on_days(AGE[424::-30], 30.0), 30))
    assert stored.interval[0] == 0
    assert expected_days(model, stored, panel.end, 365)[0].sum() < 30


def test_days_that_pass_after_the_row_was_made_count_only_once_the_purchase_is_overdue() -> None:
    panel, model, stored = alone(*sizes(on_days(AGE[499::-30], 30.0), 30))
    due, overdue = (expected_days(model, stored, panel.end + days, 30)[0].sum() for days in (59, 75))
    assert due == pytest.approx(30, rel=0.1)
    assert overdue < 5


@pytest.mark.parametrize("variation", ["regular", "by chance"])
def test_purchases_that_come_now_and_then_are_forecast_without_bias(variation: str) -> None:
    # 400 products that sell 5 units about every 20 days, of which a year of 365 days has 91 units.
    chance = np.random.default_rng(4)
    gaps = chance.uniform(14, 26, (400, 60)) if variation == "regular" else chance.exponential(20, (400, 60))
    at = (chance.uniform(0, 20, (400, 1)) + np.cumsum(gaps, axis=1)).astype(int)
    units = np.zeros((401, DAYS))
    for row, days in enumerate(at):
        np.add.at(units[row], days[days < DAYS], 5.0)
    units[400] = 3.0
    panel = DemandPanel(FIRST_DAY, units, units / 5, units.sum(axis=0))
    nobody = np.full(401, -1)
    model = fit_shop_model(panel, nobody, [])
    stored = StoredForecasts.of(panel, fit_default(panel, nobody, model))
    year = expected_days(model, stored, panel.end, 365)[:400].sum(axis=1)
    assert year.mean() == pytest.approx(5 * 365 / 20, rel=0.1)
    if variation == "regular":
        assert (np.abs(year / 91.25 - 1) < 0.3).mean() > 0.95


def test_purchases_that_never_vary_stand_for_themselves_and_a_single_one_does_not() -> None:
    _, _, stored = alone(*sizes(on_days(AGE[480::-30], 30.0), 30))
    assert stored.quantity[0] == pytest.approx(30, rel=0.06)
    _, _, single = alone(*sizes(on_days([480], 30.0), 30))
    # One line is the usual size: ten times that at most, aged by 19 days, beside three of them.
    assert single.quantity[0] == pytest.approx((10 * 0.99**19 + 3) / (0.99**19 + 3), rel=0.02)


def test_intervals_that_vary_are_corrected_for_the_mean_of_their_inverse() -> None:
    # 20, 10, 20, 10 days: mean 15, variance 33.3, so 33.3 / 225 / 4 = .037 more than one over the mean is taken off.
    units = on_days([420, 440, 450, 470, 480], 1.0)
    panel = DemandPanel(FIRST_DAY, units[None, :], units[None, :], np.full(DAYS, 200.0))
    found = regular_intervals(panel, np.ones(DAYS))
    assert found.mean[0] == 15
    assert found.frequency[0] == pytest.approx(1 / 15 / (1 + 100 / 3 / 225 / 4))


def test_of_regular_purchases_the_newest_twelve_intervals_count() -> None:
    # The long wait came before the thirteen purchases, of two units each, that make twelve intervals of 15 days.
    units = on_days([200, *range(300, 481, 15)], 2.0)
    panel = DemandPanel(FIRST_DAY, units[None, :], units[None, :] / 2, np.full(DAYS, 200.0))
    found = regular_intervals(panel, np.ones(DAYS))
    assert (found.mean[0], found.units[0], found.lines[0]) == (15, 26, 13)
    assert found.frequency[0] == pytest.approx(1 / 15)


def test_a_purchase_every_95_days_is_not_inactive_after_120() -> None:
    units = on_days(AGE[380::-95], 30.0)
    panel = DemandPanel(FIRST_DAY, units[None, :], units[None, :] / 30, np.full(DAYS, 200.0))
    assert panel.days - panel.stop[0] > 91
    assert not purchase_rates(panel, np.array([-1]), Priors(np.ones(1), np.ones(1))).inactive[0]


# --- yearly seasons -------------------------------------------------------------------------------------


Season = Callable[[NDArray[np.int64]], Any]
YEARS = np.arange(FIRST_DAY, FIRST_DAY + 731 + 91)


def many(season: Season, *, walk: float = 0.0, products: int = 60, seed: int = 0) -> Floats:
    """Purchases a day of products of all rates, as the season and a random walk of their level have it."""
    chance = np.random.default_rng(seed)
    level = np.log(chance.gamma(1.0, 2.0, products) + 0.05)[:, None]
    level = level + np.cumsum(chance.normal(0, walk, (products, YEARS.size)), axis=1)
    return chance.poisson(np.exp(level + season(YEARS))).astype(float)


def error_and_seasonal(lines: Floats, *, category: bool = True) -> tuple[float, float, float]:
    """28-day error (all products together) with what was chosen and with the default, and the share that is seasonal."""
    known = lines[:, :731]
    panel = DemandPanel(FIRST_DAY, known, known, known.sum(axis=0))
    codes = np.zeros(lines.shape[0], np.int64)
    model = fit_shop_model(panel, codes, ["toys"])
    if not category:
        model.seasons[:] = [np.ones_like(each) for each in model.seasons]
    found = fit_default(panel, codes, model)
    stored = StoredForecasts.of(panel, found)
    plain = replace(stored, components=[None] * lines.shape[0])
    came = lines[:, 731:].sum(axis=1)
    chosen, default = (
        float(np.abs(expected_days(model, each, panel.end, 91).sum(axis=1) - came).sum() / came.sum())
        for each in (stored, plain)
    )
    seasonal = [each for each in found.components.values() if each["method"] == "yearly"]
    return chosen, default, len(seasonal) / lines.shape[0]


def summer(day: NDArray[np.int64]) -> Any:
    return 0.6 * np.sin(2 * np.pi * (day - 19_450) / 365.25)


def test_a_season_that_a_category_shares_halves_the_error() -> None:
    chosen, default, seasonal = error_and_seasonal(many(summer, walk=0.03))
    assert seasonal > 0.9
    assert chosen < 0.5 * default


def test_a_season_of_its_own_is_used_by_products_that_sell_enough() -> None:
    chance = np.random.default_rng(7)
    phase, height = chance.uniform(0, 365, (60, 1)), chance.uniform(0.3, 1.0, (60, 1))
    lines = many(lambda day: height * np.sin(2 * np.pi * (day + phase) / 365.25))
    chosen, default, seasonal = error_and_seasonal(lines)
    assert seasonal > 0.35
    assert chosen < 0.6 * default


@pytest.mark.parametrize("walk", [0.0, 0.03, 0.06])
@pytest.mark.parametrize("seed", [11, 12])
def test_a_season_is_never_made_of_noise(walk: float, seed: int) -> None:
    chosen, default, seasonal = error_and_seasonal(
        many(lambda day: np.zeros(day.size), walk=walk, products=100, seed=seed)
    )
    assert seasonal <= 0.03
    assert chosen < 1.03 * default


@pytest.mark.parametrize("yearly", [0.4, -0.7])
def test_growth_is_no_season(yearly: float) -> None:
    _, _, seasonal = error_and_seasonal(many(lambda day: yearly * (day - FIRST_DAY) / 365))
    assert seasonal <= 0.03


def test_a_product_that_missed_its_last_season_is_not_promised_another() -> None:
    sold = poisson(np.where(DECEMBER, 20.0, 0.0))
    sold[AGE > 300] = 0.0
    panel, model, stored = alone(*sizes(sold, 1))
    assert stored.components[0] is None
    assert expected_days(model, stored, panel.end, 365)[0].sum() == 0


def test_seen_from_november_december_is_what_the_last_ones_were() -> None:
    # Three hundred days without a sale say nothing of a product that is not sold in them.
    day = np.arange(FIRST_DAY, FIRST_DAY + 770)  # up to 2024-11-24
    december = month_of(day) == 11
    sold = np.random.default_rng(1).poisson(np.where(december, 20.0, 0.0)).astype(float)
    lines = np.stack([sold, np.full(770, 5.0)])
    panel = DemandPanel(FIRST_DAY, lines, lines, np.full(770, 200.0))
    nobody = np.full(2, -1)
    model = fit_shop_model(panel, nobody, [])
    found = fit_default(panel, nobody, model)
    coming = expected_days(model, StoredForecasts.of(panel, found), panel.end, 37)[0]
    assert coming[-31:].sum() == pytest.approx(620, rel=0.25)


def day_number(date: str) -> int:
    return int(np.datetime64(date).astype(int))


def of_a_season(first: str, last: str, as_of: str, *, last_year: int = 2099) -> float:
    """Units expected in the year after a day, of a product that sells 20 a day between two dates of each year since 2022."""
    day = np.arange(day_number("2022-01-01"), day_number(as_of))
    date = day.astype("datetime64[D]").astype(str)
    in_season = np.array([first <= each[5:] <= last and int(each[:4]) <= last_year for each in date])
    chance = np.random.default_rng(5)
    lines = np.stack([chance.poisson(20 * in_season), *chance.poisson(5.0, (20, day.size))]).astype(float)
    panel = DemandPanel(int(day[0]), lines, lines, lines.sum(axis=0))
    nobody = np.full(21, -1)
    model = fit_shop_model(panel, nobody, [])
    stored = StoredForecasts.of(panel, fit_default(panel, nobody, model))
    return float(expected_days(model, stored, panel.end, 365)[0].sum())


@pytest.mark.parametrize("as_of", ["2024-03-25", "2024-06-21", "2024-10-01", "2024-12-10", "2025-01-21"])
@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("12-01", "12-24", 24),
        ("11-15", "12-24", 40),
        ("02-01", "02-14", 14),
        ("03-20", "04-10", 22),
        ("06-15", "08-15", 62),
    ],
)
def test_a_season_that_ends_within_a_month_is_expected_again(
    first: str, last: str, days: int, as_of: str
) -> None:
    assert of_a_season(first, last, as_of) == pytest.approx(20 * days, rel=0.2)


def test_a_season_may_be_late_for_some_days_and_is_given_up_then() -> None:
    # Two Februaries were sold, the third was not.
    assert of_a_season("02-01", "02-14", "2025-02-03", last_year=2024) > 100
    assert of_a_season("02-01", "02-14", "2025-03-03", last_year=2024) == 0


def test_parts_of_the_year_are_thirds_of_months() -> None:
    dates = ["2024-01-01", "2024-01-10", "2024-01-11", "2024-01-20", "2024-01-21", "2024-01-31", "2024-12-31"]
    assert part_of_year(np.array([day_number(each) for each in dates])).tolist() == [0, 0, 1, 1, 2, 2, 35]


def test_the_months_of_an_earlier_release_are_read() -> None:
    months = np.arange(12) / 5.5
    stored = {"since": 19_800, "level": 2.0, "slope": 0.0, "weekdays": [1.0] * 7, "months": months.tolist()}
    days = Components.from_json(stored).units(day_number("2024-11-30"), 2)[0]
    assert days.tolist() == pytest.approx([2 * 10 / 5.5, 2 * 11 / 5.5])


def test_a_season_that_went_by_without_a_sale_leaves_no_level() -> None:
    index = np.where(np.arange(36) >= 33, 11.989, 0.001)[None, :]
    sold = poisson(np.where(DECEMBER, 20.0, 0.0))
    for last, expected in ((500, True), (300, False)):
        lines = np.where(last > AGE, sold, 0.0)[None, :]
        panel = DemandPanel(FIRST_DAY, lines, lines, np.full(DAYS, 200.0))
        rates = purchase_rates(panel, np.array([-1]), Priors(np.ones(1), np.ones(1)))
        level = seasonal_components(panel, rates, index, 50.0).level[0]
        assert (level > 0) == expected


def test_a_product_does_not_follow_its_category_s_season_against_its_own_past() -> None:
    lines = many(summer, products=40)[:, :731]
    lines[0] = np.random.default_rng(2).poisson(5.0, 731)
    panel = DemandPanel(FIRST_DAY, lines, lines, lines.sum(axis=0))
    codes = np.zeros(40, np.int64)
    found = fit_default(panel, codes, fit_shop_model(panel, codes, ["toys"]))
    assert 0 not in found.components
    assert sum(each["of_category"] for each in found.components.values()) > 30


def test_a_season_holds_for_three_months_after_the_last_look_at_the_sales() -> None:
    panel, model, stored = alone(*sizes(poisson(np.where(DECEMBER, 20.0, 0.0)), 1))
    december = [expected_days(model, stored, panel.end + days, 310)[0].sum() for days in (0, 91, 92)]
    assert december[0] > 450
    assert december[1] > 450
    assert december[2] == 0


# --- a method that would have done better by far -----------------------------------------------------------


def test_other_methods_do_not_take_over_from_noise() -> None:
    lines = many(lambda day: np.zeros(day.size), products=150, seed=5)[:, :400]
    panel = DemandPanel(FIRST_DAY, lines, lines, lines.sum(axis=0))
    nobody = np.full(150, -1)
    assert len(fit_default(panel, nobody, fit_shop_model(panel, nobody, [])).components) <= 3


def test_the_accuracy_and_the_limits_are_those_of_the_method_chosen(shop: Any) -> None:
    _, _, found = shop
    row = list(KINDS).index("on Saturdays alone")
    # Ten lines a Saturday, Poisson: the total of four Saturdays is off by 13 % or so.
    assert found.measured.wape[row] < 0.25
    assert found.measured.pinball_share[row] < 0.2
    assert found.components[row]["share"] <= 0.5
    assert found.components[row]["origins"] == 6


def test_the_trend_of_a_stored_choice_ends_after_three_months(shop: Any) -> None:
    panel, model, found = shop
    growing = components(panel.end, np.array([10.0]), slope=np.array([0.1])).as_json(0)
    stored = StoredForecasts.of(panel, found)
    stored = replace(stored, components=[growing | {"until": panel.end}] * len(KINDS))
    days = expected_days(model, stored, panel.end, 365)[0]
    assert days[[0, 50, 91, 92, 364]].tolist() == pytest.approx([10, 15, 19.1, 19.1, 19.1])


def test_one_huge_order_makes_no_weekday() -> None:
    shop = np.full(DAYS, 50.0)
    shop[AGE % 7 == 6] = 100.0
    shop[480] = 80_000.0
    profile = weekday_profile(DemandPanel(FIRST_DAY, shop[None, :], shop[None, :], shop))
    # Its weekday counts as five times 50 once in 26 weeks: (25 x 50 + 250) / 26 = 57.7 beside 50.
    assert profile[480 % 7] / profile[0] == pytest.approx(57.7 / 50, rel=0.01)
    assert profile[6] / profile[0] == pytest.approx(2.0)
