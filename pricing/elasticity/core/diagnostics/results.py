"""What the diagnostics of a regression consist of."""

from dataclasses import dataclass
from typing import Final, NamedTuple

FEW_PRICES: Final = "FEW_PRICES"


class NotEstimable(ValueError):
    """The sales hold no regression: too few days, or a price that never changed."""


class ErrorEstimate(NamedTuple):
    """Standard error of the elasticity by one formula, the t test of elasticity = 0 and the 95 % interval."""

    kind: str
    std_error: float | None
    t_value: float | None
    p_value: float | None
    ci_low: float | None
    ci_high: float | None


class TestResult(NamedTuple):
    """Statistic and p value; None where the sales do not allow the test."""

    statistic: float | None
    p_value: float | None


class InfluentialDay(NamedTuple):
    """A day that moves the line: Cook's distance, its leverage, and the elasticity without it."""

    day: int
    price: float
    quantity: float
    cooks_distance: float | None
    leverage: float | None
    elasticity_without: float | None


class ChartPoint(NamedTuple):
    """A day of the regression: log units as fitted, and observed less fitted."""

    day: int
    price: float
    quantity: float
    fitted: float
    residual: float


class PoissonFit(NamedTuple):
    """Poisson regression of units on log price; standard error robust to any dispersion (sandwich, HC0)."""

    elasticity: float | None
    std_error: float | None
    p_value: float | None
    ci_low: float | None
    ci_high: float | None
    dispersion: float | None
    converged: bool
    iterations: int


class CostInstrument(NamedTuple):
    """The elasticity by changes of cost alone (two-stage least squares), over days whose cost is recorded.

    The interval is Anderson and Rubin's. Where the price hardly follows the cost it has no ends, and nothing is known of the
    elasticity: all four are None. `first_stage_f` says how closely it does; None: exactly.
    """

    elasticity: float | None
    std_error: float | None
    ci_low: float | None
    ci_high: float | None
    first_stage_f: float | None
    spells: int
    days: int


class Finding(NamedTuple):
    """What one diagnostic says, for somebody who sets prices; `caution` where it calls for care."""

    topic: str
    caution: bool
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """The regression ln Q = b0 + b1 ln P of n days with sales, and what tells against it.

    Attributes
    ----------
    elasticity, intercept : b1 and b0.
    standard_errors : classical, HC3 and HAC (Newey-West).
    hac_lags : floor(4 (n / 100)^(2/9)) days with sales (Newey and West 1994).
    durbin_watson : 2 without serial correlation from one day with sales to the next, towards 0 with a positive one.
    breusch_pagan : of constant variance (Koenker's studentised form, chi-squared with 1 degree of freedom).
    reset : Ramsey's, of the straight line, with the squares and cubes of the fitted values (F).
    costs : the elasticity by changes of cost, None where too few are recorded.
    influential : the days with the largest Cook's distance, largest first.
    points : all days in order, for a chart.
    """

    sold_days: int
    prices: int
    elasticity: float
    intercept: float
    r_squared: float
    adjusted_r_squared: float
    standard_errors: list[ErrorEstimate]
    hac_lags: int
    durbin_watson: float | None
    breusch_pagan: TestResult
    reset: TestResult
    influential: list[InfluentialDay]
    poisson: PoissonFit
    costs: CostInstrument | None
    points: list[ChartPoint]
    flags: list[str]
    findings: list[Finding]
