"""/api/products."""

from tests.integration.recording.asking import PAGES, Api

ONE = "/api/products/{code}"
JAR = {
    "id": "JAR", "name": "Jar", "category": "Jars", "current_price": 5.5, "cost": 2.25, "stock_level": 7,
    "target_stock": 10, "kind": "merchandise", "is_active": True,
}  # fmt: skip
WRONG = (
    {"name": ""}, {"current_price": 0}, {"current_price": "dear"}, {"cost": -1}, {"stock_level": 1.2345},
    {"kind": "idea"}, {"is_active": "perhaps"}, {"name": "x" * 256}, {"cost": "Infinity"},
)  # fmt: skip


def script(api: Api) -> None:
    api.get("/api/overview")
    api.refused("GET", "/api/overview", role="viewer", queries=({"days": 7},))
    listed(api)
    seen(api)
    made(api)
    changed(api)
    deleted(api)


def listed(api: Api) -> None:
    path = "/api/products/list"
    for query in (
        {}, {"category": "Mugs"}, {"category": "Nothing"}, {"search": "cup"}, {"search": "PLATE", "category": "Plates"},
        {"limit": 2, "offset": 1, "ordering": "-id"}, {"offset": 99},
    ):  # fmt: skip
        api.get(path, query=query)
    for column in ("id", "name", "category", "current_price", "cost", "monthly_sales"):
        for sign in ("", "-"):
            api.get(path, query={"ordering": f"{sign}{column}", "limit": 3})
    api.refused("GET", path, role="viewer", queries=(*PAGES, {"ordering": "stock_level"}, {"search": "\x00"}))


def seen(api: Api) -> None:
    api.get(ONE)
    for query in ({"days": 1}, {"days": 10}, {"days": ""}):
        api.get("/api/products/plate%201.5", query=query)
    api.get("/api/products/POST", query={"days": 5})
    api.refused(
        "GET", ONE, role="viewer", queries=({"days": 0}, {"days": 3661}, {"days": "x"}, {"days": [1, 2]})
    )


def made(api: Api) -> None:
    path = "/api/products"
    wrong = ({}, {"id": "JAR"}, {"name": "Jar"}, *({**JAR, **each} for each in WRONG), JAR | {"id": "a" * 51})
    api.refused("POST", path, role="analyst", body=JAR, bodies=wrong)
    api.post(path, JAR)
    api.post(path, JAR, expect=409)
    api.post(path, {"id": "jar", "name": "Small jar"}, expect=409)
    api.post(path, {"id": "bare & 1.0", "name": "No more than a name"})
    api.get("/api/products/bare%20%26%201.0")
    api.post(path, {"id": "a\u200bb", "name": "With something invisible"}, expect=400)
    api.get("/api/products/a%2Fb", expect=404)
    dated(api)


def dated(api: Api) -> None:
    path, good = "/api/products/{code}/costs", {"valid_from": "2025-02-01", "cost": 1.9}
    wrong = ({}, good | {"valid_from": "2999-01-01"}, good | {"cost": -1}, good | {"cost": None})
    api.refused("POST", path, role="analyst", body=good, bodies=wrong)
    api.post(path, good)
    api.post(path, good | {"cost": 2.0})
    api.get(path)
    api.get(path, query={"limit": 1})
    api.get("/api/products/JAR/costs")
    api.get("/api/products/NO%20SUCH/costs", expect=404)


def changed(api: Api) -> None:
    full = {"id": "CUP", "name": "Cup", "category": "Cups", "current_price": 4.25, "cost": 2.0}
    for method in ("PUT", "PATCH"):
        api.refused(
            method,
            ONE,
            role="analyst",
            body=full,
            bodies=(*({**full, **each} for each in WRONG), {"id": "MUG"}),
        )
    api.put(ONE, full)
    api.put(ONE, {"name": "Cup without the rest"})
    api.put(ONE, {}, expect=400)
    api.patch(ONE, {"stock_level": 12, "unknown": 1})
    api.patch(ONE, {"current_price": None, "cost": None})
    api.patch(ONE, {})
    api.get("/api/price/changes", query={"product": "CUP", "source": "manual"})


def deleted(api: Api) -> None:
    api.refused("DELETE", ONE, role="analyst")
    for path in ("/api/products/JAR", ONE, ONE, "/api/products/BARE%20%26%201.0"):
        api.delete(path)
    api.delete("/api/products/BARE%20%26%201.0", expect=404)
    api.get(ONE, query={"days": 1})
    api.get("/api/products/list", query={"ordering": "id"})
