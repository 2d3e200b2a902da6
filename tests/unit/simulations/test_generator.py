"""The generated shop: reproducible, consistent, and true to what it promises about its elasticities."""

import dataclasses

import numpy as np
import pytest

from segments.core.rfm import SEGMENTS, rfm_segments
from simulations.generator.catalogue import CATEGORIES, make_catalogue, tidy_price
from simulations.generator.demand import open_weight
from simulations.generator.shop import generate_shop, invoice_labels

MINUTES_A_DAY = 1440
ICED_LATTE = 0


@pytest.fixture(scope="module")
def shop():
    return generate_shop()


@pytest.fixture(scope="module")
def day(shop):
    return shop.lines.minute // MINUTES_A_DAY


def small_shop(seed):
    return generate_shop(seed=seed, products=20, customers=50, days=120)


def arrays(value):
    for field in dataclasses.fields(value):
        member = getattr(value, field.name)
        if dataclasses.is_dataclass(member):
            yield from arrays(member)
        else:
            yield field.name, np.asarray(member)


def weekly_elasticity(shop, day, product):
    """Poisson regression of weekly units on log effective price, promotion, trend and yearly season."""
    calendar = np.arange(shop.first_day, shop.last_day + 1)
    week = (calendar - shop.first_day) // 7
    sold = shop.lines.product == product
    units = np.bincount(day[sold] - shop.first_day, shop.lines.quantity[sold], calendar.size)
    exposure = np.bincount(week, open_weight(calendar))
    weekly = np.bincount(week, units)
    year = 2 * np.pi * calendar / 365.25
    columns = (
        np.log(shop.effective_price[product]),
        shop.promotion[product],
        calendar / 365.25,
        np.sin(year),
        np.cos(year),
    )
    means = [np.bincount(week, column * open_weight(calendar)) / exposure for column in columns]
    # A product that was never on promotion has nothing to say about promotions.
    varying = [mean - mean.mean() for mean in means if np.ptp(mean) > 0]
    design = np.column_stack([np.ones(exposure.size), *varying])
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(weekly.sum() / exposure.sum())
    for _ in range(25):
        expected = exposure * np.exp(design @ beta)
        information = design.T @ (design * expected[:, None])
        beta += np.linalg.solve(information, design.T @ (weekly - expected))
    dispersion = np.sum((weekly - expected) ** 2 / expected) / (weekly.size - beta.size)
    return beta[1], np.sqrt(dispersion * np.linalg.inv(information)[1, 1])


def test_the_same_seed_makes_the_same_shop():
    first, second = dict(arrays(small_shop(7))), dict(arrays(small_shop(7)))
    assert first.keys() == second.keys()
    for name, values in first.items():
        np.testing.assert_array_equal(values, second[name], err_msg=name)


def test_another_seed_makes_another_shop():
    assert not np.array_equal(small_shop(7).lines.quantity, small_shop(8).lines.quantity)


def test_size_of_the_shop(shop, day):
    assert len(shop.products.code) == len(set(shop.products.code)) == 300
    assert len(set(shop.products.name)) == 300
    assert len(set(shop.products.category)) == len(CATEGORIES) == 10
    assert np.unique(shop.lines.customer[shop.lines.customer >= 0]).size == 3000
    assert 200_000 <= shop.lines.product.size <= 350_000
    assert (day.min(), day.max()) == (shop.first_day, shop.last_day)
    assert shop.last_day - shop.first_day == 729
    assert shop.effective_price.shape == shop.promotion.shape == (300, 730)


def test_product_codes_and_first_product(shop):
    products = shop.products
    assert (products.code[0], products.code[-1]) == ("P001", "P300")
    assert (products.name[0], products.category[0]) == ("Iced Latte 720", "Beverage")
    assert products.current_price[0] == 12.99
    assert products.cost[0] == 8.50
    assert products.stock_level[0] == 450
    assert products.true_elasticity[0] == -1.2


@pytest.mark.parametrize(("seed", "last_day"), [(720, 20453), (1, 20447), (2, 20400), (3, 20000)])
def test_the_iced_latte_sells_1200_units_in_the_month_to_the_last_sale(seed, last_day):
    shop = generate_shop(seed=seed, products=30, customers=300, last_day=last_day)
    day = shop.lines.minute // MINUTES_A_DAY
    month = (shop.lines.product == ICED_LATTE) & (day > day.max() - 30)
    assert shop.lines.quantity[month].sum() == pytest.approx(1200, rel=0.03)
    assert shop.products.current_price[ICED_LATTE] == 12.99


def test_the_iced_latte_was_sold_at_many_regular_prices_in_many_small_lines(shop):
    mine = shop.lines.product == ICED_LATTE
    regular = np.unique(shop.effective_price[ICED_LATTE][~shop.promotion[ICED_LATTE]])
    assert regular.size >= 6
    assert (regular.min(), regular.max()) == (11.49, 14.49)
    assert np.median(shop.lines.quantity[mine]) == 1
    assert shop.lines.quantity[mine].max() < 24
    assert not shop.lines.cancellation[mine].any()


def test_competitors_of_the_iced_latte(shop):
    theirs = shop.competitor_prices
    newest = shop.last_day - theirs.day < 4
    rows = np.flatnonzero((theirs.product == ICED_LATTE) & newest)
    assert {theirs.competitor[row]: theirs.price[row] for row in rows} == {
        "Competitor A": 13.49,
        "Competitor B": 12.49,
        "Competitor C": 14.99,
    }
    assert (shop.last_day - theirs.day >= 0).all()
    assert (shop.last_day - theirs.day < 10 + 7 * 7).all()


def test_competitors_were_watched_every_week(shop):
    theirs = shop.competitor_prices
    observed = {}
    for row in range(theirs.product.size):
        key = (int(theirs.product[row]), theirs.competitor[row])
        observed.setdefault(key, []).append((int(theirs.day[row]), float(theirs.price[row])))
    assert {len(each) for each in observed.values()} == {8}
    for each in observed.values():
        assert set(np.diff([day for day, _ in each])) == {7}
    changes = [np.count_nonzero(np.diff([price for _, price in each])) for each in observed.values()]
    assert 1 < np.mean(changes) < 3


def test_weekly_sales_give_back_the_elasticity_of_the_iced_latte(shop, day):
    elasticity, std_error = weekly_elasticity(shop, day, ICED_LATTE)
    assert -1.35 < elasticity < -1.05
    assert std_error < 0.1


def test_weekly_sales_give_back_the_elasticities_of_the_other_products(shop, day):
    always_there = np.bincount(shop.lines.product, weights=(day - shop.first_day < 60), minlength=300).astype(
        bool
    )
    fits = np.array([weekly_elasticity(shop, day, product) for product in np.flatnonzero(always_there)])
    error = fits[:, 0] - shop.products.true_elasticity[always_there]
    good = fits[:, 1] < 0.6
    assert good.sum() >= 60
    assert abs(error[good].mean()) < 0.15
    assert np.mean(np.abs(error[good]) < 1.96 * fits[good, 1]) > 0.85


def test_every_line_is_valid(shop, day):
    lines = shop.lines
    assert (lines.unit_price > 0).all()
    np.testing.assert_array_equal(lines.unit_price, np.round(lines.unit_price, 2))
    assert (lines.quantity != 0).all()
    assert ((lines.quantity < 0) == lines.cancellation).all()
    assert ((day >= shop.first_day) & (day <= shop.last_day)).all()
    clock = lines.minute % MINUTES_A_DAY
    assert ((clock >= 8 * 60) & (clock < 18 * 60 + 30)).all()
    assert ((lines.product >= 0) & (lines.product < 300)).all()
    assert ((lines.country >= 0) & (lines.country < len(shop.country_names))).all()


def test_the_shop_is_closed_on_mondays_and_on_christmas_day(shop, day):
    assert not np.any((day + 3) % 7 == 0)
    christmas = np.array(["2024-12-25", "2025-12-25"], "datetime64[D]").astype(int)
    assert not np.isin(day, christmas).any()


def test_an_invoice_is_one_visit_of_one_customer_and_holds_a_product_once(shop):
    lines = shop.lines
    _, first, of_line = np.unique(lines.invoice, return_index=True, return_inverse=True)
    for values in (lines.minute, lines.customer, lines.country, lines.cancellation):
        np.testing.assert_array_equal(values, values[first][of_line])
    assert np.unique(np.stack([lines.invoice, lines.product]), axis=1).shape[1] == lines.invoice.size
    assert lines.invoice.size / first.size > 2
    assert (np.diff(lines.minute) >= 0).all()
    assert np.isin(np.diff(lines.invoice), (0, 1)).all()


def test_invoice_labels_mark_cancellations(shop):
    labels = invoice_labels(shop.lines)
    assert [label.startswith("C") for label in labels] == shop.lines.cancellation.tolist()
    assert [int(label.lstrip("C")) for label in labels] == shop.lines.invoice.tolist()


def test_every_cancellation_mirrors_a_sale_of_its_own_within_30_days(shop, day):
    lines = shop.lines
    cancelled = np.flatnonzero(lines.cancellation)
    assert 1000 < cancelled.size < 0.03 * lines.product.size
    assert (lines.customer[cancelled] >= 0).all()
    keys = np.stack([lines.product, lines.customer, np.abs(lines.quantity)], axis=1)
    sales_of = {}
    for row in np.flatnonzero(~lines.cancellation & np.isin(lines.customer, lines.customer[cancelled])):
        sales_of.setdefault(tuple(keys[row]), []).append(row)
    for row in cancelled:
        matching = [
            sale
            for sale in sales_of[tuple(keys[row])]
            if 0 < day[row] - day[sale] <= 30 and lines.unit_price[sale] == lines.unit_price[row]
        ]
        assert matching
        sales_of[tuple(keys[row])].remove(matching[0])


def test_larger_quantities_of_packed_goods_cost_less_each(shop, day):
    lines = shop.lines
    price = shop.effective_price[lines.product, day - shop.first_day]
    served = np.isin(np.array(shop.products.category)[lines.product], ("Beverage", "Bakery"))
    sale = ~lines.cancellation
    for low, high, share in ((1, 5, 1.0), (6, 11, 0.95), (12, 23, 0.90), (24, 500, 0.85)):
        rows = sale & ~served & (lines.quantity >= low) & (lines.quantity <= high)
        assert rows.any()
        np.testing.assert_allclose(lines.unit_price[rows], np.round(price[rows] * share, 2), atol=1e-9)
    np.testing.assert_array_equal(lines.unit_price[sale & served], price[sale & served])


def test_current_price_is_the_last_one_charged_for_less_than_a_quantity_break(shop):
    lines = shop.lines
    rows = np.flatnonzero(~lines.cancellation & (lines.quantity < 6))
    newest = dict(zip(lines.product[rows].tolist(), lines.unit_price[rows].tolist(), strict=True))
    assert [newest[product] for product in range(300)] == shop.products.current_price.tolist()


def test_margins_stocks_and_elasticities_are_believable(shop):
    products = shop.products
    margin = 1 - products.cost / products.current_price
    assert ((margin >= 0.20) & (margin <= 0.65)).all()
    np.testing.assert_array_equal(products.cost, np.round(products.cost, 2))
    assert (products.stock_level >= 0).all()
    assert (products.target_stock > 0).all()
    assert ((products.true_elasticity <= -0.4) & (products.true_elasticity >= -4.0)).all()
    assert products.true_elasticity.std() > 0.4


def test_promotions_lower_the_price_and_lift_the_sales(shop, day):
    lines = shop.lines
    units = np.zeros(shop.effective_price.shape)
    np.add.at(units, (lines.product, day - shop.first_day), np.maximum(lines.quantity, 0))
    promoted = shop.promotion.mean()
    assert 0.02 < promoted < 0.10
    sold_in_promotion = units[shop.promotion].sum() / units.sum()
    assert sold_in_promotion > 1.4 * promoted
    assert not shop.promotion[:, -60:].any()


def test_gifts_sell_best_before_christmas(shop, day):
    toys = np.array(shop.products.category)[shop.lines.product] == "Toys and Games"
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12 + 1
    units = np.bincount(month[toys], weights=shop.lines.quantity[toys], minlength=13)
    assert units[12] > 1.5 * units[6]


def test_all_six_segments_are_well_populated(shop, day):
    lines = shop.lines
    known = lines.customer >= 0
    number, customer = np.unique(lines.customer[known], return_inverse=True)
    money = np.bincount(customer, weights=(lines.quantity * lines.unit_price)[known])
    sale = ~lines.cancellation[known]
    last = np.zeros(number.size, int)
    np.maximum.at(last, customer[sale], day[known][sale])
    visits = np.unique(np.stack([customer[sale], lines.invoice[known][sale]]), axis=1)[0]
    result = rfm_segments(day.max() + 1 - last, np.bincount(visits, minlength=number.size), money)
    count = np.bincount(result.segment[result.segment >= 0], minlength=len(SEGMENTS))
    assert (count > 0.08 * number.size).all()


def test_customers_come_from_several_countries_and_walk_ins_from_home(shop):
    lines = shop.lines
    assert np.unique(lines.country).size == len(shop.country_names)
    assert (lines.country[lines.customer < 0] == 0).all()
    assert 0.2 < np.mean(lines.customer < 0) < 0.5


@pytest.mark.parametrize(
    ("products", "customers", "days"), [(1, 1, 7), (3, 500, 10), (12, 5, 100), (650, 40, 90)]
)
def test_other_sizes_work_too(products, customers, days):
    shop = generate_shop(seed=5, products=products, customers=customers, days=days)
    assert len(set(shop.products.name)) == len(set(shop.products.code)) == products
    assert shop.lines.product.size > 0
    assert np.unique(shop.lines.customer[shop.lines.customer >= 0]).size <= customers
    day = shop.lines.minute // MINUTES_A_DAY
    assert ((day > shop.last_day - days) & (day <= shop.last_day)).all()
    assert np.isfinite(shop.products.cost).all()


@pytest.mark.parametrize("size", [{"products": 0}, {"customers": 0}, {"days": 6}])
def test_a_shop_of_nothing_is_refused(size):
    with pytest.raises(ValueError, match="at least one product, one customer and 7 days"):
        generate_shop(**size)


def test_the_assortment_is_shared_equally_among_the_categories():
    catalogue = make_catalogue(np.random.default_rng(0), 300)
    assert np.bincount(catalogue.category).tolist() == [30] * 10


def test_prices_end_in_nine_and_keep_near_what_was_asked():
    asked = np.array([0.001, 3.42, 6.6, 12.6, 13.1, 22.4])
    assert tidy_price(asked).tolist() == [0.09, 3.39, 6.59, 12.49, 12.99, 21.99]
