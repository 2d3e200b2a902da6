"""/api/price/recommendations, /api/recommendations, /api/price/overrides and /api/price/prior-prices."""

from pricing.recommendation.services.categories import categories_refresh_if_outdated
from pricing.recommendation.services.offers import recommendations_update
from tests.integration.recording.asking import PAGES, Api
from tests.integration.recording.furnished import call_off_open_changes

PATH = "/api/price/recommendations"
OVERRIDES = "/api/price/overrides"
OFFERS = "/api/recommendations"
PRIOR = "/api/price/prior-prices"
WRONG = ({}, {"product_ids": []}, {"product_ids": "CUP"}, {"product_ids": [""]})


def script(api: Api) -> None:
    categories_refresh_if_outdated()
    for query in (
        {"ordering": "product"}, {"changes": "true"}, {"changes": "false", "ordering": "-stock"}, {"category": "Mugs"},
        {"grade": "A"}, {"change": "raise"}, {"change": "lower"}, {"risk": "high"}, {"segment": "Champion"},
        {"reason": "NO_PRICE"}, {"limit": 1, "offset": 1},
    ):  # fmt: skip
        api.get(PATH, query=query)
    wrong = (
        *PAGES,
        {"grade": "Z"},
        {"change": "up"},
        {"risk": "none"},
        {"segment": "Kings"},
        {"changes": "some"},
    )
    api.refused("GET", PATH, role="viewer", queries=wrong)
    body = {"product_ids": ["CUP", "MUG", "BOWL"]}
    api.refused("POST", f"{PATH}/totals", role="viewer", body=body, bodies=WRONG)
    api.post(f"{PATH}/totals", body, role="viewer")
    api.refused("POST", f"{PATH}/propose", role="analyst", body=body, bodies=WRONG)
    api.post(f"{PATH}/propose", body, expect=409)
    call_off_open_changes()
    offers(api)
    api.post(f"{PATH}/propose", body | {"reason": "Worth it"})
    api.get(OVERRIDES)
    api.refused("GET", OVERRIDES, role="viewer", queries=(*PAGES, {"by": "max"}))
    prior_prices(api)


def offers(api: Api) -> None:
    recommendations_update()
    for query in ({}, {"state": "open"}, {"product": "CUP"}, {"ordering": "-chance"}):
        api.get(OFFERS, query=query)
    wrong = (*PAGES, {"state": "lost"}, {"grade": "Z"}, {"evidence": "hearsay"}, {"ordering": "luck"})
    api.refused("GET", OFFERS, role="viewer", queries=wrong)
    body = {"product_ids": ["MUG", "BOWL"]}
    reason = body | {"reason": "No"}
    api.refused("POST", f"{OFFERS}/refuse", role="analyst", body=reason, bodies=(body, *WRONG[1:]))
    api.post(f"{OFFERS}/refuse", {"product_ids": ["NONE"], "reason": "No"}, expect=409)
    api.refused("POST", f"{OFFERS}/propose", role="analyst", body=body, bodies=WRONG[1:])
    api.post(f"{OFFERS}/propose", {"product_ids": ["NONE"]}, expect=409)
    api.post(f"{OFFERS}/refuse", {"product_ids": ["PLATE 1.5", "MUG"], "reason": "A brand price"}, expect=200)
    api.post(f"{OFFERS}/propose", {"product_ids": ["BOWL"], "reason": "Monday"})
    api.get(OFFERS, query={"state": "refused"})
    call_off_open_changes()


def prior_prices(api: Api) -> None:
    for query in ({}, {"product": "CUP"}, {"cut": "true"}, {"category": "Mugs"}):
        api.get(PRIOR, query=query)
    api.refused("GET", PRIOR, role="viewer", queries=(*PAGES, {"cut": "some"}))
    api.post("/api/price/changes", {"product_id": "MUG", "new_price": 6.9})
    api.get(f"{PRIOR}/proposed")
    api.refused("GET", f"{PRIOR}/proposed", role="viewer", queries=PAGES)
