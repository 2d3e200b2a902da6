"""The full fit over all products: category means, spreads, dispersions and seasons that products then share."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from pricing.elasticity.core import constants
from pricing.elasticity.core.constants import Hyperprior
from pricing.elasticity.core.pooled.curvature import curvature
from pricing.elasticity.core.pooled.design import (
    base_exposure,
    centred_log_price,
    design_matrix,
    weigh_totals,
)
from pricing.elasticity.core.pooled.experiments import Experiments, of_purchases, with_observations
from pricing.elasticity.core.pooled.hierarchy import (
    Unpooled,
    common_shift,
    pool_groups,
    pool_mean,
    unpooled_data,
)
from pricing.elasticity.core.pooled.hyperparameters import (
    COLUMNS,
    LEVEL,
    LEVEL_SD,
    PRICE,
    PROMOTION,
    Hyperparameters,
    Normal,
    PartPriors,
    SeasonTable,
    product_priors,
)
from pricing.elasticity.core.pooled.panel import Panel, build_panel
from pricing.elasticity.core.pooled.peaks import peak_scores
from pricing.elasticity.core.pooled.placebo import fading_z, placebo_z
from pricing.elasticity.core.pooled.residuals import Residuals, expected_purchases
from pricing.elasticity.core.pooled.season import season_table
from pricing.elasticity.core.pooled.sold_out import sold_out_z
from pricing.elasticity.core.pooled.solve import ROUGH, Batch, Fit, batches, own_dispersion, solve_part
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import ShopCalendar, shop_calendar
from pricing.sales.core.channels import PriceSeries, in_series
from pricing.sales.core.daily import DailySales
from pricing.sales.core.totals import totals_periods

WEEKS_FOR_YEARLY_WAVES: Final = 52
ROUNDS: Final = 5
ROUNDS_THAT_DATE_PRICES: Final = (2, 3)  # and those after it: dates and seasons follow the response found
# The fit has settled when its last round moves the shop's mean elasticity and the spread by no more than this: less than
# what the model is known to miss (MODEL_ERROR). The UCI sales move by 0.02, simulated shops by up to 0.03, a shop of
# five products by 0.05.
SETTLED: Final = 0.1
PRICE_BEFORE: Final = COLUMNS.index("price_before")
LEAST_RESPONSE: Final = -0.1  # of which late shares are taken


@dataclass(slots=True)
class _Progress:
    """One part of demand between rounds.

    Attributes
    ----------
    priors, dispersion, coefficients : of the latest round; the (P,) dispersions and (P, K) coefficients by product.
    moved : by how much that round moved the mean elasticity or the spread.
    converged, iterations : whether all its EM settled, and the rounds of EM so far.
    """

    priors: PartPriors
    dispersion: FloatArray
    coefficients: FloatArray | None = None
    moved: float = np.inf
    converged: bool = True
    iterations: int = 0

    @property
    def settled(self) -> bool:
        return self.converged and self.moved <= SETTLED


def fit_pooled(
    daily: DailySales,
    category: IntArray,
    open_days: IntArray,
    experiments: Experiments | None = None,
    series: PriceSeries | None = None,
    several_prices: BoolArray | None = None,
) -> Hyperparameters:
    """Fit what all products share: the hierarchy of elasticities, controls, dispersions, seasons, calendar.

    Penalised iteratively reweighted least squares for all products at once alternates with EM for the
    hierarchy; publish estimates with `refresh` against the result.

    Parameters
    ----------
    daily : product-days of all P products.
    category : (P,) code of each product's category, -1 for none; categories with fewer than 8 products that
        have sales and a list price share a group.
    open_days : sorted days on which the shop sold anything.
    experiments : what they found of products is data of these, beside their sales. What they found of categories is
        not: `refresh` includes it.
    series : days by channel, of the products whose channels carry different prices, in place of their rows of `daily`.
    several_prices : (P,) whether a product's lines show several prices at once, see `price_mix`: what its list price was on a
        day hangs on who bought, so that it tells nothing of the others, unless most products are like it.

    Returns
    -------
    Hyperparameters; `converged` says whether the last round still moved them.

    Raises
    ------
    ValueError : if no product has sales and a list price.
    """
    daily, of = in_series(daily, series, category.size)
    hyper = _first_guess(daily, category, open_days)
    hyper, group, panel, design = _prepare(daily, of, category, hyper)
    prepared = list(batches(panel, design, of))
    totals = panel.totals[np.searchsorted(of, np.arange(category.size))]
    doubtful = np.zeros(category.size, np.bool_) if several_prices is None else several_prices
    if 2 * doubtful.sum() > category.size:
        doubtful = np.zeros(category.size, np.bool_)
    frequency = _Progress(hyper.frequency, np.full(category.size, constants.FREQUENCY_DISPERSION))
    quantity = _Progress(hyper.quantity, np.full(category.size, constants.QUANTITY_DISPERSION))
    for number in range(ROUNDS):
        if number == ROUNDS_THAT_DATE_PRICES[0] and frequency.coefficients is not None:
            expected = expected_purchases(panel, design, frequency.coefficients, of)
            hyper = replace(hyper, peaks=peak_scores(panel, expected, of, group))
        if number in ROUNDS_THAT_DATE_PRICES:
            hyper = _with_response(hyper, frequency.priors, group)
            frequency.priors = _without_price_before(frequency.priors)
            hyper, group, panel, design = _prepare(daily, of, category, hyper)
            prepared = list(batches(panel, design, of))
        purchases = product_priors(quantity.priors, group)
        seen = None if experiments is None else of_purchases(experiments.product, purchases)
        priors = _beside_late_share(constants.FREQUENCY_HYPERPRIORS, hyper)
        left_out = doubtful | _peaked(hyper, group)
        _improve(frequency, prepared, group, priors, left_out, seen=seen)
        _improve(quantity, prepared, group, constants.QUANTITY_HYPERPRIORS, left_out | totals, per_unit=True)
    hyper = replace(hyper, frequency=frequency.priors, quantity=quantity.priors)
    prior = product_priors(hyper.frequency, group)
    left = Residuals.of(panel, design, prior, frequency.dispersion, frequency.coefficients, of)
    hyper = replace(hyper, peaks=peak_scores(panel, left.expected, of, group))
    peaked = _peaked(hyper, group)[left.product]
    return replace(
        hyper,
        placebo=placebo_z(left, peaked),
        linear_share=curvature(left).linear_share,
        sold_out=sold_out_z(daily, hyper.calendar, left),
        fading=fading_z(left, peaked),
        converged=frequency.settled and quantity.settled,
        iterations=max(frequency.iterations, quantity.iterations),
    )


def _peaked(hyper: Hyperparameters, group: IntArray) -> BoolArray:
    """Products (P,) that tell the others nothing, since their prices follow peaks of every year; none where most do."""
    found = hyper.prices_follow_peaks(group)
    return np.asarray(found & (2 * found.sum() <= found.size))


def _with_response(hyper: Hyperparameters, priors: PartPriors, group: IntArray) -> Hyperparameters:
    """The shop's response to prices and promotions as the last round found it, by which prices are dated.

    The share of the response that comes late is what it was and the slope that was found beside it.
    """
    late = hyper.late_share + priors.mean[PRICE_BEFORE] / min(priors.mean[PRICE], LEAST_RESPONSE)
    return replace(
        hyper,
        price_response=float(priors.group_mean[group[group >= 0]].mean()),
        promotion_response=float(priors.mean[PROMOTION]),
        late_share=float(np.clip(late, 0.0, 1.0)),
    )


def _without_price_before(priors: PartPriors) -> PartPriors:
    """The priors without the common slope of the price before, which `late_share` has taken over."""
    return replace(priors, mean=np.where(np.arange(len(COLUMNS)) == PRICE_BEFORE, 0.0, priors.mean))


def _beside_late_share(hyperpriors: dict[str, Hyperprior], hyper: Hyperparameters) -> dict[str, Hyperprior]:
    """The hyperpriors where a late response has been found: its slope may move by as much as keeps both together below 0."""
    if hyper.late_share == 0:
        return hyperpriors
    rest = replace(hyperpriors["price_before"], most=-hyper.late_share * hyper.price_response, needs=0.0)
    return hyperpriors | {"price_before": rest}


def _calendar(daily: DailySales, open_days: IntArray) -> ShopCalendar:
    """The calendar of the shop's single days, where there are any: totals of weeks stand on one day of them all."""
    products = int(daily.product.max(initial=-1)) + 1
    period = totals_periods(daily.product, daily.day, daily.lines, daily.units, products)[daily.product]
    single = daily.rows((period <= 1) & (daily.lines > 0))
    if single.day.size:
        only_totals = np.setdiff1d(daily.day[period > 1], single.day)
        return shop_calendar(np.setdiff1d(open_days, only_totals), single.day, single.lines)
    return shop_calendar(open_days, daily.day, daily.lines)


def _first_guess(daily: DailySales, category: IntArray, open_days: IntArray) -> Hyperparameters:
    def starting(hyperpriors: dict[str, Hyperprior], dispersion: float) -> PartPriors:
        price = hyperpriors["price"]
        return PartPriors(
            mean=np.array([0.0] + [hyperpriors[name].mean for name in COLUMNS[1:]]),
            sd=np.array([LEVEL_SD] + [hyperpriors[name].spread for name in COLUMNS[1:]]),
            group_mean=np.full(category.size, price.mean),
            group_variance=np.full(category.size, price.mean_sd**2),
            overall_variance=price.mean_sd**2,
            between_sd=price.group_spread,
            dispersion=dispersion,
            autocorrelation=0.0,
        )

    calendar = _calendar(daily, open_days)
    codes = np.unique(category)
    return Hyperparameters(
        calendar=calendar,
        price_response=constants.FREQUENCY_HYPERPRIORS["price"].mean,
        promotion_response=constants.FREQUENCY_HYPERPRIORS["promotion"].mean,
        trend_origin=(calendar.first_day + calendar.last_day) / 2,
        yearly=(calendar.last_day - calendar.first_day + 1) / 7 >= WEEKS_FOR_YEARLY_WAVES,
        category_codes=codes,
        category_group=np.zeros(codes.size, np.int64),
        season=SeasonTable(0, np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1))),
        frequency=starting(constants.FREQUENCY_HYPERPRIORS, constants.FREQUENCY_DISPERSION),
        quantity=starting(constants.QUANTITY_HYPERPRIORS, constants.QUANTITY_DISPERSION),
    )


def _prepare(
    daily: DailySales, of: IntArray, category: IntArray, hyper: Hyperparameters
) -> tuple[Hyperparameters, IntArray, Panel, FloatArray]:
    """Categories and seasons as the shop's response to price has them, groups of products, panel and its design."""
    response = (hyper.price_response, hyper.promotion_response)
    panel = build_panel(daily, of.size, hyper.calendar, response, of=of)
    if panel.product.size == 0:
        raise ValueError("No product has both sales and a list price: there is nothing to fit.")
    sold = np.bincount(of, panel.sold_days, category.size) > 0
    codes, counts = np.unique(category[sold], return_counts=True)
    large = counts >= constants.SMALLEST_CATEGORY
    group_of = np.where(large, np.cumsum(large) - 1, large.sum())
    hyper = replace(hyper, category_codes=codes, category_group=group_of)
    group = hyper.groups_of(category)
    base, price = base_exposure(panel, *response), centred_log_price(panel)
    table = season_table(panel, base, price, group[of], int(group_of.max()) + 1)
    hyper = replace(hyper, season=table)
    return hyper, group, weigh_totals(panel, hyper), design_matrix(panel, hyper, group[of])


def _improve(
    progress: _Progress,
    prepared: list[Batch],
    group: IntArray,
    hyperpriors: dict[str, Hyperprior],
    left_out: BoolArray,
    *,
    per_unit: bool = False,
    seen: Unpooled | None = None,
) -> None:
    """One round for one part of demand: solve all products, then EM on what their own data say, but for those (P,) that
    are left out. What was `seen` of price coefficients by other means is data, too."""
    priors = progress.priors
    normal = product_priors(priors, group)
    known_more = normal if seen is None else with_observations(normal, seen)
    fit = solve_part(prepared, known_more, progress.dispersion, per_unit, progress.coefficients, ROUGH)
    identified = (fit.residual_df >= constants.LEAST_RESIDUAL_DF) & ~left_out
    priors = _with_noise(priors, fit, identified)
    progress.dispersion = own_dispersion(fit, priors.dispersion, priors.autocorrelation, priors.persistence)
    progress.coefficients = fit.coefficients

    mean, sd = priors.mean.copy(), priors.sd.copy()
    known, groups = np.maximum(group, 0), int(group.max()) + 1
    shift = np.zeros_like(normal.mean)
    shift[:, PRICE:] = _shift_means(fit, normal, identified, known, priors, hyperpriors)[known]
    data = _data_at(shift, fit, normal, identified)
    price = pool_groups(data[PRICE], known, groups, hyperpriors["price"], (sd[PRICE], priors.between_sd))
    mean[PRICE], sd[PRICE] = price.overall, price.spread
    others = {}
    for k, name in enumerate(COLUMNS):
        if k in (LEVEL, PRICE):
            continue
        prior = hyperpriors[name]
        if prior.needs > 0 and priors.mean[k] + shift[0, k] == 0:  # not called for
            prior = replace(prior, mean_sd=0.0)
        others[k] = pool_mean(data[k], prior, sd[k])
        mean[k], sd[k] = others[k].mean, others[k].spread
    progress.moved = float(max(abs(mean[PRICE] - priors.mean[PRICE]), abs(sd[PRICE] - priors.sd[PRICE])))
    progress.converged = price.converged and all(found.converged for found in others.values())
    progress.iterations += max(price.iterations, *(found.iterations for found in others.values()))
    progress.priors = replace(
        priors,
        mean=mean,
        sd=sd,
        group_mean=price.mean,
        group_variance=price.variance,
        overall_variance=price.overall_variance,
        between_sd=price.between,
    )


def _with_noise(priors: PartPriors, fit: Fit, identified: BoolArray) -> PartPriors:
    """The priors with the dispersion and autocorrelation of the identified products (P,) taken together."""
    if not identified.any():
        return priors
    df = fit.residual_df[identified]
    rho, second = (
        float((lagged[identified] * df).sum() / df.sum())
        for lagged in (fit.correlation, fit.second_correlation)
    )
    return replace(
        priors,
        dispersion=max(float(fit.residual[identified].sum() / df.sum()), constants.LEAST_DISPERSION),
        autocorrelation=min(max(rho, 0.0), constants.LARGEST_CORRELATION),
        persistence=min(max(second / max(rho, constants.LEAST_CORRELATION), 0.0), constants.MOST_PERSISTENT),
    )


def _data_at(shift: FloatArray, fit: Fit, normal: Normal, identified: BoolArray) -> list[Unpooled]:
    """Unpooled estimates of each of K coefficients from identified products' own data, with prior means moved by (P, K)."""
    variances = np.einsum("pkk->pk", fit.covariance) * identified[:, None]
    # Modes move with their prior means, as far as the products' own data let them.
    modes = fit.coefficients + np.einsum("pkl,pl->pk", fit.covariance, normal.precision * shift)
    return [
        unpooled_data(modes[:, k], variances[:, k], (normal.mean + shift)[:, k], normal.precision[:, k])
        for k in range(len(COLUMNS))
    ]


def _shift_means(
    fit: Fit,
    normal: Normal,
    identified: BoolArray,
    group: IntArray,
    priors: PartPriors,
    hyperpriors: dict[str, Hyperprior],
) -> FloatArray:
    """How far the means of all coefficients but the level move together, (G, K - 1)."""
    precision = normal.precision[identified, PRICE:]
    deviation = (fit.coefficients - normal.mean)[identified, PRICE:]
    covariance = fit.covariance[identified, PRICE:, PRICE:]
    information = -precision[:, :, None] * covariance * precision[:, None, :]
    np.einsum("pkk->pk", information)[...] += precision
    return common_shift(
        precision * deviation,
        information,
        group[identified],
        (priors.group_mean[: int(group.max()) + 1], priors.mean[PRICE:]),
        tuple(hyperpriors[name] for name in COLUMNS[PRICE:]),
        priors.between_sd,
    )
