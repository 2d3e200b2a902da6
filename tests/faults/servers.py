"""PostgreSQL and Redis of a test's own, from the installed programs, to be broken."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.e2e.installation import free_port, kill, wait_until


class Server:
    """A program that listens on a loopback port of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        # Under the system's own directory: PostgreSQL's user must be able to get in.
        self.directory = Path(tempfile.mkdtemp(prefix="faults_"))
        self.directory.chmod(0o755)
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def user(self) -> str | None:
        return None

    def start(self) -> None:
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, start_new_session=True, user=self.user(), cwd="/"
            )
        wait_until(self.answers, f"{type(self).__name__} answers", self.process)

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it and all of its processes."""
        assert self.process is not None
        kill(self.process, how)

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, what: signal.Signals) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, what)

    def remove(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.resume()
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class Redis(Server):
    """It keeps nothing: what is in it when it ends is lost."""

    def command(self) -> list[str]:
        return [
            "redis-server",
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.directory),
        ]

    def answers(self) -> bool:
        import redis

        try:
            return bool(self.client().ping())
        except redis.RedisError:
            return False

    def client(self) -> Any:
        import redis

        return redis.Redis(port=self.port, socket_timeout=3, socket_connect_timeout=3)

    def url(self, number: int) -> str:
        return f"redis://127.0.0.1:{self.port}/{number}"


class PostgreSQL(Server):
    """It keeps what it has confirmed, as in real use: `fsync` is on."""

    options = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=32MB")

    def __init__(self) -> None:
        super().__init__()
        self.programs = _programs_of_postgresql()
        self.data = self.directory / "data"
        self.data.mkdir(mode=0o700)
        if self.user():
            shutil.chown(self.data, self.user())
        program, *arguments = self.made_by()
        subprocess.run(
            [str(self.programs / program), *arguments, f"--pgdata={self.data}", "--no-sync"],
            check=True, capture_output=True, user=self.user(), cwd="/",
        )  # fmt: skip

    def made_by(self) -> tuple[str, ...]:
        return "initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8"

    def user(self) -> str | None:
        """PostgreSQL refuses to run as root."""
        return "postgres" if os.geteuid() == 0 else None

    def command(self) -> list[str]:
        flags = [part for option in self.options for part in ("-c", option)]
        return [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port), *flags]

    def answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(f"{self.url()}/postgres", connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}"

    def crash(self) -> None:
        """End the server and the processes of its clients at once, as a power cut does."""
        assert self.process is not None
        children = _children(self.process.pid)
        self.stop()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        time.sleep(0.2)


class Replica(PostgreSQL):
    """It follows a primary, and writes every statement that it is asked into its log."""

    options = (*PostgreSQL.options, "log_statement=all")

    def __init__(self, primary: PostgreSQL) -> None:
        self.primary = primary
        super().__init__()

    def made_by(self) -> tuple[str, ...]:
        return "pg_basebackup", f"--dbname={self.primary.url()}", "--write-recovery-conf", "--checkpoint=fast"

    def statements(self) -> list[str]:
        log = (self.directory / "log").read_text(errors="replace")
        return [line for line in log.splitlines() if "statement: " in line]


def _children(parent: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True)
    return [int(number) for number in listed.stdout.split()]


children_of = _children


def processor_seconds(process: "subprocess.Popen[bytes]") -> float:
    """What a process, its children and those of them that have ended have used so far."""
    used = 0
    # The process last: what a child used that ends meanwhile is among its own then.
    for each in (*children_of(process.pid), process.pid):
        with contextlib.suppress(FileNotFoundError):
            # After the name in brackets, which may hold blanks: utime, stime, and the same of ended children.
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            used += sum(map(int, fields[11:15]))
    return used / os.sysconf("SC_CLK_TCK")


def has_programs_of_postgresql() -> bool:
    return bool(_places_of_postgresql())


def _programs_of_postgresql() -> Path:
    places = _places_of_postgresql()
    assert places, "These tests start PostgreSQL's own programs, and there is no initdb."
    return places[0]


def _places_of_postgresql() -> list[Path]:
    if found := shutil.which("initdb"):
        # A link to it need not have the others beside it.
        return [Path(found).resolve().parent]
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
