"""Season indices of groups of categories, each product's own sales left out."""

from typing import Final

import numpy as np

from pricing.elasticity.core.constants import SEASON_PRIOR_LINES as PRIOR_LINES
from pricing.elasticity.core.pooled.hyperparameters import SeasonTable
from pricing.elasticity.core.pooled.panel import Panel
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.grouping import group_numbers, group_sums

PASSES: Final = 4
WEEKS_A_YEAR: Final = 52


def season_table(panel: Panel, base: FloatArray, group: IntArray, groups: int) -> SeasonTable:
    """Total the weekly lines of each group, and the lines expected without a season.

    A product's expected lines are its base exposure times its own line rate, for which the seasons of its
    active weeks are taken out; rates and seasons settle in a few passes.

    Parameters
    ----------
    panel : cells of all products (n cells, at least one; P products).
    base : (n,) exposure times what price and promotion do to demand.
    group : (P,) group of each product, 0..G-1.
    groups : number of groups G.
    """
    first = int(panel.week.min())
    weeks = int(panel.week.max()) - first + 1
    slot = group[panel.product] * weeks + panel.week - first
    lines = group_sums(slot, panel.lines, groups * weeks).reshape(groups, weeks)
    expected = lines
    index = np.ones(groups * weeks)
    for _ in range(PASSES):
        mean = line_rates(panel, base, index[slot])[panel.product] * base
        expected = group_sums(slot, mean, groups * weeks).reshape(groups, weeks)
        index = _group_index(lines, expected, lines.sum(axis=0), expected.sum(axis=0)).ravel()
    return SeasonTable(first, lines, expected)


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
    weeks = table.lines.shape[1]
    column = panel.week - table.first_week
    column = np.where(column >= weeks, column - WEEKS_A_YEAR, column)
    known = (column >= 0) & (column < weeks)
    column = np.where(known, column, 0)
    row = group[panel.product]
    in_group = row >= 0
    row = np.maximum(row, 0)
    shop_lines, shop_expected = table.lines.sum(axis=0), table.expected.sum(axis=0)
    whole = _group_index(table.lines, table.expected, shop_lines, shop_expected)
    shop = (shop_lines + PRIOR_LINES) / (shop_expected + PRIOR_LINES)
    season = np.where(known, np.where(in_group, whole[row, column], shop[column]), 1.0)
    own = line_rates(panel, base, season)[panel.product] * base
    week = group_numbers(panel.new_week)
    own_lines = np.bincount(week, panel.lines)[week] if week.size else panel.lines
    own_expected = np.bincount(week, own)[week] if week.size else own

    lines = np.maximum(np.where(in_group, table.lines[row, column], shop_lines[column]) - own_lines, 0.0)
    expected = np.where(in_group, table.expected[row, column], shop_expected[column]) - own_expected
    index = _group_index(
        lines,
        np.maximum(expected, 0.0),
        np.maximum(shop_lines[column] - own_lines, 0.0),
        np.maximum(shop_expected[column] - own_expected, 0.0),
    )
    return np.where(known, np.log(index), 0.0)


def _group_index(
    lines: FloatArray, expected: FloatArray, shop_lines: FloatArray, shop_expected: FloatArray
) -> FloatArray:
    """Season of a group relative to its mean, shrunk to the shop's as if by a few lines more."""
    shop = (shop_lines + PRIOR_LINES) / (shop_expected + PRIOR_LINES)
    return (lines + PRIOR_LINES) / (expected + PRIOR_LINES / shop)
