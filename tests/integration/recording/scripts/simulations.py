"""/simulate and /simulations."""

from tests.integration.recording.asking import DATES, PAGES, Api

LIST = "/simulations"
ONE = "/simulations/{simulation}"
NEW = {"name": "Dearer mugs", "description": "", "stockItemRef": "MUG", "priceRange": [0, 30, 10]}
WRONG = (
    {"name": ""}, {"name": "x" * 256}, {"priceRange": [1]}, {"priceRange": [10, 0, 1]}, {"priceRange": [0, 10, 0]},
    {"priceRange": "all"}, {"stockItemRef": "NO SUCH"}, {"priceRange": [-100, 0, 1]}, {"priceRange": [0, 900, 0.001]},
)  # fmt: skip


def script(api: Api) -> None:
    quick(api)
    listed(api)
    metrics(api)
    curve(api)
    comparison(api)
    made(api)
    changed(api)
    deleted(api)


def quick(api: Api) -> None:
    path = "/simulate"
    good = {"stock_code": "CUP", "price_change_percent": 10}
    wrong = (
        {}, good | {"price_change_percent": -100}, good | {"price_change_percent": "NaN"}, {"stock_code": "CUP"},
        good | {"demand_model": "guess"}, good | {"period": "always"}, good | {"stock_code": ""}, good | {"stock_code": ["CUP"]},
    )  # fmt: skip
    api.refused("POST", path, role="viewer", body=good, bodies=wrong)
    api.post(path, good | {"stock_code": "NO SUCH"}, role="viewer", expect=404)
    for body in (
        good, good | {"price_change_percent": -33.3}, good | {"demand_model": "linear"}, good | {"stock_code": "plate 1.5"},
        good | {"demand_model": "constant_elasticity"}, {"stock_code": "SPOON", "price_change_percent": 0},
        good | {"period": "next_30_days"}, good | {"period": "all_sales"},
    ):  # fmt: skip
        api.post(path, body, role="viewer")


def listed(api: Api) -> None:
    api.post(LIST, NEW)
    for query in ({}, {"limit": 1}, {"limit": 1, "offset": 1}, {"offset": 99}):
        api.get(LIST, query=query)
    api.refused("GET", LIST, role="viewer", queries=PAGES)
    api.get(ONE)
    api.refused("GET", ONE, role="viewer")


def metrics(api: Api) -> None:
    path = f"{ONE}/metrics"
    for query in (
        {}, {"price_change_percent": -10}, {"price_change_percent": 15, "demand_model": "linear"},
        {"start_date": "2025-02-01", "end_date": "2025-03-01"}, {"startDate": "2025-02-01", "endDate": "2025-03-01"},
        {"demand_model": "constant_elasticity", "price_change_percent": 5},
    ):  # fmt: skip
        api.get(path, query=query)
    wrong = (
        *DATES,
        {"price_change_percent": -100},
        {"price_change_percent": "NaN"},
        {"demand_model": "guess"},
    )
    api.refused("GET", path, role="viewer", queries=wrong)


def curve(api: Api) -> None:
    path = f"{ONE}/curve"
    for query in ({}, {"demand_model": "linear"}, {"startDate": "2025-02-01", "endDate": "2025-03-01"}):
        api.get(path, query=query)
    api.refused("GET", path, role="viewer", queries=(*DATES, {"demand_model": "guess"}))


def comparison(api: Api) -> None:
    path = f"{LIST}/comparison"
    for query in ({"id": "{simulation}"}, {"id": "{simulation}", "price_change_percent": 5}):
        api.get(path, query=query)
    wrong = ({}, {"id": "x"}, {"id": "{simulation}", "price_change_percent": -100})
    api.refused("GET", path, role="viewer", queries=wrong)


def made(api: Api) -> None:
    api.refused("POST", LIST, role="analyst", body=NEW, bodies=({}, *({**NEW, **each} for each in WRONG)))
    api.ids["simulation"] = api.post(LIST, NEW)["simulationId"]
    api.post(LIST, NEW)
    draft = {"name": "Draft", "priceRange": [0, 10, 1], "unknown": 1}
    api.ids["simulation"] = api.post(LIST, draft)["simulationId"]
    api.post(LIST, draft | {"description": None}, expect=201)
    api.get(f"{ONE}/metrics")
    api.get(f"{ONE}/curve")


def changed(api: Api) -> None:
    api.refused("PUT", ONE, role="analyst", body=NEW, bodies=WRONG)
    for body in (
        {"name": "Another name"},
        {"stockItemRef": "PLATE 1.5"},
        {"priceRange": [-10, 10, 2.5]},
        {},
        NEW,
    ):
        api.put(ONE, body)
    api.get(f"{ONE}/metrics")


def deleted(api: Api) -> None:
    api.refused("DELETE", ONE, role="analyst")
    api.delete(ONE)
    api.delete(ONE, expect=404)
    api.get(f"{ONE}/curve", expect=404)
