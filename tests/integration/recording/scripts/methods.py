"""Every address: the methods it does not know, and its page for browsers."""

from tests.integration.recording.asking import Api

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ADDRESSES = (
    "/health",
    "/docs",
    "/openapi.json",
    "/elasticity",
    "/elasticity/segments",
    "/dashboard/kpis",
    "/dashboard/segments",
    "/dashboard/trends",
    "/stock-items",
    "/stock-items/{code}",
    "/simulate",
    "/simulations",
    "/simulations/{simulation}",
    "/simulations/comparison",
    "/simulations/{simulation}/metrics",
    "/simulations/{simulation}/curve",
    "/transactions",
    "/transactions/batch",
    "/transactions/import",
    "/transactions/imports",
    "/transactions/imports/{import}",
    "/transactions/imports/{import}/rejects.csv",
    "/transactions/{transaction}",
    "/segments/customers",
    "/segments/buyers/{code}",
    "/api/overview",
    "/segments/customers/{customer}",
    "/segments/moves",
    "/api/token",
    "/api/tokens",
    "/api/tokens/{token}",
    "/api/jobs/{job}",
    "/api/jobs/{job}/result.csv",
    "/api/jobs/{job}/propose",
    "/api/audit",
    "/api/alerts",
    "/api/alerts/{alert}/acknowledge",
    "/api/products",
    "/api/products/list",
    "/api/products/import",
    "/api/products/{code}",
    "/api/products/{code}/costs",
    "/api/price/relations",
    "/api/price/relations/{relation}",
    "/api/price/policies",
    "/api/price/policies/effective/{code}",
    "/api/price/policies/{policy}",
    "/api/price/bundle",
    "/api/price/recommend/{code}",
    "/api/price/optimize-bulk",
    "/api/price/simulate",
    "/api/price/scenarios",
    "/api/price/clearance",
    "/api/price/dynamic/{code}",
    "/api/price/rules",
    "/api/price/rules/{rule}",
    "/api/price/rules/{rule}/run",
    "/api/price/rules/{rule}/runs",
    "/api/price/rules/{rule}/pauses",
    "/api/price/rules/{rule}/resume",
    "/api/price/rules/{rule}/runs/{run}",
    "/api/price/kill-switch",
    "/api/price/calibration",
    "/api/price/changes",
    "/api/price/changes/{change}",
    "/api/price/changes/{applied}/outcome",
    *(
        f"/api/price/changes/{of}/{step}"
        for of in ("{change}", "batch/{batch}")
        for step in ("approve", "reject", "apply", "rollback")
    ),
    "/api/forecast/demand/{code}",
    "/api/insights/{code}",
    "/api/market/competitors/{code}",
    "/api/market/prices",
    "/api/market/prices/import",
    "/api/market/prices/{price}",
    "/api/market/qualities",
    "/api/market/qualities/{competitor}",
    "/api/analytics/elasticity/{code}",
    "/api/analytics/demand-curve/{code}",
    "/api/analytics/profit-impact/{code}",
    "/api/analytics/cross-elasticity",
    "/api/analytics/bundles",
    "/api/analytics/categories",
)


def script(api: Api) -> None:
    api.ids["token"] = 1  # only its methods are asked for
    line = {"name": "Line", "kind": "line", "members": [{"product_id": "CUP"}, {"product_id": "MUG"}]}
    api.ids["relation"] = api.post("/api/price/relations", line, role="manager")["id"]
    for path in ADDRESSES:
        api.ask("OPTIONS", path, role="admin", answer=False)
        known = api.last_headers.get("Allow", "").split(", ")
        for method in METHODS:
            if method not in known:
                api.ask(method, path, role="admin", expect=405)
        if "GET" in known:
            page = 406 if path == "/openapi.json" else 200
            api.get(
                path,
                role="admin",
                query=needed(path),
                headers={"Accept": "text/html"},
                answer=False,
                expect=page,
            )
    api.get("/docs", role="anonymous", answer=False)
    api.get("/openapi.json", role="anonymous", answer=False)


def needed(path: str) -> dict[str, str]:
    asked = {
        "/api/analytics/cross-elasticity": {"product_x": "CUP", "product_y": "MUG"},
        "/simulations/comparison": {"id": "{simulation}"},
    }
    return asked.get(path, {})
