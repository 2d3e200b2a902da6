"""A recompute in pieces: their size bounds its memory, and changes no figure."""

import json
from typing import Any

import pytest
from django.core.serializers import serialize

from elastix import sql
from elastix.imports.models import ImportBatch
from elastix.jobs.recompute import request_recompute
from pricing.elasticity.models import ElasticityEstimate
from pricing.sales.models import SalesHistory, StagedTransaction
from pricing.sales.selectors.daily import product_shards
from pricing.sales.services.imports import TransactionsImport
from segments.models import SegmentElasticity, SegmentSales
from segments.services import sales
from tests.factories import ImportBatchFactory, ProductFactory, SalesHistoryFactory
from tests.shops import Commits

pytestmark = pytest.mark.django_db

FIGURES = (ElasticityEstimate, SalesHistory, SegmentSales, SegmentElasticity)


def published() -> list[Any]:
    """The figures without their rows' numbers, which a recompute assigns newly."""
    tables = (json.loads(serialize("json", model.objects.all())) for model in FIGURES)
    return [sorted(json.dumps(row["fields"]) for row in table) for table in tables]


def test_a_piece_has_so_many_lines_or_products_at_most(settings: Any) -> None:
    settings.RECOMPUTE_SHARD_LINES, settings.RECOMPUTE_SHARD_PRODUCTS = 10, 3
    for code, lines in zip("ABCDEFG", (4, 6, 11, 1, 1, 1, 1), strict=True):
        SalesHistoryFactory(product=ProductFactory(code=code), lines=lines)
    assert list(product_shards("ABCDEFGH")) == [["A", "B"], ["C"], ["D", "E", "F"], ["G", "H"]]
    assert list(product_shards([])) == []


def test_pieces_change_no_figure(
    settings: Any, monkeypatch: pytest.MonkeyPatch, shop: ImportBatch, commits: Commits
) -> None:
    whole = published()
    assert all(whole[:3])
    settings.RECOMPUTE_SHARD_LINES = 7
    monkeypatch.setattr(sql, "ROWS_AT_A_TIME", 5)
    monkeypatch.setattr(sales, "ROWS_WRITTEN_TOGETHER", 3)
    with commits():
        request_recompute(full=True)
    assert published() == whole


def test_the_stage_of_another_import_is_left_alone() -> None:
    mine, other = ImportBatchFactory.create(), ImportBatchFactory.create()
    for batch in (mine, other):
        StagedTransaction.objects.create(
            batch=batch, token=1, product_code="A", invoice_no="1", quantity=1, unit_price=1,
            invoice_date="2024-01-01T00:00Z", date="2024-01-01", is_return=False, country="",
        )  # fmt: skip
    TransactionsImport.clear(mine.pk)
    assert [row.batch for row in StagedTransaction.objects.all()] == [other]
    TransactionsImport.clear(other.pk)
    assert not StagedTransaction.objects.exists()
