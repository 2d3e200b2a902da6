"""What the grade and the flags of a product's elasticity in one segment rest on."""

import numpy as np

from pricing.elasticity.core.pooled import SegmentElasticities
from pricing.elasticity.core.pooled.grades import FEWEST_WEEKS, Evidence


def pair_evidence(pairs: SegmentElasticities) -> Evidence:
    """Evidence of the M pairs of product and segment; what only a whole product can show is taken as fine."""
    size = pairs.elasticity.size
    return Evidence(
        elasticity=pairs.elasticity,
        std_error=pairs.std_error,
        ci_low=pairs.ci_low,
        ci_high=pairs.ci_high,
        own_elasticity=np.full(size, np.nan),
        weight=pairs.weight,
        sold_days=pairs.sold_days,
        list_prices=np.full(size, 2),
        active_weeks=np.full(size, FEWEST_WEEKS),
        gaps=np.zeros(size, np.bool_),
        no_category=np.zeros(size, np.bool_),
    )
