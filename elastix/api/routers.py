"""Routes of viewsets: path converters, no trailing slash."""

from django.urls import register_converter
from django.urls.converters import IntConverter, StringConverter
from rest_framework.routers import SimpleRouter


class RowIdConverter(IntConverter):
    """The number of a row: what a 64-bit column can hold."""

    regex = "[0-9]{1,18}"


class ProductCodeConverter(StringConverter):
    """A product code, which may hold slashes: web servers decode %2F before Django sees the address."""

    regex = ".+"


register_converter(RowIdConverter, "row_id")
register_converter(ProductCodeConverter, "product_code")


class Router(SimpleRouter):
    """A router whose viewsets name their converter by `lookup_value_converter` (product_code, uuid, row_id).

    Addresses below a row come before the row's own, which would take them for a code with a slash.
    DELETE on a collection goes to the viewset's `destroy_all`, if there is one.
    """

    routes = [
        SimpleRouter.routes[0]._replace(  # type: ignore[call-arg]
            mapping={"get": "list", "post": "create", "delete": "destroy_all"}
        ),
        SimpleRouter.routes[1],
        *reversed(SimpleRouter.routes[2:]),
    ]

    def __init__(self) -> None:
        super().__init__(trailing_slash=False, use_regex_path=False)
