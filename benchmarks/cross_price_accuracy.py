"""Cross-price elasticities against the truth of simulated shops with known substitutes and complements.

    python benchmarks/cross_price_accuracy.py --seeds 11 12 13 14 15
    python benchmarks/cross_price_accuracy.py --shop sparse

Every row is one shop: pairs looked at, directions of pairs whose true |E_xy| is at least 0.5; of these the share whose
sign is right (goal: 90 % at least), and the share named as substitutes or complements rightly and wrongly; of the
independent pairs the share named as anything else (goal: 5 % at most), and how often the 95 % interval holds the truth: of
all directions, and of the related ones.
A related pair that was not among those looked at is estimated by itself, as the API does.
"""

import argparse
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.goals import Goals
from pricing.bundles.core.baskets import baskets_of, bought_together, candidate_pairs
from pricing.bundles.core.constants import FEWEST_SOLD_DAYS
from pricing.bundles.core.cross_price import cross_of_pair, fit_cross
from pricing.bundles.core.cross_prior import INDEPENDENT
from pricing.elasticity.core.pooled import fit_pooled
from pricing.sales.core.cancellations import match_cancellations
from pricing.sales.core.daily import DailySales, daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from tests.daily import take_products
from tests.dgp import REGULAR, SPARSE
from tests.dgp_pairs import PairsShop, PairsSpec, simulate_pairs

STRONG = 0.5
GOAL_SIGNS, GOAL_FALSE = 90.0, 5.0
SHOPS = {
    "regular": PairsSpec(),
    "sparse": PairsSpec(shop=replace(SPARSE, products=600)),
    "rivals": PairsSpec(shop=replace(REGULAR, products=600, categories=200), rivals=3, median_cross=0.4),
    "rivals_in_large": PairsSpec(
        shop=replace(REGULAR, products=600, categories=20), rivals=3, median_cross=0.4
    ),
}
COLUMNS = ("pairs", "strong", "sign%", "named%", "wrong%", "false%", "cover%", "related%", "seconds")


@dataclass(frozen=True)
class Measured:
    """One shop: elasticities, truth, whether named to be related, over all directions; seconds of the estimation."""

    truth: NDArray[np.float64]
    found: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    named: NDArray[np.bool_]
    seconds: float

    def figures(self) -> tuple[float, ...]:
        strong, none = np.abs(self.truth) >= STRONG, self.truth == 0
        right = np.sign(self.found) == np.sign(self.truth)
        inside = (self.low <= self.truth) & (self.truth <= self.high)
        return (
            self.truth.size / 2,
            strong.sum(),
            100 * right[strong].mean(),
            100 * (self.named & right)[strong].mean(),
            100 * (self.named & ~right)[strong].mean(),
            100 * self.named[none].mean(),
            100 * inside.mean(),
            100 * inside[~none].mean(),
            self.seconds,
        )


def daily_of(shop: PairsShop) -> DailySales:
    """Clean the sale lines and roll them up."""
    columns_of_lines, products = shop.lines, shop.spec.shop.products
    keys = ("product", "customer", "quantity", "minute", "cancellation", "price")
    voided = match_cancellations(
        **{key: columns_of_lines[key] for key in keys}, order=np.arange(shop.product.size)
    )
    lines = SalesLines(**columns_of_lines, voided=voided)
    return daily_sales(lines, clean_lines(lines, products), products)


def measure(spec: PairsSpec, seed: int) -> Measured:
    """Simulate a shop, estimate its pairs and lay the truth beside them."""
    shop = simulate_pairs(spec, seed)
    daily, category, products = daily_of(shop), shop.product_category, spec.shop.products
    hyper = fit_pooled(daily, category, np.unique(daily.day[daily.lines > 0]))
    started = time.process_time()
    sold = shop.quantity > 0
    together = bought_together(baskets_of(shop.invoice[sold], shop.product[sold], products))
    enough = np.bincount(daily.product[daily.units > 0], minlength=products) >= FEWEST_SOLD_DAYS
    pairs = candidate_pairs(together, category, shop.list_price.mean(axis=1), enough)
    prior, found = fit_cross(daily, category, hyper, pairs)
    seconds = time.process_time() - started
    columns = [
        np.stack([shop.cross_elasticity[pairs.first, pairs.second], shop.cross_elasticity[pairs.second, pairs.first]], axis=1),
        found.elasticity, found.ci_low, found.ci_high, found.relationship != INDEPENDENT,
    ]  # fmt: skip
    seen = set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    known = set(zip(together.first.tolist(), together.second.tolist(), strict=True))
    for pair in np.argwhere(np.triu(shop.cross_elasticity)).tolist():
        if tuple(pair) not in seen:
            alone = cross_of_pair(
                take_products(daily, np.array(pair)), category[pair], hyper, prior, tuple(pair) in known
            )
            truth = [[shop.cross_elasticity[pair[0], pair[1]], shop.cross_elasticity[pair[1], pair[0]]]]
            more = (truth, alone.elasticity, alone.ci_low, alone.ci_high, alone.relationship != INDEPENDENT)
            columns = [np.concatenate(both) for both in zip(columns, more, strict=True)]
    return Measured(*(column.ravel() for column in columns), seconds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shop", choices=SHOPS, default="regular")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    arguments = parser.parse_args()
    print(f"{'shop':<14}" + "".join(f"{name:>9}" for name in COLUMNS))
    rows = []
    for seed in arguments.seeds:
        rows.append(measure(SHOPS[arguments.shop], seed).figures())
        print(
            f"{arguments.shop + ' ' + str(seed):<14}" + "".join(f"{figure:>9.2f}" for figure in rows[-1]),
            flush=True,
        )
    means = np.mean(rows, axis=0)
    print(f"{'mean':<14}" + "".join(f"{figure:>9.2f}" for figure in means))
    goals = Goals()
    goals.at_least("signs right", means[COLUMNS.index("sign%")], GOAL_SIGNS, "%")
    goals.at_most("independent pairs called related", means[COLUMNS.index("false%")], GOAL_FALSE, "%")
    goals.finish()


if __name__ == "__main__":
    main()
