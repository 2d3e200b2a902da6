"""Reads of experiments."""

import datetime as dt
from collections.abc import Sequence

import numpy as np
from django.conf import settings
from django.db.models import Count, QuerySet
from django.utils import timezone

from elastix.errors import found
from pricing.sales.core.arrays import BoolArray
from simulations.experiments.core.schedule import Schedule
from simulations.experiments.models import ExperimentProduct, PriceExperiment


def experiments() -> QuerySet[PriceExperiment]:
    """All experiments with their number of products, newest first."""
    return PriceExperiment.objects.annotate(product_count=Count("products")).order_by("-created_at", "-pk")


def find_experiment(experiment_id: int, *, lock: bool = False) -> PriceExperiment:
    """Return an experiment.

    Raises
    ------
    NotFound : there is none.
    """
    rows = PriceExperiment.objects.select_for_update() if lock else experiments()
    return found(rows.filter(pk=experiment_id).first(), f"experiment {experiment_id}")


def shop_day(moment: dt.datetime) -> dt.date:
    """The shop's day of a moment."""
    return moment.astimezone(settings.SHOP_TIME_ZONE).date()


def shop_today() -> dt.date:
    """The shop's day of now."""
    return shop_day(timezone.now())


def schedule_of(experiment: PriceExperiment, products: Sequence[ExperimentProduct]) -> Schedule:
    """The draw of an experiment that has started."""
    groups = 1 + max(each.group for each in products)
    return Schedule.draw(
        experiment.design,
        experiment.seed,
        groups,
        experiment.weeks,
        experiment.washout_days,
        paused_days(experiment),
    )


def paused_days(experiment: PriceExperiment) -> BoolArray:
    """(D,) of the days of an experiment up to today, whether it was paused."""
    if experiment.starts_on is None:
        return np.zeros(0, np.bool_)
    today = shop_today()
    paused = np.zeros(max((today - experiment.starts_on).days + 1, 0), np.bool_)
    for first, last in experiment.pauses:
        start = (dt.date.fromisoformat(first) - experiment.starts_on).days
        end = (dt.date.fromisoformat(last) if last else today) - experiment.starts_on
        paused[start : end.days + 1] = True
    return paused


def last_day(experiment: PriceExperiment) -> dt.date | None:
    """The last day that is planned; None before the start."""
    if experiment.starts_on is None:
        return None
    return experiment.starts_on + dt.timedelta(days=7 * experiment.weeks - 1)
