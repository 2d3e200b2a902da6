"""/api/experiments: plans, candidates, and an experiment from draft to rollback."""

from typing import Any

from simulations.experiments.services.running import experiments_advance
from tests.integration.recording.asking import OPENED, PAGES, Api
from tests.integration.recording.furnished import call_off_open_changes

LIST = "/api/experiments"
ONE = "/api/experiments/{experiment}"
PLAN: dict[str, Any] = {"design": "switchback", "products": ["CUP", "MUG"], "new_percent": -5, "weeks": 12}
NEW = PLAN | {"name": "Cheaper cups", "seed": "cups"}
SALE = {
    "invoice_no": "EXPERIMENT", "stock_code": "CUP", "quantity": 3, "invoice_date": f"{OPENED:%Y-%m-%d}T09:00:00Z",
    "unit_price": 4,
}  # fmt: skip
WRONG: tuple[Any, ...] = (
    {}, NEW | {"design": "persons"}, NEW | {"design": "channels"}, NEW | {"new_percent": 0}, NEW | {"new_percent": 51},
    NEW | {"weeks": 8}, NEW | {"weeks": "long"}, NEW | {"design": "clusters"}, NEW | {"products": []},
    NEW | {"products": ["NO SUCH"]}, NEW | {"category": "Mugs"}, NEW | {"washout_days": 6}, NEW | {"past_weeks": 7},
    NEW | {"elasticity": "NaN"}, NEW | {"seed": "x" * 65}, NEW | {"name": ""},
)  # fmt: skip


def script(api: Api) -> None:
    planned(api)
    candidates(api)
    made(api)
    run(api)


def planned(api: Api) -> None:
    path = "/api/experiments/plan"
    api.post(path, PLAN)
    api.post(path, PLAN | {"elasticity": -3, "old_percent": 5, "washout_days": 0})
    api.refused("POST", path, role="analyst", body=PLAN, bodies=WRONG[1:8])


def candidates(api: Api) -> None:
    path = "/api/experiments/candidates"
    for query in ({}, {"limit": 1}, {"weeks": 20, "percent": 5}):
        api.get(path, query=query)
    api.refused(
        "GET", path, role="viewer", queries=({"limit": 0}, {"weeks": 3}, {"percent": 51}, {"nonsense": 1})
    )


def made(api: Api) -> None:
    api.refused("POST", LIST, role="analyst", body=NEW, bodies=WRONG)
    api.ids["experiment"] = api.post(LIST, NEW)["id"]
    for query in (
        {}, {"status": "draft"}, {"status": "running"}, {"design": "switchback"}, {"product": "cup"}, {"product": "BOWL"},
        {"ordering": "name"}, {"ordering": "-starts_on"}, {"limit": 1, "offset": 1},
    ):  # fmt: skip
        api.get(LIST, query=query)
    api.refused("GET", LIST, role="viewer", queries=(*PAGES, {"status": "open"}, {"ordering": "size"}))
    api.get(ONE)
    api.refused("GET", ONE, role="viewer")


def run(api: Api) -> None:
    api.get(f"{ONE}/results", expect=409)
    for step in ("pause", "stop", "rollback"):
        api.post(f"{ONE}/{step}", {}, role="manager", expect=409)
    for step in ("start", "pause", "rollback"):
        api.refused("POST", f"{ONE}/{step}", role="manager")
    api.refused("POST", f"{ONE}/stop", role="manager", body={}, bodies=({"keep": "both"},))
    api.refused("GET", f"{ONE}/results", role="viewer")
    call_off_open_changes()
    api.post(f"{ONE}/start", role="manager")
    api.post(f"{ONE}/start", role="manager", expect=409)
    api.post("/api/price/changes", {"product_id": "CUP", "new_price": 4.5}, expect=400)
    api.get("/api/price/changes", query={"source": "experiment"})
    # A sale of the day, and the clock that looks at it.
    api.post("/transactions", SALE)
    experiments_advance()
    api.get(f"{ONE}/results")
    api.post(f"{ONE}/pause", role="manager")
    api.post(f"{ONE}/stop", {"keep": "new_price"}, role="manager")
    api.post(f"{ONE}/stop", {"keep": "old_price"}, role="manager", expect=409)
    api.post(f"{ONE}/rollback", role="manager")
    api.post(f"{ONE}/rollback", role="manager", expect=409)
    api.delete(ONE, expect=409)
    draft = api.post(LIST, NEW | {"name": "Never run"})["id"]
    api.ids["experiment"] = draft
    api.delete(ONE)
    api.get(ONE, expect=404)
