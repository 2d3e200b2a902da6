"""What each diagnostic of a regression means, in sentences for somebody who sets prices."""

import datetime as dt
from typing import Final

from elastix.currency import Currency
from pricing.elasticity.core.diagnostics.results import Diagnostics, Finding

SIGNIFICANT: Final = 0.05
DURBIN_WATSON_FINE: Final = (1.5, 2.5)
CLEARLY_WIDER: Final = 1.1  # times the classical error from which a robust one is worth a warning


def findings_of(found: Diagnostics, currency: Currency) -> list[Finding]:
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
        *_on_costs(found),
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


def _on_costs(found: Diagnostics) -> list[Finding]:
    """Nothing where too few costs are recorded: most products have none."""
    costs = found.costs
    if costs is None:
        return []
    if costs.elasticity is None or costs.ci_low is None or costs.ci_high is None:
        text = f"The price hardly followed its {costs.spells} costs, so they cannot check the elasticity."
        return [Finding("costs", True, text)]
    interval = f"95 % interval {costs.ci_low:.2f} to {costs.ci_high:.2f}"
    text = f"By its {costs.spells} costs alone, which do not know demand, the elasticity is {costs.elasticity:.2f} ({interval}): "
    apart = not costs.ci_low <= found.elasticity <= costs.ci_high
    text += (
        "another answer than that of all prices, so prices may have followed demand. Trust the one by costs."
        if apart
        else "that of all prices lies within."
    )
    return [Finding("costs", apart, text)]
