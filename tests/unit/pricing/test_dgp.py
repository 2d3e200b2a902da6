"""The simulator does what its switches say, and misleads the obvious regression the way theory predicts."""

from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from tests.dgp import (
    FIRST_BREAK,
    SECOND_BREAK,
    SEGMENTS,
    Disturbances,
    ShopSpec,
    SimulatedShop,
    simulate_shop,
)

SMALL = ShopSpec(products=60, days=365, lines_per_day=4, log_price_sd=0.12)
# Sold every day, so that dropping unsold days costs nothing, by many buyers.
BUSY = replace(SMALL, products=40, lines_per_day=30, lines_log_sd=0.3, customers=20_000)
QUIET = replace(SMALL, lines_per_day=0.5, days=730)
SATURDAY = 5


@cache
def shop(spec: ShopSpec, *names: str) -> SimulatedShop:
    return simulate_shop(replace(spec, disturbances=Disturbances.only(*names)), seed=3)


def line_list_price(simulated: SimulatedShop) -> np.ndarray:
    return simulated.list_price[simulated.product, simulated.day - simulated.spec.first_day]


def daily_units(simulated: SimulatedShop) -> np.ndarray:
    cell = simulated.product * simulated.spec.days + simulated.day - simulated.spec.first_day
    return np.bincount(cell, np.maximum(simulated.quantity, 0), simulated.list_price.size).reshape(
        simulated.list_price.shape
    )


def ols_elasticity(simulated: SimulatedShop) -> np.ndarray:
    """Per product: log units of the day on log mean paid price of the day's lines, sold days only."""
    rows = (simulated.quantity > 0) & (simulated.price > 0)
    cell = (simulated.product * simulated.spec.days + simulated.day - simulated.spec.first_day)[rows]
    size = simulated.list_price.size
    sold = np.bincount(cell, minlength=size)
    days = sold > 0
    x, y = np.zeros(size), np.zeros(size)
    x[days] = np.log(np.bincount(cell, simulated.price[rows], size)[days] / sold[days])
    y[days] = np.log(np.bincount(cell, simulated.quantity[rows], size)[days])
    x, y, days = (column.reshape(simulated.list_price.shape) for column in (x, y, days))
    n = days.sum(axis=1, keepdims=True)
    dx = days * (x - (days * x).sum(axis=1, keepdims=True) / n)
    return (dx * y).sum(axis=1) / (dx**2).sum(axis=1)


def median_ols_shift(spec: ShopSpec, name: str, *base: str) -> float:
    """How far a disturbance moves the regression's elasticity of the same products, at the median."""
    return float(np.median(ols_elasticity(shop(spec, *base, name)) - ols_elasticity(shop(spec, *base))))


def columns_equal(one: SimulatedShop, other: SimulatedShop) -> list[str]:
    names = [f.name for f in fields(SimulatedShop) if f.name != "spec"]
    return [name for name in names if np.array_equal(getattr(one, name), getattr(other, name))]


def test_same_seed_same_shop_in_every_column():
    one, again = simulate_shop(SMALL, seed=11), simulate_shop(SMALL, seed=11)
    assert columns_equal(one, again) == [f.name for f in fields(SimulatedShop) if f.name != "spec"]


def test_another_seed_is_another_shop():
    one, other = simulate_shop(SMALL, seed=11), simulate_shop(SMALL, seed=12)
    # Segments follow from a customer's number alone.
    assert columns_equal(one, other) == ["customer_segment"]


@pytest.mark.parametrize("name", [field.name for field in fields(Disturbances)])
def test_a_switch_changes_the_shop_but_not_its_products(name):
    with_it, without = shop(SMALL, name), shop(SMALL)
    assert {"true_elasticity", "product_category", "promotion_lift", "cost"} <= set(
        columns_equal(with_it, without)
    )
    differs = {
        "quantity_breaks": "price",
        "web_markup": "price",
        "stockouts": "available",
        "promotions": "promotion",
        "in_season_prices": "list_price",
        "clearance": "list_price",
        "returns": "cancellation",
        "bulk_orders": "quantity",
        "mistyped_prices": "price",
        "duplicates": "invoice",
    }.get(name, "quantity")
    assert differs not in columns_equal(with_it, without)


def test_the_shop_has_the_columns_of_sales_lines_in_order_of_time():
    simulated = simulate_shop(SMALL, seed=1)
    integers = ("product", "day", "minute", "quantity", "customer", "invoice")
    assert {name: column.dtype for name, column in simulated.lines.items()} == {
        **dict.fromkeys(integers, np.dtype(np.int64)),
        "price": np.dtype(np.float64),
        "cancellation": np.dtype(np.bool_),
    }
    assert {column.shape for column in simulated.lines.values()} == {simulated.product.shape}
    assert (np.diff(simulated.minute) >= 0).all()
    assert (simulated.minute // 1440 == simulated.day).all()
    assert simulated.day.min() >= SMALL.first_day
    assert simulated.day.max() < SMALL.first_day + SMALL.days
    assert (simulated.cancellation == (simulated.quantity < 0)).all()
    assert (simulated.quantity != 0).all()
    assert (np.round(simulated.price, 2) == simulated.price).all()
    assert np.unique(simulated.customer)[[0, -1]].tolist() == [-1, SMALL.customers - 1]


def test_an_invoice_has_one_customer_and_one_moment():
    simulated = simulate_shop(SMALL, seed=1)
    order = np.argsort(simulated.invoice, kind="stable")
    same = np.diff(simulated.invoice[order]) == 0
    assert same.any()
    assert (np.diff(simulated.customer[order])[same] == 0).all()
    assert (np.diff(simulated.minute[order])[same] == 0).all()


@pytest.mark.parametrize(
    "wrong", [{"elasticity_sd": 0.4}, {"customers": 14}, {"days": 112}], ids=["spread", "customers", "days"]
)
def test_an_impossible_shop_is_refused(wrong):
    with pytest.raises(ValueError, match=r"total spread|customers|days"):
        replace(SMALL, **wrong)


@pytest.mark.parametrize(("mean", "spread"), [(-1.8, 0.8), (-3.0, 1.2)])
def test_elasticities_have_the_mean_and_spread_asked_for(mean, spread):
    spec = ShopSpec(
        products=4000,
        categories=400,
        days=120,
        lines_per_day=0.01,
        mean_elasticity=mean,
        elasticity_sd=spread,
    )
    simulated = simulate_shop(spec, seed=1)
    assert simulated.true_category_mean.mean() == pytest.approx(mean, abs=0.1)
    assert simulated.true_category_mean.std() == pytest.approx(0.5, abs=0.07)
    assert simulated.true_elasticity.std() == pytest.approx(spread, abs=0.06)
    within = simulated.true_elasticity - simulated.true_category_mean[simulated.product_category]
    assert within.std() == pytest.approx(np.sqrt(spread**2 - 0.25), abs=0.04)
    assert simulated.true_elasticity.max() <= -0.1


def test_without_disturbances_everybody_pays_the_list_price_every_day():
    simulated = shop(SMALL)
    assert (simulated.price == line_list_price(simulated)).all()
    assert (simulated.quantity > 0).all()
    assert simulated.available.all()
    assert not simulated.promotion.any()
    assert np.array_equal(simulated.list_price, simulated.regular_price)


def test_line_rate_and_price_spread_are_those_asked_for():
    simulated = shop(replace(SMALL, products=500))
    flat = simulated.expected_lines * (
        simulated.list_price / np.exp(np.log(simulated.list_price).mean(1))[:, None]
    ) ** (-simulated.true_elasticity[:, None])
    assert flat.mean() == pytest.approx(4, rel=0.15)
    assert simulated.product.size == pytest.approx(simulated.expected_lines.sum(), rel=0.01)
    assert np.sqrt(np.log(simulated.list_price).var(axis=1).mean()) == pytest.approx(0.12, rel=0.02)


def test_list_prices_move_in_steps_of_three_weeks_or_more():
    simulated = shop(ShopSpec(products=200, days=365, lines_per_day=0.1, log_price_sd=0.12))
    product, t = np.nonzero(np.diff(simulated.list_price, axis=1))
    same = product[1:] == product[:-1]
    assert np.diff(t)[same].min() >= 21
    assert 30 < np.diff(t)[same].mean() < 90


def test_units_follow_the_true_elasticity_of_the_list_price():
    simulated = shop(BUSY)
    log_price = np.log(simulated.list_price)
    log_lines = np.log(simulated.expected_lines)
    dx = log_price - log_price.mean(axis=1, keepdims=True)
    slope = (dx * log_lines).sum(axis=1) / (dx**2).sum(axis=1)
    assert slope == pytest.approx(simulated.true_elasticity, rel=1e-9)
    assert daily_units(simulated).sum(axis=1) == pytest.approx(
        simulated.expected_lines.sum(axis=1) * simulated.mean_quantity, rel=0.07
    )


@pytest.mark.parametrize("names", [(), ("intermittent",)])
def test_the_ideal_standard_error_is_that_of_an_oracle_reading_daily_units(names):
    simulated = shop(replace(SMALL, products=400), *names)
    weight = simulated.expected_lines
    x = np.log(simulated.list_price)
    dx = x - (weight * x).sum(axis=1, keepdims=True) / weight.sum(axis=1, keepdims=True)
    # Units over their true means are flat in price: any slope left is the oracle's error.
    ratio = daily_units(simulated) / simulated.expected_lines / simulated.mean_quantity[:, None]
    error = (weight * dx * ratio).sum(axis=1) / (weight * dx**2).sum(axis=1)
    scaled = error / simulated.ideal_standard_error
    assert scaled.std() == pytest.approx(1, abs=0.12)
    assert abs(scaled.mean()) < 0.2


def test_disturbances_cost_the_oracle_information():
    whole = simulate_shop(replace(SMALL, disturbances=Disturbances.only("intermittent", "stockouts")), 3)
    assert (whole.ideal_standard_error > shop(SMALL).ideal_standard_error).all()


def test_segments_differ_by_the_spread_asked_for_and_average_to_the_product():
    simulated = shop(replace(SMALL, products=400, segment_sd=0.7))
    deviation = simulated.segment_elasticity - simulated.true_elasticity[:, None]
    assert deviation.std() == pytest.approx(0.7, rel=0.06)
    assert deviation.mean(axis=1) == pytest.approx(np.zeros(400), abs=1e-12)
    assert np.bincount(simulated.customer_segment).tolist() == [SMALL.customers // SEGMENTS] * SEGMENTS
    known = simulated.customer >= 0
    product = simulated.product[known]
    segment = simulated.customer_segment[simulated.customer[known]]
    log_price = np.log(simulated.list_price)
    x = (log_price - log_price.mean(axis=1, keepdims=True))[
        product, simulated.day[known] - simulated.spec.first_day
    ]
    answered = (deviation[product, segment] * x).sum() / ((deviation**2).mean(axis=1)[product] * x**2).sum()
    assert answered == pytest.approx(1, abs=0.1)


def test_without_a_segment_spread_all_segments_share_the_elasticity():
    simulated = shop(SMALL)
    assert (simulated.segment_elasticity == simulated.true_elasticity[:, None]).all()


def test_quantity_breaks_lower_the_paid_price_of_big_lines_only():
    simulated = shop(SMALL, "quantity_breaks")
    ratio = simulated.price / line_list_price(simulated)
    dear = line_list_price(simulated) > 2  # rounding to the cent is small there
    small = simulated.quantity < FIRST_BREAK
    middle = dear & ~small & (simulated.quantity < SECOND_BREAK)
    assert (ratio[small] == 1).all()
    assert middle.any()
    assert ratio[middle].min() > 0.845
    assert ratio[middle].max() < 0.905
    assert (ratio[dear & (simulated.quantity >= SECOND_BREAK)] < 0.855).all()


def test_web_visitors_pay_about_double_their_product_s_list_price():
    simulated = shop(SMALL, "web_markup")
    ratio = simulated.price / line_list_price(simulated)
    web = simulated.customer < 0
    assert 0.1 < web.mean() < 0.4
    assert (ratio[~web] == 1).all()
    assert (ratio[web] > 1.75).all()
    assert (ratio[web] < 2.25).all()


def test_intermittent_counts_are_overdispersed_at_the_same_mean():
    def dispersion(simulated: SimulatedShop) -> float:
        counts = np.bincount(
            simulated.product * simulated.spec.days + simulated.day - simulated.spec.first_day,
            minlength=simulated.list_price.size,
        ).reshape(simulated.list_price.shape)
        return float(((counts - simulated.expected_lines) ** 2 / simulated.expected_lines).mean())

    assert dispersion(shop(SMALL)) == pytest.approx(1, abs=0.05)
    assert dispersion(shop(SMALL, "intermittent")) > 1.5
    assert np.array_equal(shop(SMALL).expected_lines, shop(SMALL, "intermittent").expected_lines)


def test_weekly_season_closes_saturdays_and_keeps_the_week_s_sales():
    simulated = shop(SMALL, "weekly_season")
    assert ((simulated.day + 3) % 7 != SATURDAY).all()
    assert np.unique((simulated.day + 3) % 7).size == 6
    assert simulated.expected_lines.sum() == pytest.approx(shop(SMALL).expected_lines.sum(), rel=0.01)


def test_yearly_season_peaks_near_the_end_of_the_year_and_is_shared_within_a_category():
    simulated = shop(SMALL, "yearly_season")
    peak = (simulated.spec.first_day + simulated.log_season.argmax(axis=1)) % 365.25
    from_new_year = np.minimum(peak, 365.25 - peak)
    assert (from_new_year < 75).all()
    assert np.median(simulated.log_season.max(axis=1) - simulated.log_season.min(axis=1)) > 0.5
    first, second = np.flatnonzero(simulated.product_category == 0)[:2]
    assert np.corrcoef(simulated.log_season[first], simulated.log_season[second])[0, 1] > 0.999
    assert np.array_equal(simulated.list_price, shop(SMALL).list_price)


def test_trend_makes_some_products_grow_and_some_decline():
    ratio = np.log(shop(SMALL, "trend").expected_lines / shop(SMALL).expected_lines)
    growth = ratio[:, -1] - ratio[:, 0]
    assert 0.2 < growth.std() < 0.5
    assert growth.min() < 0 < growth.max()


def test_stockouts_are_runs_of_days_without_a_sale():
    simulated = shop(SMALL, "stockouts")
    missing = ~simulated.available
    assert 0.03 < missing.mean() < 0.2
    assert (daily_units(simulated)[missing] == 0).all()
    starts = np.diff(np.pad(missing, ((0, 0), (1, 1))).astype(int), axis=1)
    lengths = np.nonzero(starts == -1)[1] - np.nonzero(starts == 1)[1]
    assert lengths.max() > 30
    assert np.median(lengths) > 14


def test_promotions_cut_the_price_and_lift_sales_beyond_the_elasticity():
    simulated = shop(SMALL, "promotions")
    on = simulated.promotion & (simulated.regular_price > 2)
    cut = 1 - simulated.list_price[on] / simulated.regular_price[on]
    assert 0.02 < simulated.promotion.mean() < 0.12
    assert cut.min() > 0.095
    assert cut.max() < 0.305
    assert np.array_equal(
        simulated.list_price[~simulated.promotion], simulated.regular_price[~simulated.promotion]
    )
    log_change = np.log(simulated.expected_lines / shop(SMALL).expected_lines)
    explained = simulated.true_elasticity[:, None] * np.log(simulated.list_price / simulated.regular_price)
    lift = np.broadcast_to(simulated.promotion_lift[:, None], on.shape)
    assert (log_change - explained)[simulated.promotion] == pytest.approx(lift[simulated.promotion], abs=1e-9)


def test_in_season_prices_rise_for_half_of_the_products_when_demand_is_high():
    simulated = shop(SMALL, "in_season_prices")
    rise = np.log(simulated.list_price / shop(SMALL).list_price)
    rising = rise.max(axis=1) > 0.03
    assert 0.3 < rising.mean() < 0.7
    assert rise[rising].max(axis=1).min() > 0.05
    assert (rise[~rising] == 0).all()
    high = simulated.log_season > np.median(simulated.log_season, axis=1, keepdims=True)
    assert rise[rising][high[rising]].mean() > 0.04
    assert (rise[rising][~high[rising]] == 0).all()


def test_clearance_marks_the_price_down_before_the_product_ends():
    simulated = shop(replace(SMALL, products=200), "clearance")
    ended = ~simulated.available[:, -1]
    assert 0.08 < ended.mean() < 0.25
    last = simulated.available[ended].sum(axis=1) - 1
    usual = shop(replace(SMALL, products=200)).list_price[ended]
    ratio = (simulated.list_price[ended] / usual)[np.arange(last.size), last]
    assert ratio == pytest.approx(np.full(last.size, 0.6), abs=0.01)
    assert (daily_units(simulated)[~simulated.available] == 0).all()
    assert np.array_equal(simulated.list_price[~ended], shop(replace(SMALL, products=200)).list_price[~ended])


def test_returns_are_partly_mirrored_by_an_earlier_sale_of_the_same_customer():
    simulated = shop(SMALL, "returns")
    key = np.stack([simulated.product, simulated.customer, np.abs(simulated.quantity)], axis=1)
    sold = {}
    for row in np.flatnonzero(simulated.quantity > 0):
        sold.setdefault(tuple(key[row]), []).append(simulated.day[row])
    returned = np.flatnonzero(simulated.quantity < 0)
    mirrored = [
        any(0 < simulated.day[row] - day <= 30 for day in sold.get(tuple(key[row]), [])) for row in returned
    ]
    assert 0.01 < returned.size / simulated.product.size < 0.04
    assert 0.4 < np.mean(mirrored) < 0.8
    assert (simulated.customer[returned] >= 0).all()


def test_bulk_orders_are_rare_and_huge():
    simulated = shop(SMALL, "bulk_orders")
    bulk = simulated.quantity >= 149
    assert bulk.mean() == pytest.approx(0.002, rel=0.3)
    assert simulated.quantity.max() > 1000
    assert shop(SMALL).quantity.max() < 100


def test_mistyped_prices_are_ten_times_a_tenth_or_nothing():
    simulated = shop(SMALL, "mistyped_prices")
    listed = line_list_price(simulated)
    wrong = simulated.price != listed
    ratio = simulated.price[wrong] / listed[wrong]
    kinds = [np.abs(ratio - slip) < 0.01 * (slip + 1) for slip in (10, 0.1, 0)]
    assert wrong.mean() == pytest.approx(0.003, rel=0.3)
    assert np.any(kinds, axis=0).all()
    assert all(kind.any() for kind in kinds)


def test_duplicates_repeat_a_whole_line_in_its_invoice():
    def repeated(simulated: SimulatedShop) -> float:
        table = np.stack([np.asarray(column, dtype=float) for column in simulated.lines.values()], axis=1)
        return 1 - np.unique(table, axis=0).shape[0] / table.shape[0]

    assert repeated(shop(SMALL, "duplicates")) == pytest.approx(0.01, rel=0.2)
    assert repeated(shop(SMALL)) == 0


def test_plain_regression_is_nearly_right_on_a_busy_undisturbed_shop():
    simulated = shop(BUSY)
    assert np.median(ols_elasticity(simulated) - simulated.true_elasticity) == pytest.approx(0, abs=0.12)


def test_dropping_unsold_days_pulls_the_regression_toward_zero():
    # A sold day of a quiet product has one line whatever the price: the days it did not sell held the answer.
    simulated = shop(QUIET)
    ratio = np.median(ols_elasticity(simulated) / simulated.true_elasticity)
    assert 0.05 < ratio < 0.5


def test_quantity_breaks_push_the_regression_down():
    # A day with a big line has a low mean price because of the quantity: causation runs backwards.
    assert median_ols_shift(QUIET, "quantity_breaks") < -0.5
    assert median_ols_shift(BUSY, "quantity_breaks") < -0.03


def test_web_markup_pushes_the_regression_of_quiet_products_down():
    # Visitors pay double and take fewer units: dear days are small days, at any list price.
    assert median_ols_shift(QUIET, "web_markup") < -0.2


def test_web_markup_drowns_the_list_price_of_busy_products_in_noise():
    # The channel mix moves the mean price much more than the list price does: errors in the regressor.
    assert median_ols_shift(BUSY, "web_markup") > 0.1


def test_promotions_push_the_regression_down_by_their_display_lift():
    assert median_ols_shift(BUSY, "promotions") < -0.15


def test_prices_raised_in_season_push_the_regression_up_by_the_omitted_season():
    # High demand and high prices coincide: the season's lift is read as the price's.
    def omitted_season(simulated: SimulatedShop) -> np.ndarray:
        dx = np.log(simulated.list_price)
        dx -= dx.mean(axis=1, keepdims=True)
        return (dx * simulated.log_season).sum(axis=1) / (dx**2).sum(axis=1)

    raised, same = shop(BUSY, "in_season_prices"), shop(BUSY, "yearly_season")
    rising = (raised.list_price != same.list_price).any(axis=1)
    shift = ols_elasticity(raised) - ols_elasticity(same)
    predicted = omitted_season(raised) - omitted_season(same)
    assert np.median(predicted[rising]) > 0.2
    assert np.median((shift - predicted)[rising]) == pytest.approx(0, abs=0.12)
    assert np.median(shift[~rising]) == pytest.approx(0, abs=0.12)


def test_clearance_pushes_the_regression_of_ending_products_up():
    # Interest fades while the price falls.
    spec = replace(BUSY, products=300, lines_per_day=8)
    ended = ~shop(spec, "clearance").available[:, -1]
    shift = ols_elasticity(shop(spec, "clearance")) - ols_elasticity(shop(spec))
    assert shift[ended].mean() > 0.1


def test_mistyped_prices_pull_the_regression_toward_zero():
    assert median_ols_shift(BUSY, "mistyped_prices") > 0.1
