"""Users and groups in the admin: Django's own pages, in which nobody undoes unseen what somebody else has changed."""

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, User

from elastix.admin_base import BaseAdmin

admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(BaseAdmin, auth_admin.UserAdmin):  # type: ignore[type-arg]
    # Written by logging in, not by whoever edits a user.
    readonly_fields = ("last_login", "date_joined")


@admin.register(Group)
class GroupAdmin(BaseAdmin, auth_admin.GroupAdmin):
    pass
