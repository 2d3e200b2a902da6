"""/api/price/recommend, simulate, scenarios and clearance; /api/analytics/demand-curve and profit-impact."""

from tests.integration.recording.asking import Api

CODES = ("mug", "PLATE%201.5", "SPOON", "BOWL")


def script(api: Api) -> None:
    recommended(api)
    simulated(api)
    scenarios(api)
    cleared(api)
    curve(api)
    impact(api)


def recommended(api: Api) -> None:
    path = "/api/price/recommend/{code}"
    for query in (
        {}, {"strategy": "profit"}, {"strategy": "revenue"}, {"strategy": "markup"},
        {"strategy": "target_margin", "target_margin": 0.45}, {"target_margin": 0.3}, {"demand_model": "linear"},
        {"min_price": 3.9, "max_price": 4.1}, {"max_change_percent": 3}, {"max_change_percent": 0}, {"min_price": ""},
    ):  # fmt: skip
        api.get(path, query=query)
    for code in CODES:
        api.get(f"/api/price/recommend/{code}")
    wrong = (
        {"strategy": "guess"}, {"target_margin": 1}, {"target_margin": "NaN"}, {"min_price": 0},
        {"min_price": 5, "max_price": 4}, {"max_change_percent": 101}, {"demand_model": "guess"},
    )  # fmt: skip
    api.refused("GET", path, role="viewer", queries=wrong)


def simulated(api: Api) -> None:
    path = "/api/price/simulate"
    good = {"product_id": "CUP", "new_price": 4.4}
    wrong = (
        {}, {"product_id": "CUP"}, good | {"new_price": 0}, good | {"new_price": "NaN"}, good | {"demand_factor": 101},
        good | {"cost": -1}, good | {"demand_model": "guess"},
    )  # fmt: skip
    api.refused("POST", path, role="viewer", body=good, bodies=wrong)
    api.post(path, good | {"product_id": "NO SUCH"}, role="viewer", expect=404)
    for body in (
        good, good | {"cost": 3.0, "demand_factor": 1.5}, good | {"demand_model": "linear"},
        good | {"response_factor": 0.5},
        good | {"demand_model": "constant_elasticity", "new_price": 3.5}, {"product_id": "spoon", "new_price": 1.2},
        {"product_id": "PLATE 1.5", "new_price": 10.5, "unknown": 1},
    ):  # fmt: skip
        api.post(path, body, role="viewer")


def scenarios(api: Api) -> None:
    path = "/api/price/scenarios"
    good = {"product_id": "CUP", "scenarios": [{"name": "Low", "price": 3.5}, {"name": "High", "price": 5.0}]}
    wrong = (
        {}, {"scenarios": good["scenarios"]}, good | {"scenarios": "all"}, good | {"scenarios": [{"name": "x"}]},
        good | {"scenarios": [{"name": "", "price": 1}]}, good | {"scenarios": [{"name": "x", "price": 0}]},
    )  # fmt: skip
    api.refused("POST", path, role="viewer", body=good, bodies=wrong)
    api.post(path, good | {"product_id": "NO SUCH"}, role="viewer", expect=404)
    for body in (
        good, good | {"demand_model": "linear", "cost": 2.5}, good | {"product_id": "MUG", "demand_factor": 0},
        {"product_id": "CUP"}, {"product_id": "SPOON", "scenarios": []},
    ):  # fmt: skip
        api.post(path, body, role="viewer")


def cleared(api: Api) -> None:
    path = "/api/price/clearance"
    good = {"product_id": "CUP", "end_date": "2025-08-10", "stock": 400, "minimum_price": 2.5}
    wrong = (
        {}, {"product_id": "CUP"}, good | {"end_date": "2020-01-01"}, good | {"end_date": "soon"}, good | {"stock": 0},
        good | {"minimum_price": 0}, good | {"step_days": 0}, good | {"salvage_value": -1},
        good | {"allow_below_cost": True, "minimum_price": None},
    )  # fmt: skip
    api.refused("POST", path, role="viewer", body=good, bodies=wrong)
    api.post(path, good | {"product_id": "NO SUCH"}, role="viewer", expect=404)
    for body in (
        good, good | {"stock": 4000, "step_days": 14, "salvage_value": 0.5}, good | {"product_id": "MUG"},
        good | {"product_id": "SPOON", "minimum_price": 0.5, "allow_below_cost": True},
    ):  # fmt: skip
        api.post(path, body, role="viewer")


def curve(api: Api) -> None:
    path = "/api/analytics/demand-curve/{code}"
    for query in (
        {}, {"points": 3}, {"points": 2, "min_price": 2, "max_price": 8}, {"points": 3, "demand_model": "linear"},
        {"points": 3, "max_price": 5, "demand_model": "constant_elasticity"},
    ):  # fmt: skip
        api.get(path, query=query)
    for code in CODES:
        api.get(f"/api/analytics/demand-curve/{code}", query={"points": 3})
    wrong = (
        {"points": 1},
        {"points": 501},
        {"min_price": 0},
        {"min_price": 9, "max_price": 8},
        {"demand_model": "x"},
    )
    api.refused("GET", path, role="viewer", queries=wrong)


def impact(api: Api) -> None:
    path = "/api/analytics/profit-impact/{code}"
    for query in ({}, {"new_price": 4.5}, {"new_price": 4.5, "fixed_costs": 50, "demand_model": "linear"}):
        api.get(path, query=query)
    for code in CODES:
        api.get(f"/api/analytics/profit-impact/{code}", query={"new_price": 5})
    wrong = ({"new_price": 0}, {"fixed_costs": -1}, {"new_price": "NaN"}, {"demand_model": "x"})
    api.refused("GET", path, role="viewer", queries=wrong)
