"""The cache on Redis is a convenience: one that fails or hangs is a cache in which nothing is found."""

import socket
import time
from collections.abc import Iterator

import pytest
from django.conf import settings

from elastix.cache import REST_SECONDS, ForgivingRedisCache


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ForgivingRedisCache, "_rests_until", 0.0)


@pytest.fixture
def hung() -> Iterator[str]:
    """A server that takes connections and never says a word; it counts them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def silent_cache(url: str) -> ForgivingRedisCache:
    return ForgivingRedisCache(url, {})


def check_misses(cache: ForgivingRedisCache) -> None:
    assert cache.get("key", "missing") == "missing"
    assert cache.add("key", 1) is False
    cache.set("key", 1)
    assert cache.get("key") is None
    assert cache.get_many(["key", "other"]) == {}
    assert cache.set_many({"key": 1}) == ["key"]
    assert cache.touch("key") is False
    assert cache.has_key("key") is False
    assert cache.delete("key") is False
    cache.delete_many(["key"])


def test_a_cache_that_is_down_misses() -> None:
    check_misses(silent_cache("redis://127.0.0.1:1/0"))


def test_a_cache_that_hangs_misses_and_is_asked_once_a_rest(
    hung: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun = time.monotonic()
    check_misses(silent_cache(hung))
    # Ten questions, each of which would wait for its own timeout: only the first does.
    assert time.monotonic() - begun < REST_SECONDS
    assert [record.message[:25] for record in caplog.records] == ["the cache does not answer"]


def test_it_is_asked_again_after_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = silent_cache("redis://127.0.0.1:1/0")
    cache.get("key")
    asked = []
    monkeypatch.setattr(cache._cache, "get", lambda key, default: asked.append(key) or "found")
    assert cache.get("key") is None
    monkeypatch.setattr(ForgivingRedisCache, "_rests_until", time.monotonic() - 1)
    assert cache.get("key") == "found"
    assert len(asked) == 1


@pytest.mark.redis
def test_one_that_works_keeps_what_it_is_given() -> None:
    cache = ForgivingRedisCache(settings.REDIS_URL, {})
    cache.set("forgiving", {"a": 1}, 10)
    try:
        assert cache.get("forgiving") == {"a": 1}
        assert cache.add("forgiving", 2) is False
    finally:
        assert cache.delete("forgiving") is True
