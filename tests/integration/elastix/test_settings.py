"""The settings refuse to start an installation that would not be safe."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[3]
KEY = "a-key-of-60-characters-that-nobody-else-has-0123456789-abcde"
DATABASE = "postgres://shop:a-password-of-its-own@127.0.0.1/shop"
PRODUCTION = {"ALLOWED_HOSTS": "shop.example", "SECRET_KEY": KEY, "DATABASE_URL": DATABASE, "DEBUG": "false"}
OURS = (
    "ALLOWED_HOSTS", "SECRET_KEY", "DATABASE_URL", "REPLICA_URL", "DEBUG", "REDIS_URL", "CACHE_URL", "SHOP_TIME_ZONE",
    "SHOP_CURRENCY", "PRICES_INCLUDE_TAX", "TAX_RATE",
    "OPEN_API", "OPEN_API_ROLE", "OPEN_API_I_UNDERSTAND", "LOG_FORMAT", "LOG_LEVEL", "CORS_ORIGINS",
    "WOOCOMMERCE_URL", "WOOCOMMERCE_KEY", "WOOCOMMERCE_SECRET", "SHOPIFY_URL", "SHOPIFY_TOKEN",
)  # fmt: skip


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Read the settings file as it would be read with this environment alone."""

    def with_environment(**environment: str) -> dict[str, Any]:
        for name in OURS:
            monkeypatch.delenv(name, raising=False)
        for name, value in ({"DATA_DIR": str(tmp_path)} | environment).items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "elastix" / "settings.py"))

    return with_environment


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env=clean | environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_safe_production_starts() -> None:
    done = check(**PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_an_unsafe_one_stops_with_the_reason_in_its_last_line() -> None:
    done = check(**PRODUCTION | {"DEBUG": "true"})
    assert done.returncode != 0
    assert (
        done.stderr.strip()
        .splitlines()[-1]
        .endswith("DEBUG is on while ALLOWED_HOSTS names other machines. Set DEBUG=false.")
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"DEBUG": "true"}, "DEBUG is on"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": "short"}, "shorter than 50 characters"),
        ({"SECRET_KEY": "change-me" + "x" * 50}, "Make your own"),
        ({"DATABASE_URL": "postgres://postgres:postgres@db/shop"}, "well-known password"),
        ({"DATABASE_URL": "postgres://postgres@db/shop"}, "well-known password"),
        ({"DATABASE_URL": "postgres://shop:Change-Me@db/shop"}, "well-known password"),
        ({"DATABASE_URL": "mysql://shop:abc@db/shop"}, "postgres:// or sqlite:///"),
        ({"REPLICA_URL": "sqlite:///copy.sqlite3"}, "only PostgreSQL has replicas"),
        ({"REPLICA_URL": "nonsense"}, "only PostgreSQL has replicas"),
        (
            {"REPLICA_URL": "postgres://shop:a-password@db2/shop", "DATABASE_URL": "sqlite:///:memory:"},
            "only PostgreSQL has replicas",
        ),
        ({"REPLICA_URL": "postgres://shop:postgres@db2/shop"}, "REPLICA_URL uses a well-known password"),
        ({"SHOP_TIME_ZONE": "Mars/Olympus"}, "SHOP_TIME_ZONE is not a time zone"),
        ({"TAX_RATE": "twenty"}, "TAX_RATE is not a percentage"),
        ({"TAX_RATE": "-1"}, "TAX_RATE is not a percentage"),
        ({"SEGMENT_RECENCY_CUTS": "90,30"}, "SEGMENT_RECENCY_CUTS is not two rising numbers"),
        ({"SEGMENT_RECENCY_CUTS": "30,30"}, "SEGMENT_RECENCY_CUTS is not two rising numbers"),
        ({"SEGMENT_FREQUENCY_CUTS": "1,2,3"}, "SEGMENT_FREQUENCY_CUTS is not two rising numbers"),
        ({"SEGMENT_FREQUENCY_CUTS": "some,more"}, "SEGMENT_FREQUENCY_CUTS is not two rising numbers"),
        ({"SEGMENT_MONETARY_CUTS": "-1,5"}, "SEGMENT_MONETARY_CUTS is not two rising numbers"),
        ({"SEGMENT_MONETARY_CUTS": "1,nan"}, "SEGMENT_MONETARY_CUTS is not two rising numbers"),
        ({"SEGMENT_MONETARY_CUTS": "1,inf"}, "SEGMENT_MONETARY_CUTS is not two rising numbers"),
        ({"SHOP_CURRENCY": "YEN"}, "none of the currencies known"),
        ({"SHOP_TIME_ZONE": "../etc"}, "SHOP_TIME_ZONE is not a time zone"),
        ({"WOOCOMMERCE_URL": "http://shop.example.com"}, "WOOCOMMERCE_URL must be"),
        ({"WOOCOMMERCE_URL": "https://user:pw@shop.example.com"}, "WOOCOMMERCE_URL must be"),
        ({"WOOCOMMERCE_URL": "https://shop.example.com?consumer_secret=x"}, "WOOCOMMERCE_URL must be"),
        ({"WOOCOMMERCE_URL": "https://["}, "WOOCOMMERCE_URL must be"),
        ({"WOOCOMMERCE_URL": "https://shop.example.com"}, "needs WOOCOMMERCE_KEY"),
        ({"SHOPIFY_URL": "ftp://shop.example.com"}, "SHOPIFY_URL must be"),
        ({"SHOPIFY_URL": "https://shop.example.com"}, "needs SHOPIFY_TOKEN"),
        ({"OPEN_API_ROLE": "admin"}, "anonymous users are never admin"),
        ({"OPEN_API_ROLE": "boss"}, "OPEN_API_ROLE must be"),
    ],
)
def test_production_refuses(change: dict[str, str], said: str, read: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match=said):
        read(**PRODUCTION | change)


@pytest.mark.parametrize("hosts", ["shop.example", "127.0.0.1,shop.example", "*", ".example", "192.0.2.7"])
def test_whoever_serves_other_machines_is_production(hosts: str, read: Any) -> None:
    values = read(**PRODUCTION | {"ALLOWED_HOSTS": hosts})
    assert values["PRODUCTION"] is True
    assert values["SESSION_COOKIE_SECURE"] and values["CSRF_COOKIE_SECURE"] and values["SECURE_SSL_REDIRECT"]
    assert values["LOG_FORMAT"] == "json"


def test_the_default_needs_nothing_and_keeps_a_key_of_its_own(read: Any, tmp_path: Path) -> None:
    first, second = read(), read()
    assert first["PRODUCTION"] is False
    assert first["DEBUG"] is False
    assert first["DATABASES"]["default"]["ENGINE"] == "django.db.backends.sqlite3"
    assert first["JOBS_RUN_IN"] == "thread"
    assert first["OPEN_API"] is False
    assert len(first["SECRET_KEY"]) >= 50
    assert first["SECRET_KEY"] == second["SECRET_KEY"] == (tmp_path / "secret.key").read_text()
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0


def test_scales_of_customers_are_cut_where_the_shop_says(read: Any) -> None:
    values = read(SEGMENT_RECENCY_CUTS="30, 90", SEGMENT_MONETARY_CUTS="99.5,1000")
    cuts = [values[f"SEGMENT_{scale}_CUTS"] for scale in ("RECENCY", "FREQUENCY", "MONETARY")]
    assert cuts == [(30.0, 90.0), None, (99.5, 1000.0)]


def test_a_broker_means_workers_and_the_cache_stays_out_of_its_database(read: Any) -> None:
    values = read(**PRODUCTION | {"REDIS_URL": "redis://r:6379/0", "CACHE_URL": "redis://r:6379/1"})
    assert values["JOBS_RUN_IN"] == "celery"
    assert values["CACHES"]["default"]["LOCATION"].endswith("/1")


def test_the_address_of_a_platform_is_kept_without_a_slash_and_never_repeated_in_a_refusal(read: Any) -> None:
    keys = {"WOOCOMMERCE_KEY": "ck_1", "WOOCOMMERCE_SECRET": "cs_1"}
    assert (
        read(WOOCOMMERCE_URL="http://localhost:8080/", **keys)["WOOCOMMERCE_URL"] == "http://localhost:8080"
    )
    with pytest.raises(ImproperlyConfigured) as raised:
        read(WOOCOMMERCE_URL="https://user:hunter2@shop.example.com", **keys)
    assert "hunter2" not in str(raised.value)
