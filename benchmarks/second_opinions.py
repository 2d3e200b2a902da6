"""Measure the learned second opinions on simulated shops whose true elasticities are known.

    python benchmarks/second_opinions.py --shops plain planted regular --seeds 101 102

`planted` is the plain shop with a confounder in three of its categories (tests/planted.py). Of each method, over the
categories of 20 products or more: mean absolute error of the price response and bias; the same of the pooled estimates;
the share of products flagged METHODS_DISAGREE, among the planted and among the others, and by the pooled
fit alone PRICES_FOLLOW_PEAKS; deviance out of sample against the pooled model's; processor seconds. Shops that are
larger are cut to --products.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.elasticity_accuracy import SHOPS, simulate
from pricing.elasticity.core.constants import FREQUENCY_HYPERPRIORS
from pricing.elasticity.core.learned.demand import BASELINE, BETTER, fit_demand
from pricing.elasticity.core.learned.dml import fit_dml
from pricing.elasticity.core.learned.features import weeks_of
from pricing.elasticity.core.learned.opinions import disagreements
from pricing.elasticity.core.pooled import FLAGS, fit_pooled, refresh
from pricing.elasticity.core.pooled.panel import build_panel
from pricing.sales.core.cancellations import match_cancellations
from pricing.sales.core.daily import daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from tests import simulated_shops
from tests.planted import plant_peaks

PLANTED, PLANTED_CATEGORIES = "planted", 3
SMALLEST = 20  # products of a category that is measured


def measure(name: str, seed: int, products: int) -> None:
    """Simulate, estimate by all methods and print a line for each."""
    spec = SHOPS.get("plain" if name == PLANTED else name)
    if spec is None:
        spec = replace(simulated_shops.PLAIN, disturbances=simulated_shops.ALONE[name])
    spec = replace(
        spec, products=min(spec.products, products), categories=min(spec.categories, products // 25)
    )
    shop = simulate(spec, seed)
    columns = ("product", "customer", "quantity", "minute", "cancellation", "price")
    voided = match_cancellations(
        **{column: shop.lines[column] for column in columns}, order=np.arange(shop.product.size)
    )
    lines = SalesLines(**shop.lines, voided=voided)
    daily = daily_sales(lines, clean_lines(lines, spec.products), spec.products)
    category, truth = shop.product_category, shop.true_elasticity
    planted = np.zeros(truth.size, np.bool_)
    if name == PLANTED:
        planted = category < PLANTED_CATEGORIES
        daily = plant_peaks(daily, planted, truth, seed)
    hyper = fit_pooled(daily, category, np.unique(daily.day[daily.lines > 0]))
    pooled = refresh(daily, category, hyper)
    panel = build_panel(daily, truth.size, hyper.calendar, (hyper.price_response, hyper.promotion_response))
    weeks = weeks_of(panel, category, np.ones(truth.size, np.bool_))
    large = np.flatnonzero(np.bincount(category) >= SMALLEST)

    def means(values: np.ndarray) -> np.ndarray:
        return np.array([np.nanmean(values[category == code]) for code in large])

    true_means = means(truth)
    off = means(pooled.elasticity) - true_means
    started = time.process_time()
    learned = fit_dml(weeks, FREQUENCY_HYPERPRIORS["price"].mean, hyper.promotion_response)
    between = time.process_time()
    demand = fit_demand(weeks, learned.guess, learned.spread, hyper.promotion_response, pooled.elasticity)
    ended = time.process_time()
    print(f"{name} {seed}: {weeks.units.size} cells, pooled {np.abs(off).mean():.2f} ({off.mean():+.2f})")
    flagged = np.zeros(truth.size, np.bool_)
    for method, found, seconds in (
        ("dml", learned.opinions, between - started),
        ("ml", demand, ended - between),
    ):
        error = found.category[large] - true_means
        covered = np.abs(error) <= 1.96 * found.category_error[large]
        apart = disagreements(found, pooled.elasticity, pooled.std_error, category)
        deviance = ""
        if BETTER in found.metrics:
            deviance = f", deviance {found.metrics[BETTER]:.3f} against {found.metrics[BASELINE]:.3f}"
        if not deviance or found.metrics[BETTER] < found.metrics[BASELINE]:
            flagged |= apart
        print(
            f"  {method}: {np.nanmean(np.abs(error)):.2f} ({np.nanmean(error):+.2f}), covered "
            f"{covered[np.isfinite(error)].mean():.2f}, {np.isfinite(found.elasticity).sum()} products; flagged "
            f"{_share(apart[planted])} planted, {_share(apart[~planted])} others{deviance}; {seconds:.0f} s",
            flush=True,
        )
    peaks = pooled.flags & FLAGS["PRICES_FOLLOW_PEAKS"] > 0
    print(f"  PRICES_FOLLOW_PEAKS: {_share(peaks[planted])} planted, {_share(peaks[~planted])} others")
    print(
        f"  either that is offered: {_share(flagged[planted])} planted, {_share(flagged[~planted])} others",
        flush=True,
    )


def _share(flags: np.ndarray) -> str:
    return f"{100 * flags.mean():.0f} %" if flags.size else "-"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [PLANTED, *SHOPS, *simulated_shops.ALONE]
    parser.add_argument("--shops", nargs="+", choices=names, default=["plain", PLANTED])
    parser.add_argument("--seeds", type=int, nargs="+", default=[101])
    parser.add_argument("--products", type=int, default=300)
    arguments = parser.parse_args()
    for name in arguments.shops:
        for seed in arguments.seeds:
            measure(name, seed, arguments.products)


if __name__ == "__main__":
    main()
