"""The admin as a whole: who gets in, what they see, what its pages may not contain."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import OperationalError
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from elastix.admin_base import ReadOnlyAdmin
from elastix.audit.models import AuditEntry
from elastix.dataset.models import DataVersion
from elastix.dataset.versions import lock_version
from elastix.imports.models import ImportBatch, ImportStatus
from elastix.jobs.models import Job, JobState
from elastix.tokens.models import ApiToken
from pricing.sales.core.files import ImportKind
from pricing.sales.models import PriceChange
from tests.factories import ImportBatchFactory, JobFactory
from tests.integration.admin_pages import page, said, signed_in

OURS = ("elastix", "pricing", "segments", "market", "simulations")
# Parts of other models' pages, and what has pages of its own on the desk.
BEHIND_THE_SCENES = {
    "AccessVersion", "ChannelDay", "ExperimentProduct", "KeptAnswer", "PriceRelationMember",
    "StagedTransaction", "StandingRecommendation", "SupersededLine", "UploadChunk",
}  # fmt: skip
LISTS = [model for model in admin.site._registry if model._meta.app_label in OURS]
READ_ONLY = [model for model in LISTS if isinstance(admin.site._registry[model], ReadOnlyAdmin)]
# What a strict content policy would block: inline scripts, inline styles, handlers in attributes.
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=|javascript:", re.I
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch() -> ImportBatch:
    return ImportBatchFactory(
        kind=ImportKind.TRANSACTIONS, status=ImportStatus.PUBLISHED, file_name="march.csv"
    )


def test_every_model_has_its_pages() -> None:
    models = {model for app in OURS for model in apps.get_app_config(app).get_models()}
    assert {model.__name__ for model in models - set(LISTS)} == BEHIND_THE_SCENES


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)
def test_a_viewer_may_look_at_every_list_and_add_to_none(model: type[Model], viewer: User) -> None:
    browser = signed_in(viewer)
    # The audit log is for managers; who manages nothing does not read who did what.
    assert browser.get(page(model)).status_code == (403 if model is AuditEntry else 200)
    # Everybody makes tokens for programs of their own.
    assert browser.get(page(model, "add")).status_code == (200 if model is ApiToken else 403)


@pytest.mark.parametrize("model", LISTS, ids=lambda model: model.__name__)
def test_staff_without_a_role_sees_no_list(model: type[Model]) -> None:
    stranger = User.objects.create_user("stranger", is_staff=True)
    assert signed_in(stranger).get(page(model)).status_code == 403


@pytest.mark.parametrize(
    "model", [model for model in READ_ONLY if model is not PriceChange], ids=lambda model: model.__name__
)
def test_nobody_adds_to_a_computed_table(model: type[Model], admin_user: User) -> None:
    browser = signed_in(admin_user)
    assert browser.get(page(model, "add")).status_code == 403
    assert browser.post(page(model, "add"), {}).status_code == 403


@pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
def test_nobody_deletes_from_a_computed_table_in_bulk(model: type[Model], admin_user: User) -> None:
    response = signed_in(admin_user).get(page(model))
    assert b"delete_selected" not in response.content


def test_a_row_of_a_computed_table_can_be_looked_at_and_not_changed(
    batch: ImportBatch, admin_user: User
) -> None:
    browser = signed_in(admin_user)
    assert browser.get(page(ImportBatch, "change", batch.pk)).status_code == 200
    assert browser.post(page(ImportBatch, "change", batch.pk), {"file_name": "april.csv"}).status_code == 403
    assert browser.post(page(ImportBatch, "delete", batch.pk), {"post": "yes"}).status_code == 403
    batch.refresh_from_db()
    assert batch.file_name == "march.csv"


def test_the_index_bears_the_name_and_sends_strangers_to_the_login(viewer: User) -> None:
    assert (
        '<a href="/admin/">elastix: Our shop</a>'
        in signed_in(viewer).get(reverse("admin:index")).content.decode()
    )
    response = Client().get(reverse("admin:index"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))


def test_somebody_who_is_no_staff_does_not_get_in(viewer: User) -> None:
    viewer.is_staff = False
    viewer.save()
    response = signed_in(viewer).get(page(Job))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))


def test_the_index_leads_to_the_imports_whoever_may_import(viewer: User, analyst: User) -> None:
    imports = reverse("admin:pricing_transaction_import").encode()
    assert imports in signed_in(analyst).get(reverse("admin:index")).content
    assert imports not in signed_in(viewer).get(reverse("admin:index")).content


def test_the_pages_run_under_a_strict_content_policy(admin_user: User, batch: ImportBatch) -> None:
    lock_version()
    job = JobFactory(kind="recompute")
    urls = [reverse("admin:index"), *map(page, LISTS)]
    urls += [page(model, "add") for model in LISTS if model not in READ_ONLY]
    urls += [reverse("admin:pricing_product_import"), reverse("admin:pricing_transaction_import")]
    urls += [page(ImportBatch, "change", batch.pk), page(Job, "change", job.pk)]
    browser = signed_in(admin_user)
    for url in urls:
        response = browser.get(url)
        assert "default-src 'self'" in response["Content-Security-Policy"], url
        assert INLINE.findall(response.content.decode()) == [], url


# --- the state of the data, and recomputing all of it ----------------------------------------------


@pytest.fixture
def recompute_url() -> str:
    return reverse("admin:elastix_dataversion_recompute")


def test_a_manager_has_everything_recomputed(manager: User, recompute_url: str) -> None:
    browser = signed_in(manager)
    assert recompute_url.encode() in browser.get(page(DataVersion)).content
    response = browser.post(recompute_url)
    assert response["Location"] == page(DataVersion)
    job = Job.objects.get(kind="recompute")
    assert job.parameters["full"] is True
    assert job.requested_by == manager
    assert page(Job, "change", job.pk) in said(response)


def test_asking_twice_joins_the_recompute_under_way(manager: User, recompute_url: str) -> None:
    browser = signed_in(manager)
    browser.post(recompute_url)
    browser.post(recompute_url)
    assert Job.objects.filter(kind="recompute").count() == 1


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_below_a_manager_nobody_recomputes_everything(
    role: str, recompute_url: str, request: pytest.FixtureRequest
) -> None:
    browser = signed_in(request.getfixturevalue(role))
    assert recompute_url.encode() not in browser.get(page(DataVersion)).content
    assert browser.post(recompute_url).status_code == 403
    assert not Job.objects.exists()


def test_a_link_alone_recomputes_nothing(manager: User, recompute_url: str) -> None:
    assert signed_in(manager).get(recompute_url).status_code == 405
    assert not Job.objects.exists()


def test_a_foreign_form_recomputes_nothing(manager: User, recompute_url: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(manager)
    assert browser.post(recompute_url).status_code == 403
    assert not Job.objects.exists()


def test_a_recompute_asked_of_a_busy_database_is_refused_in_words(
    manager: User, recompute_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(**_: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("elastix.admin.request_recompute", locked)
    response = signed_in(manager).post(recompute_url)
    assert response.status_code == 302
    assert "being written just now" in said(response)


# --- jobs --------------------------------------------------------------------------------------------


def test_the_page_of_a_job_looks_again_by_itself_while_it_is_open(viewer: User) -> None:
    job = JobFactory(kind="recompute", state=JobState.RUNNING, progress=0.25)
    browser = signed_in(viewer)
    running = browser.get(page(Job, "change", job.pk)).content.decode()
    assert 'http-equiv="refresh"' in running
    assert "25 %" in running
    Job.objects.update(state=JobState.FAILED, error="The disk is full.")
    failed = browser.get(page(Job, "change", job.pk)).content.decode()
    assert 'http-equiv="refresh"' not in failed
    assert "The disk is full." in failed


def test_the_page_of_a_job_cuts_what_would_fill_it(viewer: User) -> None:
    job = JobFactory(kind="recompute", parameters={"products": [f"P{number}" for number in range(5000)]})
    text = signed_in(viewer).get(page(Job, "change", job.pk)).content.decode()
    assert "P100" in text
    assert "P4999" not in text
