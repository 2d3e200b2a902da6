"""/api/price/rules/{rule_id}: products paused because their prices oscillated; simulated duels with a competitor."""

from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.filters import BooleanFilter, StrictFilterSet
from elastix.api.operations import operation
from elastix.api.permissions import Role, audit_username
from elastix.api.serializers import MoneyField, RowSerializer
from elastix.api.viewsets import ElastixViewSet
from market.api.rules import MOST_CODES
from market.core.duels import OUTCOMES
from market.models import RepricingPause
from market.selectors.duels import (
    rule_duel,
)
from market.selectors.rules import find_rule
from market.serializers import DuelQuery
from market.services.pauses import pauses_resume
from pricing.sales.api.fields import CodeField, CodeFilter
from pricing.sales.selectors.products import find_product


class PauseSerializer(serializers.ModelSerializer[RepricingPause]):
    product_id = serializers.CharField()
    old_price = MoneyField()
    new_price = MoneyField()

    class Meta:
        model = RepricingPause
        fields = (
            "id",
            "product_id",
            "old_price",
            "new_price",
            "passes",
            "paused_at",
            "resumed_at",
            "resumed_by",
        )


class PauseFilterSet(StrictFilterSet):
    product = CodeFilter(field_name="product_id")
    resumed = BooleanFilter(
        field_name="resumed_at", lookup_expr="isnull", exclude=True, help_text="false: paused now."
    )


class ResumeSerializer(serializers.Serializer[Any]):
    """Products to be resumed; without any, all that the rule has paused."""

    products = serializers.ListField(child=CodeField(), required=False, max_length=MOST_CODES, default=list)


class ResumedSerializer(serializers.Serializer[Any]):
    resumed = serializers.IntegerField(help_text="How many products.")


class DuelStepSerializer(RowSerializer):
    run = serializers.IntegerField()
    price = MoneyField()
    competitor_price = MoneyField()


class DuelSerializer(RowSerializer):
    product_id = serializers.CharField()
    outcome = serializers.ChoiceField(OUTCOMES)
    floor = MoneyField(help_text="The lowest price that the limits allow in the long run.")
    floor_known = serializers.BooleanField(
        help_text="false: no cost and no lowest price; the rule changes nothing."
    )
    lowest_price = MoneyField()
    highest_price = MoneyField()
    paused_at = serializers.IntegerField(
        allow_null=True, help_text="The run before which the rule would be paused."
    )
    steps = DuelStepSerializer(many=True)


class RuleCalmViewSet(ElastixViewSet):
    """What keeps repricing rules from going round in circles with competitors."""

    queryset = RepricingPause.objects.order_by("-id")
    filterset_class = PauseFilterSet

    @action(detail=False, url_path="<row_id:rule_id>/pauses")
    @operation(response=PauseSerializer, lists=True)
    def pauses(self, request: Request, rule_id: int) -> Response:
        """Products that a rule was paused for, newest first."""
        return self.page(self.filtered(self.get_queryset().filter(rule=find_rule(rule_id))))

    @action(detail=False, methods=["post"], url_path="<row_id:rule_id>/resume", filterset_class=None)
    @operation(body=ResumeSerializer, response=ResumedSerializer, role=Role.MANAGER)
    def resume(self, request: Request, rule_id: int) -> Response:
        """Let a rule change the prices of paused products again; earlier passes count no more."""
        codes = self.validated()["products"]
        return Response({"resumed": pauses_resume(rule_id, by=audit_username(request), codes=codes)})

    @action(detail=False, url_path="<row_id:rule_id>/duel", filterset_class=None)
    @operation(query=DuelQuery, response=DuelSerializer, errors=(409,))
    def duel(self, request: Request, rule_id: int) -> Response:
        """A dry run of a rule against a competitor who reacts; no price is changed."""
        asked = dict(self.query)
        product = find_product(asked.pop("product"))
        return Response(DuelSerializer(rule_duel(find_rule(rule_id), product.code, **asked)).data)
