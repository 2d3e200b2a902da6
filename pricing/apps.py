from django.apps import AppConfig

from elastix.audit.triggers import Audited


class PricingConfig(AppConfig):
    name = "pricing"
    verbose_name = "Catalogue, sales and elasticities"
    analyst_writes = ("product", "transaction", "saleshistory")
    # Analysts propose price changes; managers decide on them.
    # So do they costs of past days; a row of one takes the place of another, none is changed.
    analyst_adds = ("pricechange", "productcost")
    manager_writes = ("pricechange", "pricepolicy", "pricerelation", "pricerelationmember")
    desk_search = ("pricing.pages.search.find_products",)
    # Prices that follow the sales are no decision of anybody's.
    audited = {
        "pricing.Product": Audited(
            columns={
                "current_price": "CASE WHEN {row}.price_source = 'data' THEN NULL ELSE {row}.current_price END",
                "cost": "{row}.cost",
                "kind": "{row}.kind",
                "is_active": "{row}.is_active",
            },
            added_if="{row}.cost IS NOT NULL OR {row}.price_source <> 'data'",
        ),
        # A change of the present cost is one of the product.
        "pricing.ProductCost": Audited(
            columns={name: f"{{row}}.{name}" for name in ("product_id", "valid_from", "cost")},
            added_if="{row}.source = 'history'",
        ),
        "pricing.PricePolicy": Audited(),
        "pricing.PriceRelation": Audited(),
        "pricing.PriceRelationMember": Audited(),
    }
    # What /health says while it stands, beside whether the parts work.
    health_warnings = ("fit_not_converged", "prices_follow_sales")
    alert_kinds = {
        "recommendations": "prices should change",
        "no_cost": "a product has no cost",
        "change_not_applied": "a scheduled price change was not applied",
        "data_stale": "the sales are old",
        "data_quality": "the sales look wrong",
        "fit_not_converged": "a fit of all products or customers did not converge",
        "connection": "a connection to a platform does not work",
        "price_drift": "a price on a platform is not ours",
        "prices_follow_sales": "prices seem to follow sales, not the other way round",
    }
