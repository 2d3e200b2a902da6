"""Lists of the desk as files: all that is filtered, numbers as numbers, texts that are no formulas."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from openpyxl import load_workbook

from tests.factories import ImportBatchFactory, ProductFactory

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


def test_the_page_leads_to_its_files_under_its_filters(browser: Client, catalogue: None) -> None:
    page = browser.get("/desk/products?q=cup&page=2").content.decode()
    for kind in ("csv", "xlsx"):
        assert f'href="?q=cup&amp;file={kind}" download' in page
