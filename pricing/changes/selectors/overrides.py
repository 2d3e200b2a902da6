"""Overrides: recommendations that were not taken, and the profit that this earned or cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Final

from django.db.models import Case, Q, QuerySet, When
from django.db.models.functions import Coalesce

from elastix.dataset.models import DataVersion
from pricing.changes.selectors.outcomes import ChangeWindow, outcomes_of
from pricing.recommendation.models import Override
from pricing.sales.models import PriceChange
from pricing.sales.models.price_changes import PriceChangeStatus

EARNED: Final = "earned"
COST: Final = "cost"
NOT_CLEAR: Final = "not clear"


@dataclass(frozen=True, slots=True)
class OverrideOutcome:
    """An override and, over the longest window with a day in the data, what came of it.

    Attributes
    ----------
    window : of the recommended price, as if it had been set; None where nothing was expected of it.
    figure : profit, or revenue where the cost is not known.
    difference, interval : what was sold less what was expected of the recommended price, with 80 % interval; nan and
        None while no day is in the data.
    verdict : earned, cost or not clear; None before.
    """

    override: Override
    window: ChangeWindow | None = None
    figure: str = "profit"
    difference: float = nan
    interval: tuple[float, float] | None = None
    verdict: str | None = None

    @property
    def days_counted(self) -> int:
        """Days in the window that are in the data."""
        return self.window.days_counted if self.window else 0


def overrides(text: str = "") -> QuerySet[Override]:
    """Overrides, newest first, each with its change or recommendation, the product, its name and the price charged instead.

    `text` leaves those in which the product, the person or the reason is like it.
    """
    found = Override.objects.select_related("change__product", "recommendation__product").annotate(
        product_code=Coalesce("change__product_id", "recommendation__product_id"),
        product_name=Coalesce("change__product__name", "recommendation__product__name"),
        charged_price=Case(
            When(change__isnull=True, then="recommendation__current_price"),
            When(change__status=PriceChangeStatus.REJECTED, then="change__old_price"),
            default="change__new_price",
        ),
    )
    if text:
        named = Q(product_code__icontains=text) | Q(product_name__icontains=text)
        found = found.filter(named | Q(made_by__icontains=text) | Q(reason__icontains=text))
    return found


def override_outcomes(found: Sequence[Override], version: DataVersion) -> list[OverrideOutcome]:
    """What each of these earned or cost against what was expected of the recommended price."""
    judged = [each for each in found if each.expected is not None]
    outcomes = outcomes_of([_as_if_taken(each) for each in judged], version)
    by_override = dict(zip([each.pk for each in judged], outcomes, strict=True))
    return [
        _judge(each, by_override[each.pk].longest) if each.pk in by_override else OverrideOutcome(each)
        for each in found
    ]


def _as_if_taken(override: Override) -> PriceChange:
    """The change that the recommendation would have been, in force while what was done instead was."""
    done = override.change or PriceChange(status=PriceChangeStatus.REJECTED)
    return PriceChange(
        pk=None if override.rejected else done.pk,
        product=override.product,
        old_price=override.old_price,
        new_price=override.recommended_price,
        status=done.status,
        changed_at=done.changed_at or override.created_at,
        rolled_back_at=done.rolled_back_at,
        expected=override.expected,
    )


def _judge(override: Override, window: ChangeWindow) -> OverrideOutcome:
    if window.realised is None or window.expected is None or window.interval is None:
        return OverrideOutcome(override, window)
    figure = "revenue" if isnan(window.expected.profit) else "profit"
    realised = getattr(window.realised, figure)
    low, high = getattr(window.interval, figure)
    interval = (realised - high, realised - low)
    verdict = EARNED if interval[0] > 0 else COST if interval[1] < 0 else NOT_CLEAR
    return OverrideOutcome(
        override, window, figure, realised - getattr(window.expected, figure), interval, verdict
    )
