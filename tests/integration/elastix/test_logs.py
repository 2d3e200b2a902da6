"""Log lines in production's format: one JSON object an event, with the request's id."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from elastix.logs import JsonFormatter, RequestIdFilter
from pricing.elasticity import api as elasticities

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines() -> Iterator[Any]:
    """What is logged from here on, parsed; each line has to be one JSON object."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(RequestIdFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    finally:
        root.removeHandler(handler)


def test_a_request_is_one_line_that_says_what_was_asked_and_answered(
    viewer_client: APIClient, lines: Any
) -> None:
    answer = viewer_client.get("/elasticity?limit=5")
    (event,) = lines()
    assert event["request_id"] == answer["X-Request-ID"]
    assert (event["method"], event["path"], event["status"]) == ("GET", "/elasticity", 200)
    assert event["level"] == "INFO"
    assert event["milliseconds"] >= 0
    assert event["time"].endswith("+00:00")


def test_a_client_s_own_id_is_kept(viewer_client: APIClient, lines: Any) -> None:
    answer = viewer_client.get("/elasticity", headers={"X-Request-ID": "order-66.a_b"})
    assert answer["X-Request-ID"] == lines()[0]["request_id"] == "order-66.a_b"


@pytest.mark.parametrize("asked", ["", "a b", "x" * 65, "a\nb", "é", '{"a":1}'])
def test_an_id_that_could_disturb_the_log_is_replaced(
    asked: str, viewer_client: APIClient, lines: Any
) -> None:
    answer = viewer_client.get("/elasticity", HTTP_X_REQUEST_ID=asked)
    assert answer["X-Request-ID"] != asked
    assert len(answer["X-Request-ID"]) == 32


def test_two_requests_have_two_ids(viewer_client: APIClient, lines: Any) -> None:
    viewer_client.get("/health")
    viewer_client.get("/health")
    first, second = (event["request_id"] for event in lines())
    assert first != second


def test_no_line_can_be_forged(anonymous: APIClient, lines: Any) -> None:
    anonymous.get("/a%0A%7B%22level%22:%22ERROR%22%7D")
    (event,) = lines()
    assert event["status"] == 404
    assert event["path"] == '/a\n{"level":"ERROR"}'


def test_a_bug_is_one_line_too_with_its_traceback_and_id(
    viewer_client: APIClient, monkeypatch: pytest.MonkeyPatch, lines: Any
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("deep down")

    monkeypatch.setattr(elasticities, "elasticity_rows", broken)
    viewer_client.raise_request_exception = False
    answer = viewer_client.get("/elasticity")
    events = lines()
    (error,) = [event for event in events if event["level"] == "ERROR"]
    assert "RuntimeError: deep down" in error["exception"]
    assert {event["request_id"] for event in events} == {answer["X-Request-ID"]}


def test_no_secret_is_logged(anonymous: APIClient, lines: Any) -> None:
    anonymous.post("/api/token", {"username": "anna", "password": "hunter2-hunter2"})
    anonymous.get("/elasticity", HTTP_AUTHORIZATION="Token 0123456789abcdef")
    text = json.dumps(lines())
    assert "hunter2" not in text
    assert "0123456789abcdef" not in text


def test_outside_of_requests_there_is_no_id(lines: Any) -> None:
    logging.getLogger("pricing").warning("a job's line", extra={"job": 7})
    (event,) = lines()
    assert (event["request_id"], event["message"], event["job"]) == ("", "a job's line", 7)
