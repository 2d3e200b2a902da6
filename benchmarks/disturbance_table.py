"""Measure the pooled elasticities under each disturbance alone, and write the table of docs/methods/elasticity.md.

    python benchmarks/disturbance_table.py --rows drift scanner --seeds 1 2 3
    python benchmarks/disturbance_table.py --label "with season" --write
    python benchmarks/disturbance_table.py --within realistic_regular

Each row pools the products of one shop per seed. Without --write nothing is changed; with it the figures are kept
under the label in benchmarks/disturbances.json, which holds those of earlier states to compare with, and the table in
the document is rebuilt from that file. --render only rebuilds it. --within divides the products of a shop that
mixes disturbances by what affects them.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.elasticity_accuracy import estimate
from benchmarks.goals import Goals
from pricing.elasticity.core.pooled import FLAGS, Posterior
from tests.simulated_shops import (
    ALONE,
    PLAIN,
    REALISTIC_REGULAR,
    REALISTIC_SPARSE,
    ShopSpec,
    simulate,
)

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "benchmarks" / "disturbances.json"
DOCUMENT = ROOT / "docs" / "methods" / "elasticity.md"
BEGIN, END = "<!-- disturbances: begin -->", "<!-- disturbances: end -->"
LARGEST_BIAS, LEAST_COVERAGE = 0.15, 0.92
CAPPED_ENOUGH = 0.95
# They tell something about the sales records or the best price, not that the estimate may be wrong.
NO_DOUBT = ("CI_CROSSES_MINUS_ONE", "BULK_CAPPED", "HIGH_RETURNS", "CHANNEL_MIX")
MISLED = ("raised_in_season", "cut_in_season", "follows_demand")
WITH_RIVALS = "rivals_follow, their answer included"


@dataclass(frozen=True)
class Row:
    """Figures of one disturbance; shares are fractions, `coverage_a` is null where nothing is graded A."""

    products: int
    rmse: float
    bias: float
    worst_bias: float  # the largest mean error of one shop, by size
    coverage: float
    graded_ab: float
    graded_a: float
    coverage_a: float | None
    wrong_sign: float
    capped: float  # not graded above C
    flagged: float  # not graded above C, and with a flag that doubts it

    @property
    def verdict(self) -> str:
        if abs(self.bias) <= LARGEST_BIAS and self.coverage >= LEAST_COVERAGE:
            return "right"
        return "flagged" if self.flagged >= CAPPED_ENOUGH else "WRONG"


def rows(names: list[str]) -> Iterator[tuple[str, ShopSpec]]:
    """The shops by the name of what disturbs them."""
    shops = {name: replace(PLAIN, disturbances=disturbances) for name, disturbances in ALONE.items()}
    shops |= {"realistic_sparse": REALISTIC_SPARSE, "realistic_regular": REALISTIC_REGULAR}
    weekly = replace(REALISTIC_REGULAR.disturbances, totals=7)
    shops["realistic_regular, by week"] = replace(REALISTIC_REGULAR, disturbances=weekly)
    for name, spec in shops.items():
        if not names or name in names:
            yield name, spec


def measure(estimated: list[tuple[Posterior, NDArray[np.float64]]]) -> Row:
    """Compare estimates with true elasticities, over all products of all shops."""
    found = [posterior.estimated for posterior, _ in estimated]

    def pooled(name: str) -> NDArray[np.generic]:
        return np.concatenate(
            [getattr(posterior, name)[some] for (posterior, _), some in zip(estimated, found, strict=True)]
        )

    truth = np.concatenate([true[some] for (_, true), some in zip(estimated, found, strict=True)])
    elasticity, grade, flags = pooled("elasticity"), pooled("grade"), pooled("flags")
    error, ends = elasticity - truth, np.cumsum([some.sum() for some in found])
    covered = (pooled("ci_low") <= truth) & (truth <= pooled("ci_high"))
    doubt = sum(bit for name, bit in FLAGS.items() if name not in NO_DOUBT)
    best, good = grade == "A", np.isin(grade, ("A", "B"))
    return Row(
        products=truth.size,
        rmse=float(np.sqrt((error**2).mean())),
        bias=float(error.mean()),
        worst_bias=max((float(some.mean()) for some in np.split(error, ends[:-1]) if some.size), key=abs),
        coverage=float(covered.mean()),
        graded_ab=float(good.mean()),
        graded_a=float(best.mean()),
        coverage_a=float(covered[best].mean()) if best.any() else None,
        wrong_sign=float((elasticity > 0).mean()),
        capped=float((~good).mean()),
        flagged=float((~good & ((flags & doubt) > 0)).mean()),
    )


def run(names: list[str], seeds: list[int]) -> dict[str, Row]:
    """Simulate, estimate and measure; prints each row when it is there."""
    results: dict[str, Row] = {}

    def keep(name: str, row: Row) -> None:
        results[name] = row
        print(text_row(name, row), flush=True)

    for name, spec in rows(names):
        true, answered = [], []
        for seed in seeds:
            shop = simulate(spec, seed)
            posterior = estimate(shop)[0]
            true.append((posterior, shop.true_elasticity))
            answered.append((posterior, shop.response_elasticity))
        keep(name, measure(true))
        if name == "rivals_follow":
            keep(WITH_RIVALS, measure(answered))
    return results


def run_within(name: str, seeds: list[int]) -> dict[str, Row]:
    """Measure the products that each disturbance affects, in shops that mix them; prints each row."""
    spec = dict(rows([]))[name]
    kept: dict[str, list[tuple[Posterior, NDArray[np.float64]]]] = {}
    for seed in seeds:
        shop = simulate(spec, seed)
        posterior = estimate(shop)[0]
        groups = shop.affected | {"all": np.ones(spec.products, np.bool_)}
        groups["none of " + ", ".join(MISLED)] = ~np.any([groups[some] for some in MISLED], axis=0)
        for group, some in groups.items():
            only = replace(posterior, estimated=posterior.estimated & some)
            kept.setdefault(group, []).append((only, shop.true_elasticity))
    results = {
        group: measure(estimated)
        for group, estimated in kept.items()
        if any(found.estimated.any() for found, _ in estimated)
    }
    for group, row in results.items():
        print(text_row(group, row), flush=True)
    return results


HEADING = f"{'disturbance':<38}  rmse   bias  worst  cover    A-B  A in  wrong capped flagged"


def text_row(name: str, row: Row) -> str:
    covered = "    -" if row.coverage_a is None else f"{row.coverage_a:5.2f}"
    return (
        f"{name:<38}{row.rmse:6.2f}{row.bias:+7.2f}{row.worst_bias:+7.2f}{row.coverage:6.2f}{100 * row.graded_ab:6.0f}%{covered}"
        f"{100 * row.wrong_sign:6.1f}%{100 * row.capped:6.0f}%{100 * row.flagged:6.0f}%  {row.verdict}"
    )


BRIEF = ("bias", "coverage", "verdict")
FULL = (
    "RMSE",
    "bias",
    "worst shop",
    "coverage",
    "A or B",
    "coverage of A",
    "wrong sign",
    "capped",
    "flagged",
    "verdict",
)


def cells(row: Row) -> dict[str, str]:
    """A row's figures as the document shows them, by column."""
    return {
        "RMSE": f"{row.rmse:.2f}",
        "bias": f"{row.bias:+.2f}",
        "worst shop": f"{row.worst_bias:+.2f}",
        "coverage": f"{row.coverage:.3f}",
        "A or B": f"{100 * row.graded_ab:.0f} %",
        "coverage of A": "" if row.coverage_a is None else f"{row.coverage_a:.2f}",
        "wrong sign": f"{100 * row.wrong_sign:.1f} %",
        "capped": f"{100 * row.capped:.0f} %",
        "flagged": f"{100 * row.flagged:.0f} %",
        "verdict": row.verdict,
    }


def table(states: dict[str, dict[str, Row]]) -> str:
    """Markdown: the figures of the newest state, after bias, coverage and verdict of those before."""
    *earlier, newest = states
    columns = [(label, column) for label in earlier for column in BRIEF] + [
        (newest, column) for column in FULL
    ]
    head = ["disturbance", *(f"{column} ({label})" if earlier else column for label, column in columns)]
    lines = [head, ["---"] * len(head)]
    for name in states[newest]:
        shown = {label: cells(rows[name]) if name in rows else {} for label, rows in states.items()}
        lines.append([name, *(shown[label].get(column, "") for label, column in columns)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def load() -> dict[str, Any]:
    """What is kept: by label, the seeds and the figures."""
    kept: dict[str, Any] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    return kept


def render(kept: dict[str, Any]) -> None:
    """Put the table into the document, between its marks."""
    states = {
        label: {name: Row(**row) for name, row in state["rows"].items()} for label, state in kept.items()
    }
    before, rest = DOCUMENT.read_text().split(BEGIN)
    after = rest.split(END)[1]
    made = "; ".join(f"{label}: seeds {' '.join(map(str, state['seeds']))}" for label, state in kept.items())
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table(states)}\n\n({made})\n\n{END}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--rows", nargs="+", default=[], metavar="NAME", help="default: all")
    parser.add_argument("--label", default="now", help="name of the state of the estimator that is measured")
    parser.add_argument("--write", action="store_true", help="keep the figures and write the table")
    parser.add_argument(
        "--within", metavar="NAME", help="a shop with several disturbances, by affected products"
    )
    parser.add_argument(
        "--render", action="store_true", help="write the table from the figures that are kept"
    )
    arguments = parser.parse_args()
    if arguments.rows and arguments.write:
        parser.error("--write needs all rows")
    kept = load()
    if not arguments.render:
        print(HEADING)
    if arguments.within:
        run_within(arguments.within, arguments.seeds)
        return
    goals = Goals()
    if not arguments.render:
        measured = run(arguments.rows, arguments.seeds)
        for name, row in measured.items():
            goals.holds(f"{name} right or flagged", row.verdict != "WRONG")
        if arguments.write:
            kept.pop(arguments.label, None)  # the newest state comes last
            figures = {name: rounded(row) for name, row in measured.items()}
            kept[arguments.label] = {"seeds": arguments.seeds, "rows": figures}
            FIGURES.write_text(json.dumps(kept, indent=1) + "\n")
    if arguments.write or arguments.render:
        render(kept)
    goals.finish()


def rounded(row: Row) -> dict[str, float | int | None]:
    return {
        name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(row).items()
    }


if __name__ == "__main__":
    main()
