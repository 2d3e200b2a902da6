"""The layers, beyond what import-linter sees: what really gets loaded, and whether an app escapes it."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.test_docs import api_routes

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE_CORE = ("django", "rest_framework", "celery")
# Of the project's package: what puts it together, and what holds no code of the base.
OUTSIDE_BASE = {
    "__init__",
    "__pycache__",
    "apps",
    "celery",
    "checks",
    "locale",
    "logs",
    "management",
    "middleware",
    "migrations",
}
OUTSIDE_BASE |= {"environment", "pipeline", "secrets", "settings", "static", "templates", "urls", "wsgi"}
HEAVY = ("pandas", "duckdb", "statsmodels", "sklearn", "scipy.stats", "openpyxl", "python_calamine", "httpx")


def local_apps() -> list[str]:
    """Return the apps of this project, by the name of their package; one of them has a second, for Django's admin."""
    names = dict.fromkeys(name.split(".")[0] for name in settings.INSTALLED_APPS)
    return [name for name in names if (ROOT / name).is_dir()]


def core_packages() -> list[str]:
    """Return the packages that know no framework: every core, and the generator of shops."""
    return sorted(
        ".".join(path.parent.relative_to(ROOT).parts)
        for app in local_apps()
        for name in ("core", "generator")
        for path in (ROOT / app).rglob(f"{name}/__init__.py")
    )


def core_modules() -> list[str]:
    return sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for package in core_packages()
        for path in (ROOT / package.replace(".", "/")).rglob("*.py")
    )


def contracts() -> list[dict[str, Any]]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def contract(identifier: str) -> dict[str, Any]:
    return next(each for each in contracts() if each["id"] == identifier)


def in_a_fresh_process(code: str, data_dir: Path) -> Any:
    """Run code that prints JSON, and return what it printed."""
    environment = os.environ | {"DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "elastix.settings"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_no_core_module_loads_django(tmp_path: Path) -> None:
    code = f"""
import importlib, json, sys
culprits = {{}}
for name in {core_modules()!r}:
    importlib.import_module(name)
    loaded = [each for each in {OUTSIDE_CORE!r} if each in sys.modules]
    if loaded:
        culprits[name] = loaded
        for each in [key for key in sys.modules if key.split(".")[0] in loaded]:
            del sys.modules[each]
print(json.dumps(culprits))
"""
    assert in_a_fresh_process(code, tmp_path) == {}


def test_start_up_loads_nothing_heavy(tmp_path: Path) -> None:
    code = f"""
import json, sys
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""
    assert in_a_fresh_process(code, tmp_path) == []


def test_the_core_contract_names_every_core_package() -> None:
    assert sorted(contract("pure-core")["source_modules"]) == core_packages()


def test_the_order_of_the_apps_names_every_app() -> None:
    *above, base = contract("apps")["layers"]
    apps = {name.strip() for layer in above[1:] for name in layer.split("|")}
    assert apps == set(local_apps()) - {"elastix"}
    assert {
        path.stem for path in (ROOT / "elastix").iterdir() if path.suffix in ("", ".py")
    } - OUTSIDE_BASE == {name.strip().removeprefix("elastix.") for name in base.split(":")}


def wings(app: str = "pricing") -> set[str]:
    return {f"{app}.{folder.parent.name}" for folder in (ROOT / app).glob("*/core")}


def test_the_order_of_the_rooms_holds_in_every_wing_and_in_every_app_without_wings() -> None:
    apps = set(local_apps()) - {"elastix"}
    inside = set().union(*(wings(app) for app in apps))
    assert set(contract("rooms")["containers"]) == (apps - {"pricing"}) | inside


def test_the_order_of_the_wings_names_every_wing() -> None:
    layers = {name.strip() for layer in contract("wings")["layers"] for name in layer.split("|")}
    assert {f"pricing.{name}" for name in layers if not name.startswith("(")} == wings()


def test_every_list_has_filters_and_pages() -> None:
    lists = {
        (view.__name__, view.filterset_class, view.pagination_class)
        for _, pattern in api_routes()
        if (view := getattr(pattern.callback, "cls", None))
        for action in getattr(pattern.callback, "actions", {}).values()
        if getattr(view, action).operation.lists
    }
    assert len(lists) > 20
    assert {name for name, filters, _ in lists if filters is None} == set()
    # One answer of figures, whose filters choose what is counted.
    assert {name for name, _, pages in lists if pages is None} == {"CalibrationViewSet"}
