"""Throttles: attempts to log in, and requests of one user to the API."""

import hashlib
import math
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.utils.connection import ConnectionProxy
from rest_framework.throttling import SimpleRateThrottle


class CountingThrottle(SimpleRateThrottle):
    """DRF's throttle with counts that outlive a failure of Redis."""

    cache: Any = ConnectionProxy(caches, "counts")

    def key_of(self, text: str) -> str:
        """A key of the cache, whatever the text is."""
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return self.cache_format % {"scope": self.scope, "ident": digest}


class LoginThrottle(CountingThrottle):
    def get_rate(self) -> str | None:
        return settings.TOKEN_THROTTLE or None


class LoginsFromAddress(LoginThrottle):
    """Attempts from one address: as far as we know our proxies (TRUSTED_PROXIES), whatever a header says."""

    scope = "login_address"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return self.key_of(str(self.get_ident(request)))


class LoginsToAccount(LoginThrottle):
    """Attempts at one user name, from wherever they come."""

    scope = "login_account"

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        data = request.data if hasattr(request, "data") else request.POST
        name = data.get("username") if hasattr(data, "get") else None
        return self.key_of(name.strip().casefold()) if isinstance(name, str) else None


LOGIN_THROTTLES = (LoginsFromAddress, LoginsToAccount)


def wait_before_login(request: Any) -> int | None:
    """Count an attempt to log in by a form; return for how many seconds to wait where there were too many."""
    no_view: Any = None
    tried = [
        (throttle, throttle.allow_request(request, no_view))
        for throttle in (each() for each in LOGIN_THROTTLES)
    ]
    return max((math.ceil(throttle.wait() or 1) for throttle, allowed in tried if not allowed), default=None)


class RequestsOfUser(CountingThrottle):
    """Requests of one user to the API; of an address for requests without a login."""

    scope = "user"

    def get_rate(self) -> str | None:
        return settings.API_THROTTLE or None

    def get_cache_key(self, request: Any, view: Any) -> str:
        return self.key_of(
            f"user {request.user.pk}" if request.user.pk else f"from {self.get_ident(request)}"
        )
