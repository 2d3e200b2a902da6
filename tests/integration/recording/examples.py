"""Examples for the OpenAPI document, from what was recorded."""

import re
from collections.abc import Iterable
from typing import Any

UUID = "01960000-0000-7000-8000-000000000001"
PLACEHOLDER = re.compile(r"<(\w+) (\d+)>")
MOST_ROWS = 2
NO_CONTENT = 204


def examples_of(entries: Iterable[tuple[str, dict[str, Any]]], uuids: Iterable[str]) -> dict[str, Any]:
    """For every operation the body and the answer of its first request that was served.

    `entries` come with the route of the URL conf that served them.
    """
    found: dict[str, Any] = {}
    kinds = set(uuids) | {"uuid"}
    for route, entry in entries:
        method = entry["request"].partition(" ")[0]
        # Where a script asks only whether an address answers, the answer is not kept.
        if method == "OPTIONS" or (entry["status"] != NO_CONTENT and entry.get("answer") in (None, "")):
            continue
        path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
        sent = {"request": shown(entry["body"], kinds)} if entry.get("body") else {}
        found.setdefault(f"{method} {path}", {**sent, "response": shown(entry.get("answer"), kinds)})
    return dict(sorted(found.items()))


def shown(value: Any, uuids: set[str]) -> Any:
    """A value with two rows of each list, and ids in place of placeholders."""
    if isinstance(value, dict):
        return {name: shown(each, uuids) for name, each in value.items()}
    if isinstance(value, list):
        return [shown(each, uuids) for each in value[:MOST_ROWS]]
    if not isinstance(value, str):
        return value
    whole = PLACEHOLDER.fullmatch(value)
    if whole and whole[1] not in uuids:
        return int(whole[2])
    text = PLACEHOLDER.sub(lambda match: UUID if match[1] in uuids else match[2], value)
    return "\n".join(text.splitlines()[: 1 + MOST_ROWS])
