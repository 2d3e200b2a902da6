"""/transactions: sales lines, one by one, in batches and from files."""

from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.permissions import Role
from elastix.api.views import ElastixView
from elastix.dataset.versions import current_version
from elastix.imports.models import ImportBatch, ImportKind
from elastix.imports.services import batch_create, rejects_file
from pricing.sales.api.serializers import (
    AcceptedSerializer,
    ConfirmQuery,
    CreatedSerializer,
    DeletedSerializer,
    ImportListSerializer,
    ImportSerializer,
    ImportsQuery,
    ImportStatusSerializer,
    TransactionBatchSerializer,
    TransactionPageSerializer,
    TransactionSerializer,
    TransactionsQuery,
)
from pricing.sales.models import Transaction
from pricing.sales.selectors.transactions import transactions_page
from pricing.sales.services import imports as importing
from pricing.sales.services import transactions


class TransactionsView(ElastixView):
    """Sales lines: a page of them, a new one, or (admin, confirmed) the end of all of them."""

    queries = {"GET": TransactionsQuery, "DELETE": ConfirmQuery}
    roles = {"DELETE": Role.ADMIN}
    bodies = {"POST": TransactionSerializer}
    responses = {"GET": TransactionPageSerializer, "POST": TransactionSerializer, "DELETE": DeletedSerializer}

    def get(self, request: Request) -> Response:
        if self.query["start_date"] or self.query["end_date"]:
            current_version()
        page = transactions_page(**self.query)
        return Response(page | {"items": TransactionSerializer(page["items"], many=True).data})

    def post(self, request: Request) -> Response:
        serializer = TransactionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = transactions.transactions_create([serializer.validated_data])
        return Response(TransactionSerializer(made[0]).data, status=201)

    def delete(self, request: Request) -> Response:
        if not self.query["confirm"]:
            raise ValidationError(
                {"confirm": ["This deletes every transaction of the shop. To do it, send confirm=true."]}
            )
        deleted = transactions.transactions_delete_all()
        return Response({"deleted": deleted, "message": f"{deleted} transactions were deleted."})


class TransactionBatchView(ElastixView):
    """Several new sales lines: all of them or none; errors name the row."""

    bodies = {"POST": TransactionBatchSerializer}
    responses = {"POST": CreatedSerializer}

    def post(self, request: Request) -> Response:
        serializer = TransactionBatchSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = transactions.transactions_create(serializer.validated_data["transactions"])
        return Response(
            {"created": len(made), "message": f"{len(made)} transactions were created."}, status=201
        )


class TransactionView(ElastixView):
    """One sales line."""

    bodies = {"PUT": TransactionSerializer}
    responses = {"GET": TransactionSerializer, "PUT": TransactionSerializer, "DELETE": None}

    def get(self, request: Request, transaction_id: UUID) -> Response:
        return Response(TransactionSerializer(self._line(transaction_id)).data)

    def put(self, request: Request, transaction_id: UUID) -> Response:
        line = self._line(transaction_id)
        serializer = TransactionSerializer(line, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        try:
            changed = transactions.transaction_update(transaction_id, serializer.validated_data)
        except Transaction.DoesNotExist as error:
            raise self._missing(transaction_id) from error
        return Response(TransactionSerializer(changed).data)

    def delete(self, request: Request, transaction_id: UUID) -> Response:
        try:
            transactions.transaction_delete(transaction_id)
        except Transaction.DoesNotExist as error:
            raise self._missing(transaction_id) from error
        return Response(status=204)

    def _line(self, transaction_id: UUID) -> Transaction:
        line = Transaction.objects.filter(pk=transaction_id).first()
        if line is None:
            raise self._missing(transaction_id)
        return line

    @staticmethod
    def _missing(transaction_id: UUID) -> Http404:
        return Http404(f"There is no transaction {transaction_id}.")


def upload(request: Request, kind: str) -> Response:
    """Take an uploaded file in and answer 202 with the import to poll."""
    serializer = ImportSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    given = serializer.validated_data
    options = {name: given[name] for name in ("mapping", "encoding", "day_first")}
    batch = batch_create(
        given["file"],
        kind=kind,
        file_name=given["file"].name,
        options=options,
        dry_run=given["dry_run"],
        force=given["again"],
        user=request.user,
    )
    return Response({"id": str(batch.pk), "status": batch.status, "job": batch.job_id}, status=202)


class TransactionImportView(ElastixView):
    """Import a CSV, TSV or XLSX file of sales; progress is at /transactions/imports/{id}."""

    parser_classes = (MultiPartParser,)
    bodies = {"POST": ImportSerializer}
    responses = {"POST": AcceptedSerializer}

    def post(self, request: Request) -> Response:
        return upload(request, ImportKind.TRANSACTIONS)


class ImportsView(ElastixView):
    """Imports, newest first."""

    queries = {"GET": ImportsQuery}
    responses = {"GET": ImportListSerializer}

    def get(self, request: Request) -> Response:
        found = ImportBatch.objects.select_related("job").order_by("-id")
        first = self.query["offset"]
        page = found[first : first + self.query["limit"]]
        return Response({"total": found.count(), "items": [import_status(batch) for batch in page]})


class ImportView(ElastixView):
    """One import: how far it is, what it refused and why. DELETE takes its transactions out of the books."""

    responses = {"GET": ImportStatusSerializer, "DELETE": AcceptedSerializer}

    def get(self, request: Request, import_id: UUID) -> Response:
        return Response(import_status(find_import(import_id)), headers={"Cache-Control": "no-store"})

    def delete(self, request: Request, import_id: UUID) -> Response:
        batch = find_import(import_id)
        job = importing.batch_revert(batch, user=request.user)
        batch.refresh_from_db()
        return Response({"id": str(batch.pk), "status": batch.status, "job": job.pk}, status=202)


class AnyAccept(BaseContentNegotiation):
    """For answers that are a file: there is no choice of formats, whatever the client would rather have."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class ImportRejectsView(ElastixView):
    """The refused rows of an import as CSV, with line number and reason."""

    content_negotiation_class = AnyAccept
    responses = {"GET": bytes}

    def get(self, request: Request, import_id: UUID) -> FileResponse:
        batch = find_import(import_id)
        return FileResponse(
            rejects_file(batch),
            as_attachment=True,
            filename=f"rejects-{batch.pk}.csv",
            content_type="text/csv; charset=utf-8",
        )


def find_import(import_id: UUID) -> ImportBatch:
    batch = ImportBatch.objects.select_related("job").filter(pk=import_id).first()
    if batch is None:
        raise Http404(f"There is no import {import_id}.")
    return batch


def import_status(batch: ImportBatch) -> dict[str, Any]:
    return {
        "id": str(batch.pk),
        "kind": batch.kind,
        "status": batch.status,
        "progress": batch.job.progress if batch.job else 1.0,
        "file_name": batch.file_name,
        "dry_run": batch.dry_run,
        "rows": batch.rows,
        "accepted": batch.accepted,
        "rejected": batch.rejected,
        "reasons": batch.reasons,
        "report": batch.report,
        "quality": batch.quality,
        "error": batch.error or (batch.job.error if batch.job else ""),
        "job": batch.job_id,
        "created_at": batch.created_at,
        "published_at": batch.published_at,
    }
