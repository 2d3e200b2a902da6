"""Routes of viewsets: path converters, no trailing slash."""

from django.urls import register_converter
from django.urls.converters import IntConverter
from rest_framework.routers import SimpleRouter


class RowIdConverter(IntConverter):
    """The number of a row: what a 64-bit column can hold."""

    regex = "[0-9]{1,18}"


register_converter(RowIdConverter, "row_id")


class Router(SimpleRouter):
    """A router whose viewsets name their converter by `lookup_value_converter` (str, uuid, row_id).

    DELETE on a collection goes to the viewset's `destroy_all`, if there is one.
    """

    routes = [
        SimpleRouter.routes[0]._replace(  # type: ignore[call-arg]
            mapping={"get": "list", "post": "create", "delete": "destroy_all"}
        ),
        *SimpleRouter.routes[1:],
    ]

    def __init__(self) -> None:
        super().__init__(trailing_slash=False, use_regex_path=False)
