"""Simulate a repricing rule against a competitor who reacts: both prices, run by run."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from market.core.calming import PASSES, in_dead_band, lasting_floor, passes
from market.core.repricing import Moment, PriceAction, Signals
from pricing.recommendation.core.constrained import constrain_price
from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs
from pricing.recommendation.core.limits import price_limits
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

Reaction = Literal["undercut", "match", "stay"]
Outcome = Literal["settles", "paused", "cycles", "moves"]
REACTIONS: Final[tuple[Reaction, ...]] = ("undercut", "match", "stay")
OUTCOMES: Final[tuple[Outcome, ...]] = ("settles", "paused", "cycles", "moves")

NEVER: Final = -1
_NOON_ON_MONDAY: Final = Moment(hour=12, weekday=1)
_SLACK: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Rival:
    """A competitor who watches our price; arrays (P,), one a duel.

    Attributes
    ----------
    price : what it asks at the beginning, and never more than that.
    floor : it goes no lower.
    step : how far it goes below us where it undercuts, as a fraction of our price.
    gives_up : where our price leaves it nothing above its floor, it goes back to its first price; else it stays at the floor.
    reaction : the same in all duels.
    every : it reacts after this many runs of our rule.
    """

    price: FloatArray
    floor: FloatArray
    step: FloatArray
    gives_up: BoolArray
    reaction: Reaction = "undercut"
    every: int = 1

    def answer(self, ours: FloatArray, theirs: FloatArray, cent: float) -> FloatArray:
        """What it asks (P,) once it has seen our price."""
        if self.reaction == "stay":
            return theirs
        step = self.step if self.reaction == "undercut" else 0.0
        aim = np.minimum(np.floor(ours * (1 - step) / cent + _SLACK) * cent, self.price)
        too_low = np.where(self.gives_up, self.price, np.minimum(self.floor, self.price))
        return np.asarray(np.where(aim < self.floor - _SLACK, too_low, aim))


@dataclass(frozen=True, slots=True)
class CalmRule:
    """What a rule asks for, and what keeps it calm.

    Attributes
    ----------
    dead_band : the smallest change it makes, as a fraction of the price; nan: any.
    hold_runs : runs for which a price stays once it was changed.
    max_change : largest change at once, as a fraction; nan: what the policy allows.
    pauses : it stops where the price goes round in circles, as it does when it runs in earnest.
    """

    action: PriceAction
    dead_band: float = np.nan
    hold_runs: int = 0
    max_change: float = np.nan
    pauses: bool = True


@dataclass(frozen=True, slots=True)
class Duels:
    """What became of P duels.

    Attributes
    ----------
    ours, theirs : (runs + 1, P) prices, the first ones those at the beginning.
    paused_at : (P,) the run before which the rule was paused, `NEVER` where it was not.
    floor : (P,) the lowest price that the limits allow us in the long run.
    """

    ours: FloatArray
    theirs: FloatArray
    paused_at: IntArray
    floor: FloatArray

    @property
    def outcomes(self) -> list[Outcome]:
        """What each duel came to: paused, settled on two prices, still going round, or still under way in one direction."""
        ours, theirs = (np.diff(path[len(path) // 2 :], axis=0) for path in (self.ours, self.theirs))
        turns = np.any(ours > _SLACK, axis=0) & np.any(ours < -_SLACK, axis=0)
        moves = np.any(np.abs(ours) > _SLACK, axis=0) | np.any(np.abs(theirs) > _SLACK, axis=0)
        choices = zip((self.paused_at != NEVER).tolist(), turns.tolist(), moves.tolist(), strict=True)
        return [
            "paused" if paused else "cycles" if turning else "moves" if moving else "settles"
            for paused, turning, moving in choices
        ]


def duel(
    rule: CalmRule,
    rival: Rival,
    inputs: PricingInputs,
    constraints: PriceConstraints,
    base: FloatArray,
    *,
    runs: int,
) -> Duels:
    """Let a rule and a competitor react to each other, in P duels at once.

    Every price of ours goes through the limits of recommended prices, as it does in earnest. Sales are taken to prove each
    price before the next run, so that the largest change of the policies counts from the newest price: so prices move as far
    as they ever can.

    Parameters
    ----------
    inputs, constraints : of P products, at their present prices.
    base : (P,) prices before rules.
    runs : of the rule, one after the other; the newest 90 days of an hourly rule are remembered.
    """
    state = _State(rule, rival, inputs, constraints, base)
    paths = [(state.ours, state.theirs), *state.play(runs)]
    paths += [paths[-1]] * (runs + 1 - len(paths))
    ours, theirs = (np.array(column) for column in zip(*paths, strict=True))
    return Duels(ours, theirs, state.paused_at, state.floor)


@dataclass(slots=True)
class _State:
    """Where P duels stand."""

    rule: CalmRule
    rival: Rival
    inputs: PricingInputs
    constraints: PriceConstraints
    base: FloatArray
    ours: FloatArray = field(init=False)
    theirs: FloatArray = field(init=False)
    floor: FloatArray = field(init=False)
    paused_at: IntArray = field(init=False)

    def __post_init__(self) -> None:
        self.ours, self.theirs = self.inputs.price.copy(), self.rival.price.copy()
        self.constraints = self.constraints.limit_change(np.full(self.ours.shape, self.rule.max_change))
        self.floor = lasting_floor(price_limits(self.inputs, self.constraints)) / self.inputs.currency.per_one
        self.paused_at = np.full(self.ours.shape, NEVER, np.int64)

    def play(self, runs: int) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Yield both prices after each run, until nothing can move any more."""
        quiet, enough = 0, self.rule.hold_runs + 2 * self.rival.every + 1
        cent = 1 / self.inputs.currency.per_one
        held = np.zeros(self.ours.shape, np.int64)
        old = np.full((runs, self.ours.size), np.nan)
        new = old.copy()
        for run in range(runs):
            asked = self._asked()
            moves = (asked != self.ours) & (held == 0) & (self.paused_at == NEVER)
            if self.rule.pauses and moves.any():
                rows = np.flatnonzero(moves)
                seen = passes(old[:run, rows], new[:run, rows], self.ours[rows], asked[rows])
                circling = rows[seen >= PASSES - 1]
                self.paused_at[circling], moves[circling] = run, False
            old[run, moves], new[run, moves] = self.ours[moves], asked[moves]
            self.ours = np.where(moves, asked, self.ours)
            held = np.where(moves, self.rule.hold_runs, np.maximum(held - 1, 0))
            before = self.theirs
            if (run + 1) % self.rival.every == 0:
                self.theirs = self.rival.answer(self.ours, self.theirs, cent)
            yield self.ours, self.theirs
            quiet = 0 if moves.any() or (self.theirs != before).any() else quiet + 1
            if quiet > enough:
                return

    def _asked(self) -> FloatArray:
        """What the rule asks for, within the limits and outside the dead band; else the present price."""
        inputs = replace(self.inputs, price=self.ours, tried_price=self.ours)
        asked = self.rule.action.price(self._signals(), _NOON_ON_MONDAY)
        found = constrain_price(np.where(np.isnan(asked), self.ours, asked), inputs, self.constraints)
        band = np.full(self.ours.shape, self.rule.dead_band)
        small = in_dead_band(found.now, found.price, band, found.limits.low)
        return np.asarray(np.where(small, found.now, found.price) / self.inputs.currency.per_one)

    def _signals(self) -> Signals:
        unknown = np.full(self.ours.shape, np.nan)
        names = ("stock", "target", "daily_demand", "demand", "usual", "competitor_move", "days_unchanged")
        return Signals(
            price=self.ours,
            base=self.base,
            lowest=self.theirs,
            mean=self.theirs,
            offers=self.theirs[:, None],
            floor=self.floor,
            currency=self.inputs.currency,
            **dict.fromkeys(names, unknown),
        )
