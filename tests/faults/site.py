"""The real size of an installation: PostgreSQL, Redis, gunicorn, a worker and beat, all of a test's own."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.e2e.installation import Installation, answers, free_port, kill, wait_until
from tests.e2e.load import request, upload
from tests.faults.oracle import Oracle
from tests.faults.servers import PostgreSQL, Redis, children_of

LEASE_SECONDS = 5
# A machine that does many things at once is slow, not broken.
PATIENCE_SECONDS = 180


class Site:
    """All processes of an installation. A fault leaves them running again; `differences` says what it has cost."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.oracle = directory, Oracle()
        self.postgresql, self.redis = PostgreSQL(), Redis()
        self.postgresql.start()
        self.redis.start()
        self.installation = Installation(
            directory, f"{self.postgresql.url().replace('postgresql', 'postgres', 1)}/postgres",
            REDIS_URL=self.redis.url(0), CACHE_URL=self.redis.url(1), OPEN_API="true", OPEN_API_ROLE="manager",
            JOB_LEASE_SECONDS=str(LEASE_SECONDS), LOG_LEVEL="INFO", OPENBLAS_NUM_THREADS="1",
        )  # fmt: skip
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Site":
        self.installation.manage("migrate", "--verbosity=0")
        self.start("web", "worker", "beat")
        return self

    def __exit__(self, *args: object) -> None:
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGCONT)
            kill(process)
        for server in (self.redis, self.postgresql):
            server.remove()

    # --- processes -----------------------------------------------------------------------------

    def start(self, *names: str) -> None:
        """Start processes by name: web, beat, or a worker (worker, worker 2)."""
        for name in names:
            self.running[name] = self.installation.start(*self._command(name), log=f"{name}.log")
        if "web" in names:
            wait_until(lambda: answers(self.address), "the server answers", self.running["web"])

    def _command(self, name: str) -> tuple[str, ...]:
        celery = ("-m", "celery", "-A", "elastix")
        if name == "web":
            return (
                "-m", "gunicorn", "elastix.wsgi", f"--bind=127.0.0.1:{self.port}", "--worker-class=gthread",
                "--threads=4", "--workers=1", "--timeout=120",
            )  # fmt: skip
        if name.startswith("beat"):
            schedule = self.directory / f"{name.replace(' ', '-')}-schedule"
            return (*celery, "beat", f"--schedule={schedule}")
        host = f"--hostname={name.replace(' ', '-')}@faults"
        return (*celery, "worker", "--concurrency=2", "--loglevel=INFO", host)

    def end(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        kill(self.running.pop(name), how)

    def signal(self, name: str, what: signal.Signals) -> None:
        os.killpg(self.running[name].pid, what)

    def pool_children(self) -> list[int]:
        return children_of(self.running["worker"].pid)

    # --- what clients do -----------------------------------------------------------------------

    def send(self, rows: int = 3_000) -> Path:
        """Upload a new file; sent again until a server has taken it, as a client would."""
        file = self.oracle.file(self.directory, rows)
        wait_until(lambda: self.taken(file), "the upload is taken", seconds=PATIENCE_SECONDS, every=0.5)
        return file

    def taken(self, file: Path) -> bool:
        try:
            status, _, text = upload(self.address, file)
        except (OSError, http.client.HTTPException):
            return False
        # 409: it came in the first time, whose answer was lost.
        assert status in (202, 409, 503), text
        return status != 503

    def get(self, path: str) -> Any:
        status, _, text = request(self.address, "GET", path)
        return json.loads(text) if status == 200 else None

    # --- what has become of it -------------------------------------------------------------------

    def asked(self, sql: str) -> list[Any]:
        with self.connection() as connection:
            return list(connection.execute(sql).fetchall())

    def connection(self) -> Any:
        import psycopg

        return psycopg.connect(self.installation.database_url.replace("postgres://", "postgresql://", 1))

    def seconds_until_settled(self) -> float:
        """Wait until all work is done and published; return how long that took."""
        begun = time.monotonic()
        wait_until(self._is_settled, "all work is done", seconds=PATIENCE_SECONDS, every=0.25)
        return time.monotonic() - begun

    def _is_settled(self) -> bool:
        import psycopg

        try:
            ((work, stale, staged),) = self.asked(
                "SELECT (SELECT COUNT(*) FROM elastix_job WHERE state NOT IN ('succeeded', 'failed')),"
                " (SELECT sales_version - published_version FROM elastix_dataversion),"
                " (SELECT COUNT(*) FROM pricing_stagedtransaction)"
            )
        except psycopg.OperationalError:
            return False
        return not work and not stale and not staged

    def differences(self) -> list[str]:
        with self.connection() as connection:
            return self.oracle.differences(connection)
