"""The cast and the rules of every test: users by role, a client for each, what may be left out."""

import itertools
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from functools import cache
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.models import AbstractUser, User
from django.db import connection
from django.test import override_settings
from django.utils import timezone
from hypothesis import HealthCheck
from rest_framework.test import APIClient

from elastix.audit.triggers import drop_triggers
from elastix.jobs.runner import jobs_run_in
from elastix.tokens.services import token_create
from tests.factories import UserFactory

# The same examples every time, however busy the machine is. HYPOTHESIS_PROFILE=search looks for others, by hand.
hypothesis.settings.register_profile(
    "fixed", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis.settings.register_profile(
    "search", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

# Failed assertions of the shared cases show their values, as those of test modules do.
pytest.register_assert_rewrite("tests.api_cases", "tests.integration.segments.contract")

# --- tests that need more than Python -------------------------------------------------------------

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium_path() -> str | None:
    """Return where Chromium is: $CHROMIUM, or the first of its usual names on the PATH."""
    names = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else CHROMIUM_NAMES
    return next((path for path in map(shutil.which, names) if path), None)


@cache
def can_mount() -> bool:
    """Whether a file system in memory can be mounted: as root, where the container allows it."""
    with tempfile.TemporaryDirectory() as directory:
        if os.geteuid() or not (mount := shutil.which("mount")):
            return False
        options = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", directory]
        if subprocess.run([mount, *options], capture_output=True).returncode:
            return False
        subprocess.run(["umount", directory], check=True)
        return True


def missing() -> dict[str, str]:
    """Return the marks whose tests cannot run here, each with the reason."""
    reasons = {}
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        reasons["postgresql"] = "DATABASE_URL names no PostgreSQL server (DATABASE_URL=postgres://...)"
    if not settings.REDIS_URL:
        reasons["redis"] = "REDIS_URL is not set (REDIS_URL=redis://...)"
    if chromium_path() is None:
        reasons["browser"] = "Chromium is not on the PATH (CHROMIUM=/path/to/chromium)"
    if not can_mount():
        reasons["mount"] = "no file system can be mounted here (root alone may)"
    return reasons


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--needs",
        action="append",
        default=[],
        choices=["postgresql", "redis", "browser", "mount"],
        help="fail, instead of leaving tests out, where this cannot be had",
    )
    parser.addoption(
        "--record",
        action="store_true",
        help="record the answers of the API again (tests/integration/test_api_recording.py)",
    )
    parser.addoption(
        "--sales-file",
        default="",
        help="a file in the layout of UCI's Online Retail: the story in the browser is told, and every page looked at, with its "
        "sales as well (tests/e2e)",
    )
    parser.addoption(
        "--fault-repetitions",
        type=int,
        default=0,
        help="break everything that tests/faults knows, so many times each; else the quick faults alone, twice",
    )


def pytest_configure(config: pytest.Config) -> None:
    reasons = missing()
    for kind in config.getoption("--needs"):
        if kind in reasons:
            raise pytest.UsageError(f"--needs {kind}: {reasons[kind]}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reasons = missing()
    for item in items:
        lacking = [reason for kind, reason in reasons.items() if item.get_closest_marker(kind)]
        if lacking:
            item.add_marker(pytest.mark.skip(reason="; ".join(lacking)))


def pytest_make_parametrize_id(val: object) -> str | None:
    """Packed data hold the time they were packed at; two processes must still give a test the same name."""
    return "bytes" if isinstance(val, bytes) and not val.isascii() else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say in one line per kind which tests were left out, and why."""
    skipped = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", [])]
    for kind, reason in missing().items():
        count = sum(reason in text for text in skipped)
        if count:
            terminalreporter.write_line(
                f"Left out: {count} {'test' if count == 1 else 'tests'} marked {kind}: {reason}."
            )


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; for tests marked browser."""
    path = chromium_path()
    assert path, "mark tests that use this fixture with pytest.mark.browser"
    return path


# --- around every test ----------------------------------------------------------------------------

_RUN = uuid.uuid4().hex
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _jobs_run_at_once() -> Iterator[None]:
    """Jobs run in the test itself, as soon as the transaction that made them commits."""
    with jobs_run_in("inline"):
        yield


@pytest.fixture(autouse=True)
def _cache_of_its_own() -> Iterator[None]:
    """No test sees what another cached: versions start again in each, and would name the same entries.

    Nor is it asked to slow down, unless that is what it is about.
    """
    prefix = {"KEY_PREFIX": f"{_RUN}-{next(_numbers)}"}
    caches = {name: cache | prefix for name, cache in settings.CACHES.items()}
    # What a process keeps knows nothing of a test's end; test_answer_cache.py switches it on.
    with override_settings(CACHES=caches, API_THROTTLE="", ANSWERS_KEPT_MB=0):
        yield


@pytest.fixture(scope="session", autouse=True)
def _the_audit_log_can_be_emptied() -> Iterator[None]:
    """Tests that commit are followed by a flush, which empties every table; the triggers come back after it."""
    flush = connection.ops.__class__.execute_sql_flush

    def without_triggers(self: Any, sql_list: Any) -> None:
        drop_triggers()
        flush(self, sql_list)

    connection.ops.__class__.execute_sql_flush = without_triggers
    yield
    connection.ops.__class__.execute_sql_flush = flush


# --- the cast --------------------------------------------------------------------------------------


def user_with_role(role: str, **fields: Any) -> User:
    """Make a user in the role's group who may open the admin."""
    return UserFactory(role=role, **fields)


def client_of(user: AbstractUser) -> APIClient:
    """Make a client of theirs for the API (by token) and for the admin's pages (by session)."""
    client = APIClient()
    client.force_login(user)
    client.credentials(HTTP_AUTHORIZATION=f"Token {token_of(user)}")
    return client


def token_of(user: AbstractUser) -> str:
    """Make a token of theirs; its use counts as noted, or the first request would ask the database once more."""
    row, key = token_create(user=user, name="test")
    row.last_used_at = timezone.now()
    row.save()
    return key


@pytest.fixture
def viewer(db: None) -> User:
    return user_with_role("viewer")


@pytest.fixture
def analyst(db: None) -> User:
    return user_with_role("analyst")


@pytest.fixture
def manager(db: None) -> User:
    return user_with_role("manager")


@pytest.fixture
def admin_user(db: None) -> User:
    """Somebody in the group admin, who is no superuser."""
    return user_with_role("admin")


@pytest.fixture
def anonymous() -> APIClient:
    """A client that sends no credentials."""
    return APIClient()


@pytest.fixture
def viewer_client(viewer: User) -> APIClient:
    return client_of(viewer)


@pytest.fixture
def analyst_client(analyst: User) -> APIClient:
    return client_of(analyst)


@pytest.fixture
def manager_client(manager: User) -> APIClient:
    return client_of(manager)


@pytest.fixture
def admin_client(admin_user: User) -> APIClient:
    """In place of the fixture of pytest-django, whose user is a superuser."""
    return client_of(admin_user)
