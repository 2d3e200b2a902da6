from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import m2m_changed, post_delete, post_migrate, post_save, pre_migrate

from elastix.audit.triggers import (
    Audited,
    drop_triggers_before_migrating,
    keep_triggers,
    prepare_connection,
)


class ElastixConfig(AppConfig):
    default = True
    name = "elastix"
    verbose_name = "Jobs and imports"
    viewer_writes = ("apitoken",)  # their own
    analyst_writes = ("importbatch",)
    manager_writes = ("job",)
    manager_views = ("auditentry",)
    # Whose changes the audit log has: model -> what of it.
    audited = {"elastix.ApiToken": Audited(), "auth.User": Audited(), "auth.Group": Audited()}

    def ready(self) -> None:
        from django.contrib.auth.models import Group, User

        from elastix import checks  # noqa: F401  (registers the system checks)
        from elastix.api.answer_cache import access_changed
        from elastix.api.roles import keep_groups
        from elastix.tokens.models import ApiToken

        pre_migrate.connect(drop_triggers_before_migrating)
        post_migrate.connect(keep_groups)
        for model in (User, Group, ApiToken):
            post_save.connect(access_changed, model)
            post_delete.connect(access_changed, model)
        m2m_changed.connect(access_changed, User.groups.through)
        post_migrate.connect(keep_triggers)
        connection_created.connect(prepare_connection)


class ElastixAdminConfig(AdminConfig):
    default_site = "elastix.admin_site.ElastixAdminSite"
