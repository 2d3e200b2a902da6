"""Act on every recommendation in simulated shops whose true elasticities are known, and see what it is worth.

    python benchmarks/recommendations_on_simulated_truth.py
    python benchmarks/recommendations_on_simulated_truth.py --shop sparse --seeds 21 22
    python benchmarks/recommendations_on_simulated_truth.py --shop realistic_sparse --products 1500

Elasticities are estimated from the sales records as in production; prices are recommended from them by strategy "profit",
with the built-in limits and one price for all that is known of costs: the true ones. Every row is one shop under one
choice of price endings: products still on sale, share of prices moved, mean size of a move; change of true profit, and
of the one attainable by somebody who knows the elasticities; share of products made worse; share of the moves that
are smaller than 1 %; median price of the products that stay; probability that the
shop's own sales give to linear demand. True demand has constant elasticity; so does the model that recommends, if asked
(--model).

Below, pooled over the shops: how often a move gained, in bins of the probability of gain that was stated (moves by 5, 10
and 15 % either way, so that every probability occurs), and how often the profit of such a raise or cut lay within its
80 % interval.
"""

import argparse
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.elasticity_accuracy import SHOPS, AnyShop, fit, simulate
from benchmarks.goals import Goals
from pricing.elasticity.core.demand import DEMAND_MODELS, DemandModel
from pricing.recommendation.core.impact import project_impact
from pricing.recommendation.core.inputs import (
    DEFAULT_ENDINGS,
    PriceConstraints,
    PricingInputs,
    PricingStrategy,
)
from pricing.recommendation.core.recommendation import Recommendation, recommend

Floats = NDArray[np.float64]

ENDINGS: dict[str, tuple[int, ...]] = {".49/.99": DEFAULT_ENDINGS, "any cent": (), ".99": (99,), ".00": (0,)}
YEAR, QUARTER = 365, 90
SURE = 1e-3
GOAL_PROFIT, GOAL_WORSE = 5.0, 10.0
COLUMNS = ("on sale", "moved%", "size%", "profit%", "best%", "worse%", "tiny%", "kept at", "linear")


def year_at_present_prices(shop: AnyShop, price: Floats) -> Floats:
    """True units (P,) of the last year, had the present price been charged throughout."""
    units = shop.expected_lines[:, -YEAR:] * shop.mean_quantity[:, None]
    at_present = (price[:, None] / shop.list_price[:, -YEAR:]) ** shop.true_elasticity[:, None]
    return np.asarray((units * at_present).sum(axis=1))


def true_profit(shop: AnyShop, now: Floats, units: Floats, price: Floats) -> Floats:
    """True profit (P,) of a year at a price, of products with these sales at the present one."""
    return np.asarray((price - shop.cost) * units * (price / now) ** shop.true_elasticity)


def row(
    shop: AnyShop, known: PricingInputs, sold: NDArray[np.bool_], strategy: PricingStrategy
) -> list[float]:
    """Act on the recommendations for products on sale, and on those made from the true elasticities."""
    now = known.price
    units = year_at_present_prices(shop, now)
    found = recommended(known, strategy)
    oracle = replace(known, elasticity=shop.true_elasticity, std_error=np.full(now.size, SURE))
    ideal = recommended(oracle, replace(strategy, demand_model="constant_elasticity"))
    before, after, best = (
        true_profit(shop, now, units, price)[sold] for price in (now, found.price, ideal.price)
    )
    moved, size = found.moved[sold], np.abs(found.price / now - 1)[sold]
    return [
        sold.sum(),
        100 * moved.mean(),
        100 * size[moved].mean(),
        100 * (after.sum() / before.sum() - 1),
        100 * (best.sum() / before.sum() - 1),
        100 * (after < before).mean(),
        100 * (moved & (size < 0.01)).sum() / max(moved.sum(), 1),
        float(np.median(now[sold][~moved])),
        known.linear_share,
    ]


def recommended(inputs: PricingInputs, strategy: PricingStrategy) -> Recommendation:
    return recommend(inputs, PriceConstraints.of(inputs.count), strategy)


def inputs_of(shop: AnyShop) -> tuple[PricingInputs, NDArray[np.bool_]]:
    """What the shop would know of its products, and which of them are still on sale."""
    hyper, posterior, _ = fit(shop)
    price = np.round(shop.regular_price[:, -1], 2)
    sold = posterior.estimated & shop.available[:, -QUARTER:].any(axis=1)
    inputs = PricingInputs.of(
        price=price,
        cost=shop.cost,
        quantity=year_at_present_prices(shop, price) * 30 / YEAR,
        elasticity=posterior.elasticity,
        std_error=posterior.std_error,
        linear_share=hyper.linear_share,
    )
    return inputs, sold


STEPS = (-0.15, -0.1, -0.05, 0.05, 0.1, 0.15)
BINS = (0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99, 1.0)


def trials(
    shop: AnyShop, known: PricingInputs, sold: NDArray[np.bool_], model: DemandModel
) -> NDArray[np.float64]:
    """Rows (step, stated probability of gain, gained, within the 80 % interval) of moves of every product on sale."""
    usable = sold & (known.elasticity < 0)
    rows = []
    for step in STEPS:
        price = known.price * (1 + step)
        impact = project_impact(known, price, model)
        quantity = known.quantity * (1 + step) ** shop.true_elasticity
        profit = (price - shop.cost) * quantity
        gained = profit > (known.price - shop.cost) * known.quantity
        within = (profit >= impact.low.profit) & (profit <= impact.high.profit)
        columns = (np.full(price.size, step), impact.probability_of_gain, gained, within)
        rows.append(np.stack(columns, axis=1)[usable])
    return np.concatenate(rows)


def show_trials(rows: NDArray[np.float64]) -> None:
    step, stated, gained, within = rows.T
    print(f"\n{'stated P(gain)':<16}{'moves':>8}{'mean':>8}{'gained':>8}")
    for low, high in pairwise(BINS):
        chosen = (stated >= low) & (stated < high if high < 1 else stated <= 1)
        if chosen.any():
            print(
                f"{low:.2f} - {high:.2f}     {chosen.sum():>8}{stated[chosen].mean():>8.3f}{gained[chosen].mean():>8.3f}"
            )
    for name, chosen in (("raises", step > 0), ("cuts", step < 0)):
        print(f"80 % profit intervals of {name}: {within[chosen].mean():.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shop", choices=SHOPS, default="regular")
    parser.add_argument("--seeds", type=int, nargs="+", default=[31, 32, 33])
    parser.add_argument("--products", type=int, default=1000)
    parser.add_argument("--model", choices=DEMAND_MODELS, default=DEMAND_MODELS[0])
    arguments = parser.parse_args()
    model: DemandModel = arguments.model
    print(f"{'shop':<16}{'endings':<10}" + "".join(f"{name:>9}" for name in COLUMNS))
    spec = replace(SHOPS[arguments.shop], products=arguments.products)
    tried, goals = [], Goals()
    for seed in arguments.seeds:
        shop = simulate(spec, seed)
        inputs, sold = inputs_of(shop)
        tried.append(trials(shop, inputs, sold, model))
        for name, endings in ENDINGS.items():
            figures = row(shop, inputs, sold, PricingStrategy("profit", model, endings))
            if endings == DEFAULT_ENDINGS:
                more, worse = (figures[COLUMNS.index(column)] for column in ("profit%", "worse%"))
                goals.at_least(f"more profit, seed {seed}", more, GOAL_PROFIT, "%")
                goals.at_most(f"products made worse, seed {seed}", worse, GOAL_WORSE, "%")
            print(
                f"{arguments.shop + ' ' + str(seed):<16}{name:<10}"
                + "".join(f"{each:>9.2f}" for each in figures),
                flush=True,
            )
    show_trials(np.concatenate(tried))
    goals.finish()


if __name__ == "__main__":
    main()
