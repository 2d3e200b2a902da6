"""GET /health: whether the parts are there."""

import datetime as dt
from typing import Any

import pytest
from django.db import OperationalError
from django.test import override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from elastix import __version__
from elastix.api import health
from elastix.imports.models import ImportBatch
from elastix.jobs.models import Job
from tests.factories import AlertFactory, JobFactory

pytestmark = pytest.mark.django_db


def test_anybody_may_ask_and_an_empty_shop_is_healthy(anonymous: APIClient) -> None:
    answer = anonymous.get("/health")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert (body["status"], body["version"], body["database"]) == ("healthy", __version__, "ok")
    assert (body["data_version"], body["last_recompute"], body["failing"]) == (0, None, [])
    assert body["warnings"] == []


def test_it_says_which_version_is_published_and_since_when(shop: ImportBatch, anonymous: APIClient) -> None:
    body = anonymous.get("/health").json()
    assert body["data_version"] == 1
    assert body["last_recompute"].endswith("Z")


def test_what_the_figures_warn_of_is_no_failure(anonymous: APIClient) -> None:
    AlertFactory(kind="prices_follow_sales")
    AlertFactory(kind="fit_not_converged", cleared_at=timezone.now())
    AlertFactory(kind="data_stale")
    answer = anonymous.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    assert answer.json()["warnings"] == ["prices seem to follow sales, not the other way round"]


def test_a_silent_database_is_named(anonymous: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> Any:
        raise OperationalError("no route to host")

    monkeypatch.setattr(health, "data_version", silent)
    answer = anonymous.get("/health")
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["status"] == "unhealthy"
    assert answer.json()["failing"] == ["database"]
    assert "no route" not in answer.content.decode()


@override_settings(REDIS_URL="redis://127.0.0.1:1/0")
def test_a_silent_broker_is_named(anonymous: APIClient) -> None:
    answer = anonymous.get("/health")
    assert answer.status_code == 503
    assert answer.json()["failing"] == ["broker"]
    assert answer.json()["database"] == "ok"


@override_settings(REDIS_URL="")
def test_without_a_broker_jobs_run_here_and_nothing_fails(anonymous: APIClient) -> None:
    answer = anonymous.get("/health")
    assert answer.status_code == 200
    assert answer.json()["broker"].startswith("none")


@override_settings(SHOP_TIME_ZONE="Asia/Tokyo")
def test_days_cut_in_another_zone_are_named_with_the_remedy(shop: ImportBatch, anonymous: APIClient) -> None:
    answer = anonymous.get("/health")
    assert answer.status_code == 503
    assert answer.json()["failing"] == ["time zone: run `manage.py recompute --full`"]


def test_it_takes_no_parameters_and_cannot_be_written(anonymous: APIClient) -> None:
    assert anonymous.get("/health", {"verbose": "1"}).status_code == 400
    assert anonymous.post("/health").status_code == 405
    assert anonymous.head("/health").status_code == 200


def test_jobs_that_nobody_does_are_reported(anonymous: APIClient) -> None:
    job = JobFactory(kind="push_prices", state="queued")
    assert anonymous.get("/health").json()["worker"] == "ok"  # it may begin any moment
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - dt.timedelta(minutes=1))
    answer = anonymous.get("/health")
    assert answer.json()["worker"] == "no worker is running: 1 job waits"
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")
    JobFactory(kind="pull_orders", state="running", lease_until=timezone.now() + dt.timedelta(minutes=1))
    assert anonymous.get("/health").json()["worker"] == "ok"  # a worker is busy with another
