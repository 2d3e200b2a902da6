"""/api/recommendations: recommendations that come by themselves, and what became of each."""

from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import TextField
from elastix.api.filters import ChoiceFilter, Ordering, StrictFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.permissions import audit_username
from elastix.api.serializers import MoneyField, PercentField, RoundedField, RowSerializer
from elastix.api.viewsets import ElastixViewSet
from pricing.changes.api.changes import note_field
from pricing.changes.api.recommended import ProposedBatchSerializer
from pricing.changes.services.standing_proposals import propose_recommended
from pricing.elasticity.models import EvidenceClass, Grade
from pricing.recommendation.api.standing import MOST_TOGETHER, PRIVATE, WordsField
from pricing.recommendation.models import Recommendation, RecommendationState
from pricing.recommendation.selectors.offers import open_codes, recommendations
from pricing.recommendation.services.offers import recommendations_refuse
from pricing.sales.api.fields import CodeField, CodeFilter


class OfferedRecommendationSerializer(RowSerializer, serializers.ModelSerializer[Recommendation]):
    product_id = serializers.CharField()
    name = serializers.CharField(source="product.name")
    category = serializers.CharField(source="product.category")
    current_price = MoneyField()
    recommended_price = MoneyField()
    change_percent = PercentField()
    profit_change = MoneyField(help_text="Expected in 30 days: an estimate from past sales.")
    gain_low = MoneyField(help_text="80 % interval of the change of profit.")
    gain_high = MoneyField()
    probability_of_gain = RoundedField(4)
    quality = serializers.CharField(help_text="Grade of the elasticity.")
    evidence = serializers.CharField(
        help_text="What the elasticity rests on; borrowed: a guess from its category."
    )
    limits = WordsField(help_text="Guardrails that shaped the price.")
    warnings = WordsField()
    change = serializers.IntegerField(source="change_id", allow_null=True, help_text="That proposed it.")

    class Meta:
        model = Recommendation
        fields = (
            "id", "product_id", "name", "category", "current_price", "recommended_price", "change_percent",
            "profit_change", "gain_low", "gain_high", "probability_of_gain", "quality", "evidence", "limits",
            "warnings", "state", "offered_at", "decided_at", "decided_by", "reason", "change",
        )  # fmt: skip


class RecommendationFilterSet(StrictFilterSet):
    state = ChoiceFilter(choices=RecommendationState.choices)
    product = CodeFilter(field_name="product_id", help_text="Of this product only.")
    category = TextFilter(field_name="product__category", max_length=100)
    grade = ChoiceFilter(field_name="quality", choices=Grade.choices)
    evidence = ChoiceFilter(choices=EvidenceClass.choices)
    ordering = Ordering(
        {
            "gain": "profit_change",
            "chance": "probability_of_gain",
            "product": "product_id",
            "grade": "quality",
            "offered_at": "offered_at",
            "decided_at": "decided_at",
        },
        default="-gain",
    )


class DecideSerializer(serializers.Serializer[Any]):
    """Without `product_ids`: all that are open."""

    product_ids = serializers.ListField(
        child=CodeField(), allow_empty=False, max_length=MOST_TOGETHER, required=False
    )


class ProposeSerializer(DecideSerializer):
    reason = note_field("Kept with every change.")


class RefuseSerializer(DecideSerializer):
    reason = TextField(max_length=255, help_text="Why; it is remembered.")


class RefusedSerializer(serializers.Serializer[Any]):
    refused = OfferedRecommendationSerializer(many=True)
    left_out = serializers.ListField(
        child=serializers.CharField(), help_text="Products with nothing to refuse."
    )


class RecommendationViewSet(ElastixViewSet):
    """Recommendations that come by themselves."""

    filterset_class = RecommendationFilterSet
    default_limit = 50

    @operation(response=OfferedRecommendationSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """Recommended changes that are sure enough to be offered without being asked for, in any state; by gain."""
        response = self.page(self.filtered(recommendations()))
        response["Cache-Control"] = PRIVATE["Cache-Control"]
        return response

    @action(detail=False, methods=["post"])
    @operation(body=ProposeSerializer, response=ProposedBatchSerializer, status=201, errors=(409,))
    def propose(self, request: Request) -> Response:
        """Propose all open recommendations, or those of these products, as one batch.

        Each is proposed as it stands now; what cannot be proposed is left out. 409 where none can.
        """
        asked = self.validated()
        codes = asked.get("product_ids") or open_codes()
        found = propose_recommended(codes, by=audit_username(request), reason=asked["reason"])
        return Response(ProposedBatchSerializer(found).data, status=201)

    @action(detail=False, methods=["post"])
    @operation(body=RefuseSerializer, response=RefusedSerializer, errors=(409,))
    def refuse(self, request: Request) -> Response:
        """Refuse all open recommendations, or what is recommended for these products, with a reason.

        They are not offered again until the advice changes materially: `/api/price/overrides` tells what that earned or
        cost. 409 where there is nothing to refuse.
        """
        asked = self.validated()
        codes = asked.get("product_ids") or open_codes()
        found = recommendations_refuse(codes, by=audit_username(request), reason=asked["reason"])
        return Response(RefusedSerializer(found).data)
