"""Many at once: sums stay exact, nobody waits for ever, and who cannot be served is asked to come back."""

import io
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.utils import timezone

from elastix.dataset.versions import data_version, lock_version
from elastix.fields import uuid7
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.imports.services import batch_create
from elastix.jobs.models import OPEN_STATES, Job, JobState
from elastix.jobs.recompute import request_recompute
from elastix.jobs.runner import claim, jobs_run_in, run_job
from pricing.changes.services import price_changes
from pricing.sales.models import PriceChange, Product, SalesHistory, Transaction
from pricing.sales.services import imports as importing
from pricing.sales.services.products import product_create, product_update
from tests.conftest import token_of, user_with_role
from tests.factories import JobFactory, PriceChangeFactory
from tests.integration.admin_pages import page, signed_in

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
IMPATIENT_MILLISECONDS = 300


@pytest.fixture
def many_connections(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    """A database that several connections can share; SQLite's test database in memory cannot be."""
    if connection.vendor != "sqlite" or not connection.is_in_memory_db():
        yield
        return
    # The same tables in a file, with the settings of a real one.
    in_memory = connection.connection
    name, file = connection.settings_dict["NAME"], str(tmp_path / "shared.sqlite3")
    with sqlite3.connect(file) as target:
        in_memory.backup(target)
    target.close()
    connection.connection = None
    connection.settings_dict["NAME"] = file
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = name
        connection.connection = in_memory


@contextmanager
def impatient() -> Iterator[None]:
    """Waiting for somebody's lock ends soon, so that a test can wait for that."""
    options = connection.settings_dict["OPTIONS"]
    before = dict(options)
    if connection.vendor == "sqlite":
        options["timeout"] = IMPATIENT_MILLISECONDS / 1000
    else:
        options["options"] = f"-c lock_timeout={IMPATIENT_MILLISECONDS}"
    connection.close()
    try:
        yield
    finally:
        options.clear()
        options.update(before)
        connection.close()


def together(*works: Callable[[], Any]) -> list[Any]:
    """Do all of this at the same time, each with its own connection; return what each returned or raised."""
    gate = threading.Barrier(len(works))

    def one(work: Callable[[], Any]) -> Any:
        try:
            gate.wait(20)
            return work()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with jobs_run_in("caller"), ThreadPoolExecutor(len(works)) as pool:
        return [done.result() for done in [pool.submit(one, work) for work in works]]


def poster(role: str = "analyst") -> Callable[..., Any]:
    """Return a function that sends a request as somebody of a role, with a client of its own."""
    key = token_of(user_with_role(role))

    def post(path: str, body: dict[str, Any] | None = None) -> Any:
        client = Client(HTTP_AUTHORIZATION=f"Token {key}", raise_request_exception=False)
        return client.post(path, json.dumps(body or {}), content_type="application/json")

    return post


def line(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "invoice_no": str(600_000 + number),
        "stock_code": "MUG",
        "quantity": number,
        "invoice_date": f"2022-07-01T10:{number % 60:02}:00Z",
        "unit_price": "2.4375",
        "customer_id": str(number % 4),
    } | fields


def file_of(count: int, first: int = 0) -> bytes:
    rows = (
        f"{700_000 + first + number},{'MUG' if number % 2 else 'CUP'},Thing,{number % 7 + 1},"
        f"2022-07-01 11:{number % 60:02},1.25,{number % 9},\n"
        for number in range(count)
    )
    return (HEADER + "".join(rows)).encode()


def take_in(content: bytes) -> ImportBatch:
    return batch_create(io.BytesIO(content), kind="transactions", file_name="sales.csv")


def mugs_of_the_day() -> tuple[int, Decimal, int]:
    day = SalesHistory.objects.get(product_id="MUG")
    return day.quantity, day.revenue, day.lines


def test_twenty_lines_for_one_product_and_day_posted_at_once_are_all_in_the_sums(
    many_connections: None,
) -> None:
    post = poster()
    answers = together(*(lambda n=number: post("/transactions", line(n)) for number in range(1, 21)))
    assert [answer.status_code for answer in answers] == [201] * 20
    assert mugs_of_the_day() == (210, 210 * Decimal("2.4375"), 20)
    assert Product.objects.get(code="MUG").name == "MUG"
    assert data_version().sales_version == 20


def test_batches_that_name_the_same_products_in_opposite_orders_do_not_wait_for_each_other(
    many_connections: None,
) -> None:
    post = poster()
    codes = [f"P{number:02}" for number in range(12)]
    bodies = [
        {"transactions": [line(n, stock_code=code) for code in (codes if n % 2 else reversed(codes))]}
        for n in range(1, 11)
    ]
    answers = together(*(lambda body=body: post("/transactions/batch", body) for body in bodies))
    assert [answer.status_code for answer in answers] == [201] * 10
    assert set(SalesHistory.objects.values_list("product_id", "quantity")) == {(code, 55) for code in codes}


def test_lines_posted_while_a_file_is_published_are_counted_beside_its_lines(many_connections: None) -> None:
    post = poster()
    with jobs_run_in("caller"):
        job_id = take_in(file_of(2_000)).job_id
    file_mugs = sum(number % 7 + 1 for number in range(2_000) if number % 2)
    answers = together(
        lambda: run_job(job_id), *(lambda n=number: post("/transactions", line(n)) for number in range(1, 11))
    )
    assert answers[0] is None
    assert [answer.status_code for answer in answers[1:]] == [201] * 10
    assert Job.objects.get(pk=job_id).state == JobState.SUCCEEDED
    revenue = file_mugs * Decimal("1.25") + 55 * Decimal("2.4375")
    assert mugs_of_the_day() == (file_mugs + 55, revenue, 1_010)


def test_of_one_file_sent_twice_at_once_only_one_is_taken_in(many_connections: None) -> None:
    content = file_of(500)
    found = together(*(lambda: take_in(content) for _ in range(4)))
    assert sorted(type(each).__name__ for each in found) == ["DuplicateImport"] * 3 + ["ImportBatch"]
    assert ImportBatch.objects.count() == 1
    with jobs_run_in("caller"):
        run_job(ImportBatch.objects.get().job_id)
    assert Transaction.objects.count() == 500


def test_one_import_run_by_two_workers_is_published_once(many_connections: None) -> None:
    with jobs_run_in("caller"):
        job_id = take_in(file_of(500)).job_id
    assert together(lambda: run_job(job_id), lambda: run_job(job_id)) == [None, None]
    assert ImportBatch.objects.get().status == ImportStatus.PUBLISHED
    assert Transaction.objects.count() == 500
    assert Job.objects.get(pk=job_id).attempts == 1


def test_a_waiting_job_is_claimed_by_one_of_many(many_connections: None) -> None:
    job = JobFactory(kind="recompute")
    claims = together(*(lambda: claim(job.pk) for _ in range(8)))
    assert sum(found is not None for found in claims) == 1
    assert not [found for found in claims if isinstance(found, Exception)]


def test_requests_for_a_recompute_at_once_make_one_job_that_does_what_all_asked_for(
    many_connections: None,
) -> None:
    Product.objects.bulk_create(Product(code=f"P{number}", name="P") for number in range(8))
    jobs = together(
        *(lambda n=number: request_recompute(full=n == 3, products=[f"P{n}"]) for number in range(8))
    )
    assert len({job.pk for job in jobs}) == 1
    job = Job.objects.get(state__in=OPEN_STATES)
    assert job.parameters == {"full": True, "products": [f"P{number}" for number in range(8)]}


def test_withdrawing_twice_at_once_takes_the_lines_out_once(many_connections: None) -> None:
    with jobs_run_in("caller"):
        batch = take_in(file_of(300))
        run_job(batch.job_id)
        transactions_before = Transaction.objects.count()
        jobs = [importing.batch_revert(batch), importing.batch_revert(batch)]
    assert transactions_before == 300
    assert together(*(lambda pk=job.pk: run_job(pk) for job in jobs)) == [None, None]
    deleted = sorted(Job.objects.get(pk=job.pk).result["deleted"] for job in jobs)
    assert (deleted, Transaction.objects.count(), SalesHistory.objects.count()) == ([0, 300], 0, 0)


def test_a_recompute_beside_imports_and_posts_ends_with_nothing_stale(many_connections: None) -> None:
    post = poster()
    with jobs_run_in("caller"):
        run_job(take_in(file_of(500)).job_id)
        first = Job.objects.get(kind="recompute", state=JobState.QUEUED)
        second = take_in(file_of(500, first=5_000)).job_id
    found = together(
        lambda: run_job(first.pk),
        lambda: run_job(second),
        *(lambda n=number: post("/transactions", line(n)) for number in range(1, 9)),
    )
    assert [answer.status_code for answer in found[2:]] == [201] * 8
    request_recompute()
    with jobs_run_in("caller"):
        while job := Job.objects.filter(state__in=OPEN_STATES).order_by("pk").first():
            run_job(job.pk)
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.SUCCEEDED}
    assert not data_version().is_stale


@contextmanager
def somebody_writing() -> Iterator[None]:
    """Another connection holds the lock that every writer takes."""
    began, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            lock_version()
            began.set()
            may_end.wait(60)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert began.wait(20)
    try:
        yield
    finally:
        may_end.set()
        thread.join()


def test_who_waits_too_long_for_the_write_lock_is_asked_to_come_back(many_connections: None) -> None:
    post = poster()
    with impatient(), somebody_writing():
        answer = post("/transactions", line(1))
        assert answer.status_code == 503
        assert answer["Content-Type"] == "application/problem+json"
        assert int(answer["Retry-After"]) > 0
    assert post("/transactions", line(1)).status_code == 201
    assert mugs_of_the_day() == (1, Decimal("2.4375"), 1)


@pytest.mark.parametrize(
    "path", ["/elasticity", "/dashboard/kpis", "/stock-items", "/transactions", "/health"]
)
def test_readers_do_not_wait_for_a_writer(many_connections: None, path: str) -> None:
    key = token_of(user_with_role("viewer"))
    with impatient(), somebody_writing():
        assert Client(HTTP_AUTHORIZATION=f"Token {key}").get(path).status_code == 200


def test_a_form_of_the_admin_that_waits_too_long_is_asked_to_come_back(many_connections: None) -> None:
    browser = signed_in(user_with_role("admin"))
    browser.raise_request_exception = False
    product_create(code="CUP", by="somebody", name="Cup")
    with impatient(), somebody_writing():
        answer = browser.post(
            page(Product, "change", "CUP"), {"name": "Cup", "kind": "service", "is_active": "on"}
        )
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert Product.objects.get().kind == "merchandise"


# --- price changes ----------------------------------------------------------------------------------

CHANGES = "/api/price/changes"
PRODUCTS = tuple(f"P{number}" for number in range(6))


def priced_products() -> None:
    Product.objects.bulk_create(
        Product(code=code, name=code, current_price=Decimal("10.00")) for code in PRODUCTS
    )


def approved_change(code: str, price: str, batch: Any = None) -> int:
    """A change that waits, whatever else waits: there were several of a product before only one could be open."""
    product = Product.objects.get(code=code)
    return PriceChangeFactory(
        product=product,
        old_price=product.current_price,
        new_price=Decimal(price),
        batch=batch,
        status="approved",
    ).pk


def approved_batch(price: str) -> Any:
    number = uuid7()
    for code in PRODUCTS:
        approved_change(code, price, number)
    return number


def price_by_its_changes(code: str) -> Decimal:
    """What the product's changes say of its price: the last one in force, else what it was before all of them."""
    lines = PriceChange.objects.filter(product_id=code, status="applied").order_by("changed_at", "pk")
    newest = lines.last()
    return newest.new_price if newest else Decimal("10.00")


def assert_prices_follow_their_changes() -> None:
    for product in Product.objects.all():
        assert product.current_price == price_by_its_changes(product.code), product.code
        chain = list(
            PriceChange.objects.filter(product=product, changed_at__isnull=False).order_by("changed_at", "pk")
        )
        in_force: list[Decimal] = [Decimal("10.00")]
        events = [(line.changed_at, 0, line) for line in chain]
        events += [(line.rolled_back_at, 1, line) for line in chain if line.rolled_back_at]
        for _, back, line in sorted(events, key=lambda event: event[:2]):
            assert in_force[-1] == (line.new_price if back else line.old_price)
            in_force.append(line.old_price if back else line.new_price)


def test_a_change_applied_by_twenty_at_once_is_applied_once(many_connections: None) -> None:
    priced_products()
    post = poster("manager")
    change = approved_change("P0", "11.00")
    answers = together(*(lambda: post(f"{CHANGES}/{change}/apply") for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    assert_prices_follow_their_changes()
    answers = together(*(lambda: post(f"{CHANGES}/{change}/rollback") for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    assert Product.objects.get(code="P0").current_price == Decimal("10.00")
    assert_prices_follow_their_changes()


def test_of_twenty_changes_of_one_product_applied_at_once_one_wins(many_connections: None) -> None:
    priced_products()
    post = poster("manager")
    changes = [approved_change("P0", f"{11 + number}.00") for number in range(20)]
    answers = together(*(lambda pk=pk: post(f"{CHANGES}/{pk}/apply") for pk in changes))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19
    assert PriceChange.objects.filter(status="applied").count() == 1
    assert_prices_follow_their_changes()


def test_twenty_batches_single_changes_edits_and_rollbacks_at_once_leave_prices_consistent(
    many_connections: None,
) -> None:
    priced_products()
    post = poster("manager")
    there = approved_batch("12.00")
    price_changes.apply(there, by="somebody")
    batches = [approved_batch(f"{13 + number}.00") for number in range(4)]
    singles = [approved_change(code, "19.00") for code in reversed(PRODUCTS)]
    answers = together(
        *(lambda: post(f"{CHANGES}/batch/{there}/rollback") for _ in range(4)),
        *(lambda b=batch: post(f"{CHANGES}/batch/{b}/apply") for batch in batches),
        *(lambda pk=pk: post(f"{CHANGES}/{pk}/apply") for pk in singles),
        *(lambda pk=pk: post(f"{CHANGES}/{pk}/rollback") for pk in singles[:4]),
        lambda: product_update("P3", by="somebody", current_price=Decimal("12.50")),
        lambda: price_changes.apply_due(),
    )
    codes = [answer.status_code for answer in answers[:-2]]
    assert set(codes) <= {200, 409, 503}
    assert 200 in codes
    assert not [answer for answer in answers[-2:] if isinstance(answer, Exception)]
    assert_prices_follow_their_changes()


def test_a_due_change_met_by_many_schedulers_and_people_is_applied_once(many_connections: None) -> None:
    priced_products()
    post = poster("manager")
    change = approved_change("P0", "11.00")
    PriceChange.objects.update(scheduled_for=timezone.now() - timedelta(minutes=1))
    answers = together(
        *(price_changes.apply_due for _ in range(10)),
        *(lambda: post(f"{CHANGES}/{change}/apply") for _ in range(10)),
    )
    by_schedule, by_people = answers[:10], [answer.status_code for answer in answers[10:]]
    assert sum(by_schedule) + by_people.count(200) == 1
    assert set(by_people) <= {200, 409}
    assert_prices_follow_their_changes()
