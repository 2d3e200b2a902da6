"""/api/price/changes: the ledger of prices, from proposal to shelf and back."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django_filters import UUIDFilter
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.filters import ChoiceFilter, DateRangeFilterSet, DayFilter, Ordering
from elastix.api.operations import operation
from elastix.api.permissions import Role, audit_username
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from elastix.fields import uuid7
from pricing.changes.selectors.outcomes import calibration, change_outcome
from pricing.changes.selectors.price_changes import changes_of_batch, find_batch, find_change, first_moment
from pricing.changes.serializers import (
    ApprovalSerializer,
    BatchSerializer,
    BulkProposedSerializer,
    BulkProposeSerializer,
    CalibrationSerializer,
    ChangeSerializer,
    NoteSerializer,
    OutcomeSerializer,
    ProposalSerializer,
)
from pricing.changes.services import price_changes as ledger
from pricing.changes.services.bulk_proposals import bulk_propose
from pricing.sales.api.fields import CodeFilter
from pricing.sales.models import PriceChange
from pricing.sales.models.price_changes import PriceChangeSource, PriceChangeStatus
from pricing.sales.selectors.products import find_product


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


class CalibrationFilterSet(DateRangeFilterSet):
    """Dates are those of the changes."""

    source = ChoiceFilter(choices=PriceChangeSource.choices)


class PriceChangeViewSet(ElastixViewSet):
    """The ledger of prices."""

    queryset = PriceChange.objects.select_related("product")
    filterset_class = ChangeFilterSet
    lookup_url_kwarg = "change_id"
    lookup_value_converter = "row_id"

    @operation(response=ChangeSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """The price changes, newest first."""
        return self.page(self.filtered(self.get_queryset()))

    @operation(body=ProposalSerializer, response=BatchSerializer, status=201)
    def create(self, request: Request) -> Response:
        """Propose one price, or a batch of them to be decided on as one."""
        asked = self.validated()
        many = "changes" in asked
        if not many:
            find_product(asked["product_id"])
        batch = uuid7() if many else None
        proposals = [
            ledger.PriceProposal(row["product_id"], row["new_price"], row["reason"], row["scheduled_for"])
            for row in (asked["changes"] if many else [asked])
        ]
        try:
            made = ledger.propose(
                proposals,
                by=audit_username(request),
                reason=asked["reason"],
                batch=batch,
                scheduled_for=asked["scheduled_for"],
            )
        except ledger.ProposalRefused as error:
            raise refused_rows(error, many) from error
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

        def build(version: Any) -> dict[str, Any]:
            return {"change": ChangeSerializer(change).data, **change_outcome(change, version)}

        return answer(request, build, live=True)

    @action(detail=True, methods=["post"])
    @operation(body=ApprovalSerializer, response=ChangeSerializer, errors=(409,), role=Role.MANAGER)
    def approve(self, request: Request, change_id: int) -> Response:
        """Approve a proposal of somebody else; what is expected of it is kept."""
        return self._step("approve", find_change(change_id))

    @action(detail=True, methods=["post"])
    @operation(body=NoteSerializer, response=ChangeSerializer, errors=(409,), role=Role.MANAGER)
    def reject(self, request: Request, change_id: int) -> Response:
        """Reject a proposal, or call off an approved change before it is applied."""
        return self._step("reject", find_change(change_id))

    @action(detail=True, methods=["post"])
    @operation(response=ChangeSerializer, errors=(409,), role=Role.MANAGER)
    def apply(self, request: Request, change_id: int) -> Response:
        """Make an approved price the product's price now."""
        return self._step("apply", find_change(change_id))

    @action(detail=True, methods=["post"])
    @operation(body=NoteSerializer, response=ChangeSerializer, errors=(409,), role=Role.MANAGER)
    def rollback(self, request: Request, change_id: int) -> Response:
        """Give the product back the price it had before."""
        return self._step("roll_back", find_change(change_id))

    @action(detail=False, methods=["post"], url_path="batch/<uuid:batch>/approve")
    @operation(body=ApprovalSerializer, response=BatchSerializer, errors=(409,), role=Role.MANAGER)
    def approve_batch(self, request: Request, batch: UUID) -> Response:
        """Approve all proposals of a batch, or none."""
        return self._step("approve", find_batch(batch))

    @action(detail=False, methods=["post"], url_path="batch/<uuid:batch>/reject")
    @operation(body=NoteSerializer, response=BatchSerializer, errors=(409,), role=Role.MANAGER)
    def reject_batch(self, request: Request, batch: UUID) -> Response:
        """Reject what is proposed or approved of a batch."""
        return self._step("reject", find_batch(batch))

    @action(detail=False, methods=["post"], url_path="batch/<uuid:batch>/apply")
    @operation(response=BatchSerializer, errors=(409,), role=Role.MANAGER)
    def apply_batch(self, request: Request, batch: UUID) -> Response:
        """Apply all approved changes of a batch, or none."""
        return self._step("apply", find_batch(batch))

    @action(detail=False, methods=["post"], url_path="batch/<uuid:batch>/rollback")
    @operation(body=NoteSerializer, response=BatchSerializer, errors=(409,), role=Role.MANAGER)
    def rollback_batch(self, request: Request, batch: UUID) -> Response:
        """Roll back all applied changes of a batch, or none."""
        return self._step("roll_back", find_batch(batch))

    def _step(self, step: str, chosen: PriceChange | UUID) -> Response:
        """Take a step with one change, or with all of a batch that await it."""
        if not self.request.user.is_authenticated:
            raise PermissionDenied("Anonymous users may propose prices; deciding on them needs a login.")
        given = self.validated() if self.operation and self.operation.body else {}
        target: ledger.Chosen = chosen if isinstance(chosen, UUID) else [chosen.pk]
        getattr(ledger, step)(target, by=audit_username(self.request), **given)
        if isinstance(chosen, UUID):
            return _changes(chosen, changes_of_batch(chosen))
        return Response(ChangeSerializer(find_change(chosen.pk)).data)


class CalibrationViewSet(ElastixViewSet):
    """How far our own expectations can be trusted."""

    filterset_class = CalibrationFilterSet
    pagination_class = None

    @operation(response=CalibrationSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """How often the outcomes of applied changes fell within our own 80 % intervals."""
        asked = self.filters()
        return answer(request, lambda version: calibration(version, **asked), live=True)


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


def _changes(batch: UUID | None, changes: "list[PriceChange]", status: int = 200) -> Response:
    body = {"batch": batch, "total": len(changes), "items": changes}
    return Response(BatchSerializer(body).data, status=status)


def refused_rows(error: ledger.ProposalRefused, many: bool) -> ValidationError:
    """Say of each refused price in which row of the request it stands and which rule refused it."""
    rows: dict[Any, Any] = {}
    for each in error.refusals:
        field = "product_id" if each.code in ("unknown_product", "repeated", "not_for_sale") else "new_price"
        rows[each.key] = {field: [ErrorDetail(f"{each.reason[0].upper()}{each.reason[1:]}.", each.code)]}
    return ValidationError({"changes": rows} if many else rows[0])
