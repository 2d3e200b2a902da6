"""Hyperparameters: the priors of a full fit, stored so that any product can be estimated again with them."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self, get_type_hints

import numpy as np

from pricing.elasticity.core.constants import (
    CURVATURE_PRIOR,
    FADING_LIMIT,
    MIXED_LIMIT,
    PEAKS_LIMIT,
    PLACEBO_LIMIT,
    SOLD_OUT_LIMIT,
)
from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import ShopCalendar

CONTROLS: Final = ("trend", "sin", "cos", "sin_2", "cos_2")
"""What the calendar alone explains: a product's trend, and two harmonics of the year."""
COLUMNS: Final = (
    "level",
    "price",
    "season",
    "promotion",
    *CONTROLS,
    "seasonal_price",
    "fleeting_price",
    "price_before",
)
LEVEL, PRICE, SEASON, PROMOTION = range(4)
LEVEL_SD: Final = 10.0
HELD_SD: Final = 1e-4  # spread of a coefficient that is held at its mean


@dataclass(frozen=True, slots=True)
class PartPriors:
    """Priors of the coefficients of one part of demand (K columns, G groups of categories).

    Attributes
    ----------
    mean, sd : (K,) normal priors; the entries for the level are not used, those for the price are the
        elasticity of a product whose category is not known, and the spread tau of products in a category.
    group_mean, group_variance : (G,) elasticity each group is shrunk to, and its variance.
    overall_variance : variance of the mean over groups.
    between_sd : spread omega of the groups around it.
    dispersion : pooled variance of a count over its mean.
    autocorrelation : pooled lag-1 correlation of weekly residuals, 0 or more.
    persistence : by how much their correlation falls from lag 1 to lag 2, 0 to 1.
    """

    mean: FloatArray
    sd: FloatArray
    group_mean: FloatArray
    group_variance: FloatArray
    overall_variance: float
    between_sd: float
    dispersion: float
    autocorrelation: float
    persistence: float = 0.0


@dataclass(frozen=True, slots=True)
class SeasonTable:
    """Weekly sale lines of each group of categories, and those expected had all weeks been alike (G, W).

    `price` are the products' centred log prices, summed with their expected lines as weights (G, W).
    """

    first_week: int
    lines: FloatArray
    expected: FloatArray
    price: FloatArray


@dataclass(frozen=True, slots=True)
class SegmentPriors:
    """How segments of customers differ from the shop.

    Attributes
    ----------
    first_week, share : each week's shares of the segments in the product-days sold, (S, W).
    spread : tau_s, spread of a segment's elasticity around the product's.
    dispersion : pooled variance over mean of weekly units of a product and segment.
    converged, iterations : whether the fit settled, and the rounds it took.
    """

    first_week: int
    share: FloatArray
    spread: float
    dispersion: float
    converged: bool = True
    iterations: int = 0


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """Everything a product's estimate takes from the other products.

    Attributes
    ----------
    calendar : open days, known up to the last day of the fit; later days count as open.
    price_response, promotion_response : the shop's mean elasticity and log promotion lift of line counts, used
        to date price changes that fall between two sales and to read seasons off sales at changing prices.
    trend_origin : day at which the trend is 0; it counts years.
    yearly : whether the fit saw 52 weeks, so that products have yearly sines and cosines of their own.
    category_codes, category_group : (C,) sorted known codes of categories, and their groups 0..G-1.
    season : weekly season of the groups.
    frequency : priors of purchases (sale lines) per open day.
    quantity : priors of lines per unit, the inverse of units per purchase.
    segments : None until the segments have been fitted.
    converged, iterations : whether the fit settled, and the rounds of EM that the slowest coefficient took in all.
    placebo : standard score of what sales have to do with the price two weeks later, over all products; see `placebo.py`.
    linear_share : probability of linear demand against constant elasticity, by the shop's own sales; see `curvature.py`.
    sold_out : standard score of sales that end early where a price is low; see `sold_out.py`.
    fading : standard score of what sales have to do with the price of the week before; see `placebo.py`.
    peaks : (G,) standard score of what prices have to do with the sales of other years, by group; see `peaks.py`.
    late_share : share of each product's response that comes late: buyers act on the present price, and by this share still
        on that of the weeks before. What is common to all products beside it has the slope of "price_before".
    """

    calendar: ShopCalendar
    price_response: float
    promotion_response: float
    trend_origin: float
    yearly: bool
    category_codes: IntArray
    category_group: IntArray
    season: SeasonTable
    frequency: PartPriors
    quantity: PartPriors
    segments: SegmentPriors | None = None
    converged: bool = True
    iterations: int = 0
    placebo: float = 0.0
    linear_share: float = CURVATURE_PRIOR
    sold_out: float = 0.0
    fading: float = 0.0
    late_share: float = 0.0
    peaks: FloatArray = field(default_factory=lambda: np.zeros(0))

    @property
    def prices_follow_sales(self) -> bool:
        """Whether sales predict prices, so that the effect of prices on sales cannot be identified."""
        return abs(self.placebo) > PLACEBO_LIMIT

    def prices_follow_peaks(self, group: IntArray) -> BoolArray:
        """(P,) whether prices move with sales that come back every year, in each product's group (P,)."""
        scores = np.append(self.peaks, 0.0) if self.peaks.size else np.zeros(int(group.max(initial=-1)) + 2)
        return np.asarray(np.abs(scores[group]) > PEAKS_LIMIT)

    @property
    def sells_out(self) -> bool:
        """Whether the shop runs out where it is cheap, so that sales at low prices are what there was to sell."""
        return self.sold_out > SOLD_OUT_LIMIT

    @property
    def response_fades(self) -> bool:
        """Whether a change of price does more in its first week than in those after."""
        return self.fading > FADING_LIMIT

    @property
    def mixed_prices(self) -> bool:
        """Whether the prices of totals move with who bought: lasting changes of price do more than fleeting ones."""
        return bool(self.frequency.mean[COLUMNS.index("fleeting_price")] > MIXED_LIMIT)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings that JSON can hold; `from_dict` gives back every bit of them."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Rebuild what `to_dict` wrote.

        Raises
        ------
        ValueError : if a part is missing or unknown: the values were written by another version.
        """
        # The names of the first release; what it stored stays in use until the next full recompute.
        renamed = {"rate": "frequency", "size": "quantity"}
        known = {renamed.get(name, name): value for name, value in values.items()}
        parts = {
            "calendar": ShopCalendar, "season": SeasonTable, "frequency": PartPriors, "quantity": PartPriors,
            "segments": SegmentPriors,
        }  # fmt: skip
        try:
            for name in ("frequency", "quantity"):
                known[name] = _with_later_columns(known[name])
            season = known["season"]
            known["season"] = {"price": [[0.0] * len(row) for row in season["lines"]]} | season
            for name, part in parts.items():
                known[name] = known[name] and part(**_arrays(part, known[name]))
            return cls(**_arrays(cls, known))
        except (KeyError, TypeError) as error:
            raise ValueError(f"These are not hyperparameters of this version: {error}") from error

    def groups_of(self, category: IntArray) -> IntArray:
        """Group of each category code, -1 for a code the fit did not know."""
        if self.category_codes.size == 0:
            return np.full(category.size, -1)
        at = np.minimum(np.searchsorted(self.category_codes, category), self.category_codes.size - 1)
        return np.where(self.category_codes[at] == category, self.category_group[at], -1)


@dataclass(frozen=True, slots=True)
class Normal:
    """Independent normal priors of the K coefficients of each product: mean and precision, (P, K).

    `price_mean_variance` (P,) is the variance of the price coefficient's prior mean.
    """

    mean: FloatArray
    precision: FloatArray
    price_mean_variance: FloatArray


def product_priors(priors: PartPriors, group: IntArray) -> Normal:
    """Write out the priors of every product; a product of an unknown category (group -1) gets the overall mean.

    Parameters
    ----------
    priors : of one part of demand.
    group : (P,) group of each product's category.
    """
    mean = np.tile(priors.mean, (group.size, 1))
    variance = np.tile(priors.sd**2, (group.size, 1))
    mean_variance = np.full(group.size, priors.overall_variance)
    known = group >= 0
    mean[known, PRICE] = priors.group_mean[group[known]]
    mean_variance[known] = priors.group_variance[group[known]]
    variance[~known, PRICE] += priors.between_sd**2
    variance[:, LEVEL] = LEVEL_SD**2
    return Normal(mean, 1.0 / variance, mean_variance)


def _with_later_columns(part: dict[str, Any]) -> dict[str, Any]:
    """Hold the coefficients of columns that an earlier release did not have at 0."""
    missing = len(COLUMNS) - len(part["mean"])
    return part | {"mean": part["mean"] + [0.0] * missing, "sd": part["sd"] + [HELD_SD] * missing}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def _arrays(part: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Lists as arrays of the type that the dataclass declares."""
    whole = {name for name, declared in get_type_hints(part).items() if declared == IntArray}
    return {
        name: np.array(value, np.int64 if name in whole else np.float64) if isinstance(value, list) else value
        for name, value in values.items()
    }
