"""Memory and answers of a server and a worker that are kept busy: do they stay as they were?

    python benchmarks/soak.py --minutes 30
    DATABASE_URL=postgres://postgres@127.0.0.1/any REDIS_URL=redis://127.0.0.1:6379/9 python benchmarks/soak.py --minutes 30

A shop of simulated sales is read at rest for a minute. From then on four clients read and post while one file after the other is
imported, computed and reverted. Memory is that of the largest web worker and of the Celery worker with its children (without
REDIS_URL the web worker does the jobs); the last quarter of the time is compared with the second, since the first fills
caches. REDIS_URL has to name a database of Redis that nothing else uses.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console

from benchmarks.goals import Goals
from tests.e2e.installation import Installation, write_sales
from tests.e2e.load import PATHS, request, upload

MOST_GROWTH, MOST_SLOWER = 1.10, 2.0
CLIENTS, PAUSE_SECONDS, REST_SECONDS, SAMPLE_SECONDS = 4, 0.05, 60.0, 5.0
LINES, FILE_LINES, PRODUCTS = 100_000, 20_000, 500
PATIENCE = 300
READS = (
    *PATHS,
    "/api/price/recommend/P001",
    "/api/forecast/demand/P002",
    "/api/analytics/elasticity/P003",
    "/api/overview",
)


@dataclass
class Seen:
    """Milliseconds of reads at rest and meanwhile, what was answered, and megabytes by process over the time."""

    rest: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    unexpected: dict[str, str] = field(default_factory=dict)
    megabytes: dict[str, list[float]] = field(default_factory=dict)
    imports: int = 0


def client(
    address: str, number: int, seen: Seen, taken: list[float], stop: threading.Event, *, writes: bool
) -> None:
    """Read, and in one of twenty requests post a line, until stopped."""
    choice = random.Random(number)
    while not stop.is_set():
        if writes and choice.randrange(20) == 0:
            line = {
                "invoice_no": str(choice.randrange(800_000, 899_999)),
                "stock_code": f"P{choice.randrange(PRODUCTS):03}",
                "quantity": 1,
                "invoice_date": "2022-07-15T10:00:00Z",
                "unit_price": "1.25",
                "customer_id": str(choice.randrange(50)),
            }
            method, path, body = "POST", "/transactions", json.dumps(line).encode()
        else:
            method, path, body = "GET", choice.choice(READS), None
        begun = time.perf_counter()
        status, headers, text = request(address, method, path, body)
        if method == "GET":
            taken.append(1000 * (time.perf_counter() - begun))
        seen.answers[f"{method} {status}"] += 1
        if not (status in (200, 201) or (status == 503 and "Retry-After" in headers)):
            seen.unexpected.setdefault(f"{method} {path} {status}", text[:300])
        stop.wait(PAUSE_SECONDS)


def clients(
    address: str, seen: Seen, taken: list[float], stop: threading.Event, *, writes: bool
) -> list[threading.Thread]:
    threads = [
        threading.Thread(target=client, args=(address, number, seen, taken, stop), kwargs={"writes": writes})
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    return threads


def resident(process: int) -> float:
    """Megabytes that a process and all below it hold."""
    held = 0.0
    status = Path(f"/proc/{process}/status")
    if status.exists():
        held = int(status.read_text().partition("VmRSS:")[2].split()[0] or 0) / 1024
    children = Path(f"/proc/{process}/task/{process}/children")
    return held + sum(
        resident(int(child)) for child in (children.read_text().split() if children.exists() else ())
    )


def watch(processes: dict[str, int], seen: Seen, stop: threading.Event) -> None:
    while not stop.wait(SAMPLE_SECONDS):
        for name, process in processes.items():
            seen.megabytes.setdefault(name, []).append(resident(process))


def import_and_revert(address: str, file: Path) -> None:
    """Bring a file in, wait for its figures, take it back, wait for those without it."""
    status, _, text = upload(address, file)
    if status != 202:
        raise SystemExit(f"The upload was answered with {status}: {text}")
    path = f"/transactions/imports/{json.loads(text)['id']}"
    until(address, path, lambda answer: answer["status"] == "published" and answer["quality"])
    version = published(address)
    request(address, "DELETE", path)
    until(address, path, lambda answer: answer["status"] == "withdrawn")
    until(address, "/health", lambda answer: answer["data_version"] != version)


def published(address: str) -> int:
    return int(json.loads(request(address, "GET", "/health")[2])["data_version"])


def until(address: str, path: str, reached: Callable[[Any], Any]) -> None:
    """Ask once a second until an answer says that something is reached."""
    for _ in range(PATIENCE):
        status, _, text = request(address, "GET", path)
        if status == 200 and reached(json.loads(text)):
            return
        time.sleep(1)
    raise SystemExit(f"{path} did not come to it within {PATIENCE} s: {text}")


def soak(installation: Installation, minutes: float, worker: subprocess.Popen[bytes] | None) -> Seen:
    seen, stop, rested = Seen(), threading.Event(), threading.Event()
    files = [
        write_sales(installation.directory / f"more_{seed}.csv", FILE_LINES, seed, PRODUCTS)
        for seed in (2, 3)
    ]
    with installation.server() as address:
        at_rest = clients(address, seen, seen.rest, rested, writes=False)
        time.sleep(min(REST_SECONDS, 60 * minutes))
        rested.set()
        for thread in at_rest:
            thread.join()
        processes = {"web": installation.server_process} | ({"worker": worker.pid} if worker else {})
        busy = clients(address, seen, seen.busy, stop, writes=True)
        watching = threading.Thread(target=watch, args=(processes, seen, stop))
        watching.start()
        end = time.monotonic() + 60 * minutes
        try:
            while time.monotonic() < end:
                import_and_revert(address, files[seen.imports % len(files)])
                seen.imports += 1
        finally:
            stop.set()
            for thread in (*busy, watching):
                thread.join()
    return seen


def slow(milliseconds: list[float]) -> float:
    """The 95 % quantile."""
    return statistics.quantiles(milliseconds, n=20)[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    asked = parser.parse_args()
    redis = os.environ.get("REDIS_URL", "")
    services = {"REDIS_URL": redis, "CACHE_URL": redis} if redis else {}
    with (
        tempfile.TemporaryDirectory() as directory,
        Installation(
            Path(directory),
            os.environ.get("DATABASE_URL", ""),
            LOG_LEVEL="WARNING",
            OPEN_API="true",
            **services,
        ) as installation,
    ):
        installation.manage(
            "import_transactions", str(write_sales(Path(directory) / "sales.csv", LINES, 1, PRODUCTS))
        )
        worker = None
        if redis:
            worker = installation.start(
                "-m", "celery", "-A", "elastix", "worker", "--concurrency=1", log="worker.log"
            )
        seen = soak(installation, asked.minutes, worker)
    console, goals = Console(width=120), Goals()
    console.print(f"{asked.minutes:g} minutes, {seen.imports} imports: {dict(seen.answers)}")
    for name, samples in seen.megabytes.items():
        quarter = max(len(samples) // 4, 1)
        before, after = (
            statistics.median(samples[quarter : 2 * quarter] or samples),
            statistics.median(samples[-quarter:]),
        )
        verdict = goals.at_most(f"{name}: memory, times that of before", after / before, MOST_GROWTH)
        console.print(f"{name}: {before:.0f} -> {after:.0f} MB, peak {max(samples):.0f} {verdict}")
    rest, busy = slow(seen.rest), slow(seen.busy)
    verdict = goals.at_most("95 % of reads during imports, times those at rest", busy / rest, MOST_SLOWER)
    console.print(f"95 % of reads: {rest:.0f} ms at rest, {busy:.0f} ms during imports {verdict}")
    console.print(
        f"{goals.at_most('unexpected answers', len(seen.unexpected), 0)} unexpected: {seen.unexpected}"
    )
    goals.finish()


if __name__ == "__main__":
    main()
