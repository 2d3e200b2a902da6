"""What the admin does when a write is refused, by a busy database or by a service."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import OperationalError

from elastix.admin_base import MOST_DELETED_AT_ONCE
from elastix.errors import Conflict
from pricing.sales.models import Product
from pricing.sales.services.products import product_create
from tests.integration.admin_pages import errors_of, page, run_action, said, signed_in

pytestmark = pytest.mark.django_db

FORM = {"name": "A new name", "category": "Cups", "kind": "merchandise", "is_active": "on"}


@pytest.fixture
def cup() -> Product:
    return product_create(code="CUP", by="somebody", name="Cup", category="Cups")


def raising(error: Exception) -> Any:
    def service(*_: Any, **__: Any) -> None:
        raise error

    return service


def test_a_busy_database_leaves_the_form_filled_in(
    cup: Product, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = raising(OperationalError("database is locked"))
    monkeypatch.setattr("pricing.recommendation.admin.products.product_update", locked)
    response = signed_in(analyst).post(page(Product, "change", "CUP"), FORM)
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    assert "being written just now" in errors_of(response)
    assert b'value="A new name"' in response.content
    cup.refresh_from_db()
    assert cup.name == "Cup"


def test_a_busy_database_leaves_the_form_of_a_new_row_filled_in(
    analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = raising(OperationalError("database is locked"))
    monkeypatch.setattr("pricing.recommendation.admin.products.product_create", locked)
    response = signed_in(analyst).post(page(Product, "add"), {"code": "MUG", "name": "A mug"})
    assert response.status_code == 503
    assert b'value="A mug"' in response.content
    assert not Product.objects.exists()


@pytest.mark.parametrize("error", [Conflict("Somebody was faster."), ValidationError("Somebody was faster.")])
def test_what_a_service_objects_to_is_shown_on_the_form(
    error: Exception, cup: Product, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pricing.recommendation.admin.products.product_update", raising(error))
    response = signed_in(analyst).post(page(Product, "change", "CUP"), FORM)
    assert response.status_code == 200
    assert "Somebody was faster." in errors_of(response)


def test_a_row_that_went_away_meanwhile_is_said_to_be_gone(
    cup: Product, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pricing.recommendation.admin.products.product_update", raising(Product.DoesNotExist())
    )
    response = signed_in(analyst).post(page(Product, "change", "CUP"), FORM)
    assert response["Location"] == page(Product)
    assert "does not exist any more" in said(response)


def test_a_delete_on_a_busy_database_comes_back_to_the_question(
    cup: Product, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = raising(OperationalError("database is locked"))
    monkeypatch.setattr("pricing.recommendation.admin.products.product_delete", locked)
    url = page(Product, "delete", "CUP")
    response = signed_in(analyst).post(url, {"post": "yes"})
    assert response["Location"] == url
    assert "being written just now" in said(response)
    assert Product.objects.filter(pk="CUP").exists()


def test_a_bulk_delete_on_a_busy_database_deletes_nothing(
    cup: Product, analyst: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    mug = product_create(code="MUG", by="somebody", name="Mug")
    answers = iter([True])

    def delete_once(code: str) -> bool:
        Product.objects.filter(pk=code).delete()
        try:
            return next(answers)
        except StopIteration:
            raise OperationalError("database is locked") from None

    monkeypatch.setattr("pricing.recommendation.admin.products.product_delete", delete_once)
    response = run_action(signed_in(analyst), "delete_selected", cup, mug, post="yes")
    assert "being written just now" in said(response)
    assert Product.objects.count() == 2


def test_a_page_that_only_reads_hides_no_error(analyst: User, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = raising(OperationalError("no such table"))
    monkeypatch.setattr("pricing.recommendation.admin.products.ProductAdmin.get_queryset", broken)
    with pytest.raises(OperationalError):
        signed_in(analyst).get(page(Product))


def test_a_bulk_delete_has_a_limit(analyst: User) -> None:
    Product.objects.bulk_create(
        Product(code=f"P{number:04}", name="x") for number in range(MOST_DELETED_AT_ONCE + 1)
    )
    data = {"action": "delete_selected", "_selected_action": ["P0000"], "select_across": "1", "index": "0"}
    response = signed_in(analyst).post(page(Product), data)
    assert f"At most {MOST_DELETED_AT_ONCE}" in said(response)
    assert Product.objects.count() == MOST_DELETED_AT_ONCE + 1
