"""The segment of each customer at past runs, and moves between segments."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pricing.sales.core.arrays import FloatArray
from segments.core.rfm import NO_SEGMENT, SEGMENTS, THIRDS, OwnCuts, rfm_segments


class Move(NamedTuple):
    """A customer's change of segment; "" stands for none."""

    customer_id: str
    before: str
    after: str


def moves_between(before: Mapping[str, str], after: Mapping[str, str]) -> list[Move]:
    """The customers whose segments differ, by id; who is missing on a side had none there."""
    return [
        Move(customer_id, before.get(customer_id, ""), after.get(customer_id, ""))
        for customer_id in sorted({*before, *after})
        if before.get(customer_id, "") != after.get(customer_id, "")
    ]


def segments_at(
    days: Sequence[int],
    last_day: FloatArray,
    frequency: FloatArray,
    monetary: FloatArray,
    own: OwnCuts = THIRDS,
) -> NDArray[np.int8]:
    """Return the segments that customers were in at the beginning of each day.

    Parameters
    ----------
    days
        (d,) days since 1970-01-01, rising.
    last_day, frequency, monetary
        (n, d) the last day with a purchase (0: none), distinct invoices and money net of cancellations of each
        customer in the time before the first of the days, and between each of the others and the one before it.
    own
        Cuts that are the shop's own.

    Returns
    -------
    (d, n) indices of `SEGMENTS`, NO_SEGMENT for who had not bought yet or brought no money in.
    """
    last_day = np.maximum.accumulate(last_day, axis=1)
    frequency, monetary = np.cumsum(frequency, axis=1), np.cumsum(monetary, axis=1)
    found = np.full(last_day.shape[::-1], NO_SEGMENT, np.int8)
    for index, day in enumerate(days):
        bought = last_day[:, index] > 0
        recency = day - last_day[bought, index]
        # Sums of cents in floating point: what cancels to nothing must be nothing.
        money = np.round(monetary[bought, index], 4)
        found[index, bought] = rfm_segments(recency, frequency[bought, index], money, own).segment
    return found


def segment_name(index: int) -> str:
    """The name of a segment by its index; "" for none."""
    return SEGMENTS[index] if index >= 0 else ""
