"""Price experiments on simulated shops whose true effects are known.

Demand is that of `tests.simulated_shops`: three types of customers, logit or kinked answers to prices, seasons of each product,
unexpected demand that lasts for weeks, gamma-mixed purchases of several units. Products of a category replace each other, and
some sales of a week follow the prices of the days before. Nothing here knows of pairs, ratios or weeks.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.random import Generator

from simulations.experiments.core.designs import SWITCHBACK, draw_clusters, draw_switchback, match_pairs
from simulations.experiments.core.estimates import (
    Effect,
    adjusted_pairs,
    log_ratio,
    mean_difference,
    money_differences,
    unit_differences,
)
from simulations.experiments.core.planning import Past, Power, plan
from tests.dgp import Bools, Floats
from tests.simulated_shops.demand import (
    SHOCK_SD,
    SHOCK_WEEKS,
    VISITS_SD,
    VISITS_WEEKS,
    WEEKDAYS,
    Products,
    draw_products,
    draw_season,
    draw_shocks,
    log_response,
)
from tests.simulated_shops.shop import STREAMS
from tests.simulated_shops.spec import ShopSpec

WEEK = 7


@dataclass(frozen=True, slots=True)
class World:
    """A kind of experiment: `per_group` products that replace each other in each of `groups`, `weeks` after `past` weeks.

    `substitution` is the sum of a product's elasticities to the prices of the others of its group; `response` 0 makes every
    demand deaf to prices; `memory` is how many days demand remembers a price.
    """

    groups: int = 24
    per_group: int = 4
    weeks: int = 12
    past: int = 26
    change: tuple[float, float] = (0.0, -0.1)  # both prices over the usual one
    lines_per_day: float = 3.0
    substitution: float = 1.0
    response: float = 1.0
    memory: float = 0.4
    washout: int = 2


@dataclass(frozen=True, slots=True)
class Shop:
    """One draw of a world: P products, D days of which the first 7 * past are before the experiment."""

    world: World
    products: Products
    group: np.ndarray  # (P,)
    kind: str
    log_other: Floats  # (P, D)
    rng: Generator

    def mean_units(self, log_price: Floats) -> Floats:
        """(P, D) expected units a day."""
        world, products = self.world, self.products
        keep = np.exp(-1 / world.memory)
        felt = log_price.copy()
        for day in range(1, felt.shape[1]):
            felt[:, day] = keep * felt[:, day - 1] + (1 - keep) * log_price[:, day]
        own = log_response(
            felt, world.response * products.elasticity[:, None], self.kind, products.attraction[:, None]
        )  # type: ignore[arg-type]
        total = np.zeros((world.groups, felt.shape[1]))
        np.add.at(total, self.group, felt)
        others = (total[self.group] - felt) / max(world.per_group - 1, 1)
        mean = products.lines * products.quantity
        return mean[:, None] * np.exp(own + world.response * world.substitution * others + self.log_other)

    def sell(self, log_price: Floats) -> Floats:
        """(P, D) units sold: gamma-mixed numbers of purchases, of a few units each."""
        products = self.products
        lines = self.mean_units(log_price) / products.quantity[:, None]
        lumpy = np.maximum(products.lumpiness, 0.05)[:, None]
        bought = self.rng.poisson(self.rng.gamma(np.maximum(lines, 1e-9) / lumpy, lumpy))
        return (bought + self.rng.poisson(bought * (products.quantity[:, None] - 1))).astype(float)


def draw_shop(world: World, seed: int) -> Shop:
    rng = np.random.default_rng([2024, seed])
    count = world.groups * world.per_group
    days = WEEK * (world.past + world.weeks)
    spec = replace(
        ShopSpec(), products=count, categories=world.groups, days=days, lines_per_day=world.lines_per_day
    )
    products = draw_products(rng, spec)
    start = rng.integers(0, 365)
    season = draw_season(rng, replace(spec, days=days + 364), products.category)[:, start : start + days]
    shocks = draw_shocks(rng, count, days, SHOCK_SD, SHOCK_WEEKS) + draw_shocks(
        rng, 1, days, VISITS_SD, VISITS_WEEKS
    )
    weekday = np.log(WEEKDAYS[np.arange(days) % WEEK])
    kind = ("constant", "logit", "kinked")[seed % 3]
    return Shop(world, products, products.category, kind, season + shocks + weekday, rng)


@dataclass(frozen=True, slots=True)
class Look:
    """What is estimated after some weeks: log effect on units, and on profit a week, with the truths of both."""

    weeks: int
    units: Effect
    profit: Effect
    true_units: float
    true_profit: float


def by_group(shop: Shop, values: Floats, groups: np.ndarray | None = None, count: int = 0) -> Floats:
    """Sum (P, ...) over the products of each group."""
    total = np.zeros((count or shop.world.groups, *values.shape[1:]))
    np.add.at(total, shop.group if groups is None else groups, values)
    return total


def _weeks(values: Floats, washout: int = 0) -> Floats:
    """(…, D) -> (…, W) sums without the first days of each week."""
    return values.reshape(*values.shape[:-1], -1, WEEK)[..., washout:].sum(axis=-1)


def _prices(shop: Shop, is_new: Bools) -> Floats:
    """(P, D) log price over the usual one, of (P, weeks of the experiment) whether the price is the new one."""
    old, new = np.log1p(shop.world.change)
    during = np.where(np.repeat(is_new, WEEK, axis=1), new, old)
    return np.concatenate([np.zeros((len(is_new), WEEK * shop.world.past)), during], axis=1)


def _profit(shop: Shop, units: Floats, log_price: Floats) -> Floats:
    price = shop.products.base_price[:, None] * np.exp(log_price)
    return units * (price - shop.products.cost[:, None])


def _truth(shop: Shop) -> dict[str, Any]:
    """Mean units and profit of each product and day, were all at the new price, and were all at the other."""
    count, weeks = len(shop.group), shop.world.weeks
    found = {}
    for name, value in (("new", True), ("old", False)):
        prices = _prices(shop, np.full((count, weeks), value))
        units = shop.mean_units(prices)
        found[name] = units, _profit(shop, units, prices)
    return found


def run_switchback(world: World, seed: int) -> list[Look]:
    """Run a switchback; a look after each second week from the fourth on."""
    shop = draw_shop(world, seed)
    drawn = draw_switchback(f"experiment {seed}", world.groups, world.weeks)
    prices = _prices(shop, drawn[shop.group])
    sold = shop.sell(prices)
    first, washout, truth = WEEK * world.past, world.washout, _truth(shop)
    scale = WEEK / (WEEK - washout)

    def halves(values: Floats) -> tuple[Floats, Floats]:
        weekly = by_group(shop, _weeks(values[:, first:], washout))
        pairs, at = weekly.reshape(world.groups, -1, 2), drawn.reshape(world.groups, -1, 2)
        return np.where(at, pairs, 0).sum(axis=2), np.where(at, 0, pairs).sum(axis=2)

    units, profit = halves(sold), halves(_profit(shop, sold, prices) * scale)
    looks = []
    for pairs in range(2, world.weeks // 2 + 1):
        window = slice(first, first + 2 * WEEK * pairs)
        means = {
            name: [_weeks(each[:, window], washout).sum() for each in both] for name, both in truth.items()
        }
        looks.append(
            Look(
                2 * pairs,
                log_ratio(*(each[:, :pairs] for each in units)),
                mean_difference(*(each[:, :pairs] for each in profit)),
                float(np.log(means["new"][0] / means["old"][0])),
                float((means["new"][1] - means["old"][1]) * scale / (2 * pairs)),
            )
        )
    return looks


def run_clusters(world: World, seed: int, *, article_level: bool = False) -> list[Look]:
    """Run an experiment of groups in pairs; a look after each week. `article_level` draws every product for itself."""
    shop = draw_shop(world, seed)
    count = len(shop.group) if article_level else world.groups
    groups = np.arange(count) if article_level else shop.group
    first = WEEK * world.past
    before = np.zeros(shop.log_other.shape)
    earlier = shop.sell(before)[:, :first]
    past_units = by_group(shop, earlier, groups, count).sum(axis=1)
    past_revenue = by_group(shop, earlier * shop.products.base_price[:, None], groups, count).sum(axis=1)
    past_profit = by_group(shop, _profit(shop, earlier, before[:, :first]), groups, count).sum(axis=1)
    pairs = match_pairs(past_units)
    is_first = draw_clusters(f"experiment {seed}", len(pairs))
    sign = np.where(is_first, 1.0, -1.0)
    is_new = np.zeros(count, bool)
    is_new[pairs[np.arange(len(pairs)), np.where(is_first, 0, 1)]] = True
    prices = _prices(shop, np.repeat(is_new[groups][:, None], world.weeks, axis=1))
    # The past has been sold already; only the experiment's own weeks are drawn at its prices.
    sold = shop.sell(prices)[:, first:]
    profit = _profit(shop, sold, prices[:, first:])
    truth = _truth(shop)
    looks = []
    for weeks in range(2, world.weeks + 1):
        window = slice(world.washout, WEEK * weeks)
        days = WEEK * weeks - world.washout

        def total(values: Floats, window: slice = window) -> Floats:
            return by_group(shop, values[:, window], groups, count).sum(axis=1)

        means = {name: [total(each[:, first:]) for each in both] for name, both in truth.items()}
        in_pairs = pairs.ravel()
        ratio = np.log(means["new"][0] / means["old"][0])[in_pairs]
        gain = (means["new"][1] - means["old"][1]) * WEEK / days
        money = money_differences(
            total(profit) * WEEK / days,
            past_profit / world.past,
            past_revenue / world.past,
            pairs,
            sign,
        )
        size = past_revenue / world.past
        looks.append(
            Look(
                weeks,
                adjusted_pairs(*unit_differences(total(sold), past_units, pairs, sign)),
                adjusted_pairs(*money),
                float(ratio.mean()),
                float((gain / size)[in_pairs].mean() * size.sum()),
            )
        )
    return looks


def products_of_a_shop(spec: ShopSpec, seed: int, chosen: np.ndarray) -> Products:
    """Some products of `simulated_shops.simulate(spec, seed)`, with all that is true of them."""
    drawn = draw_products(np.random.default_rng(seed).spawn(len(STREAMS))[STREAMS.index("truth")], spec)
    of_products = {
        field.name: getattr(drawn, field.name)[chosen]
        for field in fields(drawn)
        if field.name != "category_mean"
    }
    return replace(drawn, **of_products)


def switchback_of_products(world: World, products: Products, seed: int) -> tuple[Effect, float]:
    """Test products by a switchback, each a group of its own: the log effects on units (G,), and the log price ratio."""
    rng = np.random.default_rng([2025, seed])
    count, days = world.groups, WEEK * (world.past + world.weeks)
    spec = replace(ShopSpec(), products=count, categories=products.category_mean.size, days=WEEK * 104)
    season = draw_season(rng, spec, products.category)
    start = rng.integers(0, spec.days - days)
    shocks = draw_shocks(rng, count, days, SHOCK_SD, SHOCK_WEEKS) + draw_shocks(
        rng, 1, days, VISITS_SD, VISITS_WEEKS
    )
    weekday = np.log(WEEKDAYS[np.arange(days) % WEEK])
    log_other = season[:, start : start + days] + shocks + weekday
    shop = Shop(world, products, np.arange(count), "constant", log_other, rng)
    drawn = draw_switchback(f"experiment {seed}", count, world.weeks)
    sold = shop.sell(_prices(shop, drawn))[:, WEEK * world.past :]
    pairs, at = _weeks(sold, world.washout).reshape(count, -1, 2), drawn.reshape(count, -1, 2)
    treated, control = np.where(at, pairs, 0).sum(axis=2), np.where(at, 0, pairs).sum(axis=2)
    old, new = np.log1p(world.change)
    return log_ratio(treated[:, None], control[:, None]), float(new - old)


def plan_from_the_past(design: str, world: World, seed: int, effect: float, weeks: int = 78) -> Power:
    """The planner's answer for a shop of this world, from `weeks` of sales at the usual prices."""
    shop = draw_shop(replace(world, past=weeks, weeks=0), seed)
    flat = np.zeros(shop.log_other.shape)
    sold = shop.sell(flat)
    washout = world.washout if design == SWITCHBACK else 0
    daily = (sold, sold * shop.products.base_price[:, None], _profit(shop, sold, flat))
    past = Past(*(by_group(shop, _weeks(each, washout)) for each in daily))
    old, new = np.log1p(world.change)
    return plan(design, past, weeks=world.weeks, effect=effect, contrast=new - old, past_weeks=world.past)
