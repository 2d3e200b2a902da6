from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "segments"
    verbose_name = "Customer segments"
    analyst_writes = ()
    manager_writes = ()
    desk_search = ("segments.selectors.search.find_customers",)
