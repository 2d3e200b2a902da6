"""Does it pay to let `auto` choose the boosted forecast by the shop's newest 84 days? Judged on the 28 days after the choice.

    python benchmarks/boosted_choice.py --file FILE [--origins 11] [--step 14]
    python benchmarks/boosted_choice.py --shops plain realistic_regular --seeds 41 42

Each row is one origin: by which part of the default's error the boosted forecast was better at each of the three origins
before it (newest first) and in all, whether that is a clear win, and then, on the 28 days after, which nothing before has seen,
the WAPE of the default, of the published forecast, of what `auto` chooses without it (with --auto), of the boosted, and of the
choice between it and the default. Files may be shorter than the year that the product asks for. Goal: over all origins the
choice errs no more than the default.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.elasticity_accuracy import SHOPS, simulate
from benchmarks.forecast_accuracy import Sales, read_sales
from benchmarks.goals import Goals
from pricing.forecasting.core.backtest import HORIZON
from pricing.forecasting.core.batch import ShopModel, fit_default, fit_shop_model
from pricing.forecasting.core.boosting import BoostedForecasts, fit_boosted, gain_over_default, wins_clearly
from pricing.forecasting.core.lines import forecast_lines
from pricing.forecasting.core.named import METHODS, forecast_by
from pricing.forecasting.core.named import choose as choose_named
from pricing.forecasting.core.panel import DemandPanel
from pricing.forecasting.core.stored import StoredForecasts, expected_days
from pricing.sales.core.lines import SalesLines

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """What was known before an origin, and absolute errors of the 28 days after it, summed over products, and what was sold."""

    gains: list[float]
    gain: float
    chosen: bool
    default: float
    published: float
    boosted: float
    auto: float
    sold: float

    @property
    def taken(self) -> float:
        return self.boosted if self.chosen else self.default


def choose(sales: Sales, category: NDArray[np.int64], after: Floats, end: int, *, auto: bool) -> Choice:
    """Choose by what is known before the day `end`, and judge by the units (P,) that came in the 28 days from it."""
    panel, _ = sales.panel(end)
    found = fit_boosted(panel, sales.prices(end), category)
    shop = measures(found)
    model = fit_shop_model(panel, category, [str(each) for each in range(int(category.max()) + 1)])
    stored = StoredForecasts.of(panel, fit_default(panel, category, model))
    published = expected_days(model, stored, panel.end, HORIZON).sum(axis=1)
    default = forecast_lines(panel, category, model.priors[0], HORIZON).sum(axis=1)

    def miss(forecast: Floats) -> float:
        return float(np.abs(forecast - after).sum())

    pairs = zip(shop["boosted"]["wapes"], shop["default"]["wapes"], strict=True)
    return Choice(
        [1 - ours / theirs for ours, theirs in pairs],
        gain_over_default(shop) or 0.0,
        wins_clearly(shop),
        miss(default),
        miss(published),
        miss(default * found.ratio),
        miss(automatic(panel, category, model)) if auto else float("nan"),
        float(after.sum()),
    )


def automatic(panel: DemandPanel, category: NDArray[np.int64], model: ShopModel) -> Floats:
    """(P,) units that `auto` expects in 28 days where it chooses product by product, without the boosted forecast."""
    found = np.zeros(category.size)
    for product in range(category.size):
        one = panel.take(np.array([product]))
        tried = {name: forecast_by(name, one, category[[product]], model, HORIZON) for name in METHODS}
        found[product] = tried[choose_named(tried)].units.sum()
    return found


def measures(found: BoostedForecasts) -> dict[str, dict[str, object]]:
    """The shop's measures as they are stored."""
    both = {"boosted": found.shop_boosted, "default": found.shop_default}
    return {name: {"wape": each.wape, "wapes": each.wapes} for name, each in both.items()}


def histories(asked: argparse.Namespace) -> Iterator[tuple[str, Sales, NDArray[np.int64]]]:
    """The sales asked for, with their products' categories."""
    if asked.file:
        sales = read_sales(asked.file)
        yield asked.file.name.partition(".")[0], sales, np.full(sales.products, -1)
    for name in asked.shops:
        for seed in asked.seeds:
            shop = simulate(replace(SHOPS[name], products=asked.products), seed)
            lines = SalesLines(**shop.lines, voided=np.zeros(shop.product.size, np.bool_))
            yield f"{name} {seed}", Sales(lines, asked.products), shop.product_category


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", type=Path)
    parser.add_argument("--shops", nargs="*", choices=list(SHOPS), default=[])
    parser.add_argument("--seeds", type=int, nargs="+", default=[41])
    parser.add_argument("--products", type=int, default=300, help="of a simulated shop")
    parser.add_argument("--origins", type=int, default=4)
    parser.add_argument("--step", type=int, default=HORIZON, help="days between origins")
    parser.add_argument(
        "--auto", action="store_true", help="also what was chosen product by product: minutes an origin"
    )
    asked = parser.parse_args()
    found: list[Choice] = []
    for name, sales, category in histories(asked):
        whole, _ = sales.panel(sales.end)
        for number in range(asked.origins):
            begun = time.perf_counter()
            end = sales.end - HORIZON - asked.step * number
            column = end - sales.first_day
            row = choose(
                sales, category, whole.units[:, column : column + HORIZON].sum(axis=1), end, auto=asked.auto
            )
            found.append(row)
            gains = " ".join(f"{each:+7.1%}" for each in row.gains)
            errors = (row.default, row.published, row.auto, row.boosted, row.taken)
            then = " ".join(f"{each / row.sold:.3f}" for each in errors)
            verdict = "chosen" if row.chosen else "no"
            print(
                f"{name:<28} -{sales.end - end:<4} better by {gains}, in all {row.gain:+6.1%} {verdict:<7} then {then} "
                f"{time.perf_counter() - begun:4.0f} s",
                flush=True,
            )
    default, taken = (sum(each) for each in zip(*((row.default, row.taken) for row in found), strict=True))
    goals = Goals()
    verdict = goals.at_most("error of the choice over the default's", taken / default, 1.0)
    print(f"the choice erred by {taken / default - 1:+.1%} of the default's error: {verdict}")
    goals.finish()


if __name__ == "__main__":
    main()
