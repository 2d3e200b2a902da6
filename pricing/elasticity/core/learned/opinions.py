"""A second opinion on the elasticities of products and categories, and where it contradicts the pooled estimates."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

import numpy as np

from pricing.elasticity.core.constants import (
    FEWEST_WEEKS_TO_LEARN_FROM,
    LARGEST_OPINION_ERROR,
    MODEL_ERROR,
)
from pricing.sales.core.arrays import Z_95, BoolArray, FloatArray, IntArray

DML: Final = "dml"
ML: Final = "ml"
EXTRA: Final = "sklearn"
VERSION: Final = "3"
"""Raised with whatever changes what is learned from the same sales."""
Z_90: Final = 1.6448536269514722
"""95 % quantile of the standard normal: half-width of a 90 % interval."""


@dataclass(frozen=True, slots=True)
class Opinions:
    """Elasticities of P products and C categories by a learned model; nan where there is none.

    Attributes
    ----------
    elasticity, std_error : (P,) of products with enough data.
    weeks : (P,) weeks on sale that a product's estimate rests on.
    category, category_error : (C,) mean over the products of a category.
    category_products : (C,) products that it rests on.
    metrics : figures of how well the model predicts, by name.
    """

    elasticity: FloatArray
    std_error: FloatArray
    weeks: IntArray
    category: FloatArray
    category_error: FloatArray
    category_products: IntArray
    metrics: dict[str, float]


def is_installed() -> bool:
    """Whether scikit-learn is there, without importing it."""
    return find_spec(EXTRA) is not None


def refusal(method: str, list_prices: int) -> str:
    """Why a product has no opinion of its own where others have one, in one sentence.

    Parameters
    ----------
    list_prices : different list prices that were charged for the product.
    """
    if list_prices < 2:
        return f"The method {method!r} needs changes of price; this product's price never changed."
    return (
        f"The method {method!r} has no estimate of this product: it needs {FEWEST_WEEKS_TO_LEARN_FROM} weeks on sale at one "
        "price at a time (no totals of longer periods, no channels apart), and sales and prices that move enough for a "
        f"standard error of {LARGEST_OPINION_ERROR} or less."
    )


def disagreements(
    opinions: Opinions, elasticity: FloatArray, std_error: FloatArray, category: IntArray
) -> BoolArray:
    """(P,) where an opinion and the pooled estimate contradict each other.

    A product's own do so where their 95 % intervals have nothing in common: of thousands, chance would put many apart by less.
    Those of its category, few and sharp, where the 90 % interval of their difference leaves out 0: the opinion and the mean of
    its products' pooled estimates. What misleads a whole category shows there long before it shows in one product; and as both
    errors hold what the models do not know of, one undisturbed category in a hundred is that far apart, not one in ten.

    Parameters
    ----------
    elasticity, std_error : (P,) pooled; nan where there is none.
    category : (P,) 0..C-1, -1 for none.
    """
    known = np.isfinite(elasticity) & (category >= 0)
    categories = opinions.category.size
    count = np.bincount(category[known], minlength=categories)
    some = np.maximum(count, 1)
    mean = np.bincount(category[known], elasticity[known], categories) / some
    # Products of a category lean on the same mean: what they err by together does not average out.
    error = np.sqrt(
        np.bincount(category[known], std_error[known] ** 2, categories) / some**2 + MODEL_ERROR**2
    )
    with np.errstate(invalid="ignore"):
        own = np.abs(opinions.elasticity - elasticity) > Z_95 * (opinions.std_error + std_error)
        apart = np.abs(opinions.category - mean) > Z_90 * np.hypot(opinions.category_error, error)
    together = apart & (count > 0)
    return np.asarray(own | (known & together[np.where(category >= 0, category, 0)] if categories else own))
