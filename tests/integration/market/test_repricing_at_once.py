"""Runs of rules beside each other, beside people and beside the kill switch: each change once, or not at all."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.utils import timezone

from elastix.dataset.models import DataVersion
from elastix.jobs.models import Job
from elastix.jobs.runner import jobs_run_in, run_job
from market.models import RepricingResult, RepricingRun
from market.services import repricing
from market.services.kill_switch import kill_switch_set
from market.services.repricing import reprice_if_due, rule_run_request
from pricing.sales.models import PriceChange, Product
from pricing.sales.services.products import product_update
from tests.integration.market.rules import PATIENT, a_manager, rule
from tests.integration.test_concurrency import many_connections, together

__all__ = ["many_connections"]
PRODUCTS = 60


@pytest.fixture
def codes(many_connections: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Products at 10.00, and runs that change five of them at once."""
    monkeypatch.setattr(repricing, "CHANGES_A_TRANSACTION", 5)
    DataVersion.objects.create(pk=1, time_zone="UTC", as_of=timezone.now().date())
    names = [f"P{number:02}" for number in range(PRODUCTS)]
    Product.objects.bulk_create(
        Product(code=code, name=code, current_price=Decimal(10), cost=Decimal(5)) for code in names
    )
    with PATIENT:
        yield names


def assert_each_once(price: str, count: int = PRODUCTS) -> None:
    """Every change has its line in the ledger and its row of a run, and the prices are what these say."""
    applied = PriceChange.objects.filter(status="applied", source="rule")
    assert applied.count() == RepricingResult.objects.filter(outcome="applied").count() == count
    assert set(applied.values_list("old_price", "new_price")) == (
        {(Decimal(10), Decimal(price))} if count else set()
    )
    assert Product.objects.filter(current_price=Decimal(price)).count() == count


def test_one_run_given_to_four_workers_is_run_once(codes: list[str]) -> None:
    made = rule(may_apply=True)
    with jobs_run_in("caller"):
        job = rule_run_request(made.pk, dry_run=False, by=a_manager())
    assert together(*(lambda: run_job(job.pk) for _ in range(4))) == [None] * 4
    assert_each_once("9.00")


def test_an_hour_asked_for_by_eight_clocks_has_one_run(codes: list[str]) -> None:
    rule(may_apply=True)
    assert not [found for found in together(*[reprice_if_due] * 8) if isinstance(found, Exception)]
    assert RepricingRun.objects.count() == Job.objects.count() == 1
    with jobs_run_in("caller"):
        run_job(Job.objects.get().pk)
    assert_each_once("9.00")


def test_a_worker_whose_lease_ran_out_and_its_successor_change_each_price_once(codes: list[str]) -> None:
    made = rule(may_apply=True)
    with jobs_run_in("caller"):
        job = rule_run_request(made.pk, dry_run=False, by=a_manager())

    def take_over() -> None:
        for _ in range(20):
            Job.objects.filter(state="running").update(lease_until=timezone.now() - dt.timedelta(seconds=1))
            run_job(job.pk)

    found = together(lambda: run_job(job.pk), take_over)
    assert found == [None, None]
    assert Job.objects.get().state == "succeeded"
    assert_each_once("9.00")


def test_two_rules_run_at_once_on_the_same_products_do_not_add_up(codes: list[str]) -> None:
    first, second = (
        rule(name="first", priority=1, may_apply=True, hours=""),
        rule(name="second", percent=Decimal(10), may_apply=True),
    )
    with jobs_run_in("caller"):
        jobs = [rule_run_request(each.pk, dry_run=False, by=a_manager()) for each in (first, second)]
    assert together(*(lambda pk=job.pk: run_job(pk) for job in jobs)) == [None, None]
    assert_each_once("9.00")
    assert not RepricingResult.objects.filter(rule=second).exists()


def test_no_rule_overwrites_a_price_that_it_has_not_seen(codes: list[str]) -> None:
    made = rule(may_apply=True)
    with jobs_run_in("caller"):
        job = rule_run_request(made.pk, dry_run=False, by=a_manager())

    def people() -> None:
        for code in reversed(codes):
            product_update(code, by="anna", current_price=Decimal(12))

    assert together(lambda: run_job(job.pk), people) == [None, None]
    for product in Product.objects.all():
        price = Decimal(10)
        for line in product.price_changes.order_by("changed_at", "pk"):  # type: ignore[attr-defined]
            assert line.old_price == price, (
                product.code,
                "a change from a price that was not there any more",
            )
            price = line.new_price
        # What the rule made of 10 was changed by people after it; what they set first it may have lowered.
        assert product.current_price == price
        assert price in (Decimal(12), Decimal("10.80"))


def test_after_the_switch_was_turned_no_price_changes(codes: list[str]) -> None:
    made = rule(may_apply=True)
    with jobs_run_in("caller"):
        job = rule_run_request(made.pk, dry_run=False, by=a_manager())
    counts: list[int] = []

    def turn() -> None:
        kill_switch_set(on=True, reason="stop", by="manager")
        counts.append(PriceChange.objects.filter(status="applied").count())

    assert together(lambda: run_job(job.pk), turn) == [None, None]
    assert_each_once("9.00", counts[0])
    record = RepricingRun.objects.get()
    assert (record.stopped == "The kill switch is on: stop") == (counts[0] < PRODUCTS)
