"""/elasticity and /api/analytics/elasticity: price elasticities of products."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django_filters import filters
from django_filters.fields import ChoiceField
from drf_spectacular.utils import extend_schema_field
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.filters import ChoiceFilter, DateRangeFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.pagination import LimitOffset
from elastix.api.versions import answer
from elastix.api.viewsets import ElastixViewSet
from elastix.dataset.models import DataVersion
from pricing.elasticity.models import ElasticityEstimate, Method
from pricing.elasticity.selectors.estimates import (
    diagnostics_of_product,
    elasticity_of_product,
    elasticity_rows,
)
from pricing.elasticity.serializers import (
    METHOD_ALIASES,
    METHODS,
    AnalyticsElasticityQuery,
    AnalyticsElasticitySerializer,
    DiagnosticsSerializer,
    ElasticityRowSerializer,
)
from pricing.sales.api.fields import CodeFormField
from pricing.sales.core.service_codes import LONGEST_CODE
from pricing.sales.selectors.products import find_product

MOST_CODES = 1_000


class MethodFormField(ChoiceField):  # type: ignore[misc]
    """How to estimate; `arc` is short for arc_elasticity."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(METHOD_ALIASES.get(value, value))


class MethodFilter(ChoiceFilter):
    field_class = MethodFormField


class CodesFormField(forms.Field):
    """Product codes in any case, each as a parameter of its own."""

    widget = forms.SelectMultiple
    code = CodeFormField(max_length=LONGEST_CODE)

    def clean(self, value: Any) -> list[str]:
        if len(value or []) > MOST_CODES:
            raise ValidationError(f"At most {MOST_CODES} codes at once.", code="max_length")
        return [self.code.clean(each) for each in value or []]


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class CodesFilter(filters.Filter):  # type: ignore[misc]
    field_class = CodesFormField
    repeatable = True


class ElasticityFilterSet(DateRangeFilterSet):
    defaults = {"method": Method.POOLED.value}

    stock_codes = CodesFilter(help_text="Only these products; repeatable.")
    country = TextFilter(max_length=60)
    method = MethodFilter(choices=METHODS, help_text="How to estimate; default pooled.")


class ElasticityPages(LimitOffset):
    """`limit` and `offset` -> {results, meta, last_updated}; the view sets `version` and `filters`."""

    version: DataVersion
    filters: dict[str, Any]

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        rows = super().paginate_queryset(queryset, request, view)
        self.returned = getattr(queryset, "products_behind", len)(rows)
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        as_of = self.version.as_of
        meta = {
            "start_date": self.filters["start_date"] or self.version.first_day,
            "end_date": self.filters["end_date"] or (as_of and as_of - dt.timedelta(days=1)),
            "total_products": self.total,
            "returned_products": self.returned,
            "limit": self.limit,
            "offset": self.offset,
            "available_countries": self.version.countries,
        }
        return Response({self.items_key: data, "meta": meta, "last_updated": self.version.published_at})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        day, number = {"type": "string", "format": "date", "nullable": True}, {"type": "integer"}
        meta = {
            **dict.fromkeys(("start_date", "end_date"), day),
            **dict.fromkeys(("total_products", "returned_products", "limit", "offset"), number),
            "available_countries": {"type": "array", "items": {"type": "string"}},
        }
        properties = {
            self.items_key: schema,
            "meta": {"type": "object", "required": list(meta), "properties": meta},
            "last_updated": {"type": "string", "format": "date-time", "nullable": True},
        }
        return {"type": "object", "required": list(properties), "properties": properties}


class ElasticityViewSet(ElastixViewSet):
    """Elasticities of merchandise, product by product."""

    queryset = ElasticityEstimate.objects.all()
    filterset_class = ElasticityFilterSet
    pagination_class = ElasticityPages
    default_limit = 200
    items_key = "results"

    @operation(response=ElasticityRowSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """List the elasticities of merchandise. With dates or a country: from those sales alone."""
        asked = self.filters()

        def build(version: DataVersion) -> Any:
            self.paginator.version, self.paginator.filters = version, asked
            return self.page(elasticity_rows(**asked)).data

        live = any(asked[name] for name in ("start_date", "end_date", "country"))
        return answer(request, build, live=live)


class ProductElasticityViewSet(ElastixViewSet):
    """How demand for one product answers to its price."""

    lookup_url_kwarg = "code"
    lookup_value_converter = "product_code"

    @operation(query=AnalyticsElasticityQuery, response=AnalyticsElasticitySerializer)
    def retrieve(self, request: Request, code: str) -> Response:
        """One product's elasticity, and how sure it is."""
        code, method = find_product(code).code, self.query["method"]
        return answer(
            request,
            lambda version: (
                AnalyticsElasticitySerializer(elasticity_of_product(version, code, method=method)).data
            ),
        )

    @action(detail=True)
    @operation(response=DiagnosticsSerializer, errors=(409,))
    def diagnostics(self, request: Request, code: str) -> Response:
        """Regression diagnostics of one product: robust errors, tests, influential days, and what they mean.

        Ordinary least squares of log units on log price, over the days with sales (the method `log_log`); 409 where a
        product has too few of them, or one price only.
        """
        code = find_product(code).code

        def build(version: DataVersion) -> Any:
            context = {"code": code, "version": version}
            return DiagnosticsSerializer(diagnostics_of_product(code), context=context).data

        return answer(request, build, live=True)
