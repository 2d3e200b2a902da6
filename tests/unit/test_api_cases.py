"""The shared API cases: none is lost for a resource that has data for it, none is skipped for one that has not."""

from tests.api_cases import NEEDED_DATA, ApiCases, CreateCases
from tests.factories import ProductFactory


class Bare(CreateCases):
    path = "/bare"
    factory = ProductFactory


class Full(ApiCases):
    path = "/full"
    factory = ProductFactory
    required = ("name",)
    invalid = invalid_changes = (({"name": ""}, "name"),)


def test_a_resource_has_the_cases_it_has_data_for_and_no_others() -> None:
    for case in NEEDED_DATA.values():
        assert callable(getattr(ApiCases, case))
        assert callable(getattr(Full, case))
        assert getattr(Bare, case, None) is None
