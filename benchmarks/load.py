"""Requests per second of the cached reads with eight connections, beside another service where one is named.

    python benchmarks/load.py --file sales.csv
    DATABASE_URL=postgres://postgres@127.0.0.1/any python benchmarks/load.py --file sales.csv
    python benchmarks/load.py --file sales.csv --beside http://127.0.0.1:8000

Serves the file's sales (or the demonstration shop) with two gunicorn workers. The other service has to be running with the same
sales and the same paths; it is asked in turn with ours, path by path, without a token. A path that it does not answer
with 200 is left out of the comparison.
"""

import argparse
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from benchmarks.endpoints import NAMES
from benchmarks.goals import Goals
from tests.e2e.installation import Installation

WORKERS, CONNECTIONS, SECONDS = 2, 8, 3.0


@dataclass(frozen=True)
class Service:
    """Where requests go, and the headers that let them in."""

    address: str
    headers: str = ""

    def request(self, path: str) -> bytes:
        host = urlsplit(self.address).netloc
        return (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n{self.headers}\r\n".encode()
        )


@dataclass(frozen=True)
class Answered:
    """What came back: status of the first answer, median milliseconds of one connection alone, requests/s of all."""

    status: int
    alone: float
    per_second: float


def paths(code: str) -> list[str]:
    """What both clients of the API ask for again and again."""
    return [
        "/elasticity?limit=200",
        "/elasticity?limit=1000",
        "/elasticity/segments",
        "/dashboard/kpis",
        "/dashboard/trends",
        "/stock-items",
        f"/stock-items/{code}",
        "/segments/customers",
    ]


def exchange(connection: socket.socket, request: bytes) -> int:
    """Send a request and read its answer to the end; return the status."""
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        if not (part := connection.recv(65_536)):
            raise SystemExit("The service closed a connection in the middle of an answer.")
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    names = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if b"content-length" not in names:
        raise SystemExit("The service does not say how long its answers are: they cannot be separated.")
    missing = int(names[b"content-length"]) - len(body)
    while missing > 0:
        missing -= len(connection.recv(min(missing, 65_536)))
    return int(head.split(b" ", 2)[1])


def opened(service: Service) -> socket.socket:
    found = urlsplit(service.address)
    connection = socket.create_connection((found.hostname, found.port or 80), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def measure(service: Service, path: str, seconds: float) -> Answered:
    """Ask for a path, first with one connection, then with all at once for some seconds."""
    request, taken = service.request(path), []
    with opened(service) as connection:
        status = exchange(connection, request)
        for _ in range(30):
            begun = time.perf_counter()
            exchange(connection, request)
            taken.append(1000 * (time.perf_counter() - begun))
    counts, until = [0] * CONNECTIONS, time.perf_counter() + seconds

    def ask(number: int) -> None:
        with opened(service) as connection:
            while time.perf_counter() < until:
                exchange(connection, request)
                counts[number] += 1

    threads = [threading.Thread(target=ask, args=[number]) for number in range(CONNECTIONS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Answered(status, statistics.median(taken), sum(counts) / (time.perf_counter() - begun))


def compare(ours: Service, beside: Service | None, code: str, seconds: float) -> None:
    goals, table = Goals(), Table(title=f"{WORKERS} workers, {CONNECTIONS} connections, {seconds:.0f} s each")
    table.add_column("GET")
    for column in ("ms alone", "requests/s", *(("beside: ms", "requests/s", "ratio") if beside else ()), ""):
        table.add_column(column, justify="right")
    for path in paths(code):
        found = measure(ours, path, seconds)
        if found.status != 200:
            raise SystemExit(f"{path} answers {found.status}")
        cells = [f"{found.alone:.1f}", f"{found.per_second:,.0f}"]
        verdict = goals.at_least(f"{path}: requests/s", found.per_second, 0)
        if beside:
            other = measure(beside, path, seconds)
            ratio = found.per_second / other.per_second if other.status == 200 else None
            verdict = (
                "" if ratio is None else goals.at_least(f"{path}: requests/s, times the other", ratio, 1.0)
            )
            cells += [
                f"{other.alone:.1f}",
                f"{other.per_second:,.0f}",
                "-" if ratio is None else f"{ratio:.2f}",
            ]
        table.add_row(path, *cells, verdict if beside else "")
    Console(width=130).print(table)
    goals.finish()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--file", type=Path, help="a file of sales; without it, the demonstration shop")
    parser.add_argument(
        "--beside", metavar="ADDRESS", help="another service with the same sales, as http://host:port"
    )
    parser.add_argument("--seconds", type=float, default=SECONDS)
    asked = parser.parse_args()
    server = os.environ.get("DATABASE_URL", "")
    with (
        tempfile.TemporaryDirectory() as directory,
        Installation(Path(directory), server, LOG_LEVEL="WARNING") as installation,
    ):
        if asked.file:
            installation.manage("import_transactions", str(asked.file.resolve()))
        else:
            installation.manage("demo", "--no-serve")
        code, *_, token = installation.shell(NAMES)
        with installation.server(workers=WORKERS) as address:
            ours = Service(address, f"Authorization: Token {token}\r\n")
            compare(ours, Service(asked.beside) if asked.beside else None, code, asked.seconds)


if __name__ == "__main__":
    main()
