"""The steps of price changes as people take them, on the desk and in the admin: confirmed first, all of them or none."""

from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy

from elastix.errors import Conflict
from elastix.texts import text
from pricing.changes.services import price_changes
from pricing.changes.services.price_changes import Selection
from pricing.sales.models import PriceChange
from pricing.sales.models.price_changes import PriceChangeStatus

MOST_UNTYPED: Final = 50
"""More prices than this are confirmed by typing their number."""

NOT_AS_CONFIRMED: Final = (
    "The prices have changed since they were confirmed. Nothing was done; look at them again."
)
NOT_TYPED: Final = "Nothing was done: type {count} to confirm as many prices."


class NotConfirmed(Conflict):
    """Somebody has not confirmed what would be done; nothing was."""

    default_code = "not_confirmed"


@dataclass(frozen=True, slots=True)
class Step:
    """A step that people are offered.

    Attributes
    ----------
    sources : the statuses that can take it.
    run : the service that takes it.
    name : what the button says.
    singular, plural : message after the step.
    takes_note : it is asked why.
    warning : shown in the confirmation, beside the totals of the changes.
    """

    sources: tuple[PriceChangeStatus, ...]
    run: Any
    name: Any
    singular: Any
    plural: Any
    takes_note: bool = False
    warning: Any = ""


STEPS: Final = {
    "approve": Step(
        (PriceChangeStatus.PROPOSED,),
        price_changes.approve,
        gettext_lazy("Approve"),
        gettext_lazy("%(count)s price approved."),
        gettext_lazy("%(count)s prices approved."),
    ),
    "apply": Step(
        (PriceChangeStatus.APPROVED,),
        price_changes.apply,
        gettext_lazy("Apply"),
        gettext_lazy("%(count)s price in effect."),
        gettext_lazy("%(count)s prices in effect."),
    ),
    "reject": Step(
        (PriceChangeStatus.PROPOSED, PriceChangeStatus.APPROVED),
        price_changes.reject,
        gettext_lazy("Reject"),
        gettext_lazy("%(count)s price rejected."),
        gettext_lazy("%(count)s prices rejected."),
        takes_note=True,
        warning=gettext_lazy("These changes will not be made."),
    ),
    "undo": Step(
        (PriceChangeStatus.APPLIED,),
        price_changes.roll_back,
        gettext_lazy("Undo"),
        gettext_lazy("%(count)s price undone."),
        gettext_lazy("%(count)s prices undone."),
        takes_note=True,
    ),
}


def take_step(
    step: Step, selection: Selection, *, count: int, confirmed: str, typed: str, note: str, by: str
) -> list[PriceChange]:
    """Take a step with the changes that somebody confirmed.

    Parameters
    ----------
    count : how many changes the selection has now.
    confirmed, typed : how many the confirmation named, and the number that was typed to confirm it, as they were sent.

    Raises
    ------
    NotConfirmed : the confirmation named another number, or more than 50 were not confirmed by typing it.
    InvalidTransition, PermissionDenied : as of the step itself.
    """
    if confirmed != str(count):
        raise NotConfirmed(text(NOT_AS_CONFIRMED))
    if count > MOST_UNTYPED and typed.strip() != str(count):
        raise NotConfirmed(text(NOT_TYPED, count=count))
    given = {"note": note} if step.takes_note else {}
    taken: list[PriceChange] = step.run(selection, by=by, **given)
    return taken
