"""The expected effect of a price change, as a record to store with it."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import numpy as np

from elastix.api.fields import known
from elastix.dataset.versions import data_version
from elastix.shop import shop_currency
from pricing.recommendation.core.impact import Figures, Impact, one_of, project_impact
from pricing.recommendation.core.inputs import PricingStrategy
from pricing.recommendation.selectors.pricing_inputs import (
    PriceFacts,
    price_facts,
    price_group,
    strategy_of,
)
from pricing.sales.core.calendar import MONTH_DAYS

LEVEL: Final = 0.8
"""Probability with which a result is expected within its interval."""

Change = tuple[str, Decimal | None, Decimal]


def expected_effects(changes: Sequence[Change]) -> list[dict[str, Any] | None]:
    """What each change of price is expected to do to the product's 30 days, by its policy's demand model.

    Parameters
    ----------
    changes : product code, old and new price. A product may occur more than once.

    Returns
    -------
    list
        For each change a record that JSON can hold: {days, elasticity, std_error, demand_model, linear_share, cost, tax_rate,
        cost_assumed, data_version, current: {price, quantity, revenue, profit}, projected: the same, interval: {level, quantity:
        [low, high], revenue, profit}, probability_of_gain}. Profits are None where the cost is unknown, and then the
        gain is one of revenue. None in place of the record where the old price or the elasticity is not known, or the
        product is a service or unknown.
    """
    facts = price_facts([code for code, _, _ in changes])
    records: list[dict[str, Any] | None] = [None] * len(changes)
    version = data_version().published_version
    groups: dict[PricingStrategy, list[tuple[int, PriceFacts, Decimal]]] = {}
    for index, (code, old, new) in enumerate(changes):
        product = facts.get(code)
        if product is None or old is None or product.elasticity is None:
            continue
        before = replace(product, price=old)
        if not before.obstacle:
            groups.setdefault(strategy_of(product.policy), []).append((index, before, new))
    for strategy, members in groups.items():
        inputs = price_group(strategy, [before for _, before, _ in members]).inputs
        prices = np.array([float(new) for _, _, new in members])
        impact = project_impact(inputs, prices, strategy.demand_model)
        for position, (index, _, _) in enumerate(members):
            found = one_of(impact, position)
            records[index] = {
                "days": MONTH_DAYS,
                "elasticity": known(inputs.elasticity[position], 4),
                "std_error": known(inputs.std_error[position], 4),
                "demand_model": strategy.demand_model,
                "linear_share": known(inputs.linear_share, 4),
                "cost": known(inputs.net_cost[position], 4),
                "tax_rate": known(100 * (inputs.tax_factor[position] - 1), 2),
                "cost_assumed": bool(inputs.cost_assumed[position]),
                "data_version": version,
                "current": figures(found.current),
                "projected": figures(found.projected),
                "interval": interval(found),
                "probability_of_gain": known(float(found.probability_of_gain), 4),
            }
    return records


def figures(of: Figures) -> dict[str, float | None]:
    """Price, quantity, revenue and profit of one product as they are shown; None where unknown."""
    return {
        name: known(getattr(of, name), places(name)) for name in ("price", "quantity", "revenue", "profit")
    }


def places(figure: str) -> int:
    """Decimals that a figure is shown with: two for units, the currency's for money."""
    return 2 if figure == "quantity" else shop_currency().decimals


def interval(impact: Impact) -> dict[str, Any]:
    """The intervals within which quantity, revenue and profit of one product are expected with 80 % probability."""
    return {
        "level": LEVEL,
        **{
            name: [known(getattr(of, name), places(name)) for of in (impact.low, impact.high)]
            for name in ("quantity", "revenue", "profit")
        },
    }
