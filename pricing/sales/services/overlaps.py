"""Skip lines that were imported before: exports overlap by days, and corrections made by hand must stay."""

from collections.abc import Sequence
from typing import Any, Final

from elastix.imports.models import ImportBatch
from elastix.sql import batches, execute, fetch, lock_text
from pricing.sales.models import SupersededLine, Transaction

STAGED = "pricing_stagedtransaction"
# What two exports write alike of one line. Customer and description are corrected more often than these.
_IDENTITY = ("invoice_no", "invoice_date", "quantity", "unit_price")

# Share of a sheet's rows, of the days that earlier ones have, too, from which it is no other store's sheet.
SAME_STORE: Final = 0.5


def leave_out_known(batch: ImportBatch, batch_id: Any, token: int) -> int:
    """Take rows off the stage that are transactions already, each with a reject that says so; return how many.

    Of equal lines as many are left out as there are transactions: two equal lines of one invoice are two items. Lines of two
    channels are two lines, as tills of two stores may use the same numbers.

    Parameters
    ----------
    batch_id : the batch's key as the driver takes it.
    token : the claim of the job that staged the rows.
    """
    # Of two imports at once the second waits here until the lines of the first are transactions.
    lock_text("import transactions")
    ((first, last),) = fetch(
        f"SELECT MIN(date), MAX(date) FROM {STAGED} WHERE batch_id = %s AND token = %s", [batch_id, token]
    )
    if first is None or not (
        Transaction.rows.filter(date__range=(first, last)).exists()
        or SupersededLine.objects.filter(date__range=(first, last)).exists()
    ):
        return 0
    found = _leave_out(batch_id, token, first, last, "s.channel = known.channel")
    # Of a line that only one of two files names a channel for, nobody can say that it is another one.
    for staged, booked in (("= ''", "> ''"), ("> ''", "= ''")):
        if _any_staged(batch_id, token, staged) and _any_booked(first, last, booked):
            only = f"s.channel {staged} AND known.channel {booked}"
            found += _leave_out(batch_id, token, first, last, only, channel="channel > ''")
    return found


def leave_out_repeated(
    batch_id: Any, token: int, sheets: Sequence[tuple[str, int]], *, is_numbered: bool
) -> dict[str, int]:
    """Take rows off the stage that an earlier sheet of their workbook has, each with a reject that says so.

    Sheets are compared as files are: of equal lines as many stay as the sheet with most of them has.

    Parameters
    ----------
    sheets : name and the number of the line before the first row of each.
    is_numbered : whether the rows have invoice numbers. Sheets of two stores without any may hold equal lines by chance:
        then a sheet overlaps others only if most of its rows of days that those have, too, are theirs.

    Returns
    -------
    how many rows of each sheet that overlaps.
    """
    ranked = _ranked(sheets)
    parameters = [*(before for _, before in reversed(sheets)), batch_id, token]
    counts = fetch(
        f"""SELECT part, SUM(CASE WHEN first_part < part THEN 1 ELSE 0 END), SUM(CASE WHEN place <= earlier THEN 1 ELSE 0 END)
        FROM ({ranked}) ranked GROUP BY part ORDER BY part""",
        parameters,
    )
    found = {
        int(part): int(again)
        for part, shared, again in counts
        if again and (is_numbered or again >= SAME_STORE * shared)
    }
    if not found:
        return {}
    parts = ", ".join(map(str, found))
    repeated = f"SELECT number FROM ({ranked}) ranked WHERE place <= earlier AND part IN ({parts})"
    message = (
        "'Invoice ' || invoice_no || ', product ' || product_code || ' stands in an earlier sheet, too.'"
    )
    _take_off_stage(repeated, message, parameters)
    return {sheets[part][0]: again for part, again in found.items()}


def _ranked(sheets: Sequence[tuple[str, int]]) -> str:
    """The staged rows with their sheet (`part`), the first sheet that has their day, their place among equal rows of
    the sheet, and how many such an earlier sheet has. The parameters are the starts of the sheets, the last first."""
    identity = ", ".join(("product_code", *_IDENTITY, "channel"))
    part = " ".join(f"WHEN line > %s THEN {number}" for number in reversed(range(len(sheets))))
    earlier = "ORDER BY part RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    return f"""
        SELECT number, part, place, MIN(part) OVER (PARTITION BY date) AS first_part,
               MAX(place) OVER (PARTITION BY {identity} {earlier}) AS earlier
        FROM (
            SELECT number, part, date, {identity},
                   ROW_NUMBER() OVER (PARTITION BY {identity}, part ORDER BY number) AS place
            FROM (SELECT number, date, {identity}, CASE {part} END AS part
                  FROM {STAGED} WHERE batch_id = %s AND token = %s) parts
        ) places
    """


def leave_out_lines(batch_id: Any, token: int, lines: Sequence[int]) -> int:
    """Take the rows of these lines off the stage, whose price times quantity is not their total; return how many."""
    message = "'Price times quantity is not the total of the line.'"
    found = 0
    for part in batches(lines, 500):
        places = ", ".join(["%s"] * len(part))
        numbers = f"SELECT number FROM {STAGED} WHERE batch_id = %s AND token = %s AND line IN ({places})"
        found += _take_off_stage(numbers, message, [batch_id, token, *part], "total_differs")
    return found


def _take_off_stage(
    numbers: str, message: str, parameters: Sequence[Any], reason: str = "already_imported"
) -> int:
    """Move the staged rows that a query names to the rejected ones; return how many."""
    execute(
        f"""
        INSERT INTO elastix_importreject (batch_id, line, reason, message, content)
        SELECT batch_id, line, '{reason}', {message}, '[]' FROM {STAGED} WHERE number IN ({numbers})
        """,
        parameters,
    )
    return execute(f"DELETE FROM {STAGED} WHERE number IN ({numbers})", parameters)


def _any_staged(batch_id: Any, token: int, channel: str) -> bool:
    where = f"batch_id = %s AND token = %s AND channel {channel}"
    return bool(fetch(f"SELECT 1 FROM {STAGED} WHERE {where} LIMIT 1", [batch_id, token]))


def _any_booked(first: Any, last: Any, channel: str) -> bool:
    where = f"date BETWEEN %s AND %s AND channel {channel}"
    tables = ("pricing_transaction", "pricing_supersededline")
    return any(fetch(f"SELECT 1 FROM {table} WHERE {where} LIMIT 1", [first, last]) for table in tables)


def _leave_out(
    batch_id: Any, token: int, first: Any, last: Any, channels: str, channel: str = "channel"
) -> int:
    """Take staged rows that are transactions already off the stage, if `channels` holds of both; return how many.

    `channel` is what tells the channels of equal rows apart.
    """
    identity = ", ".join(_IDENTITY)
    same = " AND ".join(f"s.{name} = known.{name}" for name in _IDENTITY)
    known = f"""
        SELECT s.number FROM (
            SELECT number, product_code, {identity}, channel,
                   ROW_NUMBER() OVER (PARTITION BY product_code, {identity}, {channel} ORDER BY number) AS place
            FROM {STAGED} WHERE batch_id = %s AND token = %s
        ) s JOIN (
            SELECT product_id, {identity}, MAX(channel) AS channel, COUNT(*) AS times FROM (
                SELECT product_id, {identity}, channel FROM pricing_transaction WHERE date BETWEEN %s AND %s
                UNION ALL
                SELECT product_id, {identity}, channel FROM pricing_supersededline WHERE date BETWEEN %s AND %s
            ) lines GROUP BY product_id, {identity}, {channel}
        ) known ON s.product_code = known.product_id AND {same} AND {channels} WHERE s.place <= known.times
    """
    parameters = [batch_id, token, first, last, first, last]
    message = "'Invoice ' || invoice_no || ', product ' || product_code || ' was imported already.'"
    return _take_off_stage(known, message, parameters)


def remember_superseded(line: Transaction) -> None:
    """Keep what an imported line said before it is edited or deleted by hand, so that no overlap brings it back."""
    if line.batch_id is None:
        return
    SupersededLine.objects.create(
        batch_id=line.batch_id,
        product_id=line.product_id,
        date=line.date,
        **{name: getattr(line, name) for name in (*_IDENTITY, "channel")},
    )
