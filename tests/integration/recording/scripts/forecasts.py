"""/api/forecast and /api/insights."""

from tests.integration.recording.asking import Api

METHODS = ("auto", "lines", "weekday_ses", "ses", "linear", "seasonal", "holt_winters")


def script(api: Api) -> None:
    demand(api)
    insights(api)


def demand(api: Api) -> None:
    path = "/api/forecast/demand/{code}"
    api.get(path)
    for method in METHODS:
        api.get(path, query={"method": method, "periods": 3})
    for query in (
        {"periods": 1}, {"periods": 7, "price": 4.5}, {"periods": 2, "price": 3.5, "demand_model": "linear"},
        {"periods": 2, "price": 3.5, "demand_model": "constant_elasticity"}, {"periods": 2, "price": ""},
    ):  # fmt: skip
        api.get(path, query=query)
    for code in ("mug", "PLATE%201.5", "SPOON"):
        api.get(f"/api/forecast/demand/{code}", query={"periods": 2})
    wrong = (
        {"periods": 0}, {"periods": 366}, {"periods": "many"}, {"method": "guess"}, {"price": 0}, {"price": "NaN"},
        {"demand_model": "guess"},
    )  # fmt: skip
    api.refused("GET", path, role="viewer", queries=wrong)


def insights(api: Api) -> None:
    path = "/api/insights/{code}"
    api.get(path)
    for code in ("mug", "PLATE%201.5", "SPOON", "BOWL"):
        api.get(f"/api/insights/{code}")
    api.refused("GET", path, role="viewer")
