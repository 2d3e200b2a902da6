"""The switch that stops all repricing rules at once."""

from django.db import transaction
from django.utils import timezone

from elastix.dataset.versions import lock_version
from market.models import KillSwitch


def kill_switch() -> KillSwitch:
    """Return the switch; off until somebody turns it on."""
    return KillSwitch.objects.filter(pk=1).first() or KillSwitch(pk=1)


@transaction.atomic
def kill_switch_set(*, on: bool, reason: str, by: str) -> KillSwitch:
    """Turn the switch on or off.

    It waits for the lock that every change of a price is made under: once this has returned, the next change that a
    rule would make is stopped.
    """
    lock_version()
    return KillSwitch.objects.update_or_create(
        pk=1, defaults={"on": on, "reason": reason, "set_by": by, "set_at": timezone.now()}
    )[0]
