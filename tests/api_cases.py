"""What every resource of the API is tried as: works, not logged in, not allowed, missing, invalid, twice.

A test class of a resource derives from the cases that it has (`ApiCases` is all of them) and supplies data only::

    class TestPolicies(ApiCases):
        path = "/api/price/policies"
        factory = PricePolicyFactory
        ...

Each case that refuses also checks that nothing was written and that the answer is a problem document that names
the field.
"""

import json
from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from rest_framework.test import APIClient

from elastix.api.permissions import Role
from elastix.imports.models import ImportBatch
from tests.conftest import client_of, user_with_role
from tests.integration.conftest import counted_client
from tests.integration.pricing.queries import queries_of_call

ROLES = ("viewer", "analyst", "manager", "admin")
UUID_OF_NOTHING = "00000000-0000-7000-8000-000000000000"
NUMBERS_OF_NOTHING = ("0", "999999", str(2**63), str(10**30))
PAGES_OUT_OF_RANGE = ({"limit": 0}, {"limit": 1001}, {"limit": "many"}, {"offset": -1})
NEEDED_DATA = {
    "required": "test_a_required_field_that_is_left_out_is_refused_by_name",
    "invalid": "test_an_invalid_body_is_refused_by_the_name_of_the_field",
    "invalid_changes": "test_an_invalid_change_is_refused_by_the_name_of_the_field",
}
NO_OBJECTS = ("[]", "null", "7", '"x"', "{")

Body = dict[str, Any]


def send(client: APIClient, method: str, url: str, body: Any) -> Any:
    """Send a body as JSON, also one that no renderer of ours would write."""
    return client.generic(method.upper(), url, json.dumps(body), content_type="application/json")


def problem_of(answer: Any, status: int) -> Body:
    """Check that an answer is a problem document of that status; return it."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem: Body = answer.json()
    assert problem["status"] == status
    assert problem["detail"]
    return problem


def refused_fields(answer: Any, status: int = 400) -> set[str]:
    """Check that an answer refuses a request; return the names of the fields it complains of."""
    return {error["field"] for error in problem_of(answer, status)["errors"]}


def top_level(field: str) -> str:
    """The field of the body to which `hours[0]` or `changes[1].price` belongs."""
    return field.split("[")[0].split(".")[0]


def lower_user(role: str) -> User:
    """A user with that role; with none where it is empty."""
    return user_with_role(role) if role else User.objects.create_user("nobody")


@pytest.mark.django_db
class ApiResource:
    """What the cases need to know of a resource.

    Attributes
    ----------
    path, list_path : address of the resource, and of its list where that is another.
    factory : makes a row; `make` may be overridden where that takes more.
    id_key, pk_name : the key of the answer, and the attribute of the row, that stand in the address of one row.
    rows_key : under which key a list has its rows.
    reader, writer : the lowest roles that may read and write.
    missing : what nothing is found under.
    """

    path: str
    list_path: str = ""
    factory: ClassVar[Any]
    id_key: ClassVar[str] = "id"
    pk_name: ClassVar[str] = "pk"
    rows_key: ClassVar[str] = "items"
    reader: ClassVar[str] = "viewer"
    writer: ClassVar[str] = "analyst"
    missing: ClassVar[Sequence[str]] = NUMBERS_OF_NOTHING

    def make(self) -> Any:
        return self.factory()

    def url(self, row: Model) -> str:
        return f"{self.path}/{quote(str(getattr(row, self.pk_name)))}"

    def rows(self) -> list[dict[str, Any]]:
        """All rows of the resource's table, to see that nothing has changed."""
        model = self.factory._meta.model
        return list(model._default_manager.order_by("pk").values())

    def __init_subclass__(cls) -> None:
        """Leave out the cases for which a resource has no data, instead of skipping them in every run."""
        for data, case in NEEDED_DATA.items():
            if hasattr(cls, "factory") and not getattr(cls, data, True):
                setattr(cls, case, None)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Parametrize the cases with the data of the class."""
        for name, values in (
            ("missing_id", self.missing),
            ("lower_role", ROLES[: ROLES.index(self.writer)]),
            ("lower_reader", ("", *ROLES[: ROLES.index(self.reader)])),
            ("invalid_body", getattr(self, "invalid", ())),
            ("invalid_change", getattr(self, "invalid_changes", ())),
            ("required_field", getattr(self, "required", ())),
            ("update_method", getattr(self, "update_methods", ())),
        ):
            if name in metafunc.fixturenames:
                named = name.startswith("invalid")
                ids = (
                    [f"{field or 'body'} {number}" for number, (_, field) in enumerate(values)]
                    if named
                    else None
                )
                metafunc.parametrize(name, values, ids=ids)

    def reading(self) -> APIClient:
        """A client of the lowest role that may read."""
        return client_of(user_with_role(self.reader))

    def writing(self) -> APIClient:
        """A client of the lowest role that may write."""
        return client_of(user_with_role(self.writer))


class ListCases(ApiResource):
    """The list of a resource. `list_queries` is the number of queries it takes, however long it is."""

    list_queries: ClassVar[int]
    pages_out_of_range: ClassVar[Sequence[Body]] = PAGES_OUT_OF_RANGE
    past_the_end: ClassVar[Body] = {"offset": 1_000_000}

    def make_for_list(self) -> Any:
        """Make a row with everything that the list shows of other tables."""
        return self.make()

    @property
    def list_url(self) -> str:
        return self.list_path or self.path

    def listed(self, client: APIClient, query: Body | None = None) -> tuple[list[Any], int]:
        """Ids of the rows of a page, and the number of all rows."""
        answer = client.get(self.list_url, query or {})
        assert answer.status_code == 200, answer.content
        body = answer.json()
        return [row[self.id_key] for row in body[self.rows_key]], self.total(body)

    def total(self, body: Body) -> int:
        """The number of all rows, as a page says it."""
        return int(body["total"])

    def test_a_reader_sees_every_row_in_the_list(self) -> None:
        client = self.reading()
        before, total = self.listed(client)
        made = {str(getattr(self.make(), self.pk_name)) for _ in range(3)}
        after, new_total = self.listed(client)
        assert {str(each) for each in after} == {str(each) for each in before} | made
        assert new_total == total + 3

    def test_a_page_is_a_part_of_the_list_in_its_order(self) -> None:
        for _ in range(3):
            self.make()
        client = self.reading()
        everything, total = self.listed(client)
        size, first = (
            ("limit", {"offset": 1}) if "offset" in self.past_the_end else ("page_size", {"page": 2})
        )
        assert self.listed(client, {size: 1} | first) == (everything[1:2], total)

    def test_a_page_past_the_end_is_empty(self) -> None:
        self.make()
        rows, total = self.listed(self.reading(), self.past_the_end)
        assert rows == []
        assert total >= 1

    def test_pages_out_of_range_are_refused_by_name(self) -> None:
        client = self.reading()
        for page in self.pages_out_of_range:
            assert refused_fields(client.get(self.list_url, page)) == set(page)

    def test_the_list_refuses_an_unknown_parameter(self) -> None:
        assert refused_fields(self.reading().get(self.list_url, {"colour": "red"})) == {"colour"}

    def test_the_list_is_closed_to_clients_that_are_not_logged_in(self, anonymous: APIClient) -> None:
        self.make()
        problem_of(anonymous.get(self.list_url), 401)

    def test_the_list_is_closed_to_lower_roles_and_users_without_one(self, lower_reader: str) -> None:
        self.make()
        problem_of(client_of(lower_user(lower_reader)).get(self.list_url), 403)

    def test_the_queries_of_the_list_do_not_grow_with_its_rows(self) -> None:
        counted = counted_client(Role[self.reader.upper()])
        for count in (2, 12):
            for _ in range(count):
                self.make_for_list()
            assert queries_of_call(lambda: self.listed(counted)) == self.list_queries


class DetailCases(ApiResource):
    """One row of a resource at its own address."""

    def test_a_reader_sees_one_row(self) -> None:
        row = self.make()
        answer = self.reading().get(self.url(row))
        assert answer.status_code == 200, answer.content
        assert str(answer.json()[self.id_key]) == str(getattr(row, self.pk_name))

    def test_a_row_that_is_not_there_is_not_found(self, missing_id: str) -> None:
        problem_of(self.reading().get(f"{self.path}/{missing_id}"), 404)

    def test_one_row_refuses_an_unknown_parameter(self) -> None:
        answer = self.reading().get(self.url(self.make()), {"colour": "red"})
        assert refused_fields(answer) == {"colour"}

    def test_one_row_is_closed_to_clients_that_are_not_logged_in(self, anonymous: APIClient) -> None:
        problem_of(anonymous.get(self.url(self.make())), 401)

    def test_one_row_is_closed_to_lower_roles_and_users_without_one(self, lower_reader: str) -> None:
        problem_of(client_of(lower_user(lower_reader)).get(self.url(self.make())), 403)


class CreateCases(ApiResource):
    """Adding a row.

    Attributes
    ----------
    body : one that is accepted; the answer repeats it, or `repeated` alone, and `created` holds what it says otherwise.
    accepted : status of success; 202 where a job is made.
    invalid : bodies to merge into it, each with the field that is refused.
    required : fields that a body has to have.
    twice, twice_field : status of the same body again, and the field that it is refused for; 201 and 202 make a
        second row, 200 corrects the first.
    """

    body: ClassVar[Body]
    repeated: ClassVar[Body | None] = None
    created: ClassVar[Body] = {}
    accepted: ClassVar[int] = 201
    invalid: ClassVar[Sequence[tuple[Body, str]]] = ()
    required: ClassVar[Sequence[str]] = ()
    twice: ClassVar[int] = 409
    twice_field: ClassVar[str] = ""

    def prepare(self) -> None:
        """Make what the body refers to."""

    def create(self, client: APIClient, body: Body | None = None) -> Any:
        return send(client, "post", self.path, self.body if body is None else body)

    def row_of(self, answer: Any) -> Body:
        """The row that an answer shows; all of it, unless the resource says otherwise."""
        found: Body = answer.json()
        return found

    def test_a_row_is_created_as_the_body_says(self) -> None:
        self.prepare()
        before = len(self.rows())
        answer = self.create(self.writing())
        assert answer.status_code == self.accepted, answer.content
        made = self.row_of(answer)
        repeated = self.body if self.repeated is None else self.repeated
        assert made | repeated | self.created == made
        assert len(self.rows()) == before + 1
        if isinstance(self, DetailCases):
            assert self.reading().get(f"{self.path}/{made[self.id_key]}").json() == made

    def test_nothing_is_created_by_clients_that_are_not_logged_in(self, anonymous: APIClient) -> None:
        self.prepare()
        before = self.rows()
        problem_of(self.create(anonymous), 401)
        assert self.rows() == before

    def test_nothing_is_created_by_a_lower_role(self, lower_role: str) -> None:
        self.prepare()
        before = self.rows()
        problem_of(self.create(client_of(user_with_role(lower_role))), 403)
        assert self.rows() == before

    def test_an_invalid_body_is_refused_by_the_name_of_the_field(
        self, invalid_body: tuple[Body, str]
    ) -> None:
        self.prepare()
        before = self.rows()
        changes, field = invalid_body
        answer = self.create(self.writing(), self.body | changes)
        assert {top_level(each) for each in refused_fields(answer)} == {field}
        assert self.rows() == before

    def test_a_required_field_that_is_left_out_is_refused_by_name(self, required_field: str) -> None:
        self.prepare()
        before = self.rows()
        body = {name: value for name, value in self.body.items() if name != required_field}
        assert refused_fields(self.create(self.writing(), body)) == {required_field}
        assert self.rows() == before

    @pytest.mark.parametrize("text", NO_OBJECTS)
    def test_a_body_that_is_no_object_is_refused(self, text: str) -> None:
        before = self.rows()
        problem_of(self.writing().generic("POST", self.path, text, content_type="application/json"), 400)
        assert self.rows() == before

    def test_creating_refuses_an_unknown_parameter(self) -> None:
        self.prepare()
        before = self.rows()
        answer = send(self.writing(), "post", f"{self.path}?colour=red", self.body)
        assert refused_fields(answer) == {"colour"}
        assert self.rows() == before

    def test_the_same_body_a_second_time(self) -> None:
        self.prepare()
        client = self.writing()
        first = self.row_of(self.create(client))
        before = self.rows()
        again = self.create(client)
        if self.twice < 400:
            assert again.status_code == self.twice, again.content
            assert (self.row_of(again)[self.id_key] == first[self.id_key]) == (self.twice == 200)
            assert len(self.rows()) == len(before) + (self.twice != 200)
        else:
            assert refused_fields(again, self.twice) == ({self.twice_field} if self.twice_field else set())
            assert self.rows() == before


class UpdateCases(ApiResource):
    """Changing a row by PUT and PATCH.

    Attributes
    ----------
    change : what is changed, as the answer repeats it; `changed` holds what the answer says otherwise.
    put_body : what PUT needs beside the change.
    invalid_changes : bodies, each with the field that is refused.
    """

    change: ClassVar[Body]
    changed: ClassVar[Body] = {}
    put_body: ClassVar[Body] = {}
    invalid_changes: ClassVar[Sequence[tuple[Body, str]]] = ()
    update_methods: ClassVar[Sequence[str]] = ("put", "patch")

    def update(self, method: str, client: APIClient, url: str, body: Body) -> Any:
        return send(client, method, url, (self.put_body if method == "put" else {}) | body)

    def test_a_change_is_made_and_making_it_again_changes_nothing(self, update_method: str) -> None:
        url, client = self.url(self.make()), self.writing()
        answer = self.update(update_method, client, url, self.change)
        assert answer.status_code == 200, answer.content
        made = answer.json()
        assert made | self.change | self.changed == made
        again = self.update(update_method, client, url, self.change).json()
        assert {name for name in made if made[name] != again[name]} <= {"updated_at"}
        assert self.reading().get(url).json() == again

    def test_nothing_is_changed_by_clients_that_are_not_logged_in(
        self, update_method: str, anonymous: APIClient
    ) -> None:
        url = self.url(self.make())
        before = self.rows()
        problem_of(self.update(update_method, anonymous, url, self.change), 401)
        assert self.rows() == before

    def test_nothing_is_changed_by_a_lower_role(self, update_method: str, lower_role: str) -> None:
        url = self.url(self.make())
        before = self.rows()
        problem_of(self.update(update_method, client_of(user_with_role(lower_role)), url, self.change), 403)
        assert self.rows() == before

    def test_an_invalid_change_is_refused_by_the_name_of_the_field(
        self, update_method: str, invalid_change: tuple[Body, str]
    ) -> None:
        url = self.url(self.make())
        before = self.rows()
        changes, field = invalid_change
        answer = self.update(update_method, self.writing(), url, changes)
        assert {top_level(each) for each in refused_fields(answer)} == {field}
        assert self.rows() == before

    def test_a_row_that_is_not_there_is_not_changed(self, update_method: str, missing_id: str) -> None:
        url, client = f"{self.path}/{missing_id}", self.writing()
        problem_of(self.update(update_method, client, url, self.change), 404)
        problem_of(send(client, update_method, url, {}), 404)

    @pytest.mark.parametrize("text", NO_OBJECTS)
    def test_a_change_that_is_no_object_is_refused(self, update_method: str, text: str) -> None:
        url = self.url(self.make())
        before = self.rows()
        answer = self.writing().generic(update_method.upper(), url, text, content_type="application/json")
        problem_of(answer, 400)
        assert self.rows() == before

    def test_changing_refuses_an_unknown_parameter(self, update_method: str) -> None:
        url = self.url(self.make())
        before = self.rows()
        answer = self.update(update_method, self.writing(), f"{url}?colour=red", self.change)
        assert refused_fields(answer) == {"colour"}
        assert self.rows() == before


class DeleteCases(ApiResource):
    """Deleting a row. `deleted` is the status of success."""

    deleted: ClassVar[int] = 204

    def test_a_row_is_deleted_once(self) -> None:
        self.make()
        others = self.rows()
        url, client = self.url(self.make()), self.writing()
        assert client.delete(url).status_code == self.deleted
        assert self.rows() == others
        problem_of(client.delete(url), 404)
        if isinstance(self, DetailCases):
            problem_of(self.reading().get(url), 404)

    def test_nothing_is_deleted_by_clients_that_are_not_logged_in(self, anonymous: APIClient) -> None:
        url = self.url(self.make())
        before = self.rows()
        problem_of(anonymous.delete(url), 401)
        assert self.rows() == before

    def test_nothing_is_deleted_by_a_lower_role(self, lower_role: str) -> None:
        url = self.url(self.make())
        before = self.rows()
        problem_of(client_of(user_with_role(lower_role)).delete(url), 403)
        assert self.rows() == before

    def test_a_row_that_is_not_there_is_not_deleted(self, missing_id: str) -> None:
        problem_of(self.writing().delete(f"{self.path}/{missing_id}"), 404)

    def test_deleting_refuses_an_unknown_parameter(self) -> None:
        url = self.url(self.make())
        before = self.rows()
        assert refused_fields(self.writing().delete(f"{url}?colour=red")) == {"colour"}
        assert self.rows() == before


class ApiCases(ListCases, DetailCases, CreateCases, UpdateCases, DeleteCases):
    """All of them, for a resource that people read, create, change and delete."""


class ProductFigureCases:
    """Figures of one product of the sample shop, which are computed and not written.

    Attributes
    ----------
    path : the address, with {code} where the product's code stands.
    queries : the number of queries that CUP's figures take.
    missing : codes under which there is nothing.
    """

    path: ClassVar[str]
    queries: ClassVar[int]
    missing: ClassVar[Sequence[str]] = ("NOBODY", "%00", "%ff", "x" * 60, "caf%C3%A9")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "missing_code" in metafunc.fixturenames:
            metafunc.parametrize("missing_code", self.missing)

    def ask(self, client: APIClient, code: str = "CUP", **query: Any) -> Any:
        return client.get(self.path.format(code=code), query)

    def test_a_viewer_sees_the_figures_in_a_fixed_number_of_queries(
        self, shop: ImportBatch, counted: APIClient
    ) -> None:
        answers: list[Any] = []
        assert queries_of_call(lambda: answers.append(self.ask(counted))) == self.queries
        assert answers[0].status_code == 200, answers[0].content

    def test_the_code_may_be_written_in_any_case(self, shop: ImportBatch, viewer_client: APIClient) -> None:
        assert self.ask(viewer_client, "cUp").json() == self.ask(viewer_client).json()

    def test_a_code_of_nothing_is_not_found(
        self, missing_code: str, shop: ImportBatch, viewer_client: APIClient
    ) -> None:
        problem_of(self.ask(viewer_client, missing_code), 404)

    def test_an_unknown_parameter_is_refused(self, shop: ImportBatch, viewer_client: APIClient) -> None:
        assert refused_fields(self.ask(viewer_client, colour="red")) == {"colour"}


class QuestionCases:
    """Figures computed for the body that a viewer sends; nothing is kept. The test's shop is the module's.

    Attributes
    ----------
    body : one that is answered.
    queries : the number of queries that the answer to it takes.
    invalid : bodies to merge into it, each with the field that is refused.
    missing : bodies to merge into it that name products of which there is nothing.
    """

    path: ClassVar[str]
    body: ClassVar[Body]
    queries: ClassVar[int]
    invalid: ClassVar[Sequence[tuple[Body, str]]]
    missing: ClassVar[Sequence[Body]] = ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "invalid_body" in metafunc.fixturenames:
            ids = [f"{field or 'body'} {number}" for number, (_, field) in enumerate(self.invalid)]
            metafunc.parametrize("invalid_body", self.invalid, ids=ids)

    def ask(self, client: APIClient, body: Body, query: str = "") -> Any:
        return send(client, "post", self.path + query, self.body | body)

    def test_the_answer_takes_a_fixed_number_of_queries(self, counted: APIClient) -> None:
        answers: list[Any] = []
        assert queries_of_call(lambda: answers.append(self.ask(counted, {}))) == self.queries
        assert answers[0].status_code == 200, answers[0].content

    def test_an_invalid_question_is_refused_by_the_name_of_the_field(
        self, invalid_body: tuple[Body, str], viewer_client: APIClient
    ) -> None:
        changes, field = invalid_body
        answer = self.ask(viewer_client, changes)
        assert {top_level(each) for each in refused_fields(answer)} == {field}

    def test_products_of_which_there_is_nothing_are_not_found(self, viewer_client: APIClient) -> None:
        for changes in self.missing:
            problem_of(self.ask(viewer_client, changes), 404)

    def test_a_question_that_is_no_object_is_refused(self, viewer_client: APIClient) -> None:
        for text in NO_OBJECTS:
            problem_of(viewer_client.generic("POST", self.path, text, content_type="application/json"), 400)

    def test_a_question_refuses_an_unknown_parameter(self, viewer_client: APIClient) -> None:
        assert refused_fields(self.ask(viewer_client, {}, "?colour=red")) == {"colour"}
