"""Making, checking and revoking tokens."""

import datetime as dt
import hashlib
import logging
import secrets
from typing import Any, Final

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone

from elastix.errors import found
from elastix.sql import without_waiting
from elastix.tokens.models import ApiToken, TokenScope

logger = logging.getLogger(__name__)

# Programs that look for secrets in texts know them by how they begin.
MARK: Final = "elx_"
PREFIX_LENGTH: Final = 12
USE_NOTED_EVERY: Final = dt.timedelta(hours=1)
# A program that logs in with every run makes a token each time.
MOST_BY_LOGIN: Final = 20


def token_create(
    *,
    user: Any,
    name: str,
    scope: str = TokenScope.FULL,
    expires_at: dt.datetime | None = None,
    by_login: bool = False,
) -> tuple[ApiToken, str]:
    """Make a token; return its row and the token itself, which cannot be read again."""
    key = MARK + secrets.token_hex(20)
    row = ApiToken.objects.create(
        user=user,
        name=name,
        prefix=key[:PREFIX_LENGTH],
        digest=digest_of(key),
        scope=scope,
        expires_at=expires_at,
        by_login=by_login,
    )
    return row, key


@transaction.atomic
def token_by_login(user: Any) -> tuple[ApiToken, str]:
    """Make a token for somebody who has just logged in; of their earlier ones by login the newest stay."""
    made = token_create(user=user, name="login", expires_at=usual_expiry(), by_login=True)
    kept = ApiToken.objects.filter(user=user, by_login=True)[:MOST_BY_LOGIN].values_list("pk", flat=True)
    ApiToken.objects.filter(user=user, by_login=True).exclude(pk__in=list(kept)).delete()
    return made


def token_revoke(token_id: int, *, user: Any = None) -> None:
    """End a token at once; where `user` is given, only one of theirs.

    Raises
    ------
    NotFound : there is no such token.
    """
    rows = ApiToken.objects.filter(pk=token_id)
    row = found((rows if user is None else rows.filter(user=user)).first(), f"token {token_id}")
    row.delete()


def token_check(key: str) -> ApiToken | None:
    """Return the row of a token that is good now, with its user, and note its use; None: it is not good."""
    row = ApiToken.objects.select_related("user").filter(digest=digest_of(key)).first()
    now = timezone.now()
    if row is None or not row.user.is_active or (row.expires_at is not None and row.expires_at <= now):
        return None
    if row.last_used_at is None or row.last_used_at <= now - USE_NOTED_EVERY:
        _note_use(row, now)
    return row


def usual_expiry() -> dt.datetime:
    return timezone.now() + settings.TOKEN_LIFETIME


def digest_of(key: str) -> str:
    """SHA-256 in hex. Tokens are random: there is nothing to guess that a slow hash would protect."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _note_use(row: ApiToken, now: dt.datetime) -> None:
    # Who only reads must not wait for a writer: where the database is busy, the next request notes it.
    try:
        with without_waiting():
            ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)
    except OperationalError:
        logger.info("the use of token %s is noted later: the database is busy", row.pk)
