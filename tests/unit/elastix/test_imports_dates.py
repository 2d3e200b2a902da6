from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastix.imports.core import UnreadableFile
from elastix.imports.core.dates import parse_date
from elastix.imports.core.sniff import DateEvidence
from tests.unit.elastix.imports_helpers import csv_text, read, refusal, row, table, whole

LONDON = ZoneInfo("Europe/London")


def dates(*texts: str, delimiter: str = ";", **options):
    return read(csv_text([row(InvoiceDate=text) for text in texts], delimiter=delimiter), **options)


def moment(text: str, **options) -> datetime:
    chunk = dates(text, **options)
    assert chunk.rejects == []
    return chunk.columns["invoice_date"][0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2010-12-01", datetime(2010, 12, 1)),
        ("2010-12-01 08:26", datetime(2010, 12, 1, 8, 26)),
        ("2010-12-01T08:26:03", datetime(2010, 12, 1, 8, 26, 3)),
        ("2010-12-01T08:26:03.25", datetime(2010, 12, 1, 8, 26, 3, 250_000)),
        ("2010-12-01T08:26:03,1234567", datetime(2010, 12, 1, 8, 26, 3, 123_456)),
        ("2010-12-01T08:26Z", datetime(2010, 12, 1, 8, 26)),
        ("2010-12-01T08:26:00+01:00", datetime(2010, 12, 1, 7, 26)),
        ("2010-12-01 08:26:00 -0530", datetime(2010, 12, 1, 13, 56)),
        ("2010-12-01T08:26+01", datetime(2010, 12, 1, 7, 26)),
        ("2010/12/01 8:26", datetime(2010, 12, 1, 8, 26)),
        ("2010.12.1", datetime(2010, 12, 1)),
        ("31/12/2010 8:26", datetime(2010, 12, 31, 8, 26)),
        ("31.12.2010", datetime(2010, 12, 31)),
        ("31-12-10 23:59:59", datetime(2010, 12, 31, 23, 59, 59)),
        ("12/31/2010 8:26 PM", datetime(2010, 12, 31, 20, 26)),
        ("12/31/2010, 12:05 a.m.", datetime(2010, 12, 31, 0, 5)),
        ("12/31/10 12:05pm", datetime(2010, 12, 31, 12, 5)),
        ("12/31/2010 8:26\u202fAM", datetime(2010, 12, 31, 8, 26)),
        ("1/31/70", datetime(1970, 1, 31)),
        ("31/1/68", datetime(2068, 1, 31)),
        ("2010-12-01 24:00", datetime(2010, 12, 2)),
        ("2010-12-01 08:26:60", datetime(2010, 12, 1, 8, 27)),
        ("2010-12-01 08:26:00 UTC", datetime(2010, 12, 1, 8, 26)),
        ("2010-12-01 08:26 CET", datetime(2010, 12, 1, 7, 26)),
        ("2010-12-01 08:26 UTC-5", datetime(2010, 12, 1, 13, 26)),
        ("Wed 2010-12-01", datetime(2010, 12, 1)),
        ("Wed, 01 Dec 2010 08:26:00 +0000", datetime(2010, 12, 1, 8, 26)),
        ("20101201", datetime(2010, 12, 1)),
        ("20101201T082603Z", datetime(2010, 12, 1, 8, 26, 3)),
        ("20101201082603", datetime(2010, 12, 1, 8, 26, 3)),
        ("40513.35", datetime(2010, 12, 1, 8, 24)),
        ("31.12.2010 14.30", datetime(2010, 12, 31, 14, 30)),
        ("31.12.2010 14:30 Uhr", datetime(2010, 12, 31, 14, 30)),
        ("1. Dezember 2010", datetime(2010, 12, 1)),
        ("3. März 2010", datetime(2010, 3, 3)),
        ("1er août 2010 à 14h30", datetime(2010, 8, 1, 14, 30)),
        ("1 de diciembre de 2010", datetime(2010, 12, 1)),
        ("mercoledì 1 dicembre 2010", datetime(2010, 12, 1)),
        ("1 mrt. 2010", datetime(2010, 3, 1)),
        ("Dec 1, 2010 8:26 PM", datetime(2010, 12, 1, 20, 26)),
        ("01-DEC-10", datetime(2010, 12, 1)),
        ("2010-Dec-01", datetime(2010, 12, 1)),
        # A month that begins as a weekday does, and days of the week at either end.
        ("March 4, 2010", datetime(2010, 3, 4)),
        ("June 4th, 2010 at 3:15 PM", datetime(2010, 6, 4, 15, 15)),
        ("mar. 4 mars 2010", datetime(2010, 3, 4)),
        ("Montag, 13. Dezember 2010", datetime(2010, 12, 13)),
        ("2010-12-13 Monday", datetime(2010, 12, 13)),
        ("13.12.2010 (Mo)", datetime(2010, 12, 13)),
        ("Mon Dec 13 08:26:00 2010", datetime(2010, 12, 13, 8, 26)),
        ("Mon Dec 13 2010 09:26:00 GMT+0100 (CET)", datetime(2010, 12, 13, 8, 26)),
        ("1292228760", datetime(2010, 12, 13, 8, 26)),
        ("1292228760000", datetime(2010, 12, 13, 8, 26)),
    ],
)
def test_dates_are_read_in_the_formats_found_in_files(text, expected):
    assert moment(text) == expected.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2010-13-01",
        "2010-02-30",
        "32/13/2010",
        "0/1/2010",
        "2010-12/01",
        "2010-12-01 25:00",
        "2010-12-01 08:60",
        "2010-12-01 13:00 PM",
        "2010-12-01 0:30 AM",
        "2010-12-01T08:26+25:00",
        "19513.35",
        "2010-12-01 24:01",
        "1. Foobar 2010",
        "20101301",
        "100/1/2010",
        "1/1/201",
        "٢٠١٠-12-01",
    ],
)
def test_other_texts_are_refused_as_no_dates(text):
    reason, message = refusal(InvoiceDate=text)
    assert reason == "not_a_date"
    assert message.startswith(f'InvoiceDate "{text}" is')
    assert message.endswith("expected a date such as 12/31/2010 08:26.")


@pytest.mark.parametrize("text", ["1969-12-31", "2101-01-01", "12/13/1969", "9999-12-31", "0001-01-01"])
def test_years_outside_1970_to_2100_are_refused(text):
    assert refusal(InvoiceDate=text)[0] == "year_out_of_range"


def test_a_day_that_an_offset_moves_out_of_the_years_is_refused():
    assert refusal(InvoiceDate="1970-01-01T00:30:00+05:00")[0] == "year_out_of_range"


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["12/1/2010", "12/13/2010"], "month-first"),
        (["1/12/2010", "13/12/2010"], "day-first"),
        (["13/12/2010", "14/12/2010", "12/14/2010"], "day-first"),
        (["2010-12-01", "2010/12/02"], None),
        (["5/5/2011", "6/6/2011"], None),
        (["5/5/2011", "2011-01-02"], None),
        ([], None),
    ],
)
def test_the_order_is_that_of_most_dates_that_tell(texts, order):
    evidence = DateEvidence()
    evidence.add(texts)
    assert evidence.order() == order


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["25/03/13", "25/03/14", "25/04/02"], date(2025, 3, 13)),
        (["13/03/25", "14/03/25", "02/04/25"], date(2025, 3, 13)),
        (["03/13/25", "03/14/25", "04/02/25"], date(2025, 3, 13)),
        (["25-3-5", "25-3-6"], date(2025, 3, 5)),
    ],
)
def test_years_of_two_digits_may_come_first_where_the_days_then_lie_close_together(texts, first):
    assert dates(*texts).columns["invoice_date"][0].date() == first


def test_one_day_whose_year_may_be_first_or_last_is_asked_about():
    with pytest.raises(UnreadableFile, match=r'"13/03/12" may be day-first or year-first.*date_order'):
        dates("13/03/12", "13/03/12")
    assert moment("13/03/12", date_order="year-first").date() == date(2013, 3, 12)


def january(*more: str, **options):
    return dates(*[f"2025-01-{day:02} 10:00" for day in range(1, 31)], *more, **options)


def test_a_date_far_from_all_others_is_set_aside_unless_it_is_accepted():
    chunk = january("2026-11-01", "1999-01-01")
    assert [(each.line, each.reason) for each in chunk.rejects] == [(32, "stray_date"), (33, "stray_date")]
    assert "2024-12-30 to 2025-02-01" in chunk.rejects[0].message
    assert january("2026-11-01", accept=["stray_date"]).rejects == []


def test_days_after_a_long_pause_are_no_strays_when_they_are_many():
    assert january(*[f"2026-11-{day:02}" for day in range(1, 20)]).rejects == []


def test_where_days_are_few_or_far_apart_none_is_a_stray():
    assert dates("2019-01-01", "2025-01-01", "2025-01-02").rejects == []
    yearly = [f"{year}-06-0{day}" for year in range(2001, 2021, 2) for day in (1,)]
    assert dates(*yearly, "2025-01-01").rejects == []


def test_a_time_of_day_in_a_column_of_its_own_belongs_to_the_date():
    header = "Invoice,StockCode,Quantity,Date,Time,Price\n"
    rows = "1,A,1,2025-03-13,10:15,2\n2,A,1,2025-03-13,7:15 PM,2\n3,A,1,2025-03-13,,2\n4,A,1,2025-03-13 09:00,10:15,2\n"
    moments = read(header + rows).columns["invoice_date"]
    assert [f"{each:%H:%M}" for each in moments] == ["10:15", "19:15", "00:00", "09:00"]


def test_the_order_of_the_whole_file_holds_for_the_dates_before_the_first_that_tells():
    chunk = dates(*["12/1/2010"] * 9_000, "12/13/2010")
    assert chunk.columns["invoice_date"][0] == datetime(2010, 12, 1, tzinfo=UTC)


def test_dates_that_can_be_read_two_ways_are_reported_not_guessed():
    with pytest.raises(UnreadableFile, match=r'"1/12/2010" may be day-first or month-first.*date_order'):
        dates("1/12/2010", "2/2/2010")


def test_as_many_dates_of_one_order_as_of_the_other_are_reported():
    with pytest.raises(UnreadableFile, match=r"contradict each other.*date_order"):
        dates("13/12/2010", "12/13/2010")


@pytest.mark.parametrize(
    ("order", "expected"),
    [("day-first", date(2010, 12, 1)), ("month-first", date(2010, 1, 12))],
)
def test_the_user_settles_the_order(order, expected):
    assert moment("1/12/2010", date_order=order).date() == expected


def test_dates_against_the_order_of_the_file_are_refused_and_noted():
    opened = table(csv_text([row(InvoiceDate=text) for text in ("13/12/2010", "14/12/2010", "12/14/2010")]))
    chunk = whole(opened)
    assert opened.report.date_order == "day-first"
    assert [(reject.line, reject.reason) for reject in chunk.rejects] == [(4, "date_order")]
    assert "do not exist day-first" in opened.report.notes[0]


def test_dates_against_the_order_that_the_user_gave_are_refused_and_noted():
    opened = table(
        csv_text([row(InvoiceDate="12/14/2010"), row(InvoiceDate="1/2/2010")]), date_order="day-first"
    )
    assert [reject.reason for reject in whole(opened).rejects] == ["date_order"]
    assert "do not exist day-first" in opened.report.notes[0]


def test_dates_that_begin_with_the_year_never_depend_on_the_order():
    for order in ("day-first", "month-first", "year-first"):
        assert moment("2010-02-03", date_order=order).date() == date(2010, 2, 3)


def test_times_without_an_offset_are_the_shops_and_its_days_are_cut_in_its_zone():
    chunk = dates("2011-07-01 00:30", "2011-07-01T23:30:00Z", time_zone=LONDON)
    assert chunk.columns["invoice_date"] == [
        datetime(2011, 6, 30, 23, 30, tzinfo=UTC),
        datetime(2011, 7, 1, 23, 30, tzinfo=UTC),
    ]
    epoch = date(1970, 1, 1)
    assert chunk.columns["invoice_date_day"] == [
        (date(2011, 7, 1) - epoch).days,
        (date(2011, 7, 2) - epoch).days,
    ]


def test_a_time_that_exists_twice_is_the_first_and_one_that_never_was_is_read_as_if_clocks_had_not_moved():
    twice, never = dates("2011-10-30 01:30", "2011-03-27 01:30", time_zone=LONDON).columns["invoice_date"]
    assert twice == datetime(2011, 10, 30, 0, 30, tzinfo=UTC)
    assert never == datetime(2011, 3, 27, 1, 30, tzinfo=UTC)


def test_the_first_day_is_day_zero_wherever_the_shop_is():
    chunk = dates("1970-01-01", time_zone=ZoneInfo("Pacific/Auckland"))
    assert chunk.columns["invoice_date_day"] == [0]
    assert chunk.columns["invoice_date"] == [datetime(1969, 12, 31, 12, tzinfo=UTC)]


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2100, 12, 30)),
    st.sampled_from(
        ["%Y-%m-%dT%H:%M:%S.%f", "%d/%m/%Y %H:%M:%S.%f", "%m/%d/%Y %I:%M:%S.%f %p", "%Y.%m.%d %H:%M:%S.%f"]
    ),
)
def test_every_moment_is_read_back_from_every_order(moment, pattern):
    parsed = parse_date(moment.strftime(pattern))
    order = "day-first" if pattern.startswith("%d") else "month-first"
    assert parsed.day(order) == moment.date()
    assert datetime(1970, 1, 1) + parsed.time == datetime.combine(date(1970, 1, 1), moment.time())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03", (2024, 3, 1)),
        ("2024/3", (2024, 3, 1)),
        ("03/2024", (2024, 3, 1)),
        ("Mar 2024", (2024, 3, 1)),
        ("Mar-2024", (2024, 3, 1)),
        ("M\u00e4rz 2024", (2024, 3, 1)),
        ("mars 2024", (2024, 3, 1)),
        ("marzo de 2024", (2024, 3, 1)),
        ("2024 Mar", (2024, 3, 1)),
        ("2024-W09", (2024, 2, 26)),
        ("2024W09", (2024, 2, 26)),
        ("2020-W53", (2020, 12, 28)),
        ("2020-W01", (2019, 12, 30)),
        ("202403", (2024, 3, 1)),
        ("Week 12 2024", (2024, 3, 18)),
        ("Week 12, 2024", (2024, 3, 18)),
        ("W12/2024", (2024, 3, 18)),
        ("KW 12/2024", (2024, 3, 18)),
        ("2024 KW12", (2024, 3, 18)),
        ("12. KW 2024", (2024, 3, 18)),
        ("Kalenderwoche 12 2024", (2024, 3, 18)),
        ("Semaine 12 2024", (2024, 3, 18)),
        ("S12-2024", (2024, 3, 18)),
        ("semana 12 de 2024", (2024, 3, 18)),
        ("settimana 12 2024", (2024, 3, 18)),
        ("week of 2024-03-18", (2024, 3, 18)),
        ("w/c 2024-03-18", (2024, 3, 18)),
        ("2024-03-18 - 2024-03-24", (2024, 3, 18)),
        ("2024-03-18/2024-03-24", (2024, 3, 18)),
        ("2024-03-01 bis 2024-03-31", (2024, 3, 1)),
    ],
)
def test_months_and_weeks_stand_for_their_first_day(text, expected):
    parsed = parse_date(text)
    assert (parsed.numbers, parsed.orders) == (expected, ())


@pytest.mark.parametrize(
    "text", ["2024-13", "13/2024", "2024-W54", "2024-W00", "2023-W53", "Foo 2024", "2024", "3.2024"]
)
def test_what_is_neither_a_month_nor_a_week_is_no_date(text):
    assert parse_date(text) is None


@pytest.mark.parametrize(
    "text",
    ["Q1 2024", "2024-Q1", "2024Q1", "T1 2024", "1. Quartal 2024", "3e trimestre 2024", "H2 2024", "S1 2024",
     "1. Halbjahr 2024", "2024", "2024-01-01 - 2024-03-31"],
)  # fmt: skip
def test_totals_of_quarters_and_years_are_refused_for_what_they_are(text):
    reason, message = refusal(InvoiceDate=text)
    assert reason == "period_too_long"
    assert message.endswith("expected a day, a week or a month.")


@pytest.mark.parametrize(
    ("columns", "cells", "days"),
    [
        ("Year,Month", ["2024,3", "2024,12"], ["2024-03-01", "2024-12-01"]),
        ("Jahr,Monat", ["2024,M\u00e4rz", "2024,Dezember"], ["2024-03-01", "2024-12-01"]),
        ("Year,Week", ["2024,12", "2024,W13"], ["2024-03-18", "2024-03-25"]),
        ("KW,Jahr", ["12,2024", "KW 13,2024"], ["2024-03-18", "2024-03-25"]),
        ("Year,Month,Day", ["2024,3,7", "2024,12,31"], ["2024-03-07", "2024-12-31"]),
        ("Day,Month,Year", ["7,Mar,2024", "31,Dec,2024"], ["2024-03-07", "2024-12-31"]),
        ("Year,Month", ["2024,2024-03", "2024,2024-12"], ["2024-03-01", "2024-12-01"]),
    ],
)
def test_year_month_week_and_day_in_columns_of_their_own_are_a_date(columns, cells, days):
    opened = table(
        "\n".join([f"StockCode,{columns},Quantity,Price", *(f"A1,{each},3,10" for each in cells), ""])
    )
    chunk = whole(opened)
    assert [f"{when:%Y-%m-%d}" for when in chunk.columns["invoice_date"]] == days
    assert (
        opened.report.mapping["invoice_date"] == columns.replace(",", " + ")
        or "+" in opened.report.mapping["invoice_date"]
    )
    assert opened.report.ignored_columns == ()


def test_a_row_whose_parts_are_no_date_is_refused_with_them():
    chunk = read("StockCode,Year,Week,Quantity,Price\nA1,2024,12,3,10\nA1,2024,54,3,10\nA1,,12,3,10\n")
    assert chunk.line_numbers == [2]
    assert [(each.reason, each.raw_row[-1]) for each in chunk.rejects] == [
        ("not_a_date", "2024-W54"), ("value_missing", "")
    ]  # fmt: skip


def test_a_column_of_dates_wins_over_a_year_beside_it():
    chunk = read("StockCode,Date,Year,Month,Quantity,Price\nA1,2024-03-07,2024,3,3,10\n")
    assert [when.day for when in chunk.columns["invoice_date"]] == [7]
