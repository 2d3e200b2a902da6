"""Recommended prices: proposed as they stand or as a bulk optimization has them, and not taken (/api/price/overrides)."""

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.filters import StrictFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.permissions import audit_username
from elastix.api.serializers import KnownField, MoneyField, PercentField, RowSerializer
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from pricing.changes.api.changes import note_field
from pricing.changes.core.prior_price import PRIOR_STATES
from pricing.changes.selectors.overrides import COST, EARNED, NOT_CLEAR, override_outcomes, overrides
from pricing.changes.selectors.prior_prices import prior_prices_of_cuts
from pricing.changes.services.bulk_proposals import bulk_propose
from pricing.changes.services.standing_proposals import propose_recommended
from pricing.recommendation.api.standing import (
    PRIVATE,
    ChosenSerializer,
    StandingFilterSet,
    StandingQuery,
    StandingSerializer,
)
from pricing.recommendation.selectors.standing import standing_recommendations
from pricing.sales.api.fields import CodeFilter


class BulkProposeSerializer(serializers.Serializer[Any]):
    reason = note_field("Kept with every change.")


class ProposeRecommendedSerializer(ChosenSerializer):
    reason = note_field("Kept with every change.")


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


class ProposedBatchSerializer(serializers.Serializer[Any]):
    batch = serializers.UUIDField()
    proposed = serializers.SerializerMethodField(help_text="Changes in the batch.")
    left_out = LeftOutSerializer(many=True)

    def get_proposed(self, found: Any) -> int:
        return len(found.changes)


class WithPriorPrices(serializers.ListSerializer[Any]):
    """Rows of which those that lower a price have what may be announced of that, read for all of them at once."""

    def to_representation(self, data: Any) -> Any:
        rows = list(data)
        cuts = {
            row.product_id: row.recommended_price
            for row in rows
            if row.changes and row.recommended_price < row.current_price
        }
        priors = prior_prices_of_cuts(cuts)
        for row in rows:
            found = priors.get(row.product_id)
            row.prior_state = found and found.state
            row.prior_price = found and found.prior_price
            row.discount_percent = found and found.discount_percent
        return super().to_representation(rows)


class RecommendedPriceSerializer(StandingSerializer):
    """A recommended price; where it is lower than today's, with the prior price of the reduction."""

    prior_state = serializers.ChoiceField(
        PRIOR_STATES,
        allow_null=True,
        help_text="Of a recommended reduction, as if in force today: reduced where it may be announced as one.",
    )
    prior_price = MoneyField(allow_null=True, help_text="Lowest of the 30 days before the reduction.")
    discount_percent = PercentField(allow_null=True, help_text="That may be announced.")

    class Meta:
        list_serializer_class = WithPriorPrices


class RecommendedPriceViewSet(ElastixViewSet):
    """Recommended prices as they stand, and their proposal."""

    file_name = "recommendations"
    filterset_class = StandingFilterSet
    default_limit = 50

    @operation(query=StandingQuery, response=RecommendedPriceSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """Recommended prices by expected gain, as computed within the last minutes; `format=csv`: all in a file."""
        response = self.page(self.filtered(standing_recommendations(self.query["changes"])))
        response["Cache-Control"] = PRIVATE["Cache-Control"]
        return response

    @action(detail=False, methods=["post"])
    @operation(body=ProposeRecommendedSerializer, response=ProposedBatchSerializer, status=201, errors=(409,))
    def propose(self, request: Request) -> Response:
        """Propose the recommended prices of these products as one batch; what cannot be proposed is left out.

        409 where none can: a product of which a change is open gets no second one.
        """
        asked = self.validated()
        found = propose_recommended(asked["product_ids"], by=audit_username(request), reason=asked["reason"])
        return Response(ProposedBatchSerializer(found).data, status=201)


class BulkProposalViewSet(ElastixViewSet):
    """Recommended prices of a bulk optimization, proposed."""

    lookup_url_kwarg = "job_id"
    lookup_value_converter = "row_id"

    @action(detail=True, methods=["post"])
    @operation(body=BulkProposeSerializer, response=BulkProposedSerializer, status=(201, 200), errors=(409,))
    def propose(self, request: Request, job_id: int) -> Response:
        """Propose all changed prices of a bulk optimization as one batch; again: the same batch."""
        found, is_new = bulk_propose(job_id, by=audit_username(request), **self.validated())
        return Response(BulkProposedSerializer(found).data, status=201 if is_new else 200)


class OverrideFilterSet(StrictFilterSet):
    product = CodeFilter(method="of_product", help_text="Of this product only.")
    made_by = TextFilter(max_length=150)

    def of_product(self, found: QuerySet[Any], name: str, code: str) -> QuerySet[Any]:
        return found.filter(Q(change__product_id=code) | Q(recommendation__product_id=code))


class OverrideSerializer(RowSerializer):
    """A recommendation that was not taken, and what that earned or cost against what was expected of it."""

    id = serializers.IntegerField(source="override.pk")
    product_id = serializers.CharField(source="override.product.pk")
    name = serializers.CharField(source="override.product.name")
    change = serializers.IntegerField(
        source="override.change_id",
        allow_null=True,
        help_text="What was done instead; null where it was refused or left.",
    )
    recommendation = serializers.IntegerField(
        source="override.recommendation_id", allow_null=True, help_text="The one that was refused or left."
    )
    left = serializers.ChoiceField(
        ["superseded", "expired"],
        source="override.left",
        allow_blank=True,
        help_text="How it ended where nobody decided on it; empty where somebody did.",
    )
    rejected = serializers.BooleanField(source="override.rejected", help_text="The price stayed.")
    old_price = MoneyField(source="override.old_price", allow_null=True)
    recommended_price = MoneyField(source="override.recommended_price")
    chosen_price = MoneyField(source="override.chosen_price", allow_null=True)
    made_by = serializers.CharField(source="override.made_by")
    reason = serializers.CharField(source="override.reason")
    created_at = serializers.DateTimeField(source="override.created_at")
    days_counted = serializers.IntegerField(help_text="Of the longest window with a day in the data.")
    figure = serializers.ChoiceField(["profit", "revenue"], help_text="Revenue where the cost is not known.")
    difference = KnownField(help_text="Sold less what was expected of the recommended price.")
    interval = serializers.ListField(child=serializers.FloatField(), allow_null=True, help_text="80 %.")
    verdict = serializers.ChoiceField([EARNED, COST, NOT_CLEAR], allow_null=True)


class OverrideViewSet(ElastixViewSet):
    """Recommendations that were not taken."""

    filterset_class = OverrideFilterSet

    @operation(response=OverrideSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """Which recommendations were not taken, by whom, why, and what that earned or cost; newest first."""
        found = self.filtered(overrides())

        def build(version: Any) -> Any:
            outcomes = override_outcomes(list(self.paginate_queryset(found) or ()), version)
            return self.get_paginated_response(OverrideSerializer(outcomes, many=True).data).data

        return answer(request, build, etag=False)
