"""Estimates as rows, one per product and method, whichever method made them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from pricing.elasticity.core.constants import NEARLY_ZERO
from pricing.elasticity.core.log_log import MIN_SOLD_DAYS, LogLogFit
from pricing.elasticity.core.points import PriceLevels, TwoPointElasticities
from pricing.elasticity.core.pooled import FLAG_NAMES, Posterior, flag_names
from pricing.elasticity.core.pooled.evidence import EXPERIMENTAL
from pricing.elasticity.core.pooled.grades import LOWER, METHODS_DISAGREE
from pricing.sales.core.arrays import BoolArray, IntArray

POOLED: Final = "pooled"
LOG_LOG: Final = "log_log"
POINT: Final = "point"
ARC: Final = "arc_elasticity"
DEFAULT: Final = "default"

# Methods without an estimate of their own reliability are never more than a rough indication.
UNGRADED: Final = "D"
FEW_DAYS: Final = "FEW_DAYS"
OWN_POSITIVE: Final = "OWN_POSITIVE"
CI_CROSSES_ZERO: Final = "CI_CROSSES_ZERO"
CI_CROSSES_MINUS_ONE: Final = "CI_CROSSES_MINUS_ONE"
ZERO_ELASTICITY: Final = "ZERO_ELASTICITY"
NO_PRICE_VARIATION: Final = "NO_PRICE_VARIATION"


@dataclass(frozen=True, slots=True)
class Estimate:
    """How demand for one product answers to its price, by one method.

    `product` is the index of the product; elasticities and errors are dimensionless; `confidence` is the
    probability that the truth lies within 0.5 of the estimate; `weight` that of the product's own sales, 0 to 1;
    `evidence` what it rests on. None and "": the method does not say.
    """

    product: int
    method: str
    elasticity: float
    sample_size: int
    quality: str = UNGRADED
    evidence: str = ""
    std_error: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    confidence: float | None = None
    flags: list[str] = field(default_factory=list)
    own_elasticity: float | None = None
    own_std_error: float | None = None
    weight: float | None = None
    prior_mean: float | None = None
    list_prices: int = 0
    intercept: float | None = None
    t_value: float | None = None
    p_value: float | None = None


def log_log_estimates(fit: LogLogFit) -> Iterator[Estimate]:
    """Rows of the products that the log-log regression could be fitted for."""
    for product in np.flatnonzero(fit.usable).tolist():
        names = ("elasticity", "std_error", "ci_low", "ci_high", "intercept", "t_value", "p_value")
        values: dict[str, Any] = {name: float(getattr(fit, name)[product]) for name in names}
        elasticity, low, high = (values[name] for name in ("elasticity", "ci_low", "ci_high"))
        raised = {
            OWN_POSITIVE: elasticity > 0,
            CI_CROSSES_ZERO: low < 0 < high,
            CI_CROSSES_MINUS_ONE: low < -1 < high,
            ZERO_ELASTICITY: abs(elasticity) < NEARLY_ZERO,
        }
        yield Estimate(
            product=product,
            method=LOG_LOG,
            sample_size=int(fit.n[product]),
            flags=[name for name, applies in raised.items() if applies],
            own_elasticity=elasticity,
            own_std_error=values["std_error"],
            **values,
        )


def two_point_estimates(
    levels: PriceLevels, elasticities: TwoPointElasticities, sold_days: IntArray
) -> Iterator[Estimate]:
    """Rows of the point and of the arc formula, for the products that had two price levels."""
    for method, values in ((POINT, elasticities.point), (ARC, elasticities.arc)):
        for product in np.flatnonzero(levels.found & np.isfinite(values)).tolist():
            days, elasticity = int(sold_days[product]), float(values[product])
            flags = [FEW_DAYS] if days < MIN_SOLD_DAYS else []
            flags += [OWN_POSITIVE] if elasticity > 0 else []
            flags += [ZERO_ELASTICITY] if abs(elasticity) < NEARLY_ZERO else []
            yield Estimate(
                product, method, elasticity, days, flags=flags, own_elasticity=elasticity, list_prices=2
            )


def pooled_estimates(
    posterior: Posterior, data_flags: Sequence[Sequence[str]], contradicted: BoolArray | None = None
) -> Iterator[Estimate]:
    """Rows of the products with a pooled estimate.

    Parameters
    ----------
    posterior : of P products.
    data_flags : (P,) what the lines of each product warn of, added to the estimate's own flags.
    contradicted : (P,) whether a learned model says otherwise. Unless an experiment is behind it, such an estimate is flagged
        and one grade lower.
    """
    names = (
        "elasticity", "std_error", "ci_low", "ci_high", "confidence", "own_elasticity", "own_std_error", "weight",
        "prior_mean",
    )  # fmt: skip
    columns = {name: getattr(posterior, name).tolist() for name in names}
    for product in np.flatnonzero(posterior.estimated).tolist():
        values: dict[str, Any] = {name: column[product] for name, column in columns.items()}
        for name in ("own_elasticity", "own_std_error"):
            if not np.isfinite(values[name]):
                values[name] = None
        flags = {*flag_names(int(posterior.flags[product])), *data_flags[product]}
        quality, evidence = str(posterior.grade[product]), str(posterior.evidence[product])
        if contradicted is not None and contradicted[product] and evidence != EXPERIMENTAL:
            flags.add(METHODS_DISAGREE)
            quality = LOWER[quality]
        yield Estimate(
            product=product,
            method=POOLED,
            sample_size=int(posterior.sold_days[product]),
            quality=quality,
            evidence=evidence,
            flags=[name for name in FLAG_NAMES if name in flags],
            list_prices=int(posterior.list_price_count[product]),
            **values,
        )
