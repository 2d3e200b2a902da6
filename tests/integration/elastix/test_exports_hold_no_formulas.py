"""Every file that a spreadsheet may open: texts are no formulas, numbers stay numbers."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import get_resolver
from openpyxl import load_workbook
from rest_framework.test import APIClient

from elastix.admin_base import ExportMixin
from elastix.imports.models import ImportReject
from elastix.imports.services import rejects_file
from market.models import RepricingResult, RepricingRun
from pricing.recommendation.models import BulkRow, Override
from pricing.recommendation.selectors.policies import Overrides
from pricing.recommendation.services.bulk import bulk_request
from pricing.recommendation.services.categories import categories_refresh_if_outdated
from pricing.sales.models import Product, Transaction
from segments.models import CustomerSegment
from tests.factories import (
    AlertFactory,
    CompetitorFactory,
    CompetitorPriceFactory,
    ImportBatchFactory,
    PriceChangeFactory,
    PricePolicyFactory,
    RepricingRuleFactory,
    SimulationFactory,
)
from tests.integration.admin_pages import page, run_action, signed_in
from tests.integration.elastix.test_lists_as_files import lists
from tests.integration.pricing.factories import products_to_price
from tests.shops import Commits, copy_of_shop
from tests.test_docs import routes

pytestmark = pytest.mark.django_db
EVIL = '=HYPERLINK("x")'
BATCH = UUID("00000000-0000-4000-8000-000000000001")
REJECTED = (EVIL, "+1+1", "-1+1", "@SUM(A1)", "\tx", "\rx")
ADMINS = [model for model, pages in admin.site._registry.items() if isinstance(pages, ExportMixin)]
# Files in which somebody's text begins with an equals sign, as the shop below has it.
API_WITH_TEXTS = {
    "/api/alerts", "/api/market/prices", "/api/market/qualities", "/api/price/changes", "/api/price/overrides",
    "/api/price/policies", "/api/price/prior-prices", "/api/price/prior-prices/proposed", "/api/price/recommendations",
    "/api/price/rules", "/api/products/list", "/api/recommendations", "/elasticity", "/segments/customers", "/simulations",
    "/stock-items", "/transactions", "/transactions/imports",
}  # fmt: skip
DESK_WITH_TEXTS = {
    f"/desk/{name}"
    for name in (
        "products", "market", "customers", "data", "opportunities", "opportunities?tab=left", "changes", "changes?tab=not-taken",
        "simulations", "rules", "alerts",
        f"changes/batch/{BATCH}",
    )
}  # fmt: skip


@pytest.fixture
def evil_shop(commits: Commits) -> int:
    """A computed shop whose texts are formulas, with one of everything that is exported; its bulk job's number."""
    copy_of_shop(commits)
    products_to_price()
    Product.objects.update(name=EVIL, category=EVIL)
    categories_refresh_if_outdated()
    Transaction._base_manager.update(description=EVIL)
    somebody = CustomerSegment.objects.order_by("customer_id")[0]
    CustomerSegment.objects.filter(pk=somebody.pk).update(customer_id=EVIL)
    cup = Product.objects.get(pk="CUP")
    with commits():
        job = bulk_request(["CUP", "MUG"], Overrides())
    AlertFactory(subject=EVIL, message=EVIL)
    CompetitorFactory(name=EVIL)
    CompetitorPriceFactory(product=cup, competitor_name=EVIL)
    PricePolicyFactory(category=EVIL)
    SimulationFactory(product=cup, name=EVIL)
    change = PriceChangeFactory(
        product=cup,
        batch=BATCH,
        old_price=cup.current_price,
        new_price=Decimal("1.01"),
        proposed_by=EVIL,
        reason=EVIL,
    )
    mug = Product.objects.get(pk="MUG")
    PriceChangeFactory(product=mug, new_price=mug.current_price, is_applied=True)
    Product.objects.filter(pk="MUG").update(price_source="manual")
    Override.objects.create(change=change, recommended_price=Decimal("3.99"), made_by=EVIL, reason=EVIL)
    rule = RepricingRuleFactory(name=EVIL, products=["CUP"])
    run = RepricingRun.objects.create(slot="one", batch=BATCH)
    prices = dict.fromkeys(("base_price", "old_price", "wanted_price", "new_price"), Decimal("4.00"))
    RepricingResult.objects.create(run=run, rule=rule, product=cup, outcome="proposed", **prices)
    batch = ImportBatchFactory(
        file_name=EVIL, accepted=9, rejected=1, report={"columns": [EVIL, "b", "c", "d", "e", "f"]}
    )
    ImportReject.objects.create(batch=batch, line=2, reason="not_a_number", message=EVIL, content=[*REJECTED])
    return job.pk


def checked(rows: Sequence[Sequence[Any]]) -> bool:
    """No cell is a formula and no number has become a text; return whether the text that would be a formula is there."""
    cells = [cell for row in rows for cell in row]
    texts = [cell for cell in cells if isinstance(cell, str) and cell]
    assert [text for text in texts if text[0] in "=+-@\t\r" and not is_number(text)] == []
    assert [text for text in texts if text[0] == "'" and is_number(text[1:])] == []
    return any(EVIL in text for text in texts)


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text


def as_csv(answer: Any) -> list[list[str]]:
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def as_xlsx(answer: Any) -> list[list[Any]]:
    assert answer.status_code == 200
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert all(cell.data_type != "f" for row in book.active for cell in row)
    return [list(row) for row in book.active.iter_rows(values_only=True)]


def test_every_list_of_the_api(evil_shop: int, admin_client: APIClient) -> None:
    found = {path for path in lists() if checked(as_csv(admin_client.get(path, {"format": "csv"})))}
    assert found == API_WITH_TEXTS


def test_every_file_of_the_desk(evil_shop: int, admin_user: User) -> None:
    browser = signed_in(admin_user)
    pages = {route for route, _ in routes(get_resolver().url_patterns) if route.startswith("/desk/")}
    found = set()
    for path in sorted({route for route in pages if "{" not in route} | DESK_WITH_TEXTS):
        said = f"{path}{'&' if '?' in path else '?'}file="
        answer = browser.get(f"{said}csv")
        if answer.get("Content-Type") == "text/csv; charset=utf-8" and checked(as_csv(answer)):
            found.add(path)
            assert checked(as_xlsx(browser.get(f"{said}xlsx")))
    assert found == DESK_WITH_TEXTS


@pytest.mark.parametrize("model", ADMINS, ids=lambda model: model.__name__)
def test_every_export_of_the_admin(evil_shop: int, admin_user: User, model: type[Model]) -> None:
    browser = signed_in(admin_user)
    rows = model._default_manager.all()
    with_texts = model is not BulkRow  # which names products by their codes
    assert checked(as_csv(run_action(browser, "export_csv", *rows))) == with_texts
    assert checked(as_xlsx(run_action(browser, "export_xlsx", *rows))) == with_texts


def test_what_a_bulk_optimization_found(evil_shop: int, viewer_client: APIClient) -> None:
    rows = as_csv(viewer_client.get(f"/api/jobs/{evil_shop}/result.csv"))
    assert len(rows) == 3
    assert checked(rows)


def test_rejected_rows(evil_shop: int, viewer_client: APIClient, admin_user: User) -> None:
    batch = ImportReject.objects.get().batch
    by_api = as_csv(viewer_client.get(f"/transactions/imports/{batch.pk}/rejects.csv"))
    assert checked(by_api)
    assert by_api[1][3:] == [f"'{text}" for text in REJECTED]
    assert list(csv.reader(io.StringIO(rejects_file(batch).read().decode(), newline=""))) == by_api
    by_admin = signed_in(admin_user).get(page(type(batch), "rejects", batch.pk))
    assert as_csv(by_admin) == by_api


def test_the_feed_of_prices(evil_shop: int, viewer_client: APIClient) -> None:
    answer = as_csv(viewer_client.get("/api/feeds/prices.csv"))
    assert len(answer) == 2
    checked(answer)


def test_negative_numbers_stay_numbers(evil_shop: int, viewer_client: APIClient, admin_user: User) -> None:
    heading, *rows = as_csv(viewer_client.get("/elasticity", {"format": "csv"}))
    found = [row[heading.index("elasticity")] for row in rows]
    assert any(float(cell) < 0 for cell in found if cell)
    found = [row[6] for row in as_xlsx(signed_in(admin_user).get("/desk/products?file=xlsx"))[1:]]
    assert any(isinstance(cell, float) and cell < 0 for cell in found)
