"""OPEN_API: clients of this machine that send no credentials."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from elastix.imports.models import ImportBatch
from pricing.sales.models import PriceChange

pytestmark = pytest.mark.django_db

HERE = {"HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1"}
SALE = {
    "invoice_no": "1",
    "stock_code": "CUP",
    "quantity": 1,
    "invoice_date": "2025-03-01T12:00:00Z",
    "unit_price": 4,
}


@pytest.fixture
def opened() -> Iterator[None]:
    with override_settings(
        OPEN_API=True,
        OPEN_API_ROLE="analyst",
        OPEN_API_I_UNDERSTAND=False,
        CORS_ALLOWED_ORIGINS=["http://localhost:3000"],
    ):
        yield


def read(client: APIClient, **headers: str) -> int:
    return client.get("/elasticity", **(HERE | headers)).status_code


def write(client: APIClient, **headers: str) -> int:
    return client.post("/transactions", SALE, **(HERE | headers)).status_code


def test_it_is_off_unless_asked_for(anonymous: APIClient) -> None:
    assert (read(anonymous), write(anonymous)) == (401, 401)


@pytest.mark.usefixtures("opened")
class TestOpened:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost:8000", "[::1]", "[::1]:8000"])
    def test_this_machine_may_read(self, host: str, anonymous: APIClient) -> None:
        assert read(anonymous, HTTP_HOST=host) == 200

    def test_a_command_line_client_of_this_machine_may_write(self, anonymous: APIClient) -> None:
        assert write(anonymous) == 201

    @pytest.mark.parametrize("address", ["10.0.0.7", "::ffff:10.0.0.7", "", "127.0.0.1.example.com"])
    def test_another_machine_may_not_read(self, address: str, anonymous: APIClient) -> None:
        assert read(anonymous, REMOTE_ADDR=address) == 401

    def test_a_name_that_was_bound_to_this_machine_is_no_way_in(self, anonymous: APIClient) -> None:
        with override_settings(ALLOWED_HOSTS=["*"]):
            assert read(anonymous, HTTP_HOST="evil.example") == 401
            assert read(anonymous, HTTP_HOST="localhost.evil.example:8000") == 401

    @pytest.mark.parametrize(
        "header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP"]
    )
    def test_what_came_through_a_proxy_is_not_from_this_machine(
        self, header: str, anonymous: APIClient
    ) -> None:
        assert read(anonymous, **{header: "127.0.0.1"}) == 401

    @pytest.mark.parametrize(
        ("origin", "status"),
        [
            ("http://127.0.0.1:8000", 201),
            ("http://localhost:3000", 201),
            ("http://localhost:3001", 403),
            ("https://evil.example", 403),
            ("null", 403),
            ("", 403),
        ],
    )
    def test_a_page_may_write_only_from_our_own_or_a_listed_origin(
        self, origin: str, status: int, anonymous: APIClient
    ) -> None:
        assert write(anonymous, HTTP_ORIGIN=origin) == status

    @pytest.mark.parametrize(
        "sign",
        [
            {"HTTP_REFERER": "https://evil.example/"},
            {"HTTP_SEC_FETCH_SITE": "cross-site"},
            {"HTTP_COOKIE": "a=b"},
        ],
    )
    def test_a_browser_that_names_no_origin_may_not_write(
        self, sign: dict[str, str], anonymous: APIClient
    ) -> None:
        assert write(anonymous, **sign) == 403

    def test_the_refusal_says_what_to_do(self, anonymous: APIClient) -> None:
        answer = anonymous.post("/transactions", SALE, **HERE, HTTP_ORIGIN="https://evil.example")
        assert "CORS_ORIGINS" in answer.json()["detail"]

    def test_the_role_limits_what_may_be_written(self, anonymous: APIClient) -> None:
        with override_settings(OPEN_API_ROLE="viewer"):
            assert (read(anonymous), write(anonymous)) == (200, 403)

    def test_deleting_everything_stays_with_an_admin(
        self, shop: ImportBatch, anonymous: APIClient, admin_client: APIClient
    ) -> None:
        with override_settings(OPEN_API_ROLE="manager"):
            assert anonymous.delete("/transactions?confirm=true", **HERE).status_code == 403
        assert admin_client.get("/transactions").json()["total"] == shop.accepted

    def test_a_wrong_token_is_not_taken_for_none(self, anonymous: APIClient) -> None:
        assert read(anonymous, HTTP_AUTHORIZATION="Token 0000") == 401

    def test_who_is_logged_in_keeps_their_own_role(self, viewer_client: APIClient) -> None:
        assert write(viewer_client) == 403

    def test_other_machines_are_let_in_only_when_somebody_understands(self, anonymous: APIClient) -> None:
        with override_settings(OPEN_API_I_UNDERSTAND=True):
            assert read(anonymous, REMOTE_ADDR="10.0.0.7") == 200
            assert write(anonymous, REMOTE_ADDR="10.0.0.7", HTTP_ORIGIN="https://evil.example") == 403

    def test_the_ledger_says_that_nobody_was_known(self, anonymous: APIClient) -> None:
        product: Any = {"id": "CUP", "name": "Cup", "current_price": 4}
        assert anonymous.post("/api/products", product, **HERE).status_code == 201
        assert PriceChange.objects.get().applied_by == "anonymous"
