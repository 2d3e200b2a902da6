"""What every reading endpoint has to keep; a test module supplies its address and the keys of its answer.

That it is closed to clients without a role is tested for all addresses in tests/integration/elastix/test_roles.py.
"""

from typing import Any

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from tests.api_cases import refused_fields
from tests.integration.segments import shop


def keys_of(serializer: Any) -> set[str]:
    return set(serializer().fields)


def keys_of_answer(view: Any, action: str) -> set[str]:
    """The keys that the OpenAPI document declares for what an action answers."""
    declared = getattr(view, action).operation
    if not declared.lists:
        return keys_of(declared.response)
    served = view()
    served.action = action
    return set(served.paginator.get_paginated_response_schema({})["properties"])


def parameters_of(view: Any, action: str) -> set[str]:
    served = view()
    served.action = action
    return set(served._known_parameters(getattr(view, action).operation)[0])


@pytest.mark.django_db
class ReadingEndpoint:
    """Base of the tests of one address; `action` of the viewset `view` serves it."""

    path: str
    view: Any
    action = "list"
    always: dict[str, str] = {}  # parameters of every request
    rows_key = "items"
    is_dated = True
    is_paged = False

    def ask(self, client: APIClient, parameters: dict[str, Any] | None = None, **options: Any) -> Any:
        return client.get(self.path, self.always | (parameters or {}), **options)

    def test_a_viewer_may_read(self, viewer_client: APIClient) -> None:
        shop.publish()
        answer = self.ask(viewer_client)
        assert answer.status_code == 200, answer.content
        assert answer["Content-Type"] == "application/json"

    def test_the_answer_has_the_declared_keys(self, viewer_client: APIClient) -> None:
        shop.publish()
        answer = self.ask(viewer_client).json()
        assert set(answer) == keys_of_answer(self.view, self.action)

    def test_an_unknown_parameter_is_refused_by_name(self, viewer_client: APIClient) -> None:
        assert refused_fields(self.ask(viewer_client, {"colour": "red"})) == {"colour"}

    def test_a_shop_without_sales_answers(self, viewer_client: APIClient) -> None:
        assert self.ask(viewer_client).status_code == 200

    def test_both_spellings_of_dates_mean_the_same(self, viewer_client: APIClient) -> None:
        if not self.is_dated:
            assert self.ask(viewer_client, {"startDate": "2011-01-02"}).status_code == 400
            return
        shop.publish()
        snake = self.ask(viewer_client, {"start_date": "2011-01-02", "end_date": "2011-01-05"})
        camel = self.ask(viewer_client, {"startDate": "2011-01-02", "endDate": "2011-01-05"})
        assert snake.status_code == camel.status_code == 200
        assert snake.json() == camel.json()

    @pytest.mark.parametrize(
        "dates",
        [
            {"start_date": "2011-01-05", "end_date": "2011-01-04"},
            {"startDate": "2011-01-05", "endDate": "2011-01-04"},
            {"start_date": "yesterday"},
            {"end_date": "2011-02-30"},
            {"start_date": "2011-01-05", "startDate": "2011-01-06"},
        ],
    )
    def test_ranges_that_are_none_are_refused(self, dates: dict[str, str], viewer_client: APIClient) -> None:
        shop.publish()
        answer = self.ask(viewer_client, dates)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["message"]

    def test_empty_parameters_count_as_not_given(self, viewer_client: APIClient) -> None:
        shop.publish()
        empty = dict.fromkeys(parameters_of(self.view, self.action) - set(self.always), "")
        assert self.ask(viewer_client, empty).json() == self.ask(viewer_client).json()

    def test_a_page_past_the_end_is_empty(self, viewer_client: APIClient) -> None:
        shop.publish()
        answer = self.ask(viewer_client, {"offset": 1_000_000})
        if not self.is_paged:
            assert answer.status_code == 400
            return
        assert answer.status_code == 200
        assert answer.json()[self.rows_key] == []

    @pytest.mark.parametrize("page", [{"limit": "0"}, {"limit": "1001"}, {"offset": "-1"}, {"limit": "NaN"}])
    def test_pages_out_of_range_are_refused(self, page: dict[str, str], viewer_client: APIClient) -> None:
        assert self.ask(viewer_client, page).status_code == 400

    def test_an_unchanged_answer_is_not_sent_again(
        self, viewer_client: APIClient, anonymous: APIClient
    ) -> None:
        shop.publish()
        tag = self.ask(viewer_client)["ETag"]
        again = self.ask(viewer_client, headers={"If-None-Match": tag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
        assert self.ask(anonymous, headers={"If-None-Match": tag}).status_code == 401

    def test_a_publish_makes_the_answer_a_new_one(self, viewer_client: APIClient) -> None:
        shop.publish()
        tag = self.ask(viewer_client)["ETag"]
        shop.publish(sales_version=2, published_version=2)
        assert self.ask(viewer_client, headers={"If-None-Match": tag}).status_code == 200

    def test_it_can_be_browsed(self, viewer_client: APIClient) -> None:
        shop.publish()
        answer = self.ask(viewer_client, headers={"Accept": "text/html"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/html")

    def test_a_changed_time_zone_is_said_and_not_served(self, viewer_client: APIClient) -> None:
        shop.publish()
        with override_settings(SHOP_TIME_ZONE="Asia/Tokyo"):
            assert self.ask(viewer_client).status_code == 503
