"""Roles: what a person may do through the API and in the admin.

viewer reads; analyst also imports and writes products, transactions and simulations; manager also decides on
prices; admin also manages users and may delete everything.
"""

from enum import IntEnum
from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission


class Role(IntEnum):
    NONE = 0
    VIEWER = 1
    ANALYST = 2
    MANAGER = 3
    ADMIN = 4

    @classmethod
    def named(cls, name: str) -> "Role":
        return cls[name.upper()]


ROLE_NAMES = ("viewer", "analyst", "manager", "admin")


def role_of(user: Any) -> Role:
    """Return the highest role among a user's groups; superusers are admins."""
    role: Role | None = getattr(user, "role", None)
    if role is not None:
        return role
    if not user.is_authenticated or not user.is_active:
        return Role.NONE
    names = set(user.groups.values_list("name", flat=True)) if not user.is_superuser else {"admin"}
    user.role = max((Role.named(name) for name in ROLE_NAMES if name in names), default=Role.NONE)
    return user.role  # type: ignore[no-any-return]


def audit_username(request: Any) -> str:
    """The name under which what a request does is kept."""
    return request.user.get_username() or "anonymous"


class RolePermission(BasePermission):
    """Compare the user's role with the lowest that the operation allows.

    An operation that names none is readable by viewers and writable by analysts.
    """

    message = "Your role does not allow this."

    def has_permission(self, request: Any, view: Any) -> bool:
        if request.user.is_anonymous and not getattr(request.user, "role", None):
            return False
        declared = getattr(view, "operation", None)
        needed = Role.VIEWER if request.method in SAFE_METHODS else Role.ANALYST
        if declared is not None and declared.role is not None:
            needed = declared.role
        return role_of(request.user) >= needed
