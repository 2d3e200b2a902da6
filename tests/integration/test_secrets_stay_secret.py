"""Canaries: recognisable secrets are planted, everything that can fail does, and nobody says them."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from rest_framework.test import APIClient

from elastix.alerts.delivery import deliver_due
from elastix.alerts.models import AlertDelivery
from elastix.alerts.services import Finding, alerts_report
from elastix.jobs.models import Job
from elastix.logs import JsonFormatter
from elastix.tokens.services import token_create
from pricing.connections.services.pulling import pull_request
from pricing.elasticity import api as elasticities
from tests.integration.elastix.test_alerts import Receiver
from tests.shops import Commits

pytestmark = pytest.mark.django_db
CLOSED = "http://127.0.0.1:9"
SECRETS = {
    name: f"canary-{name}-7f3a9c"
    for name in ("password", "hook-path", "hook-secret", "key-of-django", "woo-key", "woo-secret", "shopify")
}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged at the levels an installation logs at, as it is written in production."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("pricing.connections.adapters.http.FIRST_WAIT", 0.0)
    with override_settings(
        SECRET_KEY=SECRETS["key-of-django"],
        ALERT_WEBHOOK_URL=f"{CLOSED}/{SECRETS['hook-path']}",
        ALERT_WEBHOOK_SECRET=SECRETS["hook-secret"],
        WOOCOMMERCE_URL=CLOSED,
        WOOCOMMERCE_KEY=SECRETS["woo-key"],
        WOOCOMMERCE_SECRET=SECRETS["woo-secret"],
        SHOPIFY_URL=CLOSED,
        SHOPIFY_TOKEN=SECRETS["shopify"],
    ):
        yield


def said(answer: Any) -> str:
    return f"{answer.content.decode()}{dict(answer.headers)}"


def test_no_secret_is_in_a_log_line_an_answer_or_a_job(
    log: io.StringIO, admin_user: User, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin_user.set_password(SECRETS["password"])
    admin_user.save()
    token = token_create(user=admin_user, name="till")[1]
    answers: list[str] = []

    # Logins that fail, on all three doors, and one that is malformed.
    wrong = {"username": "nobody", "password": SECRETS["password"]}
    anonymous, browser = APIClient(), Client(raise_request_exception=False)
    answers += [said(anonymous.post("/api/token", wrong)), said(anonymous.post("/api/token", [wrong]))]
    answers += [said(browser.post(path, wrong)) for path in ("/desk/login", "/admin/login/")]

    # A token that is right, wrong and nearly one, refused and on the way to a bug.
    monkeypatch.setattr(elasticities, "elasticity_rows", lambda *args, **more: 1 / 0)
    for credentials in (f"Token {token}", f"Token {token}x", f"Bearer {token}", f"Token {token} {token}"):
        client = APIClient(raise_request_exception=False)
        client.credentials(HTTP_AUTHORIZATION=credentials)
        answers += [said(client.get(path)) for path in ("/elasticity", "/elasticity?limit=0", "/nothing")]
    browser.force_login(admin_user)
    answers += [said(browser.get("/elasticity", headers={"Accept": "text/html"}))]

    # A webhook whose host is refused, one that nobody answers and one that refuses; platforms that nobody answers for.
    receiver = Receiver()
    threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    receiver.answers = [500]
    here = f"http://127.0.0.1:{receiver.server_address[1]}/{SECRETS['hook-path']}"
    nobody = f"{CLOSED}/{SECRETS['hook-path']}"
    for number, (url, hosts) in enumerate([(nobody, []), (nobody, ["127.0.0.1"]), (here, ["127.0.0.1"])]):
        with override_settings(ALERT_WEBHOOK_URL=url, WEBHOOK_ALLOWED_HOSTS=hosts):
            alerts_report(f"no_cost_{number}", [Finding("CUP", "It has no cost.")])
            assert deliver_due() == 0
    receiver.shutdown()
    receiver.server_close()
    assert len(receiver.received) == 1
    for platform in ("woocommerce", "shopify"):
        with commits():
            pull_request(platform)
    assert Job.objects.filter(kind="pull_orders").exclude(error="").count() == 2
    assert AlertDelivery.objects.exclude(error="").count() == 3
    answers += [said(browser.get(path)) for path in ("/health", "/api/alerts", "/admin/elastix/job/")]

    kept = json.dumps([list(Job.objects.values()), list(AlertDelivery.objects.values())], default=str)
    lines = log.getvalue()
    assert "ZeroDivisionError" in lines  # what is searched is what was logged
    assert "could not be sent by webhook" in lines
    for name, secret in {**SECRETS, "token": token}.items():
        assert secret not in lines, name
        assert secret not in kept, name
        assert [answer for answer in answers if secret in answer] == [], name
