import pytest

from elastix.imports.core import Field, FileSchema, UnreadableFile
from elastix.imports.core.columns import header_key
from elastix.imports.core.fields import normalise_name
from pricing.sales.core.files import PRODUCTS, TRANSACTIONS
from tests.unit.elastix.imports_helpers import HEADER, ROW, csv_text, read, row, table, whole

FIELDS = [
    "invoice_no", "stock_code", "description", "quantity", "invoice_date", "unit_price", "customer_id", "country",
]  # fmt: skip
NEWER = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country")


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        NEWER,
        FIELDS,
        [name.upper() for name in HEADER],
        [f" {name.replace('_', '-')} " for name in FIELDS],
        [
            "Invoice Number",
            "SKU",
            "Product Description",
            "Qty",
            "Date",
            "unit price",
            "Customer No.",
            "COUNTRY",
        ],
    ],
)
def test_columns_are_known_by_their_usual_names_whatever_case_and_punctuation(header):
    opened = table(csv_text([ROW], header=header))
    assert list(opened.report.mapping) == FIELDS
    assert list(opened.report.mapping.values()) == [name.strip() for name in header]
    assert opened.report.ignored_columns == ()
    assert whole(opened).columns["invoice_no"] == ["536365"]


def test_columns_may_come_in_any_order_and_unknown_ones_are_ignored_and_listed():
    header = ["Till", *reversed(HEADER), "Weather"]
    opened = table(csv_text([["web", *reversed(ROW), "1"]], header=header))
    assert opened.report.ignored_columns == ("Till", "Weather")
    assert whole(opened).columns["country"] == ["United Kingdom"]


def test_columns_that_are_not_needed_may_be_absent():
    chunk = read(csv_text([[*ROW[:2], *ROW[3:6]]], header=[*HEADER[:2], *HEADER[3:6]]))
    assert chunk.columns["description"] == [""]
    assert chunk.columns["customer_id"] == [None]
    assert chunk.columns["country"] == [""]


def test_a_date_that_is_not_needed_may_be_absent():
    schema = FileSchema((Field("price", kind="decimal", required=True), Field("seen", kind="datetime")))
    chunk = read("price\n2.5\n", schema)
    assert chunk.columns["seen"] == [None]
    assert chunk.columns["seen_day"] == [None]
    assert read("price,seen\n2.5,\n", schema).columns["seen_day"] == [None]


def test_the_users_mapping_wins():
    header = ["Beleg", "Artikel", "Text", "Menge", "Datum", "Preis", "Price", "Land"]
    mapping = {
        "Beleg": "invoice_no",
        "ARTIKEL": "stock_code",
        "Text": "description",
        "Menge": "quantity",
        "Datum": "invoice_date",
        "Preis": "unit_price",
    }
    opened = table(csv_text([[*ROW[:6], "9.99", "DE"]], header=header), mapping=mapping)
    assert opened.report.mapping["unit_price"] == "Preis"
    assert opened.report.ignored_columns == ("Price",)
    assert [str(price) for price in whole(opened).columns["unit_price"]] == ["2.5500"]


def test_a_mapping_to_nothing_ignores_the_column():
    opened = table(csv_text([ROW]), mapping={"Country": ""})
    assert opened.report.ignored_columns == ("Country",)
    assert whole(opened).columns["country"] == [""]


def test_a_mapped_column_no_longer_counts_for_its_own_name():
    opened = table(csv_text([[*ROW, "3.10"]], header=[*HEADER, "Price"]), mapping={"UnitPrice": "unit_price"})
    assert opened.report.ignored_columns == ("Price",)


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        (
            {"Absent": "country"},
            r'The mapping names "Absent", but the columns are "InvoiceNo", .*: correct it',
        ),
        ({"Country": "land"}, r'The mapping names "land", which is no field: the fields are invoice_no, '),
        ({"Country": "country", "Description": "country"}, "two columns for country"),
    ],
)
def test_a_mapping_that_cannot_be_followed_is_refused(mapping, sentence):
    with pytest.raises(UnreadableFile, match=sentence):
        table(csv_text([ROW]), mapping=mapping)


@pytest.mark.parametrize("header", [[*HEADER, "Price"], [*HEADER, "unit_price"], [*HEADER, "UnitPrice"]])
def test_two_columns_for_one_field_are_refused(header):
    with pytest.raises(
        UnreadableFile, match=r'The columns "UnitPrice( \(1\))?", ".*" could all be unit_price'
    ):
        table(csv_text([[*ROW, "3.10"]], header=header))


def test_two_columns_of_a_name_that_the_mapping_uses_are_refused():
    with pytest.raises(UnreadableFile, match="could all be country"):
        table(csv_text([[*ROW, "x", "y"]], header=[*HEADER, "Land", "Land"]), mapping={"Land": "country"})


def test_two_unknown_columns_may_share_a_name():
    opened = table(csv_text([[*ROW, "x", "y"]], header=[*HEADER, "Note", "Note"]))
    assert opened.report.ignored_columns == ("Note (1)", "Note (2)")


def test_missing_columns_are_named():
    with pytest.raises(
        UnreadableFile,
        match=r'No column was found for quantity, unit_price. The columns are "InvoiceNo" \(invoice_no\)',
    ):
        table(csv_text([[*ROW[:3], ROW[4]]], header=[*HEADER[:3], HEADER[4]]))


def test_an_unknown_layout_is_described_with_a_guess_for_each_missing_column():
    header = ["Beleg", "Ware", "Wieviel", "Wann", "Soviel"]
    with pytest.raises(UnreadableFile) as caught:
        table(csv_text([["1", "A1", "2", "2025-03-13", "2.55"]], header=header))
    message = str(caught.value)
    assert '"Beleg" (invoice_no), "Ware" (not known), "Wieviel" (not known)' in message
    assert '--map "Wann=invoice_date"' in message
    assert '--map "Ware=stock_code"' in message
    assert "option mapping" in message


@pytest.mark.parametrize(
    "header",
    [
        ["Beleg", "Artikelnummer", "Bezeichnung", "Menge", "Datum", "Einzelpreis"],
        ["Facture", "Référence", "Désignation", "Quantité", "Date", "Prix unitaire"],
        ["Factura", "Código", "Descripción", "Cantidad", "Fecha", "Precio unitario"],
        ["Fattura", "Codice", "Descrizione", "Quantità", "Data", "Prezzo unitario"],
        ["Factuur", "Artikelnummer", "Omschrijving", "Aantal", "Datum", "Prijs"],
        ["Order ID", "Product ID", "Product Name", "Quantity", "Order Date", "Unit Price (USD)"],
        ["Transaction ID", "SKU", "Item name", "units_sold", "Date", "Avg. Price"],
        ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price [EUR]"],
    ],
)
def test_columns_are_known_in_six_languages_and_with_units(header):
    opened = table(csv_text([["1", "A1", "Bolt", "2", "2025-03-13", "2.55"]], header=header))
    assert list(opened.report.mapping) == [
        "invoice_no", "stock_code", "description", "quantity", "invoice_date", "unit_price",
    ]  # fmt: skip
    assert list(opened.report.mapping.values()) == header


def test_a_column_of_taxes_counts_only_where_it_is_mapped():
    header = ["Order ID", "SKU", "Qty", "Date", "Price", "Tax Rate"]
    text = csv_text([["1", "A1", "2", "2025-03-13", "2.55", "20%"]], header=header)
    assert table(text).report.ignored_columns == ("Tax Rate",)
    assert table(text, mapping={"Tax Rate": "tax_rate"}).report.mapping["tax_rate"] == "Tax Rate"


def test_of_several_names_the_weak_one_gives_way():
    header = ["Order ID", "Item", "SKU", "Qty", "Date", "Price", "Total"]
    opened = table(csv_text([["1", "Bolt", "A1", "2", "2025-03-13", "2.55", "5.10"]], header=header))
    assert opened.report.mapping["stock_code"] == "SKU"
    assert opened.report.mapping["line_total"] == "Total"


def test_without_codes_names_are_the_codes():
    opened = table("Ticket,Product name,Qty,Date,Price\n1,Bolt,2,2025-03-13,2.55\n")
    assert opened.report.mapping["stock_code"] == "Product name"
    assert whole(opened).columns["stock_code"] == ["BOLT"]


def test_a_mapping_that_was_given_for_the_same_columns_before_is_remembered():
    text = "Beleg,Ware,Anz,Wann,Soviel\n1,A1,2,2025-03-13,2.55\n"
    mapping = {"Ware": "stock_code", "Anz": "quantity", "Wann": "invoice_date", "Soviel": "unit_price"}
    remembered = {header_key(["Anz", "beleg", "Ware", "Wann", "Soviel"]): mapping}
    opened = table(text, remembered=remembered)
    assert opened.report.mapping["quantity"] == "Anz"
    assert "as somebody said" in opened.report.notes[0]
    with pytest.raises(UnreadableFile, match="No column was found"):
        table(text.replace("Soviel", "Wieviel"), remembered=remembered)
    own = table(text, mapping=mapping | {"Beleg": ""}, remembered=remembered)
    assert "invoice_no" not in own.report.mapping


def test_columns_of_one_name_are_distinguished_by_number_or_position():
    header, rows = (
        ["Invoice", "SKU", "Price", "Qty", "Date", "Price"],
        [["1", "A", "10", "3", "2025-03-13", "8.40"]],
    )
    with pytest.raises(UnreadableFile, match=r'"Price \(1\)", "Price \(2\)" could all be unit_price'):
        table(csv_text(rows, header=header))
    with pytest.raises(UnreadableFile, match="could all be unit_price"):
        table(csv_text(rows, header=header), mapping={"Price": "unit_price"})
    for name, price in {"Price (2)": "8.4000", "#3": "10.0000", "#6": "8.4000"}.items():
        chunk = read(csv_text(rows, header=header), mapping={name: "unit_price"})
        assert [str(each) for each in chunk.columns["unit_price"]] == [price]
    with pytest.raises(UnreadableFile, match='names "#7"'):
        table(csv_text(rows, header=header), mapping={"#7": "unit_price"})


def test_a_file_without_header_is_refused_with_a_reason():
    with pytest.raises(UnreadableFile, match=r'has no header: its first row is "536365", .*Add a first row'):
        table(csv_text([ROW], header=ROW))


def test_rows_above_the_header_are_passed_over_and_noted():
    opened = table("Sales report\n\nfor 2010\n" + csv_text([ROW]))
    assert opened.report.header_line == 4
    assert opened.report.notes == ("2 rows above the header (line 4) were passed over.",)
    assert opened.rows_hint == 1
    assert whole(opened).line_numbers == [5]


def test_excels_own_note_of_the_delimiter_is_passed_over():
    opened = table("sep=;\n" + csv_text([row(InvoiceDate="2010-12-01")], delimiter=";"))
    assert opened.report.delimiter == ";"
    assert whole(opened).line_numbers == [3]


def test_a_header_may_have_line_breaks_in_quotation_marks():
    header = ['"Invoice\nNo"', *HEADER[1:]]
    opened = table(csv_text([ROW], header=header))
    assert opened.report.header_line == 2
    assert whole(opened).line_numbers == [3]


def test_unnamed_columns_are_no_fields():
    opened = table(csv_text([[*ROW, "", ""], ROW], header=[*HEADER, "", ""]))
    assert opened.header == HEADER
    assert whole(opened).line_numbers == [2, 3]


def test_products_are_mapped_too():
    header = ["Code", "Name", "Category", "Cost", "Cost from", "Current Price", "Stock Level", "Target Stock"]
    rows = [
        ["p001", "Iced Latte 720", "Coffee", "8.5", "2025-01-31", "12.99", "40", "60"],
        ["P002", "", "", "", "", "", "", ""],
    ]
    chunk = read(csv_text(rows, header=header), PRODUCTS)
    assert chunk.rejects == []
    assert {name: [str(value) for value in column] for name, column in chunk.columns.items()} == {
        "code": ["P001", "P002"],
        "name": ["Iced Latte 720", ""],
        "category": ["Coffee", ""],
        "cost": ["8.5000", "None"],
        "cost_valid_from": ["2025-01-31 00:00:00+00:00", "None"],
        "cost_valid_from_day": ["20119", "None"],
        "current_price": ["12.99", "None"],
        "sale_price": ["None", "None"],
        "currency": ["", ""],
        "stock_level": ["40.000", "None"],
        "target_stock": ["60.000", "None"],
        "reason": ["", ""],
    }


def test_a_product_file_needs_only_codes():
    assert read("SKU\nA1\n\nB2\n", PRODUCTS).columns["code"] == ["A1", "B2"]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("current_price", "0", "out_of_range"),
        ("current_price", "12.999", "too_many_decimals"),
        ("cost", "-1", "out_of_range"),
        ("target_stock", "-1", "out_of_range"),
        ("stock_level", "10000001", "out_of_range"),
        ("category", "c" * 101, "too_long"),
    ],
)
def test_products_outside_their_limits_are_refused(column, value, reason):
    chunk = read(f"code,{column}\nP1,{value}\n", PRODUCTS)
    assert [reject.reason for reject in chunk.rejects] == [reason]


def test_a_name_is_its_letters_and_digits():
    assert {
        normalise_name(name) for name in ("Customer ID", "customer_id", "CUSTOMER-ID ", "customer.id")
    } == {"customerid"}


def test_a_schema_whose_fields_share_a_name_is_a_mistake():
    with pytest.raises(ValueError, match="one of the names of 'cost'"):
        FileSchema((Field("price", ("cost",)), Field("cost")))


def test_a_schema_is_asked_for_its_fields_by_name():
    assert TRANSACTIONS["quantity"].minimum == -999_999
    assert "quantity" in TRANSACTIONS
    assert "colour" not in TRANSACTIONS
    with pytest.raises(KeyError):
        TRANSACTIONS["colour"]
