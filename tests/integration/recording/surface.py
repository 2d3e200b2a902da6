"""The surface of the API as its document describes it: addresses, methods, parameters, keys."""

import re
from collections.abc import Iterator
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
Surface = dict[str, dict[str, dict[str, list[str]]]]


def surface_of(document: dict[str, Any]) -> Surface:
    """Return, by address and method, the names of the parameters and the keys of request and answer."""
    return {
        re.sub(r"{\w+}", "{}", path): {
            method.upper(): operation_of(document, operations[method])
            for method in METHODS
            if method in operations
        }
        for path, operations in document["paths"].items()
    }


def operation_of(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, list[str]]:
    successes = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    asked = operation.get("requestBody", {})
    return {
        "parameters": sorted(
            each["name"] for each in operation.get("parameters", []) if each["in"] == "query"
        ),
        "body": sorted(keys_of_contents(document, [asked])),
        "answer": sorted(keys_of_contents(document, successes)),
    }


def keys_of_contents(document: dict[str, Any], bodies: list[dict[str, Any]]) -> set[str]:
    return {
        key
        for body in bodies
        for content in body.get("content", {}).values()
        for key in keys(document, content.get("schema", {}))
    }


def keys(document: dict[str, Any], schema: Any, within: tuple[str, ...] = (), at: str = "") -> Iterator[str]:
    """Yield the path of every key; `[]` stands for any item of a list, `*` for any key of a map."""
    if not isinstance(schema, dict):
        return
    if (name := schema.get("$ref")) is not None:
        if name not in within:
            component = document["components"]["schemas"][name.rpartition("/")[2]]
            yield from keys(document, component, (*within, name), at)
        return
    for kind in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(kind, []):
            yield from keys(document, each, within, at)
    for key, value in schema.get("properties", {}).items():
        place = f"{at}.{key}".lstrip(".")
        yield place
        yield from keys(document, value, within, place)
    yield from keys(document, schema.get("items"), within, f"{at}[]")
    yield from keys(document, schema.get("additionalProperties"), within, f"{at}.*".lstrip("."))


def lost(before: Surface, now: Surface) -> Iterator[str]:
    """Yield a line for everything recorded that is not described any more."""
    for path, operations in before.items():
        for method, names in operations.items():
            there = now.get(path, {}).get(method)
            if there is None:
                yield f"{method} {path}"
                continue
            for kind, each in names.items():
                yield from (f"{method} {path}: {kind} {name}" for name in each if name not in there[kind])
