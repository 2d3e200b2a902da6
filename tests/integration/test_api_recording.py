"""What the API answered when it was recorded, request by request: a refactoring may not change a number unseen.

The recording is made anew, after a change that is meant, with `RECORD=1 pytest tests/integration/test_api_recording.py`.
"""

import json
import math
import os
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver
from rest_framework.test import APIClient

from elastix.api import schema as openapi
from elastix.imports.models import ImportBatch
from tests.conftest import client_of, user_with_role
from tests.integration.little_shop import Commits
from tests.test_docs import api_methods, api_routes

pytestmark = pytest.mark.django_db

RECORDING = Path(__file__).parent.parent / "recordings" / "api.json"
EXAMPLES = Path(openapi.__file__).with_name("examples.json")
REQUESTS = Path(__file__).parent.parent / "recordings" / "requests.txt"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOMENT = re.compile(r"20(?!25-0[1-5])\d\d-\d\d-\d\dT[0-9:.]+(Z|\+\d\d:\d\d)")
ROW_NUMBERS = {"id", "job", "rule", "run", "run_id", "rule_id", "change_id"}
# Messages of refusals may be worded anew; their fields and codes may not.
WORDING = {"detail", "message"}


def requests() -> list[tuple[str, str, str, Any]]:
    """Role, method, address and body of each request; `name=` in front of the role keeps the answer's id."""
    lines = [line for line in REQUESTS.read_text().splitlines() if line and not line.startswith("#")]
    found = []
    for line in lines:
        role, method, address, *body = line.split(" ", 3)
        found.append((role, method, address, json.loads(body[0]) if body else None))
    return found


class Recorder:
    """Sends the requests in order and keeps what is the same on every database and on every day."""

    def __init__(self, commits: Commits) -> None:
        self.commits = commits
        self.clients: dict[str, Any] = {"nobody": APIClient()}
        self.known: dict[str, str] = {}
        self.numbers: dict[str, str] = {}

    def client(self, role: str) -> Any:
        if role not in self.clients:
            self.clients[role] = client_of(user_with_role(role))
        return self.clients[role]

    def send(self, role: str, method: str, address: str, body: Any) -> dict[str, Any]:
        keep, _, role = role.rpartition("=")
        sent = self._filled(address)
        with self.commits():
            response = self._response(self.client(role), method, sent, body)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        kind = response.get("Content-Type", "").split(";")[0]
        answer = json.loads(content) if kind.endswith("json") and content else content.decode()
        if keep and isinstance(answer, dict):
            for name in keep.split(","):
                key, _, alias = name.partition(":")
                value: Any = answer
                for part in key.split("."):
                    value = value[int(part)] if part.isdigit() else value[part]
                self.known[alias or key] = str(value)
        refused = response.status_code >= 400
        return {
            "request": f"{role} {method} {address}" + (f" {json.dumps(body)}" if body is not None else ""),
            "status": response.status_code,
            "type": kind,
            "etag": response.has_header("ETag"),
            "answer": self._stable(answer, refused=refused),
            "example": example(answer),
        }

    def _response(self, client: Any, method: str, address: str, body: Any) -> Any:
        if method == "UPLOAD":
            file = SimpleUploadedFile("upload.csv", body["file"].encode())
            return client.post(address, {**body, "file": file}, format="multipart")
        content = "" if body is None else json.dumps(body)
        return client.generic(method, address, content, content_type="application/json")

    def _filled(self, text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda match: self.known[match[1]], text)

    def _stable(self, value: Any, key: str = "", *, refused: bool = False) -> Any:
        if refused and key in WORDING:
            return "<wording>"
        if isinstance(value, dict):
            return {name: self._stable(each, name, refused=refused) for name, each in value.items()}
        if isinstance(value, list):
            return [self._stable(each, key, refused=refused) for each in value]
        if key in ROW_NUMBERS and isinstance(value, int) and not isinstance(value, bool):
            return self.numbers.setdefault(f"{key} {value}", f"<{key} {len(self.numbers)}>")
        if isinstance(value, str):
            text = UUID.sub(
                lambda match: self.numbers.setdefault(match[0], f"<uuid {len(self.numbers)}>"), value
            )
            text = MOMENT.sub("<moment>", text)
            for number in sorted(self.known.values(), key=len, reverse=True):
                if number.isdigit():
                    text = re.sub(rf"\b(job|optimization|rule|change) {number}\b", r"\1 <number>", text)
            return text
        return value


def example(value: Any) -> Any:
    """An answer as the OpenAPI document shows it: two rows of each list, and the same ids and moments every time."""
    if isinstance(value, dict):
        return {name: example(each) for name, each in value.items()}
    if isinstance(value, list):
        return [example(each) for each in value[:2]]
    if isinstance(value, str):
        text = UUID.sub("01960000-0000-7000-8000-000000000001", value)
        return "\n".join(MOMENT.sub("2025-05-01T06:00:00Z", text).splitlines()[:3])
    return value


def examples(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """For every operation the body and the answer of the first request that was served."""
    routes = [route for route, _ in api_routes()]
    found: dict[str, Any] = {}
    for answer, (_, method, address, body) in zip(answers, requests(), strict=True):
        path = re.sub(r"\{\w+\}", "{}", address.split("?")[0])
        route = next(
            (each for each in sorted(routes, key=lambda text: text.count("{")) if matches(each, path)), ""
        )
        if answer["status"] < 300 and method != "UPLOAD":
            sent = {"request": body} if body else {}
            found.setdefault(f"{method} {route}", {**sent, "response": answer["example"]})
    return found


@pytest.fixture
def answers(shop: ImportBatch, commits: Commits) -> list[dict[str, Any]]:
    recorder = Recorder(commits)
    recorder.known["import"] = str(shop.pk)
    return [recorder.send(*request) for request in requests()]


def differences(before: Any, after: Any, where: str) -> list[str]:
    """Where two answers differ, numbers compared to 1e-9 of their size; keys may be added, not taken away."""
    if isinstance(before, dict) and isinstance(after, dict):
        gone = [f"{where}.{name} is gone" for name in before if name not in after]
        return gone + [
            each
            for name in before
            if name in after
            for each in differences(before[name], after[name], f"{where}.{name}")
        ]
    if isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            return [f"{where} has {len(after)} entries, not {len(before)}"]
        return [
            each
            for index, (old, new) in enumerate(zip(before, after, strict=True))
            for each in differences(old, new, f"{where}[{index}]")
        ]
    if isinstance(before, float) or isinstance(after, float):
        same = isinstance(before, int | float) and isinstance(after, int | float)
        if same and math.isclose(before, after, rel_tol=1e-9, abs_tol=1e-12):
            return []
    return [] if before == after else [f"{where}: {before!r} -> {after!r}"]


def write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def test_every_request_is_answered_as_it_was_recorded(answers: list[dict[str, Any]]) -> None:
    if os.environ.get("RECORD"):
        write(EXAMPLES, examples(answers))
        write(RECORDING, [{name: each[name] for name in each if name != "example"} for each in answers])
    recorded = json.loads(RECORDING.read_text())
    assert [each["request"] for each in answers] == [each["request"] for each in recorded]
    found = [
        line
        for before, after in zip(recorded, answers, strict=True)
        for line in differences(before, after, before["request"])
    ]
    assert found == []


def test_the_requests_reach_every_address_with_every_method() -> None:
    patterns = get_resolver().url_patterns
    assert patterns
    reached = set()
    for _, method, address, _ in requests():
        path = "/" + re.sub(r"\{\w+\}", "{}", address.split("?")[0]).strip("/")
        reached.add(("POST" if method == "UPLOAD" else method, path))
    missing = [
        f"{method} {route}"
        for route, methods in api_methods().items()
        for method in methods
        if route not in ("/", "/docs", "/openapi.json")
        and not any(method == sent and matches(route, path) for sent, path in reached)
    ]
    assert missing == []


def matches(route: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route), path) is not None


SURFACE = RECORDING.with_name("surface.json")


def surface(document: dict[str, Any]) -> dict[str, Any]:
    """Addresses with their methods and, for each, the names of parameters and the keys of body and answer."""
    found: dict[str, Any] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = (
                operation.get("requestBody", {})
                .get("content", {})
                .get("application/json", {})
                .get("schema", {})
            )
            success = next((v for code, v in sorted(operation["responses"].items()) if code < "300"), {})
            answer = next((each["schema"] for each in success.get("content", {}).values()), {})
            found[f"{method.upper()} {path}"] = {
                "parameters": sorted(each["name"] for each in operation.get("parameters", [])),
                "body": keys(document, body),
                "answer": keys(document, answer),
            }
    return found


def keys(document: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> Any:
    """The tree of keys that a schema describes."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    for name in ("allOf", "oneOf"):
        if len(schema.get(name, [])) == 1:
            return keys(document, schema[name][0], depth)
    if depth > 8:
        return "..."
    if "items" in schema:
        return keys(document, schema["items"], depth)
    return {
        name: keys(document, each, depth + 1) for name, each in sorted(schema.get("properties", {}).items())
    }


def test_the_surface_is_what_it_was(client: Client) -> None:
    now = surface(client.get("/openapi.json").json())
    if os.environ.get("RECORD"):
        write(SURFACE, {name: now[name] for name in sorted(now)})
    before = json.loads(SURFACE.read_text())
    assert sorted(set(before) - set(now)) == []
    lost = [
        f"{name}: {part} {sorted(set(was[part]) - set(now[name][part]))}"
        for name, was in before.items()
        for part in ("parameters", "body", "answer")
        if set(was[part]) - set(now[name][part])
    ]
    assert lost == []
