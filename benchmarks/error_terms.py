"""Re-derive the errors that the model of elasticities does not know of, and see whether they hold elsewhere.

    python benchmarks/error_terms.py --seeds 1 2 --keep /tmp/error_terms

Beside what the model says, the variance of every estimate holds MODEL_ERROR^2 (M), and where a doubt is flagged
RESPONSE_ERROR^2 (R: prices follow sales, mixed prices, a response that fades) or HIDDEN_ERROR^2 (H: several prices at once,
sold out). (C times the part of the estimate that is its category's)^2 is tried beside them. All are found by maximum
likelihood from estimates less truth, over the shops of the harder simulator with one disturbance each: M and C from
estimates without a doubt, R and H from the others. Every row leaves one disturbance out: the terms that all the others
give, and how many of the 95 % intervals of the one left out hold with them. C is 0 there.

    python benchmarks/error_terms.py --mixed --seeds 1 2 3 4 5 6

prints, for shops in which much misleads at once, how many intervals hold by C, the other terms as they are: where
BORROWED_ERROR comes from.

A shop takes about three seconds. With --keep every shop that is measured is kept in that folder, and a run that was
stopped goes on where it ended; after a change of the estimator name another folder.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.elasticity_accuracy import estimate
from benchmarks.goals import Goals
from pricing.elasticity.core import constants
from pricing.elasticity.core.pooled import FLAGS, posterior
from pricing.elasticity.core.pooled.grades import (
    MIXED_PRICES,
    PRICES_FOLLOW_PEAKS,
    PRICES_FOLLOW_SALES,
    RESPONSE_FADES,
    SELLS_OUT,
)
from pricing.sales.core.price_mix import SEVERAL_PRICES
from tests.simulated_shops import (
    ALONE,
    PLAIN,
    REALISTIC_REGULAR,
    REALISTIC_SPARSE,
    ShopSpec,
    SimulatedShop,
    simulate,
)

Floats = NDArray[np.float64]
Z_95 = 1.96
GOAL_COVERAGE = 0.93, 0.97
MIXED = {"realistic_sparse": REALISTIC_SPARSE, "realistic_regular": REALISTIC_REGULAR}
TRIED = (0.0, 0.1, 0.2, 0.3, 0.4)
HIDDEN = FLAGS[SEVERAL_PRICES] | FLAGS[SELLS_OUT]
RESPONSE = (
    FLAGS[PRICES_FOLLOW_SALES] | FLAGS[MIXED_PRICES] | FLAGS[RESPONSE_FADES] | FLAGS[PRICES_FOLLOW_PEAKS]
)


@dataclass(frozen=True)
class Errors:
    """Of n estimates: less truth, the variance that the model knows of, the part that is the category's, and 1 where there
    is a doubt about the response, or about what the sales records hide."""

    error: Floats
    variance: Floats
    leaning: Floats
    response: Floats
    hidden: Floats

    @classmethod
    def together(cls, parts: Iterable["Errors"]) -> "Errors":
        parts = list(parts)
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in NAMES))

    def where(self, some: NDArray[np.bool_]) -> "Errors":
        return Errors(*(getattr(self, name)[some] for name in NAMES))

    def deviation(self, terms: Floats) -> Floats:
        """Standard deviation with the terms (M, C, R, H)."""
        shares = (1.0, self.leaning, self.response, self.hidden)
        extra = sum((term * share) ** 2 for term, share in zip(terms, shares, strict=True))
        return np.asarray(np.sqrt(self.variance + extra))

    def cost(self, terms: Floats) -> float:
        """Negative log likelihood of one estimate, in the mean."""
        deviation = self.deviation(terms)
        return float((np.log(deviation) + (self.error / deviation) ** 2 / 2).mean())

    def coverage(self, terms: Floats) -> float:
        return float((np.abs(self.error) <= Z_95 * self.deviation(terms)).mean())


NAMES = tuple(Errors.__dataclass_fields__)


def errors_of(shop: SimulatedShop) -> Errors:
    """Estimates of one shop, the terms taken off their standard errors."""
    for name in ("MODEL_ERROR", "BORROWED_ERROR", "RESPONSE_ERROR", "HIDDEN_ERROR"):
        setattr(posterior, name, 0.0)
    found = estimate(shop)[0]
    columns = (
        found.elasticity - shop.true_elasticity,
        found.std_error**2,
        1.0 - found.weight,
        np.where(found.flags & RESPONSE > 0, 1.0, 0.0),
        np.where(found.flags & HIDDEN > 0, 1.0, 0.0),
    )
    return Errors(*(column[found.estimated] for column in columns))


def kept(folder: Path | None, name: str, spec: ShopSpec, seed: int) -> Errors:
    """The errors of one shop, from the folder if it has been measured."""
    file = folder and folder / f"{name}-{seed}.npz"
    if file and file.exists():
        return Errors(**np.load(file))
    errors = errors_of(simulate(spec, seed))
    if file:
        np.savez(file, **asdict(errors))
    return errors


def most_likely(errors: Errors) -> Floats:
    """M and C of the estimates without a doubt, then R and H of those with each doubt."""
    response, hidden = errors.response > 0, errors.hidden > 0
    sure = errors.where(~response & ~hidden)
    model, category = minimize(
        lambda terms: sure.cost(np.array([*terms, 0.0, 0.0])),
        np.array([0.1, 0.2]),
        method="Nelder-Mead",
        bounds=[(0, 2), (0, 2)],
    ).x
    terms = np.array([model, category, 0.0, 0.0])
    for at, some in ((2, response & ~hidden), (3, hidden)):
        doubted = errors.where(some)
        if doubted.error.size:
            one = np.arange(terms.size) == at
            found = minimize_scalar(
                lambda term, doubted=doubted, one=one: doubted.cost(np.where(one, term, terms)),
                bounds=(0, 2),
                method="bounded",
            )
            terms[at] = found.x
    return terms


def line(name: str, errors: Errors, terms: Floats) -> str:
    doubted = 100 * np.maximum(errors.response, errors.hidden).mean()
    figures = f"{name:<24}{errors.error.size:>6}{doubted:>8.0f}%{errors.error.mean():>+7.2f}"
    return figures + "".join(f"{term:>7.3f}" for term in terms) + f"{errors.coverage(terms):>10.3f}"


def print_mixed(folder: Path | None, seeds: list[int]) -> None:
    """How many of the 95 % intervals hold in shops in which much misleads at once, by C."""
    goals = Goals()
    for name, spec in MIXED.items():
        errors = Errors.together(kept(folder, name, spec, seed) for seed in seeds)
        found = {}
        for share in (*TRIED, constants.BORROWED_ERROR):
            terms = constants.MODEL_ERROR, share, constants.RESPONSE_ERROR, constants.HIDDEN_ERROR
            found[share] = errors.coverage(np.array(terms))
        print(name, *(f"C {share:.1f}: {coverage:.3f}" for share, coverage in sorted(found.items())))
        goals.at_least(f"coverage, {name}", found[constants.BORROWED_ERROR], GOAL_COVERAGE[0])
        goals.at_most(f"coverage, {name}", found[constants.BORROWED_ERROR], GOAL_COVERAGE[1])
    goals.finish()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rows", nargs="+", default=list(ALONE), metavar="NAME")
    parser.add_argument(
        "--mixed", action="store_true", help="shops in which much misleads at once, by C alone"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keep what is measured, and go on from there"
    )
    arguments = parser.parse_args()
    if arguments.keep:
        arguments.keep.mkdir(parents=True, exist_ok=True)
    if arguments.mixed:
        print_mixed(arguments.keep, arguments.seeds)
        return
    measured: dict[str, Errors] = {}
    for name in arguments.rows:
        spec = replace(PLAIN, disturbances=ALONE[name])
        measured[name] = Errors.together(kept(arguments.keep, name, spec, seed) for seed in arguments.seeds)
        print(f"{name:<24}{measured[name].error.size:>6} estimates", file=sys.stderr, flush=True)
    print(
        f"{'left out':<24}{'n':>6}{'doubted':>9}{'bias':>7}{'M':>7}{'C':>7}{'R':>7}{'H':>7}{'coverage':>10}"
    )
    goals = Goals()
    for name, errors in measured.items():
        others = most_likely(Errors.together(other for each, other in measured.items() if each != name))
        print(line(name, errors, others))
        goals.at_least(f"coverage, {name} left out", errors.coverage(others), GOAL_COVERAGE[0])
        goals.at_most(f"coverage, {name} left out", errors.coverage(others), GOAL_COVERAGE[1])
    every = Errors.together(measured.values())
    print(line("none", every, most_likely(every)))
    goals.finish()


if __name__ == "__main__":
    main()
