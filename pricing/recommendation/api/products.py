"""/api/products: the catalogue."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.permissions import audit_username
from elastix.api.views import ElastixView
from elastix.dataset.versions import current_version, data_version
from elastix.errors import Conflict
from elastix.imports.models import ImportKind
from pricing.recommendation.selectors.products import product_detail
from pricing.sales.api.serializers import (
    AcceptedSerializer,
    ImportSerializer,
    ProductChangeSerializer,
    ProductDeletedSerializer,
    ProductDetailQuery,
    ProductDetailSerializer,
    ProductListSerializer,
    ProductSerializer,
    ProductsQuery,
)
from pricing.sales.api.transactions import upload
from pricing.sales.models import Product
from pricing.sales.selectors.products import find_product, products_list
from pricing.sales.services import products as catalogue


class ProductsView(ElastixView):
    """A new product."""

    bodies = {"POST": ProductSerializer}
    responses = {"POST": ProductDetailSerializer}

    def post(self, request: Request) -> Response:
        serializer = ProductSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        fields = dict(serializer.validated_data)
        code = fields.pop("id")
        if Product.objects.filter(code=code).exists():
            raise Conflict(
                f"There is a product {code} already. To change it, send PATCH to /api/products/{code}."
            )
        product = catalogue.product_create(code=code, by=audit_username(request), **fields)
        return Response(product_detail(product.code, days=90, version=data_version()), status=201)


class ProductListView(ElastixView):
    """Active merchandise with price, cost, margin and the month's units."""

    queries = {"GET": ProductsQuery}
    responses = {"GET": ProductListSerializer}

    def get(self, request: Request) -> Response:
        return Response(products_list(**self.query))


class ProductView(ElastixView):
    """One product. Deleting one with history deactivates it: the books need it."""

    queries = {"GET": ProductDetailQuery}
    bodies = {"PUT": ProductSerializer, "PATCH": ProductChangeSerializer}
    responses = {
        "GET": ProductDetailSerializer,
        "PUT": ProductDetailSerializer,
        "PATCH": ProductDetailSerializer,
        "DELETE": ProductDeletedSerializer,
    }

    def get(self, request: Request, code: str) -> Response:
        code = find_product(code).code
        return Response(product_detail(code, days=self.query["days"], version=current_version()))

    def put(self, request: Request, code: str) -> Response:
        return self._change(request, code, partial=False)

    def patch(self, request: Request, code: str) -> Response:
        return self._change(request, code, partial=True)

    def delete(self, request: Request, code: str) -> Response:
        product = find_product(code)
        deleted = catalogue.product_delete(product.code)
        message = "Deleted." if deleted else "It has history, so it was deactivated instead."
        return Response({"id": product.code, "deleted": deleted, "message": f"{product.code}: {message}"})

    def _change(self, request: Request, code: str, *, partial: bool) -> Response:
        product = find_product(code)
        data = request.data if partial else {"id": product.code, **_as_dict(request.data)}
        serializer = (ProductChangeSerializer if partial else ProductSerializer)(data=data, partial=partial)
        serializer.is_valid(raise_exception=True)
        fields = dict(serializer.validated_data)
        if fields.pop("id", product.code) != product.code:
            raise ValidationError(
                {"id": ["A product's code cannot be changed: its sales are booked under it."]}
            )
        catalogue.product_update(product.code, by=audit_username(request), **fields)
        return Response(product_detail(product.code, days=90, version=data_version()))


class ProductImportView(ElastixView):
    """Import a CSV, TSV or XLSX file of products; existing ones are updated."""

    parser_classes = (MultiPartParser,)
    bodies = {"POST": ImportSerializer}
    responses = {"POST": AcceptedSerializer}

    def post(self, request: Request) -> Response:
        return upload(request, ImportKind.PRODUCTS)


def _as_dict(data: Any) -> dict[str, Any]:
    if not hasattr(data, "keys"):
        raise ValidationError("Expected an object.")
    return {key: data[key] for key in data}
