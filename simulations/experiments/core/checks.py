"""Whether an experiment ran as it was drawn: shares, prices charged, stock."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray

MISMATCH: Final = 0.01
TOLERANCE: Final = 0.02
STOCKOUT_DAYS: Final = 7
STOCKOUT_CHANCE: Final = 0.001


@dataclass(frozen=True, slots=True)
class Ratio:
    """Weeks of groups that ran at the price they were drawn for, of those that were drawn.

    `p_value` is that of the chi-squared test of their shares; a mismatch (below .01) means that one price was harder to
    keep up than the other, and the comparison is not the one that was drawn (Fabijan et al. 2019).
    """

    planned: tuple[int, int]
    ran: tuple[int, int]
    p_value: float

    @property
    def is_mismatch(self) -> bool:
        return self.p_value < MISMATCH


def sample_ratio(treated: BoolArray, ran: BoolArray) -> Ratio:
    """Compare the shares of the two prices among what ran with those that were drawn; both (n,) by group and week."""
    from scipy.special import erfc

    planned = (int((~treated).sum()), int(treated.sum()))
    came = (int((ran & ~treated).sum()), int((ran & treated).sum()))
    total, p = sum(came), 1.0
    if total and min(planned):
        expected = [total * each / sum(planned) for each in planned]
        squared = sum((one - other) ** 2 / other for one, other in zip(came, expected, strict=True))
        p = float(erfc(np.sqrt(squared / 2)))
    return Ratio(planned, came, p)


def strayed(price: FloatArray, wanted: FloatArray) -> BoolArray:
    """Days on which the price paid was not the one drawn, by more than 2 %; nan (nothing sold) is no deviation."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(price / wanted - 1) > TOLERANCE)


def longest_gap(sold: BoolArray) -> int:
    """The longest run of days without a sale."""
    longest = run = 0
    for each in sold:
        run = 0 if each else run + 1
        longest = max(longest, run)
    return longest


def looks_sold_out(sold: BoolArray, usual_share: float, stock: float | None = None) -> bool:
    """Whether no stock is recorded, or a product's longest gap is one that its usual sales would hardly leave: it was
    probably sold out.

    Parameters
    ----------
    sold : (days,) whether it sold on each day of the experiment.
    usual_share : of the days before, on which it sold.
    stock : recorded now, in units; None where none is, or where the experiment is over.
    """
    if stock is not None and stock <= 0:
        return True
    gap = longest_gap(sold)
    if gap < STOCKOUT_DAYS or usual_share <= 0:
        return False
    # Any of the days could have begun such a gap.
    return bool(len(sold) * (1 - usual_share) ** gap < STOCKOUT_CHANCE)
