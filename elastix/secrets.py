"""Secrets of an installation: the key that the default size makes for itself, and passwords nobody may keep."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

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
