"""The four groups and what each may do in the admin. Kept in step with the models after every migrate."""

from typing import Any

from django.apps import AppConfig, apps

from elastix.api.permissions import ROLE_NAMES

ANALYST_WRITES = {
    "pricing": ("product", "transaction", "saleshistory"),
    "market": ("competitorprice", "competitor"),
    "simulations": ("simulation",),
    "elastix": ("importbatch",),
}
# Of price changes analysts propose only: the managers' part is to decide.
ANALYST_PROPOSES = ("pricing", "add_pricechange")
MANAGER_WRITES = {
    "pricing": ("pricechange", "pricepolicy"),
    "market": ("repricingrule", "killswitch"),
    "elastix": ("job",),
}
OUR_APPS = ("elastix", "pricing", "segments", "market", "simulations")


def keep_groups(app_config: AppConfig, **kwargs: Any) -> None:
    """Signal handler of post_migrate: once all apps are migrated, give each group its permissions."""
    if app_config is not list(apps.get_app_configs())[-1]:
        return
    from django.contrib.auth.models import Group, Permission

    ours = Permission.objects.filter(content_type__app_label__in=OUR_APPS).select_related("content_type")
    granted: dict[str, set[int]] = {name: set() for name in ROLE_NAMES}
    for permission in ours:
        action, _, model = permission.codename.partition("_")
        label = permission.content_type.app_label
        proposes = (label, permission.codename) == ANALYST_PROPOSES
        analyst = proposes or model in ANALYST_WRITES.get(label, ())
        manager = analyst or model in MANAGER_WRITES.get(label, ())
        allowed = {
            "viewer": action == "view",
            "analyst": action == "view" or analyst,
            "manager": action == "view" or manager,
            "admin": True,
        }
        for name, yes in allowed.items():
            if yes:
                granted[name].add(permission.pk)
    users = Permission.objects.filter(content_type__app_label__in=("auth", "authtoken"))
    granted["admin"] |= set(users.values_list("pk", flat=True))
    for name, permissions in granted.items():
        group, _ = Group.objects.get_or_create(name=name)
        if set(group.permissions.values_list("pk", flat=True)) != permissions:
            group.permissions.set(permissions)
