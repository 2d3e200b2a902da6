"""What GET /api/insights/{id} answers."""

from typing import Any

from rest_framework import serializers


class SuggestedActionSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    text = serializers.CharField()
    price = serializers.FloatField(allow_null=True, help_text="The price to set, where it is one.")


class InsightSerializer(serializers.Serializer[Any]):
    rank = serializers.IntegerField()
    kind = serializers.CharField()
    finding = serializers.CharField()
    money_at_stake = serializers.FloatField(help_text="Profit; revenue where the cost is not known.")
    period = serializers.ChoiceField(["30 days", "once"], help_text="What the money at stake is per.")
    confidence = serializers.FloatField(help_text="How sure the finding is, 0 to 1.")
    evidence = serializers.DictField()
    action = SuggestedActionSerializer()


class InsightsSerializer(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    name = serializers.CharField()
    as_of = serializers.DateField(allow_null=True)
    current_price = serializers.FloatField(allow_null=True)
    insights = InsightSerializer(many=True, help_text="The most money at stake first.")
    last_updated = serializers.DateTimeField(allow_null=True)
