"""The model of the last full fit, as it is stored, and estimates made with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from elastix.sql import batches
from pricing.elasticity.core.estimates import (
    ARC,
    LOG_LOG,
    POINT,
    POOLED,
    Estimate,
    log_log_estimates,
    pooled_estimates,
    two_point_estimates,
)
from pricing.elasticity.core.log_log import LogLogFit, fit_log_log
from pricing.elasticity.core.points import last_two_price_levels, two_point_elasticities
from pricing.elasticity.core.pooled import Hyperparameters, Posterior, refresh
from pricing.elasticity.models import ElasticityModel
from pricing.elasticity.selectors.experiments import experiments_of
from pricing.sales.core.arrays import BoolArray, IntArray
from pricing.sales.core.channels import PRICES_BY_CHANNEL
from pricing.sales.core.price_mix import SEVERAL_PRICES
from pricing.sales.models import Product, ProductSummary
from pricing.sales.selectors.channels import price_series_of
from pricing.sales.selectors.daily import ShopDays, Window, sold_in


@dataclass(frozen=True, slots=True)
class FittedModel:
    """Hyperparameters, and the categories that their codes number (in order; a code is a position)."""

    hyper: Hyperparameters
    categories: list[str]

    def category_codes(self, products: Sequence[str]) -> IntArray:
        """(P,) code of each product's category; -1 for none or one the fit did not know."""
        number = {name: code for code, name in enumerate(self.categories) if name}
        names: dict[str, str] = {}
        for chunk in batches(products):
            names |= dict(Product.objects.filter(code__in=chunk).values_list("code", "category"))
        return np.array([number.get(names.get(code, ""), -1) for code in products], np.int64)

    def as_json(self) -> dict[str, Any]:
        """What is stored; whether the fit settled stands at the top, where it can be read without the rest."""
        segments = self.hyper.segments
        return {
            "converged": self.hyper.converged and (segments is None or segments.converged),
            "iterations": self.hyper.iterations + (0 if segments is None else segments.iterations),
            "placebo": self.hyper.placebo,
            "linear_share": self.hyper.linear_share,
            "categories": self.categories,
            "hyperparameters": self.hyper.to_dict(),
        }


def fitted_model() -> FittedModel | None:
    """Return the model of the last full run; None before the first, and after an upgrade that changed the model."""
    stored = ElasticityModel.objects.filter(pk=1).first()
    if stored is None:
        return None
    values = stored.hyperparameters
    try:
        return FittedModel(Hyperparameters.from_dict(values["hyperparameters"]), values["categories"])
    except ValueError:
        return None


def fit_converged() -> bool | None:
    """Whether the last full fit of all products settled; None before the first, or where it did not say."""
    converged: bool | None = (
        ElasticityModel.objects.filter(pk=1).values_list("hyperparameters__converged", flat=True).first()
    )
    return converged


def pooled_posterior(
    model: FittedModel, days: ShopDays, window: Window | None = None, several_prices: BoolArray | None = None
) -> Posterior:
    """Estimate the products of `days` against the model; a window leaves only its days."""
    limits = window.days if window and (window.start or window.end) else None
    codes = model.category_codes(days.codes)
    return refresh(
        days.daily,
        codes,
        model.hyper,
        limits,
        several_prices=several_prices,
        experiments=experiments_of(days.codes),
        # Channels of a country's sales are not distinguished.
        series=None if window and window.country else price_series_of(days.codes),
    )


def data_flags(codes: Sequence[str]) -> list[list[str]]:
    """What the lines of each product warn of."""
    stored: dict[str, list[str]] = {}
    for chunk in batches(codes):
        summaries = ProductSummary.objects.filter(product_id__in=chunk)
        stored |= dict(summaries.values_list("product_id", "data_flags"))
    return [stored.get(code, []) for code in codes]


def sold_at_several_prices(flags: Sequence[Sequence[str]], *, channels_apart: bool = True) -> BoolArray:
    """(P,) which of the products' `data_flags` say that buyers pay different prices at the same time, in one channel or,
    where an estimate does not tell the channels apart, in several."""
    doubts = {SEVERAL_PRICES} if channels_apart else {SEVERAL_PRICES, PRICES_BY_CHANNEL}
    return np.array([not doubts.isdisjoint(names) for names in flags], np.bool_)


def estimates_by(
    method: str, days: ShopDays, model: FittedModel | None, window: Window | None = None
) -> dict[str, Estimate]:
    """Estimate the products of `days` by one method; products it cannot estimate are absent."""
    rows: Iterator[Estimate] = iter(())
    if method == POOLED and model is not None and days.daily.product.size:
        flags = data_flags(days.codes)
        several = sold_at_several_prices(flags, channels_apart=not (window and window.country))
        posterior = pooled_posterior(model, days, window, several)
        rows = pooled_estimates(posterior, flags)
    elif method == LOG_LOG:
        rows = log_log_estimates(log_log_fit(days, window))
    elif method in (POINT, ARC):
        rows = (row for row in two_points(days, window) if row.method == method)
    return {days.codes[row.product]: row for row in rows}


def log_log_fit(days: ShopDays, window: Window | None = None) -> LogLogFit:
    """The log-log regression on the days of the window."""
    sold = sold_in(days, window or Window())
    return fit_log_log(days.daily.product[sold], days.price[sold], days.quantity[sold], len(days.codes))


def two_points(days: ShopDays, window: Window | None = None) -> Iterator[Estimate]:
    """Point and arc estimates between the last two prices charged in the window."""
    sold = sold_in(days, window or Window())
    product, day = days.daily.product[sold], days.daily.day[sold]
    levels = last_two_price_levels(product, day, days.price[sold], days.quantity[sold], len(days.codes))
    sold_days = np.bincount(product, minlength=len(days.codes))
    return two_point_estimates(levels, two_point_elasticities(levels), sold_days)
