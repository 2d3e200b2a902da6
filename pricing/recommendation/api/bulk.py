"""Prices of many products at once: optimized by a job, downloaded as a file; categories."""

from typing import Any

from django.http import StreamingHttpResponse
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import TextField
from elastix.api.operations import operation
from elastix.api.renderers import csv_file
from elastix.api.serializers import ElasticityField, MoneyField, PercentField
from elastix.api.viewsets import AnyAccept, ElastixViewSet
from elastix.jobs.api import JobAcceptedSerializer
from pricing.elasticity.core.demand import CONSTANT_ELASTICITY, DEMAND_MODELS
from pricing.elasticity.models import Grade
from pricing.recommendation.api.prices import (
    NarrowerLimitsSerializer,
    PriceRangeSerializer,
    fraction_field,
    overrides_of,
)
from pricing.recommendation.core.inputs import PROFIT, STRATEGIES
from pricing.recommendation.models import CategorySummary
from pricing.recommendation.selectors.bulk import CSV_HEADER, chosen_products, csv_rows, find_optimization
from pricing.recommendation.services.bulk import bulk_request
from pricing.sales.api.fields import CodeField

ROWS_A_PIECE = 500
MOST_IDS = 10_000
SELECTORS = ("product_ids", "category", "filter")


class BulkFilterSerializer(PriceRangeSerializer):
    """Which active merchandise; all that is given has to apply, and nothing at all means the whole shop."""

    search = TextField(max_length=100, required=False, help_text="Part of the code or name.")
    category = TextField(max_length=100, required=False, allow_blank=True)
    grades = serializers.ListField(
        child=serializers.ChoiceField(Grade.choices),
        allow_empty=False,
        max_length=4,
        required=False,
        help_text="Of the elasticity.",
    )
    has_stock = serializers.BooleanField(required=False)


class ConstraintsSerializer(NarrowerLimitsSerializer):
    """Limits in place of the policies'; each counts where it is narrower than these."""

    min_margin = fraction_field("0.99", required=False, help_text="0.30: 30 % of the price.")


class BulkOptimizeSerializer(serializers.Serializer[Any]):
    """Exactly one of product_ids, category and filter says which products."""

    product_ids = serializers.ListField(
        child=CodeField(), allow_empty=False, max_length=MOST_IDS, required=False
    )
    category = TextField(
        max_length=100, allow_blank=True, required=False, help_text='"": products without one.'
    )
    filter = BulkFilterSerializer(required=False)
    strategy = serializers.ChoiceField(STRATEGIES, required=False, help_text="In place of the policies'.")
    demand_model = serializers.ChoiceField(
        DEMAND_MODELS, required=False, help_text="In place of the policies'."
    )
    constraints = ConstraintsSerializer(required=False)
    joint = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Choose the prices together, with the cross effects between the products, for most profit under linear "
        "demand. No chance of gain is asked of each; the answer has that of the whole.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in SELECTORS if name in attrs]
        if len(given) != 1:
            said = f"{' and '.join(given)} were given" if given else "none was given"
            raise serializers.ValidationError(
                f"Say which products by exactly one of product_ids, category and filter; {said}.",
                code="selector",
            )
        if attrs["joint"]:
            if attrs.get("strategy", PROFIT) != PROFIT:
                raise serializers.ValidationError(
                    {"strategy": "Prices are chosen together for profit alone."}
                )
            if attrs.get("demand_model") == CONSTANT_ELASTICITY:
                raise serializers.ValidationError(
                    {"demand_model": "Prices are chosen together under linear demand alone."}
                )
        asked = {name: attrs[name] for name in ("strategy", "demand_model") if name in attrs}
        return attrs | {"overrides": overrides_of(asked | attrs.get("constraints", {}))}


class BulkOptimizeViewSet(ElastixViewSet):
    """Prices of many products, recommended by a job."""

    @operation(body=BulkOptimizeSerializer, response=JobAcceptedSerializer, status=202)
    def create(self, request: Request) -> Response:
        """Recommend prices for many products in a job; /api/jobs/{id} has its progress and result, for 30 days."""
        asked = self.validated()
        products = chosen_products(asked)
        job = bulk_request(products, asked["overrides"], joint=asked["joint"], user=request.user)
        job.refresh_from_db(fields=["state"])
        return Response(JobAcceptedSerializer(job).data, status=202)


class BulkResultViewSet(ElastixViewSet):
    """What a bulk optimization recommended."""

    content_negotiation_class = AnyAccept
    lookup_url_kwarg = "job_id"
    lookup_value_converter = "row_id"

    @action(detail=True, url_path="result.csv")
    @operation(response=bytes, errors=(409,))
    def result(self, request: Request, job_id: int) -> StreamingHttpResponse:
        """All rows of a bulk optimization as CSV, by product."""
        found = find_optimization(job_id)
        kept = {"Cache-Control": "private, no-store"}
        return csv_file(f"prices-{job_id}.csv", CSV_HEADER, csv_rows(found), kept)


class UpliftSerializer(serializers.Serializer[Any]):
    """Expected change over 30 days if all recommendations are acted on; 80 % limits."""

    products = serializers.IntegerField(
        source="to_change", help_text="Products whose price is recommended to change."
    )
    revenue = MoneyField(source="revenue_change")
    profit = MoneyField(source="profit_change")
    profit_low = MoneyField(source="profit_change_low")
    profit_high = MoneyField(source="profit_change_high")


class CategorySerializer(serializers.ModelSerializer[CategorySummary]):
    label = serializers.CharField(  # type: ignore[assignment]
        source="__str__", help_text='The category, or "Uncategorised".'
    )
    revenue = MoneyField(help_text="Of the 30 days to the as-of date, net of returns.")
    margin = PercentField(
        source="margin_percent",
        allow_null=True,
        help_text="Percent of the revenue whose products have a cost.",
    )
    cost_known_percent = PercentField(
        allow_null=True, help_text="Percent of the revenue whose products have a cost, known or assumed."
    )
    elasticity = ElasticityField(allow_null=True, help_text="Mean of the published, by revenue.")
    uplift = UpliftSerializer(source="*")

    class Meta:
        model = CategorySummary
        fields = (
            "category", "label", "products", "revenue", "margin", "cost_known_percent", "elasticity", "uplift",
        )  # fmt: skip


class CategoriesSerializer(serializers.Serializer[Any]):
    categories = CategorySerializer(many=True)
    last_updated = serializers.DateTimeField(allow_null=True)


class CategoryViewSet(ElastixViewSet):
    """Categories, as the last computation summed them up."""

    @operation(response=CategoriesSerializer)
    def list(self, request: Request) -> Response:
        """Categories: products, revenue, margin, elasticity, and what acting on all recommendations would add."""
        found = list(CategorySummary.objects.order_by("-revenue", "category"))
        last_updated = min((summary.computed_at for summary in found), default=None)
        answer = CategoriesSerializer({"categories": found, "last_updated": last_updated}).data
        return Response(answer, headers={"Cache-Control": "private, no-store"})
