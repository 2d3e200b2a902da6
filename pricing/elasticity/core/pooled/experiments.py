"""What price experiments found, as observations of elasticities beside the sales."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from pricing.elasticity.core.pooled.hierarchy import Unpooled
from pricing.elasticity.core.pooled.hyperparameters import PRICE, Normal
from pricing.sales.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Findings:
    """Elasticities that were measured, each with its precision 1 / se^2, (P,); precision 0: nothing was."""

    elasticity: FloatArray
    precision: FloatArray

    @classmethod
    def of(cls, product: IntArray, elasticity: FloatArray, std_error: FloatArray, products: int) -> Self:
        """Findings (n,) of products 0..P-1; several of one product are averaged by their precisions."""
        weight = std_error**-2
        precision = np.bincount(product, weight, products).astype(np.float64)
        total = np.bincount(product, weight * elasticity, products)
        return cls(np.where(precision > 0, total / np.where(precision > 0, precision, 1.0), 0.0), precision)


@dataclass(frozen=True, slots=True)
class Experiments:
    """What experiments found of P products, and of the mean of each one's category."""

    product: Findings
    category: Findings


@dataclass(frozen=True, slots=True)
class PooledElasticities:
    """Elasticities of P products from sales, and from experiments once these are included.

    Attributes
    ----------
    elasticity, variance : (P,) and all that its error is made of.
    unpooled, unpooled_variance : (P,) from the product's own data alone; nan where these say next to nothing.
    weight : (P,) of these own data.
    prior_mean, prior_mean_variance : (P,) of the category.
    prior_covariance : (P,) of the category's mean with the elasticity.
    prior_variance : (P,) the part of the variance that is the category mean's.
    """

    elasticity: FloatArray
    variance: FloatArray
    unpooled: FloatArray
    unpooled_variance: FloatArray
    weight: FloatArray
    prior_mean: FloatArray
    prior_mean_variance: FloatArray
    prior_covariance: FloatArray
    prior_variance: FloatArray


def with_category(pooled: PooledElasticities, found: Findings) -> PooledElasticities:
    """Include what was measured of the means of categories.

    mean and elasticity are jointly normal; an observation of the first moves the second by its regression on it.
    """
    total = pooled.prior_mean_variance + _variance(found)
    gain = np.where(found.precision > 0, pooled.prior_covariance / total, 0.0)
    mean_gain = np.where(found.precision > 0, pooled.prior_mean_variance / total, 0.0)
    surprise = found.elasticity - pooled.prior_mean
    less = gain * pooled.prior_covariance
    return replace(
        pooled,
        elasticity=pooled.elasticity + gain * surprise,
        variance=pooled.variance - less,
        prior_mean=pooled.prior_mean + mean_gain * surprise,
        prior_mean_variance=pooled.prior_mean_variance * (1.0 - mean_gain),
        prior_covariance=pooled.prior_covariance * (1.0 - mean_gain),
        prior_variance=pooled.prior_variance - less,
    )


def with_products(pooled: PooledElasticities, found: Findings) -> tuple[PooledElasticities, FloatArray]:
    """Include what was measured of the products themselves; also the weight of that in each estimate, (P,).

    The estimate of the sales, with all its errors, and the experiment are independent: their precisions add up. The own
    sales and the experiment together are what is the product's own.
    """
    share = np.where(found.precision > 0, found.precision / (found.precision + 1.0 / pooled.variance), 0.0)
    rest = 1.0 - share
    sales = np.where(np.isfinite(pooled.unpooled), rest * pooled.weight, 0.0)
    weight = share + rest * pooled.weight
    unpooled = share * found.elasticity + sales * np.where(sales > 0, pooled.unpooled, 0.0)
    unpooled_variance = share**2 * _variance(found) * (share > 0) + sales**2 * np.where(
        sales > 0, pooled.unpooled_variance, 0.0
    )
    both = np.where(share > 0, share + sales, 1.0)
    return (
        replace(
            pooled,
            elasticity=share * found.elasticity + rest * pooled.elasticity,
            variance=np.where(share > 0, rest * pooled.variance, pooled.variance),
            unpooled=np.where(share > 0, unpooled / both, pooled.unpooled),
            unpooled_variance=np.where(share > 0, unpooled_variance / both**2, pooled.unpooled_variance),
            weight=weight,
            prior_covariance=rest * pooled.prior_covariance,
            prior_variance=rest**2 * pooled.prior_variance,
        ),
        share,
    )


def of_purchases(found: Findings, per_unit: Normal) -> Unpooled:
    """What was measured of units, as an observation of the price coefficient of purchases: lines per unit, as their
    prior has them, are taken off."""
    known = found.precision > 0
    variance = _variance(found) + 1.0 / per_unit.precision[:, PRICE]
    precision = np.where(known, 1.0 / variance, 0.0)
    return Unpooled(precision, precision * (found.elasticity + per_unit.mean[:, PRICE]))


def with_observations(prior: Normal, seen: Unpooled) -> Normal:
    """The priors of products, their price coefficients' updated by observations of these."""
    mean, precision = prior.mean.copy(), prior.precision.copy()
    total = precision[:, PRICE] + seen.precision
    mean[:, PRICE] = (precision[:, PRICE] * mean[:, PRICE] + seen.weighted) / total
    precision[:, PRICE] = total
    return Normal(mean, precision, prior.price_mean_variance)


def _variance(found: Findings) -> FloatArray:
    return 1.0 / np.where(found.precision > 0, found.precision, 1.0)
