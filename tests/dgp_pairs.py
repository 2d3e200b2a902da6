"""Seeded shops in which some products are substitutes or complements of others, and it is known which.

Everything that `tests.dgp` puts between a shop's sales lines and its elasticities is here as well; units respond to the
*shelf* price of other products too, exactly with the true cross-price elasticity while these are on sale. What could
be mistaken for a cross effect has its own source: promotions that a category holds together and that bring visitors
to the whole category, shocks to the demand of a week that a category or the shop shares, partners that sell out, and
products that are bought together without answering to each other's prices.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import combinations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tests import dgp
from tests.dgp import REGULAR, Bools, Floats, Ints, ShopSpec

STREAMS = (*dgp.STREAMS, "pairs", "shared", "baskets")
SHOP = replace(REGULAR, products=600)
WINDOW = 90  # a category holds at most one promotion together in so many days
LARGEST_CROSS = 1.5


@dataclass(frozen=True, slots=True)
class PairsSpec:
    """A kind of shop and how its products hang together; shares are of the number of products.

    The strength |E_xy| of a related pair is log-normal, drawn for each direction, the sign is that of the pair.
    """

    shop: ShopSpec = SHOP
    substitutes: float = 0.35  # pairs of products of one category
    complements: float = 0.25  # pairs of any two products, bought together
    companions: float = 0.25  # pairs bought together that do not answer to each other's prices
    rivals: int = (
        0  # a category's products form groups of so many that all compete, in place of pairs by chance
    )
    median_cross: float = 0.6
    cross_log_sd: float = 0.5
    together: float = (
        0.3  # a pair that is bought together: share of the rarer product's lines that go with the other
    )
    joint_promotions: bool = True  # a category's promotions, each product in it with a chance of 0.4
    visitors: float = 0.1  # log lift of all the category's products while its promotion runs
    shock_sd: float = 0.15  # log, per category and week; the shop's own is two thirds of it
    sold_out_lift: float = 0.3  # times E_xy: log gain of a substitute while the other is not on sale


@dataclass(frozen=True, slots=True)
class PairsShop:
    """The n sales lines of a shop in order of time, and the truth behind them (P products, D days)."""

    spec: PairsSpec
    product: Ints
    day: Ints
    minute: Ints
    quantity: Ints
    price: Floats
    customer: Ints
    invoice: Ints
    cancellation: Bools
    product_category: Ints  # (P,)
    true_elasticity: Floats  # (P,)
    cross_elasticity: Floats  # (P, P): of the row's demand to the column's price; 0 on the diagonal
    bought_together: Ints  # (m, 2) pairs of products of which one often comes with the other
    list_price: Floats  # (P, D)
    promotion: Bools  # (P, D)

    @property
    def lines(self) -> dict[str, NDArray[np.generic]]:
        """The columns of the sales lines by name: ``SalesLines(**shop.lines, voided=...)``."""
        names = ("product", "day", "minute", "quantity", "price", "customer", "invoice", "cancellation")
        return {name: getattr(self, name) for name in names}


def simulate_pairs(spec: PairsSpec, seed: int) -> PairsShop:
    """Simulate a shop; the same specification and seed give the same shop."""
    rng = dict(zip(STREAMS, np.random.default_rng(seed).spawn(len(STREAMS)), strict=True))
    shop, on = spec.shop, spec.shop.disturbances
    products = dgp._draw_products(rng["truth"], shop)
    log_season, high_season = dgp._season(rng["season"], shop, products.category)
    life = dgp._life(rng["life"], shop)
    cross, together = _related(rng["pairs"], spec, products.category)
    joint, running = _joint_promotions(rng["shared"], spec, products.category)
    cut = np.maximum(dgp._promotion_cuts(rng["promotions"], shop), joint) * (life.markdown == 0)
    regular = products.base_price[:, None] * np.exp(dgp._price_steps(rng["prices"], shop))
    regular *= np.exp(dgp._season_surcharge(rng["prices"], shop)[:, None] * high_season)
    regular = np.maximum(np.round(regular * (1 - 0.1 * life.markdown), 2), 0.01)
    list_price = np.maximum(np.round(regular * (1 - cut), 2), 0.01)
    log_price = np.log(list_price / products.base_price[:, None])

    log_other = log_season + life.log_interest + _shocks(rng["shared"], spec, products.category)
    log_other += spec.visitors * running
    log_other += cross @ (log_price * life.available)
    log_other += spec.sold_out_lift * (np.maximum(cross, 0.0) @ (~life.available))
    demand = dgp._expected_lines(products, log_price, cut > 0, log_other)
    demand *= life.available * (dgp._weekday_factor(shop) if on.weekly_season else 1.0)
    counts = dgp._line_counts(rng["counts"], demand, products, on.intermittent)
    lines = dgp._write_lines(rng["buyers"], shop, products, counts, log_price)
    lines = _put_together(rng["baskets"], spec, lines, together)
    lines = replace(lines, price=dgp._paid_price(lines, products, list_price, shop))
    lines = dgp._disturb_lines(rng["lines"], lines, shop)
    lines = lines.take(np.argsort(lines.minute, kind="stable"))
    return PairsShop(
        spec=spec,
        **{field.name: getattr(lines, field.name) for field in fields(lines)},
        cancellation=lines.quantity < 0,
        product_category=products.category,
        true_elasticity=products.elasticity,
        cross_elasticity=cross,
        bought_together=together,
        list_price=list_price,
        promotion=cut > 0,
    )


def _related(rng: Generator, spec: PairsSpec, category: Ints) -> tuple[Floats, Ints]:
    """Cross elasticities (P, P), and the pairs (m, 2) that are bought together: complements and companions."""
    n = spec.shop.products
    cross = np.zeros((n, n))
    everybody = np.arange(n)

    def pairs(share: float, within: bool) -> Ints:
        count = round(share * n)
        one = rng.integers(0, n, 4 * count)
        if within:
            other = np.array([rng.choice(everybody[category == category[each]]) for each in one])
        else:
            other = rng.integers(0, n, one.size)
        found = np.unique(np.sort(np.stack([one, other], axis=1), axis=1), axis=0)
        found = found[(found[:, 0] != found[:, 1]) & (cross[found[:, 0], found[:, 1]] == 0)]
        return np.asarray(rng.permutation(found)[:count])

    def relate(chosen: Ints, sign: int) -> None:
        strength = spec.median_cross * np.exp(rng.normal(0, spec.cross_log_sd, chosen.shape))
        strength = sign * np.minimum(strength, LARGEST_CROSS)
        cross[chosen[:, 0], chosen[:, 1]] = strength[:, 0]
        cross[chosen[:, 1], chosen[:, 0]] = strength[:, 1]

    relate(_rivals(spec.rivals, category) if spec.rivals else pairs(spec.substitutes, within=True), 1)
    complements = pairs(spec.complements, within=False)
    relate(complements, -1)
    return cross, np.concatenate([complements, pairs(spec.companions, within=False)])


def _rivals(size: int, category: Ints) -> Ints:
    """All pairs (m, 2) within groups of `size` products of one category; what is left over competes with nobody."""
    found = []
    for each in np.unique(category):
        members = np.flatnonzero(category == each)
        for start in range(0, members.size - size + 1, size):
            found += list(combinations(members[start : start + size].tolist(), 2))
    return np.array(found, np.int64).reshape(-1, 2)


def _joint_promotions(rng: Generator, spec: PairsSpec, category: Ints) -> tuple[Floats, Bools]:
    """(P, D) fraction off in promotions that a category holds together, and whether one runs."""
    shop = spec.shop
    running = np.zeros((shop.categories, shop.days), np.bool_)
    cut = np.zeros((shop.products, shop.days))
    for each in range(shop.categories):
        for start in range(0, shop.days, WINDOW):
            length = int(rng.choice([7, 14]))
            first = start + int(rng.integers(0, WINDOW - length))
            held = rng.random() < 0.6
            part = (category == each) & (rng.random(shop.products) < 0.4)
            depth = rng.uniform(0.10, 0.30, shop.products)
            if held and spec.joint_promotions:
                running[each, first : first + length] = True
                cut[part, first : first + length] = depth[part, None]
    return cut, running[category]


def _shocks(rng: Generator, spec: PairsSpec, category: Ints) -> Floats:
    """(P, D) log demand that a category, and the shop, has more or less of in a week; half of it stays a week on."""
    shop = spec.shop
    weeks = shop.days // 7 + 1
    rows = []
    for sd, count in ((spec.shock_sd, shop.categories), (spec.shock_sd * 2 / 3, 1)):
        shock = rng.normal(0, sd, (count, weeks))
        for week in range(1, weeks):
            shock[:, week] = 0.5 * shock[:, week - 1] + np.sqrt(0.75) * shock[:, week]
        rows.append(shock)
    week = np.arange(shop.days) // 7
    shocks: Floats = rows[0][category][:, week] + rows[1][:, week]
    return shocks


def _put_together(rng: Generator, spec: PairsSpec, lines: dgp._Lines, together: Ints) -> dgp._Lines:
    """Give lines of one product of a pair the buyer and invoice of a line of the other on the same day.

    Only within a channel, so that neither quantities nor prices change, and at most one line to one invoice.
    """
    customer, invoice, minute = lines.customer.copy(), lines.invoice.copy(), lines.minute.copy()
    channel = lines.day * 2 + (lines.customer < 0)
    order = np.lexsort((channel, lines.product))
    bounds = np.searchsorted(lines.product[order], np.arange(spec.shop.products + 1))
    for pair in together:
        rows = [order[bounds[each] : bounds[each + 1]] for each in pair]
        few, many = sorted(rows, key=lambda each: each.size)
        few = few[rng.random(few.size) < spec.together]
        keys = [channel[each] * 10_000 + _rank_within(channel[each]) for each in (few, many)]
        _, at_few, at_many = np.intersect1d(keys[0], keys[1], assume_unique=True, return_indices=True)
        target, source = few[at_few], many[at_many]
        customer[target], invoice[target] = customer[source], invoice[source]
        minute[target] = minute[source]
    return replace(lines, customer=customer, invoice=invoice, minute=minute)


def _rank_within(group: Ints) -> Ints:
    """Number of each entry among those of its group, from 0; the groups come in ascending runs."""
    first = np.ones(group.size, np.bool_)
    first[1:] = group[1:] != group[:-1]
    return np.asarray(np.arange(group.size) - np.flatnonzero(first)[np.cumsum(first) - 1])
