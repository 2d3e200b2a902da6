"""/dashboard, /stock-items, /segments/customers, /segments/moves and /elasticity/segments."""

from tests.integration.recording.asking import DATES, PAGES, Api

RANGES: tuple[dict[str, str], ...] = (
    {},
    {"start_date": "2025-02-01", "end_date": "2025-02-14"},
    {"startDate": "2025-02-01", "endDate": "2025-02-14"},
    {"start_date": "2025-04-27"},
    {"end_date": "2025-01-03", "start_date": ""},
    {"start_date": "2030-01-01", "end_date": "2030-01-03"},
)
COLUMNS = (
    "customer_id",
    "recency",
    "frequency",
    "monetary",
    "r_score",
    "f_score",
    "m_score",
    "segment",
    "country",
)


def script(api: Api) -> None:
    for path in ("/dashboard/kpis", "/dashboard/segments", "/dashboard/trends"):
        for query in RANGES:
            api.get(path, query=query)
        api.refused("GET", path, role="viewer", queries=DATES)
    items(api)
    item(api)
    customers(api)
    buyers(api)
    moves(api)
    forecasts(api)
    elasticities(api)


def items(api: Api) -> None:
    path = "/stock-items"
    for query in RANGES:
        api.get(path, query=query)
    for order in ("quantity_asc", "quantity_desc", "revenue_asc", "revenue_desc"):
        api.get(path, query={"sort_by": order, "limit": 2})
    for query in (
        {"query": "cup"}, {"query": "1.5", "start_date": "2025-02-01"}, {"query": "nothing"}, {"limit": 1, "offset": 2},
        {"segment_filter": "Champion"}, {"segment_filter": "Unknown"}, {"segment_filter": "LoyalCustomers", "limit": 1},
        {"offset": 99},
    ):  # fmt: skip
        api.get(path, query=query)
    wrong = (*PAGES, *DATES, {"sort_by": "price"}, {"segment_filter": "Nobody"}, {"query": "\x00"})
    api.refused("GET", path, role="viewer", queries=wrong)


def item(api: Api) -> None:
    path = "/stock-items/{code}"
    for query in RANGES:
        api.get(path, query=query)
    for code in ("mug", "PLATE%201.5", "SPOON"):
        api.get(f"/stock-items/{code}")
    api.refused("GET", path, role="viewer", queries=DATES)
    api.get("/stock-items/POST", expect=404)


def buyers(api: Api) -> None:
    for code in ("CUP", "plate%201.5", "POST"):
        api.get(f"/segments/buyers/{code}")
    api.get("/segments/buyers/NONE", expect=404)
    api.refused("GET", "/segments/buyers/{code}", role="viewer", queries=({"days": 1},))


def customers(api: Api) -> None:
    path = "/segments/customers"
    api.get(path)
    for column in COLUMNS:
        for sign in ("", "-"):
            api.get(path, query={"ordering": f"{sign}{column}", "limit": 2})
    for query in (
        {"segment": "Champion"}, {"segment": "Lost", "limit": 1}, {"limit": 3, "offset": 5}, {"offset": 99},
        {"format": "csv"}, {"format": "csv", "segment": "Champion", "ordering": "-monetary"},
        {"format": "csv", "limit": 2, "offset": 1}, {"format": "json", "limit": 1},
    ):  # fmt: skip
        api.get(path, query=query)
    api.get(path, headers={"Accept": "text/csv"})
    wrong = (
        *PAGES,
        {"segment": "Nobody"},
        {"ordering": "name"},
        {"format": "xml"},
        {"format": "csv", "limit": 0},
    )
    api.refused("GET", path, role="viewer", queries=wrong)
    for query in ({"query": "1"}, {"country": "Germany"}, {"country": "Nowhere"}):
        api.get(path, query=query)
    api.get(f"{path}/{{customer}}")
    api.refused("GET", f"{path}/{{customer}}", role="viewer")
    api.get(f"{path}/nobody", expect=404)


def moves(api: Api) -> None:
    path = "/segments/moves"
    for query in RANGES:
        api.get(path, query=query)
    api.refused("GET", path, role="viewer", queries=DATES)


def forecasts(api: Api) -> None:
    path = "/segments/forecasts"
    for query in (
        {},
        {"at_risk": "true"},
        {"query": "1", "ordering": "-alive", "limit": 2},
        {"format": "csv", "limit": 2},
    ):
        api.get(path, query=query)
    api.refused("GET", path, role="viewer", queries=(*PAGES, {"at_risk": "perhaps"}, {"ordering": "name"}))
    api.get("/segments/forecast-model")
    api.refused("GET", "/segments/forecast-model", role="viewer", queries=({"days": 1},))


def elasticities(api: Api) -> None:
    path = "/elasticity/segments"
    for query in RANGES:
        api.get(path, query=query)
    for query in (
        {"segment": "Champion"}, {"segment": "Champion", "start_date": "2025-02-01"}, {"segment": "Lost"},
        {"stock_codes": ["CUP", "MUG"]}, {"segment": "Champion", "stock_codes": "CUP"}, {"limit": 2, "offset": 1},
        {"segment": "Champion", "limit": 1, "offset": 1},
    ):  # fmt: skip
        api.get(path, query=query)
    api.refused("GET", path, role="viewer", queries=(*PAGES, *DATES, {"segment": "Nobody"}))
