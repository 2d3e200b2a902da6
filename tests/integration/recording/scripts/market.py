"""/api/market, and /api/price/dynamic."""

from tests.integration.recording.asking import DATES, PAGES, Api

PRICES = "/api/market/prices"
PRICE = "/api/market/prices/{price}"
QUALITIES = "/api/market/qualities"
QUALITY = "/api/market/qualities/{competitor}"
SEEN = {
    "product_id": "CUP", "competitor_name": "New shop", "price": 4.19, "recorded_at": "2025-04-30T15:00:00Z",
    "source": "walk",
}  # fmt: skip
WRONG = (
    {"product_id": "NO SUCH"}, {"price": 0}, {"price": "NaN"}, {"competitor_name": ""}, {"recorded_at": "soon"},
    {"recorded_at": "2031-01-01T00:00:00Z"}, {"source": "x" * 101},
)  # fmt: skip
GIVEN = {
    "base_price": 10, "current_stock": 20, "target_stock": 100, "current_demand": 30, "expected_demand": 20,
    "time_of_day": 18, "weekday": 6, "urgency": 0.5, "surge_sensitivity": 0.4, "peak_multiplier": 0.2,
    "peak_hours": [17, 18, 19], "weekday_multiplier": 0.1, "peak_weekdays": [6, 7],
}  # fmt: skip


def script(api: Api) -> None:
    position(api)
    listed(api)
    made(api)
    changed(api)
    qualities(api)
    dynamic(api)
    deleted(api)


def position(api: Api) -> None:
    path = "/api/market/competitors/{code}"
    for query in ({}, {"days": 1}, {"days": 400, "gamma": 0}, {"gamma": 2.5}, {"gamma": ""}):
        api.get(path, query=query)
    for code in ("mug", "BOWL", "PLATE%201.5", "SPOON"):
        api.get(f"/api/market/competitors/{code}")
    wrong = ({"days": 0}, {"days": 3661}, {"gamma": -1}, {"gamma": "NaN"}, {"gamma": 11})
    api.refused("GET", path, role="viewer", queries=wrong)


def listed(api: Api) -> None:
    for query in (
        {}, {"product": "cup"}, {"competitor": "Corner shop"}, {"fresh": "true"}, {"fresh": "false"},
        {"limit": 2, "offset": 1}, {"start_date": "2025-04-12", "end_date": "2025-04-28"},
        {"startDate": "2025-04-29", "endDate": "2025-04-29"}, {"product": "NO SUCH"}, {"offset": 99},
    ):  # fmt: skip
        api.get(PRICES, query=query)
    api.refused(
        "GET", PRICES, role="viewer", queries=(*PAGES, *DATES, {"fresh": "perhaps"}, {"product": "x" * 51})
    )
    api.get(PRICE)
    api.refused("GET", PRICE, role="viewer")


def made(api: Api) -> None:
    api.refused("POST", PRICES, role="analyst", body=SEEN, bodies=({}, *({**SEEN, **each} for each in WRONG)))
    api.ids["price"] = api.post(PRICES, SEEN)["id"]
    api.post(PRICES, SEEN | {"price": 4.29})
    api.post(PRICES, {"product_id": "mug", "competitor_name": "corner shop", "price": 6.5})


def changed(api: Api) -> None:
    for method in ("PUT", "PATCH"):
        api.refused(
            method, PRICE, role="analyst", body=SEEN, bodies=tuple({**SEEN, **each} for each in WRONG)
        )
    api.put(PRICE, SEEN | {"price": 4.35})
    api.put(PRICE, {"price": 4.35}, expect=400)
    api.patch(PRICE, {"price": 4.4})
    api.patch(PRICE, {})
    taken = {"competitor_name": "Corner shop", "recorded_at": "2025-04-30T09:00:00Z"}
    api.patch(PRICE, taken, expect=409)


def qualities(api: Api) -> None:
    for query in ({}, {"limit": 1}, {"limit": 1, "offset": 2}, {"offset": 99}):
        api.get(QUALITIES, query=query)
    api.refused("GET", QUALITIES, role="viewer", queries=PAGES)
    api.get(QUALITY)
    api.refused("GET", QUALITY, role="viewer")
    wrong = ({"quality": 0}, {"quality": "good"}, {"quality": 101})
    for method in ("PUT", "PATCH"):
        api.refused(method, QUALITY, role="analyst", body={"quality": 1.5}, bodies=wrong)
    api.put(QUALITY, {"quality": 1.5})
    api.put(QUALITY, {}, expect=400)
    api.patch(QUALITY, {"quality": 0.75})
    api.patch(QUALITY, {})
    api.get("/api/market/competitors/CUP")


def dynamic(api: Api) -> None:
    path = "/api/price/dynamic/{code}"
    for code in ("CUP", "mug", "PLATE%201.5", "SPOON", "BOWL"):
        api.get(f"/api/price/dynamic/{code}")
    api.refused("GET", path, role="viewer")
    wrong = (
        {"base_price": 0}, {"time_of_day": 24}, {"weekday": 0}, {"urgency": 2}, {"peak_hours": [24]},
        {"surge_sensitivity": "NaN"}, {"time": "soon"}, {"peak_hours": "noon"},
    )  # fmt: skip
    api.refused("POST", path, role="viewer", body=GIVEN, bodies=wrong)
    for body in (
        GIVEN, {}, {"base_price": 10}, {"current_stock": 5, "target_stock": 50}, {"time": "2025-05-03T18:30:00+02:00"},
        {"current_demand": 90, "expected_demand": 30}, {"current_stock": 0, "target_stock": 0},
    ):  # fmt: skip
        api.post(path, body, role="viewer")


def deleted(api: Api) -> None:
    api.refused("DELETE", PRICE, role="analyst")
    api.delete(PRICE)
    api.delete(PRICE, expect=404)
