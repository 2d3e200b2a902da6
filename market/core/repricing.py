"""Repricing rules: for which products a rule fires at a moment, and the prices it asks for."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

import numpy as np

from elastix.currency import TWO_DECIMALS, Currency
from market.core.dynamic import dynamic_factors
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray

Action = Literal["factor", "match", "undercut", "bounds", "dynamic", "pass_through"]
Reference = Literal["lowest", "mean"]

FACTOR_INPUTS: Final = ("stock", "target", "demand", "usual")
COST_DECIMALS: Final = 4
_SLACK: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Signals:
    """What rules look at, arrays (P,), nan where unknown.

    Attributes
    ----------
    price : the present price.
    base : the price that was in force before rules changed it; the present one where none did.
    stock, target : units in stock, and their target.
    daily_demand : units sold a day, over the last 30.
    demand, usual : units of the last days, and what as many days usually bring.
    lowest, mean : of the competitors' fresh and plausible prices.
    competitor_move : mean change of the competitors' prices since each one's last observation, as a fraction.
    days_unchanged : days since the last price change; infinite if there was none.
    currency : of all the prices.
    offers : (P, C) the competitors' fresh and plausible prices in any order, nan where there are fewer.
    floor : (P,) the lowest price that lasting limits allow.
    cost, cost_then : (P,) what a unit costs now, and what it cost when the present price took effect, with the tax that
        prices include.
    """

    price: FloatArray
    base: FloatArray
    stock: FloatArray
    target: FloatArray
    daily_demand: FloatArray
    demand: FloatArray
    usual: FloatArray
    lowest: FloatArray
    mean: FloatArray
    competitor_move: FloatArray
    days_unchanged: FloatArray
    currency: Currency = TWO_DECIMALS
    offers: FloatArray | None = None
    floor: FloatArray | None = None
    cost: FloatArray | None = None
    cost_then: FloatArray | None = None

    @property
    def stock_days(self) -> FloatArray:
        """Days that the stock lasts (P,); nan where stock or demand is unknown, infinite where nothing sells."""
        stock = np.maximum(self.stock, 0)
        lasting = np.where(self.daily_demand == 0, np.where(np.isnan(stock), np.nan, np.inf), np.nan)
        return np.asarray(np.divide(stock, self.daily_demand, out=lasting, where=self.daily_demand > 0))

    @property
    def surge(self) -> FloatArray:
        """Demand as a multiple of the usual (P,); nan where either is unknown."""
        unknown = np.full(self.demand.shape, np.nan)
        return np.asarray(np.divide(self.demand, self.usual, out=unknown, where=self.usual > 0))


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of the shop: hour 0 to 23, weekday 1 (Monday) to 7."""

    hour: int
    weekday: int


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold for a rule to fire, all of it; None or () asks for nothing.

    Attributes
    ----------
    stock_days_below, stock_days_above : the stock lasts for fewer, for more days.
    surge_above : demand is at least this multiple of the usual.
    hours, weekdays : of the shop.
    competitor_move : the competitors' prices rose by at least this fraction, or fell if it is negative.
    unchanged_days : the price has not changed for at least this many days.
    """

    stock_days_below: float | None = None
    stock_days_above: float | None = None
    surge_above: float | None = None
    hours: tuple[int, ...] = ()
    weekdays: tuple[int, ...] = ()
    competitor_move: float | None = None
    unchanged_days: float | None = None

    def hold(self, signals: Signals, moment: Moment) -> BoolArray:
        """Whether they hold (P,); a condition on something unknown does not."""
        in_hours = not self.hours or moment.hour in self.hours
        on_weekday = not self.weekdays or moment.weekday in self.weekdays
        holds = np.full(signals.price.shape, in_hours and on_weekday)
        if self.stock_days_below is not None:
            holds &= signals.stock_days < self.stock_days_below
        if self.stock_days_above is not None:
            holds &= signals.stock_days > self.stock_days_above
        if self.surge_above is not None:
            holds &= signals.surge >= self.surge_above - _SLACK
        if self.competitor_move is not None:
            least, moved = self.competitor_move, signals.competitor_move
            holds &= moved >= least - _SLACK if least > 0 else moved <= least + _SLACK
        if self.unchanged_days is not None:
            holds &= signals.days_unchanged >= self.unchanged_days
        return holds


@dataclass(frozen=True, slots=True)
class PriceAction:
    """What a rule does to a price.

    Attributes
    ----------
    kind : "factor" changes the base price by `change`; "match" takes the competitors' reference; "undercut" goes below
        it by `change` or by `amount`; "bounds" moves a price only where it lies outside `min_price` and `max_price`;
        "dynamic" multiplies the base price by the dynamic factors; "pass_through" adds `change` of what the cost has risen
        or fallen by since the present price took effect, in currency (Weyl and Fabinger 2013), and asks for nothing where
        that is less than the currency can express.
    change : a fraction: of the base price for "factor", of the reference for "undercut", of the cost's change for "pass_through".
    amount : in currency.
    min_price, max_price : bounds of the price that the rule asks for, of any kind.
    climbs : "match" and "undercut" leave competitors alone whom the floor does not let them reach, and go up to the
        lowest of the others; where there are none but those, to the base price.
    """

    kind: Action
    change: float = 0.0
    amount: float = 0.0
    reference: Reference = "lowest"
    min_price: float | None = None
    max_price: float | None = None
    climbs: bool = False

    def price(self, signals: Signals, moment: Moment) -> FloatArray:
        """Prices (P,) that the rule asks for, nan where what it needs is unknown; never infinite, above 0."""
        low = float(signals.currency.unit) if self.min_price is None else self.min_price
        high = np.inf if self.max_price is None else self.max_price
        price = np.clip(self._aim(signals, moment), low, high)
        return np.where(np.isfinite(price), price, np.nan)

    def _aim(self, signals: Signals, moment: Moment) -> FloatArray:
        if self.kind == "bounds":
            return signals.price
        if self.kind == "factor":
            return signals.base * (1 + self.change)
        if self.kind == "dynamic":
            known = {name: np.nan_to_num(getattr(signals, name)) for name in FACTOR_INPUTS}
            factors = dynamic_factors(**known, hour=moment.hour, weekday=moment.weekday)
            return signals.base * factors.combined
        if self.kind == "pass_through":
            return self._passed_on(signals)
        if self.climbs and signals.offers is not None and signals.floor is not None:
            return self._climbed(signals, signals.offers, signals.floor)
        theirs = signals.lowest if self.reference == "lowest" else signals.mean
        return self._beside(theirs, signals)

    def _passed_on(self, signals: Signals) -> FloatArray:
        if signals.cost is None or signals.cost_then is None:
            return np.full(signals.price.shape, np.nan)
        change = self.change * (signals.cost - signals.cost_then)
        # Smaller changes are left to add up.
        counts = np.abs(change) >= float(signals.currency.unit) / 2 - _SLACK
        return np.where(counts, signals.price + change, np.nan)

    def _climbed(self, signals: Signals, offers: FloatArray, floor: FloatArray) -> FloatArray:
        asked = self._beside(offers, signals)
        within_reach = np.where(asked >= floor[:, None] - _SLACK, asked, np.inf)
        best = within_reach.min(axis=1, initial=np.inf)
        all_too_low = ~np.isnan(offers).all(axis=1) & np.isinf(best)
        return np.where(all_too_low, signals.base, np.where(np.isinf(best), np.nan, best))

    def _beside(self, theirs: FloatArray, signals: Signals) -> FloatArray:
        if self.kind == "match":
            return theirs
        # Down to the cent: a nearest cent could be theirs.
        cent = signals.currency.per_one
        return np.asarray(np.floor(cent * (theirs * (1 - self.change) - self.amount) + _SLACK) / cent)


def cost_passed_on(
    then: Decimal, now: Decimal, *, old_price: Decimal, wanted_price: Decimal, new_price: Decimal
) -> Decimal:
    """The cost up to which a price covers the change from `then` to `now`: all of it where it became the wanted price.

    What limits kept a price from counts as not passed on yet.
    """
    if wanted_price == old_price:
        return then
    share = (new_price - old_price) / (wanted_price - old_price)
    return round(then + min(max(share, Decimal(0)), Decimal(1)) * (now - then), COST_DECIMALS)


def in_canary(rule_id: int, code: str, percent: int) -> bool:
    """Whether a product belongs to the first `percent` % that a rule is tried on.

    The share of a rule is the same at every run, and grows without losing a product when the percentage is raised.
    """
    digest = hashlib.sha256(f"{rule_id}:{code}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 10_000 < 100 * percent


def numbers_in(text: str, low: int, high: int) -> tuple[int, ...]:
    """Read numbers and ranges as "8,11-13" gives them, in ascending order; empty text is none.

    Raises
    ------
    ValueError
        If the text is anything else, or a number lies outside low to high.
    """
    found: set[int] = set()
    for part in filter(None, (each.strip() for each in text.split(","))):
        written = re.fullmatch(r"([0-9]{1,4})(?:\s*-\s*([0-9]{1,4}))?", part)
        if written is None:
            raise ValueError(f'{part!r} is no number or range: write them as "8,11-13".')
        begin, end = int(written[1]), int(written[2] or written[1])
        if not low <= begin <= end <= high:
            raise ValueError(f"{part!r} is outside {low} to {high}, or a range that ends before it begins.")
        found.update(range(begin, end + 1))
    return tuple(sorted(found))


NO_RULE: Final = -1


@dataclass(frozen=True, slots=True)
class RuleCase:
    """A rule and the products it is in charge of.

    Attributes
    ----------
    rule_id : its number.
    covers : (P,) whether a product is in its scope and its canary share.
    revert_when_inactive : where it set the present price and no rule fires any more, it asks for the base price.
    """

    rule_id: int
    conditions: Conditions
    action: PriceAction
    covers: BoolArray
    revert_when_inactive: bool = False

    def applies(self, signals: Signals, moment: Moment) -> BoolArray:
        """Whether it covers a product and its conditions hold (P,)."""
        return self.covers & self.conditions.hold(signals, moment)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rule decides on each product, and the price it asks for; arrays (P,).

    Attributes
    ----------
    winner : position of the rule, `NO_RULE` where none fires.
    price : asked for; the present one where no rule fires.
    """

    winner: IntArray
    price: FloatArray

    def is_left_to(self, position: int) -> BoolArray:
        """Whether no rule before that at the position decides on a product (P,)."""
        return np.asarray((self.winner == NO_RULE) | (self.winner >= position))


def choose(cases: Sequence[RuleCase], signals: Signals, set_by: IntArray, moment: Moment) -> Choice:
    """Let the first rule that fires decide on each product.

    A rule fires where it covers the product, its conditions hold and what its action needs is known.

    Parameters
    ----------
    cases : R rules in the order of their priority.
    set_by : (P,) number of the rule that set the present price, `NO_RULE` where none did.
    """
    winner = np.full(signals.price.shape, NO_RULE, np.int64)
    price = signals.price.copy()
    for position, case in enumerate(cases):
        asked = case.action.price(signals, moment)
        fires = (winner == NO_RULE) & case.applies(signals, moment) & ~np.isnan(asked)
        winner[fires], price[fires] = position, asked[fires]
    for position, case in enumerate(cases):
        if case.revert_when_inactive:
            back = (winner == NO_RULE) & (set_by == case.rule_id)
            winner[back], price[back] = position, signals.base[back]
    return Choice(winner, price)


def kept_ending(now: int, price: int, endings: Sequence[int], apart: int) -> int:
    """The price nearest to one that was decided on, on the way there, that ends as it should.

    Parameters
    ----------
    now, price : in the smallest unit of the currency: the present price, and the one decided on.
    endings : last digits that a price may have; none means any.
    apart : 100 for last digits of two places.

    Returns
    -------
    The present price where no other on the way has one of the endings.
    """
    if not endings or price == now:
        return price
    if price < now:
        found = min(price + (ending - price) % apart for ending in endings)
        return min(found, now)
    return max(now, max(price - (price - ending) % apart for ending in endings))
