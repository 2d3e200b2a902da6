"""The four groups and their admin permissions, updated from the models after every migrate.

An app says in its AppConfig which of its models analysts may write (`analyst_writes`), which ones they may only add
(`analyst_adds`), which ones managers may write as well (`manager_writes`), and which ones everybody (`viewer_writes`);
viewers see all but those that only managers may (`manager_views`), admins do all.
"""

from typing import Any

from django.apps import AppConfig, apps

from elastix.api.permissions import ROLE_NAMES


def keep_groups(app_config: AppConfig, **kwargs: Any) -> None:
    """Signal handler of post_migrate: once all apps are migrated, give each group its permissions."""
    if app_config is not list(apps.get_app_configs())[-1]:
        return
    from django.contrib.auth.models import Group, Permission

    ours = {config.label: config for config in apps.get_app_configs() if hasattr(config, "analyst_writes")}
    found = Permission.objects.filter(content_type__app_label__in=ours).select_related("content_type")
    granted: dict[str, set[int]] = {name: set() for name in ROLE_NAMES}
    for permission in found:
        action, _, model = permission.codename.partition("_")
        config: Any = ours[permission.content_type.app_label]
        lowest = "admin"
        if action == "view" or model in getattr(config, "viewer_writes", ()):
            lowest = "manager" if model in getattr(config, "manager_views", ()) else "viewer"
        elif model in (
            *config.analyst_writes,
            *(getattr(config, "analyst_adds", ()) if action == "add" else ()),
        ):
            lowest = "analyst"
        elif model in config.manager_writes:
            lowest = "manager"
        for name in ROLE_NAMES[ROLE_NAMES.index(lowest) :]:
            granted[name].add(permission.pk)
    users = Permission.objects.filter(content_type__app_label="auth")
    granted["admin"] |= set(users.values_list("pk", flat=True))
    for name, permissions in granted.items():
        group, _ = Group.objects.get_or_create(name=name)
        if set(group.permissions.values_list("pk", flat=True)) != permissions:
            group.permissions.set(permissions)
