"""Give what differs from run to run stable names, and tell how two recordings differ."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
TOKEN = re.compile(r"^elx_[0-9a-f]{40}$")
# Row numbers in sentences: "change 7", "changes 7 (CUP), 8 (MUG)". The numbers of NOWHERE stay as they are.
NAMED = re.compile(
    r"\b(change|rule|run|job|alert|policy|relation|experiment|token|competitor|competitor's price) (\d{1,8})\b(?!\.\d)",
    re.I,
)
OF_EXPERIMENT = re.compile(r"(?<=' \()\d{1,8}(?=\) tests its price)")
# In addresses of answers and at the head of a sentence.
NOWHERE = re.compile(r"(?<=There is nothing at )/\S+(?=\.)")
OF_JOB = re.compile(r"(?<=/api/jobs/)\d{1,8}(?=/)")
OF_PRICE = re.compile(r"(?<=^Price )\d{1,8}(?= is )")
LISTED = re.compile(r"\b(\d{1,8})(?= \([A-Z])")
SECONDS = re.compile(r"\b\d+ seconds?\b")
# Runs that are simulated are counted from 1: they are no rows.
STEP = "step"
# Whose numbers the answers of an address call `id`; the first that fits.
KINDS = (
    (r"/duel", STEP),
    (r"/run$|/optimize-bulk$|/jobs", "job"),
    (r"/runs", "run"),
    (r"/rules", "rule"),
    (r"/policies", "policy"),
    (r"/relations", "relation"),
    (r"/changes", "change"),
    (r"/market/qualities", "competitor"),
    (r"/market/prices", "price"),
    (r"/alerts", "alert"),
    (r"/tokens", "apitoken"),
    (r"/audit", "entry"),
    (r"/experiments", "experiment"),
    (r"/overrides", "override"),
    (r"/recommendations", "recommendation"),
    (r"/tokens", "token"),
    (r"/audit", "entry"),
)
# Keys that hold another row's number, whatever the address.
ID_KEYS = {
    name: name.removesuffix("_id").removeprefix("open_")
    for name in (
        "job",
        "job_id",
        "change",
        "change_id",
        "rule",
        "rule_id",
        "run",
        "run_id",
        "policy",
        "policy_id",
        "open_change",
        "recommendation",
        "experiment",
    )
}
# Of an entry of the audit log: the database's own clock, and a number that is drawn.
OF_ENTRY = {"at": "2025-07-01T10:00:00Z", "request_id": "7f3c"}
RELATIVE = 1e-9


def kind_of(path: str) -> str:
    return next((kind for pattern, kind in KINDS if re.search(pattern, path)), "row")


class Placeholders:
    """Names for volatile values, numbered in the order in which the values turn up."""

    def __init__(self) -> None:
        self.names: dict[tuple[str, Any], str] = {}

    def name(self, kind: str, value: Any) -> str:
        if (kind, value) not in self.names:
            number = 1 + sum(known == kind for known, _ in self.names)
            self.names[kind, value] = f"<{kind} {number}>"
        return self.names[kind, value]

    def replaced(self, value: Any, kind: str) -> Any:
        """Return the value with row numbers, uuids and tokens replaced; `kind` says what an `id` is one of."""
        if isinstance(value, dict):
            return {self._key(key): self._of_key(key, each, kind) for key, each in sorted(value.items())}
        if isinstance(value, list):
            return [self.replaced(each, kind) for each in value]
        return self._text(value) if isinstance(value, str) else value

    def _key(self, key: str) -> str:
        """A key that is a number is that of a rule: what a run did, rule by rule."""
        return self.name("rule", int(key)) if key.isdigit() else key

    def _of_key(self, key: str, value: Any, kind: str) -> Any:
        if kind == STEP and key == "run":
            return value
        if type(value) is int and (key == "id" or key in ID_KEYS):
            return self.name(ID_KEYS.get(key, kind), value)
        if key == "field" and kind == "change" and value.isdigit():
            return self.name(kind, int(value))
        if kind == "entry" and key in OF_ENTRY:
            return OF_ENTRY[key]
        if key == "prefix":
            return self.name("beginning", value)
        if key in ("broker", "cache"):
            return f"<{key}>"
        return self.replaced(value, kind)

    def _text(self, text: str) -> str:
        if TOKEN.match(text):
            return self.name("token", text)
        text = UUID.sub(lambda found: self.name("uuid", found[0]), text)
        text = NAMED.sub(self._named, text)
        text = NOWHERE.sub("<address>", text)
        text = OF_JOB.sub(lambda found: self.name("job", int(found[0])), text)
        text = OF_PRICE.sub(lambda found: self.name("price", int(found[0])), text)
        text = OF_EXPERIMENT.sub(lambda found: self.name("experiment", int(found[0])), text)
        text = LISTED.sub(lambda found: self.name("change", int(found[1])), text)
        return SECONDS.sub("<seconds>", text)

    def _named(self, found: re.Match[str]) -> str:
        kind = found[1].lower().replace("competitor's price", "price")
        return f"{found[1]} {self.name(kind, int(found[2]))}"

    def headers(self, headers: dict[str, Any]) -> dict[str, Any]:
        named = {name: self._text(value) if value else value for name, value in headers.items()}
        if "ETag" in named:
            weak = "weak " if headers["ETag"].startswith("W/") else ""
            named["ETag"] = self.name(f"{weak}etag", headers["ETag"])
        if "Content-Disposition" in named:
            named["Content-Disposition"] = re.sub(r"\d+\.csv", "<number>.csv", named["Content-Disposition"])
        return named


def as_text(recording: Any) -> str:
    return json.dumps(recording, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read(path: Path) -> Any:
    return json.loads(path.read_text()) if path.exists() else []


def differences_of_requests(recorded: list[dict[str, Any]], played: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for every place where an answer, or the sequence of requests, is not as recorded."""
    asked = ("request", "as", "body", "upload", "headers")
    for number, (before, now) in enumerate(zip(recorded, played, strict=False), start=1):
        name = f"{number}. {before['request']} as {before['as']}"
        if any(before.get(key) != now.get(key) for key in asked):
            yield f"{name}: the script now asks {now['request']} as {now['as']} here; record anew"
            return
        for line in differences(before, now, ""):
            yield f"{name}: {line}"
    if len(recorded) != len(played):
        yield f"{len(recorded)} requests are recorded, {len(played)} were asked; record anew"


def differences(before: Any, now: Any, where: str) -> Iterator[str]:
    """Yield a line for every JSON path at which two values differ; numbers may differ by 1e-9 of themselves."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted(before.keys() | now.keys()):
            place = f"{where}.{key}".lstrip(".")
            if key not in now:
                yield f"{place} is gone, it was {short(before[key])}"
            elif key not in before:
                yield f"{place} is new: {short(now[key])}"
            else:
                yield from differences(before[key], now[key], place)
    elif isinstance(before, list) and isinstance(now, list):
        if len(before) != len(now):
            yield f"{where} had {len(before)} items, now {len(now)}"
        for number, pair in enumerate(zip(before, now, strict=False)):
            yield from differences(*pair, f"{where}[{number}]")
    elif not same(before, now):
        yield f"{where} was {short(before)}, is {short(now)}"


def same(before: Any, now: Any) -> bool:
    if is_number(before) and is_number(now):
        return math.isclose(before, now, rel_tol=RELATIVE)
    return type(before) is type(now) and bool(before == now)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}..."
