"""Back up the database while it is in use, and restore a backup.

SQLite is copied by its own backup interface, which waits for nobody and copies a consistent state; PostgreSQL by its
own programs `pg_dump` and `pg_restore`.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from django.db import connection, connections

from elastix.errors import ElastixError

PAGES_AT_ONCE: Final = 2_000
SQLITE_HEADER: Final = b"SQLite format 3\0"


class BackupError(ElastixError):
    """A copy could not be taken or put back; nothing was changed."""


def backup(path: Path) -> int:
    """Copy the database into a new file; return its size in bytes.

    Raises
    ------
    BackupError : the file is there already, or the copy failed; a file begun is removed.
    """
    if path.exists():
        raise BackupError(f"{path} is there already: name a new file.")
    if not path.parent.is_dir():
        raise BackupError(f"There is no directory {path.parent}.")
    # Only a whole copy has the name that was asked for.
    part = path.with_name(f"{path.name}.part")
    try:
        if connection.vendor == "postgresql":
            _run("pg_dump", "--format=custom", f"--file={part}")
        else:
            with closing(sqlite3.connect(_sqlite_path())) as source, closing(sqlite3.connect(part)) as target:
                source.backup(target, pages=PAGES_AT_ONCE)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
        part.with_name(f"{part.name}-journal").unlink(
            missing_ok=True
        )  # SQLite's, of a copy that was not finished
    return path.stat().st_size


def restore(path: Path) -> None:
    """Put a copy in the place of the database, with everything that came after it.

    Nothing else may work on the database meanwhile.

    Raises
    ------
    BackupError : the file is no copy of this kind of database; the database is as it was.
    """
    if not path.is_file():
        raise BackupError(f"There is no file {path}.")
    with path.open("rb") as file:
        is_sqlite = file.read(len(SQLITE_HEADER)) == SQLITE_HEADER
    if connection.vendor == "postgresql":
        if is_sqlite:
            raise BackupError(f"{path} is a copy of an SQLite database; this installation uses PostgreSQL.")
        _restore_postgresql(path)
    else:
        if not is_sqlite:
            raise BackupError(f"{path} is no copy of an SQLite database.")
        _restore_sqlite(path)


def _restore_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source:
        try:
            (said,) = source.execute("PRAGMA integrity_check").fetchone()
        except sqlite3.DatabaseError as error:
            said = str(error)
        if said != "ok":
            raise BackupError(f"{path} is damaged: {said}.")
        connections.close_all()
        with closing(sqlite3.connect(_sqlite_path())) as target:
            # In one transaction: who reads meanwhile sees the state before or the one after.
            source.backup(target)


def _restore_postgresql(path: Path) -> None:
    _run("pg_restore", "--list", str(path), database=False)  # is it a copy at all?
    connections.close_all()
    _run(
        "pg_restore",
        "--clean",
        "--if-exists",
        "--no-owner",
        "--single-transaction",
        "--exit-on-error",
        str(path),
    )


def _sqlite_path() -> str:
    return str(connection.settings_dict["NAME"])


def connection_string(name: str, options: dict[str, Any]) -> str:
    """Return what PostgreSQL's programs are told of a database: its name, and how it is to be reached (`sslmode`).

    What sessions of the application are to begin with (`options`) is left out, and what Django alone knows.
    """
    from psycopg import pq
    from psycopg.conninfo import make_conninfo

    known = {each.keyword.decode() for each in pq.Conninfo.get_defaults()} - {"options"}
    return make_conninfo(dbname=name, **{key: value for key, value in options.items() if key in known})


def _run(program: str, *arguments: str, database: bool = True) -> None:
    """Run one of PostgreSQL's programs on the database."""
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"{program} is not installed: install PostgreSQL's client programs.")
    settings: Any = connection.settings_dict
    # The password in the environment: arguments can be seen by everybody on the machine.
    environment = os.environ | {"PGPASSWORD": settings["PASSWORD"] or os.environ.get("PGPASSWORD", "")}
    where = {
        "--host": settings["HOST"],
        "--port": str(settings["PORT"] or ""),
        "--username": settings["USER"],
    }
    named = [f"{name}={value}" for name, value in where.items() if value]
    named.append(f"--dbname={connection_string(settings['NAME'], settings['OPTIONS'])}")
    command = [found, *(named if database else []), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: S603 - found above
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()[-500:]}")
