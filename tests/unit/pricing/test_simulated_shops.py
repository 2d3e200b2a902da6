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
    Books,
    Disturbances,
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


def daily_units(books: SimulatedShop) -> np.ndarray:
    cell = books.product * books.spec.days + books.day - books.spec.first_day
    return np.bincount(cell, books.quantity, books.spec.products * books.spec.days).reshape(
        books.spec.products, books.spec.days
    )


def mean_units(books: SimulatedShop, elasticity: np.ndarray) -> np.ndarray:
    """(P, D) what an oracle expects to sell if these were the elasticities."""
    own = books.rows.product
    response = oracle_response(books, elasticity)
    units = np.zeros((books.spec.products, books.spec.days))
    np.add.at(units, own, np.exp(books.log_other + response))
    return units


def oracle_response(books: SimulatedShop, elasticity: np.ndarray) -> np.ndarray:
    own = books.rows.product
    kind = books.spec.disturbances.demand
    return log_response(
        books.adapted_log_price, elasticity[own][:, None], kind, books.attraction[own][:, None]
    )


def oracle(books: SimulatedShop, units: np.ndarray) -> np.ndarray:
    """Poisson regression of each product's units on its price, all else known (Fisher scoring)."""
    elasticity = np.full(books.spec.products, -1.0)
    for _ in range(7):
        mean = mean_units(books, elasticity)
        slope = (mean_units(books, elasticity + 1e-4) - mean) / 1e-4
        seen = mean > 0
        ratio = np.divide(slope, mean, out=np.zeros_like(mean), where=seen)
        elasticity = elasticity + np.clip(
            (ratio * (units - mean)).sum(axis=1) / (ratio * slope).sum(axis=1), -1, 1
        )
    return elasticity


@pytest.mark.parametrize(
    "name",
    sorted(set(ALONE) - {"runs_out_when_cheap", "messy_books", "scanner", "daily_totals", "weekly_totals"}),
)
def test_who_knows_all_but_the_noise_finds_the_true_elasticities(name):
    books = shop(name, BUSY)
    error = oracle(books, daily_units(books)) - books.true_elasticity
    # A price that only drifts hardly moves for some, and whoever is half a year on sale tells half as much.
    told = books.log_price[:80].std(axis=1) > 0.05
    assert told.sum() > 40
    assert abs(error[told].mean()) < 0.08
    assert np.sqrt((error[told] ** 2).mean()) < 0.45
    assert np.corrcoef((error + books.true_elasticity)[told], books.true_elasticity[told])[0, 1] > 0.85


def test_running_out_hides_what_was_wanted_and_only_that():
    books = shop("runs_out_when_cheap")
    lost = books.demanded_lines - books.sold_lines
    assert lost.min() == 0
    assert 0.02 < lost.sum() / books.demanded_lines.sum() < 0.2
    cheap = books.log_price < np.quantile(books.log_price, 0.25, axis=1, keepdims=True)
    dear = books.log_price > np.quantile(books.log_price, 0.75, axis=1, keepdims=True)
    share = [lost[days].sum() / books.demanded_lines[days].sum() for days in (cheap, dear)]
    assert share[0] > 2 * share[1]
    wanted = oracle(books, books.demanded_lines * books.expected.quantity) - books.true_elasticity
    sold = oracle(books, daily_units(books)) - books.true_elasticity
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
def test_a_switch_changes_the_books_but_not_the_products(name):
    with_it, plain = shop(name), shop()
    for truth in ("true_elasticity", "product_category", "base_price", "cost", "log_season", "shock"):
        assert np.array_equal(getattr(with_it, truth), getattr(plain, truth)), truth
    assert not all(np.array_equal(with_it.lines[key], plain.lines[key]) for key in plain.lines)


@pytest.mark.parametrize("name", sorted(ALONE))
def test_the_books_are_sales_lines_in_order_of_time(name):
    books = shop(name)
    keys = ("product", "customer", "quantity", "minute", "cancellation", "price")
    voided = match_cancellations(
        **{key: books.lines[key] for key in keys}, order=np.arange(books.product.size)
    )
    clean = clean_lines(SalesLines(**books.lines, voided=voided), books.spec.products)
    assert clean.units.sum() > 0
    assert {column.shape for column in books.lines.values()} == {books.product.shape}
    assert (np.diff(books.minute) >= 0).all()
    assert (books.minute // 1440 == books.day).all()
    assert books.day.min() >= books.spec.first_day
    assert books.day.max() < books.spec.first_day + books.spec.days
    assert (books.quantity != 0).all()
    assert (np.round(books.price, 2) == books.price).all()
    assert books.price.min() > 0


def test_an_invoice_has_one_customer_and_one_moment_and_repeats_no_product():
    books = shop()
    order = np.lexsort((books.product, books.invoice))
    same = np.diff(books.invoice[order]) == 0
    assert same.any()
    assert (np.diff(books.customer[order])[same] == 0).all()
    assert (np.diff(books.minute[order])[same] == 0).all()
    assert (np.diff(books.product[order])[same] > 0).all()


def test_elasticities_are_log_normal_with_the_mean_and_spread_asked_for():
    books = simulate(ShopSpec(products=4000, categories=400, days=140, lines_per_day=0.01), 1)
    assert books.true_elasticity.mean() == pytest.approx(-1.8, abs=0.1)
    assert books.true_elasticity.std() == pytest.approx(0.8, abs=0.08)
    assert books.true_elasticity.max() < 0
    within = books.true_elasticity - books.true_category_mean[books.product_category]
    assert abs(within.mean()) < 0.03


def test_the_rate_and_the_spread_of_prices_are_those_asked_for():
    books = simulate(replace(SMALL, products=300), 1)
    assert np.sqrt(books.log_price.var(axis=1).mean()) == pytest.approx(0.12, rel=0.02)
    assert books.product.size / books.list_price.size == pytest.approx(5, rel=0.2)


def test_counts_are_overdispersed_and_days_resemble_their_neighbours():
    books = shop()
    assert ((books.sold_lines - books.expected.lines) ** 2 / books.expected.lines).mean() > 1.4
    neighbours = correlation(books.shock[:, :-1], books.shock[:, 1:])
    assert neighbours.min() > 0.7


def test_part_of_the_response_lies_in_the_units_of_a_purchase():
    books = shop()
    fall = correlation(np.log(books.expected.quantity), books.log_price)
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
    books = shop("follows_demand")
    extra = np.log(books.list_price) - np.log(shop().list_price)
    assert np.median(correlation(extra, books.shock)) > 0.6
    assert abs(np.median(correlation(np.log(shop().list_price), books.shock))) < 0.1
    moved = np.abs(np.diff(np.log(books.list_price * 1.0), axis=1)) > 0.02
    plain = np.abs(np.diff(np.log(shop().list_price), axis=1)) > 0.02
    monday = (books.spec.first_day + 1 + np.arange(moved.shape[1]) + 3) % 7 == 0
    assert (moved & ~plain)[:, monday].sum() > 0.95 * (moved & ~plain).sum()


def test_rivals_follow_a_week_later_and_take_part_of_the_response_away():
    books = shop("rivals_follow")
    ours = np.log(books.regular_price)
    assert np.median(correlation(books.rival_price[:, 7:], ours[:, :-7])) > 0.6
    assert (books.response_elasticity > books.true_elasticity + 0.1).all()
    lift = np.log(books.expected.units / shop().expected.units)
    assert np.median(correlation(lift, books.rival_price)) > 0.99
    assert (shop().rival_price == 0).all()
    assert (shop().response_elasticity == shop().true_elasticity).all()


def test_demand_adapts_over_weeks():
    books = shop("slow_adaptation")
    product = int(np.abs(np.diff(books.log_price, axis=1)).max(axis=1).argmax())
    at = int(np.abs(np.diff(books.log_price[product])).argmax()) + 1
    step = books.log_price[product, at] - books.log_price[product, at - 1]
    gap = np.abs(books.adapted_log_price - books.log_price)[product]
    assert gap[at] > 0.5 * abs(step)
    assert gap[at + 20] < gap[at]
    assert np.array_equal(shop().adapted_log_price, shop().log_price)


def test_accounts_negotiate_prices_that_fall_with_their_size_and_last_half_a_year():
    books = shop("negotiated")
    account = books.rows.account >= 0
    assert account.sum() == 8 * books.spec.products
    assert np.bincount(books.rows.product, books.rows.size) == pytest.approx(np.ones(books.spec.products))
    size, level = np.log(books.rows.size[account]), books.log_price[account].mean(axis=1)
    assert np.corrcoef(size, level)[0, 1] < -0.3
    assert (np.diff(books.log_price[account], axis=1) != 0).sum(axis=1).max() <= 5
    same_day = books.product * books.spec.days + books.day
    prices = {}
    for cell, price in zip(same_day[:5000], books.price[:5000], strict=True):
        prices.setdefault(cell, set()).add(price)
    assert np.mean([len(found) > 1 for found in prices.values()]) > 0.3


def test_coupons_cut_what_some_pay_in_campaigns_and_sell_more():
    books = shop("coupons")
    listed = books.list_price[books.product, books.day - books.spec.first_day]
    dear = books.coupon & (listed > 3)
    assert 0.03 < books.coupon.mean() < 0.3
    assert ((books.price / listed)[dear] < 0.91).all()
    assert (books.price == listed)[~books.coupon].all()
    assert (books.list_price == shop().list_price).all()
    assert (books.expected.units >= shop().expected.units * (1 - 1e-9)).all()
    running = books.expected.coupon_share > 0
    assert (books.expected.units > shop().expected.units)[running].all()


def test_drift_moves_prices_in_small_steps_of_one_direction():
    books = shop("drift")
    step = np.diff(books.log_price, axis=1)
    dear = books.base_price > 5  # rounding to the cent is small there
    assert np.abs(step[dear]).max() < 0.04
    straight = np.abs(step.sum(axis=1)) / np.abs(step).sum(axis=1)
    assert np.median(straight[dear]) > 0.4


def test_all_prices_move_together():
    books = shop("all_together")
    dear = np.log(books.list_price[books.base_price > 5])
    assert np.corrcoef(dear).min() > 0.99


def test_shop_sales_cut_all_prices_by_the_same_and_nothing_else_moves():
    books = shop("shop_sales_only")
    assert (books.regular_price == books.base_price[:, None]).all()
    dear = books.base_price > 5
    cut = books.log_price[dear]
    assert np.ptp(cut, axis=0).max() < 0.005
    days = cut[0] < 0
    assert np.diff(days.astype(int)).clip(0).sum() == pytest.approx(10, abs=1)
    assert not books.promotion.any()
    visits = books.log_other - shop().log_other
    assert (visits[:, days] > 0.04).all()
    assert visits[:, ~days] == pytest.approx(0, abs=1e-9)


def test_promotions_are_short_cuts_that_sell_beyond_their_price():
    books = shop("promotions")
    on = books.promotion & (books.regular_price > 3)
    cut = 1 - books.list_price[on] / books.regular_price[on]
    assert 0.05 < books.promotion.mean() < 0.15
    assert 0.09 < cut.min() < cut.max() < 0.31
    assert (books.list_price == books.regular_price)[~books.promotion].all()
    assert np.median((books.log_other - shop().log_other)[books.promotion]) == pytest.approx(0.3, abs=0.1)


@pytest.mark.parametrize(("name", "days"), [("daily_totals", 1), ("weekly_totals", 7)])
def test_totals_are_the_sums_of_the_lines_of_the_same_shop(name, days):
    lines, summed = shop(), shop(name)
    first = lines.spec.first_day

    def by_period(books: SimulatedShop, values: np.ndarray) -> np.ndarray:
        periods = books.spec.days // days
        return np.bincount(
            books.product * periods + (books.day - first) // days, values, books.spec.products * periods
        )

    assert np.array_equal(by_period(summed, summed.quantity), by_period(lines, lines.quantity))
    money = by_period(lines, lines.quantity * lines.price)
    tolerance = 0.005 * by_period(lines, lines.quantity) + 1e-6
    assert (np.abs(by_period(summed, summed.quantity * summed.price) - money) <= tolerance).all()
    assert by_period(summed, np.ones(summed.product.size)).max() == 1
    assert (summed.customer == -1).all()
    assert ((summed.day - first) % days == days - 1).all()


def test_totals_of_returns_are_net_of_them():
    books = Books(
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
    summed = totals(books, first_day=10, days=7)
    assert summed.product.tolist() == [0, 1]
    assert summed.quantity.tolist() == [3, 3]
    assert summed.price.tolist() == [2.0, 4.0]
    assert summed.day.tolist() == [16, 16]


def test_scanner_data_are_weekly_totals_read_with_errors():
    books = shop("scanner")
    assert books.promotion.any()
    assert ((books.day - books.spec.first_day) % 7 == 6).all()
    exact = simulate(replace(SMALL, disturbances=Disturbances(promotions=1.0, totals=7)), seed=3)
    busy = exact.quantity > 50
    error = np.log(books.quantity / exact.quantity)[busy]
    assert error.std() == pytest.approx(0.1, abs=0.01)
    assert error.mean() == pytest.approx(0, abs=0.01)


def test_two_stores_have_different_prices_on_the_same_day():
    books = shop("two_stores")
    first, second = books.log_price[:60], books.log_price[60:]
    assert np.median(np.abs(first - second)) > 0.03
    assert 0.1 < np.median(correlation(first, second)) < 0.9
    assert 0.3 < books.store.mean() < 0.7
    asked = np.exp(books.log_price[books.product + 60 * books.store, books.day - books.spec.first_day])
    assert books.price == pytest.approx(asked * books.base_price[books.product], abs=0.006)


def test_fractional_units_are_kilograms_with_three_decimals():
    books = shop("fractional_units")
    assert books.quantity.dtype == np.float64
    assert (np.round(books.quantity, 3) == books.quantity).all()
    assert (books.quantity % 1 > 0).mean() > 0.9
    assert books.quantity.sum() == pytest.approx(shop().quantity.sum(), rel=0.02)


def test_stockouts_and_churn_take_products_off_the_shelf():
    for name, longest in (("stockouts", 60), ("churn", 500)):
        books = shop(name)
        missing = ~books.available
        assert (daily_units(books)[missing] == 0).all()
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
        books = shop(name)
        listed = books.list_price[books.product, books.day - books.spec.first_day]
        affected = books.quantity >= 12 if who == "many" else books.customer < 0
        ratio = (books.price / listed)[affected & (listed > 3)]
        assert ratio.size > 100
        assert between[0] < ratio.min() < ratio.max() < between[1]
        assert (books.price == listed)[~affected].all()


def test_messy_books_have_returns_repeated_lines_bulk_orders_and_mistyped_prices():
    books = shop("messy_books")
    back = books.quantity < 0
    assert back.mean() == pytest.approx(0.03, rel=0.2)
    assert (books.quantity >= 100).mean() == pytest.approx(0.002, rel=0.3)
    listed = books.list_price[books.product, books.day - books.spec.first_day]
    assert (np.abs(np.log(books.price / listed)) > 1.5).mean() == pytest.approx(0.002, rel=0.3)
    table = np.stack([np.asarray(column, dtype=float) for column in books.lines.values()], axis=1)
    assert 1 - np.unique(table, axis=0).shape[0] / table.shape[0] == pytest.approx(0.01, rel=0.2)


@pytest.mark.parametrize("spec", [REALISTIC_SPARSE, REALISTIC_REGULAR], ids=["sparse", "regular"])
def test_realistic_shops_mix_what_a_retailer_has(spec):
    assert spec.products == {0.5: 1500, 3.0: 500}[spec.lines_per_day]
    books = simulate(replace(spec, products=400), seed=3)
    names = [field.name for field in fields(Disturbances) if field.name in books.affected]
    for name in names:
        assert books.affected[name].mean() == pytest.approx(getattr(RETAILER, name), abs=0.08), name
    assert not (books.affected["raised_in_season"] & books.affected["cut_in_season"]).any()
    raised = books.affected["raised_in_season"] & ~books.affected["drift"]
    along = correlation(np.log(books.regular_price), books.log_season)
    assert np.median(along[raised]) > 0.15 > abs(np.median(along[~raised & ~books.affected["cut_in_season"]]))
    assert books.cancellation.any()
    assert books.coupon.any()


@pytest.mark.parametrize("wrong", [{"days": 100}, {"days": 133}, {"mean_elasticity": 1.0}])
def test_an_impossible_shop_is_refused(wrong):
    with pytest.raises(ValueError, match=r"weeks|negative"):
        replace(SMALL, **wrong)
