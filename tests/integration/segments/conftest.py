from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from elastix.api.permissions import Role


@pytest.fixture
def counted(db: None) -> APIClient:
    """A client whose authentication asks the database nothing: what is counted is the endpoint's own."""
    user: Any = User(username="counted", pk=1)
    user.role = Role.VIEWER
    client = APIClient()
    client.force_authenticate(user)
    return client
