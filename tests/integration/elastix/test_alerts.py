"""Alerts: raised once, kept up to date, cleared when the cause has gone, acknowledged, sent out."""

import datetime as dt
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core import mail
from django.test import override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from elastix.alerts.delivery import WAITS, deliver_due, signature
from elastix.alerts.models import Alert, AlertDelivery
from elastix.alerts.services import Finding, alerts_report
from tests.api_cases import ListCases
from tests.factories import AlertFactory

pytestmark = pytest.mark.django_db
SECRET = "a secret of some length"


def report(*subjects: str, among: list[str] | None = None, **data: Any) -> int:
    found = [Finding(subject, f"{subject} has no cost.", data) for subject in subjects]
    return alerts_report("no_cost", found, among=among)


def standing() -> list[str]:
    return list(Alert.objects.filter(cleared_at=None).order_by("subject").values_list("subject", flat=True))


# --- raising and clearing --------------------------------------------------------------------------------


def test_what_stands_is_brought_up_to_date_not_raised_again() -> None:
    assert report("A", "B", price=1) == 2
    first = Alert.objects.get(subject="A")
    assert report("A", "B", price=2) == 0
    again = Alert.objects.get(subject="A")
    assert (again.pk, again.raised_at, again.data) == (first.pk, first.raised_at, {"price": 2})
    assert again.seen_at > first.seen_at


def test_what_is_not_found_any_more_is_cleared_and_raised_anew_when_it_comes_back() -> None:
    report("A", "B")
    assert report("B") == 0
    assert standing() == ["B"]
    assert report("A", "B") == 1
    assert standing() == ["A", "B"]
    assert Alert.objects.filter(subject="A").count() == 2


def test_a_look_at_some_subjects_leaves_the_others_standing() -> None:
    report("A", "B", "C")
    report("A", among=["A", "B"])
    assert standing() == ["A", "C"]


def test_kinds_do_not_clear_each_other() -> None:
    report("A")
    alerts_report("data_stale", [Finding("", "The newest sale is 9 days old.")])
    assert alerts_report("data_stale", []) == 0
    assert standing() == ["A"]


def test_a_message_too_long_for_its_column_is_cut() -> None:
    alerts_report("rule_failing", [Finding("rule 1", "x" * 900)])
    assert len(Alert.objects.get().message) == 500


# --- the API -----------------------------------------------------------------------------------------------


class TestAlerts(ListCases):
    path = "/api/alerts"
    factory = AlertFactory
    list_queries = 2


def test_the_list_is_filtered_and_newest_first(viewer_client: APIClient) -> None:
    report("A", "B")
    report("B")
    alerts_report("data_stale", [Finding("", "The newest sale is 9 days old.")])
    answer = viewer_client.get("/api/alerts").json()
    assert answer["total"] == 2
    assert [item["kind"] for item in answer["items"]] == ["data_stale", "no_cost"]

    def subjects(query: str) -> list[str]:
        return [item["subject"] for item in viewer_client.get(f"/api/alerts?{query}").json()["items"]]

    assert subjects("state=all&kind=no_cost") == ["B", "A"]
    assert subjects("state=cleared") == ["A"]
    assert subjects("subject=B") == ["B"]
    assert viewer_client.get("/api/alerts?kind=nonsense").status_code == 400


def test_an_alert_is_acknowledged_once_by_the_first(
    analyst_client: APIClient, manager_client: APIClient, viewer_client: APIClient
) -> None:
    report("A")
    address = f"/api/alerts/{Alert.objects.get().pk}/acknowledge"
    first = analyst_client.post(address)
    assert first.status_code == 200
    second = manager_client.post(address).json()
    assert second["acknowledged_by"] == first.json()["acknowledged_by"] != ""
    assert second["acknowledged_at"] == first.json()["acknowledged_at"]
    assert viewer_client.get("/api/alerts?state=new").json()["total"] == 0
    assert viewer_client.get("/api/alerts").json()["total"] == 1


@pytest.mark.parametrize("alert_id", [1, 2**63, 10**30])
def test_an_unknown_alert_is_404(analyst_client: APIClient, alert_id: int) -> None:
    answer = analyst_client.post(f"/api/alerts/{alert_id}/acknowledge")
    assert answer.status_code == 404
    assert answer.json()["title"] == "Not Found"


# --- sending -----------------------------------------------------------------------------------------------


class Receiver(HTTPServer):
    """A webhook's receiver that answers what the test wants."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[int] = []
        self.received: list[tuple[dict[str, str], bytes]] = []


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/hook"
    with override_settings(
        ALERT_WEBHOOK_URL=address, ALERT_WEBHOOK_SECRET=SECRET, WEBHOOK_ALLOWED_HOSTS=["127.0.0.1"]
    ):
        yield server
    server.shutdown()
    server.server_close()


def wait(time: dt.timedelta) -> None:
    for row in AlertDelivery.objects.exclude(next_attempt_at=None):
        AlertDelivery.objects.filter(pk=row.pk).update(next_attempt_at=row.next_attempt_at - time)


def test_without_a_target_nothing_is_to_be_sent() -> None:
    report("A")
    assert not AlertDelivery.objects.exists()
    assert deliver_due() == 0


def test_the_webhook_gets_the_alert_signed_and_once(receiver: Receiver) -> None:
    report("A", price=12.5)
    assert deliver_due() == 1
    assert deliver_due() == 0
    report("A", price=13)
    assert deliver_due() == 0
    (headers, body), *more = receiver.received
    assert more == []
    sent = json.loads(body)
    assert (sent["kind"], sent["subject"], sent["data"]) == ("no_cost", "A", {"price": 12.5})
    timestamp = headers["X-Elastix-Timestamp"]
    assert headers["X-Elastix-Signature"] == f"sha256={signature(SECRET, timestamp, body)}"
    assert signature(SECRET, timestamp, body) != signature(SECRET + "!", timestamp, body)
    assert signature(SECRET, timestamp, body) != signature(SECRET, timestamp + "0", body)


def test_the_signature_is_hmac_sha256_over_timestamp_and_body() -> None:
    # Computed with: printf '1700000000.{}' | openssl dgst -sha256 -hmac key
    known = "9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
    assert signature("key", "1700000000", b"{}") == known


@pytest.mark.parametrize("answer", [500, 404, 302, 307])
def test_a_receiver_that_does_not_take_it_is_tried_again_later(receiver: Receiver, answer: int) -> None:
    receiver.answers = [answer]
    report("A")
    assert deliver_due() == 0
    delivery = AlertDelivery.objects.get()
    assert str(answer) in delivery.error
    assert delivery.delivered_at is None
    assert deliver_due() == 0
    assert len(receiver.received) == 1
    wait(WAITS[0])
    assert deliver_due() == 1
    delivery.refresh_from_db()
    assert (delivery.error, delivery.attempts, delivery.next_attempt_at) == ("", 2, None)


def test_after_the_last_attempt_it_is_given_up(receiver: Receiver) -> None:
    receiver.answers = [500] * 20
    report("A")
    for _ in range(20):
        deliver_due()
        wait(dt.timedelta(days=1))
    delivery = AlertDelivery.objects.get()
    assert (delivery.attempts, delivery.next_attempt_at) == (len(WAITS) + 1, None)
    assert len(receiver.received) == len(WAITS) + 1


def test_a_receiver_that_is_not_there_stops_nobody_else() -> None:
    with override_settings(
        ALERT_WEBHOOK_URL="http://127.0.0.1:9/",
        ALERT_WEBHOOK_SECRET=SECRET,
        WEBHOOK_ALLOWED_HOSTS=["127.0.0.1"],
        ALERT_EMAILS=["desk@example.com"],
    ):
        report("A")
        assert deliver_due() == 1
    assert [message.to for message in mail.outbox] == [["desk@example.com"]]
    assert "A has no cost." in mail.outbox[0].body
    assert AlertDelivery.objects.get(channel="webhook").error


def test_what_another_process_is_sending_is_left_alone(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    report("A")
    delivery = AlertDelivery.objects.get()
    assert delivery.next_attempt_at is not None
    from elastix.alerts import delivery as module

    AlertDelivery.objects.update(next_attempt_at=timezone.now() + dt.timedelta(minutes=1))
    assert module._deliver(delivery) is False
    assert receiver.received == []


# --- where it may be sent to -------------------------------------------------------------------------------


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every name lead to these addresses; return the names that are asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def found(host: str, port: Any, *rest: Any, **more: Any) -> Any:
        if not str(host).endswith(".example.com"):
            return real(host, port, *rest, **more)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return asked


def delivered_to(address: str, **names: Any) -> AlertDelivery:
    with override_settings(ALERT_WEBHOOK_URL=address, ALERT_WEBHOOK_SECRET=SECRET, **names):
        report("A")
        deliver_due()
    return AlertDelivery.objects.get()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "10.0.0.8", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "224.0.0.1", "239.1.2.3", "255.255.255.255", "2130706433", "[::1]", "[::]", "[fe80::1]", "[fd00::1]",
        "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.8]", "[::ffff:7f00:1]", "[64:ff9b::a00:8]",
        "[2002:7f00:1::]",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(
    receiver: Receiver, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connects(*args: object, **more: object) -> None:
        raise AssertionError("it was connected to")

    monkeypatch.setattr(socket, "create_connection", connects)
    port = receiver.server_address[1]
    delivery = delivered_to(f"http://{host}:{port}/hook?token=s3cret", WEBHOOK_ALLOWED_HOSTS=[])
    assert delivery.error.startswith("The webhook's host ")
    assert delivery.error.endswith(
        ", which is no public address; name the host in WEBHOOK_ALLOWED_HOSTS to allow it."
    )
    assert "s3cret" not in delivery.error
    assert delivery.next_attempt_at is not None


@pytest.mark.parametrize("addresses", [["10.0.0.8"], ["93.184.216.34", "10.0.0.8"]])
def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    resolving(monkeypatch, *addresses)
    delivery = delivered_to("https://hooks.example.com/x")
    assert delivery.error.startswith(
        "The webhook's host hooks.example.com leads to 10.0.0.8, which is no public"
    )


def test_the_connection_goes_to_the_address_that_was_checked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolving(monkeypatch, "93.184.216.34", "93.184.216.35")
    connected: list[Any] = []
    real = socket.create_connection

    def connects(address: Any, *rest: Any, **more: Any) -> Any:
        connected.append(address)
        if address[0] == "93.184.216.34":
            raise OSError("nobody is there")
        return real(("127.0.0.1", receiver.server_address[1]), *rest, **more)

    monkeypatch.setattr(socket, "create_connection", connects)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    delivery = delivered_to("http://hooks.example.com/x", WEBHOOK_ALLOWED_HOSTS=[])
    assert delivery.error == ""
    assert delivery.delivered_at is not None
    assert asked == ["hooks.example.com"]
    assert connected == [("93.184.216.34", 80), ("93.184.216.35", 80)]
    assert receiver.received[0][0]["Host"] == "hooks.example.com"


def test_a_host_that_the_setting_names_may_be_anywhere(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, "127.0.0.1")
    port = receiver.server_address[1]
    address = f"http://hooks.example.com:{port}/hook"
    assert delivered_to(address, WEBHOOK_ALLOWED_HOSTS=["Hooks.Example.com"]).delivered_at is not None


@pytest.mark.parametrize("address", ["http://hooks.example.com:x/", "http:///x", "http://nothing.invalid/x"])
def test_an_address_that_is_none_is_an_error_of_the_delivery(address: str) -> None:
    error = delivered_to(address).error
    assert error.startswith("The webhook's ")
    assert error.endswith(".")


def test_a_redirect_is_not_followed_and_the_error_does_not_repeat_the_address(receiver: Receiver) -> None:
    receiver.answers = [307]
    report("A")
    deliver_due()
    assert len(receiver.received) == 1
    assert AlertDelivery.objects.get().error == "The webhook's receiver answered with HTTP 307."
