"""Season indices of groups of categories, each product's own sales left out."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import SEASON_PRIOR_LINES as PRIOR_LINES
from pricing.elasticity.core.pooled.hyperparameters import SeasonTable
from pricing.elasticity.core.pooled.panel import Panel
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import WEEKS_A_YEAR
from pricing.sales.core.grouping import group_numbers, group_sums, pair_key

PASSES: Final = 4


def season_table(
    panel: Panel, base: FloatArray, price: FloatArray, group: IntArray, groups: int
) -> SeasonTable:
    """Total the weekly lines of each group, the lines expected without a season, and the prices weighted by these.

    A product's expected lines are its base exposure times its own line rate, for which the seasons of its
    active weeks are taken out; rates and seasons settle in a few passes.

    Parameters
    ----------
    panel : cells of all products (n cells, at least one; P products).
    base : (n,) exposure times what price and promotion do to demand.
    price : (n,) log price less the product's mean.
    group : (P,) group of each product, 0..G-1.
    groups : number of groups G.
    """
    first = int(panel.week.min())
    weeks = int(panel.week.max()) - first + 1
    slot = pair_key(group[panel.product], panel.week - first, weeks)
    lines = group_sums(slot, panel.lines, groups * weeks).reshape(groups, weeks)
    expected = lines
    index = np.ones(groups * weeks)
    for _ in range(PASSES):
        mean = line_rates(panel, base, index[slot])[panel.product] * base
        expected = group_sums(slot, mean, groups * weeks).reshape(groups, weeks)
        index = _group_index(lines, expected, lines.sum(axis=0), expected.sum(axis=0)).ravel()
    mean = line_rates(panel, base, index[slot])[panel.product] * base
    return SeasonTable(
        first, lines, expected, group_sums(slot, mean * price, groups * weeks).reshape(groups, weeks)
    )


def line_rates(panel: Panel, base: FloatArray, season: FloatArray) -> FloatArray:
    """Lines of each product per unit of base exposure and season, (P,); 0 without cells."""
    products = panel.sold_days.size
    lines = group_sums(panel.product, panel.lines, products)
    exposure = group_sums(panel.product, base * season, products)
    return lines / np.where(exposure > 0, exposure, 1.0)


def log_season_index(panel: Panel, base: FloatArray, group: IntArray, table: SeasonTable) -> FloatArray:
    """Log season of each cell, (n,), from the group's weekly totals less the product's own share in them.

    Products of an unknown group (-1) take the whole shop's season. Weeks beyond the table take that of a year
    before, or none. Small totals are shrunk to the shop's index, so the index exists whatever is subtracted.

    Parameters
    ----------
    panel, base : cells, and exposure times what price and promotion do to demand (n,).
    group : (P,) group of each product or -1.
    table : weekly totals.
    """
    place = _place(panel, group, table)
    own = _own_expected(panel, base, place, table)
    shop_lines, shop_expected = table.lines.sum(axis=0), table.expected.sum(axis=0)
    own_lines = place.by_week(panel.lines)
    lines = np.maximum(place.of(table.lines) - own_lines, 0.0)
    expected = np.maximum(place.of(table.expected) - place.by_week(own), 0.0)
    index = _group_index(
        lines,
        expected,
        np.maximum(shop_lines[place.column] - own_lines, 0.0),
        np.maximum(shop_expected[place.column] - place.by_week(own), 0.0),
    )
    return np.where(place.known, np.log(index), 0.0)


def common_log_price(
    panel: Panel, base: FloatArray, price: FloatArray, group: IntArray, table: SeasonTable
) -> FloatArray:
    """Mean log price (n,) of the other products of the group in the week of each cell, less their usual one; `price` is
    the cells' own, and the rest as for `log_season_index`."""
    place = _place(panel, group, table)
    own = _own_expected(panel, base, place, table)
    expected = np.maximum(place.of(table.expected) - place.by_week(own), 0.0)
    common = (place.of(table.price) - place.by_week(own * price)) / (expected + PRIOR_LINES)
    return np.where(place.known, common, 0.0)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the n cells stand in the table: group's row, whether there is one, column, whether it is known, week number."""

    row: IntArray
    in_group: BoolArray
    column: IntArray
    known: BoolArray
    week: IntArray

    def of(self, table: FloatArray) -> FloatArray:
        """The table's (G, W) entry of each cell, the whole shop's where its group is unknown."""
        return np.where(self.in_group, table[self.row, self.column], table.sum(axis=0)[self.column])

    def by_week(self, values: FloatArray) -> FloatArray:
        """The sum over all cells of the same product and week, for each cell."""
        return np.asarray(np.bincount(self.week, values)[self.week] if self.week.size else values)


def _place(panel: Panel, group: IntArray, table: SeasonTable) -> _Place:
    weeks = table.lines.shape[1]
    column = panel.week - table.first_week
    column = np.where(column >= weeks, column - WEEKS_A_YEAR, column)
    known = (column >= 0) & (column < weeks)
    row = group[panel.product]
    return _Place(
        np.maximum(row, 0), row >= 0, np.where(known, column, 0), known, group_numbers(panel.new_week)
    )


def _own_expected(panel: Panel, base: FloatArray, place: _Place, table: SeasonTable) -> FloatArray:
    """Lines of each cell (n,) had all weeks been alike, at the product's own rate."""
    shop_lines, shop_expected = table.lines.sum(axis=0), table.expected.sum(axis=0)
    whole = _group_index(table.lines, table.expected, shop_lines, shop_expected)
    shop = (shop_lines + PRIOR_LINES) / (shop_expected + PRIOR_LINES)
    index = np.where(place.in_group, whole[place.row, place.column], shop[place.column])
    return line_rates(panel, base, np.where(place.known, index, 1.0))[panel.product] * base


def _group_index(
    lines: FloatArray, expected: FloatArray, shop_lines: FloatArray, shop_expected: FloatArray
) -> FloatArray:
    """Season of a group relative to its mean, shrunk to the shop's as if by a few lines more."""
    shop = (shop_lines + PRIOR_LINES) / (shop_expected + PRIOR_LINES)
    return (lines + PRIOR_LINES) / (expected + PRIOR_LINES / shop)
