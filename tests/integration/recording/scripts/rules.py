"""/api/price/rules, their runs, and /api/price/kill-switch."""

from tests.integration.recording.asking import PAGES, Api

RULES = "/api/price/rules"
RULE = "/api/price/rules/{rule}"
RUNS = "/api/price/rules/{rule}/runs"
RUN = "/api/price/rules/{rule}/runs/{run}"
SWITCH = "/api/price/kill-switch"
NEW = {
    "name": "Follow the corner shop", "scope": "category", "category": "Mugs", "action": "undercut", "amount": 0.05,
    "reference": "lowest", "priority": 20, "hours": [9, 8], "weekdays": [1, 2], "max_change_percent": 10,
    "run_hours": [6], "every_hours": 6, "canary_percent": 50, "min_price": 2, "max_price": 20,
}  # fmt: skip
APPLIES = {
    "name": "Five percent on", "action": "factor", "percent": 5, "may_apply": True, "products": ["CUP", "MUG", "BOWL"],
    "scope": "products",
}  # fmt: skip
WRONG = (
    {"name": ""}, {"action": "guess"}, {"percent": "NaN"}, {"products": ["NO SUCH"]}, {"priority": 0},
    {"hours": [24]}, {"weekdays": [0]}, {"canary_percent": 0}, {"min_price": 9, "max_price": 1},
    {"scope": "category", "category": ""}, {"amount": None, "percent": None}, {"every_hours": 169},
    {"reference": "highest"}, {"enabled": "perhaps"}, {"dead_band_percent": 0}, {"hold_hours": 721},
    {"climbs": True, "reference": "mean"},
)  # fmt: skip


def script(api: Api) -> None:
    listed(api)
    runs(api)
    made(api)
    run(api)
    switch(api)
    calm(api)
    changed(api)
    deleted(api)


def listed(api: Api) -> None:
    for query in (
        {}, {"enabled": "true"}, {"enabled": "false"}, {"action": "factor"}, {"action": "match"}, {"limit": 1, "offset": 1},
    ):  # fmt: skip
        api.get(RULES, query=query)
    api.refused("GET", RULES, role="viewer", queries=(*PAGES, {"enabled": "perhaps"}, {"action": "guess"}))
    api.get(RULE)
    api.refused("GET", RULE, role="viewer")


def runs(api: Api) -> None:
    for query in ({}, {"limit": 1}, {"offset": 9}, {"dry_run": "true"}, {"finished": "false"}):
        api.get(RUNS, query=query)
    api.refused("GET", RUNS, role="viewer", queries=(*PAGES, {"finished": "perhaps"}))
    for query in (
        {},
        {"outcome": "would_change"},
        {"outcome": "held_back"},
        {"limit": 1, "offset": 1},
        {"offset": 9},
    ):
        api.get(RUN, query=query)
    api.refused("GET", RUN, role="viewer", queries=(*PAGES, {"outcome": "luck"}))


def made(api: Api) -> None:
    api.refused("POST", RULES, role="manager", body=NEW, bodies=({}, *({**NEW, **each} for each in WRONG)))
    api.post(RULES, NEW, role="manager")
    api.post(RULES, NEW, role="manager", expect=400)
    api.post(
        RULES,
        NEW | {"name": "Between", "action": "bounds", "reference": None, "amount": None},
        role="manager",
    )
    api.post(RULES, {"name": "As it comes", "action": "dynamic"}, role="manager")
    api.post(
        RULES,
        {"name": "As they ask", "action": "match", "reference": "mean", "enabled": False},
        role="manager",
    )
    api.ids["rule"] = api.post(RULES, APPLIES, role="manager")["id"]
    api.get(RULES)


def run(api: Api) -> None:
    path = "/api/price/rules/{rule}/run"
    api.refused("POST", path, role="manager", queries=({"dry_run": "perhaps"},))
    for query in ({"dry_run": "true"}, {"dry_run": "false"}, {}):
        api.ids["job"] = api.post(path, role="manager", query=query)["id"]
        api.get("/api/jobs/{job}")
        api.ids["run"] = api.get(RUNS, query={"limit": 1})["items"][0]["id"]
        api.get(RUN)
    for outcome in ("applied", "proposed"):
        api.get(RUN, query={"outcome": outcome})
    api.get("/api/price/changes", query={"source": "rule"})
    api.get("/api/alerts")


def switch(api: Api) -> None:
    api.get(SWITCH)
    api.refused("GET", SWITCH, role="viewer")
    wrong = ({}, {"on": "perhaps"}, {"on": True, "reason": "x" * 256})
    api.refused("PUT", SWITCH, role="manager", body={"on": True}, bodies=wrong)
    for body in ({"on": True, "reason": "Stocktaking"}, {"on": True}):
        api.put(SWITCH, body, role="manager")
    api.get(SWITCH)
    api.post("/api/price/rules/{rule}/run", role="manager")
    api.get(RUNS, query={"limit": 1})
    api.put(SWITCH, {"on": False, "reason": "Done"}, role="manager")


def calm(api: Api) -> None:
    pauses, resume, duel = f"{RULE}/pauses", f"{RULE}/resume", f"{RULE}/duel"
    api.get(pauses)
    api.refused("GET", pauses, role="viewer", queries=(*PAGES, {"resumed": "perhaps"}))
    api.refused("POST", resume, role="manager", body={}, bodies=({"products": "CUP"},))
    api.post(resume, {}, role="manager")
    api.get(duel, query={"product": "CUP"}, expect=409)
    calm_rule = {"name": "Climb", "action": "undercut", "reference": "lowest", "percent": 1, "climbs": True}
    made = api.post(RULES, calm_rule | {"dead_band_percent": 0.5, "hold_hours": 12}, role="manager")["id"]
    other, api.ids["rule"] = api.ids["rule"], made
    wrong = ({"product": ""}, {"reaction": "guess"}, {"runs": 1001}, {"every": 0}, {"competitor_price": 0})
    api.refused("GET", duel, role="viewer", query={"product": "CUP"}, queries=wrong)
    api.get(duel, query={"product": "CUP", "runs": 4, "competitor_price": 3.9})
    api.get(
        duel,
        query={"product": "CUP", "runs": 3, "reaction": "match", "gives_up": "true", "competitor_floor": 3.5},
    )
    api.ids["rule"] = other


def changed(api: Api) -> None:
    for method in ("PUT", "PATCH"):
        api.refused(method, RULE, role="manager", body=NEW, bodies=tuple({**NEW, **each} for each in WRONG))
    api.patch(RULE, {"percent": -5, "enabled": False}, role="manager")
    api.patch(RULE, {"hours": [], "max_day_percent": 3.5, "returns": True}, role="manager")
    api.patch(RULE, {}, role="manager")
    api.put(RULE, {"name": "Put anew", "action": "factor", "percent": 2}, role="manager")
    api.patch(RULE, {"name": NEW["name"]}, role="manager", expect=400)


def deleted(api: Api) -> None:
    api.refused("DELETE", RULE, role="manager")
    api.delete(RULE, role="manager")
    api.delete(RULE, role="manager", expect=404)
    api.get(RUNS, expect=404)
