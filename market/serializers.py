"""What the API and the desk ask alike."""

from typing import Any

from rest_framework import serializers

from elastix.api.fields import PriceInputField
from market.core.duels import REACTIONS
from market.selectors.duels import MOST_RUNS, RIVALS_FLOOR, RIVALS_STEP_PERCENT, WEEK_OF_HOURS
from pricing.sales.api.fields import CodeField


class DuelQuery(serializers.Serializer[Any]):
    product = CodeField()
    reaction = serializers.ChoiceField(REACTIONS, required=False, default=REACTIONS[0])
    step_percent = serializers.FloatField(
        required=False,
        default=RIVALS_STEP_PERCENT,
        min_value=0.01,
        max_value=50,
        help_text="How far the competitor goes below us where it undercuts.",
    )
    competitor_price = PriceInputField(
        required=False,
        help_text="At the beginning; their lowest that is known, else our price, if not given.",
    )
    competitor_floor = PriceInputField(
        required=False,
        help_text=f"The competitor goes no lower; {RIVALS_FLOOR:.0%} of its first price if not given, an assumption.",
    )
    gives_up = serializers.BooleanField(
        required=False, default=False, help_text="At its floor it goes back to its first price."
    )
    every = serializers.IntegerField(
        required=False,
        default=1,
        min_value=1,
        max_value=168,
        help_text="It reacts after this many runs of the rule.",
    )
    runs = serializers.IntegerField(required=False, default=WEEK_OF_HOURS, min_value=2, max_value=MOST_RUNS)
    pauses = serializers.BooleanField(
        required=False, default=True, help_text="false: what would happen without the pause."
    )
