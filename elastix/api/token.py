"""POST /api/token: a token for a user name and password."""

from typing import Any

from django.contrib.auth import authenticate
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from elastix.api.operations import operation
from elastix.api.throttles import LOGIN_THROTTLES
from elastix.api.viewsets import ElastixViewSet
from elastix.tokens.services import token_by_login


class CredentialsSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=4096, trim_whitespace=False, style={"input_type": "password"})


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="Shown this once.")
    expires_at = serializers.DateTimeField(help_text="Log in again then.")


class TokenViewSet(ElastixViewSet):
    """Tokens for programs."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = LOGIN_THROTTLES

    @operation(body=CredentialsSerializer, response=TokenSerializer)
    def create(self, request: Request) -> Response:
        """Log in: send the token with later requests as `Authorization: Token ...`."""
        user = authenticate(request._request, **self.validated())
        if user is None:
            raise serializers.ValidationError(
                "The user name or the password is wrong.", code="authentication"
            )
        row, key = token_by_login(user)
        body = TokenSerializer({"token": key, "expires_at": row.expires_at}).data
        return Response(body, headers={"Cache-Control": "no-store"})
