"""A whole system of its own for a test: a database, a data directory, and real processes that work on them."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120
# Whoever runs the tests may have set these for an installation of theirs.
NOT_INHERITED = (
    "DATABASE_URL", "REPLICA_URL", "REDIS_URL", "CACHE_URL", "ALLOWED_HOSTS", "SECRET_KEY", "OPEN_API", "OPEN_API_ROLE",
    "CORS_ORIGINS", "DEBUG", "DJANGO_SETTINGS_MODULE", "SHOP_TIME_ZONE",
    "SHOP_CURRENCY", "SHOP_NAME", "PRICES_INCLUDE_TAX", "TAX_RATE",
)  # fmt: skip


class Installation:
    """One installation: what a shop's server would be, on this machine."""

    def __init__(self, directory: Path, server_url: str = "", **environment: str) -> None:
        """Make its database: a file in `directory`, or a new one on the PostgreSQL server of `server_url`."""
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.postgresql = server_url.startswith("postgres")
        self.database_url = f"sqlite:///{directory / 'shop.sqlite3'}"
        if self.postgresql:
            self._name = f"e2e_{uuid.uuid4().hex[:12]}"
            self._server = urlsplit(server_url)._replace(path="/postgres", scheme="postgresql").geturl()
            self.database_url = urlsplit(server_url)._replace(path=f"/{self._name}").geturl()
            self._on_server(f'CREATE DATABASE "{self._name}"')
        inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        self.environment = inherited | {
            "DATABASE_URL": self.database_url,
            "DATA_DIR": str(directory),
            "OMP_NUM_THREADS": "1",
            "DJANGO_SETTINGS_MODULE": "elastix.settings",
            # Every test logs in again.
            "TOKEN_THROTTLE": "10000/min",
            "API_THROTTLE": "",
            **environment,
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Installation":
        self.manage("migrate", "--verbosity=0")
        return self

    def __exit__(self, *args: object) -> None:
        for process in self._processes:
            kill(process)
        if self.postgresql:
            self._on_server(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')

    def _on_server(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    # --- processes -----------------------------------------------------------------------------

    def start(self, *command: str, log: str = "process.log") -> subprocess.Popen[bytes]:
        """Start a process in a group of its own; what it says goes to a file in the directory."""
        with (self.directory / log).open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=PROJECT, env=self.environment, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        self._processes.append(process)
        return process

    def manage(self, *arguments: str) -> str:
        """Run a management command to its end; return what it printed."""
        return self.python(str(PROJECT / "manage.py"), *arguments)

    def shell(self, code: str, *arguments: str) -> Any:
        """Run Python code inside the installation; return the JSON it printed last."""
        printed = self.python("-c", f"import django; django.setup()\n{code}", *arguments)
        return json.loads(printed.strip().rsplit("\n", 1)[-1] or "null")

    def python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=PROJECT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextlib.contextmanager
    def server(self, threads: int = 8, workers: int = 1) -> Iterator[str]:
        """Serve with gunicorn, as in real use; yield the address."""
        port = free_port()
        process = self.start(
            "-m", "gunicorn", "elastix.wsgi", f"--bind=127.0.0.1:{port}", "--worker-class=gthread",
            f"--threads={threads}", f"--workers={workers}", "--timeout=120", log="server.log",
        )  # fmt: skip
        address = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: answers(address), "the server answers", process)
            yield address
        finally:
            kill(process, signal.SIGTERM)

    def megabytes_of_server(self) -> float:
        """What the largest worker of the server started last holds in memory."""
        held = [
            (worker / "status").read_text().partition("VmRSS:")[2].split()[0] for worker in self._workers()
        ]
        return max(map(int, held)) / 1024

    def processor_seconds_of_server(self) -> float:
        """What the workers of the server started last have used of the processor so far."""
        # After the name in brackets, which may hold blanks: utime and stime are the 14th and 15th field.
        fields = [(worker / "stat").read_text().rpartition(")")[2].split() for worker in self._workers()]
        return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")

    @property
    def server_process(self) -> int:
        """The process id of the server started last, whose children the workers are."""
        return self._processes[-1].pid

    def _workers(self) -> list[Path]:
        server = self.server_process
        return [
            Path("/proc") / worker
            for worker in Path(f"/proc/{server}/task/{server}/children").read_text().split()
        ]

    def log(self, name: str) -> str:
        return (self.directory / name).read_text(errors="replace")


def kill(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGKILL) -> None:
    """End a process and what it started, by its group; wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


def wait_until(
    condition: Callable[[], Any],
    what: str,
    process: subprocess.Popen[bytes] | None = None,
    seconds: float = PATIENCE_SECONDS,
    every: float = 0.02,
) -> Any:
    """Return what the condition returns, once that is true; fail when the time or the process has ended before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        assert process is None or process.poll() is None, f"the process ended before {what}"
        time.sleep(every)
    raise AssertionError(f"waited {seconds} s in vain until {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(address: str) -> bool:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=5)
    try:
        connection.request("GET", "/health")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def write_sales(path: Path, lines: int, seed: int = 1, products: int = 40, days: int = 300) -> Path:
    """Write a CSV file of about as many simulated sales lines as asked for."""
    import csv

    import numpy as np

    from tests.dgp import ShopSpec, simulate_shop

    spec = ShopSpec(
        products=products, categories=4, days=days, lines_per_day=lines / products / days, customers=400
    )
    shop = simulate_shop(spec, seed)
    moments = np.datetime64("1970-01-01T00:00") + shop.minute.astype("timedelta64[m]")
    columns: Sequence[Sequence[Any]] = (
        [f"{'C' if back else ''}{500_000 + at}" for at, back in zip(shop.invoice, shop.cancellation, strict=True)],
        [f"P{product:03}" for product in shop.product],
        [f"Product {product}" for product in shop.product],
        shop.quantity.tolist(),
        [str(moment).replace("T", " ") for moment in moments],
        [f"{price:.2f}" for price in shop.price],
        ["" if customer < 0 else 10_000 + customer for customer in shop.customer.tolist()],
        ["United Kingdom"] * shop.product.size,
    )  # fmt: skip
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            (
                "InvoiceNo",
                "StockCode",
                "Description",
                "Quantity",
                "InvoiceDate",
                "UnitPrice",
                "CustomerID",
                "Country",
            )
        )
        writer.writerows(zip(*columns, strict=True))
    return path
