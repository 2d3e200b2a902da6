"""What a recompute keeps of the segments that customers were in: one row for each who moved, and nothing else."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from elastix.jobs.recompute import request_recompute
from pricing.sales.models import Transaction
from pricing.sales.services.transactions import transaction_delete, transactions_create
from segments.models import CustomerSegment, SegmentMove, SegmentRun
from segments.selectors.moves import segment_moves
from segments.services import history

pytestmark = pytest.mark.django_db(transaction=True)


def sale(customer: str, day: dt.date, price: str = "10", country: str = "Germany") -> dict[str, Any]:
    return {
        "invoice_no": f"{day:%j}{customer}",
        "product_id": "MUG",
        "description": "Mug",
        "quantity": 1,
        "invoice_date": dt.datetime.combine(day, dt.time(12), dt.UTC),
        "unit_price": Decimal(price),
        "customer_id": customer,
        "country": country,
    }


def sell(*lines: dict[str, Any], full: bool = True) -> None:
    transactions_create(list(lines))
    request_recompute(full=full)


def moves() -> list[tuple[str, str, str, str]]:
    rows = SegmentMove.objects.order_by("run", "customer_id")
    return [(str(row.run_id), row.customer_id, row.segment_before, row.segment) for row in rows]


def segments() -> dict[str, str]:
    return dict(CustomerSegment.objects.values_list("customer_id", "segment"))


def replayed() -> dict[str, str]:
    """Everybody's segment by the moves alone."""
    found: dict[str, str] = {}
    for _, customer, before, after in moves():
        assert found.get(customer, "") == before
        found[customer] = after
    return {customer: segment for customer, segment in found.items() if segment}


def test_the_first_run_keeps_everybodys_segment() -> None:
    sell(sale("anna", dt.date(2011, 1, 3)), sale("ben", dt.date(2011, 1, 9), "90"))
    assert [str(run) for run in SegmentRun.objects.all()] == ["2011-01-10"]
    assert moves() == [
        ("2011-01-10", "anna", "", segments()["anna"]),
        ("2011-01-10", "ben", "", segments()["ben"]),
    ]


def test_the_first_run_works_out_the_months_before_it() -> None:
    sell(
        sale("anna", dt.date(2011, 1, 20)),
        sale("ben", dt.date(2011, 2, 10), "90"),
        sale("cleo", dt.date(2011, 3, 15)),
    )
    runs = SegmentRun.objects.values_list("as_of", "worked_out_later")
    assert [(str(day), later) for day, later in runs] == [
        ("2011-02-01", True),
        ("2011-03-01", True),
        ("2011-03-16", False),
    ]
    assert [move[1] for move in moves() if move[2] == ""] == ["anna", "ben", "cleo"]
    assert replayed() == segments()


def test_returns_and_services_are_no_purchases_of_the_months_before() -> None:
    third, twentieth = dt.date(2011, 1, 3), dt.date(2011, 1, 20)
    sell(
        sale("anna", third),
        sale("ben", third) | {"quantity": 2},
        sale("ben", twentieth) | {"invoice_no": "C20", "quantity": -1},
        sale("cleo", third),
        sale("cleo", twentieth, "15") | {"product_id": "POST"},
        sale("dora", dt.date(2011, 2, 10)),
    )
    in_february = {customer: segment for day, customer, _, segment in moves() if day == "2011-02-01"}
    # One purchase of 10 each on one day: all bought lately, seldom and for little.
    assert in_february == dict.fromkeys(("anna", "ben", "cleo"), "PotentialLoyalists")


def test_no_more_than_twelve_months_are_worked_out() -> None:
    sell(*(sale("anna", dt.date(2010 + month // 12, month % 12 + 1, 5)) for month in range(24)))
    assert SegmentRun.objects.filter(worked_out_later=True).count() == history.MONTHS_BACK


def test_a_later_run_keeps_only_those_who_moved() -> None:
    sell(*(sale(name, dt.date(2011, 1, day)) for day, name in enumerate(("anna", "ben", "cleo"), 3)))
    before = segments()
    sell(sale("anna", dt.date(2011, 1, 20), "99"), full=False)
    after = segments()
    assert before["anna"] != after["anna"]
    assert [move[1:] for move in moves() if move[0] == "2011-01-21"] == [
        (name, before[name], after[name]) for name in sorted(after) if before[name] != after[name]
    ]
    assert replayed() == after


def test_the_same_run_again_keeps_nothing_twice() -> None:
    sell(sale("anna", dt.date(2011, 1, 3)), sale("ben", dt.date(2011, 1, 9), "90"))
    sell(sale("anna", dt.date(2011, 1, 20), "99"))
    found = moves()
    request_recompute(full=True)
    assert moves() == found


def test_another_run_on_the_same_day_takes_the_place_of_the_first() -> None:
    sell(*(sale(name, dt.date(2011, 1, day)) for day, name in enumerate(("anna", "ben", "cleo"), 3)))
    sell(sale("anna", dt.date(2011, 1, 20), "99"))
    sell(sale("ben", dt.date(2011, 1, 20), "500"), sale("dora", dt.date(2011, 1, 20)), full=False)
    assert [str(run) for run in SegmentRun.objects.all()] == ["2011-01-06", "2011-01-21"]
    assert replayed() == segments()


def test_sales_that_are_taken_back_take_their_runs_with_them() -> None:
    sell(*(sale(name, dt.date(2011, 1, day)) for day, name in enumerate(("anna", "ben", "cleo"), 3)))
    first = moves()
    sell(sale("anna", dt.date(2011, 1, 20), "99"), sale("dora", dt.date(2011, 1, 20)))
    for line in Transaction.objects.filter(date=dt.date(2011, 1, 20)):
        transaction_delete(line.pk)
    request_recompute()
    assert moves() == first
    assert replayed() == segments()


def test_without_any_sales_there_is_no_history() -> None:
    sell(sale("anna", dt.date(2011, 1, 3)))
    transaction_delete(Transaction.objects.get().pk)
    request_recompute()
    assert not SegmentRun.objects.exists()
    assert not SegmentMove.objects.exists()


def test_guests_are_in_no_history() -> None:
    sell(sale("guest", dt.date(2011, 1, 20)), sale("anna", dt.date(2011, 2, 20)))
    assert {move[1] for move in moves()} == {"anna"}


def test_a_customer_is_of_the_country_of_the_last_purchase() -> None:
    sell(
        sale("anna", dt.date(2011, 1, 3), country="Spain"),
        sale("anna", dt.date(2011, 1, 9), country="France"),
    )
    assert CustomerSegment.objects.get().country == "France"


def test_the_matrix_counts_every_customer_once(viewer_client: APIClient) -> None:
    names = [f"c{number:02}" for number in range(12)]
    sell(*(sale(name, dt.date(2011, 1, 3 + at), str(5 + 3 * at)) for at, name in enumerate(names)))
    before = segments()
    sell(*(sale(name, dt.date(2011, 1, 25), "200") for name in names[:3]), sale("new", dt.date(2011, 1, 25)))
    after = segments()
    found = segment_moves(start_date=None, end_date=None)
    cells = {(cell.segment_before, cell.segment): cell.customers for cell in found.items}
    expected: dict[tuple[str, str], int] = {}
    for name in after:
        cell = (before.get(name, ""), after[name])
        expected[cell] = expected.get(cell, 0) + 1
    assert cells == expected
    assert found.total == 13
    answer = viewer_client.get("/segments/moves").json()
    assert (answer["total"], answer["moved"]) == (13, found.moved)
    assert answer["runs"] == ["2011-01-15", "2011-01-26"]
