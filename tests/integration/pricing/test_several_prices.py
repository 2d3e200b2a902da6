"""Files whose lines come from stores that they do not name."""

import datetime as dt

import pytest

from pricing.sales.models import ProductSummary
from tests.shops import Commits, bring_in, csv_bytes

pytestmark = pytest.mark.django_db

HEADER = ("sku", "date", "quantity", "unit_price")
FIRST = dt.date(2024, 1, 1)


@pytest.mark.parametrize("invoices", [True, False])
def test_two_stores_one_after_the_other_are_noticed(commits: Commits, invoices: bool) -> None:
    """Neither times nor stores, and purchases with numbers of their own or none; the mug has one price in both stores."""
    rows = [
        (code, str(FIRST + dt.timedelta(day)), "1", price)
        for code, first, second in (("CUP", "4.00", "4.50"), ("MUG", "6.00", "6.00"))
        for day in range(12)
        for price in (first,) * 3 + (second,) * 3
    ]
    header: tuple[str, ...] = HEADER
    if invoices:
        header, rows = ("invoice", *HEADER), [(f"N{at}", *row) for at, row in enumerate(rows)]
    batch = bring_in(commits, csv_bytes(rows, header))
    assert not batch.error
    flags = dict(ProductSummary.objects.values_list("product_id", "data_flags"))
    assert ("SEVERAL_PRICES" in flags["CUP"], "SEVERAL_PRICES" in flags["MUG"]) == (True, False)
