"""What integration tests share: commits that happen, jobs that wait, a sample shop, a client whose queries can be counted."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from elastix.api.permissions import Role
from elastix.imports.models import ImportBatch
from elastix.jobs.runner import jobs_run_in
from tests.jobs import Registrar, use_job
from tests.shops import Commits, copy_of_shop


@pytest.fixture
def commits(django_capture_on_commit_callbacks: Any) -> Commits:
    """Within this block what is queued runs, as it would once the request's transaction has committed."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def held() -> Iterator[list[int]]:
    """Jobs wait until the test runs them."""
    with jobs_run_in("caller") as jobs:
        yield jobs


@pytest.fixture
def register_job(monkeypatch: pytest.MonkeyPatch) -> Registrar:
    """Name a handler for a kind of job, for the length of the test."""
    return lambda name, handler, **hooks: use_job(monkeypatch, name, handler, **hooks)


@pytest.fixture
def shop(db: None, commits: Commits) -> ImportBatch:
    """A sample shop, imported and computed; the import it came from."""
    return copy_of_shop(commits)


def counted_client(role: Role) -> APIClient:
    """A client whose authentication asks the database nothing: what is counted is the endpoint's own."""
    user: Any = User(username="counted", pk=1)
    user.role = role
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def counted(db: None) -> APIClient:
    """Such a client of a viewer."""
    return counted_client(Role.VIEWER)
