"""The admin of tokens: one's own, and those of all for admins."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from elastix.admin_base import BaseAdmin, copy_state
from elastix.api.permissions import Role, role_of
from elastix.tokens.models import ApiToken
from elastix.tokens.services import token_create, usual_expiry


@admin.register(ApiToken)
class ApiTokenAdmin(BaseAdmin):
    offers = ("add", "delete")
    list_display = ("name", "user", "prefix", "scope", "created_at", "expires_at", "last_used_at")
    list_filter = ("scope", ("expires_at", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("name", "user__username", "prefix")
    fields = ("name", "scope", "expires_at")

    def get_queryset(self, request: HttpRequest) -> Any:
        tokens = super().get_queryset(request)
        return tokens if role_of(request.user) >= Role.ADMIN else tokens.filter(user=request.user.pk)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is None else (*self.list_display, "by_login")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"expires_at": usual_expiry()}

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        row, key = token_create(user=request.user, name=obj.name, scope=obj.scope, expires_at=obj.expires_at)
        copy_state(obj, row)
        obj.key = key  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        """Show the token in the answer itself: a message would keep it in a cookie or the session."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Your new token",
            "token": obj,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/elastix/apitoken/made.html", context)
