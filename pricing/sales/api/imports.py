"""/transactions/imports: the files that were imported, of every kind, and how an upload becomes one."""

from typing import Any
from uuid import UUID

from django.http import FileResponse
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.fields import CONTROL, ObjectField
from elastix.api.filters import BooleanFilter, ChoiceFilter, StrictFilterSet
from elastix.api.operations import operation
from elastix.api.viewsets import AnyAccept, ElastixViewSet
from elastix.errors import found
from elastix.imports.core.dates import ORDERS
from elastix.imports.core.options import ACCEPTABLE, SINGLE_OPTIONS
from elastix.imports.models import ImportBatch, ImportStatus, kind_choices
from elastix.imports.services import batch_create, rejects_file
from pricing.sales.services.imports import batch_revert


class ImportSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(max_length=255, allow_empty_file=False)
    mapping = ObjectField(
        required=False, default=dict, help_text='Columns to fields, such as {"Artikel": "stock_code"}.'
    )
    encoding = serializers.CharField(required=False, allow_blank=True, default="", max_length=20)
    delimiter = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=10, trim_whitespace=False
    )
    decimal_mark = serializers.ChoiceField(
        [".", ","], required=False, allow_blank=True, default="", help_text="Whether 1,250 is 1250 or 1.25."
    )
    date_order = serializers.ChoiceField(
        ORDERS, required=False, allow_blank=True, default="", help_text="What stands first in 1/2/11."
    )
    day_first = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="The same as date_order day-first or month-first.",
    )
    sheet = serializers.CharField(required=False, allow_blank=True, default="", max_length=100)
    currency = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=10,
        help_text="Only rows in this currency are read.",
    )
    accept = serializers.MultipleChoiceField(
        choices=list(ACCEPTABLE),
        required=False,
        default=set[str](),
        help_text=" ".join(f"{name}: {text}" for name, text in ACCEPTABLE.items()),
    )
    keep_duplicates = serializers.BooleanField(
        required=False, default=False, help_text="The same as accept already_imported."
    )
    dry_run = serializers.BooleanField(required=False, default=False)
    force = serializers.BooleanField(
        required=False, default=False, help_text="Import the file even if it was imported before."
    )
    again = serializers.BooleanField(
        required=False, default=False, help_text="Former name of `force`; removed in the next release."
    )

    def validate_mapping(self, value: dict[str, Any]) -> dict[str, str]:
        if not all(isinstance(field, str) for field in value.values()):
            raise serializers.ValidationError("Expected an object of column names and field names.")
        # PostgreSQL stores neither NUL nor half of a surrogate pair in JSON.
        texts = "".join(text for pair in value.items() for text in pair)
        if CONTROL.search(texts) or texts.encode("utf-8", "ignore").decode() != texts:
            raise serializers.ValidationError("Control characters are not allowed.", code="control_character")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        accept = {*attrs["accept"], *(["already_imported"] if attrs["keep_duplicates"] else [])}
        options = {name: attrs[name] for name in ("mapping", "day_first", *SINGLE_OPTIONS)}
        return attrs | {
            "force": attrs["force"] or attrs.pop("again"),
            "options": options | {"accept": sorted(accept)},
        }


class AcceptedSerializer(serializers.Serializer[Any]):
    """The import, and the job that works on it."""

    id = serializers.CharField()
    status = serializers.CharField()
    job = serializers.IntegerField(allow_null=True)


class ImportStatusSerializer(serializers.ModelSerializer[ImportBatch]):
    progress = serializers.FloatField(source="job.progress", default=1.0, read_only=True)
    reasons = serializers.DictField(child=serializers.IntegerField())
    report = serializers.DictField()
    quality = serializers.DictField()
    error = serializers.SerializerMethodField()

    class Meta:
        model = ImportBatch
        fields = (
            "id", "kind", "status", "progress", "file_name", "dry_run", "rows", "accepted", "rejected", "reasons",
            "report", "quality", "error", "job", "created_at", "published_at",
        )  # fmt: skip

    def get_error(self, batch: ImportBatch) -> str:
        return batch.error or (batch.job.error if batch.job else "")


def upload(request: Request, kind: str) -> Response:
    """Store an uploaded file, queue its import and answer 202 with the import to poll."""
    serializer = ImportSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    given = serializer.validated_data
    batch = batch_create(
        given["file"],
        kind=kind,
        file_name=given["file"].name,
        options=given["options"],
        dry_run=given["dry_run"],
        force=given["force"],
        user=request.user,
    )
    return _accepted(batch, batch.job_id)


def _accepted(batch: ImportBatch, job: int | None) -> Response:
    return Response({"id": str(batch.pk), "status": batch.status, "job": job}, status=202)


class ImportFilterSet(StrictFilterSet):
    kind = ChoiceFilter(choices=kind_choices())
    status = ChoiceFilter(choices=ImportStatus.choices)
    dry_run = BooleanFilter()


class ImportViewSet(ElastixViewSet):
    """Imports of files."""

    filterset_class = ImportFilterSet
    queryset = ImportBatch.objects.select_related("job").order_by("-id")
    lookup_url_kwarg = "import_id"
    lookup_value_converter = "uuid"
    default_limit = 50

    @operation(response=ImportStatusSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """The imports, newest first."""
        return self.page(self.filtered(self.get_queryset()))

    @operation(response=ImportStatusSerializer)
    def retrieve(self, request: Request, import_id: UUID) -> Response:
        """Progress, counts, rejected rows by reason and data quality of an import."""
        batch = self._batch(import_id)
        return Response(ImportStatusSerializer(batch).data, headers={"Cache-Control": "no-store"})

    @operation(response=AcceptedSerializer, status=202, errors=(409,))
    def destroy(self, request: Request, import_id: UUID) -> Response:
        """Revert an import: a job deletes its transactions."""
        batch = self._batch(import_id)
        job = batch_revert(batch, user=request.user)
        batch.refresh_from_db()
        return _accepted(batch, job.pk)

    @action(detail=True, url_path="rejects.csv", content_negotiation_class=AnyAccept)
    @operation(response=bytes)
    def rejects(self, request: Request, import_id: UUID) -> FileResponse:
        """The rejected rows of an import as CSV, with line number and reason."""
        batch = self._batch(import_id)
        return FileResponse(
            rejects_file(batch),
            as_attachment=True,
            filename=f"rejects-{batch.pk}.csv",
            content_type="text/csv; charset=utf-8",
        )

    def _batch(self, import_id: UUID) -> ImportBatch:
        return found(self.get_queryset().filter(pk=import_id).first(), f"import {import_id}")  # type: ignore[no-any-return]
