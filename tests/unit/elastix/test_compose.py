"""docker-compose.yml: what Compose would refuse, and what a shop would miss, is found without Docker."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
# Of the Compose specification: what may stand at the top, and in a service.
TOP = {"name", "services", "volumes", "networks", "configs", "secrets"}
SERVICE = {
    "build", "command", "depends_on", "entrypoint", "env_file", "environment", "healthcheck", "image", "init", "ports",
    "restart", "stop_grace_period", "volumes", "user", "read_only", "tmpfs", "deploy", "logging", "networks", "expose",
    "ulimits", "mem_limit", "cap_drop", "security_opt", "working_dir", "labels", "profiles",
}  # fmt: skip
HEALTHCHECK = {"test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"}
DURATION = re.compile(r"(\d+(us|ms|s|m|h))+")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def test_the_words_are_those_of_compose(compose: dict[str, Any]) -> None:
    assert {word for word in compose if not word.startswith("x-")} <= TOP
    for name, service in compose["services"].items():
        assert set(service) <= SERVICE, name
        assert set(service["healthcheck"]) <= HEALTHCHECK, name
        for word in ("interval", "timeout", "start_period"):
            assert DURATION.fullmatch(service["healthcheck"].get(word, "1s")), (name, word)


def test_what_a_service_refers_to_is_there(compose: dict[str, Any]) -> None:
    services, volumes = compose["services"], compose.get("volumes", {})
    for name, service in services.items():
        assert ("image" in service) or ("build" in service), name
        for needed, condition in service.get("depends_on", {}).items():
            assert needed in services, (name, needed)
            assert condition["condition"] != "service_healthy" or "healthcheck" in services[needed]
        mounted = [
            each.split(":")[0] for each in service.get("volumes", ()) if not each.startswith((".", "/"))
        ]
        assert set(mounted) <= set(volumes), name


def test_all_processes_run_there_and_the_servers_are_those_of_the_documents(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) >= {"web", "worker", "beat", "postgres", "redis"}
    assert "celery -A elastix worker" in services["worker"]["command"]
    assert "celery -A elastix beat" in services["beat"]["command"]
    # Neither database is to be had from outside.
    assert not services["postgres"].get("ports") and not services["redis"].get("ports")
    assert "noeviction" in services["redis"]["command"]


def test_every_setting_that_it_reads_is_documented(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    asked = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text))
    documented = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert asked and asked <= documented
