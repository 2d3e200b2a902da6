"""Experiments on simulated shops with known effects: few of each, wide limits; benchmarks/experiment_designs.py runs 500."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from simulations.experiments.core.sequences import always_valid, decision_interval
from tests.simulated_experiments import Look, World, plan_from_the_past, run_clusters, run_switchback

RUNS = 60
SMALL = World(groups=24, per_group=3)
DESIGNS = {"switchback": run_switchback, "clusters": run_clusters}


def runs(run: Callable[..., list[Look]], world: World, count: int = RUNS, **more: object) -> list[list[Look]]:
    return [run(world, seed, **more) for seed in range(count)]


def error_of_the_end(found: list[list[Look]]) -> float:
    return float(np.median([float(each[-1].units.std_error) for each in found]))


@pytest.mark.parametrize("design", DESIGNS)
def test_intervals_cover_the_true_effect_at_the_end_and_sequences_at_every_look(design: str) -> None:
    found = runs(DESIGNS[design], SMALL)
    planned = error_of_the_end(found)
    at_end, throughout = [], []
    for looks in found:
        low, high = looks[-1].units.interval()
        at_end.append(low <= looks[-1].true_units <= high)
        intervals = [(look, *always_valid(look.units, planned)) for look in looks]
        throughout.append(all(low <= look.true_units <= high for look, low, high in intervals))
    # 95 % of 60 are 57 +- 1.7; nothing but a broken interval covers fewer than 51.
    assert sum(at_end) >= 51
    assert sum(throughout) >= 56


@pytest.mark.parametrize("design", DESIGNS)
def test_prices_that_change_nothing_are_hardly_ever_called_better(design: str) -> None:
    found = runs(DESIGNS[design], replace(SMALL, response=0.0))
    planned = error_of_the_end(found)
    called = 0
    for looks in found:
        ends = [
            decision_interval(look.units, planned, is_last=look is looks[-1])
            for look in looks
        ]  # fmt: skip
        called += any(low > 0 or high < 0 for low, high in ends)
    # 5 % of 60 are 3 +- 1.7.
    assert called <= 8


def test_drawing_single_articles_is_biased_by_substitutes_and_drawing_groups_is_not() -> None:
    world = World(groups=30, per_group=3, change=(-0.1, 0.1), substitution=0.8)
    groups = [each[-1] for each in runs(run_clusters, world, 40)]
    articles = [each[-1] for each in runs(run_clusters, world, 20, article_level=True)]
    truth = np.mean([each.true_units for each in groups])

    def bias(looks: list[Look]) -> float:
        return float(np.mean([float(each.units.estimate) - each.true_units for each in looks]) / truth)

    noise = float(np.std([float(each.units.estimate) for each in groups])) / np.sqrt(40) / abs(truth)
    assert abs(bias(groups)) < max(0.1, 3 * noise)
    assert bias(articles) > 0.4


def test_the_planner_foresees_how_often_the_effect_is_found() -> None:
    world = World(groups=6, per_group=4, change=(-0.08, 0.08))
    found = [each[-1] for each in runs(run_switchback, world, 100)]
    plans = [plan_from_the_past("switchback", world, seed, found[seed].true_units) for seed in range(100)]
    power = np.mean([each.power for each in plans])
    hit = []
    for look in found:
        low, high = decision_interval(look.units, 1.0, is_last=True)
        hit.append(low > 0 or high < 0)
    # 100 experiments find it in a share with an error of .05 at most.
    assert abs(float(np.mean(hit)) - float(power)) < 0.12
