"""Daily units, revenue and profit of the whole shop."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from elastix.shop import shop_currency
from elastix.sql import day_numbers, day_of, fetch
from pricing.recommendation.models import PricePolicy
from pricing.recommendation.selectors.policies import EffectivePolicy, merge_policies
from pricing.sales.selectors.costs import COST_CHANGED, COST_OF_DAY
from pricing.sales.selectors.daily import day_of_epoch

_UNITS: Final = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class ShopTotals:
    """Sums over all merchandise of some days, net of returns.

    Attributes
    ----------
    covered : the part of the revenue whose products have a cost, known or assumed by a policy.
    assumed : the part of the revenue whose cost is assumed.
    net : `covered` without the tax that prices may include.
    spent : what the units of these products cost.
    """

    revenue: Decimal
    units: Decimal
    covered: Decimal
    assumed: Decimal
    net: Decimal
    spent: Decimal

    @property
    def profit(self) -> Decimal | None:
        """Of the products with a cost; None where none has one."""
        return self.net - self.spent if self.covered else None

    @property
    def margin_percent(self) -> Decimal | None:
        """Profit in percent of the net revenue it was made on; None where no cost is known."""
        return 100 * (self.net - self.spent) / self.net if self.net else None

    @property
    def covered_percent(self) -> Decimal | None:
        """How much of the revenue `profit` and `margin_percent` rest on, in percent."""
        return 100 * self.covered / self.revenue if self.revenue else None

    @property
    def assumed_percent(self) -> Decimal | None:
        """How much of the revenue has an assumed cost, in percent."""
        return 100 * self.assumed / self.revenue if self.revenue else None


def totals_by_day(stretches: Sequence[tuple[dt.date, dt.date]]) -> dict[dt.date, ShopTotals]:
    """Sum up each day with sales in some stretches, first and last days inclusive, in one query beside that of the policies.

    Costs are those of the day as far as recorded (`cost_on`), assumed ones and rates of tax today's. A product without a cost is
    taken to cost what its policy assumes.
    """
    scopes = _Scopes.read()
    factor, taxes = scopes.column(lambda policy: policy.tax_factor)
    ratio, ratios = scopes.column(lambda policy: policy.assumed_cost_ratio)
    within = " OR ".join(["s.date BETWEEN %s AND %s"] * len(stretches))
    days = [each.isoformat() for stretch in stretches for each in stretch]
    found = fetch(
        f"SELECT {day_of('date')}, SUM(revenue), SUM(units), "
        "SUM(CASE WHEN cost IS NOT NULL THEN revenue ELSE 0 END), "
        "SUM(CASE WHEN known IS NULL AND cost IS NOT NULL THEN revenue ELSE 0 END), "
        "SUM(CASE WHEN cost IS NOT NULL THEN revenue / factor ELSE 0 END), "
        "SUM(CASE WHEN cost IS NOT NULL THEN units * cost ELSE 0 END) FROM ("
        "SELECT date, revenue, units, known, factor, COALESCE(known, assumed) AS cost FROM ("
        "SELECT s.date AS date, s.revenue - s.returned_revenue AS revenue, s.quantity - s.returned_quantity AS units, "
        f"{COST_OF_DAY} AS known, p.factor AS factor, p.assumed AS assumed FROM pricing_saleshistory s JOIN ("
        f"SELECT code, cost, {COST_CHANGED} AS cost_changed, {factor} AS factor, "
        f"current_price * ({ratio}) / ({factor}) AS assumed "
        f"FROM pricing_product p WHERE kind = 'merchandise') p ON p.code = s.product_id WHERE {within}) dated) lines "
        "GROUP BY date",
        [*taxes, *ratios, *taxes, *days],
    )
    dates = day_numbers([row[0] for row in found])
    return {day_of_epoch(int(day)): _totals(row[1:]) for day, row in zip(dates, found, strict=True)}


def shop_totals(days: Iterable[ShopTotals]) -> ShopTotals:
    """Sum up days."""
    rows = [(each.revenue, each.units, each.covered, each.assumed, each.net, each.spent) for each in days]
    return ShopTotals(*(sum(column, Decimal(0)) for column in zip(*rows, strict=True))) if rows else NOTHING


NOTHING: Final = ShopTotals(*[Decimal(0)] * 6)


def _totals(amounts: Sequence[Any]) -> ShopTotals:
    # SQLite adds amounts up in binary fractions.
    revenue, units, *others = (Decimal(repr(float(each or 0))) for each in amounts)
    price = shop_currency().price
    return ShopTotals(price(revenue), units.quantize(_UNITS), *(price(each) for each in others))


@dataclass(frozen=True, slots=True)
class _Scopes:
    """The policies that hold: of the whole shop, and of the categories and products that have their own."""

    shop: EffectivePolicy
    narrower: list[tuple[str, str, EffectivePolicy]]

    @classmethod
    def read(cls) -> "_Scopes":
        policies = list(PricePolicy.objects.select_related("product").order_by("id"))
        by_category = {each.category: each for each in policies if not each.product_id}
        wide = [by_category[""]] if "" in by_category else []
        narrower = []
        # The narrowest first: the first condition that holds decides.
        for each in sorted(policies, key=lambda policy: policy.product_id is None):
            if each.product is not None:
                of_it = by_category.get(each.product.category) if each.product.category else None
                merged = merge_policies([*wide, *([of_it] if of_it else []), each])
                narrower.append(("code", each.product_id or "", merged))
            elif each.category:
                narrower.append(("category", each.category, merge_policies([*wide, each])))
        return cls(merge_policies(wide), narrower)

    def column(self, value: Callable[[EffectivePolicy], Decimal | None]) -> tuple[str, list[str]]:
        """A setting as an SQL expression over products, and its parameters."""
        usual = _literal(value(self.shop))
        own = [(column, key, _literal(value(policy))) for column, key, policy in self.narrower]
        if not any(literal != usual for _, _, literal in own):
            return usual, []
        whens = " ".join(f"WHEN p.{column} = %s THEN {literal}" for column, _, literal in own)
        return f"CASE {whens} ELSE {usual} END", [key for _, key, _ in own]


def _literal(value: Decimal | None) -> str:
    """A number of a policy in SQL: our own decimals, never text from outside."""
    # As floats: SQLite divides whole numbers by whole numbers without a rest.
    return f"CAST({'NULL' if value is None else f'{Decimal(value):f}'} AS double precision)"
