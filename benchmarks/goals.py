"""The goals of a benchmark, the verdict on each, and its figures as JSON for `benchmarks/all.py`."""

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

# Of a script that measured everything and missed a goal; one that broke ends as Python does, with 1.
MISSED = 3
# Where a script leaves its figures, if somebody asks.
FIGURES_FILE = "BENCHMARK_FIGURES"


@dataclass(frozen=True)
class Figure:
    """What was measured; `met` is None where there is no goal."""

    what: str
    measured: float
    unit: str
    goal: float | None
    met: bool | None


class Goals:
    """Collects the figures of a script."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []

    def at_most(self, what: str, measured: float, goal: float | None, unit: str = "") -> str:
        """Keep a figure; return its verdict: ok, MISSED, or nothing where there is no goal."""
        return self._add(what, measured, goal, unit, None if goal is None else measured <= goal)

    def at_least(self, what: str, measured: float, goal: float, unit: str = "") -> str:
        return self._add(what, measured, goal, unit, measured >= goal)

    def holds(self, what: str, met: bool) -> str:
        """Keep whether something is so, as 1 or 0."""
        return self._add(what, float(met), 1.0, "", met)

    def finish(self) -> NoReturn:
        """Write the figures where they are asked for and end the script, with MISSED if a goal was missed."""
        if path := os.environ.get(FIGURES_FILE):
            Path(path).write_text(json.dumps([asdict(each) for each in self.figures]))
        sys.exit(MISSED if any(each.met is False for each in self.figures) else 0)

    def _add(self, what: str, measured: float, goal: float | None, unit: str, met: bool | None) -> str:
        # Scripts measure with numpy, whose truth values JSON does not know.
        known = None if met is None else bool(met)
        self.figures.append(Figure(what, float(measured), unit, goal, known))
        return "" if met is None else "ok" if met else "MISSED"
