"""/api/price/changes: prices from proposal to sale and back."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django_filters import UUIDFilter
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import TextField
from elastix.api.filters import ChoiceFilter, DateRangeFilterSet, DayFilter, Ordering
from elastix.api.operations import operation
from elastix.api.permissions import Role, audit_username
from elastix.api.serializers import (
    MoneyField,
    PercentField,
    PublishedSerializer,
    RowSerializer,
)
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from elastix.fields import uuid7
from pricing.changes.api.outcomes import WindowSerializer
from pricing.changes.selectors.outcomes import change_outcome
from pricing.changes.selectors.price_changes import changes_of_batch, find_batch, find_change, first_moment
from pricing.changes.services import price_changes
from pricing.changes.services.validation import PriceProposal, validate_schedule
from pricing.recommendation.api.prices import price_field
from pricing.sales.api.fields import CodeField, CodeFilter
from pricing.sales.models import PriceChange
from pricing.sales.models.price_changes import PriceChangeSource, PriceChangeStatus
from pricing.sales.selectors.products import find_product

MOST_CHANGES = 5_000


# --- requests ------------------------------------------------------------------------------------


class ChangeFilterSet(DateRangeFilterSet):
    """Dates are the shop's days on which changes were proposed or made by hand."""

    start_date = DayFilter(method="from_day", help_text="First day, inclusive.")
    end_date = DayFilter(method="to_day", help_text="Last day, inclusive.")
    product = CodeFilter(field_name="product_id", help_text="Changes of this product only.")
    status = ChoiceFilter(choices=PriceChangeStatus.choices)
    batch = UUIDFilter()
    source = ChoiceFilter(choices=PriceChangeSource.choices)
    ordering = Ordering(
        {name: name for name in ("created_at", "product_id", "new_price", "scheduled_for", "changed_at")},
        default="-created_at",
        key_follows=True,
    )

    def from_day(self, changes: QuerySet[PriceChange], name: str, day: dt.date) -> QuerySet[PriceChange]:
        return changes.filter(created_at__gte=first_moment(day))

    def to_day(self, changes: QuerySet[PriceChange], name: str, day: dt.date) -> QuerySet[PriceChange]:
        return changes.filter(created_at__lt=first_moment(day) + dt.timedelta(days=1))


class ScheduleField(serializers.DateTimeField):
    """A moment within the next year; without an offset it is in the shop's zone."""

    def __init__(self, help_text: str = "When to apply it, once approved.") -> None:
        super().__init__(
            default_timezone=settings.SHOP_TIME_ZONE,
            validators=[validate_schedule],
            help_text=help_text,
            required=False,
            allow_null=True,
            default=None,
        )


def note_field(help_text: str = "") -> TextField:
    return TextField(max_length=255, required=False, allow_blank=True, default="", help_text=help_text)


class ProposedPriceSerializer(serializers.Serializer[Any]):
    product_id = CodeField()
    new_price = price_field()
    reason = note_field()
    scheduled_for = ScheduleField()


class ProposalSerializer(serializers.Serializer[Any]):
    """One price, or a batch of them in `changes`."""

    product_id = CodeField(required=False)
    new_price = price_field(required=False)
    reason = note_field()
    scheduled_for = ScheduleField()
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
    scheduled_for = ScheduleField("When to apply it; default: as proposed.")


class NoteSerializer(serializers.Serializer[Any]):
    note = note_field("Why.")


# --- answers -------------------------------------------------------------------------------------


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
        help_text="What was expected when it was approved: current and projected figures of 30 days, with 80 % intervals.",
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


class OutcomeSerializer(PublishedSerializer):
    change = ChangeSerializer()
    as_of = serializers.DateField(allow_null=True, help_text="The first day that is not in the data.")
    windows = WindowSerializer(many=True)
    warnings = serializers.ListField(child=serializers.CharField())


# --- viewsets --------------------------------------------------------------------------------------


class PriceChangeViewSet(ElastixViewSet):
    """Price changes."""

    queryset = PriceChange.objects.select_related("product")
    filterset_class = ChangeFilterSet
    lookup_url_kwarg = "change_id"
    lookup_value_converter = "row_id"

    @operation(response=ChangeSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """The price changes, newest first."""
        return self.page(self.filtered(self.get_queryset()))

    @operation(body=ProposalSerializer, response=BatchSerializer, status=201, errors=(409,))
    def create(self, request: Request) -> Response:
        """Propose one price, or a batch of them to be decided on as one.

        A product of which another change is proposed or approved already gets no second one: 409 names that change.
        """
        asked = self.validated()
        if "changes" not in asked:
            find_product(asked["product_id"])
        proposals = [
            PriceProposal(
                row["product_id"],
                row["new_price"],
                row["reason"],
                row["scheduled_for"] or asked["scheduled_for"],
            )
            for row in asked.get("changes", [asked])
        ]
        batch = uuid7() if "changes" in asked else None
        made = price_changes.propose(
            proposals, by=audit_username(request), reason=asked["reason"], batch=batch
        )
        return _changes(batch, made, status=201)

    @operation(response=ChangeSerializer)
    def retrieve(self, request: Request, change_id: int) -> Response:
        """One price change."""
        return Response(ChangeSerializer(find_change(change_id)).data)

    @action(detail=True)
    @operation(response=OutcomeSerializer, errors=(409,))
    def outcome(self, request: Request, change_id: int) -> Response:
        """What sold in the 7 and 28 days after a change, against what was expected of it: did it pay?"""
        change = find_change(change_id)
        return answer(
            request, lambda version: OutcomeSerializer(change_outcome(change, version)).data, live=True
        )

    @action(detail=True, methods=["post"])
    @operation(body=ApprovalSerializer, response=ChangeSerializer, errors=(409,), role=Role.MANAGER)
    def approve(self, request: Request, change_id: int) -> Response:
        """Approve a proposal of somebody else; what is expected of it is kept."""
        return self._take(price_changes.approve, find_change(change_id))

    @action(detail=True, methods=["post"])
    @operation(body=NoteSerializer, response=ChangeSerializer, errors=(409,), role=Role.MANAGER)
    def reject(self, request: Request, change_id: int) -> Response:
        """Reject a proposal, or call off an approved change before it is applied."""
        return self._take(price_changes.reject, find_change(change_id))

    @action(detail=True, methods=["post"])
    @operation(response=ChangeSerializer, errors=(409,), role=Role.MANAGER)
    def apply(self, request: Request, change_id: int) -> Response:
        """Make an approved price the product's price now."""
        return self._take(price_changes.apply, find_change(change_id))

    @action(detail=True, methods=["post"])
    @operation(body=NoteSerializer, response=ChangeSerializer, errors=(409,), role=Role.MANAGER)
    def rollback(self, request: Request, change_id: int) -> Response:
        """Give the product back the price it had before."""
        return self._take(price_changes.roll_back, find_change(change_id))

    @action(detail=False, methods=["post"], url_path="batch/<uuid:batch>/approve")
    @operation(body=ApprovalSerializer, response=BatchSerializer, errors=(409,), role=Role.MANAGER)
    def approve_batch(self, request: Request, batch: UUID) -> Response:
        """Approve all proposals of a batch, or none."""
        return self._take(price_changes.approve, find_batch(batch))

    @action(detail=False, methods=["post"], url_path="batch/<uuid:batch>/reject")
    @operation(body=NoteSerializer, response=BatchSerializer, errors=(409,), role=Role.MANAGER)
    def reject_batch(self, request: Request, batch: UUID) -> Response:
        """Reject what is proposed or approved of a batch."""
        return self._take(price_changes.reject, find_batch(batch))

    @action(detail=False, methods=["post"], url_path="batch/<uuid:batch>/apply")
    @operation(response=BatchSerializer, errors=(409,), role=Role.MANAGER)
    def apply_batch(self, request: Request, batch: UUID) -> Response:
        """Apply all approved changes of a batch, or none."""
        return self._take(price_changes.apply, find_batch(batch))

    @action(detail=False, methods=["post"], url_path="batch/<uuid:batch>/rollback")
    @operation(body=NoteSerializer, response=BatchSerializer, errors=(409,), role=Role.MANAGER)
    def rollback_batch(self, request: Request, batch: UUID) -> Response:
        """Roll back all applied changes of a batch, or none."""
        return self._take(price_changes.roll_back, find_batch(batch))

    def _take(self, step: Callable[..., Any], chosen: PriceChange | UUID) -> Response:
        """Take a step with one change, or with all of a batch that await it."""
        if not self.request.user.is_authenticated:
            raise PermissionDenied("Anonymous users may propose prices; deciding on them needs a login.")
        given = self.validated() if self.operation and self.operation.body else {}
        selection: price_changes.Selection = chosen if isinstance(chosen, UUID) else [chosen.pk]
        step(selection, by=audit_username(self.request), **given)
        if isinstance(chosen, UUID):
            return _changes(chosen, changes_of_batch(chosen))
        return Response(ChangeSerializer(find_change(chosen.pk)).data)


def _changes(batch: UUID | None, changes: list[PriceChange], status: int = 200) -> Response:
    body = {"batch": batch, "total": len(changes), "items": changes}
    return Response(BatchSerializer(body).data, status=status)
