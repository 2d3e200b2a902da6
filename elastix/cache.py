"""A cache on Redis that is a convenience: where it fails, nothing is found in it, and no answer waits for it long."""

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.1
# After a failure Redis is not tried again for this long: a Redis that hangs delays one request, not every one.
REST_SECONDS = 5
Value = TypeVar("Value")


class ForgivingRedisCache(RedisCache):
    """Django's cache on Redis; a failure counts as a miss, and is written to the log once per rest.

    The rest is the process's own: what other processes learn about Redis does not matter to this one.
    """

    _rests_until = 0.0

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {
            "socket_timeout": TIMEOUT_SECONDS,
            "socket_connect_timeout": TIMEOUT_SECONDS,
            # A connection that Redis closed since is opened once more; the client's own way is to wait in between.
            "retry": Retry(NoBackoff(), 1),
        }
        super().__init__(server, {**params, "OPTIONS": {**options, **params.get("OPTIONS", {})}})

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return self._ask(super().add, False, *args, **kwargs)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._ask(super().get, default, key, default, version)

    def set(self, *args: Any, **kwargs: Any) -> None:
        return self._ask(super().set, None, *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return self._ask(super().touch, False, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return self._ask(super().delete, False, *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return self._ask(super().get_many, {}, *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return self._ask(super().has_key, False, *args, **kwargs)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return self._ask(super().set_many, list(data), data, *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        return self._ask(super().delete_many, None, *args, **kwargs)

    def _ask(self, method: Callable[..., Value], missed: Value, *args: Any, **kwargs: Any) -> Value:
        if time.monotonic() < type(self)._rests_until:
            return missed
        try:
            return method(*args, **kwargs)
        except RedisError as error:
            type(self)._rests_until = time.monotonic() + REST_SECONDS
            logger.warning("the cache does not answer and is left alone for %d s: %s", REST_SECONDS, error)
            return missed


class CountingCache(ForgivingRedisCache):
    """The same for counts that limit something: while Redis does not answer, the process counts by itself."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._own = LocMemCache("counts", params)

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        found = super().get(key, default, version)
        return self._own.get(key, default, version) if self._rests else found

    def set(self, *args: Any, **kwargs: Any) -> None:
        super().set(*args, **kwargs)
        if self._rests:
            self._own.set(*args, **kwargs)

    @property
    def _rests(self) -> bool:
        return time.monotonic() < type(self)._rests_until
