"""/api/price/changes and /api/price/calibration."""

from typing import Any

from tests.integration.recording.asking import DATES, PAGES, Api
from tests.integration.recording.furnished import call_off_open_changes

CHANGES = "/api/price/changes"
ONE = "/api/price/changes/{change}"
BATCH = "/api/price/changes/batch/{batch}"
PROPOSAL = {
    "product_id": "BOWL",
    "new_price": 7.6,
    "reason": "Dearer clay",
    "scheduled_for": "2025-06-01T08:00:00Z",
}


def script(api: Api) -> None:
    listed(api)
    outcomes(api)
    proposed(api)
    for path, name in ((ONE, "change"), (BATCH, "batch")):
        decided(api, path, name)
    api.get(CHANGES, query={"limit": 5})


def listed(api: Api) -> None:
    api.get(CHANGES)
    for column in ("created_at", "product_id", "new_price", "scheduled_for", "changed_at"):
        for sign in ("", "-"):
            api.get(CHANGES, query={"ordering": f"{sign}{column}", "limit": 1})
    for query in (
        {"status": "applied"}, {"status": "proposed", "product": "CUP"}, {"source": "proposal", "limit": 1, "offset": 2},
        {"source": "rule"}, {"batch": "{batch}"}, {"product": "cup"}, {"product": "NO SUCH"}, {"offset": 99},
        {"start_date": "2025-05-01", "end_date": "2025-05-01", "limit": 1}, {"endDate": "2025-04-30"},
        {"startDate": "2025-05-02"},
    ):  # fmt: skip
        api.get(CHANGES, query=query)
    wrong = (*PAGES, *DATES, {"status": "old"}, {"source": "luck"}, {"batch": "7"}, {"ordering": "id"})
    api.refused("GET", CHANGES, role="viewer", queries=wrong)
    api.get(ONE)
    api.refused("GET", ONE, role="viewer")


def outcomes(api: Api) -> None:
    for change in reversed(api.get(CHANGES)["items"]):
        api.ids["change"] = change["id"]
        sold = change["status"] in ("applied", "rolled_back")
        api.get(f"{ONE}/outcome", expect=200 if sold else 409)
    api.refused("GET", f"{ONE}/outcome", role="viewer")
    path = "/api/price/calibration"
    for query in (
        {},
        {"source": "proposal"},
        {"start_date": "2025-05-01"},
        {"startDate": "2025-01-01", "endDate": ""},
    ):
        api.get(path, query=query)
    api.refused("GET", path, role="viewer", queries=(*DATES, {"source": "luck"}))


def proposed(api: Api) -> None:
    many = [{"product_id": "CUP", "new_price": 4.1}, {"product_id": "NONE", "new_price": 1}]
    wrong = (
        {}, {"product_id": "BOWL"}, {"new_price": 7}, PROPOSAL | {"new_price": 0}, PROPOSAL | {"new_price": "NaN"},
        PROPOSAL | {"product_id": "POST"}, PROPOSAL | {"scheduled_for": "2020-01-01T00:00:00Z"},
        PROPOSAL | {"scheduled_for": "2027-01-01T00:00:00Z"}, PROPOSAL | {"changes": many},
        {"changes": []}, {"changes": many}, {"changes": [many[0], many[0]]}, {"changes": [{"product_id": "CUP"}]},
        PROPOSAL | {"reason": "x" * 256},
    )  # fmt: skip
    api.refused("POST", CHANGES, role="analyst", body=PROPOSAL, bodies=wrong)
    api.post(CHANGES, PROPOSAL | {"product_id": "NO SUCH"}, expect=404)
    call_off_open_changes()
    api.post(CHANGES, PROPOSAL)
    api.post(CHANGES, PROPOSAL, expect=409)
    api.post(CHANGES, {"product_id": "CUP", "new_price": 4.25})


def new(api: Api, name: str, by: str = "analyst") -> None:
    call_off_open_changes()
    row = {"product_id": "CUP", "new_price": 4.4}
    if name == "change":
        api.ids[name] = api.post(CHANGES, row, role=by)["items"][0]["id"]
    else:
        rows = [row, {"product_id": "PLATE 1.5", "new_price": 10.99, "reason": "Round"}]
        api.ids[name] = api.post(CHANGES, {"changes": rows}, role=by)["batch"]


def decided(api: Api, path: str, name: str) -> None:
    new(api, name, by="manager")
    api.post(f"{path}/approve", {}, role="manager", expect=403)
    api.post(f"{path}/approve", {}, role="admin")
    new(api, name)
    bodies: dict[str, tuple[Any, ...]] = {
        "approve": ({"scheduled_for": "soon"}, {"scheduled_for": "2020-01-01T00:00:00Z"}),
        "reject": ({"note": "x" * 256},),
        "rollback": ({"note": ["why"]},),
    }
    for step, wrong in bodies.items():
        api.refused("POST", f"{path}/{step}", role="manager", body={}, bodies=wrong)
    api.refused("POST", f"{path}/apply", role="manager")
    walk(api, path, "apply", 409, "rollback", 409, "approve", 200, "approve", 409, "rollback", 409, "apply", 200,
         "apply", 409, "approve", 409, "reject", 409, "rollback", 200, "rollback", 409)  # fmt: skip
    new(api, name)
    walk(api, path, "reject", 200, "reject", 409, "approve", 409, "apply", 409)
    new(api, name)
    api.post(f"{path}/approve", {"scheduled_for": "2025-05-20T08:00:00+02:00"}, role="manager")
    walk(api, path, "reject", 200)


def walk(api: Api, path: str, *steps: Any) -> None:
    """Take one step after the other: its name, and the status that it is answered with."""
    for step, expect in zip(steps[::2], steps[1::2], strict=True):
        body = {"note": "As agreed"} if step in ("reject", "rollback") else {}
        api.post(f"{path}/{step}", body, role="manager", expect=expect)
