"""The log-log regression of one product and tests of its assumptions.

statsmodels does the statistics. Importing it takes two seconds and 100 MB, so it is imported when a product is first
looked at; all products at once stay with the closed form of `log_log`, which gives the same coefficients.
"""

from typing import Any, Final

import numpy as np

from elastix.currency import TWO_DECIMALS, Currency
from pricing.elasticity.core.diagnostics.findings import findings_of
from pricing.elasticity.core.diagnostics.instrument import by_costs
from pricing.elasticity.core.diagnostics.results import (
    FEW_PRICES,
    ChartPoint,
    Diagnostics,
    ErrorEstimate,
    InfluentialDay,
    NotEstimable,
    PoissonFit,
    TestResult,
)
from pricing.elasticity.core.estimates import FEW_DAYS
from pricing.elasticity.core.log_log import CONFIDENCE_LEVEL, MIN_SOLD_DAYS, regression_rows
from pricing.elasticity.core.pooled.grades import NOT_CONVERGED
from pricing.sales.core.arrays import FloatArray, IntArray

FEWEST_SOLD_DAYS: Final = 10
"""Below it robust errors and tests mean nothing; below 30 they are answered with the flag FEW_DAYS."""

SHOWN_DAYS: Final = 5
RESET_POWER: Final = 3
DECIDES_ALONE: Final = 1.0 - 1e-9  # leverage of a day without which there is no regression

CLASSICAL: Final = "classical"
HC3: Final = "HC3"
HAC: Final = "HAC"


def diagnose(
    day: IntArray,
    price: FloatArray,
    quantity: FloatArray,
    currency: Currency = TWO_DECIMALS,
    cost: FloatArray | None = None,
) -> Diagnostics:
    """Regress log units on log price for one product, and test what the regression takes for granted.

    Parameters
    ----------
    day, price, quantity : (n,) days since 1970-01-01 in ascending order, mean price paid, units; days without
        sales or without a positive price are left out, as in `fit_log_log`.
    cost : (n,) what a unit cost on each day, nan where that is not recorded.

    Raises
    ------
    NotEstimable : fewer than 10 days enter, or one price only.
    """
    from statsmodels.regression.linear_model import OLS
    from statsmodels.stats.diagnostic import het_breuschpagan
    from statsmodels.stats.stattools import durbin_watson

    entered, price = regression_rows(price, quantity)
    day, price, quantity = day[entered], price[entered], quantity[entered]
    costs = None if cost is None else by_costs(day, price, quantity, cost[entered])
    prices = np.unique(price).size
    _refuse_too_little(day.size, prices)
    design = np.column_stack((np.ones(day.size), np.log(price)))
    # What divides by a residual or a leverage that leaves nothing is answered as None.
    with np.errstate(all="ignore"):
        fit = OLS(np.log(quantity), design).fit()
        lags = int(np.floor(4 * (day.size / 100) ** (2 / 9)))
        exact = fit.ssr <= 1e-12 * max(fit.centered_tss, 1.0)
        standard_errors = _standard_errors(fit, lags)
        breusch_pagan = TestResult(None, None) if exact else _test(het_breuschpagan(fit.resid, design))
        reset = TestResult(None, None) if exact else _reset(fit, prices)
        influential = _influential(fit, day, price, quantity)
        poisson = _poisson(quantity, design)
        correlation = None if exact else _known(durbin_watson(fit.resid))
    flags = [FEW_DAYS] if day.size < MIN_SOLD_DAYS else []
    flags += [FEW_PRICES] if reset.p_value is None and not exact else []
    flags += [] if poisson.converged else [NOT_CONVERGED]
    values = (day.tolist(), price.tolist(), quantity.tolist(), fit.fittedvalues.tolist(), fit.resid.tolist())
    flat = fit.centered_tss <= 1e-24 * day.size
    found = Diagnostics(
        sold_days=int(day.size),
        prices=int(prices),
        elasticity=float(fit.params[1]),
        intercept=float(fit.params[0]),
        r_squared=0.0 if flat else float(fit.rsquared),
        adjusted_r_squared=0.0 if flat else float(fit.rsquared_adj),
        standard_errors=standard_errors,
        hac_lags=lags,
        durbin_watson=correlation,
        breusch_pagan=breusch_pagan,
        reset=reset,
        influential=influential,
        poisson=poisson,
        costs=costs,
        points=[ChartPoint(*row) for row in zip(*values, strict=True)],
        flags=flags,
        findings=[],
    )
    found.findings.extend(findings_of(found, currency))
    return found


def _refuse_too_little(days: int, prices: int) -> None:
    if days < FEWEST_SOLD_DAYS:
        raise NotEstimable(
            f"it sold on {days} days at a known price, and {FEWEST_SOLD_DAYS} are needed. Sell on, or look at "
            "the pooled elasticity, which leans on its category."
        )
    if prices < 2:
        raise NotEstimable(
            "its price never changed, so its sales cannot show how demand answers to the price. Try another price, "
            "or look at the pooled elasticity, which leans on its category."
        )


def _standard_errors(fit: Any, lags: int) -> list[ErrorEstimate]:
    """Classical errors, errors robust to uneven variance (HC3), and to serial correlation too (Newey-West)."""
    found = [(CLASSICAL, fit)]
    decided = fit.get_influence().hat_matrix_diag.max() > DECIDES_ALONE
    if not decided:
        found.append((HC3, fit.get_robustcov_results("HC3", use_t=True)))
        hac = fit.get_robustcov_results("HAC", maxlags=lags, use_correction=True, use_t=True)
        found.append((HAC, hac))
    errors = [
        ErrorEstimate(
            kind,
            *(_known(values[1]) for values in (each.bse, each.tvalues, each.pvalues)),
            *(_known(limit) for limit in each.conf_int(1 - CONFIDENCE_LEVEL)[1]),
        )
        for kind, each in found
    ]
    # The residual of a day that decides alone is 0, so robust formulas take what it says for certain.
    return errors + [ErrorEstimate(kind, *[None] * 5) for kind in ((HC3, HAC) if decided else ())]


def _test(found: Any) -> TestResult:
    return TestResult(_known(found[0]), _known(found[1]))


def _reset(fit: Any, prices: int) -> TestResult:
    """Ramsey's test with squares and cubes; with three prices squares only, with two there is nothing to test."""
    from statsmodels.stats.diagnostic import linear_reset

    if prices < 3:
        return TestResult(None, None)
    found = linear_reset(fit, power=min(RESET_POWER, prices - 1), test_type="fitted", use_f=True)
    return TestResult(_known(found.fvalue), _known(found.pvalue))


def _influential(fit: Any, day: IntArray, price: FloatArray, quantity: FloatArray) -> list[InfluentialDay]:
    influence = fit.get_influence()
    distance, leverage = influence.cooks_distance[0], influence.hat_matrix_diag
    # By the formula of one deletion: b - (X'X)^-1 x e / (1 - h).
    solved = (fit.normalized_cov_params @ fit.model.exog.T)[1]
    without = fit.params[1] - solved * fit.resid / (1.0 - leverage)
    worst = np.argsort(-np.nan_to_num(distance, nan=np.inf), kind="stable")[:SHOWN_DAYS]
    return [
        InfluentialDay(
            int(day[row]),
            float(price[row]),
            float(quantity[row]),
            _known(distance[row]),
            _known(leverage[row]),
            _known(without[row]) if leverage[row] < DECIDES_ALONE else None,
        )
        for row in worst.tolist()
    ]


def _poisson(quantity: FloatArray, design: FloatArray) -> PoissonFit:
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    fit = GLM(quantity, design, family=Poisson()).fit(cov_type="HC0")
    low, high = fit.conf_int(1 - CONFIDENCE_LEVEL)[1]
    return PoissonFit(
        elasticity=_known(fit.params[1]),
        std_error=_known(fit.bse[1]),
        p_value=_known(fit.pvalues[1]),
        ci_low=_known(low),
        ci_high=_known(high),
        dispersion=_known(fit.pearson_chi2 / fit.df_resid),
        converged=bool(fit.converged and np.isfinite(fit.params).all()),
        iterations=int(fit.fit_history["iteration"]),
    )


def _known(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
