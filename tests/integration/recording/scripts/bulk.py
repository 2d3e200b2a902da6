"""/api/price/optimize-bulk, its results and proposals, and /api/analytics/categories."""

from typing import Any

from tests.integration.recording.asking import Api
from tests.integration.recording.furnished import call_off_open_changes

PATH = "/api/price/optimize-bulk"
RESULT = "/api/jobs/{job}/result.csv"
PROPOSE = "/api/jobs/{job}/propose"
ASKED: tuple[dict[str, Any], ...] = (
    {"category": "Mugs"},
    {"filter": {"search": "plate", "has_stock": False}},
    {"filter": {"min_price": 4, "max_price": 9, "grades": ["A", "B", "C", "D"]}, "strategy": "revenue"},
    {"product_ids": ["cup", "PLATE 1.5"], "strategy": "target_margin", "constraints": {"target_margin": 0.5}},
    {"product_ids": ["CUP", "MUG"], "demand_model": "linear", "constraints": {"max_change_percent": 5}},
    {"product_ids": ["CUP", "MUG"], "joint": True},
)
WRONG: tuple[Any, ...] = (
    {}, {"product_ids": []}, {"product_ids": ["NO SUCH"]}, {"product_ids": ["POST"]}, {"category": "Nothing"},
    {"category": "Mugs", "product_ids": ["CUP"]}, {"category": "Mugs", "strategy": "guess"},
    {"category": "Mugs", "constraints": {"min_price": 9, "max_price": 1}},
    {"category": "Mugs", "constraints": {"target_margin": 2}}, {"filter": {"grades": ["Z"]}},
    {"category": "Mugs", "joint": "perhaps"},
)  # fmt: skip


def script(api: Api) -> None:
    api.get("/api/jobs/{job}")
    results(api)
    proposals(api)
    api.refused("POST", PATH, role="analyst", body={"category": "Mugs"}, bodies=WRONG)
    for body in ASKED:
        api.ids["job"] = api.post(PATH, body)["id"]
        api.get("/api/jobs/{job}")
    api.get(RESULT)
    categories(api)


def results(api: Api) -> None:
    api.get(RESULT)
    api.get(RESULT, headers={"Accept": "application/json"})
    api.refused("GET", RESULT, role="viewer")


def proposals(api: Api) -> None:
    api.refused("POST", PROPOSE, role="analyst", body={}, bodies=({"reason": "x" * 256}, {"reason": ["why"]}))
    call_off_open_changes()
    api.post(PROPOSE, {"reason": "Summer"})
    api.post(PROPOSE, {"reason": "Summer again"})
    api.get("/api/price/changes", query={"source": "recommendation"})


def categories(api: Api) -> None:
    path = "/api/analytics/categories"
    api.get(path)
    api.refused("GET", path, role="viewer")
