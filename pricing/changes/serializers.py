"""Shapes of requests and answers: the price ledger."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers

from elastix.api.fields import TextField
from elastix.api.serializers import MoneyField, PercentField, RowSerializer
from pricing.recommendation.api.price_serializers import price_field
from pricing.sales.api.serializers import CodeField
from pricing.sales.models import PriceChange

MOST_CHANGES = 5_000
FARTHEST_DAYS = 366


class ScheduleField(serializers.DateTimeField):
    """A moment within the next year; without an offset it is in the shop's zone."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=settings.SHOP_TIME_ZONE, **kwargs)

    def to_internal_value(self, value: Any) -> dt.datetime:
        moment: dt.datetime = super().to_internal_value(value)
        now = timezone.now()
        if moment < now:
            raise serializers.ValidationError("The moment has passed already.", code="in_the_past")
        if moment > now + dt.timedelta(days=FARTHEST_DAYS):
            raise serializers.ValidationError("The moment is more than a year away.", code="out_of_range")
        return moment.astimezone(dt.UTC)


class ProposedPriceSerializer(serializers.Serializer[Any]):
    product_id = CodeField()
    new_price = price_field()
    reason = TextField(max_length=255, required=False, allow_blank=True, default="")
    scheduled_for = ScheduleField(
        required=False, allow_null=True, default=None, help_text="When to apply it, once approved."
    )


class ProposalSerializer(serializers.Serializer[Any]):
    """One price, or a batch of them in `changes`."""

    product_id = CodeField(required=False)
    new_price = price_field(required=False)
    reason = TextField(max_length=255, required=False, allow_blank=True, default="")
    scheduled_for = ScheduleField(required=False, allow_null=True, default=None)
    changes = ProposedPriceSerializer(many=True, required=False, allow_empty=False, max_length=MOST_CHANGES)  # type: ignore[call-arg]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        one = [name for name in ("product_id", "new_price") if name in attrs]
        if "changes" in attrs:
            if one:
                raise serializers.ValidationError(
                    "Give either one product and price, or a list in `changes`.", code="both"
                )
        elif len(one) < 2:
            missing = {"product_id", "new_price"} - set(one)
            raise serializers.ValidationError(dict.fromkeys(sorted(missing), "This field is required."))
        return attrs


class ApprovalSerializer(serializers.Serializer[Any]):
    scheduled_for = ScheduleField(
        required=False, allow_null=True, default=None, help_text="When to apply it; default: as proposed."
    )


class NoteSerializer(serializers.Serializer[Any]):
    note = TextField(max_length=255, required=False, allow_blank=True, default="", help_text="Why.")


class ChangeSerializer(RowSerializer, serializers.ModelSerializer[PriceChange]):
    name = serializers.CharField(source="product.name")
    product_id = serializers.CharField()
    old_price = MoneyField(allow_null=True)
    new_price = MoneyField()
    change_percent = PercentField(allow_null=True)
    current_price = MoneyField(source="product.current_price", allow_null=True)
    is_stale = serializers.BooleanField(help_text="It waits, but its product's price has moved meanwhile.")
    batch = serializers.UUIDField(allow_null=True)
    expected = serializers.DictField(
        allow_null=True,
        help_text="What was expected when it was approved: current and projected figures of 30 days, 80 % limits.",
    )

    class Meta:
        model = PriceChange
        fields = (
            "id", "product_id", "name", "old_price", "new_price", "change_percent", "current_price", "status",
            "is_stale", "source", "batch", "reason", "created_at", "proposed_by", "decided_at", "decided_by",
            "scheduled_for", "changed_at", "applied_by", "rolled_back_at", "rolled_back_by", "note", "expected",
        )  # fmt: skip


class BatchSerializer(serializers.Serializer[Any]):
    batch = serializers.UUIDField(allow_null=True)
    total = serializers.IntegerField()
    items = ChangeSerializer(many=True)


class OutcomeFiguresSerializer(serializers.Serializer[Any]):
    """Of the days counted; profit is null where the cost is unknown."""

    quantity = serializers.FloatField(allow_null=True)
    revenue = serializers.FloatField(allow_null=True)
    profit = serializers.FloatField(allow_null=True)


class LimitsSerializer(serializers.Serializer[Any]):
    level = serializers.FloatField()
    quantity = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    revenue = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    profit = serializers.ListField(child=serializers.FloatField(), allow_null=True)


class WithinSerializer(serializers.Serializer[Any]):
    quantity = serializers.BooleanField(allow_null=True)
    revenue = serializers.BooleanField(allow_null=True)
    profit = serializers.BooleanField(allow_null=True)


class SeasonSerializer(serializers.Serializer[Any]):
    factor = serializers.FloatField(help_text="Sales a day of the rest, against the 30 days before.")

    def get_fields(self) -> dict[str, Any]:
        # A name that Python keeps for itself.
        rest = serializers.CharField(
            allow_null=True, help_text="Which rest of the shop; null: too little to tell."
        )
        return {**super().get_fields(), "from": rest}


class WindowSerializer(serializers.Serializer[Any]):
    """One window after a change. Figures are null while no day of it is in the data."""

    days = serializers.IntegerField()
    status = serializers.ChoiceField(["complete", "open", "truncated"])
    days_counted = serializers.IntegerField()
    to = serializers.DateField(allow_null=True)
    season = SeasonSerializer()
    paid_level = serializers.FloatField(help_text="Price paid over list price in the 30 days before.")
    expected_raw = OutcomeFiguresSerializer(allow_null=True, help_text="Without season and paid level.")
    expected = OutcomeFiguresSerializer(allow_null=True)
    interval = LimitsSerializer(allow_null=True)
    realised = OutcomeFiguresSerializer(allow_null=True)
    within = WithinSerializer(allow_null=True)
    without_change = OutcomeFiguresSerializer(allow_null=True, help_text="At the old price.")
    gain = OutcomeFiguresSerializer(allow_null=True, help_text="Realised less without_change.")
    gain_interval = LimitsSerializer(allow_null=True)
    paid = serializers.ChoiceField(["yes", "no", "not clear"], allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": serializers.DateField(allow_null=True)}


class OutcomeSerializer(serializers.Serializer[Any]):
    change = ChangeSerializer()
    as_of = serializers.DateField(allow_null=True, help_text="The first day that is not in the data.")
    windows = WindowSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())
    last_updated = serializers.DateTimeField(allow_null=True)


class FigureCalibrationSerializer(serializers.Serializer[Any]):
    judged = serializers.IntegerField()
    within = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    share_interval = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text="95 % limits of the share."
    )
    expected = serializers.FloatField(allow_null=True)
    realised = serializers.FloatField(allow_null=True)
    bias_percent = serializers.FloatField(allow_null=True, help_text="Realised over expected, less 100 %.")
    expected_raw = serializers.FloatField(allow_null=True)
    bias_percent_raw = serializers.FloatField(allow_null=True)


class WindowCalibrationSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField()
    complete = serializers.IntegerField()
    open = serializers.IntegerField()
    truncated = serializers.IntegerField()
    quantity = FigureCalibrationSerializer()
    revenue = FigureCalibrationSerializer()
    profit = FigureCalibrationSerializer()


class CalibrationSerializer(serializers.Serializer[Any]):
    level = serializers.FloatField(help_text="What the shares should be.")
    changes = serializers.IntegerField()
    as_of = serializers.DateField(allow_null=True)
    windows = WindowCalibrationSerializer(many=True)
    last_updated = serializers.DateTimeField(allow_null=True)


class BulkProposeSerializer(serializers.Serializer[Any]):
    reason = TextField(
        max_length=255, required=False, allow_blank=True, default="", help_text="Kept with every change."
    )


class LeftOutSerializer(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    code = serializers.CharField(help_text="The rule that stood in the way, in one word.")
    reason = serializers.CharField()


class BulkProposedSerializer(serializers.Serializer[Any]):
    batch = serializers.UUIDField()
    proposed = serializers.IntegerField(help_text="Changes in the batch.")
    proposed_at = serializers.DateTimeField()
    proposed_by = serializers.CharField()
    left_out = LeftOutSerializer(many=True)
