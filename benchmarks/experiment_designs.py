"""Do experiments keep their promises? Runs simulated experiments of each design with a known effect, and with none.

    python benchmarks/experiment_designs.py [--runs 500] [--first-seed 0] [--only switchback clusters power]

Prints, and exits with 3 where a goal is missed: the 95 % interval covers in .93-.97; the always-valid interval covers at all
looks together in .95 at least; a price that changes nothing is called the winner in 5 % at most; substitutes bias cluster designs
by 10 % of the effect at most (drawn article by article: shown); the planner's power is within .05 of what experiments find.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.goals import Goals
from simulations.experiments.core.estimates import Effect
from simulations.experiments.core.sequences import always_valid, decision_interval, is_found
from tests.simulated_experiments import (
    Look,
    World,
    plan_from_the_past,
    run_clusters,
    run_switchback,
)

Run = Callable[..., list[Look]]
NO_EFFECT = {"response": 0.0}


@dataclass(frozen=True, slots=True)
class Figures:
    """Of many experiments (N, looks)."""

    units: Effect
    profit: Effect
    true_units: np.ndarray
    true_profit: np.ndarray

    @classmethod
    def of(cls, runs: Sequence[Sequence[Look]]) -> "Figures":
        def column(read: Callable[[Look], float]) -> np.ndarray:
            return np.array([[read(look) for look in run] for run in runs], float)

        def effect(name: str) -> Effect:
            parts = ("estimate", "std_error", "df")
            return Effect(
                *(column(lambda look, p=part: float(getattr(getattr(look, name), p))) for part in parts)
            )  # type: ignore[misc]

        return cls(
            effect("units"),
            effect("profit"),
            column(lambda look: look.true_units),
            column(lambda look: look.true_profit),
        )

    def covered(self) -> tuple[float, float]:
        """Of the final 95 % interval, of units and of profit."""
        return tuple(  # type: ignore[return-value]
            float(np.mean((low[:, -1] <= truth[:, -1]) & (truth[:, -1] <= high[:, -1])))
            for effect, truth in ((self.units, self.true_units), (self.profit, self.true_profit))
            for low, high in [effect.interval()]
        )

    def always_covered(self) -> tuple[float, float]:
        """Of the always-valid interval at all looks together, of units and of profit."""
        return tuple(  # type: ignore[return-value]
            float(np.mean(((low <= truth) & (truth <= high)).all(axis=1)))
            for effect, truth in ((self.units, self.true_units), (self.profit, self.true_profit))
            for low, high in [always_valid(effect, planned(effect))]
        )

    def winners(self) -> tuple[float, float]:
        """Share in which either price was called better by units at any look, and in which the new price was."""
        early = decision_interval(self.units, planned(self.units), is_last=False)
        last = decision_interval(self.units, planned(self.units), is_last=True)
        new = (early[0][:, :-1] > 0).any(axis=1) | (last[0][:, -1] > 0)
        old = (early[1][:, :-1] < 0).any(axis=1) | (last[1][:, -1] < 0)
        return float(np.mean(new | old)), float(np.mean(new))

    def bias(self) -> float:
        """Of the effect on units at the end, as a share of the true effect."""
        truth = self.true_units[:, -1].mean()
        return float((self.units.estimate[:, -1] - self.true_units[:, -1]).mean() / abs(truth))


def planned(effect: Effect) -> float:
    """The error of the end as a plan would foresee it: that of the other experiments."""
    return float(np.nanmedian(effect.std_error[:, -1]))


def simulate(run: Run, world: World, seeds: range, **more: object) -> Figures:
    return Figures.of([run(world, seed, **more) for seed in seeds])


DESIGNS: dict[str, Run] = {"switchback": run_switchback, "clusters": run_clusters}
# Substitution and prices at which the whole group's answer stays large enough to be biased by a tenth visibly.
SUBSTITUTES = World(groups=48, per_group=4, change=(-0.1, 0.1), substitution=0.6)


def check_design(name: str, seeds: range) -> bool:
    found = simulate(DESIGNS[name], World(), seeds)
    null = simulate(DESIGNS[name], replace(World(), **NO_EFFECT), seeds)
    (units, profit), (always_units, always_profit) = found.covered(), found.always_covered()
    either, new = null.winners()
    print(
        f"{name}: 95 % interval covers units {units:.3f} profit {profit:.3f}; always-valid at all looks units {always_units:.3f} "
        f"profit {always_profit:.3f}; without an effect a winner is called in {either:.3f}, the new price in {new:.3f}"
    )
    good = all(0.93 <= each <= 0.97 for each in (units, profit))
    return good and min(always_units, always_profit) >= 0.95 and either <= 0.05


def check_interference(seeds: range) -> bool:
    clusters = simulate(run_clusters, SUBSTITUTES, seeds).bias()
    few = seeds[: max(len(seeds) // 5, 20)]
    articles = simulate(run_clusters, SUBSTITUTES, few, article_level=True).bias()
    print(f"substitutes: bias of clusters {clusters:+.1%}, drawn article by article {articles:+.1%}")
    return abs(clusters) <= 0.1


def check_power(seeds: range) -> bool:
    good = True
    for name, world in (
        ("switchback", World(groups=6, change=(-0.05, 0.05))),
        ("clusters", World(groups=48, per_group=2, change=(-0.1, 0.1), substitution=0.3)),
    ):
        found = simulate(DESIGNS[name], world, seeds)
        final = Effect(
            *(each[:, -1] for each in (found.units.estimate, found.units.std_error, found.units.df))
        )
        real = float(np.mean(is_found(final)))
        effects = found.true_units[:, -1]
        plans = [
            plan_from_the_past(name, world, seed, effect) for seed, effect in zip(seeds, effects, strict=True)
        ]
        power = float(np.mean([each.power for each in plans]))
        print(f"{name}: planner's power {power:.3f}, experiments find the effect in {real:.3f}")
        good &= abs(power - real) <= 0.05
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--first-seed", type=int, default=0)
    checks: dict[str, Callable[[range], bool]] = {
        **{name: (lambda seeds, name=name: check_design(name, seeds)) for name in DESIGNS},  # type: ignore[misc]
        "interference": check_interference,
        "power": check_power,
    }
    parser.add_argument("--only", nargs="+", choices=list(checks), default=list(checks))
    asked = parser.parse_args()
    goals = Goals()
    seeds = range(asked.first_seed, asked.first_seed + asked.runs)
    missed = [name for name in asked.only if goals.holds(name, checks[name](seeds)) == "MISSED"]
    print(f"missed: {', '.join(missed)}" if missed else "all goals met")
    goals.finish()


if __name__ == "__main__":
    main()
