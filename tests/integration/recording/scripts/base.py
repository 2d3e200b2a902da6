"""/health, /docs, /openapi.json, tokens, /api/jobs, /api/audit, /api/alerts, /api/glossary and addresses that do not exist."""

from tests.integration.recording.asking import PAGES, Api


def script(api: Api) -> None:
    open_to_all(api)
    token(api)
    tokens(api)
    jobs(api)
    audit(api)
    alerts(api)
    glossary(api)
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


def tokens(api: Api) -> None:
    path = "/api/tokens"
    body = {"name": "the till", "scope": "read", "expires_in_days": 30}
    bodies = (
        {},
        {"name": ""},
        body | {"scope": "write"},
        body | {"expires_in_days": 0},
        body | {"expires_in_days": 4000},
    )
    api.refused("POST", path, role="viewer", body=body, bodies=bodies)
    api.ids["token"] = api.post(path, body, role="viewer")["id"]
    api.post(path, {"name": "the feed", "expires_in_days": None}, role="viewer")
    api.post(path, {"name": "the notebook"}, role="viewer")
    api.get(path)
    api.get(path, query={"limit": 1, "offset": 1})
    api.get(path, role="admin", query={"user": "stranger"})
    api.refused("GET", path, role="viewer", queries=PAGES)
    api.delete("/api/tokens/{token}", role="analyst", expect=404)
    api.refused("DELETE", "/api/tokens/{token}", role="viewer")
    api.delete("/api/tokens/{token}", role="viewer")
    api.delete("/api/tokens/{token}", role="viewer", expect=404)
    api.ids["token"] = api.post(path, {"name": "the other till"}, role="viewer")["id"]


def jobs(api: Api) -> None:
    path = "/api/jobs/{job}"
    api.get(path)
    api.get(path, role="manager", query={"format": "json"})
    api.refused("GET", path, role="viewer")


def audit(api: Api) -> None:
    path = "/api/audit"
    api.get(
        path, role="manager", query={"table": "pricing_product", "row": "CUP", "action": "change", "limit": 1}
    )
    made = {"table": "elastix_apitoken", "username": "viewer"}
    for query in (
        {"action": "add", "limit": 1}, {"row": "nothing"}, {"source": "desk"}, {"end_date": "2000-01-01"},
    ):  # fmt: skip
        api.get(path, role="manager", query=made | query, answer=False)
    wrong = (
        *PAGES,
        {"action": "wrong"},
        {"start_date": "today"},
        {"start_date": "2025-02-02", "end_date": "2025-02-01"},
    )
    api.refused("GET", path, role="manager", queries=wrong)


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


def glossary(api: Api) -> None:
    api.get("/api/glossary", query={"kind": "limit"})
    api.get("/api/glossary", query={"word": "NO_PRICE"})
    api.get("/api/glossary", query={"word": "NO_PRICE", "format": "csv"})
    api.get("/api/glossary", query={"word": "no such word"})
    api.get("/api/glossary", query={"kind": "no such kind"}, expect=400)
    api.get("/api/glossary", role="anonymous", expect=401)


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
