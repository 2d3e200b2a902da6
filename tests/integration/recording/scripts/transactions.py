"""/transactions, one by one and in batches."""

from tests.integration.recording.asking import DATES, Api

LINES = "/transactions"
LINE = "/transactions/{transaction}"
SALE = {
    "invoice_no": "9001", "stock_code": "CUP", "description": "Café cup", "quantity": 3,
    "invoice_date": "2025-04-30T12:00:00Z", "unit_price": 4.0, "customer_id": "17001", "country": "France",
}  # fmt: skip
WRONG = (
    {}, SALE | {"quantity": "many"}, SALE | {"quantity": 0}, SALE | {"unit_price": "NaN"},
    SALE | {"invoice_date": "soon"}, SALE | {"invoice_date": "2031-01-01T00:00:00Z"}, SALE | {"stock_code": ""},
    SALE | {"invoice_no": "x" * 65}, SALE | {"country": "\x00"},
)  # fmt: skip


def script(api: Api) -> None:
    listed(api)
    made(api)
    batches(api)
    one(api)
    all_deleted(api)


def listed(api: Api) -> None:
    for query in (
        {}, {"page": 2, "page_size": 3}, {"page": 999, "page_size": 100}, {"stock_code": "MUG", "page_size": 3},
        {"country": "France", "page_size": 2}, {"customer_id": "17001", "page_size": 2},
        {"channel": "North"},
        {"start_date": "2025-04-01", "end_date": "2025-04-02"}, {"startDate": "2025-04-01", "endDate": "2025-04-02"},
        {"stock_code": "mug", "country": "France", "start_date": "2025-04-20"}, {"country": "Atlantis"},
    ):  # fmt: skip
        api.get(LINES, query=query)
    wrong = (
        *DATES,
        {"page": 0},
        {"page": "x"},
        {"page_size": 0},
        {"page_size": 1001},
        {"limit": 1},
        {"ordering": "id"},
    )
    api.refused("GET", LINES, role="viewer", queries=wrong)


def made(api: Api) -> None:
    api.refused("POST", LINES, role="analyst", body=SALE, bodies=WRONG)
    api.ids["transaction"] = api.post(LINES, SALE)["id"]
    api.post(LINES, SALE)
    api.post(
        LINES,
        SALE | {"stock_code": "new code", "description": "Something new", "extra": 1, "customer_id": None},
    )
    api.get("/stock-items/CUP")


def batches(api: Api) -> None:
    path = "/transactions/batch"
    good = {"transactions": [SALE, SALE | {"invoice_no": "9002", "quantity": -1}]}
    wrong = (
        {},
        {"transactions": []},
        {"transactions": [SALE, SALE | {"quantity": "x"}]},
        {"transactions": "all"},
    )
    api.refused("POST", path, role="analyst", body=good, bodies=wrong)
    api.post(path, good)
    api.post(path, good)


def one(api: Api) -> None:
    api.get(LINE)
    api.refused("GET", LINE, role="viewer")
    api.refused(
        "PUT", LINE, role="analyst", body={"quantity": 5}, bodies=({"quantity": "x"}, {"invoice_date": 5})
    )
    api.put(LINE, {"quantity": 5})
    api.put(LINE, SALE | {"stock_code": "MUG", "unit_price": 6.123})
    api.put(LINE, {})
    api.get(LINE)
    api.refused("DELETE", LINE, role="analyst")
    api.delete(LINE)
    api.delete(LINE, expect=404)
    api.get(LINE, expect=404)


def all_deleted(api: Api) -> None:
    api.refused("DELETE", LINES, role="admin", query={"confirm": "true"}, queries=({"confirm": "perhaps"},))
    api.delete(LINES, role="admin", expect=400)
    api.delete(LINES, role="admin", query={"confirm": "false"}, expect=400)
    api.delete(LINES, role="admin", query={"confirm": "true"})
    api.delete(LINES, role="admin", query={"confirm": "true"})
    for path in (
        LINES,
        "/elasticity",
        "/dashboard/kpis",
        "/api/products/list",
        "/health",
    ):
        api.get(path)
