"""Can repricing rules be driven round in circles? Plays duels of rules against competitors who react.

    python benchmarks/repricing_duels.py [--duels 1000] [--small]

Prints, and exits with 1 where a goal is missed: with the pause no duel goes round in circles and no price is below its floor.
Beside it: the same duels without the pause.
"""

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from market.core.duels import OUTCOMES, REACTIONS, CalmRule, Duels, Rival, duel
from market.core.repricing import PriceAction
from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs

DUELS_A_RULE = 50
RUNS = 2000


def a_duel(rng: np.random.Generator, count: int) -> tuple[CalmRule, Rival, PricingInputs, PriceConstraints]:
    """Draw a rule and `count` products with a competitor each."""
    price = np.round(rng.uniform(5, 50, count), 2)
    undercuts = rng.random() < 0.7
    by_amount = rng.random() < 0.5
    action = PriceAction(
        kind="undercut" if undercuts else "match",
        change=0.0 if by_amount else float(rng.uniform(0.002, 0.05)),
        amount=float(rng.choice([0.01, 0.05, 0.1, 0.5])) if by_amount else 0.0,
        climbs=bool(rng.random() < 0.7),
    )
    rule = CalmRule(
        action,
        dead_band=float(rng.choice([np.nan, 0.005, 0.01, 0.02])),
        hold_runs=int(rng.choice([0, 0, 4, 24])),
        max_change=float(rng.choice([np.nan, 0.05, 0.1])),
    )
    start = np.round(price * rng.uniform(0.9, 1.15, count), 2)
    rival = Rival(
        price=start,
        floor=np.round(start * rng.uniform(0.5, 0.95, count), 2),
        step=rng.uniform(0.001, 0.05, count),
        gives_up=rng.random(count) < 0.5,
        reaction=str(rng.choice(REACTIONS, p=[0.7, 0.2, 0.1])),  # type: ignore[arg-type]
        every=int(rng.integers(1, 7)),
    )
    inputs = PricingInputs.of(
        price=price, cost=np.round(price * rng.uniform(0.4, 0.75, count), 4), elasticity=None
    )
    return rule, rival, inputs, PriceConstraints.of(count)


def play(duels: int, *, pauses: bool) -> list[Duels]:
    """The same duels, with or without the pause."""
    rng = np.random.default_rng(11)
    found = []
    for _ in range(duels // DUELS_A_RULE):
        rule, rival, inputs, constraints = a_duel(rng, DUELS_A_RULE)
        found.append(duel(replace(rule, pauses=pauses), rival, inputs, constraints, inputs.price, runs=RUNS))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--duels", type=int, default=1000)
    parser.add_argument("--small", action="store_true", help="200 duels")
    asked = parser.parse_args()
    count = 200 if asked.small else asked.duels
    missed = False
    for pauses in (False, True):
        found = play(count, pauses=pauses)
        outcomes = Counter(outcome for each in found for outcome in each.outcomes)
        # A price that begins below its floor may stay there; none goes below.
        below = sum(
            int(((each.ours < each.floor - 1e-6) & (np.diff(each.ours, axis=0, prepend=each.ours[:1]) != 0)).any(axis=0).sum())
            for each in found
        )  # fmt: skip
        said = ", ".join(f"{outcomes[name]} {name}" for name in OUTCOMES)
        print(f"{'with' if pauses else 'without'} the pause: {count} duels: {said}; below the floor: {below}")
        missed |= bool(below) or (pauses and bool(outcomes["cycles"]))
    print("a goal is missed" if missed else "all goals met")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
