"""Totals of several price changes: sums with intervals, the largest change, prices below cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import numpy as np

from pricing.elasticity.core.demand import DemandModel
from pricing.recommendation.core.impact import project_impact
from pricing.recommendation.core.inputs import PricingInputs
from pricing.recommendation.core.uncertainty import DRAWS, ErrorFactor, draw_changes, interval_of
from pricing.recommendation.selectors.bulk_optimization import error_factor, own_weights
from pricing.recommendation.selectors.pricing_inputs import PriceFacts, pricing_inputs
from pricing.sales.core.arrays import FloatArray, IntArray

HIGH: Final = "high"


@dataclass(frozen=True, slots=True)
class CorrectedTotals:
    """The change of profit in 30 days with cross-price effects.

    Attributes
    ----------
    profit_change, interval : expected, with 80 % interval.
    within, neighbours : what of it the set does to its own products, and to other products, beyond the naive sum.
    neighbour_count : other products whose sales answer to prices of the set.
    pairs : published cross elasticities of substitutes and complements that it rests on.
    with_evidence : products of the set whose price is known to move another's sales; of the others nothing is known.
    """

    profit_change: float
    interval: tuple[float, float]
    within: float
    neighbours: float
    neighbour_count: int
    pairs: int
    with_evidence: int


@dataclass(slots=True)
class PriceTotals:
    """Sums over some changes of prices, amounts in 30 days.

    Attributes
    ----------
    count : changes.
    known : of how many a change of profit is expected; the sums are over these.
    revenue_change, profit_change : expected.
    high_risk, below_cost : how many.
    lowest_percent, highest_percent : the ends of the range of changes; None without any.
    corrected : with cross-price effects; None where none are known, or nobody asked.
    """

    count: int = 0
    known: int = 0
    revenue_change: float = 0.0
    profit_change: float = 0.0
    high_risk: int = 0
    below_cost: int = 0
    lowest_percent: float | None = None
    highest_percent: float | None = None
    corrected: CorrectedTotals | None = None
    _drawn: FloatArray = field(default_factory=lambda: np.zeros(DRAWS))

    @property
    def interval(self) -> tuple[float, float] | None:
        """80 % interval of the change of profit; None where none is expected."""
        return interval_of(self._drawn, self.profit_change) if self.known else None

    @property
    def drawn(self) -> FloatArray:
        """Drawn changes of profit (D,)."""
        return self._drawn

    @property
    def widest_percent(self) -> float | None:
        """The largest change either way, with its sign."""
        ends = [each for each in (self.lowest_percent, self.highest_percent) if each is not None]
        return max(ends, key=abs) if ends else None

    def add(
        self,
        inputs: PricingInputs,
        price: FloatArray,
        errors: Callable[[IntArray], ErrorFactor],
        model: DemandModel,
    ) -> None:
        """Add products (P,) at other prices (P,); `errors` is called with the indices of those that are drawn."""
        self.add_range(100 * (price / inputs.price - 1))
        self.below_cost += int((price < inputs.cost).sum())
        impact = project_impact(inputs, price, model)
        self.high_risk += int((impact.risk_level == HIGH).sum())
        known = ~np.isnan(impact.change.profit) & (inputs.elasticity < 0)
        self.known += int(known.sum())
        self.revenue_change += float(np.nan_to_num(impact.change.revenue).sum())
        self.profit_change += float(impact.change.profit[known].sum())
        if known.any():
            drawn = draw_changes(inputs.take(known), price[known], errors(np.flatnonzero(known)), model)
            self.add_drawn(drawn.profit.sum(axis=0))

    def add_drawn(self, profit: FloatArray) -> None:
        """Add drawn changes of profit (D,)."""
        self._drawn = self._drawn + profit

    def add_sums(self, other: "PriceTotals", revenue_change: float, profit_change: float) -> None:
        """Add other changes with sums that are stated; their draws spread around these."""
        self.known += other.known
        self.high_risk += other.high_risk
        self.below_cost += other.below_cost
        self.revenue_change += revenue_change
        self.profit_change += profit_change
        self._drawn = self._drawn + other._drawn + (profit_change - other.profit_change)
        count = self.count + other.count
        ends = [each for each in (other.lowest_percent, other.highest_percent) if each is not None]
        self.add_range(np.array(ends))
        self.count = count

    def add_range(self, percent: FloatArray) -> None:
        """Count changes by their percent (P,)."""
        self.count += percent.size
        ends = [each for each in (self.lowest_percent, self.highest_percent) if each is not None]
        if percent.size:
            self.lowest_percent = min([*ends, float(percent.min())])
            self.highest_percent = max([*ends, float(percent.max())])


def price_totals(prices: Mapping[str, Decimal]) -> PriceTotals:
    """What other prices would do together, from what is known of the products now.

    Parameters
    ----------
    prices : by product code. Products that are unknown, or have no price yet, only count.
    """
    totals = PriceTotals()
    groups, _ = pricing_inputs(list(prices))
    weights = own_weights(list(prices))
    for group in groups:
        facts = group.facts
        price = np.array([float(prices[each.code]) for each in facts])

        def errors(indices: IntArray, facts: Sequence[PriceFacts] = facts) -> ErrorFactor:
            return error_factor([facts[int(index)] for index in indices], weights)

        totals.add(group.inputs, price, errors, group.strategy.demand_model)
    totals.count = len(prices)
    return totals
