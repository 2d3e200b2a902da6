"""Lines that come a second time: exports overlap by days, and what was corrected by hand must not come back."""

from typing import Any

from elastix.imports.models import ImportBatch
from elastix.sql import execute, fetch, lock_text
from pricing.sales.models import SupersededLine, Transaction

STAGED = "pricing_stagedtransaction"
# What two exports write alike of one line. Customer and description are corrected more often than these.
_IDENTITY = ("invoice_no", "invoice_date", "quantity", "unit_price")


def leave_out_known(batch: ImportBatch, batch_id: Any, token: int) -> int:
    """Take rows off the stage that are in the books already, each with a reject that says so; return how many.

    Of equal lines as many are left out as the books have: two equal lines of one invoice are two items. Lines of two
    channels are two lines, as tills of two stores may use the same numbers.

    Parameters
    ----------
    batch_id : the batch's key as the driver takes it.
    token : the claim of the job that staged the rows.
    """
    # Of two imports at once the second waits here until the lines of the first are in the books.
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
    """Take staged rows that are in the books off the stage, if `channels` holds of both; return how many.

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
    execute(
        f"""
        INSERT INTO elastix_importreject (batch_id, line, reason, message, content)
        SELECT batch_id, line, 'already_imported',
               'Invoice ' || invoice_no || ', product ' || product_code || ' is in the books already.', '[]'
        FROM {STAGED} WHERE number IN ({known})
        """,
        parameters,
    )
    return execute(f"DELETE FROM {STAGED} WHERE number IN ({known})", parameters)


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
