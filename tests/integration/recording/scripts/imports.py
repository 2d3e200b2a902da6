"""Files of sales, products and competitors' prices, and what becomes of them."""

from tests.integration.recording.asking import PAGES, Api

SALES = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
3001,CUP,Café cup,3,2025-04-20 10:00,4.00,17001,France
3002,MUG,Mug,2,2025-04-21 11:00,6.75,17002,United Kingdom
3003,MUG,Mug,many,2025-04-21 11:00,6.75,17002,United Kingdom
3004,,Mug,1,2025-04-21 11:00,6.75,17002,United Kingdom
3005,CUP,Café cup,1,2031-04-21 11:00,4.00,17002,United Kingdom
"""
PRODUCTS = "id,name,category,current_price,cost\nJAR,Jar,Jars,5.00,2.00\nCUP,Café cup,Cups,4.00,2.20\n,Nameless,,1,1\n"
PRICES = "product_id,competitor_name,price,recorded_at\nCUP,Corner shop,3.70,2025-04-30 08:00\nNONE,Corner shop,1,2025-04-30\n"
BROKEN = {"file": ["broken.csv", "nothing,to,see\n1,2,3\n"]}
IMPORTS = "/transactions/imports"
IMPORT = "/transactions/imports/{import}"


def script(api: Api) -> None:
    for path, file, again in (
        ("/transactions/import", ["sales.csv", SALES], 409),
        ("/api/products/import", ["products.csv", PRODUCTS], 202),
        ("/api/market/prices/import", ["prices.csv", PRICES], 409),
    ):
        bring_in(api, path, file, again)
    listed(api)
    one(api)
    withdrawn(api)


def bring_in(api: Api, path: str, file: list[str], again: int) -> None:
    good = {"file": file}
    api.refused("POST", path, role="analyst", upload=good)
    for given in ({"mapping": "{"}, {"day_first": "perhaps"}, {"encoding": "morse"}):
        api.post(path, upload=good | given, expect=400)
    api.post(path, upload={}, expect=400)
    api.ids["import"] = api.post(path, upload=BROKEN)["id"]
    api.get(IMPORT)
    api.post(path, {"file": "no file"}, expect=415)
    for upload in (good | {"dry_run": "true"}, good):
        api.ids["import"] = api.post(path, upload=upload)["id"]
        api.get(IMPORT)
    api.post(path, upload=good, expect=again)
    api.ids["import"] = api.post(path, upload=good | {"again": "true"})["id"]
    api.get(IMPORT)
    api.get(IMPORT + "/rejects.csv")


def listed(api: Api) -> None:
    for query in (
        *({}, {"limit": 2}, {"limit": 1, "offset": 3}, {"offset": 99}),
        *({"status": "failed"}, {"kind": "products", "dry_run": "true"}),
    ):
        api.get(IMPORTS, query=query)
    api.refused("GET", IMPORTS, role="viewer", queries=(*PAGES, {"status": "done"}))


def one(api: Api) -> None:
    api.refused("GET", IMPORT, role="viewer")
    api.refused("GET", IMPORT + "/rejects.csv", role="viewer")
    api.get(IMPORT + "/rejects.csv", headers={"Accept": "application/json"})


def withdrawn(api: Api) -> None:
    api.delete(IMPORT, expect=409)
    first = api.get(IMPORTS, query={"offset": 8})["items"][-1]["id"]
    api.ids["import"] = first
    api.get(IMPORT + "/rejects.csv")
    api.refused("DELETE", IMPORT, role="analyst")
    api.delete(IMPORT)
    api.get(IMPORT)
    api.delete(IMPORT, expect=409)
    api.get("/dashboard/segments")
