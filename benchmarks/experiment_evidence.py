"""How much better are the elasticities of tested products after an experiment?

    python benchmarks/experiment_evidence.py [--shop realistic_regular] [--seeds 401 402 403] [--weeks 12 26] [--percent 10 20]

Simulated shops of two years, estimated as in production. The planner's own measure of what a test is worth chooses the
products: of each category the one whose test is worth most, as long as it is worth anything. They are tested by a switchback,
every product a group of its own, half of the weeks so much cheaper and half so much dearer; what is found is recorded as in
production and everything is estimated again. Every row is one duration and size of step over all seeds: products tested, median
error that the experiments had, root mean square error of their elasticities before and after, by how much it fell, and how many
of the 95 % intervals after it cover the truth. Goal: a fall of 40 % in the last row.
"""

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.elasticity_accuracy import SHOPS
from benchmarks.goals import Goals
from pricing.elasticity.core.pooled import Experiments, Findings, Posterior, fit_pooled, refresh
from pricing.sales.core.cancellations import match_cancellations
from pricing.sales.core.daily import DailySales, daily_sales
from pricing.sales.core.lines import SalesLines, clean_lines
from simulations.experiments.core.planning import dispersion, formula_error
from simulations.experiments.core.value import value_of_test
from tests import simulated_shops
from tests.simulated_experiments import World, products_of_a_shop, switchback_of_products

PAST_WEEKS = 26
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Estimated:
    """A simulated shop, what was estimated from its sales, and what is needed to estimate again."""

    shop: simulated_shops.SimulatedShop
    daily: DailySales
    posterior: Posterior

    def again(self, found: Findings) -> Posterior:
        """Estimate everything with what experiments found."""
        category = self.shop.product_category
        nothing = Findings(np.zeros(category.size), np.zeros(category.size))
        experiments = Experiments(found, nothing)
        hyper = fit_pooled(self.daily, category, np.unique(self.daily.day[self.daily.lines > 0]), experiments)
        return refresh(self.daily, category, hyper, experiments=experiments)


@dataclass(frozen=True)
class Tested:
    """Of the products tested in one shop: the experiments' errors, and elasticities' errors before and after."""

    error: Floats
    before: Floats
    after: Floats
    covered: NDArray[np.bool_]


def estimate(spec: simulated_shops.ShopSpec, seed: int) -> Estimated:
    shop = simulated_shops.simulate(spec, seed)
    columns = shop.lines
    keys = ("product", "customer", "quantity", "minute", "cancellation", "price")
    voided = match_cancellations(**{key: columns[key] for key in keys}, order=np.arange(shop.product.size))
    lines = SalesLines(**columns, voided=voided)
    daily = daily_sales(lines, clean_lines(lines, spec.products), spec.products)
    hyper = fit_pooled(daily, shop.product_category, np.unique(daily.day[daily.lines > 0]))
    return Estimated(shop, daily, refresh(daily, shop.product_category, hyper))


def worth_most(found: Estimated, weeks: int, percent: float) -> Ints:
    """The product of each category whose test is worth most to the planner, where it is worth anything."""
    shop, posterior = found.shop, found.posterior
    first = shop.spec.first_day + shop.spec.days - 7 * PAST_WEEKS
    late = found.daily.rows(found.daily.day >= first)
    weekly = np.zeros((shop.spec.products, PAST_WEEKS))
    np.add.at(weekly, (late.product, (late.day - first) // 7), late.units)
    contrast = (float(np.log1p(-percent / 100)), float(np.log1p(percent / 100)))
    worth = np.full(shop.spec.products, -np.inf)
    for product in np.flatnonzero(posterior.estimated & (weekly.mean(axis=1) > 0)).tolist():
        units = weekly[product]
        value = value_of_test(
            revenue=float(units.mean() * shop.base_price[product]),
            margin=float(1 - shop.cost[product] / shop.base_price[product]),
            elasticity=float(posterior.elasticity[product]),
            elasticity_error=float(_error(posterior)[product]),
            test_error=formula_error(
                float(units.mean()) * weeks, dispersion(units[None]), contrast[1] - contrast[0]
            ),
            contrast=contrast,
            test_weeks=weeks,
        )
        worth[product] = value.net
    category = shop.product_category
    best = [
        np.flatnonzero(category == each)[worth[category == each].argmax()] for each in np.unique(category)
    ]
    return np.array([product for product in best if worth[product] > 0], np.int64)


def run(found: Estimated, seed: int, weeks: int, percent: float) -> Tested:
    """Test what is worth testing, and estimate again."""
    tested = worth_most(found, weeks, percent)
    world = World(
        groups=tested.size,
        per_group=1,
        weeks=weeks,
        past=4,
        change=(-percent / 100, percent / 100),
        substitution=0.0,
    )
    products = products_of_a_shop(found.shop.spec, seed, tested)
    effect, contrast = switchback_of_products(world, products, seed)
    elasticity, error = effect.estimate / contrast, effect.spread / abs(contrast)
    usable = np.isfinite(elasticity) & np.isfinite(error) & (error > 0)
    findings = Findings.of(tested[usable], elasticity[usable], error[usable], found.shop.spec.products)
    after, truth = found.again(findings), found.shop.true_elasticity[tested]
    miss = after.elasticity[tested] - truth
    return Tested(
        error, found.posterior.elasticity[tested] - truth, miss,
        np.abs(miss) <= (after.ci_high - after.elasticity)[tested],
    )  # fmt: skip


def _error(posterior: Posterior) -> Floats:
    return (posterior.ci_high - posterior.ci_low) / 3.92


def _rmse(error: Floats) -> float:
    return float(np.sqrt((error**2).mean()))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [name for name, spec in SHOPS.items() if isinstance(spec, simulated_shops.ShopSpec)]
    parser.add_argument("--shop", choices=names, default="realistic_regular")
    parser.add_argument("--seeds", type=int, nargs="+", default=[401, 402, 403])
    parser.add_argument("--weeks", type=int, nargs="+", default=[12, 26])
    parser.add_argument("--percent", type=float, nargs="+", default=[10.0, 20.0])
    parser.add_argument("--products", type=int, default=0, help="default: as many as the shop has")
    asked = parser.parse_args()
    spec = SHOPS[asked.shop]
    assert isinstance(spec, simulated_shops.ShopSpec)
    spec = replace(spec, products=asked.products or spec.products)
    shops = [(seed, estimate(spec, seed)) for seed in asked.seeds]
    print(
        f"{'weeks':>5} {'step':>6} {'tested':>7} {'error':>6} {'before':>7} {'after':>6} {'fall':>6} {'covered':>8}"
    )
    fall = 0.0
    for weeks in asked.weeks:
        for percent in asked.percent:
            rows = [run(found, seed, weeks, percent) for seed, found in shops]
            error, before, after, covered = (
                np.concatenate([getattr(each, name) for each in rows])
                for name in ("error", "before", "after", "covered")
            )
            fall = 1 - _rmse(after) / _rmse(before)
            print(
                f"{weeks:>5} {percent:>4.0f} % {error.size:>7} {np.nanmedian(error):>6.2f} {_rmse(before):>7.3f} "
                f"{_rmse(after):>6.3f} {fall:>6.0%} {covered.mean():>8.3f}",
                flush=True,
            )
    goals = Goals()
    print(goals.at_least("fall of the error", fall, 0.4))
    goals.finish()


if __name__ == "__main__":
    main()
