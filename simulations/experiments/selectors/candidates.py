"""Which tests of prices would be worth most."""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from django.db.models import F, FloatField
from django.db.models.functions import Cast

from pricing.recommendation.selectors.pricing_inputs import PriceFacts, price_facts
from pricing.sales.core.arrays import FloatArray
from pricing.sales.core.calendar import DAYS_A_WEEK
from pricing.sales.selectors.daily import newest_sale_day
from pricing.sales.selectors.products import merchandise
from simulations.experiments.core.planning import dispersion, formula_error
from simulations.experiments.core.value import value_of_test
from simulations.experiments.selectors.plans import expected_elasticity
from simulations.experiments.selectors.sales import daily_money

LOOKED_AT: Final = 1_000
PAST_WEEKS: Final = 26
CATEGORY, PRODUCT = "category", "product"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A test of a category's products together, or of one product: money in currency, `*_error` of the elasticity.

    `key` is the category or the product's code, `name` the product's name, "" of a category. `elasticity_source` as in
    `ExperimentPlan`.
    """

    kind: str
    key: str
    name: str
    products: int
    units_a_week: float
    revenue_a_week: float
    elasticity: float
    elasticity_error: float
    elasticity_source: str
    test_error: float
    gain: float
    cost: float

    @property
    def net(self) -> float:
        return self.gain - self.cost

    @property
    def error_after(self) -> float:
        """What is left of the elasticity's error when what is known and what the test says are weighed together."""
        return self.elasticity_error * self.test_error / math.hypot(self.elasticity_error, self.test_error)


def test_candidates(*, weeks: int, percent: float) -> list[Candidate]:
    """Rank tests of categories and of single products by expected profit of better prices less cost of the test.

    The thousand products with the highest revenue are looked at, those without a known cost left out: what a price earns is not
    known of them. Errors of tests are those of counts (`formula_error`); a plan has them by simulation.

    Parameters
    ----------
    percent : half of the products' weeks that much cheaper, half that much dearer.
    """
    last = newest_sale_day()
    if last is None:
        return []
    rows = merchandise().filter(
        is_active=True, current_price__isnull=False, cost__isnull=False, summary__monthly_sales__gt=0
    )
    worth = F("summary__monthly_sales") * Cast("current_price", FloatField())
    codes = sorted(rows.order_by(-worth, "code").values_list("code", flat=True)[:LOOKED_AT])
    if not codes:
        return []
    facts = price_facts(codes)
    daily = daily_money(codes, last - dt.timedelta(days=DAYS_A_WEEK * PAST_WEEKS - 1), last)
    weekly = daily.units.reshape(len(codes), -1, DAYS_A_WEEK).sum(axis=2)
    place = {code: index for index, code in enumerate(codes)}
    members: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code in codes:
        members[PRODUCT, code].append(code)
        if facts[code].category:
            members[CATEGORY, facts[code].category].append(code)
    contrast = (float(np.log1p(-percent / 100)), float(np.log1p(percent / 100)))
    found = [
        _candidate(kind, key, [facts[code] for code in each], weekly[[place[code] for code in each]], weeks, contrast)
        for (kind, key), each in members.items()
        if kind == PRODUCT or len(each) > 1
    ]  # fmt: skip
    return sorted((each for each in found if each), key=lambda each: (-each.net, each.kind, each.key))


def _candidate(
    kind: str,
    key: str,
    facts: Sequence[PriceFacts],
    weekly: FloatArray,
    weeks: int,
    contrast: tuple[float, float],
) -> Candidate | None:
    units = weekly.mean(axis=1)
    if not units.sum():
        return None
    price = np.array([float(each.price or 0) for each in facts])
    kept = price / np.array([float(each.policy.tax_factor) for each in facts])
    revenue, profit = units @ price, units @ (kept - [float(each.cost or 0) for each in facts])
    elasticity, error, source = expected_elasticity(facts, units + 1e-6)
    test_error = formula_error(float(units.sum()) * weeks, dispersion(weekly), contrast[1] - contrast[0])
    value = value_of_test(
        revenue=float(revenue),
        margin=float(profit / revenue),
        elasticity=elasticity,
        elasticity_error=error,
        test_error=test_error,
        contrast=contrast,
        test_weeks=weeks,
    )
    return Candidate(
        kind, key, facts[0].name if kind == PRODUCT else "", len(facts), float(units.sum()), float(revenue),
        elasticity, error, source, test_error, value.gain, value.cost,
    )  # fmt: skip
