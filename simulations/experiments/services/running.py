"""Scheduled work of experiments: set the day's prices, update results, end them."""

import datetime as dt
import logging
from collections.abc import Sequence
from typing import Final

from django.contrib.auth import get_user_model
from django.db import transaction

from elastix.alerts.models import Alert
from elastix.alerts.services import Finding, alerts_report
from elastix.api.permissions import Role, role_of
from elastix.dataset.versions import lock_version
from elastix.errors import ElastixError
from pricing.sales.selectors.daily import newest_sale_day
from simulations.experiments.models import ExperimentStatus, PriceExperiment
from simulations.experiments.selectors.experiments import last_day, shop_today
from simulations.experiments.services.evidence import record_result
from simulations.experiments.services.experiments import (
    ALERT,
    MOST_NAMED,
    checks_of,
    experiment_end,
    experiment_turn,
)

logger = logging.getLogger(__name__)
RESULT_AFTER_END = dt.timedelta(days=60)
NOT_ALLOWED = (
    "whoever started it may not decide on prices any more: a manager has to pause it and start it again"
)

CHECKS: Final = {
    "sample_ratio": "More weeks were lost at one price than at the other: do not trust the comparison before you know why.",
    "deviations": "Sold at another price than the drawn one: {codes}.",
    "sold_out": "Probably sold out: {codes}.",
}


def experiments_advance() -> int:
    """Turn the prices of running experiments, end those whose weeks are over, and update results; return how many ran."""
    today, newest = shop_today(), newest_sale_day()
    holding = PriceExperiment.objects.filter(status__in=(ExperimentStatus.RUNNING, ExperimentStatus.PAUSED))
    running = 0
    for experiment in holding.order_by("pk"):
        running += experiment.status == ExperimentStatus.RUNNING
        _advance(experiment, today)
    if newest is not None:
        lately = today - RESULT_AFTER_END
        started = PriceExperiment.objects.exclude(starts_on=None).order_by("pk")
        for experiment in started:
            is_live = experiment.ended_at is None or experiment.ended_at.date() >= lately
            if is_live and experiment.result_to != newest:
                _report_checks(record_result(experiment, newest))
    return running


def _advance(experiment: PriceExperiment, today: dt.date) -> None:
    end = last_day(experiment)
    is_over = end is not None and today > end
    if experiment.status == ExperimentStatus.PAUSED and not is_over:
        return
    found = []
    try:
        if is_over:
            experiment_end(experiment)
            words = "Its weeks are over and the usual prices are back: choose which prices to keep."
            found.append(Finding(str(experiment.pk), f"Price experiment {experiment.name}: {words}", {}))
        elif not _may_decide(experiment.started_by):
            found.append(_problem(experiment, NOT_ALLOWED))
        else:
            experiment_turn(experiment)
            experiment.refresh_from_db()
            for each in experiment.problems[:1]:
                found.append(_problem(experiment, f"{each['product_id']}: {each['reason']}"))
    except ElastixError as error:
        # Somebody has paused or stopped it meanwhile; the others go on.
        logger.info("experiment %s was not turned: %s", experiment.pk, error)
        return
    alerts_report(ALERT, found, among=[str(experiment.pk)])


@transaction.atomic
def _report_checks(experiment: PriceExperiment) -> None:
    """Alarm where one that has not ended does not run as drawn, and anew once more is wrong than was said."""
    lock_version()  # nobody ends it meanwhile: its end clears the alert
    result, subject = experiment.result, checks_of(experiment)
    if result is None or not PriceExperiment.objects.filter(pk=experiment.pk, ended_at=None).exists():
        return
    wrong = {
        "sample_ratio": ["mismatch"] if result["sample_ratio"]["is_mismatch"] else [],
        "deviations": [each["product_id"] for each in result["deviations"]],
        "sold_out": result["sold_out"],
    }
    standing = Alert.objects.filter(kind=ALERT, subject=subject, cleared_at=None).first()
    said = standing.data if standing else {}
    if any(set(found) - set(said.get(check, [])) for check, found in wrong.items()):
        # An alert that stands is brought up to date without a message: what is new is another alert.
        alerts_report(ALERT, [], among=[subject])
    words = [CHECKS[check].format(codes=_named(found)) for check, found in wrong.items() if found]
    message = f"Price experiment {experiment.name} does not run as drawn. {' '.join(words)}"
    alerts_report(ALERT, [Finding(subject, message, wrong)] if words else [], among=[subject])


def _named(codes: Sequence[str]) -> str:
    named, more = ", ".join(codes[:MOST_NAMED]), len(codes) - MOST_NAMED
    return f"{named} and {more} others" if more > 0 else named


def _problem(experiment: PriceExperiment, reason: str) -> Finding:
    message = f"Price experiment {experiment.name}: today's prices could not all be set. {reason[0].upper()}{reason[1:]}."
    return Finding(str(experiment.pk), message, {"problems": experiment.problems})


def _may_decide(username: str) -> bool:
    user = get_user_model().objects.filter(username=username, is_active=True).first()
    return user is not None and role_of(user) >= Role.MANAGER
