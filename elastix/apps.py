from datetime import timedelta

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ElastixConfig(AppConfig):
    name = "elastix"
    verbose_name = "Jobs and imports"

    def ready(self) -> None:
        from elastix import checks  # noqa: F401  (registers the system checks)
        from elastix.alerts.delivery import deliver_due
        from elastix.api.roles import keep_groups
        from elastix.jobs.schedules import register_schedule

        post_migrate.connect(keep_groups)
        register_schedule("send alerts", timedelta(minutes=1), deliver_due)
