"""Measure the pooled elasticities on simulated shops whose true elasticities are known.

    python benchmarks/elasticity_accuracy.py --shop regular --seeds 11 12
    python benchmarks/elasticity_accuracy.py --shop sparse --each-disturbance
    python benchmarks/elasticity_accuracy.py --shop realistic_regular --seeds 1 2

Every row is one shop: root mean square error, bias, share of wrong signs and 95 % coverage over all products; the
error of the true category means, which an oracle would use; the errors of the products whose ideal standard error
is at most 0.15, and of those whose own data weigh 0.6 or more, each beside that of the category means.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pricing.elasticity.core.pooled import Hyperparameters, Posterior, fit_pooled, refresh
from pricing.sales.core.cancellations import match_cancellations
from pricing.sales.core.daily import daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from pricing.sales.core.price_mix import several_prices
from tests import dgp, simulated_shops
from tests.dgp import HARD, REGULAR, SPARSE

AnySpec = dgp.ShopSpec | simulated_shops.ShopSpec
AnyShop = dgp.SimulatedShop | simulated_shops.SimulatedShop

SHOPS: dict[str, AnySpec] = {
    "sparse": SPARSE,
    "regular": REGULAR,
    "hard": HARD,
    "plain": simulated_shops.PLAIN,
    "realistic_sparse": simulated_shops.REALISTIC_SPARSE,
    "realistic_regular": simulated_shops.REALISTIC_REGULAR,
}
COLUMNS = ("rmse", "bias", "wrong%", "cover", "oracle", "n.15", "rmse.15", "n.6", "rmse.6", "oracle.6")


@dataclass(frozen=True)
class Measured:
    """One shop's row of the table; seconds for cleaning and roll-up, fit, and refresh."""

    name: str
    figures: tuple[float, ...]
    seconds: tuple[float, float, float]


def estimate(shop: AnyShop) -> tuple[Posterior, tuple[float, float, float]]:
    """Estimate all products of a shop; processor seconds of cleaning and roll-up, fit, and refresh."""
    _, posterior, seconds = fit(shop)
    return posterior, seconds


def fit(shop: AnyShop) -> tuple[Hyperparameters, Posterior, tuple[float, float, float]]:
    """Clean, roll up, fit and estimate all products of a shop; processor seconds of the three stages."""
    columns, products = shop.lines, shop.spec.products
    order = np.arange(shop.product.size)
    started = time.process_time()
    keys = ("product", "customer", "quantity", "minute", "cancellation", "price")
    voided = match_cancellations(**{key: columns[key] for key in keys}, order=order)
    lines = SalesLines(**columns, voided=voided)
    clean = clean_lines(lines, products)
    daily = daily_sales(lines, clean, products)
    several = several_prices(lines, clean, products)
    rolled_up = time.process_time()
    hyper = fit_pooled(
        daily, shop.product_category, np.unique(daily.day[daily.lines > 0]), several_prices=several
    )
    fitted = time.process_time()
    posterior = refresh(daily, shop.product_category, hyper, several_prices=several)
    return hyper, posterior, (rolled_up - started, fitted - rolled_up, time.process_time() - fitted)


def simulate(spec: AnySpec, seed: int) -> AnyShop:
    """Simulate a shop with the simulator that its specification belongs to."""
    if isinstance(spec, dgp.ShopSpec):
        return dgp.simulate_shop(spec, seed)
    return simulated_shops.simulate(spec, seed)


def measure(name: str, spec: AnySpec, seed: int) -> Measured:
    """Simulate a shop and compare the estimates with the truth."""
    shop = simulate(spec, seed)
    posterior, seconds = estimate(shop)
    found = posterior.estimated
    error = (posterior.elasticity - shop.true_elasticity)[found]
    oracle = (shop.true_category_mean[shop.product_category] - shop.true_elasticity)[found]
    sharp = shop.ideal_standard_error[found] <= 0.15
    own = posterior.weight[found] >= 0.6
    figures = (
        _rmse(error),
        float(error.mean()),
        100 * float((posterior.elasticity[found] > 0).mean()),
        float((np.abs(error) <= (posterior.ci_high - posterior.elasticity)[found]).mean()),
        _rmse(oracle),
        float(sharp.sum()),
        _rmse(error[sharp]),
        float(own.sum()),
        _rmse(error[own]),
        _rmse(oracle[own]),
    )
    return Measured(f"{name} {seed}", figures, seconds)


def _rmse(error: NDArray[np.float64]) -> float:
    return float(np.sqrt((error**2).mean())) if error.size else float("nan")


def shops(arguments: argparse.Namespace) -> Iterator[tuple[str, AnySpec]]:
    """The shops asked for, by name."""
    spec = SHOPS[arguments.shop]
    if arguments.products:
        spec = replace(spec, products=arguments.products)
    yield f"{arguments.shop}, all", spec
    if not arguments.each_disturbance:
        return
    if isinstance(spec, simulated_shops.ShopSpec):
        for name, disturbances in simulated_shops.ALONE.items():
            yield name, replace(spec, disturbances=disturbances)
        return
    yield "none", replace(spec, disturbances=dgp.Disturbances.none())
    for field in fields(dgp.Disturbances):
        yield field.name, replace(spec, disturbances=dgp.Disturbances.only(field.name))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shop", choices=SHOPS, default="sparse")
    parser.add_argument("--seeds", type=int, nargs="+", default=[101])
    parser.add_argument("--products", type=int, default=0, help="default: as many as the shop has")
    parser.add_argument("--each-disturbance", action="store_true", help="also each disturbance alone")
    arguments = parser.parse_args()
    print(f"{'shop':<24}" + "".join(f"{name:>9}" for name in COLUMNS) + "   clean   fit refresh")
    for name, spec in shops(arguments):
        for seed in arguments.seeds:
            row = measure(name, spec, seed)
            figures = "".join(f"{figure:>9.3f}" for figure in row.figures)
            print(
                f"{row.name:<24}{figures}" + "".join(f"{second:7.1f}" for second in row.seconds), flush=True
            )


if __name__ == "__main__":
    main()
