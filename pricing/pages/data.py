"""/desk/data: imports. A file is checked first, then imported from the stored upload."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import HttpResponseClientRefresh

from elastix.api.permissions import Role
from elastix.dataset.versions import data_version
from elastix.desk.exports import export
from elastix.desk.lists import Column, chosen, ordered
from elastix.desk.shell import page
from elastix.desk.tags import DAY, UNKNOWN, day, label, number, said
from elastix.errors import Conflict, Invalid, found
from elastix.imports.core import UnreadableFile
from elastix.imports.core.columns import header_key
from elastix.imports.core.dates import ORDERS
from elastix.imports.core.options import ACCEPTABLE, SINGLE_OPTIONS, Options
from elastix.imports.core.preview import Preview, preview, recognise
from elastix.imports.ingest import file_kinds
from elastix.imports.models import ImportBatch, ImportStatus, UploadChunk
from elastix.imports.services import (
    batch_again,
    batch_create,
    imported_before,
    read_options,
    remembered_mappings,
    stored_upload,
)
from elastix.jobs.models import OPEN_STATES, Job
from elastix.jobs.recompute import KIND as RECOMPUTE
from elastix.jobs.waiting import is_unattended
from pricing.elasticity.selectors.estimates import grade_counts
from pricing.recommendation.selectors.standing import standing_is_behind
from pricing.sales.core.files import ImportKind
from pricing.sales.selectors.products import merchandise
from pricing.sales.services.imports import batch_revert

IMPORTS_A_PAGE: Final = 20
SORTED_BY: Final = (
    Column("file", gettext_lazy("File"), "file_name"),
    Column("kind", gettext_lazy("Kind"), "kind"),
    Column("state", gettext_lazy("State"), "status"),
    Column("accepted", gettext_lazy("Accepted"), "accepted", "-", True),
    Column("refused", gettext_lazy("Refused"), "rejected", "-", True),
    Column("loaded", gettext_lazy("Loaded"), "created_at", "-"),
)
REJECTS_SHOWN: Final = 20
# What the check says of the order of day and month; None: no date of the file depends on it.
DATE_ORDERS: Final = {
    "day-first": gettext_lazy("Dates are read with the day first: 3/12/2025 is 3 December."),
    "month-first": gettext_lazy("Dates are read with the month first: 12/3/2025 is 3 December."),
    "year-first": gettext_lazy("Dates are read with the year first: 25/12/3 is 3 December 2025."),
    None: gettext_lazy("Each date says by itself which number is the day."),
}
PREVIEW_KEPT: Final = 3600


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is, through to the figures.

    Attributes
    ----------
    stage : import, figures, prices (which are recommended anew), or "" when there is nothing left to wait for.
    share : what is done of the stage, 0 to 1.
    unattended : nobody has begun with it for so long that probably no worker runs.
    error : why the figures could not be computed the last time; "" where they could.
    stale : not all that was loaded is in the figures; it will be within the hour.
    products, sure : the active merchandise, and how much of it has an elasticity graded A or B.
    """

    stage: str
    share: float = 0.0
    unattended: bool = False
    error: str = ""
    stale: bool = False
    products: int = 0
    sure: int = 0

    @property
    def waits(self) -> bool:
        """There is something to look for again in a moment."""
        return self.stage != ""


# Of the list of imports as a file.
COLUMNS: Final = (
    (gettext_lazy("File"), "file_name"),
    (gettext_lazy("Kind"), lambda batch: label(batch.kind)),
    (gettext_lazy("State"), lambda batch: label(batch.status)),
    (gettext_lazy("Accepted"), "accepted"),
    (gettext_lazy("Refused"), "rejected"),
    (
        gettext_lazy("Loaded"),
        lambda batch: batch.created_at.astimezone(settings.SHOP_TIME_ZONE).replace(tzinfo=None),
    ),
    (gettext_lazy("User"), lambda batch: batch.created_by.username if batch.created_by else ""),
)


@page(post=Role.ANALYST)
def data(request: HttpRequest) -> HttpResponseBase:
    """The files that were imported, and the place to drop another."""
    context: dict[str, Any] = {"page": "data"}
    status = 200
    if request.method == "POST":
        try:
            return redirect("data-import", _check_upload(request).pk)
        except (UnreadableFile, Conflict, Invalid) as error:
            context["error"], status = str(error), 400
    kept = Exists(UploadChunk.objects.filter(batch=OuterRef("pk")))
    batches = ImportBatch.objects.select_related("created_by", "job").annotate(kept=kept)
    if request.GET.get("checks") != "all":
        batches = batches.exclude(status=ImportStatus.CHECKED)
    if kind := chosen(request, "kind", file_kinds()):
        batches = batches.filter(kind=kind)
    batches, context["headings"] = ordered(request, batches, SORTED_BY, "-loaded")
    context |= {"kind": kind, "kinds": list(file_kinds())}
    if asked := export(request, "imports", COLUMNS, batches):
        return asked
    context["rows"] = Paginator(batches, IMPORTS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "desk/data.html", context, status=status)


@page(post=Role.ANALYST)
def data_import(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """One file: its check with what can be said about it, or its import."""
    batch = _batch(import_id)
    if request.method == "POST":
        action = {"check": _check_again, "import": _import, "revert": _revert, "again": _again}.get(
            request.POST.get("action", "")
        )
        try:
            return redirect("data-import", (action or _check_again)(request, batch).pk)
        except (UnreadableFile, Conflict, Invalid) as error:
            messages.error(request, said(str(error)))
    context: dict[str, Any] = {
        "page": "data",
        "batch": batch,
        "error": batch.error or (batch.job.error if batch.job else ""),
        "progress": _progress(batch),
        "rejects": list(batch.rejects.order_by("line", "id")[:REJECTS_SHOWN]),
        "may_revert": batch.kind == ImportKind.TRANSACTIONS and batch.status == ImportStatus.PUBLISHED,
        "may_repeat": batch.status == ImportStatus.WITHDRAWN and batch.chunks.exists(),
    }
    if batch.status == ImportStatus.CHECKED:
        context["imported_before"] = imported_before(batch)
    if batch.status in (ImportStatus.CHECKED, ImportStatus.FAILED) and batch.chunks.exists():
        context |= _answers(batch)
    return render(request, "desk/import.html", context)


@page()
def data_status(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """How far an import is: a part of its page, asked for again and again."""
    batch = _batch(import_id)
    progress = _progress(batch)
    if not progress.waits:
        return HttpResponseClientRefresh()  # the whole page has changed
    return render(request, "desk/import_status.html", {"batch": batch, "progress": progress})


def _batch(import_id: UUID) -> ImportBatch:
    batch = ImportBatch.objects.select_related("job", "created_by").filter(pk=import_id).first()
    return found(batch, f"import {import_id}")


# --- what is asked for ---------------------------------------------------------------------------------


def _check_upload(request: HttpRequest) -> ImportBatch:
    """Recognise what kind of file was sent, and queue its check."""
    file: Any = request.FILES.get("file")
    if not file:
        raise UnreadableFile(_("Choose a file first: CSV, TSV or XLSX."))
    kinds = file_kinds()
    kind = request.POST.get("kind") or _recognised(file)
    if kind not in kinds:
        raise UnreadableFile(_("Files of this kind cannot be imported."))
    file.seek(0)
    return batch_create(file, kind=kind, file_name=file.name, dry_run=True, user=request.user)


def _recognised(file: Any) -> str:
    """The kind that somebody gave files of the same columns, else the one that they fit best."""
    seen = preview(file, file_kinds(), Options())
    known = (kind for kind, each in seen.items() if header_key(each.names) in remembered_mappings(kind))
    return next(known, None) or recognise(seen)


def _check_again(request: HttpRequest, batch: ImportBatch) -> ImportBatch:
    kind, options = _said(request, batch)
    return batch_again(batch, kind=kind, options=options, dry_run=True, user=request.user)


def _import(request: HttpRequest, batch: ImportBatch) -> ImportBatch:
    kind, options = _said(request, batch)
    return batch_again(batch, kind=kind, options=options, force="force" in request.POST, user=request.user)


def _revert(request: HttpRequest, batch: ImportBatch) -> ImportBatch:
    batch_revert(batch, user=request.user)
    messages.info(request, _("The import is being reverted: its sales are deleted, and the figures follow."))
    return batch


def _again(request: HttpRequest, batch: ImportBatch) -> ImportBatch:
    """Import the kept upload once more, as it was read then."""
    return batch_again(batch, user=request.user)


def _said(request: HttpRequest, batch: ImportBatch) -> tuple[str, dict[str, Any]]:
    """What the user says about the file: its kind, and the options to read it with."""
    kind = request.POST.get("kind") or batch.kind
    if kind not in file_kinds():
        raise UnreadableFile(_("Files of this kind cannot be imported."))
    options: dict[str, Any] = {name: request.POST.get(name, "") for name in SINGLE_OPTIONS}
    options["accept"] = request.POST.getlist("accept")
    if kind == batch.kind:
        seen = _preview(batch)
        options["mapping"] = _mapping(request.POST, batch.options.get("mapping") or {}, seen)
    return kind, options


def _mapping(said: Mapping[str, str], before: Mapping[str, str], seen: Preview) -> dict[str, str]:
    """The columns that the user says something else of than was found, beside those said before."""
    mapping = dict(before)
    if seen.remembered:
        # A mapping of one's own replaces the remembered one: what that said is kept.
        mapping = {name: field for name, field in zip(seen.names, seen.fields, strict=True) if field}
    changed = {
        name: said[f"column-{place}"]
        for place, (name, field) in enumerate(zip(seen.names, seen.fields, strict=True))
        if said.get(f"column-{place}", field) != field
    }
    if not changed:
        return dict(before)
    taken = set(changed.values())
    return {name: field for name, field in mapping.items() if not field or field not in taken} | changed


# --- what is shown -------------------------------------------------------------------------------------


def _answers(batch: ImportBatch) -> dict[str, Any]:
    """The first rows of the file and what can be said about how to read it."""
    shown: dict[str, Any] = {
        "kinds": list(file_kinds()),
        "orders": ORDERS,
        "acceptable": ACCEPTABLE,
    }
    try:
        seen = _preview(batch)
    except UnreadableFile:
        return shown  # the check has said why
    schema = file_kinds()[batch.kind]
    columns = list(zip(seen.names, seen.fields, strict=True))
    shown |= _as_read(batch)
    return shown | {"preview": seen, "columns": columns, "fields": [field.name for field in schema]}


def _as_read(batch: ImportBatch) -> dict[str, Any]:
    """The numbers and dates of the first rows as the check has read them, beside what stands there, and its order of dates."""
    report = batch.report
    rows = report.get("first_rows", [])
    fields = [name for name in report.get("mapping", {}) if any(name in row for row in rows)]
    return {
        "read_fields": fields,
        "read_rows": [(row["line"], [(name, *_cell(row.get(name))) for name in fields]) for row in rows],
        "order": DATE_ORDERS[report["date_order"]] if _date_field(batch) in fields else "",
    }


def _date_field(batch: ImportBatch) -> str:
    return file_kinds()[batch.kind].date or "-"


def _cell(read: list[str] | None) -> tuple[str, str]:
    """What stands in a cell and what it is read as, in the user's way of writing; a dash for what cannot be read."""
    written, value = read or ("", "")
    if not value:
        return written, UNKNOWN if written else ""
    if DAY.fullmatch(value):
        return written, day(dt.date.fromisoformat(value))
    return written, number(Decimal(value), len(value.partition(".")[2]))


def _preview(batch: ImportBatch) -> Preview:
    """The first rows of a kept upload; remembered, since a workbook is slow to open."""
    said = json.dumps([batch.options, batch.kind], sort_keys=True)
    key = f"preview-{batch.pk}-{hashlib.sha256(said.encode()).hexdigest()}"
    seen: Preview | None = cache.get(key)
    if seen is None:
        with stored_upload(batch) as file:
            seen = preview(file, {batch.kind: file_kinds()[batch.kind]}, read_options(batch))[batch.kind]
        cache.set(key, seen, PREVIEW_KEPT)
    return seen


def _progress(batch: ImportBatch) -> Progress:
    if batch.is_open:
        return _of_job("import", batch.job)
    if batch.status != ImportStatus.PUBLISHED:
        return Progress("")
    newest = list(Job.objects.filter(kind=RECOMPUTE).order_by("-id")[:2])
    failed = next((job.error for job in newest if job.state not in OPEN_STATES), "")
    if newest and newest[0].state in OPEN_STATES:
        return replace(_of_job("figures", newest[0]), error=failed)
    version = data_version()
    if standing_is_behind(version):
        return Progress("prices", error=failed)
    grades = grade_counts()
    return Progress(
        "",
        error=failed,
        stale=version.is_stale,
        products=merchandise().count(),
        sure=grades["A"] + grades["B"],
    )


def _of_job(stage: str, job: Job | None) -> Progress:
    return Progress(stage, job.progress if job else 0.0, is_unattended(job))
