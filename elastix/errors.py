"""What can go wrong in the terms of the product. The API turns each into a problem answer, a command into a line."""

from dataclasses import dataclass
from typing import Any, TypeVar

Row = TypeVar("Row")


class ElastixError(Exception):
    """Base of the errors that a caller can understand and act on.

    Attributes
    ----------
    detail
        What is wrong and what to do, as a sentence.
    code
        A stable name for programs.
    """

    default_detail = "The request could not be served."
    default_code = "error"

    def __init__(self, detail: Any = None, code: str | None = None) -> None:
        self.detail = self.default_detail if detail is None else detail
        self.code = code or self.default_code
        super().__init__(self.detail)

    def __str__(self) -> str:
        return str(self.detail)


class NotFound(ElastixError):
    """There is no such thing."""

    default_detail = "There is nothing at this address."
    default_code = "not_found"


def found(row: Row | None, what: str) -> Row:
    """Return what a query found; raise NotFound naming what there is none of, where it found nothing."""
    if row is None:
        raise NotFound(f"There is no {what}.")
    return row


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request; `field` is "" where it is the request as a whole."""

    field: str
    message: str
    code: str = "invalid"


class Invalid(ElastixError):
    """What was sent cannot be used; `errors` says so field by field."""

    default_code = "invalid"

    def __init__(self, *errors: FieldError) -> None:
        self.errors = errors
        super().__init__("; ".join(error.message for error in errors))


class Conflict(ElastixError):
    """What was asked does not fit the present state. `errors`, if set, names each row that stands in the way."""

    errors: list[dict[str, str]] | None = None
    default_detail = "The request does not fit the present state."
    default_code = "conflict"


class KeyReused(ElastixError):
    """The key that marks a request as the same one came with another request before."""

    default_code = "key_reused"


class Busy(ElastixError):
    """The database could not give its lock in time, or the answer changed while it was made."""

    default_detail = "The shop's data are being written just now. Try again in a few seconds."
    default_code = "busy"
