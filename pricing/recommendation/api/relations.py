"""/api/price/relations: rules between prices of related products."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import TextField
from elastix.api.filters import ChoiceFilter, StrictFilterSet
from elastix.api.operations import operation
from elastix.api.permissions import Role
from elastix.api.viewsets import ElastixViewSet
from pricing.recommendation.models import PriceRelation, PriceRelationKind
from pricing.recommendation.models.relations import LARGEST_GAP, SIZE
from pricing.recommendation.selectors.relations import find_relation
from pricing.recommendation.services.relations import (
    MOST_MEMBERS,
    Member,
    relation_create,
    relation_delete,
    relation_update,
)
from pricing.sales.api.fields import CodeField, CodeFilter, DecimalNumberField


class MemberSerializer(serializers.Serializer[Any]):
    product_id = CodeField()
    size = DecimalNumberField(
        max_digits=10, decimal_places=3, min_value=SIZE[0], max_value=SIZE[1], required=False, allow_null=True,
        default=None, help_text="What a pack holds; of the kind sizes alone.",
    )  # fmt: skip


class RelationSerializer(serializers.ModelSerializer[PriceRelation]):
    """Products in the order of their relation: from good to best; the own label first."""

    name = TextField(max_length=100)
    gap_percent = DecimalNumberField(
        max_digits=4, decimal_places=2, min_value=0, max_value=LARGEST_GAP, required=False,
        help_text=PriceRelation._meta.get_field("gap_percent").help_text,
    )  # fmt: skip
    members = MemberSerializer(many=True)

    class Meta:
        model = PriceRelation
        fields = ("id", "name", "kind", "gap_percent", "members", "updated_at")

    def validate_members(self, rows: list[dict[str, Any]]) -> list[Member]:
        if len(rows) > MOST_MEMBERS:
            raise serializers.ValidationError(f"At most {MOST_MEMBERS} products.")
        # A partial update lets the fields of the members be left out as well.
        if any("product_id" not in row for row in rows):
            raise serializers.ValidationError("Each member needs a product_id.")
        return [Member(row["product_id"], row.get("size")) for row in rows]


class RelationFilterSet(StrictFilterSet):
    product_id = CodeFilter(field_name="members__product_id")
    kind = ChoiceFilter(choices=PriceRelationKind.choices)


class PriceRelationViewSet(ElastixViewSet):
    """Relations between prices: limits that recommendations, rules and proposals keep."""

    queryset = PriceRelation.objects.order_by("name", "id").prefetch_related("members")
    filterset_class = RelationFilterSet
    lookup_url_kwarg = "relation_id"
    lookup_value_converter = "row_id"

    @operation(response=RelationSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """Relations between prices, by name."""
        return self.page(self.filtered(self.get_queryset()))

    @operation(body=RelationSerializer, response=RelationSerializer, status=201, role=Role.MANAGER)
    def create(self, request: Request) -> Response:
        """Create a relation between prices."""
        fields = dict(self.validated())
        relation = relation_create(fields, members=fields.pop("members"), user=request.user)
        return Response(RelationSerializer(relation).data, status=201)

    @operation(response=RelationSerializer)
    def retrieve(self, request: Request, relation_id: int) -> Response:
        """One relation between prices."""
        return Response(RelationSerializer(find_relation(relation_id)).data)

    @operation(body=RelationSerializer, response=RelationSerializer, role=Role.MANAGER)
    def update(self, request: Request, relation_id: int) -> Response:
        """Replace a relation between prices."""
        return self._change(request, relation_id)

    @operation(body=RelationSerializer, partial=True, response=RelationSerializer, role=Role.MANAGER)
    def partial_update(self, request: Request, relation_id: int) -> Response:
        """Change what is given of a relation between prices."""
        return self._change(request, relation_id)

    @operation(status=204, role=Role.MANAGER)
    def destroy(self, request: Request, relation_id: int) -> Response:
        """Delete a relation; prices stay."""
        relation_delete(relation_id, user=request.user)
        return Response(status=204)

    def _change(self, request: Request, relation_id: int) -> Response:
        find_relation(relation_id)
        fields = dict(self.validated())
        members = fields.pop("members", None)
        relation = relation_update(relation_id, fields, members=members, user=request.user)
        return Response(RelationSerializer(relation).data)
