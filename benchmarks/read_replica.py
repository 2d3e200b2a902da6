"""What a read replica costs each request, and how much of the database's work it takes from the primary.

    python benchmarks/read_replica.py [--file sales.csv.gz]

Starts a primary and a streaming replica of its own from the installed programs of PostgreSQL, on this machine, and removes them.
"""

import argparse
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from benchmarks.endpoints import NAMES, measure
from benchmarks.goals import Goals
from tests.e2e.installation import Installation, write_sales
from tests.faults.servers import PostgreSQL, Replica, has_programs_of_postgresql, processor_seconds

SIMULATED_LINES, SIMULATED_PRODUCTS, ROUNDS = 60_000, 1_000, 9
COMPARISONS = """
import json, statistics, time
from elastix.replica import bytes_behind
taken = []
for _ in range(1000):
    begun = time.perf_counter()
    assert bytes_behind() is not None
    taken.append(1000 * (time.perf_counter() - begun))
print(json.dumps(statistics.median(taken)))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--file", type=Path, help="a file of sales; without it, a small simulated shop")
    parser.add_argument("--requests", type=int, default=30)
    asked = parser.parse_args()
    goals = Goals()
    if not has_programs_of_postgresql():
        print("Left out: there are no programs of PostgreSQL (initdb).")
        goals.finish()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        primary = PostgreSQL()
        stack.callback(primary.remove)
        primary.start()
        replica = Replica(primary)
        stack.callback(replica.remove)
        # Its log of every statement would be measured, too.
        replica.options = PostgreSQL.options
        replica.start()
        shop = stack.enter_context(Installation(directory, f"{primary.url()}/postgres", LOG_LEVEL="WARNING"))
        sales = asked.file or write_sales(directory / "s.csv", SIMULATED_LINES, products=SIMULATED_PRODUCTS)
        shop.manage("import_transactions", str(sales.resolve()))
        compare(shop, primary, replica, asked.requests, goals)
    goals.finish()


def compare(
    shop: Installation, primary: PostgreSQL, replica: PostgreSQL, requests: int, goals: Goals
) -> None:
    """Ask two servers, one without and one with the replica, in turn: what else the machine does, slows both down."""
    code, *_, token = shop.shell(NAMES)
    assert primary.process and replica.process
    servers = primary.process, replica.process
    paths = (
        "/elasticity?limit=200", "/transactions", "/api/products/list", f"/api/products/{code}", "/api/price/changes",
        "/api/price/recommend/" + code,
    )  # fmt: skip
    # Jobs are left to workers that are not there.
    shop.environment["REDIS_URL"] = "redis://127.0.0.1:1/0"
    found: dict[tuple[str, bool], list[tuple[float, float, float]]] = {}
    with ExitStack() as stack:
        addresses = [stack.enter_context(shop.server())]
        shop.environment["REPLICA_URL"] = f"{replica.url()}/{shop.database_url.rpartition('/')[2]}"
        addresses.append(stack.enter_context(shop.server()))
        comparison = shop.shell(COMPARISONS)
        for _ in range(ROUNDS):
            for path in paths:
                for used, address in enumerate(addresses):
                    measure(address, path, token, 2)
                    before = [processor_seconds(each) for each in servers]
                    status, taken, _ = measure(address, path, token, requests)
                    assert status == 200, (path, status)
                    after = [processor_seconds(each) for each in servers]
                    times = (
                        1000 * (end - begin) / requests for begin, end in zip(before, after, strict=True)
                    )
                    found.setdefault((path, bool(used)), []).append((statistics.median(taken), *times))
    table = Table(
        title=f"{ROUNDS} x {requests} requests; medians of the answer, processor of the database servers, ms"
    )
    table.add_column("GET")
    for column in ("answer", "with replica", "primary", "with replica", "of the replica"):
        table.add_column(column, justify="right")
    for path in paths:
        alone, shared = (
            [statistics.median(column) for column in zip(*found[path, used], strict=True)]
            for used in (False, True)
        )
        table.add_row(
            path, *(f"{value:.1f}" for value in (alone[0], shared[0], alone[1], shared[1], shared[2]))
        )
        goals.at_most(f"{path}, added to the answer", shared[0] - alone[0], None, "ms")
        goals.at_most(f"{path}, taken from the primary", alone[1] - shared[1], None, "ms")
    Console(width=120).print(table)
    print(f"Comparing the two, once a request: {comparison:.2f} ms (median)")
    goals.at_most("comparison", comparison, None, "ms")


if __name__ == "__main__":
    main()
