from django.apps import AppConfig


class SimulationsConfig(AppConfig):
    name = "simulations"
    verbose_name = "Simulations"
    analyst_writes = ("simulation",)
    manager_writes = ()
    alert_kinds = {"price_experiment": "Price experiments"}
