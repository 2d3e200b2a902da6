"""Revisions of rows, to detect an edit that would overwrite a newer one."""

import hashlib
import json
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model

from elastix.dataset.versions import lock_version
from elastix.errors import Conflict

LENGTH: Final = 20


class Edited(Conflict):
    """Somebody else has changed the row since it was read."""

    default_detail = "It was changed by somebody else since you read it: read it again, then decide."
    default_code = "edited"


def revision_of(model: type[Model], key: Any, *, lock: bool = False) -> str | None:
    """Return a digest of what people may edit of a row, as the database has it now; None where there is no such row.

    What is computed does not count, and neither does the time of the last save: saving the same values undoes nothing.

    Parameters
    ----------
    lock : keep other writers from the row until the transaction ends.
    """
    if lock:
        # Before the row's own lock: the order that every writer keeps.
        lock_version()
    fields = [field.attname for field in model._meta.concrete_fields if field.editable]
    # Without the model's order: it may join other tables, whose missing rows PostgreSQL cannot lock.
    rows = model._default_manager.filter(pk=key).order_by()
    values = (rows.select_for_update() if lock else rows).values_list(*fields).first()
    if values is None:
        return None
    related = [
        sorted(map(str, model._default_manager.filter(pk=key).values_list(each.name, flat=True)))
        for each in model._meta.many_to_many
    ]
    text = json.dumps([values, related], cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:LENGTH]
