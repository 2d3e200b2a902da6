"""Every answer of the API is as it was recorded, and nothing that the API document names has gone.

`pytest tests/integration/test_api_recording.py --record` records again; look at what changed before committing it.
"""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import TestCase
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from rest_framework.test import APIClient

from elastix.api import schema as openapi
from elastix.jobs.runner import jobs_run_in
from tests.integration.recording.asking import NO_UUID, Api, Clock
from tests.integration.recording.examples import examples_of
from tests.integration.recording.furnished import furnish
from tests.integration.recording.normal import as_text, differences_of_requests, read
from tests.integration.recording.scripts import SCRIPTS
from tests.integration.recording.surface import lost, surface_of

RECORDINGS = Path(__file__).parents[1] / "recordings"
EXAMPLES = Path(openapi.__file__).with_name("examples.json")
SURFACE = RECORDINGS / "surface.json"
MOST_LINES = 40
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Pages of the desk and the way to them: no part of the API.
NO_API = ("admin/", "favicon.ico", "^static/")
UUIDS = ("batch", "import", "simulation", "transaction")
IDS = (
    "alert",
    "applied",
    "change",
    "competitor",
    "experiment",
    "job",
    "policy",
    "price",
    "relation",
    "rule",
    "run",
    "token",
)


@pytest.fixture
def recording(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--record"))


@pytest.fixture(scope="module")
def furnished(django_db_setup: None, django_db_blocker: Any) -> Iterator[Api]:
    """The furnished shop, in a transaction around those of the tests: each starts from the same rows."""
    clock = Clock()
    with django_db_blocker.unblock(), transaction.atomic(), jobs_run_in("inline"), clock.telling():
        api = Api(lambda: TestCase.captureOnCommitCallbacks(execute=True), clock)
        furnish(api)
        yield api
        transaction.set_rollback(True)


@pytest.fixture
def api(furnished: Api, db: None) -> Api:
    furnished.clock.set(hour=10)
    api = copy.copy(furnished)
    api.ids = dict(furnished.ids)
    api.start_anew()
    return api


@pytest.mark.parametrize("family", sorted(SCRIPTS))
def test_answers_are_as_recorded(family: str, recording: bool, api: Api) -> None:
    SCRIPTS[family](api)
    file = RECORDINGS / f"{family}.json"
    if recording:
        assert not api.surprises, "\n".join(api.surprises)
        file.write_text(as_text(api.entries))
    found = list(differences_of_requests(read(file), json.loads(as_text(api.entries))))
    more = f"\n... and {len(found) - MOST_LINES} more" if len(found) > MOST_LINES else ""
    assert not found, "\n".join(["answers differ from the recording:", *found[:MOST_LINES]]) + more


def test_the_surface_is_still_there(recording: bool, db: None) -> None:
    surface = surface_of(APIClient().get("/openapi.json").json())
    if recording:
        SURFACE.write_text(as_text(surface))
    assert not (gone := list(lost(read(SURFACE), surface))), "\n".join(["gone from the API:", *gone])


def test_every_address_and_method_is_recorded() -> None:
    asked = {
        (resolve(address(path)).route, method)
        for family in SCRIPTS
        for method, _, path in (entry["request"].partition(" ") for entry in answered(family))
    }
    unasked = sorted(set(operations(get_resolver())) - asked)
    assert not unasked, "\n".join(
        ["never asked with success by a script:", *(f"{m} {r}" for r, m in unasked)]
    )


def test_every_operation_has_an_example(recording: bool) -> None:
    entries = [
        (resolve(address(entry["request"].partition(" ")[2])).route, entry)
        for family in SCRIPTS
        for entry in answered(family)
        if entry["status"] < 300
    ]
    found = examples_of(entries, UUIDS)
    if recording:
        EXAMPLES.write_text(as_text(found))
    assert set(found) == set(read(EXAMPLES))
    with_example = {re.sub(r"{\w+}", "{}", name) for name in found}
    described = {f"{method} {path}" for path, methods in read(SURFACE).items() for method in methods}
    assert sorted(described - with_example) == []


def answered(family: str) -> Iterator[dict[str, Any]]:
    return (entry for entry in read(RECORDINGS / f"{family}.json") if 200 <= entry["status"] < 400)


def address(path: str) -> str:
    """An address of the same route: what a route takes depends on the kind of a value, not on which it is."""
    known = {"code": "CUP", "customer": "12346", **dict.fromkeys(IDS, 1), **dict.fromkeys(UUIDS, NO_UUID)}
    return path.partition("?")[0].format(**known)


def operations(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the route and every method of each address in the URL conf."""
    for each in resolver.url_patterns:
        route = prefix + str(each.pattern)
        if route in ("", *NO_API) or route.startswith("desk/"):
            if isinstance(each, URLResolver) and not route:
                yield from operations(each, route)
        elif isinstance(each, URLResolver):
            yield from operations(each, route)
        else:
            yield from ((route, method) for method in methods_of(each))


def methods_of(pattern: URLPattern) -> list[str]:
    """The methods that a view or a viewset's route answers."""
    actions = getattr(pattern.callback, "actions", None)
    if actions:
        return [name.upper() for name in actions if name.upper() in METHODS]
    view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
    return [name for name in METHODS if hasattr(view, name.lower())]
