"""/docs and /openapi.json: served by the application itself, to anybody."""

import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db

NO_API = {"", "docs", "favicon.ico", "openapi.json"}


def addresses(patterns: Any = None, before: str = "") -> set[str]:
    found: set[str] = set()
    for each in get_resolver().url_patterns if patterns is None else patterns:
        path = before + str(each.pattern)
        if isinstance(each, URLResolver) and not path.startswith(("admin/", "desk/")):
            found |= addresses(each.url_patterns, path)
        elif isinstance(each, URLPattern) and not path.startswith("desk/"):
            found.add(path)
    return found - NO_API


def test_the_schema_names_every_address_of_the_api(anonymous: APIClient) -> None:
    schema = anonymous.get("/openapi.json").json()
    described = {re.sub(r"{\w+}", "{}", path) for path in schema["paths"]}
    assert described == {"/" + re.sub(r"<[^>]+>", "{}", path) for path in addresses()}


def test_every_answer_is_described(anonymous: APIClient) -> None:
    schema = anonymous.get("/openapi.json").json()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            assert any(code.startswith("2") for code in operation["responses"]), (method, path)
            assert operation["description"], (method, path)


def test_parameters_are_described_as_they_are_checked(anonymous: APIClient) -> None:
    operation = anonymous.get("/openapi.json").json()["paths"]["/elasticity"]["get"]
    parameters = {each["name"]: each for each in operation["parameters"]}
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 1000, "default": 200}
    assert parameters["stock_codes"]["schema"]["type"] == "array"
    assert not parameters["start_date"].get("required")


def test_the_page_needs_nothing_from_elsewhere(anonymous: APIClient) -> None:
    page = anonymous.get("/docs")
    script = anonymous.get("/docs", {"script": ""})
    assert page.status_code == script.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert sources
    assert not [source for source in sources if "//" in source]
    for source in sources:
        if source.startswith("/static/"):
            assert finders.find(source.removeprefix("/static/")), source
    assert "<script>" not in page.content.decode()
    assert "default-src 'self'" in page["Content-Security-Policy"]


@pytest.mark.parametrize("accept", [{}, {"accept": "application/json"}, {"accept": "*/*"}])
def test_the_home_page_leads_programs_to_the_docs(anonymous: APIClient, accept: dict[str, str]) -> None:
    answer = anonymous.get("/", headers=accept)
    assert answer["Location"] == "/docs"
    assert "Accept" in answer["Vary"]


def test_the_home_page_leads_browsers_to_the_desk(anonymous: APIClient) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    assert anonymous.get("/", headers=browser)["Location"] == "/desk/"
