"""How often customers will buy again, and for how much: BG/NBD and Gamma-Gamma by maximum likelihood.

BG/NBD (Fader, Hardie & Lee 2005, "Counting your customers the easy way", Marketing Science 24:275): a customer buys
at a rate of their own, gamma distributed over customers, and after each purchase leaves for good with a probability of
their own, beta distributed. Gamma-Gamma (Fader & Hardie 2013): baskets scatter around each customer's own mean.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray

LARGEST: Final = 1e4
"""Parameters beyond it, or below its inverse, mean a population without the spread that the model describes."""
POLE: Final = 1e-5
"""Where the expectation is 0/0 the parameters are moved by this much; the result changes by as little."""


class Histories(NamedTuple):
    """What n customers did, each (n,) and in one unit of time, from the first purchase on.

    `frequency` counts the purchases after the first, `recency` is the time from the first to the last of them (0 without
    one) and `age` the time from the first to now.
    """

    frequency: FloatArray
    recency: FloatArray
    age: FloatArray


@dataclass(frozen=True, slots=True)
class PurchaseModel:
    """A fitted BG/NBD model.

    Attributes
    ----------
    r, alpha : shape and rate (time) of the gamma distribution of purchase rates.
    a, b : of the beta distribution of leaving after a purchase.
    log_likelihood : at these.
    converged : whether the search ended at a maximum inside the range of the parameters.
    iterations : of the search; 0 of a model that was stored.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    converged: bool
    iterations: int = 0

    def alive(self, past: Histories) -> FloatArray:
        """The probability that each customer has not left, (n,); 1 for who bought once only: one leaves at a repeat."""
        odds = self.r + past.frequency
        left = np.log(self.a) - np.log(np.maximum(self.b + past.frequency - 1, 1 / LARGEST))
        left = left + odds * (np.log(self.alpha + past.age) - np.log(self.alpha + past.recency))
        gone = np.exp(np.minimum(left, 700.0))
        return np.where(past.frequency > 0, 1 / (1 + gone), 1.0)

    def expected_purchases(self, past: Histories, time: float) -> FloatArray:
        """Expected number of purchases in the time from now on, (n,)."""
        return self.alive(past) * self.expected_if_alive(past, time)

    def expected_if_alive(self, past: Histories, time: float) -> FloatArray:
        """The same of each customer who has not left yet, (n,).

        Equation 10 of the paper after Euler's transformation of the hypergeometric function, whose parameters then do not
        grow with the number of purchases.
        """
        from scipy.special import hyp2f1

        a = self.a + POLE if abs(self.a - 1) < POLE else self.a
        ends = a + self.b + past.frequency - 1
        ends = np.where(np.abs(ends) < POLE, ends + POLE, ends)
        share = time / (self.alpha + past.age + time)
        stays = (1 - share) ** (a - 1) * hyp2f1(ends - self.r - past.frequency, a - 1, ends, share)
        expected: FloatArray = np.maximum(ends / (a - 1) * (1 - stays), 0.0)
        return expected

    def time_to_next(self, past: Histories) -> FloatArray:
        """The time after which each has bought again with probability one half, (n,); inf: more likely they never do."""
        alive, shape = self.alive(past), self.r + past.frequency
        never = 1 - 0.5 / np.maximum(alive, 0.5 + 1e-12)
        with np.errstate(over="ignore", divide="ignore"):
            wait = (self.alpha + past.age) * np.expm1(-np.log(never) / shape)
        return np.where(alive > 0.5, wait, np.inf)


@dataclass(frozen=True, slots=True)
class BasketModel:
    """A fitted Gamma-Gamma model: `p` shapes the baskets, `q` and `gamma` (money) the customers' means."""

    p: float
    q: float
    gamma: float
    log_likelihood: float
    converged: bool
    iterations: int = 0

    def expected_basket(self, baskets: FloatArray, mean: FloatArray) -> FloatArray:
        """The mean basket expected of each customer, (n,): their own drawn to everybody's.

        Parameters
        ----------
        baskets, mean : number and mean value of those seen; 0 and anything for who has none.
        """
        seen = np.where(baskets > 0, baskets * mean, 0.0)
        found: FloatArray = self.p * (self.gamma + seen) / (self.p * baskets + self.q - 1)
        return found


@dataclass(frozen=True, slots=True)
class HoldOut:
    """How well purchases were foreseen that the model did not see.

    Attributes
    ----------
    customers : known before.
    expected, actual : purchases of all of them together.
    error, own_error, mean_error : root mean square error by customer of the model, of the rate of each customer's own
        past carried on, and of the same number for everybody.
    """

    customers: int
    expected: float
    actual: float
    error: float
    own_error: float
    mean_error: float

    @property
    def beats_averages(self) -> bool:
        """Whether the model came nearer than both plain averages."""
        return self.error < min(self.own_error, self.mean_error)


def fit_purchases(past: Histories) -> PurchaseModel:
    """Fit BG/NBD to the histories of n customers.

    Raises
    ------
    ValueError : no customer has bought again, or a history is none (nan, negative, last purchase after now).
    """
    if not all(np.isfinite(each).all() and (each >= 0).all() for each in past):
        raise ValueError("frequency, recency and age must be finite and not negative")
    if (past.recency > past.age).any() or ((past.recency > 0) != (past.frequency > 0)).any():
        raise ValueError("recency lies between 0 and age, and is 0 exactly without a further purchase")
    if not (past.frequency > 0).any():
        raise ValueError("nobody has bought again")
    # Time is measured in mean ages while searching, so that all parameters are near 1.
    unit = float(past.age.mean())
    scaled = Histories(past.frequency, past.recency / unit, past.age / unit)
    found, value, converged, iterations = _search(
        lambda logs: _purchases_likelihood(logs, scaled), np.zeros(4)
    )
    r, alpha, a, b = found
    # The likelihood is a density of the times of the purchases: in the unit that was given.
    value -= float(past.frequency.sum()) * float(np.log(unit))
    return PurchaseModel(r, alpha * unit, a, b, value, converged, iterations)


def fit_baskets(baskets: FloatArray, mean: FloatArray) -> BasketModel:
    """Fit Gamma-Gamma to the number of baskets (>= 1) and their mean value (> 0) of n customers.

    Raises
    ------
    ValueError : nobody, or a number or mean that is not above 0.
    """
    if not baskets.size or not (np.isfinite(mean).all() and (mean > 0).all() and (baskets > 0).all()):
        raise ValueError("every customer needs a basket, and a mean above 0")
    unit = float(mean.mean())
    logs_unit = baskets.size * float(np.log(unit))
    found, value, converged, iterations = _search(
        lambda logs: _baskets_likelihood(logs, baskets, mean / unit), np.log([2.0, 2.0, 1.0])
    )
    p, q, gamma = found
    return BasketModel(p, q, gamma * unit, value - logs_unit, converged, iterations)


def hold_out(past: Histories, purchases: FloatArray, time: float) -> HoldOut | None:
    """Fit the model to the past of n customers and compare what it expects with what they bought in the time after it.

    None where the search for the model did not converge.

    Raises
    ------
    ValueError : as `fit_purchases`.
    """
    model = fit_purchases(past)
    if not model.converged:
        return None
    expected = model.expected_purchases(past, time)
    # A past shorter than the time to foresee is no rate yet.
    own = past.frequency / np.maximum(past.age, time) * time
    everybody = np.full(purchases.size, past.frequency.sum() / past.age.sum() * time)
    return HoldOut(
        customers=purchases.size,
        expected=float(expected.sum()),
        actual=float(purchases.sum()),
        error=_error(expected, purchases),
        own_error=_error(own, purchases),
        mean_error=_error(everybody, purchases),
    )


def _error(expected: FloatArray, purchases: FloatArray) -> float:
    return float(np.sqrt(np.mean((expected - purchases) ** 2)))


def _search(
    likelihood: Callable[[FloatArray], tuple[float, FloatArray]], start: FloatArray
) -> tuple[list[float], float, bool, int]:
    """The parameters at the maximum, the log likelihood there, whether the search ended inside the range, its iterations."""
    from scipy.optimize import minimize

    edge = float(np.log(LARGEST))
    ended = minimize(
        lambda logs: tuple(-each for each in likelihood(logs)),
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-edge, edge)] * start.size,
        options={"maxiter": 1000, "ftol": 1e-13, "gtol": 1e-6},
    )
    inside = bool((np.abs(ended.x) < 0.99 * edge).all())
    # The search also ends where rounding hides any further gain: there the slope must be as good as none.
    flat = bool(np.abs(ended.jac).max() < 1e-3 * max(1.0, abs(float(ended.fun)) / 1000))
    return np.exp(ended.x).tolist(), -float(ended.fun), inside and flat, int(ended.nit)


def _purchases_likelihood(logs: FloatArray, past: Histories) -> tuple[float, FloatArray]:
    """Log likelihood of BG/NBD and its slope in the logarithms of r, alpha, a and b."""
    from scipy.special import betaln, digamma, gammaln

    r, alpha, a, b = np.exp(logs)
    x = past.frequency
    again: BoolArray = x > 0
    log_age, log_recency = np.log(alpha + past.age), np.log(alpha + past.recency)
    # Whether the customer stayed after the last purchase, or left at it.
    stayed = -(r + x) * log_age
    after = np.where(again, b + x - 1, 1.0)
    left = np.where(again, np.log(a) - np.log(after) - (r + x) * log_recency, -np.inf)
    either = np.logaddexp(stayed, left)
    value = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b) + either
    stayed, left = np.exp(stayed - either), np.exp(left - either)
    both = digamma(a + b) - digamma(a + b + x)
    slopes = (
        digamma(r + x) - digamma(r) + np.log(alpha) - stayed * log_age - left * log_recency,
        r / alpha - (r + x) * (stayed / (alpha + past.age) + left / (alpha + past.recency)),
        both + left / a,
        both + digamma(b + x) - digamma(b) - left / after,
    )
    return float(value.sum()), np.array([each.sum() for each in slopes]) * np.exp(logs)


def _baskets_likelihood(logs: FloatArray, baskets: FloatArray, mean: FloatArray) -> tuple[float, FloatArray]:
    """Log likelihood of Gamma-Gamma and its slope in the logarithms of p, q and gamma."""
    from scipy.special import digamma, gammaln

    p, q, gamma = np.exp(logs)
    shape, total = p * baskets, baskets * mean
    log_sum = np.log(gamma + total)
    value = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma)
    value = value + (shape - 1) * np.log(mean) + shape * np.log(baskets) - (shape + q) * log_sum
    slopes = (
        baskets * (digamma(shape + q) - digamma(shape) + np.log(total) - log_sum),
        digamma(shape + q) - digamma(q) + np.log(gamma) - log_sum,
        q / gamma - (shape + q) / (gamma + total),
    )
    return float(value.sum()), np.array([each.sum() for each in slopes]) * np.exp(logs)
