"""Databases by their URLs: what a URL says counts, beside what every connection needs."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from environ import Env

from elastix.databases import primary, replica
from elastix.maintenance.backup import connection_string

SHOP = "postgres://shop:a-password-of-its-own@db:5433/shop"


def primary_of(url: str, **settings: Any) -> dict[str, Any]:
    return primary(Env.db_url_config(url), **({"production": True, "conn_max_age": 60} | settings))


def replica_of(url: str, of: str = SHOP) -> dict[str, Any]:
    return replica(Env.db_url_config(url), primary_of(of, conn_max_age=7), production=True)


def test_a_url_without_options_has_those_that_every_connection_needs() -> None:
    database = primary_of(SHOP, conn_max_age=90)
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db", 5433, "shop")
    assert database["OPTIONS"] == {"options": "-c lock_timeout=20000"}
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (90, True)


def test_options_of_the_url_are_kept() -> None:
    assert primary_of(f"{SHOP}?sslmode=require&sslrootcert=/etc/ca.pem&connect_timeout=5")["OPTIONS"] == {
        "sslmode": "require",
        "sslrootcert": "/etc/ca.pem",
        "connect_timeout": 5,
        "options": "-c lock_timeout=20000",
    }


def test_of_options_of_the_session_those_of_the_url_come_last() -> None:
    # PostgreSQL takes the last of two that contradict each other.
    asked = primary_of(f"{SHOP}?options=-c%20lock_timeout%3D5000")["OPTIONS"]["options"]
    assert asked == "-c lock_timeout=20000 -c lock_timeout=5000"


def test_a_replica_is_given_up_soon_unless_its_url_says_otherwise() -> None:
    plain = replica_of("postgres://shop:a-password-of-its-own@copy/shop")
    assert plain["OPTIONS"] == {
        "connect_timeout": 2,
        "tcp_user_timeout": 3000,
        "options": "-c default_transaction_read_only=on",
    }
    assert (plain["HOST"], plain["CONN_MAX_AGE"], plain["TEST"]) == ("copy", 7, {"MIRROR": "default"})
    asked = replica_of(
        "postgres://shop:a-password-of-its-own@copy/shop?sslmode=verify-full&connect_timeout=9"
    )
    assert asked["OPTIONS"] == plain["OPTIONS"] | {"sslmode": "verify-full", "connect_timeout": 9}


def test_nothing_is_written_to_a_replica_whatever_its_url_says() -> None:
    url = "postgres://shop:a-password-of-its-own@copy/shop?options=-c%20default_transaction_read_only%3Doff"
    assert replica_of(url)["OPTIONS"]["options"] == (
        "-c default_transaction_read_only=off -c default_transaction_read_only=on"
    )


def test_sqlite_is_opened_for_several_writers(tmp_path: Path) -> None:
    file = tmp_path / "new" / "shop.sqlite3"
    database = primary_of(f"sqlite:///{file}")
    assert file.parent.is_dir()
    assert (database["OPTIONS"]["transaction_mode"], database["OPTIONS"]["timeout"]) == ("IMMEDIATE", 20)
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]
    assert "CONN_HEALTH_CHECKS" not in database


@pytest.mark.parametrize("password", ["", ":postgres", ":Change-Me"])
def test_a_well_known_password_is_refused_in_production_alone(password: str) -> None:
    url = f"postgres://shop{password}@db/shop"
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL uses a well-known password"):
        primary_of(url)
    assert primary_of(url, production=False)["NAME"] == "shop"
    with pytest.raises(ImproperlyConfigured, match="REPLICA_URL uses a well-known password"):
        replica_of(url)


def test_other_databases_are_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"postgres:// or sqlite:///"):
        primary_of("mysql://shop:secret-of-ours@db/shop")


def test_the_programs_of_postgresql_reach_the_database_in_the_same_way() -> None:
    options = primary_of(f"{SHOP}?sslmode=require&pool=true")["OPTIONS"]
    assert connection_string("the shop", options) == "dbname='the shop' sslmode=require"
