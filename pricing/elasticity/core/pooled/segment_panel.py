"""Cells of pairs of a product and a segment of customers, cut out of the product's own cells."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pricing.elasticity.core.pooled.design import design_matrix
from pricing.elasticity.core.pooled.hyperparameters import LEVEL, PRICE, Hyperparameters, SegmentPriors
from pricing.elasticity.core.pooled.panel import Panel, build_panel, totals
from pricing.elasticity.core.pooled.posterior import solve_converged
from pricing.elasticity.core.pooled.solve import Batch, batches
from pricing.sales.core.calendar import BoolArray, FloatArray, IntArray, week_of
from pricing.sales.core.daily import DailySales

FEWEST_DAYS: Final = 20


@dataclass(frozen=True, slots=True)
class SegmentSales:
    """Clean units sold per product, segment and day: n entries in any order, at most one each.

    Attributes
    ----------
    product, segment, day : (n,) product index 0..P-1, segment 0..S-1, days since 1970-01-01.
    units : (n,) clean units sold.
    lines : (n,) clean sale lines, where they are known: a line's quantity says little about prices, and the
        spread of quantities then does no harm.
    """

    product: IntArray
    segment: IntArray
    day: IntArray
    units: FloatArray
    lines: IntArray | None = None


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of product and segment, sorted by both, and the pair of every entry of the sales (n,)."""

    product: IntArray
    segment: IntArray
    sold_days: IntArray
    units: FloatArray
    of: IntArray


def pairs_of(sales: SegmentSales, estimated: BoolArray) -> Pairs:
    """Pairs with sales of products that have an estimate; `of` is -1 for the other entries."""
    used = estimated[sales.product] & (sales.units > 0)
    segments = int(sales.segment.max(initial=0)) + 1
    key, of_used = np.unique(sales.product[used] * segments + sales.segment[used], return_inverse=True)
    of = np.full(sales.product.size, -1)
    of[used] = of_used
    return Pairs(
        product=key // segments,
        segment=key % segments,
        sold_days=np.bincount(of_used, minlength=key.size),
        units=totals(of_used, sales.units[used], key.size),
        of=of,
    )


def prepare_pairs(
    sales: SegmentSales,
    pairs: Pairs,
    daily: DailySales,
    category: IntArray,
    hyper: Hyperparameters,
    priors: SegmentPriors,
) -> tuple[list[Batch], BoolArray]:
    """Batches of the pairs with 20 sold days, numbered from 0, and which pairs (M,) these are.

    A pair has its product's cells. Their exposures take in the segment's share of the week's sales and what the
    product's season, promotion and trend do, so that a level and an elasticity are left to fit.
    """
    told = pairs.sold_days >= FEWEST_DAYS
    if not told.any():
        return [], told
    group = hyper.groups_of(category)
    panel = build_panel(
        daily, category.size, hyper.calendar, (hyper.price_response, hyper.promotion_response)
    )
    design = design_matrix(panel, hyper, group)
    whole = list(batches(panel, design))
    rate = solve_converged(whole, hyper.rate, group, size=False)
    size = solve_converged(whole, hyper.size, group, size=True)
    # Lines follow from the units sought through the product's lines per unit, at each price.
    controls = rate.coefficients - (0.0 if sales.lines is not None else size.coefficients)
    controls[:, PRICE] = size.coefficients[:, PRICE] if sales.lines is not None else 0.0
    exposure = panel.exposure * np.exp(np.einsum("nk,nk->n", design, controls[panel.product]))

    cells = np.bincount(panel.product, minlength=category.size)
    start = np.cumsum(cells) - cells
    product, segment = pairs.product[told], pairs.segment[told]
    pair = np.repeat(np.arange(product.size), cells[product])
    first_cell = np.cumsum(cells[product]) - cells[product]
    cell = np.arange(pair.size) - first_cell[pair] + start[product][pair]
    share = _share(priors, panel.week[cell], segment[pair])
    counts = _counts(sales, pairs, told, panel, cells[product], first_cell - start[product])
    of_pairs = replace(
        panel,
        product=pair,
        lines=counts,
        exposure=exposure[cell] * share,
        units=counts,
        sold_days=pairs.sold_days[told],
    )
    return list(batches(of_pairs, design[cell][:, [LEVEL, PRICE]])), told


def _share(priors: SegmentPriors, week: IntArray, segment: IntArray) -> FloatArray:
    """The segments' shares in the sales of the weeks; the last known one after the fit, the first before."""
    if segment.max(initial=0) >= priors.share.shape[0]:
        raise ValueError("A segment is not among those fitted: call fit_segments again.")
    column = np.clip(week - priors.first_week, 0, priors.share.shape[1] - 1)
    return priors.share[segment, column]


def _counts(
    sales: SegmentSales, pairs: Pairs, told: BoolArray, panel: Panel, cells: IntArray, shift: IntArray
) -> FloatArray:
    """Lines, or else units, in every cell of every pair with 20 sold days; sales outside the active days are left out.

    `cells` and `shift` hold each pair's number of cells, and what to add to the number of a product's cell.
    """
    number = np.where(told, np.cumsum(told) - 1, -1)
    pair = np.where(pairs.of >= 0, number[pairs.of], -1)
    rows = np.flatnonzero(pair >= 0)
    key = sales.product[rows] * (1 << 31) + sales.day[rows]
    at = np.searchsorted(panel.product * (1 << 31) + panel.start, key, "right") - 1
    inside = (at >= 0) & (panel.product[np.maximum(at, 0)] == sales.product[rows])
    inside &= panel.week[np.maximum(at, 0)] == week_of(sales.day[rows])
    rows, at = rows[inside], at[inside]
    counts = sales.units if sales.lines is None else sales.lines
    return totals(at + shift[pair[rows]], counts[rows], int(cells.sum()))
