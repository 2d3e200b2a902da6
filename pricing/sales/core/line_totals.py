"""Check unit prices against line totals: whether price times quantity is the total."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from elastix.imports.core import UnreadableFile

CENT: Final = Decimal("0.01")
HALF_CENT: Final = Decimal("0.005")
# All judgement.
FEW: Final = 0.05  # share of rows up to which those that do not fit are refused one by one
NEARLY_ALL: Final = 0.9
HIGHEST_TAX: Final = 1.35
MOST_RATES: Final = 4
FEWEST_TAXED: Final = 3
MOST_KEPT: Final = 100_000


@dataclass(slots=True)
class Unfit:
    """A row whose total is not price times quantity."""

    line: int
    price: Decimal
    quantity: Decimal
    total: Decimal


@dataclass(slots=True)
class LineTotals:
    """What the rows of a file say that have a unit price and a line total.

    Attributes
    ----------
    compared : rows that have both.
    unfit : rows whose total is not their price times quantity; at most 100,000 are kept.
    count : how many these are.
    """

    compared: int = 0
    count: int = 0
    unfit: list[Unfit] = field(default_factory=list)

    def keep_unfit(self, columns: dict[str, list[Any]], gross: Sequence[Any]) -> None:
        """Leave of the totals only those that do not fit.

        Parameters
        ----------
        columns : those of some rows, with the prices that are taken, after discounts and taxes.
        gross : (n,) the prices as they are written.
        """
        totals, quantities, invoices = columns["line_total"], columns["quantity"], columns["invoice_no"]
        before = list(totals)
        for row, total in enumerate(before):
            prices = [each for each in (columns["unit_price"][row], gross[row]) if isinstance(each, Decimal)]
            if not (prices and isinstance(total, Decimal) and isinstance(quantities[row], Decimal)):
                totals[row] = None
                continue
            fitting = any(fits(price, quantities[row], total) for price in prices)
            if fitting or not _of_the_order(row, before, invoices):
                self.compared += 1
            if fitting or _of_the_order(row, before, invoices):
                totals[row] = None

    def add(self, lines: Sequence[int], columns: dict[str, list[Any]]) -> None:
        """Take up the totals that `keep_unfit` has left."""
        for row, total in enumerate(columns["line_total"]):
            if total is not None:
                self.count += 1
                if len(self.unfit) < MOST_KEPT:
                    price, quantity = columns["unit_price"][row], columns["quantity"][row]
                    self.unfit.append(Unfit(lines[row], price, quantity, total))

    def judge(self, price: str, total: str) -> tuple[list[str], list[int]]:
        """Decide about the rows that do not fit; return notes, and the lines that are to be refused.

        Parameters
        ----------
        price, total : the names of the two columns.

        Raises
        ------
        UnreadableFile : too many do not fit; the message asks which column counts.
        """
        if not self.count:
            return [], []
        first = self.unfit[0]
        if rates := self._tax():
            listed = ", ".join(f"{rate:.0%}" for rate in rates)
            return [
                f"{total} is more than price times quantity by {listed}, as with tax: {price} is read as it stands."
            ], []
        if self.count <= FEW * self.compared:
            return [
                f"Rows refused because {price} times quantity is not {total}: {self.count:,}."
                f' To read them by their price, leave the totals out (option mapping: "{total}=").'
            ], [each.line for each in self.unfit]
        same = sum(abs(each.price - each.total) <= CENT for each in self.unfit)
        guess = f" {price} seems to be the total of the line." if same >= NEARLY_ALL * len(self.unfit) else ""
        raise UnreadableFile(
            f"In {self.count:,} of {self.compared:,} rows {price} times quantity is not {total}, first on line {first.line}:"
            f" {first.price.normalize():f} x {first.quantity.normalize():f} is not {first.total.normalize():f}.{guess}"
            f' Say which counts (option mapping): the totals (--map "{total}=line_total" --map "{price}=") or the prices'
            f' (--map "{total}=").'
        )

    def _tax(self) -> list[float]:
        """The few rates by which nearly all these totals are higher; none if it is not so."""
        if len(self.unfit) < FEWEST_TAXED or self.count <= FEW * self.compared:
            return []
        bases = [each.price * each.quantity for each in self.unfit]
        ratios = Counter(
            round(float(each.total / base), 2) for each, base in zip(self.unfit, bases, strict=True) if base
        )
        left, rates = list(self.unfit), list[float]()
        for ratio, _ in ratios.most_common(MOST_RATES):
            taxed = Decimal(str(ratio))
            more = [each for each in left if not fits(each.price * taxed, each.quantity, each.total)]
            if 1 < ratio <= HIGHEST_TAX and len(more) < len(left):
                left, rates = more, [*rates, ratio - 1]
        return sorted(rates) if len(left) <= FEW * len(self.unfit) else []


@dataclass(slots=True)
class OrderTotals:
    """Whether the only amounts of a file are those of orders of several rows, each of which repeats it.

    Attributes
    ----------
    neighbours, alike : rows below another one of the same order and another product, and those with the same total.
    totals : different totals of the latter; at most a few are kept.
    """

    neighbours: int = 0
    alike: int = 0
    totals: set[Decimal] = field(default_factory=set)

    def add(self, columns: dict[str, list[Any]]) -> None:
        """Take up some rows."""
        rows = zip(columns["invoice_no"], columns["stock_code"], columns["line_total"], strict=True)
        before: tuple[Any, Any, Any] = (None, None, None)
        for row in rows:
            if row[0] == before[0] is not None and row[1] != before[1] and isinstance(row[2], Decimal):
                self.neighbours += 1
                self.alike += row[2] == before[2]
                if len(self.totals) < FEWEST_TAXED:
                    self.totals.add(row[2])
            before = row

    def judge(self, name: str) -> None:
        """Refuse the column of that name if it holds orders' totals.

        Raises
        ------
        UnreadableFile : all rows of an order have the same total.
        """
        if self.neighbours >= FEWEST_TAXED and self.alike == self.neighbours and len(self.totals) > 1:
            raise UnreadableFile(
                f"{name} is the same in all rows of an order: it seems to be the total of the order, not of the line. Export a"
                f' price or a total of each line, or say that it is the line\'s (option mapping: "{name}=line_total").'
            )


def fits(price: Decimal, quantity: Decimal, total: Decimal) -> bool:
    """Whether a total is price times quantity, with the price rounded to cents, whatever the signs are."""
    return abs(abs(price * quantity) - abs(total)) <= HALF_CENT * abs(quantity) + CENT


def _of_the_order(row: int, totals: Sequence[Any], invoices: Sequence[Any]) -> bool:
    """Whether the total is that of an order of several rows, each of which repeats it."""
    return any(
        0 <= other < len(totals)
        and invoices[other] == invoices[row] is not None
        and totals[other] == totals[row]
        for other in (row - 1, row + 1)
    )
