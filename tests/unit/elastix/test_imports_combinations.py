"""Files of known content in all the ways that they are written: read as they are meant, or asked about, never misread."""

import datetime as dt
import itertools
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pytest

from elastix.imports.core import UnreadableFile
from tests.unit.elastix.imports_helpers import table

FILES: Final = 2_400

HEADERS: Final = {
    "English": ("Order ID", "Product ID", "Item name", "Qty", "Order Date", "Unit Price (EUR)"),
    "German": ("Belegnr.", "Artikelnummer", "Bezeichnung", "Menge", "Datum", "Einzelpreis"),
    "French": ("N° facture", "Référence", "Désignation", "Quantité", "Date de facture", "Prix unitaire"),
    "Spanish": ("Factura", "Código", "Descripción", "Cantidad", "Fecha", "Precio unitario"),
    "Italian": ("Numero fattura", "Codice", "Descrizione", "Quantità", "Data", "Prezzo unitario"),
    "Dutch": ("Factuurnummer", "Artikelnummer", "Omschrijving", "Aantal", "Datum", "Stukprijs"),
}
MONTHS: Final = {
    "English": "January February March April May June July August September October November December",
    "German": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "French": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "Italian": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "Dutch": "januari februari maart april mei juni juli augustus september oktober november december",
}
DATES: Final[dict[str, Callable[[dt.datetime, str], str]]] = {
    "ISO": lambda day, _: f"{day:%Y-%m-%dT%H:%M:%S}",
    "day first": lambda day, _: f"{day:%d/%m/%Y %H:%M}",
    "month first": lambda day, _: f"{day:%m/%d/%Y %I:%M %p}",
    "dots": lambda day, _: f"{day:%d.%m.%y %H:%M}",
    "year of two digits last": lambda day, _: f"{day:%m/%d/%y %H:%M}",
    "year of two digits first": lambda day, _: f"{day:%y/%m/%d %H:%M}",
    "compact": lambda day, _: f"{day:%Y%m%d%H%M%S}",
    "names": lambda day, language: f"{day.day}. {MONTHS[language].split()[day.month - 1]} {day:%Y %H:%M}",
    "offset": lambda day, _: f"{day + dt.timedelta(hours=2):%Y-%m-%d %H:%M:%S} +0200",
    "serial": lambda day, _: f"{(day - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1):.6f}",
}
NEGATIVES: Final[dict[str, str]] = {
    "before": "-{}", "behind": "{}-", "brackets": "({})", "blank": "- {}", "minus sign": "\u2212{}", "en dash": "\u2013{}",
}  # fmt: skip
PRICES: Final[dict[str, str]] = {"plain": "{}", "sign before": "€{}", "sign after": "{} €", "code": "EUR {}"}
ENCODINGS: Final = ("utf-8", "utf-8-sig", "utf-16", "cp1252")
DELIMITERS: Final = (",", ";", "\t", "|")
MARKS: Final = (".", ",")
GROUPING: Final = (False, True)

SPACE: Final = (HEADERS, DATES, NEGATIVES, PRICES, ENCODINGS, DELIMITERS, MARKS, GROUPING)


def content(seed: int) -> list[tuple[str, str, str, int, dt.datetime, Decimal]]:
    """A few weeks of sales and returns."""
    rng = random.Random(seed)
    start = dt.datetime(2025, 2, 17, 9, 5)
    rows = []
    for number in range(16):
        moment = start + dt.timedelta(days=2 * number, minutes=37 * number)
        quantity = rng.choice([1, 2, 3, 12, 1500]) * (-1 if number % 5 == 4 else 1)
        price = Decimal(rng.choice([499, 1250, 99, 125000, 350])) / 100
        rows.append((str(1000 + number), f"A{number % 3}", "Café crème", quantity, moment, price))
    return rows


def written(value: Decimal | int, mark: str, grouped: bool) -> str:
    text = f"{value:,}" if grouped else f"{value}"
    return text if mark == "." else text.translate({ord("."): ",", ord(","): "."})


def file(rows: Any, way: tuple[Any, ...]) -> bytes:
    language, date, negative, price, encoding, delimiter, mark, grouped = way
    lines = [HEADERS[language]]
    for invoice, code, name, quantity, moment, amount in rows:
        size = written(abs(quantity), mark, grouped)
        number = NEGATIVES[negative].format(size) if quantity < 0 else size
        money = PRICES[price].format(written(amount, mark, grouped))
        lines.append((invoice, code, name, number, DATES[date](moment, language), money))
    quoted = (delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in line) for line in lines)
    return "\r\n".join(quoted).encode(encoding, "replace")


def sampled() -> list[tuple[Any, ...]]:
    ways = list(itertools.product(*SPACE))
    return random.Random(2025).sample(ways, FILES)


@pytest.mark.parametrize("part", range(8))
def test_no_file_is_misread_in_silence(part: int) -> None:
    asked = 0
    ways = sampled()[part::8]
    for seed, way in enumerate(ways):
        if way[4] == "cp1252" and way[2] == "minus sign":
            continue  # it has none
        rows = content(seed)
        try:
            opened = table(file(rows, way))
        except UnreadableFile:
            asked += 1
            continue
        (chunk,) = opened.chunks()
        found = list(
            zip(
                *(chunk.columns[name] for name in ("invoice_no", "stock_code", "description")),
                map(int, chunk.columns["quantity"]),
                (moment.replace(tzinfo=None) for moment in chunk.columns["invoice_date"]),
                chunk.columns["unit_price"],
                strict=True,
            )
        )
        seconds = {"ISO", "compact", "offset"}
        assert chunk.rejects == [], way
        expected = [
            (*row[:4], row[4].replace(second=0) if way[1] not in seconds else row[4], row[5]) for row in rows
        ]
        if way[1] == "serial":
            found = [(*row[:4], row[4].replace(second=0, microsecond=0), row[5]) for row in found]
        assert found == expected, way
    assert asked <= 0.02 * len(ways)
