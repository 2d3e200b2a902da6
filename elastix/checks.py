"""System checks of our own, shown by `manage.py check` and at every start."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(deploy=True)
def open_api_is_not_deployed(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    if settings.OPEN_API and settings.OPEN_API_I_UNDERSTAND:
        return [
            checks.Warning(
                "OPEN_API_I_UNDERSTAND lets anybody who reaches this server use the API.",
                hint="Unset it; give every client a token.",
                id="elastix.W001",
            )
        ]
    return []
