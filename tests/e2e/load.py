"""Clients of a real server that read and write for as long as a file is being imported."""

import http.client
import json
import random
import statistics
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.installation import Installation

PATHS = (
    "/elasticity?limit=20", "/stock-items?limit=20", "/dashboard/kpis", "/dashboard/segments", "/transactions?page_size=20",
    "/elasticity/segments", "/api/products/list?limit=20", "/health", "/transactions/imports",
)  # fmt: skip
POSTED_CODE = "UNDERLOAD"
COUNTS = f"""
import json
from django.db.models import Sum
from pricing.models import SalesHistory, Transaction
posted = SalesHistory.objects.filter(product_id="{POSTED_CODE}").aggregate(units=Sum("quantity"))
print(json.dumps([Transaction.objects.count(), int(posted["units"] or 0)]))
"""
WRITES_OF_TEN = 3
POLL_SECONDS = 0.5
CLIENT_TIMEOUT_SECONDS = 60


@dataclass
class UnderLoad:
    """What happened: answers by method and status, the import's outcome, how long it all took."""

    status: str = ""
    accepted: int = 0
    seconds: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)
    unexpected: dict[str, str] = field(default_factory=dict)  # an example of each answer that is none
    milliseconds: dict[str, list[float]] = field(default_factory=dict)
    stored_lines: int = 0
    posted_units_in_the_sums: int = 0

    def median(self, method: str) -> float:
        return statistics.median(self.milliseconds.get(method) or [float("nan")])

    def slowest(self, method: str) -> float:
        return max(self.milliseconds.get(method) or [float("nan")])


def import_under_load(installation: Installation, file: Path, *, clients: int) -> UnderLoad:
    """Serve, upload the file, and let clients read and post until it and its recompute are done."""
    installation.environment["OPEN_API"] = "true"
    found, stop, lock = UnderLoad(), threading.Event(), threading.Lock()
    with installation.server(threads=clients + 4) as address:
        threads = [
            threading.Thread(target=_client, args=(address, number, found, stop, lock))
            for number in range(clients)
        ]
        begun = time.monotonic()
        status, _, text = upload(address, file)
        assert status == 202, text
        import_id = str(json.loads(text)["id"])
        for thread in threads:
            thread.start()
        try:
            _wait_for_import(address, import_id, found)
        finally:
            found.seconds = time.monotonic() - begun
            stop.set()
            for thread in threads:
                thread.join()
    found.stored_lines, found.posted_units_in_the_sums = installation.shell(COUNTS)
    return found


def _client(address: str, number: int, found: UnderLoad, stop: threading.Event, lock: threading.Lock) -> None:
    choice = random.Random(number)
    while not stop.is_set():
        write = choice.randrange(10) < WRITES_OF_TEN
        method, path = ("POST", "/transactions") if write else ("GET", choice.choice(PATHS))
        body = _line(choice) if write else None
        begun = time.monotonic()
        try:
            status, headers, text = request(address, method, path, body)
        except (OSError, http.client.HTTPException) as error:
            status, headers, text = 0, {}, repr(error)
        taken = 1000 * (time.monotonic() - begun)
        expected = status in (200, 201) or (status == 503 and "Retry-After" in headers)
        with lock:
            found.answers[f"{method} {status}"] += 1
            found.milliseconds.setdefault(method, []).append(taken)
            if not expected:
                found.unexpected.setdefault(f"{method} {path} {status}", text[:500])
        # A client that is told to come back does so, though sooner than it was told.
        stop.wait(1.0 if status == 503 else 0.05)


def _line(choice: random.Random) -> bytes:
    line = {
        "invoice_no": str(choice.randrange(800_000, 899_999)),
        "stock_code": POSTED_CODE,
        "quantity": 1,
        "invoice_date": f"2022-07-{choice.randrange(1, 29):02}T10:00:00Z",
        "unit_price": "1.25",
        "customer_id": str(choice.randrange(50)),
    }
    return json.dumps(line).encode()


def request(
    address: str, method: str, path: str, body: bytes | None = None, content_type: str = "application/json"
) -> tuple[int, dict[str, str], str]:
    """Send one request on a connection of its own; return status, headers and body."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=CLIENT_TIMEOUT_SECONDS)
    try:
        headers = {"Content-Type": content_type} if body is not None else {}
        connection.request(method, path, body, headers | {"Accept": "application/json"})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read().decode(errors="replace")
    finally:
        connection.close()


def upload(address: str, file: Path) -> tuple[int, dict[str, str], str]:
    """Send a file of sales; return what `request` does."""
    boundary = uuid.uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    )
    body = head.encode() + file.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
    kind = f"multipart/form-data; boundary={boundary}"
    return request(address, "POST", "/transactions/import", body, kind)


def _wait_for_import(address: str, import_id: str, found: UnderLoad) -> None:
    """Poll as a client does, until the file is published and its figures are computed."""
    while True:
        time.sleep(POLL_SECONDS)
        answer = _poll(address, f"/transactions/imports/{import_id}")
        if answer is None:
            continue
        found.status, found.accepted = answer["status"], answer["accepted"]
        if answer["status"] == "failed":
            raise AssertionError(answer["error"])
        if answer["status"] == "published" and answer["quality"]:
            return


def _poll(address: str, path: str) -> Any:
    status, _, text = request(address, "GET", path)
    return json.loads(text) if status == 200 else None
