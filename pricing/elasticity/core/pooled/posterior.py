"""Estimates of any products against the hyperparameters of the last full fit."""

from dataclasses import dataclass, fields, replace

import numpy as np

from pricing.elasticity.core.constants import (
    BORROWED_ERROR,
    HIDDEN_ERROR,
    LEAST_UNPOOLED_WEIGHT,
    MODEL_ERROR,
    OWN_HIDDEN_ERROR,
    RESPONSE_ERROR,
    SOLD_OUT_PRODUCT_LIMIT,
    TRUSTED_EXPERIMENTS,
)
from pricing.elasticity.core.pooled.design import identified_share
from pricing.elasticity.core.pooled.evidence import clean_changes, evidence_classes, unexplained_share
from pricing.elasticity.core.pooled.experiments import (
    Experiments,
    PooledElasticities,
    with_category,
    with_products,
)
from pricing.elasticity.core.pooled.grades import (
    MIXED_PRICES,
    PRICES_FOLLOW_PEAKS,
    PRICES_FOLLOW_SALES,
    RESPONSE_FADES,
    SELLS_OUT,
    Evidence,
    confidences,
    flag_bits,
    grades,
)
from pricing.elasticity.core.pooled.hierarchy import Unpooled, unpooled_data
from pricing.elasticity.core.pooled.hyperparameters import (
    COLUMNS,
    PRICE,
    Hyperparameters,
    PartPriors,
    product_priors,
)
from pricing.elasticity.core.pooled.panel import Panel, Window, panel_of_products
from pricing.elasticity.core.pooled.products import ProductFits, fit_products
from pricing.elasticity.core.pooled.sold_out import products_sold_out_z
from pricing.elasticity.core.pooled.solve import Fit
from pricing.sales.core.arrays import Z_95, BoolArray, FloatArray, IntArray
from pricing.sales.core.channels import PriceSeries
from pricing.sales.core.daily import DailySales
from pricing.sales.core.price_mix import SEVERAL_PRICES


@dataclass(frozen=True, slots=True)
class Posterior:
    """Elasticities of P products and the evidence behind them; nan where a product has no usable sales.

    Attributes
    ----------
    estimated : (P,) whether there is an estimate.
    elasticity, std_error, ci_low, ci_high : (P,) posterior mean, its standard deviation, 95 % interval. The interval
        holds MODEL_ERROR too, which `std_error` leaves out: see `total_error`.
    own_elasticity, own_std_error : (P,) the unpooled estimate, from the product's own data alone; nan where
        these hold next to no information.
    weight : (P,) weight w of the own data, by their information on the elasticity: elasticity is about
        w own + (1 - w) prior mean, exactly so where one part of demand alone answers to the price.
    prior_mean, prior_std_error : (P,) elasticity of the category, and what its uncertainty adds to `std_error`.
    sold_days, list_price_count, active_weeks : (P,) days with sales, list prices charged, weeks on sale.
    confidence : (P,) probability that the true elasticity lies within 0.5 of the estimate.
    grade : (P,) "A" to "D", "" without an estimate.
    evidence : (P,) what the estimate rests on, one of `evidence.EVIDENCE_CLASSES`, "" without one.
    flags : (P,) bits, named by `grades.FLAGS`.
    converged, iterations : (P,) whether both parts of the fit settled, and the steps of the longer one.
    """

    estimated: BoolArray
    elasticity: FloatArray
    std_error: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    own_elasticity: FloatArray
    own_std_error: FloatArray
    weight: FloatArray
    prior_mean: FloatArray
    prior_std_error: FloatArray
    sold_days: IntArray
    list_price_count: IntArray
    active_weeks: IntArray
    confidence: FloatArray
    grade: np.ndarray[tuple[int], np.dtype[np.str_]]
    evidence: np.ndarray[tuple[int], np.dtype[np.str_]]
    flags: IntArray
    converged: BoolArray
    iterations: IntArray

    @property
    def total_error(self) -> FloatArray:
        """(P,) the standard deviation behind the 95 % interval: `std_error`, and what the model is known to miss."""
        return np.asarray((self.ci_high - self.ci_low) / (2 * Z_95))

    @property
    def shared_error(self) -> FloatArray:
        """(P,) the part of `total_error` that all products of a category share: their mean is off for all of them."""
        return np.asarray(np.hypot(self.prior_std_error, BORROWED_ERROR * (1.0 - self.weight)))


def refresh(
    daily: DailySales,
    category: IntArray,
    hyper: Hyperparameters,
    window: Window | None = None,
    several_prices: BoolArray | None = None,
    experiments: Experiments | None = None,
    series: PriceSeries | None = None,
) -> Posterior:
    """Estimate products from their own daily sales and what the last full fit found all products to share.

    A product's estimate depends on its own rows and on `hyper` only, to rounding: whichever other products are
    in the same call, it is the estimate a full run publishes.

    Parameters
    ----------
    daily : product-days of the P products (indices 0..P-1), in full; or with units and lines of one country
        and the shop's list prices.
    category : (P,) codes of categories; a code new to `hyper`, or -1, takes the mean over categories.
    hyper : from `fit_pooled`.
    window : first and last day, both inclusive, to which the estimate is limited.
    several_prices : (P,) whether the product's lines show several prices at once, see `price_mix`.
    experiments : what experiments found of the products, beside their sales.
    series : days by channel, of the products whose channels carry different prices, in place of their rows of `daily`.
    """
    fits = fit_products(daily, category, hyper, window, series)
    return posterior_of(fits, daily, category, hyper, window, several_prices, experiments)


def posterior_of(
    fits: ProductFits,
    daily: DailySales,
    category: IntArray,
    hyper: Hyperparameters,
    window: Window | None = None,
    several_prices: BoolArray | None = None,
    experiments: Experiments | None = None,
) -> Posterior:
    """The estimates of products whose two parts of demand are fitted already: `fits` from `fit_products`, of the same days,
    categories and window; all else as for `refresh`."""
    group = hyper.groups_of(category)
    panel, design, of = fits.panel, fits.design, fits.of
    expected = panel.exposure * np.exp(
        np.einsum("nk,nk->n", design, fits.frequency.coefficients[of[panel.product]])
    )
    sold_out = products_sold_out_z(fits.days, hyper.calendar, panel, expected, of) > SOLD_OUT_PRODUCT_LIMIT
    share = identified_share(panel, hyper, group[of], of)
    changes = np.bincount(of, clean_changes(panel), category.size)
    if fits.by_channel:
        panel = panel_of_products(panel, of, _sold_days(daily, category.size, window))
    clean_share = share * unexplained_share(
        panel, design[:, PRICE], design[:, COLUMNS.index("seasonal_price")]
    )
    several = np.zeros(category.size, np.bool_) if several_prices is None else several_prices
    prices = _Prices(share, changes, clean_share, sold_out, several)
    return _posterior(panel, prices, hyper, group, category < 0, fits.frequency, fits.quantity, experiments)


@dataclass(frozen=True, slots=True)
class _Prices:
    """How products' prices changed, (P,) each: share of the information that rests on no assumption, clean changes, the
    share of variation that nothing but a decision explains; whether stock ended, and whether there were several at once."""

    identified_share: FloatArray
    changes: IntArray
    clean_share: FloatArray
    sold_out: BoolArray
    several: BoolArray


def _sold_days(daily: DailySales, products: int, window: Window | None) -> IntArray:
    sold = (daily.units > 0) & (daily.lines > 0)
    if window is not None:
        sold &= (daily.day >= window[0]) & (daily.day <= window[1])
    return np.bincount(daily.product[sold], minlength=products)


def _posterior(
    panel: Panel,
    prices: _Prices,
    hyper: Hyperparameters,
    group: IntArray,
    no_category: BoolArray,
    frequency: Fit,
    quantity: Fit,
    experiments: Experiments | None,
) -> Posterior:
    """The posterior from the fits of the two parts of demand, from experiments and from what is in doubt."""
    doubts = _doubts(panel, prices, hyper, group)
    misread = np.where(prices.several | prices.sold_out, OWN_HIDDEN_ERROR**2, 0.0)
    parts = [
        _part(hyper.frequency, frequency, misread, group, prices.identified_share),
        _part(hyper.quantity, quantity, np.zeros(group.size), group, prices.identified_share),
    ]
    pooled = _of_units(parts, panel)
    beyond = MODEL_ERROR**2 + (BORROWED_ERROR * (1.0 - pooled.weight)) ** 2
    pooled = replace(pooled, variance=pooled.variance + beyond + _doubtful_variance(doubts))
    experimental = np.zeros(panel.sold_days.size)
    if experiments is not None:
        pooled = with_category(pooled, experiments.category)
        pooled, experimental = with_products(pooled, experiments.product)
    trusted = experimental >= TRUSTED_EXPERIMENTS
    converged = frequency.converged & quantity.converged
    evidence = _evidence(
        pooled, panel, no_category, converged, {name: doubt & ~trusted for name, doubt in doubts.items()}
    )
    identified = np.isfinite(pooled.unpooled)
    return Posterior(
        elasticity=pooled.elasticity,
        std_error=np.sqrt(pooled.variance - ((1.0 - experimental) * MODEL_ERROR) ** 2),
        ci_low=evidence.ci_low,
        ci_high=evidence.ci_high,
        own_elasticity=pooled.unpooled,
        weight=pooled.weight,
        sold_days=panel.sold_days,
        active_weeks=panel.active_weeks,
        estimated=panel.sold_days > 0,
        own_std_error=np.sqrt(np.where(identified, pooled.unpooled_variance, np.nan)),
        prior_mean=pooled.prior_mean,
        prior_std_error=np.sqrt(pooled.prior_variance),
        list_price_count=panel.list_prices,
        confidence=confidences(evidence.std_error),
        grade=grades(evidence),
        evidence=evidence_classes(
            pooled.weight,
            prices.changes,
            prices.clean_share,
            evidence.doubtful | ~converged,
            experimental,
        ),
        flags=flag_bits(evidence),
        converged=converged,
        iterations=np.maximum(frequency.iterations, quantity.iterations),
    )


def _doubts(panel: Panel, prices: _Prices, hyper: Hyperparameters, group: IntArray) -> dict[str, BoolArray]:
    """(P,) each, by the flag: what speaks against the estimates from the sales of the shop or of the product."""
    every, totals = np.ones(panel.sold_days.size, np.bool_), panel.totals
    return {
        PRICES_FOLLOW_SALES: every & hyper.prices_follow_sales,
        MIXED_PRICES: totals & hyper.mixed_prices,
        SEVERAL_PRICES: prices.several,
        SELLS_OUT: prices.sold_out | (~totals & hyper.sells_out),
        RESPONSE_FADES: every & hyper.response_fades,
        PRICES_FOLLOW_PEAKS: hyper.prices_follow_peaks(group),
    }


def _evidence(
    pooled: PooledElasticities,
    panel: Panel,
    no_category: BoolArray,
    converged: BoolArray,
    doubts: dict[str, BoolArray],
) -> Evidence:
    """What grades and flags are derived from: the estimates with their intervals, and the sales behind them."""
    total_error = np.sqrt(pooled.variance)
    return Evidence(
        elasticity=pooled.elasticity,
        ci_low=pooled.elasticity - Z_95 * total_error,
        ci_high=pooled.elasticity + Z_95 * total_error,
        own_elasticity=pooled.unpooled,
        weight=pooled.weight,
        std_error=total_error,
        sold_days=panel.sold_days,
        active_weeks=panel.active_weeks,
        list_prices=panel.list_prices,
        gaps=panel.gaps,
        no_category=no_category,
        converged=converged,
        doubts=doubts,
    )


def _doubtful_variance(doubts: dict[str, BoolArray]) -> FloatArray:
    """(P,) variance of errors that the model does not know of, of doubtful estimates."""
    response = doubts[PRICES_FOLLOW_SALES] | doubts[MIXED_PRICES] | doubts[RESPONSE_FADES]
    response = response | doubts[PRICES_FOLLOW_PEAKS]
    hidden = doubts[SEVERAL_PRICES] | doubts[SELLS_OUT]
    return np.asarray(RESPONSE_ERROR**2 * response + HIDDEN_ERROR**2 * hidden)


@dataclass(frozen=True, slots=True)
class _Part:
    """The price coefficient of one part of demand, (P,) each.

    Attributes
    ----------
    prior_mean, spread : of the coefficient over products (mean and variance).
    mode, variance : of the posterior.
    unpooled, unpooled_variance : the estimate from the product's own data; its variance is infinite where the sales say nothing.
    prior_variance : what the uncertainty of the prior mean adds to that of the posterior.
    mean_variance, covariance : of the prior mean, and of it with the posterior mean.
    """

    prior_mean: FloatArray
    spread: FloatArray
    mode: FloatArray
    variance: FloatArray
    unpooled: FloatArray
    unpooled_variance: FloatArray
    prior_variance: FloatArray
    mean_variance: FloatArray
    covariance: FloatArray

    def without(self, products: BoolArray) -> "_Part":
        """The same, known to be 0 for some products: totals have no lines that units could be divided by."""
        return _Part(*(np.where(products, 0.0, getattr(self, column.name)) for column in fields(self)))


def _of_units(parts: list[_Part], panel: Panel) -> PooledElasticities:
    """Add up the two parts: the elasticity of units is that of the frequency less that of lines per unit.

    Each part is weighed for itself, which is the more exact; the weight of the product's own sales, and what these
    say alone, come from both parts' information together, so that a part that knows nothing leaves no certainty.

    Parameters
    ----------
    parts : of the frequency and of lines per unit. Errors that neither knows of are not in the variance.
    """
    estimated = panel.sold_days > 0
    frequency, quantity = parts[0], parts[1].without(panel.totals)
    spread, variance, unpooled_variance, prior_variance = (
        np.where(estimated, getattr(frequency, name) + getattr(quantity, name), np.nan)
        for name in ("spread", "variance", "unpooled_variance", "prior_variance")
    )
    weight = spread / (spread + unpooled_variance)
    identified = weight >= LEAST_UNPOOLED_WEIGHT
    return PooledElasticities(
        elasticity=np.where(estimated, frequency.mode - quantity.mode, np.nan),
        variance=variance + prior_variance,
        unpooled=np.where(identified, frequency.unpooled - quantity.unpooled, np.nan),
        unpooled_variance=unpooled_variance,
        weight=weight,
        prior_mean=np.where(estimated, frequency.prior_mean - quantity.prior_mean, np.nan),
        prior_mean_variance=frequency.mean_variance + quantity.mean_variance,
        prior_covariance=frequency.covariance + quantity.covariance,
        prior_variance=prior_variance,
    )


def _part(priors: PartPriors, fit: Fit, misread: FloatArray, group: IntArray, share: FloatArray) -> _Part:
    """Take the posterior apart; of what the sales say, a share (P,) is the product's own, and errs by a variance (P,) more
    than they say."""
    normal = product_priors(priors, group)
    mean, precision = normal.mean[:, PRICE], normal.precision[:, PRICE]
    mode = fit.coefficients[:, PRICE]
    data = unpooled_data(mode, fit.covariance[:, PRICE, PRICE], mean, precision)
    kept = 1.0 / (1.0 + misread * data.precision)
    data = Unpooled(kept * data.precision, kept * data.weighted)
    mode = np.where(misread > 0, (precision * mean + data.weighted) / (precision + data.precision), mode)
    identified = data.precision * share > 0
    variance = 1.0 / (precision + data.precision * share)
    return _Part(
        prior_mean=mean,
        spread=1.0 / precision,
        mode=mode,
        variance=variance,
        unpooled=data.weighted / np.where(identified, data.precision, 1.0),
        unpooled_variance=np.where(
            identified, 1.0 / np.where(identified, data.precision * share, 1.0), np.inf
        ),
        prior_variance=(variance * precision) ** 2 * normal.price_mean_variance,
        mean_variance=normal.price_mean_variance,
        covariance=variance * precision * normal.price_mean_variance,
    )
