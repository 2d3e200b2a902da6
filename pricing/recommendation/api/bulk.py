"""Prices of many products at once: optimised by a job, handed out as a file, proposed in the ledger."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.views import ElastixView
from elastix.api.viewsets import AnyAccept
from elastix.jobs.api import JobAcceptedSerializer
from elastix.sql import batches
from pricing.recommendation.api.bulk_serializers import (
    BulkOptimizeSerializer,
    CategoriesSerializer,
)
from pricing.recommendation.models import BulkOptimization
from pricing.recommendation.selectors.bulk import (
    csv_rows,
    filtered_products,
    find_optimization,
    named_products,
)
from pricing.recommendation.selectors.categories import categories
from pricing.recommendation.selectors.joint_optimization import MOST_TOGETHER
from pricing.recommendation.services.bulk import bulk_request

ROWS_A_PIECE = 500


class BulkOptimizeView(ElastixView):
    """Recommend prices for many products in a job; /api/jobs/{id} has its progress and result, for 30 days."""

    bodies = {"POST": BulkOptimizeSerializer}
    responses = {"POST": JobAcceptedSerializer}

    def post(self, request: Request) -> Response:
        serializer = BulkOptimizeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        products = _chosen(asked)
        if asked["joint"] and len(products) > MOST_TOGETHER:
            raise ValidationError(
                f"At most {MOST_TOGETHER} prices can be chosen together; this chooses {len(products)}."
                " Choose fewer products, or leave out joint.",
                "too_many",
            )
        job = bulk_request(products, serializer.overrides(), joint=asked["joint"], user=request.user)
        job.refresh_from_db(fields=["state"])
        return Response(JobAcceptedSerializer(job).data, status=202)


def _chosen(asked: dict[str, Any]) -> list[str]:
    """The codes of the products that the request names.

    Raises
    ------
    ValidationError : some cannot be priced, or there are none.
    """
    if "product_ids" in asked:
        return named_products(asked["product_ids"])
    selector = "filter" if "filter" in asked else "category"
    found = filtered_products(
        **(asked["filter"] if selector == "filter" else {"category": asked["category"]})
    )
    if not found:
        raise ValidationError(
            {selector: [ErrorDetail("No product that is for sale fits this.", "nothing_selected")]}
        )
    return found


class BulkResultView(ElastixView):
    """All rows of a bulk optimization as CSV, by product."""

    content_negotiation_class = AnyAccept
    responses = {"GET": bytes}

    def get(self, request: Request, job_id: int) -> StreamingHttpResponse:
        found = find_optimization(job_id)
        file = StreamingHttpResponse(_pieces(found), content_type="text/csv; charset=utf-8")
        file["Content-Disposition"] = f'attachment; filename="prices-{job_id}.csv"'
        file["Cache-Control"] = "private, no-store"
        return file


def _pieces(found: BulkOptimization) -> Iterator[str]:
    for rows in batches(csv_rows(found), ROWS_A_PIECE):
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        yield text.getvalue()


class CategoriesView(ElastixView):
    """Categories: products, revenue, margin, elasticity, and what acting on all recommendations would add."""

    responses = {"GET": CategoriesSerializer}

    def get(self, request: Request) -> Response:
        return Response(categories(), headers={"Cache-Control": "private, no-store"})
