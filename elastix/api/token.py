"""POST /api/token: a token for a user name and password."""

from typing import Any

from django.contrib.auth import authenticate
from rest_framework import serializers
from rest_framework.authtoken.models import Token
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle

from elastix.api.operations import operation
from elastix.api.viewsets import ElastixViewSet


class CredentialsSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=4096, trim_whitespace=False, style={"input_type": "password"})


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField()


class TokenViewSet(ElastixViewSet):
    """Tokens for programs."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "token"

    @operation(body=CredentialsSerializer, response=TokenSerializer, errors=(429,))
    def create(self, request: Request) -> Response:
        """Log in: send the token with later requests as `Authorization: Token ...`."""
        user = authenticate(request._request, **self.validated())
        if user is None:
            raise serializers.ValidationError(
                "The user name or the password is wrong.", code="authentication"
            )
        token, _ = Token.objects.get_or_create(user=user)
        return Response({"token": token.key}, headers={"Cache-Control": "no-store"})
