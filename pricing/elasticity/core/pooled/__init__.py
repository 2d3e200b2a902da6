"""Partially pooled elasticities: each product's own data, shrunk to its category's mean as far as they are weak."""

from pricing.elasticity.core.pooled.experiments import Experiments, Findings
from pricing.elasticity.core.pooled.fit import fit_pooled
from pricing.elasticity.core.pooled.grades import (
    FLAG_NAMES,
    FLAGS,
    NOT_CONVERGED,
    PRICES_FOLLOW_SALES,
    flag_names,
)
from pricing.elasticity.core.pooled.hyperparameters import Hyperparameters
from pricing.elasticity.core.pooled.posterior import Posterior, posterior_of, refresh
from pricing.elasticity.core.pooled.products import fit_products, product_cells
from pricing.elasticity.core.pooled.segments import (
    SegmentElasticities,
    SegmentMeans,
    SegmentSales,
    fit_segments,
    segment_elasticities,
    segment_means,
)

__all__ = [
    "FLAGS",
    "FLAG_NAMES",
    "NOT_CONVERGED",
    "PRICES_FOLLOW_SALES",
    "Experiments",
    "Findings",
    "Hyperparameters",
    "Posterior",
    "SegmentElasticities",
    "SegmentMeans",
    "SegmentSales",
    "fit_pooled",
    "fit_products",
    "fit_segments",
    "flag_names",
    "posterior_of",
    "product_cells",
    "refresh",
    "segment_elasticities",
    "segment_means",
]
