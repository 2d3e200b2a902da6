"""/api/tokens: the tokens of a user's programs."""

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.filters import StrictFilterSet, TextFilter
from elastix.api.operations import operation
from elastix.api.permissions import Role, RolePermission, role_of
from elastix.api.viewsets import ElastixViewSet
from elastix.tokens.models import ApiToken, TokenScope
from elastix.tokens.services import token_create, token_revoke, usual_expiry

LONGEST_DAYS = 3650


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    user = serializers.CharField(source="user.username", help_text="Whose it is.")

    class Meta:
        model = ApiToken
        fields = ("id", "user", "name", "prefix", "scope", "created_at", "expires_at", "last_used_at")


class MadeTokenSerializer(ApiTokenSerializer):
    token = serializers.CharField(source="key", help_text="Shown this once.")

    class Meta(ApiTokenSerializer.Meta):
        fields = (*ApiTokenSerializer.Meta.fields, "token")  # type: ignore[assignment]


class NewTokenSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100, help_text="What it is for.")
    scope = serializers.ChoiceField(TokenScope.choices, default=TokenScope.FULL)
    expires_in_days = serializers.IntegerField(
        min_value=1,
        max_value=LONGEST_DAYS,
        required=False,
        allow_null=True,
        help_text="Default: the server's (TOKEN_LIFETIME_DAYS); null: it never expires.",
    )


class TokenFilterSet(StrictFilterSet):
    user = TextFilter(field_name="user__username", max_length=150, help_text="Whose; admins see all.")


class PeopleAndFullTokens(BasePermission):
    """Tokens are made and revoked by people who logged in, and by tokens that may do all that their user may."""

    message = "A token of scope read cannot make or revoke tokens, and neither can somebody without a login."

    def has_permission(self, request: Any, view: Any) -> bool:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return True
        return bool(request.user.is_authenticated) and getattr(request.auth, "scope", "") != TokenScope.READ


class TokensViewSet(ElastixViewSet):
    """Tokens of one's own programs; of all, for admins."""

    permission_classes = (RolePermission, PeopleAndFullTokens)
    filterset_class = TokenFilterSet
    lookup_url_kwarg = "token_id"
    lookup_value_converter = "row_id"

    def get_queryset(self) -> QuerySet[ApiToken]:
        tokens = ApiToken.objects.select_related("user")
        if role_of(self.request.user) >= Role.ADMIN:
            return tokens
        return tokens.filter(user=self.request.user.pk)

    @operation(response=ApiTokenSerializer, lists=True)
    def list(self, request: Request) -> Response:
        """The tokens, newest first; none of them can be read back."""
        return self.page(self.filtered(self.get_queryset()))

    # Of a viewer's role it is never kept with an Idempotency-Key: the answer holds the token.
    @operation(body=NewTokenSerializer, response=MadeTokenSerializer, status=201, role=Role.VIEWER)
    def create(self, request: Request) -> Response:
        """Make a token for a program of one's own; this answer alone shows it."""
        asked = self.validated()
        days = asked.pop("expires_in_days", 0)
        expires_at = (
            timezone.now() + dt.timedelta(days=days) if days else None if days is None else usual_expiry()
        )
        row, key = token_create(user=request.user, expires_at=expires_at, **asked)
        row.key = key  # type: ignore[attr-defined]
        return Response(MadeTokenSerializer(row).data, status=201, headers={"Cache-Control": "no-store"})

    @operation(response=None, status=204, role=Role.VIEWER)
    def destroy(self, request: Request, token_id: int) -> Response:
        """Revoke a token: requests that use it are rejected from now on."""
        every = role_of(request.user) >= Role.ADMIN
        token_revoke(token_id, user=None if every else request.user)
        return Response(status=204)
