"""Whether a second worker host makes a recompute faster: hosts are network namespaces on this machine, joined by a bridge.

    sudo python benchmarks/worker_hosts.py [--file sales.csv.gz] [--lines 300000 --products 2000]

A database host has PostgreSQL and Redis of its own, from the installed programs; each worker host has one Celery worker with
one process, pinned to one core. The full recompute is asked for through Celery, with one host and with two, in turn. On a
machine of two cores the database shares them with the workers, so its processor time is shown, too. Everything is removed
in the end; without root, `ip` or PostgreSQL's programs nothing is measured.
"""

import argparse
import contextlib
import ctypes
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.goals import Goals
from tests.e2e.installation import Installation, kill, wait_until, write_sales
from tests.faults.servers import PostgreSQL, Redis, has_programs_of_postgresql, processor_seconds

GOAL_RATIO, ROUNDS, HOSTS = 1.6, 3, 2
PATIENCE_SECONDS = 1800
# So many pieces of cleaning, whatever the size of the shop.
PIECES = 12
NETWORK = "10.79.83"
CLONE_NEWNET = 0x40000000
ASK = """
import json
from elastix.jobs.recompute import request_recompute
print(json.dumps(request_recompute(full=True).pk))
"""
SIZE = """
import json
from pricing.models import Product, Transaction
print(json.dumps([Product.objects.count(), Transaction.objects.count()]))
"""
# State and reason, seconds of all and of the pieces, from when they were made until the last was done.
STATE = """
SELECT job.state, job.error, EXTRACT(EPOCH FROM job.finished_at - job.created_at),
       EXTRACT(EPOCH FROM MAX(piece.finished_at) - MIN(piece.created_at)), COUNT(piece.id), COUNT(piece.finished_at)
FROM elastix_job job LEFT JOIN elastix_job piece ON piece.parent_id = job.id WHERE job.id = %s GROUP BY job.id
"""


class Network:
    """Hosts on one bridge; `db` has the address .2, worker hosts .11 and up."""

    def __init__(self) -> None:
        self.bridge = f"elx{os.getpid()}"
        self.spaces: dict[str, str] = {}

    def __enter__(self) -> "Network":
        ip("link", "add", self.bridge, "type", "bridge")
        ip("addr", "add", f"{NETWORK}.1/24", "dev", self.bridge)
        ip("link", "set", self.bridge, "up")
        return self

    def __exit__(self, *args: object) -> None:
        for space in self.spaces.values():
            ip("netns", "del", space, check=False)
        ip("link", "del", self.bridge, check=False)

    def add(self, host: str, number: int) -> None:
        space, outside = f"{self.bridge}-{host}", f"{self.bridge}v{number}"
        ip("netns", "add", space)
        self.spaces[host] = space
        ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", space)
        ip("link", "set", outside, "master", self.bridge, "up")
        for command in (
            ("addr", "add", f"{NETWORK}.{number}/24", "dev", "eth0"),
            *(("link", "set", each, "up") for each in ("eth0", "lo")),
        ):
            ip("-netns", space, *command)

    @contextlib.contextmanager
    def inside(self, host: str) -> Iterator[None]:
        """Within it processes are started on a host."""
        with (
            Path("/proc/self/ns/net").open() as here,
            Path(f"/run/netns/{self.spaces[host]}").open() as there,
        ):
            enter(there.fileno())
            try:
                yield
            finally:
                enter(here.fileno())


def ip(*arguments: str, check: bool = True) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if check and done.returncode:
        raise SystemExit(f"ip {' '.join(arguments)}: {done.stderr}")


def enter(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class HostedPostgreSQL(PostgreSQL):
    options = (
        "listen_addresses=*",
        "unix_socket_directories=",
        "shared_buffers=256MB",
        "max_wal_size=4GB",
    )

    def __init__(self) -> None:
        super().__init__()
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {NETWORK}.0/24 trust\n")

    def url(self) -> str:
        return f"postgresql://postgres@{NETWORK}.2:{self.port}"


class HostedRedis(Redis):
    def command(self) -> list[str]:
        return [*super().command(), "--bind", f"{NETWORK}.2", "--protected-mode", "no"]

    def client(self) -> Any:
        import redis

        return redis.Redis(f"{NETWORK}.2", self.port, socket_timeout=3, socket_connect_timeout=3)

    def url(self, number: int) -> str:
        return f"redis://{NETWORK}.2:{self.port}/{number}"


@contextlib.contextmanager
def workers(shop: Installation, network: Network, hosts: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """One worker on each of the first hosts, pinned to a core of its own as far as there are so many."""
    cores = sorted(os.sched_getaffinity(0))
    started = []
    try:
        for number in range(hosts):
            with network.inside(f"w{number}"):
                log = f"worker-{hosts}-{number}.log"
                started.append(
                    shop.start(
                        "-m", "celery", "-A", "elastix", "worker", "--concurrency=1", "--loglevel=INFO",
                        f"--hostname=worker@host{number}", log=log,
                    )
                )  # fmt: skip
            os.sched_setaffinity(started[-1].pid, {cores[number % len(cores)]})
            wait_until(lambda log=log: " ready." in shop.log(log), "the worker is ready", started[-1])  # type: ignore[misc]
        yield started
    finally:
        for worker in started:
            kill(worker)
        for number in range(hosts):
            (shop.directory / f"worker-{hosts}-{number}.log").unlink(missing_ok=True)


def recompute(shop: Installation, database: PostgreSQL, running: list[Any]) -> dict[str, float]:
    """Have everything recomputed; return seconds, and those of the processor."""
    import psycopg

    def used() -> np.ndarray:
        return np.array([processor_seconds(each) for each in (database.process, *running)])

    begun = used()
    cleaned, state = begun, ""
    job = shop.shell(ASK)
    url = shop.database_url.replace("postgres://", "postgresql://", 1)
    with psycopg.connect(url, autocommit=True) as connection:
        end = time.monotonic() + PATIENCE_SECONDS
        while state not in ("succeeded", "failed"):
            assert time.monotonic() < end, "the recompute takes too long"
            time.sleep(0.1)
            state, error, whole, spread, pieces, done = connection.execute(STATE, [job]).fetchone()
            if cleaned is begun and pieces and done == pieces:
                cleaned = used()
    assert state == "succeeded", error
    assert pieces, "cleaning was not spread"
    cleaning, rest = cleaned - begun, used() - cleaned
    return {
        "cleaning, spread": float(spread),
        "the rest, one after the other": float(whole - spread),
        "whole": float(whole),
        "processor, cleaning: workers": cleaning[1:].sum(),
        "processor, cleaning: database": cleaning[0],
        "processor, the rest: workers": rest[1:].sum(),
        "processor, the rest: database": rest[0],
    }


def missing() -> str:
    """Why it cannot be measured here."""
    if os.name != "posix" or not hasattr(os, "sched_setaffinity") or os.geteuid() != 0:
        return "hosts are made by root on Linux alone"
    if not shutil.which("ip") or not shutil.which("redis-server") or not has_programs_of_postgresql():
        return "ip, redis-server or the programs of PostgreSQL are not installed"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--file", type=Path, help="a file of sales; without it, a simulated shop")
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--products", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    goals = Goals()
    if reason := missing():
        print(f"Left out: {reason}.")
        goals.finish()
    # Whoever ends the script is not to be left with its hosts.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with contextlib.ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        network = stack.enter_context(Network())
        network.add("db", 2)
        for number in range(HOSTS):
            network.add(f"w{number}", 11 + number)
        database, redis = HostedPostgreSQL(), HostedRedis()
        for server in (database, redis):
            stack.callback(server.remove)
            with network.inside("db"):
                server.start()
        shop = stack.enter_context(
            Installation(directory, f"{database.url()}/postgres", LOG_LEVEL="WARNING", OPENBLAS_NUM_THREADS="1")
        )  # fmt: skip
        sales = asked.file or write_sales(directory / "sales.csv", asked.lines, products=asked.products)
        shop.manage("import_transactions", str(sales.resolve()))
        products, lines = shop_size(shop)
        # From here on jobs go to the workers.
        shop.environment |= {
            "REDIS_URL": redis.url(0),
            "CACHE_URL": redis.url(1),
            "RECOMPUTE_SHARD_PRODUCTS": str(-(-products // PIECES)),
        }
        found: dict[int, list[dict[str, float]]] = {1: [], 2: []}
        for _ in range(asked.rounds):
            for hosts in found:
                with workers(shop, network, hosts) as running:
                    found[hosts].append(recompute(shop, database, running))
    show(found, f"{lines:,} lines, {products:,} products", goals)
    goals.finish()


def shop_size(shop: Installation) -> tuple[int, int]:
    """How many products and lines it has."""
    products, lines = shop.shell(SIZE)
    return products, lines


def show(found: dict[int, list[dict[str, float]]], size: str, goals: Goals) -> None:
    rounds = len(found[1])
    table = Table(title=f"{size}; medians of {rounds} rounds, seconds; {os.cpu_count()} cores")
    for column in ("full recompute", "one host", "two hosts", "ratio", "goal", ""):
        table.add_column(column, justify="left" if column in ("full recompute", "") else "right")
    for what in found[1][0]:
        one, two = (statistics.median(each[what] for each in found[hosts]) for hosts in (1, 2))
        goal, verdict = "", ""
        if what == "cleaning, spread":
            goal, verdict = f"{GOAL_RATIO}", goals.at_least(f"{what}: ratio", one / two, GOAL_RATIO)
        for hosts, value in ((1, one), (2, two)):
            goals.at_most(f"{what}, {hosts} hosts", value, None, "s")
        table.add_row(what, f"{one:.2f}", f"{two:.2f}", f"{one / two:.2f}", goal, verdict)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
