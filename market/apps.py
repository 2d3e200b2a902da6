from django.apps import AppConfig

from elastix.audit.triggers import Audited


class MarketConfig(AppConfig):
    name = "market"
    verbose_name = "Market"
    analyst_writes = ("competitorprice", "competitor")
    manager_writes = ("repricingrule", "killswitch")
    audited = {"market.RepricingRule": Audited(), "market.KillSwitch": Audited()}
    alert_kinds = {
        "floor_reached": "a floor holds a price up",
        "cap_reached": "a cap holds a price change down",
        "competitor_below_cost": "a competitor sells below our cost",
        "price_oscillates": "a price goes round in circles",
        "demand_surge": "demand surges",
        "rule_failing": "a repricing rule fails",
    }
