"""Lists of the desk as files: all that is filtered, numbers as numbers, texts that are no formulas."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone
from openpyxl import load_workbook

from elastix.desk.exports import export
from pricing.recommendation.models import CategorySummary
from tests.factories import (
    AlertFactory,
    ExperimentFactory,
    ImportBatchFactory,
    ProductFactory,
    ProductPairFactory,
    RepricingRuleFactory,
    SimulationFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, viewer: User) -> Client:
    client.force_login(viewer)
    return client


@pytest.fixture
def catalogue(db: None) -> None:
    for number in range(60):
        ProductFactory(
            code=f"CUP{number:02}", name=f"Cup {number}", current_price=Decimal("2.50"), cost=Decimal(1)
        )


def as_csv(answer: Any) -> list[list[str]]:
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.streaming
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def as_xlsx(answer: Any) -> list[list[Any]]:
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert all(cell.data_type != "f" for row in book.active for cell in row)
    return [list(row) for row in book.active.iter_rows(values_only=True)]


def test_a_file_has_all_pages_of_what_is_filtered_in_its_order(browser: Client, catalogue: None) -> None:
    ProductFactory(code="MUG", name="Mug")
    query = "q=cup&sort=-name&page=2"
    answer = browser.get(f"/desk/products?{query}&file=csv")
    assert answer["Content-Disposition"] == 'attachment; filename="products.csv"'
    heading, *rows = as_csv(answer)
    assert heading == [
        "Code",
        "Product",
        "Category",
        "Price",
        "Cost",
        "Units in 30 days",
        "Elasticity",
        "Grade",
    ]
    assert [row[0] for row in rows][:2] == ["CUP09", "CUP08"]
    assert len(rows) == 60
    assert rows[0][3:] == ["2.50", "1", "", "", ""]


def test_a_workbook_has_the_same_with_numbers_as_numbers(browser: Client, catalogue: None) -> None:
    answer = browser.get("/desk/products?q=cup00&file=xlsx")
    assert answer["Content-Disposition"] == 'attachment; filename="products.xlsx"'
    assert as_xlsx(answer)[1] == ["CUP00", "Cup 0", None, 2.5, 1, None, None, None]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_run_is_put_behind_an_apostrophe(browser: Client, start: str) -> None:
    ProductFactory(code="CUP", name=f"{start}cmd|'/c calc'!A0", current_price=Decimal("-0.5") * -1)
    assert as_csv(browser.get("/desk/products?file=csv"))[1][1] == f"'{start}cmd|'/c calc'!A0"
    assert as_xlsx(browser.get("/desk/products?file=xlsx"))[1][1].startswith("'")


def test_a_heading_is_in_the_reader_s_language(browser: Client, catalogue: None) -> None:
    answer = browser.get("/desk/products?file=csv", headers={"accept-language": "de"})
    assert as_csv(answer)[0][:3] == ["Artikelnummer", "Produkt", "Kategorie"]


def test_another_kind_of_file_is_the_page(browser: Client, catalogue: None) -> None:
    assert browser.get("/desk/products?file=pdf")["Content-Type"] == "text/html; charset=utf-8"
    assert browser.get("/desk/products?file=")["Content-Type"] == "text/html; charset=utf-8"


def test_a_file_is_for_those_who_may_see_the_page(client: Client) -> None:
    assert client.get("/desk/products?file=csv").status_code == 302
    client.force_login(User.objects.create_user("stranger"))
    assert client.get("/desk/products?file=csv").status_code == 403


def test_the_list_of_imports_is_a_file_in_words(browser: Client) -> None:
    ImportBatchFactory(file_name="sales.csv", status="published", rows=8, accepted=7, rejected=1)
    heading, row = as_csv(browser.get("/desk/data?file=csv"))
    assert heading == ["File", "Kind", "State", "Accepted", "Refused", "Loaded", "User"]
    assert row[:5] == ["sales.csv", "sales", "imported", "7", "1"]


def test_alerts_rules_simulations_and_experiments_are_files(browser: Client) -> None:
    ProductFactory(code="CUP", name="Cup")
    AlertFactory(subject="CUP", message="CUP has no cost.")
    RepricingRuleFactory(name="Ten percent off")
    SimulationFactory(name="Dearer", product_id="CUP")
    ExperimentFactory(name="Two prices")
    rows = {
        "alerts": ["a product has no cost", "CUP", "CUP has no cost."],
        "rules": ["Ten percent off", "Always in the whole shop: lower by 10 %."],
        "simulations": ["Dearer", "", "CUP", "Cup"],
        "experiments": ["Two prices", "draft", "weeks in turn", "0"],
    }
    for name, expected in rows.items():
        page = browser.get(f"/desk/{name}")
        assert 'href="?file=csv" download' in page.content.decode(), name
        answer = browser.get(f"/desk/{name}?file=csv")
        assert answer["Content-Disposition"] == f'attachment; filename="{name}.csv"'
        _heading, row = as_csv(answer)
        assert row[: len(expected)] == expected


def rows_of(browser: Client, path: str) -> list[str]:
    return [row[0] for row in as_csv(browser.get(path))[1:]]


def test_imports_are_sorted_and_filtered_as_their_page(browser: Client) -> None:
    for name, accepted in (("b.csv", 5), ("a.csv", 9), ("c.csv", 1)):
        ImportBatchFactory(file_name=name, rows=accepted, accepted=accepted)
    ImportBatchFactory(file_name="p.csv", kind="products", rows=2, accepted=2)
    assert rows_of(browser, "/desk/data?file=csv") == ["p.csv", "c.csv", "a.csv", "b.csv"]
    assert rows_of(browser, "/desk/data?sort=-accepted&file=csv") == ["a.csv", "b.csv", "p.csv", "c.csv"]
    assert rows_of(browser, "/desk/data?sort=file&kind=transactions&file=csv") == ["a.csv", "b.csv", "c.csv"]
    page = browser.get("/desk/data?sort=-accepted").content.decode()
    assert 'aria-sort="descending"' in page
    # What is unknown counts as not said.
    assert rows_of(browser, "/desk/data?sort=password&kind=x&file=csv") == [
        "p.csv",
        "c.csv",
        "a.csv",
        "b.csv",
    ]


def test_simulations_and_experiments_are_sorted_and_filtered(browser: Client) -> None:
    ProductFactory(code="CUP", name="Blue cup")
    for name, product in (("Beta", "CUP"), ("Alpha", None), ("Gamma", None)):
        SimulationFactory(name=name, product_id=product)
        ExperimentFactory(name=name)
    assert rows_of(browser, "/desk/simulations?sort=name&file=csv") == ["Alpha", "Beta", "Gamma"]
    assert rows_of(browser, "/desk/simulations?q=blue&file=csv") == ["Beta"]
    assert "No simulation is like this." in browser.get("/desk/simulations?q=zzz").content.decode()
    assert rows_of(browser, "/desk/experiments?sort=-name&file=csv") == ["Gamma", "Beta", "Alpha"]
    assert rows_of(browser, "/desk/experiments?status=draft&sort=name&file=csv") == ["Alpha", "Beta", "Gamma"]
    assert rows_of(browser, "/desk/experiments?status=running&file=csv") == []


def test_alerts_as_a_file_are_those_of_the_filter(browser: Client) -> None:
    AlertFactory(kind="no_cost"), AlertFactory(kind="import_failed")
    assert len(as_csv(browser.get("/desk/alerts?kind=no_cost&file=csv"))) == 2
    assert len(as_csv(browser.get("/desk/alerts?file=csv"))) == 3


def test_pairs_and_categories_are_a_file_each(browser: Client) -> None:
    first, second = (ProductFactory(code=code, name=code.title(), current_price=4) for code in ("CUP", "MUG"))
    ProductPairFactory(product_x=first, product_y=second, relationship="independent", baskets_together=30)
    CategorySummary.objects.create(
        category="Cups", products=2, revenue=100, margin=0.25, elasticity=-2.0, to_change=1, revenue_change=1,
        profit_change=5, profit_change_low=1, profit_change_high=9, published_version=1, catalogue_version=1,
        computed_at=timezone.now(),
    )  # fmt: skip
    page = browser.get("/desk/bundles").content.decode()
    assert 'href="?file=csv" download' in page
    assert 'href="?file=csv&amp;of=categories" download' in page
    _heading, pair = as_csv(browser.get("/desk/bundles?file=csv"))
    assert pair[:5] == ["CUP", "Cup", "MUG", "Mug", "30"]
    _heading, category = as_csv(browser.get("/desk/bundles?file=csv&of=categories"))
    assert category == ["Cups", "2", "100", "25.0", "-2.0", "1", "5.0", "1.0", "9.0"]


def test_computed_figures_have_the_decimals_that_people_read(rf: RequestFactory) -> None:
    rows = [{"figure": each} for each in (912.6300000000001, -9.883086744218394, 0.912345, 3.0, None)]
    answer = export(rf.get("/", {"file": "csv"}), "figures", [("Figure", "figure")], rows)
    assert [row[0] for row in as_csv(answer)[1:]] == ["912.63", "-9.88", "0.9123", "3.0", ""]


def test_the_page_leads_to_its_files_under_its_filters(browser: Client, catalogue: None) -> None:
    page = browser.get("/desk/products?q=cup&page=2").content.decode()
    for kind in ("csv", "xlsx"):
        assert f'href="?q=cup&amp;file={kind}" download' in page
