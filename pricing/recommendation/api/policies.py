"""/api/price/policies: aims and limits of prices."""

from typing import Any

from django.db import models
from django.db.models import F
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import PriceInputField, TextField, rounded
from elastix.api.filters import StrictFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.permissions import Role
from elastix.api.viewsets import ElastixViewSet
from elastix.fields import PriceField
from pricing.elasticity.core.demand import DEMAND_MODELS
from pricing.recommendation.core.inputs import STRATEGIES
from pricing.recommendation.models import PricePolicy
from pricing.recommendation.models.policies import SETTINGS
from pricing.recommendation.selectors.policies import effective_policies, find_policy
from pricing.recommendation.services.policies import policy_create, policy_delete, policy_update
from pricing.sales.api.fields import CodeField, CodeFilter, DecimalNumberField
from pricing.sales.models import Product
from pricing.sales.selectors.products import find_product


class PolicySerializer(serializers.ModelSerializer[PricePolicy]):
    """A policy of one product, of one category or, with neither, of the shop; null: as in the wider policy."""

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        models.DecimalField: DecimalNumberField,
        PriceField: PriceInputField,
    }
    product_id = CodeField(required=False, allow_null=True)
    category = TextField(max_length=100, required=False, allow_blank=True)
    scope = serializers.CharField(
        source="__str__", read_only=True, help_text='"product P001", "category Drinks" or "the shop".'
    )

    class Meta:
        model = PricePolicy
        fields = ("id", "product_id", "category", "scope", *SETTINGS, "updated_at")
        # A text that is empty in the database is null here.
        extra_kwargs = {
            "strategy": {"allow_null": True, "allow_blank": False, "choices": STRATEGIES},
            "demand_model": {"allow_null": True, "allow_blank": False, "choices": DEMAND_MODELS},
            "endings": {"allow_null": True, "allow_blank": False},
        }
        validators: list[Any] = []  # the service's checks say more

    def validate_product_id(self, code: str | None) -> Product | None:
        if code is None:
            return None
        product = Product.objects.filter(code=code).first()
        if product is None:
            raise serializers.ValidationError(f"There is no product {code!r}.", code="unknown")
        return product

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The values by the model's fields; what a body that is not partial leaves out is left to the wider policies."""
        if not self.partial:
            attrs = {"product_id": None, "category": "", **dict.fromkeys(SETTINGS)} | attrs
        if "product_id" in attrs:
            attrs["product"] = attrs.pop("product_id")
        for name in ("strategy", "demand_model", "endings"):
            if name in attrs:
                attrs[name] = attrs[name] or ""
        return attrs

    def to_representation(self, instance: PricePolicy) -> dict[str, Any]:
        row = super().to_representation(instance)
        return {name: None if value == "" and name in SETTINGS else value for name, value in row.items()}


class EffectivePolicySerializer(serializers.Serializer[Any]):
    product_id = serializers.CharField()
    settings = serializers.DictField(
        child=serializers.DictField(),
        help_text='By setting: {value, source}; source "built in" if no policy has it.',
    )


class PolicyFilterSet(StrictFilterSet):
    product_id = CodeFilter()
    category = TextFilter(max_length=100, method="of_category")

    def of_category(self, policies: models.QuerySet[PricePolicy], name: str, value: str) -> Any:
        return policies.filter(product__isnull=True, category=value)


class PricePolicyViewSet(ElastixViewSet):
    """Aims and limits for the prices of a product, a category or the shop."""

    queryset = PricePolicy.objects.order_by(F("product_id").asc(nulls_first=True), "category", "id")
    filterset_class = PolicyFilterSet
    edited = PricePolicy
    lookup_url_kwarg = "policy_id"
    lookup_value_converter = "row_id"

    @operation(response=PolicySerializer, lists=True)
    def list(self, request: Request) -> Response:
        """Price policies, from the shop's to those of single products."""
        return self.page(self.filtered(self.get_queryset()))

    @operation(body=PolicySerializer, response=PolicySerializer, status=201, errors=(409,), role=Role.MANAGER)
    def create(self, request: Request) -> Response:
        """Create a price policy."""
        policy = policy_create(self.validated(), user=request.user)
        return Response(PolicySerializer(policy).data, status=201)

    @operation(response=PolicySerializer)
    def retrieve(self, request: Request, policy_id: int) -> Response:
        """One price policy."""
        return Response(PolicySerializer(find_policy(policy_id)).data)

    @operation(body=PolicySerializer, response=PolicySerializer, errors=(409,), role=Role.MANAGER)
    def update(self, request: Request, policy_id: int) -> Response:
        """Replace a price policy; what is left out or null is left to the wider policy."""
        return self._change(request, policy_id)

    @operation(
        body=PolicySerializer, partial=True, response=PolicySerializer, errors=(409,), role=Role.MANAGER
    )
    def partial_update(self, request: Request, policy_id: int) -> Response:
        """Change what is given of a price policy; null leaves a setting to the wider policy."""
        return self._change(request, policy_id)

    @operation(status=204, role=Role.MANAGER)
    def destroy(self, request: Request, policy_id: int) -> Response:
        """Delete a price policy: the wider ones hold again."""
        policy_delete(policy_id, user=request.user)
        return Response(status=204)

    @action(detail=False, url_path="effective/<product_code:code>")
    @operation(response=EffectivePolicySerializer)
    def effective(self, request: Request, code: str) -> Response:
        """What holds for the price of a product, and which policy each setting comes from."""
        product = find_product(code)
        policy = effective_policies([product])[product.code]
        settings = {
            name: {
                "value": rounded(value, 4) if SETTINGS[name].range and value is not None else value,
                "source": policy.source(name),
            }
            for name, value in policy.settings.items()
        }
        return Response({"product_id": product.code, "settings": settings})

    def _change(self, request: Request, policy_id: int) -> Response:
        find_policy(policy_id)
        policy = policy_update(policy_id, self.validated(), user=request.user)
        return Response(PolicySerializer(policy).data)
