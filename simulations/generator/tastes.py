"""Tastes of the generated customers: each product is liked best by one segment, or by all alike."""

from dataclasses import replace
from typing import Final

import numpy as np

from pricing.sales.core.arrays import BoolArray, FloatArray, IntArray
from pricing.sales.core.calendar import DAYS_A_WEEK
from segments.core.rfm import SEGMENTS, rfm_segments
from simulations.generator.catalogue import ICED_LATTE
from simulations.generator.customers import FIRST_CUSTOMER_NUMBER, NO_CUSTOMER, Customers
from simulations.generator.sales import SalesLines

# How many lines of products that a kind follows there may be for each of its receipts: with more, most would go to others.
FOLLOWED_LINES: Final = 1.5
BEST_CUSTOMERS: Final = SEGMENTS.index("Champion")


def with_tastes(
    rng: np.random.Generator, sales: SalesLines, day: IntArray, customers: Customers, by_mail: BoolArray
) -> SalesLines:
    """Let those with a card swap the receipts of a day, so that each takes home what customers of their kind like.

    What is sold of a product, when and at which price stays the same to the cent; so do every customer's days and
    number of visits. Receipts of the shop and of mail order are not swapped for each other.

    Parameters
    ----------
    day : (n,) day of each line.
    by_mail : (customers,) who orders by mail.
    """
    known = sales.customer != NO_CUSTOMER
    if not known.any():
        return sales
    invoice, first, receipt = np.unique(sales.invoice[known], return_index=True, return_inverse=True)
    buyer = sales.customer[known][first] - FIRST_CUSTOMER_NUMBER
    on = day[known][first]
    paid = (sales.quantity * sales.unit_price)[known]
    money = np.bincount(receipt, weights=paid).astype(np.float64)
    kind = _kinds(buyer, on, money, customers.behaviour.size)
    likes = _followings(rng, sales.product, np.bincount(kind[kind >= 0], minlength=len(SEGMENTS)))
    # Lines (receipts, kinds) of products that each kind follows.
    liked = np.zeros((invoice.size, len(SEGMENTS)), np.int64)
    follower = likes[sales.product[known]]
    np.add.at(liked, (receipt[follower >= 0], follower[follower >= 0]), 1)
    buyer = _swapped(buyer, kind, liked, 2 * (on // DAYS_A_WEEK) + by_mail[buyer])
    customer, country = sales.customer.copy(), sales.country.copy()
    customer[known] = FIRST_CUSTOMER_NUMBER + buyer[receipt]
    country[known] = customers.country[buyer[receipt]]
    return replace(sales, customer=customer, country=country)


def _kinds(buyer: IntArray, on: IntArray, money: FloatArray, customers: int) -> IntArray:
    """(receipts,) the kind of each receipt's buyer: the segment that they will be in; -1 for none."""
    last = np.zeros(customers, np.int64)
    np.maximum.at(last, buyer, on)
    visits = np.bincount(buyer, minlength=customers)
    spent = np.bincount(buyer, weights=money, minlength=customers)
    segment: IntArray = rfm_segments(on.max() + 1 - last, visits, spent).segment.astype(np.int64)[buyer]
    return segment


def _followings(rng: np.random.Generator, product: IntArray, receipts: IntArray) -> IntArray:
    """(products,) the kind that likes each product best, as many as its receipts have room for; -1: all alike."""
    lines = np.bincount(product)
    likes = np.full(lines.size, -1)
    # Slow sellers first: a thing for the few, not for all.
    slow = np.argsort(lines * rng.uniform(1, 3, lines.size))
    free = [each for each in slow.tolist() if each != ICED_LATTE and lines[each]]
    for kind in np.argsort(receipts, kind="stable").tolist():
        if kind == BEST_CUSTOMERS:
            continue
        room = FOLLOWED_LINES * receipts[kind]
        chosen = []
        for each in free:
            if lines[each] <= room:
                chosen.append(each)
                room -= lines[each]
        likes[chosen] = kind
        free = [each for each in free if likes[each] < 0]
    return likes


def _swapped(buyer: IntArray, kind: IntArray, liked: IntArray, cell: IntArray) -> IntArray:
    """(receipts,) the buyer of each receipt after the swap within each cell: a day, and a way of buying."""
    after = buyer.copy()
    free = np.ones(buyer.size, np.bool_)
    cells = int(cell.max()) + 1
    receipts = np.bincount(kind[kind >= 0], minlength=len(SEGMENTS))
    # Whoever comes seldom chooses first, or nothing would be left of what they like.
    for each in np.argsort(receipts, kind="stable").tolist():
        own = np.flatnonzero(kind == each)
        own = own[np.argsort(cell[own], kind="stable")]
        slots = np.bincount(cell[own], minlength=cells)
        rows = np.flatnonzero(free & (kind >= 0))
        rows = rows[np.lexsort((liked[rows].sum(axis=1), -liked[rows, each], cell[rows]))]
        starts = np.searchsorted(cell[rows], np.arange(cells))
        taken = rows[np.arange(rows.size) - starts[cell[rows]] < slots[cell[rows]]]
        after[taken], free[taken] = buyer[own], False
    return after
