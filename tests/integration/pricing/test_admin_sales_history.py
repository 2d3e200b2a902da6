"""Days of sales written by hand, beside those summed from transactions, which nobody edits."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from elastix.dataset.versions import data_version
from elastix.errors import NotFound
from pricing.sales.models import SalesHistory, StaleCustomer, StaleProduct
from pricing.sales.models.transactions import SalesSource
from pricing.sales.services.manual_history import manual_day_create, manual_day_delete, manual_day_update
from pricing.sales.services.transactions import transactions_create
from tests.factories import ProductFactory
from tests.integration.admin_pages import errors_of, page, run_action, said, signed_in

pytestmark = pytest.mark.django_db

DAY = dt.date(2025, 3, 1)


@pytest.fixture(autouse=True)
def products() -> None:
    ProductFactory(code="CUP")
    ProductFactory(code="MUG")


def values(**changes: Any) -> dict[str, Any]:
    return {"product_id": "CUP", "date": DAY, "quantity": 10, "price": Decimal("4.25")} | changes


def form(**changes: Any) -> dict[str, Any]:
    filled = {
        "product": "CUP",
        "date": "2025-03-01",
        "quantity": "10",
        "price": "4.25",
        "cost": "",
        "list_price": "",
    }
    return filled | changes


@pytest.fixture
def summed() -> SalesHistory:
    line = {
        "invoice_no": "1",
        "product_id": "CUP",
        "quantity": 2,
        "unit_price": Decimal("4"),
        "customer_id": "17850",
    }
    transactions_create([line | {"invoice_date": dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC)}])
    return SalesHistory.objects.get()


# --- the service -------------------------------------------------------------------------------------


def test_a_manual_day_counts_as_demand_at_its_price() -> None:
    day = manual_day_create(values())
    day.refresh_from_db()
    assert (day.quantity, day.revenue, day.price) == (10, Decimal("42.5"), Decimal("4.25"))
    assert (day.units, day.unit_lines, day.list_price) == (10.0, 1, Decimal("4.25"))
    assert (day.source, day.promotion_applied) == (SalesSource.MANUAL, False)


def test_a_day_on_promotion_has_a_list_price_only_if_somebody_says_it() -> None:
    assert manual_day_create(values(promotion_applied=True)).list_price is None
    said_so = values(promotion_applied=True, list_price=Decimal("5"), date=DAY + dt.timedelta(days=1))
    assert manual_day_create(said_so).list_price == Decimal("5")


def test_a_day_without_sales_keeps_the_price_that_was_asked() -> None:
    day = manual_day_create(values(quantity=0))
    assert (day.price, day.list_price, day.revenue, day.unit_lines) == (None, Decimal("4.25"), 0, 0)
    changed = manual_day_update(day.pk, {"quantity": 4})
    assert (changed.price, changed.revenue) == (Decimal("4.25"), Decimal("17"))


def test_writing_a_manual_day_makes_its_product_and_its_customers_stale(summed: SalesHistory) -> None:
    StaleProduct.objects.all().delete()
    StaleCustomer.objects.all().delete()
    before = data_version().sales_version
    manual_day_create(values(date=DAY + dt.timedelta(days=1)))
    assert data_version().sales_version == before + 1
    assert StaleProduct.objects.get().pk == "CUP"
    assert StaleCustomer.objects.get().pk == "17850"


def test_a_manual_day_moved_to_another_product_makes_both_stale() -> None:
    day = manual_day_create(values())
    StaleProduct.objects.all().delete()
    manual_day_update(day.pk, {"product_id": "MUG"})
    assert set(StaleProduct.objects.values_list("pk", flat=True)) == {"CUP", "MUG"}


def test_a_day_that_is_there_already_is_refused(summed: SalesHistory) -> None:
    with pytest.raises(ValidationError, match="already exists"):
        manual_day_create(values())
    assert SalesHistory.objects.get() == summed


@pytest.mark.parametrize("bad", [{"price": Decimal(0)}, {"price": Decimal("-1")}, {"quantity": -1}])
def test_a_day_that_makes_no_sense_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        manual_day_create(values(**bad))
    assert not SalesHistory.objects.exists()
    assert data_version().sales_version == 0


def test_a_summed_day_is_not_the_services_to_write(summed: SalesHistory) -> None:
    with pytest.raises(NotFound):
        manual_day_update(summed.pk, {"quantity": 9})
    with pytest.raises(NotFound):
        manual_day_delete(summed.pk)


def test_transactions_that_come_in_later_replace_a_manual_day(request: pytest.FixtureRequest) -> None:
    manual_day_create(values())
    day: SalesHistory = request.getfixturevalue("summed")
    assert (day.quantity, day.source) == (2, SalesSource.TRANSACTIONS)


# --- the admin ---------------------------------------------------------------------------------------


def test_an_analyst_writes_a_day_by_hand(analyst: User) -> None:
    browser = signed_in(analyst)
    response = browser.post(page(SalesHistory, "add"), form())
    assert response.status_code == 302
    day = SalesHistory.objects.get()
    assert (day.revenue, day.source) == (Decimal("42.5"), SalesSource.MANUAL)
    browser.post(page(SalesHistory, "change", day.pk), form(quantity="20"))
    day.refresh_from_db()
    assert (day.quantity, day.revenue, day.units) == (20, Decimal("85"), 20.0)
    browser.post(page(SalesHistory, "delete", day.pk), {"post": "yes"})
    assert not SalesHistory.objects.exists()
    assert data_version().sales_version == 3


def test_the_same_day_twice_is_refused(analyst: User) -> None:
    browser = signed_in(analyst)
    browser.post(page(SalesHistory, "add"), form())
    assert "already exists" in errors_of(browser.post(page(SalesHistory, "add"), form(quantity="20")))
    assert SalesHistory.objects.get().quantity == 10


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"quantity": "-1"}, "greater than or equal to 0"),
        ({"price": "0"}, "greater than or equal to 0.0001"),
        ({"price": ""}, "required"),
        ({"cost": "-1"}, "cost must be 0 or more"),
        ({"list_price": "0", "promotion_applied": "on"}, "list price above 0"),
        ({"date": "1969-12-31"}, "one of 1970 to 2100"),
        ({"product": "NONE"}, "valid choice"),
    ],
)
def test_a_day_out_of_its_limits_is_refused(changes: dict[str, str], complaint: str, analyst: User) -> None:
    response = signed_in(analyst).post(page(SalesHistory, "add"), form(**changes))
    assert complaint in errors_of(response)
    assert not SalesHistory.objects.exists()


def test_the_form_of_a_day_without_sales_shows_the_price_that_was_asked(analyst: User) -> None:
    day = manual_day_create(values(quantity=0))
    response = signed_in(analyst).get(page(SalesHistory, "change", day.pk))
    assert response.context["adminform"].form["price"].value() == Decimal("4.2500")


def test_a_summed_day_can_only_be_looked_at(summed: SalesHistory, admin_user: User) -> None:
    browser = signed_in(admin_user)
    assert browser.get(page(SalesHistory, "change", summed.pk)).status_code == 200
    assert browser.post(page(SalesHistory, "change", summed.pk), form(quantity="9")).status_code == 403
    assert browser.post(page(SalesHistory, "delete", summed.pk), {"post": "yes"}).status_code == 403
    assert SalesHistory.objects.get().quantity == 2


def test_days_in_bulk_are_deleted_only_if_all_are_written_by_hand(
    summed: SalesHistory, analyst: User
) -> None:
    by_hand = [manual_day_create(values(date=DAY + dt.timedelta(days=number))) for number in (1, 2)]
    browser = signed_in(analyst)
    assert "nothing was deleted" in said(run_action(browser, "delete_selected", summed, *by_hand, post="yes"))
    assert SalesHistory.objects.count() == 3
    run_action(browser, "delete_selected", *by_hand, post="yes")
    assert SalesHistory.objects.get() == summed


def test_a_viewer_writes_no_day(viewer: User) -> None:
    day = manual_day_create(values())
    browser = signed_in(viewer)
    assert browser.post(page(SalesHistory, "add"), form(date="2025-03-02")).status_code == 403
    assert browser.post(page(SalesHistory, "change", day.pk), form(quantity="9")).status_code == 403
    assert SalesHistory.objects.get().quantity == 10


def test_days_are_found_by_the_whole_code_of_their_product(viewer: User) -> None:
    manual_day_create(values())
    manual_day_create(values(product_id="MUG"))
    response = signed_in(viewer).get(page(SalesHistory), {"q": " cup "})
    assert [day.product_id for day in response.context["cl"].result_list] == ["CUP"]
