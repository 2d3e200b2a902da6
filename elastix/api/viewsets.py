"""The base of every resource of the API: strict parameters, roles, problem+json errors."""

from typing import Any

from django.http import Http404, QueryDict
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.metadata import SimpleMetadata
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ListField, Serializer
from rest_framework.viewsets import GenericViewSet

from elastix.api.errors import PROBLEM_JSON
from elastix.api.operations import Operation
from elastix.api.pagination import LimitOffset
from elastix.api.parsers import ShallowJSONParser
from elastix.dataset.models import DataVersion

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
    """

    parser_classes: Any = (ShallowJSONParser, FormParser, MultiPartParser)
    metadata_class = Metadata
    pagination_class: Any = LimitOffset
    filterset_class: Any = None
    default_limit = 100
    items_key = "items"
    query: dict[str, Any]

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

    def filtered(self, queryset: Any) -> Any:
        """Return the queryset with the list's filters and its ordering applied."""
        return self._filterset(queryset).qs

    @property
    def paginator(self) -> Any:
        paginator: Any = super().paginator
        if paginator is not None:
            paginator.items_key = self.items_key
        return paginator

    def page(self, rows: Any) -> Response:
        """Answer a page of rows (a queryset or a sequence) in the contract's shape."""
        found = self.paginate_queryset(rows)
        serializer = self.operation.response(found, many=True, context=self.get_serializer_context())  # type: ignore[union-attr]
        return self.get_paginated_response(serializer.data)

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
