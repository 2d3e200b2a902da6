"""From the file to the segments: customers who are all alike, and one whom all guests are booked on."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from segments.models import SegmentMove
from tests.shops import Commits, bring_in, csv_bytes, line

pytestmark = pytest.mark.django_db

DATA = Path(__file__).parent.parent.parent / "data"


def loaded(commits: Commits, name: str, content: bytes | None = None) -> ImportBatch:
    batch = bring_in(commits, content or (DATA / name).read_bytes(), name)
    assert batch.status == "published", batch.error
    return batch


def customers(client: APIClient) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/segments/customers?limit=500").json()["items"]
    return items


def guests(batch: ImportBatch) -> list[tuple[str, bool]]:
    return [(each["customer_id"], each["set_aside"]) for each in batch.quality["suggested_guest_customers"]]


def test_there_is_no_order_among_equals(commits: Commits, viewer_client: APIClient) -> None:
    batch = loaded(commits, "rfm_all_same.csv")
    found = customers(viewer_client)
    assert len(found) == 50
    assert {(each["r_score"], each["f_score"], each["m_score"]) for each in found} == {(3, 3, 3)}
    (segment,) = {each["segment"] for each in found}
    kpis = viewer_client.get("/dashboard/kpis").json()
    assert kpis[segment]["churnRisk"] == 50.0
    (row,) = [
        each
        for each in viewer_client.get("/dashboard/segments").json()["items"]
        if each["segment"] == segment
    ]
    assert (row["score"], row["customerCount"]) == (3.0, 50)
    assert guests(batch) == []


def test_whom_guests_are_booked_on_is_no_customer(commits: Commits, viewer_client: APIClient) -> None:
    batch = loaded(commits, "rfm_dummy_customer.csv")
    found = customers(viewer_client)
    assert "0" not in {each["customer_id"] for each in found}
    assert len({each["segment"] for each in found}) > 1, found
    assert guests(batch) == [("0", True)]
    (note,) = batch.quality["suggested_guest_customers"]
    assert (note["invoices"], note["share_percent"]) == (600, 66.7)
    asked = viewer_client.get(f"/transactions/imports/{batch.pk}").json()
    assert asked["quality"]["suggested_guest_customers"] == [note]


@override_settings(SEGMENT_EXCLUDED_CUSTOMERS=[])
def test_an_unknown_id_with_most_invoices_is_named_and_kept(
    commits: Commits, viewer_client: APIClient
) -> None:
    content = (DATA / "rfm_dummy_customer.csv").read_bytes().replace(b",0\r\n", b",Till 7\r\n")
    batch = loaded(commits, "till.csv", content)
    assert guests(batch) == [("Till 7", False)]
    assert "Till 7" in {each["customer_id"] for each in customers(viewer_client)}


def test_a_list_of_ids_is_compared_in_any_case(commits: Commits, viewer_client: APIClient) -> None:
    content = (DATA / "rfm_dummy_customer.csv").read_bytes().replace(b",0\r\n", b",Guest\r\n")
    assert guests(loaded(commits, "guests.csv", content)) == [("Guest", True)]
    assert "Guest" not in {each["customer_id"] for each in customers(viewer_client)}


def three_customers() -> bytes:
    """As of 1 June: ann bought a day ago for 1000, bob 32 days ago and twice before for 300, cid 151 days ago for 10."""
    bought = [
        ("ann", dt.date(2025, 5, 31), "1000.00"),
        ("bob", dt.date(2025, 2, 10), "100.00"),
        ("bob", dt.date(2025, 3, 10), "100.00"),
        ("bob", dt.date(2025, 4, 30), "100.00"),
        ("cid", dt.date(2025, 1, 1), "10.00"),
    ]
    return csv_bytes(
        [
            line(str(100 + number), "CUP", "Cup", 1, day, price, customer=customer)
            for number, (customer, day, price) in enumerate(bought)
        ]
    )


def test_scales_are_cut_where_the_shop_says(commits: Commits, viewer_client: APIClient) -> None:
    own = {
        "SEGMENT_RECENCY_CUTS": (100.0, 200.0),
        "SEGMENT_FREQUENCY_CUTS": (1.0, 2.0),
        "SEGMENT_MONETARY_CUTS": (50.0, 500.0),
    }
    with override_settings(**own):
        loaded(commits, "three.csv", three_customers())
    found = {each["customer_id"]: each["segment"] for each in customers(viewer_client)}
    assert found == {"ann": "PotentialLoyalists", "bob": "Champion", "cid": "Hibernating"}
    # The past is cut in the same places: on 1 April cid had not bought for 90 days, on 1 May for 120.
    moves = SegmentMove.objects.filter(customer_id="cid").order_by("run").values_list("run_id", "segment")
    assert list(moves) == [
        (dt.date(2025, 2, 1), "PotentialLoyalists"),
        (dt.date(2025, 5, 1), "Hibernating"),
    ]


def test_scales_are_cut_at_thirds_where_the_shop_says_nothing(
    commits: Commits, viewer_client: APIClient
) -> None:
    loaded(commits, "three.csv", three_customers())
    found = {each["customer_id"]: each["segment"] for each in customers(viewer_client)}
    assert found == {"ann": "PotentialLoyalists", "bob": "LoyalCustomers", "cid": "Lost"}
