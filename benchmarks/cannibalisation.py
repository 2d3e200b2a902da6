"""The total of a set of price changes with cross-price effects, against the truth of simulated shops.

    python benchmarks/cannibalisation.py --seeds 21 22 23

Every row is one shop and kind of set: what changes of price bring in 30 days in truth, as the naive sum over the
products has it and corrected for cross effects, in percent of the truth; and the same where own elasticities are known, so that
only the cross effects are estimated. Prices move towards the optimum of their own elasticity by at most a tenth: of the
products that are named as substitutes or complements of another (`named`), or of all (`shop`). Costs are 60 % of the
price. As in the product, only named pairs count. Goal: within 20 % of the truth.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.cross_price_accuracy import daily_of
from benchmarks.goals import Goals
from pricing.bundles.core.baskets import baskets_of, bought_together, candidate_pairs
from pricing.bundles.core.constants import FEWEST_SOLD_DAYS
from pricing.bundles.core.cross_price import fit_cross
from pricing.bundles.core.cross_prior import INDEPENDENT
from pricing.elasticity.core.pooled import fit_pooled, refresh
from pricing.recommendation.core.cannibalisation import CrossPairs, cross_change
from tests.dgp_pairs import PairsShop, PairsSpec, simulate_pairs

COST = 0.6
STEP = 0.1
DAYS = 30
GOAL_PERCENT = 20.0
Floats = NDArray[np.float64]


def own_profit(units: Floats, price: Floats, log_change: Floats, elasticity: Floats) -> Floats:
    """Profit of each product by its own elasticity alone."""
    return np.asarray(units * np.exp(elasticity * log_change) * price * (np.exp(log_change) - COST))


def estimated_pairs(shop: PairsShop) -> tuple[Floats, CrossPairs]:
    """Own elasticities (P,) and cross elasticities as the product estimates them from the shop's lines."""
    daily, category, products = daily_of(shop), shop.product_category, shop.spec.shop.products
    hyper = fit_pooled(daily, category, np.unique(daily.day[daily.lines > 0]))
    own = refresh(daily, category, hyper)
    sold = shop.quantity > 0
    together = bought_together(baskets_of(shop.invoice[sold], shop.product[sold], products))
    enough = np.bincount(daily.product[daily.units > 0], minlength=products) >= FEWEST_SOLD_DAYS
    pairs = candidate_pairs(together, category, shop.list_price.mean(axis=1), enough)
    found = fit_cross(daily, category, hyper, pairs)[1]
    named = found.relationship.T.ravel() != INDEPENDENT
    return own.elasticity, CrossPairs(
        np.concatenate([pairs.first, pairs.second])[named],
        np.concatenate([pairs.second, pairs.first])[named],
        found.elasticity.T.ravel()[named],
        found.std_error.T.ravel()[named],
    )


def measure(seed: int) -> list[tuple[str, tuple[float, ...]]]:
    """Simulate a shop and sum up sets of changes: naive and corrected, in percent of the truth."""
    shop = simulate_pairs(PairsSpec(), seed)
    own, pairs = estimated_pairs(shop)
    own = np.where(np.isfinite(own) & (own < 0), own, -1.0)
    price, span = shop.list_price[:, -1], shop.list_price.shape[1]
    units = DAYS / span * np.bincount(shop.product, np.maximum(shop.quantity, 0), price.size)
    true_own, cross = shop.true_elasticity, shop.cross_elasticity
    named = np.isin(np.arange(price.size), pairs.price)
    towards = np.where(own < -1, COST * own / (1 + np.minimum(own, -1.001)), 1 + STEP)
    change = np.log(np.clip(towards, 1 - STEP, 1 + STEP))
    sets = {"named": np.where(named, change, 0.0), "shop": change}
    now = own_profit(units, price, np.zeros(price.size), true_own)
    found = []
    for name, change in sets.items():
        alone = own_profit(units, price, change, true_own)
        truth = float((alone * np.exp(cross @ change) - now).sum())
        figures = [truth]
        for elasticity in (own, true_own):
            after = own_profit(units, price, change, elasticity)
            naive = float((after - now).sum())
            corrected = naive + float(cross_change(after, change, pairs)[0].sum())
            figures += [100 * (naive / truth - 1), 100 * (corrected / truth - 1)]
        found.append((name, tuple(figures)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23])
    columns = ("truth", "naive%", "corr%", "naive,own", "corr,own")
    print(f"{'seed':>4} {'set':<8}" + "".join(f"{name:>11}" for name in columns))
    goals = Goals()
    for seed in parser.parse_args().seeds:
        for name, figures in measure(seed):
            print(f"{seed:>4} {name:<8}" + "".join(f"{value:>11.1f}" for value in figures), flush=True)
            goals.at_most(f"corrected total off, seed {seed}, {name}", abs(figures[2]), GOAL_PERCENT, "%")
    goals.finish()


if __name__ == "__main__":
    main()
