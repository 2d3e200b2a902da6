"""Base classes of the admin pages: writes through services, with their errors shown; read-only tables; exports."""

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import actions as stock_actions
from django.contrib.admin.utils import model_ngettext, quote, unquote
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db import OperationalError, transaction
from django.db.models import DateTimeField, DecimalField, FloatField, IntegerField, JSONField, Model
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join

from elastix.api.errors import BUSY_RETRY_SECONDS
from elastix.api.renderers import csv_file, xlsx_file
from elastix.dataset.versions import data_version
from elastix.errors import Busy, ElastixError, NotFound
from elastix.fields import QuantityField
from elastix.glossary import sentence_of
from elastix.revisions import revision_of
from elastix.shop import shop_currency

logger = logging.getLogger(__name__)

BUSY = str(Busy.default_detail)
# What is deleted in one go is one transaction that keeps every other writer waiting.
MOST_DELETED_AT_ONCE = 500
# The hidden field that says which state of a row a form was filled in from.
REVISION = "revision"
EDITED = "Somebody else has changed this {} since you opened it. Nothing was saved; save again to overwrite what is saved now."
EXPORT_ROWS_AT_ONCE = 2_000
LONGEST_VALUE = 1_000
MOST_LISTED = 10_000
FORMATTED = (DecimalField, FloatField, IntegerField, JSONField)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of the first 10,000 rows: counting all of a large table, and leafing through it, takes seconds."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        # Without an order: the database may stop wherever it has seen enough.
        found: int = rows.order_by()[: MOST_LISTED + 1].count()
        self.is_cut = found > MOST_LISTED
        return min(found, MOST_LISTED)


class ShortDecimalField(forms.DecimalField):
    """A field that shows a number without the zeros that only its column adds: 3.99 and 0.20, but 0.1234."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Decimal) or not value.is_finite():
            return value
        digits = value.normalize()
        places = max(-int(digits.as_tuple().exponent), shop_currency().decimals)
        return min(value, digits.quantize(Decimal(1).scaleb(-places)), key=lambda each: len(f"{each:f}"))


class BaseAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A page that stays itself when a write is refused: the form comes back as it was sent, with the reason.

    Writes are refused when the database is busy (an import is being published) or a service objects.
    `offers` names the writes that there are here at all; of these the user's rights decide.
    """

    show_full_result_count = False
    list_per_page = 50
    paginator = BoundedPaginator
    offers: tuple[str, ...] = ("add", "change", "delete")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return "add" in self.offers and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return "change" in self.offers and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return "delete" in self.offers and super().has_delete_permission(request, obj)

    def get_list_display(self, request: HttpRequest) -> Any:
        links = self.list_display_links or ()
        return [
            name if name in links else formatted(self.model, name)
            for name in super().get_list_display(request)
        ]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, DecimalField):
            kwargs.setdefault("form_class", ShortDecimalField)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        if not refusal:
            return form

        def clean(self: Any) -> Any:
            form.clean(self)
            raise ValidationError(
                [*refusal, *_what_is_saved(self)] if hasattr(request, "edited") else refusal
            )

        return type(form.__name__, (form,), {"clean": clean})

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        try:
            return self._changeform(request, object_id, form_url, extra_context)
        except (ObjectDoesNotExist, NotFound):
            if request.method != "POST":
                raise
            # It was deleted between the page's query and the service's.
            self.message_user(
                request, f"This {self.opts.verbose_name} does not exist any more.", messages.ERROR
            )
            return redirect(changelist_url(self.model))
        except (OperationalError, ElastixError, ValidationError) as error:
            if request.method != "POST":
                raise
            request.refusal = _reasons(error)  # type: ignore[attr-defined]
            response = self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
            if isinstance(error, OperationalError):
                response.status_code = 503
                response["Retry-After"] = str(BUSY_RETRY_SECONDS)
            return response

    def _changeform(self, request: HttpRequest, object_id: Any, form_url: str, extra_context: Any) -> Any:
        """Django's page of one row; its form says which state of the row it was filled in from, and comes back where
        that is not the state any more."""
        if object_id is None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        seen = request.POST.get(REVISION)
        # From here to the save no other writer gets at the row. A page is read after its state: a change between the two is
        # noticed, not undone.
        with transaction.atomic() if seen else nullcontext():
            revision = revision_of(self.model, self._key(object_id), lock=bool(seen))
            if seen and revision not in (None, seen):
                request.edited = True  # type: ignore[attr-defined]
                request.refusal = [EDITED.format(self.opts.verbose_name)]  # type: ignore[attr-defined]
            context = {REVISION: revision, **(extra_context or {})}
            response = super().changeform_view(request, object_id, form_url, context)
        if hasattr(request, "edited"):
            response.status_code = 409
        return response

    def _key(self, object_id: str) -> Any:
        try:
            return self.opts.pk.to_python(unquote(object_id))
        except ValidationError:
            return None

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        return self._or_back(
            request, lambda: super(BaseAdmin, self).delete_view(request, object_id, extra_context)
        )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return self._or_back(request, lambda: super(BaseAdmin, self).changelist_view(request, extra_context))

    def _or_back(self, request: HttpRequest, view: Callable[[], Any]) -> Any:
        """Show a page; when the write it was asked for is refused, go back and say why."""
        try:
            return view()
        except (OperationalError, ElastixError, ValidationError) as error:
            if request.method != "POST":
                raise
            for reason in _reasons(error):
                self.message_user(request, reason, messages.ERROR)
            return redirect(request.get_full_path())


def _what_is_saved(form: Any) -> list[str]:
    """What is saved now in the fields in which a form that was sent differs."""
    found = [
        f"{form.fields[name].label}: {_text_of(form[name].initial)}"
        for name in form.changed_data
        if name in form.fields and name != REVISION
    ]
    return [f"Saved now, other than in this form: {'; '.join(found)}."] if found else []


def _reasons(error: Exception) -> list[str]:
    if isinstance(error, OperationalError):
        logger.warning("database busy: %s", error)
        return [BUSY]
    return error.messages if isinstance(error, ValidationError) else [str(error)]


def copy_state(obj: Model, saved: Model) -> None:
    """Let the object of a form be the one that a service saved."""
    obj.__dict__.update(saved.__dict__)


def changelist_url(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def change_link(obj: Model | None, text: str = "") -> str:
    """Return a link to an object's page, by default with its name as text; a dash for None."""
    if obj is None:
        return "-"
    url = reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[quote(obj.pk)])
    return format_html('<a href="{}">{}</a>', url, text or obj)


class ReadOnlyAdmin(BaseAdmin):
    """A table that is computed, or written by services alone: to be looked at."""

    offers = ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if self.has_change_permission(request, obj) or (obj is None and self.has_add_permission(request)):
            return super().get_fields(request, obj)
        return [
            tuple(formatted(self.model, name) for name in each)
            if isinstance(each, list | tuple)
            else formatted(self.model, each)
            for each in super().get_fields(request, obj)
        ]


class WatchedAdmin(ReadOnlyAdmin):
    """A table of work: the page of an object that `is_open` loads itself again every few seconds."""

    change_form_template = "admin/elastix/watched_change_form.html"


def formatted(model: type[Model], name: Any) -> Any:
    """A field as a column or line of its own that is easy to read: thousands separated, money in the currency's
    decimals or more where there are more, words of the API with their sentences; other fields as they are."""
    field = next((each for each in model._meta.fields if each.name == name), None)
    if (
        field is None
        or field.primary_key
        or field.is_relation
        or field.choices
        or not isinstance(field, FORMATTED)
    ):
        return name

    @admin.display(description=field.verbose_name, ordering=name)
    def column(obj: Any) -> str:
        return _formatted(field, getattr(obj, name))

    column.__name__ = name
    return column


def _formatted(field: Any, value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(field, JSONField):
        return _words(value) if isinstance(value, list) else _listed(value)
    if isinstance(field, DecimalField) and not isinstance(field, QuantityField):
        shown = Decimal(value).normalize()
        return f"{shown:,.{max(shop_currency().decimals, -int(shown.as_tuple().exponent))}f}"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def _words(words: list[Any]) -> str:
    """Fixed words, each with the sentence that explains it."""
    if not words or not all(isinstance(word, str) and sentence_of(word) for word in words):
        return _text_of(words)
    lines = [(word, sentence_of(word)) for word in words]
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}</li>", lines))


def _listed(values: Any) -> str:
    if not isinstance(values, dict):
        return _text_of(values)
    lines = [(str(name).replace("_", " "), _text_of(value)) for name, value in values.items()]
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}</li>", lines)) if lines else "-"


def values_column(field: str, description: str) -> Any:
    """A column or line that shows a mapping as names and values; a dash for nothing."""

    @admin.display(description=description)
    def column(self: Any, obj: Any) -> str:
        return _listed(getattr(obj, field) or {})

    return column


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        text = ", ".join(f"{name} = {inner}" for name, inner in value.items()) or "none"
    elif isinstance(value, list | tuple):
        text = ", ".join(map(str, value)) or "none"
    else:
        text = "-" if value is None else str(value)
    # The parameters of a job may list every product of the shop.
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}... ({len(text):,} characters)"


class ServiceDeletes(BaseAdmin):
    """Deletes by a service, which knows what goes with an object: subclasses override `delete_model`."""

    actions: Any = ("delete_selected",)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # The stock collector would walk all sales of a product, and ask for rights on tables nobody may edit.
        return [str(obj) for obj in objs], {str(self.opts.verbose_name_plural): len(objs)}, set(), []

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    @admin.action(permissions=["delete"], description="Delete selected %(verbose_name_plural)s")
    def delete_selected(self, request: HttpRequest, queryset: Any) -> Any:
        """Delete all of the selection or, where a service refuses one, none."""
        if len(queryset[: MOST_DELETED_AT_ONCE + 1]) > MOST_DELETED_AT_ONCE:
            self.message_user(
                request,
                f"At most {MOST_DELETED_AT_ONCE} can be deleted in one go; select fewer.",
                messages.ERROR,
            )
            return None
        if not request.POST.get("post"):
            return stock_actions.delete_selected(self, request, queryset)
        with transaction.atomic():
            chosen = list(queryset)
            self.log_deletions(request, chosen)  # type: ignore[arg-type]
            self.delete_queryset(request, chosen)
        self.say_deleted(request, chosen)
        return None

    def say_deleted(self, request: HttpRequest, chosen: list[Any]) -> None:
        self.message_user(request, f"Deleted {model_ngettext(self.opts, len(chosen))}: {len(chosen)}.")


class PeriodFilter(admin.SimpleListFilter):
    """The last days of the data, counted like everything else from the day after the newest sale.

    Unlike a date hierarchy it costs no scan of a large table. Subclasses name the `field`.
    """

    title = "period"
    parameter_name = "period"
    field = "date"
    as_of: dt.date | None = None
    DAYS = {"1": "last day with sales", "7": "last 7 days", "30": "last 30 days", "365": "last 365 days"}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.as_of = data_version().as_of
        return list(self.DAYS.items()) if self.as_of else []

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in self.DAYS or self.as_of is None:
            return queryset
        since: Any = self.as_of - dt.timedelta(days=int(self.value() or 0))
        if isinstance(queryset.model._meta.get_field(self.field), DateTimeField):
            since = dt.datetime.combine(since, dt.time.min, settings.SHOP_TIME_ZONE)
        return queryset.filter(**{f"{self.field}__gte": since})


class ExportMixin:
    """Actions that hand out the selected rows as a file that a spreadsheet, or the import, can read."""

    export_fields: tuple[str, ...] = ()

    @admin.action(permissions=["view"], description="Export selected %(verbose_name_plural)s as CSV")
    def export_csv(self, request: HttpRequest, queryset: Any) -> StreamingHttpResponse:
        # Excel takes a file without this mark for the machine's own code page.
        return csv_file(
            f"{_file_stem(queryset)}.csv", self.export_fields, self._rows(queryset), mark="\ufeff"
        )

    @admin.action(permissions=["view"], description="Export selected %(verbose_name_plural)s as XLSX")
    def export_xlsx(self, request: HttpRequest, queryset: Any) -> FileResponse:
        return xlsx_file(_file_stem(queryset), self.export_fields, self._rows(queryset))

    def _rows(self, queryset: Any) -> Iterator[list[Any]]:
        for row in queryset.values_list(*self.export_fields).iterator(chunk_size=EXPORT_ROWS_AT_ONCE):
            # No time zones in cells.
            yield [each.isoformat() if isinstance(each, dt.datetime) else each for each in row]


def _file_stem(queryset: Any) -> str:
    return str(queryset.model._meta.verbose_name_plural).replace(" ", "-")
