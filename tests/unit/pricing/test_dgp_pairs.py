"""The simulator of related products does what it says."""

from dataclasses import fields, replace
from functools import cache

import numpy as np
import pytest

from tests.dgp import Disturbances
from tests.dgp_pairs import LARGEST_CROSS, SHOP, PairsShop, PairsSpec, simulate_pairs

SMALL = PairsSpec(shop=replace(SHOP, products=60, days=365, lines_per_day=4))
# Nothing but prices moves, so that what sells says what the cross effects are.
PLAIN = replace(
    SMALL,
    shop=replace(
        SMALL.shop,
        products=12,
        categories=2,
        days=1460,
        lines_per_day=60,
        lines_log_sd=0.2,
        disturbances=Disturbances.none(),
    ),
    joint_promotions=False,
    shock_sd=0.0,
    visitors=0.0,
)


@cache
def shop(spec: PairsSpec, seed: int = 3) -> PairsShop:
    return simulate_pairs(spec, seed)


def test_same_seed_same_shop() -> None:
    one, again = simulate_pairs(SMALL, 5), simulate_pairs(SMALL, 5)
    for field in fields(PairsShop):
        if field.name != "spec":
            assert np.array_equal(getattr(one, field.name), getattr(again, field.name)), field.name


def test_another_seed_is_another_shop() -> None:
    assert not np.array_equal(shop(SMALL, 5).cross_elasticity, shop(SMALL, 6).cross_elasticity)


def test_related_pairs_are_related_both_ways_with_one_sign() -> None:
    cross = shop(SMALL).cross_elasticity
    assert np.array_equal(np.sign(cross), np.sign(cross.T))
    assert not np.diagonal(cross).any()
    assert 0 < np.abs(cross).max() <= LARGEST_CROSS
    assert (cross > 0).sum() > 20
    assert (cross < 0).sum() > 20


def test_substitutes_stand_in_one_category() -> None:
    found = shop(SMALL)
    one, other = np.nonzero(found.cross_elasticity > 0)
    assert np.array_equal(found.product_category[one], found.product_category[other])


def test_complements_and_companions_share_more_baskets_than_others() -> None:
    found = shop(SMALL)
    content = np.zeros((int(found.invoice.max()) + 1, 60), np.bool_)
    content[found.invoice, found.product] = True
    each = content.sum(axis=0)
    both = content.T.astype(np.int64) @ content
    lift = both * content.shape[0] / np.outer(each, each)
    together = found.bought_together
    complements = found.cross_elasticity[together[:, 0], together[:, 1]] < 0
    assert complements.any()
    assert not complements.all()
    assert np.median(lift[together[:, 0], together[:, 1]]) > 3 * np.median(lift)


def test_units_answer_to_the_others_prices_with_the_true_elasticity() -> None:
    found = shop(PLAIN)
    days = PLAIN.shop.days
    cell = found.product * days + found.day - PLAIN.shop.first_day
    lines = np.bincount(cell, minlength=12 * days).reshape(12, days)
    log_price = np.log(found.list_price / found.list_price[:, :1])
    design = np.concatenate([np.ones((days, 1)), log_price.T], axis=1)
    weekly = np.arange(days) // 7
    gap = []
    for product in range(12):
        counts = np.bincount(weekly, lines[product])
        means = np.stack([np.bincount(weekly, column) / np.bincount(weekly) for column in design.T], axis=1)
        fitted = np.linalg.lstsq(means, np.log(counts / np.bincount(weekly)), rcond=None)[0][1:]
        truth = found.cross_elasticity[product].copy()
        truth[product] = found.true_elasticity[product]
        gap.append(fitted - truth)
    error = np.array(gap)
    assert abs(error.mean()) < 0.03
    assert np.sqrt((error**2).mean()) < 0.15


@pytest.mark.parametrize("joint", [True, False])
def test_a_category_holds_promotions_together_where_it_is_asked_to(joint: bool) -> None:
    spec = replace(SMALL, joint_promotions=joint, shop=replace(SMALL.shop, disturbances=Disturbances.none()))
    assert shop(spec).promotion.any() == joint
