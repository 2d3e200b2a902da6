"""Products in the admin: written by the catalogue's services, exported, recomputed; and their ledger."""

import csv
import io
import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.urls import reverse
from openpyxl import load_workbook

from elastix.dataset.versions import data_version
from elastix.jobs.models import Job
from pricing.sales.models import PriceChange, Product
from pricing.sales.models.products import Kind, PriceSource
from pricing.sales.services.products import product_create
from tests.factories import ElasticityEstimateFactory, ProductSummaryFactory
from tests.integration.admin_pages import errors_of, page, run_action, said, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def cup() -> Product:
    return product_create(
        code="CUP",
        by="somebody",
        name="Cup",
        category="Cups",
        current_price=Decimal("4.00"),
        cost=Decimal("1.00"),
    )


@pytest.fixture
def mug() -> Product:
    """A product without any history."""
    return product_create(code="MUG", by="somebody", name="Mug")


def form(**changes: Any) -> dict[str, Any]:
    filled = {
        "name": "Cup",
        "category": "Cups",
        "current_price": "4.00",
        "cost": "1.00",
        "kind": "merchandise",
    }
    return filled | {"stock_level": "", "target_stock": "", "is_active": "on"} | changes


# --- add and change ----------------------------------------------------------------------------------


def test_an_analyst_adds_a_product_whose_price_opens_its_ledger(analyst: User) -> None:
    response = signed_in(analyst).post(
        page(Product, "add"), {"code": " cup ", "name": "Cup", "current_price": "4.50", "stock_level": "12"}
    )
    assert response.status_code == 302
    product = Product.objects.get(pk="CUP")
    assert (product.name, product.current_price, product.stock_level) == ("Cup", Decimal("4.50"), 12)
    assert (product.kind, product.price_source) == (Kind.MERCHANDISE, PriceSource.MANUAL)
    change = PriceChange.objects.get(product=product)
    assert (change.new_price, change.applied_by) == (Decimal("4.50"), "analyst")


def test_a_new_product_is_of_the_kind_that_its_code_says(analyst: User) -> None:
    signed_in(analyst).post(page(Product, "add"), {"code": "POST", "name": "Postage"})
    assert Product.objects.get(pk="POST").kind == Kind.SERVICE


def test_a_code_that_is_taken_is_refused(cup: Product, analyst: User) -> None:
    response = signed_in(analyst).post(page(Product, "add"), {"code": "cup", "name": "Another cup"})
    assert response.status_code == 200
    assert "already exists" in errors_of(response)
    assert Product.objects.get().name == "Cup"


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"code": "A\u200bB"}, "invisible"),
        ({"name": ""}, "required"),
        ({"current_price": "0"}, "greater than or equal to 0.01"),
        ({"current_price": "1.234"}, "2 decimal places"),
        ({"cost": "-1"}, "greater than or equal to 0"),
        ({"target_stock": "-1"}, "greater than or equal to 0"),
    ],
)
def test_a_product_out_of_its_limits_is_refused(
    values: dict[str, str], complaint: str, analyst: User
) -> None:
    response = signed_in(analyst).post(page(Product, "add"), {"code": "CUP", "name": "Cup"} | values)
    assert complaint in errors_of(response)
    assert not Product.objects.exists()


def test_a_changed_price_becomes_manual_and_enters_the_ledger(cup: Product, analyst: User) -> None:
    Product.objects.update(price_source=PriceSource.DATA)
    before = data_version().catalogue_version
    signed_in(analyst).post(page(Product, "change", "CUP"), form(current_price="4.49"))
    cup.refresh_from_db()
    assert (cup.current_price, cup.price_source) == (Decimal("4.49"), PriceSource.MANUAL)
    newest = PriceChange.objects.first()
    assert (newest.old_price, newest.new_price, newest.applied_by) == (
        Decimal("4.00"),
        Decimal("4.49"),
        "analyst",
    )
    assert data_version().catalogue_version > before


def test_saving_a_product_unchanged_writes_nothing(cup: Product, analyst: User) -> None:
    before = data_version().catalogue_version
    signed_in(analyst).post(page(Product, "change", "CUP"), form())
    assert data_version().catalogue_version == before
    assert PriceChange.objects.count() == 1


def test_a_product_of_another_kind_becomes_stale(cup: Product, analyst: User) -> None:
    before = data_version().sales_version
    signed_in(analyst).post(page(Product, "change", "CUP"), form(kind="service"))
    assert Product.objects.get().kind == Kind.SERVICE
    assert data_version().sales_version == before + 1


def test_a_viewer_changes_nothing(cup: Product, viewer: User) -> None:
    browser = signed_in(viewer)
    assert browser.get(page(Product, "change", "CUP")).status_code == 200
    assert browser.post(page(Product, "change", "CUP"), form(name="Mine")).status_code == 403
    assert browser.post(page(Product, "delete", "CUP"), {"post": "yes"}).status_code == 403
    assert Product.objects.get().name == "Cup"


def test_a_product_that_is_not_there_leads_back_with_a_word(analyst: User) -> None:
    response = signed_in(analyst).get(page(Product, "change", "NONE"))
    assert response.status_code == 302
    assert "Perhaps it was deleted?" in said(response)


# --- delete ------------------------------------------------------------------------------------------


def test_a_product_without_history_is_deleted(mug: Product, analyst: User) -> None:
    browser = signed_in(analyst)
    assert "deactivated instead" in browser.get(page(Product, "delete", "MUG")).content.decode()
    response = browser.post(page(Product, "delete", "MUG"), {"post": "yes"})
    assert "deleted successfully" in said(response)
    assert not Product.objects.exists()
    assert LogEntry.objects.get().action_flag == DELETION


def test_a_product_with_a_history_is_deactivated_and_the_page_says_so(cup: Product, analyst: User) -> None:
    browser = signed_in(analyst)
    for _ in range(2):
        response = browser.post(page(Product, "delete", "CUP"), {"post": "yes"})
        assert "deactivated, not deleted" in said(response)
        assert response["Location"] == page(Product, "change", "CUP")
    assert not Product.objects.get().is_active
    assert DELETION not in LogEntry.objects.values_list("action_flag", flat=True)


def test_deleting_several_products_deactivates_those_with_a_history(
    cup: Product, mug: Product, analyst: User
) -> None:
    browser = signed_in(analyst)
    asked = run_action(browser, "delete_selected", cup, mug)
    assert "deactivated instead" in asked.content.decode()
    assert Product.objects.count() == 2
    done = run_action(browser, "delete_selected", cup, mug, post="yes")
    assert "Deleted products: 1." in said(done)
    assert "history of sales or prices: 1." in said(done)
    assert list(Product.objects.values_list("code", "is_active")) == [("CUP", False)]


def test_deleting_several_is_not_offered_to_a_viewer(cup: Product, mug: Product, viewer: User) -> None:
    run_action(signed_in(viewer), "delete_selected", cup, mug, post="yes")
    assert Product.objects.filter(is_active=True).count() == 2


# --- recompute ---------------------------------------------------------------------------------------


def test_selected_products_are_recomputed_in_one_job(cup: Product, mug: Product, analyst: User) -> None:
    browser = signed_in(analyst)
    response = run_action(browser, "recompute", mug)
    run_action(browser, "recompute", cup, mug)
    job = Job.objects.get(kind="recompute")
    assert job.parameters["products"] == ["CUP", "MUG"]
    assert job.parameters["full"] is False
    assert job.requested_by == analyst
    assert page(Job, "change", job.pk) in said(response)


def test_a_viewer_recomputes_nothing(cup: Product, viewer: User) -> None:
    run_action(signed_in(viewer), "recompute", cup)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("cost", "shown"), [("3.9900", "3.99"), ("3.9", "3.90"), ("0.1234", "0.1234"), ("1200", "1200.00")]
)
def test_a_form_shows_no_zeros_that_only_the_column_adds(
    analyst: User, cup: Product, cost: str, shown: str
) -> None:
    Product.objects.filter(pk="CUP").update(cost=Decimal(cost))
    page = signed_in(analyst).get("/admin/pricing/product/CUP/change/").content.decode()
    assert re.search(r'name="cost" value="([^"]+)"', page)[1] == shown  # type: ignore[index]


# --- export ------------------------------------------------------------------------------------------


def exported_csv(response: Any) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_selected_products_are_exported_as_csv(cup: Product, mug: Product, viewer: User) -> None:
    response = run_action(signed_in(viewer), "export_csv", cup)
    assert response["Content-Disposition"] == 'attachment; filename="products.csv"'
    (row,) = exported_csv(response)
    assert (row["code"], row["current_price"], row["cost"], row["stock_level"]) == (
        "CUP",
        "4.00",
        "1.0000",
        "",
    )
    assert (row["kind"], row["is_active"]) == ("merchandise", "yes")


def test_selected_products_are_exported_as_xlsx(cup: Product, mug: Product, viewer: User) -> None:
    response = run_action(signed_in(viewer), "export_xlsx", cup, mug)
    sheet = load_workbook(io.BytesIO(b"".join(response.streaming_content))).active
    header, *rows = sheet.iter_rows(values_only=True)
    table = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["code"] for row in table] == ["CUP", "MUG"]
    assert (table[0]["current_price"], table[0]["is_active"]) == (4, "yes")


def test_an_export_holds_no_formula(analyst: User) -> None:
    evil = product_create(code="EVIL", by="x", name='=HYPERLINK("http://evil.example","x")', stock_level=-5)
    browser = signed_in(analyst)
    (row,) = exported_csv(run_action(browser, "export_csv", evil))
    assert row["name"].startswith("'=")
    assert row["stock_level"] == "-5"
    workbook = b"".join(run_action(browser, "export_xlsx", evil).streaming_content)
    name = load_workbook(io.BytesIO(workbook)).active["B2"]
    assert (name.data_type, name.value[:2]) == ("s", "'=")


# --- lists and pages ---------------------------------------------------------------------------------


def test_the_list_shows_margin_elasticity_and_sales(cup: Product, viewer: User) -> None:
    ProductSummaryFactory(product=cup, monthly_sales=1203)
    ElasticityEstimateFactory(product=cup, method="pooled", elasticity=-1.234, quality="B")
    ElasticityEstimateFactory(product=cup, method="log_log", elasticity=-9.0, quality="D")
    text = signed_in(viewer).get(page(Product)).content.decode()
    assert "75.0 %" in text
    assert "-1.23 (B)" in text
    assert "1203" in text


def test_products_are_found_by_code_and_by_name(cup: Product, mug: Product, viewer: User) -> None:
    browser = signed_in(viewer)
    for asked in ("mu", "Mug"):
        text = browser.get(page(Product), {"q": asked}).content.decode()
        assert page(Product, "change", "MUG") in text
        assert page(Product, "change", "CUP") not in text


def test_forms_elsewhere_complete_a_product_while_it_is_typed(cup: Product, analyst: User) -> None:
    asked = {"term": "cu", "app_label": "pricing", "model_name": "transaction", "field_name": "product"}
    answer = signed_in(analyst).get(reverse("admin:autocomplete"), asked)
    assert answer.json()["results"] == [{"id": "CUP", "text": "CUP Cup"}]


def test_the_page_of_a_product_leads_to_its_sales_and_its_ledger(cup: Product, viewer: User) -> None:
    browser = signed_in(viewer)
    text = browser.get(page(Product, "change", "CUP")).content.decode()
    ledger = f"{page(PriceChange)}?product__exact=CUP"
    assert ledger in text
    assert "Set by hand" in browser.get(ledger).content.decode()


def test_codes_with_odd_characters_have_pages_and_links_that_work(viewer: User) -> None:
    odd = product_create(code='A&B #1_50% "X"', by="x", name="Odd", current_price=Decimal("1.00"))
    browser = signed_in(viewer)
    text = browser.get(page(Product, "change", quote(odd.pk))).content.decode()
    (ledger,) = re.findall(rf'href="({page(PriceChange)}[^"]+)"', text)
    (line,) = browser.get(unescape(ledger)).context["cl"].result_list
    assert line.product_id == odd.pk


def test_nobody_edits_a_price_change(admin_user: User) -> None:
    product_create(code="CUP", by="x", name="Cup", current_price=Decimal("1.00"))
    line = PriceChange.objects.get()
    assert (
        signed_in(admin_user).post(page(PriceChange, "change", line.pk), {"new_price": "9.00"}).status_code
        == 403
    )
