"""Imports in the admin: the upload page of a table, and the list of imports."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_http_methods

from elastix.admin_base import BUSY, ReadOnlyAdmin, WatchedAdmin, change_link, changelist_url, values_column
from elastix.errors import Conflict, Invalid
from elastix.imports.core import FileSchema
from elastix.imports.core.options import ACCEPTABLE, SINGLE_OPTIONS
from elastix.imports.models import ImportBatch, ImportReject
from elastix.imports.services import batch_create, rejects_file, stored_upload

ENCODINGS = {
    "": "detect",
    "utf-8": "UTF-8",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
    "utf-16": "UTF-16",
}
DATE_ORDERS = {
    "": "detect from the whole file",
    "day-first": "day first: 31/12/2025",
    "month-first": "month first: 12/31/2025",
    "year-first": "year first: 25/12/31",
}
DECIMAL_MARKS = {"": "detect from the whole file", ".": "point: 1,250.50", ",": "comma: 1.250,50"}


class UploadForm(forms.Form):
    """A file, and what the user can say about its format."""

    file = forms.FileField(
        help_text="CSV, TSV or XLSX; texts also packed with gzip (.gz), one file also as .zip."
    )
    encoding = forms.ChoiceField(choices=ENCODINGS, required=False)
    delimiter = forms.CharField(
        label="Between columns", required=False, max_length=10, strip=False, help_text='Such as ; or "tab".'
    )
    decimal_mark = forms.ChoiceField(choices=DECIMAL_MARKS, required=False)
    date_order = forms.ChoiceField(label="Order of dates", choices=DATE_ORDERS, required=False)
    sheet = forms.CharField(required=False, max_length=100, help_text="Of a workbook; found if left empty.")
    currency = forms.CharField(
        required=False, max_length=10, help_text="Read only rows in this currency, where a file has several."
    )
    mapping = forms.CharField(
        label="Columns",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 50}),
        help_text="Only for columns whose names are not recognised: one COLUMN=FIELD a line.",
    )
    accept = forms.MultipleChoiceField(
        label="Accept",
        required=False,
        choices=list(ACCEPTABLE.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text="What an import of the file asked about, if it is right as it is.",
    )
    dry_run = forms.BooleanField(required=False, help_text="Read and check the file, keep nothing of it.")
    force = forms.BooleanField(
        label="Import it again", required=False, help_text="Even if the same file was imported before."
    )

    def __init__(self, *args: Any, schema: FileSchema, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.field_names = [field.name for field in schema]
        self.fields["mapping"].help_text += f" Fields: {', '.join(self.field_names)}."
        if all(field.kind != "datetime" for field in schema):
            del self.fields["date_order"]

    def clean_mapping(self) -> dict[str, str]:
        mapping: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["mapping"].splitlines())):
            column, mark, field = (part.strip() for part in line.rpartition("="))
            if not mark or not column:
                raise forms.ValidationError(f"{line!r} is not written COLUMN=FIELD.")
            if field not in ("", *self.field_names):
                raise forms.ValidationError(
                    f"There is no field {field!r}; there are {', '.join(self.field_names)}."
                )
            if column in mapping:
                raise forms.ValidationError(f"The column {column!r} is named twice.")
            mapping[column] = field
        return mapping

    def given(self) -> dict[str, Any]:
        """Return the upload as `batch_create` takes it."""
        data = self.cleaned_data
        options = {name: data.get(name) for name in ("mapping", "accept", *SINGLE_OPTIONS)}
        flags = {name: data[name] for name in ("dry_run", "force")}
        return {"source": data["file"], "file_name": data["file"].name, "options": options, **flags}


class UploadMixin:
    """Adds a page to a table's admin on which a file of its rows can be uploaded."""

    change_list_template: Any = "admin/elastix/upload_change_list.html"
    upload_kind: str
    upload_schema: FileSchema
    opts: Any
    admin_site: Any
    message_user: Any

    def get_urls(self) -> list[Any]:
        page = require_http_methods(["GET", "HEAD", "POST"])(self.upload_page)
        return [
            path("import/", self.admin_site.admin_view(page), name=self._url_name()),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def _url_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_import"

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Whether the user may import files and add to this table."""
        return request.user.has_perm("elastix.add_importbatch") and self.has_add_permission(request)  # type: ignore[attr-defined]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        url = reverse(f"admin:{self._url_name()}") if self.has_import_permission(request) else None
        return super().changelist_view(request, {"upload_url": url, **(extra_context or {})})  # type: ignore[misc]

    def upload_page(self, request: HttpRequest) -> HttpResponse:
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None, schema=self.upload_schema)
        busy = False
        if request.method == "POST" and form.is_valid():
            try:
                batch = batch_create(kind=self.upload_kind, user=request.user, **form.given())
            except (Conflict, Invalid) as error:
                form.add_error("file", str(error))
            except OperationalError:
                busy = True
                form.add_error(None, BUSY)
            else:
                text = f"{batch.file_name} was uploaded. This page shows how its import is getting on."
                self.message_user(request, text)
                return redirect("admin:elastix_importbatch_change", batch.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Import {self.opts.verbose_name_plural}",
            "form": form,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/elastix/upload.html", context, status=503 if busy else 200)


class ImportBatchAdmin(WatchedAdmin):
    """The imports. Registered by the app that knows how to revert one."""

    list_display = (
        *("file_name", "kind", "status", "progress", "rows", "accepted", "rejected"),
        *("created_by", "created_at"),
    )
    list_filter = ("kind", "status", "dry_run")
    list_select_related = ("job", "created_by")
    search_fields = ("file_name", "sha256__startswith")
    date_hierarchy = "created_at"
    actions: Any = ("import_again",)
    fields = (
        ("file_name", "kind", "dry_run"),
        ("status", "progress"),
        "error",
        ("rows", "accepted", "rejected"),
        "rejects_link",
        "reasons_table",
        "quality_table",
        "report_table",
        "options_table",
        "job_link",
        ("created_by", "created_at", "published_at"),
        "sha256",
    )

    def get_urls(self) -> list[Any]:
        download = self.admin_site.admin_view(require_GET(self.rejects_page))
        return [
            path("<uuid:batch_id>/rejects.csv", download, name="elastix_importbatch_rejects"),
            *super().get_urls(),
        ]

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("elastix.add_importbatch")

    @admin.display(description="progress")
    def progress(self, batch: ImportBatch) -> str:
        if not batch.is_open:
            return "done"
        return f"{100 * batch.job.progress:.0f} %" if batch.job else "waiting"

    @admin.display(description="rejected rows")
    def rejects_link(self, batch: ImportBatch) -> str:
        if not batch.rejected:
            return "none"
        return format_html(
            '<a href="{}">Download as CSV</a>, <a href="{}?batch__exact={}">look through</a>',
            reverse("admin:elastix_importbatch_rejects", args=[batch.pk]),
            changelist_url(ImportReject),
            batch.pk,
        )

    reasons_table = values_column("reasons", "rejected by reason")
    quality_table = values_column("quality", "left out of estimation")
    report_table = values_column("report", "how it was read")
    options_table = values_column("options", "what was asked for")

    @admin.display(description="job")
    def job_link(self, batch: ImportBatch) -> str:
        return change_link(batch.job)

    def rejects_page(self, request: HttpRequest, batch_id: Any) -> FileResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        batch = get_object_or_404(ImportBatch, pk=batch_id)
        named = {"filename": f"rejects-{batch.pk}.csv", "content_type": "text/csv; charset=utf-8"}
        return FileResponse(rejects_file(batch), as_attachment=True, **named)

    @admin.action(permissions=["import"], description="Import again (while the upload is kept)")
    def import_again(self, request: HttpRequest, queryset: Any) -> None:
        """Import the kept files of the selected imports once more, with the same options."""
        for batch in queryset:
            if batch.is_open:
                self.message_user(request, f"{batch.file_name} is still being read.", messages.WARNING)
            elif not batch.chunks.exists():
                self.message_user(
                    request,
                    f"The upload of {batch.file_name} is not kept any more: upload the file again, "
                    'with "Import it again" ticked.',
                    messages.ERROR,
                )
            else:
                given = {name: getattr(batch, name) for name in ("kind", "file_name", "options")}
                with stored_upload(batch) as file:
                    again = batch_create(file, force=True, user=request.user, **given)
                self.message_user(request, format_html("{} is being imported again.", change_link(again)))


@admin.register(ImportReject)
class ImportRejectAdmin(ReadOnlyAdmin):
    list_display = ("line", "reason", "message", "batch_link")
    list_filter = ("reason",)
    list_select_related = ("batch",)
    search_fields = ("message",)
    ordering = ("batch_id", "line", "id")
    sortable_by = ()
    fields = ("batch", "line", "reason", "message", "content")

    @admin.display(description="import")
    def batch_link(self, reject: ImportReject) -> str:
        return change_link(reject.batch)
