"""The sample shop with something of everything in it, brought there through the API itself."""

from typing import Any

from django.apps import apps

from pricing.changes.services import price_changes
from tests.integration.recording.asking import OPENED, Api
from tests.shops import import_shop

# code, category, cost, stock, target stock
PRODUCTS = (
    ("CUP", "Mugs", 2.1, 40, 60),
    ("MUG", "Mugs", 3.2, 400, 100),
    ("PLATE%201.5", "Plates", 5.5, 0, 80),
    ("BOWL", "Plates", 6.0, 90, 90),
)
# product, competitor, price, day
MARKET = (
    ("CUP", "Corner shop", 3.79, "2025-04-30T09:00:00Z"),
    ("CUP", "Corner shop", 4.1, "2025-04-12T09:00:00Z"),
    ("CUP", "Department store", 4.49, "2025-04-28T09:00:00Z"),
    ("CUP", "Market stall", 2.99, "2025-04-29T09:00:00Z"),
    ("MUG", "Corner shop", 6.25, "2025-04-30T09:00:00Z"),
    ("BOWL", "Department store", 9.9, "2025-02-01T09:00:00Z"),
)
RULE = {
    "name": "Ten percent off", "action": "factor", "percent": -10, "scope": "products",
    "products": ["CUP", "MUG", "SPOON"], "priority": 5,
}  # fmt: skip


def furnish(api: Api) -> None:
    """Open the shop and fill it; `api.ids` then names one of everything."""
    batch = import_shop(api.commits)
    assert batch.status == "published", batch.error
    api.ids["import"] = batch.pk
    api.ids["customer"] = model("segments", "CustomerSegment").objects.order_by("pk").first().pk
    api.ids["transaction"] = model("pricing", "Transaction").objects.order_by("invoice_no", "pk").first().pk
    set_products(api)
    set_policies(api)
    look_at_market(api)
    reprice(api)
    decide_on_prices(api)
    api.ids["simulation"] = api.post(
        "/simulations",
        {
            "name": "Cheaper cups",
            "description": "For spring",
            "stockItemRef": "CUP",
            "priceRange": [-20, 20, 10],
        },
    )["simulationId"]
    api.ids["job"] = api.post("/api/price/optimize-bulk", {"product_ids": ["CUP", "MUG", "BOWL"]})["id"]
    raise_alerts(api)
    assert not api.surprises, api.surprises


def model(app: str, name: str) -> Any:
    return apps.get_model(app, name)


def set_products(api: Api) -> None:
    for code, category, cost, stock, target in PRODUCTS:
        fields = {"category": category, "cost": cost, "stock_level": stock, "target_stock": target}
        api.patch(f"/api/products/{code}", fields)


def set_policies(api: Api) -> None:
    for policy in (
        {"strategy": "profit", "max_change": 0.2, "cooldown_days": 0, "endings": "49,99"},
        {"category": "Mugs", "minimum_margin": 0.1, "self_approval": False},
        {"product_id": "CUP", "min_price": 2.5, "max_price": 6.0},
    ):
        api.ids["policy"] = api.post("/api/price/policies", policy, role="manager")["id"]


def look_at_market(api: Api) -> None:
    for product, competitor, price, moment in MARKET:
        seen = {"product_id": product, "competitor_name": competitor, "price": price, "recorded_at": moment}
        api.ids["price"] = api.post("/api/market/prices", seen)["id"]
    api.ids["competitor"] = api.get("/api/market/qualities")["items"][0]["id"]


def reprice(api: Api) -> None:
    api.ids["rule"] = api.post("/api/price/rules", RULE, role="manager")["id"]
    api.post("/api/price/rules/{rule}/run", role="manager", query={"dry_run": "true"})
    api.ids["run"] = api.get("/api/price/rules/{rule}/runs")["items"][0]["id"]


def decide_on_prices(api: Api) -> None:
    """One change in every state, and a batch of two proposals."""
    for product, price, *steps in (
        ("CUP", 4.2, "approve", "apply", "rollback"),
        ("MUG", 7.0, "approve", "apply"),
        ("BOWL", 7.5, "approve"),
        ("SPOON", 1.1, "reject"),
        ("CUP", 4.3),
    ):
        api.ids["change"] = api.post("/api/price/changes", {"product_id": product, "new_price": price})[
            "items"
        ][0]["id"]
        for step in steps:
            api.post(f"/api/price/changes/{{change}}/{step}", {}, role="manager")
        if steps[-1:] == ["apply"]:
            api.ids["applied"] = api.ids["change"]
    rows = [{"product_id": "MUG", "new_price": 6.8}, {"product_id": "PLATE 1.5", "new_price": 11.0}]
    api.ids["batch"] = api.post("/api/price/changes", {"changes": rows, "reason": "Spring"})["batch"]


def call_off_open_changes() -> None:
    """Reject what is proposed or approved, unrecorded: a product has one open change at a time."""
    open_changes = model("pricing", "PriceChange").objects.filter(status__in=("proposed", "approved"))
    price_changes.reject(list(open_changes.values_list("pk", flat=True)), by="manager")


def raise_alerts(api: Api) -> None:
    Alert = model("elastix", "Alert")  # noqa: N806
    for kind, subject, cleared in (
        ("no_cost", "SPOON", None), ("data_stale", "", OPENED), ("data_quality", "MUG", None),
    ):  # fmt: skip
        alert = Alert.objects.create(
            kind=kind, subject=subject, message=f"{subject or 'The shop'}: look at it.", data={"days": 9},
            raised_at=OPENED, seen_at=OPENED, cleared_at=cleared,
        )  # fmt: skip
    api.ids["alert"] = alert.pk
