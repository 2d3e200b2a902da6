"""The admin's front page: tables that people edit first, computed and recorded ones in groups of their own."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.urls import reverse

# Apps of tables that people edit, in this order; others follow.
FIRST = ("pricing", "market", "simulations")
TO_LOOK_AT = "Computed and recorded: to look at"


class ElastixAdminSite(AdminSite):
    @property
    def login_form(self) -> Any:  # type: ignore[override]
        from elastix.desk.login import AdminLoginForm  # needs the models to be loaded

        return AdminLoginForm

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Apps with the tables that people edit, then one group of all read-only tables."""
        found: list[Any] = super().get_app_list(request, app_label)
        if app_label is not None:
            return found
        edited, others = [], []
        for app in found:
            read_only = [model for model in app["models"] if not self._is_edited(model["model"])]
            others += read_only
            kept = [model for model in app["models"] if model not in read_only]
            if kept:
                edited.append({**app, "models": kept})
        edited.sort(
            key=lambda app: FIRST.index(app["app_label"]) if app["app_label"] in FIRST else len(FIRST)
        )
        if others:
            others.sort(key=lambda model: str(model["name"]).lower())
            group = {"name": TO_LOOK_AT, "app_label": "to-look-at", "app_url": reverse("admin:index")}
            edited.append({**group, "has_module_perms": True, "models": others})
        return edited

    def _is_edited(self, model: Any) -> bool:
        return bool(getattr(self._registry[model], "offers", ("add",)))
