"""The base of every resource of the API: strict parameters, roles, problem+json errors."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any
from urllib.parse import unquote_to_bytes

from django.db.models import Model, QuerySet
from django.http import Http404, QueryDict, StreamingHttpResponse
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.metadata import SimpleMetadata
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ListField, Serializer
from rest_framework.viewsets import GenericViewSet

from elastix.api.editing import EDITS, IF_MATCH, if_unchanged, with_tag
from elastix.api.errors import PROBLEM_JSON
from elastix.api.idempotency import HEADER, answer_once
from elastix.api.operations import Operation
from elastix.api.pagination import LimitOffset
from elastix.api.parsers import StrictJSONParser
from elastix.api.renderers import ROWS_A_PIECE, CsvRenderer, csv_file
from elastix.dataset.models import DataVersion
from elastix.revisions import revision_of
from elastix.sql import batches

# What an answer of the API may depend on, for the caches between.
VARY = "Accept, Authorization, Cookie, Origin"
ALIASES = {"startDate": "start_date", "endDate": "end_date"}
# The name of a format is read by the content negotiation, before anything else.
ALWAYS_ALLOWED = frozenset({"format"})


class Metadata(SimpleMetadata):
    """What OPTIONS answers: name, description and formats. Bodies are described in the OpenAPI document."""

    def determine_actions(self, request: Request, view: Any) -> dict[str, Any]:
        return {}


class ElastixViewSet(GenericViewSet[Any]):
    """Base of the resources. Each action declares with `@operation` what it takes, answers and who may ask.

    Before an action runs, its query parameters are in `self.query`, validated; `self.validated()` returns its
    body. A parameter that the action does not know, or that is given twice with different values, is refused; an
    empty one counts as not given.

    Attributes
    ----------
    filterset_class
        Filters of the actions declared with `lists=True`; `self.filters()` returns its validated values.
    default_limit, items_key
        How many rows a page has unless asked otherwise, and under which key the answer has them.
    file_name, row_serializer
        Of a list as a file (`format=csv`): its name, and whose fields its columns are. By default the resource's
        name and the serializer of the operation.
    edited
        The table whose row people edit at the addresses of single resources; those take `If-Match`.
    """

    parser_classes: Any = (StrictJSONParser, FormParser, MultiPartParser)
    metadata_class = Metadata
    pagination_class: Any = LimitOffset
    filterset_class: Any = None
    default_limit = 100
    items_key = "items"
    post: Any  # the action of a POST, set by DRF's routers
    file_name = ""
    row_serializer: Any = None
    edited: type[Model] | None = None
    query: dict[str, Any]

    def edited_key(self) -> Any:
        """The primary key of the row at the request's address; None where the address is not a single row's."""
        return self.kwargs.get(self.lookup_url_kwarg or "")

    @property
    def operation(self) -> Operation | None:
        """The declaration of the action that serves the request."""
        return getattr(getattr(self, self.action or "", None), "operation", None)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        asked = self.operation
        if asked is None:
            return
        given = request._request.GET = self._parameters(request, asked)
        self.query = {}
        if asked.query is not None:
            fields = asked.query().fields
            known = {name: field for name, field in fields.items() if name in given}
            values = {
                name: given.getlist(name) if isinstance(field, ListField) else given[name]
                for name, field in known.items()
            }
            serializer = asked.query(data=values)
            serializer.is_valid(raise_exception=True)
            self.query = dict(serializer.validated_data)
        if (
            request.method == "POST"
            and asked.writes
            and self.authentication_classes
            and HEADER in request.headers
        ):
            self.post = answer_once(self.post)
        shows_a_row = self.action == "retrieve" and request.accepted_renderer.format == "json"
        if self.edited is not None and shows_a_row:
            self._tag_what_is_read(self.edited, str(request.method).lower())
        if request.method in EDITS and IF_MATCH in request.headers:
            self._compare_before_edit(str(request.method).lower())

    def _tag_what_is_read(self, model: type[Model], method: str) -> None:
        """Have an answer carry the state of the row as it was before the body was read.

        A change between the two is then noticed by whoever edits, instead of being undone.
        """
        read, revision = getattr(self, method), revision_of(model, self.edited_key())
        setattr(self, method, lambda *args, **kwargs: with_tag(read(*args, **kwargs), revision))

    def _compare_before_edit(self, method: str) -> None:
        key = self.edited_key() if self.edited is not None else None
        if self.edited is None or key is None:
            text = "This address takes no If-Match: what it changes has no states to compare."
            raise ValidationError({IF_MATCH: [ErrorDetail(text, "unknown")]})
        setattr(self, method, if_unchanged(getattr(self, method), self.edited, key))

    def validated(self, instance: Any = None) -> dict[str, Any]:
        """Return the validated body; of an operation declared partial, only what it names.

        Raises
        ------
        ValidationError : naming the field, its code and what to do.
        """
        serializer = self.get_serializer(instance, data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        if self.operation is not None and self.operation.partial:
            kwargs.setdefault("partial", True)
        if "data" in kwargs:
            return super().get_serializer(*args, **kwargs)
        # A form of the browsable API: filled in with what the page shows.
        serializer: Any = super().get_serializer()
        shown = getattr(getattr(self, "response", None), "data", None)
        for name, field in getattr(serializer, "fields", {}).items():
            if isinstance(shown, dict) and name in shown and not field.read_only:
                field.initial = shown[name]
        return serializer

    def get_serializer_class(self) -> Any:
        """The body's serializer: of the action that runs, or of the one whose form the browsable API draws."""
        return (self.operation.body if self.operation else None) or Serializer

    def filters(self) -> dict[str, Any]:
        """Return the validated values of the list's filters.

        Raises
        ------
        ValidationError : a value is not one that the filter takes.
        """
        # Of a list that is computed only the values are checked; django-filter wants a queryset all the same.
        return dict(self._filterset(DataVersion.objects.none()).form.cleaned_data)

    def get_queryset(self) -> Any:
        """What the browsable page's form of filters is made for, also where a list is computed."""
        computed = getattr(self, "queryset", None) is None
        return DataVersion.objects.none() if computed else super().get_queryset()

    def filtered(self, queryset: Any) -> Any:
        """Return the queryset with the list's filters and its ordering applied."""
        return self._filterset(queryset).qs

    @property
    def paginator(self) -> Any:
        paginator: Any = super().paginator
        if paginator is not None:
            paginator.items_key = self.items_key
        return paginator

    def get_renderers(self) -> list[Any]:
        """Every list is also a file."""
        found: list[Any] = super().get_renderers()
        is_list = self.operation is not None and self.operation.lists and self.pagination_class is not None
        return [*found, CsvRenderer()] if is_list else found

    @property
    def is_file(self) -> bool:
        """Whether the list is asked for as a file: then of all rows, unless `limit` or `page_size` says how many."""
        return isinstance(getattr(self.request, "accepted_renderer", None), CsvRenderer)

    def page(self, rows: Any) -> Response:
        """Answer a page of rows (a queryset or a sequence) in the contract's shape."""
        if self.is_file and isinstance(rows, QuerySet) and not rows.query.values_select:
            keys = self.paginate_queryset(rows.values_list("pk", flat=True)) or ()
            return Response({self.items_key: self._in_pieces(rows, keys)})
        found = self.paginate_queryset(rows)
        serializer = self.operation.response(found, many=True, context=self.get_serializer_context())  # type: ignore[union-attr]
        return self.get_paginated_response(serializer.data)

    def _in_pieces(self, rows: QuerySet[Any], keys: Sequence[Any]) -> Iterator[Any]:
        """Yield the rows as the list shows them, some hundred at a time.

        The keys were read at once and the rows are by their keys: a cursor left open for a client that went away would be
        closed in whatever transaction its connection is in by then.
        """
        context = self.get_serializer_context()
        serializer: Any = self.operation.response  # type: ignore[union-attr]
        for chunk in batches(keys, ROWS_A_PIECE):
            yield from serializer(rows.filter(pk__in=chunk), many=True, context=context).data

    def _file(self, response: Response) -> StreamingHttpResponse:
        """The list that was answered, as a file."""
        rows = iter(self.paginator.get_results(response.data))
        first = next(rows, None)
        if first is not None:
            columns = list(first)
        else:
            serializer = self.row_serializer or self.operation.response  # type: ignore[union-attr]
            columns = [name for name, field in serializer().fields.items() if not field.write_only]
        found = chain([] if first is None else [first], rows)
        name = self.file_name or (
            self.basename if self.action == "list" else f"{self.basename}-{self.action}"
        )
        kept = {key: value for key, value in response.headers.items() if key != "Content-Type"}
        return csv_file(f"{name}.csv", columns, (row.values() for row in found), kept)

    def _filterset(self, queryset: Any) -> Any:
        found = self.filterset_class(self.request.query_params, queryset=queryset, request=self.request)
        if not found.form.is_valid():
            raise ValidationError(
                {
                    field: [
                        ErrorDetail(message, error.code or "invalid")
                        for error in errors.as_data()
                        for message in error.messages
                    ]
                    for field, errors in found.form.errors.items()
                }
            )
        return found

    def _parameters(self, request: Request, asked: Operation) -> Any:
        """The query parameters under their own names, without empty ones; unknown and repeated ones are refused."""
        known, repeatable = self._known_parameters(asked)
        try:
            unquote_to_bytes(request.META.get("QUERY_STRING", "")).decode()
        except UnicodeDecodeError as error:
            raise ValidationError("The query is no UTF-8: percent-encode it as UTF-8.", "encoding") from error
        given = QueryDict(mutable=True)
        errors: dict[str, list[ErrorDetail]] = {}
        for name, values in request.query_params.lists():
            own_name = ALIASES.get(name, name)
            if own_name not in known:
                if name in ALWAYS_ALLOWED:
                    given.setlist(name, values)
                    continue
                text = f"Known: {', '.join(sorted(known))}." if known else "There are none here."
                errors[name] = [ErrorDetail(f"Unknown parameter. {text}", "unknown")]
                continue
            values = given.getlist(own_name) + [value for value in values if value.strip()]
            if own_name not in repeatable and len(set(values)) > 1:
                errors[name] = [ErrorDetail("Given more than once with different values.", "repeated")]
            if values:
                given.setlist(own_name, values if own_name in repeatable else values[:1])
        if errors:
            raise ValidationError(errors)
        return given

    def _known_parameters(self, asked: Operation) -> tuple[set[str], set[str]]:
        """Names of the action's parameters, and those of them that may be repeated."""
        fields = asked.query().fields if asked.query else {}
        known = set(fields)
        repeatable = {name for name, field in fields.items() if isinstance(field, ListField)}
        if asked.lists and self.filterset_class is not None:
            filters = self.filterset_class.base_filters
            known |= set(filters)
            repeatable |= {name for name, each in filters.items() if getattr(each, "repeatable", False)}
        if asked.lists and self.paginator is not None:
            known |= set(self.paginator.numbers)
        return known, repeatable

    @property
    def default_response_headers(self) -> dict[str, str]:
        return super().default_response_headers | {"Vary": VARY}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        try:
            return super().perform_content_negotiation(request, force)
        except Http404 as error:
            known = ", ".join(sorted(each.format for each in self.get_renderers() if each.format))
            raise ValidationError({"format": [f"Unknown format. Known: {known}."]}, "unknown") from error

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(response, Response) and response.status_code == 200 and self.is_file:
            response = self._file(response)
        response = super().finalize_response(request, response, *args, **kwargs)
        browsed = getattr(getattr(response, "accepted_renderer", None), "format", "") == "api"
        if isinstance(response, Response) and response.exception and not browsed:
            response.accepted_renderer = JSONRenderer()
            response.accepted_media_type = "application/json"
            response.content_type = PROBLEM_JSON
        return response


class AnyAccept(BaseContentNegotiation):
    """For answers that are a file: there is no choice of formats, whatever the client would rather have."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type
