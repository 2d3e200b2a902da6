"""Keep the daily roll-up up to date: within the transaction that changes sales, for the touched days only.

Writers lock the version row, write their lines, match cancellations, sum the touched days and raise the sales
version. The lock serialises writers, so each sums what all before it have committed.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from django.conf import settings
from django.db.models import Model, QuerySet

from elastix.dataset.models import DataVersion
from elastix.dataset.versions import ZoneChanged, lock_version, zone_changed
from elastix.errors import NotFound
from elastix.sql import (
    as_integer,
    batches,
    epoch_minute,
    execute,
    fetch,
    fetch_columns,
    is_postgresql,
    placeholders,
)
from pricing.sales.core.cancellations import match_cancellations
from pricing.sales.core.grouping import number_values

TRANSACTION = "pricing_transaction"
HISTORY = "pricing_saleshistory"
# A pair of parameters a day keeps statements below the databases' limits.

_SALE = "NOT t.is_return AND NOT t.voided"
_RETURN = "t.is_return AND NOT t.voided"
# SQLite keeps a price of 8.00 as the integer 8: 1.0 makes the division one of real numbers.
_SUMS = f"""
    t.product_id, t.date,
    ROUND(SUM(CASE WHEN {_SALE} THEN t.quantity ELSE 0 END), 3),
    ROUND(SUM(CASE WHEN {_SALE} THEN t.quantity * t.unit_price ELSE 0 END), 4),
    ROUND(SUM(CASE WHEN {_RETURN} THEN ABS(t.quantity) ELSE 0 END), 3),
    ROUND(SUM(CASE WHEN {_RETURN} THEN ABS(t.quantity) * t.unit_price ELSE 0 END), 4),
    ROUND(1.0 * SUM(CASE WHEN {_SALE} THEN t.quantity * t.unit_price END)
        / NULLIF(SUM(CASE WHEN {_SALE} THEN t.quantity ELSE 0 END), 0), 4),
    COUNT(*), SUM(t.units), SUM(CASE WHEN t.units > 0 THEN 1 ELSE 0 END), %s, 'transactions'
"""
_COLUMNS = (
    "quantity", "revenue", "returned_quantity", "returned_revenue", "price", "lines", "units", "unit_lines",
)  # fmt: skip
_INSERT = f"INSERT INTO {HISTORY} (product_id, date, {', '.join(_COLUMNS)}, promotion_applied, source) SELECT {_SUMS}"
_GROUPED = "GROUP BY t.product_id, t.date ON CONFLICT (product_id, date) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in (*_COLUMNS, "source")
)
_WITHOUT_LINES = (
    f"source = 'transactions' AND NOT EXISTS (SELECT 1 FROM {TRANSACTION} t "
    f"WHERE t.product_id = {HISTORY}.product_id AND t.date = {HISTORY}.date)"
)

Day = tuple[str, dt.date]
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Line:
    """The part of an added, deleted or changed line that the roll-up needs."""

    product_id: str
    date: dt.date
    customer_id: str | None


def apply_lines(lines: Iterable[Line]) -> int:
    """Update the roll-up after these lines were added, deleted or changed; return the new sales version."""
    version = _version_for_days()
    lines = list(lines)
    days = {(line.product_id, line.date) for line in lines}
    products = sorted({line.product_id for line in lines})
    customers = sorted({line.customer_id for line in lines if line.customer_id})
    days |= _rematch_products(products)
    _sum_days(sorted(days))
    return _raise_version(version, products, customers)


def apply_batch(batch_id: Any) -> int:
    """Update the roll-up after a batch's lines were added; return the new sales version."""
    version = _version_for_days()
    parameters = [batch_id if is_postgresql() else batch_id.hex]
    products = _distinct("product_id", "batch_id = %s", parameters)
    customers = _distinct("customer_id", "batch_id = %s", parameters)
    changed = _rematch_products(products)
    counts = f"SELECT COUNT(*) FROM {TRANSACTION}"
    ((of_batch, of_all),) = fetch(f"SELECT ({counts} WHERE batch_id = %s), ({counts})", parameters)
    # Of most of the sales: summing all days is cheaper than finding out which days the batch touched.
    if 2 * of_batch >= of_all:
        _sum_everything()
    else:
        _sum_touched(f"SELECT DISTINCT product_id, date FROM {TRANSACTION} WHERE batch_id = %s", parameters)
    _sum_days(sorted(changed))
    return _raise_version(version, products, customers)


def _version_for_days() -> DataVersion:
    """Lock the version; days of two time zones must not be mixed.

    Raises
    ------
    ZoneChanged
    """
    version = lock_version()
    if zone_changed(version):
        raise ZoneChanged()
    return version


def locked_row(rows: QuerySet[Row], missing: str) -> Row:
    """Lock the version, then the one row there should be, for whoever changes it.

    Raises
    ------
    NotFound : there is no such row, in the words given.
    """
    lock_version()
    row = rows.select_for_update().first()
    if row is None:
        raise NotFound(missing)
    return row


def clear_rollup() -> int:
    """Empty the roll-up before all transactions are deleted; return the new sales version."""
    version = lock_version()
    products, customers = _distinct("product_id"), _distinct("customer_id")
    execute(f"DELETE FROM {HISTORY} WHERE source = 'transactions'")
    return _raise_version(version, products, customers)


def touch_product(code: str) -> int:
    """Mark a product and its customers stale after it changed without a line changing (its kind, manual history)."""
    version = lock_version()
    return _raise_version(version, [code], _distinct("customer_id", "product_id = %s", [code]))


def touch_products(codes: Sequence[str]) -> int:
    """Mark products stale after something that their estimates rest on changed, but no sale; return the new version."""
    return _raise_version(lock_version(), codes, [])


def rebuild_rollup() -> int:
    """Sum every day again from the transactions, as after a change of the shop's time zone."""
    version = lock_version()
    products = _distinct("product_id")
    _rematch_products(products)
    execute(f"DELETE FROM {HISTORY} WHERE {_WITHOUT_LINES}")
    _sum_everything()
    return _raise_version(version, products, [])


def _distinct(column: str, where: str = "TRUE", parameters: Sequence[Any] = ()) -> list[str]:
    """The different values of a column of the transactions, in order, without NULL."""
    sql = f"SELECT DISTINCT {column} FROM {TRANSACTION} WHERE {where} AND {column} IS NOT NULL"
    return sorted(value for (value,) in fetch(sql, parameters))


def _sum_everything() -> None:
    execute(f"{_INSERT} FROM {TRANSACTION} t WHERE TRUE {_GROUPED}", [False])


def _sum_touched(touched: str, parameters: Sequence[Any]) -> None:
    lines = f"touched JOIN {TRANSACTION} t ON t.product_id = touched.product_id AND t.date = touched.date"
    sql = f"WITH touched (product_id, date) AS ({touched}) {_INSERT} FROM {lines} {_GROUPED}"
    execute(sql, [*parameters, False])


def _sum_days(days: Sequence[Day]) -> None:
    for chunk in batches(days):
        pair = "(%s, CAST(%s AS date))" if is_postgresql() else "(%s, %s)"
        values = "VALUES " + ", ".join([pair] * len(chunk))
        parameters = [value for code, day in chunk for value in (code, day.isoformat())]
        _sum_touched(values, parameters)
        execute(
            f"DELETE FROM {HISTORY} WHERE (product_id, date) IN ({values}) AND {_WITHOUT_LINES}", parameters
        )


def _rematch_products(products: Sequence[str]) -> set[Day]:
    """Match the cancellations of these products again; return the days on which a line changed its state."""
    changed: set[Day] = set()
    for chunk in batches(products, 1000):
        changed |= _rematch(chunk)
    return changed


def _rematch(products: Sequence[str]) -> set[Day]:
    marks = placeholders(len(products))
    line = f"""
        t.id, t.product_id, COALESCE(t.customer_id, ''), CAST(t.quantity AS double precision), {epoch_minute("t.invoice_date")},
        {as_integer("t.is_return")}, CAST(t.unit_price AS double precision), {as_integer("t.voided")}, t.date
    """
    sql = f"""
        SELECT {line}
        FROM (SELECT DISTINCT product_id, COALESCE(customer_id, '') AS customer, ABS(quantity) AS units
              FROM {TRANSACTION} WHERE is_return AND product_id IN ({marks})) r
        JOIN {TRANSACTION} t ON t.product_id = r.product_id AND COALESCE(t.customer_id, '') = r.customer
             AND ABS(t.quantity) = r.units
        UNION
        SELECT {line}
        FROM {TRANSACTION} t WHERE t.voided AND t.product_id IN ({marks})
    """
    ids, codes, customers, quantity, minutes, returns, prices, voided, dates = fetch_columns(
        sql, [*products, *products], columns=9
    )
    if not ids:
        return set()
    matched = match_cancellations(
        number_values(codes),
        np.where(np.array(customers) == "", -1, number_values(customers)),
        np.array(quantity, np.float64),
        np.array(minutes, np.int64),
        np.array(returns, np.bool_),
        order=np.argsort(np.argsort(np.array([str(each) for each in ids]))),
        price=np.array(prices, np.float64),
    )
    wrong = np.flatnonzero(matched != np.array(voided, np.bool_)).tolist()
    for state in (True, False):
        # The clean units of a line that is cancelled, or no longer so, are known before the next recompute.
        units = "0" if state else "CASE WHEN is_return THEN 0 ELSE quantity END"
        for chunk in batches([ids[row] for row in wrong if bool(matched[row]) is state]):
            execute(
                f"UPDATE {TRANSACTION} SET voided = %s, units = {units}, exclusion = 0 "
                f"WHERE id IN ({placeholders(len(chunk))})",
                [state, *chunk],
            )
    return {(codes[row], as_date(dates[row])) for row in wrong}


def as_date(value: Any) -> dt.date:
    """Return a date that a raw query gave as a date or, on SQLite, as text."""
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def _raise_version(version: DataVersion, products: Sequence[str], customers: Sequence[str]) -> int:
    version.sales_version += 1
    fields = ["sales_version"]
    if version.sales_version == 1:
        version.time_zone = str(settings.SHOP_TIME_ZONE)
        fields.append("time_zone")
    version.save(update_fields=fields)
    _mark("pricing_staleproduct", "product_id", products, version.sales_version)
    _mark("pricing_stalecustomer", "customer_id", customers, version.sales_version)
    return version.sales_version


def _mark(table: str, column: str, keys: Sequence[str], version: int) -> None:
    for chunk in batches(keys):
        execute(
            f"INSERT INTO {table} ({column}, version) VALUES {', '.join(['(%s, %s)'] * len(chunk))} "
            f"ON CONFLICT ({column}) DO UPDATE SET version = excluded.version",
            [value for key in chunk for value in (key, version)],
        )
