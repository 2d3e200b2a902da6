"""/api/price/changes: the ledger of prices, from proposal to shelf and back."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from elastix.api.permissions import Role, audit_username
from elastix.api.versions import answer
from elastix.api.views import ElastixView
from elastix.fields import uuid7
from pricing.changes.selectors.outcomes import calibration, change_outcome
from pricing.changes.selectors.price_changes import (
    batch_rows,
    change_row,
    changes_page,
    find_batch,
    find_change,
)
from pricing.changes.serializers import (
    ApprovalSerializer,
    BatchSerializer,
    BulkProposedSerializer,
    BulkProposeSerializer,
    CalibrationQuery,
    CalibrationSerializer,
    ChangeListSerializer,
    ChangeSerializer,
    ChangesQuery,
    NoteSerializer,
    OutcomeSerializer,
    ProposalSerializer,
)
from pricing.changes.services import price_changes as ledger
from pricing.changes.services.bulk_proposals import bulk_propose
from pricing.sales.selectors.products import find_product


class PriceChangesView(ElastixView):
    """The ledger, newest first; and new proposals: one price, or a batch to be decided on as one."""

    queries = {"GET": ChangesQuery}
    bodies = {"POST": ProposalSerializer}
    responses = {"GET": ChangeListSerializer, "POST": BatchSerializer}

    def get(self, request: Request) -> Response:
        return Response(changes_page(**self.query))

    def post(self, request: Request) -> Response:
        serializer = ProposalSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        many = "changes" in asked
        rows = asked["changes"] if many else [asked]
        if not many:
            find_product(asked["product_id"])
        batch = uuid7() if many else None
        wanted = [
            ledger.PriceProposal(row["product_id"], row["new_price"], row["reason"], row["scheduled_for"])
            for row in rows
        ]
        try:
            made = ledger.propose(
                wanted,
                by=audit_username(request),
                reason=asked["reason"],
                batch=batch,
                scheduled_for=asked["scheduled_for"],
            )
        except ledger.ProposalRefused as error:
            raise refused_rows(error, many) from error
        items = [change_row(change) for change in made]
        return Response({"batch": batch, "total": len(items), "items": items}, status=201)


class PriceChangeView(ElastixView):
    """One change."""

    responses = {"GET": ChangeSerializer}

    def get(self, request: Request, change_id: int) -> Response:
        return Response(change_row(find_change(change_id)))


class PriceChangeOutcomeView(ElastixView):
    """What sold in the 7 and 28 days after a change, against what was expected of it: did it pay?"""

    responses = {"GET": OutcomeSerializer}

    def get(self, request: Request, change_id: int) -> Response:
        change = find_change(change_id)
        return answer(request, lambda version: change_outcome(change, version), live=True)


class PriceCalibrationView(ElastixView):
    """How often the outcomes of applied changes fell within our own 80 % intervals."""

    queries = {"GET": CalibrationQuery}
    responses = {"GET": CalibrationSerializer}

    def get(self, request: Request) -> Response:
        return answer(request, lambda version: calibration(version, **self.query), live=True)


class _StepView(ElastixView):
    """A step that managers take with one change or with all of a batch that await it."""

    roles = {"POST": Role.MANAGER}
    bodies: dict[str, type[Serializer[Any]]] = {}

    def post(self, request: Request, change_id: int = 0, batch: UUID | None = None) -> Response:
        if not request.user.is_authenticated:
            raise PermissionDenied("Anonymous users may propose prices; deciding on them needs a login.")
        chosen: ledger.Chosen = find_batch(batch) if batch else [find_change(change_id).pk]
        given: dict[str, Any] = {}
        if "POST" in self.bodies:
            serializer = self.bodies["POST"](data=request.data)
            serializer.is_valid(raise_exception=True)
            given = serializer.validated_data
        self.step(chosen, by=audit_username(request), **given)
        return Response(batch_rows(batch) if batch else change_row(find_change(change_id)))

    def step(self, chosen: ledger.Chosen, *, by: str, **given: Any) -> Any:
        raise NotImplementedError


class _ApproveView(_StepView):
    bodies = {"POST": ApprovalSerializer}

    def step(self, chosen: ledger.Chosen, *, by: str, **given: Any) -> Any:
        return ledger.approve(chosen, by=by, **given)


class _RejectView(_StepView):
    bodies = {"POST": NoteSerializer}

    def step(self, chosen: ledger.Chosen, *, by: str, **given: Any) -> Any:
        return ledger.reject(chosen, by=by, **given)


class _ApplyView(_StepView):
    def step(self, chosen: ledger.Chosen, *, by: str, **given: Any) -> Any:
        return ledger.apply(chosen, by=by)


class _RollBackView(_StepView):
    bodies = {"POST": NoteSerializer}

    def step(self, chosen: ledger.Chosen, *, by: str, **given: Any) -> Any:
        return ledger.roll_back(chosen, by=by, **given)


class PriceChangeApproveView(_ApproveView):
    """Approve a proposal of somebody else; what is expected of it is kept."""

    responses = {"POST": ChangeSerializer}


class PriceChangeRejectView(_RejectView):
    """Reject a proposal, or call off an approved change before it is applied."""

    responses = {"POST": ChangeSerializer}


class PriceChangeApplyView(_ApplyView):
    """Make an approved price the product's price now."""

    responses = {"POST": ChangeSerializer}


class PriceChangeRollbackView(_RollBackView):
    """Give the product back the price it had before."""

    responses = {"POST": ChangeSerializer}


class PriceBatchApproveView(_ApproveView):
    """Approve all proposals of a batch, or none."""

    responses = {"POST": BatchSerializer}


class PriceBatchRejectView(_RejectView):
    """Reject what is proposed or approved of a batch."""

    responses = {"POST": BatchSerializer}


class PriceBatchApplyView(_ApplyView):
    """Apply all approved changes of a batch, or none."""

    responses = {"POST": BatchSerializer}


class PriceBatchRollbackView(_RollBackView):
    """Roll back all applied changes of a batch, or none."""

    responses = {"POST": BatchSerializer}


def refused_rows(error: ledger.ProposalRefused, many: bool) -> ValidationError:
    """Say of each refused price in which row of the request it stands and which rule refused it."""
    rows: dict[Any, Any] = {}
    for each in error.refusals:
        field = "product_id" if each.code in ("unknown_product", "repeated", "not_for_sale") else "new_price"
        rows[each.key] = {field: [ErrorDetail(f"{each.reason[0].upper()}{each.reason[1:]}.", each.code)]}
    return ValidationError({"changes": rows} if many else rows[0])


class BulkProposeView(ElastixView):
    """Propose all changed prices of a bulk optimization as one batch of the ledger; again: the same batch."""

    bodies = {"POST": BulkProposeSerializer}
    responses = {"POST": BulkProposedSerializer}

    def post(self, request: Request, job_id: int) -> Response:
        serializer = BulkProposeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        found, is_new = bulk_propose(job_id, by=audit_username(request), **serializer.validated_data)
        return Response(BulkProposedSerializer(found).data, status=201 if is_new else 200)
