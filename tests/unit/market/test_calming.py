"""What keeps repricing calm: passes, dead bands, climbing, and duels with competitors who react."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.core.calming import in_dead_band, passes
from market.core.duels import NEVER, CalmRule, Rival, duel
from market.core.repricing import Moment, PriceAction, Signals
from pricing.recommendation.core.inputs import PriceConstraints, PricingInputs

NOON = Moment(hour=12, weekday=1)
CIRCLE = [10.0, 9.0, 8.0, 7.0, 10.0]


def passes_of(*prices: float) -> int:
    """How often the last move of a price repeats a pass."""
    moves = np.array(list(pairwise(prices)))
    return int(passes(moves[:-1, :1], moves[:-1, 1:], moves[-1, :1], moves[-1, 1:])[0])


def test_a_circle_is_counted_each_time_it_comes_round() -> None:
    assert passes_of(*CIRCLE, 9.0) == 1
    assert passes_of(*CIRCLE, *CIRCLE[1:], 9.0) == 2
    # Upwards: the jump passes the same level again.
    assert passes_of(*CIRCLE, *CIRCLE[1:]) == 1


def test_steps_of_other_sizes_pass_the_same_level() -> None:
    assert passes_of(10.0, 8.0, 10.0, 9.4, 8.6) == 1


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(100, 5000), min_size=2, max_size=12, unique=True))
def test_a_price_that_goes_one_way_passes_no_level_twice(cents: list[int]) -> None:
    falling = [each / 100 for each in sorted(cents, reverse=True)]
    assert passes_of(*falling) == 0
    assert passes_of(*reversed(falling)) == 0


def test_moves_that_did_not_happen_are_no_passes() -> None:
    nothing = np.full((3, 1), math.nan)
    assert passes(nothing, nothing, np.array([2.0]), np.array([1.0])).tolist() == [0]


@pytest.mark.parametrize(
    ("price", "band", "low", "small"),
    [
        (9.96, 0.005, 1.0, True),
        (10.04, 0.005, 1.0, True),
        (9.95, 0.005, 1.0, False),
        (9.96, math.nan, 1.0, False),
        (10.0, 0.005, 1.0, False),
        (10.04, 0.005, 10.02, False),
    ],
    ids=["fall", "rise", "as large as the band", "no band", "no change", "below the floor"],
)
def test_small_changes_are_not_made(price: float, band: float, low: float, small: bool) -> None:
    assert bool(in_dead_band(10.0, price, band, low)) is small


# --- climbing -----------------------------------------------------------------------------------------


def climbed(*offers: float, floor: float = 8.0, **action: Any) -> float:
    unknown = np.array([math.nan])
    known = dict.fromkeys(
        ("stock", "target", "daily_demand", "demand", "usual", "competitor_move", "days_unchanged"), unknown
    )
    signals = Signals(
        price=np.array([9.0]), base=np.array([12.0]), lowest=np.array([min(offers, default=math.nan)]),
        mean=np.array([np.mean(offers)]) if offers else unknown, offers=np.array([offers]), floor=np.array([floor]), **known,
    )  # fmt: skip
    chosen: dict[str, Any] = {"kind": "undercut", "amount": 0.05, "climbs": True, **action}
    return float(PriceAction(**chosen).price(signals, NOON)[0])


@pytest.mark.parametrize(
    ("offers", "price"),
    [
        ((9.0, 11.0), 8.95),
        ((7.5, 11.0), 10.95),
        ((8.05, 11.0), 8.0),
        ((8.04, 11.0), 10.95),
        ((math.nan, 11.0), 10.95),
        ((7.5, 6.0), 12.0),
    ],
    ids=["in reach", "one too cheap", "just in reach", "just too cheap", "fewer offers", "all too cheap"],
)
def test_a_rule_that_climbs_goes_below_the_next_it_can_reach(offers: tuple[float, ...], price: float) -> None:
    assert climbed(*offers) == pytest.approx(price)


def test_without_any_offer_nothing_is_asked_for() -> None:
    assert math.isnan(climbed(math.nan))
    assert math.isnan(climbed())


def test_a_rule_that_does_not_climb_follows_whoever_is_cheapest() -> None:
    assert climbed(7.5, 11.0, climbs=False) == pytest.approx(7.45)
    assert climbed(7.5, 11.0, kind="match", amount=0.0) == pytest.approx(11.0)


# --- duels --------------------------------------------------------------------------------------------


def a_duel(rule: CalmRule | None = None, runs: int = 400, **rival: Any) -> Any:
    """A rule that undercuts by 1 % from 10.00, with a floor of 5.50, and a competitor who begins at 10.00."""
    chosen: dict[str, Any] = {"price": 10.0, "floor": 6.0, "step": 0.01, "gives_up": True} | rival
    arrays = {name: np.array([chosen.pop(name)]) for name in ("price", "floor", "step", "gives_up")}
    inputs = PricingInputs.of(price=10.0, cost=5.0, elasticity=None)
    rule = rule or CalmRule(UNDERCUT)
    return duel(rule, Rival(**arrays, **chosen), inputs, PriceConstraints.of(1), np.array([10.0]), runs=runs)


UNDERCUT = PriceAction("undercut", change=0.01)


def test_a_war_that_comes_round_is_paused() -> None:
    found = a_duel()
    assert found.outcomes == ["paused"]
    last = found.paused_at[0]
    assert last > 0
    assert len(set(found.ours[last:, 0])) == 1


def test_without_the_pause_it_goes_on_for_ever() -> None:
    found = a_duel(CalmRule(UNDERCUT, pauses=False))
    assert found.outcomes == ["cycles"]
    assert found.paused_at.tolist() == [NEVER]


def test_a_war_that_ends_at_the_floor_is_none() -> None:
    found = a_duel(floor=4.0, gives_up=False)
    assert found.outcomes == ["settles"]
    assert found.ours.min() == found.floor[0] == 5.5


def test_a_dead_band_wider_than_their_step_ends_the_war() -> None:
    found = a_duel(CalmRule(UNDERCUT, dead_band=0.03, pauses=False))
    assert found.outcomes == ["settles"]
    assert found.ours[-1, 0] > 9.7


def test_a_price_stays_for_the_runs_it_is_held() -> None:
    moved = np.flatnonzero(np.diff(a_duel(CalmRule(UNDERCUT, hold_runs=3)).ours[:, 0]))
    assert np.diff(moved).min() == 4


def test_a_competitor_who_stays_is_undercut_once() -> None:
    found = a_duel(reaction="stay")
    assert found.outcomes == ["settles"]
    assert found.ours[-1, 0] == 9.9


def test_one_who_matches_ends_at_one_price_with_a_rule_that_matches() -> None:
    found = a_duel(CalmRule(PriceAction("match")), price=9.0, reaction="match")
    assert (found.ours[-1, 0], found.theirs[-1, 0]) == (9.0, 9.0)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    step=st.floats(0.001, 0.1), floor=st.floats(1.0, 12.0), gives_up=st.booleans(),
    change=st.floats(0.0, 0.2), climbs=st.booleans(), every=st.integers(1, 4),
)  # fmt: skip
def test_no_price_goes_below_its_floor(
    step: float, floor: float, gives_up: bool, change: float, climbs: bool, every: int
) -> None:
    rule = CalmRule(PriceAction("undercut", change=change, climbs=climbs))
    found = a_duel(rule, runs=40, step=step, floor=floor, gives_up=gives_up, every=every)
    assert found.ours.min() >= found.floor[0]
