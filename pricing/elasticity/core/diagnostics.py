"""Regression diagnostics of one product: how far its log-log regression may be trusted, in numbers and in sentences.

statsmodels does the statistics. Importing it takes two seconds and 100 MB, so it is imported when a product is first
looked at; all products at once stay with the closed form of `log_log`, which gives the same coefficients.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from elastix.currency import TWO_DECIMALS, Currency
from pricing.elasticity.core.estimates import FEW_DAYS
from pricing.elasticity.core.log_log import CONFIDENCE_LEVEL, MIN_SOLD_DAYS, regression_rows
from pricing.elasticity.core.pooled.grades import NOT_CONVERGED
from pricing.sales.core.arrays import FloatArray, IntArray

FEWEST_SOLD_DAYS: Final = 10
"""Below it robust errors and tests mean nothing; below 30 they are answered with the flag FEW_DAYS."""

FEW_PRICES: Final = "FEW_PRICES"
SHOWN_DAYS: Final = 5
SIGNIFICANT: Final = 0.05
RESET_POWER: Final = 3
DURBIN_WATSON_FINE: Final = (1.5, 2.5)
DECIDES_ALONE: Final = 1.0 - 1e-9  # leverage of a day without which there is no regression
CLEARLY_WIDER: Final = 1.1  # times the classical error from which a robust one is worth a warning

CLASSICAL: Final = "classical"
HC3: Final = "HC3"
HAC: Final = "HAC"


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
    points: list[ChartPoint]
    flags: list[str]
    findings: list[Finding]


def diagnose(
    day: IntArray, price: FloatArray, quantity: FloatArray, currency: Currency = TWO_DECIMALS
) -> Diagnostics:
    """Regress log units on log price for one product, and test what the regression takes for granted.

    Parameters
    ----------
    day, price, quantity : (n,) days since 1970-01-01 in ascending order, mean price paid, units; days without
        sales or without a positive price are left out, as in `fit_log_log`.

    Raises
    ------
    NotEstimable : fewer than 10 days enter, or one price only.
    """
    from statsmodels.regression.linear_model import OLS
    from statsmodels.stats.diagnostic import het_breuschpagan
    from statsmodels.stats.stattools import durbin_watson

    entered, price = regression_rows(price, quantity)
    day, price, quantity = day[entered], price[entered], quantity[entered]
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
        points=[ChartPoint(*row) for row in zip(*values, strict=True)],
        flags=flags,
        findings=[],
    )
    found.findings.extend(_findings(found, currency))
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


# --- sentences -----------------------------------------------------------------------------------


def _findings(found: Diagnostics, currency: Currency) -> list[Finding]:
    """One sentence on each diagnostic."""
    return [
        _on_elasticity(found),
        _on_errors(found),
        _on_fit(found),
        _on_serial_correlation(found),
        _on_variance(found),
        _on_shape(found),
        _on_days(found, currency),
        _on_poisson(found),
    ]


def _units(elasticity: float) -> float:
    """Percent by which units change where the price is 10 % higher."""
    return float(100 * (1.1**elasticity - 1))


def _on_elasticity(found: Diagnostics) -> Finding:
    hac = found.standard_errors[-1]
    change = _units(found.elasticity)
    text = f"A price 10 % higher went with {abs(change):.0f} % {'fewer' if change < 0 else 'more'} units on a day with sales"
    if hac.ci_low is None or hac.ci_high is None:
        return Finding("elasticity", True, f"{text}; how sure that is cannot be said.")
    text += f" (95 % interval: {_units(hac.ci_low):+.0f} to {_units(hac.ci_high):+.0f} %)."
    if hac.ci_high >= 0:
        text += " The sales of this product alone do not show that it sells less at a higher price."
    return Finding("elasticity", hac.ci_high >= 0, text)


def _on_errors(found: Diagnostics) -> Finding:
    classical, hc3, hac = (error.std_error for error in found.standard_errors)
    if not classical or hc3 is None or hac is None:
        text = "One day decides the line or nothing scatters around it: standard errors cannot be compared."
        return Finding("standard_errors", True, text)
    ratio = max(hc3, hac) / classical
    text = f"Allowing for uneven and for connected days, the standard error is {ratio:.1f} times the classical one"
    wider = ratio > CLEARLY_WIDER
    return Finding(
        "standard_errors", wider, text + (": use the wider interval." if wider else ": they agree.")
    )


def _on_fit(found: Diagnostics) -> Finding:
    share = 100 * found.r_squared
    text = (
        f"Price explains {share:.0f} % of how daily sales differ; the rest is season, promotions and chance."
    )
    return Finding("r_squared", False, f"{text} A low share does not make the elasticity wrong.")


def _on_serial_correlation(found: Diagnostics) -> Finding:
    value = found.durbin_watson
    if value is None:
        return Finding(
            "durbin_watson", False, "Nothing scatters around the line, so days cannot hang together."
        )
    low, high = DURBIN_WATSON_FINE
    if low <= value <= high:
        text = f"Durbin-Watson {value:.2f}: good days do not follow good days more than chance would have it."
        return Finding("durbin_watson", False, text)
    text = (
        f"Durbin-Watson {value:.2f}: a day's sales are like those of the day before, as with a season or a promotion "
        "that the price alone does not explain. Use the HAC interval, and the pooled elasticity, which knows seasons."
        if value < low
        else f"Durbin-Watson {value:.2f}: good and bad days take turns, as where customers stock up. Use the HAC interval."
    )
    return Finding("durbin_watson", True, text)


def _on_variance(found: Diagnostics) -> Finding:
    p_value = found.breusch_pagan.p_value
    if p_value is None:
        return Finding("breusch_pagan", False, "Whether sales scatter more at some prices cannot be tested.")
    uneven = p_value < SIGNIFICANT
    text = f"Breusch-Pagan p = {p_value:.3f}: sales scatter " + (
        "more at some prices than at others. Use the HC3 or the HAC interval, not the classical one."
        if uneven
        else "about equally at all prices."
    )
    return Finding("breusch_pagan", uneven, text)


def _on_shape(found: Diagnostics) -> Finding:
    p_value = found.reset.p_value
    if p_value is None:
        text = f"With {found.prices} prices it cannot be tested whether the elasticity is the same at all of them."
        return Finding("reset", True, text)
    bent = p_value < SIGNIFICANT
    text = f"RESET p = {p_value:.3f}: " + (
        "one elasticity does not fit all the prices that were charged. Trust it near the usual price only."
        if bent
        else "one elasticity fits all the prices that were charged."
    )
    return Finding("reset", bent, text)


def _on_days(found: Diagnostics, currency: Currency) -> Finding:
    top, error = found.influential[0], found.standard_errors[0].std_error or 0.0
    date = (dt.date(1970, 1, 1) + dt.timedelta(days=top.day)).isoformat()
    described = f"{date} ({top.quantity:g} units at {top.price:.{currency.decimals}f})"
    if top.elasticity_without is None:
        text = f"Only {described} tells of its price: without that day there is no elasticity."
        return Finding("influential_days", True, text)
    moved = abs(top.elasticity_without - found.elasticity)
    text = f"Without {described} the elasticity would be {top.elasticity_without:.2f} instead of {found.elasticity:.2f}"
    caution = moved > error > 0
    text += (
        ": look whether that day was a bulk order or a mistake." if caution else ": no single day decides."
    )
    return Finding("influential_days", caution, text)


def _on_poisson(found: Diagnostics) -> Finding:
    poisson, hac = found.poisson, found.standard_errors[-1]
    if (
        not poisson.converged
        or poisson.elasticity is None
        or poisson.std_error is None
        or hac.std_error is None
    ):
        text = "The Poisson regression of units did not settle, so it cannot confirm the elasticity."
        return Finding("poisson", True, text)
    apart = abs(poisson.elasticity - found.elasticity) > 2 * max(poisson.std_error, hac.std_error)
    text = f"Counting units rather than their logarithm (Poisson) gives {poisson.elasticity:.2f}: " + (
        "another answer, so large days count for much. Prefer the pooled elasticity."
        if apart
        else "it agrees with the regression."
    )
    return Finding("poisson", apart, text)
