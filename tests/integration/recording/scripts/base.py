"""/health, /docs, /openapi.json, /api/token, /api/jobs, /api/alerts and addresses that do not exist."""

from tests.integration.recording.asking import PAGES, Api


def script(api: Api) -> None:
    open_to_all(api)
    token(api)
    jobs(api)
    alerts(api)
    nothing_there(api)


def open_to_all(api: Api) -> None:
    for role in ("anonymous", "stranger", "viewer"):
        api.get("/health", role=role)
    api.get("/health", query={"nonsense": 1}, expect=400)
    api.get("/health", query={"format": "json"})
    api.get("/health", query={"format": "xml"}, expect=400)


def token(api: Api) -> None:
    known = {"username": "stranger", "password": "a stranger's password"}
    api.post("/api/token", known, role="anonymous")
    api.post("/api/token", known, role="anonymous")
    api.post("/api/token", known, role="anonymous", query={"nonsense": 1}, expect=400)
    for wrong in (
        "{",
        "[1]",
        {},
        {"username": "stranger"},
        known | {"password": "wrong"},
        known | {"username": 7},
    ):
        api.post("/api/token", wrong, role="anonymous", expect=400)
    api.post("/api/token", {"username": "viewer", "password": "\x00"}, role="anonymous", expect=400)
    api.post("/api/token", known, role="anonymous", expect=429)


def jobs(api: Api) -> None:
    path = "/api/jobs/{job}"
    api.get(path)
    api.get(path, role="manager", query={"format": "json"})
    api.refused("GET", path, role="viewer")


def alerts(api: Api) -> None:
    path = "/api/alerts"
    for query in (
        {}, {"state": "all"}, {"state": "new"}, {"state": "cleared"}, {"state": "all", "limit": 1, "offset": 1},
        {"kind": "no_cost"}, {"subject": "MUG"}, {"kind": "no_cost", "subject": "MUG"}, {"kind": "", "offset": 50},
    ):  # fmt: skip
        api.get(path, query=query)
    api.refused("GET", path, role="viewer", queries=(*PAGES, {"kind": "wrong"}, {"state": "old"}))
    seen = "/api/alerts/{alert}/acknowledge"
    api.refused("POST", seen, role="analyst")
    api.post(seen)
    api.post(seen, role="manager")
    api.get(path, query={"state": "new"})


def nothing_there(api: Api) -> None:
    for path in (
        "/api",
        "/api/nothing",
        "/api/jobs/abc",
        "/health/",
        "/api/products/list/",
        "/simulations/1",
    ):
        api.get(path, expect=404)
    api.get("/api/nothing", role="anonymous", expect=404)
    api.post("/api/nothing", {}, expect=404)
