"""/api/analytics/cross-elasticity, /api/analytics/bundles and /api/price/bundle."""

from tests.integration.recording.asking import PAGES, Api


def script(api: Api) -> None:
    cross(api)
    suggestions(api)
    offer(api)


def cross(api: Api) -> None:
    path = "/api/analytics/cross-elasticity"
    for x, y in (("CUP", "MUG"), ("MUG", "CUP"), ("cup", "PLATE 1.5"), ("BOWL", "SPOON")):
        api.get(path, query={"product_x": x, "product_y": y})
    good = {"product_x": "CUP", "product_y": "MUG"}
    wrong = ({"product_x": ""}, {"product_y": "x" * 51}, {"product_y": "CUP"}, {"product_x": ["CUP", "BOWL"]})
    api.refused("GET", path, role="viewer", query=good, queries=wrong)
    api.get(path, expect=400)
    for code in ("NO SUCH", "POST"):
        api.get(path, query=good | {"product_y": code}, expect=404)


def suggestions(api: Api) -> None:
    path = "/api/analytics/bundles"
    for query in (
        {}, {"product": "cup"}, {"category": "Mugs"}, {"category": "Nothing"}, {"limit": 1},
        {"product": "MUG", "category": "Plates"},
    ):  # fmt: skip
        api.get(path, query=query)
    api.refused("GET", path, role="viewer", queries=(*PAGES, {"product": "x" * 51}))
    api.get(path, query={"product": "NO SUCH"}, expect=404)


def offer(api: Api) -> None:
    path = "/api/price/bundle"
    good = {"products": ["CUP", "MUG"]}
    wrong = (
        {}, {"products": []}, {"products": ["CUP"]}, {"products": ["CUP", "cup"]}, {"products": "CUP"},
        good | {"discount": 0.5}, good | {"expected_saving": -1},
        good | {"discount": 0.1, "expected_saving": 25}, {"products": ["CUP"] * 7},
    )  # fmt: skip
    api.refused("POST", path, role="viewer", body=good, bodies=wrong)
    api.post(path, {"products": ["CUP", "NO SUCH"]}, role="viewer", expect=404)
    for body in (
        good, good | {"discount": 0.2}, good | {"expected_saving": 25},
        {"products": ["CUP", "mug", "PLATE 1.5", "BOWL"]}, {"products": ["SPOON", "BOWL"], "unknown": 1},
    ):  # fmt: skip
        api.post(path, body, role="viewer")
