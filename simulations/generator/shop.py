"""A café and gift shop whose elasticities are known, generated from a seed."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from simulations.generator.catalogue import (
    CATEGORIES,
    HIGHEST_MARGIN,
    ICED_LATTE,
    ICED_LATTE_COST,
    LOWEST_MARGIN,
    Catalogue,
    make_catalogue,
    tidy_price,
)
from simulations.generator.customers import BEHAVIOURS, COUNTRIES, make_customers, make_visits
from simulations.generator.demand import availability, open_weight, price_paths, relative_demand, season
from simulations.generator.sales import (
    DAYS_A_MONTH,
    MINUTES_A_DAY,
    SalesLines,
    draw_products,
    sale_lines,
    with_returns,
)
from simulations.generator.tastes import with_tastes

DEFAULT_SEED: Final = 8
DEFAULT_LAST_DAY: Final = 20453  # 2025-12-31

COMPETITORS: Final = ("Competitor A", "Competitor B", "Competitor C", "Competitor D")
COMPETITOR_LEVEL: Final = np.array([1.03, 0.96, 1.10, 1.00])
COMPETITOR_WATCHED: Final = np.array([0.95, 0.85, 0.60, 0.40])
ICED_LATTE_COMPETITORS: Final = np.array([13.49, 12.49, 14.99, np.nan])
# Days since a competitor's price was last looked at, and how often it had been before.
OLDEST_OBSERVATION: Final = 10
OLDEST_OF_THE_LATTE: Final = 3
WEEKS_WATCHED: Final = 8

ICED_LATTE_STOCK, ICED_LATTE_TARGET_STOCK = 450, 600


@dataclass(frozen=True, slots=True)
class ProductTable:
    """Product table, P rows; prices and costs in currency with whole cents, stock in units.

    ``true_elasticity`` is the one the sales were drawn from; no shop knows it.
    """

    code: tuple[str, ...]
    name: tuple[str, ...]
    category: tuple[str, ...]
    cost: FloatArray
    current_price: FloatArray
    stock_level: IntArray
    target_stock: IntArray
    true_elasticity: FloatArray


@dataclass(frozen=True, slots=True)
class CompetitorPriceTable:
    """Competitors' prices, observed week by week, the oldest first; ``day`` is when."""

    product: IntArray
    competitor: tuple[str, ...]
    price: FloatArray
    day: IntArray


@dataclass(frozen=True, slots=True)
class GeneratedShop:
    """A generated shop, and the truth behind it.

    ``effective_price`` and ``promotion`` have shape (P, D): the price of each day from ``first_day`` to
    ``last_day`` (days since 1970-01-01, both inclusive) and whether it was a promotion's.
    """

    lines: SalesLines
    products: ProductTable
    competitor_prices: CompetitorPriceTable
    country_names: tuple[str, ...]
    first_day: int
    last_day: int
    effective_price: FloatArray
    promotion: BoolArray


def generate_shop(
    seed: int = DEFAULT_SEED,
    products: int = 300,
    customers: int = 3000,
    days: int = 730,
    last_day: int = DEFAULT_LAST_DAY,
) -> GeneratedShop:
    """Generate the shop: same arguments, same shop, to the last cent.

    Product 0 is the Iced Latte 720: price 12.99, cost 8.50, elasticity -1.2, 1,200 units in the 30 days to
    the last sale.

    Parameters
    ----------
    days, last_day
        Length of the sales history and its last day, in days since 1970-01-01. The shop is closed on
        Mondays, at Christmas and on New Year's Day, so the last sale may lie a few days earlier.

    Raises
    ------
    ValueError
        If there is no product or customer, or fewer than 7 days.
    """
    if products < 1 or customers < 1 or days < 7:
        raise ValueError("a shop needs at least one product, one customer and 7 days")
    for_catalogue, for_prices, for_customers, for_sales, for_stock, for_tastes = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(6)
    )
    calendar = np.arange(last_day - days + 1, last_day + 1)
    first_day = int(calendar[0])
    catalogue = make_catalogue(for_catalogue, products)
    prices = price_paths(for_prices, catalogue, days)
    demand = relative_demand(catalogue, prices, calendar) * availability(for_prices, products, days)
    people = make_customers(for_customers, customers)
    busy = open_weight(calendar)
    visits = make_visits(for_customers, people, busy * season(calendar).mean(axis=0))
    log_price = np.log(prices.effective / catalogue.base_price[:, None])
    draws = draw_products(for_sales, catalogue, demand, log_price, visits)
    sales, day = sale_lines(for_sales, draws, visits, catalogue, prices.effective, first_day)
    by_mail = np.array([kind.prepared == 0 for kind in BEHAVIOURS])[people.behaviour]
    sales = with_tastes(for_tastes, sales, day, people, by_mail)
    # The regular price on the day of each product's last sale; on the last day for one never sold.
    last_sold = np.full(products, -1)
    np.maximum.at(last_sold, sales.product, day)
    current_price = prices.regular[np.arange(products), last_sold]
    return GeneratedShop(
        lines=with_returns(for_sales, sales, day, catalogue, busy > 0),
        products=_product_table(for_stock, catalogue, current_price, sales, last_day),
        competitor_prices=_competitor_prices(for_stock, current_price, last_day),
        country_names=COUNTRIES,
        first_day=first_day,
        last_day=last_day,
        effective_price=prices.effective,
        promotion=prices.promotion,
    )


def invoice_labels(lines: SalesLines) -> list[str]:
    """Invoice numbers as the till prints them: a leading C marks a cancellation."""
    return [
        f"C{number}" if cancelled else str(number)
        for number, cancelled in zip(lines.invoice.tolist(), lines.cancellation.tolist(), strict=True)
    ]


def _product_table(
    rng: np.random.Generator,
    catalogue: Catalogue,
    current_price: FloatArray,
    sales: SalesLines,
    last_day: int,
) -> ProductTable:
    products = current_price.size
    margin = np.clip(catalogue.margin, LOWEST_MARGIN, HIGHEST_MARGIN)
    cost = np.round(catalogue.base_price * (1 - margin), 2)
    cost = np.clip(
        cost,
        np.ceil(100 * current_price * (1 - HIGHEST_MARGIN)) / 100,
        np.floor(100 * current_price * (1 - LOWEST_MARGIN)) / 100,
    )
    recent = sales.minute >= (last_day - 2 * DAYS_A_MONTH + 1) * MINUTES_A_DAY
    month = np.bincount(sales.product, weights=sales.quantity * recent, minlength=products) / 2
    target = np.maximum(5, np.ceil(month * rng.uniform(0.6, 1.2, products) / 5) * 5).astype(np.int64)
    stock = np.round(target * rng.gamma(4.0, 0.25, products)).astype(np.int64)
    cost[ICED_LATTE] = ICED_LATTE_COST
    stock[ICED_LATTE], target[ICED_LATTE] = ICED_LATTE_STOCK, ICED_LATTE_TARGET_STOCK
    return ProductTable(
        code=catalogue.code,
        name=catalogue.name,
        category=tuple(CATEGORIES[i].name for i in catalogue.category.tolist()),
        cost=cost,
        current_price=current_price,
        stock_level=stock,
        target_stock=target,
        true_elasticity=catalogue.elasticity,
    )


def _competitor_prices(
    rng: np.random.Generator, current_price: FloatArray, last_day: int
) -> CompetitorPriceTable:
    shape = (current_price.size, len(COMPETITORS))
    price = tidy_price(current_price[:, None] * COMPETITOR_LEVEL * rng.lognormal(0, 0.06, shape))
    watched = rng.random(shape) < COMPETITOR_WATCHED
    observed_on = last_day - rng.integers(0, OLDEST_OBSERVATION, shape)
    price[ICED_LATTE] = ICED_LATTE_COMPETITORS
    watched[ICED_LATTE] = np.isfinite(ICED_LATTE_COMPETITORS)
    observed_on[ICED_LATTE] = np.maximum(observed_on[ICED_LATTE], last_day - OLDEST_OF_THE_LATTE)
    product, competitor = np.nonzero(watched)
    now, day = price[product, competitor], observed_on[product, competitor]
    weeks_ago = np.arange(WEEKS_WATCHED - 1, -1, -1)[:, None]
    # They change their prices seldom: about every third week, by some percent.
    changed = (rng.random((WEEKS_WATCHED, now.size)) < 1 / 3) & (weeks_ago > 0)
    drift = np.cumsum((changed * rng.normal(0, 0.05, changed.shape))[::-1], axis=0)[::-1]
    prices = np.where(drift == 0, now, tidy_price(now * np.exp(drift)))
    return CompetitorPriceTable(
        product=np.tile(product, WEEKS_WATCHED),
        competitor=tuple(COMPETITORS[i] for i in competitor.tolist()) * WEEKS_WATCHED,
        price=prices.ravel(),
        day=(day - 7 * weeks_ago).ravel(),
    )
