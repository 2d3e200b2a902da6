"""/api/price/policies."""

from tests.integration.recording.asking import PAGES, Api

POLICIES = "/api/price/policies"
ONE = "/api/price/policies/{policy}"
EFFECTIVE = "/api/price/policies/effective/{code}"
POLICY = {
    "product_id": "MUG", "strategy": "target_margin", "demand_model": "linear", "target_margin": 0.4,
    "minimum_margin": 0.2, "max_change": 0.1, "min_price": 5.0, "max_price": 9.0, "competitor_floor": 0.8,
    "competitor_ceiling": 1.2, "competitor_days": 14, "endings": "99", "cooldown_days": 3, "self_approval": True,
}  # fmt: skip
WRONG = (
    {"strategy": "guess"}, {"target_margin": 1.5}, {"min_price": 9.0, "max_price": 5.0}, {"max_change": "NaN"},
    {"endings": "abc"}, {"competitor_days": 0}, {"product_id": "NO SUCH"}, {"category": "Mugs"}, {"markup": -1},
)  # fmt: skip


def script(api: Api) -> None:
    listed(api)
    effective(api)
    made(api)
    changed(api)
    deleted(api)
    relations(api)


def listed(api: Api) -> None:
    for query in (
        {}, {"category": "Mugs"}, {"product_id": "CUP"}, {"product_id": "cup"}, {"product_id": "BOWL"},
        {"category": "Nothing"}, {"limit": 1, "offset": 1}, {"offset": 99},
    ):  # fmt: skip
        api.get(POLICIES, query=query)
    api.refused(
        "GET", POLICIES, role="viewer", queries=(*PAGES, {"product_id": "\x00"}, {"product_id": "x" * 51})
    )
    api.get(ONE)
    api.refused("GET", ONE, role="viewer")


def effective(api: Api) -> None:
    for code in ("CUP", "mug", "PLATE%201.5", "SPOON"):
        api.get(f"{POLICIES}/effective/{code}")
    api.refused("GET", EFFECTIVE, role="viewer")


def made(api: Api) -> None:
    wrong = tuple({**POLICY, **each} for each in WRONG)
    api.refused("POST", POLICIES, role="manager", body=POLICY, bodies=wrong)
    api.ids["policy"] = api.post(POLICIES, POLICY, role="manager")["id"]
    api.post(POLICIES, POLICY, role="manager", expect=409)
    api.post(POLICIES, {}, role="manager", expect=409)
    api.post(POLICIES, {"category": "Plates", "strategy": None}, role="manager")
    api.get(f"{POLICIES}/effective/MUG")


def changed(api: Api) -> None:
    for method in ("PUT", "PATCH"):
        wrong = tuple({**POLICY, **each} for each in WRONG)
        api.refused(method, ONE, role="manager", body=POLICY, bodies=wrong)
    api.patch(ONE, {"max_change": 0.05, "endings": "any"}, role="manager")
    api.patch(ONE, {"strategy": None, "min_price": None}, role="manager")
    api.patch(ONE, {"min_price": 20}, role="manager", expect=400)
    api.put(ONE, POLICY | {"strategy": "markup", "markup": 0.5}, role="manager")
    api.put(ONE, {"product_id": "MUG"}, role="manager")
    api.patch(ONE, {}, role="manager")
    api.patch(ONE, {"product_id": "CUP"}, role="manager", expect=409)


def deleted(api: Api) -> None:
    api.refused("DELETE", ONE, role="manager")
    api.delete(ONE, role="manager")
    api.delete(ONE, role="manager", expect=404)
    api.get(POLICIES)


def relations(api: Api) -> None:
    path, one = "/api/price/relations", "/api/price/relations/{relation}"
    members = [{"product_id": "CUP", "size": 1}, {"product_id": "MUG", "size": 2.5}]
    body = {"name": "Packs", "kind": "sizes", "members": members}
    wrong = tuple(
        body | each
        for each in (
            {"kind": "guess"}, {"members": members[:1]}, {"members": [members[0]] * 2}, {"gap_percent": 5}, {"kind": "line"},
            {"members": [{"product_id": "CUP"}, {"product_id": "MUG"}]},
            {"members": [members[0], {"product_id": "NONE", "size": 3}]},
        )
    )  # fmt: skip
    api.refused("POST", path, role="manager", body=body, bodies=wrong)
    api.ids["relation"] = api.post(path, body, role="manager")["id"]
    api.post(path, body, role="manager", expect=400)
    for query in ({}, {"product_id": "mug"}, {"kind": "line"}):
        api.get(path, query=query)
    api.refused("GET", path, role="viewer", queries=(*PAGES, {"kind": "guess"}))
    api.get(one)
    api.get("/api/price/recommend/CUP")
    for method in ("PUT", "PATCH"):
        api.refused(method, one, role="manager", body=body, bodies=wrong[:3])
    steps = {"name": "Good, better", "kind": "steps", "gap_percent": 10}
    api.put(one, steps | {"members": [{"product_id": "CUP"}, {"product_id": "MUG"}]}, role="manager")
    api.patch(one, {"gap_percent": 20}, role="manager")
    api.refused("DELETE", one, role="manager")
    api.delete(one, role="manager")
    api.get(one, expect=404)
