"""/elasticity and /api/analytics/elasticity."""

from tests.integration.recording.asking import DATES, PAGES, Api

METHODS = ("default", "pooled", "log_log", "point", "arc_elasticity")


def script(api: Api) -> None:
    listed(api)
    product(api)


def listed(api: Api) -> None:
    path = "/elasticity"
    api.get(path)
    known(api, path)
    for method in METHODS:
        api.get(path, query={"method": method, "limit": 2})
    for query in (
        {"start_date": "2025-02-01", "end_date": "2025-03-31"}, {"startDate": "2025-02-01", "endDate": "2025-03-31"},
        {"start_date": "2025-03-01"}, {"end_date": "2025-02-15", "method": "pooled"}, {"country": "France"},
        {"country": "Atlantis"}, {"country": "France", "start_date": "2025-01-15", "method": "point"},
        {"stock_codes": ["CUP", "MUG"]}, {"stock_codes": "cup"}, {"stock_codes": "UNKNOWN"},
        {"limit": 1, "offset": 1}, {"offset": 100}, {"limit": "", "country": ""},
        {"start_date": "2030-01-01", "end_date": "2030-02-01"},
    ):  # fmt: skip
        api.get(path, query=query)
    wrong = (*PAGES, *DATES, {"method": "guess"}, {"country": "\x00"}, {"stock_codes": "x" * 51})
    api.refused("GET", path, role="viewer", queries=wrong)


def known(api: Api, path: str) -> None:
    """What the client has is not sent again, but only to those who may see it."""
    api.ids["tag"] = api.last_headers["ETag"]
    for tag, expect in (("{tag}", 304), ('W/"other", {tag}', 304), ("*", 304), ('W/"other"', 200)):
        api.get(path, headers={"If-None-Match": tag}, expect=expect)
    api.get(path, role="stranger", headers={"If-None-Match": "{tag}"}, expect=403)


def product(api: Api) -> None:
    path = "/api/analytics/elasticity/{code}"
    api.get(path)
    for method in METHODS:
        api.get(path, query={"method": method})
    for code in ("MUG", "plate%201.5", "PLATE%201.5", "SPOON", "BOWL"):
        api.get(f"/api/analytics/elasticity/{code}")
    api.get("/api/analytics/elasticity/POST", expect=404)
    api.get("/api/analytics/elasticity/a%2Fb", expect=404)
    api.refused("GET", path, role="viewer", queries=({"method": "guess"}, {"method": ["point", "pooled"]}))
    diagnostics = f"{path}/diagnostics"
    for code in ("CUP", "MUG", "SPOON"):
        api.get(f"/api/analytics/elasticity/{code}/diagnostics", expect=409 if code == "SPOON" else 200)
    api.refused("GET", diagnostics, role="viewer")
