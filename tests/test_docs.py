"""Nothing that a user meets goes undocumented, and nothing is documented that is not there."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from elastix import __version__
from elastix.background import SCHEDULES
from pricing.elasticity.core.pooled import FLAG_NAMES
from pricing.recommendation.core.constants import SURE_ENOUGH

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
DOCS = "\n".join(path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])
API = (ROOT / "docs" / "api.md").read_text()
# Pages for people, which the README describes as a whole.
PAGES = ("/admin/", "/desk/", "/static/", "/favicon.ico")
METHODS = ("get", "post", "put", "patch", "delete")


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[tuple[str, URLPattern]]:
    """Yield every address of the server, its parameters written as {name}, and what it leads to."""
    for pattern in patterns:
        text = prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, text)
        else:
            yield text, pattern


def api_routes() -> list[tuple[str, URLPattern]]:
    return [each for each in routes(get_resolver().url_patterns) if not each[0].startswith(PAGES)]


def api_methods() -> dict[str, set[str]]:
    """Return the addresses of the API, each with the methods it answers."""
    found: dict[str, set[str]] = {}
    for route, pattern in api_routes():
        actions = getattr(pattern.callback, "actions", None)
        view = getattr(pattern.callback, "cls", None) or pattern.callback.view_class
        names = actions or {name for name in METHODS if hasattr(view, name)}
        found.setdefault(route, set()).update(name.upper() for name in names if name in METHODS)
    return found


def documented_methods() -> dict[str, set[str]]:
    """Return what the first column of the tables in docs/api.md says: methods, then the address."""
    cells = re.findall(r"^\| `([A-Z, ]+) (/[^`]*)` \|", API, re.MULTILINE)
    return {route: set(methods.split(", ")) for methods, route in cells}


def commands() -> list[str]:
    return sorted(
        path.stem
        for app in settings.INSTALLED_APPS
        for path in (ROOT / app.split(".")[0] / "management" / "commands").glob("[!_]*.py")
    )


def variables_read() -> set[str]:
    return set(re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"', (ROOT / "elastix" / "settings.py").read_text()))


def variables_documented() -> set[str]:
    return set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_the_api_table_names_every_address_with_its_methods_and_no_other() -> None:
    # The redirect at the root answers any method; for a client it is a page.
    assert documented_methods() == api_methods() | {"/": {"GET"}}


def test_the_api_table_names_every_query_parameter(client: Client) -> None:
    rows = dict(re.findall(r"^\| `[A-Z, ]+ (/[^`]*)` \|(.*)$", API, re.MULTILINE))
    described = client.get("/openapi.json").json()["paths"]
    unnamed = {
        f"{route}: {parameter['name']}"
        for route, operations in described.items()
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and parameter["name"] != "format"
        if not re.search(rf"`{parameter['name']}\b", rows[route])
    }
    assert unnamed == set()


@pytest.mark.parametrize("command", commands())
def test_every_management_command_is_named(command: str) -> None:
    assert f"manage.py {command}" in DOCS


def test_the_documents_name_only_commands_that_exist() -> None:
    builtin = {"migrate", "createsuperuser", "check", "collectstatic", "changepassword", "runserver"}
    builtin |= {"makemessages", "compilemessages"}
    assert set(re.findall(r"manage\.py ([a-z_]+)", DOCS)) <= builtin | set(commands())


def test_every_variable_that_settings_read_is_in_the_example() -> None:
    assert variables_read() - variables_documented() == set()


def test_every_variable_of_the_example_is_read() -> None:
    compose = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert variables_documented() - variables_read() - compose == set()


def test_the_documents_name_every_variable_of_the_example() -> None:
    assert {name for name in variables_documented() if f"`{name}`" not in DOCS} == set()


def test_the_methods_explain_every_flag() -> None:
    explained = re.findall(
        r"^\| `?([A-Z_]+)`? \|", (ROOT / "docs/methods/elasticity.md").read_text(), re.MULTILINE
    )
    assert set(FLAG_NAMES) - set(explained) == set()


def test_operations_name_every_schedule() -> None:
    table = (ROOT / "docs/operations.md").read_text().partition("## What runs when")[2].partition("\n## ")[0]
    named = {
        name for cells in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE) for name in cells.split(", ")
    }
    assert named - {"schedule", "---"} == {schedule.name for schedule in SCHEDULES}


def test_the_changelog_has_the_current_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {project["version"], settings.SPECTACULAR_SETTINGS["VERSION"]} == {__version__}


def test_links_between_the_documents_lead_somewhere() -> None:
    broken = [
        f"{document.name}: {target}"
        for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text())
        if not (document.parent / target).exists()
    ]
    assert broken == []


def test_the_api_says_from_which_probability_a_change_is_offered() -> None:
    assert f"gain is at least {str(SURE_ENOUGH).lstrip('0')}," in " ".join(API.split())
