"""`@operation`: declare the request and response of an operation beside the method that serves it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from elastix.api.permissions import Role

Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """The declaration of one operation.

    Attributes
    ----------
    query
        Serializer of the query parameters, where the operation is no list with a FilterSet.
    body
        Serializer of the request.
    partial
        True where a body changes what it names and leaves the rest.
    response
        Serializer of the answer; None: no content; bytes: a file.
    media_type
        Of a file.
    status
        Codes of success, the usual one first.
    errors
        Codes of errors beyond those that the framework gives (400, 401, 403, 404, 503).
    role
        The lowest role allowed; None: viewers read, analysts write.
    lists
        True for an operation that answers a page of the viewset's filtered list.
    """

    query: Any = None
    body: Any = None
    partial: bool = False
    response: Any = None
    media_type: str = "text/csv"
    status: tuple[int, ...] = (200,)
    errors: tuple[int, ...] = ()
    role: Role | None = None
    lists: bool = False

    @property
    def writes(self) -> bool:
        """Whether a POST changes something: those that only compute are open to viewers."""
        return self.role is None or self.role > Role.VIEWER


def operation(**declared: Any) -> Callable[[Method], Method]:
    """Declare what a viewset's method takes and answers; see `Operation`. `status` may be one code."""
    status = declared.get("status", 200)
    declared["status"] = status if isinstance(status, tuple) else (status,)

    def attach(method: Method) -> Method:
        method.operation = Operation(**declared)  # type: ignore[attr-defined]
        return method

    return attach
