"""GET /health: check the database, the broker and the workers, for load balancers and people."""

import logging
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from elastix import __version__, replica
from elastix.alerts.models import standing_warnings
from elastix.api.operations import operation
from elastix.api.viewsets import ElastixViewSet
from elastix.dataset.versions import data_version, zone_changed
from elastix.jobs.waiting import unattended_jobs
from elastix.shop import shop_currency, shop_name

logger = logging.getLogger(__name__)


class HealthSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["healthy", "unhealthy"])
    version = serializers.CharField()
    database = serializers.CharField()
    broker = serializers.CharField()
    cache = serializers.CharField(help_text="A cache that fails costs time, nothing else.")
    worker = serializers.CharField(
        help_text='"ok", or that no worker is running and how many jobs wait for one.'
    )
    data_version = serializers.IntegerField(allow_null=True)
    last_recompute = serializers.DateTimeField(allow_null=True)
    failing = serializers.ListField(child=serializers.CharField())
    warnings = serializers.ListField(
        child=serializers.CharField(),
        help_text="What the figures themselves warn of, and a read replica that is not used; nothing of it is a failure.",
    )
    shop = serializers.CharField(help_text="The shop's name.")
    currency = serializers.CharField(help_text="ISO 4217 code of the currency that all amounts are in.")
    prices_include_tax = serializers.BooleanField(
        help_text="Whether prices and revenue are with tax; profits and margins never are."
    )
    currency_decimals = serializers.IntegerField(help_text="Decimals of its smallest unit.")


class HealthViewSet(ElastixViewSet):
    """The state of the installation."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()

    @operation(response=HealthSerializer, status=(200, 503))
    def list(self, request: Request) -> Response:
        """Whether this server, its database and its broker work, and how fresh its numbers are."""
        database, version, broker = (
            "ok",
            None,
            _redis(settings.REDIS_URL, "none (jobs run in the serving process)"),
        )
        try:
            version = data_version()
        except DatabaseError:
            logger.exception("the database does not answer")
            database = "failing"
        failing = [name for name, state in (("database", database), ("broker", broker)) if state == "failing"]
        if version is not None and zone_changed(version):
            failing.append("time zone: run `manage.py recompute --full`")
        warnings = [] if version is None else [*standing_warnings(), *replica.warnings()]
        body = {
            "status": "unhealthy" if failing else "healthy",
            "version": __version__,
            "database": database,
            "broker": broker,
            "cache": _redis(settings.CACHE_URL, "none (kept in the serving process)"),
            "worker": "unknown" if database == "failing" else _worker(),
            "data_version": version and version.published_version,
            "last_recompute": version and version.published_at,
            "failing": failing,
            "warnings": warnings,
            "shop": shop_name(),
            "currency": shop_currency().code,
            "prices_include_tax": settings.PRICES_INCLUDE_TAX,
            "currency_decimals": shop_currency().decimals,
        }
        return Response(body, status=503 if failing else 200, headers={"Cache-Control": "no-store"})


def _worker() -> str:
    waiting = unattended_jobs()
    if not waiting:
        return "ok"
    return f"no worker is running: {waiting} {'job waits' if waiting == 1 else 'jobs wait'}"


def _redis(url: str, none: str) -> str:
    """State of the Redis server at an address; `none` without an address."""
    if not url:
        return none
    from redis import Redis, RedisError
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    patience: Any = {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": Retry(NoBackoff(), 0)}
    try:
        with Redis.from_url(url, **patience) as redis:
            redis.ping()
    except RedisError:
        logger.warning("Redis does not answer")
        return "failing"
    return "ok"
