"""A shop small enough to be computed with pencil and paper; its numbers are in tests/reference/.

Six weeks of sales, 3 March to 12 April 2025, so that "today" is 13 April. Nothing here is random, and nothing of
the product is imported: the file goes in through POST /transactions/import.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

HEADER = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country",
)  # fmt: skip
NAMES = {"CUP": "Café cup", "MUG": "Mug", "TEA": "Tea", "POST": "Postage"}

# invoice, code, units, moment, price, customer
LINES = (
    ("1001", "CUP", "4", "2025-03-03 12:30", "4.00", "106"),
    ("1001", "MUG", "4", "2025-03-03 12:30", "6.00", "106"),
    # Nobody knows who this was; such customers pay a quarter more.
    ("1002", "CUP", "4", "2025-03-05 09:00", "5.00", ""),
    ("1003", " cup ", "3", "2025-03-05 12:30", "4.00", "103"),
    ("1003", "MUG", "2", "2025-03-05 12:30", "6.00", "103"),
    # A service.
    ("1003", "POST", "1", "2025-03-05 12:30", "15.00", "103"),
    # Two lines of one product on one invoice.
    ("1004", "CUP", "5", "2025-03-10 12:30", "4.00", "107"),
    ("1004", "CUP", "2", "2025-03-10 12:30", "4.00", "107"),
    ("1004", "MUG", "5", "2025-03-10 12:30", "6.00", "107"),
    # A promotion of two days.
    ("1005", "CUP", "4", "2025-03-12 12:30", "3.00", "101"),
    # A sale that C2004 takes back exactly 30 days later, the last moment at which it can.
    ("2001", "CUP", "5", "2025-03-12 12:30", "3.00", "108"),
    ("1006", "CUP", "5", "2025-03-13 00:01", "3.00", "104"),
    # One minute before the day's end; the mug's price is a spike of one day.
    ("1007", "CUP", "2", "2025-03-14 23:59", "4.00", "101"),
    ("1007", "MUG", "2", "2025-03-14 23:59", "5.00", "101"),
    ("1008", "CUP", "4", "2025-03-18 09:00", "5.00", ""),
    ("1009", "CUP", "3", "2025-03-20 12:30", "4.00", "101"),
    ("1009", "MUG", "5", "2025-03-20 12:30", "6.00", "101"),
    # From here on a mug costs 7.50.
    ("1010", "MUG", "5", "2025-03-26 12:30", "7.50", "104"),
    # The same line twice.
    ("1011", "MUG", "2", "2025-03-27 12:30", "7.50", "105"),
    ("1011", "MUG", "2", "2025-03-27 12:30", "7.50", "105"),
    ("1011", "CUP", "4", "2025-03-27 12:30", "4.00", "105"),
    ("1012", "CUP", "3", "2025-04-01 09:00", "5.00", ""),
    # A giveaway.
    ("1013", "CUP", "2", "2025-04-02 12:30", "0.00", "101"),
    # Mirrors the sale on invoice 1001, but 31 days later: a return.
    ("C2002", "CUP", "-4", "2025-04-03 12:30", "4.00", "106"),
    ("1015", "TEA", "5", "2025-04-06 12:30", "2.50", "103"),
    ("1016", "TEA", "2", "2025-04-08 12:30", "2.50", "103"),
    # Sold, and taken back a day later, at the price that was paid.
    ("1016", "MUG", "3", "2025-04-08 12:30", "7.50", "103"),
    ("C2003", "MUG", "-3", "2025-04-09 12:30", "7.50", "103"),
    ("1017", "POST", "1", "2025-04-09 12:30", "9.00", "106"),
    ("1020", "POST", "1", "2025-04-09 12:30", "-3.00", "106"),
    ("1018", "MUG", "2", "2025-04-10 12:30", "7.50", "101"),
    ("1018", "TEA", "4", "2025-04-10 12:30", "2.50", "101"),
    # One of five mugs comes back, on a day on which others are sold: a return.
    ("1014", "MUG", "-1", "2025-04-10 12:30", "7.50", "104"),
    # A bulk line.
    ("1018", "TEA", "30", "2025-04-10 12:30", "2.00", "101"),
    ("C2004", "CUP", "-5", "2025-04-11 12:30", "3.00", "108"),
    ("1019", "TEA", "4", "2025-04-12 12:30", "2.50", "102"),
    ("1019", "CUP", "5", "2025-04-12 12:30", "4.00", "102"),
)

# Rows that no import may accept.
BAD_LINES = (
    ("9001", "CUP", "1", "2025-02-30 12:30", "4.00", "101"),
    ("9002", "MUG", "1", "2025-03-20 12:30", "six", "101"),
    ("9003", "MUG", "0", "2025-03-20 12:30", "6.00", "101"),
    ("9004", "", "1", "2025-03-20 12:30", "6.00", "101"),
    ("9005", "TEA", "1.2345", "2025-03-20 12:30", "2.50", "101"),
    ("9006", "TEA", "0", "2025-03-21 12:30", "2.50", "101"),
)

# A second file: customer 107 is back, and customer 103 takes back the tea of 6 April.
LATER_LINES = (
    ("3001", "CUP", "5", "2025-04-12 15:00", "4.00", "107"),
    ("C3002", "TEA", "-5", "2025-04-12 16:00", "2.50", "103"),
)


def file_of(lines: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for invoice, code, units, moment, price, customer in lines:
        name = NAMES.get(code.strip().upper(), "")
        writer.writerow((invoice, code, name, units, moment, price, customer, "France"))
    return text.getvalue().encode()


def bring_in(
    client: APIClient, commits: AbstractContextManager[Any], lines: Iterable[Sequence[str]], name: str
) -> str:
    """Import a file and let its jobs run; return the number of the import."""
    with commits:
        answer = client.post(
            "/transactions/import", {"file": SimpleUploadedFile(name, file_of(lines))}, "multipart"
        )
    assert answer.status_code == 202, answer.content
    number: str = answer.json()["id"]
    return number


def day(month: int, number: int) -> dt.date:
    return dt.date(2025, month, number)
