"""Estimates as rows, one per product and method, whichever method made them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pricing.elasticity.core.log_log import MIN_SOLD_DAYS, LogLogFit
from pricing.elasticity.core.points import PriceLevels, TwoPointElasticities
from pricing.elasticity.core.pooled import FLAG_NAMES, Posterior, flag_names

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
NEARLY_ZERO: Final = 0.05


@dataclass(frozen=True, slots=True)
class Estimate:
    """How demand for one product answers to its price, by one method.

    `product` is the index of the product; elasticities and errors are dimensionless; `confidence` is the
    probability that the truth lies within 0.5 of the estimate; `weight` that of the product's own sales, 0 to 1.
    None: the method does not say.
    """

    product: int
    method: str
    elasticity: float
    sample_size: int
    quality: str = UNGRADED
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
        elasticity, low, high = (
            float(column[product]) for column in (fit.elasticity, fit.ci_low, fit.ci_high)
        )
        yield Estimate(
            product=product,
            method=LOG_LOG,
            elasticity=elasticity,
            sample_size=int(fit.n[product]),
            std_error=float(fit.std_error[product]),
            ci_low=low,
            ci_high=high,
            flags=_sign_flags(elasticity, low, high),
            own_elasticity=elasticity,
            own_std_error=float(fit.std_error[product]),
            intercept=float(fit.intercept[product]),
            t_value=float(fit.t_value[product]),
            p_value=float(fit.p_value[product]),
        )


def two_point_estimates(
    levels: PriceLevels, elasticities: TwoPointElasticities, sold_days: NDArray[np.int64]
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


def _sign_flags(elasticity: float, low: float, high: float) -> list[str]:
    named: Sequence[tuple[str, bool]] = (
        (OWN_POSITIVE, elasticity > 0),
        (CI_CROSSES_ZERO, low < 0 < high),
        (CI_CROSSES_MINUS_ONE, low < -1 < high),
        (ZERO_ELASTICITY, abs(elasticity) < NEARLY_ZERO),
    )
    return [name for name, applies in named if applies]


def pooled_estimates(posterior: Posterior, data_flags: Sequence[Sequence[str]]) -> Iterator[Estimate]:
    """Rows of the products with a pooled estimate.

    Parameters
    ----------
    posterior : of P products.
    data_flags : (P,) what the lines of each product warn of, added to the estimate's own flags.
    """
    columns = [
        values.tolist()
        for values in (
            posterior.elasticity,
            posterior.std_error,
            posterior.ci_low,
            posterior.ci_high,
            posterior.confidence,
            posterior.own_elasticity,
            posterior.own_std_error,
            posterior.weight,
            posterior.prior_mean,
        )
    ]
    for product in np.flatnonzero(posterior.estimated).tolist():
        elasticity, error, low, high, confidence, own, own_error, weight, prior = (
            column[product] for column in columns
        )
        own_flags = flag_names(int(posterior.flags[product]))
        yield Estimate(
            product=product,
            method=POOLED,
            elasticity=elasticity,
            sample_size=int(posterior.sold_days[product]),
            quality=str(posterior.grade[product]),
            std_error=error,
            ci_low=low,
            ci_high=high,
            confidence=confidence,
            flags=[name for name in FLAG_NAMES if name in own_flags or name in data_flags[product]],
            own_elasticity=_known(own),
            own_std_error=_known(own_error),
            weight=weight,
            prior_mean=prior,
            list_prices=int(posterior.list_price_count[product]),
        )


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
