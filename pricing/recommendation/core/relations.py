"""Relations between prices, as bounds on each of them.

Every relation comes down to pairs "the price of `over` is at least `ratio` times that of `under`".
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal, NamedTuple

RelationKind = Literal["line", "sizes", "steps", "own_label"]
LINE: Final = "line"
SIZES: Final = "sizes"
STEPS: Final = "steps"
OWN_LABEL: Final = "own_label"


class Pair(NamedTuple):
    """The price of `over` is at least `ratio` times that of `under`."""

    over: str
    under: str
    ratio: Decimal


class Bounds(NamedTuple):
    """Lowest and highest price that relations allow; None where they set none."""

    floor: Decimal | None = None
    ceiling: Decimal | None = None


NO_BOUNDS: Final = Bounds()


def pairs_of(kind: str, members: Sequence[tuple[str, Decimal | None]], gap: Decimal) -> list[Pair]:
    """The pairs that a relation comes down to.

    Parameters
    ----------
    members : products in the order of the relation, each with its size, which "sizes" alone looks at.
    gap : "steps": by which fraction each price is above the one before; "own_label": by which fraction of the brand's price
        the first product is below all others; else not looked at.
    """
    if kind == LINE:
        codes = [code for code, _size in members]
        return [
            Pair(*order, Decimal(1))
            for first, other in pairwise(codes)
            for order in ((first, other), (other, first))
        ]
    if kind == SIZES:
        # The larger pack has the lower price of a unit: p_small / small >= p_large / large.
        sized = sorted((size, code) for code, size in members if size)
        return [Pair(small[1], large[1], small[0] / large[0]) for small, large in pairwise(sized)]
    codes = [code for code, _size in members]
    if kind == STEPS:
        return [Pair(better, good, 1 + gap) for good, better in pairwise(codes)]
    own, *brands = codes
    return [Pair(brand, own, 1 / (1 - gap)) for brand in brands]


def bounds_of(pairs: Iterable[Pair], prices: Mapping[str, Decimal]) -> dict[str, Bounds]:
    """The bounds of each product at the prices of the others; products whose price is not known bound nothing."""
    found: dict[str, Bounds] = {}
    for pair in pairs:
        if pair.under in prices:
            found[pair.over] = _tighter(
                found.get(pair.over, NO_BOUNDS), floor=pair.ratio * prices[pair.under]
            )
        if pair.over in prices:
            found[pair.under] = _tighter(
                found.get(pair.under, NO_BOUNDS), ceiling=prices[pair.over] / pair.ratio
            )
    return found


def shared_bounds(pairs: Iterable[Pair], prices: Mapping[str, Decimal]) -> dict[str, Bounds]:
    """The bounds of prices that are chosen at the same time: each pair's room is shared between the two.

    Both may go as far as the geometric mean of where they stand. So any prices within these bounds keep the relation
    together, although each was chosen without looking at the other. Prices of a line have no room: each stays where it is,
    also beside another one, since a price that moves without the others breaks the line.
    """
    found: dict[str, Bounds] = {}
    distinct = set(pairs)
    for pair in distinct:
        if pair.under in prices and pair.over in prices:
            if pair.ratio == 1 and Pair(pair.under, pair.over, pair.ratio) in distinct:
                own = prices[pair.over]
                found[pair.over] = _tighter(found.get(pair.over, NO_BOUNDS), own, own)
                continue
            middle = (prices[pair.over] * pair.ratio * prices[pair.under]).sqrt()
            found[pair.over] = _tighter(found.get(pair.over, NO_BOUNDS), floor=middle)
            found[pair.under] = _tighter(found.get(pair.under, NO_BOUNDS), ceiling=middle / pair.ratio)
    return found


def _tighter(bounds: Bounds, floor: Decimal | None = None, ceiling: Decimal | None = None) -> Bounds:
    floors = [each for each in (bounds.floor, floor) if each is not None]
    ceilings = [each for each in (bounds.ceiling, ceiling) if each is not None]
    return Bounds(max(floors, default=None), min(ceilings, default=None))
