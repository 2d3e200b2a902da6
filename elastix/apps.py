from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ElastixConfig(AppConfig):
    name = "elastix"
    verbose_name = "Jobs and imports"
    analyst_writes = ("importbatch",)
    manager_writes = ("job",)

    def ready(self) -> None:
        from elastix import checks  # noqa: F401  (registers the system checks)
        from elastix.api.roles import keep_groups

        post_migrate.connect(keep_groups)
