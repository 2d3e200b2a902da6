"""Settings of the databases of DATABASE_URL and REPLICA_URL; options of a URL (`?sslmode=require`) are kept."""

from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

from elastix.secrets import PLACEHOLDER_PASSWORDS

SQLITE: Final = "django.db.backends.sqlite3"
POSTGRESQL: Final = "django.db.backends.postgresql"
# Each thread of a server has a connection, each connection a page cache; jobs take more (`elastix.sql.room_for_pages`).
SQLITE_CACHE_KB: Final = 16 * 1024


def primary(parsed: dict[str, Any], *, production: bool, conn_max_age: int) -> dict[str, Any]:
    """Return Django's settings of the database that is written to, from its parsed URL.

    Raises
    ------
    ImproperlyConfigured : it is neither SQLite nor PostgreSQL, or has a well-known password in production.
    """
    database = {**parsed, "CONN_MAX_AGE": conn_max_age}
    engine = parsed.get("ENGINE")
    if engine == SQLITE:
        Path(database["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
            f"PRAGMA cache_size=-{SQLITE_CACHE_KB}; PRAGMA journal_size_limit=67108864; PRAGMA temp_store=MEMORY;",
        }
    elif engine == POSTGRESQL:
        _refuse_known_password("DATABASE_URL", database, production)
        database["CONN_HEALTH_CHECKS"] = True
        options = parsed.get("OPTIONS", {})
        # A writer that waits longer than this for another's lock is asked to come back (503, Retry-After).
        database["OPTIONS"] = options | {
            "options": _joined("-c lock_timeout=20000", options.get("options", ""))
        }
    else:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or sqlite:///")
    return database


def replica(parsed: dict[str, Any], of: dict[str, Any], *, production: bool) -> dict[str, Any]:
    """Return Django's settings of a streaming replica of the database `of`, from its parsed URL.

    Raises
    ------
    ImproperlyConfigured : one of the two is not PostgreSQL, or the password is well-known in production.
    """
    if {of["ENGINE"], parsed.get("ENGINE")} != {POSTGRESQL}:
        raise ImproperlyConfigured(
            "REPLICA_URL must begin with postgres://, as DATABASE_URL must then: only PostgreSQL has replicas."
        )
    _refuse_known_password("REPLICA_URL", parsed, production)
    options = parsed.get("OPTIONS", {})
    return {
        **parsed,
        "CONN_MAX_AGE": of["CONN_MAX_AGE"],
        # A replica that cannot be reached is given up within seconds. Whatever the URL says, nothing is written there.
        "OPTIONS": {"connect_timeout": 2, "tcp_user_timeout": 3000}
        | options
        | {"options": _joined(options.get("options", ""), "-c default_transaction_read_only=on")},
        "TEST": {"MIRROR": "default"},
    }


def _joined(*options: str) -> str:
    """Join options of PostgreSQL's command line; of two that contradict each other the last counts."""
    return " ".join(filter(None, options))


def _refuse_known_password(variable: str, database: dict[str, Any], production: bool) -> None:
    if production and database.get("PASSWORD", "").lower() in PLACEHOLDER_PASSWORDS:
        raise ImproperlyConfigured(f"{variable} uses a well-known password. Choose another for the database.")
