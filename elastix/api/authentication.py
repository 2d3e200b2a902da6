"""Who sends a request: by token, by token as a password for clients that can send nothing else, or nobody in particular on this
machine (setting OPEN_API)."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http.request import split_domain_port
from rest_framework.authentication import BaseAuthentication, BasicAuthentication, TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from elastix.api.permissions import Role, role_of

LOOPBACK_ADDRESSES = frozenset({"127.0.0.1", "::1"})
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
PROXY_HEADERS = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_VIA")
BROWSER_HEADERS = ("HTTP_SEC_FETCH_SITE", "HTTP_REFERER", "HTTP_COOKIE")


class OpenApiUser(AnonymousUser):
    """Somebody on this machine, with the role that the installation grants to such clients."""

    def __init__(self, role: Role) -> None:
        super().__init__()
        self.role = role


class OpenApiAuthentication(BaseAuthentication):
    """Let anonymous requests in while they come from loopback and are addressed to loopback.

    The address alone is not enough: a page elsewhere can have a browser on this machine send requests here. A
    rebound name fails the Host check; a foreign page's write fails the Origin check; a proxy shows itself.
    """

    def authenticate(self, request: Request) -> tuple[OpenApiUser, None] | None:
        if not settings.OPEN_API or not (settings.OPEN_API_I_UNDERSTAND or is_local(request)):
            return None
        if request.method not in SAFE_METHODS and not origin_is_trusted(request):
            raise PermissionDenied(
                "Anonymous writes must come from this server's own pages or from an origin listed in CORS_ORIGINS."
            )
        return OpenApiUser(Role.named(settings.OPEN_API_ROLE)), None


def is_local(request: Any) -> bool:
    """Tell whether a request came from this machine, was addressed to it and passed no proxy."""
    host, _ = split_domain_port(request.get_host())
    return (
        request.META.get("REMOTE_ADDR") in LOOPBACK_ADDRESSES
        and host in LOOPBACK_NAMES
        and not any(name in request.META for name in PROXY_HEADERS)
    )


def origin_is_trusted(request: Any) -> bool:
    """Tell whether a write comes from our own pages, a listed origin, or a program that is no browser."""
    origin = request.META.get("HTTP_ORIGIN")
    if origin is None:
        # Browsers name the origin of every cross-site write; what names none and shows no other
        # sign of a browser is a command-line client, which no foreign page can steer.
        return not any(request.META.get(name) for name in BROWSER_HEADERS)
    own = f"{request.scheme}://{request.get_host()}"
    return origin == own or (origin in settings.CORS_ALLOWED_ORIGINS and bool(urlsplit(origin).netloc))


class ApiTokenAuthentication(TokenAuthentication):
    """`Authorization: Token ...`; `request.auth` is the token's row."""

    def authenticate_credentials(self, key: str) -> tuple[Any, Any]:
        token = _checked(key)
        if token is None:
            raise AuthenticationFailed("Invalid token.")
        return token.user, token


class TokenAsPassword(BasicAuthentication):
    """A user's name and token as name and password, for clients that can send nothing else, such as Merchant Center.

    A password is not accepted here: tokens can be replaced alone, and cannot be guessed.
    """

    www_authenticate_realm = "elastix"

    def authenticate_credentials(self, userid: str, password: str, request: Any = None) -> tuple[Any, Any]:
        token = _checked(password)
        if token is None or token.user.get_username() != userid:
            raise AuthenticationFailed("Invalid user name or token.")
        return token.user, token


def _checked(key: str) -> Any:
    """The row of a good token; its user has no higher role than the token's scope allows."""
    # Its table can be named once all apps are loaded.
    from elastix.tokens.models import TokenScope
    from elastix.tokens.services import token_check

    token = token_check(key)
    if token is not None and token.scope == TokenScope.READ:
        user: Any = token.user
        user.role = min(role_of(user), Role.VIEWER)
    return token
