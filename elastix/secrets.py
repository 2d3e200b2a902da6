"""Secrets of an installation: the key that the default size makes for itself, passwords nobody may keep, and the
addresses that keys are sent to."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

PLACEHOLDER_PASSWORDS = frozenset({"", "postgres", "password", "elastix", "change-me", "secret", "admin"})


def kept_secret_key(directory: Path) -> str:
    """Return the key kept in `directory`, making it on first use, readable by its owner alone."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "secret.key"
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
    key = path.read_text().strip()
    if len(key) < 50:
        # Another process is between creating and writing it, or the file was cut: a short key is never used.
        raise RuntimeError(f"{path} holds no usable key. Delete it and start again.")
    return key


def platform_url(variable: str, url: str) -> str:
    """Return the address of a platform if keys may be sent there: encrypted, or on this machine; "" is none.

    Raises
    ------
    ImproperlyConfigured : it is no such address. The message does not repeat it, as it may hold a password.
    """
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        good = parts.scheme == "https" or (parts.scheme == "http" and local)
        plain = not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        good = plain = False
    if not (good and plain and parts.hostname):
        raise ImproperlyConfigured(
            f"{variable} must be an address such as https://shop.example.com, without a user, password or parameters."
        )
    return url.rstrip("/")
