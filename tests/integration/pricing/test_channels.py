"""The channel of a sales line: stores, web shops, marketplaces, arms of a price test."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from pricing.sales.models import SalesHistory, SupersededLine, Transaction
from tests.factories import TransactionFactory
from tests.integration.pricing.test_sales_files import Load, load

__all__ = ["load"]
pytestmark = pytest.mark.django_db

HEADER = "Invoice,StockCode,Quantity,InvoiceDate,Price"


def file_of(column: str, *rows: str) -> bytes:
    return "\n".join((f"{HEADER},{column}", *rows, "")).encode()


NORTH = "1,A1,1,2025-03-13 10:00,10,North"
SOUTH = "1,A1,1,2025-03-13 10:00,10,South"
WITHOUT = f"{HEADER}\n1,A1,1,2025-03-13 10:00,10\n".encode()


def channels() -> list[str]:
    return list(Transaction.objects.order_by("channel").values_list("channel", flat=True))


@pytest.mark.parametrize(
    "name",
    ["Store", "shop_id", "Branch", "Sales channel", "POS Location", "Filiale", "Vertriebskanal", "Magasin", "Lieu",
     "Canal", "Tienda", "Sucursal", "Negozio", "Punto vendita", "Winkel", "Vestiging", "Location"],
)  # fmt: skip
def test_the_column_is_known_by_its_names_in_six_languages(name: str, load: Load) -> None:
    batch = load(file_of(name, NORTH, SOUTH))
    assert (batch.accepted, batch.rejected, batch.report["mapping"]["channel"]) == (2, 0, name)
    assert channels() == ["North", "South"]


def test_a_column_of_any_name_can_be_mapped(load: Load) -> None:
    assert load(file_of("Arm", NORTH, SOUTH), mapping={"Arm": "channel"}).accepted == 2
    assert channels() == ["North", "South"]


def test_it_can_be_left_out_and_a_file_without_it_has_none(load: Load) -> None:
    batch = load(file_of("Store", NORTH), mapping={"Store": ""})
    assert "channel" not in batch.report["mapping"]
    load(WITHOUT.replace(b"1,A1", b"2,A1"))
    assert channels() == ["", ""]


def test_of_a_stores_number_and_its_name_the_first_is_read_and_the_other_noted(load: Load) -> None:
    batch = load(file_of("Store no,Store name", "1,A1,1,2025-03-13,10,17,North"))
    assert (batch.status, batch.report["mapping"]["channel"]) == ("published", "Store no")
    assert any("Store name" in note for note in batch.report["notes"])
    assert channels() == ["17"]


def test_a_channel_that_is_too_long_is_refused_with_its_reason(load: Load) -> None:
    batch = load(file_of("Store", NORTH, NORTH.replace("North", "x" * 101)))
    assert (batch.accepted, batch.reasons) == (1, {"too_long": 1})


def test_the_second_row_of_an_order_has_the_channel_of_the_first(load: Load) -> None:
    load(file_of("Store", NORTH, "1,B2,1,2025-03-13 10:00,4,", "2,B2,1,2025-03-13 11:00,4,"))
    found = Transaction.objects.order_by("invoice_no", "product_id").values_list("product_id", "channel")
    assert list(found) == [("A1", "North"), ("B2", "North"), ("B2", "")]


# --- exports that overlap -----------------------------------------------------------------------------


def left_out(batch: ImportBatch) -> int:
    return int(batch.reasons.get("already_imported", 0))


def test_the_same_line_of_another_store_is_another_line(load: Load) -> None:
    load(file_of("Store", NORTH))
    assert left_out(load(file_of("Store", SOUTH))) == 0
    assert left_out(load(file_of("Store", NORTH, SOUTH, NORTH))) == 2
    assert channels() == ["North", "North", "South"]


@pytest.mark.parametrize(
    ("first", "second"), [(WITHOUT, file_of("Store", NORTH)), (file_of("Store", NORTH), WITHOUT)]
)
def test_a_line_comes_once_although_only_one_file_names_its_store(
    first: bytes, second: bytes, load: Load
) -> None:
    load(first)
    assert left_out(load(second)) == 1
    assert SalesHistory.objects.get().quantity == 1


def test_two_stores_sales_are_two_although_one_is_stored_without_a_store(load: Load) -> None:
    load(WITHOUT)
    assert left_out(load(file_of("Store", NORTH, SOUTH))) == 1
    assert SalesHistory.objects.get().quantity == 2


def test_a_line_whose_channel_was_corrected_by_hand_does_not_come_back(
    load: Load, analyst_client: APIClient
) -> None:
    load(file_of("Store", NORTH))
    line = Transaction.objects.get()
    assert analyst_client.put(f"/transactions/{line.pk}", {"channel": "South"}).json()["channel"] == "South"
    assert SupersededLine.objects.get().channel == "North"
    again = load(file_of("Store", NORTH, NORTH.replace("1,A1", "2,A1")))
    assert (left_out(again), again.accepted) == (1, 1)
    assert channels() == ["North", "South"]


# --- one by one ---------------------------------------------------------------------------------------


def test_lines_are_listed_by_channel(viewer_client: APIClient) -> None:
    for channel in ("North", "South", ""):
        TransactionFactory(channel=channel)

    def listed(**query: Any) -> list[str]:
        return [line["channel"] for line in viewer_client.get("/transactions", query).json()["items"]]

    assert listed(channel="North") == ["North"]
    assert listed(channel="Nowhere") == []
    assert sorted(listed()) == ["", "North", "South"]
    assert viewer_client.get("/transactions", {"channel": "x" * 101}).status_code == 400


def test_a_batch_keeps_each_lines_channel(analyst_client: APIClient) -> None:
    row = {"invoice_no": "1", "stock_code": "CUP", "quantity": 1, "invoice_date": "2025-03-01T12:00:00Z",
           "unit_price": 2}  # fmt: skip
    rows = [row | {"channel": "Web"}, row]
    assert analyst_client.post("/transactions/batch", {"transactions": rows}).status_code == 201
    assert channels() == ["", "Web"]
