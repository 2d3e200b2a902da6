"""The fits of products to their own cells, of which their estimates and the cells of their pairs with segments are made."""

from dataclasses import dataclass

import numpy as np

from pricing.elasticity.core.pooled.design import design_matrix, weigh_totals
from pricing.elasticity.core.pooled.hyperparameters import LEVEL, PRICE, Hyperparameters, product_priors
from pricing.elasticity.core.pooled.panel import Panel, Window, build_panel
from pricing.elasticity.core.pooled.solve import Fit, batches, solve_with_dispersion
from pricing.sales.core.arrays import FloatArray, IntArray
from pricing.sales.core.channels import PriceSeries, in_series
from pricing.sales.core.daily import DailySales


@dataclass(frozen=True, slots=True)
class ProductFits:
    """The two parts of demand of P products, fitted to S price series: a product has one for each channel with prices of its
    own, or a single one.

    Attributes
    ----------
    days, of : the product-days by series; (S,) the product of each, ascending.
    panel, design : the n cells of the series and their columns (n, k).
    frequency, quantity : lines per day and units per line.
    by_channel : whether any product has more than one series.
    """

    days: DailySales
    of: IntArray
    panel: Panel
    design: FloatArray
    frequency: Fit
    quantity: Fit
    by_channel: bool


@dataclass(frozen=True, slots=True)
class ProductCells:
    """The n cells of products: their panel, the columns of level and price (n, 2), and exposures (n,) that include what
    season, promotion and trend do, and for lines the price per line."""

    panel: Panel
    columns: FloatArray
    exposure: FloatArray


def fit_products(
    daily: DailySales,
    category: IntArray,
    hyper: Hyperparameters,
    window: Window | None = None,
    series: PriceSeries | None = None,
) -> ProductFits:
    """Fit both parts of each product's demand against the hyperparameters; the parameters are those of `refresh`."""
    group = hyper.groups_of(category)
    response = (hyper.price_response, hyper.promotion_response)
    days, of = in_series(daily, series, category.size)
    panel = build_panel(days, of.size, hyper.calendar, response, window, of)
    design = design_matrix(panel, hyper, group[of])
    prepared = list(batches(weigh_totals(panel, hyper), design, of))
    frequency, quantity = (
        solve_with_dispersion(
            prepared,
            product_priors(part, group),
            part.dispersion,
            part.autocorrelation,
            part.persistence,
            per_unit=per_unit,
        )
        for part, per_unit in ((hyper.frequency, False), (hyper.quantity, True))
    )
    return ProductFits(days, of, panel, design, frequency, quantity, series is not None)


def product_cells(fits: ProductFits, *, by_lines: bool) -> ProductCells:
    """The cells of products with all that moves their sales but the segments, of which `fit_segments` and
    `segment_elasticities` make those of pairs.

    Parameters
    ----------
    fits : of any P products, not by channel.
    by_lines : whether sales by segment count lines of sales, or units.

    Raises
    ------
    ValueError : if the fits are by channel, which sales by segment are not.
    """
    if fits.by_channel:
        raise ValueError("Sales by segment are not split by channel: fit the products without series.")
    panel, design = fits.panel, fits.design
    # Lines follow from the units sought through the product's lines per unit, at each price.
    frequency, quantity = fits.frequency.coefficients, fits.quantity.coefficients
    controls = frequency - (0.0 if by_lines else quantity)
    controls[:, PRICE] = quantity[:, PRICE] if by_lines else 0.0
    exposure = panel.exposure * np.exp(np.einsum("nk,nk->n", design, controls[panel.product]))
    return ProductCells(panel, design[:, [LEVEL, PRICE]], exposure)
