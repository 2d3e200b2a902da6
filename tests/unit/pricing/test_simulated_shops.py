"""Each disturbance does what its name says, and who knows everything but the noise finds the true elasticities."""

from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from pricing.sales.core.cancellations import match_cancellations
from pricing.sales.core.lines import SalesLines, clean_lines
from tests.simulated_shops import (
    ALONE,
    REALISTIC_REGULAR,
    REALISTIC_SPARSE,
    RETAILER,
    Disturbances,
    Records,
    ShopSpec,
    SimulatedShop,
    log_response,
    simulate,
    totals,
)

SMALL = ShopSpec(products=60, categories=6, days=728, lines_per_day=5, log_price_sd=0.12)
BUSY = replace(SMALL, products=80, lines_per_day=10, lines_log_sd=0.3)


@cache
def shop(name: str = "plain", spec: ShopSpec = SMALL) -> SimulatedShop:
    return simulate(replace(spec, disturbances=ALONE[name]), seed=3)


def correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Per row of two (P, D) arrays."""
    one, other = (array - array.mean(axis=1, keepdims=True) for array in (one, other))
    with np.errstate(invalid="ignore"):
        return (one * other).sum(axis=1) / np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))


def daily_units(simulated: SimulatedShop) -> np.ndarray:
    cell = simulated.product * simulated.spec.days + simulated.day - simulated.spec.first_day
    return np.bincount(cell, simulated.quantity, simulated.spec.products * simulated.spec.days).reshape(
        simulated.spec.products, simulated.spec.days
    )


def mean_units(simulated: SimulatedShop, elasticity: np.ndarray) -> np.ndarray:
    """(P, D) what an oracle expects to sell if these were the elasticities."""
    own = simulated.rows.product
    response = oracle_response(simulated, elasticity)
    units = np.zeros((simulated.spec.products, simulated.spec.days))
    np.add.at(units, own, np.exp(simulated.log_other + response))
    return units


def oracle_response(simulated: SimulatedShop, elasticity: np.ndarray) -> np.ndarray:
    own = simulated.rows.product
    kind = simulated.spec.disturbances.demand
    return log_response(
        simulated.adapted_log_price, elasticity[own][:, None], kind, simulated.attraction[own][:, None]
    )


def oracle(simulated: SimulatedShop, units: np.ndarray) -> np.ndarray:
    """Poisson regression of each product's units on its price, all else known (Fisher scoring)."""
    elasticity = np.full(simulated.spec.products, -1.0)
    for _ in range(7):
        mean = mean_units(simulated, elasticity)
        slope = (mean_units(simulated, elasticity + 1e-4) - mean) / 1e-4
        seen = mean > 0
        ratio = np.divide(slope, mean, out=np.zeros_like(mean), where=seen)
        elasticity = elasticity + np.clip(
            (ratio * (units - mean)).sum(axis=1) / (ratio * slope).sum(axis=1), -1, 1
        )
    return elasticity


@pytest.mark.parametrize(
    "name",
    sorted(set(ALONE) - {"runs_out_when_cheap", "messy_records", "scanner", "daily_totals", "weekly_totals"}),
)
def test_who_knows_all_but_the_noise_finds_the_true_elasticities(name):
    simulated = shop(name, BUSY)
    error = oracle(simulated, daily_units(simulated)) - simulated.true_elasticity
    # A price that only drifts hardly moves for some, and whoever is half a year on sale tells half as much.
    identified = simulated.log_price[:80].std(axis=1) > 0.05
    assert identified.sum() > 40
    assert abs(error[identified].mean()) < 0.08
    assert np.sqrt((error[identified] ** 2).mean()) < 0.45
    assert (
        np.corrcoef((error + simulated.true_elasticity)[identified], simulated.true_elasticity[identified])[
            0, 1
        ]
        > 0.85
    )


def test_running_out_hides_what_was_wanted_and_only_that():
    simulated = shop("runs_out_when_cheap")
    lost = simulated.demanded_lines - simulated.sold_lines
    assert lost.min() == 0
    assert 0.02 < lost.sum() / simulated.demanded_lines.sum() < 0.2
    cheap = simulated.log_price < np.quantile(simulated.log_price, 0.25, axis=1, keepdims=True)
    dear = simulated.log_price > np.quantile(simulated.log_price, 0.75, axis=1, keepdims=True)
    share = [lost[days].sum() / simulated.demanded_lines[days].sum() for days in (cheap, dear)]
    assert share[0] > 2 * share[1]
    wanted = (
        oracle(simulated, simulated.demanded_lines * simulated.expected.quantity) - simulated.true_elasticity
    )
    sold = oracle(simulated, daily_units(simulated)) - simulated.true_elasticity
    assert abs(wanted.mean()) < 0.1
    assert sold.mean() > wanted.mean() + 0.2


@pytest.mark.parametrize("kind", ["constant", "logit", "kinked"])
def test_the_true_elasticity_is_the_slope_at_the_base_price(kind):
    elasticity, attraction, step = np.array([-0.5, -1.8, -4.0]), np.array([0.1, 0.3, 0.6]), 1e-5
    up, down = (log_response(np.full(3, x), elasticity, kind, attraction) for x in (step, -step))
    assert (up - down) / (2 * step) == pytest.approx(elasticity, rel=1e-6)
    assert log_response(np.zeros(3), elasticity, kind, attraction) == pytest.approx(np.zeros(3), abs=1e-12)


def test_logit_demand_is_more_elastic_at_higher_prices_and_kinked_demand_above_the_base_price():
    def slope(kind: str, at: float) -> float:
        one, other = (
            log_response(np.array([x]), np.array([-2.0]), kind, np.array([0.3])) for x in (at, at + 1e-5)
        )
        return float((other - one)[0] / 1e-5)

    assert slope("logit", 0.2) < -2.2 < -1.8 < slope("logit", -0.2)
    assert slope("kinked", 0.1) == pytest.approx(-2.8)
    assert slope("kinked", -0.1) == pytest.approx(-1.2)


def test_the_same_seed_is_the_same_shop_and_another_is_another():
    spec = replace(SMALL, days=182, disturbances=RETAILER)
    one, again, other = simulate(spec, 1), simulate(spec, 1), simulate(spec, 2)
    assert all(np.array_equal(one.lines[name], again.lines[name]) for name in one.lines)
    assert not np.array_equal(one.true_elasticity, other.true_elasticity)


@pytest.mark.parametrize("name", sorted(set(ALONE) - {"plain"}))
def test_a_switch_changes_the_records_but_not_the_products(name):
    with_it, plain = shop(name), shop()
    for truth in ("true_elasticity", "product_category", "base_price", "cost", "log_season", "shock"):
        assert np.array_equal(getattr(with_it, truth), getattr(plain, truth)), truth
    assert not all(np.array_equal(with_it.lines[key], plain.lines[key]) for key in plain.lines)


@pytest.mark.parametrize("name", sorted(ALONE))
def test_the_records_are_sales_lines_in_order_of_time(name):
    simulated = shop(name)
    keys = ("product", "customer", "quantity", "minute", "cancellation", "price")
    voided = match_cancellations(
        **{key: simulated.lines[key] for key in keys}, order=np.arange(simulated.product.size)
    )
    clean = clean_lines(SalesLines(**simulated.lines, voided=voided), simulated.spec.products)
    assert clean.units.sum() > 0
    assert {column.shape for column in simulated.lines.values()} == {simulated.product.shape}
    assert (np.diff(simulated.minute) >= 0).all()
    assert (simulated.minute // 1440 == simulated.day).all()
    assert simulated.day.min() >= simulated.spec.first_day
    assert simulated.day.max() < simulated.spec.first_day + simulated.spec.days
    assert (simulated.quantity != 0).all()
    assert (np.round(simulated.price, 2) == simulated.price).all()
    assert simulated.price.min() > 0


def test_an_invoice_has_one_customer_and_one_moment_and_repeats_no_product():
    simulated = shop()
    order = np.lexsort((simulated.product, simulated.invoice))
    same = np.diff(simulated.invoice[order]) == 0
    assert same.any()
    assert (np.diff(simulated.customer[order])[same] == 0).all()
    assert (np.diff(simulated.minute[order])[same] == 0).all()
    assert (np.diff(simulated.product[order])[same] > 0).all()


def test_elasticities_are_log_normal_with_the_mean_and_spread_asked_for():
    simulated = simulate(ShopSpec(products=4000, categories=400, days=140, lines_per_day=0.01), 1)
    assert simulated.true_elasticity.mean() == pytest.approx(-1.8, abs=0.1)
    assert simulated.true_elasticity.std() == pytest.approx(0.8, abs=0.08)
    assert simulated.true_elasticity.max() < 0
    within = simulated.true_elasticity - simulated.true_category_mean[simulated.product_category]
    assert abs(within.mean()) < 0.03


def test_the_rate_and_the_spread_of_prices_are_those_asked_for():
    simulated = simulate(replace(SMALL, products=300), 1)
    assert np.sqrt(simulated.log_price.var(axis=1).mean()) == pytest.approx(0.12, rel=0.02)
    assert simulated.product.size / simulated.list_price.size == pytest.approx(5, rel=0.2)


def test_counts_are_overdispersed_and_days_resemble_their_neighbours():
    simulated = shop()
    assert ((simulated.sold_lines - simulated.expected.lines) ** 2 / simulated.expected.lines).mean() > 1.4
    neighbours = correlation(simulated.shock[:, :-1], simulated.shock[:, 1:])
    assert neighbours.min() > 0.7


def test_part_of_the_response_lies_in_the_units_of_a_purchase():
    simulated = shop()
    fall = correlation(np.log(simulated.expected.quantity), simulated.log_price)
    assert np.nanmedian(fall) < -0.8


def test_prices_are_raised_or_cut_in_the_product_s_own_season():
    before = np.log(shop().list_price)
    raised, cut = (np.log(shop(name).list_price) - before for name in ("raised_in_season", "cut_in_season"))
    season = shop().log_season
    assert np.median(correlation(raised, season)) > 0.5
    assert np.median(correlation(cut, season)) < -0.5
    assert 0.05 < raised.max() < 0.2
    assert abs(np.median(correlation(before, season))) < 0.1


def test_prices_follow_unexpected_demand_once_a_week():
    simulated = shop("follows_demand")
    extra = np.log(simulated.list_price) - np.log(shop().list_price)
    assert np.median(correlation(extra, simulated.shock)) > 0.6
    assert abs(np.median(correlation(np.log(shop().list_price), simulated.shock))) < 0.1
    moved = np.abs(np.diff(np.log(simulated.list_price * 1.0), axis=1)) > 0.02
    plain = np.abs(np.diff(np.log(shop().list_price), axis=1)) > 0.02
    monday = (simulated.spec.first_day + 1 + np.arange(moved.shape[1]) + 3) % 7 == 0
    assert (moved & ~plain)[:, monday].sum() > 0.95 * (moved & ~plain).sum()


def test_rivals_follow_a_week_later_and_take_part_of_the_response_away():
    simulated = shop("rivals_follow")
    ours = np.log(simulated.regular_price)
    assert np.median(correlation(simulated.rival_price[:, 7:], ours[:, :-7])) > 0.6
    assert (simulated.response_elasticity > simulated.true_elasticity + 0.1).all()
    lift = np.log(simulated.expected.units / shop().expected.units)
    assert np.median(correlation(lift, simulated.rival_price)) > 0.99
    assert (shop().rival_price == 0).all()
    assert (shop().response_elasticity == shop().true_elasticity).all()


def test_demand_adapts_over_weeks():
    simulated = shop("slow_adaptation")
    product = int(np.abs(np.diff(simulated.log_price, axis=1)).max(axis=1).argmax())
    at = int(np.abs(np.diff(simulated.log_price[product])).argmax()) + 1
    step = simulated.log_price[product, at] - simulated.log_price[product, at - 1]
    gap = np.abs(simulated.adapted_log_price - simulated.log_price)[product]
    assert gap[at] > 0.5 * abs(step)
    assert gap[at + 20] < gap[at]
    assert np.array_equal(shop().adapted_log_price, shop().log_price)


def test_accounts_negotiate_prices_that_fall_with_their_size_and_last_half_a_year():
    simulated = shop("negotiated")
    account = simulated.rows.account >= 0
    assert account.sum() == 8 * simulated.spec.products
    assert np.bincount(simulated.rows.product, simulated.rows.size) == pytest.approx(
        np.ones(simulated.spec.products)
    )
    size, level = np.log(simulated.rows.size[account]), simulated.log_price[account].mean(axis=1)
    assert np.corrcoef(size, level)[0, 1] < -0.3
    assert (np.diff(simulated.log_price[account], axis=1) != 0).sum(axis=1).max() <= 5
    same_day = simulated.product * simulated.spec.days + simulated.day
    prices = {}
    for cell, price in zip(same_day[:5000], simulated.price[:5000], strict=True):
        prices.setdefault(cell, set()).add(price)
    assert np.mean([len(found) > 1 for found in prices.values()]) > 0.3


def test_coupons_cut_what_some_pay_in_campaigns_and_sell_more():
    simulated = shop("coupons")
    listed = simulated.list_price[simulated.product, simulated.day - simulated.spec.first_day]
    dear = simulated.coupon & (listed > 3)
    assert 0.03 < simulated.coupon.mean() < 0.3
    assert ((simulated.price / listed)[dear] < 0.91).all()
    assert (simulated.price == listed)[~simulated.coupon].all()
    assert (simulated.list_price == shop().list_price).all()
    assert (simulated.expected.units >= shop().expected.units * (1 - 1e-9)).all()
    running = simulated.expected.coupon_share > 0
    assert (simulated.expected.units > shop().expected.units)[running].all()


def test_drift_moves_prices_in_small_steps_of_one_direction():
    simulated = shop("drift")
    step = np.diff(simulated.log_price, axis=1)
    dear = simulated.base_price > 5  # rounding to the cent is small there
    assert np.abs(step[dear]).max() < 0.04
    straight = np.abs(step.sum(axis=1)) / np.abs(step).sum(axis=1)
    assert np.median(straight[dear]) > 0.4


def test_all_prices_move_together():
    simulated = shop("all_together")
    dear = np.log(simulated.list_price[simulated.base_price > 5])
    assert np.corrcoef(dear).min() > 0.99


def test_shop_sales_cut_all_prices_by_the_same_and_nothing_else_moves():
    simulated = shop("shop_sales_only")
    assert (simulated.regular_price == simulated.base_price[:, None]).all()
    dear = simulated.base_price > 5
    cut = simulated.log_price[dear]
    assert np.ptp(cut, axis=0).max() < 0.005
    days = cut[0] < 0
    assert np.diff(days.astype(int)).clip(0).sum() == pytest.approx(10, abs=1)
    assert not simulated.promotion.any()
    visits = simulated.log_other - shop().log_other
    assert (visits[:, days] > 0.04).all()
    assert visits[:, ~days] == pytest.approx(0, abs=1e-9)


def test_promotions_are_short_cuts_that_sell_beyond_their_price():
    simulated = shop("promotions")
    on = simulated.promotion & (simulated.regular_price > 3)
    cut = 1 - simulated.list_price[on] / simulated.regular_price[on]
    assert 0.05 < simulated.promotion.mean() < 0.15
    assert 0.09 < cut.min() < cut.max() < 0.31
    assert (simulated.list_price == simulated.regular_price)[~simulated.promotion].all()
    assert np.median((simulated.log_other - shop().log_other)[simulated.promotion]) == pytest.approx(
        0.3, abs=0.1
    )


@pytest.mark.parametrize(("name", "days"), [("daily_totals", 1), ("weekly_totals", 7)])
def test_totals_are_the_sums_of_the_lines_of_the_same_shop(name, days):
    lines, summed = shop(), shop(name)
    first = lines.spec.first_day

    def by_period(simulated: SimulatedShop, values: np.ndarray) -> np.ndarray:
        periods = simulated.spec.days // days
        return np.bincount(
            simulated.product * periods + (simulated.day - first) // days,
            values,
            simulated.spec.products * periods,
        )

    assert np.array_equal(by_period(summed, summed.quantity), by_period(lines, lines.quantity))
    money = by_period(lines, lines.quantity * lines.price)
    tolerance = 0.005 * by_period(lines, lines.quantity) + 1e-6
    assert (np.abs(by_period(summed, summed.quantity * summed.price) - money) <= tolerance).all()
    assert by_period(summed, np.ones(summed.product.size)).max() == 1
    assert (summed.customer == -1).all()
    assert ((summed.day - first) % days == days - 1).all()


def test_totals_of_returns_are_net_of_them():
    simulated = Records(
        product=np.array([0, 0, 1]),
        day=np.array([10, 11, 10]),
        minute=np.array([14400, 15840, 14400]),
        quantity=np.array([5, -2, 3]),
        price=np.array([2.0, 2.0, 4.0]),
        customer=np.array([1, 1, -1]),
        invoice=np.arange(3),
        store=np.zeros(3, np.int64),
        coupon=np.zeros(3, np.bool_),
    )
    summed = totals(simulated, first_day=10, days=7)
    assert summed.product.tolist() == [0, 1]
    assert summed.quantity.tolist() == [3, 3]
    assert summed.price.tolist() == [2.0, 4.0]
    assert summed.day.tolist() == [16, 16]


def test_scanner_data_are_weekly_totals_read_with_errors():
    simulated = shop("scanner")
    assert simulated.promotion.any()
    assert ((simulated.day - simulated.spec.first_day) % 7 == 6).all()
    exact = simulate(replace(SMALL, disturbances=Disturbances(promotions=1.0, totals=7)), seed=3)
    busy = exact.quantity > 50
    error = np.log(simulated.quantity / exact.quantity)[busy]
    assert error.std() == pytest.approx(0.1, abs=0.01)
    assert error.mean() == pytest.approx(0, abs=0.01)


def test_two_stores_have_different_prices_on_the_same_day():
    simulated = shop("two_stores")
    first, second = simulated.log_price[:60], simulated.log_price[60:]
    assert np.median(np.abs(first - second)) > 0.03
    assert 0.1 < np.median(correlation(first, second)) < 0.9
    assert 0.3 < simulated.store.mean() < 0.7
    asked = np.exp(
        simulated.log_price[
            simulated.product + 60 * simulated.store, simulated.day - simulated.spec.first_day
        ]
    )
    assert simulated.price == pytest.approx(asked * simulated.base_price[simulated.product], abs=0.006)


def test_fractional_units_are_kilograms_with_three_decimals():
    simulated = shop("fractional_units")
    assert simulated.quantity.dtype == np.float64
    assert (np.round(simulated.quantity, 3) == simulated.quantity).all()
    assert (simulated.quantity % 1 > 0).mean() > 0.9
    assert simulated.quantity.sum() == pytest.approx(shop().quantity.sum(), rel=0.02)


def test_stockouts_and_churn_take_products_off_the_shelf():
    for name, longest in (("stockouts", 60), ("churn", 500)):
        simulated = shop(name)
        missing = ~simulated.available
        assert (daily_units(simulated)[missing] == 0).all()
        edge = np.diff(np.pad(missing, ((0, 0), (1, 1))).astype(int), axis=1)
        spells = np.nonzero(edge == -1)[1] - np.nonzero(edge == 1)[1]
        assert spells.min() >= 7
        assert spells.max() <= longest
    assert shop().available.all()
    assert not (shop("churn").available[:, 0] & shop("churn").available[:, -1]).any()


def test_buyers_of_many_pay_less_and_those_without_id_more():
    for name, who, between in (
        ("quantity_breaks", "many", (0.84, 0.93)),
        ("web_markup", "web", (1.13, 1.62)),
    ):
        simulated = shop(name)
        listed = simulated.list_price[simulated.product, simulated.day - simulated.spec.first_day]
        affected = simulated.quantity >= 12 if who == "many" else simulated.customer < 0
        ratio = (simulated.price / listed)[affected & (listed > 3)]
        assert ratio.size > 100
        assert between[0] < ratio.min() < ratio.max() < between[1]
        assert (simulated.price == listed)[~affected].all()


def test_messy_records_have_returns_repeated_lines_bulk_orders_and_mistyped_prices():
    simulated = shop("messy_records")
    back = simulated.quantity < 0
    assert back.mean() == pytest.approx(0.03, rel=0.2)
    assert (simulated.quantity >= 100).mean() == pytest.approx(0.002, rel=0.3)
    listed = simulated.list_price[simulated.product, simulated.day - simulated.spec.first_day]
    assert (np.abs(np.log(simulated.price / listed)) > 1.5).mean() == pytest.approx(0.002, rel=0.3)
    table = np.stack([np.asarray(column, dtype=float) for column in simulated.lines.values()], axis=1)
    assert 1 - np.unique(table, axis=0).shape[0] / table.shape[0] == pytest.approx(0.01, rel=0.2)


@pytest.mark.parametrize("spec", [REALISTIC_SPARSE, REALISTIC_REGULAR], ids=["sparse", "regular"])
def test_realistic_shops_mix_what_a_retailer_has(spec):
    assert spec.products == {0.5: 1500, 3.0: 500}[spec.lines_per_day]
    simulated = simulate(replace(spec, products=400), seed=3)
    names = [field.name for field in fields(Disturbances) if field.name in simulated.affected]
    for name in names:
        assert simulated.affected[name].mean() == pytest.approx(getattr(RETAILER, name), abs=0.08), name
    assert not (simulated.affected["raised_in_season"] & simulated.affected["cut_in_season"]).any()
    raised = simulated.affected["raised_in_season"] & ~simulated.affected["drift"]
    along = correlation(np.log(simulated.regular_price), simulated.log_season)
    assert (
        np.median(along[raised])
        > 0.15
        > abs(np.median(along[~raised & ~simulated.affected["cut_in_season"]]))
    )
    assert simulated.cancellation.any()
    assert simulated.coupon.any()


@pytest.mark.parametrize("wrong", [{"days": 100}, {"days": 133}, {"mean_elasticity": 1.0}])
def test_an_impossible_shop_is_refused(wrong):
    with pytest.raises(ValueError, match=r"weeks|negative"):
        replace(SMALL, **wrong)
