"""The first look at a file: which kind it is, and its columns even where it cannot be read yet."""

import io

import pytest

from elastix.imports.core import Field, FileSchema, Options, UnreadableFile
from elastix.imports.core.preview import preview, recognise

SALES = FileSchema(
    (
        Field("code", ("sku",), kind="code", required=True),
        Field("quantity", ("units",), kind="integer", required=True),
        Field("price", kind="decimal", required=True),
    )
)
COSTS = FileSchema(
    (
        Field("code", ("sku",), kind="code", required=True),
        Field("cost", kind="decimal"),
    )
)
KINDS = {"sales": SALES, "costs": COSTS}


def seen(text: str, options: Options | None = None):  # type: ignore[no-untyped-def]
    return preview(io.BytesIO(text.encode()), KINDS, options or Options())


def test_a_file_is_the_kind_whose_columns_it_has() -> None:
    assert recognise(seen("SKU,Units,Price\nA,1,2\n")) == "sales"
    assert recognise(seen("SKU,Cost\nA,1.50\n")) == "costs"


def test_a_file_that_lacks_columns_is_the_kind_that_needs_none_of_them() -> None:
    assert recognise(seen("SKU,Units\nA,1\n")) == "costs"


def test_columns_and_first_rows_show_where_the_file_cannot_be_read() -> None:
    found = seen("SKU;Pieces;;Price\nA;1;x;2\nB\n")["sales"]
    assert found.names == ("SKU", "Pieces", "#3", "Price")
    assert found.fields == ("code", "", "", "price")
    assert found.missing == ("quantity",)
    assert found.rows == (("A", "1", "x", "2"), ("B", "", "", ""))


def test_ten_rows_are_shown_at_most() -> None:
    rows = "".join(f"A,{number},2\n" for number in range(15))
    assert len(seen("SKU,Units,Price\n" + rows)["sales"].rows) == 10


def test_what_the_user_says_of_a_column_counts() -> None:
    found = seen("SKU,Pieces,Price\nA,1,2\n", Options(mapping={"Pieces": "quantity", "Price": ""}))["sales"]
    assert found.fields == ("code", "quantity", "")
    assert found.missing == ("price",)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="no rows"):
        seen("\n\n")
