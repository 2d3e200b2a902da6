"""Reasons for which the price of a product may not be changed now."""

import datetime as dt
from dataclasses import dataclass

from pricing.recommendation.selectors.pricing_inputs import PriceFacts
from pricing.sales.models import PriceHold


@dataclass(frozen=True, slots=True)
class Holding:
    """What keeps a price from being changed.

    Attributes
    ----------
    hold : somebody else's, such as a price experiment's: only its holder changes the price.
    experiment : the number of the price experiment that holds it; None for others.
    rests_until : until when the policy wants the price left alone after its last change; None where it does not.
    cooldown_days, changed_at : how long, and since when.
    """

    hold: PriceHold | None = None
    experiment: int | None = None
    rests_until: dt.datetime | None = None
    cooldown_days: int = 0
    changed_at: dt.datetime | None = None


def holding_of(facts: PriceFacts, now: dt.datetime) -> Holding:
    """What keeps the price of a product from being changed: a hold, and the rest after a change."""
    hold = PriceHold.objects.filter(product_id=facts.code).first()
    kind, _, number = hold.holder.partition(" ") if hold else ("", "", "")
    experiment = int(number) if kind == "experiment" and number.isdecimal() else None
    days, last = int(facts.policy.cooldown_days), facts.base.last_changed
    if last is None or not facts.is_cooling(now):
        return Holding(hold, experiment)
    return Holding(hold, experiment, last + dt.timedelta(days=days), days, last)
